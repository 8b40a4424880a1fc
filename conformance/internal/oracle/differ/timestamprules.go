// SPDX-License-Identifier: Apache-2.0

package differ

// timestampRules are about timestamps that a client accepts, or passes over,
// and for which we refuse the bundle.
var timestampRules = []*rule{
	{client: sgo + "|" + py, code: `timestamp\.(window|imprint|signature|signer|chain|profile|status|malformed)`, said: `^timestamp \d+: `, check: otherTime, alone: byTimestampAlone, right: "we", name: "bad timestamps beside good evidence",
		why: "Evidence of a known authority must hold in full; they pass over a timestamp that fails where none is needed: a promise proves a time, or a managed key needs no time. Where it is needed they refuse it. (docs/reference/decisions.md, C4)"},
	{client: sgo, code: `bundle\.malformed`, said: `^timestamp \d+ is empty$`, check: otherTime, alone: byTimestampAlone, right: "we", name: "bad timestamps beside good evidence",
		why: "An empty timestamp is no timestamp (sigstore_common.proto, RFC3161SignedTimestamp); it passes over it."},
	{client: sgo, code: `timestamp\.threshold`, said: `^timestamps by \d+ known authorities, \d+ required$`, where: `^story: timestamps/one-authority-twice_fail$`, right: "we", name: "authorities counted",
		why: "Thresholds count operators; it counts URIs. (docs/reference/decisions.md, C19)"},
	{client: sgo, code: `timestamp\.malformed`, said: ` not DER$|certificate inside timestamp: `, where: ` at .*signedTimestamp/$|^story: timestamps/timestamp-with-a-stray-byte_fail$`, right: "we", name: "timestamps that are not DER",
		why: "Timestamps are DER (RFC 3161, Section 2.4.2); its library turns BER into DER first."},
	{client: sgo, code: `timestamp\.profile`, said: `timestamp token signs content of type .*, want TSTInfo$|(signed data|signer info) of timestamp (has|have) version \d+, want \d$`, where: ` at .*signedTimestamp/$`, right: "we", name: "types and versions in timestamps",
		why: "The type of the contents is TSTInfo's and equal to the one that is signed; versions follow from the contents (RFC 5652, Sections 5.1, 5.3 and 11.1). It reads neither."},
	{client: js, code: `timestamp\.profile`, said: `(signed data|signer info) of timestamp (has|have) version \d+, want \d$`, where: ` at .*signedTimestamp/$`, right: "we", name: "types and versions in timestamps",
		why: "As for sigstore-go: it reads no versions."},
	{client: js + "|" + py, code: `timestamp\.profile`, said: `timestamp has signature algorithm [0-9.]+(, which is not supported| over SHA-\d+)$`, where: ` at .*signedTimestamp/$`, check: inSignatureAlgorithm, right: "we", name: "algorithms of timestamps",
		why: "The algorithm of the signature stands in the signer's part, which is not signed (RFC 5652, Section 5.3); one that is not known, or does not fit, is refused. They go by the digest algorithm and the key."},
	{client: py, code: `time\.none`, said: `no timestamp of a known authority`, where: ` flip a bit at .*signedTimestamp/$`, check: anotherCase, right: "either", name: "names in another case",
		why: "A token names its signer by issuer and serial number (RFC 5652, Section 5.3). We compare names byte for byte, it does so without regard to case. (RFC 5280, Section 7.1)"},
	{client: js, code: `timestamp\.malformed`, said: ` not DER$`, where: ` at .*signedTimestamp/$`, right: "we", name: "timestamps that are not DER",
		why: "Timestamps are DER (RFC 3161, Section 2.4.2); it reads types and lengths loosely, and passes over what is behind."},
	{client: js + "|" + py, code: `timestamp\.(malformed|profile)`, said: `certificate inside timestamp: |has a certificate that is not X\.509$`, where: ` at .*signedTimestamp/$`, check: unsigned, right: "either", name: "certificates inside timestamps",
		why: "The changed byte is in a certificate brought along, which no signature covers: we refuse what is no certificate, they do not read it."},
	{client: js, code: `timestamp\.signer`, said: `certificate of the signer inside the timestamp is not that of the trust root$`, where: ` at .*signedTimestamp/$|^story: timestamps/forged-signer-in-the-token_fail$`, right: "we", name: "certificates inside timestamps",
		why: "A certificate that says it is the signer's is the one in the trust root; it does not read those inside. (CVE-2026-39984)"},
	{code: `timestamp\.signer`, said: `signed under another certificate than that of its signer$`, where: `^story: timestamps/timestamp-of-another-certificate_fail$`, right: "we", name: "the signer that a timestamp names",
		why: "The signed attributes name the signer's certificate (RFC 5816; RFC 3161, Section 2.4.2). The client does not look, and takes the time."},
	{code: `timestamp\.profile`, said: `does not sign the identity of its signer's certificate$`, where: `^story: timestamps/timestamp-without-its-signer's-identity_fail$`, right: "we", name: "the signer that a timestamp names",
		why: "As above: the attribute must be there."},
	{client: js, code: `timestamp\.profile`, said: `not for timestamping alone$|key usage of the timestamp's signer is not critical$`, where: `^story: timestamps/(authority-for-signing-code-as-well|purpose-not-critical)_fail$`, right: "we", name: "purpose of timestamp signers",
		why: "A signer is for timestamping alone, and says so in a critical extension (RFC 3161, Section 2.3). It reads no purposes."},
	{client: js, code: `timestamp\.status`, said: `timestamp response has status [12], want 0 \(granted\)$`, where: `^story: timestamps/timestamp-(granted-otherwise|refused)_fail$`, right: "we", name: "status of timestamps",
		why: "A timestamp exists where it was granted (RFC 3161, Section 2.4.2; docs/reference/decisions.md, C11). It does not read the status."},
}
