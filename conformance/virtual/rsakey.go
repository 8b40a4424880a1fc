// SPDX-License-Identifier: Apache-2.0

package virtual

import (
	"crypto/rsa"
	"errors"
	"math/big"
	"math/bits"
)

// crypto/rsa makes keys from the system's randomness only, so that keys which
// are to be the same every time have to be made by hand. No secret depends on
// how well this is done.

const rsaExponent = 65537

// rsaKey makes a key of so many bits out of derived bytes.
func rsaKey(derive func(attempt uint32, size int) []byte, size int) (*rsa.PrivateKey, error) {
	e := big.NewInt(rsaExponent)
	p := nextPrime(derive(0, size/16), e)
	q := nextPrime(derive(1, size/16), e)
	if p.Cmp(q) == 0 {
		return nil, errors.New("both primes are the same")
	}
	one := big.NewInt(1)
	n := new(big.Int).Mul(p, q)
	phi := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
	key := &rsa.PrivateKey{
		PublicKey: rsa.PublicKey{N: n, E: rsaExponent},
		D:         new(big.Int).ModInverse(e, phi),
		Primes:    []*big.Int{p, q},
	}
	key.Precompute()
	return key, key.Validate()
}

// nextPrime returns the first prime from start on that goes with e, after
// setting start's two highest bits, so that the product of two has full size.
func nextPrime(start []byte, e *big.Int) *big.Int {
	start[0] |= 0xc0
	start[len(start)-1] |= 1
	n := new(big.Int).SetBytes(start)
	rest, one, two := new(big.Int), big.NewInt(1), big.NewInt(2)
	for ; ; n.Add(n, two) {
		if smallFactor(n) || !n.ProbablyPrime(0) {
			continue
		}
		if rest.Mod(rest.Sub(n, one), e).Sign() != 0 {
			return n
		}
	}
}

// oddPrimes are those below 2000: enough to spare most candidates a real test.
var oddPrimes = func() []uint {
	var list []uint
next:
	for n := uint(3); n < 2000; n += 2 {
		for _, p := range list {
			if n%p == 0 {
				continue next
			}
		}
		list = append(list, n)
	}
	return list
}()

func smallFactor(n *big.Int) bool {
	words := n.Bits()
	for _, p := range oddPrimes {
		r := uint(0)
		for i := len(words) - 1; i >= 0; i-- {
			_, r = bits.Div(r, uint(words[i]), p)
		}
		if r == 0 {
			return true
		}
	}
	return false
}
