"""PostgreSQL refuses to run as root: whom it runs as then, and what that user must be let into."""

from __future__ import annotations

import os
import pwd
import stat
from pathlib import Path

from src.errors import StarliftError


def service_user() -> pwd.struct_passwd | None:
    """Whom PostgreSQL runs as when we are root, which it refuses; None when we are not root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise StarliftError(
        "PostgreSQL refuses to run as root, and there is no user postgres or nobody to run it as",
        do="run as an ordinary user",
    )


def open_path(path: Path) -> None:
    """Let other users pass through the folders above ``path``, no more than that.

    Only needed for root, whose own folders (/root) are closed to the user PostgreSQL runs as.
    """
    for folder in path.parents:
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXOTH)


def open_tree(folder: Path) -> None:
    """Let other users read and run PostgreSQL's programs.

    A umask of 077 closes all of them; where the folders are open, so are their thousands of files.
    """
    if all(path.stat().st_mode & stat.S_IXOTH for path in (folder, *folder.iterdir())
           if path.is_dir()):  # fmt: skip
        return
    # Folders behind what is in them: a tree that was left half open is seen to be closed.
    for path in reversed((folder, *folder.rglob("*"))):
        if path.is_symlink():
            continue
        mode = path.stat().st_mode
        wanted = stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR or path.is_dir() else 0)
        if mode & wanted != wanted:
            path.chmod(mode | wanted)
