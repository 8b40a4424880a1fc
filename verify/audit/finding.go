// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/sigbundle/sigbundle/verify/report"

	"github.com/sigbundle/sigbundle/bundle/carrier"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/screen"
	"github.com/sigbundle/sigbundle/verify"
)

// A Finding is what the audit has to say about one bundle. Findings are
// written as JSON Lines. Members may be added; each keeps its name
// and its meaning. The same source, policy and trust root give the same bytes.
type Finding struct {
	// N numbers the findings from 1.
	N int64 `json:"n"`
	// Source is where the bundle comes from: LIST:LINE, or the path of the
	// bundle file.
	Source string `json:"source"`
	// Index is the number of the bundle, from 1, in its line or file, which
	// may hold several.
	Index int `json:"index,omitempty"`
	// Bundle is the path of the bundle as the source has it; absent if the
	// bundle is in the source itself.
	Bundle string `json:"bundle,omitempty"`
	// Artifact is the artifact as the source names it: a path or a digest.
	Artifact string `json:"artifact,omitempty"`

	// Expectation names the expectation that judged it; absent if there are no
	// expectations, or none is about it.
	Expectation *ExpectationRef `json:"expectation,omitempty"`

	// Verified is the verdict. If it is false, Code and Message say why, and
	// Check which check refused it, if it came as far as to be checked.
	Verified bool   `json:"verified"`
	Code     string `json:"code,omitempty"`
	Check    string `json:"check,omitempty"`
	Message  string `json:"message,omitempty"`

	// TrustRoot is the trust root by which it was judged, whole; absent unless
	// the audit has several, and for what no root judged.
	TrustRoot *TrustRoot `json:"trust_root,omitempty"`
	// BundleSHA256 is the digest of the bundle's bytes, if they are a bundle.
	BundleSHA256 string `json:"bundle_sha256,omitempty"`
	// ArtifactDigest is the first digest of the artifact that was compared.
	ArtifactDigest string `json:"artifact_digest,omitempty"`
	// Signer is the name in the certificate, or sha256:HEX of a managed key;
	// Issuer is who vouched for the name. Both are absent unless proved.
	Signer string `json:"signer,omitempty"`
	Issuer string `json:"issuer,omitempty"`
	// PredicateType is that of a proved statement.
	PredicateType string `json:"predicate_type,omitempty"`
	// Time is the earliest time at which the signature provably existed.
	Time string `json:"time,omitempty"`

	// Carrier is the form in which the bundle was kept, Changes what was changed
	// to make a bundle of it, and Hints what the carrier says, unsigned. Absent
	// for a bundle by itself.
	Carrier string           `json:"carrier,omitempty"`
	Changes []carrier.Change `json:"changes,omitempty"`
	Hints   *carrier.Hints   `json:"hints,omitempty"`

	read        bool            // whether there is a bundle that it is about
	expectation int             // its index, if Expectation is set
	root        report.RootInfo // by which it was judged, for the summary; zero: by none
}

// finding says what became of an item. Its number is not yet set.
func (it *item) finding(res *verify.Result, err error) *Finding {
	f := &Finding{Source: it.place, Index: it.index, Bundle: it.bundle, Artifact: it.artifact, read: it.read}
	if it.expected != nil {
		f.Expectation, f.expectation = &it.expected.judge, it.expected.index
	}
	if it.err != nil {
		res, err = nil, it.err
	}
	f.carried(&it.opened)
	if err == nil {
		f.Verified = true
		f.report(res.Report)
		f.rootOf(it)
		return f
	}
	f.Code, f.Message = string(refuse.CodeOf(err)), err.Error()
	if f.Code == "" {
		f.Code = "input.artifact" // the only foreign code that All runs is the artifact's reader
	}
	var refused *verify.Error
	if errors.As(err, &refused) {
		f.Check = refused.Check.String()
		f.report(refused.Report)
		f.rootOf(it)
	}
	return f
}

// maxChanges bounds the changes that a finding lists.
const maxChanges = 16

// carried says how the bundle was carried, if not by itself and as it should be.
func (f *Finding) carried(it *carrier.Item) {
	if it.Kind == 0 || it.Kind == carrier.KindBundle && len(it.Changes) == 0 {
		return
	}
	f.Carrier, f.Changes = it.Kind.String(), it.Changes[:min(len(it.Changes), maxChanges)]
	if it.Hints != (carrier.Hints{}) {
		f.Hints = &it.Hints
	}
}

// rootOf names the trust root if one of several judged the item.
func (f *Finding) rootOf(it *item) {
	if it.job.Choose != nil {
		f.TrustRoot = &TrustRoot{f.root.Source, f.root.SHA256.String()}
	}
}

// report copies what was proved.
func (f *Finding) report(r *report.Report) {
	f.root = r.TrustRoot
	f.BundleSHA256 = r.Bundle.SHA256.String()
	if len(r.Artifact) > 0 {
		f.ArtifactDigest = r.Artifact[0]
	}
	if s := r.Signer; s != nil {
		switch {
		case s.Certificate != nil:
			f.Signer, f.Issuer = s.Certificate.SAN, s.Certificate.Issuer
		case s.Key != nil:
			f.Signer = "sha256:" + s.Key.SHA256.String()
		}
	}
	if r.Statement != nil {
		f.PredicateType = r.Statement.PredicateType
	}
	var earliest time.Time
	for _, t := range r.Times {
		if earliest.IsZero() || t.Time.Before(earliest) {
			earliest = t.Time.Time
		}
	}
	if !earliest.IsZero() {
		f.Time = earliest.UTC().Format(time.RFC3339)
	}
}

// line returns the finding as one line of JSON.
func (f *Finding) line() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	named := *f // names are bytes, and JSON holds text only
	named.Source, named.Bundle, named.Artifact = screen.Bytes(f.Source), screen.Bytes(f.Bundle), screen.Bytes(f.Artifact)
	if !utf8.ValidString(f.Message) {
		named.Message = screen.Bytes(f.Message)
	}
	if err := e.Encode(named); err != nil {
		return nil, err
	}
	return unprintable(b.Bytes()), nil
}

// unprintable escapes what could play tricks on a terminal, as JSON lets
// every character be escaped: names in certificates are an attacker's to
// choose. encoding/json leaves all but the control characters of ASCII.
func unprintable(line []byte) []byte {
	const digits = "0123456789abcdef"
	var out []byte
	copied := 0
	for i := 0; i < len(line); {
		r, size := utf8.DecodeRune(line[i:])
		if r == '\n' || unicode.IsPrint(r) {
			i += size
			continue
		}
		out = append(out, line[copied:i]...)
		units := []rune{r}
		if r > 0xffff {
			units = []rune{0xd800 + (r-0x10000)>>10, 0xdc00 + (r-0x10000)&0x3ff}
		}
		for _, u := range units {
			out = append(out, '\\', 'u', digits[u>>12&15], digits[u>>8&15], digits[u>>4&15], digits[u&15])
		}
		i += size
		copied = i
	}
	if out == nil {
		return line
	}
	return append(out, line[copied:]...)
}
