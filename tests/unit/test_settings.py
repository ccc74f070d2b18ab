"""Settings are checked before anything is done with them, and each refusal is one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from src.errors import UsageError
from src.settings import S3Settings, Settings
from src.settings_file import load_settings, with_format


@pytest.fixture(autouse=True)
def _nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No conf folder in sight, and a home of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STARLIFT_HOME", str(tmp_path / "home"))
    for name in ("STARLIFT_BUCKET", "STARLIFT_REDSHIFT_HOST", "STARLIFT_COPY_ROLE"):
        monkeypatch.delenv(name, raising=False)


def load(folder: Path, text: str) -> Settings:
    (folder / "conf").mkdir(exist_ok=True)
    (folder / "conf" / "mine.yaml").write_text(text, encoding="utf-8")
    return load_settings("mine", str(folder / "conf"))


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(UsageError) as caught:
        load(folder, text)
    assert caught.value.exit_code == 2
    assert "s3cret" not in caught.value.sentence()
    return caught.value.sentence().replace(str(folder), "")


def test_the_shipped_local_settings_live_under_one_folder(tmp_path: Path) -> None:
    settings = load_settings("local")
    assert settings.lake.path == str(tmp_path / "home" / "lake")
    assert settings.raw == {
        name: str(tmp_path / "home" / "raw" / name) for name in ("chinook", "sparkify", "ecommerce")
    }
    assert (settings.lake.format, settings.lake.compression) == ("orc", "zlib")
    assert settings.calendar.first == "2000-01-01"
    assert settings.redshift.driver == "standin"


def test_the_home_defaults_to_a_folder_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STARLIFT_HOME")
    assert load_settings("local").home == tmp_path / ".starlift"


@pytest.mark.parametrize("env", ["dev", "prod"])
def test_the_shipped_cloud_settings_want_their_variables(
    env: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match=r"STARLIFT_BUCKET, which is not set .*[Ee]xport STARLIFT"):
        load_settings(env)
    monkeypatch.setenv("STARLIFT_BUCKET", "b")
    monkeypatch.setenv("STARLIFT_REDSHIFT_HOST", "h")
    monkeypatch.setenv("STARLIFT_COPY_ROLE", "r")
    settings = load_settings(env)
    assert settings.lake.path == settings.redshift.copy_url == "s3://b/lake"
    assert settings.s3 == S3Settings()
    assert (settings.redshift.host, settings.redshift.iam_role) == ("h", "r")


def test_an_own_conf_folder_goes_before_what_is_shipped(tmp_path: Path) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "local.yaml").write_text("lake: {path: /mine}", encoding="utf-8")
    assert load_settings("local").lake.path == "/mine"


def test_what_is_not_said_has_its_default(tmp_path: Path) -> None:
    settings = load(tmp_path, "lake: {path: /x, format: parquet}")
    assert settings.lake.compression == "snappy"
    assert settings.raw == {}
    assert settings.warehouse.reporting_timezone == "UTC"
    assert with_format(settings, "orc").lake.compression == "zlib"
    assert with_format(settings, "parquet") is settings
    assert with_format(settings, None) is settings
    with pytest.raises(UsageError, match="expected orc or parquet, found 'csv'"):
        with_format(settings, "csv")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("lake: {path: /x, formt: orc}", "Unknown setting 'lake.formt' in /conf/mine.yaml. "
         "Did you mean 'lake.format'?"),
        ("lakes: {path: /x}", "Unknown setting 'lakes' in /conf/mine.yaml. Did you mean 'lake'?"),
        ("lake: {path: /x}\nzzz: 1", "Unknown setting 'zzz' in /conf/mine.yaml. Known: lake, "
         "redshift, s3, spark, warehouse, calendar, raw."),
        ("lake: {path: /x}\nspark: {shuffle_partition: 3}",
         "Did you mean 'spark.shuffle_partitions'?"),
        ("lake: {path: '${NO_SUCH}/x'}", "The settings use the environment variable NO_SUCH, "
         "which is not set in /conf/mine.yaml"),
        ("lake: {path: /x, file_rows: many}",
         "Setting 'lake.file_rows' has the wrong type in /conf/mine.yaml: expected int, "
         "found 'many'."),
        ("lake: {path: 5}", "'lake.path' has the wrong type in /conf/mine.yaml: expected str, "
         "found 5."),
        ("lake: {path: /x, file_rows: true}", "'lake.file_rows' has the wrong type"),
        ("lake: {path: /x}\nredshift: {port: '5439'}", "'redshift.port' has the wrong type"),
        ("lake: {path: /x}\nspark: {conf: [a]}", "'spark.conf' has the wrong type"),
        ("lake: [1]", "Setting 'lake' is no mapping of keys"),
        ("redshift: {port: 1}", "Setting 'lake.path' is missing in /conf/mine.yaml."),
        ("", "Setting 'lake.path' is missing"),
        ("- a\n- b", "The settings are no mapping of keys in /conf/mine.yaml."),
        ("lake: {path: /x\nb: [", "The settings are not valid YAML in /conf/mine.yaml line 2"),
        ("lake: {path: /x, format: csv}", "Unknown file format in /conf/mine.yaml: expected orc "
         "or parquet, found 'csv'."),
        ("lake: {path: /x, compression: lzo}", "COPY does not document this compression for orc"),
        ("lake: {path: /x, format: parquet, compression: zlib}",
         "for parquet in /conf/mine.yaml: expected one of snappy, gzip, none, found 'zlib'."),
        ("lake: {path: /x}\ns3: {endpont: x}", "Did you mean 's3.endpoint'?"),
        ("lake: {path: /x}\ns3: {path_style: 'yes'}", "Setting 's3.path_style' has the wrong type "
         "in /conf/mine.yaml: expected bool, found 'yes'."),
        ("lake: {path: /x}\ns3: {region: true}", "'s3.region' has the wrong type"),
        ("lake: {path: /x}\ns3: {endpoint: minio}", "Setting 's3.endpoint' is no address of a "
         "server in /conf/mine.yaml: expected https://host or http://host:port, found 'minio'."),
        ("lake: {path: /x}\ns3: {endpoint: 'http://h', kms_key: k}", "Setting 's3.kms_key' goes "
         "with an endpoint of https only in /conf/mine.yaml: found http://h."),
        ("lake: {path: /x}\ns3: {endpoint: 'https://h/path'}", "no address of a server"),
        ("lake: {path: /x}\ns3: {endpoint: 'https://k:s3cret@h'}", "found one with a user in it."),
        ("lake: {path: /x}\nspark: {conf: {spark.hadoop.fs.s3a.secret.key: s3cret}}",
         "Setting 'spark.conf' holds a credential, spark.hadoop.fs.s3a.secret.key in "
         "/conf/mine.yaml. Take it out: AWS credentials come from AWS_PROFILE"),
        ("lake: {path: /x}\nspark: {conf: {fs.s3a.bucket.b.session.token: s3cret}}",
         "holds a credential"),
        ("lake: {path: /x}\nredshift: {driver: jdbc}", "expected one of standin, psycopg2, "),
        ("lake: {path: /x}\nwarehouse: {reporting_timezone: Mars/Olympus}",
         "Unknown time zone in /conf/mine.yaml warehouse.reporting_timezone: expected a name like "
         "Europe/Berlin, found 'Mars/Olympus'."),
        ("lake: {path: /x}\nwarehouse: {reporting_timezone: ../etc/passwd}", "Unknown time zone"),
        ("lake: {path: /x}\nwarehouse: {reporting_currency: euro}",
         "expected a code of ISO 4217 like EUR, found 'euro'"),
        ("lake: {path: /x}\nraw: nothing", "Setting 'raw' names no folders"),
        ("lake: {path: /x}\nraw: {chinook: 5}", "NAME: /data/NAME, found {'chinook': 5}"),
        ("lake: {path: /x, file_rows: -1}", "'lake.file_rows' is too small in /conf/mine.yaml: "
         "expected 1 or more, found -1."),
        ("lake: {path: /x}\nspark: {shuffle_partitions: 0}", "'spark.shuffle_partitions' is too"),
        ("lake: {path: /x}\nspark: {driver_memory: 2 GB}", "'spark.driver_memory' is no size in "
         "/conf/mine.yaml: expected mebibytes or gibibytes, like 800m or 2g, found '2 GB'."),
        ("lake: {path: /x}\ncalendar: {first: 2021-13-01}", "settings hold a date that is none"),
        ("lake: {path: /x}\ncalendar: {first: soon}", "first or last day is no date"),
        ("lake: {path: /x}\ncalendar: {first: 2021-01-02, last: 2021-01-01}",
         "expected first before last, from 1900-01-01 to 2199-12-31, found 2021-01-02 to"),
        ("lake: {path: /x}\ncalendar: {last: 2200-01-01}", "The calendar's range is not possible"),
        ("lake: {path: /x}\ncalendar: {fiscal_start_month: 13}", "expected 1 to 12, found 13"),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_one_sentence(tmp_path: Path, text: str, says: str) -> None:
    assert says in refusal(tmp_path, text)


def test_copy_reads_where_the_lake_lies(tmp_path: Path) -> None:
    assert load(tmp_path, "lake: {path: /x}").redshift.copy_url == "s3://starlift-local"
    on_s3 = load(tmp_path, "lake: {path: s3://b/lake}")
    assert on_s3.redshift.copy_url == "s3://b/lake"
    # An access point's alias, say, names the same objects.
    other = load(tmp_path, "lake: {path: s3://b/lake}\nredshift: {copy_url: s3://alias/lake}")
    assert other.redshift.copy_url == "s3://alias/lake"
    assert with_format(on_s3, "parquet").redshift.copy_url == "s3://b/lake"


def test_a_run_is_on_s3_when_its_lake_or_its_raw_folder_is(tmp_path: Path) -> None:
    local = load(tmp_path, "lake: {path: /x}\nraw: {chinook: s3://b/raw, other: /raw}")
    assert (local.on_s3("chinook", None), local.on_s3("other", None)) == (True, False)
    assert (local.on_s3("chinook", "/raw"), local.on_s3("other", "s3://b")) == (False, True)
    assert load(tmp_path, "lake: {path: s3://b}").on_s3("chinook", "/raw")


def test_how_s3_is_reached(tmp_path: Path) -> None:
    assert load(tmp_path, "lake: {path: /x}\ns3:").s3 == S3Settings()
    text = "s3: {endpoint: 'https://h:9000', region: r, path_style: true, kms_key: k}"
    assert load(tmp_path, f"lake: {{path: /x}}\n{text}").s3 == S3Settings(
        "https://h:9000", "r", True, "k"
    )


def test_an_unknown_environment_names_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"expected one of dev, local, prod, .*found 'stage'"):
        load_settings("stage")


def test_dates_and_variables_are_read_as_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHERE", "/there")
    text = yaml.safe_dump({"lake": {"path": "${WHERE}/a/${WHERE}"}})
    settings = load(tmp_path, text + "calendar: {first: 2010-05-01}\nraw: {chinook: '${WHERE}'}\n")
    assert settings.lake.path == "/there/a//there"
    assert settings.calendar.first == "2010-05-01"
    assert settings.raw_path("chinook", None) == "/there"
    assert settings.raw_path("chinook", "/given") == "/given"
    with pytest.raises(UsageError, match="No raw folder is configured for sparkify"):
        settings.raw_path("sparkify", None)
