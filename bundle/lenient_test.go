// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"strings"
	"testing"
)

func TestReadParts(t *testing.T) {
	if p := ReadParts(text(t, messageV03(t))); len(p.Deviations) != 0 || p.Version != V03 || p.Content.Leaf == nil || len(p.Content.Entries) != 1 {
		t.Errorf("a valid bundle: %+v", p)
	}
	for name, c := range map[string]struct {
		path  string
		value any
		count int
		want  string
	}{
		"unknown member":    {"verificationMaterial.unknown", object{"a": 1}, 1, "unknown member"},
		"unknown version":   {"mediaType", "application/x", 1, "media type"},
		"no signature":      {"messageSignature.signature", "", 1, "empty signature"},
		"broken entry":      {"verificationMaterial.tlogEntries.0.logId", remove, 1, "log id"},
		"broken timestamp":  {"verificationMaterial.timestampVerificationData.rfc3161Timestamps.0.signedTimestamp", "", 1, "timestamp 0"},
		"wrong certificate": {"verificationMaterial.certificate.rawBytes", "AA==", 1, "certificate"},
	} {
		doc := messageV03(t)
		set(t, doc, c.path, c.value)
		data := text(t, doc)
		p := ReadParts(data)
		if len(p.Deviations) != c.count || !strings.Contains(p.Deviations[0].Error(), c.want) || p.MediaType == "" {
			t.Errorf("%s: %v", name, p.Deviations)
		}
		if p.Content.Leaf == nil && name != "wrong certificate" || p.Content.Version != 0 {
			t.Errorf("%s: %+v", name, p)
		}
		if _, err := Parse(data); err == nil {
			t.Errorf("%s: Parse accepts it", name)
		}
	}
	for _, data := range []string{"", "null", "[", "{", `{"mediaType":`, "\xff\xfe{\x00"} {
		if p := ReadParts([]byte(data)); len(p.Deviations) == 0 {
			t.Errorf("%q deviates in nothing", data)
		}
	}
	if p := ReadParts([]byte(`{"base64Signature":"AA=="}`)); !strings.Contains(p.Deviations[1].Error(), "cosign") {
		t.Errorf("%v", p.Deviations)
	}
}
