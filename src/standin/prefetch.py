"""Run a generator a little ahead of its reader, in a thread."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


class _End:
    """What the thread puts last: nothing more comes, or why."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


@contextmanager
def ahead(source: Generator[T, None, None], depth: int = 3) -> Iterator[Iterator[T]]:
    """The items of ``source``, made by a thread that is at most ``depth`` items ahead.

    Decoding and encoding columns mostly run outside the interpreter lock, so they overlap with
    the sending. Leaving the block early closes the generator, in its own thread.
    """
    items: queue.Queue[T | _End] = queue.Queue(depth)
    left = threading.Event()

    def offer(item: T | _End) -> bool:
        while not left.is_set():
            try:
                items.put(item, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False

    def make() -> None:
        error: BaseException | None = None
        try:
            for item in source:
                if not offer(item):
                    break
        except BaseException as caught:
            error = caught
        finally:
            source.close()
        offer(_End(error))

    def read() -> Iterator[T]:
        while True:
            item = items.get()
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            yield item

    maker = threading.Thread(target=make, daemon=True)
    maker.start()
    try:
        yield read()
    finally:
        left.set()
        maker.join()
