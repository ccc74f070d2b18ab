"""Connections by the Data API: statements sent over HTTPS, their fate asked for by polling.

No session lasts between calls, so a transaction is one batch (rules 26 to 30 of the Redshift
rules). boto3 retries a call whose answer was lost with the token that it was given, and the
service runs one token once.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from src.errors import LoadFailed
from src.io.redshift import Connection, Row, StatementFailed

BATCH = 40
"""Statements that one batch may have."""

_FIRST_WAIT, _LONGEST_WAIT = 0.05, 5.0


@dataclass(frozen=True)
class Target:
    """A Serverless workgroup, or a provisioned cluster with a database user or a secret."""

    database: str
    workgroup: str | None = None
    cluster: str | None = None
    user: str | None = None
    secret: str | None = None

    def arguments(self) -> dict[str, str]:
        """How every call names the warehouse (rule 29): a workgroup takes no database user."""
        given = {"Database": self.database}
        if self.workgroup:
            given["WorkgroupName"] = self.workgroup
        elif self.cluster:
            given["ClusterIdentifier"] = self.cluster
            if self.user and not self.secret:
                given["DbUser"] = self.user
        if self.secret:
            given["SecretArn"] = self.secret
        return given


def client_token(text: str) -> str:
    """A ClientToken of at most 64 characters that stands for ``text``, whatever its length."""
    return hashlib.sha256(text.encode()).hexdigest()


class DataApi(Connection):
    """The Data API of one warehouse; ``client`` is boto3's ``redshift-data``."""

    def __init__(
        self,
        client: Any,
        target: Target,
        sleep: Callable[[float], None] = time.sleep,
        seconds: float = 3600,
    ) -> None:
        self._client = client
        self._target = target.arguments()
        self._sleep = sleep
        self._seconds = seconds

    def table(self, sql: str) -> tuple[list[str], list[Row]]:
        done = self._run("execute_statement", {"Sql": sql}, None)
        if not done.get("HasResultSet"):
            return [], []
        names: list[str] = []
        kinds: list[str] = []
        rows: list[Row] = []
        more: dict[str, str] = {}
        while True:
            page = self._call("get_statement_result", Id=done["Id"], **more)
            columns = page.get("ColumnMetadata") or []
            if not names:
                names = [column["name"] for column in columns]
                kinds = [str(column.get("typeName", "")) for column in columns]
            for record in page["Records"]:
                rows.append(
                    tuple(_value(field, kind) for field, kind in zip(record, kinds, strict=True))
                )
            if not page.get("NextToken"):
                return names, rows
            more = {"NextToken": page["NextToken"]}

    def execute(self, sql: str, token: str | None = None) -> None:
        self._run("execute_statement", {"Sql": sql}, token)

    def together(self, statements: Sequence[str], token: str | None = None) -> None:
        if len(statements) > BATCH:
            raise LoadFailed(
                "This transaction is too long for the Data API",
                expected=f"at most {BATCH} statements",
                found=str(len(statements)),
                do="set redshift.driver to psycopg2 or redshift_connector",
            )
        self._run("batch_execute_statement", {"Sqls": list(statements)}, token)

    def close(self) -> None:
        """Nothing is open between calls."""

    def _run(self, call: str, what: dict[str, Any], token: str | None) -> dict[str, Any]:
        """Start a statement or batch and wait for its end; its last description.

        One that takes longer than the settings allow is cancelled.
        """
        named = {"ClientToken": client_token(token)} if token else {}
        begun = self._call(call, **what, **self._target, **named)
        wait, waited = _FIRST_WAIT, 0.0
        while True:
            found = self._call("describe_statement", Id=begun["Id"])
            if found["Status"] == "FINISHED":
                return found
            if found["Status"] in ("FAILED", "ABORTED"):
                raise _failure(found)
            if waited > self._seconds:
                self._call("cancel_statement", Id=begun["Id"])
                raise StatementFailed(
                    f"cancelled: it took longer than {self._seconds:g} seconds "
                    "(redshift.statement_seconds)"
                )
            self._sleep(wait)
            waited += wait
            wait = min(wait * 1.5, _LONGEST_WAIT)

    def _call(self, name: str, **arguments: Any) -> dict[str, Any]:
        """One call of the API. An error of the service or the network leaves the fate open."""
        from botocore.exceptions import (
            BotoCoreError,
            ClientError,
            ConnectionError,
            HTTPClientError,
        )

        try:
            answer: dict[str, Any] = getattr(self._client, name)(**arguments)
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            lost = code in ("InternalServerException", "ServiceUnavailable", "ThrottlingException")
            lost = lost or code.startswith("Active")
            raise StatementFailed(str(error), lost=lost) from error
        except BotoCoreError as error:
            # Others never left this machine: a region, a name or credentials are wrong.
            lost = isinstance(error, ConnectionError | HTTPClientError)
            raise StatementFailed(f"{type(error).__name__}: {error}", lost=lost) from error
        return answer


def _failure(found: dict[str, Any]) -> StatementFailed:
    """The error of a failed statement: its own, or that of the part that failed (rule 28)."""
    said = [found.get("Error") or ""]
    for number, part in enumerate(found.get("SubStatements") or [], 1):
        if part.get("Error") and part["Error"] not in said[0]:
            said.append(f"statement {number}: {part['Error']}")
    text = " ".join(one for one in said if one) or f"the statement was {found['Status'].lower()}"
    return StatementFailed(text.removeprefix("ERROR: "))


def _value(field: dict[str, Any], kind: str) -> Any:
    """One value of a result; numbers with a scale come as text and stay exact."""
    if field.get("isNull"):
        return None
    (value,) = (item for key, item in field.items() if key != "isNull")
    return Decimal(value) if kind in ("numeric", "decimal") else value
