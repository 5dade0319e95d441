#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# A plain user with the default limit of locked memory is told the exact number of bytes, and with that
# number l2fwd forwards; a page less does not do. With hugepages, and without.
# shellcheck source=tests/lab/common.sh
. "$(dirname "$0")/../lab/common.sh"
need_lab --nic virtio-net-pci

# guest WHAT LAB-OPTION...
guest() {
	name=$1
	shift
	status=0
	timeout -k 5 120 "$LAB" run --cpus 1 "$@" --no-bind --kernel-drivers --nic virtio-net-pci --nic virtio-net-pci \
		--nic virtio-net-pci --nic virtio-net-pci --with l2fwd --file "$REPO/tests:/tests" -- \
		sh /tests/vm/memlock_guest.sh "$name" >"$TMP/out" 2>"$TMP/err" </dev/null || status=$?
	echo "== $name"
	cat "$TMP/out" "$TMP/err"
	check "all of $name" same $status 0
	check "the script for $name ran to its end" has "$TMP/out" "^end: $name: [0-9]+ bytes\$"
}

guest hugepages
check "hugepages were there to be used" has "$TMP/out" '^HugePages_Total: +[1-9]'
guest ordinary --append hugepages=0
check "no hugepages were" has "$TMP/out" '^HugePages_Total: +0$'
check "and l2fwd said so" has "$TMP/out" '^  says: l2fwd: .*hugepages'
finish
