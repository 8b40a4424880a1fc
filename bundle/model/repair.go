// SPDX-License-Identifier: Apache-2.0

package model

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/strictjson"
)

// DropKey rewrites a bundle of a signer before version 1.1, which carried its
// public key in place of the key's name. A key that comes with a signature
// proves nothing, so that it is dropped, and its SHA-256 is left as the hint
// by which the verifier's own key is chosen. Everything else stays as it is,
// byte for byte.
//
// It returns nil for a bundle that carries no key.
func DropKey(bundle []byte) ([]byte, error) {
	var keyed bool
	out, err := rewrite(bundle, "verificationMaterial", func(material []byte) ([]byte, error) {
		return rewrite(material, "publicKey", func(key []byte) (hinted []byte, err error) {
			hinted, keyed, err = dropKey(key)
			return hinted, err
		})
	})
	if err != nil {
		return nil, refuse.Wrap("bundle.malformed", err, "bundle")
	}
	if !keyed {
		return nil, nil
	}
	return out, nil
}

// dropKey leaves the hint alone.
func dropKey(key []byte) (out []byte, keyed bool, err error) {
	var raw []byte
	hint := ""
	d := strictjson.NewDecoder(key)
	err = d.Object(func(name string) (err error) {
		switch name {
		case "rawBytes":
			raw, err = d.Bytes()
		case "hint":
			hint, err = d.String()
		case "keyDetails":
			err = d.Skip()
		default:
			err = refuse.New("bundle.malformed", "unknown member %.40q", name)
		}
		return err
	})
	if err != nil || raw == nil {
		return key, false, err
	}
	if hint == "" {
		sum := sha256.Sum256(raw)
		hint = hex.EncodeToString(sum[:])
	}
	out, err = json.Marshal(map[string]string{"hint": hint})
	return out, true, err
}

// rewrite changes one member of an object, if it exists.
func rewrite(object []byte, name string, change func([]byte) ([]byte, error)) ([]byte, error) {
	if strictjson.NewDecoder(object).Kind() != '{' {
		return object, nil
	}
	var members [][]byte
	d := strictjson.NewDecoder(object)
	err := d.Object(func(key string) error {
		key = strings.Clone(key)
		value, err := d.Raw()
		if err == nil && key == name {
			value, err = change(value)
		}
		if err != nil {
			return err
		}
		quoted, err := json.Marshal(key)
		members = append(members, slices.Concat(quoted, []byte(":"), value))
		return err
	})
	if err == nil {
		err = d.End()
	}
	return slices.Concat([]byte("{"), bytes.Join(members, []byte(",")), []byte("}")), err
}
