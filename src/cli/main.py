"""``starlift``: a command is run, and whatever happens in it becomes an exit code.

Exit codes: 0 published (or nothing to do), 1 refused by a check, 2 wrong usage or setting,
3 failed for another reason.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
import typer.exceptions

from src import __version__
from src.cli import redshift
from src.errors import StarliftError
from src.runs import new_run


def _app(first: str) -> typer.Typer:
    """All commands; of the stand-in's own, which is there before Spark is imported, that one."""
    app = typer.Typer(
        add_completion=False,
        no_args_is_help=True,
        rich_markup_mode="rich",
        help="Raw CSV and JSON files become a tested star schema in Amazon Redshift.",
        epilog="Exit codes: 0 published, 1 refused by a check, 2 wrong usage or setting, "
        "3 failed for another reason.",
    )
    app.callback()(_starlift)
    if first != "redshift":
        from src.cli import lake, look, start, steps, upkeep

        for module in (steps, look, lake, upkeep, start):
            app.add_typer(module.commands)
    app.add_typer(redshift.commands)
    return app


def _version(wanted: bool) -> None:
    if wanted:
        print(__version__)
        raise typer.Exit


def _starlift(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    """Everything local lives under STARLIFT_HOME (default: .starlift)."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit code. A user's mistake is one sentence, never a stack trace."""
    os.environ.setdefault("PYTHONUTF8", "1")
    given = sys.argv[1:] if arguments is None else arguments
    return _guarded(lambda: _app(given[0] if given else "")(args=arguments, standalone_mode=False))


def _guarded(command: Callable[[], Any]) -> int:
    try:
        result = command()
    except typer.Abort:
        print("starlift: stopped.", file=sys.stderr)
        return 3
    except typer.exceptions.TyperException as error:
        # Wrong arguments: typer shows the usage and what is wrong with it.
        show = getattr(error, "show", None)
        if show:
            show()
        return 2
    except StarliftError as error:
        print(f"starlift: {error.sentence()}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("starlift: stopped; the next run continues where this one was.", file=sys.stderr)
        return 3
    except Exception as error:
        return _unexpected(error)
    return result if isinstance(result, int) else 0


def _unexpected(error: Exception) -> int:
    """An error that nobody foresaw: its trace goes to a file, a sentence to the user."""
    home = Path(os.environ.get("STARLIFT_HOME", ".starlift")).absolute()
    trace = home / "logs" / f"{new_run().id}.error.log"
    try:
        trace.parent.mkdir(parents=True, exist_ok=True)
        trace.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
        where = f"its trace is in {trace}"
    except OSError:
        traceback.print_exception(error)
        where = "its trace is above"
    first = str(error).strip().splitlines()[0] if str(error).strip() else ""
    print(
        f"starlift: an error that is a defect of Starlift or of its surroundings: "
        f"{type(error).__name__}: {first[:300]}; {where}.",
        file=sys.stderr,
    )
    return 3
