"""Write dist/starlift.zip: the code and settings that ``spark-submit --py-files`` takes.

Equal sources give equal bytes: names are sorted, times and permissions fixed. Tests and
third-party packages are not in it; scripts/submit.sh says how a cluster gets the latter.
"""

from __future__ import annotations

import argparse
import os
import uuid
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("conf", "jobs", "src")
KINDS = (".py", ".yaml", ".typed")
# The first instant that a zip can hold.
TIME = (1980, 1, 1, 0, 0, 0)


def members(root: Path) -> list[Path]:
    """The files of the zip, relative to the root, in the order of their names."""
    found = [
        file.relative_to(root)
        for folder in FOLDERS
        for file in (root / folder).rglob("*")
        if file.is_file() and file.suffix in KINDS and "__pycache__" not in file.parts
    ]
    return sorted(found, key=lambda file: file.as_posix())


def build_zip(root: Path, target: Path) -> int:
    """Write the zip and return the number of files in it; a reader never sees half of it."""
    files = members(root)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
    try:
        with zipfile.ZipFile(part, "w") as archive:
            for file in files:
                entry = zipfile.ZipInfo(file.as_posix(), TIME)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.create_system = 3
                entry.external_attr = 0o100644 << 16
                archive.writestr(entry, (root / file).read_bytes(), compresslevel=9)
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)
    return len(files)


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the zip for spark-submit.")
    parser.add_argument("--out", type=Path, default=ROOT / "dist" / "starlift.zip")
    target: Path = parser.parse_args().out
    count = build_zip(ROOT, target)
    print(f"{target}: {count} files, {target.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
