#!/usr/bin/env bash
# Builds Quorate's images of the version that pyproject.toml says. The images they begin with may be others:
# GO_BASE, CHAINCODE_BASE, PYTHON_BASE. Further words go to `docker build`.
set -euo pipefail
cd "$(dirname "$0")/.."
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' pyproject.toml)
argument() { [ -z "$2" ] || printf '%s\n' --build-arg "$1=$2"; }
mapfile -t bases < <(argument BUILD_BASE "${GO_BASE:-}"; argument BASE "${CHAINCODE_BASE:-}")
docker build "${bases[@]}" "$@" --tag "quorate/chaincode:$version" chaincode
mapfile -t bases < <(argument BASE "${PYTHON_BASE:-}")
docker build "${bases[@]}" "$@" --file gateway/Dockerfile --tag "quorate/gateway:$version" .
