// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/sigbundle/sigbundle/internal/stack"
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
	return fmt.Sprintf("%-8s Rekor %s  %s", content, rekor, signer)
}

// clients in the order of the printed matrix.
var clients = []string{"sigbundle", "cosign", "peer-go"}

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
// for another artifact. It prints what it found.
func TestMatrix(t *testing.T) {
	table := struct {
		sync.Mutex
		rows map[string]map[string]string // by kind and signer, by verifier
	}{rows: make(map[string]map[string]string)}
	t.Run("cells", func(t *testing.T) {
		for _, attest := range []bool{false, true} {
			for _, config := range []stack.Signing{stack.RekorV1, stack.RekorV2} {
				for _, managed := range []bool{false, true} {
					for _, signer := range clients {
						c := cell{attest, config, managed}
						t.Run(strings.ReplaceAll(c.String()+" by "+signer, " ", "_"), func(t *testing.T) {
							t.Parallel()
							row := matrixRow(t, signer, c)
							table.Lock()
							defer table.Unlock()
							table.rows[c.String()+"  signed by "+signer] = row
						})
					}
				}
			}
		}
	})
	for _, name := range slices.Sorted(maps.Keys(table.rows)) {
		line := fmt.Sprintf("%-55s", name)
		for _, verifier := range clients {
			line += fmt.Sprintf("  %s: %s", verifier, table.rows[name][verifier])
		}
		t.Log(line)
	}
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
