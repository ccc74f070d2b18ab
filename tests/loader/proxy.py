"""A proxy between a driver and the warehouse that breaks the connection at a chosen moment.

It reads the client's messages, so that a fault hits a statement and not a time; what it forwards
is unchanged.
"""

from __future__ import annotations

import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal

Moment = Literal["before", "during", "unanswered", "answered"]
MOMENTS: tuple[Moment, ...] = ("before", "during", "unanswered", "answered")


@dataclass
class Fault:
    """At the ``nth`` statement that matches, break the connection.

    ``before``: the server never sees the statement. ``during``: it does, and the connection goes
    while it works. ``unanswered``: it is done, and the answer is lost. ``answered``: the answer
    arrives, and then the connection goes. ``action``, where given, comes in the place of the
    break: the statement is forwarded after it, unless the moment is ``during``. ``for_good``:
    nobody is let in again.
    """

    pattern: str
    moment: Moment = "before"
    nth: int = 1
    seconds: float = 0.0
    action: Callable[[], None] | None = None
    for_good: bool = False
    hits: int = 0
    done: bool = False

    def hit(self, statement: str) -> bool:
        """Whether this statement is the one; it is so once."""
        if self.done or not re.search(self.pattern, statement):
            return False
        self.hits += 1
        self.done = self.hits == self.nth
        return self.done


@dataclass
class Proxy:
    """Listens on ``port`` and forwards to ``upstream``; ``statements`` is what clients sent."""

    upstream: tuple[str, int]
    faults: list[Fault] = field(default_factory=list)
    statements: list[str] = field(default_factory=list)
    port: int = 0
    down: bool = False

    def open(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self.down:
                client.close()
                continue
            try:
                server = socket.create_connection(self.upstream)
            except OSError:
                client.close()
                continue
            _Link(self, client, server).start()


class _Link:
    """One client's connection."""

    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket) -> None:
        self.proxy = proxy
        self.client = client
        self.server = server
        self.prepared: dict[bytes, str] = {}
        self.portals: dict[bytes, str] = {}
        for side in (client, server):
            # Messages are forwarded one by one, and must not wait for each other's receipts.
            side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # Set by a fault: what to do when the server is ready again.
        self.at_ready: Moment | None = None

    def start(self) -> None:
        for work in (self._to_server, self._to_client):
            threading.Thread(target=self._guarded, args=(work,), daemon=True).start()

    def _guarded(self, work: Callable[[], None]) -> None:
        with suppress(OSError, EOFError):
            work()
        self.cut()

    def cut(self) -> None:
        for side in (self.client, self.server):
            with suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)
            side.close()

    def _to_server(self) -> None:
        size = _exactly(self.client, 4)
        self.server.sendall(size + _exactly(self.client, struct.unpack("!I", size)[0] - 4))
        while True:
            head = _exactly(self.client, 5)
            body = _exactly(self.client, struct.unpack("!I", head[1:])[0] - 4)
            statement = self._statement(head[:1], body)
            fault = self._fault(statement) if statement else None
            if fault is None:
                self.server.sendall(head + body)
            elif not self._break(fault, head + body):
                return

    def _break(self, fault: Fault, message: bytes) -> bool:
        """Do what the fault says; whether the connection goes on."""
        self.proxy.down = self.proxy.down or fault.for_good
        if fault.action:
            if fault.moment == "during":
                self._forward(message)
                time.sleep(fault.seconds)
                fault.action()
            else:
                fault.action()
                self._forward(message)
            return True
        if fault.moment == "before":
            return False
        if fault.moment == "during":
            self._forward(message)
            time.sleep(fault.seconds)
            return False
        self.at_ready = fault.moment
        self._forward(message)
        return True

    def _forward(self, message: bytes) -> None:
        """Send a statement; an Execute with the Sync that the driver sends behind it."""
        self.server.sendall(message)
        if message[:1] == b"E":
            self.server.sendall(_exactly(self.client, 5))

    def _fault(self, statement: str) -> Fault | None:
        self.proxy.statements.append(statement)
        return next((fault for fault in self.proxy.faults if fault.hit(statement)), None)

    def _statement(self, kind: bytes, body: bytes) -> str | None:
        """The text that the message runs, if it runs one."""
        if kind == b"Q":
            return body[:-1].decode()
        if kind == b"P":
            name, text = body.split(b"\0", 2)[:2]
            self.prepared[name] = text.decode()
        elif kind == b"B":
            portal, name = body.split(b"\0", 2)[:2]
            self.portals[portal] = self.prepared.get(name, "")
        elif kind == b"E":
            return self.portals.get(body.split(b"\0", 1)[0])
        return None

    def _to_client(self) -> None:
        kept = b""
        while True:
            head = _exactly(self.server, 5)
            message = head + _exactly(self.server, struct.unpack("!I", head[1:])[0] - 4)
            if self.at_ready is None:
                self.client.sendall(message)
                continue
            kept += message
            if head[:1] == b"Z":
                if self.at_ready == "answered":
                    self.client.sendall(kept)
                return


def _exactly(side: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = side.recv(size - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data


@contextmanager
def proxy_to(host: str, port: int) -> Iterator[Proxy]:
    proxy = Proxy((host, port))
    proxy.open()
    try:
        yield proxy
    finally:
        proxy.close()
