#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Verifies a real public artifact, then shows what a refusal looks like.
set -eu
sigbundle=$(realpath "$1")
cd "$(dirname "$0")"
artifact=github_provenance_demo-0.0.0-py3-none-any.whl
signer=https://github.com/github/artifact-attestations-workflows/.github/workflows/attest.yml@09b495c3f12c7881b3cc17209a327792065c1a1d
issuer=https://token.actions.githubusercontent.com

echo "\$ sigbundle verify $artifact --identity $signer --issuer $issuer"
"$sigbundle" verify "$artifact" --identity "$signer" --issuer "$issuer"
echo
echo "The same for somebody else's identity, which must be refused:"
echo "\$ sigbundle verify $artifact --identity https://github.com/evil/evil/… --issuer $issuer"
if "$sigbundle" verify "$artifact" --identity "https://github.com/evil/evil/.github/workflows/attest.yml@refs/heads/main" --issuer "$issuer"; then
	echo "demo: a wrong identity was accepted" >&2
	exit 1
fi
