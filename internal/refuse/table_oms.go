// SPDX-License-Identifier: Apache-2.0

package refuse

// what package bundle/model refuses: manifests of models, and directories
var omsCodes = []Description{
	{Code: "oms.cache", Cause: "The cache of file digests cannot be read.", Fix: "Delete it, or name another file; all files are then hashed again."},
	{Code: "oms.case", Cause: "Two names in the manifest of a model differ in the case of letters alone, so that some file systems hold one file under both.", Fix: "Do not accept it; ask the producer to rename one of them."},
	{Code: "oms.changed", Cause: "A file of the model changed while it was read.", Fix: "Verify again when nothing writes to the model."},
	{Code: "oms.digest", Cause: "A file of the model, or a shard of it, is not the one that was signed.", Fix: "Do not use it: get the model again."},
	{Code: "oms.duplicate", Cause: "A file or a shard is in the manifest of a model twice.", Fix: "Do not accept it; ask the producer to sign again."},
	{Code: "oms.embedded_key", Cause: "A note: the bundle brought its signer's public key with it, as signers before version 1.1 wrote. The key was dropped, and the one that the policy names was used.", Fix: "Nothing; ask the producer to use a current signer."},
	{Code: "oms.file_kind", Cause: "A name of the manifest is that of something other than a regular file, or something other than a folder is above it.", Fix: "Get the model again; keep devices, pipes and sockets out of its folder."},
	{Code: "oms.files", Cause: "A note: how many files of the model were compared with the manifest.", Fix: "Nothing."},
	{Code: "oms.hash", Cause: "The manifest of a model uses a hash that is not supported.", Fix: "Ask the producer to sign with sha256."},
	{Code: "oms.ignored", Cause: "The model has a file that its signer left out of the manifest, and that is not among the files of git.", Fix: "Remove the file, or leave it out if nothing loads it."},
	{Code: "oms.malformed", Cause: "The predicate is not the manifest of a model.", Fix: "Ask the producer to sign again with a current signer."},
	{Code: "oms.missing_file", Cause: "A file of the manifest is not in the model.", Fix: "Get the model again, complete."},
	{Code: "oms.name", Cause: "A name in the manifest leads out of the model, or has more than one meaning.", Fix: "Do not accept it; ask the producer to rename the file."},
	{Code: "oms.order", Cause: "The digest of the model is over its resources in another order than that of the manifest.", Fix: "Ask the producer to sign again with a current signer."},
	{Code: "oms.root", Cause: "The digest of the model is not that of its resources.", Fix: "Do not accept it; ask the producer to sign again."},
	{Code: "oms.shards", Cause: "The shards of a file leave a gap, overlap, or do not end where the file ends.", Fix: "Get the model again; if that does not help, ask the producer to sign again."},
	{Code: "oms.subject", Cause: "The statement of a model does not have one subject with one SHA-256.", Fix: "Ask the producer to sign again with a current signer."},
	{Code: "oms.symlink", Cause: "The model has a symbolic link.", Fix: "Replace the link by the file that it stands for, or remove it."},
	{Code: "oms.unsigned_file", Cause: "The model has a file that its manifest does not list.", Fix: "Remove the file, or verify the signed files alone, where other files may lie beside them."},
	{Code: "oms.version", Cause: "The model was signed in a form before version 1.0, whose signatures are over bytes that DSSE does not define.", Fix: "Ask the producer to sign again with a current signer."},
}
