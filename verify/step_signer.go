// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"slices"

	"github.com/sigbundle/sigbundle/verify/report"

	"github.com/sigbundle/sigbundle/ctlog"
	"github.com/sigbundle/sigbundle/internal/fulcio"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/trustroot"
)

// validity: at every verified time, not just at one, the certificate leads to
// a trusted authority and every certificate on the way is valid ("hybrid
// model"), or the managed key is inside its validity period. One time that does not
// fit refuses the bundle: a time source under an attacker's control must not
// be outvoted by leaving it aside.
func (r *run) validity() error {
	if r.managed != nil {
		return r.keyValidity()
	}
	if r.b.LooseChain {
		if publicGood(r.v.root) {
			return refuse.New("bundle.carrier", "certificate chain in a bundle of version %s, want a lone certificate for the public-good instance", r.b.Version)
		}
		r.note("bundle.loose_chain", "the bundle carries a certificate chain, which version "+r.b.Version.String()+" has no place for; the chain helps to build a path and is not trusted")
	}
	for _, t := range r.times {
		chains, err := r.v.root.Chains(r.b.Leaf, r.b.Intermediates, t.Time.Time)
		if err != nil {
			return refuse.Wrap("chain.untrusted", err, "at %s", t.Time.UTC().Format(timeFormat))
		}
		r.chains = append(r.chains, chains...)
		r.fact(report.CheckValidity, report.Fact{What: "certificate path", Over: sha256.Sum256(r.b.Leaf.Raw), By: caAuthority(chains[0]), At: t.Time,
			Rule: "RFC 5280, Section 6, at the verified time"})
	}
	if r.b.DroppedRoot {
		r.note("chain.root_present", "the bundle carries a self-issued certificate, which is never an anchor and was ignored")
	}
	return r.describe()
}

// publicGoodAnchors are the keys, by SHA-256 of the SPKI, of the anchors of
// Sigstore's public-good instance. The bundle format demands the lone
// certificate of that instance only.
var publicGoodAnchors = map[string]bool{
	"80917b65f03abf988a5e815c625e42b48b041b6d6a2d17851518f25d54517cf3": true,
	"fef4e9beb17faa47735277cca7633ae5e670b8d83dce91508342397148f4e13a": true,
}

// publicGood reports whether root lists an authority of the public-good
// instance.
func publicGood(root *trustroot.Root) bool {
	return slices.ContainsFunc(root.CertificateAuthorities(), func(a *trustroot.CertificateAuthority) bool {
		return publicGoodAnchors[report.Digest(sha256.Sum256(a.Anchor().RawSubjectPublicKeyInfo)).String()]
	})
}

func (r *run) keyValidity() error {
	k := r.managed
	if k.bounded() && len(r.times) == 0 {
		return refuse.New("key.window", "the key has a validity period, and nothing in the bundle proves when it was used")
	}
	by := report.Authority{Role: "managed key", Name: k.hint, KeyID: r.key.ID()}
	for _, t := range r.times {
		if !k.start.IsZero() && t.Time.Before(k.start) || !k.end.IsZero() && t.Time.After(k.end) {
			return refuse.New("key.window", "the key was not valid at %s", t.Time.UTC().Format(timeFormat))
		}
		r.fact(report.CheckValidity, report.Fact{What: "managed key", By: by, At: t.Time, Rule: "validity period given with the key"})
	}
	r.report.Signer = &report.Signer{Key: &report.KeyInfo{Hint: k.hint, SHA256: r.key.ID(), Algorithm: r.key.Algorithm().String(), Start: report.Instant{Time: k.start}, End: report.Instant{Time: k.end}}}
	return r.skip(report.CheckValidity, "the key has no validity period, and no time is proved")
}

// describe reads the proved certificate.
func (r *run) describe() error {
	san, err := fulcio.SubjectAltName(r.b.Leaf)
	if err != nil {
		return err
	}
	if r.names, err = fulcio.Extensions(r.b.Leaf); err != nil {
		return err
	}
	issuer, _ := r.names.Issuer()
	leaf := r.b.Leaf
	r.cert = &report.Certificate{
		SHA256: sha256.Sum256(leaf.Raw), SAN: san.Value, SANType: san.Type.String(), Issuer: issuer,
		NotBefore: report.Instant{Time: leaf.NotBefore.UTC()}, NotAfter: report.Instant{Time: leaf.NotAfter.UTC()},
	}
	r.cert.Extensions = make([]report.Extension, 0, len(r.names.All()))
	for _, x := range r.names.All() {
		r.cert.Extensions = append(r.cert.Extensions, report.Extension{Name: x.Name, OID: x.OID(), Value: x.Value})
	}
	for _, c := range r.chains[0].Certificates {
		r.cert.Chain = append(r.cert.Chain, sha256.Sum256(c.Raw))
	}
	r.report.Signer = &report.Signer{Certificate: r.cert}
	return nil
}

func caAuthority(c trustroot.Chain) report.Authority {
	issuer := c.Certificates[1]
	return report.Authority{Role: "certificate authority", Name: c.IssuerName(), KeyID: sha256.Sum256(issuer.RawSubjectPublicKeyInfo)}
}

// scts: promises of CT logs to publish the certificate. The issuer that an
// SCT commits to is taken from the paths just proved: by name alone two
// issuers may look the same.
func (r *run) scts() error {
	want := r.report.Required.SCTs
	if r.b.Leaf == nil {
		if want > 0 {
			return refuse.New("sct.missing", "%d signed certificate timestamps required, and the bundle has no certificate", want)
		}
		return r.skip(report.CheckSCTs, "the bundle has no certificate")
	}
	list, err := ctlog.ParseList(r.b.Leaf)
	if err != nil {
		return refuse.Wrap("sct.malformed", err, "certificate")
	}
	if len(list) == 0 {
		if want > 0 {
			return refuse.New("sct.missing", "the certificate holds no signed certificate timestamps, and %d are required; detached ones have no place in a bundle", want)
		}
		return r.skip(report.CheckSCTs, "the certificate holds no signed certificate timestamps and none is required")
	}
	precerts, err := r.precerts()
	if err != nil {
		return err
	}
	logs, err := r.countSCTs(list, precerts)
	if err != nil {
		return err
	}
	if logs == 0 && want > 0 {
		return refuse.New("sct.unknown_log", "no signed certificate timestamp is of a known CT log: the certificate names %s, which %s",
			list[0].LogID, r.whyUnknown(trustroot.KindCTLog, list[0].LogID.String(), r.otherCTID(list[0].LogID)))
	}
	if logs < want {
		return refuse.New("sct.threshold", "signed certificate timestamps of %d CT logs, %d required", logs, want)
	}
	return r.skip(report.CheckSCTs, "no signed certificate timestamp is of a known CT log, and none is required")
}

// precerts returns what CT logs signed, once for each distinct issuer of the
// leaf in the proved paths.
func (r *run) precerts() ([]*ctlog.Precert, error) {
	var precerts []*ctlog.Precert
	var issuers []*x509.Certificate
next:
	for _, chain := range r.chains {
		issuer := chain.Certificates[1]
		for _, seen := range issuers {
			if seen.Equal(issuer) {
				continue next
			}
		}
		p, err := ctlog.NewPrecert(r.b.Leaf, issuer)
		if err != nil {
			return nil, refuse.Wrap("sct.malformed", err, "certificate")
		}
		issuers, precerts = append(issuers, issuer), append(precerts, p)
	}
	return precerts, nil
}

// countSCTs returns how many distinct CT logs vouch for the certificate. Of
// several timestamps by one log one must hold; if a known log's do not, the
// certificate is refused.
func (r *run) countSCTs(list []ctlog.SCT, precerts []*ctlog.Precert) (int, error) {
	good := make(map[ctlog.ID]bool)
	bad := make(map[ctlog.ID]error)
	var logs sources
	for i := range list {
		sct := &list[i]
		log := r.v.root.CTLog(sct.LogID)
		if log == nil {
			r.note("sct.unknown_log", fmt.Sprintf("a signed certificate timestamp is invalid: it is of the CT log %s, which %s",
				sct.LogID, r.whyUnknown(trustroot.KindCTLog, sct.LogID.String(), r.otherCTID(sct.LogID))))
			continue
		}
		var err error
		for _, p := range precerts {
			at, e := log.Verify(sct, p)
			if err = e; err == nil {
				good[sct.LogID] = true
				logs.add(source{log.Operator(), log.KeyID()})
				r.fact(report.CheckSCTs, report.Fact{What: "signed certificate timestamp", Over: sha256.Sum256(p.TBS), At: report.Instant{Time: at},
					By: report.Authority{Role: "certificate transparency log", Name: log.BaseURL(), KeyID: log.KeyID()}, Rule: "RFC 6962, Section 3.2"})
				break
			}
		}
		if err != nil {
			bad[sct.LogID] = err
		}
	}
	for i := range list {
		if id := list[i].LogID; bad[id] != nil && !good[id] {
			return 0, refuse.Wrap("sct.signature", bad[id], "CT log %s", id)
		}
	}
	return logs.count(), nil
}
