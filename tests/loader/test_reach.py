"""A warehouse that cannot be reached: one sentence soon, which says what is wrong."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from src.connect import open_beside, open_warehouse
from src.errors import LoadFailed, StarliftError, UsageError
from src.io import redshift_session
from src.io.redshift import StatementFailed
from src.io.redshift_login import PASSWORD
from src.io.redshift_session import Address
from src.settings import RedshiftSettings
from src.settings_file import load_settings
from tests.loader.conftest import SESSIONS


def closed_port() -> dict[str, Any]:
    """A port where nobody listens, and where nobody will."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return {"port": server.getsockname()[1]}


WRONG: dict[str, tuple[Callable[[], dict[str, Any]], str]] = {
    "a closed port": (closed_port, "Connection refused."),
    "an unknown host": (lambda: {"host": "no-such-host.invalid"}, "Name or service not known."),
    "an unknown database": (lambda: {"database": "nothing"}, 'database "nothing" does not exist.'),
    "a wrong user": (lambda: {"user": "nobody"}, 'authentication failed for user "nobody".'),
}


@pytest.mark.parametrize("driver", SESSIONS)
@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_said_once_and_soon(
    address: Address, monkeypatch: pytest.MonkeyPatch, driver: str, what: str
) -> None:
    monkeypatch.setenv(PASSWORD, address.password)
    monkeypatch.setattr("src.connect.FIRST_SECONDS", 0.2)
    change, said = WRONG[what]
    known = {name: getattr(address, name) for name in ("host", "port", "database", "user")}
    redshift = RedshiftSettings(driver=driver, ssl=False, **{**known, **change()})
    begun = time.monotonic()
    with (
        open_warehouse(replace(load_settings("local"), redshift=redshift)) as connect,
        pytest.raises(StarliftError) as caught,
    ):
        connect()
    sentence = str(caught.value)
    assert sentence.startswith("The warehouse cannot be reached in ") and said in sentence
    assert "Error" not in sentence and "\n" not in sentence and address.password not in sentence
    assert not isinstance(caught.value, StatementFailed) and time.monotonic() - begun < 10


@pytest.mark.parametrize(
    ("state", "lost"),
    [
        ("", True),
        ("08006", True),
        ("57P01", True),
        ("57P03", True),
        ("57014", False),
        ("42501", False),
        ("40001", False),
    ],
)
def test_which_errors_leave_the_fate_of_a_statement_open(state: str, lost: bool) -> None:
    """Those without an SQLSTATE, of connections (08), and of a server that stops (57P)."""
    at = Address("host", 5439, "dev", "user", "s3cret pass")
    failed = redshift_session._failure(at, "it said s3cret pass", state, broken=True)
    assert (failed.lost, failed.said) == (lost, "it said ***")


def test_a_data_api_without_region_or_with_a_wrong_name_is_not_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What never left this machine is no lost call."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    redshift = RedshiftSettings(driver="data_api", workgroup="w", database="dev")
    settings = load_settings("local")
    with (
        pytest.raises(UsageError, match="AWS's region is not set, which redshift-data needs"),
        open_warehouse(replace(settings, redshift=redshift)),
    ):
        pass
    redshift = replace(redshift, region="eu-west-1")
    with (
        open_warehouse(replace(settings, redshift=redshift)) as connect,
        pytest.raises(StatementFailed, match="parameter WorkgroupName") as caught,
    ):
        connect().query("SELECT 1")
    assert not caught.value.lost


def test_a_local_warehouse_that_does_not_start_is_told_when_it_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "redshift").write_text("a file where its folder should be")
    monkeypatch.setenv("STARLIFT_HOME", str(tmp_path))
    with (
        open_beside(load_settings("local")) as connect,
        pytest.raises(LoadFailed, match=r"did not start: found .*STARLIFT_HOME.* next run goes on"),
    ):
        connect()
