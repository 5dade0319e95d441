#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Opening and closing NICs 100 times, and the calls in every wrong order, leaves nothing: cycles.c.
# shellcheck source=tests/vm/l2fwd_common.sh disable=SC2016 # a script for the guest
. "$(dirname "$0")/l2fwd_common.sh"
need_lab --nic virtio-net-pci

# Behind root ports a few must do: there the kernel resets a NIC at each open and close, 150 ms each.
guest --nic virtio-net-pci --nic virtio-net-pci --nic virtio-net-pci,port=rootport \
	--nic virtio-net-pci,port=rootport --with cycles -- \
	sh -c 'cycles $P0 $P1 && echo "-- behind root ports" && cycles $P2 $P3 6'
cat "$OUT"
check "all of this holds in the guest" same "$STATUS" 0
check "the last check of the guest was reached twice" same "$(grep -c '^ok: the end$' "$OUT")" 2
finish
