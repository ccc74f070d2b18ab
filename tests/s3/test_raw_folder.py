"""A raw folder on S3 where nothing lies: a mistyped prefix is no folder without news."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from src.cli.main import main
from tests.s3.server import S3Server


@pytest.mark.parametrize("command", ["run", "stage", "plan"])
def test_a_mistyped_prefix_is_one_sentence(
    s3: S3Server,
    bucket: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
) -> None:
    monkeypatch.setenv("STARLIFT_HOME", str(tmp_path))
    settings = {
        "lake": {"path": str(tmp_path / "lake")},
        "s3": {"endpoint": s3.endpoint, "region": "us-east-1", "path_style": True},
    }
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(settings))
    s3.client().put_object(Bucket=bucket, Key="raw/Genre.csv", Body=b"GenreId,Name\n1,Rock\n")
    raw = f"s3://{bucket}/rwa"
    assert (
        main([command, "chinook", "--raw", raw, "--env", "mine", "--conf-dir", str(tmp_path)]) == 2
    )
    said = capsys.readouterr().err
    assert "There is no such folder of raw files" in said and raw in said
    assert "nothing below this prefix" in said
