"""The Spark-Redshift connector: it fills a staging table, and nothing else.

Its own write is one transaction and not idempotent, so publish, proof and ledger are ours
afterwards. EMR and Glue ship a build of it; elsewhere its jar is a setting. What it is told
follows rule 32 of the Redshift rules.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import quote

from pyspark.sql import DataFrame

from src.errors import LoadFailed, StarliftError, UsageError
from src.io.redshift import StatementFailed
from src.io.redshift_sql import name
from src.settings import RedshiftSettings

FORMAT = "io.github.spark_redshift_community.spark.redshift"


@dataclass(frozen=True)
class SparkConnector:
    """Writes frames by the connector; ``login`` gives user and password when they are needed."""

    redshift: RedshiftSettings
    login: Callable[[], tuple[str, str]] = field(repr=False)

    def options(self, back: str, staging: str, run: str) -> dict[str, str]:
        """What the connector is told. Raises UsageError where a setting is missing.

        The staging table exists already, with sized columns: the connector would make every text
        VARCHAR(MAX). No actions are given: it splits them on ``;`` and formats ``%s`` in them.
        """
        at = self.redshift
        missing = [key for key in ("host", "database", "connector_temp") if not getattr(at, key)]
        if at.iam_role == "default":
            missing.append("iam_role (an ARN: the connector takes no 'default')")
        if missing:
            raise UsageError(
                "The Spark-Redshift connector needs more settings",
                where="redshift",
                expected=", ".join(missing),
                found="nothing",
            )
        user, password = self.login()
        return {
            "url": self.url,
            "user": user,
            "password": password,
            "dbtable": name(back, staging),
            "tempdir": self.temp(run),
            "tempformat": "PARQUET",
            "aws_iam_role": at.iam_role,
            "include_column_list": "true",
            # It would repeat the whole transaction, the commit included.
            "copyretrycount": "0",
            "check_s3_bucket_usage": "false",
        }

    @property
    def url(self) -> str:
        """The JDBC URL, without user and password: URLs are logged."""
        at = self.redshift
        ssl = "" if at.ssl else "?ssl=false"
        return f"jdbc:redshift://{at.host}:{at.port}/{quote(at.database or '')}{ssl}"

    def temp(self, run: str) -> str:
        """Where the connector's files of one run pass through; it never removes them."""
        base = (self.redshift.connector_temp or "").rstrip("/")
        return f"{base.replace('s3://', 's3a://', 1)}/{run}"

    def write(self, rows: DataFrame, back: str, staging: str, run: str) -> None:
        """Append the rows to a staging table that is there and empty.

        Raises StatementFailed: what the connector did not finish is dropped with the table.
        """
        options = self.options(back, staging, run)
        try:
            rows.write.format(FORMAT).options(**options).mode("append").save()
        except Exception as error:
            raise _failure(error, options["password"]) from None


def _failure(error: Exception, password: str) -> StarliftError:
    """Java's error as a sentence: its trace names options."""
    text = str(error).strip()
    if "DATA_SOURCE_NOT_FOUND" in text or "Failed to find data source" in text:
        return LoadFailed(
            "The Spark-Redshift connector is not on Spark's class path",
            do="set redshift.connector_jar to its jar and those of its drivers, by comma; EMR "
            "and Glue bring it; or use another driver",
        )
    first = text.splitlines()[0] if text else type(error).__name__
    said = first.replace(password, "***") if password else first
    return StatementFailed(said)
