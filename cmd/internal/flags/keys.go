// SPDX-License-Identifier: Apache-2.0

package flags

// Managed keys: PEM, one or several in a file, or the JSON document in which a
// registry publishes its keys.

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"time"

	commonv1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/sigkey"
	"github.com/sigbundle/sigbundle/internal/strictjson"
	"github.com/sigbundle/sigbundle/verify"
)

// maxKeys bounds the keys of a policy.
const maxKeys = 64

// ReadKeys reads the keys of all files. A single key in PEM answers to every
// hint. Of several, each answers to the hints that are computed from it, and
// those of a registry's document to the name that it gives them.
func ReadKeys(files []string) ([]verify.Key, error) {
	var keys []verify.Key
	for _, name := range files {
		data, err := ReadKey(name)
		if err != nil {
			return nil, err
		}
		found, err := parseKeys(data)
		if err != nil {
			return nil, refuse.Wrap("policy.key", err, "%s", name)
		}
		if keys = append(keys, found...); len(keys) > maxKeys {
			return nil, refuse.New("policy.key", "%s: too many keys, want at most %d", name, maxKeys)
		}
	}
	if len(keys) < 2 {
		return keys, nil
	}
	return hinted(keys)
}

// hinted gives every key without a hint the hints that clients compute.
func hinted(keys []verify.Key) (all []verify.Key, err error) {
	given := make(map[string]bool)
	add := func(k verify.Key) {
		if !given[k.Hint] {
			given[k.Hint] = true
			all = append(all, k)
		}
	}
	for _, k := range keys {
		if k.Hint == "" {
			continue
		}
		if given[k.Hint] {
			return nil, refuse.New("policy.key", "hint %q: given to two keys, want a hint for each", k.Hint)
		}
		add(k)
	}
	for _, k := range keys {
		if k.Hint != "" {
			continue
		}
		hints, err := hintsOf(k.Public)
		if err != nil {
			return nil, err
		}
		for _, k.Hint = range hints {
			add(k)
		}
	}
	return all, nil
}

// hintsOf returns the names that clients derive from a key: its SHA-256 in
// base64, in hexadecimal, and as package registries write it, and for models
// that of its text in PEM.
func hintsOf(key crypto.PublicKey) ([]string, error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil, refuse.Wrap("policy.key", err, "managed key")
	}
	sum := sha256.Sum256(der)
	text := sha256.Sum256(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	return []string{
		base64.StdEncoding.EncodeToString(sum[:]),
		hex.EncodeToString(sum[:]),
		hex.EncodeToString(text[:]),
		"SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:]),
	}, nil
}

func parseKeys(data []byte) (keys []verify.Key, err error) {
	if trimmed := bytes.TrimSpace(data); len(trimmed) > 0 && trimmed[0] == '{' {
		return parseKeysDocument(trimmed)
	}
	for rest := data; len(bytes.TrimSpace(rest)) > 0; {
		block, after := pem.Decode(rest)
		one := rest
		if block != nil && len(bytes.TrimSpace(after)) > 0 {
			one = rest[:len(rest)-len(after)]
		} else {
			after = nil
		}
		key, err := sigkey.ParsePEM(one)
		if err != nil {
			return nil, err
		}
		if keys = append(keys, verify.Key{Public: key.Public()}); len(keys) > maxKeys {
			return nil, refuse.New("policy.key", "too many keys, want at most %d", maxKeys)
		}
		rest = after
	}
	if len(keys) == 0 {
		return nil, refuse.New("policy.key", "key: missing, want PEM")
	}
	return keys, nil
}

// attestationUsage is the usage of the keys that sign bundles. In the same
// document stand keys that sign other things, under the same names.
const attestationUsage = "npm:attestations"

// parseKeysDocument reads the two forms in which registries publish keys:
// {"keys":[{"keyid":…,"key":…,"expires":…}]}, in which key is the SPKI in base64,
// and the TUF target {"keys":[{"keyId":…,"keyUsage":…,"publicKey":{…}}]}, of which
// the keys for attestations are taken. Members that say nothing about validity
// are ignored.
func parseKeysDocument(data []byte) (keys []verify.Key, err error) {
	rows := 0
	d := strictjson.NewDecoder(data)
	err = d.Object(func(member string) error {
		if member != "keys" {
			return d.Skip()
		}
		return d.Array(maxKeys, func(int) error {
			k, usage, err := parseDocumentKey(d)
			if rows++; usage == "" || usage == attestationUsage {
				keys = append(keys, k)
			}
			return err
		})
	})
	if err == nil {
		err = d.End()
	}
	if err == nil && len(keys) == 0 && rows > 0 {
		err = refuse.New("npm.key_usage", "document of keys: no key for attestations, want one with the usage %s", attestationUsage)
	}
	if err == nil && len(keys) == 0 {
		err = refuse.New("policy.key", "document of keys: empty, want at least one key")
	}
	return keys, err
}

// parseDocumentKey reads one key. Its usage is "" in the form without usages.
func parseDocumentKey(d *strictjson.Decoder) (k verify.Key, usage string, err error) {
	var spki []byte
	target := false
	err = d.Object(func(member string) (err error) {
		switch member {
		case "keyid":
			k.Hint, err = d.String()
			return err
		case "key":
			text, err := d.String()
			if err == nil {
				spki, err = base64.StdEncoding.DecodeString(text)
			}
			return err
		case "keyId":
			k.Hint, err = d.String()
			return err
		case "keyUsage":
			usage, err = d.String()
			return err
		case "publicKey":
			target = true
			spki, err = parseTargetKey(d, &k)
			return err
		case "expires":
			if d.Null() {
				return nil
			}
			text, err := d.String()
			if err == nil {
				k.End, err = time.Parse(time.RFC3339, text)
			}
			return err
		}
		return d.Skip()
	})
	switch {
	case err != nil:
		return k, usage, err
	case k.Hint == "" || spki == nil:
		return k, usage, refuse.New("policy.key", "document of keys: an entry is incomplete, want keyid and key")
	case target && (usage == "" || k.Start.IsZero()), !target && usage != "":
		return k, usage, refuse.New("policy.key", "document of keys: an entry is incomplete, want keyUsage and the start of validFor")
	case !k.End.IsZero() && k.End.Before(k.Start):
		return k, usage, refuse.New("policy.key", "document of keys: key %.80q ends before it starts", k.Hint)
	}
	key, err := sigkey.ParsePEM(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki}))
	if err != nil {
		return k, usage, err
	}
	k.Public = key.Public()
	return k, usage, nil
}

// parseTargetKey reads the member publicKey of a TUF target, and returns the
// SPKI.
func parseTargetKey(d *strictjson.Decoder, k *verify.Key) (spki []byte, err error) {
	instant := func(to *time.Time) error {
		text, err := d.String()
		if err == nil {
			*to, err = time.Parse(time.RFC3339, text)
		}
		return err
	}
	err = d.Object(func(member string) (err error) {
		switch member {
		case "rawBytes":
			spki, err = d.Bytes()
			return err
		case "keyDetails":
			name, err := d.String()
			if err != nil {
				return err
			}
			details, known := commonv1.PublicKeyDetails_value[name]
			if !known || details == 0 {
				return refuse.New("policy.key", "document of keys: unknown algorithm %.80q", name)
			}
			k.Algorithm = commonv1.PublicKeyDetails(details)
			return nil
		case "validFor":
			return d.Object(func(member string) error {
				switch {
				case member == "start":
					return instant(&k.Start)
				case member == "end" && !d.Null():
					return instant(&k.End)
				case member == "end":
					return nil
				}
				return d.Skip()
			})
		}
		return d.Skip()
	})
	return spki, err
}
