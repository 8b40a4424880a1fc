// SPDX-License-Identifier: Apache-2.0

package tlog

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"strings"
	"testing"

	sumdb "golang.org/x/mod/sumdb/note"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

func TestParseNoteRefuses(t *testing.T) {
	const text = "origin\n1\nroot\n"
	const sig = "— name AAAAAAA=\n"
	if _, err := parseNote(text + "\n" + sig); err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]string{
		"nothing":              "",
		"no signatures":        text,
		"no blank line":        text + sig,
		"only a blank line":    text + "\n",
		"no last newline":      text + "\n" + strings.TrimSuffix(sig, "\n"),
		"CR LF":                text + "\n" + strings.ReplaceAll(sig, "\n", "\r\n"),
		"tab":                  "ori\tgin\n1\nroot\n\n" + sig,
		"NUL":                  "ori\x00gin\n1\nroot\n\n" + sig,
		"no UTF-8":             "\xff" + text + "\n" + sig,
		"no dash":              text + "\nname AAAAAAA=\n",
		"space first":          text + "\n— \u00a0name AAAAAAA=\n",
		"hyphen":               text + "\n- name AAAAAAA=\n",
		"no name":              text + "\n—  AAAAAAA=\n",
		"plus in the name":     text + "\n— na+me AAAAAAA=\n",
		"space in the name":    text + "\n— na me AAAAAAA=\n",
		"no-break space":       text + "\n— na\u00a0me AAAAAAA=\n",
		"no signature":         text + "\n— name\n",
		"hint only":            text + "\n— name AAAAAA==\n",
		"no padding":           text + "\n— name AAAAAAA\n",
		"bits beside":          text + "\n— name AAAAAAB=\n",
		"URL-safe":             text + "\n— name ____AAA=\n",
		"second line bad":      text + "\n" + sig + "junk\n",
		"blank after the line": text + "\n" + sig + "\n",
		"too many":             text + "\n" + strings.Repeat(sig, maxNoteSigs+1),
		"too long":             strings.Repeat("a", maxNote) + "\n\n" + sig,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parseNote(s)
			wantCode(t, err, "tlog.checkpoint.malformed")
		})
	}
	n, err := parseNote(text + "\nmore\n\n" + strings.Repeat(sig, maxNoteSigs))
	if err != nil || n.text != text+"\nmore\n" || len(n.sigs) != maxNoteSigs || n.sigs[7].name != "name" {
		t.Errorf("last blank line splits: %+v, %v", n, err)
	}
}

func TestTreeHeadRefuses(t *testing.T) {
	root := b64(make([]byte, 32))
	for name, text := range map[string]string{
		"no root":          "origin\n1\n",
		"empty origin":     "\n1\n" + root + "\n",
		"leading zero":     "origin\n01\n" + root + "\n",
		"sign":             "origin\n+1\n" + root + "\n",
		"negative":         "origin\n-1\n" + root + "\n",
		"hex":              "origin\n0x1\n" + root + "\n",
		"underscore":       "origin\n1_0\n" + root + "\n",
		"2^64":             "origin\n18446744073709551616\n" + root + "\n",
		"space":            "origin\n1 \n" + root + "\n",
		"empty size":       "origin\n\n" + root + "\n",
		"root too short":   "origin\n1\n" + b64(make([]byte, 31)) + "\n",
		"root too long":    "origin\n1\n" + b64(make([]byte, 33)) + "\n",
		"root not padded":  "origin\n1\n" + strings.TrimSuffix(root, "=") + "\n",
		"blank extension":  "origin\n1\n" + root + "\n\nmore\n",
		"blank last":       "origin\n1\n" + root + "\n\n",
		"other bits":       "origin\n1\n" + root[:42] + "B=\n",
		"root in two":      "origin\n1\n" + root[:20] + "\n" + root[20:] + "\n",
		"root of other c.": "origin\n1\n" + strings.Replace(root, "A", "_", 1) + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parseTreeHead(text)
			wantCode(t, err, "tlog.checkpoint.malformed")
		})
	}
	c, err := parseTreeHead("origin\n18446744073709551615\n" + root + "\nTimestamp: 1\nmore\n")
	if err != nil || c.Size != 1<<64-1 || len(c.Extensions) != 2 || c.Origin != "origin" {
		t.Errorf("%+v, %v", c, err)
	}
}

// FuzzCheckpoint holds the parser against the one of the Go checksum database,
// which accepts a little more.
func FuzzCheckpoint(f *testing.F) {
	r := rekorV2(f)
	f.Add(r.checkpoint(f, 736, Hash{1}))
	f.Add(rekorV1(f).checkpoint(f, 1, Hash{1}))
	f.Add("origin\n1\nAAAA\n\nmore\n\n— name AAAAAAA=\n— n AAAAAAB=\n")
	f.Fuzz(func(t *testing.T, s string) {
		if c, err := r.OpenCheckpoint(s); err == nil && (c.Origin != hostV2 || c.Generation != V2) {
			t.Errorf("%q opened as %+v", s, c)
		} else if err != nil && refuse.CodeOf(err) == "" {
			t.Errorf("refusal without a code: %v", err)
		}
		n, err := parseNote(s)
		oracle, oracleErr := sumdb.Open([]byte(s), sumdb.VerifierList())
		if unverified := (*sumdb.UnverifiedNoteError)(nil); errors.As(oracleErr, &unverified) {
			oracle = unverified.Note
		}
		if err != nil {
			return
		}
		if oracle == nil {
			t.Fatalf("%q is a note here, and elsewhere: %v", s, oracleErr)
		}
		if oracle.Text != n.text {
			t.Errorf("text is %q here, %q elsewhere", n.text, oracle.Text)
		}
		// The oracle drops lines that it has seen.
		seen := map[string]bool{}
		for _, sig := range n.sigs {
			seen[fmt.Sprintf("%s %x %x", sig.name, sig.hint, sig.sig)] = true
		}
		if len(seen) != len(oracle.UnverifiedSigs) {
			t.Errorf("%d lines here, %d elsewhere", len(seen), len(oracle.UnverifiedSigs))
		}
	})
}

// TestNoteOracle opens with the library what the test log signed, and here
// what the library signed.
func TestNoteOracle(t *testing.T) {
	r, key := rekorV2(t), edKey(1)
	vkey, err := sumdb.NewEd25519VerifierKey(hostV2, key.Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	v, err := sumdb.NewVerifier(vkey)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sumdb.Open([]byte(r.checkpoint(t, 7, Hash{7})), sumdb.VerifierList(v)); err != nil {
		t.Errorf("the library does not open our checkpoint: %v", err)
	}
	id := r.CheckpointKeyID()
	skey := fmt.Sprintf("PRIVATE+KEY+%s+%x+%s", hostV2, id, b64(append([]byte{1}, key.Seed()...)))
	s, err := sumdb.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := sumdb.Sign(&sumdb.Note{Text: headText(hostV2, 7, Hash{7}, "more")}, s)
	if err != nil {
		t.Fatal(err)
	}
	c, err := r.OpenCheckpoint(string(signed))
	if err != nil || c.Size != 7 || c.Root != (Hash{7}) || len(c.Extensions) != 1 || c.Generation != V2 {
		t.Errorf("%+v, %v", c, err)
	}
}
