// SPDX-License-Identifier: Apache-2.0

//go:build unix && !aix && !solaris && !illumos

package oci

import (
	"context"
	"errors"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sigbundle/sigbundle/conformance/ocitest"
)

// A pipe in the place of a file does not keep us waiting for its writer.
func TestPipe(t *testing.T) {
	f := newFixture(t)
	path := f.files.Path(f.image.Digest.String())
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mkfifo(path, 0o666); err != nil {
		t.Fatal(err)
	}
	_, err := f.Resolve(t.Context(), "")
	wantCode(t, "a pipe", err, "oci.layout")
	if _, err := Bundles(t.Context(), f, f.image.Digest); err != nil {
		t.Error(err)
	}
}

// Who waits for another writer's lock waits no longer than the context.
func TestLockHeld(t *testing.T) {
	f := newFixture(t)
	held, err := os.Open(f.files.Dir + "/oci-layout")
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	if err := lock(t.Context(), held); err != nil {
		t.Fatal(err)
	}
	waiting, err := os.Open(held.Name())
	if err != nil {
		t.Fatal(err)
	}
	defer waiting.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := lock(ctx, waiting); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	held.Close()
	f.attach(t, ocitest.Bundle(t, f.text, SignaturePredicateType))
}
