#!/usr/bin/env bash
# What `make setup` does: .venv with exactly the packages of requirements.lock, and the command
# .venv/bin/starlift. Done once; done again when the lock, the package or the folder's place
# changed, or when the last try did not get to its end.
#
#   PYTHON=/path/to/python3.11 make setup     another interpreter than the one on PATH
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly NEEDED_PYTHON=3.11
readonly NEEDED_KB=$((3 * 1024 * 1024))
readonly STAMP=.venv/.setup
readonly STARTED=.venv/.setup-started
readonly WORK=.make
readonly LOG=$WORK/setup.log

say() { printf 'Set-up: %s\n' "$*"; }

fail() {
    printf 'Set-up failed: %s\n' "$*" >&2
    exit 1
}

# What the virtual environment depends on; its scripts hold the folder's path, so that counts too.
fingerprint() {
    { pwd -P; cat requirements.lock requirements.in setup.py; } | {
        if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi
    } | cut -d' ' -f1
}

is_done() {
    [[ -f $STAMP && -x .venv/bin/starlift && -x .venv/bin/python && ! -e $STARTED ]] &&
        [[ $(head -n 1 "$STAMP") == "$1" ]]
}

# The version of an interpreter as 3.11.7; empty where it does not run.
version_of() {
    "$1" -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])' 2>/dev/null || true
}

# Sets `python` to an interpreter of the needed version, or fails and says what was found.
find_python() {
    local candidate version found=()
    for candidate in ${PYTHON:+"$PYTHON"} "python$NEEDED_PYTHON" python3; do
        version=$(version_of "$candidate")
        if [[ $version == "$NEEDED_PYTHON".* ]]; then
            python=$candidate
            python_version=$version
            return
        fi
        if [[ -z $version ]]; then
            version=missing
            ! command -v "$candidate" >/dev/null || version="no Python that runs"
        fi
        found+=("$candidate is $version")
        # An interpreter that was asked for is not silently replaced by another.
        [[ -z ${PYTHON:-} ]] || break
    done
    local list
    list=$(printf ', %s' "${found[@]}")
    fail "Python $NEEDED_PYTHON is needed, found: ${list:2}. Install Python $NEEDED_PYTHON," \
        "or name one: PYTHON=/path/to/python$NEEDED_PYTHON make setup."
}

check_venv_module() {
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        fail "$python has no modules venv and ensurepip. Install them (Debian and Ubuntu:" \
            "package python$NEEDED_PYTHON-venv), or name another interpreter:" \
            "PYTHON=/path/to/python$NEEDED_PYTHON make setup."
}

check_disk() {
    free_kb=$(df -Pk . | awk 'NR == 2 {print $4}')
    ((free_kb >= NEEDED_KB)) ||
        fail "3 GB of free disk space are needed, found $((free_kb / 1024)) MB in $PWD." \
            "Free some, or put the checkout on another disk."
}

# Runs a command with its output in the log. A count of the packages is shown now and then.
quietly() {
    local what=$1 seconds=0 child status=0 reason
    shift
    "$@" >>"$LOG" 2>&1 </dev/null &
    child=$!
    trap 'kill "$child" 2>/dev/null; wait "$child" 2>/dev/null; exit 130' INT TERM
    while kill -0 "$child" 2>/dev/null; do
        sleep 0.5
        seconds=$((seconds + 1))
        ((seconds % 30)) || say "… $((seconds / 2)) s, $(grep -c '^Collecting ' "$LOG" || true)" \
            "packages found so far"
    done
    wait "$child" || status=$?
    trap - INT TERM
    ((status == 0)) && return
    reason=$(grep -iE '^(ERROR|error|OSError|.*No space left)' "$LOG" | tail -n 1 || true)
    fail "$what did not succeed (${reason:-exit code $status}); the whole story is in $PWD/$LOG." \
        "Run it again once the cause is gone."
}

pip_install() {
    .venv/bin/python -m pip install --no-input --disable-pip-version-check \
        --no-warn-script-location --progress-bar off "$@"
}

main() {
    local wanted python python_version free_kb began=$SECONDS
    wanted=$(fingerprint)
    is_done "$wanted" && return

    mkdir -p "$WORK"
    # Two `make` at once on a first run: the second waits, and then finds all done.
    if command -v flock >/dev/null; then
        exec 9>"$WORK/setup.lock"
        flock -n 9 || { say "waiting for another set-up of this folder"; flock 9; }
        is_done "$wanted" && return
    fi

    find_python
    check_venv_module
    check_disk
    say "Python $python_version, $((free_kb / 1024 / 1024)) GB free"

    # Settings of the caller that would lead pip or Python elsewhere.
    unset PYTHONPATH PYTHONHOME PIP_TARGET PIP_PREFIX PIP_REQUIRE_VIRTUALENV
    export PIP_USER=0
    : >"$LOG"
    # Unpacking happens beside .venv, on the disk that was measured, whatever the size of /tmp.
    rm -rf "$WORK/tmp"
    mkdir -p "$WORK/tmp"
    TMPDIR=$(cd "$WORK/tmp" && pwd)
    export TMPDIR

    if [[ -e $STARTED ]]; then
        say "the last try did not get to its end, so .venv is made anew"
        rm -rf .venv
    elif [[ $(version_of .venv/bin/python) != "$NEEDED_PYTHON".* ]]; then
        rm -rf .venv
    elif [[ -f $STAMP && $(sed -n 2p "$STAMP") != "$(pwd -P)" ]]; then
        say "the folder was moved, so .venv is made anew"
        rm -rf .venv
    fi
    rm -f "$STAMP"
    if [[ ! -d .venv ]]; then
        say "making .venv"
        mkdir .venv
        : >"$STARTED"
        quietly "making the virtual environment" "$python" -m venv .venv
    fi
    : >"$STARTED"

    say "installing the $(grep -c '==' requirements.lock) packages of requirements.lock;" \
        "the first time this takes a minute or a few (log: $LOG)"
    # What builds other packages comes first, and from the lock too; so no build fetches its own.
    awk '/^[A-Za-z0-9]/ {keep = /^(packaging|setuptools|wheel)==/} keep' requirements.lock >"$WORK/build.lock"
    quietly "installing the build tools" pip_install --require-hashes -r "$WORK/build.lock"
    quietly "installing the packages of requirements.lock" \
        pip_install --require-hashes --no-build-isolation -r requirements.lock
    say "installing starlift itself"
    quietly "installing starlift itself" pip_install --no-deps --no-build-isolation -e .

    # Java's archive of classes is for the packages that were there; the next `make run` makes another.
    rm -rf .venv/share/starlift
    rm -rf "$WORK/tmp" "$STARTED"
    printf '%s\n' "$wanted" "$(pwd -P)" >"$STAMP"
    say "done in $((SECONDS - began)) s; the command is .venv/bin/starlift"
}

main
