// SPDX-License-Identifier: Apache-2.0

package trustroot

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"
)

// mediaType returns the media type to write: the old one, which is all that
// sigstore-go and sigstore-python read, unless members are set that came
// with version 0.2.
func (d *document) mediaType() string {
	for _, list := range [][]instance{d.tlogs, d.ctlogs} {
		for i := range list {
			if list[i].Operator != "" || len(list[i].CheckpointKeyID) > 0 {
				return MediaTypeV02
			}
		}
	}
	for _, list := range [][]AuthorityConfig{d.cas, d.tsas} {
		for i := range list {
			if list[i].Operator != "" {
				return MediaTypeV02
			}
		}
	}
	return MediaTypeV01
}

// MarshalJSON writes the trust root in protobuf's JSON mapping, compact, with
// members in the order of the schema: equal roots give equal bytes. The media
// type is version 0.1 unless an operator or a checkpoint key ID is set. Members that
// Parse ignored are left out, logs whose key is of an unknown kind are not. The error is always nil.
func (r *Root) MarshalJSON() ([]byte, error) { return r.json(), nil }

func (r *Root) json() []byte {
	w := &writer{}
	w.object(func() {
		w.text("mediaType", r.doc.mediaType())
		w.instances("tlogs", r.doc.tlogs)
		w.authorities("certificateAuthorities", r.doc.cas)
		w.instances("ctlogs", r.doc.ctlogs)
		w.authorities("timestampAuthorities", r.doc.tsas)
	})
	return w.out
}

// writer appends JSON; first says that no comma is due.
type writer struct {
	out   []byte
	first bool
}

func (w *writer) comma() {
	if !w.first {
		w.out = append(w.out, ',')
	}
	w.first = false
}

func (w *writer) key(name string) {
	w.comma()
	w.out = append(strconv.AppendQuote(w.out, name), ':')
}

func (w *writer) nest(open, end byte, fill func()) {
	w.out, w.first = append(w.out, open), true
	fill()
	w.out, w.first = append(w.out, end), false
}

func (w *writer) object(fill func()) { w.nest('{', '}', fill) }

// text writes a member, or nothing for the empty string, which is what an
// absent member means.
func (w *writer) text(name, value string) {
	if value != "" {
		w.key(name)
		w.out = appendString(w.out, value)
	}
}

func (w *writer) bytes(name string, value []byte) {
	w.text(name, base64.StdEncoding.EncodeToString(value))
}

func (w *writer) message(name string, fill func()) {
	w.key(name)
	w.object(fill)
}

// enum writes the name of a value, or its number if it has none.
func (w *writer) enum(name string, value int32, names map[int32]string) {
	switch s, ok := names[value]; {
	case value == 0: // the default, which the mapping leaves out
	case ok:
		w.text(name, s)
	default:
		w.key(name)
		w.out = strconv.AppendInt(w.out, int64(value), 10)
	}
}

// time writes what protobuf's mapping does: UTC with 0, 3, 6 or 9 digits.
func (w *writer) time(name string, t time.Time) {
	t = t.UTC()
	layout := "2006-01-02T15:04:05Z"
	switch ns := t.Nanosecond(); {
	case ns == 0:
	case ns%1e6 == 0:
		layout = "2006-01-02T15:04:05.000Z"
	case ns%1e3 == 0:
		layout = "2006-01-02T15:04:05.000000Z"
	default:
		layout = "2006-01-02T15:04:05.000000000Z"
	}
	w.text(name, t.Format(layout))
}

// short holds the letters of the short escapes.
var short = [0x20]byte{'\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't'}

// appendString quotes s as JSON. Bytes that are no UTF-8, which only a
// program can have put there, become U+FFFD.
func appendString(out []byte, s string) []byte {
	out = append(out, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			out = append(out, '\\', byte(r))
		case r < 0x20 && short[r] != 0:
			out = append(out, '\\', short[r])
		case r < 0x20:
			out = fmt.Appendf(out, `\u%04x`, r)
		default:
			out = utf8.AppendRune(out, r)
		}
	}
	return append(out, '"')
}
