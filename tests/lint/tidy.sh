#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# tidy.sh BUILD: the library and the applications pass clang-tidy as .clang-tidy says.
set -eu
. tests/lint/sources.sh
build=$1
tidy=$(command -v clang-tidy-14 || command -v clang-tidy) || skip "clang-tidy is not installed"
"$tidy" --version | grep -qE 'version 14\.' || skip "clang-tidy is not version 14"
# One file a run: version 14 takes va_list for uninitialized in all but the first.
c_sources lib drivers apps | grep '\.c$' |
	xargs -P "$(nproc)" -n 1 "$tidy" --quiet -p "$build"
