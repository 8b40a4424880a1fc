#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Measures the start of the command against a minimal sigstore-go program:
# CPU time and peak memory of one process that verifies one real bundle.
#
#	coldstart.sh [RUNS]
set -eu
cd "$(dirname "$0")"
runs=${1:-20}
public=$(realpath ../../../testdata/public)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o "$tmp/peer" ./cmd/peer
CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o "$tmp/coldstart" ./cmd/coldstart
CGO_ENABLED=0 go build -C ../../.. -trimpath -ldflags '-s -w' -o "$tmp/sigbundle" ./cmd/sigbundle
artifact=$public/github_provenance_demo-0.0.0-py3-none-any.whl
san=https://github.com/github/artifact-attestations-workflows/.github/workflows/attest.yml@09b495c3f12c7881b3cc17209a327792065c1a1d
issuer=https://token.actions.githubusercontent.com
root=$(realpath ../../../trustroot/embedded)/data/public-good/trusted_root.json
"$tmp/coldstart" "$runs" \
	sigbundle "$tmp/sigbundle verify $artifact --identity $san --issuer $issuer" \
	peer "$tmp/peer $artifact.sigstore.json $root $artifact $san $issuer"
ls -l "$tmp/sigbundle" "$tmp/peer" | awk '{printf "%s: %.1f MB\n", $NF, $5/1e6}' | sed "s|$tmp/||"
