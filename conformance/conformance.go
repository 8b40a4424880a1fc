// SPDX-License-Identifier: Apache-2.0

// Package conformance runs the cases of the public sigstore-conformance suite
// in-process and shows, for each refusal, the reason beside the one that the
// case was written for. A client that refuses for an unrelated reason passes
// the suite all the same; here one sees it.
//
// It works for any client written in Go:
//
//	outcomes, err := conformance.Run(os.DirFS("test/assets"), myClient)
package conformance

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/internal/sigkey"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/trustroot/embedded"
	"github.com/sigbundle/sigbundle/verify"
)

// A Request is one verification that the suite asks for.
type Request struct {
	Bundle      []byte    // JSON
	Artifact    io.Reader // nil: Digest names the artifact
	Digest      []byte    // SHA-256
	Identity    string    // the exact subject alternative name; empty with a key
	Issuer      string
	Key         []byte // PEM; nil: none
	TrustedRoot []byte // JSON; nil: the instance's own
	Staging     bool   // the instance is staging, not the public-good one
}

// A Client verifies a request and returns nil, or an error that says why not.
// If the error, or one that it wraps, has a method Code() string, its result
// is taken for the reason.
type Client func(Request) error

// errBoth refuses to ignore one of two conditions: a bundle is signed by a
// certified key or by a managed one.
var errBoth = errors.New("a key and an identity exclude each other")

// Verify is this module's own client, with the policy that the suite implies:
// whatever the trust root lists is required.
func Verify(q Request) (*verify.Result, error) {
	root, err := q.root()
	if err != nil {
		return nil, err
	}
	if q.Key != nil && (q.Identity != "" || q.Issuer != "") {
		return nil, errBoth
	}
	var p verify.Policy
	if q.Identity != "" || q.Issuer != "" {
		p.Identities = []verify.Identity{{SAN: verify.Exactly(q.Identity), Issuer: verify.Exactly(q.Issuer)}}
	}
	if q.Key != nil {
		key, err := sigkey.ParsePEM(q.Key)
		if err != nil {
			return nil, err
		}
		p.Keys = []verify.Key{{Public: key.Public()}}
	}
	v, err := verify.New(verify.Config{Root: root, Policy: p})
	if err != nil {
		return nil, err
	}
	b, err := bundle.Parse(q.Bundle)
	if err != nil {
		return nil, err
	}
	var a verify.Artifact
	if q.Artifact != nil {
		a, err = v.ReadArtifact(q.Artifact, b)
	} else {
		a, err = verify.ArtifactDigest("sha256", q.Digest)
	}
	if err != nil {
		return nil, err
	}
	return v.Verify(b, a)
}

func (q *Request) root() (*trustroot.Root, error) {
	switch {
	case q.TrustedRoot != nil:
		return trustroot.Parse(q.TrustedRoot)
	case q.Staging:
		return embedded.TrustedRoot("staging")
	}
	return embedded.TrustedRoot("public-good")
}

// A Case is one directory of the suite.
type Case struct {
	Name     string
	Readme   string // what the case is about
	Fails    bool   // the name ends in _fail: verification must fail
	Request  Request
	Artifact []byte // the content of the artifact
}

// An Outcome is what a client made of a case.
type Outcome struct {
	Case   string
	Readme string
	Mode   string // "path" or "digest"
	Want   bool   // the bundle ought to verify
	Err    error  // the client's answer
}

// OK reports whether the client's verdict is the one that the suite wants.
func (o *Outcome) OK() bool { return (o.Err == nil) == o.Want }

// Code returns the reason of a refusal, if the client gives one.
func (o *Outcome) Code() string {
	var coded interface{ Code() string }
	if errors.As(o.Err, &coded) {
		return coded.Code()
	}
	return ""
}

// Defaults of the suite, for cases without files of their own.
const (
	defaultIdentity = "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main"
	defaultIssuer   = "https://token.actions.githubusercontent.com"
)

// Load reads the cases under bundle-verify, in the order of their names.
// Files a case lacks are taken from the suite's defaults.
func Load(suite fs.FS) ([]Case, error) {
	const dir = "bundle-verify"
	entries, err := fs.ReadDir(suite, dir)
	if err != nil {
		return nil, err
	}
	var cases []Case
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		c, err := loadCase(suite, path.Join(dir, e.Name()))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", e.Name(), err)
		}
		cases = append(cases, c)
	}
	return cases, nil
}

func loadCase(suite fs.FS, dir string) (Case, error) {
	name := path.Base(dir)
	c := Case{Name: name, Fails: strings.HasSuffix(name, "_fail")}
	var err error
	read := func(missing string, names ...string) []byte {
		for _, name := range names {
			data, e := fs.ReadFile(suite, name)
			if e == nil {
				return data
			}
			if !errors.Is(e, fs.ErrNotExist) && err == nil {
				err = e
			}
		}
		if missing == "" {
			return nil
		}
		return []byte(missing)
	}
	in := func(name string) string { return path.Join(dir, name) }
	c.Readme = strings.TrimSpace(string(read(" ", in("README"))))
	c.Artifact = read("", in("artifact"), "a.txt", "bundle-verify/a.txt")
	c.Request = Request{
		Bundle:      read("", in("bundle.sigstore.json")),
		Key:         read("", in("key.pub")),
		TrustedRoot: read("", in("trusted_root.json")),
	}
	if c.Request.Key == nil {
		c.Request.Identity = strings.TrimSpace(string(read(defaultIdentity, in("identity"))))
		c.Request.Issuer = strings.TrimSpace(string(read(defaultIssuer, in("issuer"))))
	}
	if err == nil && (c.Request.Bundle == nil || c.Artifact == nil) {
		err = errors.New("no bundle or no artifact")
	}
	return c, err
}

// Run gives every case to the client twice, with the artifact itself and with
// its digest, and returns what it answered.
func Run(suite fs.FS, client Client) ([]Outcome, error) {
	if suite == nil || client == nil {
		return nil, errors.New("no suite or no client given")
	}
	cases, err := Load(suite)
	if err != nil {
		return nil, err
	}
	if len(cases) == 0 {
		return nil, errors.New("the suite has no cases")
	}
	var outcomes []Outcome
	for _, c := range cases {
		for _, mode := range []string{"path", "digest"} {
			outcomes = append(outcomes, Outcome{Case: c.Name, Readme: c.Readme, Mode: mode, Want: !c.Fails, Err: client(c.request(mode))})
		}
	}
	return outcomes, nil
}

func (c *Case) request(mode string) Request {
	q := c.Request
	q.Bundle = slices.Clone(q.Bundle)
	if mode == "path" {
		q.Artifact = strings.NewReader(string(c.Artifact))
	} else {
		sum := sha256.Sum256(c.Artifact)
		q.Digest = sum[:]
	}
	return q
}

// ParseDigest reads the protocol's form of a digest, "sha256:" and 64
// hexadecimal digits.
func ParseDigest(s string) ([]byte, bool) {
	digits, ok := strings.CutPrefix(s, "sha256:")
	value, err := hex.DecodeString(digits)
	return value, ok && err == nil && len(value) == 32
}
