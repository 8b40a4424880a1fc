// SPDX-License-Identifier: Apache-2.0

package mutate

import (
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

// studio signs what flaws are put into, in a world that has the keys of the
// first pool's. What it signs depends on how much it has signed before.
type studio struct {
	world    *virtual.World
	stranger *virtual.Key
	artifact []byte
}

func newStudio(s *subject) (*studio, error) {
	w, err := virtual.New(worlds[0].config)
	if err != nil {
		return nil, err
	}
	key, err := w.Key("stranger", virtual.ECDSAP256)
	return &studio{w, key, s.Artifact}, err
}

func (st *studio) sign(r virtual.Request, change func(r *virtual.Request, stranger *virtual.Key)) []byte {
	r.Artifact = st.artifact
	change(&r, st.stranger)
	signed, err := st.world.Sign(r)
	if err != nil {
		return []byte(err.Error()) // which no expectation lets pass
	}
	return signed.Bundle
}

// flawMutants emits the flaws.
func flawMutants(s *subject, st *studio, yield func(*Mutant)) {
	for _, base := range flawed {
		for _, f := range flaws {
			if f.only != "" && !glob(f.only).MatchString(base.name) {
				continue
			}
			yield(&Mutant{Case: s, Operator: f.name, Place: signedAnew, fresh: true, ordered: true, make: func() []byte {
				return st.sign(base.request, f.change)
			}})
		}
	}
}
