"""The whole pipeline on S3: raw files, lake and COPY's files on moto's server, against a local run.

The commands run in processes of their own, as a user starts them: Spark reads and writes by S3A,
and the stand-in reads COPY's files from the same server.
"""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from src.io.store_s3 import S3Store
from src.java import find_java
from src.s3a import fetched_jars
from src.standin.server import Standin
from tests.e2e.home import Home
from tests.e2e.test_chinook_real import TABLES
from tests.e2e.test_increments import first, second
from tests.s3.certificate import Certificate, make_certificate
from tests.s3.server import CREDENTIALS, Fault, S3Server, open_server

# Two full runs and two increments, of which one under throttling, may take long on a busy machine.
pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]

ROOT = Path(__file__).parents[2]
KEY = "arn:aws:kms:us-east-1:123456789012:key/5a1e-0000"

# Names as suppliers give them: blanks, percent signs, letters of other scripts, what looks like a
# partition, what Hadoop takes for a pattern.
NAMES = {
    "Artist.csv": "new files/Artist.csv",
    "Customer.csv": "day=2025-01-01/Customer 100%.csv",
    "Genre.csv": "Genre&;=#1.csv",
    "Invoice.csv": "é/Invoice [1].csv",
    "InvoiceLine.csv": "日本/InvoiceLine {a,b}*?.csv",
    "Track.csv": "Track%20a+b.csv",
}


@dataclass
class Cloud(Home):
    """A home whose raw folder and lake are on S3."""

    server: S3Server
    certificate: Certificate
    bucket: str
    conf: Path

    def starlift(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command in a process of its own, and keep what it printed."""
        options = ("--env", "cloud", "--conf-dir", str(self.conf))
        done = subprocess.run(
            [sys.executable, "-m", "src.cli", *arguments, *options],
            env={
                **os.environ,
                "STARLIFT_HOME": str(self.path),
                "PYTHONPATH": str(ROOT),
                "JAVA_TOOL_OPTIONS": self.certificate.java_options,
            },
            capture_output=True,
            text=True,
            timeout=500,
            check=False,
        )
        with (self.path / "output.txt").open("a", encoding="utf-8") as file:
            file.write(done.stdout + done.stderr)
        return done

    def store(self, place: str) -> S3Store:
        return S3Store(f"s3://{self.bucket}/{place}", self.server.settings)

    def deliver(self, folder: Path) -> None:
        """Put what is new in a folder to the raw files, and give all the arrival that S3 noted."""
        store = self.store("raw/chinook")
        there = {stored.path for stored in store.list()}
        for file in sorted(folder.rglob("*.csv")):
            if (path := file.relative_to(folder).as_posix()) not in there:
                store.create(path, file.read_bytes())
        for stored in store.list():
            at = stored.modified * 1000
            os.utime(folder / stored.path, ns=(at, at))

    def log(self) -> list[str]:
        store = self.store("lake/chinook")
        return [store.read(one.path).decode() for one in store.list("log")]


@pytest.fixture(scope="module")
def jars() -> None:
    """S3A's jars. Where Maven cannot be reached and they never were, nothing here can run."""
    try:
        fetched_jars({}, find_java())
    except Exception as error:
        if os.environ.get("CI"):
            pytest.fail(str(error))
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def cloud(jars: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    home = tmp_path_factory.mktemp("cloud")
    certificate = make_certificate(tmp_path_factory.mktemp("certificate"))
    with open_server(certificate) as server, pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_CA_BUNDLE", str(certificate.certificate))
        for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"):
            environment.delenv(name, raising=False)
        for name, value in CREDENTIALS.items():
            environment.setenv(name, value)
        # Buckets outlive moto's servers in one process.
        bucket = f"starlift-{home.name}"
        server.client().create_bucket(Bucket=bucket)
        settings: dict[str, Any] = {
            "lake": {"path": f"s3://{bucket}/lake"},
            "raw": {"chinook": f"s3://{bucket}/raw/chinook"},
            "s3": {
                "endpoint": server.endpoint,
                "region": "us-east-1",
                "path_style": True,
                "kms_key": KEY,
            },
            "spark": {"master": "local[2]", "driver_memory": "1g"},
        }
        (home / "conf").mkdir()
        (home / "conf/cloud.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
        s3 = {"endpoint_url": server.endpoint, "region": "us-east-1", "path_style": True}
        with Standin(home / "redshift", s3=s3) as endpoint:
            yield Cloud(home, endpoint, server, certificate, bucket, home / "conf")


def copy_first_year(file: Path, target: Path) -> int:
    """Copy a file, of invoices and their lines the first 83; the number of its rows.

    Each month is a folder of the lake, and moto answers slowly.
    """
    with (
        file.open(encoding="utf-8", newline="") as source,
        target.open("w", encoding="utf-8", newline="") as copy,
    ):
        rows = csv.DictReader(source)
        kept = [row for row in rows if int(row.get("InvoiceId", 0)) <= 83]
        writer = csv.DictWriter(copy, rows.fieldnames or [])
        writer.writeheader()
        writer.writerows(kept)
    return len(kept)


@pytest.fixture(scope="module")
def runs(
    cloud: Cloud, homes: Any, shared_chinook: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Any]]:
    """The real database and an increment, on S3 and on disk; each star after each run."""
    raw = tmp_path_factory.mktemp("cloud-raw")
    made: dict[str, Any] = {"cloud": [], "local": [], "log": [], "requests": [], "lines": {}}
    # In the increment S3 throttles: Spark's requests, ours and COPY's alike.
    throttled = Fault(503, "SlowDown", every=23, times=10**9)
    door = cloud.server.door
    with homes("beside-the-cloud") as local:
        for step in ("real", "increment"):
            if step == "real":
                for file in shared_chinook.glob("*.csv"):
                    target = raw / NAMES.get(file.name, file.name)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    made["lines"][file.name] = copy_first_year(file, target)
            else:
                second(raw)
            cloud.deliver(raw)
            door.requests.clear()
            door.faults = [throttled] if step == "increment" else []
            done = cloud.starlift("run", "chinook")
            assert done.returncode == 0, done.stdout[-1000:] + done.stderr[-3000:]
            door.faults = []
            made["requests"] += door.requests
            made["log"].append(cloud.log())
            made["cloud"].append({table: cloud.table(table) for table in TABLES})
            assert local.run("run", "chinook", "--raw", str(raw)) == 0
            made["local"].append({table: local.table(table) for table in TABLES})
        made["throttled"] = throttled.done
        yield made


def test_a_full_run_gives_the_rows_of_a_local_one(runs: dict[str, Any]) -> None:
    for table in TABLES:
        assert runs["cloud"][0][table] == runs["local"][0][table], table
    assert len(runs["cloud"][0]["fact_invoice_line"]) == runs["lines"]["InvoiceLine.csv"] > 400


def test_an_increment_under_throttling_gives_the_rows_of_a_local_one(
    runs: dict[str, Any],
) -> None:
    assert runs["throttled"] > 20
    for table in TABLES:
        assert runs["cloud"][1][table] == runs["local"][1][table], table
    assert runs["cloud"][1]["fact_invoice_line"] != runs["cloud"][0]["fact_invoice_line"]


def test_a_third_run_finds_nothing_new(cloud: Cloud, runs: dict[str, Any]) -> None:
    done = cloud.starlift("run", "chinook")
    assert (done.returncode, "Nothing new" in done.stdout) == (0, True), done.stderr[-3000:]
    assert cloud.log() == runs["log"][1]


def test_all_objects_of_the_lake_are_encrypted_by_the_key(
    cloud: Cloud, runs: dict[str, Any]
) -> None:
    client = cloud.server.client()
    paths = [stored.path for stored in cloud.store("lake").list()]
    assert {path.split("/")[1] for path in paths} >= {"log", "staged", "star", "manifests"}
    for path in paths:
        found = client.head_object(Bucket=cloud.bucket, Key=f"lake/{path}")
        assert found.get("SSEKMSKeyId") == KEY, path


def test_nothing_is_renamed_and_nothing_is_left_over(cloud: Cloud, runs: dict[str, Any]) -> None:
    paths = [stored.path for stored in cloud.store("lake").list()]
    assert not [path for path in paths if "_temporary" in path or "__magic" in path]
    # A rename on S3 is a copy; the magic committer completes uploads instead.
    client = cloud.server.client()
    assert not client.list_multipart_uploads(Bucket=cloud.bucket).get("Uploads")
    assert any(method == "POST" and "uploadId" in path for method, path in runs["requests"])
    assert cloud.server.door.copies == 0


def test_raw_files_are_only_read(cloud: Cloud, runs: dict[str, Any]) -> None:
    asked = {
        method for method, path in runs["requests"] if path.startswith(f"/{cloud.bucket}/raw/")
    }
    assert asked <= {"GET", "HEAD"}


def test_one_spelling_of_urls_and_no_credential_anywhere(
    cloud: Cloud, runs: dict[str, Any]
) -> None:
    store = cloud.store("lake")
    texts = {one.path: store.read(one.path) for one in store.list()}
    texts |= {
        str(file): file.read_bytes()
        for file in cloud.path.rglob("*")
        if file.is_file() and not file.is_symlink()
    }
    assert sum(name.endswith(".log") for name in texts) >= 2
    for name, content in texts.items():
        for secret in CREDENTIALS.values():
            assert secret.encode() not in content, name
        if name.endswith((".json", ".manifest", ".jsonl", "output.txt")):
            assert b"s3a://" not in content, name
    statements = (cloud.path / "redshift/statements.jsonl").read_text(encoding="utf-8")
    assert f"FROM 's3://{cloud.bucket}/lake/chinook/manifests/" in statements


@pytest.mark.parametrize("when", ["under a reader", "between two readings"])
def test_a_raw_file_that_changes_while_it_is_read_is_refused(
    cloud: Cloud, tmp_path: Path, when: str
) -> None:
    first(tmp_path)
    client = cloud.server.client()
    for file in tmp_path.iterdir():
        client.put_object(Bucket=cloud.bucket, Key=f"other/{file.name}", Body=file.read_bytes())
    # As long as before, and as well-formed: nothing but the etag tells.
    changed = (tmp_path / "Track.csv").read_bytes().replace(b"0.99", b"1.99")
    readings: list[str] = []

    def change(method: str, path: str, agent: str) -> None:
        if "/other/Track.csv" not in path or "Hadoop" not in agent:
            return
        # S3A opens with a HEAD and reads with a GET of what that HEAD has found.
        if method == "GET" if when == "under a reader" else method == "HEAD" and readings:
            cloud.server.door.before = None
            client.put_object(Bucket=cloud.bucket, Key="other/Track.csv", Body=changed)
        elif method == "GET":
            readings.append(path)

    cloud.server.door.before = change
    before = cloud.log()
    done = cloud.starlift("stage", "chinook", "--raw", f"s3://{cloud.bucket}/other")
    assert cloud.server.door.before is None
    assert done.returncode == 1, done.stderr[-3000:]
    said = "raw files changed while they were read; nothing was staged in Track.csv"
    assert said in done.stderr
    assert cloud.log() == before
