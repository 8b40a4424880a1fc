// SPDX-License-Identifier: Apache-2.0

package oci_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/sigbundle/sigbundle/bundle/oci"
	"github.com/sigbundle/sigbundle/conformance/ocitest"
	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/verify"
)

// An image in a layout on disk is verified by the bundles attached to it.
func Example() {
	ctx := context.Background()
	dir, trustedRoot := exampleImage()
	defer os.RemoveAll(dir)

	layout, reference, err := oci.OpenLayout(dir + ":v1")
	if err != nil {
		log.Fatal(err)
	}
	defer layout.Close()
	image, err := layout.Resolve(ctx, reference)
	if err != nil {
		log.Fatal(err)
	}
	found, err := oci.Bundles(ctx, layout, image.Digest)
	if err != nil {
		log.Fatal(err)
	}

	root, err := trustroot.Parse(trustedRoot)
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := verify.New(verify.Config{Root: root, Policy: verify.Policy{
		Identities:     []verify.Identity{{SAN: verify.Exactly("dev@example.com"), Issuer: verify.Exactly("https://accounts.example.com")}},
		PredicateTypes: []string{oci.SignaturePredicateType},
	}})
	if err != nil {
		log.Fatal(err)
	}
	artifact, err := verify.ParseArtifactDigest(image.Digest.String())
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range found {
		if r.Err != nil {
			fmt.Println(r.Err)
			continue
		}
		_, err := verifier.Verify(r.Bundle, artifact)
		fmt.Println(r.PredicateType, err == nil)
	}
	// Output:
	// https://sigstore.dev/cosign/sign/v1 true
	// https://spdx.dev/Document false
}

// exampleImage makes a layout with an image that has a signature and an SBOM.
func exampleImage() (dir string, trustedRoot []byte) {
	dir, err := os.MkdirTemp("", "image-")
	if err != nil {
		log.Fatal(err)
	}
	files, err := ocitest.NewLayout(dir)
	if err != nil {
		log.Fatal(err)
	}
	manifest, err := files.AddImage("app", "v1")
	if err != nil {
		log.Fatal(err)
	}
	world, err := virtual.New(virtual.Config{Seed: "image"})
	if err != nil {
		log.Fatal(err)
	}
	if trustedRoot, err = world.TrustedRoot(); err != nil {
		log.Fatal(err)
	}
	layout, _, err := oci.OpenLayout(dir)
	if err != nil {
		log.Fatal(err)
	}
	defer layout.Close()
	for _, predicateType := range []string{oci.SignaturePredicateType, "https://spdx.dev/Document"} {
		signed, err := world.Sign(virtual.Request{
			SAN: "dev@example.com", Issuer: "https://accounts.example.com", Artifact: manifest, PredicateType: predicateType,
		})
		if err != nil {
			log.Fatal(err)
		}
		image, err := layout.Resolve(context.Background(), "v1")
		if err != nil {
			log.Fatal(err)
		}
		if _, err := oci.Attach(context.Background(), layout, image, signed.Bundle, time.Time{}); err != nil {
			log.Fatal(err)
		}
	}
	return dir, trustedRoot
}
