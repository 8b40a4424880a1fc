// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"strings"
	"sync"
	"testing"

	"github.com/sigbundle/sigbundle/conformance/internal/stack"
	"github.com/sigbundle/sigbundle/conformance/internal/stack/stacktest"
)

// cell is one kind of signature.
type cell struct {
	attest  bool
	config  stack.Signing
	managed bool
}

func (c cell) String() string {
	content, signer, rekor := "message", "keyless", "v2"
	if c.attest {
		content = "DSSE"
	}
	if c.managed {
		signer = "key"
	}
	if c.config == stack.RekorV1 {
		rekor = "v1"
	}
	return content + ", Rekor " + rekor + ", " + signer
}

// clients in the order of the printed matrix; ours alone where the others are
// not built.
var clients = map[stack.Set][]string{
	stack.Everything: {"sigbundle", "cosign", "peer-go"}, stack.ServersOnly: {"sigbundle"},
}[stacktest.Only()]

// sign has a client sign the artifact.
func (b *bench) sign(t *testing.T, client string, c cell, bundle string) error {
	t.Helper()
	verb := map[bool]string{false: "sign", true: "attest"}[c.attest]
	var args string
	switch client {
	case "sigbundle":
		args = verb + " artifact --signing-config " + b.SigningConfig(c.config) + " --trusted-root " + b.TrustedRoot() + " --bundle " + bundle
		args += map[bool]string{false: " --identity-token-file token", true: " --key key.pem"}[c.managed]
		if c.attest {
			args += " --predicate predicate --type " + predicateType
		}
	case "cosign":
		args = verb + "-blob --yes --signing-config " + b.SigningConfig(c.config) + " --trusted-root " + b.TrustedRoot() + " --bundle " + bundle
		args += map[bool]string{false: " --identity-token token", true: " --key import-cosign.key"}[c.managed]
		if c.attest {
			args += " --predicate predicate --type custom"
		}
		args += " artifact"
	case "peer-go":
		args = verb + " -config " + b.SigningConfig(c.config) + " -root " + b.TrustedRoot() + " -bundle " + bundle
		args += map[bool]string{false: " -token-file token", true: " -key key.pem"}[c.managed]
		if c.attest {
			args += " -predicate predicate -type " + predicateType
		}
		args += " artifact"
	}
	return b.run(t, client, args)
}

// verify has a client verify.
func (b *bench) verify(t *testing.T, client string, c cell, bundle, artifact string) error {
	t.Helper()
	var args string
	switch client {
	case "sigbundle":
		args = "verify " + artifact + " --trusted-root " + b.TrustedRoot() + " --bundle " + bundle
		args += map[bool]string{false: " --identity " + email + " --issuer " + b.URLs.Issuer, true: " --key key.pub"}[c.managed]
	case "cosign":
		args = "verify-blob"
		if c.attest {
			args = "verify-blob-attestation --type custom"
		}
		args += " --use-signed-timestamps --trusted-root " + b.TrustedRoot() + " --bundle " + bundle
		args += map[bool]string{false: " --certificate-identity " + email + " --certificate-oidc-issuer " + b.URLs.Issuer, true: " --key key.pub"}[c.managed]
		args += " " + artifact
	case "peer-go":
		args = "verify -root " + b.TrustedRoot() + " -bundle " + bundle
		args += map[bool]string{false: " -identity " + email + " -issuer " + b.URLs.Issuer, true: " -key key.pub"}[c.managed]
		args += " " + artifact
	}
	return b.run(t, client, args)
}

// TestMatrix has every client verify what every client signs, and refuse it
// for another artifact. It prints what it found, and holds docs/evidence/matrix.md to it.
func TestMatrix(t *testing.T) {
	var lock sync.Mutex
	found := make(matrix)
	t.Run("cells", func(t *testing.T) {
		for _, c := range cells() {
			for _, signer := range clients {
				t.Run(strings.ReplaceAll(c.String()+" by "+signer, " ", "_"), func(t *testing.T) {
					t.Parallel()
					row := matrixRow(t, signer, c)
					lock.Lock()
					defer lock.Unlock()
					for verifier, result := range row {
						found[[3]string{c.String(), signer, verifier}] = result
					}
				})
			}
		}
	})
	t.Log("\n" + found.table())
	if stacktest.Only() == stack.Everything {
		checkMatrix(t, found)
	}
}

func cells() (all []cell) {
	for _, attest := range []bool{false, true} {
		for _, config := range []stack.Signing{stack.RekorV1, stack.RekorV2} {
			for _, managed := range []bool{false, true} {
				all = append(all, cell{attest, config, managed})
			}
		}
	}
	return all
}

// matrixRow signs with one client and verifies with all.
func matrixRow(t *testing.T, signer string, c cell) map[string]string {
	t.Helper()
	b := newBench(t)
	if signer == "cosign" && c.managed {
		b.ok(t, "cosign", "import-key-pair --yes --key key.pem")
	}
	row := make(map[string]string)
	if err := b.sign(t, signer, c, "bundle.json"); err != nil {
		t.Error(err)
		return row
	}
	for _, verifier := range clients {
		if err := b.verify(t, verifier, c, "bundle.json", "artifact"); err != nil {
			row[verifier] = "REFUSED"
			t.Error(err)
			continue
		}
		row[verifier] = "ok"
		if b.verify(t, verifier, c, "bundle.json", "other") == nil {
			row[verifier] = "ACCEPTS ANYTHING"
			t.Errorf("%s accepts another artifact", verifier)
		}
	}
	return row
}
