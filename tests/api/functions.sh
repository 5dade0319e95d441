#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# functions.sh HEADER...: X(name) for every function that the headers declare or define.
set -eu
cat "$@" | tr '\n' ' ' | grep -oE '(FN_API|FN_INLINE) [^;{(]*\(' |
	sed -nE 's/.*[ *](fn_[a-z0-9_]+)\($/X(\1)/p' | LC_ALL=C sort -u
