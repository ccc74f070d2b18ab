"""Make the archive of Java classes that lets later runs start sooner; `make run` ends with it.

STARLIFT_CLASS_LIST names the list that a run wrote. Never a failure: all works without an archive.
"""

import os
from pathlib import Path

from src.class_archive import LIST, archive_of, make_archive
from src.java import find_java

listed = Path(os.environ.get(LIST, ""))
if listed.is_file() and not archive_of(java_home := find_java()).is_file():
    print("Once: Java archives the classes that it used, so that later runs start sooner …")
    make_archive(java_home, listed)
