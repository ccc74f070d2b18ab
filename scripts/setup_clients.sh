#!/usr/bin/env bash
# What `make clients` does: .venv-clients with exactly the packages of requirements-clients.lock.
# Clients of the stand-in live apart, as their dependencies are none of ours. Done again when the
# lock or the folder's place changes, or when the last try did not get to its end.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly VENV=.venv-clients LOG=.make/clients.log
wanted=$({ pwd -P; cat requirements-clients.lock; } | .venv/bin/python -c \
    'import hashlib, sys; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())')
[[ $(cat "$VENV/.setup" 2>/dev/null) != "$wanted" ]] || exit 0

mkdir -p .make
# Without dependencies of their own: the lock is complete, and names packages without extras,
# which pip would otherwise not find again in it.
printf 'Set-up: installing the clients of requirements-clients.lock (log: %s)\n' "$LOG"
rm -rf "$VENV"
if ! {
    .venv/bin/python -m venv "$VENV" &&
        "$VENV/bin/python" -m pip install --no-input --disable-pip-version-check \
            --progress-bar off --require-hashes --no-deps -r requirements-clients.lock
} >"$LOG" 2>&1 </dev/null; then
    printf 'Set-up failed: the clients could not be installed; the whole story is in %s.\n' \
        "$PWD/$LOG" >&2
    exit 1
fi
printf '%s\n' "$wanted" >"$VENV/.setup"
