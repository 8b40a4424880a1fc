// SPDX-License-Identifier: Apache-2.0

//go:build unix

package bounds_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/bundle/carrier"
	"github.com/sigbundle/sigbundle/bundle/gitsign"
	"github.com/sigbundle/sigbundle/bundle/model"
	"github.com/sigbundle/sigbundle/bundle/oci"
	"github.com/sigbundle/sigbundle/ctlog"
	"github.com/sigbundle/sigbundle/dsse"
	"github.com/sigbundle/sigbundle/internal/bounds"
	"github.com/sigbundle/sigbundle/internal/rfc3161"
	"github.com/sigbundle/sigbundle/internal/screen"
	"github.com/sigbundle/sigbundle/internal/sigkey"
	"github.com/sigbundle/sigbundle/internal/strictcert"
	"github.com/sigbundle/sigbundle/sign"
	"github.com/sigbundle/sigbundle/tlog"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/trustroot/kit"
	"github.com/sigbundle/sigbundle/trustroot/signingconfig"
	"github.com/sigbundle/sigbundle/trustroot/tufroot"
	"github.com/sigbundle/sigbundle/verify/lock"
	"github.com/sigbundle/sigbundle/verify/names"
)

// reader is a row of the table. Processor time is in units of the calibration:
// what one byte costs a simple loop on this machine, in this run. n bytes of
// input may take k·n + c units, and m·n + c bytes of memory. For a function,
// memory is all that it allocates, which bounds the peak; for a command it is
// the peak.
type reader struct {
	name   string
	read   func([]byte)
	args   []string // of the command, instead of read; FILE is the input
	inputs func(n int) iter.Seq2[string, []byte]
	k, m   int
	c      constant
}

// constant is what an input of a few bytes may cost.
type constant struct{ cpu, memory int }

var (
	small   = constant{8 << 20, 1 << 20}
	store   = constant{32 << 20, 4 << 20}    // opens files, or a repository
	process = constant{512 << 20, 128 << 20} // starts
)

var readers = []reader{
	{"bundle", func(b []byte) { _, _ = bundle.Parse(b) }, nil, texts("%s", `{"mediaType":%s}`, `{"verificationMaterial":%s}`, `{"verificationMaterial":{"tlogEntries":%s}}`,
		`{"verificationMaterial":{"tlogEntries":[{"logIndex":%s}]}}`, `{"dsseEnvelope":{"signatures":%s}}`, `{"dsseEnvelope":{"payload":%s}}`), 100, 24, small},
	{"bundle lines", func(b []byte) {
		for range bundle.All(b) {
		}
	}, nil, texts("%s", "{}\n%s"), 400, 200, small},
	{"carrier", func(b []byte) { _, _ = carrier.Read(b, carrier.Limits{}) }, nil, texts("%s", `{"attestations":%s}`), 400, 200, small},
	{"carrier of stored bundles", func(b []byte) { _, _ = carrier.Read(b, carrier.Limits{}) }, nil, texts(`[{"mediaType":%s}]`, `[%s]`, `[{"attestation":%s}]`,
		carrierEntry+`"canonicalizedBody":"e30=","x":%s}]}}]`, carrierEntry+`"canonicalizedBody":%s}]}}]`, `[{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","messageSignature":{"signature":"AA"},"verificationMaterial":{"certificate":{"rawBytes":%s}}}]`), 400, 200, small},
	{"PEP 740", func(b []byte) { _, _ = carrier.Read(b, carrier.Limits{}) }, nil, texts(`{"version":1,"attestation_bundles":%s}`, `{"version":1,"attestation_bundles":[{"attestations":%s}]}`,
		`{"version":1,"attestation_bundles":[{"publisher":%s,"attestations":[{"version":1}]}]}`, `{"version":1,"verification_material":%s}`, `{"version":1,"envelope":{"statement":"","signature":""},"verification_material":{"certificate":%s}}`,
		`{"version":1,"envelope":{},"verification_material":{"certificate":"","transparency_entries":%s}}`, `{"version":1,"envelope":{},"verification_material":{"certificate":"","transparency_entries":[{}],"timestamps":%s}}`), 400, 200, small},
	{"older forms", func(b []byte) { _, _ = carrier.Read(b, carrier.Limits{}) }, nil, texts(`{"base64Signature":%s}`, `{"base64Signature":"AA==","cert":%s}`, `{"base64Signature":"AA==","cert":"","rekorBundle":%s}`,
		`{"base64Signature":"AA==","rekorBundle":{"Payload":{"body":%s}}}`, `{"payload":"","payloadType":"","signatures":%s}`, `{"content":{"$case":"dsseEnvelope","dsseEnvelope":%s}}`), 400, 200, small},
	{"detached signature", func(b []byte) { _ = carrier.Detached([]byte("AA=="), nil, b) }, nil, texts("%s", `{"a":%s}`, `{"a":{"body":"","logID":"00","logIndex":0,"integratedTime":0,"verification":{"inclusionProof":%s}}}`), 400, 200, small},
	{"trust root", func(b []byte) { _, _ = trustroot.Parse(b) }, nil, texts("%s", `{"mediaType":%s}`, `{"tlogs":%s}`, `{"ctlogs":[{"publicKey":{"rawBytes":%s}}]}`, `{"certificateAuthorities":[{"certChain":{"certificates":%s}}]}`), 100, 24, small},
	{"signing configuration", func(b []byte) { _, _ = signingconfig.Parse(b) }, nil, texts("%s", `{"caUrls":%s}`, `{"rekorTlogUrls":%s}`, `{"rekorTlogConfig":{"count":%s}}`), 100, 24, small},
	{"statement", func(b []byte) { _, _ = dsse.ParseStatement(b, 0) }, nil, texts("%s", `{"_type":"https://in-toto.io/Statement/v1","subject":%s}`, `{"subject":[{"digest":%s}]}`, `{"predicate":%s}`), 200, 64, small},
	{"log entry body", func(b []byte) { _, _ = tlog.ParseBody(b, tlog.Kind{Name: "hashedrekord", Version: "0.0.1"}) }, nil, texts("%s", `{"spec":%s}`, `{"spec":{"signature":{"content":%s}}}`), 100, 24, small},
	{"image index", func(b []byte) { _, _ = oci.ParseIndex(b) }, nil, texts("%s", `{"manifests":%s}`, `{"manifests":[{"size":%s}]}`, `{"manifests":[{"annotations":%s}]}`), 200, 64, small},
	{"image manifest", func(b []byte) { _, _, _ = oci.ParseSubject(b) }, nil, texts("%s", `{"subject":%s}`, `{"layers":%s}`, `{"annotations":%s}`), 200, 64, small},
	{"detached timestamp", func(b []byte) { _, _ = ctlog.ParseDetached(b) }, nil, texts("%s", `{"timestamp":%s}`), 100, 24, small},
	{"public key", func(b []byte) { _, _ = sigkey.ParsePEM(b) }, nil, texts("%s", "-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n"), 100, 24, small},
	{"private key", func(b []byte) { _, _ = sign.ParsePEM(b, "", password) }, nil, texts("%s", "-----BEGIN PRIVATE KEY-----\n%s\n-----END PRIVATE KEY-----\n",
		"-----BEGIN ENCRYPTED PRIVATE KEY-----\n%s\n-----END ENCRYPTED PRIVATE KEY-----\n", "-----BEGIN PRIVATE KEY-----\na: %s\n\nAAAA\n-----END PRIVATE KEY-----\n"), 100, 24, small},
	{"private key in DER", pemOf("PRIVATE KEY"), nil, der, 100, 64, small},
	{"encrypted key in DER", pemOf("ENCRYPTED PRIVATE KEY"), nil, der, 100, 64, small},
	{"encrypted key in JSON", pemOf("ENCRYPTED SIGSTORE PRIVATE KEY"), nil, texts("%s", `{"kdf":%s}`, `{"kdf":{"name":"scrypt","params":{"N":32768,"r":8,"p":1},"salt":%s}}`, `{"ciphertext":%s}`), 400, 64, small},
	{"manifest of a model", func(b []byte) { _, _ = model.ParseManifest(b) }, nil, texts("%s", modelHead+`"predicate":%s}`, modelHead+`"predicate":{"serialization":{"method":"files","hash_type":"sha256","ignore_paths":%s},"resources":[]}}`,
		modelHead+`"predicate":{"serialization":{"method":"shards","hash_type":"sha256"},"resources":%s}}`, modelHead+`"predicate":{"serialization":{"method":"files","hash_type":"sha256"},"resources":[{"name":%s}]}}`), 400, 200, small},
	{"cache of digests", func(b []byte) { _, _ = model.ReadCache(b, time.Time{}) }, nil, texts("%s", `{"files":%s}`, `{"files":[{"digests":%s}]}`), 400, 200, small},
	{"model bundle with a key", func(b []byte) { _, _ = model.DropKey(b) }, nil, texts("%s", `{"verificationMaterial":%s}`, `{"verificationMaterial":{"publicKey":%s}}`), 400, 200, small},
	{"git object", func(b []byte) { _, _ = gitsign.Read(b, nil) }, nil, texts("%s", "tree "+gitName+"\n%s", gitCommit+"%s\n\n", gitCommit+"gpgsig -----BEGIN SIGNED MESSAGE-----\n %s\n -----END SIGNED MESSAGE-----\n\n", gitTag+"%s"), 100, 24, small},
	{"git signature in DER", gitSignature, nil, der, 200, 64, small},
	{"timestamp", func(b []byte) { _, _ = rfc3161.Parse(b) }, nil, der, 100, 64, small},
	{"certificate", func(b []byte) { _, _ = strictcert.Parse(b) }, nil, der, 100, 64, small},
	{"text", func(b []byte) { _ = screen.Escape(string(b)) }, nil, texts("%s"), 100, 24, small},
	{"JSON text", func(b []byte) { _ = screen.JSON(b) }, nil, texts("%s"), 400, 64, small},

	{"TUF root", func(b []byte) { _, _ = tufroot.CheckRoot(b) }, nil, texts("%s", `{"signatures":%s}`, role("root", `"keys":%s,"roles":{}`), role("root", `"keys":{},"roles":%s`),
		role("root", `"keys":{},"roles":{"root":{"keyids":%s,"threshold":1}}`), role("root", topRoles+`,"keys":%s`)), 400, 200, small},
	{"TUF timestamp", tufFile("timestamp.json"), nil, texts("%s", `{"signatures":%s}`, role("timestamp", `"meta":%s`), role("timestamp", `"meta":{"snapshot.json":{"version":1}},"x":%s`)), 400, 200, store},
	{"TUF snapshot", tufFile("1.snapshot.json"), nil, texts("%s", `{"signatures":%s}`, role("snapshot", `"meta":%s`), role("snapshot", `"meta":{"targets.json":{"version":1}},"x":%s`)), 400, 200, store},
	{"TUF targets", tufFile("1.targets.json"), nil, texts("%s", `{"signatures":%s}`, role("targets", `"targets":%s`), role("targets", `"targets":{},"delegations":{"keys":%s,"roles":[]}`),
		role("targets", `"targets":{},"delegations":{"keys":{},"roles":%s}`), role("targets", `"targets":{},"delegations":{"keys":{},"roles":[{"name":"a","keyids":[],"threshold":1,"terminating":true,"path_hash_prefixes":%s}]}`)), 400, 200, store},
	{"TUF targets, signed", tufTargets, nil, texts("%s", `{"a":{"custom":%s,"hashes":{"sha256":"00"},"length":1}}`, `{"a":{"hashes":%s,"length":1}}`), 400, 200, store},
	{"kit", func(b []byte) { _, _ = kit.Open(b, nil) }, nil, tars, 100, 24, small},
	{"kit manifest", kitManifest, nil, texts("%s", kitHead+`"files":%s}`, kitHead+`"files":[{"name":%s}]}`, `{"instance":%s}`), 200, 64, small},
	{"audit list", auditList, nil, texts("%s", `{"bundle":%s,"artifact":"sha256:00"}`, `{"attestations":%s}`, "{}\n%s"), 8000, 2000, store},
	{"audit state", auditState, nil, texts("%s", `{"schema":"sigbundle.audit.state.v1","codes":%s}`, `{"trust_roots":%s}`, `{"met":%s}`), 400, 200, store},
	{"expectations", expectations, nil, texts("%s", `{"subject":%s}`, `{"subject":"a","key":%s}`, `{"subject":"a","ext":%s}`, `{"subject":"a","no_identity":true}`+"\n%s"), 400, 200, store},
	{"lock file", lockFile, nil, lockFiles, 400, 200, small},
	{"name", name, nil, texts("%s", "pkg:npm/%s", "pkg:npm/a?%s", "pkg:npm/a#%s", "sha512-%s", "a-1%s.tar.gz", "a-1+%s.tar.gz", "%s-1-py3-none-any.whl", "a-1.%s.gem"), 100, 24, small},

	{"verify", nil, []string{"verify", "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "--bundle", "FILE", "--repo", "a/b"}, texts("%s", `{"verificationMaterial":{"tlogEntries":%s}}`, "{}\n%s"), 400, 64, process},
	{"verify, a long signature", nil, []string{"verify", "sha256:" + strings.Repeat("00", 32), "--bundle", "FILE", "--repo", "a/b"}, signatures, 40, 64, process},
	{"inspect, a long signature", nil, []string{"inspect", "FILE"}, signatures, 40, 64, process},
	{"inspect", nil, []string{"inspect", "FILE"}, texts("%s", `{"verificationMaterial":{"tlogEntries":%s}}`, "{}\n%s"), 400, 64, process},
}

const carrierEntry = `[{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","messageSignature":{"signature":"AA"},"verificationMaterial":{"publicKey":{},"tlogEntries":[{"logId":{"keyId":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="},`

// texts puts each hostile value into each of the frames.
func texts(frames ...string) func(n int) iter.Seq2[string, []byte] {
	return func(n int) iter.Seq2[string, []byte] {
		return func(yield func(string, []byte) bool) {
			for what, value := range values {
				text := value(n)
				for _, frame := range frames {
					if !yield(what+" in "+frame, fmt.Appendf(nil, frame, text)) {
						return
					}
				}
			}
		}
	}
}

// lockFile reads a lock file, whatever its kind.
func lockFile(b []byte) {
	f, err := lock.Parse(b)
	if err != nil {
		return
	}
	for range f.All() {
	}
}

// lockFiles yields hostile lock files of every kind: hostile values in their
// places, and very many entries, or entries within one another.
func lockFiles(n int) iter.Seq2[string, []byte] {
	const (
		npm, npm1, bun = `{"lockfileVersion":3,"packages":%s}`, `{"lockfileVersion":1,"dependencies":%s}`, `{"lockfileVersion":1,"workspaces":{},"packages":%s}`
		pnpm, pylock   = "lockfileVersion: '9.0'\npackages:\n%s", "lock-version = \"1.0\"\n%s"
		yarn, gems     = "# yarn lockfile v1\n%s", "CHECKSUMS\n%s"
	)
	inside := func(frame, value string) string { return strings.Replace(frame, "%s", value, 1) }
	lines := func(line string) string {
		var b strings.Builder
		for i := 0; b.Len() < n; i++ {
			fmt.Fprintf(&b, line, i)
		}
		return b.String()
	}
	many := map[string]string{
		"packages of npm": inside(npm, members(n, func(i int) string {
			return fmt.Sprintf(`"node_modules/%x":{"version":"1.0.0","integrity":"sha1-x"}`, i)
		})),
		"empty packages":      inside(npm, members(n, func(i int) string { return fmt.Sprintf(`"node_modules/%x":{}`, i) })),
		"nested dependencies": inside(npm1, strings.Repeat(`{"a":{"dependencies":`, min(n/21, 40))+members(n, func(i int) string { return fmt.Sprintf(`"%x":{}`, i) })),
		"long dependencies":   inside(npm1, `{"`+strings.Repeat("a", n/2)+`":{"dependencies":`+members(n/2, func(i int) string { return fmt.Sprintf(`"%x":{}`, i) })+"}}"),
		"packages of bun":     inside(bun, members(n, func(i int) string { return fmt.Sprintf(`"%x":["%[1]x@1.0.0","",{},"sha1-x",]`, i) })),
		"commas":              inside(bun, strings.Repeat(",", n)),
		"comments":            inside(bun, strings.Repeat("//\n", n/3)),
		"packages of pnpm":    inside(pnpm, lines("  a%x@1.0.0: {}\n")),
		"flow of pnpm":        inside(pnpm, "  a: {"+lines("a%x: b, ")),
		"flow within flow":    inside(pnpm, "  a: "+strings.Repeat("{a: ", n/4)),
		"lists":               inside(pnpm, "  a: ["+strings.Repeat("[", n)),
		"indentation":         inside(pnpm, lines("%[1]*[1]d:\n")),
		"blocks of yarn":      inside(yarn, lines("a%x@^1:\n  version \"1\"\n")),
		"patterns of yarn":    inside(yarn, lines("a@%x, ")+"a@1:\n"),
		"members of yarn":     inside(yarn, "a@1:\n"+lines("  a%x b\n")),
		"berry":               "__metadata:\n" + lines("\"a%x@npm:1\":\n  version: 1\n"),
		"gems":                inside(gems, lines("  a%x (1.0) sha256=00\n")),
		"sums of a gem":       inside(gems, "  a (1.0) "+strings.Repeat("sha256=00,", n/10)+"\n"),
		"requirements":        lines("a%x==1 --hash=sha256:00\n"),
		"sums of one":         "a==1 " + strings.Repeat("--hash=sha256:00 ", n/17),
		"continued lines":     "a==1 --hash=sha256:00 \\\n" + strings.Repeat(" \\\n", n/3),
		"packages of pylock":  inside(pylock, strings.Repeat("[[packages]]\n", n/13)),
		"files of pylock":     inside(pylock, "[[packages]]\nwheels = ["+strings.Repeat("{hashes={}},", n/12)+"]\n"),
		"tables":              inside(pylock, lines("[a%x]\n")),
		"dotted keys":         inside(pylock, lines("a.b.c.d.e%x = 1\n")),
		"tables within":       inside(pylock, "a = "+strings.Repeat("{a=", n/3)),
		"sums of Go":          lines("m v%x h1:00\n"),
	}
	values := texts("%s", npm, npm1, bun, pnpm, pylock, yarn, gems, `{"lockfileVersion":3,"packages":{"node_modules/a":%s}}`, `{"lockfileVersion":3,"packages":{"node_modules/a":{"version":"1.0.0","integrity":%s}}}`,
		`{"lockfileVersion":1,"workspaces":{},"packages":{"a":%s}}`, "lockfileVersion: '9.0'\npackages:\n  a: %s", "lock-version = \"1.0\"\na = %s", "a==1 --hash=sha256:00 %s")
	return func(yield func(string, []byte) bool) {
		for what, text := range many {
			if !yield(what, []byte(text)) {
				return
			}
		}
		values(n)(yield)
	}
}

// name reads a name of every kind.
func name(b []byte) {
	s := string(b)
	_, _ = names.ParsePURL(s)
	_, _ = names.ParseSRI(s)
	_, _ = names.ParsePython(s)
	_, _ = names.ParseGem(s)
	_, _ = names.ParseBottle(s)
	_, _ = names.PythonVersion(s)
	_ = names.Project(s)
}

// der yields hostile DER.
func der(n int) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		for what, value := range ders {
			if !yield(what, value(n)) {
				return
			}
		}
	}
}

// signatures yields bundles whose ECDSA signatures are valid DER of 16 times as
// many bytes: what grows with the square shows from megabytes on.
func signatures(n int) iter.Seq2[string, []byte] {
	valid := func(tag cbasn1.Tag, body []byte) []byte {
		var b cryptobyte.Builder
		b.AddASN1(tag, func(b *cryptobyte.Builder) { b.AddBytes(body) })
		return b.BytesOrPanic()
	}
	one, long := []byte{2, 1, 1}, valid(cbasn1.INTEGER, bytes.Repeat([]byte{0x55}, 12*n))
	return func(yield func(string, []byte) bool) {
		for what, pair := range map[string][]byte{"long r": slices.Concat(long, one), "long s": slices.Concat(one, long)} {
			if !yield(what, fmt.Appendf(nil, `{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"publicKey":{"hint":"x"},"tlogEntries":[]},`+
				`"messageSignature":{"messageDigest":{"algorithm":"SHA2_256","digest":"%s"},"signature":"%s"}}`,
				base64.StdEncoding.EncodeToString(make([]byte, 32)), base64.StdEncoding.EncodeToString(valid(cbasn1.SEQUENCE, pair)))) {
				return
			}
		}
	}
}

// tars yields hostile archives.
func tars(n int) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		for what, value := range archives {
			if !yield(what, value(n)) {
				return
			}
		}
	}
}

// values are hostile JSON values, or other text, of about n bytes.
var values = map[string]func(n int) string{
	"long number":     func(n int) string { return strings.Repeat("9", n) },
	"long exponent":   func(n int) string { return "1e" + strings.Repeat("9", n) },
	"long string":     func(n int) string { return `"` + strings.Repeat("A", n) + `"` },
	"escapes":         func(n int) string { return `"` + strings.Repeat(`\u0041`, n/6) + `"` },
	"deep arrays":     func(n int) string { return strings.Repeat("[", n) },
	"deep objects":    func(n int) string { return strings.Repeat(`{"a":`, n/5) },
	"many elements":   func(n int) string { return "[" + strings.Repeat("0,", n/2) + "0]" },
	"many objects":    func(n int) string { return "[" + strings.Repeat("{},", n/3) + "{}]" },
	"many lines":      func(n int) string { return strings.Repeat("{}\n", n/3) },
	"blank lines":     func(n int) string { return strings.Repeat("\n", n) },
	"many members":    func(n int) string { return members(n, func(i int) string { return fmt.Sprintf(`"%x":0`, i) }) },
	"long names":      func(n int) string { return members(n, func(i int) string { return fmt.Sprintf(`"%0512x":0`, i) }) },
	"many digests":    func(n int) string { return members(n, func(i int) string { return fmt.Sprintf(`"a%x":"00"`, i) }) },
	"one member":      func(n int) string { return members(n, func(int) string { return `"a":0` }) },
	"commands":        func(n int) string { return strings.Repeat("#a", n/2) },
	"control":         func(n int) string { return strings.Repeat("\x1b", n) },
	"many signatures": func(n int) string { return "[" + strings.Repeat(`{"sig":"AA=="},`, n/15) + "{}]" },
	"many subjects": func(n int) string {
		return "[" + strings.Repeat(`{"name":"a","digest":{"sha256":"00"}},`, n/39) + "{}]"
	},
	"many files": func(n int) string {
		return members(n, func(i int) string { return fmt.Sprintf(`"%06x.json":{"version":1}`, i) })
	},
	"many targets": func(n int) string {
		return members(n, func(i int) string { return fmt.Sprintf(`"%06x":{"hashes":{"sha256":"00"},"length":1}`, i) })
	},
	"many keys": func(n int) string {
		return members(n, func(i int) string {
			return fmt.Sprintf(`"%06x":{"keytype":"ed25519","keyval":{"public":"00"},"scheme":"ed25519"}`, i)
		})
	},
	"many names": func(n int) string {
		return elements(n, func(i int) string { return fmt.Sprintf(`"%06x"`, i) })
	},
	"many roles": func(n int) string {
		return elements(n, func(i int) string {
			return fmt.Sprintf(`{"keyids":["a"],"name":"%06x","paths":["*"],"terminating":false,"threshold":1}`, i)
		})
	},
	"many key IDs": func(n int) string {
		return elements(n, func(i int) string { return fmt.Sprintf(`{"keyid":"%06x","sig":"00"}`, i) })
	},
	"many entries": func(n int) string {
		return elements(n, func(i int) string { return fmt.Sprintf(`{"name":"repository/%06x","size":0,"sha256":"%064x"}`, i, i) })
	},
	"many records": func(n int) string {
		var b strings.Builder
		for i := 0; b.Len() < n; i++ {
			fmt.Fprintf(&b, `{"bundle":{},"artifact":"sha256:%064x"}`+"\n", i)
		}
		return b.String()
	},
	"many subjects in lines": func(n int) string {
		var b strings.Builder
		for i := 0; b.Len() < n; i++ {
			fmt.Fprintf(&b, `{"subject":"%06x","no_identity":true}`+"\n", i)
		}
		return b.String()
	},
	"many resources": func(n int) string {
		return elements(n, func(i int) string {
			return fmt.Sprintf(`{"name":"%x/%x:0:1","algorithm":"sha256","digest":"%064x"}`, i%1000, i, i)
		})
	},
	"deep resources": func(n int) string {
		return elements(n, func(i int) string {
			return fmt.Sprintf(`{"name":"%x%s:0:1","algorithm":"sha256","digest":"%064x"}`, i, strings.Repeat("/"+strings.Repeat("a", 60), 64), i)
		})
	},
	"many blocks": func(n int) string { return strings.Repeat("-----BEGIN A-----\n", n/18) },
	"base64":      func(n int) string { return base64.StdEncoding.EncodeToString(make([]byte, n/4*3)) },
}

func members(n int, member func(i int) string) string {
	var b strings.Builder
	b.WriteByte('{')
	for i := 0; b.Len() < n; i++ {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(member(i))
	}
	return b.String() + "}"
}

func elements(n int, element func(i int) string) string {
	var b strings.Builder
	b.WriteByte('[')
	for i := 0; b.Len() < n; i++ {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(element(i))
	}
	return b.String() + "]"
}

// ders are hostile DER values of about n bytes.
var ders = map[string]func(n int) []byte{
	"long integer": func(n int) []byte { return tlv(0x30, tlv(0x02, bytes.Repeat([]byte{0x55}, n))) },
	"long identifier": func(n int) []byte {
		return tlv(0x30, tlv(0x30, []byte{2, 1, 0}), tlv(0x30, tlv(0x06, append(bytes.Repeat([]byte{0x81}, n), 1))))
	},
	"many values": func(n int) []byte { return tlv(0x30, bytes.Repeat([]byte{0x30, 0}, n/2)) },
	"nested": func(n int) []byte {
		der := []byte{5, 0}
		for len(der) < min(n, 16<<10) {
			der = tlv(0x30, der)
		}
		return tlv(0x30, der, make([]byte, max(0, n-len(der))))
	},
	"zeros": func(n int) []byte { return make([]byte, n) },
}

func tlv(tag byte, parts ...[]byte) []byte {
	body := bytes.Join(parts, nil)
	n := len(body)
	return append([]byte{tag, 0x84, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}, body...)
}

// limits returns what n bytes may cost.
func (r reader) limits(n int) (cpu time.Duration, memory uint64) {
	return bounds.Time(float64(r.c.cpu) + float64(r.k)*float64(n)), uint64(r.c.memory) + uint64(r.m)*uint64(n)
}

func TestBounds(t *testing.T) {
	sizes := []int{1 << 10, 64 << 10, 256 << 10}
	if testing.Short() {
		sizes = sizes[:2]
	}
	if os.Getenv("SIGBUNDLE_BOUNDS") != "" {
		sizes = []int{1 << 10, 16 << 10, 64 << 10, 480 << 10, 1 << 20, 4 << 20, 16 << 20}
	}
	command, dir := "", t.TempDir()
	for _, r := range readers {
		t.Run(r.name, func(t *testing.T) {
			run := func(data []byte) (time.Duration, uint64) { return bounds.Cost(func() { r.read(data) }) }
			sizes := sizes
			if r.args != nil {
				if command == "" {
					command = build(t, dir)
				}
				file := filepath.Join(t.TempDir(), "input")
				run = func(data []byte) (time.Duration, uint64) { return costOfCommand(t, command, r.args, file, data) }
				sizes = sizes[len(sizes)-1:] // starting it costs the most
			}
			if r.k > 1000 { // minutes
				sizes = sizes[:min(len(sizes), 5)]
			}
			var k, m float64 // the highest, above the constants
			for _, n := range sizes {
				for what, data := range r.inputs(n) {
					n := len(data)
					most, limit := r.limits(n)
					spent, allocated := run(data)
					for range 2 { // other work of the process counts, too
						if spent > most {
							again, _ := run(data)
							spent = min(spent, again)
						}
					}
					if spent > most {
						t.Errorf("%s of %d bytes: %v of CPU time, want at most %v", what, n, spent, most)
					}
					if allocated > limit {
						t.Errorf("%s of %d bytes: %d bytes of memory, want at most %d", what, n, allocated, limit)
					}
					k = max(k, (bounds.Units(spent)-float64(r.c.cpu))/float64(n))
					m = max(m, (float64(allocated)-float64(r.c.memory))/float64(n))
				}
			}
			t.Logf("k %.0f of %d, m %.1f of %d", k, r.k, m, r.m)
		})
	}
}

// FuzzBounds looks for a pattern that costs too much when it recurs, up to
// inputs of 4 MiB.
func FuzzBounds(f *testing.F) {
	var functions []reader
	for _, r := range readers {
		if r.read != nil {
			functions = append(functions, r)
		}
	}
	for i := range functions {
		f.Add(uint8(i), uint8(6), `{"a":`, `[`, `]}`)
	}
	f.Add(uint8(5), uint8(10), `{"subject":[`, `{"name":"a"},`, `{}]}`)
	f.Fuzz(func(t *testing.T, which, size uint8, head, pattern, end string) {
		if pattern == "" || len(pattern) > 1<<10 || len(head)+len(end) > 1<<16 {
			return
		}
		r := functions[int(which)%len(functions)]
		data := []byte(head + strings.Repeat(pattern, max(1, 1<<(10+size%13)/len(pattern))) + end)
		most, limit := r.limits(len(data))
		if spent, allocated := bounds.Cost(func() { r.read(data) }); spent > 4*most || allocated > limit {
			t.Errorf("%s: %v and %d bytes for %d bytes of %q, %q, %q", r.name, spent, allocated, len(data), head, pattern, end)
		}
	})
}
