"""TLS beside plain: the certificate that the stand-in makes, and clients that check it."""

from __future__ import annotations

import datetime as dt
import ssl
import threading
from collections.abc import Callable
from pathlib import Path

import psycopg2
import pyarrow as pa
import pytest
import redshift_connector
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from src.standin.certificate import make_certificate, write_certificate
from src.standin.server import Endpoint
from tests.standin.helpers import Connection, Db, Files, copy


def test_the_certificate_is_one(tmp_path: Path) -> None:
    certificate, key = write_certificate(tmp_path)
    assert key.stat().st_mode & 0o077 == 0
    parsed = x509.load_pem_x509_certificate(certificate.read_bytes())
    public = parsed.public_key()
    assert isinstance(public, rsa.RSAPublicKey) and public.key_size == 2048
    assert parsed.signature_hash_algorithm is not None
    public.verify(
        parsed.signature,
        parsed.tbs_certificate_bytes,
        padding.PKCS1v15(),
        parsed.signature_hash_algorithm,
    )
    names = parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    now = dt.datetime.now(dt.UTC)
    assert parsed.not_valid_before_utc < now < parsed.not_valid_after_utc
    # A second start keeps it: clients that trust it go on trusting it.
    before = certificate.read_text()
    assert write_certificate(tmp_path) == (certificate, key)
    assert certificate.read_text() == before


def test_no_two_certificates_are_the_same() -> None:
    assert len({make_certificate(bits=512)[1] for _ in range(5)}) == 5


@pytest.mark.parametrize("mode", ["disable", "prefer", "require", "verify-ca", "verify-full"])
def test_psycopg2_in_all_modes(connect: Callable[..., Connection], home: Path, mode: str) -> None:
    connection = connect(sslmode=mode, sslrootcert=str(home / "server.crt"))
    assert connection.info.ssl_in_use is (mode != "disable")
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)


def test_a_client_that_does_not_trust_leaves(
    connect: Callable[..., Connection], tmp_path: Path, db: Db
) -> None:
    (tmp_path / "other.crt").write_text(make_certificate(bits=1024)[0])
    with pytest.raises(psycopg2.OperationalError, match="certificate verify failed"):
        connect(sslmode="verify-ca", sslrootcert=str(tmp_path / "other.crt"))
    assert db.one("SELECT 1") == 1


def test_redshift_connector_by_default(
    endpoint: Endpoint, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The driver trusts Amazon's authorities and the system's; this names ours as the system's.
    monkeypatch.setenv("SSL_CERT_FILE", str(home / "server.crt"))
    with redshift_connector.connect(
        host="localhost",
        port=endpoint.port,
        database=endpoint.database,
        user=endpoint.user,
        password=endpoint.password,
    ) as connection:
        assert isinstance(connection._usock, ssl.SSLSocket)
        with connection.cursor() as cursor:
            cursor.execute("SELECT repeat('x', 3000000)")
            assert len(cursor.fetchone()[0]) == 3_000_000


def test_much_goes_both_ways(connect: Callable[..., Connection], home: Path) -> None:
    db = Db(connect(sslmode="require", autocommit=True))
    text = "é" * 3_000_000
    assert db.one("SELECT length(%s)", (text,)) == 3_000_000
    rows = db.rows("SELECT i, repeat('x', 50) FROM generate_series(1, 200000) AS s(i)")
    assert len(rows) == 200_000 and rows[-1] == (200_000, "x" * 50)


def test_copy_and_cancel(connect: Callable[..., Connection], schema: str, files: Files) -> None:
    files.orc("f", pa.table({"x": pa.array(range(200_000), pa.int64())}))
    db = Db(connect(sslmode="require", autocommit=True, options=f"-c search_path={schema}"))
    db.run("CREATE TABLE t (a bigint)")
    assert db.run(copy("t", files.manifest("f"))) == "COPY 200000"
    timer = threading.Timer(0.2, db.connection.cancel)
    timer.start()
    assert db.error(copy("t", files.manifest(*["f"] * 200))).pgcode == "57014"
    timer.join()
    assert db.one("SELECT count(*) FROM t") == 200_000
