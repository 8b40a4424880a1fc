// SPDX-License-Identifier: Apache-2.0

package refuse

// what an audit finds wrong with its source, before there is a bundle
var inputCodes = []Description{
	{Code: "input.artifact", Cause: "The artifact of a bundle is not named, is missing, or cannot be read.", Fix: "Put it where the source says, or name a digest; --no-artifact verifies statements without one."},
	{Code: "input.bundle", Cause: "The file of a bundle is missing or cannot be read.", Fix: "Fix the path, or the permissions; links out of the tree are not followed."},
	{Code: "input.directory", Cause: "A folder of the tree cannot be read.", Fix: "Fix its permissions and audit again."},
	{Code: "input.line", Cause: "A line of the list is not strict JSON, has an unknown member, or contradicts itself.", Fix: "Fix that line; no condition in it was passed over."},
	{Code: "input.policy", Cause: "The key or the trust root that a line names cannot be read.", Fix: "Fix the path, or the permissions."},
}
