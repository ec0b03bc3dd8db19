import asyncio

import pytest

from network.lifecycle import Definition, DeploymentError, endorsement_policy
from network.lifecycle.everywhere import everywhere, until
from network.lifecycle.sequence import newest, next_definition
from quorate.errors import ConflictError, DeniedError, IntegrityError, StateError, TimedOutError, UsageError


def definition(**changes):
    return Definition(**({"name": "trial", "version": "1", "sequence": 1} | changes))


@pytest.mark.parametrize(
    "changes", [{"name": "_x"}, {"name": "a/b"}, {"name": ""}, {"version": "a b"}, {"version": ""}, {"sequence": 0}]
)
def test_definitions_that_peers_refuse(changes):
    with pytest.raises(UsageError):
        definition(**changes)


def test_what_differs_is_named_and_the_sequence_is_not_a_difference():
    other = definition(sequence=7, version="2", policy=endorsement_policy("OR('A.peer')"))
    assert definition().differences(other) == ("version", "policy")
    assert definition().differences(definition(sequence=9)) == ()


def test_the_newest_of_what_peers_say():
    assert newest([None, None]) is None
    assert newest([definition(), None, definition(sequence=2, version="2"), definition()]).sequence == 2
    with pytest.raises(IntegrityError, match="they differ in version"):
        newest([definition(), definition(version="2")])


@pytest.mark.parametrize(
    ("in_force", "version", "sequence", "expected"),
    [
        (None, "1", None, 1),
        (None, "1", 1, 1),
        (4, "1", None, 4),
        (4, "2", None, 5),
        (4, "1", 4, 4),
        (4, "1", 5, 5),
        (4, "2", 5, 5),
        (4, "2", 4, ConflictError),
        (4, "1", 3, ConflictError),
        (4, "1", 6, StateError),
        (None, "1", 2, StateError),
    ],
)
def test_the_sequence(in_force, version, sequence, expected):
    current = definition(sequence=in_force) if in_force else None
    wanted = definition(version=version)
    if isinstance(expected, int):
        assert next_definition(wanted, current, sequence) == wanted.at(expected)
    else:
        with pytest.raises(expected, match="Sequence") as caught:
            next_definition(wanted, current, sequence)
        assert "leave the sequence out" in caught.value.hint


async def test_work_is_done_at_every_place_and_failures_are_told_together():
    done = []

    async def work(place):
        await asyncio.sleep(0)
        if place < 0:
            raise DeniedError(f"no {place}", hint="Ask.")
        done.append(place)
        return place * 2

    assert await everywhere("count", {"a": 1, "b": 2}, work) == {"a": 2, "b": 4}
    with pytest.raises(DeploymentError) as caught:
        await everywhere("count", {"a": -1, "b": 5, "c": -2}, work)
    assert str(caught.value) == "count: 2 of 3 are missing: a: no -1; c: no -2"
    assert (caught.value.code, caught.value.exit_code, list(caught.value.failures)) == ("DENIED", 4, ["a", "c"])
    assert 5 in done


async def test_a_defect_is_not_a_missing_member():
    async def work(_place):
        raise ZeroDivisionError

    with pytest.raises(ExceptionGroup):
        await everywhere("count", {"a": 1}, work)


async def test_waiting_ends_when_it_holds_or_in_time():
    answers = iter(["not yet", "not yet", ""])

    async def holds():
        return next(answers)

    now = asyncio.get_running_loop().time
    await until(holds, deadline=now() + 60)

    async def never():
        return "the last reason"

    begun = now()
    with pytest.raises(TimedOutError, match="the last reason"):
        await until(never, deadline=begun + 0.2)
    assert now() - begun < 30

    with pytest.raises(TimedOutError, match="no answer came in time"):
        await until(asyncio.Event().wait, deadline=now() + 0.1)


async def test_waiting_repeats_only_what_it_is_told_to():
    answers = iter([DeniedError("a"), DeniedError("b"), ""])

    async def holds():
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    deadline = asyncio.get_running_loop().time() + 60
    with pytest.raises(DeniedError, match="a"):
        await until(holds, deadline=deadline)
    await until(holds, deadline=deadline, retry=lambda error: error.code == "DENIED")
