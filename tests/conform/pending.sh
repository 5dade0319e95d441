#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# pending.sh CONFORM FOLDER: a behaviour that is skipped in every place must be in pending.txt, and one that is
# there must not run anywhere; docs/conformance.md knows each. FOLDER has the results of this build's runs.
set -eu
here=$(dirname "$0")
conform=$1
folder=$2
failed=0
say() {
	echo "FAIL: $*"
	failed=1
}

files=
for place in $("$conform" --places); do
	file=$folder/conform.$(echo "$place" | tr / .).results
	if [ -s "$file" ]; then
		files="$files $file"
	else
		case $place in
		vfio/*) echo "no results of $place: judged without" ;; # needs a guest
		*)
			echo "SKIP: no results of $place: run ctest -L model -L qtest first ($file)"
			exit 77
			;;
		esac
	fi
done

ran=$(mktemp)
trap 'rm -f "$ran"' EXIT
# shellcheck disable=SC2086 # a list of names without spaces
cut -f 3,4 $files | awk -F '\t' '$2 != "skip" { print $1 }' | sort -u >"$ran"
waits() {
	awk -v name="$1" '!/^#/ && $1 == name && $2 != "" { found = 1 } END { exit !found }' "$here/pending.txt"
}

for name in $("$conform" --list | cut -f 2); do
	if grep -qx "$name" "$ran"; then
		! waits "$name" || say "$name is in pending.txt and runs: take its line out"
	else
		waits "$name" || say "$name is skipped in every place, and pending.txt names no driver for it"
	fi
	# shellcheck disable=SC2016 # a backquote
	grep -q '^| `'"$name"'` ' "$here/../../docs/conformance.md" ||
		say "docs/conformance.md does not know $name: print it anew with tests/conform/table"
done
while read -r name _; do
	case $name in '#'* | '') continue ;; esac
	"$conform" --list | cut -f 2 | grep -qx "$name" || say "pending.txt: there is no behaviour $name"
done <"$here/pending.txt"
[ $failed = 1 ] || echo "ok: $("$conform" --list | wc -l) behaviours, $(wc -l <"$ran") of them run somewhere"
exit $failed
