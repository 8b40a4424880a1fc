// SPDX-License-Identifier: Apache-2.0

// Package smoke shows that the stack is one that other people's clients can
// sign with: cosign and sigstore-go sign and verify each other's bundles,
// with certificates and with keys, through Rekor v1 and v2.
package smoke

import (
	"bytes"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sigbundle/sigbundle/conformance/internal/stack"
	"github.com/sigbundle/sigbundle/conformance/internal/stack/stacktest"
)

const email = stacktest.Email

func TestMain(m *testing.M) { stacktest.Main(m) }

// bench is the stack with a folder to sign in.
type bench struct {
	*stacktest.Stack
	stacktest.Folder
}

func newBench(t *testing.T) *bench {
	t.Helper()
	s := stacktest.Start(t)
	return &bench{s, s.NewFolder(t)}
}

// run runs a client and returns its output. The arguments are split at spaces.
func (b *bench) run(t *testing.T, client, args string, env ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), b.Binary(client), strings.Fields(args)...)
	cmd.Dir = string(b.Folder)
	cmd.Env = append(os.Environ(), append(env, "HOME="+string(b.Folder))...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}

func (b *bench) ok(t *testing.T, client, args string, env ...string) {
	t.Helper()
	if out, err := b.run(t, client, args, env...); err != nil {
		t.Fatalf("%s %s: %v\n%s", client, args, err, out)
	}
}

func (b *bench) refused(t *testing.T, client, args string) {
	t.Helper()
	if _, err := b.run(t, client, args); err == nil {
		t.Fatalf("%s %s: accepted", client, args)
	}
}

// verifyBoth verifies with both clients, and shows that both refuse another
// artifact and another identity.
func (b *bench) verifyBoth(t *testing.T, bundle string, attestation bool) {
	t.Helper()
	peer := func(id string) string {
		return "verify -root " + b.TrustedRoot() + " -identity " + id + " -issuer " + b.URLs.Issuer + " -bundle " + bundle + " "
	}
	cosign := func(id string) string {
		verb := "verify-blob"
		if attestation {
			verb = "verify-blob-attestation --type custom"
		}
		return verb + " --use-signed-timestamps --trusted-root " + b.TrustedRoot() +
			" --certificate-identity " + id + " --certificate-oidc-issuer " + b.URLs.Issuer + " --bundle " + bundle + " "
	}
	b.ok(t, "peer-go", peer(email)+"artifact")
	b.refused(t, "peer-go", peer(email)+"other")
	b.refused(t, "peer-go", peer("other@example.test")+"artifact")
	b.ok(t, "cosign", cosign(email)+"artifact")
	b.refused(t, "cosign", cosign(email)+"other")
	b.refused(t, "cosign", cosign("other@example.test")+"artifact")
}

func TestCertificate(t *testing.T) {
	t.Parallel()
	for _, config := range []stack.Signing{stack.RekorV1, stack.RekorV2, stack.RekorBoth, stack.RekorPair} {
		t.Run(string(config), func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			peer := " -token-file token -root " + b.TrustedRoot() + " -config " + b.SigningConfig(config)
			cosign := " --yes --identity-token token --trusted-root " + b.TrustedRoot() + " --signing-config " + b.SigningConfig(config)

			b.ok(t, "peer-go", "sign"+peer+" -bundle message.peer.json artifact")
			b.verifyBoth(t, "message.peer.json", false)
			b.ok(t, "cosign", "sign-blob"+cosign+" --bundle message.cosign.json artifact")
			b.verifyBoth(t, "message.cosign.json", false)
			// The type that cosign calls "custom".
			b.ok(t, "peer-go", "attest"+peer+" -predicate predicate -type https://cosign.sigstore.dev/attestation/v1 -bundle dsse.peer.json artifact")
			b.verifyBoth(t, "dsse.peer.json", true)
			b.ok(t, "cosign", "attest-blob"+cosign+" --predicate predicate --type custom --bundle dsse.cosign.json artifact")
			b.verifyBoth(t, "dsse.cosign.json", true)
			b.keep(t, string(config), "message.peer.json", "message.cosign.json", "dsse.peer.json", "dsse.cosign.json")
		})
	}
}

func TestKey(t *testing.T) {
	t.Parallel()
	for _, config := range []stack.Signing{stack.RekorV1, stack.RekorV2} {
		t.Run(string(config), func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			sign := " -key key.pem -root " + b.TrustedRoot() + " -config " + b.SigningConfig(config)
			for verb, args := range map[string]string{"sign": "", "attest": " -predicate predicate"} {
				b.ok(t, "peer-go", verb+sign+args+" -bundle "+verb+".json artifact")
				b.ok(t, "peer-go", "verify -key key.pub -root "+b.TrustedRoot()+" -bundle "+verb+".json artifact")
			}
			b.ok(t, "cosign", "verify-blob --key key.pub --use-signed-timestamps --trusted-root "+b.TrustedRoot()+" --bundle sign.json artifact")
			b.keep(t, "key-"+string(config), "sign.json", "attest.json", "key.pub")
		})
	}
}

// TestAmbient takes the identity from the endpoint that GitHub Actions offers.
func TestAmbient(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.ok(t, "cosign", "sign-blob --yes --trusted-root "+b.TrustedRoot()+" --signing-config "+b.SigningConfig(stack.RekorV2)+" --bundle ci.json artifact",
		"ACTIONS_ID_TOKEN_REQUEST_URL="+b.RequestURL, "ACTIONS_ID_TOKEN_REQUEST_TOKEN="+b.RequestToken)
	b.ok(t, "peer-go", "verify -root "+b.TrustedRoot()+" -identity "+stacktest.CIIdentity+" -issuer "+b.URLs.IssuerCI+" -bundle ci.json artifact")
	b.keep(t, "ci", "ci.json")
}

// TestTUF signs with what the TUF repository delivers.
func TestTUF(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.ok(t, "cosign", "initialize --mirror "+b.URLs.TUF+" --root "+b.TUFRoot())
	b.ok(t, "cosign", "sign-blob --yes --identity-token token --bundle tuf.json artifact")
	b.verifyBoth(t, "tuf.json", false)
}

// TestWitness looks for the cosignature in a checkpoint.
func TestWitness(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.ok(t, "peer-go", "sign -token-file token -root "+b.TrustedRoot()+" -config "+b.SigningConfig(stack.RekorV2)+" -bundle w.json artifact")
	if got := b.Read(t, "w.json"); !bytes.Contains(got, []byte("witness.example ")) {
		t.Errorf("no cosignature in %s", got)
	}
}

// TestPause runs before the parallel tests go on, as it must: it silences a
// server that they need.
func TestPause(t *testing.T) {
	s := stacktest.Start(t)
	ping := func(timeout time.Duration) error {
		client := http.Client{Timeout: timeout}
		resp, err := client.Get(s.URLs.TSA + "/certchain")
		if err == nil {
			err = resp.Body.Close()
		}
		return err
	}
	t.Run("paused", func(t *testing.T) {
		s.Pause(t, stack.TSA)
		if ping(300*time.Millisecond) == nil {
			t.Error("a paused server answers")
		}
	})
	if err := ping(30 * time.Second); err != nil {
		t.Error("after the pause:", err)
	}
}

func TestBadTokens(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for name, claims := range map[string]url.Values{
		"signature": {"_badsig": {"1"}}, "expired": {"_ttl": {"-60"}}, "audience": {"aud": {"other"}},
		"email": {"email_verified": {"false"}}, "key": {"_kid": {"unknown"}},
	} {
		b.Write(t, "bad", []byte(b.Mint(t, "email", claims)))
		out, err := b.run(t, "peer-go", "sign -token-file bad -root "+b.TrustedRoot()+" -config "+b.SigningConfig(stack.RekorV1)+" -bundle bad.json artifact")
		if err == nil {
			t.Errorf("%s: accepted\n%s", name, out)
		}
	}
}

// keep copies bundles, with the artifact and the trusted root that they
// verify with, to STACK_KEEP/NAME if that is set.
func (b *bench) keep(t *testing.T, name string, files ...string) {
	t.Helper()
	dir := os.Getenv("STACK_KEEP")
	if dir == "" {
		return
	}
	dir = filepath.Join(dir, name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	from := []string{b.TrustedRoot(), b.SigningConfig(stack.RekorV2), b.Path("witness.vkey"), b.File("artifact")}
	for _, f := range files {
		from = append(from, b.File(f))
	}
	for _, f := range from {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(f)), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
