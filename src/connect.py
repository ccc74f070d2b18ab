"""Connections to the warehouse of an environment: Redshift, or the stand-in on a laptop."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

from src.errors import LoadFailed, StarliftError, UsageError
from src.io.redshift import Connect, Connection, StatementFailed
from src.io.redshift_data import DataApi, Target
from src.io.redshift_login import aws_client, login
from src.io.redshift_session import (
    Address,
    by_psycopg2,
    by_redshift_connector,
    unreachable,
)
from src.io.redshift_spark import SparkConnector
from src.local_warehouse import standin_buckets, standin_home, standin_s3
from src.settings import RedshiftSettings, Settings

# How long the first connection is tried for where it breaks; a login that is refused is final.
FIRST_SECONDS = 2.0


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
            address = Address(
                at.host,
                at.port,
                at.database,
                at.user,
                at.password,
                ssl=False,
                statement_seconds=settings.redshift.statement_seconds,
            )
            yield lambda: by_psycopg2(address)
    elif settings.redshift.driver == "data_api":
        yield _data_api(settings)
    else:
        yield _session(settings)


@contextmanager
def open_beside(settings: Settings) -> Iterator[Connect]:
    """``open_warehouse`` for who has other work to do first: a stand-in starts meanwhile.

    Where it does not start, the first to connect gets LoadFailed: by then files may be staged.
    """
    if settings.redshift.driver != "standin":
        with open_warehouse(settings) as connect:
            yield connect
        return
    with ExitStack() as opened, ThreadPoolExecutor(1) as starting:
        started = starting.submit(opened.enter_context, open_warehouse(settings))

        def connect_when_started() -> Connection:
            try:
                connect = started.result()
            except StarliftError as error:
                raise LoadFailed(
                    "The local warehouse did not start",
                    found=error.sentence(),
                    do="what the lake holds stays; the next run goes on there",
                ) from error
            return connect()

        yield connect_when_started


def is_made(settings: Settings) -> bool:
    """Whether there is a warehouse to ask: the stand-in of a new home has never been started."""
    return settings.redshift.driver != "standin" or (standin_home(settings) / "pgdata").exists()


def spark_connector(settings: Settings) -> SparkConnector | None:
    """What writes staging tables in the place of COPY, where the settings say so."""
    if settings.redshift.driver != "spark_connector":
        return None
    where = f"conf/{settings.env}.yaml"
    return SparkConnector(settings.redshift, lambda: login(settings.redshift, where))


def _session(settings: Settings) -> Connect:
    """Connections of psycopg2 or redshift_connector. The first is opened to say early, and in
    one sentence, that the warehouse cannot be reached.
    """
    redshift, where = settings.redshift, f"conf/{settings.env}.yaml"
    if not redshift.host or not redshift.database:
        raise UsageError(
            "Redshift's address is not complete",
            where=f"{where} redshift",
            expected="host and database",
        )
    host, database = redshift.host, redshift.database
    reached = False

    def open_one(at: Address) -> Connection:
        return (
            by_redshift_connector(at)
            if redshift.driver == "redshift_connector"
            else by_psycopg2(at)
        )

    def connect() -> Connection:
        nonlocal reached
        user, password = login(redshift, where)
        seconds = redshift.statement_seconds
        at = Address(host, redshift.port, database, user, password, redshift.ssl, seconds)
        if reached:
            # Whoever asks for another connection knows how patient to be.
            return open_one(at)
        begun = time.monotonic()
        while True:
            try:
                connection = open_one(at)
                reached = True
                return connection
            except StatementFailed as error:
                if not error.lost or time.monotonic() - begun > FIRST_SECONDS:
                    raise unreachable(at, error) from None
                time.sleep(0.3)

    # A login that is not set is a mistake of usage, found before anything is read or written.
    if not redshift.secret and redshift.login == "environment":
        login(redshift, where)
    return connect


def _data_api(settings: Settings) -> Connect:
    redshift = settings.redshift
    _refuse_without(redshift, f"conf/{settings.env}.yaml redshift")
    target = Target(
        database=str(redshift.database),
        workgroup=redshift.workgroup,
        cluster=redshift.cluster,
        user=redshift.user,
        secret=redshift.secret,
    )
    client = aws_client(redshift, "redshift-data")
    return lambda: DataApi(client, target, seconds=redshift.statement_seconds)


def _refuse_without(redshift: RedshiftSettings, where: str) -> None:
    """The Data API needs a database, and a workgroup, or a cluster with a user or a secret."""
    if redshift.workgroup and redshift.cluster:
        found = "both a workgroup and a cluster"
    elif redshift.cluster and not (redshift.user or redshift.secret):
        found = "a cluster without user or secret"
    elif not redshift.database or not (redshift.workgroup or redshift.cluster):
        found = "an incomplete address"
    else:
        return
    raise UsageError(
        "The Data API cannot tell the warehouse",
        where=where,
        expected="database, and workgroup; or database, cluster, and user or secret",
        found=found,
    )
