// SPDX-License-Identifier: Apache-2.0

package strictjson

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"testing"
)

// Every byte in every place, among neighbours of all kinds.
func TestSpecial(t *testing.T) {
	for _, around := range []byte{0x20, 0x21, 0x23, 'A', 0x5b, 0x5d, 0x7f, 0x80, 0xa2, 0xdc, 0xff} {
		for place := range 8 {
			for c := range 256 {
				b := bytes.Repeat([]byte{around}, 8)
				b[place] = byte(c)
				want := c < 0x20 || c == '"' || c == '\\'
				if got := special(binary.LittleEndian.Uint64(b)); got != want {
					t.Fatalf("%x: %t", b, got)
				}
			}
		}
	}
}

// Strings of all lengths around the stretches, ended and broken anywhere.
func TestTextAgrees(t *testing.T) {
	for n := range 40 {
		for place := range n + 1 {
			for _, c := range []string{"", "\\n", "\x1f", "\x00", "é", "\x7f"} {
				text := bytes.Repeat([]byte("a"), n)
				doc := append([]byte{'"'}, text[:place]...)
				doc = append(append(append(doc, c...), text[place:]...), '"')
				d := NewDecoder(doc)
				got, err := d.String()
				want := string(text[:place]) + c + string(text[place:])
				if c == "\\n" {
					want = string(text[:place]) + "\n" + string(text[place:])
				}
				if bad := c == "\x1f" || c == "\x00"; (err != nil) != bad || !bad && (got != want || d.End() != nil) {
					t.Fatalf("%q: %q, %v", doc, got, err)
				}
				if _, err := NewDecoder(doc[:len(doc)-1]).String(); err == nil {
					t.Fatalf("%q without an end is read", doc)
				}
			}
		}
	}
}

func BenchmarkBytes(b *testing.B) {
	doc := []byte(`"` + base64.StdEncoding.EncodeToString(make([]byte, 6000)) + `"`)
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := NewDecoder(doc).Bytes(); err != nil {
			b.Fatal(err)
		}
	}
}
