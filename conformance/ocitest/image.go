// SPDX-License-Identifier: Apache-2.0

package ocitest

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Media types of what [Image] makes.
const (
	MediaTypeManifest = "application/vnd.oci.image.manifest.v1+json"
	MediaTypeIndex    = mediaTypeIndex
)

// Image returns the manifest of an image, which name tells from others, and
// its config; there are no layers.
func Image(name string) (manifest, config []byte) {
	config = fmt.Appendf(nil, `{"architecture":"amd64","os":"linux","config":{"Labels":{"name":%q}},"rootfs":{"type":"layers","diff_ids":[]}}`, name)
	return fmt.Appendf(nil, `{"schemaVersion":2,"mediaType":%q,"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":%q,"size":%d},"layers":[]}`,
		MediaTypeManifest, digestOf(config), len(config)), config
}

// Layout is an image layout in a folder.
type Layout struct{ Dir string }

// NewLayout makes an empty layout in a folder that need not be there.
func NewLayout(dir string) (*Layout, error) {
	l := &Layout{dir}
	if err := os.MkdirAll(filepath.Join(dir, "blobs", "sha256"), 0o777); err != nil {
		return nil, err
	}
	if err := l.Write("oci-layout", []byte(`{"imageLayoutVersion":"1.0.0"}`)); err != nil {
		return nil, err
	}
	return l, l.Write("index.json", []byte(`{"schemaVersion":2,"manifests":[]}`))
}

// Write writes a file of the layout.
func (l *Layout) Write(name string, data []byte) error {
	return os.WriteFile(filepath.Join(l.Dir, filepath.FromSlash(name)), data, 0o666)
}

// Path returns where a blob lies.
func (l *Layout) Path(digest string) string {
	return filepath.Join(l.Dir, "blobs", "sha256", strings.TrimPrefix(digest, "sha256:"))
}

// Put stores a blob and returns its digest.
func (l *Layout) Put(data []byte) (string, error) {
	digest := digestOf(data)
	return digest, os.WriteFile(l.Path(digest), data, 0o666)
}

// List adds an entry for data to index.json, whether or not it is stored, and
// returns its digest. The tag may be empty.
func (l *Layout) List(mediaType, tag string, data []byte) (string, error) {
	text, err := os.ReadFile(filepath.Join(l.Dir, "index.json"))
	if err != nil {
		return "", err
	}
	var index map[string]any
	if err := json.Unmarshal(text, &index); err != nil {
		return "", err
	}
	entry := map[string]any{"mediaType": mediaType, "digest": digestOf(data), "size": len(data)}
	if tag != "" {
		entry["annotations"] = map[string]string{"org.opencontainers.image.ref.name": tag}
	}
	entries, _ := index["manifests"].([]any)
	index["manifests"] = append(entries, entry)
	if text, err = json.Marshal(index); err != nil {
		return "", err
	}
	return digestOf(data), l.Write("index.json", text)
}

// AddImage stores an image and lists it; it returns the manifest.
func (l *Layout) AddImage(name, tag string) ([]byte, error) {
	manifest, config := Image(name)
	for _, data := range [][]byte{config, manifest} {
		if _, err := l.Put(data); err != nil {
			return nil, err
		}
	}
	_, err := l.List(MediaTypeManifest, tag, manifest)
	return manifest, err
}
