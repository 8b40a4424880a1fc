// SPDX-License-Identifier: Apache-2.0

//go:build unix

package mutate

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"math/big"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"

	bundlev1 "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	commonv1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/dsse"
	"github.com/sigbundle/sigbundle/internal/bounds"
	"github.com/sigbundle/sigbundle/internal/rfc3161"
	"github.com/sigbundle/sigbundle/tlog"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/trustroot/signingconfig"
	"github.com/sigbundle/sigbundle/verify"
	"github.com/sigbundle/sigbundle/verify/codes"
)

// What a hostile input may cost, whatever its size.
const (
	mostUnits  = 1 << 30  // of processor time: about a second, see package bounds
	mostMemory = 64 << 20 // allocated in all, beyond the size of the input
)

// hostile is an input and the code that it must be refused with.
type hostile struct {
	name  string
	want  string
	input []byte
	judge func([]byte) error
}

func (h hostile) run(t *testing.T) {
	runtime.GC()
	var err error
	most := bounds.Time(mostUnits)
	took, allocated := bounds.Within(most, func() { err = h.judge(h.input) })
	memory := int64(allocated) - int64(len(h.input))
	if got := codes.Of(err); got != h.want || (h.want == "") != (err == nil) {
		t.Errorf("refused as %q, want %q: %.300v", got, h.want, err)
	}
	if err != nil && len(err.Error()) > 4096 {
		t.Errorf("the message has %d bytes", len(err.Error()))
	}
	if took > most {
		t.Errorf("took %v of CPU for %d bytes, want at most %v", took, len(h.input), most)
	}
	if memory > mostMemory {
		t.Errorf("allocated %d MiB beyond the input's %d", memory>>20, len(h.input)>>20)
	}
	t.Logf("%8d KiB: %v, %d KiB beyond it", len(h.input)>>10, took.Round(time.Millisecond), memory>>10)
}

func inBase64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func parseBundle(data []byte) error {
	_, err := bundle.Parse(data)
	return err
}

func parseAll(data []byte) error {
	for _, err := range bundle.All(data) {
		return err
	}
	return nil
}

func parseRoot(data []byte) error {
	_, err := trustroot.Parse(data)
	return err
}

func parseStatement(data []byte) error {
	_, err := dsse.ParseStatement(data, 0)
	return err
}

func parseToken(data []byte) error {
	_, err := rfc3161.Parse(data)
	return err
}

func parseBody(data []byte) error {
	_, err := tlog.ParseBody(data, tlog.Kind{Name: "hashedrekord", Version: "0.0.1"})
	return err
}

// around puts many of an element into the middle of a document.
func around(before, element string, n int, after string) []byte {
	return []byte(before + strings.TrimSuffix(strings.Repeat(element, n), ",") + after)
}

const (
	million  = 1 << 20
	material = `{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{`
	subjects = `{"_type":"https://in-toto.io/Statement/v1","subject":[`
)

func TestHostileDocuments(t *testing.T) {
	keys := func() []byte {
		var b bytes.Buffer
		b.WriteString(subjects + `{"digest":{"sha256":"00"}}],"predicate":{`)
		for i := range 300_000 {
			fmt.Fprintf(&b, `"k%d":0,`, i)
		}
		b.WriteString(`"k":0}}`)
		return b.Bytes()
	}()
	for _, h := range []hostile{
		{"bundle of 100 MB", "bundle.limit", bytes.Repeat([]byte(" "), 100<<20), parseBundle},
		{"bundle of white space", "bundle.malformed", bytes.Repeat([]byte(" "), 60<<20), parseBundle},
		{"a million entries", "bundle.limit", around(material+`"tlogEntries":[`, "{},", million, "]}}"), parseBundle},
		{"a million timestamps", "bundle.limit", around(material+`"timestampVerificationData":{"rfc3161Timestamps":[`, "{},", million, "]}}}"), parseBundle},
		{"a million certificates", "bundle.limit", around(material+`"x509CertificateChain":{"certificates":[`, "{},", million, "]}}}"), parseBundle},
		{"a million signatures", "bundle.limit", around(`{"dsseEnvelope":{"signatures":[`, "{},", million, "]}}"), parseBundle},
		{"a million hashes", "bundle.limit", around(material+`"tlogEntries":[{"inclusionProof":{"hashes":[`, `"",`, million, "]}}]}}"), parseBundle},
		{"a million members", "bundle.malformed", around("{", `"mediaType":null,`, million, "}"), parseBundle},
		{"deep lists", "bundle.malformed", around(material+`"tlogEntries":`, "[", million, ""), parseBundle},
		{"deep lists in lines", "bundle.malformed", around("", `{"a":[`, million, "\n{}"), parseAll},
		{"a number of 30 MB", "bundle.number", around(material+`"tlogEntries":[{"logIndex":"`, "1", 30<<20, `"}]}}`), parseBundle},
		{"a string of escapes", "bundle.version", around(`{"mediaType":"`, `\u0041`, 2*million, `","verificationMaterial":{},"messageSignature":{}}`), parseBundle},
		{"a signature of 40 MB", "bundle.material", around(material+`"publicKey":null},"messageSignature":{"signature":"`, "A", 40<<20, `"}}`), parseBundle},
		{"trust root of 100 MB", "trust.limit", bytes.Repeat([]byte(" "), 100<<20), parseRoot},
		{"two thousand logs", "trust.limit", crowded(t, func(n *node) *node { return n.get("tlogs") }, 2000), parseRoot},
		{"a thousand authorities", "trust.limit", crowded(t, func(n *node) *node { return n.get("certificateAuthorities") }, 1000), parseRoot},
		{"two thousand certificates", "trust.limit", crowded(t, func(n *node) *node {
			return n.get("certificateAuthorities").items[0].get("certChain").get("certificates")
		}, 2000), parseRoot},
		{"trust root with deep members", "trust.malformed", around(`{"unknown":`, `{"a":`, 100_000, ""), parseRoot},
		{"200,000 subjects", "statement.limit", around(subjects, `{"digest":{"sha256":"00"}},`, 200_000, "]}"), parseStatement},
		{"a million digests", "statement.limit", around(subjects+`{"digest":{`, "", 1, many(`"a%d":"00"`, 200_000)+"}}]}"), parseStatement},
		{"300,000 members in a predicate", "", keys, parseStatement},
		{"deep predicate", "statement.malformed", around(subjects+`{"digest":{"sha256":"00"}}],"predicate":{"a":`, "[", million, "}}"), parseStatement},
		{"token of 50 MB", "timestamp.malformed", bytes.Repeat([]byte{0x30, 0x80}, 25<<20), parseToken},
		{"token of empty values", "timestamp.malformed", append([]byte{0x30, 0x84, 2, 0, 0, 0}, bytes.Repeat([]byte{0x05, 0x00}, 16<<20)...), parseToken},
		{"deep token", "timestamp.malformed", bytes.Repeat([]byte{0x30, 0x84, 1, 0, 0, 0}, million), parseToken},
		{"body of 30 MB", "tlog.entry.malformed", around(`{"apiVersion":"0.0.1","kind":"hashedrekord","spec":{"data":{"hash":{"algorithm":"sha256","value":"`, "0", 30<<20, `"}}}}`), parseBody},
		{"deep body", "tlog.entry.malformed", around(`{"spec":`, "[", million, "}"), parseBody},
		{"signing configuration of 100 MB", "signingconfig.limit", bytes.Repeat([]byte(" "), 100<<20), func(b []byte) error {
			_, err := signingconfig.Parse(b)
			return err
		}},
	} {
		t.Run(h.name, h.run)
	}
}

// crowded repeats the first element of a list in a trust root.
func crowded(t *testing.T, list func(*node) *node, n int) []byte {
	t.Helper()
	cases, err := virtualCases()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := parseNode(cases[0].Root)
	if err != nil {
		t.Fatal(err)
	}
	for l := list(doc); len(l.items) < n; {
		l.items = append(l.items, l.items[0])
	}
	return doc.write()
}

func many(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format+",", i)
	}
	return strings.TrimSuffix(b.String(), ",")
}

// signedHostile signs with a hook and judges under the world's own root.
func signedHostile(t *testing.T, c virtual.Config, r virtual.Request) ([]byte, func([]byte) error) {
	t.Helper()
	w, err := virtual.New(c)
	if err != nil {
		t.Fatal(err)
	}
	data, err := w.TrustedRoot()
	if err != nil {
		t.Fatal(err)
	}
	root, err := trustroot.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	v, err := verify.New(verify.Config{Root: root, Policy: verify.Policy{AnyIdentity: true, Require: verify.Requirements{Logs: verify.NotRequired}}})
	if err != nil {
		t.Fatal(err)
	}
	signed, err := w.Sign(r)
	if err != nil {
		t.Fatal(err)
	}
	return signed.Bundle, func(data []byte) error {
		b, err := bundle.Parse(data)
		if err != nil {
			return err
		}
		a, err := v.ReadArtifact(bytes.NewReader(nil), b)
		if err != nil {
			return err
		}
		_, err = v.Verify(b, a)
		return err
	}
}

func TestHostileEvidence(t *testing.T) {
	names := func(n int) (list []virtual.Name) {
		for i := range n {
			list = append(list, virtual.Name{Value: fmt.Sprintf("https://host%d.test/x", i)})
		}
		return list
	}
	constrained := func(role string, c *x509.Certificate) {
		if role == virtual.RoleIntermediate {
			for i := range 1500 {
				c.PermittedURIDomains = append(c.PermittedURIDomains, fmt.Sprintf("host%d.test", i))
			}
		}
	}
	for _, x := range []struct {
		name, want string
		config     virtual.Config
		request    virtual.Request
	}{
		{"2,500 names", "certificate.san", virtual.Config{}, virtual.Request{Names: names(2500)}},
		{"2,500 names under 1,500 constraints", "chain.profile", virtual.Config{Authority: constrained}, virtual.Request{Names: names(2500)}},
		{"2,000 SCTs", "sct.malformed", virtual.Config{}, withHooks(virtual.Hooks{SCTList: func(l []byte) []byte {
			body := bytes.Repeat(l[2:], 300)
			return append([]byte{byte(len(body) >> 8), byte(len(body))}, body...)
		}})},
		{"4,000 lines of signatures", "tlog.checkpoint.malformed", virtual.Config{}, withHooks(checkpoint("\u2014 a AAAAAAA=\n", 4000))},
		{"100,000 lines of signatures", "bundle.limit", virtual.Config{}, withHooks(checkpoint("\u2014 a AAAAAAA=\n", 100_000))},
		{"4,000 lines of text", "tlog.checkpoint.signature", virtual.Config{}, withHooks(virtual.Hooks{Checkpoint: func(c *virtual.CheckpointInput) {
			c.Corrupt = true
			c.Extensions = strings.Fields(strings.Repeat("a ", 4000))
		}})},
		{"huge RSA key of a signer", "bundle.limit", virtual.Config{}, withHooks(virtual.Hooks{Bundle: func(m *bundlev1.Bundle) {
			m.VerificationMaterial.GetCertificate().RawBytes = hugeRSA(t, 65536)
		}})},
		{"huge RSA key in a timestamp, of nobody known", "", virtual.Config{}, virtual.Request{Timestamps: 1, Hooks: virtual.Hooks{Timestamp: func(s *virtual.TimestampInput) {
			if c, err := x509.ParseCertificate(hugeRSA(t, 65536)); err == nil {
				s.Certificates, s.Signer = []*x509.Certificate{c}, c
			}
		}}}},
		{"paths that explode", "chain.untrusted", virtual.Config{}, virtual.Request{Version: bundle.V01, Evidence: virtual.NoLog, Hooks: virtual.Hooks{Bundle: exploding(t)}}},
	} {
		t.Run(x.name, func(t *testing.T) {
			data, judge := signedHostile(t, x.config, x.request)
			hostile{x.name, x.want, data, judge}.run(t)
		})
	}
}

func withHooks(h virtual.Hooks) virtual.Request { return virtual.Request{Hooks: h} }

func checkpoint(line string, n int) virtual.Hooks {
	return virtual.Hooks{Bundle: func(m *bundlev1.Bundle) {
		c := m.VerificationMaterial.TlogEntries[0].InclusionProof.Checkpoint
		c.Envelope += strings.Repeat(line, n)
	}}
}

// hugeRSA returns a certificate with a key of so many bits.
func hugeRSA(t *testing.T, bits uint) []byte {
	n := new(big.Int).Lsh(big.NewInt(1), bits)
	return certificate(t, "huge", "issuer", true, &rsa.PublicKey{N: n.Sub(n, big.NewInt(1)), E: 65537})
}

// certificate issues one for a key, under a key that no one trusts.
func certificate(t *testing.T, subject, issuer string, ca bool, public any) []byte {
	t.Helper()
	key := strangeKey(t)
	if public == nil {
		public = key.Public()
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: subject}, IsCA: ca, BasicConstraintsValid: ca,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		NotBefore: virtual.DefaultTime().AddDate(-1, 0, 0), NotAfter: virtual.DefaultTime().AddDate(1, 0, 0),
		URIs: []*url.URL{{Scheme: "https", Host: "a.test"}},
	}
	parent := &x509.Certificate{Subject: pkix.Name{CommonName: issuer}}
	der, err := x509.CreateCertificate(nil, template, parent, public, key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func strangeKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	w, err := virtual.New(virtual.Config{Seed: "strange"})
	if err != nil {
		t.Fatal(err)
	}
	key, err := w.Key("strange", virtual.ECDSAP256)
	if err != nil {
		t.Fatal(err)
	}
	return key.Signer().(*ecdsa.PrivateKey)
}

// exploding adds intermediates that issued one another, all with the same key.
func exploding(t *testing.T) func(*bundlev1.Bundle) {
	return func(m *bundlev1.Bundle) {
		chain := m.VerificationMaterial.GetX509CertificateChain()
		leaf := chain.Certificates[0]
		leaf.RawBytes = certificate(t, "leaf", "A", false, nil)
		for i := range 9 {
			c := commonv1.X509Certificate{}
			from, to := "A", "B"
			if i%2 == 1 {
				from, to = to, from
			}
			c.RawBytes = certificate(t, from, to, true, nil)
			chain.Certificates = append(chain.Certificates, &c)
		}
	}
}

// A trust root with keys that would take minutes to compute with.
func TestHostileRoot(t *testing.T) {
	der := base64.StdEncoding.EncodeToString(hugeRSA(t, 65536))
	root := `{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1","certificateAuthorities":[{"certChain":{"certificates":[{"rawBytes":"` + der +
		`"}]},"validFor":{"start":"2020-01-01T00:00:00Z"}}]}`
	h := hostile{"huge RSA key of an authority", "trust.limit", []byte(root), parseRoot}
	t.Run(h.name, h.run)
}
