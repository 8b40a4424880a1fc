// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/strictjson"
	"github.com/sigbundle/sigbundle/verify"
)

// A record is what a line of a list says.
type record struct {
	bundle     []byte // JSON that stands in the line itself; nil: see bundlePath
	bundlePath string
	artifact   string // a path or ALGORITHM:HEX
	noArtifact bool
	policy     linePolicy
}

// linePolicy is the part of a line that changes the policy. The zero value
// changes nothing.
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

// signers reports whether the line says whose signature to accept.
func (p *linePolicy) signers() bool {
	return p.identity != "" || p.identityRegexp != "" || p.noIdentity || p.key != ""
}

// parseLine reads a line of a list. A line is one of
//
//	{"bundle":…,"artifact":…,…}  a record; the bundle is a path or stands there
//	{"attestations":[…]}         an answer of npm's registry
//	{"mediaType":…,…}            a bundle
//
// In a record every member must be known, so that no misspelled condition is
// passed over.
func parseLine(line []byte) (record, error) {
	own, err := bundleItself(line)
	if own {
		return record{bundle: line}, err
	} else if err != nil {
		return record{}, refuse.Wrap("input.line", err, "")
	}
	var rec record
	d := strictjson.NewDecoder(line)
	err = d.Object(func(key string) error { return rec.member(d, key) })
	if err == nil {
		err = d.End()
	}
	if err == nil {
		err = rec.check()
	}
	if err != nil {
		return record{}, refuse.Wrap("input.line", err, "")
	}
	return rec, nil
}

// bundleItself reports whether a line is a bundle or an answer of npm's
// registry. Conditions beside an answer would go unheeded, and are an error.
func bundleItself(line []byte) (own bool, err error) {
	d := strictjson.NewDecoder(line)
	condition := ""
	err = d.Object(func(key string) error {
		switch key {
		case "attestations", "mediaType":
			own = true
		case "bundle", "artifact", "no_artifact", "identity", "identity_regexp", "issuer", "issuer_regexp", "no_identity",
			"ext", "key", "trusted_root", "instance", "require", "predicate_type":
			condition = string([]byte(key)) // it is valid during the call only
		}
		return d.Skip()
	})
	if err == nil {
		err = d.End()
	}
	switch {
	case err != nil:
		return false, err
	case own && condition != "":
		return false, refuse.New("input.line", "member %q stands beside a bundle; put the bundle in a member \"bundle\"", condition)
	}
	return own, nil
}

// member reads one member of a record.
func (r *record) member(d *strictjson.Decoder, key string) (err error) {
	p := &r.policy
	texts := map[string]*string{
		"artifact": &r.artifact, "identity": &p.identity, "identity_regexp": &p.identityRegexp,
		"issuer": &p.issuer, "issuer_regexp": &p.issuerRegexp, "key": &p.key,
		"trusted_root": &p.trustedRoot, "instance": &p.instance, "predicate_type": &p.predicateType,
	}
	if text := texts[key]; text != nil {
		if *text, err = d.String(); err == nil && *text == "" {
			err = empty(key)
		}
		return err
	}
	switch key {
	case "bundle":
		if d.Kind() == '{' {
			r.bundle, err = d.Raw()
			return err
		}
		if r.bundlePath, err = d.String(); err == nil && r.bundlePath == "" {
			err = empty(key)
		}
	case "no_artifact":
		r.noArtifact, err = d.Bool()
	case "no_identity":
		p.noIdentity, err = d.Bool()
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
		return refuse.New("input.line", "unknown member %q", key)
	}
	return err
}

// empty refuses a member without a value: a generator's variable that is not
// set must not mean that there is no such condition.
func empty(key string) error { return refuse.New("input.line", "member %q is empty", key) }

// maxThreshold bounds a requirement; no trust root lists as many authorities.
const maxThreshold = 255

func requirement(d *strictjson.Decoder, r *verify.Requirements, name string) error {
	field := map[string]*verify.Threshold{"tlog": &r.Logs, "sct": &r.SCTs, "tsa": &r.Timestamps, "time": &r.Times}[name]
	if field == nil {
		return refuse.New("input.line", "unknown requirement %q", name)
	}
	n, err := d.Int64()
	switch {
	case err != nil:
		return err
	case n < 0 || n > maxThreshold:
		return refuse.New("input.line", "requirement %s is not a number from 0 to %d", name, maxThreshold)
	case n == 0:
		*field = verify.NotRequired
	default:
		*field = verify.Threshold(n)
	}
	return nil
}

// check refuses records that contradict themselves, or say less than they
// seem to.
func (r *record) check() error {
	p := &r.policy
	hasSAN := p.identity != "" || p.identityRegexp != ""
	hasIssuer := p.issuer != "" || p.issuerRegexp != ""
	var why string
	switch {
	case r.bundle == nil && r.bundlePath == "":
		why = "no bundle is named"
	case r.artifact != "" && r.noArtifact:
		why = "artifact and no_artifact exclude each other"
	case p.identity != "" && p.identityRegexp != "":
		why = "identity and identity_regexp exclude each other"
	case p.issuer != "" && p.issuerRegexp != "":
		why = "issuer and issuer_regexp exclude each other"
	case hasSAN != hasIssuer:
		why = "an identity needs an issuer, and an issuer an identity; the issuer none stands for certificates without one"
	case hasSAN && p.noIdentity:
		why = "an identity and no_identity exclude each other"
	case p.extensions != nil && !hasSAN:
		why = "ext needs an identity"
	case p.trustedRoot != "" && p.instance != "":
		why = "trusted_root and instance exclude each other"
	default:
		return nil
	}
	return refuse.New("input.line", "%s", why)
}
