// SPDX-License-Identifier: Apache-2.0

package virtual_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/trustroot"
)

func TestAuthorityTemplates(t *testing.T) {
	seen := make(map[string]bool)
	w := newWorld(t, virtual.Config{TSAs: 2, Authority: func(role string, c *x509.Certificate) {
		seen[role] = true
		if role == virtual.RoleIntermediate {
			c.NotAfter = virtual.DefaultTime().Add(-time.Hour)
		}
	}})
	if got := len(seen); got != 8 || !seen[virtual.RoleTSALeaf+"/2"] {
		t.Errorf("%d roles: %v", got, seen)
	}
	failed, err := explain(t, rootOf(t, w), sign(t, w, virtual.Request{}))
	if code(err) != "chain.expired" || failed != 1 {
		t.Errorf("expired intermediate: %d checks failed, %v", failed, err)
	}
}

// A witness's line as C2SP tlog-cosignature has it, read by hand.
func TestWitness(t *testing.T) {
	const name = "witness.test/w"
	w := newWorld(t, virtual.Config{Witnesses: []string{name}})
	s := sign(t, w, virtual.Request{Evidence: virtual.RekorV2})
	note := s.Message.VerificationMaterial.TlogEntries[0].InclusionProof.Checkpoint.Envelope
	text, lines, _ := strings.Cut(note, "\n\n")
	fields := strings.Fields(strings.Split(lines, "\n")[1])
	blob, err := base64.StdEncoding.DecodeString(fields[2])
	if err != nil || fields[1] != name || len(blob) != 76 {
		t.Fatalf("%q: %v", lines, err)
	}
	at := binary.BigEndian.Uint64(blob[4:])
	message := fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s\n", at, text)
	key, err := w.WitnessKey(name)
	if err != nil {
		t.Fatal(err)
	}
	pub := key.Public().(ed25519.PublicKey)
	if !ed25519.Verify(pub, message, blob[12:]) || at != uint64(w.Time().Unix()) {
		t.Error("the cosignature does not verify")
	}
	if id := sha256.Sum256(slices.Concat([]byte(name+"\n\x04"), pub)); !slices.Equal(id[:4], blob[:4]) {
		t.Errorf("key ID %x, want %x", blob[:4], id[:4])
	}
}

func TestConcurrentUse(t *testing.T) {
	w := newWorld(t, virtual.Config{})
	root := rootOf(t, w)
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			r := numbered(i)
			if i > 5 {
				r.LeafKey = virtual.RSA2048
			}
			s, err := w.Sign(r)
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := judge(t, root, anyone(s), s); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
}

func TestKey(t *testing.T) {
	w := newWorld(t, virtual.Config{})
	k, err := w.Key("k", virtual.ECDSAP521)
	if err != nil {
		t.Fatal(err)
	}
	spki, err := x509.MarshalPKIXPublicKey(k.Signer().Public())
	if err != nil || !slices.Equal(spki, k.SPKI()) || k.Type() != virtual.ECDSAP521 || k.Type().String() != "ECDSA P-521" {
		t.Errorf("%v, %v", k.Type(), err)
	}
	if got := virtual.KeyType(99).String(); got != "KeyType(99)" {
		t.Error(got)
	}
}

// Two worlds can be trusted at once: nothing in them has the same name.
func TestMergedWorlds(t *testing.T) {
	one, two := newWorld(t, virtual.Config{Seed: "one"}), newWorld(t, virtual.Config{Seed: "two"})
	root, err := trustroot.Merge(rootOf(t, one), rootOf(t, two))
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range []*virtual.World{one, two} {
		check(t, root, w, virtual.Request{Evidence: virtual.RekorBoth})
	}
	s := sign(t, two, virtual.Request{})
	if _, err := judge(t, rootOf(t, one), anyone(s), s); err == nil {
		t.Error("one world trusts the other")
	}
}
