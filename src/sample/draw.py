"""Random numbers that are a pure function of seed, purpose and row number.

A generator with a state would make a row depend on how many rows were drawn before it, and so on
the size of the chunks. Here every number is a hash of its own coordinates (splitmix64), computed
in integers only: no chunking, machine, numpy version or mathematical library changes a byte.
"""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Bits = npt.NDArray[np.uint64]

_STEP = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_HALF = np.uint64(32)


class Draw:
    """All random numbers of one sample; ``purpose`` names an independent stream."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def bits(self, purpose: str, rows: Ints) -> Bits:
        """64 random bits for each row number."""
        key = blake2b(f"{self.seed}/{purpose}".encode(), digest_size=8).digest()
        mixed = rows.astype(np.uint64) * _STEP + np.uint64(int.from_bytes(key, "little"))
        mixed = (mixed ^ (mixed >> np.uint64(30))) * _MIX_1
        mixed = (mixed ^ (mixed >> np.uint64(27))) * _MIX_2
        return mixed ^ (mixed >> np.uint64(31))

    def below(self, purpose: str, rows: Ints, limit: int | Ints) -> Ints:
        """A number from 0 to ``limit`` - 1 for each row; limits stay below 2**32."""
        limits = np.asarray(limit, dtype=np.uint64)
        return (((self.bits(purpose, rows) >> _HALF) * limits) >> _HALF).astype(np.int64)

    def pick(self, purpose: str, rows: Ints, weights: Ints) -> Ints:
        """A position in ``weights`` for each row, drawn in proportion to the weight there."""
        upto = np.cumsum(weights)
        return np.searchsorted(upto, self.below(purpose, rows, int(upto[-1])), side="right")

    def one(self, purpose: str, row: int, limit: int) -> int:
        """One number from 0 to ``limit`` - 1."""
        return int(self.below(purpose, np.array([row]), limit)[0])


def zipf_weights(size: int) -> Ints:
    """Weights that fall as 1 / (rank + 9): the skew of a shop's best sellers, in integers."""
    return 100_000_000 // (np.arange(size, dtype=np.int64) + 10)
