#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Verifies a real public artifact, then shows what a refusal looks like.
set -eu
sigbundle=$(realpath "$1")
cd "$(dirname "$0")"
artifact=github_provenance_demo-0.0.0-py3-none-any.whl
workflow=github/artifact-attestations-workflows/.github/workflows/attest.yml

echo "\$ sigbundle verify $artifact --repo malancas/attest-demo --signer-workflow $workflow"
"$sigbundle" verify "$artifact" --repo malancas/attest-demo --signer-workflow "$workflow"
echo
echo "The same for another repository, which must be refused:"
echo "\$ sigbundle verify $artifact --repo evil/attest-demo --signer-workflow $workflow"
if "$sigbundle" verify "$artifact" --repo evil/attest-demo --signer-workflow "$workflow"; then
	echo "demo: another repository was accepted" >&2
	exit 1
fi
