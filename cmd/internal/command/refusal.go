// SPDX-License-Identifier: Apache-2.0

package command

import (
	"errors"
	"io/fs"
	"os"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// Refusal ends the command with exit code 1. A nil err means that the report
// has said everything.
type Refusal struct{ Err error }

func (r *Refusal) Error() string {
	if r.Err == nil {
		return "refused"
	}
	return r.Err.Error()
}

func (r *Refusal) Unwrap() error { return r.Err }

// Refuse makes a coded error one about content, exit code 1. Others are
// about the command's surroundings, as are an instance that is not known, a
// network that fails, a configuration that has no service and a predicate that
// is not JSON: nothing was judged.
func Refuse(err error) error {
	var already *Refusal
	if err == nil || errors.As(err, &already) {
		return err
	}
	switch refuse.CodeOf(err) {
	case "", "trust.instance", "tuf.network", "tuf.timeout", "tuf.status", "tuf.forbidden", "tuf.truncated", "tuf.locked", "tuf.url", "tuf.read",
		"signingconfig.none", "signingconfig.count", "signingconfig.selector", "sign.content":
		return err
	case "tuf.cache":
		if !damaged(err) {
			return err
		}
	}
	return &Refusal{err}
}

// damaged tells a cache with the wrong content from one that the system did
// not let us read or write.
func damaged(err error) bool {
	var path *fs.PathError
	var link *os.LinkError
	return !errors.As(err, &path) && !errors.As(err, &link)
}

// UsageError makes a refusal of what the flags name an error of the command line:
// exit code 1 is for what the command found.
func UsageError(err error) error {
	var r *Refusal
	if errors.As(err, &r) && r.Err != nil {
		return r.Err
	}
	return err
}
