// SPDX-License-Identifier: Apache-2.0

package main

// The order of flags and commands in help texts.

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// flagGroup is a part of the list of flags, in its order.
type flagGroup struct {
	title string
	flags []string
}

// verifyGroups are the flags of commands that verify.
var verifyGroups = []flagGroup{
	{"What to verify", []string{"evidence", "bundle", "bundles", "no-artifact", "oci-layout", "image", "mirror-of", "plain-http", "ca-file", "require-bundles", "allow-outside", "sample", "retire", "max-bundle"}},
	{"Who must have signed", []string{"repo", "signer-workflow", "identity", "issuer", "identity-regexp", "issuer-regexp", "ext", "key", "no-identity", "expectations", "predicate-type"}},
	{"How much evidence", []string{"require"}},
	{"Trust", []string{"trusted-root", "instance", "trust-dir", "as-of", "max-trust-age"}},
	{"Output", []string{"format", "explain", "out", "resume", "summary", "fail-on"}},
}

// signGroups are the flags of commands that sign.
var signGroups = []flagGroup{
	{"What to sign", []string{"predicate", "type", "statement", "digest", "oci-layout", "image", "plain-http"}},
	{"Who signs", []string{"identity-token", "identity-token-file", "oidc-flow", "audience", "key", "passphrase-file", "algorithm", "key-hint", "keyid"}},
	{"Services", []string{"signing-config", "trust-config", "rekor-version", "ca-file", "timeout", "allow-detached-sct"}},
	{"Trust", []string{"trusted-root", "instance", "trust-dir", "as-of", "max-trust-age"}},
	{"Output", []string{"bundle", "replace"}},
}

// usage is the list of the flags of a command: in groups, and the rest last.
func usage(cmd *cobra.Command, groups []flagGroup) string {
	var b strings.Builder
	grouped := make(map[string]bool)
	list := func(title string, names []string) {
		some := new(cobra.Command).Flags()
		some.SortFlags = false
		for _, name := range names {
			if f := cmd.LocalFlags().Lookup(name); f != nil {
				some.AddFlag(f)
			}
			grouped[name] = true
		}
		if some.HasAvailableFlags() {
			b.WriteString("\n" + title + ":\n" + strings.TrimRight(some.FlagUsages(), "\n") + "\n")
		}
	}
	for _, g := range groups {
		list(g.title, g.flags)
	}
	var rest []string
	for _, f := range visited(cmd.LocalFlags().VisitAll) {
		if !grouped[f.Name] {
			rest = append(rest, f.Name)
		}
	}
	list("Other flags", rest)
	return strings.TrimRight(b.String(), "\n")
}

// groupFlags has the help text of a command list its flags in groups.
func groupFlags(cmd *cobra.Command, groups []flagGroup) *cobra.Command {
	cmd.SetUsageFunc(func(c *cobra.Command) error {
		_, err := fmt.Fprintf(c.OutOrStderr(), "Usage:\n  %s\n\nExamples:\n%s\n%s\n", c.UseLine(), c.Example, usage(c, groups))
		return err
	})
	return cmd
}
