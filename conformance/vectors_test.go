// SPDX-License-Identifier: Apache-2.0

package conformance_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/ctlog"
	"github.com/sigbundle/sigbundle/dsse"
	"github.com/sigbundle/sigbundle/tlog"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/trustroot/embedded"
)

// This file holds numbers that others computed, with other programs, over the
// public suite's cases. Our own signer could share a mistake with our own
// verifier; these cannot.

// published reads a bundle of the public suite: from the folder that
// SIGBUNDLE_SUITE names or, for cases that it lacks, from the one that
// SIGBUNDLE_CORPUS names. The test is skipped if neither has it.
func published(t *testing.T, name string) *bundle.Bundle {
	t.Helper()
	for env, path := range map[string]string{
		"SIGBUNDLE_SUITE":  "bundle-verify/" + name + "/bundle.sigstore.json",
		"SIGBUNDLE_CORPUS": "bundles/conformance/" + name + ".json",
	} {
		dir := os.Getenv(env)
		if dir == "" {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, path))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := bundle.Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	t.Skipf("neither SIGBUNDLE_SUITE nor SIGBUNDLE_CORPUS has %s", name)
	return nil
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
		t.Errorf("%s: %s, want %s", what, g, w)
	}
}

func sum(data []byte) string { return fmt.Sprintf("%x", sha256.Sum256(data)) }

func publicGood(t *testing.T) *trustroot.Root {
	t.Helper()
	root, err := embedded.TrustedRoot(embedded.PublicGood)
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// Promise, proof and checkpoint of an entry in the public Rekor v1.
func TestVectorsOfRekorV1(t *testing.T) {
	b := published(t, "happy-path-v0.3")
	e := &b.Entries[0]
	log := publicGood(t).Log(e.LogID)
	promised := fmt.Sprintf(`{"body":"%s","integratedTime":%d,"logID":"%x","logIndex":%d}`,
		base64.StdEncoding.EncodeToString(e.Body.Raw), e.Integrated, e.LogID[:], e.Index)
	equal(t, "bytes of the promise", sum([]byte(promised)), "a77a67b05ef48abed4f89d052a01940e1fda0144fe6f845d353e809d19d8d35c")
	if _, err := log.VerifyPromise(e); err != nil {
		t.Errorf("promise: %v", err)
	}
	equal(t, "index of the log", e.Index, 79571823)
	vectorOfProof(t, log, e, "aee3c920bb1132e929ed20e1c194579a60e95849f7a554e0033fdd26ee221629",
		75408392, "1679e3d7752ed63764b0f7381d92daa4a5f7dbd755943e7e30636c8aa06ad573",
		"45fa9d5dd1fe30a4b10fab1923629c268b404a30e2bda4b37eb1ee1fc4f0154b", 75)
}

// The same of an entry in a Rekor v2, and the leaf of one for an envelope.
func TestVectorsOfRekorV2(t *testing.T) {
	b := published(t, "rekor2-happy-path")
	data, err := os.ReadFile(filepath.Join(os.Getenv("SIGBUNDLE_SUITE"), "bundle-verify/rekor2-happy-path/trusted_root.json"))
	if err != nil {
		t.Fatal(err)
	}
	root, err := trustroot.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	e := &b.Entries[0]
	if id := hex.EncodeToString(e.LogID[:]); !strings.HasPrefix(id, "f30d5a99") || !strings.HasSuffix(id, "e3825dc9") {
		t.Errorf("log ID %s", id)
	}
	vectorOfProof(t, root.Log(e.LogID), e, "78470eff2921878c2141726b650bf349099c37850a731f287a6accf35d40441f",
		735, "aecd583d8d3274057497181faeae69138a11a54270a37b327a9b39f9e1944c32",
		"0993b81b9163c77247235d404ba48548dbf34cd50f96f446bd7466f092ae8b3a", 68)
	b = published(t, "rekor2-dsse-happy-path")
	if leaf := leafHash(b.Entries[0].Body.Raw); !strings.HasPrefix(leaf, "fe40655a") || !strings.HasSuffix(leaf, "ab3c2f99") || b.Entries[0].Index != 4026478 {
		t.Errorf("leaf %s at %d", leaf, b.Entries[0].Index)
	}
}

func leafHash(body []byte) string { return sum(append([]byte{0}, body...)) }

// vectorOfProof holds an entry that is the last of its tree against the
// published numbers.
func vectorOfProof(t *testing.T, log *tlog.Log, e *tlog.Entry, leaf string, index uint64, root, note string, signature int) {
	t.Helper()
	equal(t, "leaf", leafHash(e.Body.Raw), leaf)
	equal(t, "index", e.Proof.Index, index)
	text, lines, _ := strings.Cut(e.Proof.Checkpoint, "\n\n")
	equal(t, "text of the checkpoint", sum([]byte(text+"\n")), note)
	blob, err := base64.StdEncoding.DecodeString(strings.Fields(lines)[2])
	if err != nil {
		t.Error(err)
	}
	equal(t, "length of its signature", len(blob), signature)
	c, err := log.OpenCheckpoint(e.Proof.Checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "size", c.Size, index+1)
	equal(t, "root", hex.EncodeToString(c.Root[:]), root)
	g, err := log.Generation(e, c)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.VerifyInclusion(c, g); err != nil {
		t.Error(err)
	}
}

// The signed certificate timestamp of a public certificate, checked with
// openssl by others.
func TestVectorOfSCT(t *testing.T) {
	b := published(t, "happy-path-v0.3")
	if got := sum(b.Leaf.Raw); !strings.HasPrefix(got, "1d14e1e5") || !strings.HasSuffix(got, "9d5f27b8") {
		t.Errorf("leaf %s", got)
	}
	equal(t, "length of the certificate", len(b.Leaf.Raw), 2101)
	equal(t, "length of what is signed of it", len(b.Leaf.RawTBSCertificate), 1979)
	list, err := ctlog.ParseList(b.Leaf)
	if err != nil || len(list) != 1 {
		t.Fatalf("%d timestamps: %v", len(list), err)
	}
	sct := &list[0]
	equal(t, "timestamp", sct.Timestamp, uint64(1710869186470))
	if id := hex.EncodeToString(sct.LogID[:]); !strings.HasPrefix(id, "dd3d306a") || !strings.HasSuffix(id, "2f29ee8e") {
		t.Errorf("log ID %s", id)
	}
	root := publicGood(t)
	chains, err := root.Chains(b.Leaf, b.Intermediates, time.UnixMilli(int64(sct.Timestamp)))
	if err != nil {
		t.Fatal(err)
	}
	p, err := ctlog.NewPrecert(b.Leaf, chains[0].Certificates[1])
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "length without the list", len(p.TBS), 1838)
	equal(t, "hash of the issuer's key", hex.EncodeToString(p.IssuerKeyHash[:]), "c355ee53d69e68aade04e5c6cc202cfac11fbcaa67e9a2ba7a64ced2aec8ccd0")
	in := binary.BigEndian.AppendUint64([]byte{0, 0}, sct.Timestamp)
	in = append(append(in, 0, 1), p.IssuerKeyHash[:]...)
	in = append(append(in, byte(len(p.TBS)>>16), byte(len(p.TBS)>>8), byte(len(p.TBS))), p.TBS...)
	in = append(in, 0, 0)
	equal(t, "length of the input", len(in), 1887)
	equal(t, "input", sum(in), "375a7aa5238c9a9260ae4765240c256ffa7da18b259688f6b4d2666aca4f28f0")
	if _, err := root.CTLog(sct.LogID).Verify(sct, p); err != nil {
		t.Error(err)
	}
}

// A static CT log's timestamp: the extension holds the leaf's index, 112.
func TestVectorOfSCTExtensions(t *testing.T) {
	b := published(t, "bundle-with-sct-with-extensions")
	list, err := ctlog.ParseList(b.Leaf)
	if err != nil || len(list) != 1 {
		t.Fatalf("%d timestamps: %v", len(list), err)
	}
	equal(t, "extensions", hex.EncodeToString(list[0].Extensions), "0000050000000070")
	equal(t, "timestamp", list[0].Timestamp, uint64(0x19bc3d96cbd))
}

// The encoding of DSSE.
func TestVectorsOfPAE(t *testing.T) {
	for _, c := range []struct{ payloadType, payload, pae, sum string }{
		{"http://example.com/HelloWorld", "hello world", "DSSEv1 29 http://example.com/HelloWorld 11 hello world", "217751fac2c4f14edb2c9297fbc34abcb016ba88e74757e875ec4ac16fb6b6a1"},
		{"application/vnd.in-toto+json", "{}", "DSSEv1 28 application/vnd.in-toto+json 2 {}", "4842cb1ba6fed6e460d8a0d56f6b64ccf1f1e11f7714a7f282080d5780251b63"},
	} {
		got := dsse.PAE(c.payloadType, []byte(c.payload))
		equal(t, "encoding", string(got), c.pae)
		equal(t, "its hash", sum(got), c.sum)
	}
}
