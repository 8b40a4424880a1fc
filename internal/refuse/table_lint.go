// SPDX-License-Identifier: Apache-2.0

package refuse

// what insight.Lint finds in trust roots; nothing is refused for it
var lintCodes = []Description{
	{Code: "certificate.expired", Cause: "A finding: a certificate of an authority has expired, and the validity of its entry goes on.", Fix: "Give the entry an end, or list the authority's current certificate."},
	{Code: "certificate.expiring", Cause: "A finding: a certificate of an authority expires within 90 days.", Fix: "List the authority's next certificate in time."},
	{Code: "certificate.purpose", Cause: "A finding: a certificate of a timestamp authority is not for timestamps: its extended key usage lacks timeStamping, so that no timestamp verifies by it.", Fix: "List the certificate of the timestamp authority, or a chain whose certificates all allow timestamps."},
	{Code: "certificate.weak", Cause: "A finding: a certificate of an authority is signed with a broken hash.", Fix: "List a certificate that is signed with SHA-256 or better."},
	{Code: "chain.order", Cause: "A finding: a self-issued certificate comes before the last of its chain, and the last is the anchor.", Fix: "Put the self-issued certificate last."},
	{Code: "id.form", Cause: "A finding: the declared ID of a log is the hash of its key alone, while entries of Rekor v2 logs have the hash of name and key.", Fix: "If the log is Rekor v2, declare the ID in the finding; nothing if it is version 1."},
	{Code: "id.derived", Cause: "A finding: a log declares no ID. It is computed from the key here, and other clients may not know the log.", Fix: "Declare the ID that the finding names."},
	{Code: "id.mismatch", Cause: "A finding: the declared ID of a log is not one that its key has, so that entries of the log are unknown.", Fix: "Declare the ID that the finding names, or fix the key or the base URL."},
	{Code: "instance.repeated", Cause: "A finding: a log is listed twice, with the same ID, URL and validity. It counts once.", Fix: "Remove one of the two entries."},
	{Code: "instance.unusable", Cause: "A finding: a log or an authority is set aside, since this version cannot use its key.", Fix: "Update the program if it is newer than this version; evidence of that log or authority is not verified until then."},
	{Code: "key.deprecated", Cause: "A finding: the key is listed under a deprecated name of its algorithm.", Fix: "Nothing; name the algorithm as the current registry does when the entry is next changed."},
	{Code: "key.shared", Cause: "A finding: two entries have one key, so that its holder can speak for both.", Fix: "Give each service a key of its own."},
	{Code: "key.weak", Cause: "A finding: an RSA key has fewer than 3072 bits.", Fix: "Plan to replace the key."},
	{Code: "list.empty", Cause: "A finding: the trust root lists no service of a kind. Without certificate authorities, or without logs and timestamp authorities, no bundle with a certificate can verify.", Fix: "Add the service if the instance has one."},
	{Code: "window.ending", Cause: "A finding: the validity of an entry ends within 90 days.", Fix: "Distribute a trust root with the next entry in time."},
	{Code: "window.future", Cause: "A finding: the validity of an entry has not begun.", Fix: "Nothing, if the entry is meant for later."},
	{Code: "window.gap", Cause: "A finding: between two entries of a kind lies a time in which none is valid.", Fix: "Fix the validity if the service ran at that time: signatures of that time do not verify."},
	{Code: "window.none", Cause: "A finding: no entry of a kind is valid at the time asked about.", Fix: "Refresh the trust root."},
	{Code: "window.overlap", Cause: "A finding: two entries for one service have no end, although the later one replaces the earlier one.", Fix: "Give the earlier entry an end, if its key is no longer in use."},
}
