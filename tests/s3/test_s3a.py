"""Spark's way to S3: where its jars come from, and what is set when."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from src.errors import StarliftError
from src.java import find_java
from src.s3a import JARS, encryption_conf, fetched_jars, jars_conf, s3a_conf
from src.session import _check_s3, _conf
from src.settings import S3Settings
from src.settings_file import load_settings


def fill(ivy: Path) -> list[Path]:
    """The folder of a resolver that has fetched all jars once."""
    (ivy / "jars").mkdir(parents=True)
    jars = [ivy / "jars" / name for name in JARS]
    for jar in jars:
        with zipfile.ZipFile(jar, "w") as archive:
            archive.writestr("META-INF/MANIFEST.MF", "x" * 1000)
    return jars


@pytest.fixture
def no_maven(tmp_path: Path) -> dict[str, str]:
    """Settings under which nothing can be fetched, nor taken from this machine's own folder."""
    settings = tmp_path / "ivysettings.xml"
    settings.write_text(
        '<ivysettings><settings defaultResolver="none"/><resolvers>'
        '<ibiblio name="none" m2compatible="true" root="http://127.0.0.1:9/"/>'
        "</resolvers></ivysettings>",
        encoding="utf-8",
    )
    return {"spark.jars.ivy": str(tmp_path / "ivy"), "spark.jars.ivySettings": str(settings)}


def test_jars_fetched_once_are_used_without_maven(tmp_path: Path, no_maven: dict[str, str]) -> None:
    jars = fill(tmp_path / "ivy")
    assert fetched_jars(no_maven, "/no/java") == jars
    path = ":".join(str(jar) for jar in jars)
    assert jars_conf(no_maven, "local[2]", "/no/java") == {"spark.driver.extraClassPath": path}
    own = {**no_maven, "spark.driver.extraClassPath": "/mine.jar"}
    assert jars_conf(own, "local[2]", "/no/java") == {
        "spark.driver.extraClassPath": f"{path}:/mine.jar"
    }
    assert jars_conf({**no_maven, "spark.jars": "/mine.jar"}, "spark://m:7077", "/no/java") == {
        "spark.jars": f"{path.replace(':', ',')},/mine.jar"
    }


def test_jars_that_the_settings_name_are_enough(no_maven: dict[str, str]) -> None:
    for conf in (
        {"spark.jars": "/opt/a.jar,/opt/hadoop-aws-3.3.4.jar"},
        {"spark.jars.packages": "org.apache.hadoop:hadoop-aws:3.3.4"},
    ):
        assert jars_conf({**no_maven, **conf}, "local[2]", "/no/java") == {}


@pytest.mark.parametrize("state", ["none there", "one cut off"])
def test_jars_that_cannot_be_fetched_are_one_sentence(
    tmp_path: Path, no_maven: dict[str, str], state: str, capfd: pytest.CaptureFixture[str]
) -> None:
    if state == "one cut off":
        jar = fill(tmp_path / "ivy")[1]
        jar.write_bytes(jar.read_bytes()[:500])
    with pytest.raises(StarliftError) as caught:
        fetched_jars(no_maven, find_java())
    text = caught.value.sentence()
    assert text.startswith("The jars that Spark needs for s3:// are not here and could not be ")
    assert "org.apache.hadoop:hadoop-aws:3.3.4" in text
    assert "unresolved dependency: org.apache.hadoop#hadoop-aws;3.3.4: not found" in text
    assert "docs/s3.md" in text
    # Nothing of the resolver's own report, and no stack trace.
    assert capfd.readouterr() == ("", "")


def test_what_the_settings_say_of_s3_reaches_spark() -> None:
    conf = s3a_conf(S3Settings("https://h:9000", "eu-west-1", True, "the-key"))
    hadoop = "spark.hadoop.fs.s3a."
    assert conf[f"{hadoop}endpoint"] == "https://h:9000"
    assert conf[f"{hadoop}endpoint.region"] == "eu-west-1"
    assert conf[f"{hadoop}path.style.access"] == "true"
    assert conf[f"{hadoop}encryption.algorithm"] == "SSE-KMS"
    assert conf[f"{hadoop}encryption.key"] == "the-key"
    plain = s3a_conf(S3Settings())
    assert not {f"{hadoop}endpoint", f"{hadoop}endpoint.region"} & plain.keys()
    assert not [key for key in plain if "encryption" in key]
    assert encryption_conf(S3Settings()) == {}


def test_a_run_without_s3_sets_no_file_system_and_no_committer() -> None:
    # On EMR and Glue these would take the place of the cluster's own.
    theirs = ("fs.s3", "commitProtocol", "committer.class", "outputcommitter.factory")
    conf = _conf(load_settings("local"))
    assert not [key for key in conf if any(part in key for part in theirs)]


def test_a_spark_without_a_file_system_for_s3_is_one_sentence(spark: SparkSession) -> None:
    # As on a cluster of one's own, to which nobody has given S3A.
    with pytest.raises(StarliftError, match=r"no file system for s3://: .*docs/s3\.md lists"):
        _check_s3(spark)
