"""Where the local warehouse of an environment lies, and what its COPY may read: from the settings.

The stand-in starts in less time than Spark is imported, so this imports nothing of either.
"""

from __future__ import annotations

from pathlib import Path

from src.settings import Settings


def standin_home(settings: Settings) -> Path:
    """Where the stand-in keeps its data."""
    return settings.home / "redshift"


def standin_buckets(settings: Settings) -> dict[str, Path]:
    """Which bucket of COPY's URLs is which local folder: the lake's, unless it lies on S3."""
    if settings.lake_on_s3:
        return {}
    bucket = settings.redshift.copy_url.removeprefix("s3://").split("/")[0]
    return {bucket: Path(settings.lake.path)}


def standin_s3(settings: Settings) -> dict[str, str | bool | None] | None:
    """Where the stand-in reads objects of other buckets: the lake's S3; None for a local lake."""
    if not settings.lake_on_s3:
        return None
    s3 = settings.s3
    return {"endpoint_url": s3.endpoint, "region": s3.region, "path_style": s3.path_style}
