// SPDX-License-Identifier: Apache-2.0

package gitsign_test

import (
	"bytes"
	"crypto"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
	"google.golang.org/protobuf/proto"

	rekorv1 "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	trustrootv1 "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"

	"github.com/sigbundle/sigbundle/bundle/gitsign"
	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/trustroot/embedded"
	"github.com/sigbundle/sigbundle/verify"
	"github.com/sigbundle/sigbundle/verify/codes"
)

func tlv(tag byte, parts ...[]byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(asn1.Tag(tag), func(b *cryptobyte.Builder) { b.AddBytes(bytes.Join(parts, nil)) })
	return b.BytesOrPanic()
}

func seq(parts ...[]byte) []byte { return tlv(0x30, parts...) }
func set(parts ...[]byte) []byte { return tlv(0x31, parts...) }
func octets(b []byte) []byte     { return tlv(0x04, b) }
func integer(n byte) []byte      { return tlv(0x02, []byte{n}) }

func oid(text string) []byte {
	o, err := x509.ParseOID(text)
	if err != nil {
		panic(err)
	}
	der, err := o.MarshalBinary()
	if err != nil {
		panic(err)
	}
	return tlv(0x06, der)
}

func attribute(id string, values ...[]byte) []byte { return seq(oid(id), set(values...)) }

const (
	idData      = "1.2.840.113549.1.7.1"
	idSigned    = "1.2.840.113549.1.7.2"
	idType      = "1.2.840.113549.1.9.3"
	idDigest    = "1.2.840.113549.1.9.4"
	idTime      = "1.2.840.113549.1.9.5"
	idTimestamp = "1.2.840.113549.1.9.16.2.14"
	idEntry     = "1.3.6.1.4.1.57264.3.1"
	idSHA256    = "2.16.840.1.101.3.4.2.1"
	idECDSA256  = "1.2.840.10045.4.3.2"
)

const (
	tree    = "tree 045f683042529876c1fe28f97f416c1501ffa433\n"
	persons = "author A <a@example.test> 1 +0000\ncommitter A <a@example.test> 1 +0000\n"
	message = "subject\n\nbody\n"
)

// draft is a signed commit or tag, to be spoiled.
type draft struct {
	world  *virtual.World
	before string // of the object, up to the signature
	after  string // and from there on
	tag    bool
	sha256 bool // the header of repositories with SHA-256

	request  virtual.Request
	digest   []byte
	attrs    [][]byte // signed, without the digest
	ordered  bool
	byName   bool     // the log entry is about the name of the object
	body     bool     // the entry keeps its body
	unsigned [][]byte // instead of the entry
	noEntry  bool
	more     []byte // behind the entry

	edit func(*parts) // of the CMS
	text func(string) string
}

// parts are those of the CMS.
type parts struct {
	contentType, content    []byte
	version, signerVersion  byte
	certs                   [][]byte
	signerID                []byte
	digestAlg, algorithm    []byte
	signed, value, unsigned []byte
	signers                 int
	encode                  func([]byte) []byte
}

func newDraft(t testing.TB) *draft {
	t.Helper()
	return &draft{world: world(), before: tree + persons, after: "\n" + message, ordered: true,
		attrs: [][]byte{attribute(idType, oid(idData)), attribute(idTime, tlv(0x17, []byte("250612120000Z")))}}
}

// made is what a draft became.
type made struct {
	object, saved []byte
	signed        *virtual.Signed
	entry         *rekorv1.TransparencyLogEntry
}

func (d *draft) make(t testing.TB) *made {
	t.Helper()
	if d.digest == nil {
		sum := sha256.Sum256([]byte(d.before + d.after))
		d.digest = sum[:]
	}
	attrs := append(slices.Clone(d.attrs), attribute(idDigest, octets(d.digest)))
	if d.ordered {
		slices.SortFunc(attrs, bytes.Compare)
	}
	signed := set(attrs...)
	r := d.request
	r.Artifact = signed
	s, err := d.world.Sign(r)
	if err != nil {
		t.Fatal(err)
	}
	m := &made{signed: s}
	var unsigned [][]byte
	if entries := s.Message.VerificationMaterial.TlogEntries; len(entries) > 0 && !d.noEntry && !d.byName {
		m.entry = proto.Clone(entries[0]).(*rekorv1.TransparencyLogEntry)
		if !d.body {
			m.entry.CanonicalizedBody = nil
		}
		data, err := proto.Marshal(m.entry)
		if err != nil {
			t.Fatal(err)
		}
		unsigned = append(unsigned, attribute(idEntry, octets(append(data, d.more...))))
	}
	for _, ts := range s.Message.VerificationMaterial.GetTimestampVerificationData().GetRfc3161Timestamps() {
		resp, status := cryptobyte.String(ts.SignedTimestamp), cryptobyte.String{}
		if !resp.ReadASN1(&resp, asn1.SEQUENCE) || !resp.ReadASN1(&status, asn1.SEQUENCE) {
			t.Fatal("timestamp")
		}
		unsigned = append(unsigned, attribute(idTimestamp, resp))
	}
	if d.unsigned != nil {
		unsigned = d.unsigned
	}
	cert, err := x509.ParseCertificate(s.Certificate)
	if err != nil {
		t.Fatal(err)
	}
	p := &parts{
		contentType: oid(idSigned), content: seq(oid(idData)), version: 1, signerVersion: 1, certs: [][]byte{cert.Raw},
		signerID:  seq(cert.RawIssuer, tlv(0x02, signedBytes(cert))),
		digestAlg: seq(oid(idSHA256)), algorithm: seq(oid(idECDSA256)),
		signed: signed, value: s.Signature, signers: 1, encode: func(b []byte) []byte { return b },
	}
	if unsigned != nil {
		p.unsigned = tlv(0xa1, unsigned...)
	}
	if d.edit != nil {
		d.edit(p)
	}
	m.object = []byte(d.before + d.armor(p.build()) + d.after)
	if d.tag {
		m.object = []byte(d.before + d.after + d.armor(p.build()))
	}
	if d.byName || d.noEntry {
		m.saved = d.save(t, m)
	}
	return m
}

func signedBytes(cert *x509.Certificate) []byte {
	b := cert.SerialNumber.Bytes()
	if b[0]&0x80 != 0 {
		b = append([]byte{0}, b...)
	}
	return b
}

func (p *parts) build() []byte {
	attrs := bytes.Clone(p.signed)
	if attrs != nil {
		attrs[0] = 0xa0
	}
	si := seq(integer(p.signerVersion), p.signerID, p.digestAlg, attrs, p.algorithm, octets(p.value), p.unsigned)
	return p.encode(seq(p.contentType, tlv(0xa0, seq(integer(p.version), set(p.digestAlg), p.content,
		tlv(0xa0, p.certs...), set(bytes.Repeat(si, p.signers))))))
}

// armor is the signature as it stands in the object.
func (d *draft) armor(der []byte) string {
	text := base64.StdEncoding.EncodeToString(der)
	var b strings.Builder
	b.WriteString("-----BEGIN SIGNED MESSAGE-----\n")
	for len(text) > 64 {
		b.WriteString(text[:64] + "\n")
		text = text[64:]
	}
	b.WriteString(text + "\n-----END SIGNED MESSAGE-----")
	out := b.String()
	if d.text != nil {
		out = d.text(out)
	}
	if d.tag {
		return out + "\n"
	}
	name := "gpgsig "
	if d.sha256 {
		name = "gpgsig-sha256 "
	}
	return name + strings.ReplaceAll(out, "\n", "\n ") + "\n"
}

// save has the log say what it says about one entry: about the name of the
// object, by the signer's key, or about the attributes.
func (d *draft) save(t testing.TB, m *made) []byte {
	t.Helper()
	e := m.signed.Message.VerificationMaterial.TlogEntries[0]
	if d.byName {
		kind := "commit"
		if d.tag {
			kind = "tag"
		}
		name := sha1.Sum(fmt.Appendf(nil, "%s %d\x00%s", kind, len(m.object), m.object))
		key, cert := m.signed.Key, m.signed.Certificate
		r := virtual.Request{Artifact: []byte(hex.EncodeToString(name[:]))}
		sum := sha256.Sum256(r.Artifact)
		value, err := key.Signer().Sign(nil, sum[:], crypto.SHA256)
		if err != nil {
			t.Fatal(err)
		}
		r.Entry = func(in *virtual.EntryInput) { in.Signature, in.Certificate = value, cert }
		s, err := d.world.Sign(r)
		if err != nil {
			t.Fatal(err)
		}
		e = s.Message.VerificationMaterial.TlogEntries[0]
	}
	p := e.GetInclusionProof()
	var hashes []string
	for _, h := range p.Hashes {
		hashes = append(hashes, hex.EncodeToString(h))
	}
	data, err := json.Marshal(map[string]any{"24296fb24b8ad77a": map[string]any{
		"body": base64.StdEncoding.EncodeToString(e.CanonicalizedBody), "integratedTime": e.IntegratedTime,
		"logID": hex.EncodeToString(e.LogId.KeyId), "logIndex": e.LogIndex,
		"verification": map[string]any{
			"signedEntryTimestamp": base64.StdEncoding.EncodeToString(e.GetInclusionPromise().GetSignedEntryTimestamp()),
			"inclusionProof": map[string]any{"checkpoint": p.GetCheckpoint().GetEnvelope(), "hashes": hashes, "logIndex": p.LogIndex,
				"rootHash": hex.EncodeToString(p.RootHash), "treeSize": p.TreeSize},
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

var world = sync.OnceValue(func() *virtual.World {
	w, err := virtual.New(virtual.Config{})
	if err != nil {
		panic(err)
	}
	return w
})

var judges = sync.OnceValue(func() *verify.Verifier {
	data, err := world().TrustedRoot()
	if err != nil {
		panic(err)
	}
	root, err := trustroot.Parse(data)
	if err != nil {
		panic(err)
	}
	v, err := verify.New(verify.Config{Root: root, Policy: verify.Policy{Identities: []verify.Identity{{
		SAN: verify.Exactly(virtual.DefaultSAN), Issuer: verify.Exactly(virtual.DefaultIssuer)}}}})
	if err != nil {
		panic(err)
	}
	return v
})

// judge reads and verifies, and returns the code of the refusal.
func judge(t testing.TB, object, saved []byte) (*gitsign.Signed, string) {
	t.Helper()
	s, err := gitsign.Read(object, saved)
	if err != nil {
		code := codes.Of(err)
		if code == "" {
			t.Errorf("refused without a code: %v", err)
		}
		return nil, code
	}
	v := judges()
	artifact, err := v.ReadArtifact(bytes.NewReader(s.Content), s.Bundle)
	if err != nil {
		t.Fatal(err)
	}
	_, err = v.Verify(s.Bundle, artifact)
	return s, codes.Of(err)
}

func asTag(d *draft) {
	d.tag = true
	d.before = "object 045f683042529876c1fe28f97f416c1501ffa433\ntype commit\ntag v1\ntagger A <a@example.test> 1 +0000\n\nv1\n"
	d.after = ""
}

func TestGenuine(t *testing.T) {
	long := strings.Repeat("0a", 32)
	for name, edit := range map[string]func(*draft){
		"commit": func(*draft) {},
		"tag":    asTag,
		"merge":  func(d *draft) { d.before = tree + "parent " + tree[5:] + "parent " + tree[5:] + persons },
		"mergetag with armour": func(d *draft) {
			d.before += "mergetag object 045f683042529876c1fe28f97f416c1501ffa433\n type commit\n tag v1\n \n v1\n -----BEGIN SIGNED MESSAGE-----\n AAAA\n -----END SIGNED MESSAGE-----\n"
		},
		"armour in the message": func(d *draft) { d.after += "-----BEGIN PGP SIGNATURE-----\n" },
		"headers after":         func(d *draft) { d.after = "encoding UTF-8\n\n" + message },
		"no message":            func(d *draft) { d.after = "\n" },
		"no last line feed":     func(d *draft) { d.after = "\nsubject" },
		"SHA-256":               func(d *draft) { d.before, d.sha256 = "tree "+long+"\nparent "+long+"\n"+persons, true },
		"entry with its body":   func(d *draft) { d.body = true },
		"timestamp":             func(d *draft) { d.request.Timestamps = 1 },
		"chain":                 func(d *draft) { d.edit = func(p *parts) { p.certs = append(p.certs, issuerOf(t, d.world)) } },
		"no proof":              func(d *draft) { d.request.WithoutProof, d.request.Version = true, 1 },
		"unknown unsigned attribute": func(d *draft) {
			d.edit = func(p *parts) { p.unsigned = tlv(0xa1, p.unsigned[4:], attribute("1.2.3", octets(nil))) }
		},
		"signed attribute that is not known": func(d *draft) { d.attrs = append(d.attrs, attribute("1.2.3", octets(nil))) },
		"entry beside, about the attributes": func(d *draft) { d.noEntry = true },
		"entry beside, about the name":       func(d *draft) { d.byName = true },
	} {
		t.Run(name, func(t *testing.T) {
			d := newDraft(t)
			edit(d)
			m := d.make(t)
			for _, front := range []string{"", "%s %d\x00"} {
				kind := "commit"
				if d.tag {
					kind = "tag"
				}
				object := m.object
				if front != "" {
					object = append(fmt.Appendf(nil, front, kind, len(object)), object...)
				}
				s, code := judge(t, object, m.saved)
				if code != "" {
					t.Fatalf("refused with %s", code)
				}
				if s.Kind != kind || s.ByName != d.byName || len(s.Name) != 40 && !d.sha256 || !strings.HasSuffix(s.ID(), s.Name) {
					t.Errorf("%s %s, by name %v", s.Kind, s.ID(), s.ByName)
				}
			}
		})
	}
}

// issuerOf is the certificate that issues to signers.
func issuerOf(t testing.TB, w *virtual.World) (der []byte) {
	t.Helper()
	_, err := w.TrustedRoot(func(m *trustrootv1.TrustedRoot) {
		der = m.CertificateAuthorities[0].CertChain.Certificates[0].RawBytes
	})
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// swap replaces the first of something in a text.
func swap(old, new string) func(string) string {
	return func(s string) string { return strings.Replace(s, old, new, 1) }
}

// TestRefused has one deviation each, and the code that names it.
func TestRefused(t *testing.T) {
	other := bytes.Repeat([]byte{7}, 32)
	cms := func(edit func(*parts)) func(*draft) { return func(d *draft) { d.edit = edit } }
	text := func(old, new string) func(*draft) {
		return func(d *draft) { d.text = swap(old, new) }
	}
	tag := func(more func(*draft)) func(*draft) { return func(d *draft) { asTag(d); more(d) } }
	top := "-----BEGIN SIGNED MESSAGE-----"
	for _, c := range []struct {
		name string
		code string
		edit func(*draft)
	}{
		// the object
		{"another digest", "gitsign.digest", func(d *draft) { d.digest = other }},
		{"SHA-1 digest", "gitsign.attributes", func(d *draft) { d.digest = other[:20] }},
		{"no header", "gitsign.object", func(d *draft) { d.before = "" }},
		{"tag header in a commit", "gitsign.object", func(d *draft) { d.before += "tree 045f683042529876c1fe28f97f416c1501ffa433\n" }},
		{"two trees", "gitsign.object", func(d *draft) { d.before = tree + tree + persons }},
		{"two authors", "gitsign.object", func(d *draft) { d.before += "author B <b@example.test> 1 +0000\n" }},
		{"no author", "gitsign.object", func(d *draft) { d.before = tree + persons[strings.Index(persons, "committer"):] }},
		{"persons in another order", "gitsign.object", func(d *draft) {
			d.before = tree + persons[strings.Index(persons, "committer"):] + persons[:strings.Index(persons, "committer")]
		}},
		{"carriage returns", "gitsign.object", func(d *draft) { d.before = strings.ReplaceAll(d.before, "\n", "\r\n") }},
		{"NUL in a header", "gitsign.object", func(d *draft) { d.before = tree + strings.Replace(persons, "A <", "A\x00<", 1) }},
		{"short name", "gitsign.object", func(d *draft) { d.before = "tree 045f\n" + persons }},
		{"upper case", "gitsign.object", func(d *draft) { d.before = strings.Replace(tree, "5f", "5F", 1) + persons }},
		{"names of two lengths", "gitsign.object", func(d *draft) { d.before = tree + "parent " + strings.Repeat("0a", 32) + "\n" + persons }},
		{"continued tree", "gitsign.object", func(d *draft) { d.before = tree + " more\n" + persons }},
		{"no end of the headers", "gitsign.object", func(d *draft) { d.after = "" }},
		{"a tag inside a commit", "gitsign.unsigned", func(d *draft) {
			asTag(d)
			d.before = tree + persons + "\n" + strings.SplitN(d.before, "\n", 2)[1]
		}},
		{"a commit inside a tag", "gitsign.signatures", func(d *draft) {
			d.before = "object 045f683042529876c1fe28f97f416c1501ffa433\ntype commit\ntag v1\n"
		}},
		{"two signatures", "gitsign.signatures", func(d *draft) { d.after = "gpgsig -----BEGIN PGP SIGNATURE-----\n" + d.after }},
		{"a signature for each hash", "gitsign.signatures", func(d *draft) { d.before += "gpgsig-sha256 x\n" }},
		{"two signatures of a tag", "gitsign.signatures", tag(func(d *draft) { d.before += "-----BEGIN PGP SIGNATURE-----\n" })},
		{"text behind the signature of a tag", "gitsign.armor", tag(func(d *draft) { d.text = func(s string) string { return s + "\nmore" } })},
		{"a blank line behind the signature of a tag", "gitsign.armor", tag(func(d *draft) { d.text = func(s string) string { return s + "\n" } })},
		// the text form
		{"another kind", "gitsign.armor", text(top, "-----BEGIN PGP SIGNATURE-----")},
		{"another end", "gitsign.armor", text("END SIGNED", "END signed")},
		{"headers", "gitsign.armor", text(top+"\n", top+"\nVersion: 1\n\n")},
		{"line of another length", "gitsign.armor", func(d *draft) { d.text = func(s string) string { return s[:70] + "\n" + s[70:] } }},
		{"carriage returns in it", "gitsign.object", func(d *draft) { d.text = func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") } }},
		{"white space", "gitsign.armor", text("\nMII", "\n MI")},
		{"trailing bits", "gitsign.armor", func(d *draft) {
			d.text = func(string) string { return top + "\nMB==\n-----END SIGNED MESSAGE-----" }
		}},
		// the CMS
		{"not DER", "gitsign.cms", cms(func(p *parts) { p.encode = func([]byte) []byte { return []byte("text") } })},
		{"something behind it", "gitsign.cms", cms(func(p *parts) { p.encode = func(b []byte) []byte { return append(b, 5, 0) } })},
		{"indefinite length", "gitsign.cms", cms(func(p *parts) {
			p.encode = func(b []byte) []byte { return slices.Concat([]byte{0x30, 0x80}, b[4:], []byte{0, 0}) }
		})},
		{"long form of a short length", "gitsign.cms", cms(func(p *parts) { p.digestAlg = slices.Concat([]byte{0x30, 0x81}, p.digestAlg[1:]) })},
		{"other content type", "gitsign.cms", cms(func(p *parts) { p.contentType = oid(idData) })},
		{"content of another type", "gitsign.cms", cms(func(p *parts) { p.content = seq(oid(idSigned)) })},
		{"content inside", "gitsign.cms", cms(func(p *parts) { p.content = seq(oid(idData), tlv(0xa0, octets([]byte("x")))) })},
		{"version", "gitsign.cms", cms(func(p *parts) { p.version = 2 })},
		{"version of the signer", "gitsign.cms", cms(func(p *parts) { p.signerVersion = 3 })},
		{"SHA-512", "gitsign.cms", cms(func(p *parts) { p.digestAlg = seq(oid("2.16.840.1.101.3.4.2.3")) })},
		{"algorithm of another hash", "gitsign.cms", cms(func(p *parts) { p.algorithm = seq(oid("1.2.840.10045.4.3.3")) })},
		{"huge object identifier", "gitsign.cms", cms(func(p *parts) { p.algorithm = seq(tlv(6, bytes.Repeat([]byte{0x81}, 65), []byte{1})) })},
		{"no signed attributes", "gitsign.cms", cms(func(p *parts) { p.signed = nil })},
		{"no signer", "gitsign.cms", cms(func(p *parts) { p.signers = 0 })},
		{"two signers", "gitsign.signers", cms(func(p *parts) { p.signers = 2 })},
		{"no certificate", "gitsign.certificate", cms(func(p *parts) { p.certs = nil })},
		{"certificate twice", "gitsign.certificate", cms(func(p *parts) { p.certs = append(p.certs, p.certs[0]) })},
		{"certificate that is none", "gitsign.certificate", cms(func(p *parts) { p.certs = append(p.certs, seq(integer(1))) })},
		{"11 certificates", "gitsign.cms", cms(func(p *parts) { p.certs = [][]byte{bytes.Repeat(p.certs[0], 11)} })},
		{"signer by another number", "gitsign.certificate", cms(func(p *parts) {
			cert, err := x509.ParseCertificate(p.certs[0])
			if err != nil {
				t.Fatal(err)
			}
			p.signerID = seq(cert.RawIssuer, integer(1))
		})},
		// the attributes
		{"attributes out of order", "gitsign.attributes", func(d *draft) { d.ordered = false; slices.Reverse(d.attrs) }},
		{"no content type", "gitsign.attributes", func(d *draft) { d.attrs = d.attrs[1:] }},
		{"another content type", "gitsign.attributes", func(d *draft) { d.attrs[0] = attribute(idType, oid(idSigned)) }},
		{"two content types", "gitsign.attributes", func(d *draft) { d.attrs[0] = attribute(idType, oid(idData), oid(idData)) }},
		{"content type twice", "gitsign.attributes", func(d *draft) { d.attrs = append(d.attrs, d.attrs[0]) }},
		{"two digests", "gitsign.attributes", func(d *draft) { d.attrs = append(d.attrs, attribute(idDigest, octets(other))) }},
		{"33 attributes", "gitsign.attributes", func(d *draft) {
			for i := range 32 {
				d.attrs = append(d.attrs, attribute(fmt.Sprintf("1.2.%d", i)))
			}
		}},
		{"entry that is no octet string", "gitsign.attributes", func(d *draft) { d.unsigned = [][]byte{attribute(idEntry, integer(1))} }},
		{"entries in two attributes", "gitsign.attributes", func(d *draft) {
			d.unsigned = [][]byte{attribute(idEntry, octets(nil)), attribute(idEntry, octets(nil))}
		}},
		{"33 entries", "gitsign.attributes", func(d *draft) { d.unsigned = [][]byte{attribute(idEntry, bytes.Repeat(octets(nil), 33))} }},
		{"timestamp that is no sequence", "gitsign.attributes", func(d *draft) { d.unsigned = [][]byte{attribute(idTimestamp, integer(1))} }},
		// the entry
		{"no entry", "gitsign.no_entry", func(d *draft) { d.unsigned = [][]byte{} }},
		{"entry that is none", "gitsign.entry", func(d *draft) { d.unsigned = [][]byte{attribute(idEntry, octets([]byte{0xff}))} }},
		{"unknown field of an entry", "gitsign.entry", func(d *draft) { d.unsigned = [][]byte{attribute(idEntry, octets([]byte{0xf8, 7, 1}))} }},
		{"entry with one field more", "gitsign.entry", func(d *draft) { d.more = []byte{0xf8, 7, 1} }},
		{"empty entry", "gitsign.entry", func(d *draft) { d.unsigned = [][]byte{attribute(idEntry, octets(nil))} }},
		{"entry of another signature", "tlog.promise.signature", cms(func(p *parts) { p.value = append([]byte{}, p.value[:len(p.value)-1]...); p.value[1]-- })},
		{"corrupt signature", "signature.invalid", func(d *draft) { d.request.Signature = func(in *virtual.SignatureInput) { in.Corrupt = true } }},
		{"another signer", "identity.san", func(d *draft) {
			d.request.SAN = "https://github.com/example/other/.github/workflows/a.yml@refs/heads/main"
		}},
		{"corrupt timestamp", "timestamp.signature", func(d *draft) {
			d.request.Timestamps, d.request.Timestamp = 1, func(in *virtual.TimestampInput) { in.Corrupt = true }
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDraft(t)
			c.edit(d)
			if _, code := judge(t, d.make(t).object, nil); code != c.code {
				t.Errorf("code %q, want %q", code, c.code)
			}
		})
	}
}

// The log entry that lies beside the object.
func TestSavedEntries(t *testing.T) {
	for name, c := range map[string]struct {
		code string
		edit func(*draft)
		save func([]byte) []byte
	}{
		"nothing":  {"gitsign.entry", nil, func([]byte) []byte { return []byte("{}") }},
		"no JSON":  {"gitsign.entry", nil, func([]byte) []byte { return []byte("x") }},
		"an array": {"gitsign.entry", nil, func(b []byte) []byte { return append(append([]byte("["), b...), ']') }},
		"two entries": {"gitsign.entry", nil, func(b []byte) []byte {
			return append(append(b[:len(b)-1:len(b)-1], `,"a":`...), append(b[len(`{"24296fb24b8ad77a":`):len(b)-1:len(b)-1], '}')...)
		}},
		"something behind it": {"gitsign.entry", nil, func(b []byte) []byte { return append(b, "{}"...) }},
		"member twice": {"gitsign.entry", nil, func(b []byte) []byte {
			return bytes.Replace(b, []byte(`"logIndex"`), []byte(`"logIndex":1,"logIndex"`), 1)
		}},
		"another time": {"tlog.promise.signature", nil, func(b []byte) []byte {
			return bytes.Replace(b, []byte(`"integratedTime":1`), []byte(`"integratedTime":2`), 1)
		}},
		"too long": {"gitsign.limit", nil, func(b []byte) []byte { return append(b, bytes.Repeat([]byte(" "), 1<<20)...) }},
		"signature by another key": {"gitsign.signature", func(d *draft) {
			d.request.Signature = func(in *virtual.SignatureInput) { in.Corrupt = true }
		}, nil},
		"another object": {"gitsign.entry", func(d *draft) { d.text = nil }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDraft(t)
			d.byName = true
			if c.edit != nil {
				c.edit(d)
			}
			m := d.make(t)
			object, saved := m.object, m.saved
			if c.save != nil {
				saved = c.save(saved)
			}
			if name == "another object" {
				e := newDraft(t)
				e.after, e.noEntry = "\nother\n", true
				object = e.make(t).object
			}
			if _, code := judge(t, object, saved); code != c.code {
				t.Errorf("code %q, want %q", code, c.code)
			}
		})
	}
	d := newDraft(t)
	m := d.make(t)
	e := newDraft(t)
	e.noEntry = true
	if _, code := judge(t, m.object, e.make(t).saved); code != "gitsign.entry" {
		t.Errorf("an entry inside and one beside: %q", code)
	}
}

// No byte of an object may be cut off, added or changed, except those of the
// signature that nothing signs; then what is accepted is what was signed.
func TestEveryByte(t *testing.T) {
	for name, edit := range map[string]func(*draft){"commit": func(*draft) {}, "tag": asTag} {
		d := newDraft(t)
		edit(d)
		object := d.make(t).object
		genuine, _ := judge(t, object, nil)
		start := bytes.Index(object, []byte("\nMII"))
		end := bytes.Index(object, []byte("-----END"))
		try := func(what string, at int, b []byte) {
			s, code := judge(t, b, nil)
			if code != "" {
				return
			}
			same := s.Digest == genuine.Digest && bytes.Equal(s.Content, genuine.Content) &&
				bytes.Equal(s.Bundle.Signature, genuine.Bundle.Signature) && s.Bundle.Leaf.Equal(genuine.Bundle.Leaf)
			if what != "changed" || at < start || at > end || !same {
				t.Errorf("%s: accepted with byte %d %s: %q", name, at, what, s.Name)
			}
		}
		for i := range object {
			try("and the rest cut off", i, object[:i])
			try("left out", i, slices.Concat(object[:i], object[i+1:]))
			try("twice", i, slices.Concat(object[:i+1], object[i:]))
			changed := bytes.Clone(object)
			changed[i] ^= 1 << (i % 8)
			try("changed", i, changed)
		}
	}
}

func TestHeaderInFront(t *testing.T) {
	object := newDraft(t).make(t).object
	for _, front := range []string{"tag %d\x00", "blob %d\x00", "commit 0%d\x00", "commit +%d\x00", "commit  %d\x00", "commit 1%d\x00", "commit\x00", "\x00", "Commit %d\x00"} {
		head := front
		if strings.Contains(front, "%") {
			head = fmt.Sprintf(front, len(object))
		}
		if _, err := gitsign.Read(append([]byte(head), object...), nil); codes.Of(err) != "gitsign.object" {
			t.Errorf("%q: %v", head, err)
		}
	}
}

func TestLimits(t *testing.T) {
	d := newDraft(t)
	d.after = "\n" + strings.Repeat("x", gitsign.MaxSize)
	if _, err := gitsign.Read(d.make(t).object, nil); codes.Of(err) != "gitsign.limit" {
		t.Errorf("large object: %v", err)
	}
	d = newDraft(t)
	d.text = func(s string) string { return s + strings.Repeat("\nAAAA", 1<<18) }
	if _, err := gitsign.Read(d.make(t).object, nil); codes.Of(err) != "gitsign.limit" {
		t.Errorf("large signature: %v", err)
	}
}

// The public examples, where they are given.
func TestPublicExamples(t *testing.T) {
	dir := os.Getenv("SIGBUNDLE_FORMATS")
	if dir == "" {
		t.Skip("SIGBUNDLE_FORMATS is not set")
	}
	read := func(name string) []byte {
		data, err := os.ReadFile(filepath.Join(dir, "gitsign", name))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	s, err := gitsign.Read(read("offline.commit"), nil)
	if err != nil || len(s.Content) != 107 {
		t.Fatalf("offline.commit: %v", err)
	}
	data, err := embedded.TrustedRoot("public-good")
	if err != nil {
		t.Fatal(err)
	}
	v, err := verify.New(verify.Config{Root: data, Policy: verify.Policy{Identities: []verify.Identity{{
		SAN: verify.Exactly("billy@chainguard.dev"), Issuer: verify.Exactly("https://accounts.google.com")}}}})
	if err != nil {
		t.Fatal(err)
	}
	artifact, err := v.ReadArtifact(bytes.NewReader(s.Content), s.Bundle)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Verify(s.Bundle, artifact); err != nil {
		t.Error(err)
	}
	if _, err := gitsign.Read(read("tag.txt"), nil); codes.Of(err) != "gitsign.no_entry" {
		t.Errorf("tag.txt: %v", err)
	}
	if _, err := gitsign.Read(read("offline.commit"), read("rekor-entry-legacy.json")); codes.Of(err) != "gitsign.entry" {
		t.Errorf("a commit with an entry and another beside: %v", err)
	}
	if _, err := gitsign.Read(read("tag.txt"), read("rekor-entry-legacy.json")); codes.Of(err) != "gitsign.entry" {
		t.Errorf("a tag with the entry of a commit: %v", err)
	}
}

// Whatever an object and a log entry say, what is read is whole or refused with
// a code.
func FuzzRead(f *testing.F) {
	d := newDraft(f)
	f.Add(d.make(f).object, []byte(nil))
	d = newDraft(f)
	asTag(d)
	f.Add(d.make(f).object, []byte(nil))
	d = newDraft(f)
	d.byName = true
	m := d.make(f)
	f.Add(m.object, m.saved)
	f.Fuzz(func(t *testing.T, object, saved []byte) {
		if len(saved) == 0 {
			saved = nil
		}
		s, err := gitsign.Read(object, saved)
		switch {
		case err != nil && codes.Of(err) == "":
			t.Errorf("no code: %v", err)
		case err == nil && (s.Bundle == nil || len(s.Content) == 0 || s.Bundle.Envelope != nil):
			t.Errorf("%+v", s)
		}
	})
}
