#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# What l2fwd puts on the wire, to the byte: one port and two, with --mac-rewrite and without; and what --burst does.
# shellcheck source=tests/vm/l2fwd_common.sh
. "$(dirname "$0")/l2fwd_common.sh"
need_lab --nic virtio-net-pci
FRAMES=$BUILD/bin/frames
export FRAMES
# The lab gives its NICs these addresses.
mac0=52:54:00:12:34:50
mac1=52:54:00:12:34:51

# frames WHERE NICS SOURCE0 SOURCE1 L2FWD-ARG...: see frames_host.sh.
frames() {
	where=$1
	host="sh $HERE/frames_host.sh $2 $3 $4"
	shift 4
	: >"$TMP/frames"
	guest --wire socket --nic virtio-net-pci --nic virtio-net-pci --host "$host" -- l2fwd --json "$@"
	cat "$TMP/frames"
	check "$where: each frame comes back, in order and with the bytes that it should have" same "$STATUS" 0
	jq -c --slurpfile wire "$TMP/frames" '. + {wire: $wire}' "$OUT" >"$TMP/all" || : >"$TMP/all"
	holds "$where: all lengths were sent" "$TMP/all" '(.wire | length > 0) and ([.wire[].received == 1455] | all)'
	holds "$where: l2fwd sent what came back, nothing else, and dropped nothing" "$TMP/all" \
		'.forwarded == ([.wire[] | .received + .probes_received] | add) and .dropped == 0'
	check "$where: nothing on stderr" same "$(cat "$ERR")" ""
}

frames "one port" 1 same - P0
# Which shows that the host's frames come together: without, the next test of --burst would mean little.
holds "one port: it takes many frames at once" "$TMP/all" '.ports[0] | .rx_bursts < .rx_packets'
frames "one port, --mac-rewrite --burst 1" 1 $mac0 - --mac-rewrite --burst 1 P0
holds "one port, --burst 1: it takes one at a time, and sends one at a time" "$TMP/all" \
	'.ports[0] | .rx_packets > 1455 and .rx_bursts == .rx_packets and .tx_bursts == .tx_packets'
frames "two ports, --mac-rewrite" 2 $mac0 $mac1 --mac-rewrite P0 P1
finish
