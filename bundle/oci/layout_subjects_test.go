// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// looks counts how often a layout is looked through.
type looks struct {
	*Layout
	once, each int
}

func (l *looks) bySubject(ctx context.Context, entries []Descriptor, most int64) map[Digest][]Descriptor {
	l.once++
	return l.Layout.bySubject(ctx, entries, most)
}

func (l *looks) Referrers(ctx context.Context, subject Digest) ([]Descriptor, error) {
	l.each++
	return l.Layout.Referrers(ctx, subject)
}

// A layout is looked through once for all hints, however many images its
// indexes list and however many indexes list the image.
func TestInsteadLooksOnce(t *testing.T) {
	dir := t.TempDir()
	put := func(data string) object {
		digest := DigestOf([]byte(data))
		name := filepath.Join(dir, digest.path())
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
		return object{"mediaType": MediaTypeIndex, "digest": digest, "size": len(data)}
	}
	list := func(items ...object) string {
		text := ""
		for i, item := range items {
			if i > 0 {
				text += ","
			}
			text += fmt.Sprintf(`{"mediaType":%q,"digest":%q,"size":%d}`, item["mediaType"], item["digest"], item["size"])
		}
		return text
	}
	var children, outer []object
	for i := range maxHints {
		children = append(children, put(fmt.Sprintf(`{"schemaVersion":2,"mediaType":%q,"layers":[],"annotations":{"i":"%d"}}`, MediaTypeManifest, i)))
	}
	image := put(fmt.Sprintf(`{"schemaVersion":2,"mediaType":%q,"manifests":[%s]}`, MediaTypeIndex, list(children...)))
	for i := range maxHints {
		outer = append(outer, put(fmt.Sprintf(`{"schemaVersion":2,"mediaType":%q,"manifests":[%s],"annotations":{"i":"%d"}}`, MediaTypeIndex, list(image), i)))
	}
	for name, text := range map[string]string{"oci-layout": `{"imageLayoutVersion":"1.0.0"}`,
		"index.json": fmt.Sprintf(`{"schemaVersion":2,"manifests":[%s]}`, list(append(outer, image)...))} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	l, _, err := OpenLayout(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	place := &looks{Layout: l}
	if text := Instead(t.Context(), place, image["digest"].(Digest)); text != "" || place.once != 1 || place.each != 0 {
		t.Errorf("%q: looked %d times through all, %d times for one image", text, place.once, place.each)
	}
	entries, err := l.index()
	if err != nil {
		t.Fatal(err)
	}

	// What it reads is bounded: a file is read once under all of its names.
	spent := func() int64 {
		s := &subjects{layout: l, most: maxHintScan, lists: make(map[Digest]*collector)}
		s.look(t.Context(), entries)
		return maxHintScan - s.most
	}
	before := spent()
	large := append(append([]byte("{"), bytes.Repeat([]byte(" "), 1<<20-2)...), '}')
	first := filepath.Join(dir, put(string(large))["digest"].(Digest).path())
	for i := range 64 {
		if err := os.Link(first, filepath.Join(dir, DigestOf([]byte{byte(i)}).path())); err != nil {
			t.Fatal(err)
		}
	}
	if got := spent() - before; got > 1<<20 {
		t.Errorf("links: %d bytes are read of a file of %d", got, len(large))
	}
	for i := range 24 {
		put(string(append(large[:len(large)-2:len(large)-2], byte('0'+i), '}')))
	}
	if got := spent(); got > maxHintScan {
		t.Errorf("%d bytes are read, want at most %d", got, maxHintScan)
	}
	for i := range int(maxHintScan / minHintFile) {
		put(fmt.Sprintf("{%d", i))
	}
	if got := spent(); got > maxHintScan+minHintFile {
		t.Errorf("small files cost %d, want at most %d", got, maxHintScan)
	}
}
