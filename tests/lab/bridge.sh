#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# --wire bridge: two NICs of the guest, one with two queues, reach each other with frames of any length; the
# bridge says nothing itself, and nothing of it is left.
# shellcheck source=tests/lab/common.sh disable=SC2016 # scripts for either side
. "$(dirname "$0")/common.sh"
need_lab --wire bridge --nic virtio-net-pci

# The second NIC gets a stack of its own, as nothing is sent to oneself.
lab run --cpus 2 --wire bridge --kernel-drivers --no-bind --nic virtio-net-pci,queues=2 --nic virtio-net-pci --host '
	until grep -q "^up" "$LAB_OUT"; do sleep 0.1; done
	[ "$LAB_NS0" = "$LAB_NS1" ] &&
		echo "one namespace, taps outside it: $(ip -o link | grep -cE "$LAB_TAP0|$LAB_TAP1")"
	for i in 0 1; do
		eval "tap=\$LAB_TAP$i"
		echo "tap $i has $(ip netns exec $LAB_NS0 ls /sys/class/net/$tap/queues | grep -c tx-) queues"
	done
	echo "addresses: $(ip -n $LAB_NS0 -o address | wc -l)"
	echo "frames of the bridge: $(ip netns exec $LAB_NS0 cat /sys/class/net/cable/statistics/tx_packets)"
	echo "namespace $LAB_NS0"
	echo done >"$LAB_TO_GUEST"' -- \
	sh -c 'unshare -n sleep 1000 & other=$!
		while [ "$(readlink /proc/$other/ns/net)" = "$(readlink /proc/$$/ns/net)" ]; do sleep 0.1; done
		until ip link set $N1 netns $other 2>/dev/null && nsenter -t $other -n ip link set $N1 mtu 9000 up; do
			sleep 0.1
		done
		ip link set $N0 mtu 9000 up
		nsenter -t $other -n ip address add 10.99.0.2/24 dev $N1
		ip address add 10.99.0.1/24 dev $N0
		ping -c 5 -W 5 10.99.0.2; ping -c 3 -s 8900 -W 5 10.99.0.2
		echo up; read x <$LAB_FROM_HOST; kill $other'
check "status 0" same "$STATUS" 0
check "five pings are answered" has "$OUT" '^5 packets transmitted, 5 packets received'
check "so are three long ones" has "$OUT" '^3 packets transmitted, 3 packets received'
check "both taps are in one namespace" has "$OUT" '^one namespace, taps outside it: 0$'
check "tap 0 has two queues" has "$OUT" '^tap 0 has 2 queues$'
check "tap 1 has one" has "$OUT" '^tap 1 has 1 queues$'
check "no stack of the host has an address there" has "$OUT" '^addresses: 0$'
check "and the bridge sent nothing itself" has "$OUT" '^frames of the bridge: 0$'
check "nothing is left" same "$(ip netns | grep -c "^$(sed -n 's/^namespace //p' "$OUT")")" 0
finish
