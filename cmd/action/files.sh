# SPDX-License-Identifier: Apache-2.0
#
# What the steps of action.yml have in common; bash reads it into each. It
# turns FILES, patterns one a line, into the array files, and INSTANCE or
# TRUSTED_ROOT into the array trust.

# fail ends the step. The text may hold foreign names, so that it goes through
# quiet.
fail() {
	quiet echo "sigbundle: $*"
	exit 1
}

# quote makes a regular expression that matches just the text.
quote() {
	sed 's/[][\.*^$+?(){}|]/\\&/g' <<<"$1"
}

# quiet runs a command whose output may hold foreign text: names of files,
# claims, answers of services. The runner takes no line of it for a command,
# since it does not know the token that ends this.
quiet() {
	local token status=0
	token=stop-$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
	[[ ${#token} == 37 ]] || { echo 'sigbundle: no random numbers' >&2; exit 1; }
	echo "::stop-commands::$token"
	"$@" 2>&1 || status=$?
	# What came before may have left its last line open.
	printf '\n::%s::\n' "$token"
	return "$status"
}

# escape writes a name as certificates do: Fulcio escapes a URL.
escape() {
	local LC_ALL=C text=$1 out='' c i
	if [[ $text != https://* ]]; then
		printf '%s' "$text"
		return
	fi
	for ((i = 0; i < ${#text}; i++)); do
		c=${text:i:1}
		case $c in
		[]a-zA-Z0-9/:@._~%#?\&=+,\;\!\$\'\(\)*[-]) out+=$c ;;
		*) printf -v c '%%%02X' "$(($(printf '%d' "'$c") & 255))" && out+=$c ;;
		esac
	done
	printf '%s' "$out"
}

# output hands a list to the workflow, one item a line. The delimiter cannot
# be guessed, so that no file name can end the list.
output() {
	local name=$1 end
	shift
	end=end-$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
	[[ ${#end} == 36 ]] || fail 'no random numbers'
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
list_files() {
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
		for match in "${matches[@]}"; do # a name of two lines would be two items of a list
			[[ $match != *[[:cntrl:]]* ]] || fail "a file's name has control characters: $match"
		done
		[[ ${#matches[@]} -gt 0 ]] || fail "no file matches $pattern"
		files+=("${matches[@]}")
	done <<<"$FILES"
	[[ ${#files[@]} -gt 0 ]] || fail 'no files are named'
}

# sign_files signs FILES, or one statement about them with PREDICATE, and hands
# the list of bundles to the workflow.
sign_files() {
	local args=() written
	list_files
	case $REPLACE in
	true | false) ;;
	*) fail "replace is $REPLACE, want true or false" ;;
	esac
	[[ $REPLACE == false || -z $PREDICATE ]] || fail 'replace is for signatures of files: with predicate, name the file in bundle'
	[[ -z $BUNDLE || -n $PREDICATE || ${#files[@]} == 1 ]] || fail "bundle goes with one file, and there are ${#files[@]}"
	[[ -z $BUNDLE ]] || args+=(--bundle "$BUNDLE")
	[[ -z $SIGNING_CONFIG ]] || args+=(--signing-config "$SIGNING_CONFIG")
	# A file that bundle names is replaced in any case.
	[[ $REPLACE == false || -n $BUNDLE ]] || args+=(--replace)
	written=("${BUNDLE:-${files[0]}.sigstore.json}")
	if [[ -n $PREDICATE ]]; then
		quiet "$sigbundle" attest "${args[@]}" "${trust[@]}" --predicate "$PREDICATE" --type "$PREDICATE_TYPE" -- "${files[@]}" || exit
	else
		quiet "$sigbundle" sign "${args[@]}" "${trust[@]}" -- "${files[@]}" || exit
		[[ -n $BUNDLE ]] || written=("${files[@]/%/.sigstore.json}")
	fi
	output bundles "${written[@]}"
}
