// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"testing"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// FuzzParse holds what is read from a bundle against protojson and against
// what is read from the bundle as it is written again.
func FuzzParse(f *testing.F) {
	for _, doc := range []object{messageV03(f), messageOld(f, "0.1"), envelopeV03(f)} {
		f.Add(text(f, doc))
	}
	f.Add([]byte(`{"media_type":"x","verification_material":{"publicKey":{},"tlogEntries":[{"logIndex":1}]},"dsseEnvelope":{"signatures":[{}]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		sameAsProtojson(t, data)
		b, err := Parse(data)
		if err != nil {
			if b != nil || refuse.CodeOf(err) == "" {
				t.Fatalf("bundle %v, refusal without a code: %v", b, err)
			}
			return
		}
		m, err := b.Proto()
		if err != nil {
			t.Fatal(err)
		}
		again, err := FromProto(m)
		if err != nil {
			t.Fatal(err)
		}
		again.DroppedRoot = b.DroppedRoot // the message has the root no more
		if !sameBundle(again, b) {
			t.Fatalf("got %+v\nwant %+v", again, b)
		}
		out, err := b.MarshalJSON()
		if err != nil {
			return
		}
		upgraded, err := Parse(out)
		if err != nil {
			t.Fatalf("%s: %v", out, err)
		}
		if out2, err := upgraded.MarshalJSON(); err != nil || string(out2) != string(out) {
			t.Fatalf("got %s, %v\nwant %s", out2, err, out)
		}
	})
}
