"""The package: ``pip install .`` gives the command ``starlift``.

What it needs is listed once, in requirements.in; exact versions of everything, with hashes, are in
requirements.lock, which `make setup` installs.
"""

import re
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent


def _requirements() -> list[str]:
    lines = (ROOT / "requirements.in").read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith(("#", "-"))]


def _version() -> str:
    text = (ROOT / "src" / "__init__.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "(.+)"$', text, re.MULTILINE)
    if found is None:
        raise SystemExit('src/__init__.py holds no line __version__ = "…".')
    return found[1]


setup(
    name="starlift",
    version=_version(),
    description="Raw CSV files become a tested star schema in Amazon Redshift",
    long_description=(ROOT / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    license_files=["LICENSE"],
    python_requires=">=3.11,<3.12",
    install_requires=_requirements(),
    # The import path is the path in the repository, so that the editable install is one line in
    # a .pth file, which type checkers and editors resolve too.
    package_dir={"": "."},
    packages=find_packages(include=["src", "src.*", "jobs", "jobs.*", "conf"]),
    package_data={"conf": ["*.yaml"], "src": ["py.typed"]},
    entry_points={"console_scripts": ["starlift = src.cli.main:main"]},
    zip_safe=False,
)
