// SPDX-License-Identifier: Apache-2.0

package tufdiff

import (
	"path"
	"slices"
)

// difference explains steps at which a client differs from the specification.
type difference struct {
	client string
	cases  string // a pattern of package path
	step   int    // 0: any
	right  string // "we", "they" or "either"
	why    string
}

// Names of clients.
const (
	ours    = "sigbundle"
	offline = "sigbundle, offline"
	python  = "python-tuf"
)

// differences are all that is known. Sections are those of the TUF
// specification, version 1.0.
var differences = slices.Concat(
	both("either", "time/fraction", "The specification has whole seconds. Go tools write fractions, go-tuf's own examples among them; python-tuf refuses these."),
	both("either", "time/nine digits", "As for a fraction."),
	both("either", "listed/more in the timestamp than the snapshot", "A repository must list the snapshot alone (section 4.6). The rest is signed, and nothing reads it. python-tuf drops it before it checks the signature, and so refuses."),
	both("they", "number/version 2^63", "The specification has integers of any size. A version of more than 63 bits is refused here, since the state of a cache keeps 64-bit numbers. No repository gets that far by counting."),
	both("either", "target/name with a backslash", "A target's path is recommended to separate folders by slashes (section 4.5). A backslash separates them on one system and not on another, so names with one are refused."),
	[]*difference{
		{offline, "root/newest one withdrawn", 2, "either", "An offline proof is of one copy of a repository, which here has lost the newest root. The floor refuses it; a cache keeps its roots."},
		{offline, "time/timestamp rolled back below one that failed", 3, "either", "Floors come from a proof that succeeded. A cache also keeps those of a refresh that failed later."},
		{offline, "time/another timestamp of the same version", 2, "either", "An offline proof has no earlier timestamp to keep (section 5.4.3), and the snapshot that the new one lists is not there."},
		{offline, "role/rolled back", 2, "either", "An offline proof has no earlier copy of the role, and the one in the repository is older than listed."},

		{python, "spelling/member twice*", 1, "we", "Canonical JSON is of objects whose members differ. Two readers take two values from such a file; Python's takes the last."},
		{python, "spelling/signed twice", 1, "we", "As for a member twice."},
		{python, "spelling/member in another case beside", 1, "either", "A member called Version is an unknown one by the specification. Go's reader takes it for version, so this module refuses it."},
		{python, "number/* true", 1, "we", "In Python, true is an integer; in JSON it is not."},
		{python, "key/ecdsa P-521", 1, "either", "The specification names three schemes and leaves others to each client (section 4.2). This scheme is not one of ours, and such a key does not count."},
		{python, "key/rsa PSS, SHA-512", 1, "either", "As for ECDSA P-521."},
		{python, "key/rsa PKCS #1 v1.5", 1, "either", "As for ECDSA P-521."},
		{python, "key/unknown *", 1, "we", "A key whose type or scheme a client does not know does not count; otherwise no repository could move to a new one before all clients have. It refuses the file, whether the threshold is met or not."},
		{python, "key/type and scheme swapped", 1, "we", "As for unknown keys."},
		{python, "key/empty type", 1, "we", "As for unknown keys."},
		{python, "role/key of an unknown kind beside", 1, "we", "As for unknown keys."},
		{python, "key/small order", 1, "we", "With the identity as its public key, one signature fits every file. RFC 8032 leaves the check to the verifier; this module refuses such keys."},
		{python, "key/listed twice", 1, "either", "The key counts once. It refuses the file; the specification asks for unique key IDs of the signatures only (section 4.2)."},
		{python, "key/one under two IDs, threshold of two", 1, "we", "A threshold is a number of keys (section 4.3), and this is one key. It counts key IDs."},
		{python, "root/recovery by a new snapshot key alone", 2, "we", "A root with a new snapshot key clears what was seen under the old one (section 5.3.11). It keeps the timestamp, whose key has not changed, and with it the snapshot's version."},
		{python, "root/role mirrors", 1, "we", "A root may have the role mirrors (section 4.3). It takes four roles and no more."},
		{python, "listed/unknown hash beside", 1, "either", "One hash that is known decides. It refuses a file for which one is listed that it cannot compute."},
		{python, "target/unknown hash behind a known one", 1, "either", "As for metadata files."},
		{python, "listed/hash in upper case", 1, "either", "A hash is hexadecimal, of which the case is not said. It compares text."},
		{python, "target/name with a leading slash", 2, "either", "The specification recommends that a target's path does not begin with a slash (section 4.5). It escapes the slash in names of files; this module refuses the name."},
		{python, "target/name that climbs", 2, "we", "It escapes the name for its own disk, but asks the server for a file outside the folder of targets. This module refuses the name."},
	},
)

// both is a difference of the client and of the offline proof alike.
func both(right, cases, why string) []*difference {
	return []*difference{{ours, cases, 0, right, why}, {offline, cases, 0, right, why}}
}

func explain(d *Disagreement) *difference {
	for _, e := range differences {
		if ok, err := path.Match(e.cases, d.Case); err == nil && ok && e.client == d.Client && (e.step == 0 || e.step == d.Step) {
			return e
		}
	}
	return nil
}
