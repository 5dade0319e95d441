#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# l2fwd with 2 queue pairs and 64 flows each way: every queue receives and sends, and nothing is lost.
# shellcheck source=tests/vm/l2fwd_common.sh
. "$(dirname "$0")/l2fwd_common.sh"
need_tap
need_lab --nic virtio-net-pci

# A tap chooses the queue towards the guest by a hash over addresses and ports, the same for both directions
# of a flow, and from the first frame of a flow that the guest sends on, takes the queue that it used.

# queues WHERE CPUS L2FWD_OPTION...
queues() {
	where=$1
	cpus=$2
	shift 2
	guest --cpus "$cpus" --wire tap --nic virtio-net-pci,queues=2 --nic virtio-net-pci,queues=2,port=rootport \
		--host "sh $HERE/flows_converse.sh 64 6400 6400" -- l2fwd --duration 60 --json --queues 2 "$@" P0 P1
	check "$where: status 0" same "$STATUS" 0
	conversation_complete "$where, side 0" "$TMP/end0"
	conversation_complete "$where, side 1" "$TMP/end1"
	holds "$where: both ports have two queues" "$OUT" '[.ports[].queues | length] == [2, 2]'
	holds "$where: every queue received and sent" "$OUT" \
		'[.ports[].queues[] | .rx_packets > 0 and .tx_packets > 0] | all'
	holds "$where: at least a tenth of all frames went through each" "$OUT" \
		'[.ports[].queues[] | .rx_packets > 640 and .tx_packets > 640] | all'
	holds "$where: a queue's frames leave by the peer's queue of the same number" "$OUT" \
		'[.ports[0].queues[].rx_packets] == [.ports[1].queues[].tx_packets] and
			[.ports[1].queues[].rx_packets] == [.ports[0].queues[].tx_packets]'
	holds "$where: nothing was dropped" "$OUT" '.dropped == 0'
}

queues "one worker" 1
queues "two workers" 2 --cores 0,1
finish
