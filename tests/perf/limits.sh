#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# What e1000e and igb may cost, in instructions counted by callgrind as tests/perf/instructions.sh does:
# bursts of 32, two pools in use, counters on. Counts, so that the load does not matter.
# limits.sh BUILD
set -eu
build=$1
# shellcheck source=tests/perf/callgrind.sh
. tests/perf/callgrind.sh
if callgrind_missing; then
	exit 77
fi
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

callgrind_run "$build/bin/instructions" "$out" '' limits
callgrind_figures "$out" >"$out/figures"
# Fields: device, ring and load, kind, burst, turns, ... , instructions. The last limits are no goals: they
# keep a packet with flags of the receive side, or of another pool, off the longest way.
awk -F '|' '
BEGIN {
	limit["rx"] = 22
	limit["tx"] = 18
	limit["l2fwd"] = limit["l2fwd rewrite"] = limit["l2fwd poll"] = 50
	limit["empty"] = 20
	limit["forward"] = 90
	for (kind in limit) kinds++
}
{
	figure = $NF / ($3 == "empty" ? $5 : $4 * $5)
	printf "%s, %s, %s: %.1f, limit %d\n", $1, $2, $3, figure, limit[$3]
	if (!($3 in limit) || figure > limit[$3]) {
		print "FAIL: that is above the limit"
		bad = 1
	}
	if (!seen[$1, $3]++) n++
	devices[$1]
	taken[$1, $3] = figure
}
END {
	# What the mode costs while there is load: l2fwd is adaptive, unless it is told to poll.
	for (device in devices) {
		mode = taken[device, "l2fwd"] - taken[device, "l2fwd poll"]
		printf "%s, adaptive less poll: %.2f, limit 0.5 either way\n", device, mode
		if (mode > 0.5 || mode < -0.5) {
			print "FAIL: that is above the limit"
			bad = 1
		}
	}
	if (n != 2 * kinds || !("e1000e" in devices) || !("igb" in devices)) {
		print "FAIL: " n + 0 " kinds of figures, not " 2 * kinds ": e1000e and igb have one of each kind"
		bad = 1
	}
	exit bad
}' "$out/figures"
