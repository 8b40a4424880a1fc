// SPDX-License-Identifier: Apache-2.0

package trustroot

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

func TestParseAll(t *testing.T) {
	one := mustJSON(sample(t))
	other := []byte(`{"mediaType":"` + MediaTypeV01New + `"}`)
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, one, "", "  "); err != nil {
		t.Fatal(err)
	}
	join := func(sep string, docs ...[]byte) []byte { return bytes.Join(docs, []byte(sep)) }
	for _, c := range []struct {
		name string
		data []byte
		n    int
		code string
	}{
		{"one", one, 1, ""},
		{"one, and a newline", append(bytes.Clone(one), '\n'), 1, ""},
		{"one over many lines", pretty.Bytes(), 1, ""},
		{"one, its first line ends with an object", []byte("{\"x\":{}\n,\"mediaType\":\"" + MediaTypeV01 + "\"}"), 1, ""},
		{"two", join("\n", one, other), 2, ""},
		{"two, and carriage returns", join("\r\n", one, other, nil), 2, ""},
		{"two, and an empty line", join("\n\n", one, other), 2, ""},
		{"two after an empty line", join("\n", nil, one, other), 2, ""},
		{"most", []byte(strings.Repeat(string(other)+"\n", MaxRoots)), MaxRoots, ""},
		{"one more than that", []byte(strings.Repeat(string(other)+"\n", MaxRoots+1)), 0, "trust.limit"},
		{"most, far apart", []byte(strings.Repeat(string(other)+strings.Repeat("\n", 99), MaxRoots)), MaxRoots, ""},
		{"one more, far away", []byte(strings.Repeat(string(other)+"\n", MaxRoots) + strings.Repeat("\n", 100) + string(other)), 0, "trust.limit"},
		{"two, far apart", join(strings.Repeat("\r\n", 100), one, other), 2, ""},
		{"no root after blank lines", join(strings.Repeat("\n", 100), one, []byte("x")), 0, "trust.malformed"},
		{"a cut root after blank lines", join(strings.Repeat(" \n", 70), one, one[:len(one)-1]), 0, "trust.malformed"},
		{"no root type after blank lines", join(strings.Repeat("\n", 65), one, []byte("{}")), 0, "trust.media_type"},
		{"very many", []byte(strings.Repeat(string(other)+"\n", 100000)), 0, "trust.limit"},
		{"very many empty objects", []byte(strings.Repeat("{}\n", 100000)), 0, "trust.media_type"},
		{"the second is none", join("\n", one, []byte("{}")), 0, "trust.media_type"},
		{"the second is cut off", join("\n", one, one[:len(one)-1]), 0, "trust.malformed"},
		{"two on one line", join(" ", one, other), 0, "trust.malformed"},
		{"two over many lines", join("\n", pretty.Bytes(), pretty.Bytes()), 0, "trust.malformed"},
		{"an array", join("", []byte("["), one, []byte("]")), 0, "trust.malformed"},
		{"nothing", nil, 0, "trust.malformed"},
		{"empty lines", []byte("\n\n\n"), 0, "trust.malformed"},
	} {
		all, err := ParseAll(c.data)
		if len(all) != c.n || err == nil != (c.code == "") {
			t.Errorf("%s: %d roots, %v", c.name, len(all), err)
		} else if err != nil {
			wantCode(t, c.name, err, refuse.Code(c.code))
		}
		if c.n == 2 && (!bytes.Equal(mustJSON(all[0]), one) || all[1].MediaType() != MediaTypeV01New) {
			t.Errorf("%s: not the roots in their order", c.name)
		}
	}
}
