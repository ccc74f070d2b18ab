"""The Redshift JDBC driver, unmodified, through Spark's jdbc reader and by itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from src.java import find_java
from src.standin.server import Endpoint
from tests.standin.helpers import Db

HERE = Path(__file__).resolve().parent


@pytest.mark.long
@pytest.mark.parametrize("tls", ["ssl=false", "ssl=true&sslMode=verify-full&sslRootCert={}"])
def test_jdbc(endpoint: Endpoint, home: Path, db: Db, schema: str, tls: str) -> None:
    db.run("CREATE TABLE t (a bigint PRIMARY KEY, b varchar(9), c decimal(9,2), d timestamp, "
           "e boolean, f date, g float) DISTKEY (a)")  # fmt: skip
    db.run("INSERT INTO t VALUES (1, 'é', 1.5, '2024-02-29 01:02:03.5', true, '2024-02-29', 0.1),"
           "(4, NULL, NULL, NULL, NULL, NULL, NULL)")  # fmt: skip
    db.run("CREATE VIEW v AS SELECT a FROM t")
    url = f"jdbc:redshift://localhost:{endpoint.port}/{endpoint.database}?"
    url += tls.format(home / "server.crt")
    done = subprocess.run(
        [sys.executable, str(HERE / "program_jdbc.py"), url],
        env=os.environ | {
            "RS_USER": endpoint.user, "RS_PASS": endpoint.password, "RS_S": schema,
            "PYSPARK_PYTHON": sys.executable, "JAVA_HOME": find_java(),
        },
        capture_output=True, text=True, check=False, timeout=500,
    )  # fmt: skip
    if "unresolved dependency" in done.stderr or "Server access error" in done.stderr:
        pytest.skip("the JDBC driver cannot be fetched from Maven")
    assert done.returncode == 0, done.stderr[-4000:]
    found = json.loads(done.stdout.strip().splitlines()[-1])
    assert found["types"] == [
        ["a", "bigint"], ["b", "string"], ["c", "decimal(9,2)"], ["d", "timestamp"],
        ["e", "boolean"], ["f", "date"], ["g", "double"],
    ]  # fmt: skip
    assert found["rows"] == [
        ["1", "é", "1.50", "2024-02-29 01:02:03.500000", "True", "2024-02-29", "0.1"],
        ["4", *["None"] * 6],
    ]
    assert (found["pushed"], found["count"]) == (["none"], 1)
    assert [row for row in found["tables"] if row[0] in "tv"] == [["t", "TABLE"], ["v", "VIEW"]]
    assert db.one("SELECT b FROM t WHERE a = 9") == "new"
