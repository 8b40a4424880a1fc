// SPDX-License-Identifier: Apache-2.0

package kit

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// A line of an archive that is put together by hand.
type entry struct {
	name string
	data string
	size int64 // said of the data, if more
	kind byte
}

// archived writes an archive of any entries, and no end if it is cut.
func archived(cut bool, entries ...entry) []byte {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, e := range entries {
		if e.kind == 0 {
			e.kind = tar.TypeReg
		}
		_ = w.WriteHeader(&tar.Header{Typeflag: e.kind, Name: e.name, Size: max(e.size, int64(len(e.data))), Mode: 0o644, ModTime: epoch, Format: tar.FormatPAX})
		_, _ = w.Write([]byte(e.data))
	}
	if !cut {
		_ = w.Close()
	}
	return out.Bytes()
}

func sumLine(manifest string) string {
	return fmt.Sprintf("%x  %s\n", sha256.Sum256([]byte(manifest)), manifestName)
}

// line is a file of a manifest, with its true size and hash.
func line(name, data string) File {
	return File{Name: name, Size: int64(len(data)), SHA256: sha256.Sum256([]byte(data))}
}

func TestArchives(t *testing.T) {
	a, b := line("bundles/a.sigstore", "A"), line("bundles/b.sigstore", "BB")
	manifest := func(files ...File) string {
		m := Manifest{AsOf: now, Files: files}
		return string(m.encode())
	}
	both := manifest(a, b)
	begin := func(manifest string) []entry {
		return []entry{{name: manifestName, data: manifest}, {name: sumName, data: sumLine(manifest)}}
	}
	larger, other, taken := a, b, b
	larger.Size, other.SHA256, taken.InBase = 2, a.SHA256, true
	for what, c := range map[string]struct {
		entries []entry
		cut     bool
		code    refuse.Code
		words   string
	}{
		"whole":                         {append(begin(both), entry{name: a.Name, data: "A"}, entry{name: b.Name, data: "BB"}), false, "", ""},
		"no files":                      {begin(manifest()), false, "", ""},
		"another order":                 {append(begin(both), entry{name: b.Name, data: "BB"}, entry{name: a.Name, data: "A"}), false, "kit.corrupt", "around the files"},
		"no end":                        {append(begin(both), entry{name: a.Name, data: "A"}, entry{name: b.Name, data: "BB"}), true, "kit.corrupt", ""},
		"nothing":                       {nil, false, "kit.malformed", "before manifest.json"},
		"another name first":            {[]entry{{name: "x", data: both}}, false, "kit.malformed", "where manifest.json should be"},
		"a link first":                  {[]entry{{name: manifestName, kind: tar.TypeSymlink}}, false, "kit.malformed", "where manifest.json should be"},
		"no sum":                        {begin(both)[:1], false, "kit.malformed", "before manifest.sha256"},
		"another sum":                   {[]entry{begin(both)[0], {name: sumName, data: sumLine("")}}, false, "kit.corrupt", "not the one"},
		"a sum of 1,025 bytes":          {[]entry{begin(both)[0], {name: sumName, data: strings.Repeat("x", 1025)}}, false, "kit.limit", "of 1025 bytes"},
		"a sum of 1,024 bytes":          {[]entry{begin(both)[0], {name: sumName, data: strings.Repeat("x", 1024)}}, false, "kit.corrupt", "not the one"},
		"a manifest of 64 MiB":          {[]entry{{name: manifestName, size: 64 << 20}}, true, "kit.malformed", "cut short within"},
		"a manifest of more":            {[]entry{{name: manifestName, size: 64<<20 + 1}}, true, "kit.limit", "of 67108865 bytes"},
		"a file not listed":             {append(begin(both), entry{name: "bundles/c.sigstore"}), false, "kit.unlisted", "bundles/c.sigstore"},
		"a file listed as in the base":  {append(begin(manifest(a, taken)), entry{name: a.Name, data: "A"}, entry{name: b.Name, data: "BB"}), false, "kit.unlisted", b.Name},
		"a folder":                      {append(begin(both), entry{name: a.Name, kind: tar.TypeDir}), false, "kit.unlisted", a.Name},
		"a file twice":                  {append(begin(both), entry{name: a.Name, data: "A"}, entry{name: a.Name, data: "A"}), false, "kit.unlisted", "twice"},
		"a file changed and one more":   {append(begin(manifest(a)), entry{name: a.Name, data: "B"}, entry{name: "x"}), false, "kit.corrupt", a.Name},
		"a file missing":                {append(begin(both), entry{name: a.Name, data: "A"}), false, "kit.missing", b.Name},
		"a file cut short":              {append(begin(both), entry{name: a.Name, data: "A", size: 2}), true, "kit.missing", "breaks off within"},
		"a size that is not the file's": {append(begin(manifest(larger)), entry{name: a.Name, data: "A"}), false, "kit.corrupt", "not the file"},
		"a hash that is not the file's": {append(begin(manifest(other)), entry{name: b.Name, data: "BB"}), false, "kit.corrupt", "not the file"},
		"in a base that is not named":   {append(begin(manifest(a, taken)), entry{name: a.Name, data: "A"}), false, "kit.malformed", "in a base"},
	} {
		_, err := Open(archived(c.cut, c.entries...), nil)
		if c.code != "" {
			refused(t, what, err, c.code, c.words)
		} else if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	broken := archived(true, append(begin(manifest(a)), entry{name: a.Name, data: "A"})...)
	_, err := Open(append(broken, strings.Repeat("x", 1024)...), nil)
	refused(t, "all files, and then no archive", err, "kit.corrupt", "breaks off after 1 files")
	most := make([]byte, 1<<30+64<<20+1) // never touched
	_, err = Open(most[1:], nil)
	refused(t, "as large as a kit may be", err, "kit.malformed")
	_, err = Open(most, nil)
	refused(t, "larger", err, "kit.limit")
	_, err = New(Contents{AsOf: now, Files: map[string][]byte{"bundles/a.sigstore": most[:1<<30+1]}})
	refused(t, "a larger file", err, "kit.limit")
}

// A sparse file could be larger than the archive, and than memory.
func TestSparseFile(t *testing.T) {
	zeros := strings.Repeat("\x00", 8<<20)
	m := Manifest{AsOf: now, Files: []File{line("bundles/a.sigstore", zeros)}}
	manifest := string(m.encode())
	records := ""
	for _, r := range []string{"GNU.sparse.major=1", "GNU.sparse.minor=0", "GNU.sparse.name=bundles/a.sigstore", fmt.Sprint("GNU.sparse.realsize=", len(zeros))} {
		records += fmt.Sprintf("%d %s\n", len(r)+4, r)
	}
	sparse := archived(true, entry{name: manifestName, data: manifest}, entry{name: sumName, data: sumLine(manifest)},
		entry{name: "records", data: records}, entry{name: "bundles/a.sigstore", data: "0\n" + strings.Repeat("\x00", 510)})
	header := sparse[bytes.Index(sparse, []byte("records\x00")):][:512]
	header[156] = 'x' // its type, which the checksum covers
	copy(header[148:], "        ")
	sum := 0
	for _, b := range header {
		sum += int(b)
	}
	copy(header[148:], fmt.Sprintf("%06o\x00 ", sum))
	_, err := Open(append(sparse, make([]byte, 1024)...), nil)
	refused(t, "sparse", err, "kit.missing", "larger than the kit")
}

// A base gives what the delta says, to the byte.
func TestBases(t *testing.T) {
	base, err := New(Contents{AsOf: now, Files: map[string][]byte{"bundles/a.sigstore": []byte("A"), "bundles/b.sigstore": []byte("BB")}})
	if err != nil {
		t.Fatal(err)
	}
	next, err := New(Contents{AsOf: now, Files: map[string][]byte{"bundles/a.sigstore": []byte("A"), "bundles/b.sigstore": []byte("CC"), "bundles/c.sigstore": nil}})
	if err != nil {
		t.Fatal(err)
	}
	delta := next.Encode(base)
	k, err := Open(delta, base)
	if err != nil || string(k.File("bundles/a.sigstore")) != "A" || string(k.File("bundles/b.sigstore")) != "CC" || k.ID() != next.ID() {
		t.Errorf("%v", err)
	}
	for _, f := range k.Manifest().Files {
		if f.InBase || k.Manifest().Base != (ID{}) {
			t.Errorf("%+v is still a delta", f)
		}
	}
	if bytes.Contains(delta, []byte("bundles/a.sigstore\x00")) || !bytes.Contains(delta, []byte("bundles/b.sigstore\x00")) || !bytes.Contains(delta, []byte("bundles/c.sigstore\x00")) {
		t.Error("the delta holds what its base has, or lacks what it has not")
	}
	for what, change := range map[string]func(*Kit, *File){
		"lacks it":               func(k *Kit, _ *File) { delete(k.files, "bundles/a.sigstore") },
		"has another":            func(k *Kit, _ *File) { k.files["bundles/a.sigstore"] = []byte("X") },
		"has it of another size": func(_ *Kit, f *File) { f.Size = 2 },
	} {
		wrong := &Kit{manifest: base.manifest, id: base.id, files: map[string][]byte{"bundles/a.sigstore": []byte("A"), "bundles/b.sigstore": []byte("BB")}}
		m := Manifest{AsOf: now, Base: base.id, Files: []File{line("bundles/a.sigstore", "A")}}
		m.Files[0].InBase = true
		change(wrong, &m.Files[0])
		_, err := Open(pack(m, nil), wrong)
		refused(t, what, err, "kit.missing", "not in the base: bundles/a.sigstore")
	}
	// a full kit takes nothing of a base that is offered
	if k, err := Open(next.Encode(nil), base); err != nil || k.ID() != next.ID() {
		t.Errorf("a full kit beside a base: %v", err)
	}
}

func TestNamesInMessages(t *testing.T) {
	list := strings.Split(strings.TrimSuffix(strings.Repeat("x,", 101), ","), ",")
	if s := names(list[:100]); strings.Count(s, "x") != 100 || strings.Contains(s, "more") {
		t.Error(s)
	}
	if s := names(list); strings.Count(s, "x") != 100 || !strings.HasSuffix(s, " and 1 more") {
		t.Error(s)
	}
}

// The repository of a kit is a file system for reading files by name.
func TestRepositoryFiles(t *testing.T) {
	k, err := New(Contents{AsOf: now, Files: map[string][]byte{"repository/a/b": []byte("data"), "bundles/a.sigstore": nil}})
	if err != nil {
		t.Fatal(err)
	}
	files := k.Repository()
	f, err := files.Open("a/b")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	i, err := f.Stat()
	if err != nil || i.Name() != "b" || i.Size() != 4 || i.Mode() != 0o444 || i.IsDir() || !i.ModTime().Equal(epoch) || epoch.Unix() != 0 || i.Sys() != nil {
		t.Errorf("%+v, %v", i, err)
	}
	for _, name := range []string{"a", "../bundles/a", "a/../a/b", "/a/b", ""} {
		if _, err := fs.ReadFile(files, name); err == nil {
			t.Errorf("%q can be read", name)
		}
	}
	if data, err := fs.ReadFile(files, "a/b"); err != nil || string(data) != "data" {
		t.Errorf("%q, %v", data, err)
	}
}
