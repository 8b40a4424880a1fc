// SPDX-License-Identifier: Apache-2.0

package mutate

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// expectation says what may become of the mutants of an operator at a place.
// Codes that begin with "=" are classes of accepted mutants, see reasons.
type expectation struct {
	operator, place string // alternatives between "|", with * for anything
	want            string // codes, separated by spaces
	codes           []string
}

// class returns the class of those accepted though they are other messages.
func (e *expectation) class() string {
	for _, c := range e.codes {
		if c[0] == '=' && c != "=same" {
			return c
		}
	}
	return "="
}

// reasons say why mutants may be accepted.
var reasons = map[string]string{
	"=same":      "The same message in another spelling of protobuf's JSON mapping (white space, escapes, order of members, snake case, null for absent, number for string, base64 alphabet and padding), or self-issued certificates of an old chain, which are dropped unread.",
	"=hint":      "messageDigest and keyid are hints that nothing signs: absent, they are not compared. Present and wrong, they refuse.",
	"=less":      "Evidence that the policy does not need was left out, repeated, put in another order, or came to be of an authority that the trust root does not list. What is left is enough, and the report shows only that.",
	"=unsigned":  "Parts of a timestamp response that its signature does not cover: status text, certificates beside the signer's, unsigned attributes; or the token came to name an authority that the trust root does not list, and the policy needs none.",
	"=cosigner":  "Lines of a checkpoint that others than the log signed: they are ignored, and the text that the log signed is the same.",
	"=helper":    "A chain in a bundle, with or without certificates beyond the leaf (in 0.3 not for the public-good instance): untrusted help for building a path, which the trust root completes without them.",
	"=unproved":  "logIndex and integratedTime of a v1 entry are signed by its promise only. Without one nothing relies on them, and the report does not show them.",
	"=malleable": "(r, n-s) is a valid ECDSA signature wherever (r, s) is, by the same key over the same bytes. It is refused wherever anything signs or logs the signature itself.",
	"=version":   "The bundle meets the demands of both versions, and the versions differ in nothing else.",
	"=twin":      "The donor is the same signature in a bundle of another version, or the parts exchanged are equal, absent or not needed.",
	"=trust":     "A part of the trust root that this bundle does not need, an entry that is repeated, a name or URL that only labels, a window that still holds, or an anchor's own signature, which nothing checks.",
	"=policy":    "The policy accepts this signer still, as it says.",
	"=signed":    "The altered form is legal, and was signed so by its authority.",
}

// Sets of codes that occur together.
const (
	bodyCodes  = " tlog.entry.malformed tlog.entry.kind tlog.entry.unsupported tlog.promise.signature tlog.inclusion "
	leafCodes  = " bundle.certificate key.unsupported tlog.entry.key chain.untrusted chain.expired chain.profile certificate.san certificate.extension certificate.issuer sct.malformed sct.signature "
	tokenCodes = " timestamp.malformed timestamp.signature timestamp.signer timestamp.profile timestamp.imprint timestamp.status timestamp.chain timestamp.threshold time.none =unsigned "
	sigCodes   = " tlog.entry.signature timestamp.imprint signature.invalid "
	parseOps   = "double member*|unknown member|member in other case|null element|invalid UTF-8|type: boolean"
	sameOps    = "escapes|member in snake case|reorder members|number without quotes|base64: unpadded|base64: URL alphabet|white space|indent"
)

// bundleExpectations are those of bundles. The first that applies counts.
var bundleExpectations = []expectation{
	// inside of strings
	{"*", "dsseEnvelope.payload/*", "tlog.entry.digest signature.invalid", nil},
	{"escapes|reorder members|white space|indent", "*.canonicalizedBody/*", "tlog.promise.signature tlog.inclusion tlog.entry.malformed", nil},
	{"truncate", "*.canonicalizedBody/", bodyCodes + "bundle.body_missing", nil},
	{"*", "*.canonicalizedBody/spec.signatures|*.canonicalizedBody/spec.dsseV002.signatures|*.canonicalizedBody/spec.content.envelope.signatures", bodyCodes + "tlog.entry.signature", nil},
	{"*", "*.canonicalizedBody/*", bodyCodes, nil},
	{"extend|truncate|zero before", "*.rawBytes/", "bundle.certificate", nil},
	{"*", "*.certificate.rawBytes/*", leafCodes, nil},
	{"*", "*.certificates[].rawBytes/*", leafCodes + "=helper =same", nil},
	{"extend|truncate|zero before", "*.signedTimestamp/", "timestamp.malformed", nil},
	{"*", "*.signedTimestamp/*", tokenCodes, nil},
	{"other half of ECDSA", "*.signedEntryTimestamp/", "=malleable", nil},
	{"*", "*.signedEntryTimestamp/", "tlog.promise.signature", nil},
	{"other half of ECDSA", "messageSignature.signature/|dsseEnvelope.signatures[].sig/", sigCodes + "=malleable", nil},
	{"*", "messageSignature.signature/|dsseEnvelope.signatures[].sig/", sigCodes, nil},
	{"*", "*.checkpoint.envelope/*", "tlog.checkpoint.malformed tlog.checkpoint.signature tlog.checkpoint.unsigned bundle.malformed =cosigner", nil},
	{"flip a bit|zero a byte|swap halves", "*.hashes[]/", "tlog.inclusion", nil},
	{"flip a bit|zero a byte|swap halves", "*.rootHash/", "tlog.checkpoint.root", nil},
	{"*", "*.hashes[]/|*.rootHash/", "bundle.malformed", nil},
	{"flip a bit|zero a byte|swap halves", "*.keyId/", "tlog.unknown_log =less", nil},
	{"*", "*.keyId/", "bundle.log_id", nil},
	{"flip a bit|zero a byte|swap halves", "*.digest/", "artifact.mismatch", nil},
	{"*", "*.digest/", "bundle.digest", nil},

	// several values that agree
	{"another hint everywhere", "*", "key.hint", nil},
	{"moved into a chain*", "*", "bundle.carrier =helper", nil},
	{"moved *", "*", "bundle.carrier", nil},
	{"behind the leaf: *", "*", "=helper =same", nil},
	{"before the leaf: *|instead of the leaf: *", "*", "bundle.certificate tlog.entry.key bundle.chain_empty", nil},
	{"checkpoint of a*", "*", "tlog.checkpoint.root", nil},
	{"checkpoint, root and size of a*|all but the index of a*", "*", "tlog.inclusion bundle.number bundle.malformed", nil},

	// the JSON itself
	{"truncate|data behind|byte order mark|comma behind*|comment|single quotes|in a list|twice", "(document)", "bundle.malformed bundle.number", nil},
	{"base64: *", "*.kindVersion.kind", "tlog.entry.kind", nil},
	{"base64: *", "*.hint|*.keyid", "key.hint bundle.key_hint", nil},
	{"member in snake case", "dsseEnvelope.payloadType", "bundle.malformed", nil},
	{sameOps, "*", "=same", nil},
	{parseOps, "*", "bundle.malformed", nil},
	{"base64: line break|base64: other character|base64: padded|base64: loose bits", "*", "bundle.malformed", nil},
	{"splice parts", "*version*", partCodes + "bundle.carrier bundle.promise_missing bundle.proof_missing =version =same", nil},
	{"splice parts", "*", partCodes + "bundle.carrier bundle.promise_missing bundle.proof_missing =same", nil},
	{"too many elements", "*.hashes", "bundle.malformed", nil},
	{"too many elements", "*", "bundle.limit", nil},

	{"null", "", "bundle.malformed", nil},
	{"drop member|type: object", "", "bundle.version bundle.material bundle.content bundle.malformed", nil},
	{"type: *", "", "bundle.malformed", nil},
	{"type: number|type: object|type: list", "mediaType", "bundle.malformed", nil},
	{"splice", "mediaType", "bundle.carrier bundle.promise_missing bundle.proof_missing =version", nil},
	{"*", "mediaType", "bundle.version", nil},

	{"splice", "messageSignature", "artifact.mismatch" + sigCodes, nil},
	{"*", "messageSignature", "bundle.malformed bundle.content artifact.mismatch =hint", nil},
	{"null|drop member", "messageSignature.messageDigest", "=hint", nil},
	{"*", "messageSignature.messageDigest", "bundle.malformed bundle.digest artifact.mismatch", nil},
	{"*", "messageSignature.messageDigest.algorithm", "bundle.malformed bundle.digest", nil},
	{"*", "messageSignature.messageDigest.digest", "bundle.malformed bundle.digest artifact.mismatch =same", nil},
	{"*", "messageSignature.signature", "bundle.malformed bundle.content =same" + sigCodes, nil},

	{"splice", "dsseEnvelope", "tlog.entry.digest tlog.entry.payload_type =same" + sigCodes, nil},
	{"*", "dsseEnvelope", "bundle.malformed bundle.content bundle.signature_count tlog.entry.digest tlog.entry.payload_type signature.invalid", nil},
	{"*", "dsseEnvelope.payload", "bundle.malformed tlog.entry.digest signature.invalid =same", nil},
	{"*", "dsseEnvelope.payloadType", "bundle.malformed tlog.entry.digest tlog.entry.payload_type signature.invalid", nil},
	{"drop element|double element|null", "dsseEnvelope.signatures", "bundle.signature_count", nil},
	{"*", "dsseEnvelope.signatures", "bundle.malformed bundle.signature_count =same" + sigCodes, nil},
	{"*", "dsseEnvelope.signatures[]", "bundle.malformed bundle.content =hint =same" + sigCodes, nil},
	{"*", "dsseEnvelope.signatures[].keyid", "bundle.malformed bundle.key_hint =hint =same", nil},
	{"*", "dsseEnvelope.signatures[].sig", "bundle.malformed bundle.content =same" + sigCodes, nil},

	{"splice", "verificationMaterial", partCodes + "bundle.carrier bundle.promise_missing bundle.proof_missing", nil},
	{"*", "verificationMaterial", "bundle.malformed bundle.material time.none tlog.threshold timestamp.threshold tlog.unknown_log =less =same", nil},
	{"splice", "*.certificate|*.certificate.rawBytes", "tlog.entry.key signature.invalid identity.san chain.profile chain.expired", nil},
	{"*", "*.certificate|*.certificate.rawBytes", "bundle.malformed bundle.material bundle.certificate tlog.entry.key signature.invalid identity.san chain.profile =same", nil},
	{"*", "*.publicKey|*.publicKey.hint", "bundle.malformed bundle.material bundle.key_hint key.hint =same", nil},
	{"*", "*.x509CertificateChain*", "bundle.malformed bundle.material bundle.chain_empty bundle.certificate tlog.entry.key =helper =same", nil},
	{"*", "*.timestampVerificationData", "bundle.malformed timestamp.imprint timestamp.threshold time.none =less =same", nil},
	{"*", "*.rfc3161Timestamps", "bundle.malformed timestamp.imprint timestamp.threshold time.none =less =same", nil},
	{"*", "*.rfc3161Timestamps[]|*.signedTimestamp", "bundle.malformed timestamp.imprint timestamp.malformed =same", nil},

	{"double element", "*.tlogEntries", "bundle.duplicate_entry", nil},
	{"drop element|null|type: list", "*.tlogEntries", "tlog.threshold =less", nil},
	{"reorder elements", "*.tlogEntries", "=less", nil},
	{"*", "*.tlogEntries", "bundle.malformed tlog.entry.signature bundle.promise_missing bundle.proof_missing tlog.threshold", nil},
	{"splice", "*.tlogEntries[]", "tlog.entry.signature bundle.promise_missing bundle.proof_missing time.none tlog.entry.key tlog.entry.digest", nil},
	{"*", "*.tlogEntries[]", "bundle.malformed bundle.number bundle.log_id bundle.body_missing bundle.entry_kind bundle.proof_missing bundle.promise_missing tlog.entry.malformed tlog.promise.signature tlog.inclusion time.none =less =same", nil},
	{"*", "*.canonicalizedBody", "bundle.malformed bundle.body_missing =same" + bodyCodes, nil},
	{"*", "*.inclusionPromise|*.signedEntryTimestamp", "bundle.malformed bundle.promise_missing tlog.promise.signature tlog.promise.unexpected time.none =less =same", nil},
	{"*", "*.inclusionProof", "bundle.malformed bundle.number bundle.checkpoint_missing bundle.proof_missing tlog.inclusion tlog.checkpoint.unsigned tlog.checkpoint.root =less =same", nil},
	{"*", "*.checkpoint|*.checkpoint.envelope", "bundle.malformed bundle.checkpoint_missing tlog.checkpoint.malformed tlog.checkpoint.signature tlog.checkpoint.unsigned tlog.checkpoint.root", nil},
	{"*", "*.hashes", "bundle.malformed tlog.inclusion", nil},
	{"*", "*.hashes[]", "bundle.malformed tlog.inclusion =same", nil},
	{"*", "*.inclusionProof.logIndex", "bundle.malformed bundle.number tlog.inclusion", nil},
	{"*", "*.rootHash", "bundle.malformed tlog.checkpoint.root =same", nil},
	{"*", "*.treeSize", "bundle.malformed bundle.number tlog.checkpoint.root", nil},
	{"*", "*.integratedTime", "bundle.malformed bundle.number tlog.promise.signature tlog.entry.malformed", nil},
	{"*", "*.integratedTime (no promise)", "bundle.malformed bundle.number =unproved", nil},
	{"*", "*.kindVersion*", "bundle.malformed bundle.entry_kind tlog.entry.kind", nil},
	{"*", "*.logId|*.logId.keyId", "bundle.malformed bundle.log_id tlog.unknown_log tlog.promise.signature tlog.promise.unexpected tlog.checkpoint.unsigned =less =same", nil},
	{"*", "*.logIndex", "bundle.malformed bundle.number tlog.promise.signature tlog.inclusion tlog.entry.malformed", nil},
	{"*", "*.logIndex (no promise)", "bundle.malformed bundle.number tlog.inclusion tlog.entry.malformed =unproved", nil},
}

// partCodes are those of a bundle put together from parts of two.
const partCodes = " artifact.mismatch tlog.entry.signature tlog.entry.key tlog.threshold timestamp.imprint timestamp.threshold time.none chain.expired signature.invalid key.missing key.unexpected key.hint bundle.key_hint identity.san =twin "

var expectations = struct {
	once  sync.Once
	list  []expectation
	rules []struct{ operator, place *regexp.Regexp }
	mutex sync.Mutex
	found map[[2]string]*expectation // guarded by mutex
}{}

// expected returns what may become of a mutant, nil if no one has said so.
func expected(operator, place string) *expectation {
	x := &expectations
	x.once.Do(func() {
		x.found = make(map[[2]string]*expectation)
		x.list = slices.Concat(trustExpectations, flawExpectations, authorityExpectations, anewExpectations, bundleExpectations)
		for i := range x.list {
			x.list[i].codes = strings.Fields(x.list[i].want)
			x.rules = append(x.rules, struct{ operator, place *regexp.Regexp }{glob(x.list[i].operator), glob(x.list[i].place)})
		}
	})
	x.mutex.Lock()
	defer x.mutex.Unlock()
	k := [2]string{operator, place}
	e, ok := x.found[k]
	if !ok {
		for i, r := range x.rules {
			if r.operator.MatchString(operator) && r.place.MatchString(place) {
				e = &x.list[i]
				break
			}
		}
		x.found[k] = e
	}
	return e
}

// glob compiles alternatives with stars.
func glob(pattern string) *regexp.Regexp {
	list := strings.Split(pattern, "|")
	for i, p := range list {
		list[i] = strings.ReplaceAll(regexp.QuoteMeta(p), `\*`, ".*")
	}
	return regexp.MustCompile("^(?:" + strings.Join(list, "|") + ")$")
}
