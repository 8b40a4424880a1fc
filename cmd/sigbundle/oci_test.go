// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/sigbundle/sigbundle/conformance/ocitest"
)

// images is a shell with a container image, and the flags by which somebody
// signs and somebody else verifies.
type images struct {
	*shell
	layout   *ocitest.Layout
	manifest []byte
	digest   string
	signer   []string
	verifier []string
}

func newImages(t *testing.T) *images {
	t.Helper()
	s := newShell(t)
	l, err := ocitest.NewLayout(filepath.Join(s.dir, "img"))
	if err != nil {
		t.Fatal(err)
	}
	i := &images{shell: s, layout: l}
	if i.manifest, err = l.AddImage("app", "v1"); err != nil {
		t.Fatal(err)
	}
	if i.digest, err = l.Put(i.manifest); err != nil {
		t.Fatal(err)
	}
	s.write("predicate.json", `{"made": "by hand"}`)
	i.signer = []string{"--trust-config", s.config, "--identity-token-file", s.write("token", jwt(t, nil))}
	i.verifier = []string{"--trusted-root", s.root(), "--identity", "dev@example.test", "--issuer", "https://accounts.example.test"}
	return i
}

// says runs the command and wants the exit code and these texts.
func (i *images) says(code int, args []string, want ...string) string {
	i.Helper()
	out := i.run(code, "", "sigbundle", args...)
	for _, w := range want {
		if !strings.Contains(out, w) {
			i.Errorf("%q does not say %q:\n%s", args, w, out)
		}
	}
	return out
}

// sign runs a signing command and returns the referrer's digest.
func (i *images) sign(args ...string) string {
	i.Helper()
	out := i.says(0, append(args, i.signer...), i.digest)
	found := regexp.MustCompile(`(?m)^(?:signed|attested) .*@` + i.digest + `: (sha256:[0-9a-f]{64})$`).FindStringSubmatch(out)
	if found == nil {
		i.Fatalf("no referrer in %q", out)
	}
	return found[1]
}

// verify is the command line of somebody who verifies.
func (i *images) verify(args ...string) []string {
	return append(append([]string{"verify"}, args...), i.verifier...)
}

// located is one image at several places.
func (i *images) located(r *ocitest.Registry) []string {
	i.Helper()
	if r == nil {
		return []string{"--oci-layout", "img"}
	}
	server := httptest.NewServer(r)
	i.Cleanup(server.Close)
	_, config := ocitest.Image("app")
	r.PutBlob("acme/app", config)
	r.PutManifest("acme/app", "v1", ocitest.MediaTypeManifest, i.manifest)
	return []string{"--plain-http", "--image", strings.TrimPrefix(server.URL, "http://") + "/acme/app:v1"}
}

// answer is what programs read.
type answer struct {
	Schema, Image, Digest, Code, Message string
	Verified                             bool
	Required                             int
	Lost                                 []struct{ Referrer, PredicateType string }
	Bundles                              []struct {
		Referrer string
		Report   struct {
			Verified  bool
			Code      string
			Artifact  []string
			Statement *struct{ PredicateType string }
		}
	}
}

func (i *images) report(code int, args ...string) *answer {
	i.Helper()
	out := i.says(code, i.verify(append(args, "--format", "json")...))
	r := new(answer)
	if err := json.Unmarshal([]byte(out), r); err != nil { // and nothing on standard error
		i.Fatalf("%v in %s", err, out)
	}
	return r
}

// What is signed and attested verifies, wherever the image is.
func TestImages(t *testing.T) {
	for what, r := range map[string]*ocitest.Registry{"layout": nil, "registry": {PageSize: 1}, "registry without referrers": {NoReferrers: true}} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			i := newImages(t)
			at := i.located(r)
			with := func(first string, more ...string) []string { return append(append([]string{first}, at...), more...) }
			i.says(1, i.verify(at...), "no bundle attached (oci.unsigned)")
			if got := i.report(1, at...); got.Code != "oci.unsigned" || got.Verified || got.Digest != i.digest || got.Bundles == nil {
				t.Errorf("unsigned: %+v", got)
			}

			signature := i.sign(with("sign")...)
			i.says(0, i.verify(at...), "verified  ", "@"+i.digest+", referrer "+signature, "https://sigstore.dev/cosign/sign/v1")
			sbom := i.sign(with("attest", "--predicate", "predicate.json", "--type", "spdx")...)

			got := i.report(0, at...)
			if got.Schema != verificationSchema || !got.Verified || got.Digest != i.digest || got.Image != at[len(at)-1] || got.Required != 1 || len(got.Bundles) != 2 {
				t.Errorf("%+v", got)
			}
			kinds := map[string]string{}
			for _, b := range got.Bundles {
				kinds[b.Referrer] = b.Report.Statement.PredicateType
				if !b.Report.Verified || b.Report.Artifact[0] != i.digest {
					t.Errorf("%+v", b)
				}
			}
			if kinds[signature] != "https://sigstore.dev/cosign/sign/v1" || kinds[sbom] != "https://spdx.dev/Document" {
				t.Errorf("referrers: %v", kinds)
			}
			// One is enough, and the others are reported; unless all must.
			wanted := []string{"--predicate-type", "https://spdx.dev/Document"}
			i.says(0, i.verify(append(at, wanted...)...), "1 of 2 distinct signatures verified, 1 required", "statement.predicate_type")
			i.says(1, i.verify(append(at, append(wanted, "--bundles", "all")...)...), "1 of 2 distinct signatures verified, 2 required")
			i.says(1, i.verify(append(at, "--bundles", "3")...), "2 of 2 distinct signatures verified, 3 required")
			i.says(1, i.verify(append(at, "--predicate-type", "https://slsa.dev/provenance/v1")...), "0 of 2")
			if got := i.report(1, append(at, "--bundles", "3", "--predicate-type", "https://spdx.dev/Document")...); got.Verified || got.Required != 3 {
				t.Errorf("%+v", got)
			}
			i.says(1, append(with("verify", "--identity", "else@example.test", "--issuer", "https://accounts.example.test"), i.verifier[:2]...), "identity.san")
		})
	}
}

// A bundle may lie beside an image.
func TestImageBundleFile(t *testing.T) {
	i := newImages(t)
	out := i.says(0, append([]string{"sign", "--oci-layout", "img:v1", "--bundle", "img.sigstore.json"}, i.signer...))
	if want := "signed img:v1@" + i.digest + ": img.sigstore.json\n"; !strings.Contains(out, want) {
		t.Errorf("%q, want %q", out, want)
	}
	i.says(1, i.verify("--oci-layout", "img"), "oci.unsigned")
	i.says(0, i.verify("--oci-layout", "img", "--bundle", "img.sigstore.json"), "verified  img@"+i.digest+"\n")
	if got := i.report(0, "--oci-layout", "img", "--bundle", "img.sigstore.json"); len(got.Bundles) != 1 || got.Bundles[0].Referrer != "" {
		t.Errorf("%+v", got)
	}
	// It is about that image and no other.
	if _, err := i.layout.AddImage("other", "v2"); err != nil {
		t.Fatal(err)
	}
	i.says(1, i.verify("--oci-layout", "img:v2", "--bundle", "img.sigstore.json"), "artifact.mismatch")
	// It can be attached later, once, and to that image only.
	attached := i.says(0, []string{"attach", "img.sigstore.json", "--oci-layout", "img:v1"}, "attached img.sigstore.json to img:v1@"+i.digest+": sha256:")
	i.says(0, i.verify("--oci-layout", "img:v1"), "verified")
	if again := i.says(0, []string{"attach", "img.sigstore.json", "--oci-layout", "img:v1"}, "img.sigstore.json is already attached to img:v1@"); again == attached {
		t.Errorf("again: %s, not %s", again, attached)
	}
	i.says(1, []string{"attach", "img.sigstore.json", "--oci-layout", "img:v2"}, "oci.artifact")
	i.says(1, []string{"attach", "predicate.json", "--oci-layout", "img:v1"}, "bundle.malformed")
	i.says(2, []string{"attach", "none", "--oci-layout", "img:v1"}, "no such file")
	i.says(2, []string{"attach", "img.sigstore.json"}, "image: not given")
	i.says(2, []string{"attach", "--oci-layout", "img:v1"}, "want BUNDLE")
	// And the digest alone verifies as any artifact's.
	i.says(0, i.verify(i.digest, "--bundle", "img.sigstore.json"), "verified")
}

// What a mirror has lost is named, with what can be known without its origin
// and with what cannot.
func TestImageMirror(t *testing.T) {
	i := newImages(t)
	signature := i.sign("sign", "--oci-layout", "img")
	sbom := i.sign("attest", "--oci-layout", "img", "--predicate", "predicate.json", "--type", "spdx")
	origin := filepath.Join(i.dir, "origin")
	if err := os.CopyFS(origin, os.DirFS(i.layout.Dir)); err != nil {
		t.Fatal(err)
	}
	i.says(0, i.verify("--oci-layout", "img", "--mirror-of", "origin"))
	i.says(0, i.verify("--oci-layout", "img", "--mirror-of", "origin:v1"))

	// It is still listed: reported without the origin.
	if err := os.Remove(i.layout.Path(sbom)); err != nil {
		t.Fatal(err)
	}
	i.says(0, i.verify("--oci-layout", "img"), "oci.missing", sbom, "1 of 2 distinct signatures verified, 1 required")
	i.says(1, i.verify("--oci-layout", "img", "--bundles", "all"), "oci.missing", sbom)
	i.says(1, i.verify("--oci-layout", "img", "--mirror-of", "origin"), "1 of the origin's 2 bundles are lost: "+sbom, "https://spdx.dev/Document", "oci.mirror")
	if got := i.report(1, "--oci-layout", "img", "--mirror-of", "origin"); got.Code != "oci.mirror" || len(got.Lost) != 1 ||
		got.Lost[0].Referrer != sbom || got.Lost[0].PredicateType != "https://spdx.dev/Document" || got.Verified || !got.Bundles[0].Report.Verified {
		t.Errorf("%+v", got)
	}
	// A copy of the image alone lists nothing.
	bare, err := ocitest.NewLayout(filepath.Join(i.dir, "bare"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bare.AddImage("app", ""); err != nil {
		t.Fatal(err)
	}
	i.says(1, i.verify("--oci-layout", "bare"), "oci.unsigned")
	i.says(1, i.verify("--oci-layout", "bare", "--mirror-of", "origin"), "2 of the origin's 2", signature, sbom)
	// What has no image, or none of its bundles, is no origin.
	if _, err := ocitest.NewLayout(filepath.Join(i.dir, "empty")); err != nil {
		t.Fatal(err)
	}
	at := i.located(new(ocitest.Registry))
	host, _, _ := strings.Cut(at[len(at)-1], "/")
	i.says(2, i.verify("--oci-layout", "img", "--mirror-of", "empty"), "origin empty", "oci.not_found")
	i.says(2, i.verify("--oci-layout", "img", "--plain-http", "--mirror-of", host+"/acme/ap"), "oci.not_found")
	i.says(1, i.verify("--oci-layout", "img", "--plain-http", "--mirror-of", host+"/acme/app"), "no bundle attached", "oci.mirror")
	i.says(1, i.verify("--oci-layout", "img", "--mirror-of", "bare"), "no bundle attached", "oci.mirror")
	if got := i.report(1, "--oci-layout", "img", "--mirror-of", "bare"); got.Code != "oci.mirror" || got.Verified {
		t.Errorf("%+v", got)
	}
	// Another image is no origin.
	if _, err := bare.AddImage("other", "v9"); err != nil {
		t.Fatal(err)
	}
	i.says(1, i.verify("--oci-layout", "img", "--mirror-of", "bare:v9"), "not the image", "oci.mirror")
	i.says(2, i.verify("--oci-layout", "img", "--mirror-of", "127.0.0.1:1/app"), "oci.registry.unreachable")
	for _, name := range []string{"nowhere", "no/where", "../nowhere", "./nowhere"} { // no host
		i.says(2, i.verify("--oci-layout", "img", "--mirror-of", name), "no such file")
	}
}

// What lies beside an image, or in the working directory, chooses neither the
// image nor what its mirror is held against.
func TestPlantedPlaces(t *testing.T) {
	i := newImages(t)
	i.sign("sign", "--oci-layout", "img")
	for _, name := range []string{"img:v1", "img@sha256"} { // no layout
		if err := os.MkdirAll(filepath.Join(i.dir, name), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"registry.test/app", "registry.test:5000/app", "localhost/app", "127.0.0.1"} {
		if err := os.CopyFS(filepath.Join(i.dir, name), os.DirFS(i.layout.Dir)); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{
		{"--oci-layout", "img:v1"}, {"--oci-layout", "img@" + i.digest}, {"--oci-layout", "img:v1@" + i.digest},
		{"--oci-layout", "img/", "--mirror-of", "img:v1"}, {"--oci-layout", "img/", "--mirror-of", "registry.test/app"},
		{"--oci-layout", "img/", "--mirror-of", "registry.test:5000/app"}, {"--oci-layout", "img/", "--mirror-of", "localhost/app:v1"},
		{"--oci-layout", "img/", "--mirror-of", "127.0.0.1:1/app"},
	} {
		i.says(2, i.verify(args...), "command.ambiguous")
	}
	i.says(0, i.verify("--oci-layout", "img/:v1", "--mirror-of", "./registry.test/app"))
	i.says(0, i.verify("--oci-layout", "img/@"+i.digest))
	i.says(2, i.verify("--oci-layout", "img:v1/"), "oci.layout")
}

// Nothing is asked of anyone about an image on disk.
func TestImageOffline(t *testing.T) {
	if commands["sigbundle-offline"] == nil {
		return // the kernel is asked on Linux only
	}
	i := newImages(t)
	i.sign("sign", "--oci-layout", "img")
	for code, args := range map[int][]string{0: {"--oci-layout", "img", "--mirror-of", "img"}, 1: {"--oci-layout", "img", "--bundles", "2"}} {
		i.run(code, "", "sigbundle-offline", i.verify(args...)...)
	}
	// The guard is on: a registry cannot be asked.
	if out := i.run(-1, "", "sigbundle-offline", i.verify("--plain-http", "--image", "127.0.0.1:1/app")...); out != "" {
		t.Error(out)
	}
}

// A writer of a repository adds to the report and takes nothing away.
func TestImageStrangers(t *testing.T) {
	r := new(ocitest.Registry)
	i := newImages(t)
	at := i.located(r)
	i.sign(append([]string{"sign"}, at...)...)
	for n, layer := range []string{"not a bundle", "{}", strings.Repeat(" ", 100)} {
		digest := r.PutBlob("acme/app", []byte(layer))
		r.PutManifest("acme/app", "", ocitest.MediaTypeManifest, fmt.Appendf(nil,
			`{"schemaVersion":2,"artifactType":"application/vnd.dev.sigstore.bundle.v0.3+json","config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":%q,"size":2},`+
				`"layers":[{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","digest":%q,"size":%d}],"subject":{"mediaType":%q,"digest":%q,"size":%d},"annotations":{"n":"%d"}}`,
			digest, digest, len(layer), ocitest.MediaTypeManifest, i.digest, len(i.manifest), n))
	}
	i.says(0, i.verify(at...), "1 of 4 distinct signatures verified, 1 required", "bundle.malformed", "bundle.version")
}

// A signature that is attached again counts once.
func TestImageRepeated(t *testing.T) {
	i := newImages(t)
	text, err := os.ReadFile(i.layout.Path(i.sign("sign", "--oci-layout", "img")))
	if err != nil {
		t.Fatal(err)
	}
	again := []byte(strings.Replace(string(text), `"annotations":{`, `"annotations":{"n":"2",`, 1))
	if _, err := i.layout.Put(again); err != nil {
		t.Fatal(err)
	}
	if got := i.report(0, "--oci-layout", "img", "--bundles", "all"); len(got.Bundles) != 2 || got.Required != 1 {
		t.Errorf("%+v", got)
	}
	i.says(1, i.verify("--oci-layout", "img", "--bundles", "2"), "1 of 1 distinct signatures verified, 2 required")
}

// Nor does it count twice in its other form, which no one needs the key for.
func TestImageRewritten(t *testing.T) {
	i := newImages(t)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	i.write("key", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
	i.write("pub", string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})))
	i.says(0, []string{"sign", "--oci-layout", "img", "--key", "key", "--trust-config", i.config, "--bundle", "b"})
	i.says(0, []string{"attach", "b", "--oci-layout", "img"})
	var b map[string]any
	text, err := os.ReadFile(filepath.Join(i.dir, "b"))
	if err == nil {
		err = json.Unmarshal(text, &b)
	}
	if err != nil {
		t.Fatal(err)
	}
	signature := b["dsseEnvelope"].(map[string]any)["signatures"].([]any)[0].(map[string]any)
	var number struct{ R, S *big.Int }
	der, err := base64.StdEncoding.DecodeString(signature["sig"].(string))
	if err == nil {
		_, err = asn1.Unmarshal(der, &number)
	}
	if err != nil {
		t.Fatal(err)
	}
	number.S.Sub(key.Params().N, number.S)
	if der, err = asn1.Marshal(number); err != nil {
		t.Fatal(err)
	}
	signature["sig"] = base64.StdEncoding.EncodeToString(der)
	b["verificationMaterial"].(map[string]any)["tlogEntries"] = []any{}
	delete(b["verificationMaterial"].(map[string]any), "timestampVerificationData")
	if text, err = json.Marshal(b); err != nil {
		t.Fatal(err)
	}
	i.write("c", string(text))
	i.says(0, []string{"attach", "c", "--oci-layout", "img"})
	verify := []string{"verify", "--oci-layout", "img", "--key", "pub", "--trusted-root", i.root(), "--require", "tlog=0,tsa=0,time=0"}
	if out := i.says(0, append(verify, "--bundles", "all")); strings.Contains(out, "refused") {
		t.Errorf("the other form does not verify: %s", out)
	}
	i.says(1, append(verify, "--bundles", "2"), "1 of 1 distinct signatures verified, 2 required")
}

// What cannot be looked at has no verdict: exit code 2.
func TestImageUnreachable(t *testing.T) {
	i := newImages(t)
	at := i.located(&ocitest.Registry{User: "me", Password: "secret"})
	i.says(2, i.verify(at...), "oci.registry.denied")
	i.says(2, append(append([]string{"sign"}, at...), i.signer...), "oci.registry.denied")
	i.says(2, i.verify("--image", at[len(at)-1]), "oci.registry.unreachable")
	i.says(2, i.verify("--image", "app"), "oci.reference")
	i.says(2, i.verify("--oci-layout", "none"), "no such file")
	i.says(2, i.verify("--oci-layout", "img:v2"), "oci.not_found")
	i.says(2, i.verify("--oci-layout", i.dir), "oci.layout")
	if _, err := i.layout.AddImage("other", "v2"); err != nil {
		t.Fatal(err)
	}
	i.says(2, i.verify("--oci-layout", "img"), "oci.ambiguous", i.digest)
	i.says(2, append([]string{"sign", "--oci-layout", "img"}, i.signer...), "oci.ambiguous")
	if i.Called("fulcio")+i.Called("rekor2") != 0 {
		t.Error("services were asked before the image was found")
	}
	// What was looked at and is wrong has one: exit code 1.
	if err := os.WriteFile(i.layout.Path(i.digest), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	i.says(1, i.verify("--oci-layout", "img:v1"), "oci.digest")
	if got := i.report(1, "--oci-layout", "img:v1"); got.Schema != verificationSchema || got.Code != "oci.digest" || got.Message == "" || got.Verified || got.Digest != "" || got.Bundles == nil {
		t.Errorf("%+v", got)
	}
}

// A signature is public when attaching it fails: the bundle is not lost.
func TestImageReadOnly(t *testing.T) {
	i := newImages(t)
	r := new(ocitest.Registry)
	at := i.located(r)
	r.Before = func(w http.ResponseWriter, req *http.Request) bool {
		if req.Method == http.MethodGet || req.Method == http.MethodHead {
			return false
		}
		w.WriteHeader(http.StatusForbidden)
		return true
	}
	out := i.says(1, append(append([]string{"sign"}, at...), i.signer...), "signed, but the bundle could not be attached and is in", "oci.registry.denied")
	name := regexp.MustCompile(`unattached-[0-9a-f]{16}\.sigstore\.json`).FindString(out)
	i.says(0, i.verify(append(at, "--bundle", name)...))
	r.Before = nil
	i.says(0, append([]string{"attach", name}, at...))
	i.says(0, i.verify(at...))
}

// Credentials come from docker's configuration.
func TestImageCredentials(t *testing.T) {
	i := newImages(t)
	at := i.located(&ocitest.Registry{User: "me", Password: "secret"})
	host, _, _ := strings.Cut(at[len(at)-1], "/")
	if err := os.Mkdir(filepath.Join(i.dir, ".docker"), 0o700); err != nil {
		t.Fatal(err)
	}
	i.write(".docker/config.json", `{"auths":{"`+host+`":{"auth":"bWU6c2VjcmV0"}}}`)
	i.sign(append([]string{"sign"}, at...)...)
	i.says(0, i.verify(at...))
	i.write(".docker/config.json", `{"auths":{"`+host+`":{"auth":"bWU6d3Jvbmc="}}}`)
	if out := i.says(2, i.verify(at...), "oci.registry.denied"); strings.Contains(out, "wrong") || strings.Contains(out, "bWU6") {
		t.Error(out)
	}
	i.write(".docker/config.json", `{`)
	i.says(2, i.verify(at...), "oci.registry.credentials")
}
