// SPDX-License-Identifier: Apache-2.0

package trustroot

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"time"

	commonv1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	trustrootv1 "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// As mutation_test.go: documents, messages and what merges them.

// Bytes are bounded as they are read, too.
func TestBytesInDocuments(t *testing.T) {
	b, _ := rootOf(t, authority(at(0), at(1), ordinary(t).anchor)).MarshalJSON()
	cert := strings.SplitN(strings.SplitN(string(b), `"rawBytes":"`, 2)[1], `"`, 2)[0]
	base := text(t)
	key := strings.SplitN(strings.SplitN(base, `"rawBytes":"`, 2)[1], `"`, 2)[0]
	id := strings.SplitN(strings.SplitN(base, `"keyId":"`, 2)[1], `"`, 2)[0]
	for _, c := range []struct {
		what, text, old string
		most            int
		code            refuse.Code
	}{
		{"certificate", string(b), cert, 65536, codeMalformed},
		{"key", base, key, 65536, codeKey},
		{"ID", base, id, 2048, codeMalformed},
	} {
		for size, code := range map[int]refuse.Code{c.most: c.code, c.most + 1: codeLimit} {
			_, err := Parse(replace(t, c.text, c.old, base64.StdEncoding.EncodeToString(make([]byte, size))))
			wantCode(t, c.what, err, code)
		}
	}
	for number, code := range map[string]refuse.Code{"2147483647": "", "-2147483648": "", "2147483648": codeMalformed, "-2147483649": codeMalformed} {
		if _, err := Parse(replace(t, base, `"PKIX_ED25519"`, number)); refuse.CodeOf(err) != code {
			t.Errorf("algorithm %s: %v", number, err)
		}
	}
	for text, ok := range map[string]bool{
		"0001-01-01T00:00:01Z": true, "0001-01-01T00:00:00Z": false, "0000-12-31T23:59:59Z": false, "0001-01-01T00:00:00+01:00": false,
		"9999-12-31T23:59:59.999999999Z": true, "9999-12-31T23:59:59-00:01": false, "2024-13-01T00:00:00Z": false,
	} {
		if _, err := parseTime(text); (err == nil) != ok {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// Anything that only a full path check judges keeps a certificate from the
// short way, by its own number.
func TestPlain(t *testing.T) {
	good := x509.Certificate{NotAfter: at(1)}
	if !plain(&good) {
		t.Error("an empty certificate is not plain")
	}
	for name, change := range map[string]func(*x509.Certificate){
		"no end":            func(c *x509.Certificate) { c.NotAfter = time.Time{} },
		"critical":          func(c *x509.Certificate) { c.UnhandledCriticalExtensions = []asn1.ObjectIdentifier{{1, 2}} },
		"name constraints":  func(c *x509.Certificate) { c.Extensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 30}}} },
		"policy mappings":   func(c *x509.Certificate) { c.PolicyMappings = make([]x509.PolicyMapping, 1) },
		"explicit policy":   func(c *x509.Certificate) { c.RequireExplicitPolicy = 1 },
		"explicit policy 0": func(c *x509.Certificate) { c.RequireExplicitPolicyZero = true },
		"no mapping":        func(c *x509.Certificate) { c.InhibitPolicyMapping = 1 },
		"no mapping 0":      func(c *x509.Certificate) { c.InhibitPolicyMappingZero = true },
		"no any policy":     func(c *x509.Certificate) { c.InhibitAnyPolicy = 1 },
		"no any policy 0":   func(c *x509.Certificate) { c.InhibitAnyPolicyZero = true },
	} {
		c := good
		if change(&c); plain(&c) {
			t.Errorf("%s: plain", name)
		}
	}
	c := x509.Certificate{Extensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 17}}}} // subjectAltName
	if !has(&c, oidSAN) || has(&good, oidSAN) {
		t.Error("subject alternative names are not told apart")
	}
}

func TestMergedWindows(t *testing.T) {
	var none time.Time
	for _, c := range []struct{ a, b, want [2]time.Time }{
		{[2]time.Time{at(0), at(3)}, [2]time.Time{at(2), at(5)}, [2]time.Time{at(0), at(5)}},
		{[2]time.Time{at(0), at(9)}, [2]time.Time{at(2), at(5)}, [2]time.Time{at(0), at(9)}},
		{[2]time.Time{at(0), none}, [2]time.Time{at(2), at(5)}, [2]time.Time{at(0), none}},
		{[2]time.Time{at(0), at(3)}, [2]time.Time{at(2), none}, [2]time.Time{at(0), none}},
	} {
		for _, in := range [][2][2]time.Time{{c.a, c.b}, {c.b, c.a}} {
			var roots []*Root
			for _, w := range in {
				roots = append(roots, mustNew(t, Config{Logs: []LogConfig{logConfig(t, "log", w[0], w[1])}}))
			}
			r, err := Merge(roots...)
			if err != nil {
				t.Fatal(err)
			}
			w := r.Logs()[0].Windows()
			if len(w) != 1 || !w[0].Start.Equal(c.want[0]) || !w[0].End.Equal(c.want[1]) {
				t.Errorf("%v: %v", in, w)
			}
		}
	}
}

// A conflict among the logs of one kind is one, whatever the other kind holds.
func TestMergeRefuses(t *testing.T) {
	p := ordinary(t)
	one, two := logConfig(t, "a", at(0), at(1)), logConfig(t, "a", at(2), at(3))
	two.Key = spkiOf(t, "b")
	one.ID, two.ID = [32]byte{1}, [32]byte{1}
	_, err := Merge(mustNew(t, Config{Logs: []LogConfig{one}}), mustNew(t, Config{Logs: []LogConfig{two}}))
	wantCode(t, "logs", err, codeConflict)
	_, err = Merge(mustNew(t, Config{CTLogs: []LogConfig{one}}), mustNew(t, Config{CTLogs: []LogConfig{two}}))
	wantCode(t, "CT logs", err, codeConflict)
	many := slices.Repeat([]AuthorityConfig{authority(at(0), at(1), p.anchor)}, 257)
	for i := range many {
		many[i].End = at(i + 1)
	}
	_, err = Merge(rootOf(t, many[:256]...), rootOf(t, many[256]))
	wantCode(t, "257 authorities", err, codeLimit)

	a := authority(at(0), at(5), p.issuer, p.anchor)
	for name, change := range map[string]func(*AuthorityConfig){
		"subject": func(a *AuthorityConfig) { a.Subject.CommonName = "x" }, "URI": func(a *AuthorityConfig) { a.URI = "x" },
		"operator": func(a *AuthorityConfig) { a.Operator = "x" }, "start": func(a *AuthorityConfig) { a.Start = at(1) },
		"end": func(a *AuthorityConfig) { a.End = at(6) }, "chain": func(a *AuthorityConfig) { a.Chain = a.Chain[1:] },
	} {
		b := a
		change(&b)
		for _, pair := range [][]AuthorityConfig{{a, b}, {b, a}} {
			r, err := Merge(rootOf(t, pair[0]), rootOf(t, pair[1]))
			if err != nil || len(r.CertificateAuthorities()) != 2 {
				t.Errorf("another %s: %v", name, err)
			}
		}
	}
}

func TestNewest(t *testing.T) {
	p := ordinary(t)
	starts := []int{1, 2, 3, 4}
	for i := range starts {
		h := slices.Clone(starts)
		h[i] = 9
		r := mustNew(t, Config{
			Logs: []LogConfig{logConfig(t, "a", at(h[0]), time.Time{})}, CTLogs: []LogConfig{logConfig(t, "b", at(h[1]), time.Time{})},
			CertificateAuthorities: []AuthorityConfig{authority(at(h[2]), time.Time{}, p.anchor), authority(at(0), time.Time{}, p.issuer)},
			TimestampAuthorities:   []AuthorityConfig{authority(at(h[3]), time.Time{}, p.anchor), authority(at(0), time.Time{}, p.issuer)},
		})
		if got := r.NewestStart(); !got.Equal(at(9)) {
			t.Errorf("newest of %v: %v", h, got)
		}
	}
	if got := mustNew(t, Config{}).NewestStart(); !got.IsZero() {
		t.Errorf("newest of nothing: %v", got)
	}
}

// What is malformed in a message is refused wherever it stands, and is never
// an open end.
func TestMalformedMessages(t *testing.T) {
	window := func(m *trustrootv1.TrustedRoot) map[string]*commonv1.TimeRange {
		return map[string]*commonv1.TimeRange{
			"log": m.Tlogs[0].PublicKey.ValidFor, "CT log": m.Ctlogs[0].PublicKey.ValidFor,
			"certificate authority": m.CertificateAuthorities[0].ValidFor, "timestamp authority": m.TimestampAuthorities[0].ValidFor,
		}
	}
	good := sample(t).Proto()
	for what := range window(good) {
		for _, end := range []string{"start", "end"} {
			m := proto.Clone(good).(*trustrootv1.TrustedRoot)
			w, bad := window(m)[what], &timestamppb.Timestamp{Nanos: -1}
			if end == "end" {
				w.End = bad
			} else {
				w.Start = bad
			}
			_, err := FromProto(m)
			wantCode(t, end+" of a "+what, err, codeMalformed)
		}
	}
	for what, list := range map[string]func(*trustrootv1.TrustedRoot) []*trustrootv1.CertificateAuthority{
		"certificate authority": (*trustrootv1.TrustedRoot).GetCertificateAuthorities,
		"timestamp authority":   (*trustrootv1.TrustedRoot).GetTimestampAuthorities,
	} {
		m := proto.Clone(good).(*trustrootv1.TrustedRoot)
		list(m)[0].CertChain.Certificates[0].RawBytes = []byte{0x30, 0}
		_, err := FromProto(m)
		wantCode(t, "certificate of a "+what, err, codeMalformed)
	}
}

func TestFullMessages(t *testing.T) {
	full := sample(t).Proto()
	one := full.Tlogs[0]
	full.Tlogs = nil
	for i := range 256 {
		in := proto.Clone(one).(*trustrootv1.TransparencyLogInstance)
		in.LogId.KeyId = append(make([]byte, 31), byte(i))
		in.LogId.KeyId[0] = 1
		full.Tlogs = append(full.Tlogs, in)
	}
	full.CertificateAuthorities = slices.Repeat(full.CertificateAuthorities[:1], 256)
	full.TimestampAuthorities = slices.Repeat(full.TimestampAuthorities[:1], 256)
	certs := full.CertificateAuthorities[0].CertChain
	certs.Certificates = slices.Repeat(certs.Certificates[:1], 10)
	if r, err := FromProto(full); err != nil || len(r.Logs()) != 256 || len(r.CertificateAuthorities()) != 256 {
		t.Errorf("full lists: %v", err)
	}

	c := logConfig(t, "log", at(0), at(5))
	plain := mustNew(t, Config{Logs: []LogConfig{c}})
	if m := plain.Proto(); m.Tlogs[0].CheckpointKeyId != nil {
		t.Error("a checkpoint key ID out of nowhere")
	}
	id := plain.Logs()[0].CheckpointKeyID()
	c.CheckpointKeyID = id[:]
	if m := mustNew(t, Config{Logs: []LogConfig{c}}).Proto(); string(m.Tlogs[0].GetCheckpointKeyId().GetKeyId()) != string(id[:]) {
		t.Error("the checkpoint key ID is lost")
	}

	// A CT log of a kind without a number cannot be written.
	b, _ := mustNew(t, Config{CTLogs: []LogConfig{logConfig(t, "ct", at(0), at(5))}}).MarshalJSON()
	r, err := Parse(replace(t, string(b), `"PKIX_ED25519"`, `"SLH_DSA_128"`))
	if err != nil || len(r.Proto().Ctlogs) != 0 {
		t.Errorf("written: %v", err)
	}
}
