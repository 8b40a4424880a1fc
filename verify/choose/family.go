// SPDX-License-Identifier: Apache-2.0

package choose

import (
	"bytes"
	"crypto/x509"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/verify/known"
)

// family is what tells whose certificates a root lists: the names and the keys
// in the chains of its certificate authorities, whenever those count.
type family struct {
	names, keys map[string]bool
	bare        bool // an anchor alone, which takes intermediates from bundles
}

func familyOf(root *trustroot.Root) family {
	f := family{names: make(map[string]bool), keys: make(map[string]bool)}
	if root == nil {
		return f
	}
	for _, ca := range root.CertificateAuthorities() {
		for _, c := range ca.Chain() {
			f.names[string(c.RawSubject)] = true
			f.keys[string(c.RawSubjectPublicKeyInfo)] = true
		}
		f.bare = f.bare || len(ca.Chain()) == 1
	}
	return f
}

// kin reports whether a root lists the name or the key of a certificate above
// the leaf, or the name of the one that signed it. With an intermediate that
// the bundle leaves out, such a root might lead to the leaf as well. So might
// any root with an anchor alone, if the path ends in a certificate that another
// one signed.
func (f *family) kin(path []*x509.Certificate) bool {
	for i, c := range path {
		if f.names[string(c.RawIssuer)] || i > 0 && (f.names[string(c.RawSubject)] || f.keys[string(c.RawSubjectPublicKeyInfo)]) {
			return true
		}
	}
	top := path[len(path)-1]
	return f.bare && !bytes.Equal(top.RawIssuer, top.RawSubject)
}

// issuers returns the roots that lead to the certificate of a bundle, and those
// that are kin to them, which they are themselves.
func (r *Roots) issuers(b *bundle.Bundle) (issued, kin []rooted) {
	var paths [][]*x509.Certificate
	for _, one := range r.all {
		found := known.Paths(one.root, b)
		for i := range found {
			paths = append(paths, found[i].Certificates)
		}
		if len(found) > 0 {
			issued = append(issued, one)
		}
	}
	for _, one := range r.all {
		for _, path := range paths {
			if one.family.kin(path) {
				kin = append(kin, one)
				break
			}
		}
	}
	return issued, kin
}
