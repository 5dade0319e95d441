#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Each NIC model comes up on either kind of port, bound to vfio-pci, in an IOMMU group of its own; P0.. name it.
# shellcheck source=tests/lab/common.sh
. "$(dirname "$0")/common.sh"

# shellcheck disable=SC2016 # for the guest
look='for bdf in "$@"; do
	dev=/sys/bus/pci/devices/$bdf
	driver=$(basename "$(readlink $dev/driver)")
	group=$(ls $dev/iommu_group/devices | wc -l)
	node=/dev/vfio/$(basename "$(readlink $dev/iommu_group)")
	[ -c $node ] || node=none
	echo "$bdf $(cat $dev/vendor):$(cat $dev/device) $driver $group ${node%/*}"
done
echo "$LAB_PORTS" = "$P0 $P1 $P2 $P3"; echo xP0 P04 P9
echo cap $(cat /sys/class/iommu/dmar0/intel-iommu/cap)'

# models NAME OPTION...
models() {
	name=$1
	shift
	lab run "$@" -- sh -c "$look" look P0 P1 P2 P3
	check "$name: status" same "$STATUS" 0
	check "$name: all on vfio-pci, each alone in its group, with a node" \
		same "$(grep -c ' vfio-pci 1 /dev/vfio$' "$OUT")" 4
	check "$name: four different devices" same "$(grep vfio-pci "$OUT" | cut -d' ' -f1 | sort -u | wc -l)" 4
	check "$name: words that only look like a port stay" has "$OUT" '^xP0 P04 P9$'
	ports=$(grep vfio-pci "$OUT" | cut -d' ' -f1 | tr '\n' ' ')
	check "$name: LAB_PORTS and P0.. agree" has "$OUT" "^${ports% } = ${ports% }\$"
}

# shellcheck disable=SC2119 # no arguments
need_lab
models "root bus" --nic virtio-net-pci --nic e1000e --nic vmxnet3 --nic virtio-net-pci
check "P0 is on the root bus" has "$OUT" '^0000:00:03.0 0x1af4:0x1041'
check "P1 is an e1000e" has "$OUT" '^0000:00:04.0 0x8086:0x10d3'
check "P2 is a vmxnet3" has "$OUT" '^0000:00:05.0 0x15ad:0x07b0'
models "root ports" --aw-bits 39 --nic virtio-net-pci,port=rootport --nic e1000e,port=rootport \
	--nic vmxnet3,port=rootport --nic virtio-net-pci,port=rootport
check "P0 is behind its port" has "$OUT" '^0000:01:00.0 0x1af4:0x1041'
check "P2 is behind its port" has "$OUT" '^0000:03:00.0 0x15ad:0x07b0'
# Bits 21:16 (MGAW) of the capability register hold the width less one.
check "--aw-bits 39 reaches the IOMMU" same "$((0x$(sed -n 's/^cap //p' "$OUT") >> 16 & 63))" 38

lab run --iommu none --nic virtio-net-pci -- sh -c 'ls /sys/kernel/iommu_groups | wc -l; ls /sys/bus/pci/devices'
check "--iommu none: no groups, and the NIC is there" has "$OUT" '^0$'
check "--iommu none: the NIC is there" has "$OUT" '^0000:00:03.0$'
finish
