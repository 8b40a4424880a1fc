// SPDX-License-Identifier: Apache-2.0

// Package action has the shell functions of action.yml, and their tests.
package action
