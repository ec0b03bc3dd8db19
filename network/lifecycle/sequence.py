"""Which sequence a definition gets, from what is in force already."""

from collections.abc import Iterable

from network.lifecycle.definition import Definition
from quorate.errors import ConflictError, IntegrityError, StateError


def newest(found: Iterable[Definition | None]) -> Definition | None:
    """Return the definition in force, from what several peers say; some may not have read so far.

    Raises
    ------
    IntegrityError
        Peers name different definitions of one sequence, which a channel cannot have.
    """
    by_sequence: dict[int, Definition] = {}
    for definition in filter(None, found):
        known = by_sequence.setdefault(definition.sequence, definition)
        if known.differences(definition):
            raise IntegrityError(
                f"Peers name different definitions {definition.sequence} of {definition.name}: "
                f"they differ in {', '.join(known.differences(definition))}.",
                hint="Compare the genesis blocks of these peers: they are not on one channel.",
            )
    return by_sequence[max(by_sequence)] if by_sequence else None


def next_definition(wanted: Definition, in_force: Definition | None, sequence: int | None) -> Definition:
    """Return what is wanted under the sequence that it shall have.

    Parameters
    ----------
    wanted
        Its own sequence does not count.
    in_force
        What is committed.
    sequence
        The one that the caller insists on; None stands for the one in force if nothing differs, else the next.

    Raises
    ------
    ConflictError
        The sequence is taken by something else.
    StateError
        It is not the next one.
    """
    current = in_force.sequence if in_force else 0
    differing = in_force.differences(wanted) if in_force else ("everything",)
    if sequence is None:
        return wanted.at(current + 1 if differing else current)
    if sequence > current + 1:
        raise StateError(
            f"Sequence {sequence} of {wanted.name} cannot be next: {current} is in force.",
            hint=f"Use {current + 1}, or leave the sequence out.",
        )
    if sequence < current or (sequence == current and differing):
        other = f" with another {', '.join(differing)}" if sequence == current else ""
        raise ConflictError(
            f"Sequence {sequence} of {wanted.name} is taken: {current} is in force{other}.",
            hint=f"Use {current + 1}, or leave the sequence out.",
        )
    return wanted.at(sequence)
