// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/sigstore/sigstore-go/pkg/root"
	sgsign "github.com/sigstore/sigstore-go/pkg/sign"
	"google.golang.org/protobuf/encoding/protojson"
)

const (
	payloadInToto = "application/vnd.in-toto+json"
	statementV1   = "https://in-toto.io/Statement/v1"

	timeout = 30 * time.Second // of one request
)

func sign(o options) error {
	data, err := os.ReadFile(o.artifact)
	if err != nil {
		return err
	}
	return signContent(o, &sgsign.PlainData{Data: data})
}

// attest signs an in-toto statement about the artifact.
func attest(o options) error {
	data, err := os.ReadFile(o.artifact)
	if err != nil {
		return err
	}
	predicate, err := os.ReadFile(o.predicate)
	if err != nil {
		return err
	}
	digest := sha256.Sum256(data)
	statement, err := json.Marshal(map[string]any{
		"_type": statementV1,
		"subject": []any{map[string]any{
			"name":   filepath.Base(o.artifact),
			"digest": map[string]string{"sha256": hex.EncodeToString(digest[:])},
		}},
		"predicateType": o.predicType,
		"predicate":     json.RawMessage(predicate),
	})
	if err != nil {
		return err
	}
	return signContent(o, &sgsign.DSSEData{Data: statement, PayloadType: payloadInToto})
}

func signContent(o options, content sgsign.Content) error {
	trusted, err := root.NewTrustedRootFromPath(o.root)
	if err != nil {
		return err
	}
	config, err := root.NewSigningConfigFromPath(o.config)
	if err != nil {
		return err
	}
	opts := sgsign.BundleOptions{TrustedRoot: trusted}
	keypair, err := signer(o, config, &opts)
	if err != nil {
		return err
	}
	if err := addServices(config, &opts); err != nil {
		return err
	}
	b, err := sgsign.Bundle(content, keypair, opts)
	if err != nil {
		return err
	}
	out, err := protojson.Marshal(b)
	if err != nil {
		return err
	}
	return os.WriteFile(o.bundle, out, 0o644)
}

// signer takes the key from the file, or makes one and lets Fulcio certify it.
func signer(o options, config *root.SigningConfig, opts *sgsign.BundleOptions) (sgsign.Keypair, error) {
	if o.key != "" {
		k, err := loadKey(o.key)
		if err != nil {
			return nil, err
		}
		opts.TrustedRoot, err = withKey(opts.TrustedRoot, k.GetPublicKey())
		return k, err
	}
	token, err := os.ReadFile(o.tokenFile)
	if err != nil {
		return nil, err
	}
	ca, err := root.SelectService(config.FulcioCertificateAuthorityURLs(), sgsign.FulcioAPIVersions, time.Now())
	if err != nil {
		return nil, err
	}
	opts.CertificateProvider = sgsign.NewFulcio(&sgsign.FulcioOptions{BaseURL: ca.URL, Timeout: timeout})
	opts.CertificateProviderOptions = &sgsign.CertificateProviderOptions{IDToken: strings.TrimSpace(string(token))}
	return sgsign.NewEphemeralKeypair(nil)
}

// addServices takes all logs and timestamp authorities that the signing
// config asks for.
func addServices(config *root.SigningConfig, opts *sgsign.BundleOptions) error {
	now := time.Now()
	authorities, err := root.SelectServices(config.TimestampAuthorityURLs(),
		config.TimestampAuthorityURLsConfig(), sgsign.TimestampAuthorityAPIVersions, now)
	if err != nil {
		return err
	}
	for _, a := range authorities {
		opts.TimestampAuthorities = append(opts.TimestampAuthorities,
			sgsign.NewTimestampAuthority(&sgsign.TimestampAuthorityOptions{URL: a.URL, Timeout: timeout}))
	}
	logs, err := root.SelectServices(config.RekorLogURLs(), config.RekorLogURLsConfig(), sgsign.RekorAPIVersions, now)
	if err != nil {
		return err
	}
	for _, l := range logs {
		opts.TransparencyLogs = append(opts.TransparencyLogs,
			sgsign.NewRekor(&sgsign.RekorOptions{BaseURL: l.URL, Timeout: timeout, Version: l.MajorAPIVersion}))
	}
	return nil
}
