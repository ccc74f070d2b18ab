"""Build the star rows that staged files changed. Same options as ``starlift build``."""

import sys

from jobs.arguments import run_job

if __name__ == "__main__":
    sys.exit(run_job("build"))
