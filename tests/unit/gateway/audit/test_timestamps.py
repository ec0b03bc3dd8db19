"""Tokens of a time-stamping authority, which the test runs, over the last header of a bundle."""

import shutil
import socket
import subprocess
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import rfc3161_client
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gateway.audit.collect import Collector
from gateway.audit.staging import staging
from gateway.audit.timestamp import add_timestamp
from quorate.blocks.errors import BlockError
from quorate.errors import UnreachableError, UsageError
from quorate.verify import Step, VerificationError, verify_bundle
from quorate.verify.bundle.names import timestamp_name
from quorate.verify.steps.timestamps import parse_roots, verify_token
from tests.unit.quorate.ledger.bundles import export
from tests.unit.quorate.ledger.chain import header_of
from tests.unit.quorate.ledger.consortium import Consortium, Ledger
from tests.unit.quorate.ledger.tampering import reseal

OPENSSL = shutil.which("openssl")
pytestmark = pytest.mark.skipif(OPENSSL is None, reason="needs openssl, which is the authority")
CONFIG = """
[tsa]
default_tsa = here
[here]
serial = {folder}/serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
ess_cert_id_alg = sha256
"""


def certificate(name, key, issuer, issuer_key, *, authority):
    now = datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer or subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    if not authority:
        made = made.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
    return made.sign(issuer_key, SHA256())


class Authority:
    def __init__(self, folder):
        self.folder = folder
        root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        root = certificate("Root", root_key, None, root_key, authority=True)
        self.root = root.public_bytes(Encoding.PEM)
        signer = certificate("Authority", key, root.subject, root_key, authority=False)
        (folder / "signer.pem").write_bytes(signer.public_bytes(Encoding.PEM))
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (folder / "key.pem").write_bytes(secret)
        (folder / "serial").write_text("01\n")
        (folder / "tsa.cnf").write_text(CONFIG.format(folder=folder))

    def answer(self, query):
        (self.folder / "query").write_bytes(query)
        files = {"-queryfile": "query", "-signer": "signer.pem", "-inkey": "key.pem", "-config": "tsa.cnf"}
        arguments = [part for option, name in files.items() for part in (option, str(self.folder / name))]
        return subprocess.run(
            [OPENSSL, "ts", "-reply", *arguments], capture_output=True, check=True, timeout=120
        ).stdout


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def url(authority):
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            query = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(authority.answer(query))

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture(scope="module")
def made():
    consortium = Consortium(Ledger(("Alder", "Birch")))
    consortium.ledger.cut()
    return consortium


@pytest.fixture
def stamped(made, url, tmp_path):
    """A bundle with a token over its last header."""
    with staging(tmp_path / "scratch") as staged, Collector(staged, chaincode="quorate") as collected:
        for block in made.ledger.chain.blocks:
            collected.take(block)
        add_timestamp(url, collected.last, staged)
        name = timestamp_name(collected.last.number)
        token = staged.path(name).read_bytes()
    export(made.ledger, tmp_path / "bundle")
    (tmp_path / "bundle" / "timestamps").mkdir()
    (tmp_path / "bundle" / name).write_bytes(token)
    return reseal(tmp_path / "bundle", made.ledger.officer), name


def test_a_token_says_how_old_the_ledger_is_at_least(made, stamped, authority):
    report = verify_bundle(stamped[0], genesis=made.ledger.genesis, timestamp_roots=authority.root)
    [said] = [found.message for found in report.verified if "was there at" in found.message]
    last = len(made.ledger.chain.blocks) - 1
    assert said.startswith(f"block {last} was there at {datetime.now(UTC):%Y-%m-%d}")


def test_without_a_root_it_is_not_checked(made, stamped):
    report = verify_bundle(stamped[0], genesis=made.ledger.genesis)
    [found] = [found for found in report.not_checked if "time-stamp" in found.message]
    assert (found.step, found.why) == (Step.WITNESSES, "no root of an authority was given")


def failure(made, bundle, roots):
    with pytest.raises(VerificationError) as caught:
        verify_bundle(bundle, genesis=made.ledger.genesis, timestamp_roots=roots)
    return caught.value.report.failed[0]


def test_a_token_of_somebody_else(made, stamped, tmp_path):
    (tmp_path / "other").mkdir()
    found = failure(made, stamped[0], Authority(tmp_path / "other").root)
    assert (found.place, found.message.startswith("the time-stamp does not hold")) == (stamped[1], True)


def test_a_token_over_another_header(made, stamped, authority):
    bundle, name = stamped
    (bundle / name).rename(bundle / timestamp_name(1))
    found = failure(made, reseal(bundle, made.ledger.officer), authority.root)
    assert "Mismatch between messages" in found.message


def test_an_altered_token(made, stamped, authority):
    bundle, name = stamped
    before = (bundle / name).read_bytes()
    for spot in range(0, len(before), 41):
        altered = bytearray(before)
        altered[spot] ^= 1
        (bundle / name).write_bytes(altered)
        assert failure(made, reseal(bundle, made.ledger.officer), authority.root).place == name


def test_every_byte_of_a_token_says_something(made, stamped, authority):
    bundle, name = stamped
    token, roots = (bundle / name).read_bytes(), parse_roots(authority.root)
    header = header_of(made.ledger.chain.blocks[-1]).hash
    assert verify_token(rfc3161_client, token, header, roots).year >= 2026
    for spot in range(len(token)):
        altered = bytearray(token)
        altered[spot] ^= 1 << spot % 8
        with pytest.raises(BlockError):
            verify_token(rfc3161_client, bytes(altered), header, roots)


@pytest.fixture
def talker():
    """Return the address of something that listens and speaks no HTTP."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def talk():
            with listening.accept()[0] as connection:
                connection.recv(4096)
                connection.sendall(b"220 mail.test ESMTP\r\n")

        talking = threading.Thread(target=talk)
        talking.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
        talking.join(10)


def test_what_speaks_no_http_is_no_authority(made, tmp_path, talker):
    with staging(tmp_path / "b") as staged, Collector(staged, chaincode="quorate") as collected:
        collected.take(made.ledger.chain.blocks[0])
        with pytest.raises(UnreachableError, match="does not answer"):
            add_timestamp(talker, collected.last, staged)


@pytest.mark.parametrize(
    ("url", "error"),
    [("file:///etc/passwd", UsageError), ("tsa.example", UsageError), ("http://127.0.0.1:9/", UnreachableError)],
)
def test_addresses_that_are_none(made, tmp_path, url, error):
    with staging(tmp_path / "b") as staged, Collector(staged, chaincode="quorate") as collected:
        collected.take(made.ledger.chain.blocks[0])
        with pytest.raises(error):
            add_timestamp(url, collected.last, staged)
