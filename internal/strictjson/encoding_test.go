// SPDX-License-Identifier: Apache-2.0

package strictjson

import (
	"encoding/binary"
	"strings"
	"testing"
	"unicode/utf16"
)

func TestEncoding(t *testing.T) {
	wide := func(order binary.AppendByteOrder, mark bool, s string) []byte {
		var out []byte
		if mark {
			out = order.AppendUint16(out, 0xfeff)
		}
		for _, u := range utf16.Encode([]rune(s)) {
			out = order.AppendUint16(out, u)
		}
		return out
	}
	const doc = `{"a":"漢"}`
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"plain":                       {[]byte(doc), ""},
		"UTF-16, little end":          {wide(binary.LittleEndian, true, doc), "text is UTF-16"},
		"UTF-16, big end":             {wide(binary.BigEndian, true, doc), "text is UTF-16"},
		"UTF-16, little end, no mark": {wide(binary.LittleEndian, false, doc), "text is UTF-16"},
		"UTF-16, big end, no mark":    {wide(binary.BigEndian, false, doc), "text is UTF-16"},
		"UTF-32":                      {[]byte("\xff\xfe\x00\x00{\x00\x00\x00"), "text is UTF-32"},
		"byte order mark":             {[]byte("\xef\xbb\xbf" + doc), "begins with a byte order mark"},
		"not UTF-8":                   {[]byte("{\"\xff\":1}"), "invalid UTF-8"},
	} {
		d := NewDecoder(c.data)
		err := d.Skip()
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	d := NewDecoder(TrimMark([]byte("\xef\xbb\xbf" + doc)))
	if err := d.Skip(); err != nil {
		t.Errorf("without its mark: %v", err)
	}
}
