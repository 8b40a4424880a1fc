// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

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
	if !details {
		_, err := fmt.Fprint(cmd.OutOrStdout(), b.String())
		return err
	}
	verify := append([]string{"sigbundle", "verify"}, checked...)
	if s := signed.Report.Signer; s != nil && s.Certificate != nil {
		line("as", s.Certificate.SAN)
		line("issuer", s.Certificate.Issuer)
		verify = append(verify, "--identity", s.Certificate.SAN, "--issuer", s.Certificate.Issuer)
	} else {
		line("as", "the holder of "+f.key)
		verify = append(verify, "--key", "PUBLIC_KEY_FILE")
	}
	for _, l := range f.logs {
		line("in", l)
	}
	switch {
	case f.TrustConfig != "":
		verify = append(verify, "--trusted-root", "TRUSTED_ROOT_FILE")
	case f.trust.file != "":
		verify = append(verify, "--trusted-root", f.trust.file)
	case cmd.Flags().Changed("instance"):
		verify = append(verify, "--instance", f.trust.instance)
	}
	for i, word := range verify {
		verify[i] = shellWord(word)
	}
	line("verify", strings.Join(verify, " "))
	_, err := fmt.Fprint(cmd.OutOrStdout(), b.String())
	return err
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
