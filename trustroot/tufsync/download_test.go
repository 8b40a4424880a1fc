// SPDX-License-Identifier: Apache-2.0

package tufsync

import (
	"bytes"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// Scenarios of the public tuf-conformance suite about files downloaded, as in
// conformance_test.go.

func TestDownloads(t *testing.T) {
	b := newBench(t)
	b.AddTarget("targets", "path/to/a/file.txt", []byte("contents"))
	b.Publish("targets")
	r := b.ok("path/to/a/file.txt")
	f, err := r.Target("path/to/a/file.txt")
	if err != nil || string(f.Data) != "contents" {
		t.Fatalf("%v, %v", f, err)
	}
	b.Requests()
	b.ok("path/to/a/file.txt")
	b.wantRequests("2.root.json", "timestamp.json") // kept, not fetched again
	for i := range 5 {
		data := fmt.Append(nil, "contents ", i)
		b.AddTarget("targets", "path/to/a/file.txt", data)
		b.Publish("targets")
		b.SetFile("targets/path/to/a/"+sha(data)+".file.txt", []byte("malicious "+fmt.Sprint(i)))
		b.refused("tuf.length", "path/to/a/file.txt")
		b.SetFile("targets/path/to/a/"+sha(data)+".file.txt", []byte("malice 00"[:len(data)-1]+"!"))
		b.refused("tuf.hash", "path/to/a/file.txt")
		b.SetFile("targets/path/to/a/"+sha(data)+".file.txt", data)
		f, err := b.ok("path/to/a/file.txt").Target("path/to/a/file.txt")
		if err != nil || !bytes.Equal(f.Data, data) {
			t.Fatalf("%q, %v", f.Data, err)
		}
	}
}

func TestDownloadHashes(t *testing.T) {
	b := newBench(t)
	data := []byte("target file contents")
	sum := sha512.Sum512(data)
	list := func(hashes object) {
		b.Docs["targets"]["targets"].(object)["file"] = object{"length": len(data), "hashes": hashes}
		b.Publish("targets")
	}
	b.SetFile("targets/"+hex.EncodeToString(sum[:])+".file", data)
	b.SetFile("targets/"+sha(data)+".file", data)
	list(object{"sha512": hex.EncodeToString(sum[:])})
	b.ok("file")
	list(object{"sha512": hex.EncodeToString(sum[:]), "sha256": sha(data), "blake9": "00"})
	b.ok("file")
	list(object{"sha512": hex.EncodeToString(make([]byte, 64)), "sha256": sha(data)})
	b.refused("tuf.hash", "file") // all known hashes count
	list(object{"unknown-hash": hex.EncodeToString(sum[:])})
	b.refused("tuf.hash", "file")
}

func TestInconsistentSnapshots(t *testing.T) {
	b := newBench(t)
	b.Docs["root"]["consistent_snapshot"] = false
	b.Publish("root")
	b.AddTarget("targets", "dir/file", []byte("x"))
	b.Publish("targets")
	b.SetFile("snapshot.json", b.File("2.snapshot.json"))
	b.SetFile("targets.json", b.File("2.targets.json"))
	b.SetFile("targets/dir/file", []byte("x"))
	b.ok("dir/file")
	b.wantRequests("2.root.json", "3.root.json", "timestamp.json", "snapshot.json", "targets.json", "targets/dir/file")
}

func TestEndlessData(t *testing.T) {
	for _, name := range []string{"2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json", "targets/" + sha([]byte("x")) + ".file"} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.AddTarget("targets", "file", []byte("x"))
			b.SetVersion("targets", 0)
			b.SetVersion("snapshot", 0)
			b.Publish("targets")
			b.Intercept(func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path != "/"+name {
					return false
				}
				for {
					if _, err := w.Write(bytes.Repeat([]byte(" "), 1<<16)); err != nil {
						return true
					}
				}
			})
			code := refuse.Code("tuf.too_large")
			if strings.HasPrefix(name, "targets/") {
				code = "tuf.length"
			}
			b.refused(code, "file")
		})
	}
}
