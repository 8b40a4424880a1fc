// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"crypto"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/cmd/internal/flags"
	"github.com/sigbundle/sigbundle/internal/screen"
	"github.com/sigbundle/sigbundle/sign"
)

// say says what was signed, as whom, in which logs, and how to verify it:
// checked are the arguments of verify that name the artifact. Of several files
// only the last one has the details.
func (f *signerFlags) say(cmd *cobra.Command, verb, what, where string, signed *sign.Signed, checked []string, details bool) error {
	var b strings.Builder
	line := func(name, value string) { fmt.Fprintf(&b, "  %-7s %s\n", name, screen.Escape(value)) }
	fmt.Fprintf(&b, "%s %s: %s\n", verb, screen.Escape(what), screen.Escape(where))
	if details {
		line("as", f.holder(signed))
		if s := signed.Report.Signer; s != nil && s.Certificate != nil {
			line("issuer", s.Certificate.Issuer)
		}
		logs, err := f.logged(signed)
		if err != nil {
			return err
		}
		for _, l := range logs {
			line("in", l)
		}
		words := append([]string{"sigbundle", "verify"}, checked...)
		words = append(words, f.policyOf(signed)...)
		words = append(words, f.trustOf(cmd)...)
		for i, word := range words {
			words[i] = shellWord(word)
		}
		line("verify", strings.Join(words, " "))
	}
	_, err := fmt.Fprint(cmd.OutOrStdout(), b.String())
	return err
}

// holder is who signed, in the words of the certificate.
func (f *signerFlags) holder(signed *sign.Signed) string {
	if s := signed.Report.Signer; s != nil && s.Certificate != nil {
		return s.Certificate.SAN
	}
	return "the holder of " + f.key
}

// logged are the logs that the bundle proves it is in, and where.
func (f *signerFlags) logged(signed *sign.Signed) ([]string, error) {
	b, err := bundle.Parse(signed.Bundle)
	if err != nil {
		return nil, err
	}
	var logs []string
	for _, e := range b.Entries {
		name := e.LogID.String()
		if l := f.root.Log(e.LogID); l != nil {
			name = cmp.Or(l.Name(), name)
		}
		logs = append(logs, fmt.Sprintf("transparency log %s, entry %d", name, e.Index))
	}
	return logs, nil
}

// policyOf are the arguments by which verify accepts this signer only.
func (f *signerFlags) policyOf(signed *sign.Signed) []string {
	s := signed.Report.Signer
	if s == nil || s.Certificate == nil {
		return []string{"--key", f.publicFile()}
	}
	policy := []string{"--identity", s.Certificate.SAN, "--issuer", s.Certificate.Issuer}
	if signed.DetachedSCT {
		policy = append(policy, "--require", "sct=0")
	}
	return policy
}

// publicFile is the file beside the private key with its public key, as keygen
// makes it, or else a placeholder.
func (f *signerFlags) publicFile() string {
	name := publicName(f.key)
	if keys, err := flags.ReadKeys([]string{name}); err == nil && len(keys) == 1 {
		if k, ok := keys[0].Public.(interface{ Equal(crypto.PublicKey) bool }); ok && k.Equal(f.public) {
			return name
		}
	}
	return "PUBLIC_KEY_FILE"
}

// trustOf are the arguments by which verify finds the same trust root.
func (f *signerFlags) trustOf(cmd *cobra.Command) (words []string) {
	switch {
	case f.TrustConfig != "":
		return []string{"--trusted-root", f.TrustConfig}
	case f.trust.File != "":
		return []string{"--trusted-root", f.trust.File}
	}
	if cmd.Flags().Changed("instance") {
		words = append(words, "--instance", f.trust.Instance)
	}
	if f.trust.Dir != "" {
		words = append(words, "--trust-dir", f.trust.Dir)
	}
	return words
}

// artifactWord names a file so that verify takes it for a file: neither for a
// flag nor for a digest.
func artifactWord(name string) string {
	if strings.HasPrefix(name, "-") || isDigest(name) {
		return "./" + name
	}
	return name
}

// shellWord writes a word so that a shell takes it as it is.
func shellWord(s string) string {
	plain := func(r rune) bool {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-_./:@=,+%", r)
	}
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool { return !plain(r) }) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
