#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# flows_converse.sh FLOWS COUNT0 COUNT1: as --host program of the lab with two taps: COUNT0 frames from NIC 0's
# namespace, COUNT1 from NIC 1's; then asks COMMAND to end. Leaves $TMP/end0 and end1, what both ends found,
# and tap0 and tap1, what the kernel counted there in all.
# FLOWS_FIRST: a number of lines of COMMAND's to wait for first.
while [ "$(wc -l <"$LAB_STDOUT")" -lt "${FLOWS_FIRST:-0}" ]; do sleep 0.1; done
ip netns exec "$LAB_NS0" "$FLOWS" --id 0 --peer 1 --flows "$1" --count "$2" --seconds 50 \
	"tap:$LAB_TAP0" >"$TMP/end0" &
first=$!
ip netns exec "$LAB_NS1" "$FLOWS" --id 1 --peer 0 --flows "$1" --count "$3" --seconds 50 \
	"tap:$LAB_TAP1" >"$TMP/end1"
second=$?
wait $first && [ $second = 0 ]
status=$?
echo SIGNAL INT >"$LAB_CTL"
while [ ! -e "$LAB_EXIT" ]; do sleep 0.1; done
ip -n "$LAB_NS0" -s -j link show dev "$LAB_TAP0" | jq -c '.[0].stats64' >"$TMP/tap0"
ip -n "$LAB_NS1" -s -j link show dev "$LAB_TAP1" | jq -c '.[0].stats64' >"$TMP/tap1"
exit $status
