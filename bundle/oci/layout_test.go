// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sigbundle/sigbundle/conformance/ocitest"
	"github.com/sigbundle/sigbundle/internal/refuse"
)

// What lies beside a layout does not choose the image.
func TestPlantedLayout(t *testing.T) {
	for name, plant := range map[string]func(name string) error{
		":v1":                  func(name string) error { return os.Mkdir(name, 0o777) },
		":v2":                  func(name string) error { return os.WriteFile(name, nil, 0o666) },
		":v3":                  func(name string) error { return os.Symlink("nowhere", name) },
		":host.example/app:v1": func(name string) error { return os.MkdirAll(name, 0o777) },
		"@sha256":              func(name string) error { return os.Mkdir(name, 0o777) },
		":sha256":              func(name string) error { return os.Mkdir(name, 0o777) },
		"@":                    func(name string) error { return os.Mkdir(name, 0o777) },
		":v4@sha256":           func(name string) error { return os.Mkdir(name, 0o777) },
	} {
		f := newFixture(t)
		planted := f.files.Dir + name
		if err := plant(planted); err != nil {
			t.Fatal(err)
		}
		for _, end := range []string{"", ":v9", strings.TrimPrefix(f.image.Digest.String(), "sha256")} {
			_, _, err := OpenLayout(planted + end)
			wantCode(t, planted+end, err, "command.ambiguous")
		}
		l, reference, err := OpenLayout(f.files.Dir + "/" + name)
		if code := refuse.CodeOf(err); err != nil && code != "oci.reference" || err == nil && reference != name[1:] {
			t.Errorf("%s: %q, %v", name, reference, err)
		}
		if err == nil {
			_ = l.Close()
		}
		if _, _, err := OpenLayout(planted + "/"); err == nil || refuse.CodeOf(err) == "command.ambiguous" {
			t.Errorf("%s/: %v", planted, err)
		}
	}
}

func TestOpenLayout(t *testing.T) {
	f := newFixture(t)
	colon := f.files.Dir + "colon:v1"
	if err := os.CopyFS(colon, os.DirFS(f.files.Dir)); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		f.files.Dir:         "",
		f.files.Dir + ":v2": "v2",
		f.files.Dir + "@" + f.image.Digest.String():    f.image.Digest.String(),
		f.files.Dir + ":v2@" + f.image.Digest.String(): "v2@" + f.image.Digest.String(),
		f.files.Dir + "/":    "",
		f.files.Dir + "/:v2": "v2",
		colon:                "",
		colon + "/":          "",
		colon + ":v2":        "v2",
		colon + "/:v2":       "v2",
		f.files.Dir + ":host.example/app@" + "sha256:abc": "host.example/app@sha256:abc",
	} {
		l, reference, err := OpenLayout(name)
		if err != nil || reference != want {
			t.Errorf("%s: %q, want %q: %v", name, reference, want, err)
			continue
		}
		_ = l.Close()
	}
	if _, _, err := OpenLayout(""); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no name: %v", err)
	}
	for _, end := range []string{":", "@", "@v1", "@" + strings.TrimPrefix(f.image.Digest.String(), "sha256:")} {
		_, _, err := OpenLayout(f.files.Dir + end)
		wantCode(t, end, err, "oci.reference")
	}
	if _, _, err := OpenLayout(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
	for what, marker := range map[string]string{
		"no JSON": "1.0.0", "another version": `{"imageLayoutVersion":"2.0.0"}`, "no version": `{}`,
		"twice": `{"imageLayoutVersion":"1.0.0","imageLayoutVersion":"1.0.0"}`, "more": `{"imageLayoutVersion":"1.0.0"}x`,
		"large": `{"imageLayoutVersion":"1.0.0"}` + strings.Repeat(" ", maxMarker),
	} {
		bad := newFixture(t)
		if err := bad.files.Write("oci-layout", []byte(marker)); err != nil {
			t.Fatal(err)
		}
		_, _, err := OpenLayout(bad.files.Dir)
		if what == "large" {
			wantCode(t, what, err, "oci.limit")
		} else {
			wantCode(t, what, err, "oci.layout")
		}
	}
	_, _, err := OpenLayout(t.TempDir())
	wantCode(t, "a folder without oci-layout", err, "oci.layout")
}

func TestResolve(t *testing.T) {
	f := newFixture(t)
	f.attach(t, ocitest.Bundle(t, f.text, SignaturePredicateType)) // which is no image
	digest := f.image.Digest.String()
	for _, reference := range []string{"", "v1", digest, "v1@" + digest, "other@" + digest} {
		if d, err := f.Resolve(t.Context(), reference); err != nil || d.Digest != f.image.Digest || d.MediaType != MediaTypeManifest || d.Size != int64(len(f.text)) {
			t.Errorf("%q: %+v, %v", reference, d, err)
		}
	}
	for reference, code := range map[string]string{
		"v2": "oci.not_found", "sha256:" + strings.Repeat("0", 64): "oci.not_found", "sha256:abc": "oci.reference",
		strings.Repeat("v", maxName+1): "oci.reference", "x:y": "oci.not_found", "v2@v1": "oci.reference", "v1@": "oci.reference", "@v1": "oci.reference", "v1@sha256:" + strings.Repeat("A", 64): "oci.reference",
	} {
		_, err := f.Resolve(t.Context(), reference)
		wantCode(t, reference, err, refuse.Code(code))
	}
	// What is stored under a digest and is no manifest is no image.
	config, err := f.files.Put([]byte(`{"architecture":"amd64"}`))
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Resolve(t.Context(), config)
	wantCode(t, "a config", err, "oci.manifest")
}

// Several images take a name; the message lists them.
func TestResolveSeveral(t *testing.T) {
	f := newFixture(t)
	if _, err := f.files.AddImage("other", ""); err != nil {
		t.Fatal(err)
	}
	_, err := f.Resolve(t.Context(), "")
	wantCode(t, "two images", err, "oci.ambiguous")
	if err != nil && !strings.Contains(err.Error(), f.image.Digest.String()) || !strings.Contains(fmt.Sprint(err), `":v1"`) {
		t.Errorf("the images are not listed: %v", err)
	}
	if d, err := f.Resolve(t.Context(), "v1"); err != nil || d.Digest != f.image.Digest {
		t.Errorf("by tag: %v", err)
	}
	if _, err := f.files.AddImage("third", "v1"); err != nil {
		t.Fatal(err)
	}
	_, err = f.Resolve(t.Context(), "v1")
	wantCode(t, "one tag for two images", err, "oci.ambiguous")

	empty, err := ocitest.NewLayout(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	_, err = open(t, empty.Dir).Resolve(t.Context(), "")
	wantCode(t, "no image", err, "oci.not_found")
}

// An index is one image, even where the images that it is made of are listed
// beside it.
func TestResolveIndex(t *testing.T) {
	f := newFixture(t)
	index := object{"schemaVersion": 2, "mediaType": MediaTypeIndex, "manifests": []object{{
		"mediaType": MediaTypeManifest, "digest": f.image.Digest, "size": f.image.Size, "platform": object{"os": "linux"},
	}}}
	want := f.list(t, index)
	// One of them that has a name could be meant.
	_, err := f.Resolve(t.Context(), "")
	wantCode(t, "a part with a name", err, "oci.ambiguous")
	name := filepath.Join(f.files.Dir, "index.json")
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(strings.ReplaceAll(string(data), annotationName, "another")), 0o600); err != nil {
		t.Fatal(err)
	}
	if d, err := f.Resolve(t.Context(), ""); err != nil || d.Digest != want || d.MediaType != MediaTypeIndex {
		t.Errorf("%+v, %v", d, err)
	}
}

// An image that cannot be read is not passed over for another.
func TestResolveDamaged(t *testing.T) {
	for what, code := range map[string]string{"absent": "oci.not_found", "other": "oci.digest", "large": "oci.limit", "link": "oci.ambiguous"} {
		f := newFixture(t)
		path := f.files.Path(f.image.Digest.String())
		var err error
		switch what {
		case "absent":
			err = os.Remove(path)
		case "other":
			err = os.WriteFile(path, []byte(strings.Replace(string(f.text), "2", "3", 1)), 0o666)
		case "large":
			err = os.Truncate(path, MaxManifest+1)
		case "link":
			if _, err = f.files.AddImage("second", ""); err == nil {
				err = os.Remove(path)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.Resolve(t.Context(), "")
		wantCode(t, what, err, refuse.Code(code))
	}
}

// Nothing outside the folder is read, whatever links are in it.
func TestLinksOutside(t *testing.T) {
	f := newFixture(t)
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.WriteFile(outside, f.text, 0o666); err != nil {
		t.Fatal(err)
	}
	path := f.files.Path(f.image.Digest.String())
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, path); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Resolve(t.Context(), ""); err == nil {
		t.Error("a link out of the layout was followed")
	}
}

// What is no regular file is not opened.
func TestNoFile(t *testing.T) {
	f := newFixture(t)
	path := f.files.Path(f.image.Digest.String())
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path, 0o777); err != nil {
		t.Fatal(err)
	}
	_, err := f.Resolve(t.Context(), "")
	wantCode(t, "a folder for a blob", err, "oci.layout")
}

// Index.json is read strictly.
func TestIndex(t *testing.T) {
	for what, text := range map[string]string{
		"no JSON": "x", "no index": `{"schemaVersion":2}`, "an image": `{"layers":[]}`, "both": `{"layers":[],"manifests":[]}`,
		"member twice": `{"manifests":[],"manifests":[]}`, "more": `{"manifests":[]}[]`,
		"no digest": `{"manifests":[{"mediaType":"a","size":1}]}`, "no size": `{"manifests":[{"digest":"sha256:` + strings.Repeat("0", 64) + `"}]}`,
		"negative size": `{"manifests":[{"size":-1,"digest":"sha256:` + strings.Repeat("0", 64) + `"}]}`,
		"a path":        `{"manifests":[{"size":1,"digest":"sha256:../../../../etc/passwd"}]}`,
		"weak digest":   `{"manifests":[{"size":1,"digest":"md5:d41d8cd98f00b204e9800998ecf8427e"}]}`,
		"deep":          strings.Repeat(`{"a":`, 200) + "1" + strings.Repeat("}", 200),
	} {
		f := newFixture(t)
		if err := f.files.Write("index.json", []byte(text)); err != nil {
			t.Fatal(err)
		}
		if _, err := f.Resolve(t.Context(), ""); err == nil {
			t.Errorf("%s: accepted", what)
		}
		if _, err := Bundles(t.Context(), f, f.image.Digest); err == nil {
			t.Errorf("%s: accepted by Bundles", what)
		}
		if err := f.PushReferrer(t.Context(), f.image, f.text, f.image.Digest); err == nil {
			t.Errorf("%s: written to", what)
		}
	}
}

// TestFullNames chooses images by the names that other tools write.
func TestFullNames(t *testing.T) {
	f := newFixture(t)
	text, err := f.files.AddImage("other", "registry.example.com:5000/team/app:v1")
	if err != nil {
		t.Fatal(err)
	}
	for name, code := range map[string]refuse.Code{
		"registry.example.com:5000/team/app:v1": "", "v1": "",
		"registry.example.com:5000/team/app:v2": "oci.not_found", "registry.example.com:5000/team/app": "oci.not_found",
		"registry.example.com:5000/team/app:v1@sha256:abc": "oci.reference", "sha256:registry": "oci.reference",
	} {
		l, reference, err := OpenLayout(f.files.Dir + ":" + name)
		if err != nil {
			t.Fatal(err)
		}
		d, err := l.Resolve(t.Context(), reference)
		wantCode(t, name, err, code)
		if want := DigestOf(text); code == "" && (d.Digest == want) != (name != "v1") {
			t.Errorf("%s: %s", name, d.Digest)
		}
		_ = l.Close()
	}
	// A name that is written as a digest does not stand for another image.
	if _, err := f.files.List(MediaTypeManifest, f.image.Digest.String(), text); err != nil {
		t.Fatal(err)
	}
	if d, err := f.Resolve(t.Context(), f.image.Digest.String()); err != nil || d.Digest != f.image.Digest {
		t.Errorf("%s, %v", d.Digest, err)
	}
}

// TestHiddenImages passes over no image that has a name.
func TestHiddenImages(t *testing.T) {
	subject := object{"mediaType": MediaTypeManifest, "digest": DigestOf([]byte("x")), "size": 1}
	layers := []object{{"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": DigestOf([]byte("x")), "size": 1}}
	old := []object{{"mediaType": "application/vnd.dev.cosign.simplesigning.v1+json", "digest": DigestOf([]byte("x")), "size": 1}}
	hex := strings.Repeat("a", 64)
	for name, c := range map[string]struct {
		manifest    object
		annotations object
		code        refuse.Code
	}{
		"a subject":                    {object{"layers": layers, "subject": subject}, object{annotationName: "latest"}, "oci.ambiguous"},
		"the mark of old signatures":   {object{"layers": layers}, object{annotationName: "latest", annotationKind: "dev.cosignproject.cosign/sigs"}, "oci.ambiguous"},
		"the mark of old attestations": {object{"layers": layers}, object{annotationName: "latest", annotationKind: "dev.cosignproject.cosign/atts"}, "oci.ambiguous"},
		"the mark alone":               {object{"layers": layers}, object{annotationKind: "dev.cosignproject.cosign/sigs"}, "oci.ambiguous"},
		"an artifact type, and absent": {nil, object{annotationName: "latest"}, "oci.ambiguous"},
		"a name like an old tag":       {object{"layers": layers}, object{annotationName: "sha256-" + hex[1:] + ".sig"}, "oci.ambiguous"},
		"an old signature":             {object{"layers": old}, object{annotationName: "sha256-" + hex + ".sig"}, ""},
		"an old signature, full name":  {object{"layers": old}, object{annotationName: "example.com/app:sha256-" + hex + ".att"}, ""},
		"an old signature, saved":      {object{"layers": old}, object{annotationName: "v1", annotationKind: "dev.cosignproject.cosign/sigs"}, ""},
		"an SBOM":                      {object{"layers": layers}, object{annotationName: "sha256-" + hex + ".sbom"}, ""},
		"an ordinary referrer":         {object{"layers": old, "subject": subject}, object{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			digest, size := DigestOf([]byte("absent")), 6
			if c.manifest != nil {
				c.manifest["schemaVersion"], c.manifest["mediaType"] = 2, MediaTypeManifest
				data := f.store(t, c.manifest)
				digest, size = DigestOf(data), len(data)
			}
			entry := object{"mediaType": MediaTypeManifest, "digest": digest, "size": size, "annotations": c.annotations}
			if c.manifest == nil {
				entry["artifactType"] = bundleType
			}
			listEntry(t, f, entry)
			_, err := f.Resolve(t.Context(), "")
			wantCode(t, name, err, c.code)
		})
	}
	t.Run("a part of another image", func(t *testing.T) {
		f := newFixture(t)
		data := f.store(t, object{"schemaVersion": 2, "mediaType": MediaTypeIndex, "manifests": []object{{"mediaType": MediaTypeManifest, "digest": f.image.Digest, "size": f.image.Size}}})
		listEntry(t, f, object{"mediaType": MediaTypeIndex, "digest": DigestOf(data), "size": len(data)})
		_, err := f.Resolve(t.Context(), "")
		wantCode(t, "", err, "oci.ambiguous")
	})
}

// listEntry adds an entry to index.json.
func listEntry(t *testing.T, f *fixture, entry object) {
	t.Helper()
	name := filepath.Join(f.files.Dir, "index.json")
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var index map[string]any
	if err := json.Unmarshal(data, &index); err != nil {
		t.Fatal(err)
	}
	list, _ := index["manifests"].([]any)
	index["manifests"] = append(list, entry)
	if data, err = json.Marshal(index); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestInstead says what exists in place of a bundle.
func TestInstead(t *testing.T) {
	f := newFixture(t)
	if got := Instead(t.Context(), f, f.image.Digest); got != "" {
		t.Errorf("nothing is there: %q", got)
	}
	if _, err := f.files.List(MediaTypeManifest, f.image.Digest.FallbackTag()+".sig", f.store(t, object{"schemaVersion": 2, "layers": []object{}})); err != nil {
		t.Fatal(err)
	}
	f.list(t, object{"schemaVersion": 2, "mediaType": MediaTypeManifest, "artifactType": "application/spdx+json", "layers": []object{},
		"config":  object{"mediaType": mediaTypeEmpty, "digest": DigestOf(emptyConfig), "size": 2},
		"subject": object{"mediaType": MediaTypeManifest, "digest": f.image.Digest, "size": f.image.Size}})
	got := Instead(t.Context(), f, f.image.Digest)
	for _, want := range []string{f.image.Digest.FallbackTag() + ".sig", "cosign's old kind", `it has 1 referrers of other kinds: "application/spdx+json"`} {
		if !strings.Contains(got, want) {
			t.Errorf("%q lacks %q", got, want)
		}
	}
	// A platform's image is signed, and its index is not.
	data := f.store(t, f.referrer(layer([]byte("not a bundle, and attached all the same"))))
	if _, err := f.files.List(MediaTypeManifest, "", data); err != nil {
		t.Fatal(err)
	}
	index := f.store(t, object{"schemaVersion": 2, "mediaType": MediaTypeIndex, "manifests": []object{{"mediaType": MediaTypeManifest, "digest": f.image.Digest, "size": f.image.Size}}})
	got = Instead(t.Context(), f, DigestOf(index))
	if !strings.Contains(got, "bundles are attached to "+f.image.Digest.String()) {
		t.Errorf("%q does not name the platform's image", got)
	}
}

// An index is signed, and the image of one platform is asked for.
func TestInsteadOfPlatform(t *testing.T) {
	f := newFixture(t)
	data := f.store(t, object{"schemaVersion": 2, "mediaType": MediaTypeIndex, "manifests": []object{{"mediaType": MediaTypeManifest, "digest": f.image.Digest, "size": f.image.Size}}})
	other := f.store(t, object{"schemaVersion": 2, "mediaType": MediaTypeIndex, "manifests": []object{}})
	for _, index := range [][]byte{other, data} {
		if _, err := f.files.List(MediaTypeIndex, "v2", index); err != nil {
			t.Fatal(err)
		}
	}
	if got := Instead(t.Context(), f.Layout, f.image.Digest); got != "" {
		t.Errorf("no index is signed: %q", got)
	}
	for _, index := range [][]byte{other, data} {
		bundled := f.referrer(layer([]byte("not a bundle, and attached all the same")))
		bundled["subject"] = object{"mediaType": MediaTypeIndex, "digest": DigestOf(index), "size": len(index)}
		f.list(t, bundled)
	}
	got := Instead(t.Context(), f.Layout, f.image.Digest)
	if !strings.Contains(got, "bundles are attached to "+DigestOf(data).String()) || strings.Contains(got, DigestOf(other).String()) {
		t.Errorf("%q does not name the index, or another one", got)
	}
}

// Signatures of cosign's old kind that `cosign save` left have no tag.
func TestInsteadSaved(t *testing.T) {
	for _, kind := range []string{"dev.cosignproject.cosign/sigs", "dev.cosignproject.cosign/atts"} {
		f := newFixture(t)
		data := f.store(t, object{"schemaVersion": 2, "mediaType": MediaTypeManifest, "layers": []object{}})
		listEntry(t, f, object{"mediaType": MediaTypeManifest, "digest": DigestOf(data), "size": len(data), "annotations": object{annotationKind: kind}})
		if got := Instead(t.Context(), f.Layout, f.image.Digest); !strings.Contains(got, "cosign's old kind") {
			t.Errorf("%s: %q", kind, got)
		}
		if d, err := f.Resolve(t.Context(), ""); err != nil || d.Digest != f.image.Digest {
			t.Errorf("%s: %v", kind, err)
		}
	}
}
