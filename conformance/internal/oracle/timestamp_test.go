// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/digitorus/timestamp"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/internal/rfc3161"
	"github.com/sigbundle/sigbundle/trustroot"
)

// stamped is a timestamp with what it is over and who can judge it.
type stamped struct {
	name      string
	der       []byte
	message   []byte
	authority *rfc3161.Authority
}

// timestamps collects tokens of several keys, with and without certificates
// inside.
func timestamps(t *testing.T) []stamped {
	t.Helper()
	var found []stamped
	add := func(name string, data, rootJSON []byte) {
		root, err := trustroot.Parse(rootJSON)
		if err != nil {
			t.Fatal(err)
		}
		for b, err := range bundle.All(data) {
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for _, der := range b.Timestamps {
				token, err := rfc3161.Parse(der)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				for _, listed := range root.TimestampAuthorities() {
					a := rfc3161.Behind(listed)
					if a.Knows(token) {
						found = append(found, stamped{name, der, b.Signature, a})
						break
					}
				}
			}
		}
	}
	for _, key := range []virtual.KeyType{virtual.ECDSAP256, virtual.ECDSAP384, virtual.ECDSAP521} {
		w, err := virtual.New(virtual.Config{Seed: "timestamps", TSAKey: key})
		if err != nil {
			t.Fatal(err)
		}
		root, err := w.TrustedRoot()
		if err != nil {
			t.Fatal(err)
		}
		for _, embed := range []bool{false, true} {
			signed, err := w.Sign(virtual.Request{Evidence: virtual.RekorV2, EmbedCertificates: embed})
			if err != nil {
				t.Fatal(err)
			}
			add(fmt.Sprintf("%s, embedded %t", key, embed), signed.Bundle, root)
		}
	}
	if len(found) < 6 {
		t.Fatalf("%d timestamps found, want 6 at least", len(found))
	}
	return found
}

// digitorus says what digitorus/timestamp makes of a response: whether it
// accepts it over message, and the time in it. Without certificates inside it
// checks no signature.
func digitorus(der, message []byte) (*timestamp.Timestamp, error) {
	ts, err := timestamp.ParseResponse(der)
	if err != nil {
		return nil, err
	}
	h := ts.HashAlgorithm.New()
	h.Write(message)
	if !bytes.Equal(h.Sum(nil), ts.HashedMessage) {
		return nil, fmt.Errorf("another imprint")
	}
	return ts, nil
}

// What both accept they must read alike.
func TestTimestampsAgree(t *testing.T) {
	for _, s := range timestamps(t) {
		token, err := rfc3161.Parse(s.der)
		if err != nil {
			t.Fatal(err)
		}
		stamp, err := s.authority.Verify(token, s.message)
		if err != nil {
			t.Errorf("%s: refused: %v", s.name, err)
			continue
		}
		theirs, err := digitorus(s.der, s.message)
		if err != nil {
			t.Errorf("%s: digitorus: %v", s.name, err)
			continue
		}
		if !theirs.Time.Equal(stamp.Time) || theirs.Policy.String() != stamp.Policy || theirs.HashAlgorithm != token.ImprintHash() {
			t.Errorf("%s: %v %v %v, digitorus has %v %v %v", s.name, stamp.Time, stamp.Policy, token.ImprintHash(),
				theirs.Time, theirs.Policy, theirs.HashAlgorithm)
		}
		if _, err := s.authority.Verify(token, append([]byte("x"), s.message...)); err == nil {
			t.Errorf("%s: accepted over another message", s.name)
		}
	}
}

// Real tokens, whose authority's trust root is not in this repository, must be
// read alike.
func TestRealTimestamps(t *testing.T) {
	read := 0
	for _, name := range []string{"github_release.zip.sigstore.json", "github_provenance_demo-0.0.12-py3-none-any.whl.sigstore.jsonl"} {
		data, err := os.ReadFile(filepath.Join(public, name))
		if err != nil {
			t.Fatal(err)
		}
		for b, err := range bundle.All(data) {
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for _, der := range b.Timestamps {
				read++
				token, err := rfc3161.Parse(der)
				if err != nil || token.Fault() != nil {
					t.Errorf("%s: %v, %v", name, err, token.Fault())
					continue
				}
				theirs, err := digitorus(der, b.Signature)
				if err != nil {
					t.Errorf("%s: digitorus: %v", name, err)
					continue
				}
				if !theirs.Time.Equal(token.GenTime()) || theirs.Policy.String() != token.Policy() ||
					theirs.HashAlgorithm != token.ImprintHash() || theirs.SerialNumber.Cmp(token.Serial()) != 0 {
					t.Errorf("%s: read in two ways", name)
				}
			}
		}
	}
	if read < 2 {
		t.Errorf("%d timestamps, want 2 at least", read)
	}
}

// Of a timestamp a byte may be another where no signature covers it, and
// nowhere else.
func TestSameButUnsigned(t *testing.T) {
	for _, s := range timestamps(t) {
		cert := s.authority.Leaf().Raw
		from, free := bytes.Index(s.der, cert), 0
		for at := range s.der {
			changed := bytes.Clone(s.der)
			changed[at] ^= 1
			same := SameButUnsigned(s.der, changed)
			if from >= 0 && from <= at && at < from+len(cert) && !same {
				t.Errorf("%s: byte %d of the certificate inside counts", s.name, at-from)
			}
			if same {
				free++
			}
		}
		if from < 0 && free > 20 || free > len(s.der)-300 {
			t.Errorf("%s: %d of %d bytes do not count", s.name, free, len(s.der))
		}
		if SameButUnsigned(s.der, s.der[1:]) || SameButUnsigned(s.der[1:], s.der[1:]) {
			t.Errorf("%s: another length, or no response, is the same", s.name)
		}
	}
}

// No change of a byte makes us accept what digitorus refuses, or see another
// time than it does in what both accept, but where no signature covers the
// byte. The other way round it is lenient: it reads BER, and without an
// embedded certificate checks nothing.
func TestMutatedTimestamps(t *testing.T) {
	const changes = 400 // of each timestamp
	random := rand.New(rand.NewPCG(3161, 5652))
	accepted, both := 0, 0
	for _, s := range timestamps(t) {
		for range changes {
			der := bytes.Clone(s.der)
			i := random.IntN(len(der))
			der[i] ^= 1 << random.IntN(8)
			token, err := rfc3161.Parse(der)
			if err != nil {
				continue
			}
			stamp, err := s.authority.Verify(token, s.message)
			if err != nil {
				continue
			}
			accepted++
			theirs, err := digitorus(der, s.message)
			if !SameButUnsigned(s.der, der) {
				t.Errorf("%s, byte %d: accepted, digitorus: %v", s.name, i, err)
			}
			if err != nil {
				continue
			}
			if both++; !theirs.Time.Equal(stamp.Time) {
				t.Errorf("%s, byte %d: %v, digitorus has %v", s.name, i, stamp.Time, theirs.Time)
			}
		}
	}
	if accepted == 0 || both == 0 {
		t.Errorf("%d changed timestamps were accepted, %d of them by both: nothing was compared", accepted, both)
	}
	t.Logf("%d changed timestamps were accepted, %d of them by both", accepted, both)
}
