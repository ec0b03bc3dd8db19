from quorate.cli.balance import row_of
from quorate.records.common import make
from quorate.records.privacy import Account, Charge, QuoteLine

CHARGE = Charge(noise_multiplier="4", sample_rate="1/4", steps=48)
STAMP = {
    "tx": "0" * 64,
    "claimed_time": 1,
    "msp": "AlderMSP",
    "role": "agent",
    "certificate": f"sha256:{'0' * 64}",
}


def account():
    return make(
        Account,
        msp="AlderMSP",
        dataset="records",
        delta="1e-5",
        cap_nano="2000000000",
        rdp_nano={"2": "1"},
        histogram=[CHARGE],
        charges=8,
        epsilon_nano="1989880845",
        order=10,
        updated=STAMP,
    )


def test_people_read_four_decimals_rounded_up():
    assert row_of(account(), None, texts=True) == {
        "msp": "AlderMSP",
        "dataset": "records",
        "epsilon": "1.9899",
        "pld": "1.8130",
        "cap": "2.0000",
        "after": None,
        "delta": "1e-5",
        "charges": 8,
        "fits": None,
    }


def test_programs_read_what_is_on_the_ledger():
    line = QuoteLine(
        msp="AlderMSP",
        dataset="records",
        epsilon_now_nano="1989880845",
        epsilon_after_nano="2500000001",
        cap_nano="2000000000",
        fits=False,
    )
    row = row_of(account(), line, texts=False)
    assert (row["epsilon_nano"], row["cap_nano"], row["after_nano"], row["fits"]) == (
        1_989_880_845,
        2_000_000_000,
        2_500_000_001,
        False,
    )
    assert round(row["epsilon_pld"], 4) == 1.813
