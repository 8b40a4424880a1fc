// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sigbundle/sigbundle/dsse"
	"github.com/sigbundle/sigbundle/internal/strictjson"
	"github.com/sigbundle/sigbundle/verify"
)

// An expectation is what a line of a file of expectations says.
type expectation struct {
	index   int // among the expectations
	judge   ExpectationRef
	subject string
	digest  *[sha256.Size]byte
	policy  linePolicy
}

// ExpectationRef names the expectation that judged a bundle.
type ExpectationRef struct {
	Line   int    `json:"line"`
	SHA256 string `json:"sha256"` // of the line, without the white space around it
}

// linePolicy is who must have signed, and by which root that is judged.
type linePolicy struct {
	identity, identityRegexp string
	issuer, issuerRegexp     string
	noIdentity               bool
	extensions               map[string]string
	key                      string // a path
	trustedRoot, instance    string
	require                  *verify.Requirements
	predicateType            string
}

// parseExpectation reads a line; docs/reference/expectations.schema.json describes it.
func parseExpectation(line []byte) (*expectation, error) {
	e := new(expectation)
	d := strictjson.NewDecoder(line)
	err := d.Object(func(key string) error { return e.member(d, key) })
	if err == nil {
		err = d.End()
	}
	if err == nil {
		err = e.check()
	}
	return e, err
}

// texts are the members with a string.
func (e *expectation) texts() map[string]*string {
	p := &e.policy
	return map[string]*string{
		"subject": &e.subject, "identity": &p.identity, "identity_regexp": &p.identityRegexp,
		"issuer": &p.issuer, "issuer_regexp": &p.issuerRegexp, "key": &p.key,
		"trusted_root": &p.trustedRoot, "instance": &p.instance, "predicate_type": &p.predicateType,
	}
}

// member reads one member.
func (e *expectation) member(d *strictjson.Decoder, key string) (err error) {
	p := &e.policy
	if text := e.texts()[key]; text != nil {
		if *text, err = d.String(); err == nil && *text == "" {
			err = empty(key)
		}
		return err
	}
	switch key {
	case "digest":
		text, err := d.String()
		hexadecimal, ok := strings.CutPrefix(text, "sha256:")
		if e.digest = parseSum(hexadecimal); err == nil && (!ok || e.digest == nil) {
			err = fmt.Errorf("digest %q, want sha256: and 64 hexadecimal digits", text)
		}
		return err
	case "no_identity":
		if p.noIdentity, err = d.Bool(); err == nil && !p.noIdentity {
			err = errors.New("member \"no_identity\" is false, want true or no such member")
		}
	case "ext":
		p.extensions = make(map[string]string)
		err = d.Object(func(name string) (err error) {
			name = string([]byte(name)) // it is valid during the call only
			if p.extensions[name], err = d.String(); err == nil && p.extensions[name] == "" {
				err = empty("ext." + name)
			}
			return err
		})
		if err == nil && len(p.extensions) == 0 {
			err = empty(key)
		}
	case "require":
		p.require = new(verify.Requirements)
		err = d.Object(func(name string) error { return requirement(d, p.require, name) })
		if err == nil && *p.require == (verify.Requirements{}) {
			err = empty(key)
		}
	default:
		return fmt.Errorf("unknown member %q", key)
	}
	return err
}

// empty refuses a member without a value: a generator's variable that is not
// set must not mean that there is no such condition.
func empty(key string) error { return fmt.Errorf("member %q is empty", key) }

// maxThreshold bounds a requirement; no trust root lists as many authorities.
const maxThreshold = 255

func requirement(d *strictjson.Decoder, r *verify.Requirements, name string) error {
	field := map[string]*verify.Threshold{"tlog": &r.Logs, "sct": &r.SCTs, "tsa": &r.Timestamps, "time": &r.Times}[name]
	if field == nil {
		return fmt.Errorf("unknown requirement %q", name)
	}
	n, err := d.Int64()
	switch {
	case err != nil:
		return err
	case n < 0 || n > maxThreshold:
		return fmt.Errorf("requirement %s is not a number from 0 to %d", name, maxThreshold)
	case n == 0:
		*field = verify.NotRequired
	default:
		*field = verify.Threshold(n)
	}
	return nil
}

// check refuses expectations that contradict themselves, or say less than
// they seem to.
func (e *expectation) check() error {
	p := &e.policy
	hasSAN := p.identity != "" || p.identityRegexp != ""
	hasIssuer := p.issuer != "" || p.issuerRegexp != ""
	signers := 0
	for _, given := range []bool{hasSAN, p.key != "", p.noIdentity} {
		if given {
			signers++
		}
	}
	switch {
	case e.subject == "" && e.digest == nil:
		return errors.New("neither a subject nor a digest, want one or both")
	case p.identity != "" && p.identityRegexp != "":
		return errors.New("identity and identity_regexp exclude each other")
	case p.issuer != "" && p.issuerRegexp != "":
		return errors.New("issuer and issuer_regexp exclude each other")
	case hasSAN != hasIssuer:
		return errors.New("an identity needs an issuer, and an issuer an identity; use the issuer none for certificates without one")
	case signers != 1:
		return errors.New("want exactly one of an identity, a key and no_identity")
	case p.extensions != nil && !hasSAN:
		return errors.New("ext needs an identity")
	case p.trustedRoot != "" && p.instance != "":
		return errors.New("trusted_root and instance exclude each other")
	}
	return nil
}

// cacheKey is the same for two expectations if their policies are.
func (p *linePolicy) cacheKey() string {
	require := ""
	if p.require != nil {
		require = fmt.Sprint(*p.require)
	}
	key := fmt.Sprintf("%q %q %q %q %t %q %q %q %q %q", p.identity, p.identityRegexp, p.issuer, p.issuerRegexp, p.noIdentity,
		p.key, p.trustedRoot, p.instance, require, p.predicateType)
	for _, name := range slices.Sorted(maps.Keys(p.extensions)) {
		key += fmt.Sprintf(" %q %q", name, p.extensions[name])
	}
	return key
}

// rootKey tells the trust roots of lines apart; "" is that of the whole audit.
func (p *linePolicy) rootKey() string {
	switch {
	case p.instance != "":
		return "instance " + p.instance
	case p.trustedRoot != "":
		return "file " + p.trustedRoot
	}
	return ""
}

// over returns the policy of the line; what it does not say is taken from the
// policy of the whole audit.
func (p *linePolicy) over(out verify.Policy, x *Expectations) verify.Policy {
	out.AnyIdentity = p.noIdentity
	if p.key != "" {
		out.Keys = []verify.Key{{Public: x.keys[p.key].Public()}}
	} else if !p.noIdentity {
		out.Identities = []verify.Identity{p.accepted()}
	}
	out.Require = p.required(out.Require)
	if p.predicateType != "" {
		out.PredicateTypes = []string{dsse.PredicateType(p.predicateType)}
	}
	return out
}

// required returns what the line requires, and for each kind of evidence of
// which it says nothing what the whole audit does.
func (p *linePolicy) required(out verify.Requirements) verify.Requirements {
	if p.require == nil {
		return out
	}
	for _, one := range thresholds(p.require, &out) {
		if *one.line != 0 {
			*one.audit = *one.line
		}
	}
	return out
}

// lowers reports whether the line requires less of a kind of evidence than the
// whole audit does.
func (p *linePolicy) lowers(audit verify.Requirements) bool {
	if p.require == nil {
		return false
	}
	return slices.ContainsFunc(thresholds(p.require, &audit), func(one threshold) bool {
		return *one.line != 0 && *one.line < *one.audit
	})
}

// threshold is one requirement of a line and of the whole audit.
type threshold struct{ line, audit *verify.Threshold }

func thresholds(line, audit *verify.Requirements) []threshold {
	return []threshold{
		{&line.Logs, &audit.Logs}, {&line.SCTs, &audit.SCTs}, {&line.Timestamps, &audit.Timestamps}, {&line.Times, &audit.Times},
	}
}

// accepted returns the identity that a line names.
func (p *linePolicy) accepted() verify.Identity {
	id := verify.Identity{
		SAN:    verify.Match{Exact: p.identity, Regexp: p.identityRegexp},
		Issuer: verify.Match{Exact: p.issuer, Regexp: p.issuerRegexp},
	}
	if p.issuer == "none" || p.issuerRegexp == "none" {
		id.Issuer = verify.NoIssuer()
	}
	for name, value := range p.extensions {
		if id.Extensions == nil {
			id.Extensions = make(map[string]verify.Match)
		}
		id.Extensions[name] = verify.Exactly(value)
	}
	return id
}
