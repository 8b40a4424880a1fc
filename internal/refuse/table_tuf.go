// SPDX-License-Identifier: Apache-2.0

package refuse

// TUF repositories, caches and mirrors
var tufCodes = []Description{
	{Code: "tuf.age", Cause: "The proof of the trust root is older than is accepted, or nothing tells how old it is.", Fix: "Refresh the trust root, or accept a greater age, or any age, knowingly."},
	{Code: "tuf.cache", Cause: "The cache cannot be written, or what it says of itself is damaged.", Fix: "Free disk space and check permissions; a damaged cache may be deleted and refreshed."},
	{Code: "tuf.encoding", Cause: "The server or a proxy sent an encoded body.", Fix: "Have the mirror or proxy serve files as they are, without compression."},
	{Code: "tuf.expired", Cause: "The metadata has expired and the policy accepts none that has.", Fix: "Refresh the trust root; behind an air gap, accept an age."},
	{Code: "tuf.forbidden", Cause: "The mirror denies access.", Fix: "Check access; if the store answers so for files that are not there, name the status."},
	{Code: "tuf.hash", Cause: "A file's hash is not the one that signed metadata lists.", Fix: "Try another mirror; do not accept it if it persists."},
	{Code: "tuf.length", Cause: "A file's length is not the one that signed metadata lists.", Fix: "Try another mirror; do not accept it if it persists."},
	{Code: "tuf.limit", Cause: "There are more roots, delegations or targets than are accepted.", Fix: "Start from a newer root, or ask for fewer targets."},
	{Code: "tuf.locked", Cause: "Another process is refreshing the same cache.", Fix: "Wait for it to finish."},
	{Code: "tuf.malformed", Cause: "A file is not well-formed TUF metadata.", Fix: "Check the mirror's URL; do not accept the repository otherwise."},
	{Code: "tuf.mixmatch", Cause: "A file's version is not the one that its parent lists.", Fix: "Try again: the mirror may be in the middle of a copy."},
	{Code: "tuf.name", Cause: "A role or target has a name that is not safe for a file.", Fix: "Do not accept the repository."},
	{Code: "tuf.network", Cause: "The mirror cannot be reached, or the connection broke.", Fix: "Check network, proxy and URL. The old trust still works."},
	{Code: "tuf.not_found", Cause: "A file, a target or a cache is not there.", Fix: "Check the name; if it is a cache, refresh it; if it is a mirror, it is incomplete. A trust root can be put together from single target files with sigbundle trust create."},
	{Code: "tuf.policy", Cause: "No time or no directory was given, or a value is out of range.", Fix: "Fix the call."},
	{Code: "tuf.read", Cause: "A file of the repository cannot be read.", Fix: "Check permissions."},
	{Code: "tuf.rollback", Cause: "A version is lower than one seen before, or a listed file has vanished.", Fix: "Try another mirror; do not accept it if it persists."},
	{Code: "tuf.root", Cause: "No trusted root was given to start from.", Fix: "Give the instance's root.json, obtained out of band."},
	{Code: "tuf.signature", Cause: "Too few valid signatures by the keys of the role.", Fix: "Check root and mirror belong together; do not accept it otherwise."},
	{Code: "tuf.status", Cause: "The mirror answered with an error.", Fix: "Try again later. The old trust still works."},
	{Code: "tuf.threshold", Cause: "A role asks for fewer than one signature, or for more than it has keys.", Fix: "Do not accept the repository."},
	{Code: "tuf.timeout", Cause: "The mirror did not answer in time.", Fix: "Try again later. The old trust still works."},
	{Code: "tuf.too_large", Cause: "A file is larger than it may be.", Fix: "Do not trust the mirror."},
	{Code: "tuf.truncated", Cause: "An answer broke off.", Fix: "Try again. The old trust still works."},
	{Code: "tuf.url", Cause: "The repository's URL is unusable.", Fix: "Fix the URL: http, https or file."},
	{Code: "tuf.version", Cause: "The next root is not the next version.", Fix: "Do not accept the repository."},
}
