"""Logins come from Secrets Manager, IAM or the environment, and are seen nowhere."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.server import ThreadedMotoServer

from src.errors import LoadFailed, UsageError
from src.io.redshift_login import PASSWORD, login
from src.io.redshift_session import Address
from src.settings import RedshiftSettings
from tests.loader.asking import Asking
from tests.loader.command import Command

SECRET = "s3cr3t-Wörd'%s"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An account that is moto's."""
    for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(key, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    with mock_aws():
        yield


def test_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSWORD, SECRET)
    assert login(RedshiftSettings(user="u"), "conf/x.yaml") == ("u", SECRET)
    monkeypatch.delenv(PASSWORD)
    with pytest.raises(UsageError, match=r"conf/x.yaml.*found no password.*Export STARLIFT_RED"):
        login(RedshiftSettings(user="u"), "conf/x.yaml")
    with pytest.raises(UsageError, match="found no user"):
        login(RedshiftSettings(), "conf/x.yaml")


def test_of_secrets_manager(aws: None) -> None:
    client = boto3.client("secretsmanager")
    content = json.dumps({"username": "of_secret", "password": SECRET, "host": "h"})
    arn = client.create_secret(Name="redshift/loader", SecretString=content)["ARN"]
    for secret in ("redshift/loader", arn):
        assert login(RedshiftSettings(secret=secret), "c") == ("of_secret", SECRET)
    assert login(RedshiftSettings(secret=arn, user="other"), "c") == ("other", SECRET)


@pytest.mark.parametrize("content", [f'{{"password": "{SECRET}"}}', SECRET, f'["{SECRET}"]'])
def test_a_secret_that_is_no_login_is_not_shown(aws: None, content: str) -> None:
    boto3.client("secretsmanager").create_secret(Name="odd", SecretString=content)
    with pytest.raises(UsageError, match="does not hold a login") as caught:
        login(RedshiftSettings(secret="odd"), "c")
    assert SECRET not in str(caught.value)
    # Nor in a trace: the reader's own error, which quotes the text, is not behind it.
    assert caught.value.__cause__ is None and caught.value.__suppress_context__


def test_a_secret_that_is_not_there(aws: None) -> None:
    with pytest.raises(LoadFailed, match=r"AWS gave no login.*gone.*ResourceNotFound"):
        login(RedshiftSettings(secret="gone"), "c")


def test_of_iam_for_a_cluster(aws: None) -> None:
    """GetClusterCredentials."""
    boto3.client("redshift").create_cluster(
        ClusterIdentifier="wh", NodeType="ra3.large", MasterUsername="m", MasterUserPassword="Aa1x"
    )
    settings = RedshiftSettings(login="iam", cluster="wh", user="loader", database="dev")
    user, password = login(settings, "c")
    assert user == "IAM:loader" and len(password) > 8
    with pytest.raises(LoadFailed, match="AWS gave no login for the warehouse in none"):
        login(RedshiftSettings(login="iam", cluster="none", user="l", database="dev"), "c")
    with pytest.raises(UsageError, match="workgroup, or cluster and user"):
        login(RedshiftSettings(login="iam", cluster="wh"), "c")


@contextmanager
def answering(body: dict[str, Any], calls: list[tuple[str, Any]]) -> Iterator[str]:
    """A service that gives one answer to every call; moto has no Redshift Serverless."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            calls.append((self.headers["X-Amz-Target"], given))
            text = json.dumps(body).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing on stderr."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def test_of_iam_for_a_workgroup(monkeypatch: pytest.MonkeyPatch) -> None:
    """GetCredentials of Redshift Serverless, as boto3 sends it."""
    for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(key, "test")
    calls: list[tuple[str, Any]] = []
    with answering({"dbUser": "IAMR:loader", "dbPassword": SECRET}, calls) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_REDSHIFT_SERVERLESS", url)
        settings = RedshiftSettings(
            login="iam", workgroup="wg1", database="dev", region="eu-west-1"
        )
        assert login(settings, "c") == ("IAMR:loader", SECRET)
    [(target, given)] = calls
    assert target.endswith(".GetCredentials")
    assert given == {"workgroupName": "wg1", "dbName": "dev", "durationSeconds": 900}


# -- nowhere to be seen ----------------------------------------------------------------------


def traces(home: Path, secret: str) -> list[str]:
    """Files below a home that hold the secret, in any of its spellings."""
    spellings = {secret, json.dumps(secret)[1:-1], secret.replace("'", "''")}
    return [
        str(file)
        for file in home.rglob("*")
        if file.is_file()
        and any(one in file.read_text(encoding="utf-8", errors="ignore") for one in spellings)
    ]


def watched(stop: threading.Event, secret: str, found: list[str]) -> None:
    """Look at every process's arguments, again and again."""
    while not stop.is_set():
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                try:
                    line = Path("/proc", entry, "cmdline").read_bytes().decode(errors="ignore")
                except OSError:
                    continue
                if secret in line:
                    found.append(line)
        time.sleep(0.02)


@pytest.fixture
def with_password(
    asking: Asking, address: Address, as_admin: Callable[[str], None]
) -> Iterator[Callable[[str], None]]:
    """Gives a user ``t_secret`` a password, and the right to load."""

    def make(password: str) -> None:
        quoted = password.replace("'", "''")
        asking.run(f"CREATE USER t_secret PASSWORD '{quoted}'")
        asking.run(f"GRANT CREATE ON DATABASE {address.database} TO t_secret")

    yield make
    as_admin("DROP OWNED BY t_secret")
    asking.run("DROP USER t_secret")


@pytest.mark.long
@pytest.mark.parametrize("way", ["secret", "environment"])
@pytest.mark.parametrize("driver", ["psycopg2", "redshift_connector"])
def test_the_secret_is_in_nothing_that_a_run_puts_out(
    tmp_path: Path,
    bucket: Path,
    standin_home: Path,
    address: Address,
    asking: Asking,
    with_password: Callable[[str], None],
    way: str,
    driver: str,
) -> None:
    """stdout, stderr, logs, reports, lake, arguments of processes, the server's log of statements:
    of loads that work, that are refused, that cannot connect, and of a wrong query.
    """
    with_password(SECRET)
    command = Command(
        tmp_path / "home",
        bucket / tmp_path.name,
        {
            "driver": driver,
            "host": address.host,
            "port": address.port,
            "database": address.database,
            "ssl": False,
            "copy_url": f"s3://lake/{tmp_path.name}",
        },
    )
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    stop, seen = threading.Event(), []  # type: ignore[var-annotated]
    watcher = threading.Thread(target=watched, args=(stop, SECRET, seen))
    watcher.start()
    try:
        if way == "secret":
            host, port = server.get_host_and_port()
            url, keys = f"http://{host}:{port}", {"aws_access_key_id": "a"}
            keys |= {"aws_secret_access_key": "a", "region_name": "eu-west-1"}
            client = boto3.client("secretsmanager", endpoint_url=url, **keys)
            text = json.dumps({"username": "t_secret", "password": SECRET})
            client.create_secret(Name=tmp_path.name, SecretString=text)
            command.redshift |= {"secret": tmp_path.name, "region": "eu-west-1"}
            command.environment |= {
                "AWS_ENDPOINT_URL": url,
                "AWS_ACCESS_KEY_ID": "a",
                "AWS_SECRET_ACCESS_KEY": "a",
            }
        else:
            command.redshift["user"] = "t_secret"
            command.environment[PASSWORD] = SECRET
        shop = command.commit_genres("Rock")
        done = [command.run("plan", "chinook"), command.run("load", "chinook")]
        assert [one.returncode for one in done] == [0, 0], done[1].stderr
        assert asking.rows("SELECT name FROM chinook.dim_genre") == [("Rock",)]
        change = shop.entries[0].built.changes[0]  # type: ignore[union-attr]
        Path(shop.store.root, change.rows[0].path).unlink()
        asking.run("DROP SCHEMA chinook CASCADE")
        asking.run("DROP SCHEMA chinook_back CASCADE")
        done.append(command.run("load", "chinook"))
        done.append(command.run("query", "SELECT nothing FROM nowhere"))
        done.append(command.run("status", "chinook", "--json"))
        command.redshift["port"] = 1
        done.append(command.run("load", "chinook"))
        assert [one.returncode for one in done[2:]] == [3, 2, 0, 3]
    finally:
        stop.set()
        watcher.join()
        server.stop()
    for one in done:
        assert SECRET not in one.stdout + one.stderr
        assert "Traceback" not in one.stderr
    assert seen == []
    assert traces(command.home, SECRET) == [] and traces(command.lake, SECRET) == []
    # The statement that made the user carried it, and the stand-in's log left it out.
    log = standin_home / "statements.jsonl"
    assert "t_secret" in log.read_text() and traces(standin_home, SECRET) == []
