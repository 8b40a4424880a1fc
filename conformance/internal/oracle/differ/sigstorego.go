// SPDX-License-Identifier: Apache-2.0

package differ

import (
	"bytes"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"strings"

	sgbundle "github.com/sigstore/sigstore-go/pkg/bundle"
	sgroot "github.com/sigstore/sigstore-go/pkg/root"
	sgverify "github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/signature"

	"github.com/sigbundle/sigbundle/conformance/vectors"
)

// sigstoreGo is the client that this module is linked with.
type sigstoreGo struct{}

func (sigstoreGo) Name() string    { return "sigstore-go" }
func (sigstoreGo) Artifacts() bool { return true }
func (sigstoreGo) Close() error    { return nil }

// goVerifier is what sigstore-go makes of a trust root and a policy.
type goVerifier struct {
	*sgverify.Verifier
	who []sgverify.PolicyOption
}

// Fits: it always wants a time for a certificate.
func (sigstoreGo) Fits(q *Question) string {
	switch d := q.demand(); {
	case !q.plain():
		return "policy that it has no words for"
	case len(q.Policy.Keys) == 0 && d.times == 0 && d.timestamps == 0:
		return "certificate without any proven time"
	}
	return ""
}

// Ask never panics: a panic of the client is its refusal.
func (sigstoreGo) Ask(q *Question) (a Answer, err error) {
	defer func() {
		if r := recover(); r != nil {
			a = Answer{Reason: fmt.Sprint("panic: ", r)}
		}
	}()
	if q.judge.peer == nil && q.judge.peerErr == nil {
		q.judge.peer, q.judge.peerErr = newGoVerifier(q)
	}
	if q.judge.peerErr != nil {
		return refusedBy(q.judge.peerErr), nil
	}
	return refusedBy(q.judge.peer.(*goVerifier).verdict(q)), nil
}

func newGoVerifier(q *Question) (*goVerifier, error) {
	root, err := sgroot.NewTrustedRootFromJSON(q.TrustedRoot)
	if err != nil {
		return nil, fmt.Errorf("trust root: %w", err)
	}
	var trusted sgroot.TrustedMaterial = root
	v := new(goVerifier)
	if len(q.Policy.Keys) > 0 {
		if trusted, err = newGoKeys(root, q.Policy.Keys); err != nil {
			return nil, err
		}
		v.who = []sgverify.PolicyOption{sgverify.WithKey()}
	} else if v.who, err = goIdentities(q); err != nil {
		return nil, err
	}
	v.Verifier, err = sgverify.NewVerifier(trusted, goOptions(q.demand())...)
	return v, err
}

func goOptions(d demand) []sgverify.VerifierOption {
	var o []sgverify.VerifierOption
	if d.logs > 0 {
		o = append(o, sgverify.WithTransparencyLog(d.logs))
	}
	if d.scts > 0 {
		o = append(o, sgverify.WithSignedCertificateTimestamps(d.scts))
	}
	if d.timestamps > 0 {
		o = append(o, sgverify.WithSignedTimestamps(d.timestamps))
	}
	if d.times > 0 {
		o = append(o, sgverify.WithObserverTimestamps(d.times))
	} else if d.timestamps == 0 {
		o = append(o, sgverify.WithNoObserverTimestamps())
	}
	return o
}

func goIdentities(q *Question) ([]sgverify.PolicyOption, error) {
	if q.Policy.AnyIdentity {
		return []sgverify.PolicyOption{sgverify.WithoutIdentitiesUnsafe()}, nil
	}
	pattern := func(m vectors.Match) (exact, expr string) {
		switch {
		case m.Absent:
			return "", "^$"
		case m.Regexp != "":
			return "", "^(?:" + m.Regexp + ")$"
		}
		return m.Exact, ""
	}
	var who []sgverify.PolicyOption
	for _, id := range q.Policy.Identities {
		issuer, issuerExpr := pattern(id.Issuer)
		san, sanExpr := pattern(id.SAN)
		one, err := sgverify.NewShortCertificateIdentity(issuer, issuerExpr, san, sanExpr)
		if err != nil {
			return nil, err
		}
		who = append(who, sgverify.WithCertificateIdentity(one))
	}
	return who, nil
}

func (v *goVerifier) verdict(q *Question) error {
	var b sgbundle.Bundle
	if err := b.UnmarshalJSON(q.Bundle); err != nil {
		return err
	}
	artifact := sgverify.WithoutArtifactUnsafe()
	if q.Artifact != nil {
		artifact = sgverify.WithArtifact(bytes.NewReader(q.Artifact))
	} else if q.Digest != "" {
		algorithm, text := q.digest()
		value, err := hex.DecodeString(text)
		if err != nil {
			return err
		}
		artifact = sgverify.WithArtifactDigest(algorithm, value)
	}
	_, err := v.Verify(&b, sgverify.NewPolicy(artifact, v.who...))
	return err
}

// goKeys is a trust root that knows managed keys besides.
type goKeys struct {
	sgroot.TrustedMaterial
	keys  map[string]*sgroot.ExpiringKey // by hint
	every *sgroot.ExpiringKey            // answers to all hints
}

func newGoKeys(root sgroot.TrustedMaterial, keys []vectors.Key) (*goKeys, error) {
	g := &goKeys{TrustedMaterial: root, keys: make(map[string]*sgroot.ExpiringKey)}
	for _, k := range keys {
		public, err := x509.ParsePKIXPublicKey(k.SPKI)
		if err != nil {
			return nil, err
		}
		v, err := signature.LoadDefaultVerifier(public)
		if err != nil {
			return nil, err
		}
		expiring := sgroot.NewExpiringKey(v, k.Start, k.End)
		if len(keys) == 1 && k.Hint == "" {
			g.every = expiring
		}
		g.keys[k.Hint] = expiring
	}
	return g, nil
}

func (g *goKeys) PublicKeyVerifier(hint string) (sgroot.TimeConstrainedVerifier, error) {
	if g.every != nil {
		return g.every, nil
	}
	if k := g.keys[hint]; k != nil {
		return k, nil
	}
	return nil, fmt.Errorf("no key for hint %q", hint)
}

// words makes a client's refusal one line: its libraries vary their spaces.
func words(reason string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(reason, "\u00a0", " ")), " ")
}
