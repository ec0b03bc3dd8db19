"""Which block of a PEM text is taken; every answer here is that of Go's own ``pem.Decode``."""

import base64
import time

import pytest

from quorate.blocks.pem import first_block, is_plain

ONE, TWO = b"1" * 40, b"2" * 50


def block(content, *, kind=b"CERTIFICATE", headers=b""):
    return b"-----BEGIN %b-----\n%b%b\n-----END %b-----\n" % (kind, headers, base64.b64encode(content), kind)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (block(ONE), ONE),
        (block(ONE)[:-1], ONE),
        (block(ONE).replace(b"\n", b"\r\n"), ONE),
        (block(ONE) + block(TWO), ONE),
        (block(ONE, kind=b"ANYTHING"), ONE),
        (block(ONE, headers=b"Key: value\n\n"), ONE),
        (block(ONE, headers=b"\t \n"), ONE),
        (b"said before\n" + block(ONE), ONE),
        (b"-----BEGIN CERTIFICATE-----\n" + block(ONE), ONE),
        (b"\n-----END " + block(ONE), ONE),
        (b"mid line " + block(ONE) + block(TWO), TWO),
        (block(ONE)[:-1] + b" said after\n" + block(TWO), TWO),
        (block(ONE).replace(b"=", b"") + block(TWO), TWO),
        (block(ONE).replace(b"=\n", b"==\n") + block(TWO), TWO),
        (block(ONE).replace(b"MTEx", b"MT-x") + block(TWO), TWO),
        (block(ONE).replace(b"END CERT", b"END KEY CERT") + block(TWO), TWO),
        (block(ONE).replace(b"MTEx", b"\x0cMTEx") + block(TWO), TWO),
        (b"-----BEGIN A-----\n-----END A-----\n", b""),
        (block(ONE)[:-2], None),
        (block(ONE)[:-1] + b"\r", None),
        (block(ONE).replace(b"\n-----END", b"-----END"), None),
        (b"-----BEGIN A-----\nkey: value\n-----END A-----\n", None),
        (b"-----BEGIN A-----\n-----END A:-----\n" + block(ONE), None),
        (b"", None),
    ],
)
def test_the_block_is_taken_that_peers_take(text, found):
    assert first_block(text) == found


@pytest.mark.parametrize(
    "text", [block(ONE), block(ONE)[:-1], block(ONE).replace(b"\n", b"\r\n"), block(ONE) + b"more"]
)
def test_the_common_form_is_plain(text):
    assert is_plain(text)


@pytest.mark.parametrize(
    "text",
    [
        b"\n" + block(ONE),
        block(ONE, kind=b"X509 CERTIFICATE"),
        block(ONE, headers=b"Key: value\n\n"),
        block(ONE)[:-1] + b"more",
        block(ONE).replace(b"MTEx", b"MT Ex"),
        block(ONE).replace(b"=", b"") + block(TWO),
        b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
    ],
)
def test_any_other_form_is_not(text):
    assert not is_plain(text)


@pytest.mark.parametrize(
    "part",
    [
        b"-----BEGIN ",
        b"-----BEGIN -----",
        b"\n-----END ",
        b"-----BEGIN A-----\n",
        b":\n",
        b"\n-----BEGIN A-----\n:\n-----END ",
    ],
)
def test_no_text_takes_long(part):
    since = time.process_time()
    assert first_block(b"-----BEGIN A-----\n" + part * (65_000 // len(part))) is None
    assert time.process_time() - since < 5
