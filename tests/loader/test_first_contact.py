"""The checklist for a real workgroup, run against the stand-in: every line agrees there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from src.io.redshift_session import Address
from tests.loader.asking import Asking
from tests.loader.command import ROOT, Command, redshift_settings


@pytest.mark.long
def test_first_contact_with_the_stand_in(
    tmp_path: Path, bucket: Path, address: Address, asking: Asking
) -> None:
    lake = bucket / tmp_path.name
    lake.mkdir()
    redshift = redshift_settings(address, f"s3://lake/{tmp_path.name}")
    conf = Command(tmp_path / "home", lake, redshift).write_settings()
    script = ["bash", "scripts/first_contact.sh", "--env", "mine", "--conf-dir", str(conf)]
    environment = os.environ | {
        "STARLIFT_REDSHIFT_PASSWORD": address.password,
        "STARLIFT_PYTHON": sys.executable,
    }

    def run(*more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*script, *more],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    done = run("--json")
    assert done.returncode == 0, done.stdout + done.stderr
    lines = {line["what"]: line for line in json.loads(done.stdout)}
    assert [what for what, line in lines.items() if line["agrees"] is None] == [
        "connect by data_api",
        "settings of spark_connector",
    ]
    for driver in ("psycopg2", "redshift_connector"):
        asked = [what for what in lines if what.startswith(f"{driver}: ")]
        assert len(asked) == 18, asked
    assert "15003" in lines["psycopg2: no meta"]["found"]
    shown = run()
    assert "TRUNCATE in a transaction" in shown.stdout and " NO " not in shown.stdout
    # Nothing is left, in the warehouse or in the lake.
    left = asking.rows("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'starlift_first%'")
    assert left == [] and [one for one in lake.rglob("*") if one.is_file()] == []
    assert address.password not in done.stdout + done.stderr + shown.stdout
