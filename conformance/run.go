// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"
)

// DefaultTimeout is the time that a client has for one answer.
const DefaultTimeout = time.Minute

// Config says what Run asks of which client.
type Config struct {
	Suite   fs.FS         // the folder test/assets of the suite
	Client  Client        // the client under test
	Timeout time.Duration // for each answer; zero is DefaultTimeout
	// Codes are the reasons that are right for a case, by the name of the case.
	// A refusal for another reason fails its case. A case without codes is
	// passed by any refusal.
	Codes map[string][]string
}

// Run asks the client about every case twice, with the artifact itself and with
// its digest. The report has every answer. The error is not nil if the suite
// cannot be read or the client was broken in any case; the report then has the
// answers all the same. Wrong verdicts are not errors: see Report.OK.
func Run(ctx context.Context, c Config) (*Report, error) {
	if c.Suite == nil || c.Client == nil {
		return nil, errors.New("conformance: no suite or no client, want both")
	}
	if c.Timeout < 0 {
		return nil, fmt.Errorf("conformance: timeout of %s, want more than zero", c.Timeout)
	}
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	cases, err := Load(c.Suite)
	if err != nil {
		return nil, err
	}
	if len(cases) == 0 {
		return nil, errors.New("conformance: the suite has no cases")
	}
	r := new(Report)
	for _, k := range cases {
		for _, mode := range []string{"path", "digest"} {
			if err := ctx.Err(); err != nil {
				return r, err
			}
			o := Outcome{Case: k.Name, Readme: k.Readme, Mode: mode, Want: Accepted, Answer: ask(ctx, c.Timeout, c.Client, k.request(mode))}
			if k.Fails {
				o.Want, o.Codes = Refused, slices.Clone(c.Codes[k.Name])
			}
			r.Outcomes = append(r.Outcomes, o)
		}
	}
	if n := r.Summary().Broken; n > 0 {
		return r, fmt.Errorf("conformance: the client was broken in %d of %d answers", n, len(r.Outcomes))
	}
	return r, nil
}
