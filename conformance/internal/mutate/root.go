// SPDX-License-Identifier: Apache-2.0

package mutate

import (
	"crypto/x509"
	"strings"
	"time"

	"github.com/sigbundle/sigbundle/verify/report"

	"github.com/sigbundle/sigbundle/trustroot"
)

// anyRefusal are the codes that a trust root can cause which lacks what a
// bundle needs, or has something else in its place.
const anyRefusal = " chain.untrusted chain.window chain.expired chain.profile sct.signature sct.window sct.unknown_log sct.missing tlog.unknown_log tlog.window" +
	" tlog.threshold tlog.checkpoint.unsigned tlog.checkpoint.signature tlog.checkpoint.origin tlog.promise.signature tlog.promise.unexpected tlog.entry.generation" +
	" timestamp.signature timestamp.window timestamp.threshold timestamp.chain timestamp.profile timestamp.signer time.none "

var trustExpectations = []expectation{
	{"start: at the time|end: at the time|end: null", "root/*", "=trust", nil},
	{"start: 1 ms late|end: 1 ms early", "root/tlogs", "tlog.window", nil},
	{"start: 1 ms late|end: 1 ms early", "root/ctlogs", "sct.window", nil},
	{"start: 1 ms late|end: 1 ms early", "root/certificateAuthorities", "chain.window", nil},
	{"start: 1 ms late|end: 1 ms early", "root/timestampAuthorities", "timestamp.window", nil},
	{"no window", "root/tlogs|root/ctlogs", "trust.window", nil},
	{"no window", "root/*", "trust.window =trust", nil},
	{"end before start|malformed date", "root/*", "trust.window trust.malformed", nil},
	{"swapped keys", "root/*", "trust.key trust.duplicate" + anyRefusal + "=trust", nil},
	{"duplicate id", "root/*", "trust.duplicate", nil},
	{"duplicate entry", "root/*", "=trust", nil},
	{"unknown key type in another log", "root/*", "=trust", nil},
	{"invalid UTF-8", "root/*", "trust.malformed", nil},
	{"double member|double member, first null|double member, snake case", "root/*", "trust.malformed trust.duplicate", nil},
	{"unknown member", "root/*", "=trust", nil},
	{"*", "root/mediaType", "trust.media_type trust.malformed =trust", nil},
	{"*", "root/*", "trust.malformed trust.media_type trust.window trust.limit trust.duplicate trust.conflict trust.key =trust" + anyRefusal, nil},

	{"drop all", "policy", "policy.empty", nil},
	{"empty|both|absent", "policy/*", "policy.identity", nil},
	{"unknown extension", "policy/*", "policy.extension", nil},
	{"open parenthesis", "policy/*", "policy.regexp", nil},
	{"whole as a pattern", "policy/*", "=policy", nil},
	{"*", "policy/san", "identity.san", nil},
	{"*", "policy/issuer", "identity.issuer", nil},
	{"another key", "policy/keys", "tlog.entry.key tlog.entry.malformed signature.invalid", nil},
	{"another hint", "policy/keys", "key.hint", nil},
	{"*", "policy/keys", "key.missing key.unexpected policy.key", nil},
	{"*", "policy/extension", "identity.extension", nil},
	{"*", "policy/predicateTypes", "statement.predicate_type", nil},
	{"one more", "policy/require.logs", "tlog.threshold", nil},
	{"one more", "policy/require.scts", "sct.threshold sct.missing", nil},
	{"one more", "policy/require.timestamps", "timestamp.threshold", nil},
	{"one more", "policy/require.times", "time.threshold", nil},
	{"another artifact", "artifact", "artifact.mismatch signature.invalid tlog.entry.digest", nil},
}

// rootMutants emits mutants of the trust root: of its windows for every
// bundle, of everything for a few.
func rootMutants(s *subject, donors [][]byte, yield func(*Mutant)) {
	doc, err := parseNode(s.Root)
	if err != nil {
		return
	}
	var others []*node
	for _, d := range donors {
		if other, err := parseNode(d); err == nil {
			others = append(others, other)
		}
	}
	to := func(operator, place string, make func() []byte) {
		yield(&Mutant{Case: s, Operator: operator, Place: "root/" + place, other: func() (*subject, error) {
			data := make()
			root, err := trustroot.Parse(data)
			if err != nil {
				return nil, err
			}
			return s.under(root, s.Policy)
		}})
	}
	windowMutants(s, doc, to)
	idMutants(doc, to)
	if strings.Contains(s.Name, "both logs") || strings.HasPrefix(s.Name, "github") {
		inner := func(place string) format {
			if strings.HasSuffix(place, ".rawBytes") {
				return both(byteMutants, derMutants)
			}
			return nil
		}
		jsonMutants(doc, others, "", inner, to)
	}
}

// windowMutants moves the edges of all windows of a kind to the one time that
// a bundle was signed at, and past it by the least amount.
func windowMutants(s *subject, doc *node, to emit) {
	rep := s.proved.result.Report
	if len(rep.Times) == 0 {
		return
	}
	for _, t := range rep.Times {
		if !t.Time.Equal(rep.Times[0].Time.Time) {
			return // no single edge
		}
	}
	signed := rep.Times[0].Time.Time
	stamps := false
	for _, t := range rep.Times {
		stamps = stamps || t.Source == "rfc3161"
	}
	scts := signed
	for _, f := range rep.Checks[report.CheckSCTs].Facts {
		scts = f.At.Time
	}
	for _, k := range []struct {
		name string
		at   time.Time
		used bool
	}{
		{"tlogs", signed, len(s.parsed.Entries) > 0},
		{"ctlogs", scts, len(rep.Checks[report.CheckSCTs].Facts) > 0},
		{"certificateAuthorities", signed, s.parsed.Leaf != nil},
		{"timestampAuthorities", signed, stamps},
	} {
		if !k.used || doc.get(k.name) == nil {
			continue
		}
		window := func(operator, start, end string) {
			to(operator, k.name, func() []byte { return withWindow(doc, k.name, start, end) })
		}
		early, late := k.at.AddDate(-1, 0, 0), k.at.AddDate(1, 0, 0)
		window("start: at the time", date(k.at), date(late))
		window("start: 1 ms late", date(k.at.Add(time.Millisecond)), date(late))
		window("end: at the time", date(early), date(k.at))
		window("end: 1 ms early", date(early), date(k.at.Add(-time.Millisecond)))
		window("end: null", date(early), "null")
		window("no window", "", "")
		window("end before start", date(k.at), date(k.at.Add(-time.Second)))
		window("malformed date", `"yesterday"`, date(late))
		window("malformed date", date(early), `"2025-02-30T00:00:00Z"`)
		window("malformed date", date(early), `""`)
	}
}

func date(t time.Time) string { return `"` + t.UTC().Format(time.RFC3339Nano) + `"` }

// withWindow sets the window of all instances of a kind.
func withWindow(doc *node, kind, start, end string) []byte {
	c := doc.clone()
	for _, instance := range c.get(kind).items {
		if key := instance.get("publicKey"); key != nil {
			instance = key
		}
		w := &node{kind: '{'}
		if start != "" {
			w.set("start", raw(start))
		}
		if end != "" {
			w.set("end", raw(end))
		}
		instance.set("validFor", w)
	}
	return c.write()
}

// idMutants mixes up the logs.
func idMutants(doc *node, to emit) {
	for _, kind := range []string{"tlogs", "ctlogs"} {
		list := doc.get(kind)
		if list == nil || len(list.items) == 0 {
			continue
		}
		with := func(operator string, change func(l *node)) {
			to(operator, kind, func() []byte {
				c := doc.clone()
				change(c.get(kind))
				return c.write()
			})
		}
		with("duplicate entry", func(l *node) { l.items = append(l.items, l.items[0].clone()) })
		with("duplicate id", func(l *node) {
			other := l.items[0].clone()
			other.get("publicKey").set("validFor", raw(`{"start":"1999-01-01T00:00:00Z"}`))
			l.items = append(l.items, other)
		})
		with("unknown key type in another log", func(l *node) {
			other := l.items[0].clone()
			other.set("logId", raw(`{"keyId":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}`))
			other.get("publicKey").set("keyDetails", str("PKIX_UNHEARD_OF"))
			l.items = append([]*node{other}, l.items...)
		})
		if len(list.items) > 1 {
			with("swapped keys", func(l *node) {
				a, b := l.items[0], l.items[1]
				x, y := a.get("publicKey"), b.get("publicKey")
				a.set("publicKey", y)
				b.set("publicKey", x)
			})
		}
	}
}

// stranger is a key that no one signed with.
func stranger() (any, error) {
	const spki = "\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00\xd7\x5a\x98\x01\x82\xb1\x0a\xb7\xd5\x4b\xfe\xd3\xc9\x64\x07\x3a\x0e\xe1\x72\xf3\xda\xa6\x23\x25\xaf\x02\x1a\x68\xf7\x07\x51\x1a" // RFC 8032, Section 7.1, test 1
	return x509.ParsePKIXPublicKey([]byte(spki))
}
