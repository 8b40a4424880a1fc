// SPDX-License-Identifier: Apache-2.0

package command

import (
	"errors"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

func TestRun(t *testing.T) {
	for _, c := range []struct {
		err  error
		code int
		text string
	}{
		{nil, Done, ""},
		{refuse.New("sign.key", "no\x1b key"), Refused, "beside: no\\u001b key (sign.key)\n"},
		{refuse.New("sign.key", "sign.key says no"), Refused, "beside: sign.key says no\n"},
		{errors.New("no such file"), Usage, "beside: no such file\n"},
	} {
		var out, text strings.Builder
		root := &cobra.Command{Use: "beside", RunE: func(*cobra.Command, []string) error { return c.err }}
		if got := Run(root, []string{}, &out, &text); got != c.code || text.String() != c.text || out.Len() > 0 {
			t.Errorf("%v: exit code %d, %q, %q", c.err, got, text.String(), out.String())
		}
	}
}
