// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"bytes"
	"crypto"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/conformance/ocitest"
	"github.com/sigbundle/sigbundle/internal/refuse"
)

func TestAttach(t *testing.T) {
	f := newFixture(t)
	if list := f.bundles(t); len(list) != 0 {
		t.Fatalf("bundles of an image that has none: %v", list)
	}
	data := ocitest.Bundle(t, f.text, SignaturePredicateType)
	first := f.attach(t, data)
	second := f.attach(t, ocitest.Bundle(t, f.text, "https://slsa.dev/provenance/v1"))
	message := f.attach(t, ocitest.Bundle(t, f.text, ""))
	if again, err := Attach(t.Context(), f, f.image, data, when.Add(time.Hour)); err != nil || again != first {
		t.Errorf("the same bundle again: %s, %v", again, err)
	}
	list := f.bundles(t)
	if len(list) != 3 || codes(list) != "ok ok ok" {
		t.Fatalf("found %+v", list)
	}
	for i, want := range []Referrer{
		{Digest: first, PredicateType: SignaturePredicateType}, {Digest: second, PredicateType: "https://slsa.dev/provenance/v1"}, {Digest: message},
	} {
		if r := list[i]; r.Digest != want.Digest || r.PredicateType != want.PredicateType || r.ArtifactType != bundle.MediaType || r.Bundle == nil {
			t.Errorf("%d: %+v", i, r)
		}
	}
	_, err := Attach(t.Context(), f, f.image, []byte("{}"), when)
	wantCode(t, "no bundle", err, "bundle.version")
	for what, b := range map[string][]byte{
		"a statement about something else": ocitest.Bundle(t, []byte("else"), SignaturePredicateType), "a signature over something else": ocitest.Bundle(t, []byte("else"), ""),
	} {
		_, err := Attach(t.Context(), f, f.image, b, when)
		wantCode(t, what, err, "oci.artifact")
	}
	if len(f.bundles(t)) != 3 {
		t.Error("it was attached all the same")
	}
}

// Content may be named by its SHA-512.
func TestSHA512(t *testing.T) {
	f := newFixture(t)
	sum := sha512.Sum512(f.text)
	digest := Digest("sha512:" + hex.EncodeToString(sum[:]))
	if err := os.Mkdir(f.files.Dir+"/blobs/sha512", 0o777); err != nil {
		t.Fatal(err)
	}
	if err := f.files.Write(digest.path(), f.text); err != nil {
		t.Fatal(err)
	}
	image, err := f.Resolve(t.Context(), digest.String())
	if h, value := digest.Sum(); err != nil || image.Digest != digest || h != crypto.SHA512 || !bytes.Equal(value, sum[:]) {
		t.Fatalf("%+v, %v", image, err)
	}
	if tag := digest.FallbackTag(); len(tag) > 128 || !strings.HasPrefix(tag, "sha512-") {
		t.Errorf("tag %s", tag)
	}
	if err := f.files.Write(digest.path(), []byte(strings.Replace(string(f.text), "2", "3", 1))); err != nil {
		t.Fatal(err)
	}
	_, err = f.Resolve(t.Context(), digest.String())
	wantCode(t, "other content", err, "oci.digest")
	if h, value := Digest("").Sum(); h != 0 || value != nil || Digest("").path() != "" {
		t.Error("no digest has a sum")
	}
}

// The manifest is that of cosign v3, to the byte.
func TestAttachedManifest(t *testing.T) {
	f := newFixture(t)
	data := ocitest.Bundle(t, f.text, SignaturePredicateType)
	got, err := os.ReadFile(f.files.Path(f.attach(t, data).String()))
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf(`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",`+
		`"artifactType":"application/vnd.dev.sigstore.bundle.v0.3+json",`+
		`"config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2},`+
		`"layers":[{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","digest":%q,"size":%d}],`+
		`"subject":{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":%q,"size":%d},`+
		`"annotations":{"dev.sigstore.bundle.content":"dsse-envelope","dev.sigstore.bundle.predicateType":"https://sigstore.dev/cosign/sign/v1",`+
		`"org.opencontainers.image.created":"2026-01-02T03:04:05Z"}}`,
		DigestOf(data), len(data), f.image.Digest, len(f.text))
	if string(got) != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

// What others wrote into index.json stays.
func TestAttachKeepsTheIndex(t *testing.T) {
	for what, manifests := range map[string]string{"one": `[ {"mediaType":"M","digest":"D","size":S,"x":[1.50, null],"annotations":{"a":"\u0061"}} ]`} {
		f := newFixture(t)
		manifests = strings.NewReplacer("M", MediaTypeManifest, "D", f.image.Digest.String(), "S", fmt.Sprint(len(f.text))).Replace(manifests)
		if err := f.files.Write("index.json", []byte(`{"schemaVersion":2, "unknown":{"b":1e3}, "manifests":`+manifests+`,"annotations":{"z":"1"}}`)); err != nil {
			t.Fatal(err)
		}
		f.attach(t, ocitest.Bundle(t, f.text, SignaturePredicateType))
		got, err := os.ReadFile(f.files.Dir + "/index.json")
		if err != nil {
			t.Fatal(err)
		}
		for _, keep := range []string{strings.TrimSuffix(manifests, "]"), `"schemaVersion":2`, `"unknown":{"b":1e3}`, `"annotations":{"z":"1"}`} {
			if !bytes.Contains(got, []byte(keep)) {
				t.Errorf("%s: %s lost in\n%s", what, keep, got)
			}
		}
	}
}

// Writers wait for each other, and none loses another's entry.
func TestAttachAtOnce(t *testing.T) {
	f := newFixture(t)
	const writers = 8
	bundles := make([][]byte, writers)
	for i := range bundles {
		bundles[i] = ocitest.Bundle(t, f.text, fmt.Sprintf("https://example.org/%d", i))
	}
	var wg sync.WaitGroup
	for _, data := range bundles {
		wg.Go(func() {
			l, _, err := OpenLayout(f.files.Dir)
			if err == nil {
				defer l.Close()
				_, err = Attach(background, l, f.image, data, when)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	entries, err := f.index()
	if err != nil || len(entries) != writers+1 {
		t.Errorf("%d entries, %v", len(entries), err)
	}
	if got := codes(f.bundles(t)); got != strings.TrimSpace(strings.Repeat("ok ", writers)) {
		t.Errorf("found %s", got)
	}
}

// Bundles are found however a layout came about.
func TestFind(t *testing.T) {
	data := func(t *testing.T, f *fixture) []byte {
		b := ocitest.Bundle(t, f.text, SignaturePredicateType)
		if _, err := f.files.Put(b); err != nil {
			t.Fatal(err)
		}
		return b
	}
	for what, make := range map[string]func(t *testing.T, f *fixture){
		"listed": func(t *testing.T, f *fixture) { f.list(t, f.referrer(layer(data(t, f)))) },
		// cosign save lists the image alone
		"unlisted": func(t *testing.T, f *fixture) { f.store(t, f.referrer(layer(data(t, f)))) },
		"under the tag": func(t *testing.T, f *fixture) {
			m := f.store(t, f.referrer(layer(data(t, f))))
			list := f.store(t, object{"mediaType": MediaTypeIndex, "manifests": []object{{"digest": DigestOf(m), "size": len(m)}}})
			if _, err := f.files.List(MediaTypeIndex, f.image.Digest.FallbackTag(), list); err != nil {
				t.Fatal(err)
			}
		},
		"three times": func(t *testing.T, f *fixture) {
			m := f.referrer(layer(data(t, f)))
			f.list(t, m)
			f.list(t, m)
		},
		// go-containerregistry names the config's type in its place
		"artifact type of the config": func(t *testing.T, f *fixture) {
			m := f.referrer(layer(data(t, f)))
			m["artifactType"] = mediaTypeEmpty
			f.list(t, m)
		},
		"beside other referrers": func(t *testing.T, f *fixture) {
			f.list(t, f.referrer(layer(data(t, f))))
			other := f.referrer(object{"mediaType": "text/plain", "digest": DigestOf(nil), "size": 0})
			other["artifactType"] = "application/spdx+json"
			f.list(t, other)
			of := f.referrer(layer([]byte("of another image")))
			of["subject"] = object{"mediaType": MediaTypeManifest, "digest": DigestOf(nil), "size": 0}
			f.list(t, of)
		},
	} {
		f := newFixture(t)
		make(t, f)
		if got := codes(f.bundles(t)); got != "ok" {
			t.Errorf("%s: %q", what, got)
		}
		if _, err := f.Resolve(t.Context(), ""); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// What is wrong with a referrer is said, and takes nothing from the others.
func TestFindWrong(t *testing.T) {
	for what, c := range map[string]struct {
		code  refuse.Code
		spoil func(f *fixture, b []byte) object
	}{
		"no layer":   {"oci.manifest", func(f *fixture, _ []byte) object { return f.referrer() }},
		"two layers": {"oci.manifest", func(f *fixture, b []byte) object { return f.referrer(layer(b), layer(b)) }},
		"layer of another type": {"oci.manifest", func(f *fixture, b []byte) object {
			l := layer(b)
			l["mediaType"] = "text/plain"
			return f.referrer(l)
		}},
		"absent blob": {"oci.missing", func(f *fixture, b []byte) object { return f.referrer(layer(append(b, ' '))) }},
		"another size": {"oci.size", func(f *fixture, b []byte) object {
			l := layer(b)
			l["size"] = len(b) - 1
			return f.referrer(l)
		}},
		"a bundle that is none": {"bundle.malformed", func(f *fixture, _ []byte) object {
			_, err := f.files.Put([]byte("nothing"))
			if err != nil {
				t.Fatal(err)
			}
			return f.referrer(layer([]byte("nothing")))
		}},
	} {
		f := newFixture(t)
		good := f.attach(t, ocitest.Bundle(t, f.text, SignaturePredicateType))
		b := ocitest.Bundle(t, f.text, "https://example.org/p")
		if _, err := f.files.Put(b); err != nil {
			t.Fatal(err)
		}
		bad := f.list(t, c.spoil(f, b))
		list := f.bundles(t)
		if len(list) != 2 || list[0].Digest != good || list[0].Err != nil || list[1].Digest != bad || list[1].Bundle != nil {
			t.Errorf("%s: %+v", what, list)
			continue
		}
		wantCode(t, what, list[1].Err, c.code)
		if !strings.Contains(list[1].Err.Error(), bad.String()) {
			t.Errorf("%s: the message does not name %s: %v", what, bad, list[1].Err)
		}
	}
}

// A list that names a manifest of another image is wrong, and says so.
func TestSubjectOfAnother(t *testing.T) {
	f := newFixture(t)
	b := ocitest.Bundle(t, f.text, SignaturePredicateType)
	if _, err := f.files.Put(b); err != nil {
		t.Fatal(err)
	}
	m := f.referrer(layer(b))
	m["subject"] = object{"mediaType": MediaTypeManifest, "digest": DigestOf(nil), "size": 0}
	of := f.store(t, m)
	list := f.store(t, object{"manifests": []object{{"digest": DigestOf(of), "size": len(of)}}})
	if _, err := f.files.List(MediaTypeIndex, f.image.Digest.FallbackTag(), list); err != nil {
		t.Fatal(err)
	}
	if got := codes(f.bundles(t)); got != "oci.subject" {
		t.Errorf("found %q", got)
	}
}

// What a copy has lost is named, if it is listed; and what is stored is what
// its digest says.
func TestDropped(t *testing.T) {
	for what, code := range map[string]string{"manifest": "oci.missing", "bundle": "oci.missing", "changed": "oci.digest", "cut": "oci.size"} {
		f := newFixture(t)
		data := ocitest.Bundle(t, f.text, SignaturePredicateType)
		d := f.attach(t, data)
		text, err := os.ReadFile(f.files.Path(d.String()))
		if err != nil {
			t.Fatal(err)
		}
		switch what {
		case "manifest":
			err = os.Remove(f.files.Path(d.String()))
		case "bundle":
			err = os.Remove(f.files.Path(DigestOf(data).String()))
		case "changed":
			_, err = 0, os.WriteFile(f.files.Path(d.String()), bytes.Replace(text, []byte("2026"), []byte("2027"), 1), 0o666)
		case "cut":
			err = os.Truncate(f.files.Path(d.String()), int64(len(text)-1))
		}
		if err != nil {
			t.Fatal(err)
		}
		list := f.bundles(t)
		if codes(list) != code || !strings.Contains(list[0].Err.Error(), d.String()) {
			t.Errorf("%s: %q, want %s: %+v", what, codes(list), code, list)
		}
		if what == "bundle" && !strings.Contains(list[0].Err.Error(), DigestOf(data).String()) {
			t.Errorf("the blob is not named: %v", list[0].Err)
		}
	}
}

// A mirror is held against its origin.
func TestCheckMirror(t *testing.T) {
	f := newFixture(t)
	kept := f.attach(t, ocitest.Bundle(t, f.text, SignaturePredicateType))
	broken := f.attach(t, ocitest.Bundle(t, f.text, "https://example.org/broken"))
	lost := f.attach(t, ocitest.Bundle(t, f.text, "https://example.org/lost"))
	origin := f.bundles(t)
	if err := CheckMirror(origin, origin); err != nil {
		t.Error(err)
	}
	if err := CheckMirror(nil, origin); err != nil {
		t.Errorf("a mirror with more than its origin: %v", err)
	}
	if err := os.Remove(f.files.Path(lost.String())); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(f.files.Path(broken.String()), 10); err != nil {
		t.Fatal(err)
	}
	err := CheckMirror(origin, f.bundles(t))
	wantCode(t, "mirror", err, "oci.mirror")
	for _, want := range []string{"2 of the origin's 3", lost.String(), "https://example.org/lost", broken.String(), "https://example.org/broken"} {
		if !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("%v does not name %s", err, want)
		}
	}
	if strings.Contains(fmt.Sprint(err), kept.String()) {
		t.Errorf("%v names %s", err, kept)
	}
	// What cannot be read at the origin cannot be shown to be here.
	wantCode(t, "an origin with gaps", CheckMirror(f.bundles(t), nil), "oci.mirror")
}

// A layout that cannot be written to stays as it is.
func TestWriteFails(t *testing.T) {
	f := newFixture(t)
	data := ocitest.Bundle(t, f.text, SignaturePredicateType)
	d := Descriptor{MediaType: bundleType, Digest: DigestOf(data), Size: int64(len(data))}
	wantCode(t, "other content", f.PushBlob(t.Context(), d, data[1:]), "oci.size")
	d.Size--
	wantCode(t, "other digest", f.PushBlob(t.Context(), d, data[1:]), "oci.digest")
	if err := os.RemoveAll(f.files.Dir + "/blobs"); err != nil {
		t.Fatal(err)
	}
	if err := f.files.Write("blobs", nil); err != nil {
		t.Fatal(err)
	}
	d.Size++
	wantCode(t, "a file for a folder", f.PushBlob(t.Context(), d, data), "oci.write")
	left, err := os.ReadDir(f.files.Dir)
	if err != nil || len(left) != 3 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
