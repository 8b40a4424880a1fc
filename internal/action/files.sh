# SPDX-License-Identifier: Apache-2.0
#
# What the steps of action.yml have in common; bash reads it into each. It
# turns FILES, patterns one a line, into the array files, and INSTANCE or
# TRUSTED_ROOT into the array trust.

fail() {
	echo "sigbundle: $*" >&2
	exit 1
}

# quote makes a regular expression that matches just the text.
quote() {
	sed 's/[][\.*^$+?(){}|]/\\&/g' <<<"$1"
}

# output hands a list to the workflow, one item a line. The delimiter cannot
# be guessed, so that no file name can end the list.
output() {
	local name=$1 end
	shift
	end=end-$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
	{
		echo "$name<<$end"
		printf '%s\n' "$@"
		echo "$end"
	} >>"$GITHUB_OUTPUT"
}

sigbundle=$RUNNER_TEMP/sigbundle/bin/sigbundle

trust=(--instance "$INSTANCE")
if [[ -n $TRUSTED_ROOT ]]; then
	trust=(--trusted-root "$TRUSTED_ROOT")
fi

# A pattern that matches nothing is a mistake: silence would publish what
# nobody signed. A name with spaces stays one name.
files=()
shopt -s nullglob globstar
while IFS= read -r pattern; do
	pattern=${pattern%$'\r'}
	[[ -n $pattern ]] || continue
	IFS='' matches=()
	for match in $pattern; do
		[[ -d $match || $match == *.sigstore.json ]] || matches+=("$match")
	done
	unset IFS
	[[ ${#matches[@]} -gt 0 ]] || fail "no file matches $pattern"
	files+=("${matches[@]}")
done <<<"$FILES"
[[ ${#files[@]} -gt 0 ]] || fail 'no files are named'
