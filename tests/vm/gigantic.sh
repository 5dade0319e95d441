#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# DMA memory of 1 GiB pages: frames pass; with too few such pages it is refused with a sentence.
# shellcheck source=tests/vm/l2fwd_common.sh disable=SC2016 # a script for the guest
. "$(dirname "$0")/l2fwd_common.sh"
need_lab --nic virtio-net-pci

# Two pages are needed: one for the pool, one for the rings. The machine's memory below 2 GiB and at its end
# holds the kernel's own things. The smaller pages are there to be shunned.
guest --mem 6G --append "hugepages=64 hugepagesz=1G hugepages=3" --nic virtio-net-pci \
	--nic virtio-net-pci,port=rootport --with gigantic -- sh -c '
	pages=/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages
	grep HugePages_Free /proc/meminfo
	gigantic $P0 $P1 || exit
	for n in 1 0; do
		echo $n >$pages
		gigantic --refused || exit
	done'
cat "$OUT"
check "all of this holds in the guest" same "$STATUS" 0
check "the last check of the guest was reached thrice" same "$(grep -c '^ok: the end$' "$OUT")" 3
check "smaller pages were to be had" has "$OUT" '^HugePages_Free: +64$'
# It can be typed, but whether the kernel still finds 1 GiB in one piece is luck: booting with them, as here, is not.
check "each refusal names size, need and remedy" same "$(grep -cE \
	'^says: no hugepages of 1048576 KiB for [0-9]+ bytes .*: echo 2 > .* \(or boot with hugepagesz=1G ' "$OUT")" 2
finish
