// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sigbundle/sigbundle/cmd/internal/outfile"
	"github.com/sigbundle/sigbundle/internal/screen"
	"github.com/sigbundle/sigbundle/sign"
)

// keyKinds are short names of algorithms, for people.
var keyKinds = map[string]sign.Algorithm{
	"p256": sign.ECDSAP256, "p384": sign.ECDSAP384, "p521": sign.ECDSAP521, "ed25519": sign.Ed25519ph,
	"rsa2048": sign.RSA2048, "rsa3072": sign.RSA3072, "rsa4096": sign.RSA4096,
}

type keygenFlags struct {
	output       string
	algorithm    string
	noPassphrase bool
	passphrase   passphraseFlag
}

func newKeygen() *cobra.Command {
	f := new(keygenFlags)
	cmd := &cobra.Command{
		Use:   "keygen",
		Short: "Make a key pair to sign with",
		Long: `Keygen makes a key pair. The private key goes to --output, encrypted under a
passphrase (PKCS #8, scrypt, AES-256) and readable by you only. The public key
goes beside it: NAME.key has NAME.pub. Neither file may exist before.

The passphrase comes from --passphrase-file, from $` + passwordVariable + `, or from a
question on the terminal. With --no-passphrase the private key is not encrypted:
anyone who reads the file can sign.

ALGORITHM is p256 (ECDSA, the default), p384, p521, ed25519, rsa2048, rsa3072,
rsa4096, or the name of an algorithm that sigbundle sign --algorithm takes. All
logs take p256. sigbundle does not make ML-DSA keys.`,
		Example: `  sigbundle keygen --output release.key
  sigbundle sign release.tar.gz --key release.key
  sigbundle verify release.tar.gz --key release.pub

  # in a script
  sigbundle keygen --output release.key --algorithm ed25519 --passphrase-file secret.txt`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.output, "output", "sigbundle.key", "write the private key to this new `FILE`")
	fl.StringVar(&f.algorithm, "algorithm", "p256", "the `ALGORITHM` of the key")
	fl.BoolVar(&f.noPassphrase, "no-passphrase", false, "do not encrypt the private key")
	f.passphrase.add(cmd)
	cmd.MarkFlagsMutuallyExclusive("passphrase-file", "no-passphrase")
	_ = cmd.RegisterFlagCompletionFunc("algorithm", cobra.FixedCompletions(keyKindNames(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func keyKindNames() []string { return slices.Sorted(maps.Keys(keyKinds)) }

// publicName is the name of the file with the public key of a private one.
func publicName(private string) string {
	ext := filepath.Ext(private)
	if ext == ".key" || ext == ".pem" {
		private = strings.TrimSuffix(private, ext)
	}
	return private + ".pub"
}

func (f *keygenFlags) run(cmd *cobra.Command) error {
	algorithm, ok := keyKinds[strings.ToLower(f.algorithm)]
	if !ok {
		var err error
		if algorithm, err = sign.ParseAlgorithm(f.algorithm); err != nil {
			return fmt.Errorf("--algorithm %q: unknown, want one of %s", f.algorithm, strings.Join(keyKindNames(), ", "))
		}
	}
	public := publicName(f.output)
	if filepath.Ext(f.output) == ".pub" {
		return fmt.Errorf("--output %s: the name of a public key, want one for the private key", f.output)
	}
	for _, name := range []string{f.output, public} { // before anyone types a passphrase
		if err := outfile.CheckNew(name); err != nil {
			return existing(name, err)
		}
	}
	key, private, err := f.make(algorithm)
	if err != nil {
		return err
	}
	if err := outfile.Create(f.output, private, 0o600); err != nil {
		return existing(f.output, err)
	}
	if err := outfile.Create(public, key.PublicPEM(), 0o666); err != nil {
		return errors.Join(existing(public, err), os.Remove(f.output)) // half a pair is of no use
	}
	return f.say(cmd, key, public)
}

// make makes the key, and the text of its file.
func (f *keygenFlags) make(algorithm sign.Algorithm) (*sign.Key, []byte, error) {
	var passphrase []byte
	if !f.noPassphrase {
		var err error
		if passphrase, err = f.passphrase.read("passphrase for the new key: ", "the same passphrase again: "); err != nil {
			return nil, nil, err
		}
		if len(passphrase) == 0 {
			return nil, nil, errors.New("passphrase: empty, want a passphrase, or --no-passphrase")
		}
	}
	key, err := sign.GenerateKey(algorithm)
	if err != nil {
		return nil, nil, err
	}
	if f.noPassphrase {
		private, err := key.PlainPEM()
		return key, private, err
	}
	private, err := key.EncryptPEM(passphrase)
	return key, private, err
}

// existing says what to do about a file that exists.
func existing(name string, err error) error {
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s: already exists, want --output to write elsewhere", name)
	}
	return err
}

func (f *keygenFlags) say(cmd *cobra.Command, key *sign.Key, public string) error {
	state := "encrypted"
	if f.noPassphrase {
		state = "not encrypted"
	}
	var b strings.Builder
	line := func(name, value string) { fmt.Fprintf(&b, "  %-10s %s\n", name, screen.Escape(value)) }
	fmt.Fprintf(&b, "made the key pair %s (private, %s) and %s (public)\n", screen.Escape(f.output), state, screen.Escape(public))
	line("algorithm", algorithmName(key.Algorithm()))
	line("key id", key.Hint())
	line("sha256", fmt.Sprintf("%x", sha256.Sum256(key.SPKI())))
	line("sign", "sigbundle sign FILE --key "+shellWord(f.output))
	line("verify", "sigbundle verify FILE --key "+shellWord(public))
	_, err := fmt.Fprint(cmd.OutOrStdout(), b.String())
	return err
}

// algorithmName is the name of an algorithm in the registry.
func algorithmName(a sign.Algorithm) string {
	for _, name := range sign.AlgorithmNames() {
		if known, err := sign.ParseAlgorithm(name); err == nil && known == a {
			return name
		}
	}
	return a.String()
}
