"""moto's S3 in a thread, with a door in front of it that answers chosen requests otherwise."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import boto3
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

from src.settings import S3Settings
from tests.s3.certificate import Certificate

# What tests log in with. moto takes any; the pipeline's test looks for them in all it wrote.
KEY_ID = "AKIATESTONLYTESTONLY"
SECRET = "secretOfTheTests/doNotShow+0123456789abcd"
TOKEN = "tokenOfTheTests//doNotShow=="
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": KEY_ID,
    "AWS_SECRET_ACCESS_KEY": SECRET,
    "AWS_SESSION_TOKEN": TOKEN,
}

Environ = dict[str, Any]


@dataclass
class Fault:
    """An answer that is not moto's, for the next ``times`` requests that fit.

    ``obeyed`` does what was asked and loses the answer. ``cut`` sends no answer but closes the
    connection. ``every`` spares all but each n-th request.
    """

    status: int = 503
    code: str = "SlowDown"
    method: str = ""
    path: str = ""
    times: int = 1
    obeyed: bool = False
    cut: bool = False
    every: int = 1
    headers: dict[str, str] = field(default_factory=dict)
    done: int = 0
    seen: int = 0

    def fits(self, method: str, path: str) -> bool:
        if self.method not in ("", method) or self.path not in path or self.done >= self.times:
            return False
        self.seen += 1
        return self.seen % self.every == 0


class Door:
    """The WSGI application: moto's, but for the faults; remembers every request."""

    def __init__(self) -> None:
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._lock = threading.Lock()
        self.faults: list[Fault] = []
        self.requests: list[tuple[str, str]] = []
        self.copies = 0
        # Called with method, path and user agent before moto sees a request.
        self.before: Callable[[str, str, str], None] | None = None

    def __call__(self, environ: Environ, start: Callable[..., Any]) -> Iterable[bytes]:
        method = environ["REQUEST_METHOD"]
        path = unquote(environ["PATH_INFO"]) + "?" + environ.get("QUERY_STRING", "")
        with self._lock:
            self.requests.append((method, path))
            self.copies += "HTTP_X_AMZ_COPY_SOURCE" in environ
            fault = next((one for one in self.faults if one.fits(method, path)), None)
            if fault:
                fault.done += 1
        if before := self.before:
            before(method, path, environ.get("HTTP_USER_AGENT", ""))
        if fault is None:
            return self._moto(environ, start)
        if fault.obeyed:
            list(self._moto(environ, lambda *_: None))
        else:
            # What is left unread would be taken for the next request of the connection.
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        if fault.cut:
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            start("500 X", [])
            return []
        body = (
            f"<Error><Code>{fault.code}</Code><Message>said by the test</Message></Error>"
            if method != "HEAD"
            else ""
        ).encode()
        sent = {"Content-Type": "application/xml", "Content-Length": str(len(body))}
        start(f"{fault.status} X", list({**sent, **fault.headers}.items()))
        return [body]

    def count(self, method: str, part: str = "") -> int:
        """How many requests of a method came whose path and query hold ``part``."""
        return sum(1 for verb, path in self.requests if verb == method and part in path)


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body of an answer are two writes, of which the second would wait for the receipt of
    # the first: 40 ms for each request over TLS.
    disable_nagle_algorithm = True

    def log(self, *_: Any) -> None:
        """Nothing: the test's output is for the test."""


@dataclass
class S3Server:
    """A running server: its address, its door, and a client that no fault concerns a test by."""

    endpoint: str
    door: Door

    @property
    def settings(self) -> S3Settings:
        return S3Settings(endpoint=self.endpoint, region="us-east-1", path_style=True)

    def client(self) -> Any:
        return boto3.session.Session().client(
            "s3", endpoint_url=self.endpoint, region_name="us-east-1"
        )


@contextmanager
def open_server(tls: Certificate | None = None) -> Iterator[S3Server]:
    """A server on a free port of this machine, stopped at the end; over https with ``tls``."""
    door = Door()
    server = make_server(
        "127.0.0.1",
        0,
        door,
        threaded=True,
        request_handler=_Quiet,
        ssl_context=(str(tls.certificate), str(tls.key)) if tls else None,
    )
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield S3Server(f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}", door)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
