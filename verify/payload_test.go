// SPDX-License-Identifier: Apache-2.0

package verify_test

import (
	"bytes"
	"crypto/sha512"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/dsse"
	"github.com/sigbundle/sigbundle/verify"
)

// payload makes a request sign a text in an envelope.
func payload(r virtual.Request, text string) virtual.Request {
	r.PredicateType = "https://example.test"
	r.Hooks.Envelope = func(e *dsse.Envelope) { e.Payload = []byte(text) }
	return r
}

// A payload is not parsed before its signature is verified and its signer
// accepted, whatever it holds.
func TestUnverifiedPayloadsAreNotParsed(t *testing.T) {
	const n = 100_000
	var keys, escaped, subjects strings.Builder
	for i := range n {
		fmt.Fprintf(&keys, `,"%x":0`, i)
		fmt.Fprintf(&escaped, `,"\u003c%x":0`, i)
		fmt.Fprintf(&subjects, `,{"name":"%x","digest":{"sha256":"%064x"}}`, i, i)
	}
	const head = `{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"00"}}`
	w := world(t, virtual.Config{})
	bare := world(t, virtual.Config{GitHub: true})
	key, err := bare.Key("managed", virtual.ECDSAP256)
	if err != nil {
		t.Fatal(err)
	}
	other, err := bare.Key("other", virtual.ECDSAP256)
	if err != nil {
		t.Fatal(err)
	}
	somebody := verify.Policy{Identities: []verify.Identity{{SAN: verify.Exactly("https://example.test/other"), Issuer: verify.Exactly("https://example.test")}}}
	for what, text := range map[string]string{
		"members":        head + `]` + keys.String() + `}`,
		"predicate":      head + `],"predicate":{"a":0` + keys.String() + `}}`,
		"escapes":        head + `]` + escaped.String() + `}`,
		"subjects":       head + subjects.String() + `]}`,
		"digests":        `{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"00"` + strings.ReplaceAll(keys.String(), ":0", `:"00"`) + `}}]}`,
		"nesting":        head + `],"predicate":` + strings.Repeat(`{"a":`, n) + `0` + strings.Repeat(`}`, n) + `}`,
		"not a document": strings.Repeat(`{"a":`, n),
	} {
		for _, c := range []struct {
			who    string
			v      *verify.Verifier
			b      *bundle.Bundle
			refuse string
		}{
			{"another key", verifier(t, rootOf(t, bare), verify.Policy{Keys: []verify.Key{{Public: other.Public()}}}),
				signed(t, bare, payload(virtual.Request{ManagedKey: key, Timestamps: -1}, text)), "signature.invalid"},
			{"another signer", verifier(t, rootOf(t, w), somebody), signed(t, w, payload(virtual.Request{}, text)), "identity.san"},
			{"a signer unknown", verifier(t, rootOf(t, bare), anybody), signed(t, w, payload(virtual.Request{}, text)), "time.none"},
			{"no time", verifier(t, rootOf(t, w), anybody),
				signed(t, w, payload(virtual.Request{Evidence: virtual.RekorV2, Timestamps: -1}, text)), "time.none"},
		} {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := judge(t, c.v, c.b)
			runtime.ReadMemStats(&after)
			wantCode(t, what+" of "+c.who, err, c.refuse)
			if objects, size := after.Mallocs-before.Mallocs, after.TotalAlloc-before.TotalAlloc; objects > 5000 || size > 1<<20 {
				t.Errorf("%s of %s: %d objects of %d bytes for a payload of %d bytes", what, c.who, objects, size, len(text))
			}
		}
	}
}

// Every digest that a subject can be compared by is computed, however its name
// is spelled in the statement.
func TestDigestsThatStatementsName(t *testing.T) {
	w := world(t, virtual.Config{})
	v := verifier(t, rootOf(t, w), anybody)
	sum := fmt.Sprintf("%x", sha512.Sum512(content))
	for _, c := range []struct{ name, want string }{
		{`sha512`, ""},
		{`\u0073ha512`, ""},
		{`s\u0068a512`, ""},
		{`sh\u0061512`, ""},
		{`sha\u0035\u0031\u0032`, ""},
		{`sha51\u0032`, ""},
		{`SHA512`, "artifact.not_comparable"},
		{`\u003csha512`, "artifact.not_comparable"},
	} {
		text := `{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"` + c.name + `":"` + sum + `"}}]}`
		_, err := judge(t, v, signed(t, w, payload(virtual.Request{}, text)))
		wantCode(t, c.name, err, c.want)
	}
	// What no statement names is not computed.
	b := signed(t, w, payload(virtual.Request{}, `{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"\u003c\u0026\u002f","digest":{"sha256":"00"}}]}`))
	a, err := v.ReadArtifact(bytes.NewReader(content), b)
	if err != nil {
		t.Fatal(err)
	}
	if res, err := v.Verify(b, a); err == nil || len(reportOf(res, err).Artifact) != 1 {
		t.Errorf("%v, %v", res, err)
	}
}

// A bundle of more bytes than the caller accepts is refused, whatever it holds.
func TestMaxBundle(t *testing.T) {
	w := world(t, virtual.Config{})
	s, err := w.Sign(virtual.Request{Artifact: content})
	if err != nil {
		t.Fatal(err)
	}
	size := len(s.Bundle)
	for _, c := range []struct {
		max         int
		config, one string // codes of New and of the verdict
	}{
		{0, "", ""},
		{size, "", ""},
		{size - 1, "", "bundle.limit"},
		{1, "", "bundle.limit"},
		{bundle.MaxSize, "", ""},
		{bundle.MaxSize + 1, "policy.limit", ""},
		{-1, "policy.limit", ""},
	} {
		what := fmt.Sprint(c.max)
		v, err := verify.New(verify.Config{Root: rootOf(t, w), Policy: anybody, MaxBundle: c.max})
		wantCode(t, what, err, c.config)
		if err != nil {
			continue
		}
		b := parsed(t, s.Bundle)
		_, err = judge(t, v, b)
		wantCode(t, what, err, c.one)
		job := verify.Job{Bundle: s.Bundle, Artifact: artifactOf(t, v, b)}
		general := verifier(t, rootOf(t, w), anybody)
		for _, all := range []struct {
			on *verify.Verifier
			by *verify.Verifier
		}{{v, nil}, {general, v}} {
			job.Verifier = all.by
			for _, err := range every(t.Context(), all.on, func(yield func(verify.Job) bool) { yield(job) }) {
				wantCode(t, what+" of many", err, c.one)
			}
		}
	}
	// What is too large is not parsed.
	v, err := verify.New(verify.Config{Root: rootOf(t, w), Policy: anybody, MaxBundle: 10})
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range every(t.Context(), v, func(yield func(verify.Job) bool) { yield(verify.Job{Bundle: []byte("no bundle at all")}) }) {
		wantCode(t, "no bundle", err, "bundle.limit")
	}
}

func artifactOf(t testing.TB, v *verify.Verifier, b *bundle.Bundle) verify.Artifact {
	t.Helper()
	a, err := v.ReadArtifact(bytes.NewReader(content), b)
	if err != nil {
		t.Fatal(err)
	}
	return a
}
