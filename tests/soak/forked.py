"""Runs in forked children, killed with SIGKILL while Spark's Java lives on.

A child starts in milliseconds where a process with a Java of its own takes ten seconds, and what
it leaves is worse: jobs that Java had in hand go on and write files of a run that is dead.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from pyspark import SparkContext

from src.io.lake import Lake
from src.io.redshift_session import Session
from src.io.store import LocalStore

# Where a run touches something that outlives it; each counts before and after.
_TOUCHES: tuple[tuple[type, str], ...] = (
    (LocalStore, "create"),
    (Lake, "write"),
    (Session, "execute"),
    (Session, "together"),
    (Session, "table"),
)


# What became of a child that was through before its kill.
ENDED = "ended before"


@dataclass
class Fuse:
    """Counts the places where a run touches lake or warehouse, and kills from one of them on.

    At once, or ``seconds`` after it, at whatever the run does then.
    """

    at: int | None = None
    seconds: float = 0.0
    burnt: int = 0

    def burn(self) -> None:
        self.burnt += 1
        if self.burnt == self.at:
            if not self.seconds:
                _kill_self()
            threading.Timer(self.seconds, _kill_self).start()

    def __str__(self) -> str:
        return f"touch {self.at}" + (f" and {self.seconds:.2f} s" if self.seconds else "")


def _kill_self() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@contextmanager
def lit(fuse: Fuse) -> Iterator[None]:
    """Every touch burns the fuse, once before and once after it."""
    with ExitStack() as patches:
        for owner, name in _TOUCHES:
            patches.enter_context(patch.object(owner, name, _burning(getattr(owner, name), fuse)))
        yield


def _burning(touch: Callable[..., Any], fuse: Fuse) -> Callable[..., Any]:
    def touched(*arguments: Any, **named: Any) -> Any:
        fuse.burn()
        result = touch(*arguments, **named)
        fuse.burn()
        return result

    return touched


# Longer than any run of a case takes.
_STUCK_SECONDS = 600


def run_and_kill(work: Callable[[], int], fuse: Fuse) -> str:
    """Do the work in a child that the fuse kills; what became of it."""
    _flush()
    first = _object_number()
    child = os.fork()
    if child == 0:
        _work_alone(work, fuse)
    try:
        return _told(_watched(child), fuse)
    finally:
        _let_go(first, _object_number())


def _watched(child: int) -> int:
    """The status with which the child ended; raises AssertionError where it does not end."""
    end = time.monotonic() + _STUCK_SECONDS
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return status
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    raise AssertionError(f"a run was stuck for {_STUCK_SECONDS} s")


def _client() -> Any:
    return SparkContext._gateway._gateway_client  # type: ignore[union-attr]


def _object_number() -> int:
    """The number that Java gives to the next object it hands out."""
    return int(SparkContext._jvm.java.lang.Object()._target_id[1:])  # type: ignore[union-attr]


def _let_go(first: int, last: int) -> None:
    """Make Java forget the objects between two that it handed out.

    It keeps what it handed to a child until that child lets go of it, and a dead one never does:
    some twenty dead runs filled a heap of 2 GB with their plans.
    """
    for number in range(first + 1, last):
        _client().send_command(f"m\nd\no{number}\ne\n")


def _told(status: int, fuse: Fuse) -> str:
    if os.WIFSIGNALED(status):
        return f"killed at {fuse}"
    assert os.WEXITSTATUS(status) == 0, f"the child ended with {os.WEXITSTATUS(status)}"
    return ENDED


def _work_alone(work: Callable[[], int], fuse: Fuse) -> None:
    """The child's life: connections of its own to Java, none of the parent's, and no clean-up."""
    code = 99
    try:
        client = _client()
        # Kept, so that nothing of the parent's is closed when it is forgotten here.
        of_parent = (client.deque, client.thread_connection)
        client.deque, client.thread_connection = deque(), threading.local()
        with lit(fuse):
            code = work()
        del of_parent
    except BaseException:
        traceback.print_exc()
    finally:
        _flush()
        os._exit(code)


def _flush() -> None:
    """What was said so far goes out here, lest both say it or neither."""
    sys.stdout.flush()
    sys.stderr.flush()
