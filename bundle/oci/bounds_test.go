// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sigbundle/sigbundle/conformance/ocitest"
)

// A bundle is not read beyond what one may have: neither one that is said to
// be huge, nor one that is huge and said to be small (GHSA-88jx-383q-w4qc,
// CVE-2024-29902).
func TestGHSA_88jx_383q_w4qc_HugeAttachment(t *testing.T) {
	f := newFixture(t)
	for _, size := range []int64{MaxBundle + 1, 1 << 50, 1<<63 - 1} {
		f.list(t, f.referrer(object{"mediaType": bundleType, "digest": DigestOf([]byte(fmt.Sprint(size))), "size": size}))
	}
	if got := codes(f.bundles(t)); got != "oci.limit oci.limit oci.limit" {
		t.Errorf("said to be huge: %s", got)
	}
	f = newFixture(t)
	l := layer([]byte("{}"))
	f.list(t, f.referrer(l))
	if _, err := f.files.Put([]byte("{}")); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(f.files.Path(DigestOf([]byte("{}")).String()), MaxBundle+1); err != nil {
		t.Fatal(err) // sparse
	}
	if got := codes(f.bundles(t)); got != "oci.limit" {
		t.Errorf("said to be small: %s", got)
	}
}

// All bundles together have a bound, too.
func TestManyLargeBundles(t *testing.T) {
	f := newFixture(t)
	left := int64(MaxBundles)
	p := sizes{f}
	for i := range MaxBundles/MaxBundle + 1 {
		m := f.store(t, f.referrer(object{"mediaType": bundleType, "digest": DigestOf([]byte(fmt.Sprint(i))), "size": MaxBundle}))
		r := new(Referrer)
		_, err := r.read(t.Context(), p, Descriptor{Digest: DigestOf(m), Size: int64(len(m))}, f.image.Digest, &left)
		if i < MaxBundles/MaxBundle {
			wantCode(t, "within the bound", err, "bundle.malformed")
		} else {
			wantCode(t, "beyond the bound", err, "oci.limit")
		}
	}
}

// What is said to be large, and does not exist or is small, takes no space from
// the bundles that are: manifests cost their sender nothing.
func TestClaimedSizes(t *testing.T) {
	f := newFixture(t)
	for i := range MaxBundles/MaxBundle + 1 {
		f.list(t, f.referrer(object{"mediaType": bundleType, "digest": DigestOf([]byte(fmt.Sprint(i))), "size": MaxBundle}))
	}
	f.attach(t, ocitest.Bundle(t, f.text, SignaturePredicateType))
	want := strings.Repeat("oci.missing ", MaxBundles/MaxBundle+1) + "ok"
	if got := codes(f.bundles(t)); got != want {
		t.Errorf("found %s, want %s", got, want)
	}
}

// No bundle is attached that would be one referrer too many, of whatever kind
// the others are: then none of them could be read.
func TestAttachFull(t *testing.T) {
	f := newFixture(t)
	for i := range MaxReferrers {
		m := f.referrer()
		m["artifactType"], m["annotations"] = "application/octet-stream", object{"n": fmt.Sprint(i)}
		f.store(t, m)
	}
	_, err := Attach(t.Context(), f, f.image, ocitest.Bundle(t, f.text, SignaturePredicateType), when)
	wantCode(t, "full", err, "oci.limit")
	if got := f.bundles(t); len(got) != 0 {
		t.Errorf("found %s", codes(got))
	}
}

// A caller that gives up is let go, however much there is to look through.
func TestGivenUp(t *testing.T) {
	f := newFixture(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.Resolve(ctx, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("image: %v", err)
	}
	if _, err := f.Referrers(ctx, f.image.Digest); !errors.Is(err, context.Canceled) {
		t.Errorf("referrers: %v", err)
	}
	if _, err := f.scan(ctx, f.image.Digest); !errors.Is(err, context.Canceled) {
		t.Errorf("blobs: %v", err)
	}
}

// counted is a place that has images with many referrers, and counts reads.
type counted struct {
	index        []byte
	referrer     []byte
	listed       string // artifact type in the listing
	said         int64  // size of each referrer, as the listing says
	reads, blobs int
	bytes        int64
}

func (c *counted) Resolve(_ context.Context, reference string) (Descriptor, error) {
	if reference != DigestOf(c.index).String() {
		return Descriptor{}, errors.New("absent")
	}
	return Descriptor{Digest: DigestOf(c.index), Size: int64(len(c.index))}, nil
}

func (c *counted) Referrers(context.Context, Digest) ([]Descriptor, error) {
	d := Descriptor{MediaType: MediaTypeManifest, ArtifactType: c.listed, Digest: DigestOf(c.referrer), Size: c.said}
	return slices.Repeat([]Descriptor{d}, MaxReferrers), nil
}

func (c *counted) Manifest(_ context.Context, d Descriptor) ([]byte, error) {
	if d.Digest == DigestOf(c.index) {
		return c.index, nil
	}
	c.reads++
	c.bytes += d.Size
	return c.referrer, nil
}

func (c *counted) Blob(context.Context, Descriptor, int64) ([]byte, error) {
	c.blobs++
	return nil, errors.New("absent")
}

// What is said in place of a bundle costs no more than one budget, however
// many images an index has and however many referrers they have.
func TestInsteadBounded(t *testing.T) {
	var children []object
	for i := range 2 * maxHints {
		children = append(children, object{"mediaType": MediaTypeManifest, "digest": DigestOf([]byte{byte(i)}), "size": 1})
	}
	index, err := json.Marshal(object{"schemaVersion": 2, "mediaType": MediaTypeIndex, "manifests": children})
	if err != nil {
		t.Fatal(err)
	}
	const other = `{"schemaVersion":2,"artifactType":"a/b","layers":[]}`
	bundled := fmt.Sprintf(`{"schemaVersion":2,"layers":[{"mediaType":%q,"digest":%q,"size":%d}]}`, bundleType, DigestOf(nil), MaxBundle)
	for what, c := range map[string]struct {
		referrer, listed string
		said             int64
		reads, images    int
	}{
		"small referrers":           {referrer: other, said: 1, reads: maxHintReads},
		"large referrers":           {referrer: other, said: MaxManifest, reads: 1},
		"half of it each":           {referrer: other, said: MaxManifest / 2, reads: 2},
		"too large referrers":       {referrer: other, said: MaxManifest + 1},
		"sizes below zero":          {referrer: other, said: -1},
		"what cannot be parsed":     {referrer: "no manifest", said: 1, reads: maxHintReads},
		"large bundles":             {referrer: bundled, said: 1, reads: 2 * maxHints, images: maxHints},
		"bundles in the listing":    {referrer: other, listed: bundleType, said: 1, reads: maxHints, images: maxHints},
		"bundles of large manifest": {referrer: bundled, said: MaxManifest, reads: 1, images: 1},
	} {
		place := &counted{index: index, referrer: []byte(c.referrer), listed: c.listed, said: c.said}
		text := Instead(t.Context(), place, DigestOf(index))
		if place.reads != c.reads || place.blobs != 0 || place.bytes > maxHintBytes {
			t.Errorf("%s: %d manifests of %d bytes and %d blobs are read, want %d manifests", what, place.reads, place.bytes, place.blobs, c.reads)
		}
		if n := strings.Count(text, "bundles are attached"); n != c.images {
			t.Errorf("%s: %d images are named, want %d", what, n, c.images)
		}
	}
}

// sizes is a place whose blobs need not be made.
type sizes struct{ *fixture }

func (sizes) Blob(context.Context, Descriptor, int64) ([]byte, error) { return []byte("x"), nil }

// The number of entries of an index is bounded before they are kept, and so
// are the manifests that are read because of them (GHSA-95pr-fxf5-86gv,
// CVE-2024-29903).
func TestGHSA_95pr_fxf5_86gv_ManyEntries(t *testing.T) {
	entry := fmt.Sprintf(`{"mediaType":%q,"size":1,"digest":"sha256:%064d"}`, MediaTypeManifest, 0)
	many := `{"manifests":[` + strings.TrimSuffix(strings.Repeat(entry+",", MaxManifests+1), ",") + `]}`
	_, err := ParseIndex([]byte(many))
	wantCode(t, "entries", err, "oci.limit")
	_, err = ParseIndex(append([]byte(many[:len(many)-1]), strings.Repeat(" ", MaxManifest)...))
	wantCode(t, "bytes", err, "oci.limit")
	_, _, err = ParseSubject([]byte(strings.Replace(many, "manifests", "layers", 1)))
	wantCode(t, "layers", err, "oci.limit")

	f := newFixture(t)
	var list []object
	for i := range MaxReferrers + 1 {
		list = append(list, object{"mediaType": MediaTypeManifest, "size": 1, "digest": fmt.Sprintf("sha256:%064d", i)})
	}
	data := f.store(t, object{"manifests": list})
	if _, err := f.files.List(MediaTypeIndex, f.image.Digest.FallbackTag(), data); err != nil {
		t.Fatal(err)
	}
	_, err = Bundles(t.Context(), f, f.image.Digest)
	wantCode(t, "referrers", err, "oci.limit")
	_, err = f.Referrers(t.Context(), f.image.Digest)
	wantCode(t, "the list of them", err, "oci.limit")
}

// An index that names one large manifest as often as it can has it read once.
func TestRepeatedEntry(t *testing.T) {
	f := newFixture(t)
	m := f.referrer()
	m["x"] = strings.Repeat("x", MaxManifest-4096)
	data := f.store(t, m)
	entry := fmt.Sprintf(`{"mediaType":%q,"size":%d,"digest":%q}`, MediaTypeManifest, len(data), DigestOf(data))
	if err := f.files.Write("index.json", []byte(`{"manifests":[`+strings.Repeat(entry+",", MaxManifests-1)+entry+`]}`)); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if got := codes(f.bundles(t)); got != "oci.manifest" {
		t.Errorf("found %s", got)
	}
	if _, err := f.Resolve(t.Context(), ""); err == nil {
		t.Error("a referrer is an image")
	}
	if took := time.Since(start); took > 5*time.Minute { // 10,000 times take longer
		t.Errorf("took %s", took)
	}
}

// A manifest is bounded like everything else.
func TestHugeManifest(t *testing.T) {
	f := newFixture(t)
	d := f.attach(t, ocitest.Bundle(t, f.text, SignaturePredicateType))
	if err := os.Truncate(f.files.Path(d.String()), MaxManifest+1); err != nil {
		t.Fatal(err)
	}
	if got := codes(f.bundles(t)); got != "oci.limit" {
		t.Errorf("found %s", got)
	}
	_, err := f.Manifest(t.Context(), Descriptor{Digest: d, Size: 1 << 40})
	wantCode(t, "said to be huge", err, "oci.limit")
}

// Any byte of a manifest may be another, and nothing but a refusal follows.
func FuzzManifest(f *testing.F) {
	f.Add([]byte(`{"schemaVersion":2,"config":{"mediaType":"a","digest":"sha256:` + strings.Repeat("0", 64) + `","size":2},"layers":[],"subject":null,"annotations":{"a":"b"}}`))
	f.Add([]byte(`{"manifests":null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := parseManifest(data)
		if err != nil {
			if code := codes([]Referrer{{Err: err}}); !strings.HasPrefix(code, "oci.") {
				t.Errorf("code %q", code)
			}
			return
		}
		if m.isIndex == m.isImage {
			t.Error("neither one nor the other")
		}
		for _, d := range append(m.manifests, m.layers...) {
			if _, err := ParseDigest(d.Digest.String()); err != nil || d.Size < 0 {
				t.Errorf("%+v", d)
			}
		}
	})
}
