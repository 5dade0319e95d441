#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# l2fwd_pairs.sh [MODEL MODEL MODEL]: l2fwd forwards between any two of these NIC models, both ways and to the
# byte. One boot with two NICs of each: first every model faces another, then its twin.
# shellcheck source=tests/vm/l2fwd_common.sh
. "$(dirname "$0")/l2fwd_common.sh"
a=${1:-virtio-net-pci} b=${2:-e1000e} c=${3:-igb}
need_lab --nic "$a" --nic "$b" --nic "$c"
FRAMES=$BUILD/bin/frames
export FRAMES
GUEST_LIMIT=280
# The NICs by number: a b b c c a.
mixed='0,1 2,3 4,5'
twins='0,5 1,2 3,4'

guest --wire socket --nic "$a" --nic "$b" --nic "$b" --nic "$c" --nic "$c" --nic "$a" \
	--host "sh $HERE/l2fwd_pairs_host.sh '$mixed' '$twins'" --with l2fwd \
	--file "$HERE/l2fwd_pairs_guest.sh:/vm/l2fwd_pairs_guest.sh" -- sh /vm/l2fwd_pairs_guest.sh "$mixed" "$twins"
check "each frame came out of the other NIC, in order and with the same bytes" same "$STATUS" 0
check "nothing on stderr" same "$(cat "$ERR")" ""

# pairs RUN NAME PAIR...: what l2fwd says agrees with what the wires saw.
pairs() {
	run=$1 name=$2
	shift 2
	sed -n "s/^$run: //p" "$OUT" >"$TMP/json"
	jq -c --slurpfile wire "$TMP/frames.$run" '. + {wire: $wire}' "$TMP/json" >"$TMP/all" || : >"$TMP/all"
	holds "$name: frames of all lengths passed, both ways" "$TMP/all" \
		"[.wire[].received] == [range(2 * $#) | 1455]"
	holds "$name: each port sent what came out of it, and nothing was dropped" "$TMP/all" '.dropped == 0 and
		([.ports[].tx_packets] | sort) == ([.wire[] | .received + .probes_received] | sort)'
}

# shellcheck disable=SC2086 # lists of pairs
pairs 1 "$a to $b, $b to $c, $c to $a" $mixed
# shellcheck disable=SC2086
pairs 2 "$a, $b and $c to their like" $twins
finish
