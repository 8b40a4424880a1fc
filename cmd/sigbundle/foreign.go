// SPDX-License-Identifier: Apache-2.0

package main

// What other clients call things, and what was probably meant.

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

var (
	shorthand = regexp.MustCompile(`^unknown shorthand flag: '(.)' in -`)
	arguments = regexp.MustCompile(`^(?:accepts(?: at most)? \d+|requires at least \d+) arg\(s\), (?:only )?received (\d+)$`)
)

// misunderstood says more about what cobra says of a command line: which flag
// was meant, or which arguments are wanted.
func misunderstood(cmd *cobra.Command, err error) error {
	text := err.Error()
	if m := arguments.FindStringSubmatch(text); m != nil {
		_, usage, _ := strings.Cut(strings.TrimSuffix(cmd.Use, " [flags]"), " ")
		got := m[1] + " arguments"
		if m[1] == "1" {
			got = "1 argument"
		}
		return fmt.Errorf("want %s, got %s", usage, got)
	}
	flag, found := strings.CutPrefix(text, "unknown flag: ")
	if !found {
		m := shorthand.FindStringSubmatch(text)
		if m == nil {
			return err
		}
		flag = "-" + m[1]
	}
	switch path := cmd.CommandPath(); {
	case flag == "--instance" && strings.HasPrefix(path, "sigbundle trust "):
		return fmt.Errorf("%w, want its name as an argument: %s NAME", err, path)
	case foreignFlags[flag] != "":
		return fmt.Errorf("%w, want %s", err, foreignFlags[flag])
	}
	if near := nearest(cmd, flag); near != "" {
		return fmt.Errorf("%w, did you mean %s", err, near)
	}
	return err
}

// nearest returns the flag of a command that is spelt most like another, "" if
// none is.
func nearest(cmd *cobra.Command, flag string) string {
	best, least := "", 3
	for _, f := range visited(cmd.Flags().VisitAll) {
		if name := "--" + f.Name; !f.Hidden {
			if d := distance(flag, name); d < least && d < len(f.Name)/2+1 {
				best, least = name, d
			}
		}
	}
	return best
}

// distance is how many bytes are to be put in, left out or exchanged to make b
// of a. Long texts are far from each other.
func distance(a, b string) int {
	const most = 64
	if len(a) > most || len(b) > most {
		return most
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = slices.Min([]int{change, row[j] + 1, row[j+1] + 1})
		}
	}
	return row[len(b)]
}

// foreignCommands are the commands of other clients, with ours.
var foreignCommands = map[string]string{
	"verify-blob":             "sigbundle verify FILE",
	"verify-blob-attestation": "sigbundle verify FILE --predicate-type TYPE",
	"verify-attestation":      "sigbundle verify --image REFERENCE --predicate-type TYPE",
	"sign-blob":               "sigbundle sign FILE",
	"attest-blob":             "sigbundle attest FILE",
	"generate-key-pair":       "sigbundle keygen",
	"initialize":              "sigbundle trust refresh",
	"trusted-root":            "sigbundle trust",
}

// foreignFlags are the flags of other clients, with ours.
var foreignFlags = map[string]string{
	"--certificate-identity":                   "--identity",
	"--certificate-identity-regexp":            "--identity-regexp",
	"--certificate-oidc-issuer":                "--issuer",
	"--certificate-oidc-issuer-regexp":         "--issuer-regexp",
	"--cert-identity":                          "--identity",
	"--cert-identity-regex":                    "--identity-regexp",
	"--cert-oidc-issuer":                       "--issuer",
	"--repository":                             "--ext sourceRepositoryURI=https://github.com/OWNER/NAME",
	"--owner":                                  "--ext sourceRepositoryOwnerURI=https://github.com/OWNER",
	"--custom-trusted-root":                    "--trusted-root",
	"--new-bundle-format":                      "no flag: bundles have that format",
	"--type":                                   "--predicate-type",
	"--insecure-ignore-tlog":                   "--require tlog=0",
	"--insecure-ignore-sct":                    "--require sct=0",
	"--use-signed-timestamps":                  "--require tsa=1",
	"--offline":                                "no flag: verification is offline",
	"--source-ref":                             "--ext sourceRepositoryRef=REF",
	"--source-digest":                          "--ext sourceRepositoryDigest=DIGEST",
	"--signer-digest":                          "--ext buildSignerDigest=DIGEST",
	"--certificate-github-workflow-repository": "--ext sourceRepositoryURI=https://github.com/OWNER/NAME",
	"--certificate-github-workflow-ref":        "--ext sourceRepositoryRef=REF",
	"--certificate-github-workflow-sha":        "--ext sourceRepositoryDigest=DIGEST",
	"-R":                                       "--repo",
	"-o":                                       "--format, such as --format json",
	"--json":                                   "--format json",
	"--output":                                 "--format, or --bundle for a file",
	"--signer-repo":                            "--signer-workflow OWNER/NAME/PATH, with --repo",
	"--bundle-from-oci":                        "--image or --oci-layout: bundles are then those that are attached",
	"--deny-self-hosted-runners":               "--ext runnerEnvironment=github-hosted",
	"--no-public-good":                         "--instance github",
	"--certificate-github-workflow-name":       "--ext githubWorkflowName=NAME",
	"--certificate-github-workflow-trigger":    "--ext githubWorkflowTrigger=EVENT",
	"--private-infrastructure":                 "--require tlog=0",
	"--rekor-url":                              "--signing-config FILE to sign; verification is offline",
	"--fulcio-url":                             "--signing-config FILE",
	"--yes":                                    "no flag: nothing is asked",
	"--tlog-upload":                            "no flag: the signing configuration says which logs",
	"--output-signature":                       "--bundle: a bundle holds the signature",
	"--output-certificate":                     "--bundle: a bundle holds the certificate",
}
