// SPDX-License-Identifier: Apache-2.0

package fastverify

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"math/big"
	"runtime"
	"sync"
	"testing"

	"filippo.io/nistec"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

var curves = []elliptic.Curve{elliptic.P256(), elliptic.P384()}

func newKeyPair(t testing.TB, c elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(c, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func digestFor(c elliptic.Curve, message string) []byte {
	if c == elliptic.P384() {
		d := sha512.Sum384([]byte(message))
		return d[:]
	}
	d := sha256.Sum256([]byte(message))
	return d[:]
}

// warm returns Tables that have a table for pub.
func warm(t testing.TB, pub *ecdsa.PublicKey) *Tables {
	t.Helper()
	tables := New()
	k, ok := identify(pub)
	if !ok {
		t.Fatal("no key for a table")
	}
	live.Add(1)
	c := build(k)
	if c == nil {
		t.Fatal("the table failed its test")
	}
	tables.add(k, c)
	return tables
}

func encode(r, s *big.Int) []byte {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1BigInt(r)
		b.AddASN1BigInt(s)
	})
	return b.BytesOrPanic()
}

// compare holds the table against crypto/ecdsa and returns their answer.
func compare(t *testing.T, tables *Tables, pub *ecdsa.PublicKey, digest, sig []byte) bool {
	t.Helper()
	want := ecdsa.VerifyASN1(pub, digest, sig)
	if got := tables.Verify(pub, digest, sig); got != want {
		t.Errorf("%s: %t, crypto/ecdsa says %t, digest %x, signature %x", pub.Curve.Params().Name, got, want, digest, sig)
	}
	return want
}

func TestSignatures(t *testing.T) {
	for _, c := range curves {
		k := newKeyPair(t, c)
		tables := warm(t, &k.PublicKey)
		for range 60 {
			digest := make([]byte, 1+c.Params().BitSize/8)
			if _, err := rand.Read(digest); err != nil {
				t.Fatal(err)
			}
			for _, d := range [][]byte{digest[:32], digest, digest[:20], {}} {
				sig, err := ecdsa.SignASN1(rand.Reader, k, d)
				if err != nil {
					t.Fatal(err)
				}
				if !compare(t, tables, &k.PublicKey, d, sig) {
					t.Error("a good signature was refused")
				}
				sig[len(sig)-1] ^= 1
				if compare(t, tables, &k.PublicKey, d, sig) {
					t.Error("a bad signature was accepted")
				}
			}
		}
	}
}

// Values of r and s in and around all that is special about them.
func TestEdges(t *testing.T) {
	for _, c := range curves {
		k := newKeyPair(t, c)
		tables := warm(t, &k.PublicKey)
		n, p := c.Params().N, c.Params().P
		one := big.NewInt(1)
		digest := digestFor(c, "edges")
		good, err := ecdsa.SignASN1(rand.Reader, k, digest)
		if err != nil {
			t.Fatal(err)
		}
		r, s, _ := parse(good)
		minus := new(big.Int).Sub(n, s)
		values := []*big.Int{
			new(big.Int), one, big.NewInt(2), big.NewInt(-1), new(big.Int).Neg(r), r, s, minus,
			new(big.Int).Sub(n, one), n, new(big.Int).Add(n, one), new(big.Int).Add(r, n), new(big.Int).Add(s, n),
			new(big.Int).Sub(p, one), p, new(big.Int).Sub(p, n), new(big.Int).Rsh(n, 1),
			new(big.Int).Lsh(one, uint(c.Params().BitSize)), new(big.Int).Lsh(one, 2000), c.Params().Gx, k.X,
		}
		valid := 0
		for _, a := range values {
			for _, b := range values {
				for _, d := range [][]byte{digest, make([]byte, len(digest)), n.Bytes(), nil} {
					if compare(t, tables, &k.PublicKey, d, encode(a, b)) {
						valid++
					}
				}
			}
		}
		// (r, s) and (r, -s), and for each of the three digests that are zero
		// modulo n the pair whose point is the key itself.
		if valid != 5 {
			t.Errorf("%s: %d of the pairs are signatures, want 5", c.Params().Name, valid)
		}
	}
}

// Signatures in which the sum of both multiples is infinity, or both are the
// same point, so that the last addition is not a usual one.
func TestExceptionalSums(t *testing.T) {
	for _, c := range curves {
		n := c.Params().N
		// The private key is 1 or -1, so that Q is G or -G, and r is the digest:
		// then both multiples are of the same size.
		for _, d := range []*big.Int{big.NewInt(1), new(big.Int).Sub(n, big.NewInt(1))} {
			k, err := ecdsa.ParseRawPrivateKey(c, d.FillBytes(make([]byte, c.Params().BitSize/8)))
			if err != nil {
				t.Fatal(err)
			}
			tables := warm(t, &k.PublicKey)
			for _, r := range []*big.Int{big.NewInt(1), big.NewInt(7), c.Params().Gx, new(big.Int).Sub(n, big.NewInt(3))} {
				r = new(big.Int).Mod(r, n)
				digest := r.FillBytes(make([]byte, c.Params().BitSize/8))
				for _, s := range []*big.Int{big.NewInt(1), big.NewInt(2), r, new(big.Int).Lsh(r, 1)} {
					compare(t, tables, &k.PublicKey, digest, encode(r, new(big.Int).Mod(s, n)))
				}
			}
			// s = 2·Gx makes e/s = r/s = 1/2: for Q = G the sum is G, and its x
			// is r. A true signature through an addition of equal points.
			gx := new(big.Int).Mod(c.Params().Gx, n)
			digest := gx.FillBytes(make([]byte, c.Params().BitSize/8))
			s := new(big.Int).Mod(new(big.Int).Lsh(gx, 1), n)
			if got := compare(t, tables, &k.PublicKey, digest, encode(gx, s)); got != (d.Cmp(big.NewInt(1)) == 0) {
				t.Errorf("%s: sum of equal or opposite points: %t", c.Params().Name, got)
			}
		}
	}
}

// r is the x of a point modulo n, and may be smaller than x itself.
func TestReducedX(t *testing.T) {
	for _, c := range curves {
		params := c.Params()
		// A key can be made for any R and s: Q = (s·R - e·G)/r.
		x := new(big.Int).Set(params.N)
		var px, py *big.Int
		for py == nil {
			x.Add(x, big.NewInt(1))
			if x.Cmp(params.P) >= 0 {
				t.Fatal("no point between n and p")
			}
			compressed := append([]byte{2}, x.FillBytes(make([]byte, params.BitSize/8))...)
			px, py = elliptic.UnmarshalCompressed(c, compressed)
		}
		r := new(big.Int).Sub(px, params.N)
		digest := digestFor(c, "reduced")
		e := new(big.Int).SetBytes(digest)
		s := big.NewInt(12345)
		sx, sy := c.ScalarMult(px, py, s.Bytes())                                                                             //nolint:staticcheck // a test needs the group
		ex, ey := c.ScalarBaseMult(new(big.Int).Mod(new(big.Int).Neg(e), params.N).FillBytes(make([]byte, params.BitSize/8))) //nolint:staticcheck // a test needs the group
		qx, qy := c.Add(sx, sy, ex, ey)                                                                                       //nolint:staticcheck // a test needs the group
		inverse := new(big.Int).ModInverse(r, params.N)
		qx, qy = c.ScalarMult(qx, qy, inverse.Bytes()) //nolint:staticcheck // a test needs the group
		pub := &ecdsa.PublicKey{Curve: c, X: qx, Y: qy}
		tables := warm(t, pub)
		if !compare(t, tables, pub, digest, encode(r, s)) {
			t.Errorf("%s: the signature whose x is not below n was refused", params.Name)
		}
		if compare(t, tables, pub, digest, encode(px, s)) {
			t.Errorf("%s: r above n was accepted", params.Name)
		}
	}
}

func TestEncodings(t *testing.T) {
	for _, c := range curves {
		k := newKeyPair(t, c)
		tables := warm(t, &k.PublicKey)
		digest := digestFor(c, "encodings")
		good, err := ecdsa.SignASN1(rand.Reader, k, digest)
		if err != nil {
			t.Fatal(err)
		}
		r, s, _ := parse(good)
		raw := func(tag byte, parts ...[]byte) []byte {
			var content []byte
			for _, p := range parts {
				content = append(content, p...)
			}
			return append([]byte{tag, byte(len(content))}, content...)
		}
		integer := func(v *big.Int) []byte {
			b := v.Bytes()
			if b[0]&0x80 != 0 {
				b = append([]byte{0}, b...)
			}
			return raw(2, b)
		}
		padded := raw(2, append([]byte{0, 0}, r.Bytes()...))
		bad := map[string][]byte{
			"empty":              {},
			"empty sequence":     raw(0x30),
			"one integer":        raw(0x30, integer(r)),
			"three integers":     raw(0x30, integer(r), integer(s), integer(s)),
			"trailing byte":      append(append([]byte{}, good...), 0),
			"truncated":          good[:len(good)-1],
			"set":                raw(0x31, integer(r), integer(s)),
			"zero padding":       raw(0x30, padded, integer(s)),
			"empty integer":      raw(0x30, raw(2), integer(s)),
			"long form length":   append([]byte{0x30, 0x81, good[1]}, good[2:]...),
			"indefinite length":  append(append([]byte{0x30, 0x80}, good[2:]...), 0, 0),
			"octet strings":      raw(0x30, raw(4, r.Bytes()), raw(4, s.Bytes())),
			"bits":               raw(0x30, raw(3, r.Bytes()), integer(s)),
			"raw r and s":        append(r.FillBytes(make([]byte, 48)), s.FillBytes(make([]byte, 48))...),
			"null inside":        raw(0x30, integer(r), integer(s), raw(5)),
			"negative r":         raw(0x30, raw(2, append([]byte{0xff}, r.Bytes()...)), integer(s)),
			"integer tag of 10":  raw(0x30, raw(10, r.Bytes()), integer(s)),
			"nested":             raw(0x30, raw(0x30, integer(r), integer(s))),
			"swapped":            raw(0x30, integer(s), integer(r)),
			"large tag":          append([]byte{0x3f, 0x10}, good[1:]...),
			"length beyond data": append([]byte{0x30, 0x7f}, good[2:]...),
		}
		for name, sig := range bad {
			if compare(t, tables, &k.PublicKey, digest, sig) {
				t.Errorf("%s: %s was accepted", c.Params().Name, name)
			}
		}
		for i := range good { // every bit of a good one
			for bit := range 8 {
				sig := append([]byte{}, good...)
				sig[i] ^= 1 << bit
				compare(t, tables, &k.PublicKey, digest, sig)
			}
		}
	}
}

func TestKeys(t *testing.T) {
	k := newKeyPair(t, elliptic.P256())
	digest := digestFor(k.Curve, "keys")
	sig, err := ecdsa.SignASN1(rand.Reader, k, digest)
	if err != nil {
		t.Fatal(err)
	}
	var none *Tables
	if !none.Verify(&k.PublicKey, digest, sig) || none.Verify(&k.PublicKey, digest[1:], sig) {
		t.Error("nil Tables do not verify")
	}
	tables := New()
	if off := (&ecdsa.PublicKey{Curve: k.Curve, X: k.X, Y: new(big.Int).Add(k.Y, big.NewInt(1))}); tables.Verify(off, digest, sig) {
		t.Error("a key beside the curve verifies")
	} else if id, ok := identify(off); !ok || build(id) != nil {
		t.Error("a key beside the curve has a table")
	}
	for _, c := range []elliptic.Curve{elliptic.P224(), elliptic.P521()} {
		other := newKeyPair(t, c)
		sig, err := ecdsa.SignASN1(rand.Reader, other, digest)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 * recurrence {
			if !tables.Verify(&other.PublicKey, digest, sig) {
				t.Fatal("other curves do not verify")
			}
		}
	}
	if tables.ready.Load() != nil {
		t.Error("a table for another curve")
	}
}

// A table appears when a key has recurred, and not before; one key's table is
// no other key's.
func TestRecurrence(t *testing.T) {
	tables := New()
	k, other := newKeyPair(t, elliptic.P256()), newKeyPair(t, elliptic.P256())
	digest := digestFor(k.Curve, "recurrence")
	sig, err := ecdsa.SignASN1(rand.Reader, k, digest)
	if err != nil {
		t.Fatal(err)
	}
	for i := range recurrence - 1 {
		if !tables.Verify(&k.PublicKey, digest, sig) || tables.Verify(&k.PublicKey, digest[1:], sig) || tables.ready.Load() != nil {
			t.Fatalf("after %d checks", i)
		}
	}
	if !tables.Verify(&k.PublicKey, digest, sig) || tables.ready.Load() == nil || len(*tables.ready.Load()) != 1 {
		t.Fatal("no table after all")
	}
	if !tables.Verify(&k.PublicKey, digest, sig) || tables.Verify(&other.PublicKey, digest, sig) {
		t.Error("the table is wrong")
	}
}

func TestBounds(t *testing.T) {
	tables := New()
	k := newKeyPair(t, elliptic.P256())
	id, _ := identify(&k.PublicKey)
	others := live.Swap(maxTables)
	for range 2 * recurrence {
		tables.count(id, &k.PublicKey)
	}
	if tables.ready.Load() != nil {
		t.Error("more tables than allowed")
	}
	live.Store(others)
	for i := range 2 * maxCounted {
		id.x[0], id.x[1] = byte(i), byte(i>>8)
		tables.count(id, &k.PublicKey)
		if len(tables.counts) > maxCounted {
			t.Fatal("more counts than allowed")
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	tables := New()
	var group sync.WaitGroup
	for _, c := range curves {
		k := newKeyPair(t, c)
		digest := digestFor(c, "concurrent")
		sig, err := ecdsa.SignASN1(rand.Reader, k, digest)
		if err != nil {
			t.Fatal(err)
		}
		for range 4 {
			group.Go(func() {
				for range recurrence {
					if !tables.Verify(&k.PublicKey, digest, sig) || tables.Verify(&k.PublicKey, digest[:8], sig) {
						t.Error("wrong answer")
					}
				}
			})
		}
	}
	group.Wait()
	if ready := tables.ready.Load(); ready == nil || len(*ready) != len(curves) {
		t.Error("tables are missing")
	}
}

// A broken table is noticed before it is used.
func TestSelfTest(t *testing.T) {
	k := newKeyPair(t, elliptic.P384())
	tables := warm(t, &k.PublicKey)
	id, _ := identify(&k.PublicKey)
	checker := (*tables.ready.Load())[id].(*key[nistec.P384Point, *nistec.P384Point])
	q := nistec.NewP384Point().Set(&checker.rows.all[0][0])
	if !checker.rows.agrees(q, checker.size) {
		t.Fatal("a good table fails")
	}
	for i := range checker.rows.all[3] {
		p := &checker.rows.all[3][i]
		p.Double(p)
	}
	if checker.rows.agrees(q, checker.size) {
		t.Error("a broken table passes")
	}
}

// FuzzVerify holds the verdict on ECDSA signatures against crypto/ecdsa.
func FuzzVerify(f *testing.F) {
	var keys []*ecdsa.PrivateKey
	var tables []*Tables
	for _, c := range curves {
		k := newKeyPair(f, c)
		sig, err := ecdsa.SignASN1(rand.Reader, k, digestFor(c, "fuzz"))
		if err != nil {
			f.Fatal(err)
		}
		keys, tables = append(keys, k), append(tables, warm(f, &k.PublicKey))
		f.Add(digestFor(c, "fuzz"), sig, []byte{1}, []byte{2})
	}
	f.Fuzz(func(t *testing.T, digest, sig, r, s []byte) {
		for i, k := range keys {
			compare(t, tables[i], &k.PublicKey, digest, sig)
			compare(t, tables[i], &k.PublicKey, digest, encode(new(big.Int).SetBytes(r), new(big.Int).SetBytes(s)))
			good, err := ecdsa.SignASN1(rand.Reader, k, digest)
			if err != nil {
				t.Fatal(err)
			}
			if !compare(t, tables[i], &k.PublicKey, digest, good) {
				t.Error("a good signature was refused")
			}
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	for _, c := range curves {
		k := newKeyPair(b, c)
		digest := digestFor(c, "benchmark")
		sig, err := ecdsa.SignASN1(rand.Reader, k, digest)
		if err != nil {
			b.Fatal(err)
		}
		tables := warm(b, &k.PublicKey)
		for name, t := range map[string]*Tables{"table": tables, "plain": nil} {
			b.Run(c.Params().Name+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					t.Verify(&k.PublicKey, digest, sig)
				}
			})
		}
	}
}

func BenchmarkBuild(b *testing.B) {
	for _, c := range curves {
		id, _ := identify(&newKeyPair(b, c).PublicKey)
		generator()
		b.Run(c.Params().Name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				live.Add(1)
				if build(id) == nil {
					b.Fatal("no table")
				}
			}
		})
	}
}

// A table that is no longer used makes space for another one.
func TestTablesGo(t *testing.T) {
	k := newKeyPair(t, elliptic.P256())
	runtime.GC()
	before := live.Load()
	tables := warm(t, &k.PublicKey)
	if live.Load() <= 0 {
		t.Fatal("a table is not counted")
	}
	runtime.KeepAlive(tables)
	tables = nil
	for range 1000 {
		runtime.GC()
		if live.Load() <= before {
			return
		}
		runtime.Gosched()
	}
	t.Error("a table that is gone is still counted")
}
