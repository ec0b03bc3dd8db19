#!/usr/bin/env bash
# Builds build/fabric-ca-server from its published module, for the tests that need a real one. Where it cannot be built,
# says why and succeeds: those tests then skip and say what they need.
set -euo pipefail
cd "$(dirname "$0")/.."
program=build/fabric-ca-server
want=$(cat network/tools/go.mod network/tools/go.sum scripts/build_ca.sh | sha256sum | cut -d' ' -f1)
[ -x "$program" ] && [ "$(cat build/.fabric-ca-server.stamp 2>/dev/null)" = "$want" ] && exit 0
skip() { printf 'ca: fabric-ca-server is not built, %s\n' "$1" >&2; exit 0; }
command -v go >/dev/null || skip 'there is no go on PATH'
command -v "${CC:-gcc}" >/dev/null || skip "its SQLite needs a C compiler and there is no ${CC:-gcc} on PATH"
mkdir -p build
echo 'ca: building fabric-ca-server from its module (about a minute the first time)'
# Its SQLite is built without optimisation for speed of building; a test's few hundred rows do not notice.
(cd network/tools && CGO_ENABLED=1 CGO_CFLAGS="${CGO_CFLAGS:--O0 -g0}" go build -trimpath -ldflags '-s -w' \
    -o ../../build/fabric-ca-server github.com/hyperledger/fabric-ca/cmd/fabric-ca-server) || skip 'its build failed, see above'
printf '%s' "$want" >build/.fabric-ca-server.stamp
