"""The Spark session: the same settings on a laptop, under spark-submit and on Glue."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from py4j.java_gateway import JavaClass, JavaPackage
from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from src.class_archive import archive_options
from src.errors import StarliftError, UsageError
from src.java import find_java
from src.s3a import encryption_conf, jars_conf, s3a_conf
from src.settings import ONE_TASK, Settings

# Below so many bytes to read, a run is over before optimising pays: compiling Java's second tier
# and generating code for each query costs more than half of the processor time. Runs of 1.5, 3.1
# and 6.3 MB of CSV took 29, 30 and 44 s by interpreted code and 32, 32 and 35 s by generated.
SMALL_BYTES = 4 * 1024 * 1024
# Below so many it is over before Java's second tier pays. Code is generated: half of the time.
BRIEF_BYTES = 64 * 1024 * 1024


def start_session(
    settings: Settings,
    app: str,
    log_file: Path | None = None,
    expected_bytes: int | None = None,
    on_s3: bool = False,
) -> SparkSession:
    """The Spark session of a job. Under spark-submit and Glue the cluster's settings stand.

    ``log_file`` takes Spark's own messages when the session's Java is started from here;
    ``expected_bytes``, where known, is how much the job will read; ``on_s3`` says that it reads
    or writes S3.
    """
    small = expected_bytes is not None and expected_bytes <= SMALL_BYTES
    brief = expected_bytes is not None and expected_bytes <= BRIEF_BYTES
    under_submit = "PYSPARK_GATEWAY_PORT" in os.environ
    # Spark's Python workers are the first python3 on PATH unless told otherwise.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.appName(app)
    master = settings.spark.master or "local[*]"
    if not under_submit:
        os.environ["JAVA_HOME"] = find_java()
        # The Java that only makes the command line of the other one.
        os.environ.setdefault("SPARK_LAUNCHER_OPTS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
        builder = builder.master(master)
        java_options = "-Duser.timezone=UTC"
        if brief:
            # The first tier alone has 48 MB for code by default, which ends in an error.
            java_options += " -XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m"
        # A batch has no pauses to avoid; G1 took an eighth longer (measured).
        java_options += f" -XX:+Use{'Serial' if small else 'Parallel'}GC"
        java_options += archive_options(os.environ["JAVA_HOME"])
        if log_file:
            java_options += f" -Dlog4j2.configurationFile={_log_settings(log_file).as_uri()}"
        if settings.spark.driver_memory:
            builder = builder.config("spark.driver.memory", settings.spark.driver_memory)
            # A heap that grows step by step is collected three times as often (counted).
            java_options += f" -Xms{settings.spark.driver_memory} -XX:MetaspaceSize=256m"
        builder = builder.config("spark.driver.extraJavaOptions", java_options)
        builder = builder.config("spark.driver.bindAddress", "127.0.0.1")
        builder = builder.config("spark.driver.host", "127.0.0.1")
    of_size = _SMALL if small else _BRIEF if brief else {}
    conf = {**_conf(settings), **({} if under_submit else of_size), **settings.spark.conf}
    if not under_submit and (jars := _connector_jars(settings)):
        conf["spark.jars"] = ",".join(filter(None, [conf.get("spark.jars"), jars]))
    if on_s3 and under_submit:
        conf = {**encryption_conf(settings.s3), **conf}
    elif on_s3:
        java_home = os.environ["JAVA_HOME"]
        conf = {**s3a_conf(settings.s3), **conf, **jars_conf(conf, master, java_home)}
    for key, value in conf.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    _remember_java_names(session)
    if on_s3:
        _check_s3(session)
    zone = session._jvm.java.util.TimeZone.getDefault().getID()  # type: ignore[union-attr]
    if zone not in ("UTC", "Etc/UTC", "GMT"):
        raise StarliftError(
            "Spark's Java runs in another time zone, and ORC files would hold wrong instants",
            expected="UTC",
            found=str(zone),
            do="submit with --conf spark.driver.extraJavaOptions=-Duser.timezone=UTC and the same "
            "for spark.executor.extraJavaOptions, as scripts/submit.sh does",
        )
    return session


class _Remembered:
    """A Java class or package whose members are asked for once."""

    def __init__(self, named: JavaClass | JavaPackage) -> None:
        self._named = named

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._named, name)
        if isinstance(member, JavaClass | JavaPackage):
            member = _Remembered(member)
        self.__dict__[name] = member
        return member

    def __call__(self, *given: Any) -> Any:
        return self._named(*given)


_JAVA_NAMES = (
    "functions",
    "PythonUtils",
    "PythonSQLUtils",
    "SparkSession",
    "SparkSession$",
    "org",
)


def _remember_java_names(session: SparkSession) -> None:
    """Resolve the classes behind PySpark's functions once.

    PySpark asks Java by name for each expression that it makes, and Java searches every jar for
    ``functions`` and the like: 30,000 searches in a run of small files, a fifth of its time
    (measured). The names are those of PySpark 3.5 and 4.0; a name that is not there stays as is.
    """
    jvm: Any = session.sparkContext._jvm
    for name in _JAVA_NAMES:
        found = getattr(jvm, name)
        if name not in vars(jvm) and isinstance(found, JavaClass | JavaPackage):
            vars(jvm)[name] = _Remembered(found)


def _check_s3(session: SparkSession) -> None:
    """Raises StarliftError when this Spark has no file system for ``s3://``."""
    files = session._jvm.org.apache.hadoop.fs.FileSystem  # type: ignore[union-attr]
    try:
        files.getFileSystemClass("s3", session._jsc.hadoopConfiguration())
    except Py4JJavaError as error:
        raise StarliftError(
            "This Spark has no file system for s3://",
            expected="one that the cluster brings, as EMR and Glue do, or Hadoop's S3A",
            found=str(error.java_exception.getMessage()),
            do="submit with the packages and options that docs/s3.md lists",
        ) from error


_BRIEF = {
    # What is kept is small and read once or twice: compressing it took a fifth of parsing.
    "spark.sql.inMemoryColumnarStorage.compressed": "false",
    # Rows are few: a stage for each exchange, planned anew, costs more than it finds out.
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.shuffle.partitions": "2",
}
_SMALL = {
    **_BRIEF,
    ONE_TASK: "true",
    "spark.sql.shuffle.partitions": "1",
    # A task costs as much as parsing a few thousand rows: small files are read by one each.
    "spark.sql.files.minPartitionNum": "1",
    "spark.sql.files.maxPartitionBytes": str(4 * 1024 * 1024),
    # What sorts or aggregates takes a page, by default of 64 MB, for however few rows.
    "spark.buffer.pageSize": "1m",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    # Above 32 files Spark lists them by a job with a task for each; staged months are small files.
    "spark.sql.sources.parallelPartitionDiscovery.threshold": "10000",
}


def _conf(settings: Settings) -> dict[str, str]:
    return {
        # Said in any case: a session that is there already keeps what it was told before.
        ONE_TASK: "false",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.executor.extraJavaOptions": "-Duser.timezone=UTC",
        # Refusals come from our own parsers with a sentence, never from a cast that throws.
        "spark.sql.ansi.enabled": "false",
        "spark.sql.legacy.codingErrorAction": "true",
        "spark.sql.shuffle.partitions": str(settings.spark.shuffle_partitions),
        # Java never compiles a method of more than 8000 bytes; parsing a wide source in one
        # generated method would be interpreted for ever. Above, Spark takes smaller methods.
        "spark.sql.codegen.hugeMethodLimit": "8000",
        # The same files give the same partitions in every scan, whatever executors have joined:
        # physical line numbers rely on it.
        "spark.sql.files.minPartitionNum": "2",
        "spark.sql.files.maxPartitionBytes": str(128 * 1024 * 1024),
        "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
        "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
        "spark.sql.parquet.int96RebaseModeInWrite": "CORRECTED",
        "spark.sql.orc.impl": "native",
        "spark.hadoop.mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",
        "spark.hadoop.fs.file.impl.disable.cache": "false",
        "spark.sql.autoBroadcastJoinThreshold": str(16 * 1024 * 1024),
        "spark.scheduler.mode": "FAIR",
    }


def _connector_jars(settings: Settings) -> str | None:
    """The Spark-Redshift connector and its drivers, where they load and the machine lacks them."""
    jars = settings.redshift.connector_jar
    if settings.redshift.driver != "spark_connector" or not jars:
        return None
    for jar in jars.split(","):
        if "://" not in jar and not Path(jar).is_file():
            raise UsageError(
                "The Spark-Redshift connector's jar is not there",
                where="redshift.connector_jar",
                expected="a file",
                found=jar,
                do="give spark-redshift_2.12 for Spark 3.5, spark-avro and the Redshift JDBC "
                "driver, by comma; leave it out on EMR and Glue, which bring them",
            )
    return jars


def _log_settings(log_file: Path) -> Path:
    """A log4j file that sends Spark's messages to ``log_file``, beside it."""
    try:
        log_file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StarliftError(
            "The folder of Spark's messages cannot be made",
            where=str(log_file.parent),
            found=error.strerror or str(error),
            do="set STARLIFT_HOME to a folder that can be written",
        ) from error
    settings = log_file.with_suffix(".log4j2.properties")
    settings.write_text(
        "rootLogger.level = warn\n"
        "rootLogger.appenderRef.file.ref = file\n"
        "appender.file.type = File\n"
        "appender.file.name = file\n"
        f"appender.file.fileName = {log_file}\n"
        "appender.file.layout.type = PatternLayout\n"
        "appender.file.layout.pattern = %d{yyyy-MM-dd HH:mm:ss} %p %c: %m%n%ex\n",
        encoding="utf-8",
    )
    return settings
