// SPDX-License-Identifier: Apache-2.0

package carrier

import (
	"testing"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/dsse"
	"github.com/sigbundle/sigbundle/internal/refuse"
)

// What a carrier says is held against the one member that a verifier reads.
func TestClaimOfOneMember(t *testing.T) {
	const says, other = "https://example.test/provenance", "https://example.test/sbom"
	for name, c := range map[string]struct {
		kind, payload string
		ok            bool
	}{
		"the same":             {dsse.PayloadTypeInToto, `{"predicateType":"` + says + `"}`, true},
		"among others":         {dsse.PayloadTypeInToto, `{"a":[{}],"predicateType":"` + says + `","predicate":{"predicateType":"` + other + `"}}`, true},
		"another":              {dsse.PayloadTypeInToto, `{"predicateType":"` + other + `"}`, false},
		"in other case":        {dsse.PayloadTypeInToto, `{"PredicateType":"` + says + `"}`, false},
		"then in other case":   {dsse.PayloadTypeInToto, `{"predicateType":"` + other + `","PredicateType":"` + says + `"}`, false},
		"then in upper case":   {dsse.PayloadTypeInToto, `{"predicateType":"` + other + `","PREDICATETYPE":"` + says + `"}`, false},
		"a letter that folds":  {dsse.PayloadTypeInToto, `{"predicateType":"` + other + `","predıcateType":"` + says + `"}`, false},
		"twice":                {dsse.PayloadTypeInToto, `{"predicateType":"` + other + `","predicateType":"` + says + `"}`, false},
		"twice the same":       {dsse.PayloadTypeInToto, `{"predicateType":"` + says + `","predicateType":"` + says + `"}`, false},
		"within":               {dsse.PayloadTypeInToto, `{"predicate":{"predicateType":"` + says + `"}}`, false},
		"no string":            {dsse.PayloadTypeInToto, `{"predicateType":["` + says + `"]}`, false},
		"more behind":          {dsse.PayloadTypeInToto, `{"predicateType":"` + says + `"} {}`, false},
		"another payload type": {"application/json", `{"predicateType":"` + says + `"}`, false},
		"type in other case":   {"application/vnd.in-toto+JSON", `{"predicateType":"` + says + `"}`, false},
		"no payload type":      {"", `{"predicateType":"` + says + `"}`, false},
	} {
		b := &bundle.Bundle{Envelope: &dsse.Envelope{PayloadType: c.kind, Payload: []byte(c.payload)}}
		if err := checkPredicate(b, says); (err == nil) != c.ok || err != nil && refuse.CodeOf(err) != "carrier.claim" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
