from gateway.audit.trail.bundle import read_bundle
from quorate.verify import verify_bundle
from tests.unit.quorate.ledger.bundles import export
from tests.unit.quorate.ledger.consortium import Consortium
from tests.unit.quorate.ledger.tampering import reseal


def test_whatever_verifies_can_be_looked_at(tmp_path):
    """A manifest of a long ledger is as long as its list of files."""
    made = Consortium()
    export(made.ledger, tmp_path / "bundle")
    long = {f"program {number}": "x" * 250 for number in range(5000)}
    bundle = reseal(tmp_path / "bundle", made.ledger.officer, software=long)
    assert (bundle / "manifest.json").stat().st_size > 1 << 20
    assert verify_bundle(bundle, genesis=made.ledger.genesis).result == "verified"
    trail, _ = read_bundle(bundle)
    assert trail.genesis == made.ledger.genesis
    trail.close()
