// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sigbundle/sigbundle/conformance/ocitest"
	"github.com/sigbundle/sigbundle/internal/refuse"
)

// when is the day on which bundles are attached.
var when = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// fixture is a layout with one image.
type fixture struct {
	*Layout
	files *ocitest.Layout
	image Descriptor
	text  []byte // of the image's manifest
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	files, err := ocitest.NewLayout(filepath.Join(t.TempDir(), "image"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := files.AddImage("app", "v1")
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{files: files, text: text}
	f.Layout = open(t, files.Dir)
	if f.image, err = f.Resolve(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	return f
}

func open(t *testing.T, name string) *Layout {
	t.Helper()
	l, _, err := OpenLayout(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func (f *fixture) attach(t *testing.T, data []byte) Digest {
	t.Helper()
	d, err := Attach(t.Context(), f, f.image, data, when)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// list puts a manifest into the layout and into index.json.
func (f *fixture) list(t *testing.T, m any) Digest {
	t.Helper()
	data := f.store(t, m)
	d, err := f.files.List(MediaTypeManifest, "", data)
	if err != nil {
		t.Fatal(err)
	}
	return Digest(d)
}

// store puts a manifest into the layout.
func (f *fixture) store(t *testing.T, m any) []byte {
	t.Helper()
	data, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.files.Put(data); err != nil {
		t.Fatal(err)
	}
	return data
}

func (f *fixture) bundles(t *testing.T) []Referrer {
	t.Helper()
	list, err := Bundles(t.Context(), f, f.image.Digest)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// object is JSON to be written.
type object map[string]any

// referrer is the manifest of a bundle with that layer.
func (f *fixture) referrer(layers ...object) object {
	return object{
		"schemaVersion": 2, "mediaType": MediaTypeManifest, "artifactType": bundleType, "layers": layers,
		"config":  object{"mediaType": mediaTypeEmpty, "digest": DigestOf(emptyConfig), "size": 2},
		"subject": object{"mediaType": MediaTypeManifest, "digest": f.image.Digest, "size": f.image.Size},
	}
}

const bundleType = "application/vnd.dev.sigstore.bundle.v0.3+json"

func layer(data []byte) object {
	return object{"mediaType": bundleType, "digest": DigestOf(data), "size": len(data)}
}

func wantCode(t *testing.T, what string, err error, code refuse.Code) {
	t.Helper()
	if refuse.CodeOf(err) != code {
		t.Errorf("%s: %q, want %q: %v", what, refuse.CodeOf(err), code, err)
	}
}

// codes sums up what was found: the code of each, ok for bundles.
func codes(list []Referrer) string {
	var found []string
	for _, r := range list {
		code := string(refuse.CodeOf(r.Err))
		if r.Err == nil {
			code = "ok"
		}
		found = append(found, code)
	}
	return strings.Join(found, " ")
}

var background = context.Background()
