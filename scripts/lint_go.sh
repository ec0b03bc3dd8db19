#!/usr/bin/env bash
# gofmt, go vet and staticcheck over every Go module of ours, those of tests included; any finding fails.
set -euo pipefail
cd "$(dirname "$0")/.."
staticcheck=$(cd chaincode && go tool -n staticcheck)
for module in chaincode network/embedded tests/benchmarks/raw tests/integration/official/go; do
    (
        cd "$module"
        unformatted=$(gofmt -l .)
        [ -z "$unformatted" ] || { printf 'gofmt: %s\n' "$unformatted" >&2; exit 1; }
        go vet ./...
        "$staticcheck" ./...
    )
done
