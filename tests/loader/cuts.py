"""A proxy that knows nothing of the protocol and breaks connections at a byte.

All connections through it are one stream of bytes each way. When as many have passed as were
drawn, the one that carried the last of them breaks: closed, reset, or left standing in silence.
"""

from __future__ import annotations

import select
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal

Way = Literal["to server", "to client"]
How = Literal["close", "reset", "silence", "delay", "half"]
WAYS: tuple[Way, ...] = ("to server", "to client")
HOWS: tuple[How, ...] = ("close", "reset", "silence", "delay")


@dataclass(frozen=True)
class Cut:
    """After ``at`` bytes of one way: what is before them was forwarded, half a message perhaps.

    ``delay`` keeps the rest back for ``seconds`` and then goes on; ``silence`` keeps it until one
    side goes. ``half`` closes the client's side, and never tells the server.
    """

    way: Way
    at: int
    how: How
    seconds: float = 0.5


@dataclass
class Cutter:
    """Listens on ``port``. ``passed`` counts bytes by way since ``cut`` was set."""

    upstream: tuple[str, int]
    port: int = 0
    passed: dict[Way, int] = field(default_factory=lambda: dict.fromkeys(WAYS, 0))
    cuts: list[Cut] = field(default_factory=list)
    done: list[Cut] = field(default_factory=list)
    connections: int = 0
    kept: list[socket.socket] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for server in self.kept:
            server.close()

    def begin(self, *cuts: Cut) -> None:
        """Count anew, and cut there."""
        with self._lock:
            self.passed = dict.fromkeys(WAYS, 0)
            self.cuts, self.done = list(cuts), []

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            try:
                server = socket.create_connection(self.upstream)
            except OSError:
                client.close()
                continue
            pairs: list[tuple[Way, socket.socket, socket.socket]] = [
                ("to server", client, server),
                ("to client", server, client),
            ]
            for side in (client, server):
                side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for pair in pairs:
                threading.Thread(target=self._pump, args=pair, daemon=True).start()

    def _pump(self, way: Way, source: socket.socket, target: socket.socket) -> None:
        silent = False
        # The other way's thread closes the sockets under this one when it breaks.
        with suppress(OSError, ValueError):
            while data := _received(source):
                while data and not silent:
                    now, data, cut = self._share(way, data)
                    target.sendall(now)
                    if cut:
                        silent = cut.how == "silence"
                        sides = (source, target) if way == "to server" else (target, source)
                        self._break(cut, *sides)
        for side in (source, target):
            if side in self.kept:
                continue
            with suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)
            side.close()

    def _share(self, way: Way, data: bytes) -> tuple[bytes, bytes, Cut | None]:
        """What goes on before the next cut, what comes after it, and the cut."""
        with self._lock:
            ahead = [one for one in self.cuts if one.way == way]
            cut = min(ahead, key=lambda one: one.at, default=None)
            left = cut.at - self.passed[way] if cut else len(data) + 1
            if cut is None or left > len(data):
                self.passed[way] += len(data)
                return data, b"", None
            self.cuts.remove(cut)
            self.done.append(cut)
            self.passed[way] += max(left, 0)
            return data[: max(left, 0)], data[max(left, 0) :], cut

    def _break(self, cut: Cut, client: socket.socket, server: socket.socket) -> None:
        """Do what the cut says."""
        if cut.how == "delay":
            time.sleep(cut.seconds)
        if cut.how == "half":
            self.kept.append(server)
            client.close()
        if cut.how not in ("close", "reset"):
            return
        for side in (client, server):
            if cut.how == "reset":
                side.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            side.close()


def _received(source: socket.socket) -> bytes:
    """What comes next. Nothing is held while waiting: a socket closed meanwhile is closed at once,
    and so resets its peer where it was told to.
    """
    while not select.select([source], [], [], 0.05)[0]:
        pass
    return source.recv(65536)


@contextmanager
def cutter_to(host: str, port: int) -> Iterator[Cutter]:
    cutter = Cutter((host, port))
    try:
        yield cutter
    finally:
        cutter.close()
