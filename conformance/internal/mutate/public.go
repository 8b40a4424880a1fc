// SPDX-License-Identifier: Apache-2.0

package mutate

import (
	"bytes"
	"io/fs"
	"strings"
	"time"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/internal/sigkey"
	"github.com/sigbundle/sigbundle/trustroot/embedded"
	"github.com/sigbundle/sigbundle/verify"
)

// publicCases are the real bundles of testdata/public that verify under a
// trust root that this module has, each with a policy that accepts its signer
// alone. Those of GitHub's instance are not among them: its trust root is in
// no published package.
func publicCases(dir fs.FS) ([]*Case, error) {
	var cases []*Case
	for _, c := range []struct{ file, artifact, root, pool string }{
		{"github_provenance_demo-0.0.0-py3-none-any.whl.sigstore.json", "github_provenance_demo-0.0.0-py3-none-any.whl", "", "public-good"},
		{"sigstore-js-2.1.0.sigstore.json", "", "", "public-good"},
		{"sigstore-js-2.1.0-v0.1.sigstore.json", "", "", "public-good"},
		{"dsse.sigstore.json", "", "", "public-good"},
		{"othername.sigstore.json", "", "othername.trusted_root.json", "othername"},
		{npmBundle, "", "", "public-good"},
	} {
		x := &Case{Name: "real: " + c.file, Pool: "real " + c.pool, Policy: verify.Policy{AnyIdentity: true}}
		data, err := fs.ReadFile(dir, c.file)
		if err != nil {
			return nil, err
		}
		x.Bundle, _, _ = bytes.Cut(bytes.TrimSpace(data), []byte("\n{")) // the first of several
		if c.artifact != "" {
			if x.Artifact, err = fs.ReadFile(dir, c.artifact); err != nil {
				return nil, err
			}
		}
		if c.file == "othername.sigstore.json" {
			x.Digest = othernameDigest
		}
		if x.Root, err = rootJSON(dir, c.root, c.pool); err != nil {
			return nil, err
		}
		if err := x.identify(dir); err != nil {
			return nil, err
		}
		cases = append(cases, x)
	}
	return cases, nil
}

// othernameDigest is of an artifact that its bundle names only so.
const othernameDigest = "sha256:bc103b4a84971ef6459b294a2b98568a2bfb72cded09d4acd1e16366a401f95b"

// identify has the policy accept no one but who signed.
func (c *Case) identify(dir fs.FS) error {
	if strings.HasSuffix(c.Name, npmBundle) {
		return c.pin(dir)
	}
	s, err := prepare(c)
	if err != nil {
		return err
	}
	signer := s.proved.result.Report.Signer.Certificate
	id := verify.Identity{SAN: verify.Exactly(signer.SAN), Issuer: verify.Exactly(signer.Issuer)}
	if signer.Issuer == "" {
		id.Issuer = verify.NoIssuer()
	}
	c.Policy = verify.Policy{Identities: []verify.Identity{id}}
	return nil
}

// npmBundle is signed with the key of the npm registry, which has been in use
// since before that.
const npmBundle = "npm-publish.sigstore.json"

// pin has the policy accept the one key.
func (c *Case) pin(dir fs.FS) error {
	data, err := fs.ReadFile(dir, "npm-publish.pub")
	if err != nil {
		return err
	}
	key, err := sigkey.ParsePEM(data)
	if err != nil {
		return err
	}
	b, err := bundle.Parse(c.Bundle)
	if err != nil {
		return err
	}
	start := time.Date(2022, time.January, 1, 0, 0, 0, 0, time.UTC)
	c.Policy = verify.Policy{Keys: []verify.Key{{Public: key.Public(), Hint: b.KeyHint, Start: start}}}
	return nil
}

func rootJSON(dir fs.FS, file, instance string) ([]byte, error) {
	if file != "" {
		return fs.ReadFile(dir, file)
	}
	root, err := embedded.TrustedRoot(instance)
	if err != nil {
		return nil, err
	}
	return root.MarshalJSON()
}
