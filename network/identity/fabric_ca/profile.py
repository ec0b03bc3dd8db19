"""The file that tells the command line which CA to ask, and as whom."""

import tomllib
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from network.identity.fabric_ca.credential import Credential
from network.identity.fabric_ca.endpoint import Endpoint
from network.identity.layout import KeyPair
from quorate.errors import StorageError, UsageError

_LIMIT: Final = 64 * 1024


class CaProfile(BaseModel):
    """One CA, what is trusted about it, and who may register identities there.

    Paths are relative to the file's folder. `registrar` is a folder with ``cert.pem`` and ``key.pem``; enrolling and
    re-enrolling need none.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_: Annotated[Literal["quorate.fabric-ca/1"], Field(alias="schema")]
    url: str
    ca: str = ""
    tls_root: Path
    authority: Path
    registrar: Path | None = None

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a profile.

        Raises
        ------
        UsageError
            If it is not one.
        StorageError
            If it cannot be read.
        """
        try:
            with path.open("rb") as file:
                document = tomllib.loads(file.read(_LIMIT).decode())
            found = cls.model_validate(document)
        except OSError as error:
            raise StorageError(f"Cannot read {path}: {error.strerror}.", cause=error) from error
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(str(part) for part in first["loc"]) or "the whole"
            raise UsageError(f"{path}: {place}: {first['msg']}.", cause=error) from error
        except ValueError as error:
            raise UsageError(f"{path} is not TOML in UTF-8.", cause=error) from error
        folder = path.absolute().parent
        paths = {name: folder / value for name in cls.model_fields if isinstance(value := getattr(found, name), Path)}
        return found.model_copy(update=paths)

    def endpoint(self) -> Endpoint:
        """Return where the CA is.

        Raises
        ------
        UsageError
            If the URL, the name or a certificate is not what it should be.
        StorageError
            If a certificate cannot be read.
        """
        return Endpoint.load(url=self.url, ca=self.ca, tls_root=self.tls_root, authority=self.authority)

    def credential(self) -> Credential:
        """Return the registrar's credential.

        Raises
        ------
        UsageError
            If none is named, or its files are not what they should be.
        StorageError
            If a file cannot be read.
        """
        if self.registrar is None:
            raise UsageError(
                "This needs a registrar.", hint="Name the folder of its certificate and key: registrar = …"
            )
        return Credential.load(KeyPair(self.registrar))


def profile_text(*, url: str, ca: str, tls_root: str, authority: str, registrar: str) -> str:
    """Return the text of a profile; the values must be free of quotes and backslashes."""
    return (
        "# For `quorate network ca … --ca` with this file.\n"
        'schema = "quorate.fabric-ca/1"\n'
        f'url = "{url}"\nca = "{ca}"\ntls_root = "{tls_root}"\nauthority = "{authority}"\nregistrar = "{registrar}"\n'
    )
