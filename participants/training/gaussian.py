"""Gaussian noise from a cryptographic generator: vectorised Box-Muller in float64.

The tails end at 8.57 standard deviations, where 53-bit uniforms end; about 1e-17 of the mass lies beyond. Like all
floating-point noise it is open to the attacks of Mironov (2012) and of arXiv:2112.05307 on the lowest bits; rounding
the update to fixed point afterwards removes most of those bits but is no proof.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from participants.training.secrets import KeyStream

_PAIRS: Final = 1 << 14
"""Pairs computed at a time: small enough that all intermediate arrays stay in the cache."""

_SHIFT: Final = np.uint64(11)
_UNIT: Final = 2.0**-53


class GaussianStream:
    """Independent standard normal numbers, taken from a key stream in order.

    The numbers depend on the key and on the portions in which they are asked for: each portion starts a new pair.
    """

    def __init__(self, stream: KeyStream) -> None:
        self._stream = stream

    def normal(self, count: int) -> NDArray[np.float64]:
        """Return the next `count` standard normal numbers (Box and Muller, 1958)."""
        out = np.empty(count + count % 2, dtype=np.float64)
        for start in range(0, len(out), 2 * _PAIRS):
            self._fill(out[start : start + 2 * _PAIRS])
        return out[:count]

    def _fill(self, out: NDArray[np.float64]) -> None:
        pairs = len(out) // 2
        bits = self._stream.uint64(2 * pairs) >> _SHIFT
        uniform = bits.astype(np.float64)
        radius, angle = uniform[:pairs], uniform[pairs:]
        radius += 1.0  # on (0, 1], so that the logarithm is finite
        radius *= _UNIT
        np.log(radius, out=radius)
        radius *= -2.0
        np.sqrt(radius, out=radius)
        angle *= 2.0 * np.pi * _UNIT
        np.cos(angle, out=out[:pairs])
        out[:pairs] *= radius
        np.sin(angle, out=out[pairs:])
        out[pairs:] *= radius
