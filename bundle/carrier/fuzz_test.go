// SPDX-License-Identifier: Apache-2.0

package carrier_test

import (
	"reflect"
	"testing"

	"github.com/sigbundle/sigbundle/bundle/carrier"
	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/internal/refuse"
)

// FuzzRead holds the reader to these laws: it ends, each refusal has a code, an
// item has a bundle or an error, and what is written in any form is read back
// with the same evidence.
func FuzzRead(f *testing.F) {
	it := item(f, world(f), virtual.Request{PredicateType: "https://example.org/p"})
	for _, kind := range kinds {
		if text, _, err := carrier.Write(kind, []carrier.Item{it}, carrier.Options{}); err == nil {
			f.Add(text)
		}
	}
	f.Add([]byte(`{"base64Signature":"AA==","cert":"","rekorBundle":{"SignedEntryTimestamp":"","Payload":{"body":"e30=","integratedTime":1,"logIndex":1,"logID":"00"}}}`))
	f.Add([]byte(`{"payload":"","payloadType":"a","signatures":[{"sig":"AA=="}]}`))
	f.Add([]byte(`{"attestations":[{"bundle":null,"bundle_url":"https://example.org"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		items, err := carrier.Read(data, carrier.Limits{Repair: true})
		if (err == nil) == (len(items) == 0) || err != nil && refuse.CodeOf(err) == "" {
			t.Fatalf("%d items, %v", len(items), err)
		}
		for _, it := range items {
			if (it.Err == nil) == (it.Bundle == nil) || it.Err != nil && refuse.CodeOf(it.Err) == "" {
				t.Fatalf("%s: %v", it.Kind, it.Err)
			}
			if it.Err != nil {
				continue
			}
			for _, kind := range kinds {
				text, _, err := carrier.Write(kind, []carrier.Item{it}, carrier.Options{Timestamps: true})
				if err != nil {
					if refuse.CodeOf(err) == "" {
						t.Fatalf("%s to %s: no code: %v", it.Kind, kind, err)
					}
					continue
				}
				back, err := carrier.Read(text, carrier.Limits{})
				if err != nil || len(back) != 1 || back[0].Err != nil {
					t.Fatalf("%s to %s: %v, %+v", it.Kind, kind, err, back)
				}
				if !reflect.DeepEqual(signed(back[0].Bundle), signed(it.Bundle)) {
					t.Fatalf("%s to %s: signed bytes were changed", it.Kind, kind)
				}
			}
		}
	})
}
