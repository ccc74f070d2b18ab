"""Settings: what differs between environments; src/settings_file.py reads and checks them.

Passwords and keys are never settings: they come from AWS's own variables and
profiles, and for the warehouse from Secrets Manager, from IAM or from the environment
(src/io/redshift_login.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from src.errors import UsageError

# The session's own setting that says whether a read is one task: where few rows are to be read.
ONE_TASK = "spark.starlift.oneTask"
FORMATS = {"orc": ("zlib", "snappy", "none"), "parquet": ("snappy", "gzip", "none")}


@dataclass(frozen=True)
class LakeSettings:
    """Where the lake is and how its data files are written."""

    path: str
    format: str = "orc"
    compression: str | None = None
    file_rows: int = 2_000_000


DRIVERS = ("standin", "psycopg2", "redshift_connector", "data_api", "spark_connector")
LOGINS = ("environment", "iam")


@dataclass(frozen=True)
class RedshiftSettings:
    """How to reach the warehouse, and who may read it.

    ``copy_url`` is the lake's root as COPY names it. ``workgroup`` (Serverless) or ``cluster`` name
    the warehouse to the Data API and to IAM; ``secret`` is a name or ARN in Secrets Manager.
    ``spark_connector`` writes to staging tables by the Spark-Redshift connector, whose jar is
    ``connector_jar`` and whose files pass through ``connector_temp``; its other statements go by
    psycopg2. No statement may take longer than ``statement_seconds``. ``readers`` are roles that
    may read the front room but for columns tagged PII, ``pii_readers`` roles that may read all of
    it, ``loader`` a role that may load without owning.
    """

    driver: str = "standin"
    host: str | None = None
    port: int = 5439
    database: str | None = None
    user: str | None = None
    ssl: bool = True
    login: str = "environment"
    secret: str | None = None
    workgroup: str | None = None
    cluster: str | None = None
    region: str | None = None
    # Where the lake lies on S3 this is its own place unless said otherwise.
    copy_url: str = ""
    iam_role: str = "default"
    connector_jar: str | None = None
    connector_temp: str | None = None
    statement_seconds: int = 3600
    readers: list[str] = field(default_factory=list)
    pii_readers: list[str] = field(default_factory=list)
    loader: str | None = None


@dataclass(frozen=True)
class S3Settings:
    """How S3 is reached, for raw files and lake alike; on AWS all of it may be left out.

    ``endpoint`` is the address of another S3 than AWS's, ``path_style`` for one whose host names
    hold no bucket. ``kms_key`` encrypts what is written with this key; without it the bucket's
    own default holds.
    """

    endpoint: str | None = None
    region: str | None = None
    path_style: bool = False
    kms_key: str | None = None


@dataclass(frozen=True)
class SparkSettings:
    """Spark's own settings; ``master`` is left to spark-submit where it is not given.

    ``driver_memory`` is the heap of a Spark started from here, like ``800m`` or ``2g``.
    """

    master: str | None = None
    driver_memory: str | None = None
    shuffle_partitions: int = 16
    conf: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class WarehouseSettings:
    """Rules of a warehouse that are a matter of place."""

    reporting_timezone: str = "UTC"
    reporting_currency: str = "GBP"


@dataclass(frozen=True)
class CalendarSettings:
    """The range of dim_date, first and last day included."""

    first: str = "2000-01-01"
    last: str = "2049-12-31"
    fiscal_start_month: int = 1


@dataclass(frozen=True)
class Rules:
    """The settings that decide what star rows hold: another value of one rebuilds its tables."""

    calendar: CalendarSettings = field(default_factory=CalendarSettings)
    warehouse: WarehouseSettings = field(default_factory=WarehouseSettings)


@dataclass(frozen=True)
class Settings:
    """All settings of one environment."""

    env: str
    home: Path
    lake: LakeSettings
    raw: dict[str, str]
    redshift: RedshiftSettings
    s3: S3Settings
    spark: SparkSettings
    warehouse: WarehouseSettings
    calendar: CalendarSettings

    @property
    def rules(self) -> Rules:
        return Rules(self.calendar, self.warehouse)

    @property
    def lake_on_s3(self) -> bool:
        return self.lake.path.startswith("s3://")

    def on_s3(self, warehouse: str, given: str | None) -> bool:
        """Whether a run reads or writes S3: its lake or its raw folder lies there."""
        raw = given or self.raw.get(warehouse) or ""
        return self.lake_on_s3 or raw.startswith("s3://")

    def raw_path(self, warehouse: str, given: str | None) -> str:
        """The raw folder: the one given, else the configured one."""
        path = given or self.raw.get(warehouse)
        if not path:
            raise UsageError(
                f"No raw folder is configured for {warehouse}",
                where=f"conf/{self.env}.yaml",
                do="add it under raw:, or give --raw PATH",
            )
        return path
