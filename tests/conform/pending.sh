#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# pending.sh CONFORM FOLDER TABLE PENDING: a behaviour that is skipped in every place must be in PENDING
# (pending.txt), and one that is there must not run anywhere; TABLE (docs/conformance.md) says of each place what
# its results say. FOLDER has the results of this build's runs. Those of a part of the behaviours, or from before
# CONFORM was linked, are none. CONFORM_ALSO names the folder of another build, whose results of QEMU's devices stand
# in where this one has none (tools/test has them once, under the sanitizers).
set -eu
here=$(dirname "$0")
conform=$1
folder=$2
table=$3
pending=$4
failed=0
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
say() {
	echo "FAIL: $*"
	failed=1
}

"$conform" --list >"$dir/list"
# missing RESULTS CONFORM: why a place's results are none, if they are.
missing() {
	if [ ! -s "$1" ]; then
		echo "there are none"
	elif [ -n "$(find "$2" -newer "$1")" ]; then
		echo "they are older than $2"
	elif [ "$(wc -l <"$1")" != "$(wc -l <"$dir/list")" ]; then
		echo "they are of other behaviours than it has"
	fi
}

files=
for place in $("$conform" --places); do
	file=$folder/conform.$(echo "$place" | tr / .).results
	why=$(missing "$file" "$conform")
	case $place in qtest/*)
		other=${CONFORM_ALSO:-}/${file##*/}
		if [ -n "$why" ] && [ -z "$(missing "$other" "${CONFORM_ALSO:-}/bin/conform")" ]; then
			echo "results of $place: $other"
			file=$other why=
		fi
		;;
	esac
	if [ -z "$why" ]; then
		files="$files $file"
	else
		case $place in
		vfio/*) echo "no results of $place, judged without: $why ($file)" ;; # needs a guest
		*)
			echo "SKIP: no results of $place: $why: run ctest -L 'model|qtest' first ($file)"
			exit 77
			;;
		esac
	fi
done

# shellcheck disable=SC2086 # a list of names without spaces
cut -f 3,4 $files | awk -F '\t' '$2 != "skip" { print $1 }' | sort -u >"$dir/ran"
waits() {
	awk -v name="$1" '!/^#/ && $1 == name && $2 != "" { found = 1 } END { exit !found }' "$pending"
}

cut -f 2 "$dir/list" >"$dir/names"
while read -r name; do
	if grep -qx "$name" "$dir/ran"; then
		! waits "$name" || say "$name is in pending.txt and runs: take its line out"
	else
		waits "$name" || say "$name is skipped in every place, and pending.txt names no driver for it"
	fi
done <"$dir/names"
while read -r name _; do
	case $name in '#'* | '') continue ;; esac
	grep -qx "$name" "$dir/names" || say "$pending: there is no behaviour $name"
done <"$pending"

# cells TABLE: the table in lines that can be compared: its sentences, and its columns of the places in $dir/places.
# Why something is skipped is not compared: machines differ in it.
cells() {
	awk 'FNR == NR { judged[$0] = 1; next }
		!/^\| (behaviour \||`)/ { next }
		{ n = split(substr($0, 3, length($0) - 4), cell, / \| /) }
		/^\| behaviour/ { for (i = 2; i <= n; i++) place[i] = cell[i]; next }
		{
			print cell[1]
			split(cell[1], word, " ")
			for (i = 2; i <= n; i++) {
				sub(/ \([0-9]+\)$/, "", cell[i])
				if (place[i] in judged) print word[1] " in " place[i] ": " cell[i]
			}
		}' "$dir/places" "$1"
}
# Without taps QEMU's devices show less than the table says.
tun=/dev/net/tun
for file in $files; do
	place=$(cut -f 1 "$file" | head -n 1)
	case $place in
	qtest/*) { [ -r $tun ] && [ -w $tun ]; } || { echo "no $tun: no table of $place" >&2 && continue; } ;;
	esac
	echo "$place"
done >"$dir/places"
for place in $("$conform" --places); do
	grep -q "^| behaviour |.* $place |" "$table" || say "$table does not know $place"
done
# shellcheck disable=SC2086
sh "$here/table" "$conform" $files >"$dir/new"
cells "$dir/new" >"$dir/new.cells"
cells "$table" >"$dir/old.cells"
diff "$dir/old.cells" "$dir/new.cells" >"$dir/diff" || {
	head -n 20 "$dir/diff"
	say "$table (<) is not what the results (>) say: print it anew with tests/conform/table"
}
# Also of places without results here: what the table admits is no less true for that.
! grep -e '\*\*FAIL\*\*' -e '| not run |' "$table" | cut -c 1-60 | grep . ||
	say "$table has these, which fail or did not run"
[ $failed = 1 ] || echo "ok: $(wc -l <"$dir/list") behaviours, $(wc -l <"$dir/ran") of them run somewhere"
exit $failed
