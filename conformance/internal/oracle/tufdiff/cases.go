// SPDX-License-Identifier: Apache-2.0

package tufdiff

import (
	"bytes"
	"crypto"
	_ "crypto/sha512" // SHA-384
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/sigbundle/sigbundle/conformance/virtual"
)

// recipe makes one case.
type recipe struct {
	name string
	make func(r *repo)
}

// Cases makes all repositories, the same for the same seed: those of the
// recipes, and so many others that are put together at random.
func Cases(seed uint64, random int) ([]*Case, error) {
	world, err := virtual.New(virtual.Config{Seed: fmt.Sprint("tuf ", seed)})
	if err != nil {
		return nil, err
	}
	var cases []*Case
	add := func(rc recipe) {
		r := newRepo(world, rc.name, seed, style(len(cases))%styles)
		rc.make(r)
		cases = append(cases, &r.out)
	}
	for _, list := range [][]recipe{spelled, numbers, keyed, signed, rooted, timed, listed, targeted, delegated} {
		for _, rc := range list {
			add(rc)
		}
	}
	for i := range random {
		add(recipe{fmt.Sprintf("random/%d", i), mixed})
	}
	return cases, nil
}

// edit changes a role before the first step, which must have that outcome.
func edit(accept bool, role string, change func(signed object, r *repo)) func(*repo) {
	return func(r *repo) {
		change(r.docs[role], r)
		r.putAll()
		r.step(accept, "file")
	}
}

// set sets a member of a role.
func set(accept bool, role string, value any, names ...string) func(*repo) {
	return edit(accept, role, func(o object, _ *repo) {
		last := len(names) - 1
		at(o, names[:last]...)[names[last]] = value
	})
}

// unset removes a member of a role.
func unset(accept bool, role string, names ...string) func(*repo) {
	return edit(accept, role, func(o object, _ *repo) {
		last := len(names) - 1
		delete(at(o, names[:last]...), names[last])
	})
}

// rewrite changes the bytes of one role's file after it is signed.
func rewrite(accept bool, role string, change func(data []byte) []byte) func(*repo) {
	return edit(accept, role, func(_ object, r *repo) {
		r.bytes = func(of string, data []byte) []byte {
			if of == role {
				return change(data)
			}
			return data
		}
	})
}

// sigs changes the signatures of one role's file.
func sigs(accept bool, role string, change func(list []any) any) func(*repo) {
	return edit(accept, role, func(_ object, r *repo) { r.signatures = only(role, change) })
}

func only(role string, change func(list []any) any) func(string, []any) any {
	return func(of string, list []any) any {
		if of == role {
			return change(list)
		}
		return list
	}
}

func sigOf(list []any, i int) object { return list[i].(object) }

// spelled: what a file may look like.
var spelled = []recipe{
	{"spelling/sorted", edit(true, "root", func(object, *repo) {})},
	{"spelling/indented", edit(true, "root", func(object, *repo) {})},
	{"spelling/shuffled", edit(true, "root", func(object, *repo) {})},
	{"spelling/escaped", edit(true, "root", func(object, *repo) {})},
	{"spelling/custom null", set(true, "targets", nil, "targets", "file", "custom")},
	{"spelling/custom list", set(true, "targets", []any{1, "two", nil, true, object{"x": object{}}, []any{}}, "targets", "file", "custom")},
	{"spelling/custom object", set(true, "targets", object{"b": "é", "a": object{"ü\"\\": false}}, "targets", "file", "custom")},
	{"spelling/no consistent_snapshot", unset(true, "root", "consistent_snapshot")},
	{"spelling/consistent_snapshot false", set(true, "root", false, "consistent_snapshot")},
	{"spelling/consistent_snapshot null", set(false, "root", nil, "consistent_snapshot")},
	{"spelling/consistent_snapshot text", set(false, "root", "true", "consistent_snapshot")},
	{"spelling/consistent_snapshot 1", set(false, "root", 1, "consistent_snapshot")},
	{"spelling/extra members everywhere", func(r *repo) {
		extra := object{"z": nil, "a": []any{1, "é"}, "nested": object{"x-y": "<&> "}}
		r.delegate("targets", "d", object{"x-grant": extra}, "d/*")
		for role, doc := range r.docs {
			doc["x-signed"] = extra
			if role != "root" && role != "targets" && role != "d" {
				at(doc, "meta", map[string]string{"timestamp": "snapshot.json", "snapshot": "targets.json"}[role])["x-meta"] = extra
			}
		}
		at(r.docs["root"], "keys", r.key("root").id)["x-key"] = extra
		at(r.docs["root"], "keys", r.key("root").id, "keyval")["x-keyval"] = "v"
		at(r.docs["root"], "roles", "snapshot")["x-role"] = extra
		at(r.docs["targets"], "targets", "file")["x-target"] = extra
		at(r.docs["targets"], "delegations")["x-delegations"] = extra
		r.topLevel = map[string]any{"unsigned": object{"x": 1}}
		r.signatures = func(_ string, list []any) any {
			sigOf(list, 0)["x-signature"] = "v"
			return list
		}
		r.putAll()
		r.ok("file")
		r.no("d/none")
	}},
	{"spelling/control characters", set(true, "targets", "a\tb\n\x01\x7f", "x")},
	{"spelling/astral characters", set(true, "targets", object{"\U0001F600": 1, "\uFFFD": 2, "\uE000": 3}, "x")},
	{"spelling/keyid_hash_algorithms", edit(true, "root", func(o object, r *repo) {
		at(o, "keys", r.key("root").id)["keyid_hash_algorithms"] = []any{"sha256", "sha512"}
	})},
	{"spelling/byte order mark", rewrite(false, "timestamp", func(d []byte) []byte { return append([]byte("\xef\xbb\xbf"), d...) })},
	{"spelling/white space around", rewrite(true, "timestamp", func(d []byte) []byte { return append(append([]byte(" \n"), d...), "\r\n\t "...) })},
	{"spelling/text behind", rewrite(false, "timestamp", func(d []byte) []byte { return append(d, "{}"...) })},
	{"spelling/cut off", rewrite(false, "snapshot", func(d []byte) []byte { return d[:len(d)-1] })},
	{"spelling/empty file", rewrite(false, "targets", func([]byte) []byte { return nil })},
	{"spelling/list", rewrite(false, "targets", func(d []byte) []byte { return append(append([]byte("["), d...), ']') })},
	{"spelling/invalid UTF-8", set(false, "targets", "a\xffb", "x")},
	{"spelling/lone surrogate", func(r *repo) {
		r.docs["targets"]["x"] = "SURROGATE"
		r.bytes = func(_ string, d []byte) []byte { return bytes.ReplaceAll(d, []byte("SURROGATE"), []byte(`\ud800`)) }
		r.putAll()
		r.no("file")
	}},
	{"spelling/member twice in signed", rewrite(false, "targets", func(d []byte) []byte {
		return bytes.Replace(d, []byte(`"_type"`), []byte(`"_type":"targets","_type"`), 1)
	})},
	{"spelling/member twice, the wrong one first", rewrite(false, "targets", func(d []byte) []byte {
		return bytes.Replace(d, []byte(`"_type"`), []byte(`"version":9,"_type":"targets","expires":"2000-01-01T00:00:00Z","_type"`), 1)
	})},
	{"spelling/signed twice", rewrite(false, "targets", func(d []byte) []byte {
		i := bytes.IndexByte(d, '{')
		return append([]byte(`{"signed":{},`), d[i+1:]...)
	})},
	{"spelling/member in another case beside", set(false, "targets", 7, "Version")},
	{"spelling/member in another case", edit(false, "targets", func(o object, _ *repo) {
		o["Version"] = o["version"]
		delete(o, "version")
	})},
	{"spelling/comment", rewrite(false, "targets", func(d []byte) []byte { return append(d, "// comment\n"...) })},
	{"spelling/single quotes", rewrite(false, "targets", func(d []byte) []byte { return bytes.ReplaceAll(d, []byte(`"`), []byte("'")) })},
	{"spelling/nested 60 deep", func(r *repo) {
		var v any = "deep"
		for range 60 {
			v = []any{v}
		}
		r.docs["targets"]["x"] = v
		r.putAll()
		r.ok("file")
	}},
	{"spelling/bytes changed after signing", rewrite(false, "targets", func(d []byte) []byte { return bytes.Replace(d, []byte("2027"), []byte("2028"), 1) })},
}

// numbers: integers of every size, and what is no integer.
var numbers = []recipe{
	{"number/2^53+1 in custom", set(true, "targets", number("9007199254740993"), "targets", "file", "custom")},
	{"number/2^64+1 in custom", set(true, "targets", number("18446744073709551617"), "targets", "file", "custom")},
	{"number/200 digits in custom", set(true, "targets", number(strings.Repeat("9", 200)), "targets", "file", "custom")},
	{"number/negative in custom", set(true, "targets", -5, "targets", "file", "custom")},
	{"number/-0 in custom", set(true, "targets", number("-0"), "targets", "file", "custom")},
	{"number/fraction in custom", set(false, "targets", number("1.5"), "targets", "file", "custom")},
	{"number/1.0 in custom", set(false, "targets", number("1.0"), "targets", "file", "custom")},
	{"number/exponent in custom", set(false, "targets", number("1e3"), "targets", "file", "custom")},
	{"number/leading zero in custom", set(false, "targets", number("01"), "targets", "file", "custom")},
	{"number/NaN in custom", set(false, "targets", number("NaN"), "targets", "file", "custom")},
	{"number/version 2^53+1", edit(true, "targets", func(o object, r *repo) {
		o["version"] = number("9007199254740993")
		at(r.docs["snapshot"], "meta", "targets.json")["version"] = number("9007199254740993")
	})},
	{"number/version 2^63", edit(true, "targets", func(o object, r *repo) {
		o["version"] = number("9223372036854775808")
		at(r.docs["snapshot"], "meta", "targets.json")["version"] = number("9223372036854775808")
	})},
	{"number/version 0", set(false, "timestamp", 0, "version")},
	{"number/version -1", set(false, "timestamp", -1, "version")},
	{"number/version 1.0", set(false, "timestamp", number("1.0"), "version")},
	{"number/version text", set(false, "timestamp", "1", "version")},
	{"number/version true", set(false, "timestamp", true, "version")},
	{"number/version null", set(false, "timestamp", nil, "version")},
	{"number/listed version text", set(false, "timestamp", "1", "meta", "snapshot.json", "version")},
	{"number/listed version 0", edit(false, "snapshot", func(o object, r *repo) {
		at(o, "meta", "targets.json")["version"] = 0
		r.docs["targets"]["version"] = 0
	})},
	{"number/threshold text", set(false, "root", "1", "roles", "targets", "threshold")},
	{"number/threshold 1.0", set(false, "root", number("1.0"), "roles", "targets", "threshold")},
	{"number/threshold true", set(false, "root", true, "roles", "targets", "threshold")},
	{"number/length text", set(false, "targets", "8", "targets", "file", "length")},
	{"number/length true", edit(false, "targets", func(o object, r *repo) {
		r.addTarget("targets", "file", []byte("x"))
		at(o, "targets", "file")["length"] = true
	})},
	{"number/length -1", set(false, "targets", -1, "targets", "file", "length")},
}

// keyed: kinds of keys.
var keyed = []recipe{
	{"key/ecdsa P-256", digestKey(true, virtual.ECDSAP256, crypto.SHA256, 0, "ecdsa", "ecdsa-sha2-nistp256")},
	{"key/ecdsa P-384", digestKey(true, virtual.ECDSAP384, crypto.SHA384, 0, "ecdsa", "ecdsa-sha2-nistp384")},
	{"key/ecdsa P-521", digestKey(false, virtual.ECDSAP521, crypto.SHA512, 0, "ecdsa", "ecdsa-sha2-nistp521")},
	{"key/ecdsa P-256 under its old type", digestKey(true, virtual.ECDSAP256, crypto.SHA256, 0, "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256")},
	{"key/ecdsa P-384 under its old type", digestKey(true, virtual.ECDSAP384, crypto.SHA384, 0, "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384")},
	{"key/ecdsa P-384 called P-256", digestKey(false, virtual.ECDSAP384, crypto.SHA256, 0, "ecdsa", "ecdsa-sha2-nistp256")},
	{"key/ecdsa called ed25519", digestKey(false, virtual.ECDSAP256, crypto.SHA256, 0, "ed25519", "ed25519")},
	{"key/rsa PSS, salt of the digest's length", digestKey(true, virtual.RSA2048, crypto.SHA256, 32, "rsa", "rsassa-pss-sha256")},
	{"key/rsa PSS, longest salt", digestKey(true, virtual.RSA2048, crypto.SHA256, 222, "rsa", "rsassa-pss-sha256")},
	{"key/rsa PSS, SHA-512", digestKey(false, virtual.RSA2048, crypto.SHA512, 64, "rsa", "rsassa-pss-sha512")},
	{"key/rsa PKCS #1 v1.5", digestKey(false, virtual.RSA2048, crypto.SHA256, 0, "rsa", "rsa-pkcs1v15-sha256")},
	{"key/rsa PKCS #1 v1.5 called PSS", digestKey(false, virtual.RSA2048, crypto.SHA256, 0, "rsa", "rsassa-pss-sha256")},
	{"key/ID that is no hash", func(r *repo) {
		r.alias("named", "targets", "the targets key")
		r.setKeys("targets", 1, "named")
		r.putAll()
		r.ok("file")
	}},
	{"key/ID with other characters", func(r *repo) {
		r.alias("named", "targets", "schlüssel \"1\"\\")
		r.setKeys("targets", 1, "named")
		r.putAll()
		r.ok("file")
	}},
	{"key/unknown type, not listed", edit(true, "root", func(_ object, r *repo) {
		r.unknown("u", "sphincs+", "sphincs+-shake")
		at(r.docs["root"], "keys")["u-id"] = r.keys["u"].doc
	})},
	{"key/unknown type beside a known one", unknownKey(true, 1, "sphincs+", "sphincs+-shake", "targets")},
	{"key/unknown type in place of a known one", unknownKey(false, 1, "sphincs+", "sphincs+-shake")},
	{"key/unknown type, threshold of two", unknownKey(false, 2, "sphincs+", "sphincs+-shake", "targets")},
	{"key/unknown type, two others", unknownKey(true, 2, "sphincs+", "sphincs+-shake", "targets", "second")},
	{"key/unknown scheme beside a known one", unknownKey(true, 1, "ed25519", "ed25519ph", "targets")},
	{"key/unknown scheme in place of a known one", unknownKey(false, 1, "ed25519", "ed25519ph")},
	{"key/type and scheme swapped", unknownKey(true, 1, "rsa", "ed25519", "targets")},
	{"key/empty type", unknownKey(true, 1, "", "", "targets")},
	{"key/value too long beside a known one", unknownKey(true, 1, "ed25519", "ed25519", "targets")},
	{"key/value is no PEM beside a known one", unknownKey(true, 1, "ecdsa", "ecdsa-sha2-nistp256", "targets")},
	{"key/value is no PEM in place of a known one", unknownKey(false, 1, "ecdsa", "ecdsa-sha2-nistp256")},
	{"key/no scheme", edit(false, "root", func(o object, r *repo) { delete(at(o, "keys", r.key("targets").id), "scheme") })},
	{"key/no value", edit(false, "root", func(o object, r *repo) { delete(at(o, "keys", r.key("targets").id), "keyval") })},
	{"key/no public value", edit(false, "root", func(o object, r *repo) { delete(at(o, "keys", r.key("targets").id, "keyval"), "public") })},
	{"key/small order", func(r *repo) {
		r.unknown("weak", "ed25519", "ed25519")
		at(r.keys["weak"].doc, "keyval")["public"] = "01" + strings.Repeat("00", 31)
		r.keys["weak"].sign = func([]byte) []byte { return append([]byte{1}, make([]byte, 63)...) }
		r.setKeys("targets", 1, "weak")
		r.putAll()
		r.no("file")
	}},
	{"key/listed without a key", edit(true, "root", func(o object, _ *repo) {
		g := at(o, "roles", "targets")
		g["keyids"] = append(g["keyids"].([]any), strings.Repeat("ab", 32))
	})},
	{"key/only listed without a key", set(false, "root", []any{strings.Repeat("ab", 32)}, "roles", "targets", "keyids")},
	{"key/listed twice", edit(true, "root", func(o object, _ *repo) {
		g := at(o, "roles", "targets")
		g["keyids"] = append(g["keyids"].([]any), g["keyids"].([]any)[0])
	})},
	{"key/listed twice, threshold of two", edit(false, "root", func(o object, _ *repo) {
		g := at(o, "roles", "targets")
		g["keyids"] = append(g["keyids"].([]any), g["keyids"].([]any)[0])
		g["threshold"] = 2
	})},
	{"key/one under two IDs, threshold of two", func(r *repo) {
		r.alias("again", "targets", "again")
		r.setKeys("targets", 2, "targets", "again")
		r.putAll()
		r.no("file")
	}},
	{"key/one under two IDs, threshold of one", func(r *repo) {
		r.alias("again", "targets", "again")
		r.setKeys("targets", 1, "targets", "again")
		r.putAll()
		r.ok("file")
	}},
	{"key/one key for all roles", func(r *repo) {
		for _, role := range topRoles {
			r.setKeys(role, 1, "shared")
		}
		r.putAll()
		r.ok("file")
	}},
	{"key/no keys for a role", set(false, "root", []any{}, "roles", "targets", "keyids")},
	{"key/keyids null", set(false, "root", nil, "roles", "targets", "keyids")},
	{"key/of another role", edit(false, "targets", func(_ object, r *repo) { r.by["targets"] = []string{"snapshot"} })},
}

func digestKey(accept bool, t virtual.KeyType, hash crypto.Hash, salt int, keytype, scheme string) func(*repo) {
	return func(r *repo) {
		r.digested("digested", t, hash, salt, keytype, scheme)
		r.setKeys("targets", 1, "digested")
		r.putAll()
		r.step(accept, "file")
	}
}

func unknownKey(accept bool, threshold int, keytype, scheme string, others ...string) func(*repo) {
	return func(r *repo) {
		r.unknown("u", keytype, scheme)
		r.setKeys("targets", threshold, append([]string{"u"}, others...)...)
		r.putAll()
		r.step(accept, "file")
	}
}

// signed: signatures and thresholds.
var signed = []recipe{
	{"signature/threshold met exactly", threshold(true, 2, 2, 3)},
	{"signature/threshold missed by one", threshold(false, 2, 1, 3)},
	{"signature/more than the threshold", threshold(true, 2, 3, 3)},
	{"signature/threshold above the number of keys", threshold(false, 4, 3, 3)},
	{"signature/threshold 0", threshold(false, 0, 1, 1)},
	{"signature/threshold -1", threshold(false, -1, 1, 1)},
	{"signature/none", sigs(false, "targets", func([]any) any { return []any{} })},
	{"signature/null", sigs(false, "targets", func([]any) any { return nil })},
	{"signature/object", sigs(false, "targets", func(list []any) any { return list[0] })},
	{"signature/same twice", sigs(false, "targets", func(list []any) any { return append(list, list[0]) })},
	{"signature/same key ID, another signature", sigs(false, "targets", func(list []any) any {
		return append(list, object{"keyid": sigOf(list, 0)["keyid"], "sig": strings.Repeat("00", 64)})
	})},
	{"signature/zeros", sigs(false, "targets", func(list []any) any { sigOf(list, 0)["sig"] = strings.Repeat("00", 64); return list })},
	{"signature/upper case", sigs(true, "targets", func(list []any) any {
		sigOf(list, 0)["sig"] = strings.ToUpper(sigOf(list, 0)["sig"].(string))
		return list
	})},
	{"signature/base64", sigs(false, "targets", func(list []any) any { sigOf(list, 0)["sig"] = "AAAA"; return list })},
	{"signature/without sig", sigs(false, "targets", func(list []any) any { delete(sigOf(list, 0), "sig"); return list })},
	{"signature/without keyid", sigs(false, "targets", func(list []any) any { delete(sigOf(list, 0), "keyid"); return list })},
	{"signature/sig null", sigs(false, "targets", func(list []any) any { sigOf(list, 0)["sig"] = nil; return list })},
	{"signature/of an unknown key beside", sigs(true, "targets", func(list []any) any {
		return append(list, object{"keyid": strings.Repeat("cd", 32), "sig": strings.Repeat("00", 64)})
	})},
	{"signature/unknown key, not hexadecimal", sigs(true, "targets", func(list []any) any {
		return append(list, object{"keyid": strings.Repeat("cd", 32), "sig": "abcd123"})
	})},
	{"signature/unknown key, empty", sigs(true, "targets", func(list []any) any {
		return append(list, object{"keyid": strings.Repeat("cd", 32), "sig": ""})
	})},
	{"signature/second broken: odd", broken(true, "abcd123")},
	{"signature/second broken: not hexadecimal", broken(true, "zz")},
	{"signature/second broken: empty", broken(true, "")},
	{"signature/second broken: short", broken(true, "abcd")},
	{"signature/second broken: zeros", broken(true, strings.Repeat("00", 64))},
	{"signature/second broken: long", broken(true, strings.Repeat("00", 6400))},
	{"signature/over another role", edit(false, "targets", func(_ object, r *repo) {
		r.signatures = only("targets", func(list []any) any {
			sigOf(list, 0)["sig"] = hex.EncodeToString(r.key("targets").sign([]byte(canonical(r.docs["snapshot"]))))
			return list
		})
	})},
	{"signature/over the bytes, not the canonical form", edit(false, "targets", func(o object, r *repo) {
		r.signatures = only("targets", func(list []any) any {
			sigOf(list, 0)["sig"] = hex.EncodeToString(r.key("targets").sign(spell(o, indent, r.rng)))
			return list
		})
	})},
}

func threshold(accept bool, want, have, of int) func(*repo) {
	return func(r *repo) {
		var names []string
		for i := range of {
			names = append(names, "targets "+itoa(i))
		}
		r.setKeys("targets", want, names...)
		r.by["targets"] = names[:have]
		r.putAll()
		r.step(accept, "file")
	}
}

// broken has two signatures of which the second does not verify.
func broken(accept bool, sig string) func(*repo) {
	return func(r *repo) {
		r.setKeys("targets", 1, "targets", "second")
		r.signatures = only("targets", func(list []any) any { sigOf(list, 1)["sig"] = sig; return list })
		r.putAll()
		r.step(accept, "file")
	}
}

// rooted: the history of roots.
var rooted = []recipe{
	{"root/1 rotation", rotations(1, false)},
	{"root/2 rotations", rotations(2, false)},
	{"root/3 rotations", rotations(3, true)},
	{"root/4 rotations", rotations(4, false)},
	{"root/5 rotations", rotations(5, true)},
	{"root/signed by the new keys only", rotate(false, "new")},
	{"root/signed by the old keys only", rotate(false, "root")},
	{"root/threshold raised, new one missed", func(r *repo) {
		r.putAll()
		r.ok("file")
		r.setKeys("root", 2, "root", "new")
		r.by["root"] = []string{"root"}
		r.publish("root")
		r.no("file")
	}},
	{"root/threshold lowered, old one missed", func(r *repo) {
		r.setKeys("root", 2, "root", "second")
		r.putAll()
		r.ok("file")
		r.setKeys("root", 1, "root")
		r.publish("root")
		r.no("file")
	}},
	{"root/a version left out", func(r *repo) { // a client stops before the gap
		r.putAll()
		r.docs["root"]["version"] = 3
		r.put("root")
		r.ok("file")
	}},
	{"root/version 3 under the name of 2", func(r *repo) {
		r.putAll()
		r.docs["root"]["version"] = 3
		r.put("root")
		r.files["2.root.json"] = r.files["3.root.json"]
		r.no("file")
	}},
	{"root/version 1 under the name of 2", func(r *repo) {
		r.putAll()
		r.files["2.root.json"] = r.files["1.root.json"]
		r.no("file")
	}},
	{"root/version 2^53+1 behind 1", func(r *repo) {
		r.putAll()
		r.docs["root"]["version"] = number("9007199254740993")
		r.put("root")
		r.files["2.root.json"] = r.files["9007199254740993.root.json"]
		r.no("file")
	}},
	{"root/first one expired, next one not", func(r *repo) {
		r.docs["root"]["expires"] = date(Start.Add(-time.Hour))
		r.putAll()
		r.docs["root"]["expires"] = date(Start.AddDate(1, 0, 0))
		r.publish("root")
		r.ok("file")
	}},
	{"root/last one expired", func(r *repo) {
		r.putAll()
		r.docs["root"]["expires"] = date(Start.Add(-time.Hour))
		r.publish("root")
		r.no("file")
		r.docs["root"]["expires"] = date(Start.AddDate(1, 0, 0))
		r.publish("root")
		r.ok("file")
	}},
	{"root/only one expired", set(false, "root", date(Start.Add(-time.Second)), "expires")},
	{"root/newest one withdrawn", func(r *repo) { // a client keeps what it has
		r.putAll()
		r.publish("root")
		r.ok("file")
		delete(r.files, "2.root.json")
		r.ok("file")
	}},
	{"root/other keys for the timestamp, old signature", func(r *repo) {
		r.putAll()
		r.ok("file")
		r.setKeys("timestamp", 1, "new timestamp")
		r.publish("root")
		r.no("file")
		r.publish("timestamp")
		r.ok("file")
	}},
	{"root/recovery from a timestamp too far ahead", func(r *repo) {
		r.docs["timestamp"]["version"] = 99999
		r.putAll()
		r.ok("file")
		r.docs["timestamp"]["version"] = 1
		r.put("timestamp")
		r.no("file")
		r.setKeys("timestamp", 1, "new timestamp")
		r.publish("root")
		r.put("timestamp")
		r.ok("file")
	}},
	{"root/recovery from a snapshot too far ahead", func(r *repo) {
		r.docs["snapshot"]["version"] = 99999
		at(r.docs["timestamp"], "meta", "snapshot.json")["version"] = 99999
		r.putAll()
		r.ok("file")
		r.docs["snapshot"]["version"] = 0
		r.publish("snapshot")
		r.no("file")
		r.setKeys("snapshot", 1, "new snapshot")
		r.setKeys("timestamp", 1, "new timestamp")
		r.publish("root")
		r.publish("snapshot")
		r.ok("file")
	}},
	{"root/recovery by a new snapshot key alone", func(r *repo) {
		r.docs["snapshot"]["version"] = 99999
		at(r.docs["timestamp"], "meta", "snapshot.json")["version"] = 99999
		r.putAll()
		r.ok("file")
		r.setKeys("snapshot", 1, "new snapshot")
		r.docs["snapshot"]["version"] = 0
		r.publish("root")
		r.publish("snapshot")
		r.ok("file")
	}},
	{"root/no role for the timestamp", unset(false, "root", "roles", "timestamp")},
	{"root/role mirrors", edit(true, "root", func(o object, r *repo) { at(o, "roles")["mirrors"] = r.grant(at(o, "keys"), 1, []string{"m"}) })},
	{"root/no keys", unset(false, "root", "keys")},
	{"root/of another type", set(false, "root", "targets", "_type")},
	{"root/unsigned", sigs(false, "root", func([]any) any { return []any{} })},
	{"root/spec_version 2.0.0", set(false, "root", "2.0.0", "spec_version")},
	{"root/spec_version 1.99.3", set(true, "root", "1.99.3", "spec_version")},
	{"root/spec_version 1.0", set(true, "root", "1.0", "spec_version")},
	{"root/spec_version 1", set(false, "root", "1", "spec_version")},
	{"root/spec_version 10.0.0", set(false, "root", "10.0.0", "spec_version")},
	{"root/spec_version empty", set(false, "root", "", "spec_version")},
	{"root/spec_version 1.x", set(false, "root", "1.x", "spec_version")},
	{"root/spec_version a number", set(false, "root", 1, "spec_version")},
	{"root/no spec_version", unset(false, "root", "spec_version")},
	{"root/consistent_snapshot turned on", func(r *repo) {
		r.docs["root"]["consistent_snapshot"] = false
		r.putAll()
		r.ok("file")
		r.docs["root"]["consistent_snapshot"] = true
		r.publish("root")
		r.publish("targets")
		r.ok("file")
	}},
}

// rotations adds roots, with new keys each time, that take effect in one step
// each or all at once.
func rotations(n int, atOnce bool) func(*repo) {
	return func(r *repo) {
		r.putAll()
		r.ok("file")
		old := "root"
		for i := range n {
			next := "root " + itoa(i)
			r.setKeys("root", 1, next)
			r.by["root"] = []string{old, next}
			r.publish("root")
			old = next
			if !atOnce {
				r.ok("file")
			}
		}
		r.ok("file")
	}
}

// rotate changes the root's key, in a root that only some sign.
func rotate(accept bool, by ...string) func(*repo) {
	return func(r *repo) {
		r.putAll()
		r.ok("file")
		r.setKeys("root", 1, "new")
		r.by["root"] = by
		r.publish("root")
		r.step(accept, "file")
	}
}
