"""What the tests of the stand-in share: a client's calls, and files with their manifests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psycopg2
import pyarrow as pa
import pyarrow.orc
import pyarrow.parquet
import pytest

from src.standin.server import Endpoint

Connection = psycopg2.extensions.connection


def connect_to(endpoint: Endpoint, **more: Any) -> Connection:
    connection: Connection = psycopg2.connect(
        host=endpoint.host,
        port=endpoint.port,
        dbname=endpoint.database,
        user=endpoint.user,
        password=endpoint.password,
        **more,
    )
    return connection


class Db:
    """A connection with the two calls that tests need."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def run(self, sql: str, values: Any = None) -> str | None:
        with self.connection.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.statusmessage

    def rows(self, sql: str, values: Any = None) -> list[tuple[Any, ...]]:
        with self.connection.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchall()

    def one(self, sql: str, values: Any = None) -> Any:
        return self.rows(sql, values)[0][0]

    def error(self, sql: str) -> psycopg2.Error:
        with pytest.raises(psycopg2.Error) as caught:
            self.run(sql)
        return caught.value


class Files:
    """Files in the test's own folder of the bucket, and manifests over them."""

    def __init__(self, root: Path, name: str) -> None:
        self.folder = root / name
        self.folder.mkdir(parents=True)
        self.url = f"s3://lake/{name}"

    def orc(self, name: str, table: pa.Table, **more: Any) -> str:
        pyarrow.orc.write_table(table, self.folder / name, **more)
        return f"{self.url}/{name}"

    def parquet(self, name: str, table: pa.Table, **more: Any) -> str:
        pyarrow.parquet.write_table(table, self.folder / name, **more)
        return f"{self.url}/{name}"

    def entry(self, name: str, **changes: Any) -> dict[str, Any]:
        path = self.folder / name
        size = path.stat().st_size if path.exists() else 1
        entry = {
            "url": f"{self.url}/{name}",
            "mandatory": True,
            "meta": {"content_length": size},
        } | changes
        return {key: value for key, value in entry.items() if value is not None}

    def manifest(self, *entries: str | dict[str, Any], name: str = "manifest") -> str:
        whole = [self.entry(entry) if isinstance(entry, str) else entry for entry in entries]
        (self.folder / name).write_text(json.dumps({"entries": whole}))
        return f"{self.url}/{name}"


def copy(target: str, url: str, form: str = "ORC", more: str = "MANIFEST") -> str:
    return f"COPY {target} FROM '{url}' IAM_ROLE default FORMAT AS {form} {more}"
