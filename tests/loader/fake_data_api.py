"""A fake of the Data API, for tests of our side of it: it is not Redshift's.

It answers five calls over HTTP as boto3 sends them, so boto3 checks and signs what we give it, and
runs statements through psycopg2 on the stand-in. It keeps to what is documented: a statement is
STARTED before it is FINISHED or FAILED, a batch is one transaction of at most 40 statements whose
errors are in DescribeStatement, and a ClientToken starts a statement once. It knows no sessions,
IAM, limits of size, or time-outs. moto's own fake runs no SQL.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import psycopg2
from botocore.config import Config

from src.io.redshift_session import Address

_NUMERIC = 1700
_PAGE = 2
"""Records a page: small, so that paging is used."""


@dataclass
class Statement:
    """One statement or batch that was sent."""

    id: str
    sqls: list[str]
    batch: bool
    status: str = "STARTED"
    seen: int = 0
    error: str = ""
    parts: list[dict[str, Any]] = field(default_factory=list)
    columns: list[dict[str, Any]] = field(default_factory=list)
    records: list[list[dict[str, Any]]] = field(default_factory=list)
    rows: int = -1


class Refused(Exception):
    """An error of the service: its type and message."""


@dataclass
class FakeDataApi:
    """The service. ``lose`` drops the answers to that many calls after having done them."""

    address: Address
    statements: dict[str, Statement] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    lose: dict[str, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, name: str, given: dict[str, Any]) -> dict[str, Any]:
        self.calls.append((name, given))
        calls = {
            "ExecuteStatement": self._execute,
            "BatchExecuteStatement": self._execute,
            "DescribeStatement": self._describe,
            "GetStatementResult": self._result,
            "CancelStatement": lambda _: {"Status": False},
        }
        return calls[name](given)

    def _execute(self, given: dict[str, Any]) -> dict[str, Any]:
        named = ("WorkgroupName" in given) + ("ClusterIdentifier" in given)
        if named != 1 or ("WorkgroupName" in given and "DbUser" in given):
            raise Refused("ValidationException", "name a workgroup, or a cluster and its user")
        sqls = given.get("Sqls") or [given["Sql"]]
        if len(sqls) > 40:
            raise Refused("ValidationException", "Sqls: at most 40 statements")
        token = given["ClientToken"]
        with self.lock:
            if token in self.tokens:
                return {"Id": self.tokens[token]}
            statement = Statement(str(uuid.uuid4()), sqls, "Sqls" in given)
            self.statements[statement.id] = statement
            self.tokens[token] = statement.id
        threading.Thread(target=self._run, args=(statement,), daemon=True).start()
        return {"Id": statement.id}

    def _run(self, statement: Statement) -> None:
        at = self.address
        connection = psycopg2.connect(
            host=at.host,
            port=at.port,
            dbname=at.database,
            user=at.user,
            password=at.password,
            application_name="starlift",
        )
        connection.autocommit = not statement.batch
        try:
            with connection.cursor() as cursor:
                for sql in statement.sqls:
                    self._one(cursor, sql, statement)
            if statement.batch:
                connection.commit()
            statement.status = "FINISHED"
        except psycopg2.Error as error:
            detail = getattr(error.diag, "message_detail", None)
            text = f"ERROR: {error.diag.message_primary or error}" + (
                f"\n  Detail: {detail}" if detail else ""
            )
            if statement.batch:
                number = len(statement.parts) + 1
                statement.parts.append({"Id": f"{statement.id}:{number}", "Error": text})
                statement.error = f"Query #{number} failed with {text}"
            else:
                statement.error = text
            statement.status = "FAILED"
        finally:
            connection.close()

    @staticmethod
    def _one(cursor: Any, sql: str, statement: Statement) -> None:
        cursor.execute(sql)
        statement.rows = cursor.rowcount
        if statement.batch:
            number = len(statement.parts) + 1
            part = {"Id": f"{statement.id}:{number}", "ResultRows": cursor.rowcount}
            statement.parts.append(part | {"Status": "FINISHED"})
        elif cursor.description:
            statement.columns = [
                {"name": one.name, "typeName": "numeric" if one.type_code == _NUMERIC else "other"}
                for one in cursor.description
            ]
            statement.records = [[_field(value) for value in row] for row in cursor.fetchall()]

    def _describe(self, given: dict[str, Any]) -> dict[str, Any]:
        statement = self.statements[given["Id"]]
        statement.seen += 1
        # Nothing is ever done at the first look.
        status = statement.status if statement.seen > 1 else "STARTED"
        found = {
            "Id": statement.id,
            "Status": status,
            "HasResultSet": bool(statement.columns),
            "ResultRows": statement.rows,
        }
        if statement.batch:
            found["SubStatements"] = statement.parts
        if status == "FAILED":
            found["Error"] = statement.error
        return found

    def _result(self, given: dict[str, Any]) -> dict[str, Any]:
        statement = self.statements[given["Id"]]
        start = int(given.get("NextToken") or 0)
        page = {
            "Records": statement.records[start : start + _PAGE],
            "ColumnMetadata": statement.columns,
            "TotalNumRows": len(statement.records),
        }
        if start + _PAGE < len(statement.records):
            page["NextToken"] = str(start + _PAGE)
        return page


def _field(value: Any) -> dict[str, Any]:
    if value is None:
        return {"isNull": True}
    if isinstance(value, bool):
        return {"booleanValue": value}
    if isinstance(value, int):
        return {"longValue": value}
    if isinstance(value, float):
        return {"doubleValue": value}
    return {"stringValue": str(value)}


@contextmanager
def serve(address: Address) -> Iterator[tuple[FakeDataApi, Any]]:
    """The fake, and a boto3 client of it that retries as ours do."""
    fake = FakeDataApi(address)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            name = self.headers["X-Amz-Target"].split(".")[-1]
            given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status = 200
            try:
                body = fake.answer(name, given)
            except Refused as error:
                status, body = 400, {"__type": error.args[0], "message": error.args[1]}
            if fake.lose.get(name, 0) > 0:
                fake.lose[name] -= 1
                self.close_connection = True
                return
            text = json.dumps(body).encode()
            with suppress(BrokenPipeError):
                self.send_response(status)
                self.send_header("Content-Type", "application/x-amz-json-1.1")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing on stderr."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    client = boto3.client(
        "redshift-data",
        region_name="eu-west-1",
        endpoint_url=f"http://127.0.0.1:{server.server_address[1]}",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"mode": "standard", "max_attempts": 6}),
    )
    try:
        yield fake, client
    finally:
        server.shutdown()
        server.server_close()
