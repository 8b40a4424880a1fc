// SPDX-License-Identifier: Apache-2.0

package oidc

import (
	"os"
	"strings"
)

// googleProduct reports whether the firmware names the machine as one of
// Google's cloud.
func googleProduct() bool {
	data, err := os.ReadFile("/sys/class/dmi/id/product_name")
	name := strings.TrimSpace(string(data))
	return err == nil && (name == "Google" || name == "Google Compute Engine")
}

func (e *Environment) file() string {
	if e.TokenFile != "" {
		return e.TokenFile
	}
	return tokenFile
}

func (e *Environment) hasFile() bool {
	if e.TokenFile == "-" {
		return false
	}
	info, err := os.Stat(e.file())
	return err == nil && info.Mode().IsRegular()
}
