"""Connections to the warehouse of an environment: Redshift, or the stand-in on a laptop."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from src.errors import UsageError
from src.io.redshift import Connect, Connection, connect
from src.settings import Settings

PASSWORD = "STARLIFT_REDSHIFT_PASSWORD"


@contextmanager
def open_warehouse(settings: Settings) -> Iterator[Connect]:
    """A function that opens connections. The stand-in runs as long as the block, unless one is
    already open for this STARLIFT_HOME (``starlift redshift``), which is then used.
    """
    if settings.redshift.driver == "standin":
        from src.standin.server import connect_or_start

        with connect_or_start(
            standin_home(settings), buckets=standin_buckets(settings), s3=standin_s3(settings)
        ) as at:

            def local() -> Connection:
                return connect(
                    host=at.host,
                    port=at.port,
                    database=at.database,
                    user=at.user,
                    password=at.password,
                    application="starlift",
                )

            yield local
        return
    where = settings.redshift
    if not where.host or not where.database or not where.user:
        raise UsageError(
            "Redshift's address is not complete",
            where=f"conf/{settings.env}.yaml redshift:",
            expected="host, database and user",
        )
    password = os.environ.get(PASSWORD)
    if password is None:
        raise UsageError(
            "The warehouse's password is not set",
            expected=f"the environment variable {PASSWORD}",
            found="nothing",
            do=f"export {PASSWORD}=… (it is never read from conf)",
        )

    def remote() -> Connection:
        return connect(
            host=str(where.host),
            port=where.port,
            database=str(where.database),
            user=str(where.user),
            password=str(password),
            application="starlift",
        )

    yield remote


def standin_home(settings: Settings) -> Path:
    """Where the stand-in keeps its data."""
    return settings.home / "redshift"


def standin_buckets(settings: Settings) -> dict[str, Path]:
    """Which bucket of COPY's URLs is which local folder: the lake's, unless it lies on S3."""
    if settings.lake_on_s3:
        return {}
    bucket = settings.redshift.copy_url.removeprefix("s3://").split("/")[0]
    return {bucket: Path(settings.lake.path)}


def standin_s3(settings: Settings) -> dict[str, str | bool | None] | None:
    """Where the stand-in reads objects of other buckets: the lake's S3; None for a local lake."""
    if not settings.lake_on_s3:
        return None
    s3 = settings.s3
    return {"endpoint_url": s3.endpoint, "region": s3.region, "path_style": s3.path_style}
