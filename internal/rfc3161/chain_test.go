// SPDX-License-Identifier: Apache-2.0

package rfc3161

import (
	"crypto/elliptic"
	"crypto/x509"
	"crypto/x509/pkix"
	"slices"
	"testing"
	"time"
)

// lattice is a configured chain for the differential test.
type lattice struct {
	name   string
	chain  []*x509.Certificate
	proved bool // wanted: the proof of NewAuthority exists
}

// lattices returns chains that are good, bad and odd.
func lattices(t testing.TB) []lattice {
	issue := func(edits ...func(root, intermediate, leaf *x509.Certificate)) []*x509.Certificate {
		root, intermediate, leaf := caTemplate("r", 1), caTemplate("i", 2), leafTemplate(t)
		for _, edit := range edits {
			edit(&root, &intermediate, &leaf)
		}
		r := newCert(t, root, ecKey(t, elliptic.P256(), 1), ca{})
		i := newCert(t, intermediate, ecKey(t, elliptic.P256(), 2), r)
		l := newCert(t, leaf, ecKey(t, elliptic.P256(), 3), i)
		return []*x509.Certificate{l.cert, i.cert, r.cert}
	}
	plain := issue()
	other := newCert(t, caTemplate("i", 2), ecKey(t, elliptic.P256(), 8), ca{}).cert
	return []lattice{
		{"plain", plain, true},
		{"anchor is the intermediate", plain[:2], true},
		{"anchor is the leaf", plain[:1], true},
		{"intermediate missing", []*x509.Certificate{plain[0], plain[2]}, false},
		{"out of order", []*x509.Certificate{plain[0], plain[2], plain[1]}, true},
		{"namesake of the intermediate", []*x509.Certificate{plain[0], other, plain[2]}, false},
		{"namesake as the anchor", []*x509.Certificate{plain[0], plain[1], other}, false},
		{"a stranger more", []*x509.Certificate{plain[0], other, plain[1], plain[2]}, true},
		{"windows meet", issue(func(_, i, l *x509.Certificate) { i.NotAfter = l.NotBefore }), true},
		{"windows miss", issue(func(_, i, l *x509.Certificate) { i.NotAfter = l.NotBefore.Add(-time.Second) }), false},
		{"root ends first", issue(func(r, _, _ *x509.Certificate) { r.NotAfter = stampTime }), true},
		{"root starts last", issue(func(r, _, _ *x509.Certificate) { r.NotBefore = stampTime }), true},
		{"path too long", issue(func(r, _, _ *x509.Certificate) { r.MaxPathLenZero = true }), false},
		{"path long enough", issue(func(r, i, _ *x509.Certificate) { r.MaxPathLen, i.MaxPathLenZero = 1, true }), true},
		{"intermediate for timestamps", issue(func(_, i, _ *x509.Certificate) {
			i.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping}
		}), true},
		{"intermediate for anything", issue(func(_, i, _ *x509.Certificate) {
			i.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageAny}
		}), true},
		{"intermediate for servers", issue(func(_, i, _ *x509.Certificate) {
			i.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		}), false},
		{"intermediate may not sign", issue(func(_, i, _ *x509.Certificate) { i.KeyUsage = x509.KeyUsageDigitalSignature }), false},
		{"intermediate is no CA", issue(func(_, i, _ *x509.Certificate) { i.IsCA = false }), false},
		{"unknown critical extension", issue(func(_, i, _ *x509.Certificate) {
			i.ExtraExtensions = []pkix.Extension{{Id: []int{1, 2, 3}, Critical: true, Value: null}}
		}), false},
		{"unknown critical extension of the leaf", issue(func(_, _, l *x509.Certificate) {
			l.ExtraExtensions = append(l.ExtraExtensions, pkix.Extension{Id: []int{1, 2, 3}, Critical: true, Value: null})
		}), false},
		{"name constraint kept", issue(constrain, func(_, _, l *x509.Certificate) { l.DNSNames = []string{"tsa.good.test"} }), true},
		{"name constraint broken", issue(constrain, func(_, _, l *x509.Certificate) { l.DNSNames = []string{"tsa.bad.test"} }), false},
	}
}

func constrain(_, i, _ *x509.Certificate) {
	i.PermittedDNSDomains, i.PermittedDNSDomainsCritical = []string{"good.test"}, true
}

// The proof made by NewAuthority must decide nothing that full path validation
// would decide otherwise, at any edge of any window.
func TestProofAgainstFullValidation(t *testing.T) {
	for _, l := range lattices(t) {
		t.Run(l.name, func(t *testing.T) {
			a := newAuthority(t, l.chain...)
			if (a.proved != nil) != l.proved {
				t.Errorf("proved: %v", a.proved != nil)
			}
			full := *a
			full.proved = nil
			for _, at := range edges(l.chain) {
				fast, slow := a.checkChain(a.leaf, nil, at), full.checkChain(a.leaf, nil, at)
				if (fast == nil) != (slow == nil) {
					t.Errorf("at %s: %v, want %v", at, fast, slow)
				}
				if slow != nil {
					wantCode(t, fast, codeChain, at)
				}
				reference := reference(l.chain, at)
				if (slow == nil) != (reference == nil) {
					t.Errorf("at %s: %v, x509 says %v", at, slow, reference)
				}
			}
		})
	}
}

// reference asks crypto/x509 directly.
func reference(chain []*x509.Certificate, at time.Time) error {
	roots, intermediates := x509.NewCertPool(), x509.NewCertPool()
	roots.AddCert(chain[len(chain)-1])
	for _, c := range chain[:len(chain)-1] {
		intermediates.AddCert(c)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: intermediates, CurrentTime: at,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping},
	})
	return err
}

// edges returns the instants around every date of a chain.
func edges(chain []*x509.Certificate) []time.Time {
	var out []time.Time
	for _, c := range chain {
		for _, edge := range []time.Time{c.NotBefore, c.NotAfter} {
			out = append(out, edge.Add(-time.Second), edge.Add(-1), edge, edge.Add(1), edge.Add(time.Second))
		}
	}
	return append(out, stampTime, time.Unix(0, 0), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC))
}

// The zero time means now to x509, and must mean nothing here.
func TestZeroTimeIsNotNow(t *testing.T) {
	w := newWorld(t, nil, func(c *x509.Certificate) { c.NotAfter = rootEnd })
	d := newDraft(w)
	d.genTime = "00010101000000Z"
	tok, err := Parse(d.build(t))
	if err != nil {
		t.Fatal(err)
	}
	a := newAuthority(t, w.chain()...)
	_, err = a.Verify(tok, d.message)
	wantCode(t, err, codeWindow)
	a.start = time.Time{}.Add(-1)
	_, err = a.Verify(tok, d.message)
	wantCode(t, err, codeChain)
}

// TOB-11: the chain of one authority must not borrow the window of another.
func TestAuthoritiesDoNotMix(t *testing.T) {
	w := newWorld(t, nil, nil)
	otherRoot := newCert(t, caTemplate("test root", 1), ecKey(t, elliptic.P384(), 8), ca{})
	past, err := NewAuthority(AuthorityConfig{Chain: w.chain(), URI: "same", Start: rootStart, End: stampTime.Add(-1)})
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := NewAuthority(AuthorityConfig{
		Chain: slices.Concat(w.chain()[:2], []*x509.Certificate{otherRoot.cert}), URI: "same", Start: rootStart,
	})
	if err != nil {
		t.Fatal(err)
	}
	wantRefusal(t, past, newDraft(w), codeWindow)
	wantRefusal(t, stranger, newDraft(w), codeChain)
}
