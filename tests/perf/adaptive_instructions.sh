# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
# What the adaptive mode costs a packet while it is loaded: rows for tests/perf/adaptive; sourced, with
# callgrind.sh before it. Rounds of 32 packets end with a look at the clock, rounds of 64 (the budget) once in 16.

# adaptive_instructions PROGRAM DIR: rows of instructions a packet of mode adaptive above mode poll, and notes of
# both as they are: the whole of a worker's round, driver and callback included. Fails when the goal is missed.
adaptive_instructions() {
	callgrind_run "$1" "$2" '' count && callgrind_figures "$2" >"$2/figures" || return 2
	awk -F '|' '
	{ figure[$1, $3, $2] = $5 / $4; if ($2 == "poll") { n++; at[n] = $1; a_round[n] = $3 } }
	END {
		for (i = 1; i <= n; i++) {
			poll = figure[at[i], a_round[i], "poll"]
			more = figure[at[i], a_round[i], "adaptive"] - poll
			met = more <= 0.5
			if (!met) bad = 1
			printf "row|cost of the mode, %d packets a round: instructions a packet (%s)|balanced|" \
				"%.2f above %.1f|at most 0.5|stepped model, callgrind|count|%s\n", \
				a_round[i], at[i], more, poll, met ? "met" : "missed"
		}
		if (n != 6) { print "adaptive: " n " figures, not 6" >"/dev/stderr"; bad = 2 }
		exit bad
	}' "$2/figures"
}
