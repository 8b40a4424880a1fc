// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/sigbundle/sigbundle/bundle/oci"
	"github.com/sigbundle/sigbundle/cmd/internal/flags"
	"github.com/sigbundle/sigbundle/internal/screen"
)

type attachFlags struct{ image flags.Image }

func newAttach() *cobra.Command {
	f := new(attachFlags)
	cmd := &cobra.Command{
		Use:   "attach BUNDLE... {--oci-layout DIR|--image REFERENCE}",
		Short: "Attach bundles from files to a container image",
		Long: `Attach stores each bundle as a referrer of the image, as sigbundle sign and
cosign do. The bundle must be about the image; nothing else is verified. One that
is attached already is not attached twice.`,
		Example: `  # sign where there is no registry, attach where there is one
  sigbundle sign --oci-layout ./image --bundle image.sigstore.json --key release.key
  sigbundle attach image.sigstore.json --image registry.example.com/app@sha256:$DIGEST`,
		Args: func(cmd *cobra.Command, args []string) error {
			if !f.image.Given() {
				return errors.New("image: not given, want --oci-layout or --image")
			}
			return cobra.MinimumNArgs(1)(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	f.image.Add(cmd)
	f.image.AddCA(cmd)
	return cmd
}

func (f *attachFlags) run(cmd *cobra.Command, files []string) error {
	p, err := openImage(&f.image)
	if err != nil {
		return imageError(err)
	}
	defer p.close()
	image, err := p.Resolve(cmd.Context(), p.reference)
	if err != nil {
		return imageError(err)
	}
	before, err := oci.Bundles(cmd.Context(), p, image.Digest)
	if err != nil {
		return imageError(err)
	}
	for _, name := range files {
		data, err := flags.ReadRegular(name)
		if err != nil {
			return err
		}
		d, err := oci.Attach(cmd.Context(), p, image, bytes.TrimSpace(data), flags.Now())
		if err != nil {
			return imageError(fmt.Errorf("%s: %w", name, err))
		}
		if slices.ContainsFunc(before, func(r oci.Referrer) bool { return r.Digest == d }) {
			fmt.Fprintf(cmd.OutOrStdout(), "%s is already attached to %s: %s\n", screen.Escape(name), screen.Escape(p.title(image.Digest)), d)
			continue
		}
		fmt.Fprintf(cmd.OutOrStdout(), "attached %s to %s: %s\n", screen.Escape(name), screen.Escape(p.title(image.Digest)), d)
	}
	return nil
}
