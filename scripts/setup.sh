#!/usr/bin/env bash
# Creates .venv from the locks, compiles its bytecode (importing torch, Lightning and Opacus takes twice as long without)
# and builds the Go programs. Does nothing that is already done.
set -euo pipefail
cd "$(dirname "$0")/.."

missing() { printf 'setup: %s\n' "$1" >&2; exit 2; }

find_python() {
    for candidate in "${PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11; do
        [ -n "$candidate" ] || continue
        if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            printf '%s\n' "$candidate"
            return
        fi
    done
    missing 'Python 3.11 or newer with its venv module is needed (Debian: apt-get install python3 python3-venv), or name one in PYTHON='
}

check_go() {
    command -v go >/dev/null || missing 'Go 1.26 or newer is needed and no "go" is on PATH (https://go.dev/dl/)'
    local have
    have=$(GOTOOLCHAIN=local go env GOVERSION | sed -E 's/^go([0-9]+)\.([0-9]+).*/\1 \2/')
    read -r major minor <<<"$have"
    [ "$major" -gt 1 ] || { [ "$major" -eq 1 ] && [ "$minor" -ge 26 ]; } || missing "Go 1.26 or newer is needed; this is $(go version)"
}

stamp_of() { cat "$@" | sha256sum | cut -d' ' -f1; }

python_environment() {
    local want
    want=$(stamp_of requirements/all.txt requirements/installer.txt pyproject.toml scripts/setup.sh)
    [ -f .venv/.stamp ] && [ "$(cat .venv/.stamp)" = "$want" ] && return
    local python
    python=$(find_python)
    echo "setup: Python environment in .venv ($("$python" --version))"
    # An environment whose making was interrupted has a Python and no pip.
    .venv/bin/python -c 'import pip' 2>/dev/null || "$python" -m venv --clear .venv
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/installer.txt
    .venv/bin/uv pip install --quiet --python .venv/bin/python --require-hashes -r requirements/all.txt
    .venv/bin/uv pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable .
    # A few packages ship sources of other Python versions; what does not compile is not imported either.
    env -u PYTHONDONTWRITEBYTECODE .venv/bin/python -m compileall -q -j 0 .venv/lib >/dev/null 2>&1 || true
    printf '%s' "$want" >.venv/.stamp
}

go_programs() {
    mkdir -p build
    (cd network/embedded && CGO_ENABLED=0 go build -trimpath -o ../../build/quorate-embedded ./cmd/quorate-embedded)
    (cd chaincode && CGO_ENABLED=0 go build -trimpath -o ../build/quorate-chaincode ./cmd/quorate-chaincode)
}

check_go
python_environment
go_programs
env -u PYTHONDONTWRITEBYTECODE .venv/bin/python -m compileall -q quorate gateway participants network
