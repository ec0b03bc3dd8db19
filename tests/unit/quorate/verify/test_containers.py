"""What is not a bundle in its canonical form is refused before anything of it is believed."""

import shutil
import zipfile

import pytest

from quorate.errors import UsageError
from quorate.verify import Step, VerificationError, verify_bundle
from quorate.verify.bundle import names
from quorate.verify.bundle.container import Entry, directory, local_header
from quorate.verify.bundle.manifest import Exporter
from quorate.verify.bundle.reader import _Scan
from tests.unit.quorate.ledger.organisations import Organisation
from tests.unit.quorate.ledger.tampering import repack, reseal


@pytest.fixture
def copy(honest, tmp_path):
    return shutil.copytree(honest, tmp_path / "copy")


def failure(path):
    with pytest.raises(VerificationError) as caught:
        verify_bundle(path, trust_bundle_genesis=True)
    return caught.value.report.failed[0]


def zipped(path, files, *, method=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in files:
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, method)
    return path


def raw(path, entries):
    """Write a container in our own form, whatever the names."""
    listed, body = [], b""
    for name, crc, size, data in entries:
        listed.append(Entry(name, crc, size, len(body)))
        body += local_header(name, crc, size) + data
    path.write_bytes(body + directory(listed))
    return path


@pytest.mark.parametrize(
    "name",
    [
        "../evil",
        "/etc/passwd",
        "blocks/../manifest.json",
        "blocks/01.block",
        "blocks/1.block\x00",
        "C:\\evil",
        "proofs/../000001.json",
        "proofs/one/1.json",
        "artifacts/ABCDEF",
        "unknown.txt",
        "",
    ],
)
def test_foreign_names_are_refused(tmp_path, name):
    found = failure(raw(tmp_path / "evil.qeb", [(name, 0, 0, b"")]))
    assert (found.step, found.place) == (Step.BOUNDS, "evil.qeb")
    assert "no file of a bundle is called" in found.message


def test_a_zip_bomb_is_not_inflated(tmp_path):
    bomb = zipped(tmp_path / "bomb.qeb", [("headers.bin", bytes(64 << 20))], method=zipfile.ZIP_DEFLATED)
    assert bomb.stat().st_size < 100_000
    assert "stored, fixed time, no extras" in failure(bomb).message


def test_a_size_beyond_all_bounds_is_refused_unread(tmp_path):
    path = raw(tmp_path / "large.qeb", [("blocks/0.block", 0, 2**31, b"")])
    assert "more than the 134217728 allowed" in failure(path).message


def test_a_size_beyond_the_file_is_refused(tmp_path):
    path = raw(tmp_path / "cut.qeb", [("headers.bin", 0, 5000, b"")])
    assert "cut off" in failure(path).message


@pytest.mark.parametrize("kept", [0, 10, 29, 31, 500, -1, -21])
def test_a_truncated_container_is_refused(container, tmp_path, kept):
    path = tmp_path / "short.qeb"
    path.write_bytes(container.read_bytes()[:kept])
    assert failure(path).step is Step.BOUNDS


@pytest.mark.parametrize("extra", [b"\x00", b"PK\x05\x06" + bytes(18)])
def test_nothing_may_follow(container, tmp_path, extra):
    path = tmp_path / "long.qeb"
    path.write_bytes(container.read_bytes() + extra)
    assert failure(path).step is Step.BOUNDS


def test_nothing_may_go_before(container, tmp_path):
    path = tmp_path / "shifted.qeb"
    path.write_bytes(b"#!" + container.read_bytes())
    assert failure(path).step is Step.BOUNDS


def test_the_same_files_zipped_by_another_tool_are_not_the_canonical_container(honest, tmp_path):
    found = [path.relative_to(honest).as_posix() for path in honest.rglob("*") if path.is_file()]
    files = [(name, honest.joinpath(*name.split("/")).read_bytes()) for name in sorted(found, key=names.order)]
    assert failure(zipped(tmp_path / "other.qeb", files)).step is Step.BOUNDS


def test_repacked_unchanged_it_has_the_same_bytes(honest, container, tmp_path):
    again = repack(honest, tmp_path / "again.qeb")
    assert len(again.read_bytes()) in range(container.stat().st_size - 4, container.stat().st_size + 5)
    assert verify_bundle(again, trust_bundle_genesis=True).result == "verified"


def test_files_in_another_order_are_refused(tmp_path):
    path = raw(tmp_path / "order.qeb", [("headers.bin", 0, 0, b""), ("manifest.sig", 0, 0, b"")])
    assert "manifest.sig stands after headers.bin" in failure(path).message


def test_a_file_twice_is_refused(tmp_path):
    path = raw(tmp_path / "twice.qeb", [("headers.bin", 0, 0, b""), ("headers.bin", 0, 0, b"")])
    assert "stands after" in failure(path).message


def test_a_file_that_the_manifest_does_not_list_is_refused(copy):
    (copy / "artifacts" / ("0" * 64)).write_bytes(b"smuggled")
    assert failure(copy).place == f"artifacts/{'0' * 64}"


def test_a_file_that_is_missing_is_named(copy):
    (copy / "blocks" / "3.block").unlink()
    found = failure(copy)
    assert (found.place, found.message) == ("blocks/3.block", "the manifest lists it and the bundle lacks it")


@pytest.mark.parametrize("name", [names.HEADERS, names.EVENTS, names.REPORT])
def test_a_necessary_file_may_not_be_left_out_of_both(copy, walked, name):
    (copy / name).unlink()
    assert failure(reseal(copy, walked.ledger.officer)).place == name


def test_a_link_is_no_file_of_a_bundle(copy, tmp_path):
    (tmp_path / "elsewhere").write_bytes((copy / "report.html").read_bytes())
    (copy / "report.html").unlink()
    (copy / "report.html").symlink_to(tmp_path / "elsewhere")
    assert "neither a file nor a folder" in failure(copy).message


def test_a_folder_within_a_folder_is_refused(copy):
    (copy / "blocks" / "deep" / "er").mkdir(parents=True)
    (copy / "blocks" / "deep" / "er" / "0.block").write_bytes(b"")
    assert failure(copy).step is Step.BOUNDS


def test_a_manifest_that_is_not_canonical_is_refused(copy):
    data = (copy / names.MANIFEST).read_bytes()
    (copy / names.MANIFEST).write_bytes(data.replace(b'"channel"', b' "channel"'))
    assert "canonical" in failure(copy).message


def test_a_manifest_of_somebody_elses_signature_is_refused(copy, walked):
    (copy / names.SIGNATURE).write_bytes(walked.members[1].roles["officer"].sign((copy / names.MANIFEST).read_bytes()))
    assert failure(copy).place == names.SIGNATURE


def test_an_exporter_from_outside_the_channel_is_refused(copy):
    stranger = Organisation.new("Alder").roles["officer"]
    exporter = {"msp": "AlderMSP", "certificate": stranger.certificate}
    found = failure(reseal(copy, stranger, exporter=Exporter(**exporter)))
    assert (found.step, found.place) == (Step.HEADERS, names.MANIFEST)
    assert "does not chain to a root" in found.message


def test_a_container_has_a_bounded_number_of_files(container):
    with container.open("rb") as file:
        count = len(_Scan(file).run())
    with container.open("rb") as file:
        assert len(_Scan(file, most=count).run()) == count
    with container.open("rb") as file, pytest.raises(UsageError, match=f"more than {count - 1} files"):
        _Scan(file, most=count - 1).run()
