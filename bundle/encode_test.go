// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"

	bundlev1 "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/tlog"
)

// sameAsProtojson checks that what the decoder accepts, protojson reads as
// the same message.
func sameAsProtojson(t testing.TB, data []byte) {
	t.Helper()
	got, err := decodeBundle(data)
	if err != nil {
		return
	}
	var want bundlev1.Bundle
	if err := protojson.Unmarshal(data, &want); err != nil {
		t.Errorf("protojson refuses %.200q: %v", data, err)
	} else if !proto.Equal(got, &want) {
		t.Errorf("%.200q:\n%v, protojson\n%v", data, got, &want)
	}
}

func sameEntry(a, b tlog.Entry) bool { return reflect.DeepEqual(a, b) }

// sameBundle reports whether two bundles say the same, however they were
// written.
func sameBundle(a, b *Bundle) bool {
	x, y := *a, *b
	x.SHA256, y.SHA256 = [32]byte{}, [32]byte{}
	x.Size, y.Size = 0, 0
	return reflect.DeepEqual(x, y)
}

func TestMarshalJSON(t *testing.T) {
	for why, doc := range map[string]object{"message": messageV03(t), "envelope": envelopeV03(t)} {
		b := mustParse(t, doc)
		data, err := b.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse(data)
		if err != nil || !sameBundle(again, b) {
			t.Errorf("%s: got %+v, %v, want %+v", why, again, err, b)
		}
		// The standard library writes a bundle as it is, and adds no space.
		if std, err := json.Marshal(b); err != nil || !bytes.Equal(std, data) {
			t.Errorf("%s: encoding/json gives %s, %v", why, std, err)
		}
		var m bundlev1.Bundle
		if err := protojson.Unmarshal(data, &m); err != nil {
			t.Errorf("%s: protojson: %v", why, err)
		}
	}
}

func TestMarshalJSONBytes(t *testing.T) {
	const want = `{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"publicKey":{"hint":"a \"b\" \\"},` +
		`"timestampVerificationData":{"rfc3161Timestamps":[{"signedTimestamp":"AQ=="}]}},` +
		`"messageSignature":{"messageDigest":{"algorithm":"SHA2_256","digest":"ZGRkZGRkZGRkZGRkZGRkZGRkZGRkZGRkZGRkZGRkZGQ="},"signature":"/+8="}}`
	loose := []byte(`{ "message_signature" : {"signature":"_-8","messageDigest":{"digest":"ZGRkZGRkZGRkZGRkZGRkZGRkZGRkZGRkZGRkZGRkZGQ","algorithm":1}},
		"verificationMaterial":{"tlogEntries":[],"timestampVerificationData":{"rfc3161Timestamps":[{"signedTimestamp":"AQ"}]},"publicKey":{"hint":"a \u0022b\" \\"}},
		"mediaType":"application/vnd.dev.sigstore.bundle+json;version=0.2"}`)
	b, err := Parse(loose)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := b.MarshalJSON(); err != nil || string(got) != want {
		t.Errorf("got\n%s, %v, want\n%s", got, err, want)
	}
}

// Older bundles are written as 0.3, where 0.3 can say what they say.
func TestMarshalJSONUpgrades(t *testing.T) {
	old := mustParse(t, messageOld(t, "0.1"))
	data, err := old.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	b, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	if want := mustParse(t, messageV03(t)); !sameBundle(b, want) {
		t.Errorf("got %+v, want %+v", b, want)
	}

	doc := messageOld(t, "0.1")
	set(t, doc, "verificationMaterial.tlogEntries.0.inclusionProof", remove)
	if _, err := mustParse(t, doc).MarshalJSON(); refuse.CodeOf(err) != "bundle.proof_missing" {
		t.Errorf("entry without a proof: %v", err)
	}
	if _, err := new(Bundle).MarshalJSON(); refuse.CodeOf(err) != "bundle.version" {
		t.Errorf("zero bundle: %v", err)
	}
}

func TestProto(t *testing.T) {
	for why, doc := range map[string]object{
		"message": messageV03(t), "envelope": envelopeV03(t), "0.1": messageOld(t, "0.1"), "0.2": messageOld(t, "0.2"),
	} {
		data := text(t, doc)
		b, err := Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		m, err := b.Proto()
		if err != nil {
			t.Fatal(err)
		}
		var want bundlev1.Bundle
		if err := protojson.Unmarshal(data, &want); err != nil || !proto.Equal(m, &want) {
			t.Errorf("%s: got %v\nwant %v, %v", why, m, &want, err)
		}
		again, err := FromProto(&want)
		if err != nil || !sameBundle(again, b) {
			t.Errorf("%s: got %+v, %v, want %+v", why, again, err, b)
		}
	}
}

func TestFromProtoRefused(t *testing.T) {
	for why, c := range map[string]struct {
		change func(m *bundlev1.Bundle)
		code   refuse.Code
	}{
		"other version":   {func(m *bundlev1.Bundle) { m.MediaType = "x" }, "bundle.version"},
		"invalid UTF-8":   {func(m *bundlev1.Bundle) { m.MediaType = "\xff" }, "bundle.malformed"},
		"unknown field":   {func(m *bundlev1.Bundle) { m.ProtoReflect().SetUnknown([]byte{0xa0, 0x06, 0x01}) }, "bundle.malformed"},
		"no material":     {func(m *bundlev1.Bundle) { m.VerificationMaterial = nil }, "bundle.material"},
		"nil entry":       {func(m *bundlev1.Bundle) { m.VerificationMaterial.TlogEntries[0] = nil }, "bundle.log_id"},
		"negative number": {func(m *bundlev1.Bundle) { m.VerificationMaterial.TlogEntries[0].LogIndex = -1 }, "bundle.number"},
		"unknown field below": {func(m *bundlev1.Bundle) {
			m.VerificationMaterial.TlogEntries[0].ProtoReflect().SetUnknown([]byte{0xa0, 0x06, 0x01})
		}, "bundle.malformed"},
		"too many entries": {func(m *bundlev1.Bundle) {
			e := m.VerificationMaterial.TlogEntries[0]
			for range MaxEntries {
				m.VerificationMaterial.TlogEntries = append(m.VerificationMaterial.TlogEntries, e)
			}
		}, "bundle.limit"},
	} {
		m, err := mustParse(t, messageV03(t)).Proto()
		if err != nil {
			t.Fatal(err)
		}
		c.change(m)
		if _, err := FromProto(m); refuse.CodeOf(err) != c.code {
			t.Errorf("%s: %v (%s), want %s", why, err, refuse.CodeOf(err), c.code)
		}
	}
	if _, err := FromProto(nil); refuse.CodeOf(err) == "" {
		t.Errorf("nil message: %v", err)
	}
	if _, err := FromProto(new(bundlev1.Bundle)); refuse.CodeOf(err) != "bundle.version" {
		t.Errorf("empty message: %v", err)
	}
}
