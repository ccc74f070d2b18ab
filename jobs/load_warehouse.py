"""Apply built entries that the warehouse does not have. Same options as ``starlift load``."""

import sys

from jobs.arguments import run_job

if __name__ == "__main__":
    sys.exit(run_job("load"))
