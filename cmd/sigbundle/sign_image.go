// SPDX-License-Identifier: Apache-2.0

package main

// Signing container images.

import (
	"context"
	"crypto"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/sigbundle/sigbundle/bundle/oci"
	"github.com/sigbundle/sigbundle/cmd/internal/command"
	"github.com/sigbundle/sigbundle/cmd/internal/flags"
	"github.com/sigbundle/sigbundle/cmd/internal/outfile"
	"github.com/sigbundle/sigbundle/dsse"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/sign"
)

// unjudgeable are the codes of images that could not be looked at: as with a file
// that cannot be read, there is no verdict.
var unjudgeable = []refuse.Code{
	"command.ambiguous", "oci.ambiguous", "oci.layout", "oci.not_found", "oci.reference", "oci.registry.credentials",
	"oci.registry.denied", "oci.registry.status", "oci.registry.unreachable",
}

// imageError tells what is wrong with an image from what keeps us from it.
func imageError(err error) error {
	code := refuse.CodeOf(err)
	if err == nil || code == "" || slices.Contains(unjudgeable, code) {
		return err
	}
	return &command.Refusal{Err: err}
}

// signImage signs what statement says about the image, and attaches the bundle or
// writes it to the file. The image is found before a person is asked to sign
// in.
func signImage(f *flags.Image, cmd *cobra.Command, verb string, by *signerFlags, reads *outfile.Set, file string, statement func(*place, oci.Descriptor) ([]byte, error)) error {
	ctx := cmd.Context()
	f.CAFile = by.CAFile
	p, err := openImage(f)
	if err != nil {
		return imageError(err)
	}
	defer p.close()
	target, err := imageTarget(f, p, reads, file)
	if err != nil {
		return err
	}
	image, err := p.Resolve(ctx, p.reference)
	if err != nil {
		return imageError(err)
	}
	payload, err := statement(p, image)
	if err != nil {
		return command.Refuse(err)
	}
	signer, err := by.signer(cmd)
	if err != nil {
		return err
	}
	title := p.title(image.Digest)
	where := file
	checked := []string{"--image", title}
	if f.Layout != "" {
		checked = []string{"--oci-layout", title}
	}
	if f.PlainHTTP {
		checked = append(checked, "--plain-http")
	}
	if f.CAFile != "" && f.Reference != "" {
		checked = append(checked, "--ca-file", f.CAFile)
	}
	var signed *sign.Signed
	if file != "" {
		checked = append(checked, "--bundle", file)
		signed, err = finish(ctx, signer, title, sign.Statement(payload), target)
	} else {
		where, signed, err = attach(ctx, signer, p, image, payload)
	}
	if err != nil {
		return err
	}
	return by.say(cmd, verb, title, where, signed, checked, true)
}

// imageTarget is the file that the bundle goes to, if one is named. It refuses a
// file or a layout that the bundle cannot be written to.
func imageTarget(f *flags.Image, p *place, reads *outfile.Set, file string) (flags.Target, error) {
	layout, ok := p.Store.(*oci.Layout)
	switch {
	case ok && file != "":
		dir := f.Layout
		if p.reference != "" {
			dir = dir[:len(dir)-len(p.reference)-1]
		}
		reads.Add("--oci-layout", dir)
		fallthrough
	case file != "":
		return flags.NewTarget(reads, file, "")
	case ok:
		return flags.Target{}, layout.CheckWritable()
	}
	return flags.Target{}, nil
}

// attach signs the statement and returns the digest of the referrer. A bundle
// that cannot be attached goes to a file.
func attach(ctx context.Context, signer *sign.Signer, p *place, image oci.Descriptor, payload []byte) (string, *sign.Signed, error) {
	title := p.title(image.Digest)
	signed, err := signer.Sign(ctx, sign.Statement(payload))
	if err != nil {
		return "", nil, &command.Refusal{Err: fmt.Errorf("%s: not signed: %w", title, err)}
	}
	d, err := oci.Attach(ctx, p, image, signed.Bundle, flags.Now())
	if err == nil {
		return d.String(), signed, nil
	}
	// What was signed is public for good, and there is no second way to the
	// bundle.
	sum := sha256.Sum256(signed.Bundle)
	name := fmt.Sprintf("unattached-%x.sigstore.json", sum[:8])
	if lost := outfile.Create(name, append(signed.Bundle, '\n'), 0o666); lost != nil {
		return "", nil, &command.Refusal{Err: fmt.Errorf("%s: signed, but the bundle could neither be attached nor written: %w", title, errors.Join(err, lost))}
	}
	return "", nil, &command.Refusal{Err: fmt.Errorf("%s: signed, but the bundle could not be attached and is in %s, want sigbundle attach: %w", title, name, err)}
}

// signatureOf is the statement that says no more than that the image is
// signed.
func signatureOf(_ *place, image oci.Descriptor) ([]byte, error) {
	return imageStatement("", image, oci.SignaturePredicateType, []byte("{}"))
}

// statementAbout is the statement with the predicate that the flags name.
func (f *attestFlags) statementAbout(p *place, image oci.Descriptor) ([]byte, error) {
	predicate, err := f.statement.ReadPredicate()
	if err != nil {
		return nil, err
	}
	payload, err := imageStatement(p.subject, image, dsse.PredicateType(f.statement.Type), predicate)
	return payload, f.statement.About(err)
}

func imageStatement(name string, image oci.Descriptor, predicateType string, predicate []byte) ([]byte, error) {
	h, sum := image.Digest.Sum()
	return sign.NewStatement([]sign.Subject{{Name: name, Digests: map[crypto.Hash][]byte{h: sum}}}, predicateType, predicate)
}
