#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# l2fwd --json on the root bus, behind root ports and with 39-bit IOVAs: its figures are those of the wire.
# shellcheck source=tests/vm/l2fwd_common.sh disable=SC2016 # scripts for the guest
. "$(dirname "$0")/l2fwd_common.sh"
need_tap
need_lab --nic virtio-net-pci

# figures_agree WHERE: what l2fwd counted, and what both ends of the wire did.
figures_agree() {
	check "$1: status 0" same "$STATUS" 0
	conversation_complete "$1, side 0" "$TMP/end0"
	conversation_complete "$1, side 1" "$TMP/end1"
	{ tail -n 1 "$TMP/end0"; tail -n 1 "$TMP/end1"; } >"$TMP/ends"
	cat "$TMP/tap0" "$TMP/tap1" >"$TMP/taps"
	tail -n 1 "$OUT" | jq -c --slurpfile ends "$TMP/ends" --slurpfile taps "$TMP/taps" \
		'. + {ends: $ends, taps: $taps}' >"$TMP/all"
	holds "$1: 3000 and 2000 frames of data arrived" "$TMP/all" '[.ends[].received] == [2000, 3000]'
	holds "$1: what came out of a tap is what its port sent, to the byte" "$TMP/all" \
		'[.taps[].rx.packets] == [.ports[].tx_packets] and [.taps[].rx.bytes] == [.ports[].tx_bytes]'
	holds "$1: and no less than its end saw" "$TMP/all" \
		'.ends[0].received + .ends[0].hellos_received <= .taps[0].rx.packets and
			.ends[1].received + .ends[1].hellos_received <= .taps[1].rx.packets'
	holds "$1: what a port received its peer sent, and nothing was dropped" "$TMP/all" \
		'.ports[0].rx_packets == .ports[1].tx_packets and .ports[1].rx_packets == .ports[0].tx_packets and
			.ports[0].rx_bytes == .ports[1].tx_bytes and .ports[1].rx_bytes == .ports[0].tx_bytes and
			.dropped == 0'
	holds "$1: a port received what went into its tap, but for what came before it was up" "$TMP/all" \
		'[.ports, .taps, .ends] | transpose | map(.[0].rx_packets <= .[1].tx.packets and
			.[0].rx_packets >= .[2].sent) | all'
	holds "$1: the sums are sums" "$TMP/all" '.forwarded == ([.ports[].tx_packets] | add) and
		([.ports[] | .rx_packets == ([.queues[].rx_packets] | add)] | all)'
	holds "$1: the first frame has a time" "$TMP/all" '.first_frame_monotonic_ns > 0'
}

guest --wire tap --nic virtio-net-pci,port=rootport --nic virtio-net-pci,port=rootport \
	--host "sh $HERE/flows_converse.sh 8 3000 2000" -- l2fwd --duration 60 --json P0 P1
figures_agree "behind root ports"

# On the root bus, first for three seconds without traffic; of a run without --json what it says of its ports.
FLOWS_FIRST=4 guest --wire tap --aw-bits 39 --nic virtio-net-pci --nic virtio-net-pci --with l2fwd \
	--host "sh $HERE/flows_converse.sh 8 3000 2000" -- \
	sh -c 'trap : INT; l2fwd --duration 1 $P0 $P1 | grep -A 2 "lets in"
		l2fwd --duration 3 --json $P0 $P1 || exit; l2fwd --duration 60 --json $P0 $P1'
figures_agree "IOVAs of 39 bits"
head -n 3 "$OUT" >"$TMP/words"
check "in words: what a port lets in, and its bursts" has "$TMP/words" \
	'^  0000:00:03.0 +all +split[a-z -]* +split[a-z -]*$'
check "in words: and the other port" has "$TMP/words" '^  0000:00:04.0 +all +split'
sed -n 4p "$OUT" >"$TMP/quiet"
holds "no traffic: it ran 3 seconds" "$TMP/quiet" '.seconds >= 3 and .seconds < 6'
holds "no traffic: the ports have their PCI addresses as names" "$TMP/quiet" \
	'[.ports[].name] == ["0000:00:03.0", "0000:00:04.0"]'
holds "no traffic: both are up" "$TMP/quiet" '[.ports[].state] == ["up", "up"]'
holds "no traffic: it says which bursts were chosen, by name" "$TMP/quiet" \
	'[.ports[] | .rx_variant, .tx_variant | test("^(split|packed)( |$)")] | length == 4 and all'
holds "no traffic: it says what the ports let in" "$TMP/quiet" \
	'[.ports[] | .promisc, .mac_filter_mode] == [true, "exact", true, "exact"]'
holds "no traffic: nothing was forwarded and nothing dropped" "$TMP/quiet" '.forwarded == 0 and
	.dropped == 0 and .first_frame_monotonic_ns == 0 and [.ports[].rx_packets] == [0, 0]'
check "with --json each run prints one line" same "$(wc -l <"$OUT")" 5
check "and nothing on stderr" same "$(cat "$ERR")" ""
finish
