// SPDX-License-Identifier: Apache-2.0

package tufdiff

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/binary"
	"encoding/hex"
	"encoding/pem"
	"hash/fnv"
	"io"
	"maps"
	"math/rand/v2"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sigbundle/sigbundle/conformance/virtual"
)

// Start is the time of every repository's first step.
var Start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// A Case is a repository, as it is at one time after another.
type Case struct {
	Name  string
	Root  []byte // that clients begin with
	Steps []Step
}

// A Step is what a client finds at one time. It keeps what it has learned in
// the steps before.
type Step struct {
	Files   map[string][]byte // by name: "1.root.json", "targets/NAME"
	Now     time.Time
	Targets []string // asked for
	Accept  bool     // the answer by the TUF specification
}

// repo makes a case.
type repo struct {
	world *virtual.World
	seed  uint64
	rng   *rand.Rand
	style style
	now   time.Time
	files map[string][]byte
	docs  map[string]object // the signed parts, by role
	by    map[string][]string
	keys  map[string]*key
	out   Case

	topLevel   map[string]any // of the next file: members beside signed and signatures
	signatures func(role string, list []any) any
	bytes      func(role string, data []byte) []byte
}

// key is a pair of keys under its ID.
type key struct {
	id   string
	doc  object
	sign func(message []byte) []byte
}

var topRoles = []string{"root", "timestamp", "snapshot", "targets"}

// newRepo has one Ed25519 key a role, one target "file", and version 1 of all.
func newRepo(world *virtual.World, name string, seed uint64, s style) *repo {
	h := fnv.New64a()
	h.Write([]byte(name))
	r := &repo{
		world: world, seed: seed, rng: rand.New(rand.NewPCG(seed, h.Sum64())), style: s, now: Start, files: map[string][]byte{},
		docs: map[string]object{}, by: map[string][]string{}, keys: map[string]*key{}, out: Case{Name: name},
	}
	for _, role := range topRoles {
		r.docs[role] = object{"_type": role, "spec_version": "1.0.31", "version": 1, "expires": date(Start.AddDate(1, 0, 0))}
	}
	root := r.docs["root"]
	root["consistent_snapshot"] = true
	root["keys"], root["roles"] = object{}, object{}
	for _, role := range topRoles {
		r.setKeys(role, 1, role)
	}
	r.docs["timestamp"]["meta"] = object{"snapshot.json": object{"version": 1}}
	r.docs["snapshot"]["meta"] = object{"targets.json": object{"version": 1}}
	r.docs["targets"]["targets"] = object{}
	r.addTarget("targets", "file", []byte("contents"))
	return r
}

func date(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// at returns the object at a path of members.
func at(o object, names ...string) object {
	for _, n := range names {
		o = o[n].(object)
	}
	return o
}

// bits returns n bytes that depend on the seed and a name.
func (r *repo) bits(name string, n int) []byte {
	var out []byte
	for i := 0; len(out) < n; i++ {
		sum := sha256.Sum256(binary.BigEndian.AppendUint64([]byte(name), r.seed<<8+uint64(i)))
		out = append(out, sum[:]...)
	}
	return out[:n]
}

// key returns the Ed25519 key of a name, made at the first call.
func (r *repo) key(name string) *key {
	if k := r.keys[name]; k != nil {
		return k
	}
	priv := r.signer(name, virtual.Ed25519)
	doc := object{"keytype": "ed25519", "scheme": "ed25519", "keyval": object{"public": hex.EncodeToString(priv.Public().(ed25519.PublicKey))}}
	sum := sha256.Sum256([]byte(canonical(doc)))
	return r.addKey(name, &key{hex.EncodeToString(sum[:]), doc, func(m []byte) []byte { return must(priv.Sign(nil, m, crypto.Hash(0))) }})
}

func (r *repo) signer(name string, t virtual.KeyType) crypto.Signer {
	return must(r.world.Key(name, t)).Signer()
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err) // of keys and values that this package makes
	}
	return v
}

func (r *repo) addKey(name string, k *key) *key {
	r.keys[name] = k
	return k
}

// alias gives a key a second ID.
func (r *repo) alias(name, of, id string) {
	k := *r.key(of)
	k.id = id
	r.addKey(name, &k)
}

// unknown makes a key of a kind that no client has, whose signatures are noise.
func (r *repo) unknown(name, keytype, scheme string) {
	doc := object{"keytype": keytype, "scheme": scheme, "keyval": object{"public": hex.EncodeToString(r.bits(name, 48))}}
	r.addKey(name, &key{name + "-id", doc, func([]byte) []byte { return r.bits(name+" signature", 64) }})
}

func pemKey(pub any) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: must(x509.MarshalPKIXPublicKey(pub))}))
}

// digested makes a key whose scheme signs a digest: an ECDSA key, or an RSA
// key, which signs by PSS with that salt, or by PKCS #1 v1.5 without.
func (r *repo) digested(name string, t virtual.KeyType, hash crypto.Hash, salt int, keytype, scheme string) {
	priv := r.signer(name, t)
	var opts crypto.SignerOpts = hash
	if salt > 0 {
		opts = &rsa.PSSOptions{SaltLength: salt, Hash: hash}
	}
	var noise io.Reader // nil: ECDSA signs by RFC 6979
	if _, ok := priv.(*rsa.PrivateKey); ok {
		noise = rand.NewChaCha8([32]byte(r.bits(name, 32)))
	}
	doc := object{"keytype": keytype, "scheme": scheme, "keyval": object{"public": pemKey(priv.Public())}}
	r.addKey(name, &key{name + "-id", doc, func(m []byte) []byte {
		h := hash.New()
		h.Write(m)
		return must(priv.Sign(noise, h.Sum(nil), opts))
	}})
}

// grant returns what a delegator says about keys, and enters them into a table.
func (r *repo) grant(table object, threshold int, names []string) object {
	ids := []any{}
	for _, n := range names {
		k := r.key(n)
		table[k.id] = k.doc
		ids = append(ids, k.id)
	}
	return object{"keyids": ids, "threshold": threshold}
}

// setKeys gives a top-level role keys, by which it is signed from now on.
func (r *repo) setKeys(role string, threshold int, names ...string) {
	root := r.docs["root"]
	at(root, "roles")[role] = r.grant(at(root, "keys"), threshold, names)
	r.by[role] = names
}

// delegate makes a role below another. more may change the grant.
func (r *repo) delegate(from, role string, more object, paths ...string) {
	if r.docs[from]["delegations"] == nil {
		r.docs[from]["delegations"] = object{"keys": object{}, "roles": []any{}}
	}
	d := at(r.docs[from], "delegations")
	g := r.grant(at(d, "keys"), 1, []string{role})
	g["name"], g["terminating"] = role, false
	if paths != nil {
		var list []any
		for _, p := range paths {
			list = append(list, p)
		}
		g["paths"] = list
	}
	maps.Copy(g, more)
	d["roles"] = append(d["roles"].([]any), g)
	if r.docs[role] == nil {
		r.docs[role] = object{"_type": "targets", "spec_version": "1.0.31", "version": 1, "expires": date(Start.AddDate(1, 0, 0)), "targets": object{}}
		r.by[role] = []string{role}
		at(r.docs["snapshot"], "meta")[role+".json"] = object{"version": 1}
	}
}

// grantOf returns the first delegation of a role.
func (r *repo) grantOf(from string) object {
	return at(r.docs[from], "delegations")["roles"].([]any)[0].(object)
}

func (r *repo) consistent() bool {
	v, _ := r.docs["root"]["consistent_snapshot"].(bool)
	return v
}

func hashes(data []byte) object {
	sum := sha256.Sum256(data)
	return object{"sha256": hex.EncodeToString(sum[:])}
}

// addTarget lists a target and stores its file.
func (r *repo) addTarget(role, name string, data []byte) object {
	info := object{"length": len(data), "hashes": hashes(data)}
	at(r.docs[role], "targets")[name] = info
	r.putTarget(name, hashes(data)["sha256"].(string), data)
	return info
}

// putTarget stores a file under the names that it has with and without
// consistent snapshots.
func (r *repo) putTarget(name, hash string, data []byte) {
	dir, base := path.Split(name)
	r.files["targets/"+dir+hash+"."+base] = data
	r.files["targets/"+name] = data
}

func sha512Hex(data []byte) string {
	sum := sha512.Sum512(data)
	return hex.EncodeToString(sum[:])
}

func (r *repo) version(role string) int {
	v, _ := r.docs[role]["version"].(int)
	return v
}

// name returns the name of a role's current file.
func (r *repo) name(role string) string {
	name := strings.ReplaceAll(url.QueryEscape(role), "+", "%20") + ".json"
	switch {
	case role == "timestamp" || role != "root" && !r.consistent():
		return name
	}
	return canonical(r.docs[role]["version"]) + "." + name
}

// put signs a role as it is.
func (r *repo) put(role string) {
	message := []byte(canonical(r.docs[role]))
	list := []any{}
	for _, name := range r.by[role] {
		k := r.key(name)
		list = append(list, object{"keyid": k.id, "sig": hex.EncodeToString(k.sign(message))})
	}
	doc := object{"signed": r.docs[role], "signatures": list}
	if r.signatures != nil {
		doc["signatures"] = r.signatures(role, list)
	}
	maps.Copy(doc, r.topLevel)
	data := spell(doc, r.style, r.rng)
	if r.bytes != nil {
		data = r.bytes(role, data)
	}
	r.files[r.name(role)] = data
}

// putAll signs all roles as they are.
func (r *repo) putAll() {
	for _, role := range slices.Sorted(maps.Keys(r.docs)) {
		r.put(role)
	}
}

// publish puts the next version of roles, and of what lists them.
func (r *repo) publish(roles ...string) {
	snapshot := at(r.docs["snapshot"], "meta")
	timestamp := false
	for _, role := range roles {
		r.docs[role]["version"] = r.version(role) + 1
		r.put(role)
		switch role {
		case "root":
		case "timestamp":
		case "snapshot":
			timestamp = true
		default:
			at(snapshot, role+".json")["version"] = r.version(role)
			if !timestamp {
				r.docs["snapshot"]["version"] = r.version("snapshot") + 1
			}
			timestamp = true
		}
	}
	if timestamp {
		r.put("snapshot")
		at(r.docs["timestamp"], "meta", "snapshot.json")["version"] = r.version("snapshot")
		r.docs["timestamp"]["version"] = r.version("timestamp") + 1
		r.put("timestamp")
	}
}

// relist puts length and hashes of the current snapshot and targets into what
// lists them.
func (r *repo) relist() {
	r.put("targets")
	data := r.files[r.name("targets")]
	at(r.docs["snapshot"], "meta")["targets.json"] = object{"version": r.version("targets"), "length": len(data), "hashes": hashes(data)}
	r.put("snapshot")
	data = r.files[r.name("snapshot")]
	at(r.docs["timestamp"], "meta")["snapshot.json"] = object{"version": r.version("snapshot"), "length": len(data), "hashes": hashes(data)}
	r.put("timestamp")
}

// step ends a step: a client comes.
func (r *repo) step(accept bool, targets ...string) {
	if r.out.Root == nil {
		r.out.Root = r.files["1.root.json"]
	}
	r.out.Steps = append(r.out.Steps, Step{maps.Clone(r.files), r.now, targets, accept})
}

func (r *repo) ok(targets ...string) { r.step(true, targets...) }
func (r *repo) no(targets ...string) { r.step(false, targets...) }

func itoa(i int) string { return strconv.Itoa(i) }
