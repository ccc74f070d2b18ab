"""Spark's Java classes as Java keeps them in memory, so that it starts without parsing them again.

A run of small files spends a tenth of its time on loading 14,000 classes (measured). A run that
finds ``STARLIFT_CLASS_LIST`` set writes there which classes it used; ``make_archive`` then takes
20 seconds, once for a virtual environment and a Java. The archive lies in the environment, is used
where it is there, and is ignored by a Java that it does not fit. Java 17 crashes when an agent or a
flight recorder looks at archived classes: where Java's own variables are set, there is no archive.
Before a profiler is attached to a run, set JAVA_TOOL_OPTIONS to any option.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pyspark

from src.java import java_version

LIST = "STARLIFT_CLASS_LIST"
# How an agent or a flight recorder is asked for from outside.
JAVA_VARIABLES = ("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS")


def archive_options(java_home: str) -> str:
    """Java's options that use the archive, or that write the list for it; empty for neither."""
    if any(os.environ.get(name) for name in JAVA_VARIABLES):
        return ""
    # The Java that knows these options as they are given here.
    if java_version(java_home) != 17:
        return ""
    archive = archive_of(java_home)
    # Java's options are words with blanks between.
    if " " in str(archive):
        return ""
    if archive.is_file():
        # What does not fit is a reason to start slower, not one to say anything.
        return f" -XX:SharedArchiveFile={archive} -Xlog:cds=off -Xlog:class+path=off"
    if wanted := os.environ.get(LIST):
        return f" -XX:DumpLoadedClassList={wanted}"
    return ""


def archive_of(java_home: str) -> Path:
    """Where the archive for a Java lies, made or not."""
    name = hashlib.sha256(str(Path(java_home).resolve()).encode()).hexdigest()[:12]
    return Path(sys.prefix, "share", "starlift", f"spark-{name}.jsa")


def make_archive(java_home: str, class_list: Path) -> bool:
    """Make the archive of the listed classes; whether it is there. The list is used up."""
    archive = archive_of(java_home)
    archive.parent.mkdir(parents=True, exist_ok=True)
    begun = archive.with_suffix(f".{os.getpid()}")
    spark = Path(pyspark.__file__).parent
    subprocess.run(
        [
            Path(java_home, "bin", "java"),
            "-Xshare:dump",
            f"-XX:SharedClassListFile={class_list}",
            f"-XX:SharedArchiveFile={begun}",
            # As spark-submit has it: the archive is for this class path alone.
            "-cp",
            f"{spark}/conf:{spark}/jars/*",
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    if begun.is_file():
        begun.replace(archive)
    class_list.unlink(missing_ok=True)
    return archive.is_file()
