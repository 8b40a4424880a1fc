// SPDX-License-Identifier: Apache-2.0

package trustroot

import (
	"crypto/rsa"
	"crypto/x509"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	trustrootv1 "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"google.golang.org/protobuf/proto"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// The tests of this file are for what only a weakened source shows: each of
// them turns red when one condition or number of the package is changed.

// Bounds are spelled out, so that moving one does not move its test.
func TestBoundsAreWhatTheyAre(t *testing.T) {
	p := ordinary(t)
	good := authority(at(0), at(500), p.issuer, p.anchor)
	logs := func(change func(*LogConfig)) error {
		second := logConfig(t, "log2", at(0), at(5))
		change(&second)
		_, err := New(Config{Logs: []LogConfig{logConfig(t, "log1", at(0), at(5)), second}})
		return err
	}
	authorities := func(change func(*AuthorityConfig)) error {
		second := good
		change(&second)
		_, err := New(Config{CertificateAuthorities: []AuthorityConfig{good, second}})
		return err
	}
	sampled := sample(t).Proto()
	declared := func(change func(*trustrootv1.TransparencyLogInstance)) error {
		m := proto.Clone(sampled).(*trustrootv1.TrustedRoot)
		change(m.Tlogs[1])
		_, err := FromProto(m)
		return err
	}
	for _, c := range []struct {
		what string
		most int
		code refuse.Code // at the bound, "" for none
		read func(n int) error
	}{
		{"bytes", 4 << 20, "", func(n int) error {
			s := text(t)
			_, err := Parse([]byte(s + strings.Repeat(" ", n-len(s))))
			return err
		}},
		{"certificate authorities", 256, "", func(n int) error {
			_, err := New(Config{CertificateAuthorities: slices.Repeat([]AuthorityConfig{good}, n)})
			return err
		}},
		{"timestamp authorities", 256, "", func(n int) error {
			_, err := New(Config{TimestampAuthorities: slices.Repeat([]AuthorityConfig{good}, n)})
			return err
		}},
		{"certificates", 10, "", func(n int) error {
			return authorities(func(a *AuthorityConfig) { a.Chain = slices.Repeat([]*x509.Certificate{p.anchor}, n) })
		}},
		{"bytes of a URI", 2048, "", func(n int) error {
			return authorities(func(a *AuthorityConfig) { a.URI = strings.Repeat("a", n) })
		}},
		{"bytes of a URL", 2048, "", func(n int) error {
			return logs(func(c *LogConfig) { c.BaseURL = strings.Repeat("a", n) })
		}},
		{"bytes of a key", 64 << 10, codeKey, func(n int) error {
			return logs(func(c *LogConfig) { c.Key = make([]byte, n) })
		}},
		{"bytes of a checkpoint key ID", 2048, "", func(n int) error {
			return logs(func(c *LogConfig) { c.CheckpointKeyID = make([]byte, n) })
		}},
		{"bytes of an ID", 2048, codeMalformed, func(n int) error {
			return declared(func(m *trustrootv1.TransparencyLogInstance) { m.LogId.KeyId = make([]byte, n) })
		}},
		{"bits of RSA", 8192, "", func(n int) error {
			return authorities(func(a *AuthorityConfig) {
				c := *p.anchor
				c.PublicKey = &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), uint(n-1))}
				a.Chain = []*x509.Certificate{&c}
			})
		}},
	} {
		if got := refuse.CodeOf(c.read(c.most)); got != c.code {
			t.Errorf("%d %s: %q, want %q", c.most, c.what, got, c.code)
		}
		wantCode(t, c.what, c.read(c.most+1), codeLimit)
	}
	// In a document, too, where the bounds stop the reader.
	s := text(t)
	log := strings.TrimSuffix(strings.SplitN(s, `"tlogs":[`, 2)[1], "]}")
	list := func(n int) []byte {
		return []byte(`{"mediaType":"` + MediaTypeV01 + `","tlogs":[` + strings.TrimSuffix(strings.Repeat(log+",", n), ",") + `]}`)
	}
	_, err := Parse(list(256))
	if err != nil {
		t.Errorf("256 times the same log: %v", err)
	}
	_, err = Parse(list(257))
	wantCode(t, "257 logs", err, codeLimit)
}

func TestYears(t *testing.T) {
	p := ordinary(t)
	year := func(y int) time.Time { return time.Date(y, 6, 1, 0, 0, 0, 0, time.UTC) }
	for _, c := range []struct {
		start, end time.Time
		ok         bool
	}{
		{year(1), time.Time{}, true}, {year(1), year(9999), true}, {year(9999), time.Time{}, true}, {at(0), year(9999), true},
		{year(0), time.Time{}, false}, {year(-1), time.Time{}, false}, {at(0), year(10000), false}, {year(10000), time.Time{}, false},
		{year(10000), year(10001), false}, {at(1), at(0), false},
	} {
		_, err := New(Config{Logs: []LogConfig{logConfig(t, "log", c.start, c.end)}})
		_, err2 := New(Config{CertificateAuthorities: []AuthorityConfig{authority(c.start, c.end, p.anchor)}})
		for _, err := range []error{err, err2} {
			if (err == nil) != c.ok || err != nil && refuse.CodeOf(err) != codeWindow {
				t.Errorf("%v to %v: %v", c.start, c.end, err)
			}
		}
	}
}

// What no check can use is set aside or refused, and never half used.
func TestNotHalfUsed(t *testing.T) {
	p := ordinary(t)
	unknown := *p.anchor
	unknown.PublicKeyAlgorithm = x509.UnknownPublicKeyAlgorithm
	one := []AuthorityConfig{authority(at(0), at(5), &unknown)}
	r := mustNew(t, Config{CertificateAuthorities: one, TimestampAuthorities: one})
	if len(r.CertificateAuthorities())+len(r.TimestampAuthorities()) != 0 || len(r.Ignored()) != 2 {
		t.Errorf("unusable %v", r.Ignored())
	}
	bad := logConfig(t, "log", at(0), at(5))
	bad.Key = bad.Key[1:]
	_, err := New(Config{Logs: []LogConfig{bad}})
	wantCode(t, "malformed key without an ID", err, codeKey)
	for _, list := range []func(*trustrootv1.TrustedRoot) []*trustrootv1.TransparencyLogInstance{
		(*trustrootv1.TrustedRoot).GetTlogs, (*trustrootv1.TrustedRoot).GetCtlogs,
	} {
		m := sample(t).Proto()
		list(m)[0].LogId.KeyId = make([]byte, 32)
		_, err = FromProto(m)
		wantCode(t, "ID of zeros", err, codeKey)
	}
}

// Why there is no path: an authority is blamed for its window only if it
// issued the certificate.
func TestWhyThereIsNoPath(t *testing.T) {
	p := ordinary(t)
	other := issue(t, caTemplate("other"), "other", nil, "other")
	impostor := issue(t, caTemplate("issuer"), "impostor", nil, "impostor")
	old := caTemplate("issuer")
	old.NotAfter = at(9)
	expired := issue(t, old, "issuer", p.anchor, "root")
	for _, c := range []struct {
		name string
		ca   AuthorityConfig
		code refuse.Code
	}{
		{"another's window is over", authority(at(0), at(1), other), codeUntrusted},
		{"its window is over", authority(at(0), at(1), p.issuer, p.anchor), codeOutside},
		{"its window and its issuer's life are over", authority(at(0), at(1), expired, p.anchor), codeOutside},
		{"its issuer's life is over", authority(at(0), at(500), expired, p.anchor), codeExpired},
		{"the issuer's name only", authority(at(0), at(500), impostor), codeUntrusted},
		{"the leaf itself as an anchor", authority(at(0), at(500), p.leaf), codeUntrusted},
	} {
		_, err := rootOf(t, c.ca).Chains(p.leaf, nil, at(10))
		wantCode(t, c.name, err, c.code)
	}
	r := rootOf(t, authority(at(0), at(500), p.anchor))
	helpers := slices.Repeat([]*x509.Certificate{p.issuer}, 10)
	if _, err := r.Chains(p.leaf, helpers, at(10)); err != nil {
		t.Errorf("ten helpers: %v", err)
	}
	_, err := r.Chains(p.leaf, append(helpers, p.issuer), at(10))
	wantCode(t, "eleven helpers", err, codeUntrusted)
}

func TestAllowed(t *testing.T) {
	usages := func(list ...x509.ExtKeyUsage) []x509.ExtKeyUsage { return list }
	for _, c := range []struct {
		name  string
		cert  x509.Certificate
		below int
		want  bool
	}{
		{"CA", x509.Certificate{BasicConstraintsValid: true, IsCA: true, MaxPathLen: -1}, 9, true},
		{"no CA", x509.Certificate{BasicConstraintsValid: true, MaxPathLen: -1}, 0, false},
		{"no constraints", x509.Certificate{IsCA: true, MaxPathLen: -1}, 0, false},
		{"issuer of leaves", x509.Certificate{BasicConstraintsValid: true, IsCA: true}, 0, true},
		{"issuer of leaves above a CA", x509.Certificate{BasicConstraintsValid: true, IsCA: true}, 1, false},
		{"path length 1", x509.Certificate{BasicConstraintsValid: true, IsCA: true, MaxPathLen: 1}, 1, true},
		{"path length 1, two below", x509.Certificate{BasicConstraintsValid: true, IsCA: true, MaxPathLen: 1}, 2, false},
		{"code signing", x509.Certificate{BasicConstraintsValid: true, IsCA: true, ExtKeyUsage: usages(x509.ExtKeyUsageCodeSigning)}, 0, true},
		{"timestamping", x509.Certificate{BasicConstraintsValid: true, IsCA: true, ExtKeyUsage: usages(x509.ExtKeyUsageTimeStamping)}, 0, false},
	} {
		if got := allowed(&c.cert, c.below); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// The path length of an anchor is enforced over an intermediate.
func TestPathLength(t *testing.T) {
	root := caTemplate("root")
	root.MaxPathLen, root.MaxPathLenZero = 0, true
	anchor := issue(t, root, "root", nil, "root")
	issuer := issue(t, caTemplate("issuer"), "issuer", anchor, "root")
	leaf := issue(t, leafTemplate(), "leaf", issuer, "issuer")
	if _, err := rootOf(t, authority(at(0), at(500), issuer, anchor)).Chains(leaf, nil, at(10)); err == nil {
		t.Error("an intermediate below a CA that issues leaves only")
	}
}

func TestWrittenText(t *testing.T) {
	ca := authority(at(0), at(5).Add(time.Microsecond), ordinary(t).anchor)
	ca.Subject.CommonName = "\x00\x01\x1f\x20\b\f\n\r\t\"\\\x7fü"
	r := mustNew(t, Config{CertificateAuthorities: []AuthorityConfig{ca}})
	b, _ := r.MarshalJSON()
	for _, want := range []string{
		`"mediaType":"` + MediaTypeV01 + `"`, `05:00:00.000001Z"`,
		`"commonName":"\u0000\u0001\u001f \b\f\n\r\t\"\\` + "\x7fü\"",
	} {
		if !strings.Contains(string(b), want) {
			t.Errorf("%s is not in %s", want, b)
		}
	}
	for digits, d := range map[string]time.Duration{
		"05:00:00Z": 0, "05:00:00.100Z": 100 * time.Millisecond, "05:00:00.001Z": time.Millisecond,
		"05:00:00.001001Z": 1001 * time.Microsecond, "05:00:00.000000001Z": 1, "05:00:00.000001001Z": 1001,
	} {
		ca.End = at(5).Add(d)
		b, _ := mustNew(t, Config{CertificateAuthorities: []AuthorityConfig{ca}}).MarshalJSON()
		if !strings.Contains(string(b), digits+`"`) {
			t.Errorf("%s is not in %s", digits, b)
		}
	}
}

// Kinds that this version does not know are written as they were read, by number
// or by name: a root written back asks for no less.
func TestWrittenUnknown(t *testing.T) {
	base := text(t)
	for _, c := range []struct{ old, new, want, wantNot string }{
		{`"PKIX_ED25519"`, `4711`, `"keyDetails":4711`, ""},
		{`"PKIX_ED25519"`, `"SLH_DSA_128"`, `"keyDetails":"SLH_DSA_128"`, ""},
		{`"SHA2_256"`, `"BLAKE9"`, `"hashAlgorithm":"BLAKE9"`, ""},
		{`"hashAlgorithm":"SHA2_256",`, ``, `"tlogs"`, `hashAlgorithm`},
	} {
		r, err := Parse(replace(t, base, c.old, c.new))
		if err != nil {
			t.Fatal(err)
		}
		b, _ := r.MarshalJSON()
		if !strings.Contains(string(b), c.want) || c.wantNot != "" && strings.Contains(string(b), c.wantNot) {
			t.Errorf("%s: %s", c.new, b)
		}
	}
}
