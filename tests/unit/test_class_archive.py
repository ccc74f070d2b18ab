"""The archive of Java classes: made from a run's list, used by the Java that it was made for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pyspark
import pytest

from src.class_archive import JAVA_VARIABLES, LIST, archive_of, archive_options, make_archive
from src.java import find_java

LAUNCHER = "org.apache.spark.launcher.Main"


@pytest.fixture(autouse=True)
def no_java_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in JAVA_VARIABLES:
        monkeypatch.delenv(name, raising=False)


def java(java_home: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Start Spark's launcher, which says how it is used and ends."""
    spark = Path(pyspark.__file__).parent
    command = [f"{java_home}/bin/java", *options, "-cp", f"{spark}/conf:{spark}/jars/*", LAUNCHER]
    return subprocess.run(
        [*command, "org.apache.spark.deploy.SparkSubmit", "--version"],
        env={**os.environ, "SPARK_HOME": str(spark), "SPARK_SCALA_VERSION": "2.12"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.long
def test_java_takes_the_archive_of_the_classes_that_a_run_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    java_home = find_java()
    listed = tmp_path / "classes.lst"
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.delenv(LIST, raising=False)
    assert archive_options(java_home) == ""
    monkeypatch.setenv(LIST, str(listed))
    assert java(java_home, *archive_options(java_home).split()).returncode == 0
    assert LAUNCHER.replace(".", "/") in listed.read_text(encoding="utf-8")
    assert make_archive(java_home, listed)
    assert not listed.exists()
    # With -Xshare:on a Java that cannot use its archive ends with an error.
    loads = java(java_home, *archive_options(java_home).split(), "-Xshare:on", "-Xlog:class+load")
    assert loads.returncode == 0, loads.stderr
    (line,) = [line for line in loads.stdout.splitlines() if f" {LAUNCHER} " in line]
    assert "source: shared objects file" in line
    # One that does not fit is no reason to say anything.
    archive_of(java_home).write_bytes(b"not an archive")
    done = java(java_home, *archive_options(java_home).split())
    assert (done.returncode, done.stderr) == (0, "")
    assert "warning" not in done.stdout


@pytest.mark.parametrize("release", ['JAVA_VERSION="11.0.2"\n', 'JAVA_VERSION="1.8.0"\n', None])
def test_another_java_is_given_no_option(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, release: str | None
) -> None:
    monkeypatch.setenv(LIST, "a list")
    if release:
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin/java").touch(0o755)
        (tmp_path / "release").write_text(release)
    assert archive_options(str(tmp_path)) == ""


@pytest.mark.parametrize("name", JAVA_VARIABLES)
def test_java_with_options_of_the_users_own_uses_no_archive(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    java_home = find_java()
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    archive_of(java_home).parent.mkdir(parents=True)
    archive_of(java_home).touch()
    assert str(tmp_path) in archive_options(java_home)
    monkeypatch.setenv(name, "-XX:StartFlightRecording")
    assert archive_options(java_home) == ""
