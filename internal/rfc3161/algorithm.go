// SPDX-License-Identifier: Apache-2.0

package rfc3161

import (
	_ "crypto/sha1" // ESSCertID names certificates by SHA-1
	"errors"

	"github.com/sigbundle/sigbundle/internal/cms"
	"github.com/sigbundle/sigbundle/internal/refuse"
)

// Object identifiers, as the content octets of their DER.
const (
	oidTSTInfo              = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x04" // 1.2.840.113549.1.9.16.1.4
	oidSigningCertificate   = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x0c" // 1.2.840.113549.1.9.16.2.12
	oidSigningCertificateV2 = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x2f" // 1.2.840.113549.1.9.16.2.47
)

// refused turns what package cms finds wrong into a refusal of the timestamp.
func refused(err error, where string) error {
	code := codeMalformed
	var fault *cms.Fault
	if errors.As(err, &fault) && fault.Profile {
		code = codeProfile
	}
	return refuse.Wrap(code, err, "%s", where)
}
