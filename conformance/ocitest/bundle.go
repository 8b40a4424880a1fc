// SPDX-License-Identifier: Apache-2.0

package ocitest

import (
	"testing"

	"github.com/sigbundle/sigbundle/conformance/virtual"
)

// Bundle returns a bundle about an artifact; without a predicate type its
// signature is over the artifact itself.
func Bundle(t *testing.T, artifact []byte, predicateType string) []byte {
	t.Helper()
	w, err := virtual.New(virtual.Config{Seed: "oci"})
	if err != nil {
		t.Fatal(err)
	}
	s, err := w.Sign(virtual.Request{Artifact: artifact, PredicateType: predicateType})
	if err != nil {
		t.Fatal(err)
	}
	return s.Bundle
}
