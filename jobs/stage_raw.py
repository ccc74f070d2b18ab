"""Parse and check new raw files. Same options as ``starlift stage``."""

import sys

from jobs.arguments import run_job

if __name__ == "__main__":
    sys.exit(run_job("stage"))
