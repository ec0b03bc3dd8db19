"""``quorate privacy show`` against a ledger: accounts as they are there."""

import json

import pytest
from click.testing import CliRunner

from network.identity import Role
from quorate.cli.privacy import group
from quorate.errors import NotFoundError, UsageError
from tests.integration.datasets import capped, unprotected
from tests.integration.evidence_walk import save_profile


@pytest.fixture
def profile(consortium, tmp_path):
    """Alder's officer; the organisation's peer stands in for its gateway, whose protocol it speaks."""
    return save_profile(tmp_path / "officer.toml", consortium.network.organisation("alder"), Role.OFFICER)


async def register(consortium, organisation, document):
    async with consortium.contract(organisation, Role.STEWARD) as contract:
        await contract.submit("dataset:Register", document.encode())


def run(profile, *arguments):
    return CliRunner().invoke(group, ["show", "--profile", str(profile), *arguments], catch_exceptions=False)


async def test_every_capped_data_set_is_shown_with_what_it_has_spent(consortium, profile):
    await register(consortium, "alder", capped("shown-capped"))
    await register(consortium, "alder", unprotected("shown-open"))
    await register(consortium, "birch", capped("shown-other"))
    rows = _rows(profile, "--msp", "AlderMSP")
    assert [row for row in rows if row["dataset"].startswith("shown")] == [
        {
            "msp": "AlderMSP",
            "dataset": "shown-capped",
            "schema": "quorate.balance/1",
            "epsilon_nano": 0,
            "epsilon_pld": 0.0,
            "cap_nano": 2_000_000_000,
            "after_nano": None,
            "delta": "1e-5",
            "charges": 0,
            "fits": None,
        }
    ]
    assert {"shown-capped", "shown-other"} <= {row["dataset"] for row in _rows(profile)}


def _rows(profile, *arguments):
    # The command runs an event loop of its own, so it needs a thread of its own here.
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

    with ThreadPoolExecutor(max_workers=1) as thread:
        result = thread.submit(run, profile, *arguments, "--format", "json").result(timeout=180)
    assert result.exit_code == 0
    return json.loads(result.stdout)


def test_a_study_that_does_not_exist_is_not_found(profile):
    with pytest.raises(NotFoundError, match="nowhere"):
        run(profile, "--study", "nowhere")


def test_a_profile_that_is_not_there_is_wrong_usage(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        run(tmp_path / "officer.toml")
