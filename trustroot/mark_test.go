// SPDX-License-Identifier: Apache-2.0

package trustroot

import (
	"strings"
	"testing"
)

// A trust root comes from the operator, whose editor may put a mark in front.
func TestByteOrderMark(t *testing.T) {
	const mark = "\xef\xbb\xbf"
	doc := `{"mediaType":"` + MediaTypeV01 + `"}`
	_, want := Parse([]byte(doc))
	if _, err := Parse([]byte(mark + doc)); (err == nil) != (want == nil) || err != nil && err.Error() != want.Error() {
		t.Errorf("with a mark: %v, want %v", err, want)
	}
	if _, err := Parse([]byte(mark + mark + doc)); err == nil || !strings.Contains(err.Error(), "byte order mark") {
		t.Errorf("with two marks: %v", err)
	}
	if _, err := Parse([]byte("\xff\xfe{\x00}\x00")); err == nil || !strings.Contains(err.Error(), "UTF-16") {
		t.Errorf("in UTF-16: %v", err)
	}
}
