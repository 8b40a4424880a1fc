// SPDX-License-Identifier: Apache-2.0

package refuse

// what package carrier refuses, and the changes that it lists: the forms in which
// registries, forges and older tools keep evidence
var carrierCodes = []Description{
	{Code: "carrier.ambiguous", Cause: "A document fits two forms of evidence, or has two members that some readers take for one.", Fix: "Do not accept it: two readers would take different evidence from it."},
	{Code: "carrier.base64", Cause: "A member is malformed base64. As a change: it had line breaks or another spelling, and the bytes are the same.", Fix: "Get the document again. A change needs nothing: the signed bytes are as they were."},
	{Code: "carrier.claim", Cause: "The carrier of a bundle says something about it that differs from the signed statement or the certificate.", Fix: "Do not accept it: the bundle differs from the one that the carrier speaks of."},
	{Code: "carrier.count", Cause: "A file carries more than 1024 bundles, or one answer more than 64.", Fix: "Split the file, or give all of it to audit."},
	{Code: "carrier.kind_version", Cause: "A change: a log entry did not say what kind it is. The kind was taken from its body, which the log's proof covers.", Fix: "Nothing; sigbundle repair writes the bundle as it should be."},
	{Code: "carrier.limit", Cause: "Something in the document is larger or more numerous than any genuine one needs.", Fix: "Do not accept it. Genuine documents stay far below the limits."},
	{Code: "carrier.malformed", Cause: "The document is not strict JSON of its form, or has no bundle where one is expected.", Fix: "Get the document again."},
	{Code: "carrier.member_ignored", Cause: "A change: a member that the other form has no place for was left out. It is no evidence that is read.", Fix: "Nothing; keep the original document if the member matters."},
	{Code: "carrier.pem", Cause: "A certificate within base64 is PEM of anything other than one certificate. As a change: it was PEM of one certificate, and the certificate is the same.", Fix: "Get the document again. A change needs nothing."},
	{Code: "carrier.unknown", Cause: "An item of an answer holds neither a bundle nor the address of one.", Fix: "Check that it is the answer of an attestation API, and complete."},
	{Code: "carrier.version", Cause: "The document says that it is of a version of PEP 740 other than 1.", Fix: "Update this program if there is a newer version."},
}

// evidence that is incomplete without something that lies elsewhere
var importCodes = []Description{
	{Code: "import.bundle_url", Cause: "The answer of an API has the address of a bundle in place of the bundle.", Fix: "Download the bundle from that address, decompress it, and give it in place of the answer."},
	{Code: "import.no_entry", Cause: "A signature comes without its log entry, so nothing proves when it was made.", Fix: "Get the log entry that was saved with it, and join the parts with sigbundle convert; or ask the producer for a bundle."},
	{Code: "import.snappy", Cause: "The document is compressed in snappy's block format, as the bundles behind the addresses of an API are.", Fix: "Decompress it first."},
}

// what another form has no place for
var convertCodes = []Description{
	{Code: "convert.certificate", Cause: "The form needs the signer's certificate, with a P-256 key, and the bundle is signed by a managed key or another kind of key.", Fix: "Keep the bundle as it is."},
	{Code: "convert.lossy", Cause: "The form has no place for something that the bundle holds, or needs something that it lacks; the message names it.", Fix: "Convert it to another form, or keep the bundle as it is."},
	{Code: "convert.payload_type", Cause: "The form holds in-toto statements, and the bundle holds something else.", Fix: "Keep the bundle as it is."},
	{Code: "convert.signature_count", Cause: "An envelope does not carry exactly one signature.", Fix: "Ask for one envelope for each signature."},
}

// documents of a registry's keys
var keysCodes = []Description{
	{Code: "npm.key_usage", Cause: "A document of keys holds keys, and none of them is for attestations.", Fix: "Get the document that the registry publishes through TUF."},
}
