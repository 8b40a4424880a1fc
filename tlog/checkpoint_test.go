// SPDX-License-Identifier: Apache-2.0

package tlog

import (
	"crypto"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"

	v1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// TestKnownIDs recomputes what the public good instance is known by.
func TestKnownIDs(t *testing.T) {
	for _, c := range []struct {
		url, key, id string
		algorithm    v1.PublicKeyDetails
		generation   Generation
		hint         string
	}{
		{"https://rekor.sigstore.dev",
			"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE2G2Y+2tabdTV5BcGiBIx0a9fAFwrkBbmLSGtks4L3qX6yYY0zufBnhC8Ur/iy55GhWP/9A/bY2LhC30M9+RYtw==",
			"c0d23d6ad406973f9559f3ba2d1ca01f84147d8ffc5b8445c224f98b9591801d",
			v1.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256, 0, "c0d23d6a"},
		{"https://log2025-1.rekor.sigstore.dev",
			"MCowBQYDK2VwAyEAt8rlp1knGwjfbcXAYPYAkn0XiLz1x8O4t0YkEhie244=",
			"cf1199155bddd051268d1f16ac5c0c75c009f6fb5a63f4177f8e18d7051e3fa0",
			v1.PublicKeyDetails_PKIX_ED25519, V2, "cf119915"},
	} {
		id, _ := hex.DecodeString(c.id)
		hint, _ := hex.DecodeString(c.hint)
		key, _ := base64.StdEncoding.DecodeString(c.key)
		l, err := NewLog(LogConfig{ID: ID(id), Key: key, Algorithm: c.algorithm, BaseURL: c.url,
			CheckpointKeyID: hint, Windows: window2024})
		if err != nil {
			t.Fatalf("%s: %v", c.url, err)
		}
		if k := l.CheckpointKeyID(); !l.IDMatchesKey() || l.generation != c.generation || string(k[:]) != string(hint) {
			t.Errorf("%s: fits %t, generation %v, hint %x", c.url, l.IDMatchesKey(), l.generation, l.CheckpointKeyID())
		}
		if b := l.ID().String(); b != base64.StdEncoding.EncodeToString(id) {
			t.Errorf("ID is written %s", b)
		}
	}
}

// TestKnownTexts hashes the signed text of checkpoints of public logs.
func TestKnownTexts(t *testing.T) {
	for _, c := range []struct {
		origin string
		size   uint64
		root   string
		sum    string
	}{
		{"log2025-alpha1.rekor.sigstage.dev", 736,
			"aecd583d8d3274057497181faeae69138a11a54270a37b327a9b39f9e1944c32",
			"0993b81b9163c77247235d404ba48548dbf34cd50f96f446bd7466f092ae8b3a"},
		{"rekor.sigstore.dev - 2605736670972794746", 75408393,
			"1679e3d7752ed63764b0f7381d92daa4a5f7dbd755943e7e30636c8aa06ad573",
			"45fa9d5dd1fe30a4b10fab1923629c268b404a30e2bda4b37eb1ee1fc4f0154b"},
	} {
		root, _ := hex.DecodeString(c.root)
		text := headText(c.origin, c.size, Hash(root))
		if sum := sha256.Sum256([]byte(text)); hex.EncodeToString(sum[:]) != c.sum {
			t.Errorf("%s: text has hash %x, want %s", c.origin, sum, c.sum)
		}
		if head, err := parseTreeHead(text); err != nil || head.Size != c.size || head.Root != Hash(root) {
			t.Errorf("%s: %+v, %v", c.origin, head, err)
		}
	}
}

// TestGenerations opens a checkpoint of every form with logs of every form of
// ID. Where the ID speaks, the origin cannot change the answer.
func TestGenerations(t *testing.T) {
	ec, ed := ecKey(t, elliptic.P256(), 1), edKey(1)
	other := ID{1, 2, 3}
	for _, c := range []struct {
		name         string
		key          crypto.Signer
		id           ID
		host, origin string
		want         Generation
		code         refuse.Code
	}{
		{"v1, ECDSA", ec, spkiID(t, ec, ""), hostV1, originV1, V1, ""},
		{"v2, ECDSA", ec, spkiID(t, ec, ""), hostV2, hostV2, V2, ""},
		{"neither, ECDSA", ec, spkiID(t, ec, ""), hostV1, "elsewhere", 0, "tlog.checkpoint.origin"},
		{"tree without name, ECDSA", ec, spkiID(t, ec, ""), hostV1, " - 12", 0, "tlog.checkpoint.origin"},
		{"tree without number, ECDSA", ec, spkiID(t, ec, ""), hostV1, hostV1 + " - ", 0, "tlog.checkpoint.origin"},
		{"tree in words, ECDSA", ec, spkiID(t, ec, ""), hostV1, hostV1 + " - 12a", 0, "tlog.checkpoint.origin"},
		{"v1, Ed25519", ed, spkiID(t, ed, ""), hostV1, originV1, V1, ""},
		{"v1, Ed25519, any origin", ed, spkiID(t, ed, ""), hostV1, "elsewhere", V1, ""},
		{"v2, Ed25519, by the ID of v1", ed, spkiID(t, ed, ""), hostV1, hostV1, V2, ""},
		{"v2, Ed25519", ed, edNoteID(t, ed, hostV2), hostV2, hostV2, V2, ""},
		{"v2, Ed25519, v1's origin", ed, edNoteID(t, ed, hostV2), hostV2, originV1, 0, "tlog.checkpoint.origin"},
		{"foreign ID, v1", ed, other, hostV1, originV1, V1, ""},
		{"foreign ID, v2", ed, other, hostV2, hostV2, V2, ""},
		{"foreign ID, neither", ed, other, hostV2, "elsewhere", 0, "tlog.checkpoint.origin"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRekor(t, c.key, c.host, c.origin, c.id)
			text := headText(c.origin, 9, Hash{9})
			hint := r.names[0].id
			head, err := r.OpenCheckpoint(text + "\n" + r.line(t, c.host, string(hint[:4]), text))
			wantCode(t, err, c.code)
			if err == nil && head.Generation != c.want {
				t.Errorf("%s, want %s", head.Generation, c.want)
			}
		})
	}
	// With v1's hint it is v1, though the origin could be v2's.
	r := newRekor(t, ed, hostV1, hostV1, spkiID(t, ed, ""))
	text := headText(hostV1, 9, Hash{9})
	head, err := r.OpenCheckpoint(text + "\n" + r.line(t, hostV1, string(r.id[:4]), text))
	if err != nil || head.Generation != V1 {
		t.Error(head, err)
	}
}

// TestCheckpointLines changes the signature lines around, and the log's own.
func TestCheckpointLines(t *testing.T) {
	one, two := rekorV1(t), rekorV2(t)
	witness := newRekor(t, edKey(7), "witness.example", "", ID{1})
	hint1, hint2 := one.names[0].id, two.names[0].id
	text1, text2 := headText(originV1, 9, Hash{9}), headText(hostV2, 9, Hash{9})
	good1 := one.line(t, hostV1, string(hint1[:4]), text1)
	good2 := two.line(t, hostV2, string(hint2[:4]), text2)
	wrong1 := one.line(t, hostV1, string(hint1[:4]), text1+"x")
	wrong2 := two.line(t, hostV2, string(hint2[:4]), text2+"x")
	cosigned := witness.line(t, "witness.example", "abcd", "whatever")
	for _, c := range []struct {
		name  string
		log   *rekor
		note  string
		code  refuse.Code
		other int // names that are not the log's
	}{
		{"v1", one, text1 + "\n" + good1, "", 0},
		{"v1, cosigned", one, text1 + "\n" + cosigned + good1 + cosigned, "", 2},
		{"v1, twice", one, text1 + "\n" + good1 + good1, "", 0},
		{"v1, a wrong one as well", one, text1 + "\n" + good1 + wrong1, "tlog.checkpoint.signature", 0},
		{"v1, wrong", one, text1 + "\n" + wrong1, "tlog.checkpoint.signature", 0},
		{"v1, other hint", one, text1 + "\n" + one.line(t, hostV1, "abcd", text1), "tlog.checkpoint.unsigned", 0},
		{"v1, other text", one, strings.Replace(text1, "\n9\n", "\n8\n", 1) + "\n" + good1, "tlog.checkpoint.signature", 0},
		{"v1, other line added", one, text1 + "more\n\n" + good1, "tlog.checkpoint.signature", 0},
		{"v1, only a witness", one, text1 + "\n" + cosigned, "tlog.checkpoint.unsigned", 0},
		{"v2", two, text2 + "\n" + good2, "", 0},
		{"v2, cosigned", two, text2 + "\n" + cosigned + good2, "", 1},
		{"v2, second key under the name", two, text2 + "\n" + two.line(t, hostV2, "abcd", "x") + good2, "", 1},
		{"v2, our hint under another name", two, text2 + "\n" + two.line(t, "else", string(hint2[:4]), "x") + good2, "", 1},
		{"v2, a wrong one as well", two, text2 + "\n" + wrong2 + good2, "tlog.checkpoint.signature", 0},
		{"v2, wrong", two, text2 + "\n" + wrong2, "tlog.checkpoint.signature", 0},
		{"v2, other name", two, text2 + "\n" + two.line(t, "else", string(hint2[:4]), text2), "tlog.checkpoint.unsigned", 0},
		{"v2, other hint", two, text2 + "\n" + two.line(t, hostV2, "abcd", text2), "tlog.checkpoint.unsigned", 0},
		{"v2, the SPKI's hint", two, text2 + "\n" + two.line(t, hostV2, spkiHint(t, two), text2), "tlog.checkpoint.unsigned", 0},
		{"v2, no text", two, "\n" + good2, "tlog.checkpoint.malformed", 0},
		{"v2, no size", two, strings.Replace(text2, "9\n", "", 1) + "\n" + good2, "tlog.checkpoint.malformed", 0},
		{"zero log", &rekor{Log: &Log{}}, text2 + "\n" + good2, "tlog.checkpoint.signature", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			head, err := c.log.OpenCheckpoint(c.note)
			wantCode(t, err, c.code)
			if err != nil {
				return
			}
			if len(head.Cosigners) != c.other || head.Size != 9 || head.Root != (Hash{9}) || head.NameMismatch {
				t.Errorf("%+v", head)
			}
			if text, _, _ := strings.Cut(c.note, "\n\n"); head.SHA256 != sha256.Sum256([]byte(text+"\n")) {
				t.Error("hash is not of the signed text")
			}
		})
	}
}

func spkiHint(t *testing.T, r *rekor) string {
	id := spkiID(t, r.key, "")
	return string(id[:4])
}

// TestV1Names knows that single hosts signed checkpoints of the public log,
// and that v1 logs with other keys than ECDSA have two possible hints.
func TestV1Names(t *testing.T) {
	r := rekorV1(t)
	for _, c := range []struct {
		name, origin string
		mismatch     bool
	}{
		{hostV1, originV1, false},
		{hostV1, "rekor-00001-deployment-7c9-x2 - 12", true},
		{"rekor-00001-deployment-7c9-x2", originV1, true},
	} {
		text := headText(c.origin, 9, Hash{9}, "Timestamp: 1675209600000000000")
		head, err := r.OpenCheckpoint(text + "\n" + r.line(t, c.name, spkiHint(t, r), text))
		if err != nil || head.NameMismatch != c.mismatch || head.Generation != V1 || len(head.Extensions) != 1 {
			t.Errorf("%s, %s: %+v, %v", c.name, c.origin, head, err)
		}
	}
	ed := newRekor(t, edKey(1), hostV1, originV1, spkiID(t, edKey(1), ""))
	text := headText(originV1, 9, Hash{9})
	note := edNoteID(t, edKey(1), hostV1)
	for _, hint := range []string{spkiHint(t, ed), string(note[:4])} {
		if _, err := ed.OpenCheckpoint(text + "\n" + ed.line(t, hostV1, hint, text)); err != nil {
			t.Errorf("hint %x: %v", hint, err)
		}
	}
	if k := ed.CheckpointKeyID(); string(k[:]) != spkiHint(t, ed) {
		t.Errorf("hint %x", k)
	}
}

// TestLargerCurves knows which hash a log signs with a P-384 key.
func TestLargerCurves(t *testing.T) {
	key := ecKey(t, elliptic.P384(), 1)
	for _, c := range []struct {
		name, host, origin string
		hash               crypto.Hash
		code               refuse.Code
	}{
		{"v1, SHA-256", hostV1, originV1, crypto.SHA256, ""},
		{"v1, SHA-384", hostV1, originV1, crypto.SHA384, ""},
		{"v2, SHA-256", hostV2, hostV2, crypto.SHA256, "tlog.checkpoint.signature"},
		{"v2, SHA-384", hostV2, hostV2, crypto.SHA384, ""},
	} {
		r := newRekor(t, key, c.host, c.origin, spkiID(t, key, ""))
		r.hash = c.hash
		_, err := r.OpenCheckpoint(r.checkpoint(t, 9, Hash{9}))
		t.Run(c.name, func(t *testing.T) { wantCode(t, err, c.code) })
	}
}

// TestGeneration asks for the decision on entries that agree and disagree
// with their log.
func TestGeneration(t *testing.T) {
	ec := ecKey(t, elliptic.P256(), 1)
	one, two, ecTwo := rekorV1(t), rekorV2(t), newRekor(t, ec, hostV2, hostV2, spkiID(t, ec, ""))
	e1, c1 := one.log(t, hashedRekordV001(), HashedRekordV001(), 2, 5)
	e2, c2 := two.log(t, hashedRekordV002(), HashedRekordV002(), 2, 5)
	e3, c3 := ecTwo.log(t, hashedRekordV002(), HashedRekordV002(), 2, 5)
	intoto, cIntoto := one.log(t, intotoV002(), IntotoV002(), 2, 5)
	envelope, cEnvelope := one.log(t, dsseV001(), DSSEV001(), 2, 5)
	cross1, cCross1 := one.log(t, hashedRekordV002(), HashedRekordV002(), 2, 5)
	cross2, cCross2 := two.log(t, hashedRekordV001(), HashedRekordV001(), 2, 5)
	cross3, cCross3 := two.log(t, intotoV002(), IntotoV002(), 2, 5)
	old, cOld := one.log(t, `{"apiVersion":"0.0.1","kind":"rekord","spec":{}}`, Kind{"rekord", "0.0.1"}, 2, 5)
	change := func(e *Entry, f func(*Entry)) *Entry {
		d := *e
		f(&d)
		return &d
	}
	promised := func(e *Entry) { e.Promise = []byte("promise") }
	for _, c := range []struct {
		name string
		log  *rekor
		e    *Entry
		c    *Checkpoint
		want Generation
		code refuse.Code
	}{
		{"v1", one, e1, c1, V1, ""},
		{"v1 envelope", one, envelope, cEnvelope, V1, ""},
		{"v1 intoto 0.0.2", one, intoto, cIntoto, V1, ""},
		{"v1 promise only", one, change(e1, promised), nil, V1, ""},
		{"v1 both", one, change(e1, promised), c1, V1, ""},
		{"v2", two, e2, c2, V2, ""},
		{"v2 by ID", two, e2, nil, V2, ""},
		{"v2 by checkpoint", ecTwo, e3, c3, V2, ""},
		{"nothing tells", one, e1, nil, 0, "tlog.entry.generation"},
		{"v2 body, v1 promise", one, change(e3, promised), nil, 0, "tlog.entry.generation"},
		{"v2 body, v1 checkpoint", one, cross1, cCross1, 0, "tlog.entry.generation"},
		{"v1 body, v2 checkpoint", two, cross2, cCross2, 0, "tlog.entry.generation"},
		{"intoto 0.0.2 is not v2", two, cross3, cCross3, 0, "tlog.entry.generation"},
		{"checkpoint of another log", one, e1, c2, 0, "tlog.entry.generation"},
		{"checkpoint that nobody opened", one, e1, &Checkpoint{Generation: V1}, 0, "tlog.entry.generation"},
		{"entry of another log", one, e2, c1, 0, "tlog.unknown_log"},
		{"unsupported", one, old, cOld, 0, "tlog.entry.unsupported"},
		{"promise in v2", two, change(e2, promised), c2, 0, "tlog.promise.unexpected"},
		{"no body", one, change(e1, func(e *Entry) { e.Body = nil }), c1, 0, "tlog.entry.kind"},
		{"body of another kind", one, change(e1, func(e *Entry) { e.Kind = DSSEV001() }), c1, 0, "tlog.entry.kind"},
		{"zero log", &rekor{Log: &Log{}}, &Entry{}, nil, 0, "tlog.unknown_log"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g, err := c.log.Generation(c.e, c.c)
			wantCode(t, err, c.code)
			if g != c.want {
				t.Errorf("%s, want %s", g, c.want)
			}
		})
	}
}

// TestBareOrigin has logs with an ECDSA key whose checkpoints bear the bare
// name, as those of Rekor v2 do, and bodies of both generations in them. A
// kind that only Rekor v1 has decides; nothing else may come of it.
func TestBareOrigin(t *testing.T) {
	ec, ed := ecKey(t, elliptic.P256(), 1), edKey(1)
	r := newRekor(t, ec, hostV1, hostV1, spkiID(t, ec, ""))
	for k, text := range bodies {
		e, c := r.log(t, text(), k, 2, 5)
		format, _ := k.format()
		want, other := format.generation, V1+V2-format.generation
		g, err := r.Generation(e, c)
		if err != nil || g != want {
			t.Errorf("%s: %s, %v, want %s", k, g, err, want)
		}
		wantCode(t, e.VerifyInclusion(c, want), "")
		wantCode(t, e.VerifyInclusion(c, other), "tlog.entry.generation")
		wantCode(t, e.VerifyInclusion(c, 0), "tlog.entry.generation")
		// Only the body that is in the tree decides.
		for k2, text2 := range bodies {
			if k2 == k {
				continue
			}
			forged := *e
			forged.Kind = k2
			_, err := r.Generation(&forged, c)
			wantCode(t, err, "tlog.entry.kind")
			forged.Body = parsed(t, text2(), k2)
			g, err := r.Generation(&forged, c)
			wantCode(t, err, "")
			wantCode(t, forged.VerifyInclusion(c, g), "tlog.inclusion")
			forged.Promise = r.promise(t, e)
			if g == V1 {
				forged.Integrated = integrated
				_, err := r.VerifyPromise(&forged)
				wantCode(t, err, "tlog.promise.signature")
			} else {
				_, err := r.Generation(&forged, c)
				wantCode(t, err, "tlog.promise.unexpected")
			}
		}
		// The origin is the log's name, and the line is under it.
		for _, origin := range []string{"elsewhere.test", hostV1 + "/", hostV1 + " - ", hostV1 + ":443", strings.ToUpper(hostV1)} {
			text := headText(origin, c.Size, c.Root)
			id := r.ID()
			_, err := r.OpenCheckpoint(text + "\n" + r.line(t, hostV1, string(id[:4]), text))
			wantCode(t, err, "tlog.checkpoint.origin")
		}
		head := headText(hostV1, c.Size, c.Root)
		id := r.ID()
		_, err = r.OpenCheckpoint(head + "\n" + r.line(t, "pod-1", string(id[:4]), head))
		wantCode(t, err, "tlog.checkpoint.unsigned")
		// The index is free in Rekor v1 alone.
		far := *e
		far.Index = 1 << 40
		code := refuse.Code("")
		if want == V2 {
			code = "tlog.inclusion"
		}
		wantCode(t, far.VerifyInclusion(c, want), code)
	}
	unknown, c := r.log(t, `{"apiVersion":"0.0.1","kind":"rekord","spec":{}}`, Kind{"rekord", "0.0.1"}, 2, 5)
	_, err := r.Generation(unknown, c)
	wantCode(t, err, "tlog.entry.unsupported")
	wantCode(t, unknown.VerifyInclusion(c, V1), "tlog.entry.unsupported")
	bare, _ := r.log(t, intotoV002(), IntotoV002(), 2, 5)
	_, err = r.Generation(bare, nil)
	wantCode(t, err, "tlog.entry.generation")

	// Nothing is open where the ID, the number of the tree or the hint tells.
	for _, closed := range []struct {
		log  *rekor
		kind Kind
	}{
		{rekorV2(t), IntotoV002()},
		{newRekor(t, ec, hostV1, originV1, spkiID(t, ec, "")), HashedRekordV002()},
		{newRekor(t, ec, hostV1, originV1, spkiID(t, ec, "")), DSSEV002()},
	} {
		e, c := closed.log.log(t, bodies[closed.kind](), closed.kind, 2, 5)
		_, err := closed.log.Generation(e, c)
		wantCode(t, err, "tlog.entry.generation")
	}
	byKey := newRekor(t, ed, hostV1, hostV1, spkiID(t, ed, ""))
	body := parsed(t, intotoV002(), IntotoV002())
	root := treeHash([][]byte{body.Raw})
	text := headText(hostV1, 1, root)
	hint := edNoteID(t, ed, hostV1)
	c, err = byKey.OpenCheckpoint(text + "\n" + byKey.line(t, hostV1, string(hint[:4]), text))
	wantCode(t, err, "")
	_, err = byKey.Generation(&Entry{LogID: byKey.ID(), Kind: IntotoV002(), Body: body}, c)
	wantCode(t, err, "tlog.entry.generation")
}
