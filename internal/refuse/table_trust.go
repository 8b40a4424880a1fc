// SPDX-License-Identifier: Apache-2.0

package refuse

// kits, the files that carry trust over an air gap
var kitCodes = []Description{
	{Code: "kit.base", Cause: "The kit is a delta, and the kit that it adds to is missing or another one.", Fix: "Name the kit whose ID is in the message."},
	{Code: "kit.corrupt", Cause: "A byte of the kit is not as it was written.", Fix: "Copy the kit again from where it was made."},
	{Code: "kit.digest", Cause: "The kit's SHA-256 is not the one that was asked for.", Fix: "Get the kit that belongs to the digest, or the digest that belongs to the kit, from its maker."},
	{Code: "kit.instance", Cause: "The kit is one of another instance than the one it was taken as.", Fix: "Name the instance in the message, or get a kit of the one that was meant."},
	{Code: "kit.limit", Cause: "The kit has more files or bytes than is accepted.", Fix: "Split it: leave bundles out, or make several kits."},
	{Code: "kit.malformed", Cause: "The file is not a kit, or its manifest cannot be read.", Fix: "Check that it is a file that sigbundle trust export wrote, and complete."},
	{Code: "kit.missing", Cause: "Files that the manifest lists are not in the kit or not in its base; or its roots begin after the one trusted here.", Fix: "Copy the kit again; the message names the files. For older roots, make the kit from a copy of the repository."},
	{Code: "kit.name", Cause: "A file has a name that not every system takes, one outside the kit's folders, or one that is not of its folder: bundles end in .sigstore.json, policies in .json, .jsonl, .pem or .pub, artifacts otherwise.", Fix: "Rename the file before the export, such as ARTIFACT.sigstore.json."},
	{Code: "kit.time", Cause: "The kit says that it was made at a later time than that of the judgement.", Fix: "Check the clocks of both sides, or judge at another time."},
	{Code: "kit.unlisted", Cause: "The kit holds something that its manifest does not list, or that serves no proof.", Fix: "Do not accept it; make the kit again."},
}

// documents that tell signers which services to use
var signingConfigCodes = []Description{
	{Code: "signingconfig.count", Cause: "The configuration asks for exactly as many services as there are not operators of.", Fix: "Fix the count, or add services."},
	{Code: "signingconfig.limit", Cause: "Something in the configuration is larger or more numerous than is accepted.", Fix: "Remove what is not needed."},
	{Code: "signingconfig.malformed", Cause: "The file is not strict JSON of a signing configuration, or a date or number in it makes no sense.", Fix: "Get it again, best through TUF."},
	{Code: "signingconfig.media_type", Cause: "The file does not say that it is a signing configuration of version 0.2, or a client trust configuration.", Fix: "Pass a signing_config.v0.2.json or a ClientTrustConfig."},
	{Code: "signingconfig.none", Cause: "No service of a kind is in use at the time and of a version that this program speaks.", Fix: "Refresh the configuration, or choose another version of the log."},
	{Code: "signingconfig.selector", Cause: "The configuration does not say how many services of a kind to use.", Fix: "Set the selector to ANY, ALL or EXACT."},
	{Code: "signingconfig.url", Cause: "The address of a service is not an http or https URL with a host, or carries credentials.", Fix: "Fix the address in the configuration."},
}

// what is kept about instances, and questions about trust roots
var instanceCodes = []Description{
	{Code: "instance.config", Cause: "What is kept about an instance is damaged, its name cannot be used or is taken.", Fix: "Choose another name; remove a damaged instance and add it again."},
	{Code: "instance.key_id", Cause: "The trust root has no key, certificate or log of that ID, or the text is no ID.", Fix: "Take the ID from sigbundle trust show."},
	{Code: "instance.origin", Cause: "The origin given for a log is not a name that checkpoints can have, or the log is of version 1.", Fix: "Give the first line of the log's checkpoints; leave origin out where that is the host of its URL."},
	{Code: "instance.other", Cause: "A note: another known instance lists the authorities that the bundle names.", Fix: "If the bundle should be of that instance, verify by its trust root. Requiring less evidence would not help."},
	{Code: "instance.pem", Cause: "A PEM file does not hold the chain or the key that it should.", Fix: "Give a chain with the anchor last, each certificate signed by the next, or one public key."},
	{Code: "instance.unknown", Cause: "A note: the trust root lists no log and no authority that the bundle names. The bundle is of another instance, or of one that the trust root is too old for.", Fix: "Find out from the producer which instance signed, and give its trust root. Requiring less evidence would not help."},
}
