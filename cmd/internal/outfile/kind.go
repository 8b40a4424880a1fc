// SPDX-License-Identifier: Apache-2.0

package outfile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
)

// A Kind is a kind of output, such as a bundle. Of the files that exist
// already only one of the same kind is replaced, as its beginning tells, or an
// empty one: a name that is mistaken for another costs no file. The zero Kind
// is not a kind, and replaces nothing.
type Kind struct {
	what  string
	begin *regexp.Regexp
}

// The kinds of output.
var (
	Bundle        = Kind{"a bundle", document(`bundle`)}
	TrustRoot     = Kind{"a trust root", document(`trustedroot`)}
	SigningConfig = Kind{"a signing configuration", document(`signingconfig`)}
	ClientTrust   = Kind{"a client trust configuration", document(`clienttrustconfig`)}
	Evidence      = Kind{"evidence that convert wrote", regexp.MustCompile(`\A\s*\[?\s*\{\s*"(mediaType"\s*:\s*"application/vnd\.dev\.sigstore\.bundle[.+]|attestations"\s*:\s*\[|version"\s*:\s*1\s*,\s*"(verification_material|attestation_bundles)")`)}
	Kit           = Kind{"a kit", regexp.MustCompile(`(?s)\Amanifest\.json\x00.{498}\{\s*"schema":\s*"sigbundle\.kit\.`)}
	Token         = Kind{"an identity token", regexp.MustCompile(`\Aey[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+`)}
)

// document is how a JSON document of Sigstore begins.
func document(name string) *regexp.Regexp {
	return regexp.MustCompile(`\A\s*\{\s*"mediaType"\s*:\s*"application/vnd\.dev\.sigstore\.` + name + `[.+]`)
}

// maxHead is how much of a file is looked at, in bytes.
const maxHead = 4096

// check refuses a file that is of another kind. Devices and pipes hold nothing
// that could be lost.
func (k Kind) check(name string) error {
	_, info, err := find(name)
	if err != nil || info == nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return err
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	head, err := io.ReadAll(io.LimitReader(f, maxHead))
	switch {
	case err != nil:
		return err
	case k.begin == nil:
		return errors.New(name + ": already exists, want a new name")
	case !k.begin.Match(head):
		return fmt.Errorf("%s is not replaced: it does not begin as %s, want another name, or remove it first", name, k.what)
	}
	return nil
}
