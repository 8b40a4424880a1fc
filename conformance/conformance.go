// SPDX-License-Identifier: Apache-2.0

// Package conformance runs the cases of the public sigstore-conformance suite
// and shows, for each refusal, the reason beside the one that the case was
// written for. A client that refuses for an unrelated reason passes the suite
// all the same; here the reader sees it. A client that is broken (missing,
// crashed, too slow) passes no case.
//
// It works for any client, one written in Go or a program that speaks the
// protocol of the suite:
//
//	report, err := conformance.Run(ctx, conformance.Config{
//		Suite:  os.DirFS("test/assets"),
//		Client: conformance.Command{Path: "./my-client"}.Verify,
//	})
package conformance

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/internal/refuse"
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

// Verify is this module's own client, with the policy that the suite implies:
// whatever the trust root lists is required.
func Verify(q Request) (*verify.Result, error) {
	root, err := q.root()
	if err != nil {
		return nil, err
	}
	if q.Key != nil && (q.Identity != "" || q.Issuer != "") {
		return nil, refuse.New("policy.identity", "a key and an identity exclude each other")
	}
	var p verify.Policy
	if q.Identity != "" || q.Issuer != "" {
		p.Identities = []verify.Identity{{SAN: verify.Exactly(q.Identity), Issuer: verify.Exactly(q.Issuer)}}
	}
	if q.Key != nil {
		key, err := sigkey.ParsePEM(q.Key)
		if err != nil {
			return nil, refuse.Wrap("policy.key", err, "key")
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

// Self is this module's own client, as one that Run can ask.
func Self(_ context.Context, q Request) Answer {
	_, err := Verify(q)
	return FromError(err)
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

func (c *Case) request(mode string) Request {
	q := c.Request
	q.Bundle, q.Key, q.TrustedRoot = bytes.Clone(q.Bundle), bytes.Clone(q.Key), bytes.Clone(q.TrustedRoot)
	if mode == "path" {
		q.Artifact = strings.NewReader(string(c.Artifact))
	} else {
		sum := sha256.Sum256(c.Artifact)
		q.Digest = sum[:]
	}
	return q
}

// ParseDigest reads the protocol's form of a digest, "sha256:" and 64
// hexadecimal digits. The error says which part is wrong.
func ParseDigest(s string) ([]byte, error) {
	const want = "want sha256: and 64 hexadecimal digits"
	algorithm, digits, ok := strings.Cut(s, ":")
	other := strings.IndexFunc(digits, func(c rune) bool { return !strings.ContainsRune("0123456789abcdefABCDEF", c) })
	switch {
	case !ok:
		return nil, fmt.Errorf("digest %.80q: no algorithm, %s", s, want)
	case algorithm != "sha256":
		return nil, fmt.Errorf("digest %.80q: algorithm %.80q, %s", s, algorithm, want)
	case other >= 0:
		return nil, fmt.Errorf("digest %.80q: the character at %d is not hexadecimal, %s", s, len(algorithm)+1+other+1, want)
	case len(digits)%2 != 0:
		return nil, fmt.Errorf("digest %.80q: an odd number of digits, %d, %s", s, len(digits), want)
	case len(digits) != 2*sha256.Size:
		return nil, fmt.Errorf("digest %.80q: %d digits, %s", s, len(digits), want)
	}
	return hex.DecodeString(digits)
}
