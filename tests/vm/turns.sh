#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# turns.sh [NIC NIC NIC NIC]: the kernel's own driver and fastnic's take turns on the same four NICs, 20 times, by
# fastnic-bind, in one boot. In each turn frames pass through all of them both ways and are looked at.
# shellcheck source=tests/vm/l2fwd_common.sh
. "$(dirname "$0")/l2fwd_common.sh"
[ $# = 4 ] || set -- igb e1000e virtio-net-pci igb,port=rootport
need_lab --image full --nic "$1" --nic "$2" --nic "$3" --nic "$4"
turns=20

# Each NIC is on a cable with one that the kernel keeps.
GUEST_LIMIT=1100
guest --image full --no-bind --kernel-drivers --wire hub --nic "$1" --nic virtio-net-pci --nic "$2" \
	--nic virtio-net-pci --nic "$3" --nic virtio-net-pci --nic "$4" --nic virtio-net-pci \
	--with l2fwd --with flows --file "$REPO/tests:/tests" -- sh /tests/vm/turns_guest.sh $turns
cat "$OUT"
check "status 0" same "$STATUS" 0
check "$turns turns of the kernel's drivers" same "$(grep -c '^turn [0-9]*: kernel: .* good$' "$OUT")" $turns
check "$turns turns of fastnic's" same "$(grep -c '^turn [0-9]*: fastnic: .* good$' "$OUT")" $turns
finish
