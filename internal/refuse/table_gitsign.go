// SPDX-License-Identifier: Apache-2.0

package refuse

// what package bundle/gitsign refuses: signed commits and tags of git
var gitsignCodes = []Description{
	{Code: "gitsign.armor", Cause: "The signature of the commit or tag is not one block of base64 between its two lines, or is of another kind, such as OpenPGP or SSH.", Fix: "Verify other kinds of signatures with git itself; get the object again as git cat-file prints it."},
	{Code: "gitsign.attributes", Cause: "The attributes of the signature are not DER in its order, or one is missing or there twice.", Fix: "Do not accept it; signers do not write such signatures."},
	{Code: "gitsign.certificate", Cause: "The signature does not bring exactly one certificate of its signer, or one that it brings is malformed.", Fix: "Ask for a signature that includes the certificate of the signer."},
	{Code: "gitsign.cms", Cause: "The signature is not strict DER of CMS signed data over detached content.", Fix: "Do not accept it; signers do not write such signatures."},
	{Code: "gitsign.digest", Cause: "The signature is over another commit or tag, or the object has another name than the one asked for.", Fix: "Do not accept it: the object was altered, or it is not the one that you meant."},
	{Code: "gitsign.entry", Cause: "The log entry of the signature cannot be read, or is about something else.", Fix: "Get the entry of this commit from the log again."},
	{Code: "gitsign.limit", Cause: "The object, its signature or the log entry is larger than any genuine one.", Fix: "Do not accept it."},
	{Code: "gitsign.no_entry", Cause: "The signature carries no log entry: its signer left it in the log alone.", Fix: "Save the entry of the log and give it with the signature, or ask the signer to store the entry in the commit."},
	{Code: "gitsign.object", Cause: "The input is not a commit or a tag as git writes it.", Fix: "Give what git cat-file commit or git cat-file tag prints, byte for byte."},
	{Code: "gitsign.signature", Cause: "The signature over the commit or tag is not by the key of the certificate that it brings.", Fix: "Do not accept it."},
	{Code: "gitsign.signatures", Cause: "The commit or tag has more than one signature, or has it in a place where only the other kind has one.", Fix: "Do not accept it: two readers could choose different signatures."},
	{Code: "gitsign.signers", Cause: "The signature has more than one signer.", Fix: "Ask for one signature by one signer."},
	{Code: "gitsign.unsigned", Cause: "The commit or tag has no signature.", Fix: "Sign it."},
	{Code: "gitsign.weak_name", Cause: "A note: git names the object by SHA-1. The signature is over a SHA-256 of it, and is not weakened by that.", Fix: "Nothing; compare objects by their bytes where somebody could make two of one name."},
}
