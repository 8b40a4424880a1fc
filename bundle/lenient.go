// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"crypto/sha256"

	bundlev1 "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/strictjson"
)

// maxDeviations bounds the unknown members that are listed one by one.
const maxDeviations = 64

// Parts is what can be read of a document that need not be a valid bundle. It
// is for looking at, never for judging: it is not a [Bundle], and nothing
// turns it into one.
type Parts struct {
	// Fields that could not be read are zero.
	MediaType string
	Version   Version
	Content   Bundle // Signature, Envelope, MessageDigest, Leaf, Intermediates, KeyHint, Entries, Timestamps; its Version is zero, so that it never verifies
	// Deviations are the refusals of [Parse], of which it returns the first,
	// in the order in which they were found. A valid bundle has no deviation.
	Deviations []error
	SHA256     [sha256.Size]byte // of the bytes
}

// ReadParts reads what can be read of data. Unknown members are skipped, a
// part that is refused is left out, and each deviation is listed. JSON that is
// not well-formed ends the reading: the part before the fault is kept.
func ReadParts(data []byte) *Parts {
	p := &Parts{SHA256: sha256.Sum256(data)}
	if len(data) > MaxSize {
		p.deviate(refuse.New("bundle.limit", "bundle of %d bytes, more than %d", len(data), MaxSize))
		return p
	}
	r := reader{d: strictjson.NewDecoder(data), lenient: true}
	m := r.bundle()
	err := r.end(m != nil)
	p.Deviations = r.skipped
	if err != nil || len(r.skipped) > 0 {
		if form := foreignForm(data); form != "" {
			p.deviate(refuse.New("bundle.malformed", "not a bundle, but %s", form))
		}
	}
	p.deviate(err)
	if m == nil {
		return p
	}
	b := &p.Content
	p.MediaType, p.Version = m.GetMediaType(), versions[m.GetMediaType()]
	b.MediaType, b.Version = p.MediaType, p.Version
	if p.Version == 0 {
		p.deviate(refuse.New("bundle.version", "media type %.80q is not that of a known bundle version", p.MediaType))
		b.Version = V03
	}
	if m.GetVerificationMaterial() == nil {
		p.deviate(refuse.New("bundle.material", "bundle without verification material"))
	}
	for _, part := range []func(*bundlev1.Bundle) error{b.content, b.material, b.keyHint, b.timestamps} {
		p.deviate(part(m))
	}
	for i, e := range m.GetVerificationMaterial().GetTlogEntries() {
		entry, err := buildEntry(e, b.Version)
		if err != nil {
			p.deviate(refuse.Wrap("bundle.malformed", err, "log entry %d", i+1))
			continue
		}
		b.Entries = append(b.Entries, entry)
	}
	b.MediaType, b.Version = "", 0
	return p
}

func (p *Parts) deviate(err error) {
	if err != nil {
		p.Deviations = append(p.Deviations, err)
	}
}
