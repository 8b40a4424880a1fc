// SPDX-License-Identifier: Apache-2.0

package gitsign

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
	"google.golang.org/protobuf/proto"

	bundlev1 "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	commonv1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	rekorv1 "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/internal/cms"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/sigkey"
	"github.com/sigbundle/sigbundle/internal/strictcert"
)

// Object identifiers of unsigned attributes, as the content octets of their
// DER.
const (
	oidLogEntry  = "\x2b\x06\x01\x04\x01\x83\xbf\x30\x03\x01"     // 1.3.6.1.4.1.57264.3.1
	oidTimestamp = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x0e" // 1.2.840.113549.1.9.16.2.14
)

// A Signed is a signed commit or tag, not verified. It is genuine if package
// verify accepts Bundle for an artifact that consists of Content: Read has
// compared everything else.
type Signed struct {
	Kind string // "commit" or "tag"
	// Name is what git calls the object, in hexadecimal, computed from its
	// bytes: 40 digits of SHA-1, or 64 of SHA-256.
	Name string
	// Digest is the SHA-256 of the object without its signature, which the
	// signed attributes repeat.
	Digest [sha256.Size]byte
	// Content is what the bundle's signature is over: the signed attributes,
	// or the name of the object if ByName.
	Content []byte
	// ByName says that the log entry is about the name of the object, which
	// the key of the certificate signed as well as the attributes.
	ByName bool
	Bundle *bundle.Bundle
}

// ID returns the object's name as subjects of statements have it, such as
// "gitCommit:…".
func (s *Signed) ID() string {
	if s.Kind == "tag" {
		return "gitTag:" + s.Name
	}
	return "gitCommit:" + s.Name
}

// Read reads an object as `git cat-file commit` or `git cat-file tag` prints
// it. Saved is the log entry as a Rekor v1 log answers with it, for a
// signature that carries none; else nil.
//
// Refusals are of the family "gitsign", and those of [bundle.Parse].
func Read(data, saved []byte) (*Signed, error) {
	o, err := parseObject(data)
	if err != nil {
		return nil, err
	}
	sig, err := parseSignature(o.signature)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(sig.digest, o.digest[:]) {
		return nil, refuse.New("gitsign.digest", "git %s: the signature is over sha256:%x, want that of the object, sha256:%x", o.kind, sig.digest, o.digest)
	}
	s := &Signed{Kind: o.kind, Name: o.name, Digest: o.digest, Content: sig.signed}
	m := sig.bundle()
	switch {
	case len(sig.entries) > 0 && saved != nil:
		return nil, refuse.New("gitsign.entry", "log entry: one is in the signature and one beside it, want one")
	case len(sig.entries) > 0:
		err = sig.embedded(m)
	case saved != nil:
		err = s.beside(m, sig, saved)
	default:
		err = refuse.New("gitsign.no_entry", "git %s: the signature carries no log entry, want one in it or beside it", o.kind)
	}
	if err != nil {
		return nil, err
	}
	if s.Bundle, err = bundle.FromProto(m); err != nil {
		return nil, err
	}
	return s, nil
}

// signature is what a CMS signature says.
type signature struct {
	signed     []byte // the signed attributes, with tag SET
	digest     []byte // their messageDigest
	value      []byte
	leaf       *x509.Certificate
	extra      [][]byte // DER of the other certificates
	entries    [][]byte // protobuf
	timestamps [][]byte // DER TimeStampToken
}

func malformed(err error) error { return refuse.Wrap("gitsign.cms", err, "signature") }

// parseSignature reads a ContentInfo.
func parseSignature(der []byte) (*signature, error) {
	input := cryptobyte.String(der)
	var ci cryptobyte.String
	if !input.ReadASN1(&ci, asn1.SEQUENCE) || !input.Empty() {
		return nil, refuse.New("gitsign.cms", "signature: not DER")
	}
	sd, err := cms.ReadSignedData(ci)
	if err != nil {
		return nil, malformed(err)
	}
	if err := checkContent(sd.Encap); err != nil {
		return nil, err
	}
	si, err := sd.ReadSigner()
	switch {
	case err != nil:
		return nil, malformed(err)
	case !si.Last:
		return nil, refuse.New("gitsign.signers", "signature: more than one signer, want one")
	case si.Version != si.WantVersion():
		return nil, refuse.New("gitsign.cms", "signature: signer info of version %d, want %d", si.Version, si.WantVersion())
	case sd.Version != 1 && sd.Version != 3: // 3 goes with a key identifier (RFC 5652, Section 5.1)
		return nil, refuse.New("gitsign.cms", "signature: signed data of version %d, want 1 or 3", sd.Version)
	}
	raw, err := cms.ReadSignature(si.Rest)
	if err != nil {
		return nil, malformed(err)
	}
	var once string
	if !cms.ReadAlgorithm(&sd.Algorithms, &once) || !sd.Algorithms.Empty() || once != cms.OIDSHA256 || raw.Digest != once {
		return nil, refuse.New("gitsign.cms", "signature: digest algorithm %s, want SHA-256 for both the data and the signer", cms.Dotted(raw.Digest))
	}
	if _, err := cms.SignatureAlgorithm(raw.Algorithm, crypto.SHA256); err != nil {
		return nil, malformed(err)
	}
	sig := &signature{signed: raw.Signed, value: raw.Value}
	if err := sig.findLeaf(sd, &si.ID); err != nil {
		return nil, err
	}
	if err := sig.parseAttributes(raw.Attributes); err != nil {
		return nil, err
	}
	return sig, sig.parseUnsigned(raw.Unsigned)
}

// checkContent wants data that are not there: they are the object.
func checkContent(s cryptobyte.String) error {
	var id cryptobyte.String
	switch {
	case !cms.ReadOID(&s, &id):
		return refuse.New("gitsign.cms", "signature: content info is not DER")
	case string(id) != cms.OIDData:
		return refuse.New("gitsign.cms", "signature: content of type %s, want data", cms.Dotted(string(id)))
	case !s.Empty():
		return refuse.New("gitsign.cms", "signature: content inside, want it detached")
	}
	return nil
}

// findLeaf finds the one certificate that the signer names.
func (sig *signature) findLeaf(sd *cms.SignedData, id *cms.SignerID) error {
	for _, der := range sd.Certificates {
		cert, err := strictcert.Parse(der)
		if err != nil {
			return refuse.Wrap("gitsign.certificate", err, "signature: certificate")
		}
		switch {
		case !id.Names(cert):
			sig.extra = append(sig.extra, der)
		case sig.leaf != nil:
			return refuse.New("gitsign.certificate", "signature: two certificates of the signer, want one")
		default:
			sig.leaf = cert
		}
	}
	if sig.leaf == nil {
		return refuse.New("gitsign.certificate", "signature: the certificate of the signer is not there")
	}
	return nil
}

// parseAttributes reads the signed attributes. Those that are not known are
// signed, and ignored.
func (sig *signature) parseAttributes(s cryptobyte.String) error {
	var typed bool
	err := cms.ReadAttributes(s, true, func(oid string, values cryptobyte.String) error {
		var value cryptobyte.String
		switch oid {
		case cms.OIDContentType:
			if !cms.ReadOID(&values, &value) || !values.Empty() || string(value) != cms.OIDData {
				return refuse.New("gitsign.attributes", "signature: signed content type is not data")
			}
			typed = true
		case cms.OIDMessageDigest:
			if !values.ReadASN1(&value, asn1.OCTET_STRING) || !values.Empty() || len(value) != sha256.Size {
				return refuse.New("gitsign.attributes", "signature: signed message digest is not one SHA-256")
			}
			sig.digest = value
		}
		return nil
	})
	switch {
	case err != nil:
		return refuse.Wrap("gitsign.attributes", err, "signature")
	case !typed:
		return refuse.New("gitsign.attributes", "signature: no signed content type")
	case sig.digest == nil:
		return refuse.New("gitsign.attributes", "signature: no signed message digest")
	}
	return nil
}

// parseUnsigned reads the unsigned attributes. Those that are not known are
// ignored: they prove nothing.
func (sig *signature) parseUnsigned(s cryptobyte.String) error {
	err := cms.ReadAttributes(s, false, func(oid string, values cryptobyte.String) error {
		for n := 0; !values.Empty(); n++ {
			var value cryptobyte.String
			switch oid {
			case oidLogEntry:
				if !values.ReadASN1(&value, asn1.OCTET_STRING) || n == bundle.MaxEntries {
					return refuse.New("gitsign.attributes", "signature: log entries are not up to %d octet strings", bundle.MaxEntries)
				}
				sig.entries = append(sig.entries, value)
			case oidTimestamp:
				if !values.ReadASN1Element(&value, asn1.SEQUENCE) || n == bundle.MaxTimestamps {
					return refuse.New("gitsign.attributes", "signature: timestamps are not up to %d sequences", bundle.MaxTimestamps)
				}
				sig.timestamps = append(sig.timestamps, value)
			default:
				return nil
			}
		}
		return nil
	})
	return refuse.Wrap("gitsign.attributes", err, "signature")
}

// bundle returns a bundle of all but the log entries.
func (sig *signature) bundle() *bundlev1.Bundle {
	m := &bundlev1.Bundle{VerificationMaterial: &bundlev1.VerificationMaterial{}}
	sum := sha256.Sum256(sig.signed)
	m.Content = &bundlev1.Bundle_MessageSignature{MessageSignature: &commonv1.MessageSignature{
		MessageDigest: &commonv1.HashOutput{Algorithm: commonv1.HashAlgorithm_SHA2_256, Digest: sum[:]},
		Signature:     sig.value,
	}}
	if len(sig.timestamps) > 0 {
		m.VerificationMaterial.TimestampVerificationData = new(bundlev1.TimestampVerificationData)
	}
	for _, token := range sig.timestamps {
		// TimeStampResp ::= SEQUENCE { status PKIStatusInfo, timeStampToken }
		var b cryptobyte.Builder
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1Int64(0) })
			b.AddBytes(token)
		})
		data := m.VerificationMaterial.TimestampVerificationData
		data.Rfc3161Timestamps = append(data.Rfc3161Timestamps, &commonv1.RFC3161SignedTimestamp{SignedTimestamp: b.BytesOrPanic()})
	}
	return m
}

// carry adds the log entries and the certificates, in the version of the
// format that has a place for them.
func (sig *signature) carry(m *bundlev1.Bundle, entries []*rekorv1.TransparencyLogEntry) {
	m.VerificationMaterial.TlogEntries = entries
	cert := func(der []byte) *commonv1.X509Certificate { return &commonv1.X509Certificate{RawBytes: der} }
	proved := true
	for _, e := range entries {
		proved = proved && e.GetInclusionProof() != nil
	}
	if proved && len(sig.extra) == 0 {
		m.MediaType = bundle.MediaType
		m.VerificationMaterial.Content = &bundlev1.VerificationMaterial_Certificate{Certificate: cert(sig.leaf.Raw)}
		return
	}
	m.MediaType = "application/vnd.dev.sigstore.bundle+json;version=0.2"
	if !proved {
		m.MediaType = "application/vnd.dev.sigstore.bundle+json;version=0.1"
	}
	chain := &commonv1.X509CertificateChain{Certificates: []*commonv1.X509Certificate{cert(sig.leaf.Raw)}}
	for _, der := range sig.extra {
		chain.Certificates = append(chain.Certificates, cert(der))
	}
	m.VerificationMaterial.Content = &bundlev1.VerificationMaterial_X509CertificateChain{X509CertificateChain: chain}
}

// embedded adds the log entries of the signature. Clients take the body out of
// each: the log's own proof shows whether what is put back is what was there.
func (sig *signature) embedded(m *bundlev1.Bundle) error {
	var entries []*rekorv1.TransparencyLogEntry
	for _, data := range sig.entries {
		e := new(rekorv1.TransparencyLogEntry)
		if err := proto.Unmarshal(data, e); err != nil {
			return refuse.New("gitsign.entry", "log entry: not a TransparencyLogEntry of protobuf")
		}
		if len(e.ProtoReflect().GetUnknown()) > 0 {
			return refuse.New("gitsign.entry", "log entry: fields that a TransparencyLogEntry does not have")
		}
		if len(e.GetCanonicalizedBody()) == 0 {
			if kind := e.GetKindVersion(); kind.GetKind() != "hashedrekord" || kind.GetVersion() != "0.0.1" {
				return refuse.New("gitsign.entry", "log entry: kind %.40q, version %.40q, without its body, want hashedrekord 0.0.1", kind.GetKind(), kind.GetVersion())
			}
			e.CanonicalizedBody = sig.body()
		}
		entries = append(entries, e)
	}
	sig.carry(m, entries)
	return nil
}

// body is what the log was given, in its canonical form.
func (sig *signature) body() []byte {
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: sig.leaf.Raw})
	return fmt.Appendf(nil, `{"apiVersion":"0.0.1","kind":"hashedrekord","spec":{"data":{"hash":{"algorithm":"sha256","value":"%x"}},"signature":{"content":"%s","publicKey":{"content":"%s"}}}}`,
		sha256.Sum256(sig.signed), base64.StdEncoding.EncodeToString(sig.value), base64.StdEncoding.EncodeToString(cert))
}

// beside adds a log entry that was saved. It is about the attributes, or about
// the name of the object. In that case its own signature is the bundle's, and
// the one over the attributes has to be by the same key, which nothing but the
// bundle proves to be anyone's.
func (s *Signed) beside(m *bundlev1.Bundle, sig *signature, saved []byte) error {
	e, body, err := parseSaved(saved)
	if err != nil {
		return err
	}
	name := sha256.Sum256([]byte(s.Name))
	attributes := sha256.Sum256(sig.signed)
	switch {
	case body.Hash == crypto.SHA256 && bytes.Equal(body.Digest, attributes[:]):
	case body.Hash == crypto.SHA256 && bytes.Equal(body.Digest, name[:]):
		key, err := cmsKey(sig.leaf)
		if err != nil {
			return refuse.Wrap("key.unsupported", err, "signature")
		}
		if key.Verify(sig.signed, sig.value) != nil {
			return refuse.New("gitsign.signature", "signature: not by the key of its certificate over the signed attributes")
		}
		s.Content, s.ByName = []byte(s.Name), true
		m.Content = &bundlev1.Bundle_MessageSignature{MessageSignature: &commonv1.MessageSignature{
			MessageDigest: &commonv1.HashOutput{Algorithm: commonv1.HashAlgorithm_SHA2_256, Digest: name[:]},
			Signature:     body.Signature,
		}}
		m.VerificationMaterial.TimestampVerificationData = nil // they are over the other signature
	default:
		return refuse.New("gitsign.entry", "log entry: about sha256:%x, want the signed attributes or the name of the object", body.Digest)
	}
	sig.carry(m, []*rekorv1.TransparencyLogEntry{e})
	return nil
}

// cmsKey ties the key of a certificate to the algorithm that it signs with
// here: SHA-256, or pure Ed25519.
func cmsKey(cert *x509.Certificate) (*sigkey.Key, error) {
	key, err := sigkey.ForPublicKey(cert.PublicKey)
	if err != nil {
		return nil, err
	}
	if pure := key.Pure(); pure != nil {
		return pure, nil
	}
	return key.WithHash(crypto.SHA256)
}
