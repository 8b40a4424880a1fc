// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"path/filepath"
	"testing"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2"
	orasoci "oras.land/oras-go/v2/content/oci"

	"github.com/sigbundle/sigbundle/bundle/oci"
	"github.com/sigbundle/sigbundle/conformance/ocitest"
)

// `oras cp -r` takes bundles from a registry to a layout and back: we find
// them in what it writes, and it finds them in what we write.
func TestOrasCopies(t *testing.T) {
	f := newFixture(t, new(ocitest.Registry))
	data := ocitest.Bundle(t, f.text, oci.SignaturePredicateType)
	first, err := oci.Attach(t.Context(), f.dial(t), f.image, data, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "copy")
	store, err := orasoci.New(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := oras.ExtendedCopy(t.Context(), f.dial(t).repo, "v1", store, "v1", oras.DefaultExtendedCopyOptions); err != nil {
		t.Fatal(err)
	}
	layout, _, err := oci.OpenLayout(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer layout.Close()
	image, err := layout.Resolve(t.Context(), "")
	if err != nil || image.Digest != f.image.Digest {
		t.Fatalf("%+v, %v", image, err)
	}
	if list, err := oci.Bundles(t.Context(), layout, image.Digest); err != nil || codes(list) != "ok" || list[0].Digest != first {
		t.Errorf("in oras's layout: %s, %v", codes(list), err)
	}
	second, err := oci.Attach(t.Context(), layout, image, ocitest.Bundle(t, f.text, "https://example.org/p"), time.Time{})
	if err != nil {
		t.Fatal(err)
	}

	if store, err = orasoci.New(dir); err != nil { // reads what exists now
		t.Fatal(err)
	}
	found, err := store.Predecessors(t.Context(), descriptor(image))
	if err != nil || len(found) != 2 {
		t.Errorf("oras finds %v, %v", found, err)
	}
	back := newFixture(t, &ocitest.Registry{NoReferrers: true})
	copied, err := oras.ExtendedCopy(t.Context(), store, "v1", back.dial(t).repo, "v1", oras.DefaultExtendedCopyOptions)
	if err != nil || copied.MediaType != ocispec.MediaTypeImageManifest {
		t.Fatal(copied, err)
	}
	origin, err := oci.Bundles(t.Context(), layout, image.Digest)
	if err != nil {
		t.Fatal(err)
	}
	mirror, err := oci.Bundles(t.Context(), back.dial(t), image.Digest)
	if err != nil || len(mirror) != 2 || oci.CheckMirror(origin, mirror) != nil {
		t.Errorf("back in a registry: %s without %s or %s, %v", codes(mirror), first, second, err)
	}

	// Without -r the bundles stay behind.
	bare, err := orasoci.New(filepath.Join(t.TempDir(), "bare"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := oras.Copy(t.Context(), f.dial(t).repo, "v1", bare, "v1", oras.DefaultCopyOptions); err != nil {
		t.Fatal(err)
	}
	if found, err := bare.Predecessors(t.Context(), descriptor(image)); err != nil || len(found) != 0 {
		t.Errorf("%v, %v", found, err)
	}
}
