// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"strings"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/strictjson"
)

// A Descriptor names content and says what it is (OCI image-spec 1.1, "OCI
// Content Descriptors"). All but the digest is a hint.
type Descriptor struct {
	MediaType    string            `json:"mediaType"`
	Digest       Digest            `json:"digest"`
	Size         int64             `json:"size"` // bytes
	ArtifactType string            `json:"artifactType,omitempty"`
	Annotations  map[string]string `json:"annotations,omitempty"`

	platform bool // says what machine it is for, which only images do
}

// Check holds content against the descriptor: oci.size, oci.digest.
func (d Descriptor) Check(data []byte) error {
	if int64(len(data)) != d.Size {
		return refuse.New("oci.size", "%s has %d bytes where it is listed with %d", d.Digest, len(data), d.Size)
	}
	if !d.Digest.fits(data) {
		return refuse.New("oci.digest", "what is stored as %s is something else", d.Digest)
	}
	return nil
}

// limit refuses content before any of it is read.
func (d Descriptor) limit(most int64) error {
	if d.Size < 0 || d.Size > most {
		return refuse.New("oci.limit", "%s is said to have %d bytes, more than %d", d.Digest, d.Size, most)
	}
	return nil
}

// Annotations that are read or written.
const (
	annotationName      = "org.opencontainers.image.ref.name" // the tag, in index.json
	annotationCreated   = "org.opencontainers.image.created"
	annotationContent   = "dev.sigstore.bundle.content" // dsse-envelope or message-signature
	annotationPredicate = "dev.sigstore.bundle.predicateType"
	annotationKind      = "kind" // what cosign calls an entry of index.json
)

// manifest is what image manifests and indexes have in common, of OCI and of
// Docker.
type manifest struct {
	mediaType    string
	artifactType string
	config       *Descriptor
	layers       []Descriptor
	manifests    []Descriptor
	isIndex      bool // there is a member "manifests"
	isImage      bool // there is a member "layers" or "config"
	subject      *Descriptor
	annotations  map[string]string
}

// parseManifest reads a manifest or an index. Members that it does not know
// are passed over; a repeated one, or one of the wrong type, is refused.
func parseManifest(data []byte) (*manifest, error) {
	m := new(manifest)
	d := strictjson.NewDecoder(data)
	err := d.Object(func(key string) (err error) {
		switch key {
		case "mediaType":
			m.mediaType, err = d.String()
		case "artifactType":
			m.artifactType, err = d.String()
		case "config":
			m.isImage = true
			m.config, err = readDescriptor(d)
		case "subject":
			if !d.Null() {
				m.subject, err = readDescriptor(d)
			}
		case "layers":
			m.isImage = true
			m.layers, err = readDescriptors(d)
		case "manifests":
			m.isIndex = true
			m.manifests, err = readDescriptors(d)
		case "annotations":
			m.annotations, err = readAnnotations(d)
		default:
			err = d.Skip()
		}
		return err
	})
	if err == nil {
		err = d.End()
	}
	if strictjson.IsLimit(err) {
		return nil, refuse.Wrap("oci.limit", err, "manifest")
	}
	if err != nil {
		return nil, refuse.Wrap("oci.manifest", err, "manifest")
	}
	if m.isIndex == m.isImage {
		return nil, refuse.New("oci.manifest", "neither an image manifest nor an index")
	}
	return m, nil
}

func readDescriptors(d *strictjson.Decoder) ([]Descriptor, error) {
	var list []Descriptor
	if d.Null() { // as some write an empty list
		return nil, nil
	}
	err := d.Array(MaxManifests, func(int) error {
		one, err := readDescriptor(d)
		if err == nil {
			list = append(list, *one)
		}
		return err
	})
	return list, err
}

func readDescriptor(d *strictjson.Decoder) (*Descriptor, error) {
	desc := &Descriptor{Size: -1}
	err := d.Object(func(key string) (err error) {
		switch key {
		case "mediaType":
			desc.MediaType, err = d.String()
		case "artifactType":
			desc.ArtifactType, err = d.String()
		case "digest":
			var s string
			if s, err = d.String(); err == nil {
				desc.Digest, err = ParseDigest(s)
			}
			if err != nil {
				err = refuse.New("oci.manifest", "digest: %v", err)
			}
		case "size":
			desc.Size, err = d.Int64()
		case "annotations":
			desc.Annotations, err = readAnnotations(d)
		case "platform":
			desc.platform = d.Kind() == '{'
			err = d.Skip()
		default:
			err = d.Skip()
		}
		return err
	})
	if err == nil && (desc.Digest == "" || desc.Size < 0) {
		err = refuse.New("oci.manifest", "a descriptor without digest or size")
	}
	return desc, err
}

func readAnnotations(d *strictjson.Decoder) (map[string]string, error) {
	if d.Null() {
		return nil, nil
	}
	m := make(map[string]string)
	err := d.Object(func(key string) error {
		key = strings.Clone(key) // the decoder's, during this call only
		value, err := d.String()
		m[key] = value
		return err
	})
	return m, err
}

// typeOf returns the media type of a manifest, which old ones leave out.
func (m *manifest) typeOf() string {
	switch {
	case m.mediaType != "":
		return m.mediaType
	case m.isIndex:
		return MediaTypeIndex
	}
	return MediaTypeManifest
}

// isBundle reports whether a media type is that of a bundle, of any version:
// which ones are read is the parser's business.
func isBundle(mediaType string) bool {
	return strings.HasPrefix(mediaType, "application/vnd.dev.sigstore.bundle")
}

// ParseIndex reads the entries of an index, such as the answer of a registry
// that lists referrers. Refusals are oci.manifest and oci.limit.
func ParseIndex(data []byte) ([]Descriptor, error) {
	if len(data) > MaxManifest {
		return nil, refuse.New("oci.limit", "index of more than %d bytes", MaxManifest)
	}
	m, err := parseManifest(data)
	if err != nil {
		return nil, err
	}
	if !m.isIndex {
		return nil, refuse.New("oci.manifest", "not an index")
	}
	return m.manifests, nil
}

// ParseSubject returns the media type that a manifest states, or that its
// form implies, and the digest of what it refers to, "" if nothing. Refusals
// are oci.manifest and oci.limit.
func ParseSubject(data []byte) (mediaType string, subject Digest, err error) {
	m, err := parseManifest(data)
	if err != nil {
		return "", "", err
	}
	if m.subject != nil {
		subject = m.subject.Digest
	}
	return m.typeOf(), subject, nil
}
