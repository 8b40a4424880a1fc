// SPDX-License-Identifier: Apache-2.0

package trustroot

import (
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// maker draws small PKIs in which names and keys collide, so that the odd
// shapes (loops, cross-signatures, namesakes, paths of several lengths) come
// up often.
type maker struct {
	*rand.Rand
	t      *testing.T
	serial int64
}

func (m *maker) pick(of ...string) string { return of[m.IntN(len(of))] }
func (m *maker) oneIn(n int) bool         { return m.IntN(n) == 0 }

func (m *maker) ca(issuers []*x509.Certificate, keys map[*x509.Certificate]string) *x509.Certificate {
	c := caTemplate(m.pick("A", "B", "C"))
	m.serial++
	c.SerialNumber = big.NewInt(m.serial)
	c.NotBefore, c.NotAfter = at(m.IntN(5)/2*6), at(10+m.IntN(3)*40)
	if m.oneIn(5) {
		c.MaxPathLen = m.IntN(3)
		c.MaxPathLenZero = c.MaxPathLen == 0
	}
	switch m.IntN(16) {
	case 0:
		c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping}
	case 1:
		c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageAny}
	case 2, 3:
		c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}
	case 4:
		c.UnknownExtKeyUsage = []asn1.ObjectIdentifier{{1, 2, 3}}
	}
	switch m.IntN(30) {
	case 0:
		c.KeyUsage = x509.KeyUsageDigitalSignature
	case 1:
		c.KeyUsage = 0
	case 2:
		c.IsCA, c.MaxPathLen = false, -1
		c.KeyUsage = 0
	}
	if m.oneIn(40) {
		c.PermittedURIDomains, c.PermittedDNSDomainsCritical = []string{m.pick("example.com", "example.org")}, true
	}
	if m.oneIn(40) {
		c.DNSNames = []string{"ca.example"}
	}
	if m.oneIn(50) { // policyConstraints, requireExplicitPolicy 0
		c.ExtraExtensions = append(c.ExtraExtensions, extension(asn1.ObjectIdentifier{2, 5, 29, 36}, true, 0x30, 3, 0x80, 1, 0))
	}
	if m.oneIn(50) {
		c.ExtraExtensions = append(c.ExtraExtensions, extension(asn1.ObjectIdentifier{1, 2, 3, 4}, true, 5, 0))
	}
	key := m.pick("k1", "k2", "k3")
	if !m.oneIn(4) { // mostly one key a name, so that namesakes can stand in for each other
		key = "k" + c.Subject.CommonName
	}
	var parent *x509.Certificate
	signer := key
	if len(issuers) > 0 && !m.oneIn(7) {
		parent = issuers[m.IntN(len(issuers))]
		if signer = keys[parent]; m.oneIn(15) {
			signer = "wrong"
		}
	}
	var cert *x509.Certificate
	if signer == "wrong" {
		parent2 := *parent
		parent2.PublicKey = keyOf("wrong").Public()
		cert = issue(m.t, c, key, &parent2, "wrong")
	} else {
		cert = issue(m.t, c, key, parent, signer)
	}
	keys[cert] = key
	return cert
}

func (m *maker) leaf(issuers []*x509.Certificate, keys map[*x509.Certificate]string) *x509.Certificate {
	c := leafTemplate()
	m.serial++
	c.SerialNumber = big.NewInt(m.serial)
	if m.oneIn(10) {
		c.Subject.CommonName = m.pick("A", "B", "C")
	}
	if m.oneIn(40) {
		c.ExtraExtensions = append(c.ExtraExtensions, extension(asn1.ObjectIdentifier{2, 5, 29, 36}, true, 0x30, 3, 0x80, 1, 0))
	}
	parent := issuers[m.IntN(len(issuers))]
	key := m.pick("leaf", "k1")
	if m.oneIn(12) { // crypto/x509 takes such a leaf for the CA itself
		c.Subject, c.URIs, key = parent.Subject, nil, keys[parent]
	}
	return issue(m.t, c, key, parent, keys[parent])
}

// names writes a set of paths in one order.
func names(paths [][]*x509.Certificate) string {
	var list []string
	for _, p := range paths {
		var serials []string
		for _, c := range p {
			serials = append(serials, c.SerialNumber.String())
		}
		list = append(list, strings.Join(serials, "<"))
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}

// oracle is crypto/x509 alone, with the same anchor and intermediates.
func oracle(leaf *x509.Certificate, chain []*x509.Certificate, when time.Time) [][]*x509.Certificate {
	opts := x509.VerifyOptions{
		Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool(), CurrentTime: when,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
	}
	opts.Roots.AddCert(chain[len(chain)-1])
	for _, c := range chain[:len(chain)-1] {
		opts.Intermediates.AddCert(c)
	}
	paths, _ := leaf.Verify(opts)
	return paths
}

// The proved links and crypto/x509 find the same paths.
func TestFastPathAgrees(t *testing.T) {
	rounds := 1500
	if testing.Short() {
		rounds = 300
	}
	counts := map[string]int{}
	m := &maker{Rand: rand.New(rand.NewPCG(1, 2)), t: t}
	for round := range rounds {
		keys := map[*x509.Certificate]string{}
		var cas []*x509.Certificate
		for range 2 + m.IntN(6) {
			cas = append(cas, m.ca(cas, keys))
		}
		leaf := m.leaf(cas[len(cas)-2:], keys)
		chain := slices.Clone(cas)
		m.Shuffle(len(chain), func(i, j int) { chain[i], chain[j] = chain[j], chain[i] })
		if m.oneIn(5) {
			chain = append(chain, chain[0])
		}
		r, err := New(Config{CertificateAuthorities: []AuthorityConfig{authority(at(0), time.Time{}, chain...)}})
		if err != nil {
			t.Fatal(err)
		}
		ca := r.cas[0]
		for _, when := range []time.Time{at(10), at(11)} {
			want := names(oracle(leaf, chain, when))
			got, err := ca.paths(leaf, nil, when)
			if (err == nil) != (len(got) > 0) {
				t.Fatalf("round %d: %d paths and the error %v", round, len(got), err)
			}
			if names(got) != want {
				t.Fatalf("round %d at %v: %q, crypto/x509 finds %q", round, when, names(got), want)
			}
			fast := !ca.special && plain(leaf) && !ca.holdsName(leaf)
			counts[fmt.Sprintf("fast %v, found %v", fast, len(got) > 0)]++
			if fast && len(got) > 1 {
				counts["fast, several paths"]++
			}
			if fast && slices.ContainsFunc(got, func(p []*x509.Certificate) bool { return len(p) > 3 }) {
				counts["fast, long path"]++
			}
		}
	}
	for _, shape := range []string{"fast true, found true", "fast true, found false", "fast false, found true", "fast false, found false", "fast, several paths", "fast, long path"} {
		if counts[shape] == 0 {
			t.Errorf("no case of %q among %v", shape, counts)
		}
	}
	t.Log(counts)
}

// Three certificates each for three levels of CAs make 27 paths, more than are
// worth proving: crypto/x509 with its own bound takes over.
func TestTooManyLinks(t *testing.T) {
	anchor := issue(t, caTemplate("root"), "root", nil, "root")
	above, signer := anchor, "root"
	var chain []*x509.Certificate
	for _, name := range []string{"B", "C", "D"} {
		for n := range int64(3) {
			c := caTemplate(name)
			c.SerialNumber = big.NewInt(n + 1)
			chain = append(chain, issue(t, c, name, above, signer))
		}
		above, signer = chain[len(chain)-1], name
	}
	r := rootOf(t, authority(at(0), at(500), append(chain, anchor)...))
	if ca := r.cas[0]; !ca.special || len(ca.links) > maxLinks+1 {
		t.Errorf("special %v, %d links", ca.special, len(ca.links))
	}
	got, err := r.Chains(issue(t, leafTemplate(), "leaf", above, "D"), nil, at(10))
	if err != nil || len(got) != 27 {
		t.Errorf("%d paths, %v", len(got), err)
	}
}

func BenchmarkChains(b *testing.B) {
	p := ordinary(b)
	r := rootOf(b, authority(at(0), at(500), p.issuer, p.anchor))
	b.Run("links", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := r.Chains(p.leaf, nil, at(10)); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("x509", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := r.cas[0].slowPaths(p.leaf, nil, at(10)); err != nil {
				b.Fatal(err)
			}
		}
	})
}
