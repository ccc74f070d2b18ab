"""The command ``starlift`` on a lake that was written by hand: chinook's contract, no Spark."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from src.io.redshift_session import Address
from src.transforms.warehouses import warehouse
from tests.loader.shop import Shop

CHINOOK = tuple(table for table, _ in warehouse("chinook").tables)
ROOT = Path(__file__).parents[2]


def redshift_settings(at: Address, copy_url: str, **more: Any) -> dict[str, Any]:
    """The part ``redshift`` of settings that lead to the stand-in."""
    return {
        "driver": "psycopg2",
        "host": at.host,
        "port": at.port,
        "database": at.database,
        "user": at.user,
        "ssl": False,
        "copy_url": copy_url,
    } | more


@dataclass
class Command:
    """A home with settings ``mine`` and a lake of genres; runs commands as programs."""

    home: Path
    lake: Path
    redshift: dict[str, Any]
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def shop(self) -> Shop:
        return Shop(self.lake, "chinook", self.redshift["copy_url"], tables=CHINOOK)

    def commit_genres(self, *names: str) -> Shop:
        """An entry with these genres as the whole of dim_genre."""
        table = next(table for table in CHINOOK if table.name == "dim_genre")
        shop = self.shop
        rows = {}
        for number, text in enumerate(names, 1):
            known = {"genre_key": number, "genre_id": number, "name": text, "is_inferred": False}
            rows[number] = [tuple(known.get(name) for name in table.names)]
        shop.commit({"dim_genre": rows}, whole=["dim_genre"])
        return shop

    def write_settings(self) -> Path:
        conf = self.home / "conf"
        conf.mkdir(parents=True, exist_ok=True)
        raw = self.home / "raw"
        raw.mkdir(exist_ok=True)
        if not (raw / "Genre.csv").exists():
            (raw / "Genre.csv").write_text("GenreId,Name\n1,Rock\n", encoding="utf-8")
        content = {
            "lake": {"path": str(self.lake)},
            "raw": {"chinook": str(raw)},
            "redshift": self.redshift,
        }
        (conf / "mine.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
        return conf

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run ``starlift`` with the settings ``mine``; output as text."""
        conf = self.write_settings()
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "STARLIFT_"))}
        return subprocess.run(
            [sys.executable, "-m", "src.cli", *arguments, "--env", "mine", "--conf-dir", str(conf)],
            cwd=ROOT,
            env=kept
            | {"STARLIFT_HOME": str(self.home), "PYTHONPATH": str(ROOT)}
            | self.environment,
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )

    def plan(self, *more: str) -> dict[str, Any]:
        done = self.run("plan", "chinook", "--json", *more)
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found
