// SPDX-License-Identifier: Apache-2.0

package conformance_test

// expectedCodes are our reasons for the cases of the public suite that must
// fail.
var expectedCodes = map[string][]string{}
