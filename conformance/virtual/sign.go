// SPDX-License-Identifier: Apache-2.0

package virtual

import (
	"bytes"
	"crypto"
	"encoding/json"
	"fmt"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	bundlev1 "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	commonv1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	dssev1 "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/dsse"
	"github.com/sigbundle/sigbundle/tlog"
)

// Sign signs as the request says and collects all evidence. Errors are about
// the request or come from what its hooks did; no state of the world makes a
// good request fail.
func (w *World) Sign(r Request) (*Signed, error) {
	w.mutex.Lock()
	number := w.issued
	w.issued++
	w.mutex.Unlock()
	j := w.newJob(number, r)
	j.prepare()
	j.enter()
	j.finish()
	return j.signed, j.err
}

// job is a request on its way. Only enter has to happen in the order of the
// requests: it gives entries their places. After an error nothing more is done.
type job struct {
	world *World
	role  string // names all that is made up for this request
	r     Request
	at    time.Time

	signature *signature
	stamps    [][]byte
	records   []record
	entered   []*entered

	signed *Signed
	err    error
}

// record is an entry that has no place yet.
type record struct {
	log  *rekor
	kind tlog.Kind
	body []byte
}

// signature is a signature and what it is about.
type signature struct {
	value       []byte
	message     []byte
	hash        crypto.Hash // of message, for callers that name it by its digest
	envelope    *dsse.Envelope
	key         *Key
	certificate []byte
}

func (w *World) newJob(number uint64, r Request) *job {
	j := &job{world: w, role: fmt.Sprintf("request/%d", number), r: r, at: r.Time.UTC()}
	if r.Time.IsZero() {
		j.at = w.config.Time
	}
	if r.Version == 0 {
		j.r.Version = bundle.V03
	}
	if w.config.GitHub {
		j.r.Evidence = NoLog
	}
	proven := j.r.Evidence.v1() && !r.WithoutPromise
	if r.Timestamps == 0 && !proven {
		j.r.Timestamps = 1
	}
	return j
}

// prepare makes what needs no log: certificate, signature, timestamps, and
// the bodies of entries.
func (j *job) prepare() {
	if j.err = j.sign(); j.err != nil {
		return
	}
	if have := len(j.world.tsas); j.r.Timestamps > have {
		j.err = fmt.Errorf("virtual: %d timestamps from %d authorities", j.r.Timestamps, have)
		return
	}
	for i := 1; i <= j.r.Timestamps; i++ {
		der, err := j.world.timestamp(&j.r, i, j.role, j.signature.value, j.at)
		if err != nil {
			j.err = err
			return
		}
		j.stamps = append(j.stamps, der)
	}
	if j.r.Evidence.v1() {
		j.describe(j.world.v1)
	}
	if j.r.Evidence.v2() {
		j.describe(j.world.v2)
	}
}

// sign makes the signer's certificate and signature.
func (j *job) sign() (err error) {
	w, r := j.world, &j.r
	s := &signature{key: r.ManagedKey}
	j.signature = s
	if s.key == nil {
		if s.key, err = w.leafKey(j.role, r.LeafKey.or(ECDSAP256)); err != nil {
			return err
		}
		if s.certificate, err = w.leaf(r, j.role, s.key, j.at); err != nil {
			return err
		}
	}
	if s.envelope, err = r.envelope(); err != nil {
		return err
	}
	s.message = r.Artifact
	if s.envelope != nil {
		s.message = s.envelope.PAE()
	}
	if s.hash = r.Hash; s.hash == 0 {
		s.hash = keyKinds[s.key.typ].hash
	}
	in := &SignatureInput{Message: s.message, Hash: s.hash, Signing: Signing{Key: s.key}}
	if r.Signature != nil {
		r.Signature(in)
	}
	if s.value, err = in.sign(in.Message, in.Hash); err != nil {
		return err
	}
	if s.hash == 0 { // Ed25519 signs no digest, yet entries have one: that of Ed25519ph
		s.hash = crypto.SHA512
	}
	if s.envelope != nil {
		s.envelope.Signature = s.value
	}
	return nil
}

// leafKey is the signer's own, except for RSA.
func (w *World) leafKey(role string, t KeyType) (*Key, error) {
	if keyKinds[t].rsaBits != 0 {
		role = "request/all"
	}
	return w.key(role, t)
}

// describe makes the body of an entry.
func (j *job) describe(l *rekor) {
	if j.err != nil {
		return
	}
	in := j.r.record(l.generation, j.signature)
	if j.r.Entry != nil {
		j.r.Entry(in)
	}
	body, err := in.body()
	if err == nil && j.r.Body != nil {
		body = j.r.Body(body)
	}
	j.err = err
	j.records = append(j.records, record{l, in.Kind, body})
}

// enter gives the entries their places.
func (j *job) enter() {
	for _, r := range j.records {
		if j.err != nil {
			return
		}
		var e *entered
		e, j.err = r.log.enter(r.kind, r.body, j.r.Later)
		j.entered = append(j.entered, e)
	}
}

// finish has the logs sign, and puts the bundle together.
func (j *job) finish() {
	if j.err != nil {
		return
	}
	m := &bundlev1.Bundle{
		MediaType:            mediaTypes[j.r.Version],
		VerificationMaterial: &bundlev1.VerificationMaterial{},
	}
	for _, e := range j.entered {
		entry, err := j.world.entry(&j.r, e, j.at)
		if err != nil {
			j.err = err
			return
		}
		m.VerificationMaterial.TlogEntries = append(m.VerificationMaterial.TlogEntries, entry)
	}
	j.carry(m)
	j.content(m)
	if j.r.Bundle != nil {
		j.r.Bundle(m)
	}
	s := j.signature
	j.signed = &Signed{Message: m, Artifact: j.r.Artifact, Certificate: s.certificate, Key: s.key, Signature: s.value}
	if s.envelope != nil {
		j.signed.Payload = s.envelope.Payload
	}
	if j.signed.Bundle, j.err = marshal(m); j.err != nil {
		j.signed = nil
	}
}

var mediaTypes = map[bundle.Version]string{
	bundle.V01: "application/vnd.dev.sigstore.bundle+json;version=0.1",
	bundle.V02: "application/vnd.dev.sigstore.bundle+json;version=0.2",
	bundle.V03: bundle.MediaType,
}

// carry adds the certificate or the key's hint, and the timestamps. Before 0.3
// certificates came in chains, of which signers wrote the leaf alone.
func (j *job) carry(m *bundlev1.Bundle) {
	material := m.VerificationMaterial
	cert := &commonv1.X509Certificate{RawBytes: j.signature.certificate}
	switch {
	case j.signature.certificate == nil:
		material.Content = &bundlev1.VerificationMaterial_PublicKey{
			PublicKey: &commonv1.PublicKeyIdentifier{Hint: j.signature.key.Hint()},
		}
	case j.r.Version == bundle.V03:
		material.Content = &bundlev1.VerificationMaterial_Certificate{Certificate: cert}
	default:
		material.Content = &bundlev1.VerificationMaterial_X509CertificateChain{
			X509CertificateChain: &commonv1.X509CertificateChain{Certificates: []*commonv1.X509Certificate{cert}},
		}
	}
	if len(j.stamps) == 0 {
		return
	}
	material.TimestampVerificationData = &bundlev1.TimestampVerificationData{}
	for _, der := range j.stamps {
		material.TimestampVerificationData.Rfc3161Timestamps = append(material.TimestampVerificationData.Rfc3161Timestamps,
			&commonv1.RFC3161SignedTimestamp{SignedTimestamp: der})
	}
}

// content adds the signature and what it is over.
func (j *job) content(m *bundlev1.Bundle) {
	s := j.signature
	if s.envelope != nil {
		m.Content = &bundlev1.Bundle_DsseEnvelope{DsseEnvelope: &dssev1.Envelope{
			Payload:     s.envelope.Payload,
			PayloadType: s.envelope.PayloadType,
			Signatures:  []*dssev1.Signature{{Sig: s.value, Keyid: s.envelope.KeyID}},
		}}
		return
	}
	m.Content = &bundlev1.Bundle_MessageSignature{MessageSignature: &commonv1.MessageSignature{
		MessageDigest: &commonv1.HashOutput{Algorithm: hashNumbers[s.hash], Digest: digest(s.hash, s.message)},
		Signature:     s.value,
	}}
}

var hashNumbers = map[crypto.Hash]commonv1.HashAlgorithm{
	crypto.SHA256: commonv1.HashAlgorithm_SHA2_256,
	crypto.SHA384: commonv1.HashAlgorithm_SHA2_384,
	crypto.SHA512: commonv1.HashAlgorithm_SHA2_512,
}

// marshal writes JSON without the white space that protojson varies from
// build to build.
func marshal(m proto.Message) ([]byte, error) {
	data, err := protojson.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("virtual: %w", err)
	}
	var b bytes.Buffer
	b.Grow(len(data))
	if err := json.Compact(&b, data); err != nil {
		return nil, fmt.Errorf("virtual: %w", err)
	}
	return b.Bytes(), nil
}
