#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# --user: COMMAND runs as a plain user who owns the NIC's device node, with the limit asked for.
# shellcheck source=tests/lab/common.sh disable=SC2016 # scripts for the guest
. "$(dirname "$0")/common.sh"
need_lab --nic virtio-net-pci

show='echo "$(id -un) $(id -u) limit $(ulimit -l)"; stat -c "%n %U" /dev/vfio/[0-9]*
	(: <>/dev/vfio/$(basename $(readlink /sys/bus/pci/devices/$P0/iommu_group))) && echo opened
	(: >/sys/bus/pci/devices/$P0/driver_override) 2>/dev/null || echo not root
	echo again >/dev/stderr; exit 9'
lab run --user alice --nic virtio-net-pci -- sh -c "$show"
check "status 9" same "$STATUS" 9
check "plain user with the kernel's limit of 8 MiB" has "$OUT" '^alice 1000 limit 8192$'
check "who owns the group's node" has "$OUT" '^/dev/vfio/[0-9]+ alice$'
check "and can open it" has "$OUT" '^opened$'
check "but is not root" has "$OUT" '^not root$'
check "the error stream can be opened again" has "$ERR" '^again$'
lab run --user bob --memlock 300000001 --nic virtio-net-pci -- sh -c "$show"
check "--memlock raises the limit, rounded up to KiB" has "$OUT" '^bob 1000 limit 292969$'
finish
