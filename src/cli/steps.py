"""The steps of a run as commands: run, stage, build, load, plan, verify."""

from __future__ import annotations

import json

import typer

from src.cli.environment import Conf, Env
from src.cli.options import (
    AcceptDrop,
    AsJson,
    Bad,
    DryRun,
    Format,
    Full,
    LogJson,
    Name,
    OnBadFile,
    Raw,
)
from src.cli.running import pipeline_of, read_settings, reported
from src.cli.show import Events, live, show_rows
from src.cli.show_plan import plan_load, show_load_plan, show_plan
from src.connect import open_beside, open_warehouse

commands = typer.Typer()


@commands.command(epilog="Example: starlift run chinook --raw exports/2025-06 --on-bad-file skip")
def run(
    warehouse: Name,
    raw: Raw = None,
    env: Env = "local",
    format: Format = None,
    full: Full = False,
    accept_drop: AcceptDrop = False,
    dry_run: DryRun = False,
    on_bad_file: Bad = OnBadFile.fail,
    conf_dir: Conf = None,
    log_json: LogJson = False,
) -> None:
    """Stage, build, load and verify: the main job."""
    settings, events = read_settings(env, conf_dir, format), Events(log_json)
    pipeline = pipeline_of(warehouse, settings, events, raw)
    if dry_run:
        show_plan(pipeline.plan(full), plan_load(pipeline, settings))
        if full:
            with reported(pipeline, settings, events):
                pipeline.rehearse()
        return
    with open_beside(settings) as connect, reported(pipeline, settings, events):
        pipeline.stage(on_bad_file.value, builds_whole=full)
        pipeline.publish(connect, full=full, accept_drop=accept_drop)


@commands.command(epilog="Example: starlift stage chinook --raw exports")
def stage(
    warehouse: Name,
    raw: Raw = None,
    env: Env = "local",
    format: Format = None,
    on_bad_file: Bad = OnBadFile.fail,
    conf_dir: Conf = None,
    log_json: LogJson = False,
) -> None:
    """Parse and check new raw files; commit them to the lake."""
    settings, events = read_settings(env, conf_dir, format), Events(log_json)
    pipeline = pipeline_of(warehouse, settings, events, raw)
    with reported(pipeline, settings, events):
        pipeline.stage(on_bad_file.value)


@commands.command(epilog="Example: starlift build chinook --full")
def build(
    warehouse: Name,
    env: Env = "local",
    format: Format = None,
    full: Full = False,
    accept_drop: AcceptDrop = False,
    conf_dir: Conf = None,
    log_json: LogJson = False,
) -> None:
    """Build the star rows that staged files changed; commit them to the lake."""
    settings, events = read_settings(env, conf_dir, format), Events(log_json)
    pipeline = pipeline_of(warehouse, settings, events)
    with reported(pipeline, settings, events):
        pipeline.build(full, accept_drop)


@commands.command(epilog="Example: starlift load chinook")
def load(
    warehouse: Name,
    env: Env = "local",
    dry_run: DryRun = False,
    conf_dir: Conf = None,
    log_json: LogJson = False,
) -> None:
    """Apply built entries that the warehouse does not have yet."""
    settings, events = read_settings(env, conf_dir), Events(log_json)
    pipeline = pipeline_of(warehouse, settings, events)
    if dry_run:
        show_load_plan(plan_load(pipeline, settings))
        return
    with open_warehouse(settings) as connect, reported(pipeline, settings, events):
        pipeline.load(connect)


@commands.command(epilog="Example: starlift plan chinook --json")
def plan(
    warehouse: Name,
    raw: Raw = None,
    env: Env = "local",
    full: Full = False,
    conf_dir: Conf = None,
    as_json: AsJson = False,
) -> None:
    """What a run would do: files to stage, tables to build, DDL and statements. Does nothing."""
    settings = read_settings(env, conf_dir)
    pipeline = pipeline_of(warehouse, settings, Events(False), raw)
    plan, load = pipeline.plan(full), plan_load(pipeline, settings)
    if as_json:
        print(json.dumps({**plan, "load": load.as_dict()}, ensure_ascii=False, indent=2))
        return
    show_plan(plan, load)


@commands.command(epilog="Example: starlift verify chinook --json")
def verify(
    warehouse: Name, env: Env = "local", conf_dir: Conf = None, as_json: AsJson = False
) -> None:
    """Prove whole tables: keys, references, histories, and equality with the lake."""
    settings, events = read_settings(env, conf_dir), Events(False)
    pipeline = pipeline_of(warehouse, settings, events)
    try:
        with open_warehouse(settings) as connect, live(events):
            pipeline.verify(connect)
    finally:
        proofs = pipeline.report.proofs
        if as_json:
            print(json.dumps([vars(proof) for proof in proofs], ensure_ascii=False, indent=2))
        elif not proofs and not pipeline.report.failed:
            print(f"Nothing to prove yet: first fill the warehouse by 'starlift run {warehouse}'.")
        else:
            rows = [
                (p.table, p.what, "holds" if p.holds else p.severity.upper(), p.detail)
                for p in proofs
            ]
            show_rows(("table", "proof", "result", "found"), rows, "table")
