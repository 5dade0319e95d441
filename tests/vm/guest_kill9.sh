# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh disable=SC2154,SC2317 # P0 and P1 are the lab's; functions called by check
# In the guest, frames coming in on both NICs all the time: 20 kills, each followed by a start that forwards.
# shellcheck source=tests/vm/guest_common.sh
. /tests/vm/guest_common.sh

# What a process could leave behind: files, shared memory, mounts, other processes.
leftovers() {
	find /tmp /dev/shm /dev/hugepages /run /dev/vfio ! -path "$TMP*" 2>/dev/null | sort
	cat /proc/mounts
	pidof l2fwd
	grep -E '^(HugePages_(Total|Free|Rsvd|Surp)|Mlocked)' /proc/meminfo
}

# The group's node takes one opener at a time.
group_is_free() {
	true <>"/dev/vfio/$(basename "$(readlink "/sys/bus/pci/devices/$1/iommu_group")")"
}

leftovers >"$TMP/before"
free=$(hugepages_free)
i=0
while [ $i -lt 20 ]; do
	i=$((i + 1))
	l2fwd_start "$P0" "$P1"
	wait_for 20 forwards || { echo "FAIL: start $i does not forward"; FAILED=1; show_l2fwd; break; }
	[ "$(hugepages_free)" -lt "$free" ] || { echo "FAIL: start $i uses no hugepage"; FAILED=1; }
	l2fwd_end KILL
	[ $STATUS = 137 ] || { echo "FAIL: start $i ended with status $STATUS before it was killed"; FAILED=1; }
	[ "$(hugepages_free)" = "$free" ] ||
		{ echo "FAIL: kill $i: $(hugepages_free) of $free hugepages are free"; FAILED=1; }
done
check "20 times l2fwd forwarded and was killed" same $i 20
leftovers >"$TMP/after"
check "files, mounts, processes, hugepages and locked memory are as before" cmp "$TMP/before" "$TMP/after"
[ $FAILED = 0 ] || diff "$TMP/before" "$TMP/after"
check "the group of P0 can be opened" group_is_free "$P0"
check "the group of P1 can be opened" group_is_free "$P1"

l2fwd_start "$P0" "$P1"
check "the start after the last kill forwards" wait_for 20 forwards
check "while it runs, the group cannot be opened" sh -c "! (true <>/dev/vfio/$(
	basename "$(readlink "/sys/bus/pci/devices/$P0/iommu_group")")) 2>/dev/null"
l2fwd_end TERM
check "and it ends with status 0" same "$STATUS" 0
check "saying nothing on stderr" same "$(cat "$TMP/l2fwd.err")" ""
check "with the NICs reset" nics_are "master off status 0x00" "$P0" "$P1"
check "the kernel has nothing to complain of" sh -c "! dmesg | grep -E 'WARNING:|BUG:|Oops|DMAR: \[|DMAR:.*fault'"
check "the end" true
finish
