"""What is not there is said before anything is trained on it."""

from __future__ import annotations

import pytest

from participants.plans.approved import ApprovedPlans
from participants.training.child import TrainerChild
from participants.training.errors import AcceleratorMissingError
from participants.training.hardware import Hardware
from participants.training.isolation import NVIDIA

pytestmark = pytest.mark.torch


@pytest.mark.skipif(NVIDIA.exists(), reason="there is an NVIDIA device here")
def test_a_gpu_that_is_not_there_is_told_by_the_child(tmp_path):
    plans = ApprovedPlans(tmp_path)
    with TrainerChild.start(plans=plans.directory, method="spawn") as child:
        child.require(Hardware(accelerator="auto"), timeout=200)
        with pytest.raises(AcceleratorMissingError) as caught:
            child.require(Hardware(accelerator="gpu"), timeout=200)
    assert caught.value.code == "ACCELERATOR_MISSING"
    assert "training.accelerator" in caught.value.hint


@pytest.mark.skipif(not NVIDIA.exists(), reason="needs an NVIDIA device")
def test_a_gpu_that_is_there_can_be_used(tmp_path):
    plans = ApprovedPlans(tmp_path)
    with TrainerChild.start(plans=plans.directory) as child:
        assert child.isolation.start == "spawn"
        child.require(Hardware(accelerator="gpu"), timeout=200)
