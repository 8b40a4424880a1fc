// SPDX-License-Identifier: Apache-2.0

// Package instances keeps what a user has said about Sigstore
// instances: which there are, from which TUF root each is proved, and where
// its mirror is. Those that are built in need no telling.
//
// What it keeps is configuration, which the user vouches for, in one folder,
// and caches, which are proved every time they are read, in another.
//
// # Errors and compatibility
//
// The stable code of an error is told by codes.Of of package verify/codes. This
// package follows semantic versioning from v0.1.0 on, and codes keep their
// meaning.
package instances

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sigbundle/sigbundle/internal/infile"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/trustroot/embedded"
	"github.com/sigbundle/sigbundle/trustroot/signingconfig"
	"github.com/sigbundle/sigbundle/trustroot/tufroot"
)

// Codes of refusals.
const (
	codeUnknown = refuse.Code("trust.instance")
	codeConfig  = refuse.Code("instance.config")
)

// Bounds on what is kept.
const (
	maxInstances = 256
	maxFile      = 8 << 20
	maxName      = 64
)

// Store is the two folders. The zero Store knows the built-in instances only.
type Store struct {
	Config string // one folder for each instance that was added
	Cache  string // one cache of package tufsync for each instance
}

// At returns the store below one folder.
func At(dir string) Store {
	return Store{Config: filepath.Join(dir, "instances"), Cache: filepath.Join(dir, "cache")}
}

// ForUser returns the store in the places that the system has for
// configuration and caches. A user without a home has only what is built in.
func ForUser() Store {
	var s Store
	if dir, err := os.UserConfigDir(); err == nil {
		s.Config = filepath.Join(dir, "sigbundle", "instances")
	}
	if dir, err := os.UserCacheDir(); err == nil {
		s.Cache = filepath.Join(dir, "sigbundle", "tuf")
	}
	return s
}

// Instance is one instance. It has a TUF root, or for an instance without a
// TUF repository a ClientTrustConfig.
type Instance struct {
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	BuiltIn     bool   `json:"builtIn,omitempty"`
	// Mirror is where its TUF repository is, and TargetsURL where its target
	// files are, if not below that.
	Mirror     string `json:"mirror,omitempty"`
	TargetsURL string `json:"targetsUrl,omitempty"`
	// NotFound are the HTTP status codes by which the mirror says that a file
	// does not exist; empty for 404.
	NotFound []int `json:"notFound,omitempty"`
	// RootSHA256 is that of the file the instance was added with.
	RootSHA256 string `json:"rootSha256,omitempty"`

	TUFRoot     []byte `json:"-"`
	ClientTrust []byte `json:"-"`
}

// devices are what Windows takes for a device, whatever follows a dot.
var devices = []string{"con", "prn", "aux", "nul", "com0", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9",
	"lpt0", "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9"}

// checkName keeps names to what can be typed anywhere and names a folder
// everywhere.
func checkName(name string) error {
	ok := name != "" && len(name) <= maxName && name[0] != '.' && name[0] != '-' && !strings.HasSuffix(name, ".")
	for i := range len(name) {
		c := name[i]
		ok = ok && ('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '.' || c == '_')
	}
	if stem, _, _ := strings.Cut(name, "."); slices.Contains(devices, stem) {
		return refuse.New(codeConfig, "%.80q: the name of a device on some systems, want another name for the instance", name)
	}
	if !ok {
		return refuse.New(codeConfig, "%.80q is not a name for an instance: want lower-case letters, digits, and within them - . _", name)
	}
	return nil
}

// CacheDir returns the folder of an instance's cache, "" if there is no place
// for one.
func (s Store) CacheDir(name string) string {
	if s.Cache == "" || checkName(name) != nil {
		return ""
	}
	return filepath.Join(s.Cache, name)
}

// List returns the built-in instances and then those added, by name. Of one
// that is damaged it returns the name.
func (s Store) List() ([]Instance, error) {
	var list []Instance
	for _, i := range embedded.Instances() {
		in, err := builtIn(i)
		if err != nil {
			return nil, err
		}
		list = append(list, in)
	}
	added, err := s.added()
	if err != nil {
		return nil, err
	}
	for _, name := range added {
		in, err := s.read(name)
		if err != nil {
			in = Instance{Name: name} // it exists; Find says what is wrong with it
		}
		list = append(list, in)
	}
	return list, nil
}

// added returns the names of the instances that were added.
func (s Store) added() ([]string, error) {
	if s.Config == "" {
		return nil, nil
	}
	entries, err := os.ReadDir(s.Config)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if len(entries) > maxInstances {
		return nil, refuse.New(codeConfig, "more than %d instances", maxInstances)
	}
	var names []string
	for _, e := range entries {
		if !e.Type().IsRegular() && checkName(e.Name()) == nil { // others are being written, or not ours
			names = append(names, e.Name())
		}
	}
	return names, nil
}

func builtIn(i embedded.Instance) (Instance, error) {
	root, err := embedded.TUFRoot(i.Name)
	return Instance{Name: i.Name, Description: i.Description, BuiltIn: true, Mirror: i.TUFURL, RootSHA256: sum(root), TUFRoot: root}, err
}

func sum(data []byte) string {
	s := sha256.Sum256(data)
	return hex.EncodeToString(s[:])
}

// Find returns one instance. The refusal trust.instance names those that are
// known.
//
// It reads that one only: a damaged instance must not stand in the way of the
// others.
func (s Store) Find(name string) (Instance, error) {
	var known []string
	for _, i := range embedded.Instances() {
		if i.Name == name {
			return builtIn(i)
		}
		known = append(known, i.Name)
	}
	added, err := s.added()
	if err != nil {
		return Instance{}, err
	}
	if slices.Contains(added, name) {
		return s.read(name)
	}
	known = append(known, added...)
	return Instance{}, refuse.New(codeUnknown, "instance %.80q is unknown: known are %s; sigbundle trust add makes others known", name, strings.Join(known, ", "))
}

// The files of an instance.
const (
	configFile      = "instance.json"
	rootFile        = "root.json"
	clientTrustFile = "client_trust_config.json"
)

func (s Store) read(name string) (Instance, error) {
	dir := filepath.Join(s.Config, name)
	data, err := readFile(filepath.Join(dir, configFile))
	if err != nil {
		return Instance{}, err
	}
	var in Instance
	if err := json.Unmarshal(data, &in); err != nil || in.Name != name {
		return Instance{}, refuse.New(codeConfig, "%s is damaged; remove the instance and add it again", filepath.Join(dir, configFile))
	}
	in.BuiltIn = false
	file, into := rootFile, &in.TUFRoot
	if in.Mirror == "" {
		file, into = clientTrustFile, &in.ClientTrust
	}
	if *into, err = readFile(filepath.Join(dir, file)); err != nil {
		return Instance{}, err
	}
	if sum(*into) != in.RootSHA256 {
		return Instance{}, refuse.New(codeConfig, "%s is not the file that the instance was added with", filepath.Join(dir, file))
	}
	return in, nil
}

func readFile(name string) ([]byte, error) {
	data, err := infile.Read(name, maxFile)
	if errors.Is(err, infile.ErrTooLarge) {
		err = refuse.New(codeConfig, "%s has more than %d bytes", name, maxFile)
	}
	return data, err
}

// Add keeps an instance. It must have a TUF root and a mirror, or a
// ClientTrustConfig, and a name that is not taken. It returns the instance as
// kept, with the digest of what it rests on.
func (s Store) Add(in Instance) (Instance, error) {
	if err := checkName(in.Name); err != nil {
		return in, err
	}
	if s.Config == "" {
		return in, errors.New("there is no folder to keep instances in: name one with --trust-dir")
	}
	if _, err := s.Find(in.Name); err == nil {
		return in, refuse.New(codeConfig, "there is an instance %q already", in.Name)
	} else if refuse.CodeOf(err) != codeUnknown {
		return in, err
	}
	if err := in.check(); err != nil {
		return in, err
	}
	file, data := rootFile, in.TUFRoot
	if in.Mirror == "" {
		file, data = clientTrustFile, in.ClientTrust
	}
	in.RootSHA256 = sum(data)
	config, err := json.MarshalIndent(in, "", "  ")
	if err != nil {
		return in, err
	}
	return in, s.write(in.Name, map[string][]byte{configFile: append(config, '\n'), file: data})
}

// check refuses an instance that could not be used later.
func (in *Instance) check() error {
	switch {
	case in.ClientTrust != nil:
		if in.TUFRoot != nil || in.Mirror != "" {
			return refuse.New(codeConfig, "an instance has a TUF repository or a ClientTrustConfig, not both")
		}
		_, err := signingconfig.ParseClientTrust(in.ClientTrust)
		return err
	case in.TUFRoot == nil || in.Mirror == "":
		return refuse.New(codeConfig, "an instance needs a TUF root and a mirror")
	}
	_, err := tufroot.CheckRoot(in.TUFRoot)
	return err
}

// write puts an instance's folder in its place at once.
func (s Store) write(name string, files map[string][]byte) (err error) {
	if err := os.MkdirAll(s.Config, 0o700); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(s.Config, ".new-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	for _, file := range slices.Sorted(maps.Keys(files)) {
		if err := os.WriteFile(filepath.Join(tmp, file), files[file], 0o600); err != nil {
			return err
		}
	}
	if err := os.Rename(tmp, filepath.Join(s.Config, name)); err != nil {
		return fmt.Errorf("cannot keep the instance: %w", err)
	}
	return nil
}

// Remove forgets an instance and its cache. Of a built-in one it forgets the
// cache.
func (s Store) Remove(name string) error {
	in, err := s.Find(name)
	if err != nil {
		// A damaged instance can be removed: that is what to do about it.
		if added, _ := s.added(); !slices.Contains(added, name) {
			return err
		}
	}
	if !in.BuiltIn {
		if err := os.RemoveAll(filepath.Join(s.Config, name)); err != nil {
			return err
		}
	}
	if dir := s.CacheDir(name); dir != "" {
		return os.RemoveAll(dir)
	}
	return nil
}
