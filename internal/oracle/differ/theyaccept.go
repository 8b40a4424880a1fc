// SPDX-License-Identifier: Apache-2.0

package differ

// theyAccept are the classes of what a client accepts and we refuse. Each
// names our codes and, where a code says too little, the place.
var theyAccept = []*rule{
	// the JSON
	{sgo, `bundle\.malformed`, "", `base64: line break|shorter`, "we", "line breaks and loose bits in base64",
		"ProtoJSON's base64 has neither; Go's decoder skips line breaks and drops bits behind the last byte. (RFC 4648, Sections 3.3 and 3.5)"},
	{sgo, `bundle\.number|bundle\.malformed`, "", `exponent|fraction|space before|leading zero|empty string`, "we", "spellings of integers",
		"64-bit integers are decimal strings (ProtoJSON format); protojson reads exponents and fractions of zero as well."},
	{js + "|" + py, `bundle\.(malformed|number|carrier|content|material|log_id|key_hint|digest|limit|version|entry_kind|signature_count)`, "",
		`(double member|unknown member|member in capitals|null element|empty (string|object|list)|number|boolean|space before|longer|shorter|leading zero|fraction|exponent|escape|base64: .*|another character|splice|null|zero|negative|byte behind|byte before|cut off|member in snake case|byte order mark|data behind|white space|double element|member last|one more|one less|swap elements|drop member|drop element|in a list) at|story: bundle/(member|unknown|digest|empty|no-|negative|too)|corpus`, "we", "JSON read by guessing",
		"Repeated and unknown members, members in another case, values of another type, characters outside base64, spaces around numbers: a bundle is understood in full or not at all, or two readers understand two things. Languages' own JSON and number parsers let these pass. (client specification, Section 5: consumers accept the ProtoJSON mapping only; docs/decisions.md, C2)"},
	{js, `bundle\.key_hint`, "", ``, "we", "another key in the envelope",
		"Hint and keyid must be equal if both are there. It ignores the keyid. (sigstore_bundle.proto, VerificationMaterial; docs/decisions.md, C9)"},
	{sgo, `bundle\.key_hint`, "", ``, "we", "another key in the envelope",
		"Hint and keyid must be equal if both are there. It compares neither with the other. (sigstore_bundle.proto, VerificationMaterial; docs/decisions.md, C9)"},
	{js, `bundle\.version`, "", ``, "we", "versions to come",
		"A media type that is not known may mean something else by the same words. It accepts every number. (client specification, Section 5)"},
	{"", `bundle\.carrier`, "", ``, "we", "carriers of certificates",
		"Before 0.3 the certificate stood in a chain, since then alone; it accepts both in 0.1 and 0.2. (sigstore_bundle.proto, VerificationMaterial)"},
	{"", `bundle\.entry_kind|tlog\.entry\.kind`, "", ``, "we", "kind of an entry",
		"An entry's kindVersion must be that of its body, and fit the content. The client goes by the body, or by kindVersion, alone. (client specification, Section 4.4)"},
	{"", `bundle\.(malformed|number)`, "", `(rootHash|treeSize)/?$`, "we", "copies of root and size that are no copies",
		"A root has 32 bytes, and a leaf is below the size of its tree; the client uses the checkpoint's and leaves the copies unread. (sigstore_rekor.proto, InclusionProof)"},
	{js, `artifact\.mismatch`, "", `messageDigest`, "we", "messageDigest without a log",
		"A digest that is there must be the artifact's. It compares it with the log entry only, where there is one. (sigstore_common.proto, MessageSignature; docs/decisions.md, C8)"},
	{py, `time\.none|timestamp\.threshold`, "", `signedTimestamp/`, "we", "who signed a timestamp",
		"A token names its signer (RFC 5652, Section 5.3), and one that names nobody whom the trust root lists is of an unknown authority. It tries the keys."},
	{"", `bundle\.certificate`, "", `certificates\[\]|byte-behind|rawBytes`, "we", "certificates that are not exactly DER",
		"Every certificate in a bundle is exactly one DER certificate. The client reads only the first of a chain, or passes over what is behind it. (X.690, Section 10; RFC 5280, Section 4.1)"},
	{"", `bundle\.(digest|duplicate_entry|limit|body_missing|signature_count|number|log_id|material|proof_missing|promise_missing|checkpoint_missing|content|malformed)`, "", `^story|splice|double|empty|null|drop|one more|negative|zero`, "we", "form of bundles",
		"What the schema requires and the client does not look at. (sigstore_bundle.proto; client specification, Section 5)"},

	// the logs
	{sgo, `tlog\.(inclusion|entry\..*)|bundle\.(body_missing|limit|content)`, "", `canonicalizedBody`, "either", "the body of a Rekor v2 entry",
		"It rebuilds the body from the bundle and ignores the one inside; we do both and compare, so that what is shown is what was logged. (Rekor v2 specification, Section 6.1.4)"},
	{js + "|" + py, `tlog\.entry\..*`, "", ``, "we", "what an entry says besides",
		"The entry's key, payload type, algorithm and kind must be the bundle's. The client compares digest and signature alone, in some kinds of entry. (client specification, Section 4.4: the entry must be consistent with the bundle; CVE-2022-36056)"},
	{sgo, `tlog\.entry\.payload_type`, "", ``, "we", "what an entry says besides", "The payload type in an intoto entry must be the envelope's. (client specification, Section 4.4)"},
	{"", `tlog\.checkpoint\.root`, "", ``, "we", "copies of root and size",
		"The proof repeats root and size of the checkpoint; all copies must agree. The client uses one and ignores the other. (rekor: sigstore_rekor.proto, InclusionProof)"},
	{"", `tlog\.inclusion`, "", `logIndex|two-indexes|inclusion|treeSize`, "we", "copies of the index",
		"A Rekor v2 entry and its proof have the same index. The client uses one and ignores the other. (Rekor v2 specification, Section 6.1)"},
	{"", `tlog\.checkpoint\.(malformed|unsigned|origin|signature)|bundle\.malformed`, "", `checkpoint|keyId|logId`, "we", "form of checkpoints",
		"The form of a checkpoint is exact: no leading zeros, no other lines, the origin is the log's name and its signature is by the log of the entry. The client searches for a line that it can verify. (C2SP: tlog-checkpoint, signed-note)"},
	{js + "|" + py, `tlog\.(promise\.unexpected|entry\.generation)`, "", ``, "we", "generations of Rekor",
		"One decision says whether a log is Rekor v1 or v2, and evidence of the other kind is refused. The client goes by each part of the entry. (docs/decisions.md)"},
	{"", `tlog\.window`, "", ``, "we", "windows of logs",
		"A log's key counts from its start to its end, for entries without a promise too. The client checks it for promises alone or not at all. (sigstore_trustroot.proto, TransparencyLogInstance; docs/decisions.md, C7)"},
	{"", `tlog\.(threshold|unknown_log|promise\.signature)`, "", `two-logs|keyId|of-two|both logs|tlogEntries|corpus`, "we", "logs counted",
		"Evidence of a known log must hold in full, an entry names the log that made it, and thresholds count operators. The client passes over bad evidence beside good, finds the log by the checkpoint, or counts entries. (docs/decisions.md, C4, C19; CVE-2026-49834)"},
	{js, `tlog\.entry\.unsupported`, "", ``, "we", "entries of kind dsse 0.0.2", "Released Rekor v2 logs hold none. (docs/decisions.md, C5)"},

	// timestamps
	{sgo + "|" + py, `timestamp\.(window|imprint|signature|signer|chain|profile|status|malformed)`, "", ``, "we", "bad timestamps beside good evidence",
		"Evidence of a known authority must hold in full and in DER; the client passes over a timestamp that fails where another time is proved, reads BER, or accepts what the profile of timestamp signers forbids. (RFC 3161, Sections 2.3 and 2.4.2; RFC 5816; docs/decisions.md, C4 and C11)"},
	{js, `timestamp\.(malformed|signer|profile|status|window|chain|signature|imprint)`, "", ``, "we", "form of timestamps",
		"Responses are DER, granted, signed by a certificate for timestamping alone, which the token names (RFC 3161, Sections 2.3 and 2.4.2; RFC 5816). It checks imprint, signature and chain."},
	{sgo, `timestamp\.threshold|time\.threshold`, "", ``, "we", "authorities counted", "Thresholds count operators; it counts URIs. (docs/decisions.md)"},

	// certificates
	{js + "|" + py, `chain\.(expired|window)`, "", ``, "we", "windows of authorities and certificates",
		"Every verified time must lie in the validity of each certificate, to the millisecond, and in the authority's window in the trust root. The client drops fractions of seconds, or ignores the window. (client specification, Section 4.2)"},
	{"", `chain\.profile`, "", ``, "we", "profile of signing certificates",
		"A signing certificate is not a CA's and is for code signing. (Fulcio, certificate specification)"},
	{"", `certificate\.(san|issuer|extension)`, "", ``, "we", "names in certificates",
		"Exactly one name, one issuer, and extensions of the type that the registry gives them. The client takes the first or the last of several. (Fulcio, oid-info; docs/decisions.md, C18)"},
	{py, `sct\.(window|unknown_log)`, "", ``, "we", "CT logs",
		"A CT log's key counts inside its window and under its ID. It finds the key by trying. (RFC 6962, Section 3.2; sigstore_trustroot.proto)"},
	{js, `key\.window`, "", ``, "we", "windows of keys", "It drops fractions of seconds. (sigstore_common.proto, TimeRange)"},
	{sgo, `identity\.issuer`, "", `no-issuer`, "we", "absent issuers", "An absent field matches nothing, not even an expression that matches all. (docs/decisions.md)"},

	// content
	{js, `statement\..*`, "", ``, "either", "statements",
		"It verifies envelopes and leaves statements to its caller, unread. (in-toto attestation framework)"},
	{"", `statement\.(type|malformed|subjects|predicate_type|payload_type)`, "", ``, "we", "statements read by guessing",
		"_type must be a statement's and names must not repeat. The client does not look. (in-toto attestation framework, Statement)"},
	{py, `artifact\.mismatch`, "", `weak-digest-against|messageDigest`, "we", "subjects with several digests",
		"Of a subject's digests one must be equal and none different. (docs/decisions.md)"},
}
