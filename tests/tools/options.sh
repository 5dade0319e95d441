#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# tools/test and tools/demo refuse an option that they do not know, with one sentence and before they do
# anything.
set -u
bad=0

# refused STATUS PATTERN COMMAND...
refused() {
	want=$1
	pattern=$2
	shift 2
	out=$("$@" 2>&1 </dev/null)
	status=$?
	if [ $status != "$want" ] || ! printf '%s\n' "$out" | grep -qE -e "$pattern" ||
		[ "$(printf '%s\n' "$out" | wc -l)" != 1 ]; then
		echo "FAIL: $*: status $status, said: $out"
		bad=1
	else
		echo "ok: $*: $out"
	fi
}

refused 2 'unknown option --frobnicate' tools/test --frobnicate
refused 2 'unknown option --frobnicate' tools/demo --frobnicate
refused 2 '--seconds never: give a number from 1 to 9999' tools/demo --seconds never
refused 2 '--seconds 0: give a number from 1 to 9999' tools/demo --seconds 0
refused 2 '--seconds needs a value' tools/demo --seconds
exit $bad
