"""The main job: stage, build, load and verify a warehouse. Same options as ``starlift run``."""

import sys

from jobs.arguments import run_job

if __name__ == "__main__":
    sys.exit(run_job("run"))
