"""A PostgreSQL that a killed stand-in left behind: found by its data folder, and stopped."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from src.errors import StarliftError

SOCKETS = "slr-"
"""How the folders of PostgreSQL's sockets begin."""


def _process_runs(pid: int, data: Path) -> bool:
    """Whether ``pid`` is a postgres that serves ``data`` (a pid may have been used anew)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
            return False
    except FileNotFoundError:
        # No /proc (macOS): ask ps.
        answer = subprocess.run(
            ["ps", "-o", "command=", "-p", str(pid)], capture_output=True, check=False
        )
        return os.fsencode(data) in answer.stdout
    return os.fsencode(data) in words


def _processes_of(data: Path) -> list[int]:
    """Processes that work in the data folder: PostgreSQL's, whoever their parent is now."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "cwd").readlink() == data:
                found.append(int(entry.name))
        except OSError:
            continue  # gone, or another user's
    return found


def _await_end(pids: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not pids():
            return True
        time.sleep(0.02)
    return False


def stop_leftover(data: Path) -> bool:
    """Stop a PostgreSQL that a killed stand-in left behind on ``data``; whether there was one.

    Its lock file is removed too: where nobody buries dead processes (a container whose first
    process does not), PostgreSQL takes the dead for the living and refuses to start.
    """
    lock = data / "postmaster.pid"
    try:
        lines = lock.read_text().splitlines()
        pid = int(lines[0])
    except (FileNotFoundError, IndexError, ValueError):
        return False
    found = _process_runs(pid, data)
    for sign, seconds in ((signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
        if not _process_runs(pid, data):
            break
        with suppress(ProcessLookupError):
            os.kill(pid, sign)
        _await_end(lambda: _process_runs(pid, data), seconds)
    else:
        if _process_runs(pid, data):
            raise StarliftError(
                "a PostgreSQL that was left behind does not stop",
                where=str(data),
                found=f"process {pid}",
                do=f"end process {pid} and start again",
            )
    # Backends end by themselves when their postmaster has died; one that is busy may need help.
    if not _await_end(lambda: bool(_processes_of(data)), 5):
        for orphan in _processes_of(data):
            with suppress(ProcessLookupError):
                os.kill(orphan, signal.SIGKILL)
        _await_end(lambda: bool(_processes_of(data)), 5)
    if Path("/proc/self").exists() and not _processes_of(data):
        lock.unlink(missing_ok=True)
        if len(lines) > 4 and Path(lines[4]).name.startswith(SOCKETS):
            shutil.rmtree(lines[4], ignore_errors=True)
    return found
