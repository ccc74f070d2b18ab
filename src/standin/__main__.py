"""``python -m src.standin --home DIR``: serve until SIGINT or SIGTERM."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path

from src.errors import StarliftError, UsageError
from src.standin.objects import save_mapping
from src.standin.server import Server, stop_on_signals, tell_parent, tell_person, watch_parent


def _bucket(text: str) -> tuple[str, Path]:
    name, mark, path = text.partition("=")
    if not mark or not name or not path:
        raise argparse.ArgumentTypeError(f"expected NAME=PATH, found {text!r}")
    return name, Path(path)


def main() -> int:
    """Parse the arguments and serve; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m src.standin", description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0, help="0 takes any free one")
    parser.add_argument("--bucket", type=_bucket, action="append", default=[], metavar="NAME=PATH")
    parser.add_argument("--s3", action="store_true", help="read buckets not mapped from S3")
    parser.add_argument("--s3-endpoint", metavar="URL", help="an S3 that is not AWS's, as moto's")
    parser.add_argument("--ephemeral", action="store_true", help="keep no data")
    parser.add_argument(
        "--iam", action="store_true", help="let users IAM:name in, whose passwords nobody can check"
    )
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    home = options.home.resolve()
    server = Server(home, port=options.port, ephemeral=options.ephemeral, iam=options.iam)
    try:
        if options.bucket or options.s3 or options.s3_endpoint:
            home.mkdir(parents=True, exist_ok=True)
            s3 = (
                {"endpoint_url": options.s3_endpoint} if options.s3 or options.s3_endpoint else None
            )
            save_mapping(home / "objects.json", dict(options.bucket), s3, replace=True)
        stop_on_signals(server)
        if options.child:
            watch_parent(server)
        server.serve(partial(tell_parent, home) if options.child else tell_person)
    except StarliftError as error:
        print(error, file=sys.stderr)
        return 2 if isinstance(error, UsageError) else 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
