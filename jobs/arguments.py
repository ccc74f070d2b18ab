"""Arguments of a job: those of the command, and what Glue adds without being asked.

Glue passes only ``--name value`` pairs, so the warehouse may come as ``--warehouse chinook``.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from src.cli.main import main

# Glue's own parameters. Names in capitals (JOB_NAME, JOB_RUN_ID, TempDir …) are Glue's as well:
# no option of ours starts with one. Everything else unknown stays an error, so that a misspelt
# option is not silently ignored.
_GLUE_PREFIXES = (
    "additional-python-modules",
    "auto-scale",
    "class",
    "conf",
    "continuous-log",
    "customer-",
    "datalake-formats",
    "disable-proxy",
    "enable-",
    "encryption-type",
    "executor-",
    "extra-",
    "glue-",
    "job-",
    "library-set",
    "python-modules-",
    "redirect-",
    "scriptLocation",
    "security-configuration",
    "spark-event-logs-path",
    "user-jars-first",
    "use-postgres-driver",
    "write-shuffle",
)
_OURS = ("conf-dir",)


def run_job(command: str) -> int:
    """Run a command with this process's arguments; the exit code."""
    return main([command, *job_arguments(sys.argv[1:])])


def job_arguments(given: Sequence[str]) -> list[str]:
    """The arguments without Glue's, ``--warehouse NAME`` as the first of them."""
    kept: list[str] = []
    warehouse: list[str] = []
    index = 0
    while index < len(given):
        argument = given[index]
        name, _, inline = argument.removeprefix("--").partition("=")
        value = given[index + 1 : index + 2]
        takes_value = not inline and bool(value) and not value[0].startswith("--")
        if argument.startswith("--") and name == "warehouse":
            warehouse = [inline] if inline else list(value)
            index += 1 if inline else 2
        elif argument.startswith("--") and _is_glue(name):
            index += 2 if takes_value else 1
        else:
            # Glue has no switches: `--full` arrives with an empty value behind it.
            kept += [argument] if argument else []
            index += 1
    return [*warehouse, *kept]


def _is_glue(name: str) -> bool:
    return name not in _OURS and (name[:1].isupper() or name.startswith(_GLUE_PREFIXES))
