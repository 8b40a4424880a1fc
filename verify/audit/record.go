// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"bytes"
	"slices"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/strictjson"
)

// A record is what a line of a list says: what the evidence is, and what it is
// about. It never says how the evidence is judged.
type record struct {
	bundle     []byte // JSON that is in the line itself; nil: see bundlePath
	bundlePath string
	artifact   string // a path or ALGORITHM:HEX
}

// maxName bounds a path or a digest, in bytes. Findings repeat it, and no system
// opens a longer one.
const maxName = 4096

// judgement are the members that say how a bundle is judged. They belong to
// the operator: in evidence each of them is a finding.
var judgement = []string{
	"identity", "identity_regexp", "issuer", "issuer_regexp", "no_identity", "ext", "key",
	"trusted_root", "instance", "require", "predicate_type", "no_artifact",
}

// carriers are members by which a line is known to carry evidence itself.
var carriers = []string{"attestations", "mediaType", "verification_material", "attestation_bundles", "base64Signature", "payloadType"}

// parseLine reads a line of a list. A line is one of
//
//	{"bundle":…,"artifact":…}  a record; the bundle is a path or in the line
//	{"attestations":[…]}       an answer of npm's registry
//	{"mediaType":…,…}          a bundle
//	…                          another carrier of bundles, see package carrier
//
// In a record every member must be known.
func parseLine(line []byte) (record, error) {
	var rec record
	if isArray(line) {
		rec.bundle = line
		return rec, nil
	}
	own, judges, err := members(line)
	switch {
	case err != nil:
	case judges != "":
		return rec, refuse.New("input.judgement", "member %q says how the bundle is judged, want it in the file of --expectations", judges)
	case own:
		rec.bundle = line
		return rec, nil
	default:
		d := strictjson.NewDecoder(line)
		err = d.Object(func(key string) error { return rec.member(d, key) })
	}
	if err == nil && rec.bundle == nil && rec.bundlePath == "" {
		err = refuse.New("input.line", "no bundle is named")
	}
	if err != nil {
		return record{}, refuse.Wrap("input.line", err, "")
	}
	return rec, nil
}

// isArray reports whether a value is an array that begins with an object.
func isArray(value []byte) bool {
	rest, found := bytes.CutPrefix(value, []byte("["))
	return found && bytes.HasPrefix(bytes.TrimLeft(rest, " \t\r\n"), []byte("{"))
}

// members reads the names in a line. It reports whether the line is itself a
// bundle or an answer of npm's registry, and the first member of judgement.
func members(line []byte) (own bool, judges string, err error) {
	d := strictjson.NewDecoder(line)
	beside := ""
	err = d.Object(func(key string) error {
		switch {
		case slices.Contains(carriers, key):
			own = true
		case key == "bundle" || key == "artifact":
			beside = string([]byte(key)) // it is valid during the call only
		case judges == "" && slices.Contains(judgement, key):
			judges = string([]byte(key))
		}
		return d.Skip()
	})
	if err == nil {
		err = d.End()
	}
	if err == nil && own && beside != "" {
		err = refuse.New("input.line", "member %q: beside the members of a bundle, want the bundle in a member \"bundle\"", beside)
	}
	return own, judges, err
}

// member reads one member of a record.
func (r *record) member(d *strictjson.Decoder, key string) (err error) {
	text := &r.artifact
	switch {
	case key == "bundle" && (d.Kind() == '{' || d.Kind() == '['):
		r.bundle, err = d.Raw()
		if err == nil && r.bundle[0] == '[' && !isArray(r.bundle) {
			err = refuse.New("input.line", "member \"bundle\": an array without bundles")
		}
		return err
	case key == "bundle":
		text = &r.bundlePath
	case key != "artifact":
		return refuse.New("input.line", "unknown member %q", key[:min(len(key), 100)])
	}
	name, err := d.String()
	switch {
	case err != nil:
	case name == "":
		err = refuse.New("input.line", "member %q is empty", key)
	case len(name) > maxName:
		err = refuse.New("input.line", "member %q has %d bytes, want at most %d", key, len(name), maxName)
	default:
		*text = name
	}
	return err
}
