"""The command that keeps the stand-in for Redshift open.

It imports neither Spark nor the pipeline: that would take longer than the stand-in's start.
"""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from src.cli.environment import Conf, Env
from src.local_warehouse import standin_buckets, standin_home, standin_s3
from src.settings_file import load_settings

if TYPE_CHECKING:
    from src.standin.server import Endpoint

commands = typer.Typer()


@commands.command(
    epilog="Examples: starlift redshift --port 5439 · starlift redshift --port 0 --ephemeral · "
    "starlift redshift --iam, and a driver connects with iam=True and its own endpoint_url"
)
def redshift(
    port: Annotated[
        int, typer.Option(help="The port to listen on; 0 takes a free one.", min=0, max=65535)
    ] = 5439,
    iam: Annotated[
        bool,
        typer.Option(
            "--iam",
            help="Let users IAM:name in, as GetClusterCredentials names them. AWS gave out their "
            "passwords, so nobody here can check them: any is taken, on 127.0.0.1 only.",
        ),
    ] = False,
    ephemeral: Annotated[
        bool,
        typer.Option("--ephemeral", help="An empty warehouse apart, which goes at the end."),
    ] = False,
    env: Env = "local",
    conf_dir: Conf = None,
) -> None:
    """Keep the local stand-in for Redshift open for psql, drivers and BI tools."""
    from src.standin.server import Server, set_up_home, stop_on_signals

    settings = load_settings(env, conf_dir)
    with ExitStack() as kept:
        home = standin_home(settings)
        if ephemeral:
            home = Path(kept.enter_context(tempfile.TemporaryDirectory(prefix="starlift-")))
        set_up_home(home, standin_buckets(settings), standin_s3(settings))
        server = Server(home, port=port, iam=iam)
        stop_on_signals(server)
        server.serve(_tell)


def _tell(at: Endpoint) -> None:
    print(
        f"The stand-in for Redshift is open on {at.host}:{at.port}. Connect with:\n"
        f"  PGPASSWORD={at.password} psql -h {at.host} -p {at.port} -U {at.user} {at.database}\n"
        "Stop it with Ctrl-C.",
        flush=True,
    )
