"""The file of an environment's settings, conf/<env>.yaml, read and checked before use.

An unknown key is an error that names the nearest known one.
"""

from __future__ import annotations

import dataclasses
import difflib
import os
import re
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any, get_type_hints
from zoneinfo import ZoneInfo

import yaml

from src.errors import UsageError
from src.settings import (
    DRIVERS,
    FORMATS,
    LOGINS,
    CalendarSettings,
    LakeSettings,
    RedshiftSettings,
    S3Settings,
    Settings,
    SparkSettings,
    WarehouseSettings,
)


def load_settings(env: str = "local", conf: str | None = None) -> Settings:
    """Read conf/<env>.yaml, from ``conf`` when given, else ./conf, else as shipped.

    Raises UsageError: no such environment, unknown key, wrong type, missing variable.
    """
    home = Path(os.environ.get("STARLIFT_HOME", ".starlift")).absolute()
    text, where = _text(env, conf)
    try:
        data = yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{where} line {mark.line + 1}" if mark else where
        raise UsageError(
            "The settings are not valid YAML", where=place, found=str(getattr(error, "problem", ""))
        ) from error
    except ValueError as error:
        # YAML takes 2021-13-01 for a date and fails to make it.
        raise UsageError(
            "The settings hold a date that is none", where=where, found=str(error)
        ) from error
    if not isinstance(data, dict):
        raise UsageError("The settings are no mapping of keys", where=where)
    variables = {**os.environ, "STARLIFT_HOME": str(home)}
    values = _expand(data, variables, where)
    known = {
        "lake": LakeSettings,
        "redshift": RedshiftSettings,
        "s3": S3Settings,
        "spark": SparkSettings,
        "warehouse": WarehouseSettings,
        "calendar": CalendarSettings,
    }
    _refuse_unknown(values, [*known, "raw"], where, "")
    parts = {
        name: _section(kind, values.get(name) or {}, where, name) for name, kind in known.items()
    }
    raw = values.get("raw") or {}
    if not isinstance(raw, dict) or not all(isinstance(path, str) for path in raw.values()):
        raise UsageError(
            "Setting 'raw' names no folders",
            where=where,
            expected="a folder for each warehouse, as in NAME: /data/NAME",
            found=repr(raw),
        )
    return _checked(Settings(env=env, home=home, raw=raw, **parts), where)


def with_format(settings: Settings, name: str | None) -> Settings:
    """The settings with another file format, and that format's compression."""
    if name is None or name == settings.lake.format:
        return settings
    lake = dataclasses.replace(settings.lake, format=name, compression=None)
    return _checked(dataclasses.replace(settings, lake=lake), "--format")


def _text(env: str, conf: str | None) -> tuple[str, str]:
    folders = [Path(conf)] if conf else [Path("conf")]
    for folder in folders:
        file = folder / f"{env}.yaml"
        if file.is_file():
            return file.read_text(encoding="utf-8"), str(file)
    shipped = {
        item.name.removesuffix(".yaml"): item
        for item in resources.files("conf").iterdir()
        if item.name.endswith(".yaml")
    }
    if conf or env not in shipped:
        raise UsageError(
            "No settings for this environment",
            where=conf or "conf",
            expected="one of " + ", ".join(sorted(shipped)) + f", or a file {env}.yaml",
            found=f"'{env}'",
        )
    return shipped[env].read_text(encoding="utf-8"), f"conf/{env}.yaml"


def _expand(value: Any, variables: dict[str, str], where: str) -> Any:
    if isinstance(value, dict):
        return {key: _expand(item, variables, where) for key, item in value.items()}
    if isinstance(value, list):
        return [_expand(item, variables, where) for item in value]
    if not isinstance(value, str):
        return value.isoformat() if hasattr(value, "isoformat") else value

    def known(match: re.Match[str]) -> str:
        name = match[1]
        if name not in variables:
            raise UsageError(
                f"The settings use the environment variable {name}, which is not set",
                where=where,
                do=f"export {name}=…, or write the value into the file",
            )
        return variables[name]

    return re.sub(r"\$\{(\w+)\}", known, value)


def _refuse_unknown(values: dict[str, Any], known: list[str], where: str, prefix: str) -> None:
    for key in values:
        if key not in known:
            near = difflib.get_close_matches(str(key), known, 1, 0.5)
            hint = f"did you mean '{prefix}{near[0]}'?" if near else f"known: {', '.join(known)}"
            raise UsageError(f"Unknown setting '{prefix}{key}'", where=where, do=hint)


_KINDS: dict[Any, type] = {int: int, bool: bool, dict[str, str]: dict, list[str]: list}
"""What YAML gives for a field's type; text for all others."""


def _section(kind: type[Any], values: Any, where: str, name: str) -> Any:
    if not isinstance(values, dict):
        raise UsageError(f"Setting '{name}' is no mapping of keys", where=where)
    hints = get_type_hints(kind)
    _refuse_unknown(values, list(hints), where, f"{name}.")
    for key, value in values.items():
        # To Python a bool is an int as well; in conf it is none.
        expected = _KINDS.get(hints[key], str)
        right = isinstance(value, expected) and isinstance(value, bool) == (expected is bool)
        if not right or (expected is list and not all(isinstance(item, str) for item in value)):
            raise UsageError(
                f"Setting '{name}.{key}' has the wrong type",
                where=where,
                expected="a list of texts" if expected is list else expected.__name__,
                found=repr(value),
            )
    try:
        return kind(**values)
    except TypeError as error:
        missing = [
            f.name
            for f in dataclasses.fields(kind)
            if f.default is dataclasses.MISSING
            and f.name not in values
            and f.default_factory is dataclasses.MISSING
        ]
        raise UsageError(f"Setting '{name}.{missing[0]}' is missing", where=where) from error


def _checked(settings: Settings, where: str) -> Settings:
    lake = settings.lake
    if lake.format not in FORMATS:
        raise UsageError(
            "Unknown file format", where=where, expected="orc or parquet", found=f"'{lake.format}'"
        )
    compression = lake.compression or FORMATS[lake.format][0]
    if compression not in FORMATS[lake.format]:
        raise UsageError(
            f"COPY does not document this compression for {lake.format}",
            where=where,
            expected="one of " + ", ".join(FORMATS[lake.format]),
            found=f"'{compression}'",
        )
    _at_least_one("lake.file_rows", lake.file_rows, where)
    _at_least_one("spark.shuffle_partitions", settings.spark.shuffle_partitions, where)
    memory = settings.spark.driver_memory
    if memory and not re.fullmatch(r"[1-9][0-9]*[mgMG]", memory):
        raise UsageError(
            "Setting 'spark.driver_memory' is no size",
            where=where,
            expected="mebibytes or gibibytes, like 800m or 2g",
            found=f"'{memory}'",
        )
    _check_calendar(settings.calendar, where)
    redshift = settings.redshift
    _at_least_one("redshift.statement_seconds", redshift.statement_seconds, where)
    for what, value, known in (
        ("driver", redshift.driver, DRIVERS),
        ("login", redshift.login, LOGINS),
    ):
        if value not in known:
            raise UsageError(
                f"Unknown {what}",
                where=where,
                expected="one of " + ", ".join(known),
                found=f"'{value}'",
            )
    try:
        ZoneInfo(settings.warehouse.reporting_timezone)
    except (KeyError, ValueError, OSError) as error:
        raise UsageError(
            "Unknown time zone",
            where=f"{where} warehouse.reporting_timezone",
            expected="a name like Europe/Berlin",
            found=f"'{settings.warehouse.reporting_timezone}'",
        ) from error
    if not re.fullmatch(r"[A-Z]{3}", settings.warehouse.reporting_currency):
        raise UsageError(
            "Setting 'warehouse.reporting_currency' is no currency",
            where=where,
            expected="a code of ISO 4217 like EUR",
            found=f"'{settings.warehouse.reporting_currency}'",
        )
    _check_s3(settings, where)
    copy_url = settings.redshift.copy_url or (
        lake.path if settings.lake_on_s3 else "s3://starlift-local"
    )
    return dataclasses.replace(
        settings,
        lake=dataclasses.replace(lake, compression=compression),
        redshift=dataclasses.replace(settings.redshift, copy_url=copy_url),
    )


def _check_s3(settings: Settings, where: str) -> None:
    """Refuse an endpoint that is no address, and AWS credentials wherever they stand."""
    endpoint = settings.s3.endpoint
    if endpoint is not None and not re.fullmatch(r"https?://[^/@\s]+/?", endpoint):
        raise UsageError(
            "Setting 's3.endpoint' is no address of a server",
            where=where,
            expected="https://host or http://host:port",
            found=f"'{endpoint}'" if "@" not in endpoint else "one with a user in it",
        )
    if endpoint is not None and endpoint.startswith("http://") and settings.s3.kms_key:
        raise UsageError(
            "Setting 's3.kms_key' goes with an endpoint of https only",
            where=where,
            found=endpoint,
            do="give the endpoint as https://…, or take the key out",
        )
    for key in settings.spark.conf:
        if re.search(r"(access|secret)\.?key|session\.?token|password", key, re.IGNORECASE):
            raise UsageError(
                f"Setting 'spark.conf' holds a credential, {key}",
                where=where,
                do="take it out: AWS credentials come from AWS_PROFILE or the AWS_ variables",
            )


def _at_least_one(name: str, value: int, where: str) -> None:
    if value < 1:
        raise UsageError(
            f"Setting '{name}' is too small", where=where, expected="1 or more", found=str(value)
        )


def _check_calendar(calendar: CalendarSettings, where: str) -> None:
    try:
        first, last = date.fromisoformat(calendar.first), date.fromisoformat(calendar.last)
    except ValueError as error:
        raise UsageError(
            "The calendar's first or last day is no date",
            where=where,
            expected="days like 2000-01-01",
            found=f"'{calendar.first}' and '{calendar.last}'",
        ) from error
    # The range that staging takes instants from, and that every reader of ORC and Parquet holds.
    if not date(1900, 1, 1) <= first <= last <= date(2199, 12, 31):
        raise UsageError(
            "The calendar's range is not possible",
            where=where,
            expected="first before last, from 1900-01-01 to 2199-12-31",
            found=f"{first} to {last}",
        )
    if not 1 <= calendar.fiscal_start_month <= 12:
        raise UsageError(
            "Setting 'calendar.fiscal_start_month' is no month",
            where=where,
            expected="1 to 12",
            found=str(calendar.fiscal_start_month),
        )
