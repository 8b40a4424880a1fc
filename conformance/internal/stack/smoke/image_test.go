// SPDX-License-Identifier: Apache-2.0

package smoke

import (
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/sigbundle/sigbundle/conformance/internal/stack"
)

// TestImage signs an image in both registries: one has the referrers API, the
// other makes clients use the fallback tag.
func TestImage(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for kind, host := range map[string]string{"referrers": b.URLs.Registry, "tags": b.URLs.RegistryTags} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			image := pushImage(t, host+"/acme/app:v1")
			b.ok(t, "cosign", "sign --yes --allow-http-registry --identity-token token --trusted-root "+b.TrustedRoot()+
				" --signing-config "+b.SigningConfig(stack.RekorV2)+" "+image.String())
			verify := "verify --allow-http-registry --use-signed-timestamps --trusted-root " + b.TrustedRoot() +
				" --certificate-oidc-issuer " + b.URLs.Issuer + " --certificate-identity "
			b.ok(t, "cosign", verify+email+" "+image.String())
			b.refused(t, "cosign", verify+"other@example.test "+image.String())

			index, err := remote.Referrers(image)
			if err != nil {
				t.Fatal(err)
			}
			manifest, err := index.IndexManifest()
			if err != nil {
				t.Fatal(err)
			}
			const bundle = "application/vnd.dev.sigstore.bundle.v0.3+json"
			if len(manifest.Manifests) != 1 || manifest.Manifests[0].ArtifactType != bundle {
				t.Errorf("referrers: %+v", manifest.Manifests)
			}
		})
	}
}

func pushImage(t *testing.T, reference string) name.Digest {
	t.Helper()
	ref, err := name.ParseReference(reference)
	if err != nil {
		t.Fatal(err)
	}
	image, err := random.Image(1024, 2)
	if err != nil {
		t.Fatal(err)
	}
	digest, err := image.Digest()
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, image); err != nil {
		t.Fatal(err)
	}
	return ref.Context().Digest(digest.String())
}
