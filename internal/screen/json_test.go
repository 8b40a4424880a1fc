// SPDX-License-Identifier: Apache-2.0

package screen

import (
	"encoding/json"
	"testing"
)

func TestJSON(t *testing.T) {
	for _, hostile := range []string{
		"plain ü 漢 🙂", "\x1b[2J", "\x7f", "\u0085\u009b31m", "\u202e\u2066", "\ufeff", "\uffff", "\U000e0041", "\ufffd", "\"\\\n\t", "",
	} {
		data, err := json.MarshalIndent(map[string]string{hostile: hostile}, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		safe := JSON(data)
		for _, r := range string(safe) {
			if r != '\n' && !printable(r) {
				t.Errorf("%q: %q lets %U pass", hostile, safe, r)
			}
		}
		var back map[string]string
		if err := json.Unmarshal(safe, &back); err != nil || back[hostile] != hostile {
			t.Errorf("%q comes back as %q, %v", hostile, back, err)
		}
	}
}
