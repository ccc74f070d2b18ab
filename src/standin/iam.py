"""Logging in with the temporary credentials that AWS gives out by IAM.

``GetClusterCredentials`` names a user ``IAM:name`` (``IAMA:name`` where the user is to be made) and
a password that only the real service could check. Where the stand-in is told to take such users it
takes any password of theirs, and logs in to PostgreSQL for them.
"""

from __future__ import annotations

import hashlib
import os
import socket
import struct
from collections.abc import Callable

from src.standin import protocol
from src.standin.wire import Gone, Side

_MD5 = 5
_PREFIXES = ("IAM:", "IAMA:")
ROLE_PREFIX = "IAMR:"
"""Users of ``GetClusterCredentialsWithIAM``: the prefix belongs to their name."""


def iam_user(user: str) -> str | None:
    """The database user of a login by IAM, or None for every other login."""
    for prefix in _PREFIXES:
        if user.upper().startswith(prefix):
            return user[len(prefix) :].partition(":")[0].lower()
    return user if user.upper().startswith(ROLE_PREFIX) else None


def take_password(client: Side, receive: Callable[[Side, int], bytes]) -> None:
    """Ask the client for its password, as Redshift does, and let it pass."""
    client.sendall(protocol.message(b"R", struct.pack("!I", _MD5) + os.urandom(4)))
    kind, length = struct.unpack("!cI", receive(client, 5))
    receive(client, length - 4)
    if kind != b"p":
        raise Gone


def log_in(server: socket.socket, user: str, password: str) -> bool:
    """Answer PostgreSQL's question for the password; whether it was right.

    PostgreSQL's answer stays unread: it goes to the client.
    """
    head = _exactly(server, 9)
    kind, length, question = struct.unpack("!cII", head)
    if kind != b"R" or question != _MD5:
        return False
    salt = _exactly(server, length - 8)
    inner = hashlib.md5((password + user).encode(), usedforsecurity=False).hexdigest()
    outer = hashlib.md5(inner.encode() + salt, usedforsecurity=False).hexdigest()
    server.sendall(protocol.message(b"p", b"md5" + outer.encode() + b"\0"))
    return True


def _exactly(server: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = server.recv(size - len(data))
        if not piece:
            raise Gone
        data += piece
    return data
