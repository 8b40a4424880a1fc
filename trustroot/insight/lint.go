// SPDX-License-Identifier: Apache-2.0

package insight

import (
	"bytes"
	"cmp"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"time"

	trustrootv1 "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"google.golang.org/protobuf/proto"

	"github.com/sigbundle/sigbundle/ctlog"
	"github.com/sigbundle/sigbundle/internal/sigkey"
	"github.com/sigbundle/sigbundle/tlog"
	"github.com/sigbundle/sigbundle/trustroot"
)

// Severity says how much a finding matters.
type Severity string

// The severities. A warning is worth a change of the root; a note is worth
// knowing.
const (
	Warning Severity = "warning"
	Note    Severity = "note"
)

// Finding is one oddity of a root.
type Finding struct {
	Rule     string   `json:"rule"` // a code, such as "window.gap", which `sigbundle explain` describes
	Severity Severity `json:"severity"`
	Kind     string   `json:"kind"`            // the list concerned
	Where    string   `json:"where,omitempty"` // the instance concerned
	Detail   string   `json:"detail"`
}

// Soon is how long before its end a certificate or a validity period is reported.
const Soon = 90 * 24 * time.Hour

// Lint judges a root as of a time. Nothing that it finds keeps a root from
// being used; what does, trustroot.Parse refuses. The order is that of the
// root's lists.
func Lint(root *trustroot.Root, at time.Time) []Finding {
	l := &linter{at: at.UTC(), d: Describe(root, Origin{})}
	for _, kind := range kinds {
		l.windows(kind)
	}
	for i := range l.d.Instances {
		l.instance(&l.d.Instances[i])
	}
	l.evidence()
	doc := root.Proto()
	l.repeated(trustroot.KindLog, doc.Tlogs)
	l.repeated(trustroot.KindCTLog, doc.Ctlogs)
	for _, log := range root.Logs() {
		l.logID(log)
		l.derivedID(root, trustroot.KindLog, log.BaseURL(), log.ID())
		l.weak(trustroot.KindLog, log.BaseURL(), log.PublicKey(), log.Algorithm())
	}
	for _, log := range root.CTLogs() {
		l.derivedID(root, trustroot.KindCTLog, log.BaseURL(), tlog.ID(log.ID()))
		if !log.IDMatchesKey() {
			l.add("id.mismatch", Warning, trustroot.KindCTLog, log.BaseURL(), "the declared ID %s is not that of the key, want %s", log.ID(), ctlog.ID(log.KeyID()))
		}
		l.weak(trustroot.KindCTLog, log.BaseURL(), log.PublicKey(), log.Algorithm())
	}
	for _, a := range root.CertificateAuthorities() {
		l.chain(trustroot.KindCertificateAuthority, a.URI(), a.Chain())
	}
	for _, a := range root.TimestampAuthorities() {
		l.chain(trustroot.KindTimestampAuthority, a.URI(), a.Chain())
		l.stamps(a.URI(), a.Chain())
	}
	l.shared()
	slices.SortStableFunc(l.found, func(a, b Finding) int {
		return cmp.Compare(slices.Index(kinds, a.Kind), slices.Index(kinds, b.Kind))
	})
	return l.found
}

var kinds = []string{
	trustroot.KindLog, trustroot.KindCertificateAuthority, trustroot.KindCTLog, trustroot.KindTimestampAuthority,
}

type linter struct {
	at    time.Time
	d     *Description
	found []Finding
}

func (l *linter) add(rule string, s Severity, kind, where, format string, args ...any) {
	l.found = append(l.found, Finding{rule, s, kind, where, fmt.Sprintf(format, args...)})
}

// span is one validity period of one entry.
type span struct {
	Window
	name string
}

// lists reports whether the root has an entry of a kind that can be used.
func (l *linter) lists(kind string) bool {
	return slices.ContainsFunc(l.d.Instances, func(in Entry) bool { return in.Kind == kind && in.Ignored == "" })
}

// evidence looks for kinds of evidence that nothing in the root can verify.
func (l *linter) evidence() {
	if !l.lists(trustroot.KindCertificateAuthority) {
		l.add("list.empty", Warning, trustroot.KindCertificateAuthority, "", "the root lists none: no keyless bundle can verify, only bundles that a key signed")
	}
	logs, stamps := l.lists(trustroot.KindLog), l.lists(trustroot.KindTimestampAuthority)
	switch {
	case !logs && !stamps:
		l.add("list.empty", Warning, trustroot.KindTimestampAuthority, "", "the root lists neither transparency logs nor timestamp authorities: nothing proves a time, and no keyless bundle can verify")
	case !logs:
		l.add("list.empty", Note, trustroot.KindLog, "", "the root lists none: log entries are not verified, and none is required")
	case !stamps:
		l.add("list.empty", Note, trustroot.KindTimestampAuthority, "", "the root lists none: timestamps are not verified, and none is required")
	}
	if !l.lists(trustroot.KindCTLog) {
		l.add("list.empty", Note, trustroot.KindCTLog, "", "the root lists none: signed certificate timestamps are not verified, and none is required")
	}
}

// windows looks at all validity periods of one list: at the times that none of them
// covers, and at services with several entries that go on. That services of
// one kind run side by side, and that keys overlap while they change, is usual.
func (l *linter) windows(kind string) {
	var spans []span
	for _, in := range l.d.Instances {
		if in.Kind == kind && in.Ignored == "" {
			for _, w := range in.Windows {
				spans = append(spans, span{w, in.Name})
			}
		}
	}
	if len(spans) == 0 {
		return
	}
	slices.SortStableFunc(spans, func(a, b span) int { return a.Start.Compare(b.Start) })
	l.gaps(kind, spans)
	covered := false
	for i, s := range spans {
		covered = covered || !l.at.Before(s.Start) && (s.End.IsZero() || !l.at.After(s.End))
		for _, later := range spans[i+1:] {
			if s.name == later.name && s.End.IsZero() && later.End.IsZero() {
				l.add("window.overlap", Note, kind, later.name, "two entries for this service have no end, one %s and one %s", s.Window, later.Window)
			}
		}
	}
	if !covered {
		l.add("window.none", Warning, kind, "", "no entry is valid at %s", short(l.at))
	}
}

// gaps reports ranges between the first start and the last end in which
// nothing is valid. Ends that are a second or less before the next start are
// how such roots write adjoining ranges.
func (l *linter) gaps(kind string, spans []span) {
	end := spans[0].End
	for _, s := range spans[1:] {
		if end.IsZero() {
			return
		}
		if s.Start.Sub(end) > time.Second {
			l.add("window.gap", Warning, kind, s.name, "no entry of this kind is valid from %s to %s", short(end), short(s.Start))
		}
		if s.End.IsZero() || s.End.After(end) {
			end = s.End
		}
	}
}

// instance looks at one instance by itself.
func (l *linter) instance(in *Entry) {
	if in.Ignored != "" {
		l.add("instance.unusable", Warning, in.Kind, in.Name, "set aside: %s", in.Ignored)
		return
	}
	last := Window{Start: in.Windows[0].Start, End: in.Windows[0].End}
	for _, w := range in.Windows[1:] {
		if w.End.IsZero() || !last.End.IsZero() && w.End.After(last.End) {
			last = w
		}
	}
	if last.Start.After(l.at) {
		l.add("window.future", Note, in.Kind, in.Name, "not valid before %s", short(last.Start))
	}
	if !last.End.IsZero() && !last.End.Before(l.at) && last.End.Sub(l.at) < Soon {
		l.add("window.ending", Warning, in.Kind, in.Name, "validity ends at %s", short(last.End))
	}
	for _, c := range in.Certificates {
		switch {
		case !last.End.IsZero() && !last.End.After(c.NotAfter):
			// The period ends first, or has ended.
		case c.NotAfter.Before(l.at):
			l.add("certificate.expired", Warning, in.Kind, in.Name, "the certificate of %q expired at %s, and the validity of the entry goes on", c.Subject, short(c.NotAfter))
		case c.NotAfter.Sub(l.at) < Soon:
			l.add("certificate.expiring", Warning, in.Kind, in.Name, "the certificate of %q expires at %s", c.Subject, short(c.NotAfter))
		}
	}
}

// logID looks at the ID of a transparency log, by which its entries are known.
func (l *linter) logID(log *tlog.Log) {
	ids := log.IDs()
	var want []string
	for i, id := range ids {
		if i == 0 && len(ids) > 1 {
			want = append(want, id.String()+" (Rekor v1)")
		} else {
			want = append(want, id.String())
		}
	}
	switch {
	case !log.IDMatchesKey():
		l.add("id.mismatch", Warning, trustroot.KindLog, log.BaseURL(), "the declared ID %s is not that of the key, want %s", log.ID(), strings.Join(want, " or "))
	case len(ids) > 1 && log.ID() == ids[0]:
		l.add("id.form", Warning, trustroot.KindLog, log.BaseURL(), "the declared ID is the form of Rekor v1: entries of a Rekor v2 log with this key have the ID %s, and would be unknown", strings.Join(want[1:], " or "))
	}
}

// derivedID reports a log without an ID of its own.
func (l *linter) derivedID(root *trustroot.Root, kind, name string, id tlog.ID) {
	if root.DerivedID(kind, id) {
		l.add("id.derived", Warning, kind, name, "no ID is declared, want %s", id)
	}
}

// repeated reports logs that are listed twice. What differs in key or validity,
// trustroot.Parse refuses, or has two windows.
func (l *linter) repeated(kind string, list []*trustrootv1.TransparencyLogInstance) {
	for i, b := range list {
		if slices.ContainsFunc(list[:i], func(a *trustrootv1.TransparencyLogInstance) bool {
			return bytes.Equal(a.GetLogId().GetKeyId(), b.GetLogId().GetKeyId()) && a.GetBaseUrl() == b.GetBaseUrl() &&
				proto.Equal(a.GetPublicKey(), b.GetPublicKey())
		}) {
			l.add("instance.repeated", Note, kind, b.GetBaseUrl(), "listed twice, with the same ID, URL and validity")
		}
	}
}

// stamps looks at the certificates of a timestamp authority: its own, which
// is not that of an authority for certificates, must be for timestamps (RFC
// 3161, Section 2.3), and one above it that is limited to purposes, too.
func (l *linter) stamps(name string, chain []*x509.Certificate) {
	for _, c := range chain {
		limited := !c.IsCA || len(c.ExtKeyUsage)+len(c.UnknownExtKeyUsage) > 0
		if limited && !slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageTimeStamping) && !(c.IsCA && slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageAny)) {
			l.add("certificate.purpose", Warning, trustroot.KindTimestampAuthority, name, "the certificate of %q lacks the extended key usage timeStamping", c.Subject.String())
		}
	}
}

// weak reports keys that still verify and that are too weak for new entries.
func (l *linter) weak(kind, name string, pub any, alg sigkey.Algorithm) {
	if k, ok := pub.(*rsa.PublicKey); ok && k.N.BitLen() < 3072 {
		l.add("key.weak", Warning, kind, name, "RSA with %d bits, less than 3072", k.N.BitLen())
	}
	if strings.HasPrefix(alg.String(), "PKCS1_") || alg.String() == "PKIX_RSA_PKCS1V5" || alg.String() == "PKIX_RSA_PSS" {
		l.add("key.deprecated", Note, kind, name, "%s is a deprecated way of naming a key", alg)
	}
}

// chain looks at an authority's certificates.
func (l *linter) chain(kind, name string, chain []*x509.Certificate) {
	for i, c := range chain {
		l.weak(kind, name, c.PublicKey, 0)
		if selfIssued(c) {
			if i < len(chain)-1 {
				l.add("chain.order", Warning, kind, name, "a self-issued certificate comes before the last, which is the one taken as anchor")
			}
			continue
		}
		switch c.SignatureAlgorithm {
		case x509.SHA1WithRSA, x509.ECDSAWithSHA1, x509.MD5WithRSA, x509.MD2WithRSA, x509.DSAWithSHA1:
			l.add("certificate.weak", Warning, kind, name, "the certificate of %q is signed with %s", c.Subject.String(), c.SignatureAlgorithm)
		}
	}
}

func selfIssued(c *x509.Certificate) bool { return string(c.RawIssuer) == string(c.RawSubject) }

// shared reports keys that occur in more than one instance: their holder can
// then speak for both.
func (l *linter) shared() {
	type place struct{ kind, name string }
	first := map[string]place{}
	for _, in := range l.d.Instances {
		if in.Ignored != "" || in.KeyID == "" {
			continue
		}
		p, again := first[in.KeyID]
		switch {
		case !again:
			first[in.KeyID] = place{in.Kind, in.Name}
		case p.kind == in.Kind:
			l.add("key.shared", Note, in.Kind, in.Name, "has the key of %s", p.name)
		default:
			l.add("key.shared", Warning, in.Kind, in.Name, "has the key of %s in %s", p.name, p.kind)
		}
	}
}
