"""The fixtures for other projects, used by a project that is nothing but a conftest and tests."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

CONFTEST = "from src.standin.testing import redshift, redshift_bucket, redshift_endpoint\n"

TESTS = """
import csv

def load(redshift):
    with redshift.connect() as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE sales (id int, amount decimal(9,2)) DISTKEY (id)")
        with open(redshift.bucket / "sales.csv", "w") as file:
            csv.writer(file).writerows([(1, "1.50"), (2, "2.25")])
        cursor.execute(f"COPY sales FROM '{redshift.url}/sales.csv' IAM_ROLE default CSV")
        cursor.execute("SELECT TOP 1 amount FROM sales ORDER BY id DESC")
        assert str(cursor.fetchone()[0]) == "2.25"

def test_one(redshift):
    load(redshift)

def test_two_begins_empty(redshift):
    load(redshift)
    left_open = redshift.connect()

def test_certificate(redshift):
    assert "CERTIFICATE" in redshift.certificate.read_text()
    assert redshift.password not in repr(redshift)
"""


@pytest.mark.long
def test_a_project_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_sales.py").write_text(TESTS)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout
