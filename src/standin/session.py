"""One client's connection: its messages go to a PostgreSQL backend of its own and back.

Most bytes pass unread. Statements are edited on their way (from_client.py), and a COPY is fed by
us: the backend runs ``COPY … FROM STDIN`` and asks for rows, which come from the files
(from_server.py). Between the two stands the queue of what has been asked of the backend (asked.py).
"""

from __future__ import annotations

import socket
import ssl
import struct
from collections.abc import Callable
from typing import Protocol

from src.standin import protocol
from src.standin.asked import Exchange
from src.standin.from_client import FromClient, Historian
from src.standin.from_server import FromServer, Teller
from src.standin.start_up import Greeting, greet
from src.standin.wire import Gone, Side, Wire, hang_up


class Services(Teller, Historian, Protocol):
    """What a session needs of the server around it."""

    def tls(self) -> ssl.SSLContext:
        """The context for encrypted connections."""

    def password_of(self, user: str, given: str) -> str | None:
        """The password of a user who logs in by IAM; None when that is not allowed."""


class Session:
    """Runs one connection from its first byte to its last, in the calling thread."""

    def __init__(
        self, client: socket.socket, socket_path: Callable[[], str], services: Services
    ) -> None:
        self._client: Side = client
        self._wire: Wire | None = None
        self._socket_path = socket_path
        self._services = services
        self.application = ""

    def run(self) -> None:
        """Serve until one side goes; closes both."""
        try:
            greeting = greet(
                self._client, self._connect, self._services.tls, self._services.password_of
            )
            if greeting is not None:
                self._relay(greeting)
        except (Gone, ConnectionError, protocol.ProtocolError, ValueError, struct.error):
            pass
        finally:
            self.close()

    def close(self) -> None:
        """Close both connections; may be called from another thread to end the session."""
        if self._wire is not None:
            self._wire.close()
        hang_up(self._client)

    def _connect(self) -> socket.socket:
        server = socket.socket(socket.AF_UNIX)
        server.connect(self._socket_path())
        return server

    def _relay(self, greeting: Greeting) -> None:
        """Pass messages both ways until one side closes."""
        self.application = greeting.application
        wire = self._wire = Wire(greeting.client, greeting.server)
        exchange = Exchange(greeting, wire)
        from_client = FromClient(exchange, self._services)
        from_server = FromServer(exchange, self._services)
        try:
            while True:
                # In this order: an answer may lift the barrier that client's messages wait behind.
                from_server.handle()
                from_client.handle()
                try:
                    wire.exchange(hold_client=exchange.barrier is not None)
                except Gone:
                    from_server.handle()
                    wire.drain()
                    raise
        finally:
            from_server.forget()
