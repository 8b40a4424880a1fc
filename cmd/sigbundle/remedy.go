// SPDX-License-Identifier: Apache-2.0

package main

import "github.com/sigbundle/sigbundle/verify/codes"

// flagsFor has, by code, the flags of this command that do what the library's
// remedy says. The library knows no flags.
var flagsFor = map[string]string{
	"command.bundle":           "Use --bundle.",
	"command.signer":           "Use --repo, --identity with --issuer, or --key.",
	"command.threshold":        "The number is that of --bundles.",
	"command.usage":            "Use --help.",
	"gitsign.no_entry":         "Use --bundle for the entry.",
	"input.artifact":           "Use --no-artifact for statements alone.",
	"input.judgement":          "Use --expectations, or the flags of the same name.",
	"input.outside":            "Use --allow-outside.",
	"input.unsigned":           "Leave --require-bundles out to judge signed files alone.",
	"oms.cache":                "Use --hash-cache.",
	"oms.ignored":              "Use --ignore.",
	"oms.unsigned_file":        "Use --files signed-only.",
	"key.missing":              "Use --key.",
	"kit.base":                 "Use --base.",
	"kit.instance":             "Use --instance.",
	"kit.missing":              "Use trust export --from.",
	"kit.time":                 "Use --as-of.",
	"oci.registry.malformed":   "Use --plain-http for a registry without TLS.",
	"oci.registry.unreachable": "Use --ca-file or --plain-http.",
	"sign.content.encoding":    "Use attest --statement for a statement.",
	"sign.fulcio.detached_sct": "Use --allow-detached-sct.",
	"sign.fulcio.unreachable":  "Use --ca-file.",
	"sign.key.password":        "Set SIGBUNDLE_PASSWORD, or use --passphrase-file.",
	"sign.rekor.unreachable":   "Use --ca-file.",
	"sign.token.audience":      "Use --audience.",
	"sign.token.missing":       "Use --identity-token, --identity-token-file, --oidc-flow or --key.",
	"sign.tsa.unreachable":     "Use --ca-file.",
	"statement.payload_type":   "Use --no-artifact.",
	"trust.instance":           "Use --trusted-root, or trust refresh.",
	"tuf.age":                  "Raise --max-trust-age, or leave it out.",
	"tuf.expired":              "Use --max-trust-age.",
	"tuf.forbidden":            "Use --not-found.",
}

// remedy returns what a person who uses this command can do about a code, ""
// if the code is unknown.
func remedy(code string) string {
	d, _ := codes.Describe(code)
	if hint := flagsFor[code]; hint != "" {
		return d.Remedy + " " + hint
	}
	return d.Remedy
}
