#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# --wire tap: the guest's NIC and the Linux stack of its namespace reach each other, with 1 and 2 queues.
# shellcheck source=tests/lab/common.sh disable=SC2016 # scripts for either side
. "$(dirname "$0")/common.sh"
need_root "taps and network namespaces"
[ -c /dev/net/tun ] || skip "no /dev/net/tun"
need_lab --nic virtio-net-pci

lab run --cpus 2 --wire tap --kernel-drivers --no-bind --nic virtio-net-pci --nic virtio-net-pci,queues=2 --host '
	until grep -q "^up" "$LAB_OUT"; do sleep 0.1; done
	for i in 0 1; do
		eval "ns=\$LAB_NS$i tap=\$LAB_TAP$i"
		ip netns exec $ns ping -n -c 5 -i 0.2 -W 5 10.99.0.$((i + 101))
		ip -n $ns -o address show dev $tap
		echo "v6 $(ip -n $ns -6 address show dev $tap | wc -l) outside $(ip -o link | grep -c "$tap")"
		echo "tap $i has $(ip netns exec $ns ls /sys/class/net/$tap/queues | grep -c tx-) queues"
	done
	echo done >"$LAB_TO_GUEST"' -- \
	sh -c 'ip address add 10.99.0.101/24 dev $N0; ip link set $N0 up
		ip address add 10.99.0.102/32 dev $N1; ip link set $N1 up
		ip route add 10.99.0.2/32 dev $N1; echo up
		ls -d /sys/class/net/$N1/queues/tx-*; read x <$LAB_FROM_HOST'
check "status 0" same "$STATUS" 0
check "five pings on each wire are answered" same "$(grep -c ' 5 received, 0% packet loss' "$OUT")" 2
check "tap 0 has its address" has "$OUT" 'inet 10\.99\.0\.1/24'
check "tap 1 has its address" has "$OUT" 'inet 10\.99\.0\.2/24'
check "IPv6 is off, and the taps left the first namespace" same "$(grep -c '^v6 0 outside 0$' "$OUT")" 2
check "tap 1 has two queues" has "$OUT" '^tap 1 has 2 queues$'
check "so has the guest's NIC" has "$OUT" '/tx-1$'
finish
