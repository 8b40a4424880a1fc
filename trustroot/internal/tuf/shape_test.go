// SPDX-License-Identifier: Apache-2.0

package tuf

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/trustroot/internal/tuftest"
)

const (
	head      = `"spec_version":"1.0.31","version":3,"expires":"2027-01-01T00:00:00Z"`
	tail      = `},"signatures":[{"keyid":"a","sig":"00"}]}`
	goodKeys  = `"keys":{"k":{"keytype":"ed25519","scheme":"ed25519","keyval":{"public":"` + key32 + `"}}}`
	zeros32   = "0000000000000000000000000000000000000000000000000000000000000000"
	key32     = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a" // RFC 8032, Section 7.1
	goodGrant = `{"keyids":["k"],"threshold":1}`
)

// whole are well-formed files of every kind, "bins" being targets with
// succinct roles. The tests below change one place of them.
var whole = map[string]string{
	"root": `{"signed":{"_type":"root",` + head + `,"consistent_snapshot":true,` + goodKeys +
		`,"roles":{"root":` + goodGrant + `,"timestamp":` + goodGrant + `,"snapshot":` + goodGrant + `,"targets":` + goodGrant + `}` + tail,
	"timestamp": `{"signed":{"_type":"timestamp",` + head + `,"meta":{"snapshot.json":{"version":1,"length":7,"hashes":{"x":"00"}}}` + tail,
	"snapshot":  `{"signed":{"_type":"snapshot",` + head + `,"meta":{"targets.json":{"version":1}}` + tail,
	"targets": `{"signed":{"_type":"targets",` + head + `,"targets":{"file":{"length":0,"hashes":{"sha256":"00"},"custom":{}}},"delegations":{` + goodKeys +
		`,"roles":[{"name":"role","keyids":["k"],"threshold":1,"terminating":true,"paths":["*"]}]}` + tail,
	"bins": `{"signed":{"_type":"targets",` + head + `,"targets":{},"delegations":{` + goodKeys +
		`,"succinct_roles":{"keyids":["k"],"threshold":1,"bit_length":8,"name_prefix":"bin"}}` + tail,
}

func kindOf(name string) string {
	if name == "bins" {
		return TargetsRole
	}
	return name
}

// times repeats an element with its number in the place of each %d.
func times(n int, element string) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strings.ReplaceAll(element, "%d", fmt.Sprint(i)))
	}
	return b.String()
}

func TestShape(t *testing.T) {
	for name, data := range whole {
		h, err := checkShape(kindOf(name), []byte(data))
		if err != nil || h.version != 3 || !h.expires.Equal(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)) {
			t.Errorf("%s: %+v, %v", name, h, err)
		}
	}
	const malformed, role = refuse.Code("tuf.malformed"), `{"name":"role","keyids":["k"],"threshold":1,"terminating":true,"paths":["*"]}`
	for _, c := range []struct {
		file, what, with string
		code             refuse.Code // "": still good
		words            string
	}{
		{"root", `"_type":"root"`, `"_type":"targets"`, malformed, `type "targets"`},
		{"root", `"1.0.31"`, `"1.0"`, "", ""},
		{"root", `"1.0.31"`, `"1.99.0"`, "", ""},
		{"root", `"1.0.31"`, `"1"`, malformed, "specification version"},
		{"root", `"1.0.31"`, `"1."`, malformed, "specification version"},
		{"root", `"1.0.31"`, `"1.x"`, malformed, "specification version"},
		{"root", `"1.0.31"`, `"1.0.31.4"`, malformed, "specification version"},
		{"root", `"1.0.31"`, `"1.-1"`, malformed, "specification version"},
		{"root", `"1.0.31"`, `"10.0"`, malformed, "specification version"},
		{"root", `"1.0.31"`, `"2.0.0"`, malformed, "specification version"},
		{"root", `"version":3`, `"version":1`, "", ""},
		{"root", `"version":3`, `"version":0`, malformed, "0 is less than 1"},
		{"root", `"version":3`, `"version":"3"`, malformed, "not a string"},
		{"root", `00Z"`, `00.0Z"`, "", ""},
		{"timestamp", `00Z"`, `00.000Z"`, "", ""},
		{"snapshot", `00Z"`, `00.000000000Z"`, "", ""},
		{"root", `00Z"`, `00,0Z"`, malformed, "expiry date"},
		{"root", `00Z"`, `00.Z"`, malformed, "expiry date"},
		{"root", `00Z"`, `00.0"`, malformed, "expiry date"},
		{"root", `00Z"`, `00.0z"`, malformed, "expiry date"},
		{"root", `00:00Z"`, `00Z"`, malformed, "want the form 2006-01-02T15:04:05Z"},
		{"root", `00Z"`, `00+00:00"`, malformed, "expiry date"},
		{"root", `"expires":"2027-01-01T00:00:00Z"`, `"expires":"2027-02-30T00:00:00Z"`, malformed, "expiry date"},
		{"root", `"_type":"root",`, ``, malformed, "no _type"},
		{"root", `"spec_version":"1.0.31",`, ``, malformed, "no spec_version"},
		{"root", `"version":3,`, ``, malformed, "no version"},
		{"root", `"expires":"2027-01-01T00:00:00Z",`, ``, malformed, "no expires"},
		{"root", goodKeys + `,`, ``, malformed, "no keys"},
		{"root", `"roles":`, `"others":`, malformed, "no roles"},
		{"timestamp", `"meta":`, `"others":`, malformed, "no meta"},
		{"snapshot", `"meta":`, `"others":`, malformed, "no meta"},
		{"bins", `"targets":{}`, `"others":{}`, malformed, "no targets"},
		{"root", `"consistent_snapshot":true,`, ``, "", ""},
		{"root", `"consistent_snapshot":true`, `"consistent_snapshot":1`, malformed, ""},
		{"timestamp", `"signed":{`, `"signed":{"consistent_snapshot":1,"keys":1,"roles":1,"targets":1,"delegations":1,"unknown":[{}],`, "", ""},
		{"targets", `"signed":{`, `"signed":{"meta":1,"roles":1,`, "", ""},
		{"root", `"signed":`, `"unsigned":`, malformed, "no signed part"},
		{"root", `"signatures":`, `"others":`, malformed, "no signatures"},
		{"root", `"signed":`, `"unknown":[{}],"signed":`, "", ""},
		{"root", `]}`, `]}x`, malformed, ""},

		{"root", `"keyid":"a",`, ``, malformed, "lacks its keyid"},
		{"root", `,"sig":"00"`, ``, malformed, "or its sig"},
		{"root", `"sig":"00"`, `"sig":"0"`, "", ""}, // does not count, and blocks no other
		{"root", `"sig":"00"`, `"sig":0`, malformed, ""},
		{"root", `"sig":"00"`, `"sig":"00","unknown":[]`, "", ""},
		{"root", `[{"keyid":"a","sig":"00"}]`, `[]`, "", ""},
		{"root", `[{"keyid":"a","sig":"00"}]`, `[{"keyid":"a","sig":"00"},{"keyid":"a","sig":"01"}]`, malformed, `name the key "a"`},
		{"root", `[{"keyid":"a","sig":"00"}]`, `[` + times(256, `{"keyid":"%d","sig":"00"}`) + `]`, "", ""},
		{"root", `[{"keyid":"a","sig":"00"}]`, `[` + times(257, `{"keyid":"%d","sig":"00"}`) + `]`, malformed, "256"},

		{"root", `"keytype":"ed25519",`, ``, malformed, "a key lacks"},
		{"root", `"scheme":"ed25519",`, ``, malformed, "a key lacks"},
		{"root", `"public":"` + key32 + `"`, ``, "", ""}, // of a kind that has none
		{"root", `"public":"` + key32 + `"`, `"public":1`, malformed, ""},
		{"root", `"keyval":{"public":"` + key32 + `"}`, `"other":{}`, malformed, "a key lacks"},
		{"root", `"public":`, `"unknown":[],"public":`, "", ""},
		{"root", `"keyval":`, `"unknown":[],"keyval":`, "", ""},
		{"root", `"keytype":"ed25519"`, `"keytype":"rsa"`, "", ""},
		{"root", `"keytype":"ed25519","scheme":"ed25519","keyval":{"public":"` + key32, `"keytype":"other","scheme":"","keyval":{"public":"text`, "", ""},
		{"root", goodKeys, `"keys":{` + times(1024, `"%d":{"keytype":"","scheme":"","keyval":{"public":""}}`) + `}`, "", ""},
		{"root", goodKeys, `"keys":{` + times(1025, `"%d":{"keytype":"","scheme":"","keyval":{"public":""}}`) + `}`, malformed, "more than 1024 keys"},

		{"root", `"keyids":["k"],`, ``, malformed, "lacks its keyids"},
		{"root", `,"threshold":1`, ``, malformed, "or its threshold"},
		{"root", `"keyids":["k"]`, `"keyids":[1]`, malformed, ""},
		{"root", `"keyids":["k"]`, `"keyids":[` + times(1024, `"k"`) + `]`, "", ""},
		{"root", `"keyids":["k"]`, `"keyids":[` + times(1025, `"k"`) + `]`, malformed, "1024"},
		{"root", `"threshold":1`, `"threshold":1024`, "", ""},
		{"root", `"threshold":1`, `"threshold":1025`, "tuf.threshold", "1025"},
		{"root", `"threshold":1`, `"threshold":0`, "tuf.threshold", "0"},
		{"root", `"threshold":1`, `"threshold":-2147483648`, "tuf.threshold", "-2147483648"},
		{"root", `"threshold":1`, `"threshold":-2147483649`, malformed, "is less than"},
		{"root", `"threshold":1`, `"threshold":"1"`, malformed, "not a string"},
		{"root", `"threshold":1`, `"threshold":1,"unknown":[{}]`, "", ""},
		{"root", `"root":{`, `"other":{`, malformed, "no role root"},
		{"root", `"timestamp":{`, `"other":{`, malformed, "no role timestamp"},
		{"root", `"snapshot":{`, `"other":{`, malformed, "no role snapshot"},
		{"root", `"targets":{`, `"other":{`, malformed, "no role targets"},
		{"root", `"root":{`, times(1020, `"%d":`+goodGrant) + `,"root":{`, "", ""},
		{"root", `"root":{`, times(1021, `"%d":`+goodGrant) + `,"root":{`, malformed, "more than 1024 roles"},

		{"timestamp", `"snapshot.json"`, `"other.json"`, malformed, "does not list snapshot.json"},
		{"timestamp", `"snapshot.json":{`, `"snapshot.json":{"version":2},"other.json":{`, "", ""},
		{"snapshot", `"targets.json"`, `"snapshot.json"`, malformed, "does not list targets.json"},
		{"snapshot", `{"version":1}`, `{}`, malformed, "without a version"},
		{"snapshot", `{"version":1}`, `null`, malformed, ""},
		{"snapshot", `{"version":1}`, `{"version":0}`, malformed, "0 is less than 1"},
		{"timestamp", `"length":7`, `"length":-1`, malformed, "-1 is less than 0"},
		{"timestamp", `"length":7`, `"length":0`, malformed, "length 0"},
		{"timestamp", `"length":7,`, ``, "", ""},
		{"timestamp", `"x":"00"`, ``, malformed, "without one"},
		{"timestamp", `,"hashes":{"x":"00"}`, ``, "", ""},
		{"timestamp", `T00:00:00Z`, `T0:00:00Z`, malformed, "expiry date"},
		{"timestamp", `T00:00:00Z`, `T9:00:00.5Z`, malformed, "expiry date"},
		{"targets", `"terminating":true,`, ``, malformed, "terminating"},
		{"timestamp", `"x":"00"`, `"x":"0"`, malformed, "not hexadecimal"},
		{"targets", `"length":0,`, ``, malformed, "without its length"},
		{"targets", `"length":0`, `"length":-1`, malformed, "-1 is less than 0"},
		{"targets", `"sha256":"00"`, ``, malformed, "without a hash"},
		{"targets", `"hashes":{"sha256":"00"},`, ``, malformed, "without a hash"},
		{"targets", `"length":0`, `"length":0,"version":"any"`, "", ""},
		{"targets", `"file":{"length":0,"hashes":{"sha256":"00"},"custom":{}}`, ``, "", ""},

		{"targets", goodKeys + `,"roles"`, `"roles"`, malformed, "delegations without keys"},
		{"targets", `"roles":[` + role + `]`, `"unknown":[]`, malformed, "not of exactly one kind"},
		{"bins", `"succinct_roles":`, `"roles":[],"succinct_roles":`, malformed, "not of exactly one kind"},
		{"targets", role, ``, "", ""},
		{"targets", role, role + `,` + role, malformed, `two delegations to "role"`},
		{"targets", `"paths":["*"]`, `"path_hash_prefixes":["0"]`, "", ""},
		{"targets", `"paths":["*"]`, `"paths":["*"],"path_hash_prefixes":["0"]`, malformed, "by paths and by hashes"},
		{"targets", `"paths":["*"]`, `"paths":[1]`, malformed, ""},
		{"targets", `"paths":["*"]`, `"paths":[` + times(1024, `"*"`) + `]`, "", ""},
		{"targets", `"paths":["*"]`, `"paths":[` + times(1025, `"*"`) + `]`, malformed, "1024"},
		{"targets", `"paths":["*"]`, `"path_hash_prefixes":[` + times(65536, `"0"`) + `]`, "", ""},
		{"targets", `"paths":["*"]`, `"path_hash_prefixes":[` + times(65537, `"0"`) + `]`, malformed, "65536"},
		{"targets", `"terminating":true`, `"terminating":1`, malformed, ""},
		{"targets", `"name":"role"`, `"name":"` + strings.Repeat("x", 128) + `"`, "", ""},
		{"targets", `"name":"role"`, `"name":"` + strings.Repeat("x", 129) + `"`, "tuf.name", "129 bytes"},
		{"targets", `"name":"role",`, ``, "tuf.name", "0 bytes"},
		{"targets", role, times(1024, strings.Replace(role, "role", "%d", 1)), "", ""},
		{"targets", role, times(1025, strings.Replace(role, "role", "%d", 1)), malformed, "1024"},
		{"bins", `,"name_prefix":"bin"`, ``, malformed, "name prefix"},
		{"bins", `"bit_length":8,`, ``, malformed, "0 bits"},
		{"bins", `"bit_length":8`, `"bit_length":0`, malformed, "0 is less than 1"},
		{"bins", `"bit_length":8`, `"bit_length":1`, "", ""},
		{"bins", `"bit_length":8`, `"bit_length":32`, "", ""},
		{"bins", `"bit_length":8`, `"bit_length":33`, malformed, "33 bits"},
		{"bins", `"bin"`, `1`, malformed, ""},
		{"bins", `"succinct_roles":`, `"unknown":[{}],"succinct_roles":`, "", ""},
	} {
		data := strings.Replace(whole[c.file], c.what, c.with, 1)
		if data == whole[c.file] {
			t.Fatalf("%s has no %s", c.file, c.what)
		}
		_, err := checkShape(kindOf(c.file), []byte(data))
		if refuse.CodeOf(err) != c.code || err != nil && !strings.Contains(err.Error(), c.words) {
			t.Errorf("%s, %.60s instead of %.60s: %.300v, want %s %q", c.file, c.with, c.what, err, c.code, c.words)
		}
	}
}

// go-tuf takes a member for another that differs in case only: an object with
// both would be checked by one and used by the other. memberNames are all the
// members that it reads.
func TestMembersAreSpelledOneWay(t *testing.T) {
	for _, v := range []any{
		metadata.Metadata[metadata.RootType]{}, metadata.Signature{}, metadata.RootType{}, metadata.TimestampType{}, metadata.SnapshotType{}, metadata.TargetsType{},
		metadata.Key{}, metadata.KeyVal{}, metadata.Role{}, metadata.MetaFiles{}, metadata.TargetFiles{}, metadata.Delegations{}, metadata.DelegatedRole{}, metadata.SuccinctRoles{},
	} {
		for typ, i := reflect.TypeOf(v), 0; i < typ.NumField(); i++ {
			name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
			if typ.Field(i).IsExported() && name != "-" && !slices.Contains(memberNames, name) {
				t.Errorf("go-tuf reads %q in %s", name, typ)
			}
		}
	}
	for name, data := range whole {
		var doc any
		if err := json.Unmarshal([]byte(data), &doc); err != nil {
			t.Fatal(err)
		}
		for _, at := range places(doc, nil) {
			key, _ := at[len(at)-1].(string)
			if !slices.Contains(memberNames, key) || slices.Contains(at, "custom") || strings.HasSuffix(fmt.Sprint(at), "roles "+key+"]") {
				continue // the name of a role is no member
			}
			for _, other := range []string{strings.ToUpper(key), strings.Replace(key, "s", "\u017f", 1)} {
				if other == key {
					continue
				}
				bad, err := json.Marshal(replaced(doc, append(slices.Clone(at[:len(at)-1]), other), nil))
				if err != nil {
					t.Fatal(err)
				}
				if _, err := checkShape(kindOf(name), bad); refuse.CodeOf(err) != "tuf.malformed" || !strings.Contains(err.Error(), "otherwise") {
					t.Errorf("%s: %q beside %v: %v", name, other, at, err)
				}
			}
		}
	}
}

// A root that signs itself, with what would crash go-tuf out of its place.
func TestMembersOfAHostileRoot(t *testing.T) {
	for name, spoil := range map[string]func(root object){
		"no roles": func(root object) { root["Roles"] = object{"root": nil} },
		"a key of one byte": func(root object) {
			key := root["keys"].(object)[tuftest.KeyID("root")].(object)
			key["keytype"], key["\u212aeytype"] = "other", "ed25519"
			key["keyval"].(object)["public"] = "00"
		},
	} {
		r := tuftest.New()
		spoil(r.Docs["root"])
		r.Put("root")
		if _, err := Start(r.File("1.root.json")); refuse.CodeOf(err) != "tuf.malformed" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
