// SPDX-License-Identifier: Apache-2.0

package tuf

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/trustroot/internal/tuftest"
)

// The canonical form, as securesystemslib's encode_canonical writes it.
func TestCanonical(t *testing.T) {
	for text, want := range map[string]string{
		` { } `:                         `{}`,
		` [ ] `:                         `[]`,
		`{"b":1,"a":[2,{"d":3,"c":4}]}`: `{"a":[2,{"c":4,"d":3}],"b":1}`,
		`{"a":null,"b":true,"c":false}`: `{"a":null,"b":true,"c":false}`,
		`9007199254740993`:              `9007199254740993`,
		`-123456789012345678901234567890123456789012`: `-123456789012345678901234567890123456789012`,
		`-0`:                   `0`,
		`"\u0041\/\b"`:         "\"A/\b\"",
		`"\"\\\n\u0000<&>"`:    "\"\\\"\\\\\n\x00<&>\"",
		`"\ud83d\ude00\u00e9"`: "\"\U0001F600\u00e9\"",
		// Characters are sorted by code point: not as UTF-16 would have it, and not as they are escaped.
		`{"\ud83d\ude00":1,"\uffff":2,"\u0061":3,"B":4,"\"":5,"":6}`: "{\"\":6,\"\\\"\":5,\"B\":4,\"a\":3,\"\uffff\":2,\"\U0001F600\":1}",
	} {
		if got, err := canonical([]byte(text)); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v, want %q", text, got, err, want)
		}
	}
	for _, text := range []string{
		``, `{`, `{} {}`, `1.0`, `1e3`, `1E3`, `-0.0`, `[1.5]`, `{"a":{"b":1e0}}`, `01`, `-`, `NaN`, `Infinity`, `nul`, `nulll`, `tru`,
		`{"a":1,"a":1}`, `{"a":1,"\u0061":2}`, `{"x":{"a":null,"a":null}}`, `"\ud800"`, "\"\n\"", "\"\xff\"", `[1,]`, strings.Repeat("[", 200) + strings.Repeat("]", 200),
	} {
		if got, err := canonical([]byte(text)); refuse.CodeOf(err) != "tuf.malformed" {
			t.Errorf("%.40s: %q, %v", text, got, err)
		}
	}
}

// signText signs a signed part that is given as text.
func signText(t *testing.T, text string, keys ...string) []byte {
	t.Helper()
	message, err := canonical([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, name := range keys {
		list = append(list, fmt.Sprintf(`{"keyid":%q,"sig":"%x"}`, tuftest.KeyID(name), ed25519.Sign(tuftest.Key(name), message)))
	}
	return []byte(`{"signed":` + text + `,"signatures":[` + strings.Join(list, ",") + `]}`)
}

var everyRole = []string{"first root", "root", "timestamp", "snapshot", "targets"}

// document returns a role's signed part as text.
func document(t *testing.T, r *tuftest.Repo, role string) string {
	t.Helper()
	if role == "root" {
		r.SetVersion("root", 2)
	}
	text, err := json.Marshal(r.Docs[strings.TrimPrefix(role, "first ")])
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Signatures cover the text, with what this client does not know and with
// what go-tuf would write otherwise.
func TestSignaturesCoverTheText(t *testing.T) {
	for _, role := range everyRole {
		for more, code := range map[string]refuse.Code{
			`"x":null`:                               "",
			`"x":9007199254740993`:                   "",
			`"x":18446744073709551616000000`:         "",
			`"x":[[],{}," \u0000\n\"\\<&>",-0,true]`: "",
			`"custom":null`:                          "",
			`"x":{"b":null,"a":1}`:                   "",
			`"x":1.0`:                                "tuf.malformed",
			`"x":1e2`:                                "tuf.malformed",
			`"x":1,"x":1`:                            "tuf.malformed",
			`"x":{"a":1,"a":2}`:                      "tuf.malformed",
			`"version":9`:                            "tuf.malformed", // beside the version that exists
			`"Version":9`:                            "tuf.malformed",
		} {
			r := tuftest.New()
			text := document(t, r, role)
			var data []byte
			if edited := `{` + more + `,` + text[1:]; code == "" {
				data = signText(t, edited, strings.TrimPrefix(role, "first "))
			} else {
				data = []byte(strings.Replace(string(signText(t, text, strings.TrimPrefix(role, "first "))), `{"signed":{`, `{"signed":{`+more+`,`, 1))
			}
			_, err := take(t, r, role, data)
			wantCode(t, role+" with "+more, err, code)
			if code != "" {
				continue
			}
			for _, other := range []string{``, `"x":0,`} {
				_, err := take(t, r, role, []byte(strings.Replace(string(data), more+`,`, other, 1)))
				wantCode(t, role+" with "+more+" changed to "+other, err, "tuf.signature")
			}
		}
	}
}

// pairs are keys of other kinds than Ed25519, with their signers.
func pairs(t *testing.T) map[string]struct {
	public string
	sign   func(message []byte) []byte
} {
	t.Helper()
	type pair = struct {
		public string
		sign   func(message []byte) []byte
	}
	text := func(pub crypto.PublicKey) string {
		der, err := x509.MarshalPKIXPublicKey(pub)
		if err != nil {
			t.Fatal(err)
		}
		return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	}
	must := func(sig []byte, err error) []byte {
		if err != nil {
			t.Fatal(err)
		}
		return sig
	}
	m := map[string]pair{}
	for name, curve := range map[string]elliptic.Curve{"p256": elliptic.P256(), "p384": elliptic.P384()} {
		key, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		m[name] = pair{text(key.Public()), func(message []byte) []byte {
			digest := sha256.Sum256(message)
			if curve == elliptic.P256() {
				return must(ecdsa.SignASN1(rand.Reader, key, digest[:]))
			}
			longer := sha512.Sum384(message)
			return must(ecdsa.SignASN1(rand.Reader, key, longer[:]))
		}}
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for name, salt := range map[string]int{"rsa": rsa.PSSSaltLengthEqualsHash, "rsa of go-tuf": rsa.PSSSaltLengthAuto} {
		m[name] = pair{text(key.Public()), func(message []byte) []byte {
			digest := sha256.Sum256(message)
			return must(rsa.SignPSS(rand.Reader, key, crypto.SHA256, digest[:], &rsa.PSSOptions{SaltLength: salt}))
		}}
	}
	m["pkcs1"] = pair{text(key.Public()), func(message []byte) []byte {
		digest := sha256.Sum256(message)
		return must(rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:]))
	}}
	return m
}

// A key counts under the types and schemes that belong to it.
func TestKindsOfKeys(t *testing.T) {
	all := pairs(t)
	for _, c := range []struct {
		pair, keytype, scheme string
		code                  refuse.Code
	}{
		{"p256", "ecdsa", "ecdsa-sha2-nistp256", ""},
		{"p256", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", ""},
		{"p384", "ecdsa", "ecdsa-sha2-nistp384", ""},
		{"p384", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384", ""},
		{"rsa", "rsa", "rsassa-pss-sha256", ""},
		{"rsa of go-tuf", "rsa", "rsassa-pss-sha256", ""},
		{"pkcs1", "rsa", "rsassa-pss-sha256", "tuf.signature"},
		{"p384", "ecdsa", "ecdsa-sha2-nistp256", "tuf.threshold"},
		{"p256", "ecdsa", "ecdsa-sha2-nistp384", "tuf.threshold"},
		{"rsa", "rsa", "rsa-pkcs1v15-sha256", "tuf.threshold"},
		{"rsa", "ecdsa", "ecdsa-sha2-nistp256", "tuf.threshold"},
		{"p256", "rsa", "rsassa-pss-sha256", "tuf.threshold"},
		{"p256", "ecdsa", "", "tuf.threshold"},
		{"p256", "ed25519", "ed25519", "tuf.threshold"},
		{"p256", "ml-dsa", "ml-dsa-65", "tuf.threshold"},
	} {
		r := tuftest.New()
		root := r.Docs["root"]
		root["keys"].(object)["k"] = object{"keytype": c.keytype, "scheme": c.scheme, "keyval": object{"public": all[c.pair].public}}
		root["roles"].(object)["timestamp"] = object{"keyids": []any{"k"}, "threshold": 1}
		r.SetVersion("root", 0)
		r.Publish("root")
		text := document(t, r, "timestamp")
		message, err := canonical([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		data := fmt.Sprintf(`{"signed":%s,"signatures":[{"keyid":"k","sig":%q}]}`, text, hex.EncodeToString(all[c.pair].sign(message)))
		_, err = take(t, r, "timestamp", []byte(data))
		wantCode(t, fmt.Sprint(c), err, c.code)
	}
}

// strange are keys that do not count.
var strange = map[string]object{
	"an unknown kind":         {"keytype": "ml-dsa", "scheme": "ml-dsa-65", "keyval": object{"public": "00"}},
	"an identity":             {"keytype": "sigstore-oidc", "scheme": "Fulcio", "keyval": object{"identity": "a@example.com", "issuer": "https://issuer.example"}},
	"an unknown scheme":       {"keytype": "ed25519", "scheme": "ed25519ph", "keyval": object{"public": key32}},
	"no kind":                 {"keytype": "", "scheme": "", "keyval": object{}},
	"a short Ed25519 key":     {"keytype": "ed25519", "scheme": "ed25519", "keyval": object{"public": key32[2:]}},
	"a long Ed25519 key":      {"keytype": "ed25519", "scheme": "ed25519", "keyval": object{"public": key32 + "00"}},
	"no hexadecimal":          {"keytype": "ed25519", "scheme": "ed25519", "keyval": object{"public": key32 + "x"}},
	"a key of small order":    {"keytype": "ed25519", "scheme": "ed25519", "keyval": object{"public": zeros32}},
	"the key 01 of order one": {"keytype": "ed25519", "scheme": "ed25519", "keyval": object{"public": "01" + zeros32[2:]}},
	"no PEM":                  {"keytype": "ecdsa", "scheme": "ecdsa-sha2-nistp256", "keyval": object{"public": "x"}},
	"no RSA key":              {"keytype": "rsa", "scheme": "rsassa-pss-sha256", "keyval": object{"public": ""}},
	"nothing":                 nil,
}

// A key that is strange, or not listed, does not count, and blocks no
// threshold that the others meet.
func TestStrangeKeys(t *testing.T) {
	for _, role := range everyRole {
		doc := strings.TrimPrefix(role, "first ")
		for what, key := range strange {
			for threshold, code := range map[int]refuse.Code{1: "", 2: "", 3: "tuf.threshold"} {
				r := tuftest.New()
				r.SetKeys(doc, threshold, doc, "second")
				root := r.Docs["root"]
				if key != nil {
					root["keys"].(object)["strange"] = maps.Clone(key)
				}
				grant := root["roles"].(object)[doc].(object)
				grant["keyids"] = append([]any{"strange"}, grant["keyids"].([]any)...)
				if doc != "root" {
					r.SetVersion("root", 0)
					r.Publish("root")
				}
				text := document(t, r, role)
				data := signText(t, text, doc, "second")
				// of small order: R = the identity and S = 0 hold for every message
				data = []byte(strings.Replace(string(data), `"signatures":[`, `"signatures":[{"keyid":"strange","sig":"01`+strings.Repeat("00", 63)+`"},`, 1))
				from := r
				if doc == "root" {
					from = tuftest.New()
				}
				_, err := take(t, from, role, data)
				wantCode(t, fmt.Sprintf("%s, %s, threshold %d", role, what, threshold), err, code)
			}
		}
	}
}

// Signatures that are broken, or by keys that have no say, neither count nor
// block those that are good.
func TestBrokenSignatures(t *testing.T) {
	for _, role := range everyRole {
		doc := strings.TrimPrefix(role, "first ")
		for _, other := range []string{
			`{"keyid":"SECOND","sig":"abcd123"}`, `{"keyid":"SECOND","sig":""}`, `{"keyid":"SECOND","sig":"xyz"}`, `{"keyid":"SECOND","sig":"00"}`,
			`{"keyid":"unknown","sig":"abcd123"}`, `{"keyid":"","sig":""}`, `{"keyid":"SECOND","sig":"` + strings.Repeat("00", 64) + `"}`,
			`{"keyid":"SECOND","sig":"` + strings.Repeat("f", 1000) + `"}`,
		} {
			other = strings.ReplaceAll(other, "SECOND", tuftest.KeyID("second"))
			for threshold, code := range map[int]refuse.Code{1: "", 2: "tuf.signature"} {
				for _, first := range []bool{true, false} {
					r := tuftest.New()
					r.SetKeys(doc, threshold, doc, "second")
					from := tuftest.New()
					if doc != "root" {
						r.SetVersion("root", 0)
						r.Publish("root")
						from = r
					}
					data := string(signText(t, document(t, r, role), doc))
					if first {
						data = strings.Replace(data, `"signatures":[`, `"signatures":[`+other+`,`, 1)
					} else {
						data = strings.Replace(data, `}]}`, `},`+other+`]}`, 1)
					}
					if strings.Count(data, "keyid\":") < 2 {
						t.Fatal(data)
					}
					_, err := take(t, from, role, []byte(data))
					wantCode(t, fmt.Sprintf("%s, %.60s, threshold %d", role, other, threshold), err, code)
				}
			}
		}
	}
}

// One public key is one signer: under two IDs, in two spellings, as often as
// it signs, and as often as its ID is listed.
func TestOneKeyCountsOnce(t *testing.T) {
	for _, role := range everyRole {
		doc := strings.TrimPrefix(role, "first ")
		for what, spell := range map[string]func(hexKey string) string{
			"the same": func(s string) string { return s }, "upper case": strings.ToUpper,
		} {
			for threshold, code := range map[int]refuse.Code{1: "", 2: "tuf.threshold"} {
				r, from := tuftest.New(), tuftest.New()
				root := r.Docs["root"]
				alias := tuftest.PublicKey(doc)
				alias["keyval"].(object)["public"] = spell(alias["keyval"].(object)["public"].(string))
				alias["unknown"] = "makes another ID"
				root["keys"].(object)["alias"] = alias
				id := tuftest.KeyID(doc)
				root["roles"].(object)[doc] = object{"keyids": []any{id, "alias", id, "alias"}, "threshold": threshold}
				if doc != "root" {
					r.SetVersion("root", 0)
					r.Publish("root")
					from = r
				}
				data := string(signText(t, document(t, r, role), doc))
				_, sig, _ := strings.Cut(data, `"sig":`)
				data = strings.Replace(data, `"signatures":[`, `"signatures":[{"keyid":"alias","sig":`+strings.TrimSuffix(sig, "]}")+`,`, 1)
				_, err := take(t, from, role, []byte(data))
				wantCode(t, fmt.Sprintf("%s, %s, threshold %d", role, what, threshold), err, code)
			}
		}
	}
}

// A new root needs the keys of the root before it and its own.
func TestRootsNeedBothKeys(t *testing.T) {
	for name, c := range map[string]struct {
		signers []string
		code    refuse.Code
	}{
		"both": {[]string{"root", "new"}, ""}, "the old": {[]string{"root"}, "tuf.signature"},
		"the new": {[]string{"new"}, "tuf.signature"}, "neither": {nil, "tuf.signature"},
	} {
		r := tuftest.New()
		w := started(t, r)
		r.SetKeys("root", 1, "new")
		_, err := w.Advance(signText(t, document(t, r, "root"), c.signers...))
		wantCode(t, name, err, c.code)
		if want := map[bool]int64{true: 2, false: 1}[err == nil]; w.Root().Version != want || w.set.Root.Signed.Version != want {
			t.Errorf("%s: version %d", name, w.Root().Version)
		}
	}
}

// A threshold that slipped past the shape refuses.
func TestZeroTrust(t *testing.T) {
	h := &header{signed: []byte("{}")}
	for _, n := range []int{0, -1, -1 << 31} {
		wantCode(t, fmt.Sprint(n), trust{role: "x", threshold: n}.check(h), "tuf.threshold")
	}
	wantCode(t, "no keys", trust{role: "x", threshold: 1}.check(h), "tuf.threshold")
}

// What has been taken is not taken again, older or the same.
func TestOrderOfUpdates(t *testing.T) {
	r := tuftest.New()
	old := r.File("timestamp.json")
	r.Publish("timestamp")
	r.Publish("root")
	w := upTo(t, r, "timestamp", Floors{})
	_, err := w.Timestamp(r.File("timestamp.json"), nil)
	wantCode(t, "timestamp", err, "")
	_, err = w.Timestamp(r.File("timestamp.json"), nil)
	wantCode(t, "the same again", err, "tuf.malformed")
	_, err = w.Timestamp(old, nil)
	wantCode(t, "an older one", err, "tuf.rollback")
	_, err = w.Advance(r.File("2.root.json"))
	wantCode(t, "a root after the timestamp", err, "tuf.malformed")
}

// A date with a fraction of a second is read, and its bytes are what the
// signatures cover.
func TestFractionalExpiry(t *testing.T) {
	for _, role := range everyRole {
		for _, date := range []string{"2027-01-01T00:00:00.5Z", "2027-01-01T00:00:00.123456789Z", "2027-01-01T00:00:00.000Z", "2027-01-01T00:00:00.50Z"} {
			r := tuftest.New()
			r.Docs[strings.TrimPrefix(role, "first ")]["expires"] = date
			f, err := take(t, r, role, signText(t, document(t, r, role), strings.TrimPrefix(role, "first ")))
			wantCode(t, role+" "+date, err, "")
			if want, _ := time.Parse(time.RFC3339Nano, date); !f.Expires.Equal(want) {
				t.Errorf("%s: expires %v, want %v", role, f.Expires, want)
			}
			if !strings.Contains(string(f.Data), date) {
				t.Errorf("%s: %s is gone", role, date)
			}
		}
	}
}
