// SPDX-License-Identifier: Apache-2.0

package tlog_test

import (
	"fmt"
	"log"
	"os"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/trustroot/embedded"
)

// An entry of a bundle is proved by the log that the trust root has under its
// ID: its promise, its checkpoint, and its place in the tree of that checkpoint.
func Example() {
	root, err := embedded.TrustedRoot(embedded.PublicGood)
	if err != nil {
		log.Fatal(err)
	}
	data, err := os.ReadFile("../testdata/public/sigstore-js-2.1.0.sigstore.json")
	if err != nil {
		log.Fatal(err)
	}
	b, err := bundle.Parse(data)
	if err != nil {
		log.Fatal(err)
	}
	entry := &b.Entries[0]
	l := root.Log(entry.LogID)
	if l == nil {
		log.Fatal("the trust root does not list the log")
	}
	at, err := l.VerifyPromise(entry)
	if err != nil {
		log.Fatal(err)
	}
	checkpoint, err := l.OpenCheckpoint(entry.Proof.Checkpoint)
	if err != nil {
		log.Fatal(err)
	}
	generation, err := l.Generation(entry, checkpoint)
	if err != nil {
		log.Fatal(err)
	}
	if err := entry.VerifyInclusion(checkpoint, generation); err != nil {
		log.Fatal(err)
	}
	fmt.Println(l.Name(), generation, at.Year())
	// Output: rekor.sigstore.dev Rekor v1 2023
}
