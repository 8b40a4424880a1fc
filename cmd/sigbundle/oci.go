// SPDX-License-Identifier: Apache-2.0

package main

// Container images: where one is, and signing it.

import (
	"context"
	"crypto"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sigbundle/sigbundle/bundle/oci"
	"github.com/sigbundle/sigbundle/bundle/oci/registry"
	"github.com/sigbundle/sigbundle/cmd/internal/flags"
	"github.com/sigbundle/sigbundle/cmd/internal/outfile"
	"github.com/sigbundle/sigbundle/dsse"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/sign"
)

// imageFlags say where an image is.
type imageFlags struct {
	layout    string
	reference string
	plainHTTP bool
	caFile    string // of verify; signers have a flag of their own
	mirrorOf  string
}

func (f *imageFlags) add(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&f.layout, "oci-layout", "", "the image in this image layout, `DIR[:TAG|@DIGEST]`")
	fl.StringVar(&f.reference, "image", "", "the image in a registry, `HOST/REPOSITORY[:TAG|@DIGEST]`; a tag is looked up once")
	fl.BoolVar(&f.plainHTTP, "plain-http", false, "speak to the registry without TLS; credentials are then sent to this machine only")
	cmd.MarkFlagsMutuallyExclusive("oci-layout", "image")
	_ = cmd.MarkFlagDirname("oci-layout")
	_ = cmd.RegisterFlagCompletionFunc("image", cobra.NoFileCompletions)
}

func (f *imageFlags) addVerify(cmd *cobra.Command) {
	f.add(cmd)
	cmd.Flags().StringVar(&f.mirrorOf, "mirror-of", "", "refuse the image if it lacks bundles that it has in this origin, `DIR|REFERENCE`")
	f.addCA(cmd)
	cmd.MarkFlagsMutuallyExclusive("no-artifact", "oci-layout")
	cmd.MarkFlagsMutuallyExclusive("no-artifact", "image")
	cmd.MarkFlagsMutuallyExclusive("mirror-of", "bundle")
	_ = cmd.MarkFlagDirname("mirror-of")
}

// addCA adds the flag that signers have already.
func (f *imageFlags) addCA(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.caFile, "ca-file", "", "trust the certificate authorities in this PEM `FILE` for TLS with registries, instead of the system's")
}

func (f *imageFlags) given() bool { return f.layout != "" || f.reference != "" }

// check refuses files beside an image.
func (f *imageFlags) check(args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("%q and an image exclude each other", args[0])
	}
	return nil
}

// place is an image layout or a repository.
type place struct {
	oci.Store
	name      string // as it is printed
	subject   string // what a statement calls an image of it
	reference string // tag or digest, "" if none was given
	close     func() error
}

// openLayout opens an image layout.
func openLayout(name string) (*place, error) {
	l, reference, err := oci.OpenLayout(name)
	if err != nil {
		return nil, refuse.Wrap("oci.layout", err, "%s", name)
	}
	return &place{l, name, "", reference, l.Close}, nil
}

// openRegistry opens a repository.
func (f *imageFlags) openRegistry(reference string) (*place, error) {
	cas, err := flags.CAs(f.caFile)
	if err != nil {
		return nil, err
	}
	r, wanted, err := registry.Open(reference, registry.Config{CAs: cas, PlainHTTP: f.plainHTTP})
	if err != nil {
		return nil, err
	}
	return &place{r, reference, r.Name(), wanted, func() error { return nil }}, nil
}

func (f *imageFlags) open() (*place, error) {
	if f.layout != "" {
		return openLayout(f.layout)
	}
	return f.openRegistry(f.reference)
}

// openOrigin opens a folder, or a repository if there is no such folder and
// the name begins with a host: a folder's name that is misspelt asks nobody.
// A name of a repository that is also that of a folder is refused: someone who
// can make a folder must not choose what a mirror is held against.
func (f *imageFlags) openOrigin() (*place, error) {
	p, err := openLayout(f.mirrorOf)
	switch repository, absent := isRepository(f.mirrorOf), errors.Is(err, fs.ErrNotExist); {
	case repository && absent:
		return f.openRegistry(f.mirrorOf)
	case repository:
		if err == nil {
			p.close()
		}
		return nil, refuse.New("command.ambiguous", "--mirror-of %s: an image in a registry and the name of a folder, want ./%[1]s for the folder", f.mirrorOf)
	}
	return p, err
}

// isRepository reports whether a name can be taken for HOST/REPOSITORY.
func isRepository(name string) bool {
	host, _, slash := strings.Cut(name, "/")
	return slash && filepath.VolumeName(name) == "" &&
		(strings.Trim(host, ".") != "" && strings.ContainsAny(host, ".:") || host == "localhost")
}

// title names an image by its digest.
func (p *place) title(d oci.Digest) string {
	name := strings.TrimSuffix(p.name, "@"+d.String())
	return name + "@" + d.String()
}

// unjudgeable are the codes of images that nobody has looked at: as with a file
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
	return &refusal{err}
}

// sign signs what statement says about the image, and attaches the bundle or
// writes it to the file. The image is found before anybody is asked who they
// are.
func (f *imageFlags) sign(cmd *cobra.Command, verb string, flags *signerFlags, reads *outfile.Set, file string, statement func(*place, oci.Descriptor) ([]byte, error)) error {
	ctx := cmd.Context()
	f.caFile = flags.CAFile
	p, err := f.open()
	if err != nil {
		return imageError(err)
	}
	defer p.close()
	target, err := f.target(p, reads, file)
	if err != nil {
		return err
	}
	image, err := p.Resolve(ctx, p.reference)
	if err != nil {
		return imageError(err)
	}
	payload, err := statement(p, image)
	if err != nil {
		return asRefusal(err)
	}
	signer, err := flags.signer(cmd)
	if err != nil {
		return err
	}
	title := p.title(image.Digest)
	where := file
	checked := []string{"--image", title}
	if f.layout != "" {
		checked = []string{"--oci-layout", title}
	}
	if f.plainHTTP {
		checked = append(checked, "--plain-http")
	}
	if f.caFile != "" && f.reference != "" {
		checked = append(checked, "--ca-file", f.caFile)
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
	return flags.say(cmd, verb, title, where, signed, checked, true)
}

// target is the file that the bundle goes to, if one is named. It refuses a
// file or a layout that the bundle cannot be written to.
func (f *imageFlags) target(p *place, reads *outfile.Set, file string) (flags.Target, error) {
	layout, ok := p.Store.(*oci.Layout)
	switch {
	case ok && file != "":
		dir := f.layout
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
		return "", nil, &refusal{fmt.Errorf("%s is not signed: %w", title, err)}
	}
	d, err := oci.Attach(ctx, p, image, signed.Bundle, now())
	if err == nil {
		return d.String(), signed, nil
	}
	// What was signed is public for good, and there is no second way to the
	// bundle.
	sum := sha256.Sum256(signed.Bundle)
	name := fmt.Sprintf("unattached-%x.sigstore.json", sum[:8])
	if lost := outfile.Create(name, append(signed.Bundle, '\n'), 0o666); lost != nil {
		return "", nil, &refusal{fmt.Errorf("%s is signed, and the bundle is neither attached nor written: %w", title, errors.Join(err, lost))}
	}
	return "", nil, &refusal{fmt.Errorf("%s is signed, and the bundle is not attached but written to %s, for sigbundle attach: %w", title, name, err)}
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
