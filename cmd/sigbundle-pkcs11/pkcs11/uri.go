// SPDX-License-Identifier: Apache-2.0

package pkcs11

import (
	"encoding/hex"
	"net/url"
	"strings"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// maxURI bounds a URI, in bytes; labels and paths are far shorter.
const maxURI = 8 << 10

// URI names a private key on a token, as in RFC 7512.
type URI struct {
	// ModulePath is the file of the PKCS #11 module, a shared library.
	ModulePath string
	// Token is the label of the token, Serial its serial number. One of them
	// is set.
	Token, Serial string
	// Object is the label of the key, ID its identifier; "" and nil if they
	// are not given. One of them is.
	Object string
	ID     []byte
	// PINValue is the PIN itself, PINSource the file that holds it; at most
	// one is set. Neither may be printed.
	PINValue, PINSource string
}

// ParseURI reads a URI of the scheme pkcs11 (RFC 7512, Section 2.3):
//
//	pkcs11:token=LABEL;object=LABEL?module-path=FILE&pin-source=file:FILE
//
// Of the attributes it takes token, serial, object, id and type=private in
// the path, and module-path, pin-source and pin-value in the query. It refuses
// all others, whatever they mean: a key is not to be chosen by less than what
// was said. Refusals are sign.key, and have no values in them, as one may be
// the PIN.
func ParseURI(s string) (*URI, error) {
	rest, ok := strings.CutPrefix(s, "pkcs11:")
	if !ok || len(s) > maxURI {
		return nil, refuse.New("sign.key", "not a URI of the form pkcs11:token=…;object=…?module-path=…")
	}
	path, query, _ := strings.Cut(rest, "?")
	u := new(URI)
	typ, id := "", ""
	err := attributes(path, ";", map[string]*string{
		"token": &u.Token, "serial": &u.Serial, "object": &u.Object, "id": &id, "type": &typ,
	})
	if err != nil {
		return nil, err
	}
	err = attributes(query, "&", map[string]*string{
		"module-path": &u.ModulePath, "pin-source": &u.PINSource, "pin-value": &u.PINValue,
	})
	if err != nil {
		return nil, err
	}
	if id != "" {
		u.ID = []byte(id)
	}
	return u, u.check(typ)
}

// attributes reads NAME=VALUE, none of them twice or empty, into the values
// of those names.
func attributes(text, separator string, into map[string]*string) error {
	if text == "" {
		return nil
	}
	for part := range strings.SplitSeq(text, separator) {
		name, escaped, ok := strings.Cut(part, "=")
		to := into[name]
		if !ok || to == nil {
			return refuse.New("sign.key", "the PKCS #11 URI has an attribute that is not supported here: %.40q", name)
		}
		// Not QueryUnescape: a plus sign stands for itself (RFC 7512, Section 2.3).
		value, err := url.PathUnescape(escaped)
		if err != nil || value == "" || name != "id" && strings.ContainsRune(value, 0) {
			return refuse.New("sign.key", "the PKCS #11 URI has a %s that cannot be read", name)
		}
		if *to != "" {
			return refuse.New("sign.key", "PKCS #11 URI: more than one %s, want one", name)
		}
		*to = value
	}
	return nil
}

func (u *URI) check(typ string) error {
	switch {
	case typ != "" && typ != "private":
		return refuse.New("sign.key", "the PKCS #11 URI is of a %.20q, and it takes a private key to sign", typ)
	case u.ModulePath == "":
		return refuse.New("sign.key", "PKCS #11 URI: no module-path, want the library that speaks to the token")
	case (u.Token == "") == (u.Serial == ""):
		return refuse.New("sign.key", "PKCS #11 URI: token not named, want token or serial")
	case u.Object == "" && u.ID == nil:
		return refuse.New("sign.key", "PKCS #11 URI: key not named, want object or id")
	case u.PINValue != "" && u.PINSource != "":
		return refuse.New("sign.key", "PKCS #11 URI: both pin-value and pin-source, want one of them")
	case strings.HasPrefix(u.PINSource, "|"):
		return refuse.New("sign.key", "PKCS #11 URI: pin-source is a command, want a file")
	}
	return nil
}

// String names the key without module and PIN, for messages.
func (u *URI) String() string {
	name := "token " + u.Token
	if u.Serial != "" {
		name = "token number " + u.Serial
	}
	if u.Object != "" {
		name += ", object " + u.Object
	}
	if u.ID != nil {
		name += ", id " + hex.EncodeToString(u.ID)
	}
	return name
}
