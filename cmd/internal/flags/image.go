// SPDX-License-Identifier: Apache-2.0

package flags

import (
	"fmt"

	"github.com/spf13/cobra"
)

// Container images: where one is.

// Image say where an image is.
type Image struct {
	Layout    string
	Reference string
	PlainHTTP bool
	CAFile    string // of verify; signers have a flag of their own
	MirrorOf  string
}

func (f *Image) Add(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&f.Layout, "oci-layout", "", "the image in this image layout, `DIR[:TAG|@DIGEST]`")
	fl.StringVar(&f.Reference, "image", "", "the image in a registry, `HOST/REPOSITORY[:TAG|@DIGEST]`; a tag is looked up once")
	fl.BoolVar(&f.PlainHTTP, "plain-http", false, "speak to the registry without TLS; credentials are then sent to this machine only")
	cmd.MarkFlagsMutuallyExclusive("oci-layout", "image")
	_ = cmd.MarkFlagDirname("oci-layout")
	_ = cmd.RegisterFlagCompletionFunc("image", cobra.NoFileCompletions)
}

func (f *Image) AddVerify(cmd *cobra.Command) {
	f.Add(cmd)
	cmd.Flags().StringVar(&f.MirrorOf, "mirror-of", "", "refuse the image if it lacks bundles that it has in this origin, `DIR|REFERENCE`")
	f.AddCA(cmd)
	cmd.MarkFlagsMutuallyExclusive("no-artifact", "oci-layout")
	cmd.MarkFlagsMutuallyExclusive("no-artifact", "image")
	cmd.MarkFlagsMutuallyExclusive("mirror-of", "bundle")
	_ = cmd.MarkFlagDirname("mirror-of")
}

// AddCA adds the flag that signers have already.
func (f *Image) AddCA(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.CAFile, "ca-file", "", "trust the certificate authorities in this PEM `FILE` for TLS with registries, instead of the system's")
}

func (f *Image) Given() bool { return f.Layout != "" || f.Reference != "" }

// Check refuses files beside an image.
func (f *Image) Check(args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("%q and an image exclude each other", args[0])
	}
	return nil
}
