// SPDX-License-Identifier: Apache-2.0

package kit

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// epoch is the date of every file: a kit's own date is in its manifest.
var epoch = time.Unix(0, 0).UTC()

// pack writes the archive of a manifest and the files that it lists as not in
// the base.
func pack(m Manifest, files map[string][]byte) []byte {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	put := func(name string, data []byte) {
		// Neither fails: names are short and ASCII, the buffer takes all.
		_ = w.WriteHeader(&tar.Header{
			Typeflag: tar.TypeReg, Name: name, Size: int64(len(data)), Mode: 0o644, ModTime: epoch, Format: tar.FormatPAX,
		})
		_, _ = w.Write(data)
	}
	manifest := m.encode()
	put(manifestName, manifest)
	put(sumName, fmt.Appendf(nil, "%x  %s\n", sha256.Sum256(manifest), manifestName))
	for _, f := range m.Files {
		if !f.InBase {
			put(f.Name, files[f.Name])
		}
	}
	_ = w.Close()
	return out.Bytes()
}

// Open reads a kit, and with it its base if it is a delta; base may be nil.
// Every byte of the file is checked: kit.corrupt names the first file that is not
// as the manifest says, or the form of the archive; kit.missing names all
// files that are not there; kit.unlisted a file that should not be; kit.base
// the base that is wanted.
func Open(data []byte, base *Kit) (*Kit, error) {
	if len(data) > maxBytes+maxManifest {
		return nil, refuse.New(codeLimit, "a kit of %d bytes", len(data))
	}
	r := tar.NewReader(bytes.NewReader(data))
	m, err := readManifest(r)
	if err != nil {
		return nil, err
	}
	files, readErr := readFiles(r, m, int64(len(data)))
	if err := check(m, files, readErr); err != nil {
		return nil, err
	}
	// Whatever is left that could differ, padding, dates, spellings, differs
	// from the one form that a kit has.
	if !bytes.Equal(pack(*m, files), data) {
		return nil, refuse.New(codeCorrupt, "the archive around the files is not as a kit is written")
	}
	k := &Kit{manifest: *m, files: files}
	if err := k.join(base); err != nil {
		return nil, err
	}
	k.id = sha256.Sum256(k.manifest.encode())
	return k, nil
}

// readManifest reads the two entries that come first.
func readManifest(r *tar.Reader) (*Manifest, error) {
	manifest, err := readEntry(r, manifestName, maxManifest)
	if err != nil {
		return nil, err
	}
	sum, err := readEntry(r, sumName, 1024)
	if err != nil {
		return nil, err
	}
	if string(sum) != fmt.Sprintf("%x  %s\n", sha256.Sum256(manifest), manifestName) {
		return nil, refuse.New(codeCorrupt, "the manifest is not the one that the kit was made with")
	}
	return parseManifest(manifest)
}

func readEntry(r *tar.Reader, name string, most int64) ([]byte, error) {
	h, err := r.Next()
	switch {
	case err != nil:
		return nil, refuse.New(codeMalformed, "not a kit, or cut short before %s", name)
	case h.Name != name || h.Typeflag != tar.TypeReg:
		return nil, refuse.New(codeMalformed, "not a kit: %.80q where %s should be", h.Name, name)
	case h.Size > most:
		return nil, refuse.New(codeLimit, "%s of %d bytes", name, h.Size)
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, refuse.New(codeMalformed, "cut short within %s", name)
	}
	return data, nil
}

// readFiles reads as many files as can be read. An error is kept for later:
// what is missing because of it can be named. Sparse files could be larger
// than the archive that they are in; a kit has none, hence most.
func readFiles(r *tar.Reader, m *Manifest, most int64) (map[string][]byte, error) {
	listed := make(map[string]bool, len(m.Files))
	for _, f := range m.Files {
		listed[f.Name] = !f.InBase
	}
	files := make(map[string][]byte)
	for {
		h, err := r.Next()
		if err == io.EOF {
			return files, nil
		}
		if err != nil {
			return files, refuse.New(codeCorrupt, "the archive breaks off after %d files: %v", len(files), err)
		}
		if !listed[h.Name] || h.Typeflag != tar.TypeReg {
			return files, refuse.New(codeUnlisted, "%.80q is in the kit and not in its manifest", h.Name)
		}
		if _, twice := files[h.Name]; twice {
			return files, refuse.New(codeUnlisted, "%q is in the kit twice", h.Name)
		}
		if h.Size > most {
			return files, refuse.New(codeCorrupt, "%q is said to be larger than the kit", h.Name)
		}
		most -= h.Size
		data, err := io.ReadAll(r)
		if err != nil {
			return files, refuse.New(codeCorrupt, "the archive breaks off within %q", h.Name)
		}
		files[h.Name] = data
	}
}

// check compares the files with the manifest.
func check(m *Manifest, files map[string][]byte, readErr error) error {
	var missing []string
	for _, f := range m.Files {
		data, ok := files[f.Name]
		switch {
		case f.InBase:
		case !ok:
			missing = append(missing, f.Name)
		case int64(len(data)) != f.Size || sha256.Sum256(data) != f.SHA256:
			return refuse.New(codeCorrupt, "%q is not the file that the manifest lists", f.Name)
		}
	}
	if refuse.CodeOf(readErr) == codeUnlisted {
		return readErr
	}
	if len(missing) > 0 {
		if readErr != nil {
			return refuse.New(codeMissing, "%v; not in the kit: %s", readErr, names(missing))
		}
		return refuse.New(codeMissing, "not in the kit: %s", names(missing))
	}
	return readErr
}

// names lists files, whose names are printable, all of them as far as one can
// read such a list.
func names(list []string) string {
	const most = 100
	if len(list) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(list[:most], ", "), len(list)-most)
	}
	return strings.Join(list, ", ")
}

// join adds what a delta takes from its base, which makes it a full kit.
func (k *Kit) join(base *Kit) error {
	m := &k.manifest
	if m.Base == (ID{}) {
		for _, f := range m.Files {
			if f.InBase {
				return refuse.New(codeMalformed, "%q is said to be in a base, and the kit has none", f.Name)
			}
		}
		return nil
	}
	if base == nil {
		return refuse.New(codeBase, "the kit is a delta: it needs the kit %s beside it", m.Base)
	}
	if base.id != m.Base {
		return refuse.New(codeBase, "the kit is a delta to the kit %s, not to %s", m.Base, base.id)
	}
	var missing []string
	for i, f := range m.Files {
		if !f.InBase {
			continue
		}
		data, ok := base.files[f.Name]
		if !ok || sha256.Sum256(data) != f.SHA256 || int64(len(data)) != f.Size {
			missing = append(missing, f.Name)
			continue
		}
		k.files[f.Name] = data
		m.Files[i].InBase = false
	}
	if len(missing) > 0 {
		return refuse.New(codeMissing, "not in the base: %s", names(missing))
	}
	m.Base = ID{}
	return nil
}
