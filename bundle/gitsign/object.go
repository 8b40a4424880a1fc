// SPDX-License-Identifier: Apache-2.0

// Package gitsign reads git commits and tags that are signed with Sigstore
// certificates, and turns each signature into a bundle. It judges nothing:
// package verify does, with what [Read] returns.
//
// The signature is CMS SignedData (RFC 5652) over signed attributes, one of
// which is the digest of the object without its signature. The log entry is in
// an unsigned attribute, or, as older clients left it in the log, beside the
// object.
//
// # Errors and compatibility
//
// The stable code of an error is told by codes.Of of package verify/codes. This
// package follows semantic versioning from v0.1.0 on, and codes keep their
// meaning.
package gitsign

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"regexp"
	"strconv"
	"strings"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// Limits on foreign data. An object of git's own history has 10 KiB at most,
// and a signature 3 KiB.
const (
	MaxSize      = 16 << 20 // bytes of an object
	maxSignature = 1 << 20  // bytes of a signature in text
)

// object is a commit or a tag, split up.
type object struct {
	kind      string   // "commit" or "tag"
	digest    [32]byte // SHA-256 of the object without its signature
	name      string   // what git calls the object, in hexadecimal
	signature []byte   // DER
}

// header is one header of an object, with the lines that continue it.
type header struct {
	name       string
	value      []byte // as it stands, without the last line feed
	start, end int    // in the object, with the last line feed
}

var (
	hexName = regexp.MustCompile(`^(?:[0-9a-f]{40}|[0-9a-f]{64})$`)
	word    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]*$`)
)

// The headers that an object begins with.
var firstHeaders = map[string][]string{
	"commit": {"tree", "parent", "author", "committer"},
	"tag":    {"object", "type", "tag", "tagger"},
}

// parseObject reads an object as `git cat-file` prints it, or as git hashes
// it, with a line such as "commit 123\0" in front.
func parseObject(data []byte) (*object, error) {
	if len(data) > MaxSize {
		return nil, refuse.New("gitsign.limit", "git object: %d bytes, want at most %d", len(data), MaxSize)
	}
	kind := ""
	if before, rest, found := bytes.Cut(data[:min(len(data), 32)], []byte{0}); found {
		name, size, _ := strings.Cut(string(before), " ")
		n, err := strconv.Atoi(size)
		data = data[len(data[:min(len(data), 32)])-len(rest):]
		if firstHeaders[name] == nil || err != nil || n != len(data) || strconv.Itoa(n) != size {
			return nil, refuse.New("gitsign.object", "git object: header %q of %d bytes, want commit or tag and the size", before, len(data))
		}
		kind = name
	}
	headers, message, err := splitHeaders(data)
	if err != nil {
		return nil, err
	}
	o := &object{kind: "commit"}
	if headers[0].name == "object" {
		o.kind = "tag"
	}
	if kind != "" && kind != o.kind {
		return nil, refuse.New("gitsign.object", "git object: a %s under the name of a %s", o.kind, kind)
	}
	if err := checkHeaders(o.kind, headers); err != nil {
		return nil, err
	}
	var armor []byte
	if o.kind == "commit" {
		armor, err = o.splitCommit(data, headers)
	} else {
		armor, err = o.splitTag(data, headers, message)
	}
	if err != nil {
		return nil, err
	}
	var h hash.Hash = sha1.New()
	if len(headers[0].value) == 64 {
		h = sha256.New()
	}
	fmt.Fprintf(h, "%s %d\x00", o.kind, len(data))
	h.Write(data)
	o.name = hex.EncodeToString(h.Sum(nil))
	o.signature, err = decodeArmor(armor)
	return o, err
}

// splitHeaders reads the headers, at least one, and returns where the message
// begins.
func splitHeaders(data []byte) (headers []header, message int, err error) {
	for at := 0; ; {
		n := bytes.IndexByte(data[at:], '\n')
		if n < 0 {
			return nil, 0, refuse.New("gitsign.object", "git object: no end of the headers, want an empty line")
		}
		line, next := data[at:at+n], at+n+1
		if i := bytes.IndexAny(line, "\r\x00"); i >= 0 {
			return nil, 0, refuse.New("gitsign.object", "git object: byte %#02x in a header, want text with plain line feeds", line[i])
		}
		switch {
		case n == 0 && len(headers) == 0:
			return nil, 0, refuse.New("gitsign.object", "git object: no headers, want those of a commit or a tag")
		case n == 0:
			return headers, next, nil
		case line[0] == ' ' && len(headers) == 0:
			return nil, 0, refuse.New("gitsign.object", "git object: begins with a blank, want a header")
		case line[0] == ' ':
			last := &headers[len(headers)-1]
			last.value, last.end = data[last.start+len(last.name)+1:at+n], next
		default:
			name, _, found := bytes.Cut(line, []byte(" "))
			if !found || !word.Match(name) {
				return nil, 0, refuse.New("gitsign.object", "git object: %.40q is not a header of a commit or a tag", line)
			}
			headers = append(headers, header{name: string(name), value: data[at+len(name)+1 : at+n], start: at, end: next})
		}
		at = next
	}
}

// checkHeaders wants the headers of the kind, in git's order and once each: of
// two, readers could choose different ones.
func checkHeaders(kind string, headers []header) error {
	first := firstHeaders[kind]
	if headers[0].name != first[0] {
		return refuse.New("gitsign.object", "git object: begins with the header %q, want tree for a commit and object for a tag", headers[0].name)
	}
	i := 0
	for _, name := range first {
		n := 0
		for ; i < len(headers) && headers[i].name == name; i++ {
			n++
			value := headers[i].value
			hexed := name == "tree" || name == "parent" || name == "object"
			if hexed && (!hexName.Match(value) || len(value) != len(headers[0].value)) || bytes.IndexByte(value, '\n') >= 0 {
				return refuse.New("gitsign.object", "git object: header %s is malformed, want one line, and of hashes one length", name)
			}
		}
		if n == 0 && name != "parent" && name != "tagger" || n > 1 && name != "parent" {
			return refuse.New("gitsign.object", "git object: header %s stands there %d times, want it once and in git's order", name, n)
		}
	}
	for _, h := range headers[i:] {
		for _, name := range first {
			if h.name == name {
				return refuse.New("gitsign.object", "git object: header %s out of git's order", name)
			}
		}
	}
	return nil
}

func isSignature(h header) bool { return h.name == "gpgsig" || h.name == "gpgsig-sha256" }

// splitCommit takes the signature out of the headers. A repository in
// transition to SHA-256 may sign each commit twice; git then takes both away
// before it verifies one, so that such a commit would have two readings.
func (o *object) splitCommit(data []byte, headers []header) (armor []byte, err error) {
	var found *header
	for i := range headers {
		switch {
		case !isSignature(headers[i]):
		case found != nil:
			return nil, refuse.New("gitsign.signatures", "git commit: two signatures, want one")
		default:
			found = &headers[i]
		}
	}
	if found == nil {
		return nil, refuse.New("gitsign.unsigned", "git commit: no signature")
	}
	h := sha256.New()
	h.Write(data[:found.start])
	h.Write(data[found.end:])
	h.Sum(o.digest[:0])
	return bytes.ReplaceAll(found.value, []byte("\n "), []byte("\n")), nil
}

var (
	begin    = []byte("-----BEGIN ")
	armorEnd = "-----END SIGNED MESSAGE-----"
	armorTop = "-----BEGIN SIGNED MESSAGE-----"
)

// splitTag takes the signature from the end of the message.
func (o *object) splitTag(data []byte, headers []header, message int) (armor []byte, err error) {
	for _, h := range headers {
		if isSignature(h) {
			return nil, refuse.New("gitsign.signatures", "git tag: a signature in header %s, want one at the end of the message", h.name)
		}
	}
	start := -1
	for at := message; at < len(data); {
		if bytes.HasPrefix(data[at:], begin) {
			if start >= 0 {
				return nil, refuse.New("gitsign.signatures", "git tag: two signatures, want one")
			}
			start = at
		}
		n := bytes.IndexByte(data[at:], '\n')
		if n < 0 {
			break
		}
		at += n + 1
	}
	if start < 0 {
		return nil, refuse.New("gitsign.unsigned", "git tag: no signature")
	}
	o.digest = sha256.Sum256(data[:start])
	if !bytes.HasSuffix(data, []byte("\n")) {
		return nil, refuse.New("gitsign.armor", "signature: no line feed at its end")
	}
	return data[start : len(data)-1], nil
}

// decodeArmor reads the text form of the signature, whose last line feed has
// been taken away.
func decodeArmor(text []byte) ([]byte, error) {
	if len(text) > maxSignature {
		return nil, refuse.New("gitsign.limit", "signature: %d bytes, want at most %d", len(text), maxSignature)
	}
	lines := strings.Split(string(text), "\n")
	switch {
	case lines[0] != armorTop && strings.HasPrefix(lines[0], string(begin)):
		return nil, refuse.New("gitsign.armor", "signature: begins with %.60q, want %s: it is of another kind", lines[0], armorTop)
	case len(lines) < 3 || lines[0] != armorTop || lines[len(lines)-1] != armorEnd:
		return nil, refuse.New("gitsign.armor", "signature: not one block from %s to %s", armorTop, armorEnd)
	}
	body := lines[1 : len(lines)-1]
	for i, line := range body {
		if line == "" || len(line) > 76 || i < len(body)-1 && len(line) != len(body[0]) || len(line) > len(body[0]) {
			return nil, refuse.New("gitsign.armor", "signature: line %d has %d characters, want lines of one length of at most 76", i+2, len(line))
		}
	}
	der, err := base64.StdEncoding.Strict().DecodeString(strings.Join(body, ""))
	if err != nil {
		return nil, refuse.Wrap("gitsign.armor", err, "signature")
	}
	return der, nil
}
