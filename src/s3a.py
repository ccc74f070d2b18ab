"""Spark's way to S3 where no cluster brings one: Hadoop's S3A, under the scheme ``s3``.

Under spark-submit, as on EMR and Glue, the cluster's own file system for ``s3://`` and its
committer stand; of what is here only the key to encrypt with is passed on.

The scheme is ``s3`` for everyone: COPY takes no other, and the names that Spark gives back for the
files it reads are then those of the log.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pyspark

from src.errors import StarliftError
from src.settings import S3Settings

# Hadoop 3.3.4 is what PySpark 3.5.7 is built with; the second brings Spark's side of the committer.
PACKAGES = (
    "org.apache.hadoop:hadoop-aws:3.3.4",
    "org.apache.spark:spark-hadoop-cloud_2.12:3.5.7",
)
# What the packages name besides: other clouds' connectors, and what Spark has itself.
EXCLUDED = (
    "com.fasterxml*:*",
    "com.google*:*",
    "commons-*:*",
    "joda-time:*",
    "org.apache.hadoop:hadoop-az*",
    "org.apache.hadoop:hadoop-c*",
    "org.apache.httpcomponents:*",
    "org.eclipse.jetty:*",
    "org.slf4j:*",
)
# What is left of the packages, as Spark's resolver names the files.
JARS = (
    "org.apache.hadoop_hadoop-aws-3.3.4.jar",
    "com.amazonaws_aws-java-sdk-bundle-1.12.262.jar",
    "org.wildfly.openssl_wildfly-openssl-1.0.7.Final.jar",
    "org.apache.spark_spark-hadoop-cloud_2.12-3.5.7.jar",
)
_FACTORY = "org.apache.hadoop.fs.s3a.commit.S3ACommitterFactory"


def s3a_conf(settings: S3Settings) -> dict[str, str]:
    """S3A with its magic committer, which makes files appear by completing uploads, never by a
    rename. Credentials are none of it: AWS's own chain finds them in every process.
    """
    conf = {
        "spark.hadoop.fs.s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
        "spark.hadoop.fs.s3a.aws.credentials.provider": (
            "com.amazonaws.auth.DefaultAWSCredentialsProviderChain"
        ),
        "spark.hadoop.fs.s3a.path.style.access": str(settings.path_style).lower(),
        "spark.hadoop.fs.s3a.committer.name": "magic",
        "spark.hadoop.fs.s3a.committer.magic.enabled": "true",
        "spark.hadoop.mapreduce.outputcommitter.factory.scheme.s3": _FACTORY,
        "spark.hadoop.mapreduce.outputcommitter.factory.scheme.s3a": _FACTORY,
        "spark.sql.sources.commitProtocolClass": (
            "org.apache.spark.internal.io.cloud.PathOutputCommitProtocol"
        ),
        "spark.sql.parquet.output.committer.class": (
            "org.apache.spark.internal.io.cloud.BindingParquetOutputCommitter"
        ),
        # An object that changes while it is open fails its reader.
        "spark.hadoop.fs.s3a.change.detection.source": "etag",
        "spark.hadoop.fs.s3a.change.detection.mode": "server",
        # Else every write looks for markers of the folders above it, to delete them.
        "spark.hadoop.fs.s3a.directory.marker.retention": "keep",
    }
    if settings.endpoint:
        conf["spark.hadoop.fs.s3a.endpoint"] = settings.endpoint
    if settings.region:
        conf["spark.hadoop.fs.s3a.endpoint.region"] = settings.region
    return {**conf, **encryption_conf(settings)}


def encryption_conf(settings: S3Settings) -> dict[str, str]:
    """The key that S3A is to encrypt with; nothing where none is set."""
    if not settings.kms_key:
        return {}
    return {
        "spark.hadoop.fs.s3a.encryption.algorithm": "SSE-KMS",
        "spark.hadoop.fs.s3a.encryption.key": settings.kms_key,
    }


def jars_conf(conf: Mapping[str, str], master: str, java_home: str) -> dict[str, str]:
    """The class path with S3A's jars, which are fetched from Maven at their first use.

    ``conf`` is what the settings give to Spark: where it names a hadoop-aws jar or package, or
    PySpark's own folder holds one, that one is used. Raises StarliftError when Maven cannot be
    reached and the jars are not there.
    """
    given = f"{conf.get('spark.jars', '')} {conf.get('spark.jars.packages', '')}"
    own = Path(pyspark.__file__).parent / "jars"
    if "hadoop-aws" in given or any(own.glob("hadoop-aws-*.jar")):
        return {}
    jars = [str(jar) for jar in fetched_jars(conf, java_home)]
    # Spark would copy what spark.jars names for its executors; in a local session all is here.
    key, mark = (
        ("spark.driver.extraClassPath", ":") if master.startswith("local") else ("spark.jars", ",")
    )
    return {key: mark.join([*jars, *filter(None, [conf.get(key)])])}


def fetched_jars(conf: Mapping[str, str], java_home: str) -> list[Path]:
    """The jars in the folder of Spark's resolver; fetched when one is missing or cut off."""
    ivy = _ivy_folder(conf)
    jars = [ivy / "jars" / name for name in JARS]
    if all(zipfile.is_zipfile(jar) for jar in jars):
        return jars
    try:
        ivy.mkdir(parents=True, exist_ok=True)
        # The resolver does not keep two of itself apart.
        with open(ivy / "starlift.lock", "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not all(zipfile.is_zipfile(jar) for jar in jars):
                _fetch(conf, java_home)
    except OSError as error:
        raise _not_fetched(ivy, error.strerror or str(error)) from error
    if missing := [jar.name for jar in jars if not zipfile.is_zipfile(jar)]:
        raise _not_fetched(ivy, f"no {', '.join(missing)}")
    return jars


def _ivy_folder(conf: Mapping[str, str]) -> Path:
    """Where Spark's resolver keeps jars; said to it, as Java's home need not be that of HOME."""
    return Path(conf.get("spark.jars.ivy") or Path.home() / ".ivy2")


def _fetch(conf: Mapping[str, str], java_home: str) -> None:
    """Let Spark's own resolver fetch the packages; its report is not for the user."""
    home = Path(pyspark.__file__).parent
    command = [str(home / "bin" / "spark-submit"), "--master", "local[1]"]
    command += ["--packages", ",".join(PACKAGES), "--exclude-packages", ",".join(EXCLUDED)]
    command += ["--conf", f"spark.jars.ivy={_ivy_folder(conf)}"]
    for key in ("spark.jars.ivySettings", "spark.jars.repositories"):
        if key in conf:
            command += ["--conf", f"{key}={conf[key]}"]
    # Something to run once all is there.
    command += ["--class", "org.apache.hadoop.util.VersionInfo", "spark-internal"]
    done = subprocess.run(
        command,
        env={**os.environ, "JAVA_HOME": java_home, "SPARK_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        lines = [line.strip() for line in done.stderr.splitlines()]
        said = [line for line in lines if "unresolved dependency" in line or "Error" in line]
        raise _not_fetched(_ivy_folder(conf), (said or lines or ["nothing"])[-1][:300])


def _not_fetched(ivy: Path, found: str) -> StarliftError:
    return StarliftError(
        "The jars that Spark needs for s3:// are not here and could not be fetched from Maven",
        where=str(ivy),
        expected=", ".join(PACKAGES),
        found=found,
        do="let this machine reach Maven Central once, or name a mirror or your own copies under "
        "spark.conf in conf; docs/s3.md says how",
    )
