"""Two jobs on one lake: one gets the number, the other is told, and nothing is lost or doubled.

The second job is a process that has written all its files and waits with its commit for the first.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from src.io.store_s3 import S3Store
from tests.e2e.home import Home
from tests.e2e.test_chinook_real import TABLES
from tests.e2e.test_increments import first, second, third, write
from tests.e2e.test_s3 import ROOT, Cloud, cloud, jars

__all__ = ["cloud", "jars"]

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]


class Second:
    """A command in a process of its own, stopped at its first commit."""

    def __init__(self, meeting: Path, home: Path, *arguments: str, **environment: str) -> None:
        self.meeting = meeting
        meeting.mkdir(parents=True)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.wait_at_commit", str(meeting), *arguments],
            cwd=ROOT,
            env={
                **os.environ,
                "STARLIFT_HOME": str(home),
                "PYTHONPATH": str(ROOT),
                **environment,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        end = time.monotonic() + 300
        while not (meeting / "waiting").exists() and time.monotonic() < end:
            assert self.process.poll() is None, self.process.communicate()[1]
            time.sleep(0.1)

    def ends(self) -> tuple[int, str]:
        """Let it commit; its exit code, and what it said."""
        (self.meeting / "go").touch()
        said = self.process.communicate(timeout=300)[1]
        return self.process.returncode, said


@contextmanager
def second_job(meeting: Path, home: Path, *arguments: str, **more: str) -> Iterator[Second]:
    job = Second(meeting, home, *arguments, **more)
    try:
        yield job
    finally:
        if job.process.poll() is None:
            job.process.kill()
            job.process.communicate()


def picture(home: Home) -> dict[str, Any]:
    return {table: home.table(table) for table in TABLES}


@pytest.fixture(scope="module")
def whole(homes: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The star after one run over everything."""
    raw = tmp_path_factory.mktemp("whole-raw")
    for deliver in (first, second, third):
        deliver(raw)
    with homes("whole") as home:
        assert home.run("run", "chinook", "--raw", str(raw)) == 0
        return picture(home)


def test_jobs_beside_each_other_lose_nothing(
    homes: Any, tmp_path: Path, whole: dict[str, Any], capsys: Any
) -> None:
    raw = tmp_path / "raw"
    with homes("two") as home:
        # Two runs: the one that waited saw less, is told who won, and leaves nothing behind.
        first(raw)
        with second_job(tmp_path / "1", home.path, "run", "chinook", "--raw", str(raw)) as job:
            write(raw, "Artist-0.csv", "ArtistId,Name\n1,AC/DC\n", 0)
            assert home.run("run", "chinook", "--raw", str(raw)) == 0
            winner = home.entries()[0]["run"]
            code, said = job.ends()
        assert code == 3
        assert "Another run committed entry 1 first" in said
        assert f"found run {winner}" in said
        assert "Traceback" not in said
        assert [entry["run"] for entry in home.entries()] == [winner, winner]

        # A compaction beside a run: the run takes the next number.
        second(raw)
        with second_job(tmp_path / "2", home.path, "run", "chinook", "--raw", str(raw)) as job:
            assert home.run("compact", "chinook") == 0
            code, said = job.ends()
        assert code == 0, said
        kinds = [
            next(part for part in ("staged", "built", "compacted") if entry.get(part))
            for entry in home.entries()
        ]
        assert kinds == ["staged", "built", "compacted", "staged", "built"]
        assert home.run("verify", "chinook") == 0

        # A run beside a compaction: the compaction is told, and can be done again.
        third(raw)
        with second_job(tmp_path / "3", home.path, "compact", "chinook") as job:
            assert home.run("run", "chinook", "--raw", str(raw)) == 0
            code, said = job.ends()
        assert code == 3
        assert "Another run committed entry 6 first" in said
        assert home.run("compact", "chinook") == 0
        assert picture(home) == whole

        # Expiry and cleaning beside a run: what it has written and reads stays.
        write(raw, "Genre-4.csv", "GenreId,Name\n1,Rock\n", 90)
        with second_job(tmp_path / "4", home.path, "run", "chinook", "--raw", str(raw)) as job:
            capsys.readouterr()
            assert home.run("expire", "chinook", "--older-than", "0d", "--json") == 0
            assert json.loads(capsys.readouterr().out)["files"] > 0
            assert home.run("clean", "chinook", "--json") == 0
            assert json.loads(capsys.readouterr().out)["files"] == 0
            code, said = job.ends()
        assert code == 0, said
        assert picture(home) == whole
        assert home.run("verify", "chinook") == 0
        # What the losers wrote is theirs alone, and goes when they have been dead for long.
        capsys.readouterr()
        assert home.run("clean", "chinook", "--older-than", "0d", "--json") == 0
        left = json.loads(capsys.readouterr().out)
        assert {path.split("/")[0] for path in left["paths"]} >= {"staged", "star_current"}
        assert home.run("run", "chinook", "--raw", str(raw), "--full") == 0
        assert picture(home) == whole


def test_of_two_runs_on_s3_one_gets_the_number(cloud: Cloud, tmp_path: Path) -> None:
    folder = tmp_path / "raw"
    first(folder)
    cloud.deliver(folder)
    options = ("--env", "cloud", "--conf-dir", str(cloud.conf))
    java = {"JAVA_TOOL_OPTIONS": cloud.certificate.java_options}
    with second_job(tmp_path / "1", cloud.path, "stage", "chinook", *options, **java) as job:
        write(folder, "Artist-2.csv", "ArtistId,Name\n9,Found\n", 1)
        cloud.deliver(folder)
        done = cloud.starlift("stage", "chinook")
        assert done.returncode == 0, done.stderr
        code, said = job.ends()
    assert code == 3
    (entry,) = [json.loads(text) for text in cloud.log()]
    assert f"found run {entry['run']}" in said
    assert "Artist-2.csv" in {raw["path"] for raw in entry["staged"]["raw_files"]}
    again = cloud.starlift("stage", "chinook")
    assert again.returncode == 0
    assert "Nothing new" in again.stdout
    # What the loser wrote is named by nothing, and goes.
    store: S3Store = cloud.store("lake/chinook")
    named = {f["path"] for files in entry["staged"]["files"].values() for f in files}
    before = {one.path for one in store.list("staged")}
    assert before - named
    cleaned = cloud.starlift("clean", "chinook", "--older-than", "0d", "--json")
    assert cleaned.returncode == 0, cleaned.stderr
    assert set(json.loads(cleaned.stdout)["paths"]) == before - named
    assert {one.path for one in store.list("staged")} == named
