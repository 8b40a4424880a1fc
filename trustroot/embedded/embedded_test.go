// SPDX-License-Identifier: Apache-2.0

package embedded_test

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/tlog"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/trustroot/embedded"
	trustrootv1 "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"github.com/theupdateframework/go-tuf/v2/metadata"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

func TestInstances(t *testing.T) {
	for _, i := range embedded.Instances() {
		raw, err := embedded.TUFRoot(i.Name)
		if err != nil {
			t.Fatal(err)
		}
		meta, err := metadata.Root().FromBytes(raw)
		if err != nil {
			t.Fatalf("%s: %v", i.Name, err)
		}
		if err := meta.VerifyDelegate(metadata.ROOT, meta); err != nil {
			t.Errorf("%s: the TUF root does not sign itself: %v", i.Name, err)
		}
		if !strings.Contains(embedded.Provenance(), fmt.Sprintf("## %s/root.json", i.Name)) ||
			!strings.Contains(embedded.Provenance(), fmt.Sprintf("%x", sha256.Sum256(raw))) {
			t.Errorf("%s: PROVENANCE.md does not name the TUF root", i.Name)
		}
		root, err := embedded.TrustedRoot(i.Name)
		if err != nil {
			t.Fatalf("%s: %v", i.Name, err)
		}
		if len(root.Ignored()) != 0 {
			t.Errorf("%s: unusable: %v", i.Name, root.Ignored())
		}
		if !strings.Contains(embedded.Provenance(), fmt.Sprintf("%x", root.SHA256())) {
			t.Errorf("%s: PROVENANCE.md does not name the trusted root", i.Name)
		}
		for _, l := range root.Logs() {
			if !l.IDMatchesKey() {
				t.Errorf("%s: log %s: the ID is not that of its key", i.Name, l.ID())
			}
		}
	}
}

func TestUnknownInstance(t *testing.T) {
	for _, name := range []string{"", "prod", "public-good/..", "../data/public-good"} {
		if _, err := embedded.TrustedRoot(name); refuse.CodeOf(err) != "trust.instance" {
			t.Errorf("%q: %v", name, err)
		}
		if b, err := embedded.TUFRoot(name); refuse.CodeOf(err) != "trust.instance" || b != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// The public instance must know Rekor v2 and its timestamp authority: roots
// from before September 2025 refuse today's bundles.
func TestPublicGoodIsRecent(t *testing.T) {
	root, err := embedded.TrustedRoot(embedded.PublicGood)
	if err != nil {
		t.Fatal(err)
	}
	id, _ := base64.StdEncoding.DecodeString("zxGZFVvd0FEmjR8WrFwMdcAJ9vtaY/QXf44Y1wUeP6A=")
	if l := root.Log(tlog.ID(id)); l == nil || l.Name() != "log2025-1.rekor.sigstore.dev" {
		t.Error("no log2025-1")
	}
	if tsas := root.TimestampAuthorities(); len(tsas) != 1 || tsas[0].Leaf() == nil {
		t.Error("no timestamp authority")
	}
	if len(root.Logs()) != 2 || len(root.CTLogs()) != 2 || len(root.CertificateAuthorities()) != 2 {
		t.Error("not the expected number of instances")
	}
}

// protojson reads the same from the embedded roots as we do, and what we
// write back is the same message.
func TestAgainstProtojson(t *testing.T) {
	for _, name := range []string{embedded.PublicGood, embedded.Staging, embedded.GitHub} {
		root, err := embedded.TrustedRoot(name)
		if err != nil {
			t.Fatal(err)
		}
		written, _ := root.MarshalJSON()
		var m trustrootv1.TrustedRoot
		if err := protojson.Unmarshal(written, &m); err != nil {
			t.Fatal(err)
		}
		if !proto.Equal(&m, root.Proto()) {
			t.Errorf("%s: MarshalJSON and Proto differ", name)
		}
		if root.MediaType() != trustroot.MediaTypeV01 || m.MediaType != trustroot.MediaTypeV01 {
			t.Errorf("%s: media type %q", name, m.MediaType)
		}
		again, err := trustroot.Parse(written)
		if err != nil {
			t.Fatal(err)
		}
		if !proto.Equal(again.Proto(), &m) {
			t.Errorf("%s: a second reading differs", name)
		}
	}
}
