"""A certificate for this machine's loopback address, and what makes Java trust it.

The AWS SDK in S3A sends the name of a KMS key over https only, so that a test of it needs TLS.
"""

from __future__ import annotations

import datetime
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)

PASSWORD = "changeit"


@dataclass(frozen=True)
class Certificate:
    """Files of a certificate: itself, its key, and Java's store of those it trusts."""

    certificate: Path
    key: Path
    trusted: Path

    @property
    def java_options(self) -> str:
        store = "-Djavax.net.ssl.trustStore"
        return f"{store}={self.trusted} {store}Password={PASSWORD} {store}Type=PKCS12"


def make_certificate(folder: Path) -> Certificate:
    """A certificate that signs itself, for 127.0.0.1 and one day."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "tests")])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = Certificate(folder / "server.pem", folder / "server.key", folder / "trusted.p12")
    files.certificate.write_bytes(made.public_bytes(Encoding.PEM))
    files.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    trusted = pkcs12.PKCS12Certificate(made, b"tests")
    files.trusted.write_bytes(
        pkcs12.serialize_java_truststore([trusted], BestAvailableEncryption(PASSWORD.encode()))
    )
    return files
