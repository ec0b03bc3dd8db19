#!/usr/bin/env bash
# gofmt, go vet and staticcheck over both Go modules; any finding fails.
set -euo pipefail
cd "$(dirname "$0")/.."
for module in chaincode network/embedded; do
    (
        cd "$module"
        unformatted=$(gofmt -l .)
        [ -z "$unformatted" ] || { printf 'gofmt: %s\n' "$unformatted" >&2; exit 1; }
        go vet ./...
        go tool staticcheck ./...
    )
done
