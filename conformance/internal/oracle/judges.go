// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"crypto"
	"sync/atomic"
	"time"

	sgbundle "github.com/sigstore/sigstore-go/pkg/bundle"
	sgroot "github.com/sigstore/sigstore-go/pkg/root"
	sgverify "github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/signature"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/verify"
)

// A Judge verifies one item from its bytes of JSON on. What it keeps between
// two items is the compiled trust root and the policy, and nothing else.
type Judge func(Item) error

// alone is how many verifiers Ours makes beforehand, and how often it uses each
// before a key of its trust root can have recurred often enough to be worth a
// table.
const alone, uses = 64, 30

// Ours returns this module's judge for a row, for bundles that come one by one:
// its first 1920 answers are given without tables.
func Ours(row Row) (Judge, error) { return ours(row, alone) }

// Batch is Ours for bundles that come by the thousand, under one trust root.
func Batch(row Row) (Judge, error) { return ours(row, 1) }

func ours(row Row, verifiers int) (Judge, error) {
	policy := verify.Policy{Keys: []verify.Key{{Public: row.Key, Hint: row.Hint}}}
	if row.Key == nil {
		policy = verify.Policy{Identities: []verify.Identity{{SAN: verify.Exactly(row.SAN), Issuer: verify.Exactly(row.Issuer)}}}
	}
	var all []*verify.Verifier
	for range verifiers {
		root, err := trustroot.Parse(row.Root)
		if err != nil {
			return nil, err
		}
		v, err := verify.New(verify.Config{Root: root, Policy: policy})
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	var n atomic.Int64
	return func(i Item) error {
		b, err := bundle.Parse(i.Bundle)
		if err != nil {
			return err
		}
		a, err := verify.ArtifactDigest("sha256", i.Digest[:])
		if err != nil {
			return err
		}
		v := all[int(n.Add(1)-1)/uses%len(all)]
		_, err = v.Verify(b, a)
		return err
	}, nil
}

// Peer returns sigstore-go's judge for a row, under the same demands: one log,
// one verified time, and for certificates one SCT and the identity.
func Peer(row Row) (Judge, error) {
	var trusted sgroot.TrustedMaterial
	trusted, err := sgroot.NewTrustedRootFromJSON(row.Root)
	if err != nil {
		return nil, err
	}
	options := []sgverify.VerifierOption{sgverify.WithTransparencyLog(1), sgverify.WithObserverTimestamps(1)}
	var who sgverify.PolicyOption
	if row.Key != nil {
		key, err := signature.LoadVerifier(row.Key, crypto.SHA256)
		if err != nil {
			return nil, err
		}
		trusted = oneKey{trusted, sgroot.NewExpiringKey(key, time.Time{}, time.Time{})}
		who = sgverify.WithKey()
	} else {
		id, err := sgverify.NewShortCertificateIdentity(row.Issuer, "", row.SAN, "")
		if err != nil {
			return nil, err
		}
		who = sgverify.WithCertificateIdentity(id)
		options = append(options, sgverify.WithSignedCertificateTimestamps(1))
	}
	v, err := sgverify.NewVerifier(trusted, options...)
	if err != nil {
		return nil, err
	}
	return func(i Item) error {
		var b sgbundle.Bundle
		if err := b.UnmarshalJSON(i.Bundle); err != nil {
			return err
		}
		_, err := v.Verify(&b, sgverify.NewPolicy(sgverify.WithArtifactDigest("sha256", i.Digest[:]), who))
		return err
	}, nil
}

// oneKey is a trust root that knows one key besides, under every hint.
type oneKey struct {
	sgroot.TrustedMaterial
	key *sgroot.ExpiringKey
}

func (o oneKey) PublicKeyVerifier(string) (sgroot.TimeConstrainedVerifier, error) { return o.key, nil }
