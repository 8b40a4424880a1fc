// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/dsse"
	"github.com/sigbundle/sigbundle/internal/refuse"
)

// emptyConfig is the config of a manifest that is no image (OCI image-spec
// 1.1, "Guidance for an Empty Descriptor").
var emptyConfig = []byte("{}")

// Attach stores a bundle as a referrer of the subject, in the form of cosign
// v3, and returns the digest of its manifest. A zero created leaves out when.
// The same bundle is not attached twice: then the digest is that of the
// manifest which exists. What the bundle signs is not looked at.
//
// Refusals are those of [bundle.Parse], of [Bundles], and of the store.
func Attach(ctx context.Context, s Store, subject Descriptor, data []byte, created time.Time) (Digest, error) {
	b, err := bundle.Parse(data)
	if err != nil {
		return "", err
	}
	if !isAbout(b, subject.Digest) {
		return "", refuse.New("oci.artifact", "the bundle is not about %s", subject.Digest)
	}
	list, err := s.Referrers(ctx, subject.Digest)
	if err != nil {
		return "", err
	}
	there, err := readAll(ctx, s, subject.Digest, list)
	if err != nil {
		return "", err
	}
	layer := Descriptor{MediaType: b.MediaType, Digest: DigestOf(data), Size: int64(len(data))}
	for _, r := range there {
		if r.Err == nil && r.Layer == layer.Digest {
			return r.Digest, nil
		}
	}
	if len(list) >= MaxReferrers { // of any kind: with one more no client reads them
		return "", refuse.New("oci.limit", "%s has %d referrers already", subject.Digest, len(list))
	}
	config := Descriptor{MediaType: mediaTypeEmpty, Digest: DigestOf(emptyConfig), Size: int64(len(emptyConfig))}
	text, d, err := referrerManifest(b, config, layer, subject, created)
	if err != nil {
		return "", err
	}
	if err := s.PushBlob(ctx, config, emptyConfig); err != nil {
		return "", err
	}
	if err := s.PushBlob(ctx, layer, data); err != nil {
		return "", err
	}
	return d.Digest, s.PushReferrer(ctx, d, text, subject.Digest)
}

// isAbout reports whether a bundle says that it is about content with that
// digest. A message signature need not say what it is about.
func isAbout(b *bundle.Bundle, digest Digest) bool {
	h, sum := digest.Sum()
	if b.Envelope == nil {
		m := b.MessageDigest
		return m == nil || m.Algorithm != h || bytes.Equal(m.Value, sum)
	}
	statement, err := dsse.ParseStatement(b.Envelope.Payload, 0)
	if err != nil {
		return false
	}
	algorithm, _, _ := strings.Cut(digest.String(), ":")
	for _, s := range statement.Subjects {
		for _, d := range s.Digests {
			if d.Algorithm == algorithm && bytes.Equal(d.Value, sum) {
				return true
			}
		}
	}
	return false
}

// referrerManifest writes the manifest and its descriptor, with the
// annotations by which cosign shows and filters bundles.
func referrerManifest(b *bundle.Bundle, config, layer, subject Descriptor, created time.Time) ([]byte, Descriptor, error) {
	annotations := map[string]string{annotationContent: "message-signature"}
	if b.Envelope != nil {
		annotations[annotationContent] = "dsse-envelope"
	}
	if p := predicateType(b); p != "" {
		annotations[annotationPredicate] = p
	}
	if !created.IsZero() {
		annotations[annotationCreated] = created.UTC().Format(time.RFC3339)
	}
	subject.Annotations, subject.ArtifactType = nil, ""
	text, err := json.Marshal(struct {
		SchemaVersion int               `json:"schemaVersion"`
		MediaType     string            `json:"mediaType"`
		ArtifactType  string            `json:"artifactType"`
		Config        Descriptor        `json:"config"`
		Layers        []Descriptor      `json:"layers"`
		Subject       Descriptor        `json:"subject"`
		Annotations   map[string]string `json:"annotations"`
	}{2, MediaTypeManifest, b.MediaType, config, []Descriptor{layer}, subject, annotations})
	if err != nil {
		return nil, Descriptor{}, refuse.Wrap("oci.manifest", err, "manifest")
	}
	return text, Descriptor{
		MediaType: MediaTypeManifest, Digest: DigestOf(text), Size: int64(len(text)),
		ArtifactType: b.MediaType, Annotations: annotations,
	}, nil
}
