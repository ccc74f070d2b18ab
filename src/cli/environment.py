"""The options that say which settings a command uses; for all commands."""

from __future__ import annotations

from typing import Annotated

import typer

Env = Annotated[str, typer.Option("--env", help="Settings to use: conf/<env>.yaml.")]
Conf = Annotated[
    str | None, typer.Option("--conf-dir", help="Folder of settings, instead of ./conf.")
]
