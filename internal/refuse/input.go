// SPDX-License-Identifier: Apache-2.0

package refuse

// what an audit finds wrong with its source, before there is a bundle
var inputCodes = []Description{
	{Code: "expectation.mismatch", Cause: "The expectation about this artifact has its subject or its digest, and differs in the other.", Fix: "Do not accept the artifact until it is known which of the two is right; then correct the artifact or the expectation."},
	{Code: "expectation.unmet", Cause: "No bundle of the source verifies under this expectation.", Fix: "Add the bundle of that artifact to the source, or remove the expectation if the artifact is gone."},
	{Code: "input.artifact", Cause: "The artifact of a bundle is not named, is missing, or cannot be read.", Fix: "Put it where the source says, or name a digest. Statements can be verified without an artifact."},
	{Code: "input.bundle", Cause: "The file of a bundle is missing or cannot be read.", Fix: "Fix the path, or the permissions."},
	{Code: "input.directory", Cause: "A folder of the tree cannot be read.", Fix: "Fix its permissions and audit again."},
	{Code: "input.judgement", Cause: "A line of the list says how its bundle is judged. Evidence has no say in that.", Fix: "Put these members in the file of expectations, or judge the whole list by them."},
	{Code: "input.line", Cause: "A line of the list is not strict JSON, has an unknown member, or names no bundle.", Fix: "Fix that line."},
	{Code: "input.link", Cause: "A link in the tree leads to a folder, to nothing or out of the tree, and is not followed.", Fix: "Put the file or the folder in its place, or audit its target by itself."},
	{Code: "input.outside", Cause: "A path of the source, or a link behind it, leads out of the folder of the source.", Fix: "Move the file into the folder, or allow paths that lead out of it, if the list is your own."},
	{Code: "input.unexpected", Cause: "The source has evidence about an artifact that no expectation is about.", Fix: "Add an expectation for the artifact, or remove the artifact from the source."},
	{Code: "input.unsigned", Cause: "A file of the tree has no bundle beside it, and each has to have one.", Fix: "Sign the file, or take it out of the tree."},
}
