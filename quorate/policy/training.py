"""Whether an agent may train on a data set for a study, as the consortium's policies say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quorate.policy.actions import DATA_TRAIN
from quorate.policy.policies import Decision, Policies, Request
from quorate.policy.world import Principal, World

if TYPE_CHECKING:
    from collections.abc import Collection

    from quorate.identifiers import MspId
    from quorate.records.dataset import Dataset
    from quorate.records.study import Study


def decide_training(
    policies: Policies,
    *,
    principal: Principal,
    members: Collection[MspId],
    dataset: Dataset,
    study: Study,
    now: int,
) -> Decision:
    """Decide ``data.train``: whether the principal may train on the data set for the study.

    Parameters
    ----------
    principal
        The agent, as it signs transactions.
    members
        The consortium's, under the charter in force.
    now
        Unix time in milliseconds.
    """
    world = World(members)
    return policies.decide(
        world,
        Request(
            principal=principal, action=DATA_TRAIN, resource=world.dataset(dataset), now=now, study=world.study(study)
        ),
    )
