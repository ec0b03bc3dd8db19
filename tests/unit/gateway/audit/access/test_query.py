"""Queries are signed by a reader of the own organisation, for this gateway, and answered once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.audit.access.query import TOLERANCE_MS, Gatekeeper, Meant, Own, new_query, signed_bytes
from gateway.audit.access.reader import identify
from quorate import canonical
from quorate.digest import digest_of
from quorate.errors import DeniedError, StateError, UnsupportedVersionError, UsageError
from quorate.identifiers import MspId

NOW = 1_795_000_000_000
ALDER = MspId("AlderMSP")


HOST = "gateway.alder.test"
MEANT = Meant(audience="AlderMSP", channel="quorate", gateway=f"{HOST}:7443", process="ab" * 32)


def query(meant=MEANT, **changes):
    return new_query(meant, **({"what": "events", "asked": {}, "time": NOW, "via": "command"} | changes))


def gatekeeper(names=(HOST, "*.wide.test", "127.0.0.1", "::1"), process=MEANT.process):
    return Gatekeeper(Own(msp=ALDER, channel="quorate", names=lambda: names, process=process))


def test_a_query_is_taken_once():
    gate, document = gatekeeper(), query(asked={"study": "one", "round": None}).encode()
    assert gate.take(document, now=NOW + 5).asked == {"study": "one"}
    with pytest.raises(DeniedError, match="asked before"):
        gate.take(document, now=NOW + 10)
    assert gate.take(query().encode(), now=NOW).what == "events"


@pytest.mark.parametrize("off", [TOLERANCE_MS + 1, -TOLERANCE_MS - 1])
def test_a_query_of_another_time_is_refused(off):
    with pytest.raises(DeniedError, match="60 s off this gateway's clock"):
        gatekeeper().take(query().encode(), now=NOW + off)


def test_what_was_seen_is_forgotten_only_when_it_is_too_old_anyway():
    gate, document = gatekeeper(), query().encode()
    gate.take(document, now=NOW - TOLERANCE_MS)
    gate.take(query(time=NOW + TOLERANCE_MS).encode(), now=NOW + TOLERANCE_MS)
    with pytest.raises(DeniedError):
        gate.take(document, now=NOW + TOLERANCE_MS)
    gate.take(query(time=NOW + 3 * TOLERANCE_MS).encode(), now=NOW + 3 * TOLERANCE_MS)
    assert len(gate._seen) == 1


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"audience": "BirchMSP"}, "for the gateway of BirchMSP"),
        ({"channel": "other"}, "for the channel other, and this gateway's is quorate"),
        ({"gateway": "gateway.birch.test:7443"}, "for the gateway at gateway.birch.test:7443"),
        ({"gateway": "wide.test:7443"}, "for the gateway at"),
        ({"gateway": "a.b.wide.test:7443"}, "for the gateway at"),
        ({"gateway": ""}, "for the gateway at"),
        ({"process": "cd" * 32}, "another start of this gateway, or for another gateway"),
    ],
)
def test_a_query_for_another_gateway_or_channel_is_refused(change, why):
    with pytest.raises(DeniedError, match=why):
        gatekeeper().take(query(replace(MEANT, **change)).encode(), now=NOW)


@pytest.mark.parametrize("gateway", ["GATEWAY.alder.test:1", "a.wide.test:7443", "127.0.0.1:65535", "[::1]:7443"])
def test_a_gateway_is_known_by_any_name_of_its_certificate_and_at_any_port(gateway):
    assert gatekeeper().take(query(replace(MEANT, gateway=gateway)).encode(), now=NOW).gateway == gateway


def test_a_certificate_without_names_is_for_nobody():
    with pytest.raises(DeniedError, match="not for that host"):
        gatekeeper(names=()).take(query().encode(), now=NOW)


def test_what_one_start_took_or_did_not_the_next_refuses():
    first, again = (Own(msp=ALDER, channel="quorate", names=lambda: (HOST,)) for _ in range(2))
    taken, unused = (query(replace(MEANT, process=first.process)).encode() for _ in range(2))
    Gatekeeper(first).take(taken, now=NOW)
    restarted = Gatekeeper(again)
    for document in (taken, unused):
        with pytest.raises(DeniedError, match="another start of this gateway"):
            restarted.take(document, now=NOW)


def test_an_older_client_is_told_so():
    older = {"schema": "quorate.audit.query/1", "audience": "AlderMSP", "time": NOW, "nonce": "0" * 64}
    document = canonical.dumps(older | {"via": "command", "what": "events", "asked": {}, "limit": 50})
    with pytest.raises(DeniedError, match="a client older than this gateway") as caught:
        gatekeeper().take(document, now=NOW)
    assert "Install the gateway's version" in caught.value.hint


def test_a_newer_client_is_told_so():
    document = query().encode().replace(b"quorate.audit.query/2", b"quorate.audit.query/3")
    with pytest.raises(UnsupportedVersionError):
        gatekeeper().take(document, now=NOW)


@pytest.mark.parametrize(
    "document",
    [b"", b"{}", b'{"a": 1}', query().encode() + b" ", query().encode().replace(b'"limit":50', b'"limit":5000')],
    ids=["nothing", "empty", "other", "not canonical", "too many"],
)
def test_what_is_no_query(document):
    with pytest.raises(UsageError):
        gatekeeper().take(document, now=NOW)


def test_a_reader_is_who_signed(trail, consortium):
    signer = consortium.members[0].roles["officer"]
    message = signed_bytes(query().encode())
    found = identify(
        trail.configuration(), signer.serialized, own=ALDER, message=message, signature=signer.sign(message)
    )
    assert (found.msp, found.role) == ("AlderMSP", "officer")
    assert found.certificate.startswith("sha256:")


def test_who_is_no_reader(trail, consortium):
    config, message = trail.configuration(), b"a message"
    alder, birch = (member.roles["officer"] for member in consortium.members[:2])
    for serialized, signature, why in (
        (alder.serialized, alder.sign(b"another message"), "the identity is not accepted"),
        (alder.serialized, birch.sign(message), "the identity is not accepted"),
        (alder.serialized, alder.sign(message, high_s=True), "the larger of its two values"),
        (birch.serialized, birch.sign(message), "BirchMSP may not read here"),
        (b"", alder.sign(message), "the identity is not accepted"),
        (b"\xff\xff", alder.sign(message), "the identity is not accepted"),
    ):
        with pytest.raises(DeniedError, match=why):
            identify(config, serialized, own=ALDER, message=message, signature=signature)


def test_a_certificate_has_its_time(trail, consortium):
    signer = consortium.members[0].roles["officer"]
    ends = signer.issued.certificate.not_valid_after_utc
    for now in (ends + timedelta(seconds=1), datetime(2000, 1, 1, tzinfo=UTC)):
        with pytest.raises(DeniedError, match="is valid from"):
            identify(
                trail.configuration(),
                signer.serialized,
                own=ALDER,
                message=b"m",
                signature=signer.sign(b"m"),
                now=now,
            )


def test_nobody_is_known_before_the_configuration_is():
    with pytest.raises(StateError, match="not known yet"):
        identify(None, b"", own=ALDER, message=b"", signature=b"")


def test_digests_of_queries_differ_by_their_nonce():
    assert digest_of(query().encode()) != digest_of(query().encode())
