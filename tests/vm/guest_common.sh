# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
# What the guest's scripts share: tests/lab/common.sh's checks, and l2fwd in the background.
# The folder tests is /tests in here: see guest() in l2fwd_common.sh.
# shellcheck source=tests/lab/common.sh
. /tests/lab/common.sh

# l2fwd_start ARG...: with a screen each 0.1 s; sets PID. Its output is $TMP/l2fwd.out and .err.
l2fwd_start() {
	# Here and not by the background process, which comes later: forwards() must not see the last one's.
	: >"$TMP/l2fwd.out"
	l2fwd --stats 0.1 "$@" >"$TMP/l2fwd.out" 2>"$TMP/l2fwd.err" </dev/null &
	PID=$!
}

# Some screen of this l2fwd says that it forwarded frames.
forwards() {
	grep -Eq ' [1-9][0-9]* frames forwarded$' "$TMP/l2fwd.out"
}

# l2fwd_end SIGNAL: sends it and leaves STATUS. No screen may say that a wake-up was lost.
l2fwd_end() {
	STATUS=0
	kill "-$1" "$PID"
	wait "$PID" 2>/dev/null || STATUS=$? # the shell says "Killed" there
	if grep 'slept over packets' "$TMP/l2fwd.out"; then
		echo "FAIL: a wake-up was lost"
		FAILED=1
	fi
}

show_l2fwd() {
	tail -n 20 "$TMP/l2fwd.out" "$TMP/l2fwd.err"
}

# nics_are STATE BDF...: every NIC is in this state, as guest_nicstate words it.
nics_are() {
	state=$1
	shift
	guest_nicstate "$@" >"$TMP/state"
	[ "$(grep -c " $state$" "$TMP/state")" = $# ] || { echo "not all are <$state>:"; cat "$TMP/state"; return 1; }
}

hugepages_free() {
	sed -n 's/^HugePages_Free: *//p' /proc/meminfo
}
