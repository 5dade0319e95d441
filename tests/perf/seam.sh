#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The bus seam costs at most 2 instructions a burst, and 3 where Intel's drivers send packets that ask for
# offloads, as the compiler jumps to the burst's end instead of repeating it: callgrind counts the drivers as they ship
# and the same ones with the seam compiled out (no_seam.h), each with its doorbells in memory. Padding in front
# of aligned loops is not counted: it is run through, and falls elsewhere with every byte more.
# seam.sh BUILD [LIMIT]
set -eu
build=$1
limit=${2:-2}
# shellcheck source=tests/perf/callgrind.sh
. tests/perf/callgrind.sh
if callgrind_missing; then
	exit 77
fi
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

for program in instructions instructions_no_seam; do
	mkdir "$out/$program"
	callgrind_run "$build/bin/$program" "$out/$program" --dump-instr=yes all
	callgrind_padding "$build/bin/$program" >"$out/$program/padding"
	callgrind_figures "$out/$program" >"$out/$program/figures"
done
if grep -q '^fn=fn_bar_' "$out"/*/out.*; then
	echo "FAIL: a burst reaches a register other than by its doorbell, where no_seam.h does not take the seam out"
	exit 1
fi

# Fields: device, ring, kind, burst, turns, rings of the doorbell, ... , instructions.
paste -d '|' "$out/instructions/figures" "$out/instructions_no_seam/figures" | awk -F '|' -v limit="$limit" '
{
	what = sprintf("%s, %s, %s, burst %s", $1, $2, $3, $4)
	for (i = 1; i <= 6; i++)
		if ($i != $(i + 11)) {
			print "FAIL: the two programs did not do the same: " $0
			bad = 1
		}
	# A loop has a burst of each direction.
	cost = ($11 - $22) / $5
	loop = $3 ~ /^(forward|l2fwd)/
	most = limit * (loop ? 2 : 1) + ($2 ~ /scalar offload/ && (loop || $3 == "tx"))
	if ($3 != "empty" && !$6) {
		print "FAIL: " what ": no doorbell was rung, so that nothing was compared"
		bad = 1
	}
	if (cost > most) {
		printf "FAIL: %s: the seam costs %.2f instructions a burst (%d against %d), and %d are allowed\n",
			what, cost, $11 / $5, $22 / $5, most
		bad = 1
	}
	if (cost > top[$3] || !($3 in top)) top[$3] = cost
	if (cost) differ = 1
	n++
}
END {
	if (!n || !differ) {
		print "FAIL: " n + 0 " figures, all alike: the seam was not out of either program"
		bad = 1
	}
	for (kind in top) printf "%s: at most %.2f instructions a burst\n", kind, top[kind]
	exit bad
}'
