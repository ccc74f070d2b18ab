"""The first packets of a connection: TLS, a request to cancel, or who it is and what it wants."""

from __future__ import annotations

import socket
import ssl
import struct
from collections.abc import Callable
from dataclasses import dataclass

from src.standin import protocol
from src.standin.iam import iam_user, log_in, take_password
from src.standin.tls import TlsSocket
from src.standin.wire import Gone, Side

# Start-up parameters that PostgreSQL knows; drivers of Redshift send many others.
_KNOWN_PARAMETERS = {
    "user", "database", "application_name", "client_encoding", "options", "datestyle", "timezone",
    "extra_float_digits", "search_path", "statement_timeout", "intervalstyle",
}  # fmt: skip


@dataclass(frozen=True)
class Greeting:
    """A client that has said who it is, and the backend that has been told."""

    client: Side
    server: socket.socket
    user: str
    database: str
    application: str


def greet(
    client: Side,
    connect: Callable[[], socket.socket],
    tls: Callable[[], ssl.SSLContext],
    password_of: Callable[[str, str], str | None],
) -> Greeting | None:
    """Read the start-up packets; None when there is nothing to serve behind them.

    ``connect`` opens a connection to PostgreSQL, ``tls`` gives the context for encryption, and
    ``password_of`` the password of a user who logs in by IAM (its name, and how it was given).
    """
    while True:
        (size,) = struct.unpack("!I", _exactly(client, 4))
        if not 8 <= size <= 100_000:
            return None
        body = _exactly(client, size - 4)
        (code,) = struct.unpack_from("!I", body)
        if code == protocol.SSL_REQUEST and isinstance(client, socket.socket):
            client.sendall(b"S")
            try:
                client = TlsSocket(client, tls())
            except (ssl.SSLError, OSError):
                return None  # a client that does not trust the certificate has left
        elif code in (protocol.SSL_REQUEST, protocol.GSS_REQUEST):
            client.sendall(b"N")
        elif code == protocol.CANCEL_REQUEST:
            with connect() as server:
                server.sendall(struct.pack("!I", size) + body)
                server.recv(1)  # PostgreSQL closes when the signal is sent
            return None
        else:
            return _hello(client, connect, code, body[4:], password_of)


def _hello(
    client: Side,
    connect: Callable[[], socket.socket],
    code: int,
    body: bytes,
    password_of: Callable[[str, str], str | None],
) -> Greeting | None:
    parameters = protocol.startup_parameters(body)
    given = parameters.get("user", "")
    by_iam = iam_user(given)
    user = parameters["user"] = given if by_iam is None else by_iam
    database = parameters.setdefault("database", user)
    known = {k: v for k, v in parameters.items() if k.lower() in _KNOWN_PARAMETERS}
    # Some drivers send Python's or Java's name of the encoding.
    known["client_encoding"] = "UTF8"
    if user.startswith("standin"):
        _refuse(client, "28000", f'no user "{user}" for clients')
        return None
    try:
        server = connect()
    except OSError:
        _refuse(client, "57P03", "the stand-in's PostgreSQL is not there, try again")
        return None
    password = None
    if by_iam is not None:
        password = password_of(by_iam, given)
        if password is None:
            _refuse(client, "28000", f'no login by IAM for "{given}": start the stand-in with '
                    "--iam, and make the user first")  # fmt: skip
            server.close()
            return None
        take_password(client, _exactly)
    server.sendall(protocol.startup_message(code, known))
    if password is not None and not log_in(server, user, password):
        _refuse(client, "28000", f'PostgreSQL does not let "{user}" in')
        server.close()
        return None
    application = parameters.get("application_name") or _driver(parameters)
    return Greeting(client, server, user, database, application)


def _driver(parameters: dict[str, str]) -> str:
    """What a client that gives no application name says of itself."""
    return parameters.get("driver_version", "")


def _refuse(client: Side, state: str, text: str) -> None:
    client.sendall(protocol.error_message(state, text, severity="FATAL"))


def _exactly(client: Side, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = client.recv(size - len(data))
        if not piece:
            raise Gone
        data += piece
    return data
