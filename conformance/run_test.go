// SPDX-License-Identifier: Apache-2.0

package conformance_test

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/sigbundle/sigbundle/conformance"
)

// small is a suite of one case that must fail.
func small() fstest.MapFS {
	return fstest.MapFS{
		"bundle-verify/x_fail/bundle.sigstore.json": {Data: []byte("{}")},
		"bundle-verify/x_fail/artifact":             {Data: []byte("a")},
	}
}

// broken wants every answer of a client to be broken, and the run to fail.
func broken(t *testing.T, name, says string, client conformance.Client) {
	t.Helper()
	r, err := conformance.Run(context.Background(), conformance.Config{Suite: small(), Client: client, Timeout: 20 * time.Second})
	if err == nil || r == nil || r.OK() {
		t.Fatalf("%s: error %v, report %v, want a failed run", name, err, r)
	}
	if s := r.Summary(); s.Broken != 2 || s.Passed != 0 || s.Refused != 0 {
		t.Errorf("%s: %s", name, s)
	}
	if o := r.Outcomes[0]; o.OK() || !strings.Contains(o.Message, says) {
		t.Errorf("%s: %q, want %q", name, o.Message, says)
	}
}

// A client that gives no verdict passes no case that must fail.
func TestBroken(t *testing.T) {
	type C = conformance.Client
	for _, c := range []struct {
		name, says string
		client     C
	}{
		{"a zero answer", "", func(context.Context, conformance.Request) conformance.Answer { return conformance.Answer{} }},
		{"a verdict that does not exist", "", func(context.Context, conformance.Request) conformance.Answer { return conformance.Answer{Verdict: 7} }},
		{"a panic", "boom", func(context.Context, conformance.Request) conformance.Answer { panic("boom") }},
		{"a nil pointer", "nil pointer", func(context.Context, conformance.Request) conformance.Answer {
			var p *int
			_ = *p
			return conformance.Accept()
		}},
		{"the end of the goroutine", "without an answer", func(context.Context, conformance.Request) conformance.Answer {
			runtime.Goexit()
			return conformance.Accept()
		}},
		{"an error without a code", "no such file", func(context.Context, conformance.Request) conformance.Answer {
			return conformance.FromError(&fs.PathError{Op: "open", Path: "x", Err: errors.New("no such file")})
		}},
		{"a program that is missing", "no such file", conformance.Command{Path: filepath.Join(t.TempDir(), "nothing")}.Verify},
		{"a folder", "", conformance.Command{Path: t.TempDir()}.Verify},
	} {
		broken(t, c.name, c.says, c.client)
	}
}

// Programs that end outside the protocol are broken.
func TestBrokenCommand(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the programs are shell scripts")
	}
	script := func(text string) conformance.Client {
		name := filepath.Join(t.TempDir(), "client")
		if err := os.WriteFile(name, []byte("#!/bin/sh\n"+text+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		return conformance.Command{Path: name}.Verify
	}
	for text, says := range map[string]string{
		"exit 2":            "exit status 2",
		"exit 127":          "exit status 127",
		"exit 255":          "exit status 255",
		"kill -SEGV $$":     "segmentation fault",
		"kill -9 $$":        "killed",
		"nosuchcommandhere": "127",
		"echo 'Traceback (most recent call last):' >&2; exit 1": "Traceback",
		"echo 'panic: boom' >&2; exit 1":                        "boom",
	} {
		broken(t, text, says, script(text))
	}
	r, err := conformance.Run(t.Context(), conformance.Config{Suite: small(), Client: script("echo 'a.b: no\nmore' >&2; exit 1"), Codes: map[string][]string{"x_fail": {"a.b"}}})
	if err != nil || !r.OK() || r.Outcomes[0].Code != "a.b" || !strings.HasPrefix(r.Outcomes[0].Message, "no") {
		t.Errorf("a refusal: %v, %+v", err, r)
	}
	r, err = conformance.Run(t.Context(), conformance.Config{Suite: small(), Client: script("exit 0")})
	if err != nil || r.OK() || r.Summary().Wrong != 2 {
		t.Errorf("accepted what must fail: %v, %+v", err, r)
	}
}

// A client that is silent is broken, whether or not it heeds its context, and
// so is one that refuses because its time is over.
func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		for name, client := range map[string]conformance.Client{
			"ignores": func(context.Context, conformance.Request) conformance.Answer { <-release; return conformance.Accept() },
			"heeds": func(ctx context.Context, _ conformance.Request) conformance.Answer {
				<-ctx.Done()
				return conformance.Refuse("late", "out of time")
			},
		} {
			broken(t, name, "no answer within 20s", client)
		}
		close(release)
	})
}

// A refusal for a reason that was not expected fails its case. All writers of
// the report say so, and a client's text breaks none of them.
func TestReport(t *testing.T) {
	r, err := conformance.Run(t.Context(), conformance.Config{
		Suite: small(), Codes: map[string][]string{"x_fail": {"right.reason"}},
		Client: func(context.Context, conformance.Request) conformance.Answer {
			return conformance.Refuse("wrong.reason", "a|b\nc\x1b[31m`<i>"+strings.Repeat("é", 5000))
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if s := r.Summary(); r.OK() || s.Reason != 2 || s.Passed != 0 {
		t.Errorf("%s", s)
	}
	data, err := json.Marshal(r)
	var read struct {
		OK      bool
		Summary conformance.Summary
		Cases   []struct {
			Verdict, Code string
			Codes         []string `json:"expected_codes"`
		}
	}
	if err == nil {
		err = json.Unmarshal(data, &read)
	}
	if err != nil || read.OK || read.Summary != r.Summary() || len(read.Cases) != 2 || read.Cases[0].Code != "wrong.reason" || read.Cases[0].Codes[0] != "right.reason" {
		t.Errorf("%v: %s", err, data)
	}
	for _, text := range []string{r.Text(), r.Markdown()} {
		if strings.Contains(text, "\x1b") || !strings.Contains(text, "right.reason") || len(text) > 4000 {
			t.Errorf("%d bytes: %q", len(text), text[:min(800, len(text))])
		}
	}
	if lines := strings.Count(r.Markdown(), "\n"); lines != 6 {
		t.Errorf("%d lines in Markdown", lines)
	}
}

func TestRunWithoutClient(t *testing.T) {
	if _, err := conformance.Run(t.Context(), conformance.Config{Suite: small()}); err == nil {
		t.Error("ran no client")
	}
	if new(conformance.Report).OK() {
		t.Error("an empty report is a success")
	}
}
