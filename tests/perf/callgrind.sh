# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
# Counts the instructions of tests/perf/instructions.c's figures with callgrind; sourced.

# callgrind_missing: says what to install when valgrind is not there.
callgrind_missing() {
	command -v valgrind >/dev/null && return 1
	echo "valgrind is not installed; type: apt-get install valgrind"
}

# callgrind_run PROGRAM DIR [OPTION [ARGUMENT]]: leaves DIR/lines, what the program says of each figure,
# and DIR/out.N, what callgrind counted up to mark N. A figure lies between two marks;
# what is before the first is warm-up.
# A worker's loop is counted without what the model does in it: perf_step() is called from fn_poller_run().
# The environment is emptied, because it moves the stack and with it what copies are aligned to.
callgrind_run() {
	env -i PATH="$PATH" valgrind -q --tool=callgrind --callgrind-out-file="$2/out" \
		--compress-strings=no --compress-pos=no --collect-atstart=no \
		--toggle-collect=perf_rx --toggle-collect=perf_tx --toggle-collect=perf_forward \
		--toggle-collect=fn_poller_run --toggle-collect=perf_step \
		--dump-after=perf_mark ${3:+"$3"} "$1" ${4:+"$4"} >"$2/lines" 2>"$2/errors" &&
		[ -e "$2/out.1" ] && return 0
	echo "callgrind did not count $1:" >&2
	cat "$2/errors" >&2
	return 1
}

# callgrind_padding PROGRAM: where instructions that do nothing stand in it, for callgrind_functions.
callgrind_padding() {
	objdump -d --no-show-raw-insn "$1" | awk -v program="$(readlink -f "$1")" -F '\t' '
	BEGIN { print program }
	$2 ~ /^(data16 |cs )*nop[wl]?( |$)/ || $2 ~ /^xchg +%ax,%ax/ {
		gsub(/[ :]/, "", $1)
		print "0x" $1
	}'
}

# callgrind_functions FILE [PADDING]: a line a function, instructions and name: its own, without those it
# calls. The line behind "calls=" is what a call cost as a whole. Padding takes --dump-instr=yes.
callgrind_functions() {
	awk '
	FNR == NR && FILENAME != main { if (FNR == 1) program = $0; else padding[$1]; next }
	/^ob=/ { object = substr($0, 4); next }
	/^fn=/ { fn = substr($0, 4); next }
	/^calls=/ { getline; next }
	/^(0x[0-9a-f]+ )?[0-9]+ [0-9]+$/ && !(object == program && $1 in padding) { own[fn] += $NF }
	END { for (fn in own) print own[fn], fn }' main="$1" ${2:+"$2"} "$1" | sort -k1,1nr -k2
}

# callgrind_figures DIR: DIR/lines with one more field, the instructions, less those of the functions
# that only call a burst or l2fwd, and less the padding of DIR/padding if that is there.
callgrind_figures() {
	mark=0
	padding=
	[ ! -e "$1/padding" ] || padding=$1/padding
	while read -r line; do
		mark=$((mark + 2))
		[ -e "$1/out.$mark" ] || {
			echo "callgrind left no figure for: $line" >&2
			return 1
		}
		echo "$line|$(callgrind_functions "$1/out.$mark" ${padding:+"$padding"} |
			awk '$2 !~ /^perf_(rx|tx|lane)$/ { sum += $1 } END { print sum + 0 }')"
	done <"$1/lines"
}
