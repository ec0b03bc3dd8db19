import gzip
import hashlib
import io
import json
import os
import stat
import tarfile
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.fabric import Tls
from network.lifecycle import ChaincodePackage, service_package
from network.lifecycle.archive import tar_gz
from network.lifecycle.package import MAX_PACKAGE_BYTES, check_package_id
from quorate.errors import AlreadyExistsError, StorageError, UsageError

TLS = Tls(roots=b"the root\n", certificate=b"the certificate\n", key=b"the key\n")
NAMES = st.text(alphabet="abcdefghijklmnopqrstuvwxyz.", min_size=1, max_size=100)


def made(**changes):
    return service_package(**({"label": "quorate_1", "address": "chaincode.test:9999", "tls": TLS} | changes))


def files(data):
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
        return {member.name: archive.extractfile(member).read() for member in archive}


@given(st.dictionaries(NAMES, st.binary(max_size=2000), max_size=4))
def test_every_tar_reads_what_an_archive_holds(content):
    assert files(tar_gz(content)) == content


def test_files_larger_than_one_stored_block():
    content = {"large": bytes(range(256)) * 1000}
    assert files(tar_gz(content)) == content
    assert len(gzip.decompress(tar_gz(content))) == 512 + 256_000 + 2 * 512


def test_an_archive_holds_no_clock_and_no_owner():
    with tarfile.open(fileobj=io.BytesIO(tar_gz({"a": b"1"}))) as archive:
        (member,) = archive
    assert (member.mtime, member.uid, member.gid, member.uname, member.mode) == (0, 0, 0, "", 0o644)
    assert member.isfile()


def test_a_name_that_does_not_fit():
    with pytest.raises(ValueError, match="does not fit"):
        tar_gz({"a" * 101: b""})


def test_what_a_package_holds():
    outer = files(made().data)
    assert list(outer) == ["metadata.json", "code.tar.gz"]
    assert json.loads(outer["metadata.json"]) == {"type": "ccaas", "label": "quorate_1"}
    (connection,) = files(outer["code.tar.gz"]).items()
    assert connection[0] == "connection.json"
    assert json.loads(connection[1]) == {
        "address": "chaincode.test:9999",
        "dial_timeout": "10s",
        "tls_required": True,
        "client_auth_required": True,
        "root_cert": "the root\n",
        "client_cert": "the certificate\n",
        "client_key": "the key\n",
    }


def test_equal_input_gives_these_very_bytes_on_every_python_and_zlib():
    """The id stands in approvals: another build of this program must not change it."""
    assert made().package_id == "quorate_1:f3b55495600002c48e5886c01e7cf770ff013b2bca2ebe91e7e9c6fcec3e15b2"
    assert made().package_id == f"quorate_1:{hashlib.sha256(made().data).hexdigest()}"


def test_a_server_name_that_is_not_the_host():
    named = Tls(roots=b"r", certificate=b"c", key=b"k", server_name="cc.alder.test")
    connection = json.loads(files(files(made(tls=named).data)["code.tar.gz"])["connection.json"])
    assert connection["domain"] == "cc.alder.test"


@pytest.mark.parametrize("tls", [Tls(), Tls(roots=b"r"), Tls(certificate=b"c", key=b"k")], ids=["none", "roots", "key"])
def test_there_is_no_service_without_mutual_tls(tls):
    with pytest.raises(UsageError, match="mutual TLS"):
        made(tls=tls)


@pytest.mark.parametrize("label", ["", "-a", "a b", "a" * 101, "ä"])
def test_labels_that_peers_refuse(label):
    with pytest.raises(UsageError, match="no label"):
        made(label=label)


def test_an_address_that_is_none():
    with pytest.raises(UsageError, match="host:port"):
        made(address="chaincode.test")


def test_a_package_file_is_its_owners_alone(tmp_path):
    os.umask(0o022)
    path = tmp_path / "quorate.tar.gz"
    made().save(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert ChaincodePackage.load(path) == made()
    made().save(path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["quorate.tar.gz"]


def test_a_package_with_a_key_that_others_may_read_is_refused(tmp_path):
    key = b"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n"
    package, path = made(tls=Tls(roots=b"r", certificate=b"c", key=key)), tmp_path / "quorate.tar.gz"
    assert package.holds_key()
    package.save(path)
    path.chmod(0o640)
    with pytest.raises(UsageError, match="holds a private key") as caught:
        ChaincodePackage.load(path)
    assert "chmod 600" in caught.value.hint
    path.chmod(0o600)
    assert ChaincodePackage.load(path) == package


def test_a_package_file_is_not_overwritten_by_another(tmp_path):
    path = tmp_path / "quorate.tar.gz"
    made().save(path)
    with pytest.raises(AlreadyExistsError, match="holds something else"):
        made(address="other.test:1").save(path)
    assert ChaincodePackage.load(path) == made()
    assert [entry.name for entry in tmp_path.iterdir()] == ["quorate.tar.gz"]


def test_where_nothing_can_be_written_or_read(tmp_path):
    with pytest.raises(StorageError, match="cannot write"):
        made().save(tmp_path / "absent" / "quorate.tar.gz")
    with pytest.raises(StorageError, match="cannot read"):
        ChaincodePackage.load(tmp_path / "absent")


def link():
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as archive:
        entry = tarfile.TarInfo("metadata.json")
        entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(entry)
    return target.getvalue()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no gzipped tar"),
        (b"not gzip", "no gzipped tar"),
        (gzip.compress(b"not tar"), "no gzipped tar"),
        (made().data[:300], "no gzipped tar"),
        (tar_gz({"metadata.json": b'{"label": "a"}'}), "holds metadata.json and code.tar.gz"),
        (tar_gz({"metadata.json": b"{", "code.tar.gz": b""}), "is not JSON"),
        (tar_gz({"metadata.json": b"[]", "code.tar.gz": b""}), "not a JSON object"),
        (tar_gz({"metadata.json": b"{}", "code.tar.gz": b""}), "has no label"),
        (tar_gz({"metadata.json": b'{"label": "-"}', "code.tar.gz": b""}), "is no label"),
        (link(), "not a regular file"),
    ],
)
def test_what_is_no_package(tmp_path, data, why):
    path = tmp_path / "odd.tar.gz"
    path.write_bytes(data)
    with pytest.raises(UsageError, match=why) as caught:
        ChaincodePackage.load(path)
    assert str(path) in str(caught.value)


def test_a_small_file_that_holds_more_files_than_any_package():
    empty = b"".join(tarfile.TarInfo(f"{number}.txt").tobuf() for number in range(4097))
    with pytest.raises(UsageError, match="too large when unpacked"):
        ChaincodePackage.parse(gzip.compress(empty + bytes(1024)))


def test_a_small_file_that_would_unpack_to_a_large_one():
    bomb = tarfile.TarInfo("code.tar.gz")
    bomb.size = 5 * MAX_PACKAGE_BYTES
    compressor = zlib.compressobj(9, zlib.DEFLATED, 31)
    data = compressor.compress(bomb.tobuf()) + b"".join(compressor.compress(bytes(1 << 20)) for _ in range(8))
    with pytest.raises(UsageError, match="too large when unpacked"):
        ChaincodePackage.parse(data + compressor.flush())


def test_packages_of_other_kinds_are_taken_as_they_are():
    data = tar_gz({"metadata.json": b'{"path": "p", "type": "golang", "label": "basic"}', "code.tar.gz": b"code"})
    assert ChaincodePackage.parse(data).label == "basic"
    assert not ChaincodePackage.parse(data).holds_key()


@pytest.mark.parametrize("text", ["", "quorate", "quorate:abc", f"-:{'0' * 64}", f"q:{'0' * 64}x"])
def test_what_is_no_package_id(text):
    with pytest.raises(UsageError, match="no package id"):
        check_package_id(text)
