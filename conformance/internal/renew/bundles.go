// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/verify"
)

// githubBundles are bundles of GitHub's instance in testdata/public, which
// come from the Go module of the GitHub client, with the artifacts that they
// are about.
var githubBundles = []struct{ bundle, artifact string }{
	{"github_provenance_demo-0.0.12-py3-none-any.whl.sigstore.jsonl", "github_provenance_demo-0.0.12-py3-none-any.whl"},
	{"github_release.zip.sigstore.json", "github_release.zip"},
}

// heldAgainstBundles verifies real bundles by a trusted root. It proves the
// anchors, and the intermediates in use when those were signed.
func heldAgainstBundles(data []byte) (note string, err error) {
	root, err := trustroot.Parse(data)
	if err != nil {
		return "", err
	}
	verifier, err := verify.New(verify.Config{Root: root, Policy: verify.Policy{AnyIdentity: true}})
	if err != nil {
		return "", err
	}
	for _, f := range githubBundles {
		raw, err := os.ReadFile(filepath.Join("testdata/public", f.bundle))
		if err != nil {
			return "", err
		}
		b, err := bundle.Parse([]byte(strings.TrimSpace(string(raw))))
		if err != nil {
			return "", fmt.Errorf("%s: %w", f.bundle, err)
		}
		artifact, err := os.Open(filepath.Join("testdata/public", f.artifact))
		if err != nil {
			return "", err
		}
		digest, err := verifier.ReadArtifact(artifact, b)
		artifact.Close()
		if err != nil {
			return "", err
		}
		if _, err := verifier.Verify(b, digest); err != nil {
			return "", fmt.Errorf("%s does not verify by it: %w", f.bundle, err)
		}
	}
	return fmt.Sprintf("Only this package carries it. It verifies the %d bundles of this instance that the Go module %s publishes (testdata/public).",
		len(githubBundles), strings.Split(githubCLI, "@")[0]), nil
}
