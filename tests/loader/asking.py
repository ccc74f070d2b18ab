"""What a test asks of the warehouse, by a plain psycopg2 connection that the loader never sees."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Any

import psycopg2

from src.io.redshift_session import Address
from tests.loader.shop import Rows, Shop


def quoted(*parts: str) -> str:
    return ".".join('"' + part.replace('"', '""') + '"' for part in parts)


class Asking:
    """Questions to the warehouse in autocommit."""

    def __init__(self, at: Address) -> None:
        self.connection = psycopg2.connect(
            host=at.host,
            port=at.port,
            dbname=at.database,
            user=at.user,
            password=at.password,
            # A proxy between reads messages, and the answer to a request for TLS is none.
            sslmode="disable",
            application_name="asking",
        )
        self.connection.autocommit = True

    def __enter__(self) -> Asking:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.connection.close()

    def run(self, sql: str) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute(sql)

    def rows(self, sql: str) -> Rows:
        with self.connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall()

    def one(self, sql: str) -> Any:
        return self.rows(sql)[0][0]

    def table(self, shop: Shop, table: str) -> Rows:
        """All rows of a front-room table, sorted; empty where there is no table yet."""
        if not self.rows(
            "SELECT 1 FROM information_schema.tables WHERE table_schema = "
            f"'{shop.name}' AND table_name = '{table.replace(chr(39), chr(39) * 2)}'"
        ):
            return []
        columns = next(one for one in shop.tables if one.name == table).names
        listed = ", ".join(quoted(column) for column in columns)
        return sorted(self.rows(f"SELECT {listed} FROM {quoted(shop.name, table)}"), key=repr)

    def holds(self, shop: Shop, entry: int) -> None:
        """Assert that the warehouse holds exactly what the shop had after an entry."""
        for table in shop.tables:
            expected = shop.at[entry].get(table.name, [])
            assert self.table(shop, table.name) == expected, (table.name, entry)

    def ledger(self, shop: Shop) -> list[int]:
        """The entries that the ledger holds; none where there is no ledger yet."""
        exists = self.one(
            "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = "
            f"'{shop.name}_back' AND table_name = 'load_ledger'"
        )
        if not exists:
            return []
        found = self.rows(f"SELECT entry FROM {quoted(f'{shop.name}_back')}.load_ledger ORDER BY 1")
        return [row[0] for row in found]

    def staging(self, shop: Shop) -> list[str]:
        """The staging tables that are left."""
        found = self.rows(
            f"SELECT table_name FROM information_schema.tables WHERE table_schema = "
            f"'{shop.name}_back' AND table_name NOT LIKE 'load_ledger%'"
        )
        return [row[0] for row in found]

    def sessions(self) -> Rows:
        """Sessions of the loader that are open: pid, state, last statement."""
        return self.rows(
            "SELECT pid, state, query FROM pg_stat_activity WHERE application_name = 'starlift' "
            "AND pid <> pg_backend_pid()"
        )

    def is_clean(self, shop: Shop, seconds: float = 10.0) -> None:
        """Assert that no staging table is left, and no transaction open.

        A session whose client has gone ends a moment later.
        """
        assert self.staging(shop) == []
        end = time.monotonic() + seconds
        while open_ones := [row for row in self.sessions() if row[1] != "idle"]:
            assert time.monotonic() < end, open_ones
            time.sleep(0.02)

    def drop(self, shop: Shop) -> None:
        """Remove both schemas, whoever still holds them."""
        for (pid,) in self.rows(
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'starlift' "
            "AND pid <> pg_backend_pid()"
        ):
            self.run(f"SELECT pg_terminate_backend({pid})")
        for schema in (shop.name, f"{shop.name}_back"):
            self.run(f"DROP SCHEMA IF EXISTS {quoted(schema)} CASCADE")
