// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/sigbundle/sigbundle/conformance/internal/stack"
)

// imageBench signs and verifies one image with several clients.
type imageBench struct {
	*bench
	image    name.Digest
	services string // the flags by which both clients name services and trust
}

// newImageBench pushes an image, or an index of two, to a repository.
func newImageBench(t *testing.T, host, repository string, index bool) *imageBench {
	t.Helper()
	b := newBench(t)
	tag, err := name.NewTag(host + "/" + repository + ":v1")
	if err != nil {
		t.Fatal(err)
	}
	image, err := random.Image(1024, 2)
	if err != nil {
		t.Fatal(err)
	}
	digest, err := image.Digest()
	if err == nil {
		err = remote.Write(tag, image)
	}
	if index && err == nil {
		several, problem := random.Index(1024, 1, 2)
		if problem != nil {
			t.Fatal(problem)
		}
		if digest, err = several.Digest(); err == nil {
			err = remote.WriteIndex(tag, several)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return &imageBench{b, tag.Digest(digest.String()), " --trusted-root " + b.TrustedRoot() + " --signing-config " + b.SigningConfig(stack.RekorV2)}
}

// sign has a client sign the image, or attest to it.
func (b *imageBench) sign(t *testing.T, client string, attest bool) {
	t.Helper()
	verb, predicate := "sign", ""
	if attest {
		verb, predicate = "attest", " --predicate predicate --type "+predicateType
	}
	if client == "cosign" {
		b.ok(t, client, verb+" --yes --allow-http-registry --identity-token token"+strings.Replace(predicate, predicateType, "custom", 1)+b.services+" "+b.image.String())
	} else {
		b.ok(t, client, verb+" --plain-http --identity-token-file token"+predicate+b.services+" --image "+b.image.String())
	}
}

// line is the command line by which a client verifies.
func (b *imageBench) line(client, who string, attest bool) string {
	if client == "cosign" {
		verb := "verify"
		if attest {
			verb = "verify-attestation --type custom"
		}
		return verb + " --allow-http-registry --use-signed-timestamps --trusted-root " + b.TrustedRoot() +
			" --certificate-oidc-issuer " + b.URLs.Issuer + " --certificate-identity " + who
	}
	line := "verify --trusted-root " + b.TrustedRoot() + " --issuer " + b.URLs.Issuer + " --identity " + who
	if attest {
		line += " --predicate-type " + predicateType
	}
	return line
}

// verify has a client verify the image, and refuse it for somebody else.
func (b *imageBench) verify(t *testing.T, client string, attest bool) {
	t.Helper()
	if client == "cosign" {
		b.ok(t, client, b.line(client, email, attest)+" "+b.image.String())
		b.refused(t, client, b.line(client, "other@example.test", attest)+" "+b.image.String(), "")
		return
	}
	at := " --plain-http --image " + b.image.String()
	b.ok(t, client, b.line(client, email, attest)+at)
	b.refused(t, client, b.line(client, "other@example.test", attest)+at, "identity.san")
}

// imageClients are those of this run that know images.
func imageClients() []string {
	return slices.DeleteFunc(slices.Clone(clients), func(c string) bool { return c == "peer-go" })
}

// TestImages has each client sign an image and attest to it, and each verify
// it: in a registry with the referrers API and in one without, for an image
// and for an index of several.
func TestImages(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for kind, host := range map[string]string{"referrers": b.URLs.Registry, "tags": b.URLs.RegistryTags} {
		for _, index := range []bool{false, true} {
			for _, signer := range imageClients() {
				what := kind + "-" + map[bool]string{false: "image", true: "index"}[index] + "-" + signer
				t.Run(what, func(t *testing.T) {
					t.Parallel()
					b := newImageBench(t, host, "acme/"+what, index)
					b.refused(t, "sigbundle", b.line("sigbundle", email, false)+" --plain-http --image "+b.image.String(), "oci.unsigned")
					b.sign(t, signer, false)
					for _, c := range imageClients() {
						b.verify(t, c, false)
					}
					b.sign(t, signer, true)
					for _, c := range imageClients() {
						b.verify(t, c, true)
					}
				})
			}
		}
	}
}

// TestImageBoth has both clients sign one image in one registry: neither loses
// what the other attached.
func TestImageBoth(t *testing.T) {
	t.Parallel()
	hosts := newBench(t).URLs
	for kind, host := range map[string]string{"referrers": hosts.Registry, "tags": hosts.RegistryTags} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			b := newImageBench(t, host, "acme/both-"+kind, false)
			for _, c := range imageClients() {
				b.sign(t, c, false)
				b.sign(t, c, true)
			}
			all := map[int]string{1: "2", 2: "4"}[len(imageClients())]
			b.ok(t, "sigbundle", b.line("sigbundle", email, false)+" --bundles "+all+" --plain-http --image "+b.image.String())
		})
	}
}

// TestImageLayout takes an image off a registry with `cosign save`, which
// lists no referrers, verifies it without a registry, and signs it there.
func TestImageLayout(t *testing.T) {
	t.Parallel()
	if !slices.Contains(clients, "cosign") {
		return // which saves it
	}
	b := newImageBench(t, newBench(t).URLs.Registry, "acme/layout", false)
	b.sign(t, "cosign", false)
	b.sign(t, "sigbundle", true)
	b.ok(t, "cosign", "save --allow-http-registry --dir saved "+b.image.String())
	ours := b.line("sigbundle", email, false)
	b.ok(t, "sigbundle", ours+" --oci-layout saved --bundles 2")
	b.ok(t, "sigbundle", ours+" --oci-layout saved@"+b.image.DigestStr()+" --plain-http --mirror-of "+b.image.String())
	b.ok(t, "sigbundle", "sign --oci-layout saved --identity-token-file token"+b.services)
	b.ok(t, "sigbundle", ours+" --oci-layout saved --bundles 3")
	b.ok(t, "cosign", strings.Replace(b.line("cosign", email, false), "--allow-http-registry", "--local-image", 1)+" saved")
	b.ok(t, "cosign", strings.Replace(b.line("cosign", email, true), "--allow-http-registry", "--local-image", 1)+" saved")
}

// TestImageMirror copies an image without what refers to it.
func TestImageMirror(t *testing.T) {
	t.Parallel()
	hosts := newBench(t).URLs
	b := newImageBench(t, hosts.Registry, "acme/mirror", false)
	b.sign(t, "sigbundle", false)
	image, err := remote.Image(b.image)
	if err != nil {
		t.Fatal(err)
	}
	mirror, err := name.NewTag(hosts.RegistryTags + "/acme/mirror:v1")
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(mirror, image); err != nil {
		t.Fatal(err)
	}
	line := b.line("sigbundle", email, false) + " --plain-http --image " + mirror.String()
	b.refused(t, "sigbundle", line, "oci.unsigned")
	b.refused(t, "sigbundle", line+" --mirror-of "+b.image.String(), "oci.mirror")
}
