// SPDX-License-Identifier: Apache-2.0

package mutate

import (
	"fmt"

	"github.com/sigbundle/sigbundle/conformance/virtual"
)

// flaw is something wrong that its authority signed all the same, so that no
// signature gives it away: the check that looks for it stands alone.
type flaw struct {
	name   string
	want   string // codes
	only   string // the requests that it can be put into; empty: all
	change func(r *virtual.Request, stranger *virtual.Key)
}

// flawed are the requests that flaws are put into.
var flawed = []struct {
	name    string
	request virtual.Request
}{
	{"message, v1", virtual.Request{Timestamps: 1}},
	{"message, v2", virtual.Request{Evidence: virtual.RekorV2}},
	{"message, both logs", virtual.Request{Evidence: virtual.RekorBoth, Timestamps: 1, Later: 3}},
	{"envelope, v1", virtual.Request{PredicateType: predicate, Timestamps: 1}},
	{"envelope, v2, all embedded", virtual.Request{PredicateType: predicate, Evidence: virtual.RekorV2, EmbedCertificates: true}},
}

const signedAnew = "(signed anew)"

var flawExpectations = func() (list []expectation) {
	for _, f := range flaws {
		list = append(list, expectation{f.name, signedAnew, f.want, nil})
	}
	return list
}()

// flawMutants emits the flaws, each in a world of its own that has the keys
// of the first pool's.
func flawMutants(subjects []*subject, yield func(*Mutant)) {
	s := subjects[0]
	for _, base := range flawed {
		for _, f := range flaws {
			if f.only != "" && !glob(f.only).MatchString(base.name) {
				continue
			}
			yield(&Mutant{Case: s, Operator: f.name, Place: signedAnew, fresh: true, make: func() []byte {
				data, err := f.sign(s, base.request)
				if err != nil {
					return []byte(fmt.Sprintf("%s, %s: %v", f.name, base.name, err))
				}
				return data
			}})
		}
	}
}

func (f *flaw) sign(s *subject, r virtual.Request) ([]byte, error) {
	w, err := virtual.New(worlds[0].config)
	if err != nil {
		return nil, err
	}
	key, err := w.Key("stranger", virtual.ECDSAP256)
	if err != nil {
		return nil, err
	}
	r.Artifact = s.Artifact
	f.change(&r, key)
	signed, err := w.Sign(r)
	if err != nil {
		return nil, err
	}
	return signed.Bundle, nil
}
