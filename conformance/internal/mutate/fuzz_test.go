// SPDX-License-Identifier: Apache-2.0

package mutate

import (
	"slices"
	"strings"
	"testing"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/verify/codes"
)

// FuzzVerdict verifies any bytes under the trust roots and policies of all
// cases. Nothing may panic, every refusal has a known code and a short message
// without control characters, and whatever is accepted must prove no more than
// the case that the policy was made for, and be accepted again as it is
// written out.
func FuzzVerdict(f *testing.F) {
	h, err := houses()
	if err != nil {
		f.Fatal(err)
	}
	for i, s := range h.subjects {
		f.Add(uint8(i), s.Bundle)
	}
	f.Fuzz(func(t *testing.T, which uint8, data []byte) {
		s := h.subjects[int(which)%len(h.subjects)]
		p, err := s.judge(data)
		if err != nil {
			refused(t, err)
			return
		}
		more := p.within(s.proved)
		// Several cases are about one artifact: a bundle of another case that
		// this policy accepts proves what it proved there.
		honest := slices.ContainsFunc(h.subjects, func(o *subject) bool { return p.within(o.proved) == "" || mendedLater(p, o.proved) })
		if more != "" && !honest {
			t.Fatalf("accepted for %s, and it proves %s", s.Name, more)
		}
		if again := s.again(p); again != "" {
			t.Fatalf("accepted for %s, but %s", s.Name, again)
		}
	})
}

// mendedLater reports whether a certificate differs only as findings says.
func mendedLater(p, original *proof) bool {
	a, b := p.bundle.Leaf, original.bundle.Leaf
	return a != nil && b != nil && string(a.RawTBSCertificate) == string(b.RawTBSCertificate) && string(a.Signature) == string(b.Signature)
}

func refused(t *testing.T, err error) {
	t.Helper()
	code := codes.Of(err)
	if refuse.Describe(refuse.Code(code)).Cause == "" {
		t.Errorf("code %q is not described: %v", code, err)
	}
	if msg := err.Error(); len(msg) > 16<<10 {
		t.Errorf("a message of %d bytes", len(msg))
	}
}

// FuzzEntry reads a log entry by itself, as a signer gets it.
func FuzzEntry(f *testing.F) {
	cases, err := worldCases()
	if err != nil {
		f.Fatal(err)
	}
	for _, c := range cases {
		doc, err := parseNode(c.Bundle)
		if err != nil {
			f.Fatal(err)
		}
		doc.walk(nil, "", func(_ route, place string, n *node) {
			if strings.HasSuffix(place, ".tlogEntries[]") {
				f.Add(n.write())
			}
		})
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := bundle.ParseEntry(data); err != nil {
			refused(t, err)
		}
	})
}

// FuzzToken holds any bytes against the timestamp authorities of all cases.
func FuzzToken(f *testing.F) {
	h, err := houses()
	if err != nil {
		f.Fatal(err)
	}
	var stamped []*subject
	for _, s := range h.subjects {
		for _, der := range s.parsed.Timestamps {
			f.Add(uint8(len(stamped)), der)
			stamped = append(stamped, s)
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, der []byte) {
		s := stamped[int(which)%len(stamped)]
		b := *s.parsed
		b.Timestamps = [][]byte{der}
		a, err := s.artifactFor(&b)
		if err != nil {
			t.Fatal(err)
		}
		r, err := s.verifier.Verify(&b, a)
		if err != nil {
			refused(t, err)
			return
		}
		for _, at := range r.Report.Times {
			if at.Source == "rfc3161" && !s.proved.proves(at) {
				t.Fatalf("a time that nobody stamped: %v", at)
			}
		}
	})
}
