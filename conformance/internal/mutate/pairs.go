// SPDX-License-Identifier: Apache-2.0

package mutate

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"math/big"
	"strconv"

	"github.com/sigbundle/sigbundle/conformance/virtual"
)

// Mutants that change several values at once, so that they agree with one
// another and only the one check that they are about can tell.

func agreeingMutants(s *subject, donors []*subject, to emit) {
	hintMutants(s.doc, to)
	for _, d := range donors {
		treeMutants(s.doc, d.doc, to)
	}
	carrierMutants(s, to)
}

// hintMutants gives a managed key another name, in all places that have it.
func hintMutants(doc *node, to emit) {
	if doc.get("verificationMaterial").get("publicKey") == nil {
		return
	}
	for _, hint := range []string{"another key", "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"} {
		to("another hint everywhere", "verificationMaterial.publicKey.hint", func() []byte {
			c := doc.clone()
			c.get("verificationMaterial").get("publicKey").set("hint", str(hint))
			if envelope := c.get("dsseEnvelope"); envelope != nil {
				envelope.get("signatures").items[0].set("keyid", str(hint))
			}
			return c.write()
		})
	}
}

// proofs returns the inclusion proofs of a bundle, by log and number of entry.
func proofs(doc *node) (list []*node, logs []string) {
	entries := doc.get("verificationMaterial").get("tlogEntries")
	if entries == nil {
		return nil, nil
	}
	for _, e := range entries.items {
		list = append(list, e.get("inclusionProof"))
		logs = append(logs, e.get("logId").get("keyId").text)
	}
	return list, logs
}

// treeMutants proves an entry in the state in which another bundle found the
// same log: by its checkpoint, by all that is said of the tree, and by the
// whole path.
func treeMutants(doc, donor *node, to emit) {
	mine, logs := proofs(doc)
	others, otherLogs := proofs(donor)
	for i, p := range mine {
		for j, q := range others {
			if logs[i] != otherLogs[j] || p.get("treeSize") == nil || q.get("treeSize") == nil {
				continue
			}
			a, errA := strconv.ParseUint(p.get("treeSize").text, 10, 63)
			b, errB := strconv.ParseUint(q.get("treeSize").text, 10, 63)
			if errA != nil || errB != nil || a == b {
				continue
			}
			tree := "an older"
			if b > a {
				tree = "a newer"
			}
			with := func(what, place string, members ...string) {
				to(what+" of "+tree+" tree", place, func() []byte {
					c := doc.clone()
					all, _ := proofs(c)
					for _, m := range members {
						all[i].set(m, q.get(m))
					}
					return c.write()
				})
			}
			const place = "verificationMaterial.tlogEntries[].inclusionProof"
			with("checkpoint", place+".checkpoint.envelope", "checkpoint")
			with("checkpoint, root and size", place, "checkpoint", "rootHash", "treeSize")
			with("all but the index", place, "checkpoint", "rootHash", "treeSize", "hashes")
		}
	}
}

// carrierMutants adds certificates of others to a chain, before the leaf and
// behind it, and moves the certificate to where another version has it.
func carrierMutants(s *subject, to emit) {
	if s.parsed.Leaf == nil {
		return
	}
	material := s.doc.get("verificationMaterial")
	const place = "verificationMaterial.x509CertificateChain.certificates"
	leaf := material.get("certificate")
	if chain := material.get("x509CertificateChain"); chain != nil {
		leaf = chain.get("certificates").items[0]
	}
	write := func(members map[string]*node) []byte {
		c := s.doc.clone()
		m := c.get("verificationMaterial")
		m.set("certificate", members["certificate"])
		m.set("x509CertificateChain", members["x509CertificateChain"])
		return c.write()
	}
	chain := func(list ...*node) map[string]*node {
		return map[string]*node{"x509CertificateChain": {kind: '{', members: []member{{"certificates", &node{kind: '[', items: list}}}}}
	}
	if material.get("x509CertificateChain") == nil {
		to("moved into a chain", "verificationMaterial.certificate", func() []byte { return write(chain(leaf)) })
		to("moved into a chain, with an authority", "verificationMaterial.certificate", func() []byte { return write(chain(leaf, extraCertificates(s)["lookalike of its issuer"])) })
		return
	}
	to("moved out of the chain", "verificationMaterial.x509CertificateChain", func() []byte { return write(map[string]*node{"certificate": leaf}) })
	for _, name := range []string{"lookalike of its issuer", "root of the trust root", "intermediate of the trust root", "timestamp authority"} {
		extra := extraCertificates(s)[name]
		if extra == nil {
			continue
		}
		to("behind the leaf: "+name, place, func() []byte { return write(chain(leaf, extra)) })
		to("before the leaf: "+name, place, func() []byte { return write(chain(extra, leaf)) })
		to("instead of the leaf: "+name, place, func() []byte { return write(chain(extra)) })
	}
}

// extraCertificates are those that might be put into a chain, as elements of
// one.
func extraCertificates(s *subject) map[string]*node {
	found := map[string]*node{"lookalike of its issuer": lookalike(s.parsed.Leaf)}
	root, err := parseNode(s.Root)
	if err != nil {
		return found
	}
	for kind, name := range map[string]string{"certificateAuthorities": "root of the trust root", "timestampAuthorities": "timestamp authority"} {
		list := root.get(kind)
		if list == nil || len(list.items) == 0 {
			continue
		}
		certificates := list.items[len(list.items)-1].get("certChain").get("certificates").items
		found[name] = certificates[len(certificates)-1]
		if kind == "certificateAuthorities" && len(certificates) > 1 {
			found["intermediate of the trust root"] = certificates[0]
		}
	}
	return found
}

// lookalike has the name and the key identifier of a leaf's issuer, and
// another key.
func lookalike(leaf *x509.Certificate) *node {
	c := forged(leaf.RawIssuer, []byte("\x30\x00"), big.NewInt(1), leaf.AuthorityKeyId)
	if c == nil {
		return nil
	}
	return &node{kind: '{', members: []member{{"rawBytes", str(base64.StdEncoding.EncodeToString(c.Raw))}}}
}

// impostor has all names of a certificate, and another key.
func impostor(c *x509.Certificate) *x509.Certificate {
	return forged(c.RawSubject, c.RawIssuer, c.SerialNumber, c.SubjectKeyId)
}

// forged is an authority's certificate by no one that anyone trusts, nil if
// it cannot be made.
func forged(subject, issuer []byte, serial *big.Int, keyID []byte) *x509.Certificate {
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	template := &x509.Certificate{
		SerialNumber: serial, RawSubject: subject, SubjectKeyId: keyID, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
		NotBefore: virtual.DefaultTime().AddDate(-10, 0, 0), NotAfter: virtual.DefaultTime().AddDate(10, 0, 0),
	}
	der, err := x509.CreateCertificate(nil, template, &x509.Certificate{RawSubject: issuer}, key.Public(), key)
	if err != nil {
		return nil
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return nil
	}
	return c
}
