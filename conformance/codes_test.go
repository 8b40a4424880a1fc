// SPDX-License-Identifier: Apache-2.0

package conformance_test

// expectedCodes are our reasons for the cases of the public suite that must
// fail.
var expectedCodes = map[string][]string{
	"bundle-empty-certificate-chain_fail":                       {"bundle.chain_empty"},
	"bundle-from-wrong-instance_fail":                           {"tlog.unknown_log"},
	"bundle-invalid-base64-signature_fail":                      {"bundle.malformed"},
	"bundle-malformed-json_fail":                                {"bundle.malformed"},
	"bundle-negative-log-index_fail":                            {"bundle.number"},
	"bundle-unknown-version_fail":                               {"bundle.version"},
	"bundle-with-root-cert_fail":                                {"bundle.checkpoint_missing"},
	"checkpoint-bad-keyhint_fail":                               {"tlog.checkpoint.unsigned"},
	"checkpoint-wrong-roothash_fail":                            {"tlog.checkpoint.root"},
	"dsse-invalid-sig_fail":                                     {"tlog.entry.signature"},
	"dsse-mismatch-envelope_fail":                               {"tlog.entry.signature"},
	"inclusion-proof-corrupted-hash_fail":                       {"tlog.inclusion"},
	"incorrect-public-key_fail":                                 {"tlog.promise.signature"},
	"integrated-time-in-future_fail":                            {"chain.expired"},
	"intoto-expired-certificate_fail":                           {"chain.expired"},
	"intoto-log-entry-mismatch_fail":                            {"tlog.entry.malformed"},
	"intoto-missing-inclusion-proof_fail":                       {"bundle.proof_missing"},
	"intoto-set-outside-signing-cert-validity_fail":             {"chain.expired"},
	"intoto-tsa-timestamp-outside-cert-validity_fail":           {"chain.expired"},
	"invalid-checkpoint-signature_fail":                         {"tlog.checkpoint.signature"},
	"invalid-ct-key_fail":                                       {"sct.unknown_log"},
	"managed-key-wrong-key_fail":                                {"policy.key"},
	"rekor2-checkpoint-missing-origin_fail":                     {"tlog.checkpoint.malformed"},
	"rekor2-dsse-mismatch-envelope_fail":                        {"tlog.entry.signature"},
	"rekor2-dsse-mismatch-sig_fail":                             {"tlog.entry.signature"},
	"rekor2-no-inclusion-proof_fail":                            {"bundle.proof_missing"},
	"rekor2-no-timestamp_fail":                                  {"time.none"},
	"rekor2-timestamp-outside-trust-root-tsa-validity_fail":     {"timestamp.window"},
	"rekor2-timestamp-outside-tsa-cert-validity_fail":           {"timestamp.chain"},
	"rekor2-timestamp-payload-mismatch_fail":                    {"timestamp.imprint"},
	"rekor2-timestamp-untrusted-tsa-without-embedded-cert_fail": {"time.none"},
	"set-invalid-signature_fail":                                {"tlog.promise.signature"},
	"signature-mismatch_fail":                                   {"tlog.entry.signature"},
	"trust-root-tlog-missing-validity-start_fail":               {"trust.window"},
	"wrong-hashedrekord-artifact_fail":                          {"tlog.entry.signature"},
	"wrong-hashedrekord-cert-and-sig_fail":                      {"tlog.entry.signature"},
}
