#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# A program and its library in a folder whose name has a space are packed like any other.
# shellcheck source=tests/lab/common.sh
. "$(dirname "$0")/common.sh"
# shellcheck disable=SC2119 # no arguments
need_lab

dir="$TMP/my programs"
mkdir "$dir"
echo 'int answer(void) { return 42; }' >"$TMP/lib.c"
echo 'int answer(void); int main(void) { return answer(); }' >"$TMP/main.c"
cc -shared -fPIC -o "$dir/libanswer.so" "$TMP/lib.c"
cc -o "$dir/ask" "$TMP/main.c" -L"$dir" -lanswer -Xlinker -rpath -Xlinker "$dir"

lab run --iommu none -- "$dir/ask"
check "it runs, with its library" same "$STATUS" 42
finish
