// SPDX-License-Identifier: Apache-2.0

package refuse

// what package names refuses
var nameCodes = []Description{
	{Code: "filename.malformed", Cause: "The name of a file is not one that its package manager writes.", Fix: "Give the file under the name that it was published with."},
	{Code: "integrity.malformed", Cause: "An integrity value has no digest, a malformed one, or two that differ.", Fix: "Write the lock file again; do not accept it if it changes."},
	{Code: "purl.malformed", Cause: "A package URL does not have the form of its type, or hides a path in an escape.", Fix: "Write it as pkg:TYPE/NAMESPACE/NAME@VERSION, with each part percent-encoded."},
}

// what the command itself refuses; apart from too few signatures, before there is
// anything to judge, with exit code 2
var commandCodes = []Description{
	{Code: "command.ambiguous", Cause: "An argument has two meanings: it is the name of a file and a digest, or of a folder and an image in a registry, or a folder ends at two places in it.", Fix: "Write ./NAME for the file or folder, and DIR/ or DIR/:TAG for a layout; or remove the file or folder that does not belong."},
	{Code: "command.bundle", Cause: "No bundle lies beside the artifact.", Fix: "Name the bundle with --bundle."},
	{Code: "command.file", Cause: "A file that the command line names cannot be opened, read or written.", Fix: "Fix the path, or the permissions."},
	{Code: "command.signer", Cause: "The command line does not say whose signature to accept.", Fix: "Give --repo, --identity with --issuer, or --key."},
	{Code: "command.source", Cause: "The workflow that signed is not of the source repository, and the policy accepts the source of every repository.", Fix: "Pin the source repository: any repository can call a public workflow."},
	{Code: "command.threshold", Cause: "Every bundle verifies, and they hold fewer distinct signatures than --bundles asks for.", Fix: "Get the bundles of the other signers, or ask for fewer."},
	{Code: "command.usage", Cause: "The command line is not understood, or contradicts itself.", Fix: "See the --help of the command."},
}
