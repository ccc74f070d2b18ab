"""The options that several commands have."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from src.transforms.warehouses import WAREHOUSES


class FileFormat(StrEnum):
    orc = "orc"
    parquet = "parquet"


class OnBadFile(StrEnum):
    skip = "skip"
    fail = "fail"


Name = Annotated[str, typer.Argument(help="The warehouse: " + ", ".join(WAREHOUSES) + ".")]
Raw = Annotated[str | None, typer.Option("--raw", help="Folder of raw files.")]
Format = Annotated[FileFormat | None, typer.Option("--format", help="Format of new data files.")]
Full = Annotated[bool, typer.Option("--full", help="Build every star table anew from staged.")]
AcceptDrop = Annotated[
    bool,
    typer.Option(
        "--accept-drop",
        help="Let tables lose more rows than their contracts allow, as after a mass deletion.",
    ),
]
Bad = Annotated[
    OnBadFile,
    typer.Option(help="What to do when a raw file cannot be taken: fail publishes nothing."),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Say what would be done, with its SQL, and do nothing.")
]
LogJson = Annotated[bool, typer.Option("--log-json", help="Progress as JSON Lines on stderr.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
