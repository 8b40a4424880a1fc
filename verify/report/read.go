// SPDX-License-Identifier: Apache-2.0

package report

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// Reports that were written by another program, or on another day, are read
// back by encoding/json. Nothing in them is proved to who reads them.

// UnmarshalText reads what MarshalText wrote.
func (d *Digest) UnmarshalText(text []byte) error {
	digits, ok := strings.CutPrefix(string(text), "sha256:")
	if value, err := hex.DecodeString(digits); ok && err == nil && len(value) == len(d) {
		*d = Digest(value)
		return nil
	}
	return fmt.Errorf("%.80q is not a digest of the form sha256:HEX", text)
}

// UnmarshalText reads what MarshalText wrote.
func (c *Check) UnmarshalText(text []byte) error {
	i := slices.Index(checkNames[:], string(text))
	if i < 0 {
		return fmt.Errorf("%.80q is not the name of a check", text)
	}
	*c = Check(i)
	return nil
}

// UnmarshalText reads what MarshalText wrote.
func (s *Status) UnmarshalText(text []byte) error {
	i := slices.Index(statusNames[:], string(text))
	if i < 0 {
		return fmt.Errorf("%.80q is not the outcome of a check", text)
	}
	*s = Status(i)
	return nil
}
