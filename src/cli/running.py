"""How a command sets up a run of the pipeline, and reports it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pyspark.sql import SparkSession

from src.cli.options import FileFormat
from src.cli.show import Events, live, show_report
from src.pipeline.report import write_report
from src.pipeline.run import Pipeline, new_pipeline
from src.runs import new_run
from src.session import start_session
from src.settings import Settings
from src.settings_file import load_settings, with_format
from src.transforms.warehouses import warehouse as find_warehouse


def read_settings(env: str, conf: str | None, file_format: FileFormat | None = None) -> Settings:
    """The settings of an environment, with the format of new files where one is given."""
    settings = load_settings(env, conf)
    return with_format(settings, file_format.value if file_format else None)


def _log_file(settings: Settings, run_id: str) -> Path:
    return settings.home / "logs" / f"{run_id}.log"


def pipeline_of(
    warehouse: str, settings: Settings, events: Events, raw: str | None = None
) -> Pipeline:
    """A run of the warehouse that starts now; Spark starts at its first use."""
    run = new_run(events)

    def session(expected_bytes: int) -> SparkSession:
        on_s3 = settings.on_s3(warehouse, raw)
        messages = _log_file(settings, run.id)
        return start_session(settings, f"starlift {warehouse}", messages, expected_bytes, on_s3)

    return new_pipeline(find_warehouse(warehouse), settings, run, session, raw)


@contextmanager
def reported(pipeline: Pipeline, settings: Settings, events: Events) -> Iterator[None]:
    """Run the steps, keep the report whatever happens, and show it when all went well."""
    with live(events):
        try:
            yield
        finally:
            report = pipeline.report
            if report.changed or report.refused or report.failed:
                write_report(pipeline.lake, report)
    show_report(pipeline.report, _log_file(settings, pipeline.run.id))
