// SPDX-License-Identifier: Apache-2.0

package kit

import (
	"encoding/hex"
	"fmt"
	"time"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/strictjson"
)

// encode writes a manifest: JSON for people and other programs, one file a
// line, in one spelling.
func (m *Manifest) encode() []byte {
	out := []byte("{\n")
	out = fmt.Appendf(out, "  \"schema\": %q,\n  \"instance\": \"%s\",\n  \"asOf\": %q,\n", Schema, m.Instance, m.AsOf.Format(time.RFC3339))
	if m.Base != (ID{}) {
		out = fmt.Appendf(out, "  \"base\": \"%s\",\n", m.Base)
	}
	out = append(out, "  \"files\": ["...)
	for i, f := range m.Files {
		if i > 0 {
			out = append(out, ',')
		}
		out = fmt.Appendf(out, "\n    {\"name\": %q, \"size\": %d, \"sha256\": \"%x\"", f.Name, f.Size, f.SHA256)
		if f.InBase {
			out = append(out, ", \"inBase\": true"...)
		}
		out = append(out, '}')
	}
	if len(m.Files) > 0 {
		out = append(out, "\n  "...)
	}
	return append(out, "]\n}\n"...)
}

// parseManifest reads what encode writes. That it is spelled the same is
// found out by writing it again.
func parseManifest(data []byte) (*Manifest, error) {
	m := new(Manifest)
	var schema string
	d := strictjson.NewDecoder(data)
	err := d.Object(func(key string) (err error) {
		switch key {
		case "schema":
			schema, err = d.String()
		case "instance":
			if m.Instance, err = d.String(); err == nil {
				err = checkText(m.Instance)
			}
		case "asOf":
			var s string
			if s, err = d.String(); err == nil {
				m.AsOf, err = time.Parse(time.RFC3339, s)
			}
		case "base":
			err = digest(d, (*[32]byte)(&m.Base))
		case "files":
			err = d.Array(maxFiles, func(int) error { return m.file(d) })
		default:
			err = refuse.New(codeMalformed, "unknown member %.80q", key)
		}
		return err
	})
	if err == nil {
		err = d.End()
	}
	switch {
	case strictjson.IsLimit(err):
		return nil, refuse.Wrap(codeLimit, err, "manifest")
	case err != nil:
		return nil, refuse.Wrap(codeMalformed, err, "manifest")
	case schema != Schema:
		return nil, refuse.New(codeMalformed, "manifest of schema %.80q, want %s", schema, Schema)
	}
	if err := checkTime(m.AsOf); err != nil {
		return nil, err
	}
	m.AsOf = m.AsOf.UTC()
	return m, checkFolders(m.Files)
}

func (m *Manifest) file(d *strictjson.Decoder) error {
	var f File
	err := d.Object(func(key string) (err error) {
		switch key {
		case "name":
			if f.Name, err = d.String(); err == nil {
				err = checkName(f.Name)
			}
		case "size":
			f.Size, err = d.Int64()
			if err == nil && (f.Size < 0 || f.Size > maxBytes) {
				err = refuse.New(codeLimit, "a file of %d bytes", f.Size)
			}
		case "sha256":
			err = digest(d, &f.SHA256)
		case "inBase":
			f.InBase, err = d.Bool()
		default:
			err = refuse.New(codeMalformed, "unknown member %.80q", key)
		}
		return err
	})
	if err != nil {
		return err
	}
	if n := len(m.Files); n > 0 && m.Files[n-1].Name >= f.Name {
		return refuse.New(codeMalformed, "%q is listed twice or out of order", f.Name)
	}
	m.Files = append(m.Files, f)
	return nil
}

func digest(d *strictjson.Decoder, into *[32]byte) error {
	s, err := d.String()
	if err != nil {
		return err
	}
	raw, err := hex.DecodeString(s)
	if err != nil || len(raw) != len(into) {
		return refuse.New(codeMalformed, "%.80q is not a SHA-256 in hexadecimal", s)
	}
	copy(into[:], raw)
	return nil
}
