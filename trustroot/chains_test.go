// SPDX-License-Identifier: Apache-2.0

package trustroot

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

func TestChains(t *testing.T) {
	p := ordinary(t)
	r := rootOf(t, authority(at(0), at(500), p.issuer, p.anchor))
	for _, when := range []time.Time{at(10), at(10).Add(time.Minute), at(11)} { // dates include both ends
		chains, err := r.Chains(p.leaf, nil, when)
		if err != nil || len(chains) != 1 {
			t.Fatalf("%v: %v, %v", when, chains, err)
		}
		c := chains[0]
		if len(c.Certificates) != 3 || c.Certificates[0] != p.leaf || !c.Issuer().Equal(p.issuer) || !c.Certificates[2].Equal(p.anchor) || c.Authority != r.CertificateAuthorities()[0] {
			t.Errorf("chain %v", c.Certificates)
		}
	}
}

// Each refusal names what is wrong and carries the times at stake.
func TestChainsRefuse(t *testing.T) {
	p := ordinary(t)
	young := caTemplate("issuer")
	young.NotBefore = at(12)
	late := issue(t, young, "issuer", p.anchor, "root")
	longLeaf := leafTemplate()
	longLeaf.NotAfter = at(600)
	long := issue(t, longLeaf, "leaf", p.issuer, "issuer")
	timestamping := caTemplate("issuer")
	timestamping.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping}
	stamper := issue(t, timestamping, "issuer", p.anchor, "root")
	impostor := issue(t, caTemplate("root"), "impostor", nil, "impostor")
	good := authority(at(0), at(500), p.issuer, p.anchor)
	tests := []struct {
		name string
		leaf *x509.Certificate
		cas  []AuthorityConfig
		at   time.Time
		code refuse.Code
		text string
	}{
		{"no time", p.leaf, []AuthorityConfig{good}, time.Time{}, codeExpired, "no time"},
		{"before the leaf", p.leaf, []AuthorityConfig{good}, at(10).Add(-1), codeExpired, "2025-01-01T09:59:59.999999999Z"},
		{"within the second after the leaf", p.leaf, []AuthorityConfig{good}, at(11).Add(500 * time.Millisecond), codeExpired, "to 2025-01-01T11:00:00Z, not at 2025-01-01T11:00:00.5Z"},
		{"issuer not yet valid", p.leaf, []AuthorityConfig{authority(at(0), at(500), late, p.anchor)}, at(10), codeExpired, `"CN=issuer"`},
		{"window over", long, []AuthorityConfig{good}, at(500).Add(1), codeOutside, "https://ca.example"},
		{"window not begun", p.leaf, []AuthorityConfig{authority(at(11), time.Time{}, p.issuer, p.anchor)}, at(10), codeOutside, "from 2025-01-01T11:00:00Z on"},
		{"window over, among others", long, []AuthorityConfig{authority(at(0), at(999), impostor), good}, at(501), codeOutside, "counts from"},
		{"no authority", p.leaf, nil, at(10), codeUntrusted, "CN=issuer"},
		{"another authority with the anchor's name", p.leaf, []AuthorityConfig{authority(at(0), at(500), p.issuer, impostor)}, at(10), codeProfile, "no valid path"},
		{"anchor without the intermediate", p.leaf, []AuthorityConfig{authority(at(0), at(500), p.anchor)}, at(10), codeUntrusted, "CN=issuer"},
		{"intermediate for timestamps", p.leaf, []AuthorityConfig{authority(at(0), at(500), stamper, p.anchor)}, at(10), codeProfile, "no valid path"},
		{"intermediate of another entry", p.leaf, []AuthorityConfig{authority(at(0), at(500), p.anchor), authority(at(0), at(500), p.issuer, impostor)}, at(10), codeUntrusted, ""},
		{"no leaf", nil, []AuthorityConfig{good}, at(10), codeProfile, "no certificate"},
		{"leaf not from DER", new(x509.Certificate), []AuthorityConfig{good}, at(10), codeProfile, "no certificate"},
		{"CA as a leaf", p.issuer, []AuthorityConfig{good}, at(10), codeProfile, "CA"},
	}
	for _, tt := range tests {
		chains, err := rootOf(t, tt.cas...).Chains(tt.leaf, nil, tt.at)
		if tt.name == "intermediate of another entry" && refuse.CodeOf(err) == codeProfile {
			continue // either reason is true of one of the entries
		}
		wantCode(t, tt.name, err, tt.code)
		if err != nil && !strings.Contains(err.Error(), tt.text) || len(chains) > 0 {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	_, err := rootOf(t, good).Chains(p.leaf, make([]*x509.Certificate, maxChain+1), at(10))
	wantCode(t, "too many helpers", err, codeUntrusted)
}

func TestLeafProfile(t *testing.T) {
	p := ordinary(t)
	r := rootOf(t, authority(at(0), at(500), p.issuer, p.anchor))
	unknown := asn1.ObjectIdentifier{1, 2, 3, 4}
	tests := []struct {
		name   string
		change func(*x509.Certificate)
		ok     bool
	}{
		{"as it is", func(*x509.Certificate) {}, true},
		{"no name", func(c *x509.Certificate) { c.URIs, c.EmailAddresses = nil, nil }, true},
		{"unknown extension", func(c *x509.Certificate) {
			c.ExtraExtensions = append(c.ExtraExtensions, extension(unknown, false, 5, 0))
		}, true},
		{"more purposes", func(c *x509.Certificate) { c.ExtKeyUsage = append(c.ExtKeyUsage, x509.ExtKeyUsageClientAuth) }, true},
		{"no purpose", func(c *x509.Certificate) { c.ExtKeyUsage = nil }, false},
		{"another purpose", func(c *x509.Certificate) { c.ExtKeyUsage[0] = x509.ExtKeyUsageTimeStamping }, false},
		{"any purpose", func(c *x509.Certificate) { c.ExtKeyUsage[0] = x509.ExtKeyUsageAny }, false},
		{"any purpose as well", func(c *x509.Certificate) { c.ExtKeyUsage = append(c.ExtKeyUsage, x509.ExtKeyUsageAny) }, false},
		{"no key usage", func(c *x509.Certificate) { c.KeyUsage = 0 }, false},
		{"another key usage", func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageContentCommitment }, false},
		{"CA", func(c *x509.Certificate) { c.IsCA, c.BasicConstraintsValid = true, true }, false},
		{"not a CA, said", func(c *x509.Certificate) { c.BasicConstraintsValid = true }, true},
		{"unknown critical extension", func(c *x509.Certificate) {
			c.ExtraExtensions = append(c.ExtraExtensions, extension(unknown, true, 5, 0))
		}, false},
	}
	for _, tt := range tests {
		c := leafTemplate()
		tt.change(c)
		_, err := r.Chains(issue(t, c, "leaf", p.issuer, "issuer"), nil, at(10))
		if tt.ok && err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if !tt.ok {
			wantCode(t, tt.name, err, codeProfile)
		}
	}
}

// A critical name that crypto/x509 does not know passes if we do, and never
// together with anything else.
func TestOtherName(t *testing.T) {
	p := ordinary(t)
	r := rootOf(t, authority(at(0), at(500), p.issuer, p.anchor))
	user := []byte("\x30\x21\xa0\x1f\x06\x0a\x2b\x06\x01\x04\x01\x83\xbf\x30\x01\x07\xa0\x11\x0c\x0ffoo!example.com")
	other := []byte(strings.Replace(string(user), "\x01\x07", "\x01\x09", 1))
	unknown := extension(asn1.ObjectIdentifier{1, 2, 3, 4}, true, 5, 0)
	make1 := func(value []byte, more bool) *x509.Certificate {
		c := leafTemplate()
		c.URIs = nil
		c.ExtraExtensions = append(c.ExtraExtensions, extension(oidSAN, true, value...))
		if more {
			c.ExtraExtensions = append(c.ExtraExtensions, unknown)
		}
		return issue(t, c, "leaf", p.issuer, "issuer")
	}
	leaf := make1(user, false)
	chains, err := r.Chains(leaf, nil, at(10))
	if err != nil {
		t.Fatal(err)
	}
	if chains[0].Certificates[0] != leaf || len(leaf.UnhandledCriticalExtensions) != 1 {
		t.Error("the leaf was changed or replaced")
	}
	_, err = r.Chains(make1(other, false), nil, at(10))
	wantCode(t, "otherName of another type", err, "certificate.san")
	_, err = r.Chains(make1(user, true), nil, at(10))
	wantCode(t, "another critical extension", err, codeProfile)
}

func TestHelpers(t *testing.T) {
	p := ordinary(t)
	bare := rootOf(t, authority(at(0), at(500), p.anchor))
	if c, err := bare.Chains(p.leaf, []*x509.Certificate{nil, p.leaf, p.issuer}, at(10)); err != nil || len(c) != 1 || len(c[0].Certificates) != 3 {
		t.Errorf("the intermediate of the bundle: %v", err)
	}
	direct := issue(t, leafTemplate(), "leaf", p.anchor, "root")
	if c, err := bare.Chains(direct, []*x509.Certificate{p.issuer}, at(10)); err != nil || len(c[0].Certificates) != 2 {
		t.Errorf("issued by the anchor itself: %v", err)
	}
	stranger := issue(t, caTemplate("issuer"), "issuer", nil, "issuer")
	_, err := bare.Chains(p.leaf, []*x509.Certificate{stranger}, at(10))
	wantCode(t, "a self-signed helper", err, codeProfile)
	other := issue(t, caTemplate("other"), "other", p.anchor, "root")
	full := rootOf(t, authority(at(0), at(500), other, p.anchor))
	_, err = full.Chains(p.leaf, []*x509.Certificate{p.issuer}, at(10))
	wantCode(t, "an entry with intermediates takes no others", err, codeUntrusted)
}

// Two intermediates with one name and one key, and two entries with the same
// path: every path is found, in each entry.
func TestSeveralPaths(t *testing.T) {
	p := ordinary(t)
	second := caTemplate("issuer")
	second.SerialNumber.SetInt64(2)
	twin := issue(t, second, "issuer", p.anchor, "root")
	namesake := issue(t, caTemplate("issuer"), "another key", p.anchor, "root")
	r := rootOf(t,
		authority(at(0), at(500), namesake, p.issuer, twin, p.issuer, p.anchor),
		authority(at(0), at(500), p.issuer, p.anchor),
		authority(at(0), at(5), p.issuer, p.anchor))
	chains, err := r.Chains(p.leaf, nil, at(10))
	if err != nil || len(chains) != 3 {
		t.Fatalf("%d chains, %v, want 3", len(chains), err)
	}
	if !chains[0].Issuer().Equal(p.issuer) || !chains[1].Issuer().Equal(twin) || chains[2].Authority != r.CertificateAuthorities()[1] {
		t.Error("not in the order of the trust root")
	}
}

// The roots of February 2023 list [root, intermediate]: the last one is the
// anchor, self-signed or not.
func TestAnchorNotSelfSigned(t *testing.T) {
	p := ordinary(t)
	r := rootOf(t, authority(at(0), at(500), p.anchor, p.issuer))
	if c, err := r.Chains(p.leaf, nil, at(10)); err != nil || len(c) != 1 || len(c[0].Certificates) != 2 {
		t.Errorf("%v", err)
	}
}

func TestAuthorityRefused(t *testing.T) {
	p := ordinary(t)
	for name, c := range map[string]AuthorityConfig{
		"nil certificate":          authority(at(0), at(1), nil),
		"certificate not from DER": authority(at(0), at(1), new(x509.Certificate)),
		"no certificate":           authority(at(0), at(1)),
	} {
		_, err := New(Config{CertificateAuthorities: []AuthorityConfig{c}})
		wantCode(t, name, err, codeMalformed)
		_, err = New(Config{TimestampAuthorities: []AuthorityConfig{c}})
		wantCode(t, name, err, codeMalformed)
	}
	_, err := New(Config{CertificateAuthorities: []AuthorityConfig{authority(time.Time{}, at(1), p.anchor)}})
	wantCode(t, "no start", err, codeWindow)
	long := make([]*x509.Certificate, maxChain+1)
	for i := range long {
		long[i] = p.anchor
	}
	_, err = New(Config{CertificateAuthorities: []AuthorityConfig{authority(at(0), at(1), long...)}})
	wantCode(t, "chain too long", err, codeLimit)
}

func TestConcurrentUse(t *testing.T) {
	p := ordinary(t)
	r := rootOf(t, authority(at(0), at(500), p.issuer, p.anchor), authority(at(0), at(500), p.anchor))
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			if _, err := r.Chains(p.leaf, []*x509.Certificate{p.issuer}, at(10)); err != nil {
				t.Error(err)
			}
			mustJSON(r)
			r.Proto()
		})
	}
	group.Wait()
}

// What a bundle brings along is not let near the arithmetic before its size is
// known: one signature by a key of half a megabit took twenty seconds.
func TestHelperWithLongKey(t *testing.T) {
	p := ordinary(t)
	r := rootOf(t, authority(at(0), at(500), p.anchor))
	helper := *p.issuer
	for bits, want := range map[int]refuse.Code{8192: "", 8193: codeUntrusted} {
		helper.PublicKey = &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), uint(bits-1)), E: 1<<31 - 1}
		_, err := r.Chains(p.leaf, []*x509.Certificate{p.issuer, &helper}, at(10))
		if refuse.CodeOf(err) != want {
			t.Errorf("%d bits: %v", bits, err)
		}
	}
}

// A certificate that ended in the year 1 is not one without an end.
func TestAuthorityOfYearOne(t *testing.T) {
	p := ordinary(t)
	anchor := *p.anchor
	anchor.NotAfter = time.Time{}
	_, err := rootOf(t, authority(at(0), at(500), p.issuer, &anchor)).Chains(p.leaf, nil, at(10))
	wantCode(t, "fast", err, codeExpired)
}
