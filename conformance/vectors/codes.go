// SPDX-License-Identifier: Apache-2.0

package vectors

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	commonv1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	trustrootv1 "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/dsse"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/screen"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/trustroot/embedded"
	"github.com/sigbundle/sigbundle/verify"
	"github.com/sigbundle/sigbundle/verify/codes"
)

// An Anecdote is a refusal that takes no bundle: of a policy, of arguments,
// of trust roots that do not go together.
type Anecdote struct {
	Code string
	What string
	Do   func() error
}

// anyone is a policy that lacks nothing.
var anybody = verify.Policy{AnyIdentity: true}

// Anecdotes returns all of them.
func Anecdotes() []Anecdote {
	named := verify.Identity{SAN: verify.Exactly("a"), Issuer: verify.Exactly("b")}
	policy := func(p verify.Policy) func() error {
		return func() error {
			root, err := embedded.TrustedRoot(embedded.PublicGood)
			if err == nil {
				_, err = verify.New(verify.Config{Root: root, Policy: p})
			}
			return err
		}
	}
	digest := func(s string) func() error {
		return func() error { _, err := verify.ParseArtifactDigest(s); return err }
	}
	identity := func(change func(*verify.Identity)) func() error {
		id := named
		change(&id)
		return policy(verify.Policy{Identities: []verify.Identity{id}})
	}
	return []Anecdote{
		{"policy.root", "no trust root", func() error { _, err := verify.New(verify.Config{Policy: anybody}); return err }},
		{"policy.root", "zero trust root", func() error {
			_, err := verify.New(verify.Config{Root: new(trustroot.Root), Policy: anybody})
			return err
		}},
		{"policy.empty", "nobody", policy(verify.Policy{})},
		{"policy.identity", "no issuer", identity(func(id *verify.Identity) { id.Issuer = verify.Match{} })},
		{"policy.identity", "no name", identity(func(id *verify.Identity) { id.SAN = verify.NoIssuer() })},
		{"policy.identity", "two kinds of match", identity(func(id *verify.Identity) { id.SAN.Regexp = "c" })},
		{"policy.identity", "absent extension", identity(func(id *verify.Identity) {
			id.Extensions = map[string]verify.Match{"buildTrigger": {Absent: true}}
		})},
		{"policy.identity", "everybody and somebody", policy(verify.Policy{AnyIdentity: true, Identities: []verify.Identity{named}})},
		{"policy.extension", "no such extension", identity(func(id *verify.Identity) {
			id.Extensions = map[string]verify.Match{"buildtrigger": verify.Exactly("push")}
		})},
		{"policy.regexp", "half an expression", identity(func(id *verify.Identity) { id.SAN = verify.Matching("(") })},
		{"policy.regexp", "expression out of its group", identity(func(id *verify.Identity) { id.SAN = verify.Matching("a)|(?:b") })},
		{"policy.key", "no key", policy(verify.Policy{Keys: []verify.Key{{}}})},
		{"policy.limit", "negative limit", policy(verify.Policy{AnyIdentity: true, MaxSubjects: -1})},
		{"policy.predicate_type", "empty predicate type", policy(verify.Policy{AnyIdentity: true, PredicateTypes: []string{""}})},
		{"policy.rule", "nil rule", policy(verify.Policy{AnyIdentity: true, Rules: []verify.Rule{nil}})},
		{"policy.artifact", "weak digest", digest("md5:d41d8cd98f00b204e9800998ecf8427e")},
		{"policy.artifact", "empty digest", digest("sha256:")},
		{"policy.artifact", "no algorithm", digest(zeros)},
		{"artifact.missing", "a message without its artifact", func() error {
			c, err := (&Story{Make: func(s *Setup) { s.NoArtifact = true }}).Case()
			if err == nil {
				_, err = c.Judge(false)
			}
			return err
		}},
		{"artifact.envelope", "a message that is the encoding of an envelope", func() error {
			c, err := (&Story{}).Case()
			if err == nil {
				c.Artifact = dsse.PAE(dsse.PayloadTypeInToto, []byte("{}"))
				_, err = c.Judge(false)
			}
			return err
		}},
		{"bundle.none", "no bundles", func() error {
			for _, err := range verify.All(context.Background(), nil) {
				return err
			}
			return nil
		}},
		{"bundle.empty", "an empty file", func() error {
			for _, err := range bundle.All(nil) {
				return err
			}
			return nil
		}},
		{"trust.conflict", "two instances that share a log", conflict},
		{"trust.instance", "an instance that nobody runs", func() error { _, err := embedded.TrustedRoot("private"); return err }},
	}
}

// conflict merges a trust root with itself, in which a log has another key.
func conflict() error {
	w, err := virtual.New(virtual.Config{Seed: "stories"})
	if err != nil {
		return err
	}
	var roots []*trustroot.Root
	for i := range 2 {
		data, err := w.TrustedRoot(func(r *trustrootv1.TrustedRoot) {
			if i == 1 {
				r.Tlogs[0].PublicKey.RawBytes = r.Ctlogs[0].PublicKey.RawBytes
				r.Tlogs[0].PublicKey.KeyDetails = commonv1.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256
			}
		})
		if err != nil {
			return err
		}
		r, err := trustroot.Parse(data)
		if err != nil {
			return err
		}
		roots = append(roots, r)
	}
	_, err = trustroot.Merge(roots...)
	return err
}

// example is how a code comes about: a story or an anecdote, and its words.
type example struct{ path, message string }

// examples returns the first example of each code, notes among them.
func examples(told []Told) map[string]example {
	found := make(map[string]example)
	add := func(code string, e example) {
		if _, ok := found[code]; !ok {
			found[code] = e
		}
	}
	for _, t := range told {
		if t.Report.Code != "" {
			add(t.Report.Code, example{t.path(), t.Report.Message})
		}
	}
	for _, t := range told {
		for _, n := range t.Report.Notes {
			add(n.Code, example{t.path(), n.Detail})
		}
	}
	for _, a := range Anecdotes() {
		if err := a.Do(); err != nil {
			add(codes.Of(err), example{"", err.Error()})
		}
	}
	return found
}

// listing returns docs/reference/codes.md.
func listing(told []Told) []byte {
	found := examples(told)
	var b bytes.Buffer
	b.WriteString(codesHeader)
	last := ""
	for _, d := range refuse.All() {
		family, _, _ := strings.Cut(string(d.Code), ".")
		if family != last {
			fmt.Fprintf(&b, "\n## %s\n", family)
			last = family
		}
		fmt.Fprintf(&b, "\n### %s\n\n%s\n\nWhat to do: %s\n", d.Code, d.Cause, d.Fix)
		if e, ok := found[string(d.Code)]; ok {
			fmt.Fprintf(&b, "\n    %s\n", screen.Escape(e.message))
			if e.path != "" {
				fmt.Fprintf(&b, "\n[%s](../../%s)\n", strings.TrimPrefix(e.path, "testdata/virtual/"), e.path)
			}
		}
	}
	return b.Bytes()
}

const codesHeader = `<!-- Generated by go generate ./conformance/vectors. Do not edit. -->

# Codes

Every refusal, and every note in a report, has a code that does not change
from release to release; the sentences that go with it do. ` + "`sigbundle explain CODE`" + `
prints cause and remedy. The examples are what the verifier says about the
linked file.
`
