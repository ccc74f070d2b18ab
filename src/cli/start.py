"""Commands to start from: sample files, a new warehouse."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from src.cli.options import Name
from src.cli.show import err, out, show_lines, show_rows
from src.errors import UsageError

commands = typer.Typer()


@commands.command(
    epilog="Example: starlift sample chinook --out raw --rows 100000 --seed 7 --dirty"
)
def sample(
    warehouse: Name,
    target: Annotated[Path, typer.Option("--out", help="An empty or new folder.")],
    rows: Annotated[int, typer.Option(help="Rows of the largest table.", min=1)] = 2240,
    seed: Annotated[int, typer.Option(help="The same seed gives the same files.")] = 0,
    dirty: Annotated[
        bool, typer.Option("--dirty", help="Inject defects; their truth is in _truth.json.")
    ] = False,
) -> None:
    """Make realistic raw files."""
    from src.sample import SAMPLES

    if warehouse not in SAMPLES:
        raise UsageError(
            "There is no sample of this warehouse",
            expected="one of " + ", ".join(SAMPLES),
            found=f"'{warehouse}'",
        )
    with err.status("writing") as line:
        written = SAMPLES[warehouse](
            target,
            rows=rows,
            seed=seed,
            dirty=dirty,
            progress=lambda count: line.update(f"writing · {count:,} rows"),
        )
    show_rows(("file", "rows"), list(written.items()), "table")


@commands.command(epilog="Example: starlift new bikes --from raw/bikes")
def new(
    name: Annotated[str, typer.Argument(help="Name of the warehouse: small letters and _.")],
    raw: Annotated[Path, typer.Option("--from", help="Folder of its raw CSV and JSON files.")],
    into: Annotated[Path, typer.Option(help="The checkout to write into.")] = Path(),
) -> None:
    """Look at raw files and write a working warehouse for them, to be read and edited."""
    from src.scaffold.new import new_warehouse

    made = new_warehouse(name, raw, into.absolute())
    show_lines(("written", "what"), list(made.written.items()))
    for path in made.left_out[:10]:
        out.print(f"[yellow]left out[/] {escape(path)}: no CSV with a header, no JSON with records")
    if len(made.left_out) > 10:
        out.print(f"[yellow]left out[/] {len(made.left_out) - 10:,} more")
    out.print(f"Next: starlift run {name}; then read src/transforms/{name} and make it yours.")
