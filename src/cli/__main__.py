"""``python -m src.cli``: the same as ``starlift``."""

import sys

from src.cli.main import main

sys.exit(main())
