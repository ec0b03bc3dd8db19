"""Finding keys in tokens."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from gateway.fabric.hsm import library as libraries
from gateway.fabric.hsm.login import Login
from gateway.fabric.hsm.signer import HSMSigner
from gateway.fabric.hsm.ski import ski
from quorate.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    import pkcs11

    from gateway.fabric.hsm.options import HSMSignerOptions
    from gateway.fabric.hsm.signer import SigningKey
    from gateway.fabric.identity import Identity


class HSMSignerFactory:
    """Makes signers from the keys of all tokens that one PKCS#11 library knows.

    Parameters
    ----------
    library
        The vendor's shared library, such as ``/usr/lib/softhsm/libsofthsm2.so``.

    Raises
    ------
    UsageError
        The extra ``quorate[hsm]`` is not installed, or this is no PKCS#11 library.
    """

    def __init__(self, library: Path | str) -> None:
        libraries.require_extra()
        self._library = libraries.acquire(library)
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="gateway.fabric.hsm")
        self._logins: dict[int, Login] = {}
        self._signers: set[HSMSigner] = set()
        self._disposed = False

    def new_signer(self, options: HSMSignerOptions, *, identity: Identity | None = None) -> HSMSigner:
        """Return the signer of one key, in a session of its own that stays open until it is closed.

        Parameters
        ----------
        options
            Which key, and the PIN.
        identity
            Whose key it must be: a first signature is made and verified with its certificate.

        Raises
        ------
        DeniedError
            The token refused the PIN.
        UsageError
            There is no such token or key, or the key is of another kind or another certificate's.
        UnreachableError
            The token does not answer.
        """
        if self._disposed:
            raise UsageError("this factory was disposed of")
        key_id = options.key_id or (ski(identity) if identity else b"")
        if not key_id:
            raise UsageError("neither the identifier of a key nor the identity whose key it is was given")
        login = self._login(options)
        try:
            signer = self._open(login, key_id)
        except BaseException:
            login.leave()
            raise
        try:
            if identity is not None:
                _check(signer, identity)
        except BaseException:
            signer.close()
            raise
        return signer

    def dispose(self) -> None:
        """Close all signers and give the library back. May be called again."""
        if self._disposed:
            return
        self._disposed = True
        self._executor.shutdown(wait=True)
        for signer in list(self._signers):
            signer.close()
        libraries.release(self._library)

    def _open(self, login: Login, key_id: bytes) -> HSMSigner:
        session = login.session()

        def closed(signer: HSMSigner) -> None:
            self._signers.discard(signer)
            login.leave()

        try:
            key = self._key(session, key_id)
            signer = HSMSigner(self._library, session, key, executor=self._executor, on_close=closed)
        except BaseException:
            with self._library.calling("end a session"):
                session.close()
            raise
        self._signers.add(signer)
        return signer

    def _login(self, options: HSMSignerOptions) -> Login:
        token = self._token(options)
        login = self._logins.setdefault(token.slot.slot_id, Login(self._library, token))
        login.enter(options)
        return login

    def _token(self, options: HSMSignerOptions) -> pkcs11.Token:
        with self._library.calling("list its tokens"):
            tokens: list[pkcs11.Token] = [slot.get_token() for slot in self._library.lib.get_slots(token_present=True)]
        found = [each for each in tokens if _is_meant(each, options)]
        if len(found) == 1:
            return found[0]
        named = f"slot {options.slot}" if options.slot is not None else f"label {options.label!r}"
        labels = ", ".join(sorted(repr(each.label) for each in tokens)) or "none"
        raise UsageError(
            f"{len(found)} tokens have {named}, where one is needed", hint=f"The tokens that are there: {labels}."
        )

    def _key(self, session: pkcs11.Session, key_id: bytes) -> SigningKey:
        from pkcs11 import Attribute, ObjectClass  # noqa: PLC0415  # an extra

        with self._library.calling("look for the key"):
            wanted = {Attribute.CLASS: ObjectClass.PRIVATE_KEY, Attribute.ID: key_id}
            found: list[Any] = list(session.get_objects(wanted))
        if len(found) != 1:
            raise UsageError(
                f"the token holds {len(found)} private keys with the identifier {key_id.hex()} (hexadecimal)",
                hint="Fabric's tools keep a key under its SKI; list the token's keys with its vendor's tool.",
            )
        key: SigningKey = found[0]
        return key

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.dispose()


def _is_meant(token: pkcs11.Token, options: HSMSignerOptions) -> bool:
    if options.slot is not None and token.slot.slot_id != options.slot:
        return False
    return not options.label or token.label == options.label


def _check(signer: HSMSigner, identity: Identity) -> None:
    message = secrets.token_bytes(32)
    signature = signer.sign(signer.digest(message))
    key = identity.x509.public_key()
    try:
        if isinstance(key, EllipticCurvePublicKey):
            key.verify(signature, message, ECDSA(SHA256()))
        elif isinstance(key, Ed25519PublicKey):
            key.verify(signature, message)
    except InvalidSignature:
        raise UsageError(f"the token's key does not belong to the certificate of {identity.msp_id}") from None
