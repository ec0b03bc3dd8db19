#!/usr/bin/env bash
# The locks that images are built from: the same versions as in requirements/all.txt, and only what an image needs.
set -euo pipefail
cd "$(dirname "$0")/.."
lock() {
    .venv/bin/uv pip compile "$@" --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
        --prerelease=explicit --constraint requirements/all.txt -q
}
lock pyproject.toml --extra gateway --extra portal -o requirements/gateway.txt
echo 'hatchling>=1.27' | lock - -o requirements/build.txt
