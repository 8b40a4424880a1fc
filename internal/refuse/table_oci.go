// SPDX-License-Identifier: Apache-2.0

package refuse

// what package bundle/oci and the registry below it refuse
var ociCodes = []Description{
	{Code: "oci.ambiguous", Cause: "The image layout holds several images, and none was named.", Fix: "Name one by its tag, DIR:TAG, or its digest, DIR@DIGEST."},
	{Code: "oci.artifact", Cause: "The bundle that should be attached is about something else than the image.", Fix: "Attach it to the image that its statement names."},
	{Code: "oci.digest", Cause: "Content is not what its digest says.", Fix: "Do not use it: it was damaged or replaced. Copy the image again from its origin."},
	{Code: "oci.layout", Cause: "The folder is not an image layout, or its index.json cannot be read.", Fix: "Name the folder that holds oci-layout and index.json."},
	{Code: "oci.limit", Cause: "Something is larger or more numerous than any genuine image needs.", Fix: "Do not accept it; delete referrers that are not needed."},
	{Code: "oci.manifest", Cause: "A manifest is not strict JSON of its kind, or does not bring exactly one bundle.", Fix: "Have the bundle attached again."},
	{Code: "oci.mirror", Cause: "Bundles that the origin has are not at the mirror, or cannot be read there; or the origin has none to compare.", Fix: "Copy the image again together with its referrers, as with oras cp -r; check the name of the origin."},
	{Code: "oci.missing", Cause: "A referrer is listed, and its manifest or its bundle is not there.", Fix: "Copy the image again together with its referrers; the registry or folder that stores it has lost some."},
	{Code: "oci.not_found", Cause: "There is no such image.", Fix: "Check its name, tag and digest."},
	{Code: "oci.reference", Cause: "The name of an image, its tag or its digest is not of the right form.", Fix: "Use HOST/REPOSITORY:TAG, HOST/REPOSITORY@DIGEST, DIR:TAG or DIR@DIGEST."},
	{Code: "oci.registry.credentials", Cause: "The credentials for the registry cannot be read.", Fix: "Check docker's config.json, and the credential helper that it names."},
	{Code: "oci.registry.denied", Cause: "The registry asks for credentials, or does not accept those that it got (status 401 or 403).", Fix: "Log in with any tool that writes docker's config.json."},
	{Code: "oci.registry.malformed", Cause: "The registry gave an answer that no registry should.", Fix: "Check its name, and whether it uses TLS."},
	{Code: "oci.registry.status", Cause: "The registry answered with a status that is neither success nor worth another attempt.", Fix: "Try again later; check the repository's name."},
	{Code: "oci.registry.unlisted", Cause: "The bundle is stored and does not stay in the list of referrers: somebody else writes the same list.", Fix: "Sign again, one writer at a time."},
	{Code: "oci.registry.unreachable", Cause: "There was no connection to the registry, or it broke.", Fix: "Check its name, the network, the proxy and, for private registries, the certificate authorities and TLS."},
	{Code: "oci.size", Cause: "Content has another size than its descriptor says.", Fix: "Do not use it: it was cut off or replaced. Copy the image again from its origin."},
	{Code: "oci.subject", Cause: "What is listed as a referrer of the image refers to something else.", Fix: "Do not count on it; the list is wrong."},
	{Code: "oci.unsigned", Cause: "The image has no bundle.", Fix: "Sign it; or copy it again together with its referrers, as with oras cp -r."},
	{Code: "oci.write", Cause: "The image layout cannot be written.", Fix: "Check permissions and space."},
}
