// SPDX-License-Identifier: Apache-2.0

package stacktest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"
)

// Email is who the token in a Folder is for.
const Email = "dev@example.test"

// Folder is a directory with what it takes to sign: artifact, other (another
// artifact), predicate, token, and the key pair key.pem and key.pub, of ECDSA
// on P-256.
type Folder string

// NewFolder makes one for a test.
func (s *Stack) NewFolder(t testing.TB) Folder {
	t.Helper()
	f := Folder(t.TempDir())
	f.Write(t, "artifact", []byte("hello from "+t.Name()+"\n"))
	f.Write(t, "other", []byte("something else\n"))
	f.Write(t, "predicate", []byte(`{"made":"by hand"}`))
	f.Write(t, "token", []byte(s.Token(t, Email)))
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	f.Write(t, "key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
	f.Write(t, "key.pub", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}))
	return f
}

// File is the path of a file in the folder.
func (f Folder) File(name string) string { return filepath.Join(string(f), name) }

// Write writes a file in the folder.
func (f Folder) Write(t testing.TB, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(f.File(name), data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// Read reads a file in the folder.
func (f Folder) Read(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(f.File(name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}
