// SPDX-License-Identifier: Apache-2.0

package sigstore

import (
	"strings"
	"testing"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/sign"
	"github.com/sigbundle/sigbundle/tlog"
	"github.com/sigbundle/sigbundle/verify"
	"github.com/sigbundle/sigbundle/verify/codes"
)

// TestDetached refuses what has no place in a bundle, unless it was asked
// for; then it has to be right, and the bundle verifies for those only who
// ask for no SCT.
func TestDetached(t *testing.T) {
	i := newInstance(t)
	i.Detached = true
	config := i.config(newToken(t, nil), tlog.V2)
	i.refused(t, config, sign.Message(strings.NewReader(artifact)), "sign.fulcio.detached_sct")
	config.AllowDetachedSCT = true
	s, err := sign.New(config)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := s.Sign(t.Context(), sign.Message(strings.NewReader(artifact)))
	if err != nil {
		t.Fatal(err)
	}
	if !signed.DetachedSCT || !signed.Report.Required.Lowered {
		t.Errorf("the result does not say what it lacks: %+v", signed.Report.Required)
	}
	b, err := bundle.Parse(signed.Bundle)
	if err != nil {
		t.Fatal(err)
	}
	for threshold, code := range map[verify.Threshold]string{0: "sct.missing", verify.NotRequired: ""} {
		v, err := verify.New(verify.Config{Root: i.Root, Policy: verify.Policy{AnyIdentity: true, Require: verify.Requirements{SCTs: threshold}}})
		if err != nil {
			t.Fatal(err)
		}
		a, err := v.ReadArtifact(strings.NewReader(artifact), b)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := v.Verify(b, a); codes.Of(err) != code {
			t.Errorf("SCTs required: %d: %v", threshold, err)
		}
	}

	// Nothing is lowered for certificates that are as they should be, also
	// where something came beside them.
	for _, beside := range []bool{true, false} {
		i.Detached, i.Embedded = beside, true
		if signed := i.signed(t, config, sign.Message(strings.NewReader(artifact))); signed.DetachedSCT || signed.Report.Required.Lowered {
			t.Errorf("lowered for nothing: %+v", signed.Report.Required)
		}
	}
	i.Certificate.SCT = func(in *virtual.SCTInput) { in.Corrupt = true }
	i.refused(t, config, sign.Message(strings.NewReader(artifact)), "sct.signature")
}

// TestDetachedAttacks has one thing wrong with the SCT each time.
func TestDetachedAttacks(t *testing.T) {
	set := func(name string, value any) func(map[string]any) any {
		return func(sct map[string]any) any { sct[name] = value; return nil }
	}
	send := func(value any) func(map[string]any) any { return func(map[string]any) any { return value } }
	for name, c := range map[string]struct {
		code string
		edit func(sct map[string]any) any
	}{
		"signature":          {"sct.signature", func(sct map[string]any) any { sct["signature"].([]byte)[20] ^= 1; return nil }},
		"of another log":     {"sct.unknown_log", set("id", make([]byte, 32))},
		"at another time":    {"sct.signature", set("timestamp", int64(1749729600001))},
		"with extensions":    {"sct.signature", set("extensions", []byte{1})},
		"of another version": {"sct.malformed", set("sct_version", 1)},
		"no object":          {"sct.malformed", send([]byte("x"))},
		"empty":              {"sct.malformed", send("")},
		"no base64":          {"sign.fulcio.malformed", send("*")},
		"no text":            {"sign.fulcio.malformed", send(7)},
	} {
		t.Run(name, func(t *testing.T) {
			i := newInstance(t)
			i.Detached, i.SCT = true, c.edit
			config := i.config(newToken(t, nil), tlog.V2)
			config.AllowDetachedSCT = true
			i.refused(t, config, sign.Message(strings.NewReader(artifact)), c.code)
			if i.Called("rekor2") != 0 || i.Called("tsa") != 0 {
				t.Error("something was made public")
			}
		})
	}
}
