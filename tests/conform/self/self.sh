#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# self.sh CONFORM_SELF SANITIZERS: the runner tells failures, crashes, hangs and leaks apart from what passes.
set -eu
self=$1
sanitizers=${2:-}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0

status=0
"$self" --place self/none --jobs 3 --results "$dir/results" >"$dir/out" || status=$?
expect() {
	grep -Eq "$1" "$dir/out" || { echo "FAIL: no line matches <$1>"; failed=1; }
}
[ $status = 1 ] || { echo "FAIL: exit status $status, not 1"; failed=1; }
expect '^ok   self/none self\.passes [0-9]+ ms$'
expect '^FAIL self/none self\.fails .*\(self\.c:[0-9]+: three is 3 \(0x3\), not 4, 4 \(0x4\)\)$'
expect '^FAIL self/none self\.fails_bytes .*byte 2 of 3 is 0x63, not 0x64\)$'
expect '^FAIL self/none self\.fails_call .*gave -22 \(Invalid argument\), not 0: .*page'
expect '^skip self/none self\.skips .*\(no thing here\)$'
expect '^skip self/none self\.needs .*\(there is not here: a cable to be pulled\)$'
expect '^FAIL self/none self\.crashes .*\(it crashed: signal 6'
expect '^FAIL self/none self\.exits .*\(it ended with exit status 0'
expect '^FAIL self/none self\.hangs .*\(it hangs: killed after the deadline, s: 2'
expect '^FAIL self/none self\.leaks_fd .*1 file descriptors are left open\)$'
expect '^FAIL self/none self\.leaks_packet .*pool_info\(c\)\.outside is 1 '
expect '^FAIL self/none self\.place_saw .*the place saw 5\)$'
expect '^ok   self/none self\.passes_again '
expect '^ok   self/none self\.asks_host '
case $sanitizers in
*address*) expect '^FAIL self/none self\.leaks_memory .*LeakSanitizer' ;;
*) expect '^ok   self/none self\.leaks_memory ' ;;
esac
[ "$(wc -l <"$dir/results")" = 15 ] || { echo "FAIL: $(wc -l <"$dir/results") results, not 15"; failed=1; }

# Results are there as they come, and a run that is ended loses none: what ran then is said to hang.
"$self" --place self/none --jobs 2 --only passes,hangs,passes_again --results "$dir/ended" >"$dir/out" &
pid=$!
until grep -q passes_again "$dir/ended" 2>/dev/null; do sleep 0.01; done
kill -TERM $pid
status=0
wait $pid || status=$?
[ $status = 1 ] || { echo "FAIL: exit status $status of a run that was ended, not 1"; failed=1; }
expect '^FAIL self/none self\.hangs .*\(it hangs: killed '
[ "$(cut -f 3,4 "$dir/ended" | tr '\t\n' '  ')" = "passes ok hangs FAIL passes_again ok " ] ||
	{ echo "FAIL: the results of a run that was ended: $(cat "$dir/ended")"; failed=1; }
"$self" --place self/none --only passes,hangs,passes_again --results "$dir/cut" >"$dir/out" &
pid=$!
until [ -s "$dir/cut" ]; do sleep 0.01; done
kill -TERM $pid
wait $pid && { echo "FAIL: a run that was ended is said to have passed"; failed=1; }
expect ' not begun when the run was ended$'
grep -q passes_again "$dir/cut" && { echo "FAIL: what was not begun has a result"; failed=1; }

status=0
"$self" --place self/none --only fails,nothing >"$dir/out" 2>&1 || status=$?
[ $status = 2 ] || { echo "FAIL: exit status $status for a name of nothing, not 2"; failed=1; }
expect '^conform: no behaviour nothing: see --list$'
[ $failed = 0 ] && echo "ok: the runner tells them apart"
exit $failed
