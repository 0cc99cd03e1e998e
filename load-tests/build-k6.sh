#!/usr/bin/env bash
# Builds k6 with k6/x/tcp from Go modules (Go 1.25 or newer): build-k6.sh [--official] [OUTPUT]
#   default     load-tests/k6: k6 and our own module, versions and digests pinned in go.sum
#   --official  xk6 with grafana/xk6-tcp, whose licence is AGPL-3.0; the scenarios use the part both have
set -euo pipefail

readonly XK6=v1.4.11 K6=v2.1.0 TCP=v0.3.1
official=false
if [ "${1:-}" = --official ]; then
  official=true
  shift
fi
readonly OUTPUT=$(realpath -m "${1:-$(dirname "$0")/k6.bin}")
readonly GO=$(command -v go || echo /usr/local/go/bin/go)

if [ "$official" = true ]; then
  exec "$GO" run "go.k6.io/xk6@$XK6" build "$K6" --with "github.com/grafana/xk6-tcp@$TCP" --output "$OUTPUT"
fi
cd "$(dirname "$0")/k6"
exec "$GO" build -mod=readonly -ldflags=-s -o "$OUTPUT" .
