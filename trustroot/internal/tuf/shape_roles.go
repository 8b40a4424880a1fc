// SPDX-License-Identifier: Apache-2.0

package tuf

import (
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/strictjson"
)

// checkKeys reads a table of keys. A key's ID is whatever the table calls
// it: it is not computed from the key (SPEC U-2). Whether a key can be used is
// not asked here: one that cannot does not count (see readKey).
func checkKeys(d *strictjson.Decoder) error {
	n := 0
	return d.Object(func(string) error {
		if n++; n > MaxKeys {
			return refuse.New("tuf.malformed", "more than %d keys", MaxKeys)
		}
		var keytype, scheme *string
		value := false
		err := members(d, func(key string) (err error) {
			switch key {
			case "keytype":
				keytype, err = text(d)
			case "scheme":
				scheme, err = text(d)
			case "keyval":
				value = true
				err = members(d, func(key string) (err error) {
					if key == "public" {
						_, err = d.String()
						return err
					}
					return d.Skip()
				})
			default:
				err = d.Skip()
			}
			return err
		})
		switch {
		case err != nil:
			return err
		case keytype == nil || scheme == nil || !value:
			return refuse.New("tuf.malformed", "a key lacks its keytype, its scheme or its value")
		}
		return nil
	})
}

// grant is what a delegator says about a role: who signs for it, and for what.
type grant struct {
	name          string
	keyIDs        bool
	threshold     bool
	terminating   bool
	paths, hashes bool
	bitLength     int64
	namePrefix    bool
}

// checkGrant reads one role of a root or of a delegation. A threshold below
// one would be met by an unsigned file.
func checkGrant(d *strictjson.Decoder) (g grant, err error) {
	err = members(d, func(key string) (err error) {
		switch key {
		case "name":
			g.name, err = d.String()
		case "keyids":
			g.keyIDs = true
			err = texts(d, MaxKeys)
		case "threshold":
			g.threshold = true
			var v int64
			if v, err = integer(d, -1<<31); err == nil && (v < 1 || v > MaxKeys) {
				err = refuse.New("tuf.threshold", "a threshold of %d signatures", v)
			}
		case "terminating":
			g.terminating = true
			_, err = d.Bool()
		case "paths":
			g.paths = true
			err = texts(d, MaxRoles)
		case "path_hash_prefixes":
			g.hashes = true
			err = texts(d, 1<<16)
		case "bit_length":
			g.bitLength, err = integer(d, 1)
		case "name_prefix":
			g.namePrefix = true
			_, err = d.String()
		default:
			err = d.Skip()
		}
		return err
	})
	if err == nil && (!g.keyIDs || !g.threshold) {
		err = refuse.New("tuf.malformed", "a role lacks its keyids or its threshold")
	}
	return g, err
}

func texts(d *strictjson.Decoder, most int) error {
	return d.Array(most, func(int) error {
		_, err := d.String()
		return err
	})
}

// checkTopRoles reads the roles of a root, which must be all four.
func checkTopRoles(d *strictjson.Decoder) error {
	seen := map[string]bool{}
	err := d.Object(func(name string) error {
		if seen[name] = true; len(seen) > MaxRoles {
			return refuse.New("tuf.malformed", "more than %d roles", MaxRoles)
		}
		_, err := checkGrant(d)
		return err
	})
	for _, name := range []string{RootRole, TimestampRole, SnapshotRole, TargetsRole} {
		if err == nil && !seen[name] {
			err = refuse.New("tuf.malformed", "no role %s", name)
		}
	}
	return err
}

// checkDelegations reads the delegations of targets metadata. Two grants to
// one name would leave open whose keys are valid.
func checkDelegations(d *strictjson.Decoder) error {
	keys, roles, succinct := false, false, false
	seen := map[string]bool{}
	err := members(d, func(key string) error {
		switch key {
		case "keys":
			keys = true
			return checkKeys(d)
		case "roles":
			roles = true
			return d.Array(MaxRoles, func(int) error {
				g, err := checkGrant(d)
				switch {
				case err != nil:
					return err
				case seen[g.name]:
					return refuse.New("tuf.malformed", "two delegations to %q", clip(g.name))
				case g.paths && g.hashes:
					return refuse.New("tuf.malformed", "a delegation by paths and by hashes of paths")
				case !g.terminating:
					return refuse.New("tuf.malformed", "a delegation that does not say whether it is terminating")
				}
				seen[g.name] = true
				return checkRoleName(g.name)
			})
		case "succinct_roles":
			succinct = true
			g, err := checkGrant(d)
			if err == nil && (g.bitLength < 1 || g.bitLength > 32 || !g.namePrefix) {
				err = refuse.New("tuf.malformed", "succinct roles without a name prefix or with %d bits", g.bitLength)
			}
			return err
		}
		return d.Skip()
	})
	if err == nil && (!keys || roles == succinct) {
		err = refuse.New("tuf.malformed", "delegations without keys, or not of exactly one kind")
	}
	return err
}
