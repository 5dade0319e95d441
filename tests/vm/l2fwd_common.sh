# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
# What the tests of l2fwd in a guest share: the lab with a longer limit, two ends that converse, figures.
# shellcheck source=tests/lab/common.sh
. "$(dirname "$0")/../lab/common.sh"

HERE=$REPO/tests/vm
BUILD=${FASTNIC_BUILD:-$REPO/build}
FLOWS=$BUILD/bin/flows
export HERE FLOWS TMP
command -v jq >/dev/null || skip "jq is not installed"
for program in l2fwd flows guest_nicstate; do
	[ -x "$BUILD/bin/$program" ] || { echo "FAIL: $BUILD/bin/$program is not built"; exit 1; }
done

# guest ARG...: "lab run ARG..." with a limit of 80 s (or GUEST_LIMIT), one processor and the programs of this build;
# leaves OUT, ERR and STATUS and shows what was said on stderr. Without a guest there is nothing to test.
guest() {
	OUT=$TMP/out
	ERR=$TMP/err
	STATUS=0
	limit=${GUEST_LIMIT:-80}
	timeout -k 5 $((limit + 5)) "$LAB" run --timeout "$limit" --cpus 1 --bin "$BUILD" "$@" \
		>"$OUT" 2>"$ERR" </dev/null || STATUS=$?
	[ ! -s "$ERR" ] || sed 's/^/    stderr: /' "$ERR"
	[ $STATUS != 125 ] || { echo "FAIL: the lab failed"; exit 1; }
	none_slept_over
}

# No l2fwd of the last guest that told of its workers, by JSON or in words, slept over a packet.
none_slept_over() {
	if grep -hoE '"lost_wakeups": *[1-9][0-9]*|worker [0-9]+ slept over packets .*' "$OUT" "$ERR"; then
		echo "FAIL: a wake-up was lost"
		FAILED=1
	fi
}

need_tap() {
	need_root "taps and network namespaces"
	[ -c /dev/net/tun ] || skip "no /dev/net/tun"
}

# json FILE FILTER...: what jq makes of the object in FILE's last line.
json() {
	tail -n 1 "$1" | jq -r "$2"
}

# holds WHAT FILE FILTER: the jq expression is true of the object in FILE's last line.
holds() {
	if [ "$(json "$2" "$3" 2>/dev/null)" = true ]; then
		echo "ok: $1"
	else
		echo "FAIL: $1 ($3) in:"
		cat "$2"
		FAILED=1
	fi
}

# What both ends of a conversation found: all data arrived, once, unspoilt, and nothing else did.
conversation_complete() {
	holds "$1: all that was sent arrived, once and unspoilt" "$2" \
		'.received == .expected and .acked == .sent and .duplicates == 0 and .spoilt == 0 and .strange == 0'
}
