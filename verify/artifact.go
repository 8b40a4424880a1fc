// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"bytes"
	"crypto"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"slices"
	"strings"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/sigkey"
)

// An Artifact is what a bundle is held against: digests of a file, computed
// in one pass over it, or one digest that the caller names. It is a value,
// immutable, and carries no bytes of the file. The zero Artifact is refused;
// use [NoArtifact] to say that there is none.
type Artifact struct {
	kind    artifactKind
	digests []artifactDigest
	pure    []pureSum

	// encoded says that the content begins as a DSSE pre-authentication
	// encoding does.
	encoded bool
}

type artifactKind int

const (
	artifactUnset artifactKind = iota
	artifactFile               // every digest is of the same bytes
	artifactNamed              // one digest, as the caller named it
	artifactNone               // deliberately absent
)

type artifactDigest struct {
	name  string // as a statement names it: "sha256", "gitCommit", …
	value []byte
}

func (d artifactDigest) String() string { return d.name + ":" + hex.EncodeToString(d.value) }

// pureSum is the streamed half of a pure Ed25519 verification.
type pureSum struct {
	key      [32]byte
	sig, sum []byte
}

// hashNames maps the digests computed over files to their names in
// statements and messages, strongest last (SPEC in-toto digest_set; only
// SHA-2 is signed anywhere in this ecosystem).
var hashNames = []struct {
	name   string
	quoted []byte // as a member of JSON
	hash   crypto.Hash
}{
	{"sha256", []byte(`"sha256"`), crypto.SHA256},
	{"sha384", []byte(`"sha384"`), crypto.SHA384},
	{"sha512", []byte(`"sha512"`), crypto.SHA512},
}

func hashByName(name string) crypto.Hash {
	for _, h := range hashNames {
		if h.name == name {
			return h.hash
		}
	}
	return 0
}

func hashName(hash crypto.Hash) string {
	for _, h := range hashNames {
		if h.hash == hash {
			return h.name
		}
	}
	return hash.String()
}

// weakDigestSizes lists the digests, and their sizes in bytes, that are
// compared only because the caller named them: Git object names, and SHA-1.
var weakDigestSizes = map[string][]int{
	"sha1":      {20},
	"gitCommit": {20, 32},
	"gitTree":   {20, 32},
	"gitBlob":   {20, 32},
	"gitTag":    {20, 32},
}

// NoArtifact says that the caller has no artifact: what the bundle is about
// is then not checked, and the report shows it as skipped. It suits DSSE
// bundles only; a message signature cannot be checked without its message.
func NoArtifact() Artifact { return Artifact{kind: artifactNone} }

// ArtifactDigest names an artifact by one digest. The algorithm is sha256,
// sha384 or sha512, or for statements about source code gitCommit, gitTree,
// gitBlob, gitTag or sha1, which the report calls weak. Anything else, md5
// among it, and a value of the wrong length are an error.
func ArtifactDigest(algorithm string, value []byte) (Artifact, error) {
	sizes := weakDigestSizes[algorithm]
	if h := hashByName(algorithm); h != 0 {
		sizes = []int{h.Size()}
	}
	if plain := strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(algorithm)); sizes == nil && hashByName(plain) != 0 {
		return Artifact{}, refuse.New("policy.artifact", "digest algorithm %q: unknown, want %s", algorithm, plain)
	}
	if sizes == nil {
		return Artifact{}, refuse.New("policy.artifact", "digest algorithm %q is not one that an artifact can be named by", algorithm)
	}
	if !slices.Contains(sizes, len(value)) {
		return Artifact{}, refuse.New("policy.artifact", "the digest has %d bytes, which no %s digest has", len(value), algorithm)
	}
	return Artifact{kind: artifactNamed, digests: []artifactDigest{{algorithm, bytes.Clone(value)}}}, nil
}

// ParseArtifactDigest reads the form "ALGORITHM:HEX" into [ArtifactDigest].
func ParseArtifactDigest(s string) (Artifact, error) {
	algorithm, digits, ok := strings.Cut(s, ":")
	if !ok {
		return Artifact{}, refuse.New("policy.artifact", "%q is not of the form ALGORITHM:HEX", s)
	}
	value, err := hex.DecodeString(digits)
	if errors.Is(err, hex.ErrLength) {
		return Artifact{}, refuse.New("policy.artifact", "the digest in %q has an odd number of digits, %d", s, len(digits))
	}
	if err != nil {
		return Artifact{}, refuse.New("policy.artifact", "the digest in %q is not hexadecimal", s)
	}
	return ArtifactDigest(algorithm, value)
}

// ReadArtifact reads r to its end, once and at constant memory, and computes
// every digest that judging these bundles may ask for; a nil bundle asks for
// none. Of pure Ed25519 signatures, which no digest serves, the first 64 can be
// judged. Errors from r are returned unchanged.
func (v *Verifier) ReadArtifact(r io.Reader, bundles ...*bundle.Bundle) (Artifact, error) {
	if v == nil || v.policy == nil {
		return Artifact{}, errNoVerifier
	}
	if r == nil {
		return Artifact{}, refuse.New("artifact.missing", "no artifact given")
	}
	var p plan
	for _, b := range bundles {
		if b != nil {
			p.add(v, b)
		}
	}
	return p.read(r)
}

// plan is the set of hashes to stream a file through.
type plan struct {
	hashes [len(planHashes)]bool
	pure   []purePlan
}

var planHashes = [...]crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512}

// maxPure bounds the signatures by pure Ed25519 keys that an artifact is read
// for at once: each takes a hash of its own over all of it, and anyone can
// put any number of them into a file of bundles.
const maxPure = 64

type purePlan struct {
	key  [32]byte
	sig  []byte
	hash hash.Hash
}

func (p *plan) want(h crypto.Hash) {
	for i, known := range planHashes {
		if known == h {
			p.hashes[i] = true
		}
	}
}

// add asks for what judging b may compare. What b says is not authenticated
// here, nor need it be: it decides what is computed, not what is believed. A
// statement is not parsed before its signature is verified, so its text is
// searched for the names of hashes.
func (p *plan) add(v *Verifier, b *bundle.Bundle) {
	if b.Envelope != nil {
		for _, h := range hashNames {
			if mentions(b.Envelope.Payload, h.quoted) {
				p.want(h.hash)
			}
		}
		return
	}
	if b.MessageDigest != nil {
		p.want(b.MessageDigest.Algorithm)
	}
	for i := range b.Entries {
		if body := b.Entries[i].Body; body != nil {
			p.want(body.Hash)
		}
	}
	key, err := v.signerKey(b)
	if err != nil {
		return
	}
	p.want(key.Hash())
	h := key.PureHash(b.Signature)
	if h == nil || len(p.pure) == maxPure || slices.ContainsFunc(p.pure, func(o purePlan) bool { return o.key == key.ID() && bytes.Equal(o.sig, b.Signature) }) {
		return
	}
	p.pure = append(p.pure, purePlan{key.ID(), b.Signature, h})
}

// mentions reports whether a JSON text may have a member of a name, which is
// given with its quotation marks. A letter or digit that is written as an
// escape, which no producer does, may spell any name.
func mentions(text, quoted []byte) bool {
	if bytes.Contains(text, quoted) {
		return true
	}
	for {
		_, rest, found := bytes.Cut(text, escape)
		if !found {
			return false
		}
		if len(rest) >= 2 && (rest[0] == '3' || rest[0] == '6' || rest[0] == '7') && '0' <= rest[1] && rest[1] <= '9' {
			return true
		}
		text = rest
	}
}

// escape begins the escape of an ASCII character in JSON. The names of hashes
// have the codes 30 to 39, 61, 68 and 73.
var escape = []byte(`\u00`)

func (p *plan) read(r io.Reader) (Artifact, error) {
	var hashes [len(planHashes)]hash.Hash
	var sinks []io.Writer
	for i, want := range p.hashes {
		if want || i == 0 { // SHA-256 always: it names the artifact in the report
			hashes[i] = planHashes[i].New()
			sinks = append(sinks, hashes[i])
		}
	}
	for _, pure := range p.pure {
		sinks = append(sinks, pure.hash)
	}
	var start prefix
	sinks = append(sinks, &start)
	if _, err := io.CopyBuffer(struct{ io.Writer }{io.MultiWriter(sinks...)}, struct{ io.Reader }{r}, make([]byte, 256<<10)); err != nil {
		return Artifact{}, err
	}
	a := Artifact{kind: artifactFile, encoded: string(start.bytes[:start.n]) == encoding}
	for i, h := range hashes {
		if h != nil {
			a.digests = append(a.digests, artifactDigest{hashNames[i].name, h.Sum(nil)})
		}
	}
	for _, pure := range p.pure {
		a.pure = append(a.pure, pureSum{pure.key, pure.sig, pure.hash.Sum(nil)})
	}
	return a, nil
}

// encoding begins every DSSE pre-authentication encoding, see [dsse.PAE].
const encoding = "DSSEv1 "

// prefix is a writer that keeps the first bytes of a stream.
type prefix struct {
	bytes [len(encoding)]byte
	n     int
}

func (p *prefix) Write(b []byte) (int, error) {
	p.n += copy(p.bytes[p.n:], b)
	return len(b), nil
}

// digest returns the artifact's digest under h, nil if it is not known.
func (a *Artifact) digest(h crypto.Hash) []byte {
	for _, d := range a.digests {
		if hashByName(d.name) == h && h != 0 {
			return d.value
		}
	}
	return nil
}

// known returns the digests by hash, for the log entry's commitment.
func (a *Artifact) known() map[crypto.Hash][]byte {
	m := make(map[crypto.Hash][]byte, len(a.digests))
	for _, d := range a.digests {
		if h := hashByName(d.name); h != 0 {
			m[h] = d.value
		}
	}
	return m
}

// pureSumFor returns the streamed hash for a pure Ed25519 signature, nil if
// the artifact's bytes were not seen together with that signature.
func (a *Artifact) pureSumFor(key *sigkey.Key, sig []byte) []byte {
	for _, p := range a.pure {
		if p.key == key.ID() && bytes.Equal(p.sig, sig) {
			return p.sum
		}
	}
	return nil
}

// String returns the first digest as "ALGORITHM:HEX", or says that there is no
// artifact.
func (a Artifact) String() string {
	switch a.kind {
	case artifactNone:
		return "no artifact"
	case artifactUnset:
		return "no artifact given"
	}
	return a.digests[0].String()
}
