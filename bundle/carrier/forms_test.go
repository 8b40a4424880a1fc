// SPDX-License-Identifier: Apache-2.0

package carrier_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/bundle/carrier"
	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/internal/refuse"
)

func world(t testing.TB) *virtual.World {
	t.Helper()
	w, err := virtual.New(virtual.Config{Seed: "carriers"})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// item signs what r says.
func item(t testing.TB, w *virtual.World, r virtual.Request) carrier.Item {
	t.Helper()
	r.Artifact = []byte("artifact")
	s, err := w.Sign(r)
	if err != nil {
		t.Fatal(err)
	}
	items, err := carrier.Read(s.Bundle, carrier.Limits{})
	if err != nil || items[0].Err != nil {
		t.Fatal(err, items)
	}
	return items[0]
}

func attestation(t testing.TB, it carrier.Item) string {
	t.Helper()
	text, _, err := carrier.Write(carrier.KindAttestation, []carrier.Item{it}, carrier.Options{Timestamps: true})
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

// result is the code of a document's only item, or its changes.
func result(text string, l carrier.Limits) string {
	items, err := carrier.Read([]byte(text), l)
	if err == nil {
		if len(items) != 1 {
			return fmt.Sprint(len(items), " items")
		}
		err = items[0].Err
	}
	if err != nil {
		return string(refuse.CodeOf(err))
	}
	s := ""
	for _, c := range items[0].Changes {
		s += "~" + c.Code + c.Path
	}
	return s
}

// workflow asks for a certificate of a workflow.
func workflow(host, path, ref string, more map[int]string) virtual.Request {
	ext := map[int]string{12: host, 13: strings.Repeat("a", 40), 14: ref, 18: path + "@" + ref}
	for n, value := range more {
		ext[n] = value
	}
	return virtual.Request{PredicateType: "https://example.org/p", Extensions: ext}
}

// What is said about the publisher is held against the certificate.
func TestPublisher(t *testing.T) {
	w := world(t)
	const main = "refs/heads/main"
	github := item(t, w, workflow("https://github.com/pypa/demo", "https://github.com/pypa/demo/.github/workflows/release.yml", main, map[int]string{23: "Release"}))
	bySHA := item(t, w, workflow("https://github.com/pypa/demo", "https://github.com/pypa/demo/.github/workflows/release.yml", main, map[int]string{
		18: "https://github.com/pypa/demo/.github/workflows/release.yml@" + strings.Repeat("a", 40)}))
	elsewhere := item(t, w, workflow("https://github.com/pypa/demo", "https://github.com/pypa/demo/.github/workflows/release.yml", main, map[int]string{
		18: "https://github.com/pypa/demo/.github/workflows/release.yml@refs/heads/other"}))
	lab := workflow("https://gitlab.com/a/b", "https://gitlab.com/a/b//ci/release.yml", main, nil)
	lab.Issuer = "https://gitlab.com"
	gitlab := item(t, w, lab)
	google := item(t, w, virtual.Request{PredicateType: "https://example.org/p", SAN: "a@example.org", Issuer: "https://accounts.google.com"})
	circle := item(t, w, virtual.Request{PredicateType: "https://example.org/p", Issuer: "https://oidc.circleci.com/org/x", Extensions: map[int]string{
		9: "https://circleci.com/api/v2/projects/P/pipeline-definitions/D", 12: "https://example.org/r"}})
	for _, c := range []struct {
		it              carrier.Item
		publisher, want string
	}{
		{github, `null`, ""},
		{github, `{"kind":"GitHub","repository":"pypa/demo","workflow":"release.yml"}`, ""},
		{github, `{"kind":"GitHub","repository":"Pypa/Demo","workflow":"release.yml","environment":""}`, ""},
		{github, `{"kind":"GitHub","repository":"pypa/demo","workflow":"release.yml","environment":"release","claims":null}`, ""},
		{bySHA, `{"kind":"GitHub","repository":"pypa/demo","workflow":"release.yml"}`, ""},
		{github, `{"kind":"Future","repository":"x"}`, ""},
		{github, `{"kind":"GitHub","repository":"pypa/demo","workflow":"release.yml","environment":"other"}`, "carrier.claim"},
		{github, `{"kind":"GitHub","repository":"pypa/demo2","workflow":"release.yml"}`, "carrier.claim"},
		{github, `{"kind":"GitHub","repository":"pypa","workflow":"release.yml"}`, "carrier.claim"},
		{github, `{"kind":"GitHub","repository":"pypa/demo","workflow":"Release.yml"}`, "carrier.claim"},
		{github, `{"kind":"GitHub","repository":"pypa/demo","workflow":"../release.yml"}`, "carrier.claim"},
		{github, `{"kind":"GitHub","repository":"pypa/demo"}`, "carrier.claim"},
		{github, `{"kind":"GitHub","workflow":"release.yml"}`, "carrier.claim"},
		{github, `{"kind":"GitLab","repository":"pypa/demo","workflow_filepath":"release.yml"}`, "carrier.claim"},
		{github, `{"kind":"Google","email":"a@example.org"}`, "carrier.claim"},
		{github, `{"kind":"CircleCI","project_id":"P","pipeline_definition_id":"D"}`, "carrier.claim"},
		{google, `{"kind":"GitHub","repository":"pypa/demo","workflow":"release.yml"}`, "carrier.claim"},
		{elsewhere, `{"kind":"GitHub","repository":"pypa/demo","workflow":"release.yml"}`, "carrier.claim"},
		{gitlab, `{"kind":"GitLab","repository":"a/b","workflow_filepath":"ci/release.yml"}`, ""},
		{gitlab, `{"kind":"GitLab","repository":"a/b","workflow_filepath":"release.yml"}`, "carrier.claim"},
		{google, `{"kind":"Google","email":"a@example.org"}`, ""},
		{google, `{"kind":"Google","email":"b@example.org"}`, "carrier.claim"},
		{circle, `{"kind":"CircleCI","project_id":"P","pipeline_definition_id":"D"}`, ""},
		{circle, `{"kind":"CircleCI","project_id":"P","pipeline_definition_id":"D","vcs_origin":"example.org/r"}`, ""},
		{circle, `{"kind":"CircleCI","project_id":"P","pipeline_definition_id":"D","vcs_origin":"example.org/s"}`, "carrier.claim"},
		{circle, `{"kind":"CircleCI","project_id":"Q","pipeline_definition_id":"D"}`, "carrier.claim"},
		{github, `{}`, "carrier.malformed"},
		{github, `"GitHub"`, "carrier.malformed"},
		{github, `{"kind":"GitHub","Kind":"GitLab"}`, "carrier.ambiguous"},
		{github, `{"kind":"X","a":"1","b":"1","c":"1","d":"1","e":"1","f":"1","g":"1","h":"1","i":"1"}`, "carrier.limit"},
		{github, `{"kind":"X","a":"` + strings.Repeat("x", 513) + `"}`, "carrier.limit"},
	} {
		text := `{"version":1,"attestation_bundles":[{"publisher":` + c.publisher + `,"attestations":[` + attestation(t, c.it) + `]}]}`
		if got := result(text, carrier.Limits{}); got != c.want {
			t.Errorf("%s: %q, want %q", c.publisher, got, c.want)
		}
	}
}

// What is unusual about an attestation is a change or a refusal.
func TestAttestation(t *testing.T) {
	w := world(t)
	it := item(t, w, virtual.Request{PredicateType: "https://example.org/p", Evidence: virtual.RekorBoth, Timestamps: 1})
	if len(it.Bundle.Entries) != 2 || len(it.Bundle.Timestamps) != 1 {
		t.Fatal("not the shape that was meant")
	}
	good := attestation(t, it)
	broken := func(member string) string { // as encoders of mail break base64
		start := strings.Index(good, `"`+member+`":"`) + len(member) + 4
		return good[:start+76] + `\n` + good[start+76:]
	}
	replace := func(old, new string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("nothing is %q", old)
		}
		return strings.Replace(good, old, new, 1)
	}
	entries := good[strings.Index(good, `"transparency_entries":`):strings.Index(good, `,"timestamps"`)]
	stamps := good[strings.Index(good, `"timestamps":`):strings.Index(good, `},"envelope"`)]
	for _, c := range []struct{ text, want string }{
		{good, ""},
		{broken("statement"), "~carrier.base64/envelope/statement"},
		{broken("certificate"), "~carrier.base64/verification_material/certificate"},
		{broken("signature"), "~carrier.base64/envelope/signature"},
		{replace(`"timestamps":["`, `"timestamps":["\r\n`), "~carrier.base64/verification_material/timestamps/0"},
		{replace(`"statement":"`, `"statement":"\u0020`), "carrier.base64"},
		{replace(`"statement":"`, `"statement":"!`), "carrier.base64"},
		{replace(`"signature":"`, `"signature":"=`), "carrier.base64"},
		{replace(`"certificate":"`, `"certificate":null,"x":"`), "carrier.malformed"},
		{replace(`{"version":1`, `{"version":1,"new/member":{}`), "~carrier.member_ignored/new~1member"},
		{replace(`"timestamps":`, `"other_times":`), "~carrier.member_ignored/verification_material/other_times"},
		{replace(`{"version":1`, `{"version":2`), "carrier.version"},
		{replace(entries, `"transparency_entries":[]`), "import.no_entry"},
		{replace(entries, `"x":[]`), "carrier.malformed"},
		{replace(entries, `"transparency_entries":[`+strings.Repeat(`{},`, 16)+`{}]`), "carrier.limit"},
		{replace(stamps, `"timestamps":[`+strings.Repeat(`"AA==",`, 16)+`"AA=="]`), "carrier.limit"},
		{replace(stamps, `"timestamps":[1]`), "carrier.malformed"},
		{replace(stamps, `"timestamps":{}`), "carrier.malformed"},
		{replace(`},"envelope":{"statement"`, `},"Envelope":{},"envelope":{"statement"`), "carrier.ambiguous"},
		{replace(`"certificate":`, `"verificationMaterial":{},"certificate":`), "~carrier.member_ignored/verification_material/verificationMaterial"},
		{replace(`{"version":1`, `{"verificationMaterial":{},"version":1`), "carrier.ambiguous"},
	} {
		if got := result(c.text, carrier.Limits{}); got != c.want {
			t.Errorf("%.300s: %q, want %q", c.text, got, c.want)
		}
	}
	items, err := carrier.Read([]byte(good), carrier.Limits{})
	if err != nil || !reflect.DeepEqual(signed(items[0].Bundle), signed(it.Bundle)) {
		t.Errorf("%v, or not the same evidence", err)
	}
	_, _, err = carrier.Write(carrier.KindAttestation, []carrier.Item{item(t, w, virtual.Request{PredicateType: "https://example.org/p", Evidence: virtual.RekorV2})}, carrier.Options{Timestamps: true})
	if refuse.CodeOf(err) != "convert.lossy" {
		t.Errorf("a bundle whose time a timestamp alone proves: %v", err)
	}
}

// edit changes a bundle in JSON.
func edit(t *testing.T, data []byte, change func(material map[string]any)) string {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	change(m["verificationMaterial"].(map[string]any))
	out, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestRepair(t *testing.T) {
	it := item(t, world(t), virtual.Request{})
	leaf := it.Bundle.Leaf.Raw
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leaf})
	entry := func(m map[string]any) map[string]any { return m["tlogEntries"].([]any)[0].(map[string]any) }
	raw := func(text []byte) func(m map[string]any) {
		return func(m map[string]any) { m["certificate"].(map[string]any)["rawBytes"] = text }
	}
	const kind, inPEM = "~carrier.kind_version/verificationMaterial/tlogEntries/0/kindVersion", "~carrier.pem/verificationMaterial/certificate/rawBytes"
	for name, c := range map[string]struct {
		change func(m map[string]any)
		want   string
		alone  string // by itself, without being mended
	}{
		"as it should be":     {func(map[string]any) {}, "", ""},
		"no kind":             {func(m map[string]any) { delete(entry(m), "kindVersion") }, kind, "bundle.entry_kind"},
		"a kind of null":      {func(m map[string]any) { entry(m)["kindVersion"] = nil }, kind, "bundle.entry_kind"},
		"an empty kind":       {func(m map[string]any) { entry(m)["kindVersion"] = map[string]any{} }, kind, "bundle.entry_kind"},
		"half a kind":         {func(m map[string]any) { entry(m)["kindVersion"] = map[string]any{"kind": "dsse"} }, "bundle.entry_kind", "bundle.entry_kind"},
		"another kind":        {func(m map[string]any) { entry(m)["kindVersion"] = map[string]any{"kind": "dsse", "version": "0.0.1"} }, "tlog.entry.kind", "tlog.entry.kind"},
		"no body":             {func(m map[string]any) { delete(entry(m), "kindVersion"); delete(entry(m), "canonicalizedBody") }, "bundle.entry_kind", "bundle.entry_kind"},
		"PEM":                 {raw(block), inPEM, "bundle.certificate"},
		"two certificates":    {raw(bytes.Repeat(block, 2)), "carrier.pem", "bundle.certificate"},
		"text behind":         {raw(append(bytes.Clone(block), 'x')), "carrier.pem", "bundle.certificate"},
		"a key":               {raw(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: leaf})), "carrier.pem", "bundle.certificate"},
		"headers":             {raw(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Headers: map[string]string{"a": "b"}, Bytes: leaf})), "carrier.pem", "bundle.certificate"},
		"PEM without its end": {raw(block[:len(block)/2]), "carrier.pem", "bundle.certificate"},
		"text before":         {raw(append([]byte("x"), block...)), "bundle.certificate", "bundle.certificate"},
		"both":                {func(m map[string]any) { raw(block)(m); delete(entry(m), "kindVersion") }, inPEM + kind, "bundle.certificate"},
	} {
		text := edit(t, it.JSON, c.change)
		if got := result("["+text+"]", carrier.Limits{}); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		if got := result(text, carrier.Limits{}); got != c.alone {
			t.Errorf("%s, by itself: %q, want %q", name, got, c.alone)
		}
		if got := result(text, carrier.Limits{Repair: true}); got != c.want {
			t.Errorf("%s, to be repaired: %q, want %q", name, got, c.want)
		}
		if items, _ := carrier.Read([]byte("["+text+"]"), carrier.Limits{}); items[0].Err == nil && !reflect.DeepEqual(signed(items[0].Bundle), signed(it.Bundle)) {
			t.Errorf("%s: not the same evidence", name)
		}
	}
}

// The older forms of cosign hold the evidence of a bundle of version 0.1.
func TestOlderForms(t *testing.T) {
	w := world(t)
	b64 := base64.StdEncoding.EncodeToString
	for _, predicate := range []string{"", "https://example.org/p"} {
		it := item(t, w, virtual.Request{PredicateType: predicate, Version: bundle.V01})
		b, e := it.Bundle, it.Bundle.Entries[0]
		signature := b64(b.Signature)
		if b.Envelope != nil {
			signature = b64(fmt.Appendf(nil, `{"payloadType":%q,"payload":%q,"signatures":[{"keyid":"","sig":%q}]}`, b.Envelope.PayloadType, b64(b.Envelope.Payload), signature))
		}
		cert := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: b.Leaf.Raw}))
		payload := fmt.Sprintf(`{"body":%q,"integratedTime":%d,"logIndex":%d,"logID":%q}`, b64(e.Body.Raw), e.Integrated, e.Index, hex.EncodeToString(e.LogID[:]))
		promise := fmt.Sprintf(`{"SignedEntryTimestamp":%q,"Payload":%s}`, b64(e.Promise), payload)
		local := func(cert, entry string) string {
			return fmt.Sprintf(`{"base64Signature":%q,"cert":%q,"rekorBundle":%s}`, signature, cert, entry)
		}
		promised := signed(b)
		for _, c := range []struct{ text, want string }{
			{local(b64([]byte(cert)), promise), ""},
			{local(cert, promise), ""},
			{local(b64([]byte(cert)), "null"), "import.no_entry"},
			{local("", "null"), ""}, // of a managed key
			{local("AAAA", promise), "carrier.pem"},
			{local("!", promise), "carrier.base64"},
			{local(cert+"x", promise), "carrier.pem"},
			{local(strings.Repeat(cert, 11), promise), "carrier.limit"},
			{local(cert, strings.Replace(promise, `"logID":"`, `"logID":"x`, 1)), "carrier.malformed"},
			{local(cert, strings.Replace(promise, `"integratedTime":`, `"integratedTime":1.5,"x":`, 1)), "carrier.malformed"},
			{local(cert, strings.Replace(promise, `"body":"`, `"body":"!`, 1)), "carrier.base64"},
			{local(cert, `{"a":{},"b":{}}`), "carrier.malformed"},
			{local(cert, strings.Replace(promise, `"Payload"`, `"payload":{},"Payload"`, 1)), "carrier.ambiguous"},
		} {
			if got := result(c.text, carrier.Limits{}); got != c.want {
				t.Errorf("%.400s: %q, want %q", c.text, got, c.want)
			}
		}
		items, err := carrier.Read([]byte(local(cert, promise)), carrier.Limits{})
		if err != nil || items[0].Err != nil {
			t.Fatal(err, items[0].Err)
		}
		if got := signed(items[0].Bundle); fmt.Sprint(got["signature"], got["payload"], got["certificate"]) != fmt.Sprint(promised["signature"], promised["payload"], promised["certificate"]) ||
			!bytes.Equal(items[0].Bundle.Entries[0].Promise, e.Promise) || !bytes.Equal(items[0].Bundle.Entries[0].Body.Raw, e.Body.Raw) {
			t.Error("not the same evidence")
		}
		var hashes []string
		for _, h := range e.Proof.Hashes {
			hashes = append(hashes, fmt.Sprintf("%q", hex.EncodeToString(h[:])))
		}
		answer := fmt.Sprintf(`{"24296fb24b8ad77a":{"body":%q,"integratedTime":%d,"logIndex":%d,"logID":%q,"verification":{"signedEntryTimestamp":%q,"inclusionProof":{"logIndex":%d,"treeSize":%d,"rootHash":%q,"hashes":[%s],"checkpoint":%q}}}}`,
			b64(e.Body.Raw), e.Integrated, e.Index, hex.EncodeToString(e.LogID[:]), b64(e.Promise), e.Proof.Index, e.Proof.Size, hex.EncodeToString(e.Proof.Root[:]), strings.Join(hashes, ","), e.Proof.Checkpoint)
		for _, cert := range []string{cert, b64([]byte(cert)) + "\n"} {
			got := carrier.Detached([]byte(signature+"\n"), []byte(cert), []byte(answer))
			if got.Err != nil || !reflect.DeepEqual(signed(got.Bundle), signed(b)) {
				t.Errorf("detached: %v, or not the same evidence", got.Err)
			}
		}
		if got := carrier.Detached([]byte(signature), []byte(cert), nil); refuse.CodeOf(got.Err) != "import.no_entry" {
			t.Errorf("detached, without an entry: %v", got.Err)
		}
	}
	it := item(t, w, virtual.Request{PredicateType: "https://example.org/p"})
	envelope := fmt.Sprintf(`{"payloadType":%q,"payload":%q,"signatures":[{"keyid":"k","sig":%q}]}`, it.Bundle.Envelope.PayloadType, b64(it.Bundle.Envelope.Payload), b64(it.Bundle.Signature))
	items, err := carrier.Read([]byte(envelope), carrier.Limits{})
	if err != nil || items[0].Err != nil || items[0].Bundle.KeyHint != "k" || items[0].Kind != carrier.KindEnvelope {
		t.Errorf("an envelope: %v, %+v", err, items)
	}
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: it.Bundle.Leaf.Raw})
	jsr := fmt.Sprintf(`{"mediaType":"application/vnd.dev.sigstore.bundle+json;version=0.1","content":{"$case":"dsseSignature","dsseEnvelope":%s},"verificationMaterial":{"content":{"$case":"x509CertificateChain","x509CertificateChain":{"certificates":[{"rawBytes":%q}]}},"tlogEntries":[{"logIndex":1}]}}`, envelope, cert)
	items, err = carrier.Read([]byte(jsr), carrier.Limits{})
	if err != nil || refuse.CodeOf(items[0].Err) != "import.no_entry" || bundle.ReadParts(items[0].JSON).Content.Leaf == nil {
		t.Errorf("a provenance without its entry: %v, %+v", err, items)
	}
}

// Each limit refuses one more than it says, and its default holds without it.
func TestLimits(t *testing.T) {
	it := item(t, world(t), virtual.Request{PredicateType: "https://example.org/p", Evidence: virtual.RekorBoth, Timestamps: 1})
	text, _, err := carrier.Write(carrier.KindNPM, []carrier.Item{it}, carrier.Options{})
	if err != nil {
		t.Fatal(err)
	}
	answer := strings.TrimSpace(string(text))
	for _, c := range []struct {
		limits carrier.Limits
		want   string
	}{
		{carrier.Limits{}, ""},
		{carrier.Limits{Document: len(answer), Attestations: 1, Entries: 2, Timestamps: 1}, ""},
		{carrier.Limits{Document: len(answer) - 1}, "carrier.limit"},
		{carrier.Limits{Entries: 1}, "carrier.limit"},
		{carrier.Limits{Depth: 3}, "carrier.limit"},
	} {
		if got := result(answer, c.limits); got != c.want {
			t.Errorf("%+v: %q, want %q", c.limits, got, c.want)
		}
	}
	padded := `{"attestations":[],"x":"` + strings.Repeat("x", 16<<20) + `"}`
	if got := result(padded, carrier.Limits{}); got != "carrier.limit" {
		t.Errorf("a document of %d bytes: %q", len(padded), got)
	}
	if _, _, err := carrier.Write(carrier.KindAttestation, []carrier.Item{it}, carrier.Options{}); refuse.CodeOf(err) != "convert.lossy" {
		t.Errorf("timestamps without their slot: %v", err)
	}
	if _, _, err := carrier.Write(carrier.KindBundle, []carrier.Item{it, it}, carrier.Options{}); refuse.CodeOf(err) != "convert.lossy" {
		t.Errorf("two bundles in a form for one: %v", err)
	}
}
