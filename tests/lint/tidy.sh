#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# tidy.sh BUILD: the library and the applications pass clang-tidy as .clang-tidy says.
set -eu
. tests/lint/sources.sh
build=$1
tidy=$(command -v clang-tidy-14 || command -v clang-tidy) || skip "clang-tidy is not installed"
"$tidy" --version | grep -qE 'version 14\.' || skip "clang-tidy is not version 14"
command -v jq >/dev/null || skip "jq is not installed"

# As they are shipped: tests compile the same sources in their own ways, and clang-tidy would run for each of them.
shipped=$(mktemp -d)
trap 'rm -rf "$shipped"' EXIT
jq 'map(select(.command | test(" -o (lib|apps)/CMakeFiles/")))' "$build/compile_commands.json" \
	>"$shipped/compile_commands.json"
c_sources lib drivers apps | grep '\.c$' >"$shipped/sources"
if ! jq -r --arg top "$PWD/" '.[].file | ltrimstr($top)' "$shipped/compile_commands.json" | LC_ALL=C sort |
	diff - "$shipped/sources"; then
	echo "what $build compiles is not once each source of the library and the applications"
	exit 1
fi
# One file a run: version 14 takes va_list for uninitialized in all but the first. The largest first, so that no
# processor waits long for the last.
xargs ls -S <"$shipped/sources" | xargs -P "$(nproc)" -n 1 "$tidy" --quiet -p "$shipped"
