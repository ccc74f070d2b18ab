"""Start, find and stop the stand-in of a home folder.

The endpoint is a process of its own, not threads of the caller. The caller is often a Spark
driver, whose interpreter lock must not be shared with a COPY that encodes millions of rows, and
whose crash must not leave clients hanging. The process holds the reading end of a pipe to the
caller: when the caller dies, however it dies, the pipe ends and the stand-in stops in order. When
the stand-in itself is killed, the lock on the home falls with it, and the next start stops the
PostgreSQL that is left and recovers its data.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import select
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType

from src.errors import StarliftError, UsageError
from src.standin.endpoint import HOST
from src.standin.endpoint import Endpoint as _Listener
from src.standin.objects import Objects, save_mapping
from src.standin.postgres import DATABASE, USER, Postgres
from src.standin.statement_log import StatementLog
from src.standin.tls import server_context


@dataclass(frozen=True)
class Endpoint:
    """Where a running stand-in listens, and how to log in."""

    host: str
    port: int
    database: str
    user: str
    password: str
    pid: int

    def __repr__(self) -> str:
        return (
            f"Endpoint(host={self.host!r}, port={self.port}, database={self.database!r}, "
            f"user={self.user!r}, password='***', pid={self.pid})"
        )


def _write_private(path: Path, text: str) -> None:
    """Write a file that only its owner reads, whole or not at all."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    fresh.replace(path)


def _secrets_of(home: Path) -> dict[str, str]:
    """The passwords of a home, made at its first start."""
    path = home / "secrets.json"
    try:
        kept = json.loads(path.read_text())
        return {"admin": kept["admin"], "user": kept["user"]}
    except FileNotFoundError:
        made = {"admin": secrets.token_urlsafe(24), "user": secrets.token_urlsafe(18)}
        _write_private(path, json.dumps(made))
        return made


def set_up_home(
    home: Path,
    buckets: Mapping[str, Path],
    s3: Mapping[str, str | bool | None] | None,
) -> None:
    """Make the folder, and write down what COPY and UNLOAD may read and write.

    Raises StarliftError where the folder cannot be written.
    """
    try:
        home.mkdir(parents=True, exist_ok=True)
        save_mapping(home / "objects.json", buckets, s3, replace=True)
    except OSError as error:
        raise StarliftError(
            "the home of the local warehouse cannot be written", where=str(home),
            found=error.strerror, do="set STARLIFT_HOME to a folder of yours",
        ) from None  # fmt: skip


# -- inside the stand-in's own process -------------------------------------------------------


class _InUse(UsageError):
    """Another live stand-in serves this home."""


class Server:
    """The stand-in in this very process; ``serve`` returns when it has been told to stop."""

    def __init__(
        self, home: Path, *, port: int = 0, ephemeral: bool = False, iam: bool = False
    ) -> None:
        self._iam = iam
        self.home = home.resolve()
        self._port = port
        self._ephemeral = ephemeral
        # A pipe and not an Event, whose lock a signal handler may find held by its own thread.
        self._wake, self._waker = os.pipe()

    def ask_to_stop(self) -> None:
        """Let ``serve`` end; safe in a signal handler."""
        os.write(self._waker, b"x")

    def serve(self, ready: Callable[[Endpoint], None]) -> None:
        """Start, call ``ready``, serve until told to stop, stop."""
        lock = self._lock()
        self._mark_ephemeral()
        state = self.home / "endpoint.json"
        log = StatementLog(self.home / "statements.jsonl")
        passwords = _secrets_of(self.home)
        postgres = Postgres(
            self.home, admin_password=passwords["admin"], user_password=passwords["user"]
        )
        listener: _Listener | None = None
        # A new home's certificate takes half a second of arithmetic, while initdb works.
        maker = ThreadPoolExecutor(1)
        tls = maker.submit(server_context, self.home)
        try:
            # The port first: a taken one is found before anything is started.
            listener = _Listener(
                postgres,
                Objects(self.home / "objects.json"),
                log,
                tls.result,
                self._port,
                iam=self._iam,
            )
            postgres.start()
            tls.result()  # if it cannot be made, nobody is told that we are there
            endpoint = Endpoint(HOST, listener.port, DATABASE, USER, passwords["user"], os.getpid())
            threading.Thread(target=listener.serve, daemon=True).start()
            _write_private(state, json.dumps(asdict(endpoint)))
            ready(endpoint)
            self._watch(postgres)
        finally:
            state.unlink(missing_ok=True)
            if listener is not None:
                listener.stop_listening()
            postgres.stop()
            if listener is not None:
                listener.end_sessions()
            maker.shutdown()
            log.close()
            if self._ephemeral:
                shutil.rmtree(postgres.data, ignore_errors=True)
                (self.home / "ephemeral").unlink(missing_ok=True)
            os.close(lock)

    def _mark_ephemeral(self) -> None:
        """Refuse to take data that is kept for data that goes; a killed start's may go."""
        mark = self.home / "ephemeral"
        if not self._ephemeral:
            mark.unlink(missing_ok=True)
            return
        if (self.home / "pgdata").exists() and not mark.exists():
            raise UsageError(
                "the home has a warehouse that is kept, which --ephemeral would remove",
                where=str(self.home),
                do="name another home",
            )
        mark.touch()

    def _watch(self, postgres: Postgres) -> None:
        """Until told to stop; a PostgreSQL that dies by itself is started again."""
        deaths: list[float] = []
        while not select.select([self._wake], [], [], 0.2)[0]:
            if postgres.running:
                continue
            deaths = [at for at in deaths if time.monotonic() - at < 60] + [time.monotonic()]
            if len(deaths) > 5:
                raise StarliftError(
                    "PostgreSQL dies again and again", where=str(postgres.data),
                    do=f"read {postgres.log}",
                )  # fmt: skip
            postgres.stop()
            postgres.start()

    def _lock(self) -> int:
        """The lock on the home; the kernel drops it with this process, however that ends."""
        try:
            self.home.mkdir(parents=True, exist_ok=True)
            file = os.open(self.home / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StarliftError(
                "the home of the local warehouse cannot be written", where=str(self.home),
                found=error.strerror, do="set STARLIFT_HOME to a folder of yours",
            ) from None  # fmt: skip
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(file)
            found = _read_state(self.home)
            raise _InUse(
                "the local warehouse of this home is already running",
                where=str(self.home),
                found=f"process {found.pid} on port {found.port}" if found else "it is starting",
                do="use that one, or stop it first",
            ) from None
        return file


# -- from outside ----------------------------------------------------------------------------


def _read_state(home: Path) -> Endpoint | None:
    """The endpoint of the state file, whether it is alive or not."""
    try:
        return Endpoint(**json.loads((home / "endpoint.json").read_text()))
    except (FileNotFoundError, NotADirectoryError, ValueError, TypeError):
        return None


def _answers(endpoint: Endpoint) -> bool:
    """Whether the endpoint's process lives and something listens on its port."""
    try:
        os.kill(endpoint.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    try:
        socket.create_connection((endpoint.host, endpoint.port), timeout=2).close()
    except OSError:
        return False
    return True


def running(home: Path) -> Endpoint | None:
    """The stand-in that serves ``home`` now, if one does."""
    endpoint = _read_state(Path(home).resolve())
    return endpoint if endpoint is not None and _answers(endpoint) else None


class Standin:
    """A stand-in in a process of its own, which ends with ``stop`` or with the caller."""

    def __init__(
        self,
        home: Path,
        *,
        port: int = 0,
        buckets: Mapping[str, Path] | None = None,
        ephemeral: bool = False,
        s3: Mapping[str, str | bool | None] | None = None,
        iam: bool = False,
    ) -> None:
        self._iam = iam
        self.home = Path(home).resolve()
        self._port = port
        self._buckets = dict(buckets or {})
        self._ephemeral = ephemeral
        self._s3 = s3
        self._process: subprocess.Popen[str] | None = None
        self._endpoint: Endpoint | None = None

    def start(self) -> Endpoint:
        """Start PostgreSQL and the endpoint; raises StarliftError in one sentence."""
        if self._process is not None and self._endpoint is not None:
            return self._endpoint
        set_up_home(self.home, self._buckets, self._s3)
        command = [sys.executable, "-m", "src.standin", "--home", str(self.home)]
        command += ["--port", str(self._port), "--child"]
        command += ["--ephemeral"] if self._ephemeral else []
        command += ["--iam"] if self._iam else []
        root = str(Path(__file__).resolve().parents[2])
        paths = [root, os.environ.get("PYTHONPATH", "")]
        # Its standard input is the pipe whose end says that we are gone.
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(path for path in paths if path)},
            # Ctrl-C in the terminal is for the caller, who then stops us.
            start_new_session=True,
        )
        assert self._process.stdout is not None and self._process.stderr is not None
        line = self._process.stdout.readline()
        if not line:
            said = self._process.stderr.read().strip()
            self._process.wait()
            code, self._process = self._process.returncode, None
            raise (UsageError if code == 2 else StarliftError)(
                said.removesuffix(".") or "the stand-in ended without a word"
            )
        self._endpoint = Endpoint(**json.loads(line))
        return self._endpoint

    def stop(self) -> None:
        """Stop both, in order; what is committed stays. Does nothing the second time."""
        process, self._process = self._process, None
        self._endpoint = None
        if process is None:
            return
        assert process.stdin is not None
        with suppress(OSError):
            process.stdin.close()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()

    def __enter__(self) -> Endpoint:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


@contextmanager
def connect_or_start(
    home: Path,
    *,
    port: int = 0,
    buckets: Mapping[str, Path] | None = None,
    s3: Mapping[str, str | bool | None] | None = None,
) -> Iterator[Endpoint]:
    """The stand-in that serves ``home``; one is started, and stopped at the end, if none does.

    A running one is given the buckets too. It ends when its own starter ends it, which waits for
    the others that came in here.
    """
    home = Path(home).resolve()
    end = time.monotonic() + 60
    while True:
        if running(home) is not None:
            with _as_guest(home):
                # Its starter may have ended it before it knew of us.
                if (found := running(home)) is not None:
                    save_mapping(home / "objects.json", buckets or {}, s3, replace=False)
                    yield found
                    return
        standin = Standin(home, port=port, buckets=buckets, s3=s3)
        try:
            endpoint = standin.start()
            break
        except UsageError as error:
            # Someone else is starting or stopping it right now.
            if "already running" not in str(error) or time.monotonic() > end:
                raise
            time.sleep(0.1)
    try:
        yield endpoint
    finally:
        with _after_guests(home):
            standin.stop()


@contextmanager
def _as_guest(home: Path) -> Iterator[None]:
    """Somebody else's stand-in is in use; the kernel knows when this process is gone."""
    file = os.open(home / "guests", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_SH)
        yield
    finally:
        os.close(file)


@contextmanager
def _after_guests(home: Path) -> Iterator[None]:
    """Nobody else uses the stand-in of this process, or did not leave it for ten minutes."""
    file = os.open(home / "guests", os.O_RDWR | os.O_CREAT, 0o600)
    end, said = time.monotonic() + 600, False
    try:
        while time.monotonic() < end:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not said:
                    print("Another command uses the local warehouse that this one started: "
                          "waiting for its end.", file=sys.stderr, flush=True)  # fmt: skip
                    said = True
                time.sleep(0.1)
        yield
    finally:
        os.close(file)


def tell_parent(home: Path, endpoint: Endpoint) -> None:
    """What ``Standin.start`` waits for; from then on errors go to a file, as nobody reads them."""
    log = os.open(home / "standin.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 2)
    os.close(log)
    print(json.dumps(asdict(endpoint)), flush=True)


def tell_person(endpoint: Endpoint) -> None:
    """How to connect; the password stays in its file."""
    print(
        f"Stand-in for Redshift on {endpoint.host}:{endpoint.port}, database {endpoint.database}, "
        f"user {endpoint.user}; the password is in secrets.json of the home. Ctrl-C stops it.",
        flush=True,
    )


def watch_parent(server: Server) -> None:
    """Stop ``server`` when standard input ends, which is when the caller has stopped or died."""

    def wait() -> None:
        with suppress(OSError):
            while os.read(0, 4096):
                pass
        server.ask_to_stop()

    threading.Thread(target=wait, daemon=True).start()


def stop_on_signals(server: Server) -> None:
    """SIGINT and SIGTERM end ``serve`` in order."""
    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, lambda *_: server.ask_to_stop())
