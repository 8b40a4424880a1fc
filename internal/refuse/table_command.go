// SPDX-License-Identifier: Apache-2.0

package refuse

// what package lock refuses
var lockCodes = []Description{
	{Code: "lock.conflict", Cause: "The lock file has two digests for one version of a package.", Fix: "Find out which one the package has; do not accept the lock file before."},
	{Code: "lock.limit", Cause: "The lock file is larger, or there is more evidence about an entry, than is accepted.", Fix: "Split the lock file; leave only evidence that is needed in the folder."},
	{Code: "lock.malformed", Cause: "The lock file does not have the form of its kind, or says something twice.", Fix: "Write it again with the package manager; do not accept it if it changes."},
	{Code: "lock.name", Cause: "An entry's name, version or file is a path, or is not one that its package manager has.", Fix: "Do not accept the lock file."},
	{Code: "lock.no_digest", Cause: "The lock file gives no digest for an entry, so that nothing binds it to evidence.", Fix: "Have the package manager write digests into the lock file."},
	{Code: "lock.subject", Cause: "A signed statement has the entry's digest, and names another package for it.", Fix: "Do not accept the entry: another package is installed under its name."},
	{Code: "lock.threshold", Cause: "An entry has fewer distinct signatures than are asked for.", Fix: "Get further evidence about it, or ask for fewer signatures."},
	{Code: "lock.unknown", Cause: "The file is not a lock file of a kind that is read.", Fix: "Name a package-lock.json, pnpm-lock.yaml, yarn.lock, bun.lock, pylock.toml, Gemfile.lock, or a requirements file with digests."},
	{Code: "lock.unsigned", Cause: "No evidence is about the digest of an entry.", Fix: "Get evidence for exactly this file; without any, its producer may not sign."},
	{Code: "lock.version", Cause: "The lock file has a version of its format that is not read.", Fix: "Write it again with a current package manager."},
}

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
	{Code: "command.bundle", Cause: "No bundle lies beside the artifact.", Fix: "Name the bundle."},
	{Code: "command.file", Cause: "A file that the command line names cannot be opened, read or written.", Fix: "Fix the path, or the permissions."},
	{Code: "command.signer", Cause: "The command line does not say whose signature to accept.", Fix: "Name a repository, an identity with its issuer, or a key."},
	{Code: "command.source", Cause: "The workflow that signed is not of the source repository, and the policy accepts the source of every repository.", Fix: "Pin the source repository: any repository can call a public workflow."},
	{Code: "command.threshold", Cause: "Every bundle verifies, and they hold fewer distinct signatures than are asked for.", Fix: "Get the bundles of the other signers, or ask for fewer."},
	{Code: "command.usage", Cause: "The command line is not understood, or contradicts itself.", Fix: "Read the help of the command."},
}
