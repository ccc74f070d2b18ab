"""A certificate for ``localhost`` that the stand-in makes itself, with nothing but the standard
library: an RSA key (FIPS 186-4: two probable primes), and a self-signed X.509 certificate in DER.

The key signs on loopback only. RSA, because every client's TLS takes it.
"""

from __future__ import annotations

import base64
import hashlib
import math
import os
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path

_PUBLIC_EXPONENT = 65537
_YEARS = 20
_SMALL_PRIMES = [n for n in range(3, 2000, 2) if all(n % d for d in range(3, math.isqrt(n) + 1, 2))]


def write_certificate(home: Path) -> tuple[Path, Path]:
    """The paths of certificate and key in ``home``, made when they are not there."""
    certificate, key = home / "server.crt", home / "server.key"
    if not (certificate.exists() and key.exists()):
        certificate_pem, key_pem = make_certificate()
        for path, text, mode in ((key, key_pem, 0o600), (certificate, certificate_pem, 0o644)):
            fresh = path.with_name(f"{path.name}.{os.getpid()}")
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
            with os.fdopen(descriptor, "w") as file:
                file.write(text)
            fresh.replace(path)
    return certificate, key


def make_certificate(bits: int = 2048) -> tuple[str, str]:
    """Certificate and private key as PEM, for localhost and 127.0.0.1."""
    p, q = _prime(bits // 2), _prime(bits // 2)
    while p == q:
        q = _prime(bits // 2)
    p, q = max(p, q), min(p, q)
    modulus = p * q
    private = pow(_PUBLIC_EXPONENT, -1, math.lcm(p - 1, q - 1))
    key = _sequence(
        *(
            _integer(number)
            for number in (
                0, modulus, _PUBLIC_EXPONENT, private, p, q,
                private % (p - 1), private % (q - 1), pow(q, -1, p),
            )
        )
    )  # fmt: skip
    body = _body(modulus)
    signature = _sign(body, modulus, private)
    whole = _sequence(body, _ALGORITHM, _bits(signature))
    return _pem("CERTIFICATE", whole), _pem("RSA PRIVATE KEY", key)


# -- the key -----------------------------------------------------------------------------------


def _prime(bits: int) -> int:
    """A random probable prime with both its top bits set."""
    while True:
        number = secrets.randbits(bits) | (3 << (bits - 2)) | 1
        if any(number % small == 0 for small in _SMALL_PRIMES):
            continue
        if math.gcd(number - 1, _PUBLIC_EXPONENT) == 1 and _is_probable_prime(number):
            return number


def _is_probable_prime(number: int, rounds: int = 16) -> bool:
    """Miller and Rabin's test with random bases."""
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for _ in range(rounds):
        power = pow(secrets.randbelow(number - 3) + 2, odd, number)
        if power in (1, number - 1):
            continue
        for _ in range(twos - 1):
            power = power * power % number
            if power == number - 1:
                break
        else:
            return False
    return True


def _sign(data: bytes, modulus: int, private: int) -> bytes:
    """RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017, 8.2.1)."""
    size = (modulus.bit_length() + 7) // 8
    digest = _sequence(_sequence(_identifier("2.16.840.1.101.3.4.2.1"), _NULL),
                       _tagged(0x04, hashlib.sha256(data).digest()))  # fmt: skip
    padded = b"\x00\x01" + b"\xff" * (size - len(digest) - 3) + b"\x00" + digest
    return pow(int.from_bytes(padded, "big"), private, modulus).to_bytes(size, "big")


# -- DER ---------------------------------------------------------------------------------------


def _tagged(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def _sequence(*parts: bytes) -> bytes:
    return _tagged(0x30, b"".join(parts))


def _integer(number: int) -> bytes:
    return _tagged(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def _bits(content: bytes) -> bytes:
    return _tagged(0x03, b"\x00" + content)


def _identifier(dotted: str) -> bytes:
    first, second, *rest = (int(part) for part in dotted.split("."))
    out = bytearray([first * 40 + second])
    for number in rest:
        groups = [number & 0x7F]
        while number := number >> 7:
            groups.insert(0, number & 0x7F | 0x80)
        out += bytes(groups)
    return _tagged(0x06, bytes(out))


_NULL = b"\x05\x00"
_ALGORITHM = _sequence(_identifier("1.2.840.113549.1.1.11"), _NULL)  # sha256WithRSAEncryption


def _time(when: datetime) -> bytes:
    return _tagged(0x17, when.strftime("%y%m%d%H%M%SZ").encode())


def _extension(dotted: str, content: bytes, *, critical: bool = False) -> bytes:
    mark = b"\x01\x01\xff" if critical else b""
    return _sequence(_identifier(dotted), mark, _tagged(0x04, content))


def _body(modulus: int) -> bytes:
    """The TBSCertificate: its own issuer, so that a client may trust it as an authority."""
    name = _sequence(
        _tagged(0x31, _sequence(_identifier("2.5.4.3"), _tagged(0x0C, b"localhost"))),
        _tagged(0x31, _sequence(_identifier("2.5.4.10"), _tagged(0x0C, b"Starlift stand-in"))),
    )
    now = datetime.now(UTC)
    key = _sequence(
        _sequence(_identifier("1.2.840.113549.1.1.1"), _NULL),
        _bits(_sequence(_integer(modulus), _integer(_PUBLIC_EXPONENT))),
    )
    names = _sequence(_tagged(0x82, b"localhost"), _tagged(0x87, bytes([127, 0, 0, 1])))
    extensions = _sequence(
        _extension("2.5.29.19", _sequence(b"\x01\x01\xff"), critical=True),
        _extension("2.5.29.17", names),
        _extension("2.5.29.37", _sequence(_identifier("1.3.6.1.5.5.7.3.1"))),
    )
    # A UTCTime ends with 2049.
    return _sequence(
        _tagged(0xA0, _integer(2)),
        _integer(secrets.randbits(63)),
        _ALGORITHM,
        name,
        _sequence(_time(now - timedelta(days=1)), _time(now + timedelta(days=365 * _YEARS))),
        name,
        key,
        _tagged(0xA3, extensions),
    )


def _pem(label: str, der: bytes) -> str:
    text = base64.b64encode(der).decode()
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])
