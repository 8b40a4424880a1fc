#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs every fuzz target of the module for a while, one after the other.
# Inputs that reach new code are kept as they are: making bundles small first
# would take all the time there is.
# usage: fuzz.sh GO DURATION
set -eu
go=$1
for_each=$2
failed=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT
printf '%-58s %14s\n' target executions
for file in $(grep -rl --include='*_test.go' '^func Fuzz' . | sort); do
	dir=$(dirname "$file")
	# nested modules have targets of their own
	[ "$($go list -f '{{.Module.Path}}' "$dir" 2>/dev/null)" = github.com/sigbundle/sigbundle ] || continue
	for target in $(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' "$file"); do
		if $go test -run '^$' -fuzz "^$target\$" -fuzztime "$for_each" -fuzzminimizetime 10x "$dir" >"$log" 2>&1; then
			printf '%-58s %14s\n' "$dir $target" "$(sed -n 's/.*execs: \([0-9]*\).*/\1/p' "$log" | tail -1)"
		else
			failed=1
			printf '%-58s %14s\n' "$dir $target" FAILED
			cat "$log"
		fi
	done
done
exit $failed
