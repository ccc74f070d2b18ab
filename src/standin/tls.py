"""TLS for clients: a socket that encrypts, and the context with the home's own certificate."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

from src.standin.certificate import write_certificate


class TlsSocket:
    """A TLS connection with the few calls that a session makes of a socket.

    It differs from SSLSocket where select is used: a read takes all that has been decrypted
    already, which select does not see, and a call that cannot go on raises BlockingIOError.
    """

    def __init__(self, plain: socket.socket, context: ssl.SSLContext) -> None:
        self._socket = context.wrap_socket(plain, server_side=True)

    def fileno(self) -> int:
        return self._socket.fileno()

    def recv(self, size: int) -> bytes:
        """What is at hand: up to ``size`` bytes, or more if more is decrypted; empty at the end."""
        data = bytearray()
        try:
            if self._socket.gettimeout() != 0:
                return self._socket.recv(size)
            while len(data) < size or self._socket.pending():
                piece = self._socket.recv(size)
                if not piece:
                    break
                data += piece
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            if not data:
                raise BlockingIOError from None
        except (ssl.SSLError, ConnectionError):
            # A peer that leaves without goodbye; what came before still counts.
            pass
        return bytes(data)

    def send(self, data: bytes | memoryview) -> int:
        try:
            return self._socket.send(data)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise BlockingIOError from None

    def sendall(self, data: bytes | bytearray) -> None:
        self._socket.sendall(data)

    def setblocking(self, flag: bool) -> None:
        self._socket.setblocking(flag)

    def settimeout(self, seconds: float | None) -> None:
        self._socket.settimeout(seconds)

    def shutdown(self, how: int) -> None:
        # SSLSocket.shutdown forgets the encryption first: a session's thread that is just
        # writing would go on in plain text.
        socket.socket.shutdown(self._socket, how)

    def close(self) -> None:
        self._socket.close()


def server_context(home: Path) -> ssl.SSLContext:
    """The context for clients' connections; makes the home's certificate at the first start."""
    certificate, key = write_certificate(home)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
