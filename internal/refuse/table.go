// SPDX-License-Identifier: Apache-2.0

package refuse

// families holds the description of every code, sorted within each family.
// docs/reference/codes.md is written from it.
var families = [][]Description{
	bundleCodes, trustCodes, tlogCodes, timeCodes, signerCodes, contentCodes, policyCodes, noteCodes, tufCodes, inputCodes,
	kitCodes, lintCodes, signingConfigCodes, instanceCodes, signCodes, ociCodes, carrierCodes, gitsignCodes, omsCodes, nameCodes, lockCodes, importCodes, convertCodes, keysCodes, commandCodes,
}

// what bundle.Parse refuses
var bundleCodes = []Description{
	{Code: "bundle.body_missing", Cause: "A log entry has no canonicalizedBody, so nothing ties it to the log.", Fix: "Complete the bundle from the log, or ask its producer to."},
	{Code: "bundle.carrier", Cause: "The certificate is in a field that this version of the format does not allow: a lone certificate in 0.1 and 0.2, or a chain in 0.3.", Fix: "Ask the producer to fix the media type or the certificate's field."},
	{Code: "bundle.certificate", Cause: "A certificate is not exactly one strict DER certificate.", Fix: "Get the bundle again from its producer."},
	{Code: "bundle.chain_empty", Cause: "The certificate chain has no certificate.", Fix: "Get the bundle again from its producer."},
	{Code: "bundle.checkpoint_missing", Cause: "An inclusion proof has no checkpoint, so the tree it leads to is not signed.", Fix: "Complete the bundle from the log, or ask its producer to."},
	{Code: "bundle.content", Cause: "The bundle has no message signature and no envelope, both, or an empty signature.", Fix: "Ask the producer for a complete bundle."},
	{Code: "bundle.digest", Cause: "The message digest is of an unknown algorithm or of the wrong length.", Fix: "Ask the producer to fix it."},
	{Code: "bundle.duplicate_entry", Cause: "The bundle has the same log entry twice.", Fix: "Remove the copy; a repeated entry proves no more than one."},
	{Code: "bundle.empty", Cause: "There is no bundle in the file.", Fix: "Check that the right file was given and that it was written completely."},
	{Code: "bundle.entry_kind", Cause: "A log entry does not say what kind it is.", Fix: "Ask the producer to fix it; some registries stored such bundles and repaired them."},
	{Code: "bundle.key_hint", Cause: "The envelope names another key than the bundle.", Fix: "Ask the producer to fix it."},
	{Code: "bundle.limit", Cause: "Something is larger or more numerous than any genuine bundle needs.", Fix: "Do not accept it. Genuine bundles stay far below the limits."},
	{Code: "bundle.log_id", Cause: "A log entry names no log.", Fix: "Ask the producer to fix it."},
	{Code: "bundle.malformed", Cause: "The file is not strict JSON of the bundle format.", Fix: "Check that it is a Sigstore bundle and complete; older tools wrote other formats under similar names."},
	{Code: "bundle.material", Cause: "The bundle has no certificate and no key hint, or more than one of them.", Fix: "Ask the producer for a complete bundle."},
	{Code: "bundle.none", Cause: "There was no bundle to verify.", Fix: "Check that the list of bundles is the right one: an empty list verifies nothing."},
	{Code: "bundle.number", Cause: "A number is negative, too large or not an integer, or an index lies outside its tree.", Fix: "Get the bundle again from its producer."},
	{Code: "bundle.promise_missing", Cause: "A bundle of version 0.1 has a log entry without a signed entry timestamp.", Fix: "Complete the bundle from the log, or ask its producer to."},
	{Code: "bundle.proof_missing", Cause: "A log entry has no inclusion proof, which every version after 0.1 demands.", Fix: "Complete the bundle from the log, or ask its producer to."},
	{Code: "bundle.signature_count", Cause: "The envelope does not carry exactly one signature.", Fix: "Ask for one bundle for each signature."},
	{Code: "bundle.version", Cause: "The media type is not that of a known version of the format.", Fix: "Check that it is a Sigstore bundle; update this program if the format is newer than it."},
}

// what trustroot.Parse and its kin refuse
var trustCodes = []Description{
	{Code: "trust.conflict", Cause: "Two trust roots to be merged have one log ID with different keys, or one URL with different operators or checkpoint keys.", Fix: "Use them separately."},
	{Code: "trust.duplicate", Cause: "Two entries of the trust root have one log ID, and differ in key, or under one URL in validity or operator.", Fix: "Remove one of them from the trust root."},
	{Code: "trust.instance", Cause: "The instance is unknown, or has no trust root here yet.", Fix: "Name the instance's trusted_root.json, or refresh the instance."},
	{Code: "trust.key", Cause: "A key does not fit its algorithm, is missing, or has an unexpected ID.", Fix: "Fix that entry of the trust root."},
	{Code: "trust.limit", Cause: "Something in the trust root is larger or more numerous than is accepted.", Fix: "Split the trust root, or remove what is not needed."},
	{Code: "trust.malformed", Cause: "The file is not strict JSON of a trust root.", Fix: "Get it again, best through TUF; check that it is a trusted_root.json."},
	{Code: "trust.media_type", Cause: "The file does not say that it is a trust root, or is of an unknown version.", Fix: "Pass a trusted_root.json."},
	{Code: "trust.window", Cause: "A range of validity is missing, has no start or ends before it starts.", Fix: "Fix validFor in that entry of the trust root."},
}

// transparency logs
var tlogCodes = []Description{
	{Code: "tlog.checkpoint.malformed", Cause: "A checkpoint is not a well-formed signed note.", Fix: "Get the bundle again from its producer."},
	{Code: "tlog.checkpoint.origin", Cause: "The signed checkpoint is of another log than its key.", Fix: "Do not accept it, unless the trust root's baseUrl for that log is wrong."},
	{Code: "tlog.checkpoint.root", Cause: "The proof's own root or size is not that of the signed checkpoint.", Fix: "Do not accept it: bundle or proof was altered."},
	{Code: "tlog.checkpoint.signature", Cause: "A line of the checkpoint claims to be the log's and does not verify.", Fix: "Do not accept it: the checkpoint was altered, or forged."},
	{Code: "tlog.checkpoint.unsigned", Cause: "No line of the checkpoint is the log's.", Fix: "Check that the trust root is of the instance that signed; do not accept it otherwise."},
	{Code: "tlog.entry.digest", Cause: "The log entry is about other content.", Fix: "Check that artifact and bundle belong together; do not accept it otherwise."},
	{Code: "tlog.entry.generation", Cause: "The kind of the entry does not fit the version of the log, or the version is unknown.", Fix: "Do not accept it."},
	{Code: "tlog.entry.key", Cause: "The log entry names another certificate or key than the bundle's.", Fix: "Do not accept it: the entry is somebody else's."},
	{Code: "tlog.entry.kind", Cause: "Bundle and log disagree about the kind of the entry, or the kind does not fit what is signed.", Fix: "Do not accept it; ask the producer to fix it."},
	{Code: "tlog.entry.malformed", Cause: "The body of a log entry is not strict JSON of its kind.", Fix: "Do not accept it: a log does not write such entries."},
	{Code: "tlog.entry.payload_type", Cause: "The log entry was made for another payload type.", Fix: "Do not accept it: the entry is somebody else's."},
	{Code: "tlog.entry.signature", Cause: "The log entry holds another signature than the bundle's.", Fix: "Do not accept it: the entry is somebody else's."},
	{Code: "tlog.entry.unsupported", Cause: "The log entry is of a kind that bundles do not use, or use no longer.", Fix: "Ask the producer to sign again with a current client."},
	{Code: "tlog.inclusion", Cause: "The proof does not lead from the entry to the signed tree.", Fix: "Do not accept it: entry or proof was altered."},
	{Code: "tlog.promise.signature", Cause: "The signed entry timestamp does not verify under the log's key.", Fix: "Do not accept it: the entry was altered, or the trust root is of another instance."},
	{Code: "tlog.promise.unexpected", Cause: "An entry of Rekor v2, which makes no promises, carries one.", Fix: "Do not accept it."},
	{Code: "tlog.threshold", Cause: "There are entries of too few transparency logs.", Fix: "Check that the trust root is that of the Sigstore instance that made the bundle; if it is, ask the producer to log the signature."},
	{Code: "tlog.unknown_log", Cause: "The entry is of a log that the trust root does not list.", Fix: "Check the instance; if the trust root is older than the log, refresh it."},
	{Code: "tlog.window", Cause: "The log's key was not valid at that time, says the trust root.", Fix: "Refresh the trust root; do not accept it otherwise."},
}

// proofs of time
var timeCodes = []Description{
	{Code: "time.none", Cause: "Nothing in the bundle proves when it was signed, so no certificate can be judged.", Fix: "Ask the producer to add a timestamp; check the instance, or refresh the trust root."},
	{Code: "time.threshold", Cause: "Too few independent sources prove the time of signing.", Fix: "Check that the trust root is that of the Sigstore instance that made the bundle; if it is, ask the producer for another timestamp."},
	{Code: "timestamp.chain", Cause: "No valid path leads from the timestamp's signer to the authority at the time stated.", Fix: "Refresh the trust root; do not accept it otherwise."},
	{Code: "timestamp.imprint", Cause: "The timestamp is over something else than this signature.", Fix: "Do not accept it: the timestamp belongs to another bundle."},
	{Code: "timestamp.malformed", Cause: "A timestamp is not a strict DER response.", Fix: "Get the bundle again from its producer."},
	{Code: "timestamp.profile", Cause: "The timestamp or its signer's certificate has a form that RFC 3161 does not allow.", Fix: "Do not accept it; ask the producer to use another authority."},
	{Code: "timestamp.signature", Cause: "The timestamp's own signature does not verify.", Fix: "Do not accept it: the timestamp was altered, or forged."},
	{Code: "timestamp.signer", Cause: "The certificate that the timestamp names is missing, or is not the authority's.", Fix: "Put the authority's certificate in the trust root, or have it embedded in timestamps."},
	{Code: "timestamp.status", Cause: "The authority did not grant the timestamp.", Fix: "Ask the producer to sign again."},
	{Code: "timestamp.threshold", Cause: "There are timestamps of too few authorities.", Fix: "Check that the trust root is that of the Sigstore instance that made the bundle; if it is, ask the producer for another timestamp."},
	{Code: "timestamp.window", Cause: "The authority was not valid at that time, says the trust root.", Fix: "Refresh the trust root; do not accept it otherwise."},
}

// certificates, their logs, identities and keys
var signerCodes = []Description{
	{Code: "certificate.extension", Cause: "An extension of the certificate is malformed or repeated.", Fix: "Do not accept it: the authority does not issue such certificates."},
	{Code: "certificate.issuer", Cause: "The certificate names two different OIDC issuers.", Fix: "Do not accept it: the authority does not issue such certificates."},
	{Code: "certificate.san", Cause: "The certificate names no signer, several, or one of an unknown kind.", Fix: "Do not accept it; have it issued with exactly one name."},
	{Code: "chain.expired", Cause: "A certificate on the path was not valid at a verified time.", Fix: "Check how the artifact was signed: the signature was made outside the certificate's life."},
	{Code: "chain.profile", Cause: "The path or the certificate is not fit for signing code: usage, constraints or form.", Fix: "Do not accept it; use a certificate for code signing."},
	{Code: "chain.untrusted", Cause: "No authority in the trust root issued the certificate.", Fix: "Check the instance; if the authority is newer than the trust root, refresh it."},
	{Code: "chain.window", Cause: "The authority was not in use at a verified time, says the trust root.", Fix: "Refresh the trust root; do not accept it otherwise."},
	{Code: "identity.extension", Cause: "An extension of the certificate is not what the policy asks for.", Fix: "Check the expected value; if it is right, do not accept the artifact."},
	{Code: "identity.issuer", Cause: "The issuer is not the one that the policy asks for.", Fix: "Check the expected issuer; if it is right, do not accept the artifact."},
	{Code: "identity.kind", Cause: "The name is the one that the policy asks for, in a field of another kind: an email address or otherName that reads as a URI, for example.", Fix: "Do not accept it, unless you know that the authority issues such names; the policy must then state the kind."},
	{Code: "identity.san", Cause: "The signer is not one that the policy asks for.", Fix: "Check the expected identity; if it is right, do not accept the artifact."},
	{Code: "key.hint", Cause: "The bundle is signed by a key that is not among those given.", Fix: "Check which key the producer uses."},
	{Code: "key.missing", Cause: "The bundle is signed by a managed key, and none was given.", Fix: "Give the producer's public key."},
	{Code: "key.unexpected", Cause: "The bundle carries a certificate, and only a key was given.", Fix: "Say which identity to accept, or get the bundle that the key signed."},
	{Code: "key.unsupported", Cause: "The signer's key is of a kind that is not verified.", Fix: "Ask the producer to sign with an ECDSA, RSA or Ed25519 key of the registry."},
	{Code: "key.window", Cause: "The managed key was not valid when it signed, or nothing proves when that was.", Fix: "Check the key's validity; ask the producer for a timestamp."},
	{Code: "sct.malformed", Cause: "The signed certificate timestamps in the certificate are malformed.", Fix: "Do not accept it: the authority does not issue such certificates."},
	{Code: "sct.missing", Cause: "The certificate holds no signed certificate timestamp, and one is required.", Fix: "Check that the trust root is that of the Sigstore instance that made the bundle; if it is, do not accept the certificate."},
	{Code: "sct.signature", Cause: "A signed certificate timestamp does not verify under its CT log's key.", Fix: "Do not accept it: the certificate may not have been published."},
	{Code: "sct.threshold", Cause: "There are signed certificate timestamps of too few CT logs.", Fix: "Check that the trust root is that of the Sigstore instance that made the bundle; if it is, do not accept the certificate."},
	{Code: "sct.unknown_log", Cause: "The signed certificate timestamp is of a CT log that the trust root does not list.", Fix: "Check the instance; if the trust root is older than the CT log, refresh it."},
	{Code: "sct.window", Cause: "The CT log's key was not valid at that time, says the trust root.", Fix: "Refresh the trust root; do not accept it otherwise."},
}

// signature, artifact and statement
var contentCodes = []Description{
	{Code: "artifact.envelope", Cause: "The artifact of a message signature begins as the encoding that envelopes are signed in, so that one signature would be valid for both.", Fix: "Do not accept it: the signature is of an envelope. Ask for the bundle of the envelope."},
	{Code: "artifact.mismatch", Cause: "The bundle is about another artifact.", Fix: "Check that artifact and bundle belong together; get both again."},
	{Code: "artifact.missing", Cause: "No artifact was given for a signature that cannot do without.", Fix: "Name the artifact, or its digest."},
	{Code: "artifact.not_comparable", Cause: "The bundle speaks of the artifact in a digest that was not given.", Fix: "Give the artifact itself, or the digest that the bundle uses."},
	{Code: "rule.refused", Cause: "A rule of the policy objects.", Fix: "See the rule's own message."},
	{Code: "signature.invalid", Cause: "The signature is not the signer's over this content.", Fix: "Do not accept it: artifact, envelope or signature was altered."},
	{Code: "signature.needs_artifact", Cause: "The signature is over the artifact's bytes, and only a digest was given.", Fix: "Give the artifact itself."},
	{Code: "statement.limit", Cause: "The statement has more subjects or digests than are accepted.", Fix: "Raise the limit if statements of that size are expected."},
	{Code: "statement.malformed", Cause: "The signed payload is not strict JSON of an in-toto statement.", Fix: "Ask the producer to fix it."},
	{Code: "statement.payload_type", Cause: "The envelope holds something other than an in-toto statement.", Fix: "Verify the envelope alone, without an artifact."},
	{Code: "statement.predicate_type", Cause: "The statement makes another kind of claim than the one required.", Fix: "Get the attestation with the required predicate type."},
	{Code: "statement.subjects", Cause: "The statement is about nothing, or about something without a digest.", Fix: "Ask the producer to fix it."},
	{Code: "statement.type", Cause: "The payload does not say that it is an in-toto statement of a known version.", Fix: "Ask the producer to fix it."},
}

// what verify.New refuses: the caller can mend these
var policyCodes = []Description{
	{Code: "policy.artifact", Cause: "The digest given for the artifact is malformed or of an unusable kind.", Fix: "Give sha256:HEX, sha384:HEX or sha512:HEX."},
	{Code: "policy.empty", Cause: "The policy accepts no signer.", Fix: "Name an identity or a key."},
	{Code: "policy.extension", Cause: "There is no certificate extension of that name.", Fix: "Use a name of Fulcio's registry, such as sourceRepositoryURI."},
	{Code: "policy.identity", Cause: "An identity in the policy is incomplete or contradictory.", Fix: "Give each identity a name and an issuer, each exact or as an expression."},
	{Code: "policy.key", Cause: "A managed key in the policy is unusable.", Fix: "Give one public key in PEM, ECDSA, RSA or Ed25519."},
	{Code: "policy.limit", Cause: "A limit in the policy is not a positive number.", Fix: "Fix the policy."},
	{Code: "policy.predicate_type", Cause: "A predicate type in the policy is empty.", Fix: "Name the type, or leave the condition out."},
	{Code: "policy.regexp", Cause: "A regular expression in the policy does not parse.", Fix: "Fix it; the syntax is RE2 and the whole text must match."},
	{Code: "policy.root", Cause: "No trust root was given.", Fix: "Give one."},
	{Code: "policy.rule", Cause: "A rule in the policy is nil.", Fix: "Fix the policy."},
}

// notes refuse nothing: they stand in reports of verified bundles too. A code
// that occurs in both roles, such as tlog.unknown_log, is listed above.
var noteCodes = []Description{
	{Code: "artifact.skipped", Cause: "No artifact was compared with the statement.", Fix: "Give the artifact, unless the envelope alone matters."},
	{Code: "bundle.loose_chain", Cause: "A bundle of version 0.3 carries a certificate chain in place of the lone certificate, and the trust root is not that of the public-good instance.", Fix: "Nothing; the chain only helps to build a path to a listed authority."},
	{Code: "chain.root_present", Cause: "The bundle carries a self-issued certificate, which is no anchor.", Fix: "Nothing; it was ignored."},
	{Code: "identity.any", Cause: "A pattern of the policy for the signer's name or issuer matches those of any host, so that every signer of the instance, or of every issuer, is accepted.", Fix: "State the name and the issuer, or begin the pattern with the host and the owner; https://github\\.com/OWNER/REPOSITORY/.* for example."},
	{Code: "signature.sha256", Cause: "A P-384 or P-521 key signed with SHA-256.", Fix: "Nothing; ask the producer to use a current client."},
	{Code: "statement.no_predicate_type", Cause: "The statement does not say what kind of claim it makes.", Fix: "Ask the producer to name a predicate type."},
	{Code: "statement.predicate", Cause: "The predicate of the statement is a JSON value other than an object, as in attestations of older tools.", Fix: "Check that the reader of the predicate expects this form."},
	{Code: "statement.type_name", Cause: "The statement has its type under a member that is not in the specification.", Fix: "Ask the producer to fix it."},
	{Code: "time.later", Cause: "A note: every time that the bundle proves for its signature is later than the time asked about, or it proves none. The time asked about judges no signature.", Fix: "If the question is what was signed at that time, do not count this bundle."},
	{Code: "timestamp.unknown_authority", Cause: "A timestamp is of an authority that the trust root does not list.", Fix: "Nothing, if enough other evidence holds; else check the instance."},
	{Code: "timestamp.unusual", Cause: "A timestamp has a form that only early tokens have.", Fix: "Nothing; it verifies."},
	{Code: "tlog.checkpoint.name", Cause: "A checkpoint bears another name than the trust root has for its log.", Fix: "Nothing; a Rekor v1 log is known by its key."},
}
