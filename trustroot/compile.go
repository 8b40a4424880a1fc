// SPDX-License-Identifier: Apache-2.0

package trustroot

import (
	"bytes"
	"cmp"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/sigbundle/sigbundle/ctlog"
	"github.com/sigbundle/sigbundle/internal/fastverify"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/rfc3161"
	"github.com/sigbundle/sigbundle/internal/sigkey"
	"github.com/sigbundle/sigbundle/internal/strictcert"
	"github.com/sigbundle/sigbundle/internal/window"
	"github.com/sigbundle/sigbundle/tlog"
	v1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
)

// compileWritten compiles a document that was not read from JSON.
func compileWritten(doc document) (*Root, error) {
	r, err := compile(doc, doc.mediaType(), [32]byte{})
	if err != nil {
		return nil, err
	}
	r.sha256 = sha256.Sum256(r.json())
	return r, nil
}

// compile turns a document into verifiers. The document's byte slices are
// kept and must not change any more.
func compile(doc document, mediaType string, digest [32]byte) (*Root, error) {
	r := &Root{mediaType: mediaType, sha256: digest, fast: fastverify.New()}
	var err error
	if r.doc.tlogs, err = r.compileLogs(doc.tlogs); err != nil {
		return nil, err
	}
	if r.doc.ctlogs, err = r.compileCTLogs(doc.ctlogs); err != nil {
		return nil, err
	}
	for i, c := range doc.cas {
		if err := r.addCA(i, c); err != nil {
			return nil, refuse.Wrap(codeMalformed, err, "certificate authority %d of the trust root", i+1)
		}
	}
	for i, c := range doc.tsas {
		if err := r.addTSA(i, c); err != nil {
			return nil, refuse.Wrap(codeMalformed, err, "timestamp authority %d of the trust root", i+1)
		}
	}
	r.doc.cas, r.doc.tsas = slices.Clone(doc.cas), slices.Clone(doc.tsas)
	return r, nil
}

func (r *Root) compileLogs(list []instance) ([]instance, error) {
	groups, kept, err := r.group(KindLog, list)
	if err != nil {
		return nil, err
	}
	r.byID = make(map[tlog.ID]*tlog.Log, len(groups))
	for _, g := range groups {
		shards := g.shards()
		l, err := tlog.NewLog(tlog.LogConfig{
			ID: g.ID, Key: g.Key, Algorithm: g.Algorithm, BaseURL: g.BaseURL, Operator: g.Operator,
			CheckpointKeyID: shards[0].CheckpointKeyID, Windows: window.As[tlog.Window](g.windows), Shards: shards[1:],
		})
		if unsupported(err) {
			r.setAside(KindLog, g.index, &g.instance, err)
			continue
		}
		if err != nil {
			return nil, refuse.Wrap(codeKey, err, "log %s of the trust root", tlog.ID(g.ID))
		}
		r.logs = append(r.logs, l)
		r.byID[g.ID] = l
	}
	return kept, nil
}

func (r *Root) compileCTLogs(list []instance) ([]instance, error) {
	groups, kept, err := r.group(KindCTLog, list)
	if err != nil {
		return nil, err
	}
	r.ctByID = make(map[ctlog.ID]*ctlog.Log, len(groups))
	for _, g := range groups {
		l, err := ctlog.NewLog(ctlog.LogConfig{
			ID: g.ID, Key: g.Key, Algorithm: g.Algorithm, BaseURL: g.BaseURL, Operator: g.Operator, Windows: window.As[ctlog.Window](g.windows),
		})
		if unsupported(err) {
			r.setAside(KindCTLog, g.index, &g.instance, err)
			continue
		}
		if err != nil {
			return nil, refuse.Wrap(codeKey, err, "CT log %s of the trust root", ctlog.ID(g.ID))
		}
		r.ctlogs = append(r.ctlogs, l)
		r.ctByID[g.ID] = l
	}
	return kept, nil
}

// group is a log with all the validity periods that its instances give it.
type group struct {
	instance
	index   int // of its first instance in the list
	windows []window.Window
	members []instance
}

// group brings the usable instances of one list together by ID, sets the
// unusable ones aside, and returns both the groups and all instances with
// their IDs filled in. An ID may occur again only with the same key, and under
// the same URL only with the same period or one that does not meet the earlier
// ones: else one entry could end a key and another go on with it.
func (r *Root) group(kind string, list []instance) (groups []*group, kept []instance, err error) {
	for i, in := range list {
		key, reason, err := in.check()
		if err != nil {
			return nil, nil, refuse.Wrap(codeMalformed, err, "number %d in %s of the trust root", i+1, kind)
		}
		if len(in.id) == 0 && reason == nil {
			if in.id, err = in.deriveID(kind, key); err != nil {
				in.id, reason = nil, err
			} else {
				r.derived = append(r.derived, derivedID{kind, [32]byte(in.id)})
			}
		}
		kept = append(kept, in)
		if slices.ContainsFunc(kept[:i], func(o instance) bool { return collide(&o, &in) }) {
			return nil, nil, refuse.New(codeDuplicate, "%s of the trust root: two entries have the log ID %s and differ in key, or in validity under the same URL",
				kind, base64.StdEncoding.EncodeToString(in.id))
		}
		if reason != nil {
			r.setAside(kind, i, &in, reason)
			continue
		}
		in.ID = [32]byte(in.id)
		w := window.Window{Start: in.Start, End: in.End}
		at := slices.IndexFunc(groups, func(g *group) bool { return g.ID == in.ID })
		if at < 0 {
			groups = append(groups, &group{in, i, []window.Window{w}, []instance{in}})
			continue
		}
		groups[at].add(&in, w)
	}
	return groups, kept, nil
}

// add gives the log one more validity period. Its URL and operator are those of the
// newest instance that names them: a log moves, and gets an operator in the
// trust root, while its key stays.
func (g *group) add(in *instance, w window.Window) {
	newest := !slices.ContainsFunc(g.windows, func(o window.Window) bool { return o.Start.After(w.Start) })
	if !slices.ContainsFunc(g.windows, w.Equal) {
		g.windows = append(g.windows, w)
	}
	g.members = append(g.members, *in)
	if newest {
		g.BaseURL, g.Operator = cmp.Or(in.BaseURL, g.BaseURL), cmp.Or(in.Operator, g.Operator)
	} else {
		g.BaseURL, g.Operator = cmp.Or(g.BaseURL, in.BaseURL), cmp.Or(g.Operator, in.Operator)
	}
}

// shards returns the URLs of a log, its own first, each with every checkpoint
// key ID that an instance gives it. An instance without a URL speaks of the
// log's own.
func (g *group) shards() []tlog.Shard {
	all := []tlog.Shard{{BaseURL: g.BaseURL}}
	for _, in := range g.members {
		s := tlog.Shard{BaseURL: cmp.Or(in.BaseURL, g.BaseURL), CheckpointKeyID: in.CheckpointKeyID}
		at := slices.IndexFunc(all, func(o tlog.Shard) bool { return o.BaseURL == s.BaseURL })
		switch {
		case at >= 0 && (len(s.CheckpointKeyID) == 0 || bytes.Equal(s.CheckpointKeyID, all[at].CheckpointKeyID)):
		case at >= 0 && len(all[at].CheckpointKeyID) == 0:
			all[at] = s
		default:
			all = append(all, s)
		}
	}
	return all
}

// deriveID returns the ID of a log that declares none.
func (in *instance) deriveID(kind string, key *sigkey.Key) ([]byte, error) {
	id := key.ID()
	if kind == KindLog {
		derived, err := tlog.LogConfig{
			Key: in.Key, Algorithm: in.Algorithm, BaseURL: in.BaseURL, CheckpointKeyID: in.CheckpointKeyID,
		}.DerivedID()
		if err != nil {
			return nil, err
		}
		id = derived
	}
	return id[:], nil
}

// collide reports whether two instances of one ID contradict each other. The
// same log listed twice does not, nor does its key under another URL: shards
// of a log can share one.
func collide(a, b *instance) bool {
	if len(a.id) == 0 || !bytes.Equal(a.id, b.id) {
		return false
	}
	if !sameKey(a, b) {
		return true
	}
	if a.BaseURL != b.BaseURL {
		return false
	}
	v, w := window.Window{Start: a.Start, End: a.End}, window.Window{Start: b.Start, End: b.End}
	if v.Equal(w) && otherOperator(a, b) {
		return true
	}
	return otherHint(a, b) || !v.Equal(w) && overlap(v, w)
}

// otherHint reports whether two instances have different checkpoint key IDs.
func otherHint(a, b *instance) bool {
	return len(a.CheckpointKeyID) > 0 && len(b.CheckpointKeyID) > 0 && !bytes.Equal(a.CheckpointKeyID, b.CheckpointKeyID)
}

func (r *Root) setAside(kind string, i int, in *instance, reason error) {
	id := cmp.Or(base64.StdEncoding.EncodeToString(in.id), in.BaseURL)
	r.unusable = append(r.unusable, Ignored{Kind: kind, Index: i, ID: id, Reason: reason})
}

// unsupported reports whether err is about a kind of key, not about the key.
func unsupported(err error) bool {
	var u *sigkey.UnsupportedError
	return errors.As(err, &u)
}

// check judges an instance by itself. A reason makes it unusable, an error
// the whole root malformed.
func (in *instance) check() (key *sigkey.Key, reason, err error) {
	if err := checkWindow(in.Start, in.End); err != nil {
		return nil, nil, err
	}
	switch {
	case in.unknownKey+in.unknownHash != "":
		return nil, &sigkey.UnsupportedError{What: "algorithm " + strconv.Quote(cmp.Or(in.unknownKey, in.unknownHash))}, nil
	case in.Algorithm == v1.PublicKeyDetails_PUBLIC_KEY_DETAILS_UNSPECIFIED:
		return nil, nil, refuse.New(codeKey, "key without an algorithm")
	case in.hash != v1.HashAlgorithm_SHA2_256:
		return nil, &sigkey.UnsupportedError{What: "a Merkle tree over " + in.hash.String()}, nil
	}
	key, err = sigkey.Parse(in.Algorithm, in.Key)
	if unsupported(err) {
		return nil, err, nil
	}
	if err != nil {
		return nil, nil, refuse.Wrap(codeKey, err, "log key")
	}
	if len(in.id) != 0 && len(in.id) != 32 {
		return nil, nil, refuse.New(codeMalformed, "log ID of %d bytes, want 32", len(in.id))
	}
	return key, nil, nil
}

func checkWindow(start, end time.Time) error {
	if err := (window.Window{Start: start, End: end}).Check(); err != nil {
		return refuse.Wrap(codeWindow, err, "validity")
	}
	for _, t := range []time.Time{start, end} {
		if !t.IsZero() && (t.Year() < 1 || t.Year() > 9999) {
			return refuse.New(codeWindow, "validity out of range")
		}
	}
	return nil
}

// sameKey reports whether two instances have one key of one kind.
func sameKey(a, b *instance) bool {
	return a.Algorithm == b.Algorithm && bytes.Equal(a.Key, b.Key) && a.hash == b.hash &&
		a.unknownKey == b.unknownKey && a.unknownHash == b.unknownHash
}

// overlap reports whether two closed ranges have a time in common.
func overlap(a, b window.Window) bool {
	return (a.End.IsZero() || !a.End.Before(b.Start)) && (b.End.IsZero() || !b.End.Before(a.Start))
}

func (r *Root) addCA(i int, c AuthorityConfig) error {
	reason, err := checkAuthority(&c)
	if err != nil {
		return err
	}
	if reason != nil {
		r.unusable = append(r.unusable, Ignored{KindCertificateAuthority, i, c.URI, reason})
		return nil
	}
	ca := newCA(c)
	ca.fast = r.fast
	r.cas = append(r.cas, ca)
	return nil
}

func (r *Root) addTSA(i int, c AuthorityConfig) error {
	reason, err := checkAuthority(&c)
	if err != nil {
		return err
	}
	if reason == nil {
		var a *rfc3161.Authority
		a, err = rfc3161.NewAuthority(rfc3161.AuthorityConfig{
			Chain: slices.Clone(c.Chain), URI: c.URI, Operator: c.Operator, Start: c.Start, End: c.End,
		})
		if err == nil {
			r.tsas = append(r.tsas, a.Accelerated(r.fast))
			return nil
		}
		if !unsupported(err) {
			return err
		}
		reason = err
	}
	r.unusable = append(r.unusable, Ignored{KindTimestampAuthority, i, c.URI, reason})
	return nil
}

// checkAuthority is instance.check for authorities.
func checkAuthority(c *AuthorityConfig) (reason, err error) {
	if err := checkWindow(c.Start, c.End); err != nil {
		return nil, err
	}
	if len(c.Chain) == 0 {
		return nil, refuse.New(codeMalformed, "authority without certificates")
	}
	for n, cert := range c.Chain {
		if cert == nil || len(cert.Raw) == 0 {
			return nil, refuse.New(codeMalformed, "certificate %d was not parsed from DER", n+1)
		}
		if tooLong(cert) {
			return nil, refuse.New(codeLimit, "certificate %d has an RSA key of more than %d bits", n+1, maxRSABits)
		}
		if kind := strictcert.UnsupportedKey(cert.Raw); kind != "" {
			reason = &sigkey.UnsupportedError{What: fmt.Sprintf("certificate %d with %s", n+1, kind)}
		} else if cert.PublicKeyAlgorithm == x509.UnknownPublicKeyAlgorithm {
			reason = &sigkey.UnsupportedError{What: "the kind of key in certificate of " + strconv.Quote(clip(cert.Subject.String()))}
		}
	}
	return reason, nil
}

// tooLong reports whether checking a signature by the key of c could take any
// time that its author likes.
func tooLong(c *x509.Certificate) bool {
	if c == nil {
		return false
	}
	pub, ok := c.PublicKey.(*rsa.PublicKey)
	return ok && pub.N.BitLen() > maxRSABits
}
