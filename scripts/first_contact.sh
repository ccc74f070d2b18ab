#!/usr/bin/env bash
# First contact with a real workgroup or cluster: what of it agrees with what the tests assume.
#
#   scripts/first_contact.sh [--env NAME] [--conf-dir DIR] [--json]
#
# Connects in each way that conf/<env>.yaml configures, loads a few rows into two schemas of its
# own (starlift_first_contact_…), sends what should be refused, and removes schemas and files
# again. Nothing else is read or written. Exit code 1 when anything does not agree.
set -euo pipefail
cd "$(dirname "$0")/.."
exec "${STARLIFT_PYTHON:-.venv/bin/python}" scripts/first_contact.py "$@"
