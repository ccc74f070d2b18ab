"""What tests hold results against: plain Python, no code of src."""

from __future__ import annotations

from typing import Any

import xxhash

UNKNOWN = -1
NOT_APPLICABLE = -2


def key(*parts: Any) -> int:
    """The surrogate key by its definition: XXH64, seed 42, over parts with their byte lengths.

    Parts are given as canonical text or as integers; None is a null.
    """
    text = b""
    for part in parts:
        if part is None:
            text += b"-"
        else:
            content = str(part).encode()
            text += str(len(content)).encode() + b":" + content
    number = xxhash.xxh64_intdigest(text, seed=42)
    signed = number - 2**64 if number >= 2**63 else number
    return {UNKNOWN: 1, NOT_APPLICABLE: 2}.get(signed, signed)
