#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# clang.sh: Clang takes all sources and, as C11 and C++17, all public headers, with the warnings of the
# build as errors.
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
warn="-Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wundef -Wvla -Werror"

# The flags are words on purpose.
# shellcheck disable=SC2086
for header in include/fastnic/*.h; do
	echo "#include <fastnic/${header##*/}>" >"$tmp/alone.c"
	clang -std=c11 $warn -Iinclude -fsyntax-only "$tmp/alone.c"
	clang++ -std=c++17 $warn -Iinclude -fsyntax-only -x c++ "$tmp/alone.c"
done
# shellcheck disable=SC2086
find lib drivers apps -name '*.c' | LC_ALL=C sort | xargs -P "$(nproc)" -n 8 clang -std=gnu11 -D_GNU_SOURCE -O2 \
	$warn -Wmissing-prototypes -Wstrict-prototypes -Wcast-qual -Wwrite-strings -Wformat=2 \
	-Iinclude -Ilib -I. -I/usr/include/json-c -fsyntax-only
