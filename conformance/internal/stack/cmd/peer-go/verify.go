// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/x509"
	"os"

	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"
)

// verifyBundle asks for one log entry, one verified time, and for a
// certificate one SCT and the identity.
func verifyBundle(o options) error {
	b, err := bundle.LoadJSONFromPath(o.bundle)
	if err != nil {
		return err
	}
	var trusted root.TrustedMaterial
	if trusted, err = root.NewTrustedRootFromPath(o.root); err != nil {
		return err
	}
	checks := []verify.VerifierOption{verify.WithTransparencyLog(1), verify.WithObserverTimestamps(1)}
	var signer verify.PolicyOption
	if o.key != "" {
		der, err := readPEM(o.key)
		if err != nil {
			return err
		}
		pub, err := x509.ParsePKIXPublicKey(der)
		if err != nil {
			return err
		}
		if trusted, err = withKey(trusted, pub); err != nil {
			return err
		}
		signer = verify.WithKey()
	} else {
		id, err := verify.NewShortCertificateIdentity(o.issuer, "", o.identity, "")
		if err != nil {
			return err
		}
		signer = verify.WithCertificateIdentity(id)
		checks = append(checks, verify.WithSignedCertificateTimestamps(1))
	}
	v, err := verify.NewVerifier(trusted, checks...)
	if err != nil {
		return err
	}
	artifact, err := os.Open(o.artifact)
	if err != nil {
		return err
	}
	defer func() { _ = artifact.Close() }()
	_, err = v.Verify(b, verify.NewPolicy(verify.WithArtifact(artifact), signer))
	return err
}
