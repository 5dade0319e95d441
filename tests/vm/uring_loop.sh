#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# uring_loop: packets of a NIC, a UDP socket and a timer in one io_uring; nothing of any of them is slept over.
# shellcheck source=tests/lab/common.sh disable=SC2016 # scripts for either side
. "$(dirname "$0")/../lab/common.sh"
need_root "taps and network namespaces"
[ -c /dev/net/tun ] || skip "no /dev/net/tun"
need_lab --nic virtio-net-pci
BUILD=${FASTNIC_BUILD:-$REPO/build}

# ARP requests that nobody answers are frames, one after another, that the guest's NIC receives.
lab run --bin "$BUILD/bin" --with udp_ask --wire tap --nic virtio-net-pci --host '
	until grep -q " packets" "$LAB_OUT"; do sleep 0.1; done
	for i in 1 2 3 4 5 6 7 8 9 10; do
		ip netns exec "$LAB_NS0" ping -n -c 1 -W 1 "10.99.0.$((i + 150))" >/dev/null
	done
	echo sent >"$LAB_TO_GUEST"' -- \
	sh -c 'uring_loop "$P0" 4950 & pid=$!
		read -r sent <"$LAB_FROM_HOST"
		for i in 1 2 3; do udp_ask 4950; done
		kill -TERM $pid; wait $pid; echo "status $?"'
check "status 0" same "$STATUS" 0
check "a signal ends it well" has "$OUT" '^status 0$'
check "the timer tells each second" has "$OUT" '^[0-9]+ packets, .* queries answered; asleep for'
check "ten frames at least were counted, and are told by UDP" has "$OUT" '^\{"packets":[1-9][0-9]+,"bytes":[0-9]{3,}\}$'
check "no packet was slept over" has "$OUT" '^slept [1-9][0-9]* times, lost wake-ups: 0$'
check "three times" same "$(grep -c '^{"packets":' "$OUT")" 3
finish
