// SPDX-License-Identifier: Apache-2.0

package tuf

import (
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/strictjson"
)

// header is what the four kinds of metadata have in common.
type header struct {
	version int64
	expires time.Time

	signed     []byte            // the signed part as it is in the file
	signatures map[string]string // by key ID, not decoded
}

// expiresLayout is the one form of date that the TUF specification allows.
const expiresLayout = "2006-01-02T15:04:05Z"

// parseExpires reads a date with or without a fraction of a second, which the
// specification does not have but go-tuf and other Go tools write.
func parseExpires(s string) (time.Time, error) {
	t, err := time.Parse(expiresLayout, s) // also takes an hour of one digit, and a comma before a fraction
	whole, fraction, _ := strings.Cut(strings.TrimSuffix(s, "Z"), ".")
	if err == nil && (whole != t.Format(strings.TrimSuffix(expiresLayout, "Z")) || strings.Contains(fraction, ",")) {
		err = refuse.New("tuf.malformed", "another spelling of a date")
	}
	return t, err
}

// specVersion reports whether a version of the specification has the major
// version 1. Repositories write two numbers or three.
func specVersion(s string) bool {
	parts := strings.Split(s, ".")
	return parts[0] == "1" && (len(parts) == 2 || len(parts) == 3) && !slices.ContainsFunc(parts, func(p string) bool {
		return p == "" || strings.Trim(p, "0123456789") != ""
	})
}

// memberNames are the members that go-tuf reads, in whatever object.
var memberNames = []string{
	"signed", "signatures", "keyid", "sig", "_type", "spec_version", "version", "expires", "consistent_snapshot", "keys", "roles",
	"meta", "targets", "delegations", "length", "hashes", "custom", "keytype", "scheme", "keyval", "public", "name", "keyids", "threshold",
	"terminating", "paths", "path_hash_prefixes", "succinct_roles", "bit_length", "name_prefix",
}

// members reads an object of which go-tuf makes a struct. It does so with
// encoding/json, to which "Keys" and "keyſ" are members called "keys"
// too: a signature other than the one that was checked here would be used.
func members(d *strictjson.Decoder, member func(key string) error) error {
	return d.Object(func(key string) error {
		if slices.ContainsFunc(memberNames, func(name string) bool { return name != key && strings.EqualFold(name, key) }) {
			return refuse.New("tuf.malformed", "a member %q that is spelled otherwise", clip(key))
		}
		return member(key)
	})
}

// checkShape reads a metadata file of the given kind strictly, before any
// signature is looked at: go-tuf reads with encoding/json, and entries that
// are null or missing become nil pointers.
func checkShape(kind string, data []byte) (*header, error) {
	d := strictjson.NewDecoder(data)
	var h *header
	var signed []byte
	var signatures map[string]string
	err := members(d, func(key string) (err error) {
		switch key {
		case "signed":
			if signed, err = d.Raw(); err == nil {
				h, err = checkSigned(strictjson.NewDecoder(signed), kind)
			}
			return err
		case "signatures":
			signatures, err = checkSignatures(d)
			return err
		}
		return d.Skip()
	})
	if err == nil {
		err = d.End()
	}
	if err == nil && (h == nil || signatures == nil) {
		err = refuse.New("tuf.malformed", "no signed part or no signatures")
	}
	if err != nil {
		return nil, refuse.Wrap("tuf.malformed", err, "%s metadata", kind)
	}
	h.signed, h.signatures = signed, signatures
	return h, nil
}

// checkSignatures reads the signatures by key ID. It refuses a file in which two signatures name one key, even
// if the threshold is met without them (TUF specification, section 4.2.1).
// A signature that cannot be decoded is kept: it does not verify, and blocks
// no other.
func checkSignatures(d *strictjson.Decoder) (map[string]string, error) {
	seen := map[string]string{}
	err := d.Array(MaxSignatures, func(int) error {
		var id, sig *string
		err := members(d, func(key string) (err error) {
			switch key {
			case "keyid":
				id, err = text(d)
				return err
			case "sig":
				sig, err = text(d)
				return err
			}
			return d.Skip()
		})
		switch {
		case err != nil:
			return err
		case id == nil || sig == nil:
			return refuse.New("tuf.malformed", "a signature lacks its keyid or its sig")
		}
		if _, ok := seen[*id]; ok {
			return refuse.New("tuf.malformed", "two signatures name the key %q", clip(*id))
		}
		seen[*id] = *sig
		return nil
	})
	return seen, err
}

func text(d *strictjson.Decoder) (*string, error) {
	s, err := d.String()
	return &s, err
}

func hexText(d *strictjson.Decoder) error {
	s, err := d.String()
	if err == nil {
		if _, e := hex.DecodeString(s); e != nil {
			err = refuse.New("tuf.malformed", "%q is not hexadecimal", clip(s))
		}
	}
	return err
}

// integer reads a plain number: a string of digits, which protobuf's JSON
// allows and strictjson therefore reads, is not one here.
func integer(d *strictjson.Decoder, least int64) (int64, error) {
	if d.Kind() == '"' {
		return 0, refuse.New("tuf.malformed", "want a number, not a string")
	}
	v, err := d.Int64()
	if err == nil && v < least {
		err = refuse.New("tuf.malformed", "%d is less than %d", v, least)
	}
	return v, err
}

// checkSigned reads the signed part.
func checkSigned(d *strictjson.Decoder, kind string) (*header, error) {
	h := &header{}
	seen := map[string]bool{}
	err := members(d, func(key string) (err error) {
		seen[key] = true
		switch key {
		case "_type":
			return checkText(d, "type", func(s string) bool { return s == kind })
		case "spec_version":
			return checkText(d, "specification version", specVersion)
		case "version":
			h.version, err = integer(d, 1)
			return err
		case "expires":
			return checkText(d, "expiry date, want the form "+expiresLayout+":", func(s string) bool {
				h.expires, err = parseExpires(s)
				return err == nil
			})
		}
		return checkMember(d, kind, key)
	})
	for _, key := range append([]string{"_type", "spec_version", "version", "expires"}, required[kind]...) {
		if err == nil && !seen[key] {
			err = refuse.New("tuf.malformed", "no %s", key)
		}
	}
	return h, err
}

// required names the members that only some kinds of metadata have to have.
var required = map[string][]string{
	RootRole:      {"keys", "roles"},
	TimestampRole: {"meta"},
	SnapshotRole:  {"meta"},
	TargetsRole:   {"targets"},
}

func checkText(d *strictjson.Decoder, what string, ok func(string) bool) error {
	s, err := d.String()
	if err == nil && !ok(s) {
		err = refuse.New("tuf.malformed", "%s %q", what, clip(s))
	}
	return err
}

func checkMember(d *strictjson.Decoder, kind, key string) error {
	switch {
	case kind == RootRole && key == "consistent_snapshot":
		_, err := d.Bool()
		return err
	case kind == RootRole && key == "keys":
		return checkKeys(d)
	case kind == RootRole && key == "roles":
		return checkTopRoles(d)
	case kind == TimestampRole && key == "meta":
		return checkMeta(d, "snapshot.json")
	case kind == SnapshotRole && key == "meta":
		return checkMeta(d, "targets.json")
	case kind == TargetsRole && key == "targets":
		return d.Object(func(string) error { return checkFileInfo(d, false) })
	case kind == TargetsRole && key == "delegations":
		return checkDelegations(d)
	}
	return d.Skip()
}

// checkMeta reads the table of files in a timestamp or a snapshot.
func checkMeta(d *strictjson.Decoder, want string) error {
	found := false
	err := d.Object(func(name string) error {
		found = found || name == want
		return checkFileInfo(d, true)
	})
	if err == nil && !found {
		err = refuse.New("tuf.malformed", "meta does not list %s", want)
	}
	return err
}

// checkFileInfo reads what is said of one file. Metadata files need a
// version, and a length above zero and at least one hash if these are listed;
// target files need a length and at least one hash.
func checkFileInfo(d *strictjson.Decoder, metadata bool) error {
	version, length, hashed, hashes := false, false, false, 0
	err := members(d, func(key string) (err error) {
		switch key {
		case "version":
			if version = true; metadata {
				_, err = integer(d, 1)
				return err
			}
		case "length":
			length = true
			var v int64
			if v, err = integer(d, 0); err == nil && metadata && v == 0 {
				err = refuse.New("tuf.malformed", "a metadata file is listed with length 0")
			}
			return err
		case "hashes":
			hashed = true
			return d.Object(func(string) error {
				hashes++
				return hexText(d)
			})
		}
		return d.Skip()
	})
	switch {
	case err != nil:
		return err
	case metadata && !version:
		return refuse.New("tuf.malformed", "a metadata file is listed without a version")
	case metadata && hashed && hashes == 0:
		return refuse.New("tuf.malformed", "a metadata file is listed with hashes, but without one")
	case !metadata && (!length || hashes == 0):
		return refuse.New("tuf.malformed", "a target is listed without its length or without a hash")
	}
	return nil
}
