"""From a topology to a network of containers whose chaincode answers."""

from typing import Final

from network.compose.containers import containers_of
from network.compose.docker import DockerError
from network.compose.guard import Guard, forget
from network.compose.prepare import Draft
from network.compose.running import ComposeNetwork, nodes_of, save_logs, take_down
from network.connection import Connection
from network.engine import ChaincodeProgram
from network.process import tail
from network.status import State
from quorate.errors import ConflictError, UnreachableError

_LAST_LINES: Final = 8


def start_network(draft: Draft, chaincode: ChaincodeProgram | None, *, dies_with_parent: bool) -> ComposeNetwork:
    """Start what does not run of a network, whose directory's lock is held, and wait until its chaincode answers.

    Errors are those of `network.engine.Driver.start`. If it fails, its containers are removed.
    """
    plan, project = draft.plan, draft.project
    _refuse_if_running(draft)
    forget(project)
    if dies_with_parent:
        Guard.set(project)
    try:
        connection = _bring_up(draft, chaincode)
    except BaseException:
        take_down(project, {place.name: place.log for place in plan.places})
        raise
    return ComposeNetwork(home=plan.home, connection=connection, nodes=nodes_of(plan, project), project=project)


def _bring_up(draft: Draft, chaincode: ChaincodeProgram | None) -> Connection:
    try:
        prepared = draft.prepare(chaincode)
        draft.project.up()
    except DockerError as error:
        raise _with_last_words(error, draft) from error
    return prepared.complete()


def _refuse_if_running(draft: Draft) -> None:
    found = containers_of(draft.project.name)
    if all(place.name in found and found[place.name].runs for place in draft.plan.places):
        raise ConflictError(
            f"The network in {draft.plan.home.directory} runs already.",
            hint="Connect to it, or end it: quorate network down",
        )


def _with_last_words(error: DockerError, draft: Draft) -> UnreachableError:
    """Return the error with what the container that is worst off has said."""
    logs = {place.name: place.log for place in draft.plan.places}
    save_logs(draft.project, logs)
    ill = [one for one in containers_of(draft.project.name).values() if one.state is not State.RUNNING]
    if not ill:
        return error
    # One that has ended is the reason; others may only have had too little time.
    worst = min(ill, key=lambda one: (one.runs, one.health != "unhealthy", one.service))
    state = f"is {worst.health or 'silent'}" if worst.runs else "has ended"
    log = logs[worst.service]
    return UnreachableError(
        f"{error.message}\n{worst.service} {state}. Its last words:\n{tail(log, lines=_LAST_LINES)}",
        hint=f"Read its log: {log}",
        cause=error,
    )
