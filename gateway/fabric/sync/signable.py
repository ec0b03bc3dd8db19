"""What all objects have that can be signed elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    import builtins

    from gateway.fabric.sync.background import Background


class HasBytes(Protocol):
    """An object of `gateway.fabric` that can be signed elsewhere."""

    @property
    def bytes(self) -> builtins.bytes:
        """The object as bytes."""
        ...

    @property
    def digest(self) -> builtins.bytes:
        """What is to be signed."""
        ...


S = TypeVar("S", bound=HasBytes)


class Signable(Generic[S]):
    """An object of `gateway.fabric`, and the thread in which it does its work."""

    def __init__(self, background: Background, inner: S) -> None:
        self._background = background
        self._inner = inner

    @property
    def bytes(self) -> builtins.bytes:
        """The object as bytes, for the `Gateway.new_…` and `Gateway.new_signed_…` of its kind."""
        return self._inner.bytes

    @property
    def digest(self) -> builtins.bytes:
        """What is to be signed."""
        return self._inner.digest
