"""Endorsement policies: the channel's own by default, or a signature policy in Fabric's usual text form.

::

    policy    = gate "(" item { "," item } ")" | "OutOf(" number { "," item } ")"
    gate      = "AND" | "OR"
    item      = policy | "'" MSP-id "." ("member" | "admin" | "client" | "peer" | "orderer") "'"
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from quorate.blocks import protos
from quorate.errors import UsageError

CHANNEL_POLICY: Final = "/Channel/Application/Endorsement"
"""The policy of the channel that a definition refers to when it has none of its own."""

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<gate>AND|And|and|OR|Or|or|OUTOF|OutOf|outof)\s*\("
    r"|(?P<quote>['\"])(?P<msp>[A-Za-z0-9][A-Za-z0-9.-]{0,63})\.(?P<role>member|admin|client|peer|orderer)(?P=quote)"
    r"|(?P<number>[0-9]{1,3})|(?P<comma>,)|(?P<close>\)))\s*"
)
_CHANNEL_PATH: Final = re.compile(r"(/[A-Za-z0-9_.-]{1,64}){1,8}")
_ROLES: Final = {
    "member": protos.MSPRole.MEMBER,
    "admin": protos.MSPRole.ADMIN,
    "client": protos.MSPRole.CLIENT,
    "peer": protos.MSPRole.PEER,
    "orderer": protos.MSPRole.ORDERER,
}
_MAX_TEXT: Final = 4096
_MAX_DEPTH: Final = 16
_HINT: Final = "Write it like \"AND('AlderMSP.peer', OutOf(1, 'BirchMSP.peer', 'ChestnutMSP.peer'))\"."


def endorsement_policy(text: str | None = None) -> bytes:
    """Return a policy as definitions carry it (``ApplicationPolicy``).

    Parameters
    ----------
    text
        A signature policy; without one, or with a path such as ``/Channel/Application/Endorsement``, a reference to
        that policy of the channel.

    Raises
    ------
    UsageError
        The text is no policy.
    """
    wanted = CHANNEL_POLICY if text is None else text.strip()
    if not wanted.startswith("/"):
        policy = protos.ApplicationPolicy(signature_policy=signature_policy(wanted))
    elif _CHANNEL_PATH.fullmatch(wanted):
        policy = protos.ApplicationPolicy(channel_config_policy_reference=wanted)
    else:
        raise UsageError(f"{wanted[:200]!r} is no path of a channel policy", hint=f"The usual one is {CHANNEL_POLICY}.")
    serialized: bytes = policy.SerializeToString(deterministic=True)
    return serialized


def signature_policy(text: str) -> protos.AnyMessage:
    """Return the signature policy (``SignaturePolicyEnvelope``) of a text.

    Peers compare definitions byte for byte, and other members may use Fabric's own programs: so principals are
    numbered as those do, nested policies before the principals beside them, and none is merged with an equal one.

    Raises
    ------
    UsageError
        The text is no policy.
    """
    if len(text) > _MAX_TEXT:
        raise UsageError(f"a signature policy of {len(text)} characters is too long: {_MAX_TEXT} fit", hint=_HINT)
    gate = _Parser(text).whole()
    identities: list[protos.AnyMessage] = []
    rule = _built(gate, identities)
    return protos.SignaturePolicyEnvelope(version=0, rule=rule, identities=identities)


@dataclass(frozen=True)
class _Principal:
    msp_id: str
    role: str

    def message(self) -> protos.AnyMessage:
        role = protos.MSPRole(msp_identifier=self.msp_id, role=_ROLES[self.role])
        return protos.MSPPrincipal(
            principal_classification=protos.MSPPrincipal.ROLE, principal=role.SerializeToString(deterministic=True)
        )


@dataclass(frozen=True)
class _Gate:
    needed: int
    items: tuple["_Item", ...]


_Item: TypeAlias = _Gate | _Principal


def _built(gate: _Gate, identities: list[protos.AnyMessage]) -> protos.AnyMessage:
    rules = [_built(item, identities) if isinstance(item, _Gate) else None for item in gate.items]
    for index, item in enumerate(gate.items):
        if isinstance(item, _Principal):
            rules[index] = protos.SignaturePolicy(signed_by=len(identities))
            identities.append(item.message())
    return protos.SignaturePolicy(n_out_of=protos.SignaturePolicy.NOutOf(n=gate.needed, rules=rules))


class _Parser:
    """Recursive descent, one token ahead."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0

    def whole(self) -> _Gate:
        gate = self._item(self._token(), depth=0)
        if not isinstance(gate, _Gate):
            raise self._wrong("a policy begins with AND(, OR( or OutOf(", at=0)
        if self._position < len(self._text):
            raise self._wrong("the policy should end here")
        return gate

    def _token(self) -> re.Match[str]:
        token = _TOKEN.match(self._text, self._position)
        if token is None:
            raise self._wrong("this is no part of a policy")
        self._position = token.end()
        return token

    def _item(self, token: re.Match[str], *, depth: int) -> _Item:
        if depth > _MAX_DEPTH:
            raise UsageError(f"the signature policy is nested deeper than {_MAX_DEPTH}", hint=_HINT)
        if token["role"]:
            return _Principal(token["msp"], token["role"])
        if not token["gate"]:
            raise self._wrong("a principal, AND(, OR( or OutOf( should stand here", at=token.start())
        name = token["gate"].lower()
        number = self._number() if name == "outof" else 1
        items = tuple(self._items(depth))
        needed = len(items) if name == "and" else number
        if not 1 <= needed <= len(items):
            raise self._wrong(f"it cannot ask for {needed} of {len(items)}", at=token.start())
        return _Gate(needed, items)

    def _number(self) -> int:
        number, comma = self._token(), self._token()
        if not (number["number"] and comma["comma"]):
            raise self._wrong("a number and a comma should stand here", at=number.start())
        return int(number["number"])

    def _items(self, depth: int) -> Iterator[_Item]:
        while True:
            yield self._item(self._token(), depth=depth + 1)
            after = self._token()
            if after["close"]:
                return
            if not after["comma"]:
                raise self._wrong("a comma or ) should stand here", at=after.start())

    def _wrong(self, why: str, *, at: int | None = None) -> UsageError:
        place = (self._position if at is None else at) + 1
        return UsageError(f"the signature policy {self._text[:200]!r} is wrong at character {place}: {why}", hint=_HINT)
