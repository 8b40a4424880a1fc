// SPDX-License-Identifier: Apache-2.0

package refuse

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

func TestEveryCodeIsDescribedOnce(t *testing.T) {
	seen := make(map[Code]bool)
	for _, d := range All() {
		if seen[d.Code] {
			t.Errorf("%s is described twice", d.Code)
		}
		seen[d.Code] = true
		if d.Cause == "" || d.Fix == "" {
			t.Errorf("%s lacks a cause or a fix", d.Code)
		}
		for _, text := range []string{d.Cause, d.Fix} {
			// A flag is the command's to name: programs have none.
			if strings.Contains(text, " --") || strings.HasPrefix(text, "--") {
				t.Errorf("%s names a flag: %q", d.Code, text)
			}
		}
		if Describe(d.Code) != d {
			t.Errorf("Describe(%q) = %v", d.Code, Describe(d.Code))
		}
	}
	if Describe("no.such") != (Description{}) {
		t.Error("an unknown code is described")
	}
}

func TestWrapKeepsTheFirstCode(t *testing.T) {
	inner := New("a.b", "inner %q", "\x1b")
	err := fmt.Errorf("context: %w", Wrap("c.d", inner, "outer"))
	if CodeOf(err) != "a.b" || err.Error() != `context: outer: inner "\x1b"` {
		t.Errorf("%s: %v", CodeOf(err), err)
	}
	if err := Wrap("c.d", io.EOF, "outer"); CodeOf(err) != "c.d" || !errors.Is(err, io.EOF) {
		t.Errorf("%s: %v", CodeOf(err), err)
	}
	if Wrap("c.d", nil, "outer") != nil {
		t.Error("nothing wrapped is something")
	}
	if CodeOf(io.EOF) != "" || CodeOf(nil) != "" {
		t.Error("a code out of nothing")
	}
	var coded interface{ Code() string }
	if !errors.As(err, &coded) || coded.Code() != "a.b" {
		t.Error("the code is not to be found from outside")
	}
}
