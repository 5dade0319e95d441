#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# What is tested is what ships: all programs of the build that hold drivers, and libfastnic.so, hold the
# objects of libfastnic.a. objects.sh BUILD
set -eu
build=$1
archive=$build/lib/libfastnic.a
library=$build/lib/libfastnic.so

members=$(find drivers -name '*.c' -exec basename {} \; | LC_ALL=C sort | sed 's/$/.o/')
# The one that is compiled otherwise on purpose, see seam.sh.
other=instructions_no_seam
programs=$(grep -v "/$other\$" "$build/tests/perf/programs.txt")
out=$(mktemp)
trap 'rm -f "$out"' EXIT

# Neither a path of the build nor a source has a space.
# shellcheck disable=SC2086
"$build/bin/same_objects" "$archive" $members -- "$library" $programs >"$out" || {
	status=$?
	cat "$out"
	exit $status
}
cat "$out"
# Each bus that has tests is among them.
for program in "$library" "$build/bin/instructions" "$build/bin/test_"; do
	grep -q "^$program.*as they ship$" "$out" || {
		echo "FAIL: $program... does not hold the drivers any more: look for what took its place"
		exit 1
	}
done
# And the comparison can fail.
# shellcheck disable=SC2086
if said=$("$build/bin/same_objects" "$archive" $members -- "$build/bin/$other" 2>&1); then
	echo "FAIL: $other, whose drivers are compiled otherwise, passes for what ships"
	exit 1
fi
printf '%s\n' "$said" | grep 'is not what ships'
