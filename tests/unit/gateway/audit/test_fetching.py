import pytest

from gateway.artifacts.transfer import Held
from gateway.audit.fetch import fetch_artifacts
from gateway.audit.staging import staging
from quorate.digest import digest_of
from quorate.errors import IntegrityError
from quorate.verify.bundle.names import artifact_name

ONE, OTHER = b"the first" * 1000, b"the other" * 1000


class Gateway:
    """Holds some artefacts, in small pieces; may lie about them."""

    def __init__(self, held, *, lie=b""):
        self.held = {digest_of(data): data for data in held}
        self.lie = lie

    async def stat(self, digest):
        return Held(complete=digest in self.held, size=0, kept=0, labels=())

    async def chunks(self, digest):
        data = self.held[digest] + self.lie
        for start in range(0, len(data), 100):
            yield data[start : start + 100]


async def test_what_the_gateway_holds_lies_under_its_digest(tmp_path):
    wanted = {digest_of(ONE): "update", digest_of(OTHER): "model"}
    with staging(tmp_path / "bundle") as staged:
        assert await fetch_artifacts(Gateway([ONE, OTHER]), wanted, staged) == ()
        assert staged.path(artifact_name(digest_of(ONE))).read_bytes() == ONE
        assert staged.path(artifact_name(digest_of(OTHER))).read_bytes() == OTHER


async def test_what_it_no_longer_holds_is_named(tmp_path):
    wanted = {digest_of(ONE): "the update of Alder", digest_of(OTHER): "the model"}
    with staging(tmp_path / "bundle") as staged:
        assert await fetch_artifacts(Gateway([OTHER]), wanted, staged) == ("the update of Alder",)


async def test_other_bytes_than_the_digests_are_refused(tmp_path):
    with staging(tmp_path / "bundle") as staged, pytest.raises(IntegrityError, match="other bytes"):
        await fetch_artifacts(Gateway([ONE], lie=b"!"), {digest_of(ONE): "update"}, staged)
    assert list(tmp_path.iterdir()) == []
