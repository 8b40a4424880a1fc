// SPDX-License-Identifier: Apache-2.0

package refuse

// what an audit finds wrong with its source, before there is a bundle
var inputCodes = []Description{
	{Code: "input.artifact", Cause: "The artifact of a bundle is not named, is missing, or cannot be read.", Fix: "Put it where the source says, or name a digest; --no-artifact verifies statements without one."},
	{Code: "input.bundle", Cause: "The file of a bundle is missing or cannot be read.", Fix: "Fix the path, or the permissions."},
	{Code: "input.directory", Cause: "A folder of the tree cannot be read.", Fix: "Fix its permissions and audit again."},
	{Code: "input.judgement", Cause: "A line of the list says how its bundle is judged. Evidence has no say in that.", Fix: "Put these members in the file of --expectations, or give the flags of the same name."},
	{Code: "input.line", Cause: "A line of the list is not strict JSON, has an unknown member, or names no bundle.", Fix: "Fix that line."},
	{Code: "input.outside", Cause: "A path of the source, or a link behind it, leads out of the folder of the source.", Fix: "Move the file into the folder, or add --allow-outside if the list is your own."},
}
