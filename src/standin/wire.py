"""The two sockets of a session, client and PostgreSQL, and the bytes that wait between them.

Neither side is waited for while the other has something to say: a client that sends without
reading must not stop its own backend from being read.
"""

from __future__ import annotations

import select
import socket
import struct
import time
from contextlib import suppress

from src.standin import protocol
from src.standin.tls import TlsSocket

Side = socket.socket | TlsSocket

BUFFER = 1 << 18
_FULL = 1 << 20


class Gone(Exception):
    """One of the two sides has closed the connection."""


class Stopped(Exception):
    """The backend has failed a statement whose rows are still being sent."""


class Wire:
    """Both sides, non-blocking, each with what has come from it and what is to go to it."""

    def __init__(self, client: Side, server: socket.socket) -> None:
        self.client = client
        self.server = server
        self.from_client = protocol.Inbox()
        self.from_server = protocol.Inbox()
        self.to_client = bytearray()
        self.to_server = bytearray()
        client.setblocking(False)
        server.setblocking(False)
        # What TLS has decrypted already, select does not see.
        receive(client, self.from_client)

    def exchange(self, *, hold_client: bool) -> None:
        """Send what can be sent and receive what is there; waits until something can be done.

        While ``hold_client`` is set the client's bytes stay in its socket once enough are here,
        so that a pipelining client is slowed, not stored. Without it they are read whatever
        their number: a single message may be larger than any buffer.
        """
        if self.to_client:
            self._send(self.client, self.to_client)
        if self.to_server:
            self._send(self.server, self.to_server)
        readers: list[Side] = []
        held = hold_client and len(self.from_client.data) >= _FULL
        if len(self.to_server) < _FULL and not held:
            readers.append(self.client)
        if len(self.to_client) < _FULL:
            readers.append(self.server)
        writers: list[Side] = [self.client] if self.to_client else []
        writers += [self.server] if self.to_server else []
        readable, _, _ = select.select(readers, writers, [])
        if self.client in readable:
            receive(self.client, self.from_client)
        if self.server in readable:
            receive(self.server, self.from_server)

    def push(self, *parts: bytes | memoryview) -> None:
        """Send whole messages to the backend; raises Stopped when it has failed meanwhile.

        A message is never left half sent: the backend would take what follows for its rest.
        """
        if self.to_server:
            parts = (bytes(self.to_server), *parts)
            self.to_server.clear()
        left = [memoryview(part) for part in parts]
        stopped = False
        while left:
            readable, writable, _ = select.select([self.server, self.client], [self.server], [])
            if self.server in readable:
                receive(self.server, self.from_server)
                stopped = stopped or self._has_error()
            if self.client in readable:
                self._see_client()
            if self.server in writable:
                try:
                    sent = self.server.sendmsg(left)
                except BlockingIOError:
                    continue
                while left and sent >= len(left[0]):
                    sent -= len(left.pop(0))
                if left and sent:
                    left[0] = left[0][sent:]
        if stopped:
            raise Stopped

    def await_server(self) -> None:
        """Send what waits for the backend, and wait until it has said something more."""
        while True:
            writers = [self.server] if self.to_server else []
            readable, writable, _ = select.select([self.server, self.client], writers, [])
            if self.client in readable:
                self._see_client()
            if writable:
                self._send(self.server, self.to_server)
            if self.server in readable:
                receive(self.server, self.from_server)
                return

    def drain(self) -> None:
        """Give the client what is left for it (a FATAL of the backend) before closing."""
        self.client.settimeout(2)
        self.client.sendall(self.to_client)
        self.to_client.clear()

    def close(self) -> None:
        """Close both; may be called from another thread to end the session."""
        for side in (self.client, self.server):
            hang_up(side)

    def _see_client(self) -> None:
        """Take what the client sends while it waits; raises Gone when it has left."""
        if len(self.from_client.data) < _FULL:
            receive(self.client, self.from_client)
        else:
            time.sleep(0.001)

    def _has_error(self) -> bool:
        """Whether an error is among the backend's messages that wait."""
        data, at = self.from_server.data, self.from_server.at
        while at + 5 <= len(data):
            if data[at : at + 1] == b"E":
                return True
            at += 1 + int(struct.unpack_from("!I", data, at + 1)[0])
        return False

    @staticmethod
    def _send(side: Side, buffer: bytearray) -> None:
        try:
            sent = side.send(memoryview(buffer)[:_FULL])
        except BlockingIOError:
            return
        del buffer[:sent]


def receive(side: Side, inbox: protocol.Inbox) -> None:
    """What has come from a side, into its inbox; raises Gone at its end."""
    try:
        data = side.recv(BUFFER)
    except BlockingIOError:
        return
    if not data:
        raise Gone
    inbox.feed(data)


def hang_up(side: Side) -> None:
    """Close a socket; shutdown wakes a thread that waits in select, close alone does not."""
    with suppress(OSError):
        side.shutdown(socket.SHUT_RDWR)
    side.close()
