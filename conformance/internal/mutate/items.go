// SPDX-License-Identifier: Apache-2.0

package mutate

import (
	"fmt"
	"slices"
	"strings"
)

// form is one way to alter a thing, by the operators that do so.
type form struct{ name, operators string }

// forms are the eight in which every item of a bundle is altered. The first
// that has an operator counts.
var forms = []form{
	{"re-encoded", "escapes|base64: URL alphabet|base64: unpadded|base64: padded|base64: loose bits|base64: line break|DER: long length|number: p*|number: exponent|number: leading zero|number: hexadecimal|number without quotes|white space|indent|member in *|other half of ECDSA|byte order mark|carriage return|space behind line|re-encode: *|comment|single quotes|line in other case"},
	{"spliced", "splice*|*of a newer tree|*of an older tree|before the leaf: *|instead of the leaf: *|another hint everywhere"},
	{"dropped", "drop *|null|DER: drop"},
	{"doubled", "double*|DER: double|twice"},
	{"reordered", "reorder *|swap *|reverse*|DER: swap|moved *"},
	{"truncated", "truncate*|DER: empty|type: string"},
	{"extended", "extend*|insert a byte|unknown member|data behind|zero before|DER: data inside the end|space before|space behind|null element|too many elements|behind the leaf: *|blank line before|comma behind the last|in a list|number: more"},
	{"changed", "flip a bit|zero a byte|text|other case|base64: zeroed|base64: other character|number: *|type: *|DER: other tag|control character|invalid UTF-8"},
}

// formOf names the form that an operator makes, "" for any other.
func formOf(operator string) string {
	for _, f := range forms {
		if glob(f.operators).MatchString(operator) {
			return f.name
		}
	}
	return ""
}

// item is a thing that verification depends on.
type item struct {
	name, places string
}

// Places of what the items are in.
const (
	leafPlace  = "*.certificate.rawBytes/"
	tokenPlace = "*.signedTimestamp/"
	headPlace  = "*.checkpoint.envelope/"
)

// items are to be mutated in all forms.
var items = []item{
	{"certificate: version", leafPlace + "tbs.version"},
	{"certificate: serial number", leafPlace + "tbs.serialNumber"},
	{"certificate: issuer", leafPlace + "tbs.issuer"},
	{"certificate: validity", leafPlace + "tbs.validity"},
	{"certificate: key", leafPlace + "tbs.subjectPublicKeyInfo"},
	{"certificate: key usage", leafPlace + "tbs.extensions.keyUsage"},
	{"certificate: purpose", leafPlace + "tbs.extensions.extKeyUsage"},
	{"certificate: name", leafPlace + "tbs.extensions.subjectAltName"},
	{"certificate: Fulcio's extensions", leafPlace + "tbs.extensions.Fulcio"},
	{"certificate: SCTs", leafPlace + "tbs.extensions.SCT list"},
	{"certificate: signature", leafPlace + "signature"},
	{"certificate", "*.certificate|*.certificate.rawBytes"},
	{"chain", "*.x509CertificateChain*"},
	{"key hint", "verificationMaterial.publicKey|*.publicKey.hint"},
	{"promise", "*.inclusionPromise|*.signedEntryTimestamp|*.signedEntryTimestamp/"},
	{"log entries", "*.tlogEntries|*.tlogEntries[]"},
	{"body", "*.canonicalizedBody|*.canonicalizedBody/*"},
	{"body, logged so", signedAnew + " body*"},
	{"proof: hashes", "*.hashes*"},
	{"proof: tree size", "*.treeSize"},
	{"proof: root", "*.rootHash*"},
	{"proof: index", "*.inclusionProof.logIndex"},
	{"proof", "*.inclusionProof"},
	{"entry: index, with a promise", "*.tlogEntries[].logIndex"},
	{"entry: index, without", "*.tlogEntries[].logIndex (no promise)"},
	{"entry: time, with a promise", "*.integratedTime"},
	{"entry: time, without", "*.integratedTime (no promise)"},
	{"entry: kind", "*.kindVersion*"},
	{"entry: log", "verificationMaterial.*.logId*"},
	{"checkpoint: origin", headPlace + "origin"},
	{"checkpoint: size", headPlace + "size"},
	{"checkpoint: root", headPlace + "root"},
	{"checkpoint: further line", headPlace + "extension"},
	{"checkpoint: name", headPlace + "name"},
	{"checkpoint: hint", headPlace + "hint"},
	{"checkpoint: signature", headPlace + "signature"},
	{"checkpoint: further signatures", headPlace + "further signatures"},
	{"checkpoint", "*.checkpoint|*.checkpoint.envelope"},
	{"checkpoint, signed so", signedAnew + " checkpoint*"},
	{"timestamp: status", tokenPlace + "status"},
	{"timestamp: imprint", tokenPlace + "TSTInfo.messageImprint"},
	{"timestamp: time", tokenPlace + "TSTInfo.genTime"},
	{"timestamp: policy", tokenPlace + "TSTInfo.policy"},
	{"timestamp: certificates", tokenPlace + "certificates"},
	{"timestamp: signer", tokenPlace + "signerInfo.sid"},
	{"timestamp: attributes", tokenPlace + "signerInfo.signedAttrs"},
	{"timestamp: signature", tokenPlace + "signerInfo.signature"},
	{"timestamp", "*.timestampVerificationData|*.rfc3161Timestamps*|*.signedTimestamp"},
	{"timestamp, stamped so", signedAnew + " TSTInfo*"},
	{"digest of the message", "messageSignature.messageDigest*"},
	{"signature of a message", "messageSignature.signature*"},
	{"signature of an envelope", "dsseEnvelope.signatures[].sig*"},
	{"signatures of an envelope", "dsseEnvelope.signatures|dsseEnvelope.signatures[]"},
	{"key ID", "dsseEnvelope.signatures[].keyid"},
	{"payload", "dsseEnvelope.payload*"},
	{"payload type", "dsseEnvelope.payloadType"},
	{"statement: _type, signed so", signedAnew + " payload/_type"},
	{"statement: subjects, signed so", signedAnew + " payload/subject*"},
	{"statement: predicate type, signed so", signedAnew + " payload/predicateType"},
	{"media type", "mediaType"},
	{"document", "(document)||content*|signer*|entries*|timestamps*|version"},
}

// formless says which forms some items do not have.
var formless = map[string]string{
	"certificate: version, spliced": sameEverywhere,
	"certificate: purpose, spliced": sameEverywhere,
	"timestamp: status, spliced":    sameEverywhere,
	"timestamp: policy, spliced":    sameEverywhere,
	"payload type, spliced":         sameEverywhere,
}

const sameEverywhere = "(the same in all bundles)"

// others are flawed in ways of their own.
var others = []item{
	{"certificate, issued so", signedAnew},
	{"authorities' certificates", authorityPlace + "*"},
	{"parts of two bundles", "content*|signer*|entries*|timestamps*|version"},
	{"trust root: windows, keys and IDs", "root/tlogs|root/ctlogs|root/certificateAuthorities|root/timestampAuthorities"},
	{"trust root: everything else", "root/*"},
	{"policy: signer", "policy/san|policy/issuer|policy/extension"},
	{"policy: keys", "policy/keys"},
	{"policy: predicate types", "policy/predicateTypes"},
	{"policy: thresholds", "policy/require*"},
	{"policy: nothing accepted", "policy"},
	{"artifact", "artifact"},
}

// byItem returns the outcomes of the mutants of an item, by form.
func (t *Table) byItem(i item) map[string][]string {
	found := make(map[string][]string)
	places := glob(i.places)
	for c := range t.cells {
		if !places.MatchString(c.place) {
			continue
		}
		if f := formOf(c.operator); !slices.Contains(found[f], c.outcome) {
			found[f] = append(found[f], c.outcome)
		}
	}
	return found
}

// Gaps returns the items that no mutant alters in a form that they have.
func (t *Table) Gaps() (list []string) {
	for _, i := range items {
		found := t.byItem(i)
		for _, f := range forms {
			if name := i.name + ", " + f.name; len(found[f.name]) == 0 && formless[name] == "" {
				list = append(list, name)
			}
		}
	}
	return list
}

// checklist writes, for every item and form, what became of it.
func (t *Table) checklist(b *strings.Builder) {
	b.WriteString("\n## Items and forms\n\nWhat became of each item in each form. \"=\" stands before a class of\naccepted mutants, see docs/evidence/mutations.md.\n\n| item | form | outcomes |\n|---|---|---|\n")
	for _, i := range items {
		found := t.byItem(i)
		for _, f := range forms {
			what := strings.Join(slices.Sorted(slices.Values(found[f.name])), ", ")
			if what == "" {
				what = formless[i.name+", "+f.name]
			}
			fmt.Fprintf(b, "| %s | %s | %s |\n", i.name, f.name, what)
		}
	}
	b.WriteString("\n| item | outcomes of its own flaws |\n|---|---|\n")
	for _, i := range others {
		var all []string
		for _, list := range t.byItem(i) {
			all = append(all, list...)
		}
		slices.Sort(all)
		fmt.Fprintf(b, "| %s | %s |\n", i.name, strings.Join(slices.Compact(all), ", "))
	}
}
