#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The VFIO bus on real VFIO: claims, windows, memory, interrupts, release, refusals: test_vfio.c. On
# virtio NICs of either port, on others with a driver of fastnic's and without one, and without an IOMMU.
set -eu
lab=$(cd "$(dirname "$0")/../.." && pwd)/tools/lab

# Two processors: interrupts are moved from one to the other.
"$lab" run --cpus 2 --timeout 240 --aw-bits 39 --nic virtio-net-pci --nic virtio-net-pci,port=rootport -- \
	test_vfio P0 P1
"$lab" run --cpus 1 --timeout 120 --nic e1000e --nic vmxnet3 -- test_vfio P0 P1
"$lab" run --cpus 1 --timeout 120 --iommu none --nic virtio-net-pci -- test_vfio --expect intel_iommu=on P0
