// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/x509"
	"strings"
	"sync"

	"github.com/sigbundle/sigbundle/verify/report"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/dsse"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/tlog"
	"github.com/sigbundle/sigbundle/verify"
)

// job is one signature on its way.
type job struct {
	Config
	content Content

	key      *Key
	leaf     *x509.Certificate // nil: the key signs under its own name
	identity verify.Identity
	detached bool // the leaf's SCT came beside it

	envelope  *dsse.Envelope
	signature []byte
	stamps    [][]byte
	entries   []tlog.Entry
}

// prepare finds the key and reads the content. That comes before the
// certificate, which lives for minutes: a large file may take as long.
func (j *job) prepare() error {
	if err := j.freshKey(); err != nil {
		return err
	}
	if err := j.content.read(j.key); err != nil {
		return err
	}
	return j.supported()
}

// freshKey makes the key for one certificate, unless there is one to use.
func (j *job) freshKey() (err error) {
	if j.key = j.Key; j.key == nil {
		j.key, err = GenerateKey(j.Algorithm)
	}
	return err
}

// identify has the key certified, unless it signs under its own name.
func (j *job) identify(ctx context.Context) error {
	if j.Issuer == nil {
		return nil
	}
	issued, err := j.Issuer.Issue(ctx, j.key)
	if err != nil {
		return refuse.Wrap("sign.issuer", err, "%s", j.Issuer)
	}
	if issued == nil {
		issued = new(Issued)
	}
	j.leaf, j.identity = issued.Certificate, issued.Identity
	if err := j.checkCertificate(issued.DetachedSCT); err != nil {
		return refuse.Wrap("sign.certificate", err, "certificate from %s", j.Issuer)
	}
	return nil
}

// supported refuses what a log is known to refuse, before a certificate is
// issued for nothing. Rekor v1 checks envelopes under SHA-256, or Ed25519 as
// it is; Rekor v2 checks Ed25519ph. No signature suits both.
func (j *job) supported() error {
	if j.content.payload == nil {
		return nil
	}
	pure := j.pure()
	for _, l := range j.Logs {
		if v1 := l.Generation() == tlog.V1; pure && !v1 || v1 && !pure && j.key.Hash() != crypto.SHA256 {
			return refuse.New("sign.key", "%s: takes no statement signed with %s in this combination, want ECDSA P-256 or RSA", l, j.key.Algorithm())
		}
	}
	return nil
}

// attest signs, and collects the evidence for the signature.
func (j *job) attest(ctx context.Context) error {
	if err := j.sign(); err != nil {
		return err
	}
	var err error
	// Stamps come before entries: a log of Rekor v2 gives no time, and an
	// entry that cannot be dated had better not exist.
	if j.stamps, err = all(ctx, j.TimestampAuthorities, j.stamp); err != nil {
		return err
	}
	j.entries, err = all(ctx, j.Logs, j.enter)
	return err
}

// sign makes the signature.
func (j *job) sign() (err error) {
	if j.content.payload == nil {
		j.signature, err = j.key.SignDigest(j.content.digest)
		return err
	}
	e := &dsse.Envelope{Payload: j.content.payload, PayloadType: dsse.PayloadTypeInToto}
	if j.KeyID {
		e.KeyID = j.key.hint
	}
	if j.pure() {
		j.signature, err = j.key.signPure(e.PAE())
	} else {
		j.signature, err = j.key.SignDigest(e.Digest(j.key.Hash()))
	}
	e.Signature, j.envelope = j.signature, e
	return err
}

// pure reports whether an envelope is signed with pure Ed25519: Rekor v1
// checks those and no Ed25519ph, Rekor v2 the other way round.
func (j *job) pure() bool {
	if _, ok := j.key.Public().(ed25519.PublicKey); !ok {
		return false
	}
	for _, l := range j.Logs {
		if l.Generation() == tlog.V1 {
			return true
		}
	}
	return false
}

func (j *job) stamp(ctx context.Context, s TimestampAuthority) ([]byte, error) {
	der, err := s.Stamp(ctx, j.signature)
	if err != nil {
		return nil, refuse.Wrap("sign.stamper", err, "%s", s)
	}
	if err := j.checkStamp(der); err != nil {
		return nil, refuse.Wrap("sign.timestamp", err, "timestamp from %s", s)
	}
	return der, nil
}

func (j *job) enter(ctx context.Context, l Log) (tlog.Entry, error) {
	r := j.record()
	e, err := l.Append(ctx, r)
	if err != nil {
		return tlog.Entry{}, refuse.Wrap("sign.log", err, "%s", l)
	}
	if err := j.checkEntry(e, r, l.Generation()); err != nil {
		return tlog.Entry{}, refuse.Wrap("sign.entry", err, "log entry from %s", l)
	}
	return *e, nil
}

// record is what is sent to the logs.
func (j *job) record() tlog.Record {
	r := tlog.Record{Signature: j.signature, Key: j.key.public, Envelope: j.envelope}
	if j.leaf != nil {
		r.Certificate = j.leaf.Raw
	}
	if j.envelope == nil {
		r.Digests = map[crypto.Hash][]byte{j.content.hash: j.content.digest}
	}
	return r
}

// finish puts the bundle together, reads it back as everybody will, and has
// it judged.
func (j *job) finish() (*Signed, error) {
	b := &bundle.Bundle{
		MediaType: bundle.MediaType, Version: bundle.V03,
		Signature: j.signature, Envelope: j.envelope,
		Leaf: j.leaf, Entries: j.entries, Timestamps: j.stamps,
	}
	if j.envelope == nil {
		b.MessageDigest = &bundle.Digest{Algorithm: j.content.hash, Value: j.content.digest}
	}
	if j.leaf == nil {
		b.KeyHint = j.key.hint
	}
	data, err := b.MarshalJSON()
	if err != nil {
		return nil, refuse.Wrap("sign.bundle", err, "finished bundle")
	}
	report, err := j.judge(data)
	if err != nil {
		return nil, refuse.Wrap("sign.bundle", err, "finished bundle")
	}
	if j.detached && j.Note != nil {
		j.Note("note: the certificate's signed certificate timestamp was verified and is not in the bundle, which has no place for it: it verifies only where none is required (--require sct=0)")
	}
	return &Signed{Bundle: data, Report: report, DetachedSCT: j.detached}, nil
}

// judge verifies the bundle as any verifier would, with a policy that accepts
// this signer only.
func (j *job) judge(data []byte) (*report.Report, error) {
	b, err := bundle.Parse(data)
	if err != nil {
		return nil, err
	}
	policy := verify.Policy{Identities: []verify.Identity{j.identity}, Require: j.Require}
	if j.detached { // no one else will see it
		policy.Require.SCTs = verify.NotRequired
	}
	if j.leaf == nil {
		policy.Identities = nil
		policy.Keys = []verify.Key{{Public: j.key.Public(), Hint: j.key.hint}}
	}
	v, err := verify.New(verify.Config{Root: j.Root, Policy: policy})
	if err != nil {
		return nil, err
	}
	artifact := verify.NoArtifact()
	if j.envelope == nil {
		name := strings.ReplaceAll(strings.ToLower(j.content.hash.String()), "-", "")
		if artifact, err = verify.ArtifactDigest(name, j.content.digest); err != nil {
			return nil, err
		}
	} else if !bytes.Equal(b.Envelope.Payload, j.content.payload) {
		return nil, refuse.New("sign.bundle", "payload: differs from the one that was signed")
	}
	result, err := v.Verify(b, artifact)
	if err != nil {
		return nil, err
	}
	return result.Report, nil
}

// all calls f for each service at once and returns the results in the order
// of the services. The first failure stops the others and is the error.
func all[S, R any](ctx context.Context, services []S, f func(context.Context, S) (R, error)) ([]R, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	results := make([]R, len(services))
	var first error
	var once sync.Once
	var group sync.WaitGroup
	for i, s := range services {
		group.Go(func() {
			var err error
			if results[i], err = f(ctx, s); err != nil {
				once.Do(func() { first = err; cancel() })
			}
		})
	}
	group.Wait()
	if first != nil {
		return nil, first
	}
	return results, nil
}
