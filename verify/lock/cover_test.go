// SPDX-License-Identifier: Apache-2.0

package lock_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/verify"
	"github.com/sigbundle/sigbundle/verify/choose"
	"github.com/sigbundle/sigbundle/verify/lock"
)

// a file of a package, and its digests
func fileOf(c byte) []byte { return bytes.Repeat([]byte{c}, 100) }

func integrityOf(c byte) string {
	sum := sha512.Sum512(fileOf(c))
	return "sha512-" + base64.StdEncoding.EncodeToString(sum[:])
}

type maker struct {
	t *testing.T
	w *virtual.World
}

func newMaker(t *testing.T) *maker {
	w, err := virtual.New(virtual.Config{Seed: "lock"})
	if err != nil {
		t.Fatal(err)
	}
	return &maker{t, w}
}

func (m *maker) judges(p verify.Policy) *choose.Roots {
	data, err := m.w.TrustedRoot()
	if err != nil {
		m.t.Fatal(err)
	}
	root, err := trustroot.Parse(data)
	if err != nil {
		m.t.Fatal(err)
	}
	judges, err := choose.New(verify.Config{Root: root, Policy: p})
	if err != nil {
		m.t.Fatal(err)
	}
	return judges
}

// attest signs a statement in which each NAME=CHARACTER names a file.
func (m *maker) attest(san string, subjects ...string) []byte {
	signed, err := m.w.Sign(virtual.Request{SAN: san, Artifact: fileOf('a'), PredicateType: "https://slsa.dev/provenance/v1", Hooks: virtual.Hooks{Statement: func(s *virtual.Statement) {
		s.Subjects = nil
		for _, subject := range subjects {
			i := strings.LastIndexByte(subject, '=')
			sum := sha512.Sum512(fileOf(subject[i+1]))
			s.Subjects = append(s.Subjects, virtual.Subject{Name: subject[:i], Digest: map[string]string{"sha512": hex.EncodeToString(sum[:])}})
		}
	}}})
	if err != nil {
		m.t.Fatal(err)
	}
	return signed.Bundle
}

func (m *maker) folder(files map[string][]byte) string {
	dir := m.t.TempDir()
	for name, data := range files {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			m.t.Fatal(err)
		}
		if err := os.WriteFile(name, data, 0o666); err != nil {
			m.t.Fatal(err)
		}
	}
	return dir
}

func compact(text []byte) []byte {
	var b bytes.Buffer
	if err := json.Compact(&b, text); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func packageLock(entries ...string) string {
	var b strings.Builder
	for i, e := range entries { // PATH@VERSION=CHARACTER
		at, eq := strings.LastIndexByte(e, '@'), strings.LastIndexByte(e, '=')
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `"node_modules/%s":{"version":%q,"integrity":%q}`, e[:at], e[at+1:eq], integrityOf(e[eq+1]))
	}
	return `{"lockfileVersion":3,"packages":{` + b.String() + "}}"
}

// cover returns STATUS CODE of each entry.
func cover(t *testing.T, c lock.Config, text string) (rows []string) {
	t.Helper()
	f, err := lock.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	c.File = f
	v, err := lock.Cover(context.Background(), c)
	if err != nil {
		return []string{string(refuse.CodeOf(err))}
	}
	for row := range v.Rows() {
		if (row.Status == lock.Verified) != (len(row.Evidence) > 0) || (row.Status == lock.Verified || row.Status == lock.Skipped) != (row.Err == nil) {
			t.Errorf("%+v", row)
		}
		rows = append(rows, strings.TrimSpace(row.Status.String()+" "+string(refuse.CodeOf(row.Err))))
	}
	return rows
}

var me = verify.Policy{Identities: []verify.Identity{{SAN: verify.Exactly(virtual.DefaultSAN), Issuer: verify.Matching(".*")}}}

const stranger = "https://github.com/stranger/x/.github/workflows/x.yml@refs/heads/main"

func TestCover(t *testing.T) {
	m := newMaker(t)
	one := m.attest("", "pkg:npm/a@1.0.0=a")
	scoped := m.attest("", "pkg:npm/%40s/b@1.0.0=b")
	decoded := m.attest("", "pkg:npm/@s/b@1.0.0=b")
	packed := m.attest("", "other.txt=c", "s-b-1.0.0.tgz=b")
	foreign := m.attest(stranger, "pkg:npm/a@1.0.0=a")
	second := m.attest("", "a-1.0.0.tgz=a")
	message, err := m.w.Sign(virtual.Request{Artifact: fileOf('a')})
	if err != nil {
		t.Fatal(err)
	}
	a, b := packageLock("a@1.0.0=a"), packageLock("@s/b@1.0.0=b")
	broken := bytes.Replace(one, []byte(`"sig"`), []byte(`"sig_"`), 1)
	for _, c := range []struct {
		name, lock string
		evidence   map[string][]byte
		signatures int
		want       string
	}{
		{"by digest", a, map[string][]byte{"x": one}, 0, "verified"},
		{"in a folder of a folder", a, map[string][]byte{"x/y/z.json": one}, 0, "verified"},
		{"in lines", a, map[string][]byte{"x": bytes.Join([][]byte{compact(scoped), compact(foreign), compact(one)}, []byte("\n"))}, 0, "verified"},
		{"in an answer", a, map[string][]byte{"x": fmt.Appendf(nil, `{"attestations":[{"predicateType":"https://slsa.dev/provenance/v1","bundle":%s}]}`, one)}, 0, "verified"},
		{"an escaped scope", b, map[string][]byte{"x": scoped}, 0, "verified"},
		{"a scope as it is", b, map[string][]byte{"x": decoded}, 0, "verified"},
		{"a packed file", b, map[string][]byte{"x": packed}, 0, "verified"},
		{"beside what is refused", a, map[string][]byte{"x": one, "y": foreign, "z": []byte("junk")}, 0, "verified"},
		{"two signatures", a, map[string][]byte{"x": one, "y": second}, 2, "verified"},
		{"the same signature twice", a, map[string][]byte{"x": one, "y": one}, 2, "refused lock.threshold"},
		{"nothing", a, nil, 0, "unsigned lock.unsigned"},
		{"junk", a, map[string][]byte{"x": []byte("junk"), "y": broken}, 0, "unsigned lock.unsigned"},
		{"another's evidence", a, map[string][]byte{"a.json": scoped}, 0, "unsigned lock.unsigned"},
		{"a signer who is not accepted", a, map[string][]byte{"x": foreign}, 0, "refused identity.san"},
		{"a claim that is wrong", a, map[string][]byte{"x": fmt.Appendf(nil, `{"attestations":[{"predicateType":"https://example.org/x","bundle":%s}]}`, one)}, 0, "refused carrier.claim"},
		// the digest is right, and the name another's
		{"another package", packageLock("b@1.0.0=a"), map[string][]byte{"b@1.0.0.json": one}, 0, "refused lock.subject"},
		{"another scope", packageLock("@s/a@1.0.0=a"), map[string][]byte{"x": one}, 0, "refused lock.subject"},
		{"another version", packageLock("a@1.0.1=a"), map[string][]byte{"x": one}, 0, "refused lock.subject"},
		{"another case", packageLock("A@1.0.0=a"), map[string][]byte{"x": one}, 0, "refused lock.subject"},
		{"another type", a, map[string][]byte{"x": m.attest("", "pkg:pypi/a@1.0.0=a")}, 0, "refused lock.subject"},
		{"no version", a, map[string][]byte{"x": m.attest("", "pkg:npm/a=a")}, 0, "refused lock.subject"},
		{"no name", a, map[string][]byte{"x": m.attest("", "=a")}, 0, "refused lock.subject"},
		{"the name at another digest of the statement", a, map[string][]byte{"x": m.attest("", "pkg:npm/a@1.0.0=c", "pkg:npm/c@1.0.0=a")}, 0, "refused lock.subject"},
		// the name is right, and the digest another's
		{"another digest", packageLock("a@1.0.0=z"), map[string][]byte{"a@1.0.0.json": one}, 0, "refused artifact.mismatch"},
		{"another digest, a scope", packageLock("@s/b@1.0.0=z"), map[string][]byte{"x": decoded}, 0, "refused artifact.mismatch"},
		{"another digest, by a stranger", packageLock("a@1.0.0=z"), map[string][]byte{"x": foreign}, 0, "unsigned lock.unsigned"},
		{"another digest, with a claim that is wrong", packageLock("a@1.0.0=z"), map[string][]byte{"x": fmt.Appendf(nil, `{"attestations":[{"predicateType":"https://example.org/x","bundle":%s}]}`, one)}, 0, "unsigned lock.unsigned"},
		{"another digest, and the right one", packageLock("a@1.0.0=z"), map[string][]byte{"x": one, "y": m.attest("", "pkg:npm/a@1.0.0=z")}, 0, "verified"},
		// the lock file contradicts itself
		{"twice", packageLock("a@1.0.0=a", "b/node_modules/a@1.0.0=a"), map[string][]byte{"x": one}, 0, "verified,verified"},
		{"twice, and differs", packageLock("a@1.0.0=a", "b/node_modules/a@1.0.0=z"), map[string][]byte{"x": one}, 0, "refused lock.conflict,refused lock.conflict"},
		{"two versions", packageLock("a@1.0.0=a", "b/node_modules/a@2.0.0=z"), map[string][]byte{"x": one}, 0, "verified,unsigned lock.unsigned"},
		{"sha1", "# yarn lockfile v1\na@^1:\n  version \"1.0.0\"\n  resolved \"https://r.example/a.tgz#" + strings.Repeat("a", 40) + "\"\n", map[string][]byte{"x": one}, 0, "not comparable artifact.not_comparable"},
		{"a path", packageLock("../a@1.0.0=a"), map[string][]byte{"x": one}, 0, "refused lock.name"},
	} {
		rows := cover(t, lock.Config{Evidence: m.folder(c.evidence), Judges: m.judges(me), Signatures: c.signatures}, c.lock)
		if got := strings.Join(rows, ","); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	// A message signature names nothing: its digest is enough.
	sum := sha256.Sum256(fileOf('a'))
	text := fmt.Sprintf("CHECKSUMS\n  a (1.0) sha256=%x\n  b (1.0) sha256=%064x\n", sum, 1)
	rows := cover(t, lock.Config{Evidence: m.folder(map[string][]byte{"x": message.Bundle}), Judges: m.judges(me)}, text)
	if got := strings.Join(rows, ","); got != "verified,unsigned lock.unsigned" {
		t.Error(got)
	}
}

// Python files are named by their names, gems by theirs.
func TestCoverFiles(t *testing.T) {
	m := newMaker(t)
	digest := func(c byte) string { sum := sha512.Sum512(fileOf(c)); return hex.EncodeToString(sum[:]) }
	pylock := func(name, version, file string) string {
		return fmt.Sprintf("lock-version = \"1.0\"\n[[packages]]\nname = %q\nversion = %q\nwheels = [{name = %q, hashes = {sha512 = %q}}]\n", name, version, file, digest('a'))
	}
	for _, c := range []struct{ lock, subject, want string }{
		{pylock("foo-bar", "1.0", "foo_bar-1.0-py3-none-any.whl"), "foo_bar-1.0-py3-none-any.whl=a", "verified"},
		{pylock("foo-bar", "1.0", "foo_bar-1.0-py2.py3-none-any.whl"), "Foo.Bar-1.0.0-py3.py2-none-any.whl=a", "verified"},
		{pylock("foo-bar", "1.0", "foo_bar-1.0-py3-none-any.whl"), "foo_bar-1.0-py2-none-any.whl=a", "refused lock.subject"},
		{pylock("foo-bar", "1.0", "foo_bar-1.0-py3-none-any.whl"), "foo_bar-1.0.tar.gz=a", "refused lock.subject"},
		{pylock("foo-bar", "1.0", "foo_bar-1.0-py3-none-any.whl"), "foobar-1.0-py3-none-any.whl=a", "refused lock.subject"},
		{pylock("foo-bar", "1.0", "foo_bar-1.0-py3-none-any.whl"), "pkg:pypi/foo_bar@1.0.0=a", "verified"},
		{pylock("foo-bar", "1.0", "foo_bar-1.0-py3-none-any.whl"), "pkg:pypi/foo_bar@1.1=a", "refused lock.subject"},
		{pylock("foo-bar", "1.0", "foo_bar-1.0-py3-none-any.whl"), "foo_bar-1.0-py3-none-any.whl=b", "refused artifact.mismatch"},
		{"foo-bar==1.0 --hash=sha512:" + digest('a'), "foo_bar-1.0.0-py3-none-any.whl=a", "verified"},
		{"foo-bar==1.0 --hash=sha512:" + digest('a'), "foo_bar-1.1-py3-none-any.whl=a", "refused lock.subject"},
		{"foo-bar==1.0 --hash=sha512:" + digest('a'), "foo_bar-1.0-py3-none-any.whl=b", "unsigned lock.unsigned"}, // any file of the version
		{"foo-bar>=1 --hash=sha512:" + digest('a'), "pkg:pypi/foo-bar@1.0=a", "verified"},
		{"foo-bar>=1 --hash=sha512:" + digest('a'), "pkg:pypi/foo-bar=a", "refused lock.subject"},
		{"CHECKSUMS\n  a (1.0-java) sha512=" + digest('a'), "a-1.0-java.gem=a", "verified"},
		{"CHECKSUMS\n  a (1.0-java) sha512=" + digest('a'), "a-1.0.gem=a", "refused lock.subject"},
		{"CHECKSUMS\n  a (1.0) sha512=" + digest('a'), "pkg:gem/a@1.0=a", "verified"},
		{"CHECKSUMS\n  a (1.0) sha512=" + digest('a'), "a-1.0.gem=b", "refused artifact.mismatch"},
	} {
		rows := cover(t, lock.Config{Evidence: m.folder(map[string][]byte{"x": m.attest("", c.subject)}), Judges: m.judges(me)}, c.lock)
		if got := strings.Join(rows, ","); got != c.want {
			t.Errorf("%s\n%s: %s, want %s", c.lock, c.subject, got, c.want)
		}
	}
}

// Removing evidence never proves more, and links lead nowhere.
func TestCoverBounds(t *testing.T) {
	m := newMaker(t)
	files := make(map[string][]byte)
	for i := range 65 {
		files[fmt.Sprint(i)] = m.attest("", "pkg:npm/a@1.0.0=a")
	}
	if got := cover(t, lock.Config{Evidence: m.folder(files), Judges: m.judges(me)}, packageLock("a@1.0.0=a")); got[0] != "refused lock.limit" {
		t.Error(got)
	}
	outside := m.folder(map[string][]byte{"x": m.attest("", "pkg:npm/a@1.0.0=a")})
	dir := t.TempDir()
	for name, to := range map[string]string{"folder": outside, "file": filepath.Join(outside, "x"), "loop": dir} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if got := cover(t, lock.Config{Evidence: dir, Judges: m.judges(me)}, packageLock("a@1.0.0=a")); got[0] != "unsigned lock.unsigned" {
		t.Error(got)
	}
	if got := cover(t, lock.Config{Evidence: outside, Judges: m.judges(me), MaxBundle: 100}, packageLock("a@1.0.0=a")); got[0] != "unsigned lock.unsigned" {
		t.Error(got)
	}
	f, err := lock.Parse([]byte(packageLock("a@1.0.0=a")))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []lock.Config{{}, {File: f, Evidence: outside}, {File: f, Evidence: outside, Judges: new(choose.Roots)}, {Evidence: outside, Judges: m.judges(me)},
		{File: f, Judges: m.judges(me)}, {File: f, Evidence: filepath.Join(outside, "x"), Judges: m.judges(me)}} {
		if v, err := lock.Cover(context.Background(), c); err == nil {
			t.Errorf("%+v: %+v", c, v)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := lock.Cover(ctx, lock.Config{File: f, Evidence: outside, Judges: m.judges(me)}); err != context.Canceled {
		t.Error(err)
	}
}
