// SPDX-License-Identifier: Apache-2.0

package tufdiff

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
)

// timed: expiry, and what goes back or stands still.
var timed = []recipe{
	{"time/timestamp expired", set(false, "timestamp", date(Start.Add(-time.Second)), "expires")},
	{"time/snapshot expired", set(false, "snapshot", date(Start.Add(-time.Second)), "expires")},
	{"time/targets expired", set(false, "targets", date(Start.Add(-time.Second)), "expires")},
	{"time/expires now", set(false, "timestamp", date(Start), "expires")},
	{"time/expires in a second", set(true, "timestamp", date(Start.Add(time.Second)), "expires")},
	{"time/year 9999", set(true, "timestamp", "9999-12-31T23:59:59Z", "expires")},
	{"time/fraction", set(false, "timestamp", "2027-03-01T12:00:00.5Z", "expires")},
	{"time/nine digits", set(false, "timestamp", "2027-03-01T12:00:00.123456789Z", "expires")},
	{"time/comma", set(false, "timestamp", "2027-03-01T12:00:00,5Z", "expires")},
	{"time/offset", set(false, "timestamp", "2027-03-01T12:00:00+00:00", "expires")},
	{"time/no zone", set(false, "timestamp", "2027-03-01T12:00:00", "expires")},
	{"time/small letters", set(false, "timestamp", "2027-03-01t12:00:00z", "expires")},
	{"time/space", set(false, "timestamp", "2027-03-01 12:00:00Z", "expires")},
	{"time/no leading zeros", set(false, "timestamp", "2027-3-1T12:0:0Z", "expires")},
	{"time/hour without its zero", set(false, "timestamp", "2027-03-01T9:00:00Z", "expires")},
	{"time/second 60", set(false, "timestamp", "2027-03-01T12:00:60Z", "expires")},
	{"time/30 February", set(false, "timestamp", "2027-02-30T12:00:00Z", "expires")},
	{"time/hour 24", set(false, "timestamp", "2027-03-01T24:00:00Z", "expires")},
	{"time/a number", set(false, "timestamp", 1800000000, "expires")},
	{"time/missing", unset(false, "timestamp", "expires")},
	{"time/freeze", func(r *repo) {
		r.docs["timestamp"]["expires"] = date(Start.AddDate(0, 0, 7))
		r.putAll()
		r.ok("file")
		r.now = Start.AddDate(0, 0, 6)
		r.ok("file")
		r.now = Start.AddDate(0, 0, 7)
		r.no("file")
		r.docs["timestamp"]["expires"] = date(Start.AddDate(0, 0, 14))
		r.publish("timestamp")
		r.ok("file")
	}},
	{"time/timestamp rolled back", func(r *repo) {
		r.putAll()
		old := r.files["timestamp.json"]
		r.publish("timestamp")
		r.ok("file")
		r.files["timestamp.json"] = old
		r.no("file")
	}},
	{"time/timestamp rolled back below one that failed", func(r *repo) {
		r.putAll()
		r.ok("file")
		old := r.files["timestamp.json"]
		r.publish("targets")
		delete(r.files, "2.targets.json")
		r.no("file")
		r.files["timestamp.json"] = old
		r.no("file")
	}},
	{"time/another timestamp of the same version", func(r *repo) {
		r.putAll()
		r.ok("file")
		at(r.docs["timestamp"], "meta", "snapshot.json")["version"] = 100
		r.put("timestamp")
		r.ok("file") // the one that it has
	}},
	{"time/snapshot rolled back in the timestamp", func(r *repo) {
		r.putAll()
		r.publish("snapshot")
		r.ok("file")
		r.docs["snapshot"]["version"] = 0
		r.publish("snapshot")
		r.no("file")
	}},
	{"time/targets rolled back in the snapshot", func(r *repo) {
		r.putAll()
		r.publish("targets")
		r.ok("file")
		r.docs["targets"]["version"] = 0
		r.publish("targets")
		r.no("file")
	}},
	{"time/role gone from the snapshot", func(r *repo) {
		r.delegate("targets", "d", nil, "d/*")
		r.putAll()
		r.ok("file")
		delete(at(r.docs["snapshot"], "meta"), "d.json")
		r.publish("snapshot")
		r.no("file")
	}},
	{"time/snapshot and timestamp of different times", func(r *repo) { // mix and match
		r.putAll()
		old := r.files["1.snapshot.json"]
		r.publish("targets")
		r.files["2.snapshot.json"] = old
		r.no("file")
	}},
	{"time/targets and snapshot of different times", func(r *repo) {
		r.putAll()
		old := r.files["1.targets.json"]
		r.publish("targets")
		r.files["2.targets.json"] = old
		r.no("file")
	}},
	{"time/newer targets than listed", func(r *repo) {
		r.docs["root"]["consistent_snapshot"] = false
		r.putAll()
		r.docs["targets"]["version"] = 2
		r.put("targets")
		r.no("file")
	}},
	{"time/versions skipped", func(r *repo) {
		r.putAll()
		r.ok("file")
		for _, role := range []string{"timestamp", "snapshot", "targets"} {
			r.docs[role]["version"] = 50
		}
		r.publish("targets")
		r.ok("file")
	}},
}

// listed: what timestamp and snapshot list.
var listed = []recipe{
	{"listed/length and hashes", func(r *repo) { r.put("root"); r.relist(); r.ok("file") }},
	{"listed/length and hashes, then new targets", func(r *repo) {
		r.put("root")
		r.relist()
		r.ok("file")
		r.docs["targets"]["version"] = 2
		r.docs["snapshot"]["version"] = 2
		r.docs["timestamp"]["version"] = 2
		r.relist()
		r.ok("file")
	}},
	{"listed/snapshot with another hash", relisted(false, "timestamp", "snapshot.json", func(o object) { o["hashes"] = hashes([]byte("x")) })},
	{"listed/targets with another hash", relisted(false, "snapshot", "targets.json", func(o object) { o["hashes"] = hashes([]byte("x")) })},
	{"listed/length one less", relisted(false, "snapshot", "targets.json", func(o object) { o["length"] = o["length"].(int) - 1 })},
	{"listed/length one more", relisted(false, "snapshot", "targets.json", func(o object) { o["length"] = o["length"].(int) + 1 })},
	{"listed/length 0", relisted(false, "snapshot", "targets.json", func(o object) { o["length"] = 0 })},
	{"listed/length -1", relisted(false, "snapshot", "targets.json", func(o object) { o["length"] = -1 })},
	{"listed/length null", relisted(false, "snapshot", "targets.json", func(o object) { o["length"] = nil })},
	{"listed/no length", relisted(true, "snapshot", "targets.json", func(o object) { delete(o, "length") })},
	{"listed/no hashes", relisted(true, "snapshot", "targets.json", func(o object) { delete(o, "hashes") })},
	{"listed/hashes empty", relisted(false, "snapshot", "targets.json", func(o object) { o["hashes"] = object{} })},
	{"listed/hashes null", relisted(false, "snapshot", "targets.json", func(o object) { o["hashes"] = nil })},
	{"listed/unknown hash only", relisted(false, "snapshot", "targets.json", func(o object) { o["hashes"] = object{"whirlpool": "00"} })},
	{"listed/unknown hash beside", relisted(true, "snapshot", "targets.json", func(o object) { o["hashes"].(object)["whirlpool"] = "00" })},
	{"listed/hash in upper case", relisted(true, "snapshot", "targets.json", func(o object) {
		o["hashes"].(object)["sha256"] = strings.ToUpper(o["hashes"].(object)["sha256"].(string))
	})},
	{"listed/hash is not hexadecimal", relisted(false, "snapshot", "targets.json", func(o object) { o["hashes"] = object{"sha256": "xyz"} })},
	{"listed/right and wrong hash", relisted(false, "snapshot", "targets.json", func(o object) { o["hashes"].(object)["sha512"] = strings.Repeat("00", 64) })},
	{"listed/more in the timestamp than the snapshot", set(false, "timestamp", object{"version": 1}, "meta", "targets.json")},
	{"listed/no snapshot in the timestamp", unset(false, "timestamp", "meta", "snapshot.json")},
	{"listed/no targets in the snapshot", unset(false, "snapshot", "meta", "targets.json")},
	{"listed/no version", unset(false, "snapshot", "meta", "targets.json", "version")},
	{"listed/meta is a list", set(false, "snapshot", []any{}, "meta")},
	{"listed/roles that nobody delegates to", set(true, "snapshot", object{"version": 3}, "meta", "ünused/role.json")},
	{"listed/root in the snapshot", set(true, "snapshot", object{"version": 1}, "meta", "root.json")},
	{"listed/a file that is no JSON", set(true, "snapshot", object{"version": 1}, "meta", "readme")},
	{"listed/snapshot missing", gone("1.snapshot.json")},
	{"listed/timestamp missing", gone("timestamp.json")},
	{"listed/targets missing", gone("1.targets.json")},
	{"listed/snapshot of another type", set(false, "snapshot", "timestamp", "_type")},
	{"listed/targets of another type", set(false, "targets", "snapshot", "_type")},
}

// relisted changes what one role lists, of files with length and hashes.
func relisted(accept bool, role, file string, change func(o object)) func(*repo) {
	return func(r *repo) {
		r.put("root")
		r.relist()
		change(at(r.docs[role], "meta", file))
		if role == "snapshot" { // the timestamp must fit
			r.put("snapshot")
			at(r.docs["timestamp"], "meta")["snapshot.json"] = object{"version": 1}
		}
		r.put("timestamp")
		r.step(accept, "file")
	}
}

func gone(name string) func(*repo) {
	return func(r *repo) {
		r.putAll()
		delete(r.files, name)
		r.no("file")
	}
}

// targeted: target files and what lists them.
var targeted = []recipe{
	{"target/not listed", func(r *repo) { r.putAll(); r.no("none") }},
	{"target/other contents of the same length", stored(false, "Contents")},
	{"target/longer", stored(false, "contents and more")},
	{"target/shorter", stored(false, "content")},
	{"target/empty in place of it", stored(false, "")},
	{"target/empty", edit(true, "targets", func(_ object, r *repo) { r.addTarget("targets", "file", []byte{}) })},
	{"target/missing", func(r *repo) {
		r.putAll()
		for name := range r.files {
			if strings.HasPrefix(name, "targets/") {
				delete(r.files, name)
			}
		}
		r.no("file")
	}},
	{"target/no length", unset(false, "targets", "targets", "file", "length")},
	{"target/no hashes", unset(false, "targets", "targets", "file", "hashes")},
	{"target/hashes empty", set(false, "targets", object{}, "targets", "file", "hashes")},
	{"target/hashes of another target broken", func(r *repo) {
		r.addTarget("targets", "other", []byte("x"))["hashes"] = object{}
		r.putAll()
		r.no("file")
	}},
	{"target/unknown hash only", set(false, "targets", object{"md6": "00"}, "targets", "file", "hashes")},
	{"target/unknown hash behind a known one", set(true, "targets", "00", "targets", "file", "hashes", "z-unknown")},
	{"target/SHA-512 only", func(r *repo) {
		data := []byte("contents")
		at(r.docs["targets"], "targets", "file")["hashes"] = object{"sha512": sha512Hex(data)}
		r.putTarget("file", sha512Hex(data), data)
		r.putAll()
		r.ok("file")
	}},
	{"target/SHA-512 and SHA-256", func(r *repo) {
		data := []byte("contents")
		at(r.docs["targets"], "targets", "file", "hashes")["sha512"] = sha512Hex(data)
		r.putTarget("file", sha512Hex(data), data)
		r.putAll()
		r.ok("file")
	}},
	{"target/one hash right, one wrong", set(false, "targets", strings.Repeat("00", 64), "targets", "file", "hashes", "sha512")},
	{"target/hash too short", set(false, "targets", "00", "targets", "file", "hashes", "sha256")},
	{"target/no targets", unset(false, "targets", "targets")},
	{"target/targets null", set(false, "targets", nil, "targets")},
	{"target/empty table", func(r *repo) { r.docs["targets"]["targets"] = object{}; r.putAll(); r.ok(); r.no("file") }},
	{"target/name in folders", named(true, "a/b/c.txt")},
	{"target/name with other characters", named(true, "größe/日本語.txt")},
	{"target/name with a blank", named(true, "a file")},
	{"target/name with a percent sign", named(true, "a%20file")},
	{"target/name with a plus and a question mark", named(true, "a+b?c=d#e")},
	{"target/name with a leading slash", named(false, "/abs")},
	{"target/name that climbs", named(false, "../up")},
	{"target/name with a backslash", named(true, `a\b`)},
	{"target/empty name", named(false, "")},
	{"target/replaced", func(r *repo) {
		r.putAll()
		r.ok("file")
		r.addTarget("targets", "file", []byte("new contents"))
		r.publish("targets")
		r.ok("file")
	}},
	{"target/removed", func(r *repo) {
		r.putAll()
		r.ok("file")
		delete(at(r.docs["targets"], "targets"), "file")
		r.publish("targets")
		r.no("file")
		r.ok()
	}},
	{"target/several", func(r *repo) {
		for i := range 20 {
			r.addTarget("targets", "many/"+itoa(i), []byte(strings.Repeat("x", i)))
		}
		r.putAll()
		r.ok("many/0", "many/7", "many/19", "file")
	}},
	{"target/inconsistent snapshot, in a folder", func(r *repo) {
		delete(r.docs["root"], "consistent_snapshot")
		r.addTarget("targets", "a/b", []byte("x"))
		r.putAll()
		r.ok("a/b", "file")
	}},
}

func stored(accept bool, data string) func(*repo) {
	return func(r *repo) {
		r.putTarget("file", hashes([]byte("contents"))["sha256"].(string), []byte(data))
		r.putAll()
		r.step(accept, "file")
	}
}

func named(accept bool, name string) func(*repo) {
	return func(r *repo) {
		r.addTarget("targets", name, []byte("x"))
		r.putAll()
		r.ok("file")
		r.step(accept, name)
	}
}

// delegated: roles below targets.
var delegated = []recipe{
	{"role/by path", below(true, "d", "d/x", nil, "d/*")},
	{"role/by a path without wildcard", below(true, "d", "d/x", nil, "d/x")},
	{"role/one character", below(true, "d", "d/x", nil, "d/?")},
	{"role/a set", below(true, "d", "d/x", nil, "d/[wxy]")},
	{"role/a set negated by !", below(true, "d", "d/x", nil, "d/[!a]")},
	{"role/a set negated by ^", below(false, "d", "d/x", nil, "d/[^a]")},
	{"role/wildcard over a slash", below(false, "d", "d/e/x", nil, "d/*")},
	{"role/wildcard alone", below(true, "d", "x", nil, "*")},
	{"role/pattern without an end", below(false, "d", "d/x", nil, "d/[x")},
	{"role/pattern in another case", below(false, "d", "d/x", nil, "D/*")},
	{"role/second of two patterns", below(true, "d", "d/x", nil, "a/*", "d/*")},
	{"role/no pattern fits", below(false, "d", "d/x", nil, "e/*")},
	{"role/no paths at all", below(false, "d", "d/x", nil)},
	{"role/by hash of the path", below(true, "d", "d/x", object{"path_hash_prefixes": []any{"00", hashOf("d/x")[:2]}})},
	{"role/by another hash", below(false, "d", "d/x", object{"path_hash_prefixes": []any{flip(hashOf("d/x")[:2])}})},
	{"role/by hash in upper case", below(false, "d", "d/x", object{"path_hash_prefixes": []any{strings.ToUpper(hashOf("d/x")[:8])}})},
	{"role/by path and by hash", below(false, "d", "d/x", object{"path_hash_prefixes": []any{"00"}}, "d/*")},
	{"role/terminating", func(r *repo) {
		r.delegate("targets", "first", object{"terminating": true}, "d/*")
		r.delegate("targets", "second", nil, "d/*")
		r.addTarget("second", "d/x", []byte("x"))
		r.putAll()
		r.no("d/x")
		r.ok("file")
	}},
	{"role/not terminating", func(r *repo) {
		r.delegate("targets", "first", nil, "d/*")
		r.delegate("targets", "second", nil, "d/*")
		r.addTarget("second", "d/x", []byte("x"))
		r.putAll()
		r.ok("d/x")
	}},
	{"role/no terminating member", func(r *repo) {
		r.delegate("targets", "d", nil, "d/*")
		delete(r.grantOf("targets"), "terminating")
		r.addTarget("d", "d/x", []byte("x"))
		r.putAll()
		r.no("d/x")
	}},
	{"role/two levels", func(r *repo) {
		r.delegate("targets", "a", nil, "d/*")
		r.delegate("a", "b", nil, "d/*")
		r.addTarget("b", "d/x", []byte("x"))
		r.putAll()
		r.ok("d/x")
	}},
	{"role/two levels, the second wider", func(r *repo) {
		r.delegate("targets", "a", nil, "d/*")
		r.delegate("a", "b", nil, "*")
		r.addTarget("b", "x", []byte("x"))
		r.putAll()
		r.no("x")
	}},
	{"role/circle", func(r *repo) {
		r.delegate("targets", "a", nil, "d/*")
		r.delegate("a", "b", nil, "d/*")
		r.delegate("b", "a", nil, "d/*")
		r.addTarget("b", "d/x", []byte("x"))
		r.putAll()
		r.ok("d/x")
		r.no("d/y")
	}},
	{"role/two delegators, one key right", func(r *repo) {
		r.delegate("targets", "a", nil, "d/*")
		r.delegate("targets", "shared", nil, "e/*")
		r.delegate("a", "shared", nil, "d/*")
		at(r.docs["a"], "delegations")["keys"] = object{r.key("other").id: r.key("other").doc}
		r.grantOf("a")["keyids"] = []any{r.key("other").id}
		r.addTarget("shared", "d/x", []byte("x"))
		r.addTarget("shared", "e/x", []byte("x"))
		r.putAll()
		r.ok("e/x")
		r.no("d/x")
	}},
	{"role/the parent lists it first", func(r *repo) {
		r.delegate("targets", "d", nil, "*")
		r.addTarget("d", "file", []byte("another"))
		r.addTarget("targets", "file", []byte("contents"))
		r.putAll()
		r.ok("file")
	}},
	{"role/expired", belowEdit(false, func(o object, _ *repo) { o["expires"] = date(Start) })},
	{"role/expired, not asked for", func(r *repo) {
		r.delegate("targets", "d", nil, "d/*")
		r.docs["d"]["expires"] = date(Start)
		r.putAll()
		r.ok("file")
	}},
	{"role/another version than listed", belowEdit(false, func(o object, r *repo) { at(r.docs["snapshot"], "meta", "d.json")["version"] = 2 })},
	{"role/not in the snapshot", belowEdit(false, func(o object, r *repo) { delete(at(r.docs["snapshot"], "meta"), "d.json") })},
	{"role/signed by another key", belowEdit(false, func(_ object, r *repo) { r.by["d"] = []string{"targets"} })},
	{"role/of another type", belowEdit(false, func(o object, _ *repo) { o["_type"] = "snapshot" })},
	{"role/type by its name", belowEdit(false, func(o object, _ *repo) { o["_type"] = "d" })},
	{"role/threshold of two, both sign", belowEdit(true, func(_ object, r *repo) { r.twoKeys("d", "d", "d2") })},
	{"role/threshold of two, one signs", belowEdit(false, func(_ object, r *repo) { r.twoKeys("d", "d") })},
	{"role/key of an unknown kind beside", func(r *repo) {
		r.delegate("targets", "d", nil, "d/*")
		r.unknown("u", "sphincs+", "sphincs+-shake")
		at(r.docs["targets"], "delegations", "keys")["u-id"] = r.keys["u"].doc
		g := r.grantOf("targets")
		g["keyids"] = append(g["keyids"].([]any), "u-id")
		r.addTarget("d", "d/x", []byte("x"))
		r.putAll()
		r.ok("d/x")
	}},
	{"role/missing", func(r *repo) {
		r.delegate("targets", "d", nil, "d/*")
		r.putAll()
		delete(r.files, "1.d.json")
		r.ok("file")
		r.no("d/x")
	}},
	{"role/name with other characters", below(true, "größe 1", "d/x", nil, "d/*")},
	{"role/name with a slash", below(true, "a/b", "d/x", nil, "d/*")},
	{"role/name that climbs", below(true, "../b", "d/x", nil, "d/*")},
	{"role/name with a percent sign", below(true, "a%2Fb", "d/x", nil, "d/*")},
	{"role/name in capitals", below(true, "D", "d/x", nil, "d/*")},
	{"role/called snapshot", func(r *repo) {
		r.delegate("targets", "d", object{"name": "snapshot"}, "d/*")
		r.putAll()
		r.no("file")
	}},
	{"role/called root", func(r *repo) {
		r.delegate("targets", "d", object{"name": "root"}, "d/*")
		r.putAll()
		r.no("file")
	}},
	{"role/two of one name", func(r *repo) {
		r.delegate("targets", "d", nil, "d/*")
		r.delegate("targets", "d", nil, "e/*")
		r.putAll()
		r.no("file")
	}},
	{"role/empty name", func(r *repo) {
		r.delegate("targets", "d", object{"name": ""}, "d/*")
		r.putAll()
		r.no("file")
	}},
	{"role/delegations null", set(false, "targets", nil, "delegations")},
	{"role/no delegations in the table", set(true, "targets", object{"keys": object{}, "roles": []any{}}, "delegations")},
	{"role/delegations without keys", set(false, "targets", object{"roles": []any{}}, "delegations")},
	{"role/delegations without roles", set(false, "targets", object{"keys": object{}}, "delegations")},
	{"role/succinct", succinct(true, 1)},
	{"role/succinct, 32 bits", succinct(true, 32)},
	{"role/succinct, 0 bits", succinct(false, 0)},
	{"role/succinct, 33 bits", succinct(false, 33)},
	{"role/rolled back", func(r *repo) {
		r.delegate("targets", "d", nil, "d/*")
		r.addTarget("d", "d/x", []byte("x"))
		r.putAll()
		old := r.files["1.d.json"]
		r.publish("d")
		r.ok("d/x")
		r.files["2.d.json"] = old
		r.ok("d/x") // the one that it has is still the one that is listed
		r.docs["d"]["version"] = 0
		r.publish("d")
		r.no("d/x")
	}},
}

func hashOf(name string) string {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:])
}

// flip changes the first digit.
func flip(digits string) string {
	if digits[0] == '0' {
		return "1" + digits[1:]
	}
	return "0" + digits[1:]
}

// below has a role with one target.
func below(accept bool, role, target string, more object, paths ...string) func(*repo) {
	return func(r *repo) {
		r.delegate("targets", role, more, paths...)
		r.addTarget(role, target, []byte("x"))
		r.putAll()
		r.step(accept, target)
	}
}

func belowEdit(accept bool, change func(o object, r *repo)) func(*repo) {
	return func(r *repo) {
		r.delegate("targets", "d", nil, "d/*")
		r.addTarget("d", "d/x", []byte("x"))
		change(r.docs["d"], r)
		r.putAll()
		r.step(accept, "d/x")
	}
}

// twoKeys asks for two signatures.
func (r *repo) twoKeys(role string, by ...string) {
	g := r.grant(at(r.docs["targets"], "delegations", "keys"), 2, []string{role, role + "2"})
	r.grantOf("targets")["keyids"], r.grantOf("targets")["threshold"] = g["keyids"], 2
	r.by[role] = by
}

// succinct has roles by the hash of a target's name.
func succinct(accept bool, bits int) func(*repo) {
	return func(r *repo) {
		keys := object{}
		g := r.grant(keys, 1, []string{"bins"})
		g["bit_length"], g["name_prefix"] = bits, "bin"
		r.docs["targets"]["delegations"] = object{"keys": keys, "succinct_roles": g}
		sum := sha256.Sum256([]byte("d/x"))
		bin := uint64(sum[0])<<24 | uint64(sum[1])<<16 | uint64(sum[2])<<8 | uint64(sum[3])
		bin >>= max(0, 32-bits)
		digits := strings.TrimLeft(hex.EncodeToString([]byte{byte(bin >> 24), byte(bin >> 16), byte(bin >> 8), byte(bin)}), "0")
		role := "bin-" + strings.Repeat("0", max(0, (bits+3)/4-len(digits))) + digits
		r.docs[role] = object{"_type": "targets", "spec_version": "1.0.31", "version": 1, "expires": date(Start.AddDate(1, 0, 0)), "targets": object{}}
		r.by[role] = []string{"bins"}
		at(r.docs["snapshot"], "meta")[role+".json"] = object{"version": 1}
		r.addTarget(role, "d/x", []byte("x"))
		r.putAll()
		r.step(accept, "d/x")
	}
}

// mixed puts a repository together at random, and may spoil it in the end.
func mixed(r *repo) {
	if r.rng.IntN(3) == 0 {
		r.docs["root"]["consistent_snapshot"] = false
	}
	for _, role := range topRoles {
		of := 1 + r.rng.IntN(3)
		r.setKeys(role, 1+r.rng.IntN(of), names(role, of)...)
	}
	target := "file"
	from := "targets"
	for i := range r.rng.IntN(4) {
		role := "role " + itoa(i)
		r.delegate(from, role, nil, "deep/*")
		from, target = role, "deep/x"
		r.addTarget(role, target+itoa(i), []byte(role))
	}
	r.addTarget(from, target, []byte("x"))
	r.putAll()
	r.ok(target)
	for range 1 + r.rng.IntN(3) {
		switch r.rng.IntN(4) {
		case 0:
			old := r.by["root"]
			next := names("root of version "+itoa(r.version("root")+1), 1+r.rng.IntN(3))
			r.setKeys("root", 1, next...)
			r.by["root"] = append(append([]string{}, old...), next...)
			r.publish("root")
			r.by["root"] = next
		case 1:
			r.publish(from)
		case 2:
			r.publish("timestamp")
		case 3:
			r.publish("targets")
		}
		r.ok(target)
	}
	spoil := []func(){
		func() { r.now = Start.AddDate(2, 0, 0) },
		func() { r.by["timestamp"] = []string{"unknown"}; r.publish("timestamp") },
		func() { r.docs["timestamp"]["version"] = 0; r.put("timestamp") },
		func() { at(r.docs["timestamp"], "meta", "snapshot.json")["version"] = 77; r.publish("timestamp") },
		func() { r.by["root"] = []string{"unknown"}; r.publish("root") },
		func() { r.by["targets"] = nil; r.publish("targets") },
	}
	if i := r.rng.IntN(2 * len(spoil)); i < len(spoil) {
		spoil[i]()
		r.no(target)
	}
}

func names(role string, n int) (list []string) {
	for i := range n {
		list = append(list, role+" "+itoa(i))
	}
	return list
}
