#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# What bad input gets from l2fwd: one sentence with the cause and the remedy, and nothing left half done.
# Two boots: one where everything else is right, and one without an IOMMU.
# shellcheck source=tests/lab/common.sh disable=SC2016 # scripts for the guest
. "$(dirname "$0")/../lab/common.sh"
need_lab --nic virtio-net-pci --nic vmxnet3

# guest WHAT LAB-OPTION...: run that part of errors_guest.sh, and pass on what it found.
guest() {
	part=$1
	shift
	status=0
	timeout -k 5 240 "$LAB" run --cpus 1 "$@" --file "$REPO/tests:/tests" -- \
		sh /tests/vm/errors_guest.sh "$part" >"$TMP/out" 2>"$TMP/err" </dev/null || status=$?
	cat "$TMP/out" "$TMP/err"
	check "all cases of $part" same $status 0
	check "the script for $part ran to its end" has "$TMP/out" "^end: $part\$"
}

# NIC 3 names a root port, so that the lab finds a device in its slot, but becomes function 1 of NIC
# 2's slot, and so shares its IOMMU group. NIC 5 goes past the IOMMU.
guest bound --no-bind --nic virtio-net-pci --nic virtio-net-pci --nic virtio-net-pci,multifunction=on \
	--nic virtio-net-pci,port=rootport,bus=pcie.0,addr=5.1 --nic vmxnet3 \
	--nic virtio-net-pci,iommu_platform=off
guest no-iommu --iommu none --nic virtio-net-pci --nic virtio-net-pci
finish
