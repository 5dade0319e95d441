#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Benchmark, not a test: instructions a packet of each driver on the in-process model bus, counted by
# callgrind, beside the goals: tests/perf/instructions.sh [--functions]. With --functions each figure is
# followed by the functions that it went to. The program comes from $FASTNIC_BUILD (default: build).
set -eu
repo=$(cd "$(dirname "$0")/../.." && pwd)
build=${FASTNIC_BUILD:-$repo/build}
# shellcheck source=tests/perf/callgrind.sh
. "$repo/tests/perf/callgrind.sh"

functions=
case ${1:-} in
'') ;;
--functions) functions=1 ;;
*)
	echo "instructions.sh: unknown option $1; there is --functions and no other" >&2
	exit 2
	;;
esac
if callgrind_missing >&2; then
	exit 1
fi
[ -x "$build/bin/instructions" ] || {
	echo "instructions.sh: no $build/bin/instructions: build the tree, or say where with FASTNIC_BUILD" >&2
	exit 1
}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
callgrind_run "$build/bin/instructions" "$out" '' all
callgrind_figures "$out" >"$out/figures"

# breakdown FILE PACKETS: functions of a figure, instructions a packet.
breakdown() {
	callgrind_functions "$1" | awk -v packets="$2" '
	$2 !~ /^perf_(rx|tx|lane)$/ && $1 / packets >= 0.05 {
		printf "%61.1f  %s\n", $1 / packets, $2
	}'
}

cat <<'TEXT'
Instructions a packet, counted by callgrind: 64-byte frames, in-process model bus, doorbells in memory, rings of
512, each burst's packets known to the device before the next. rx with refill, tx with reclaim: the driver's
burst and all that it calls. forward: receive, touch one byte of each frame, send, all of it.
l2fwd: the worker's loop, fn_poller_run(), with one lane of l2fwd, which touches no frame, and as many bursts a
round as it takes; rewrite: with --mac-rewrite, which touches each; poll: with --mode poll, not adaptive.
empty: a receive call that finds nothing. rung: doorbells a burst. A rival's figure is one for bursts of 32, in
its own functions, counted elsewhere: for orientation. Goals and sources: docs/performance.md.

TEXT
mark=0
last=
while IFS='|' read -r device ring kind burst turns rung goal stretch rival rival_name ir; do
	mark=$((mark + 2))
	[ "$device, $ring" = "$last" ] ||
		printf '\n%-36s %5s %5s %8s %8s %5s %7s  %-13s %s\n' "$device, $ring" burst rung 'a burst' 'a packet' \
			goal stretch verdict rival
	last="$device, $ring"
	packets=$((turns * burst))
	[ "$kind" != empty ] || packets=$turns
	awk -v kind="$kind" -v burst="$burst" -v turns="$turns" -v rung="$rung" -v goal="$goal" \
		-v stretch="$stretch" -v rival="$rival" -v rival_name="$rival_name" -v ir="$ir" -v packets="$packets" '
	BEGIN {
		figure = ir / packets
		verdict = "-"
		if (goal) {
			verdict = figure <= stretch ? "stretch met" : figure <= goal ? "goal met" : ""
			if (!verdict) verdict = sprintf("misses by %.1f", figure - goal)
		}
		printf "  %-34s %5s %5.2f %8.1f %8.1f %5s %7s  %-13s %s\n", kind, kind == "empty" ? "-" : burst,
			rung / turns, ir / turns, figure, goal ? goal : "-", stretch ? stretch : "-", verdict,
			rival ? rival " " rival_name : "-"
	}'
	[ -z "$functions" ] || breakdown "$out/out.$mark" "$packets"
done <"$out/figures"
