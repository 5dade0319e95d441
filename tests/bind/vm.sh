#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Starts guest.sh in the lab: an e1000e, three virtio NICs and an igb, with the kernel's drivers.
# Exit status 77 (skipped) when there is no lab.
set -u

here=$(cd "$(dirname "$0")" && pwd)
lab=$here/../../tools/lab
[ -x "$lab" ] || { echo 'skip: no tools/lab'; exit 77; }

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
"${CC:-cc}" -static -Wall -Wextra -o "$work/hold" "$here/hold.c" || exit 1

# NIC 3 names a root port, so that the lab finds a device in its slot, but becomes function 1 of NIC
# 2's slot. (The kernel trusts functions of Intel's NICs to be isolated; virtio's share a group.)
"$lab" run --cpus 1 --timeout 1500 --image full --no-bind --kernel-drivers --module bridge --module 8021q \
	--nic e1000e --nic virtio-net-pci --nic virtio-net-pci,multifunction=on \
	--nic virtio-net-pci,port=rootport,bus=pcie.0,addr=5.1 --nic igb \
	--file "$here/guest.sh:/bind/guest.sh" --file "$here/check.sh:/bind/check.sh" \
	--file "$here/pci.sh:/bind/pci.sh" \
	--file "$work/hold:/bind/hold" "$@" -- sh /bind/guest.sh &
pid=$!
# The lab undoes what it did when it is told to end.
trap 'kill $pid; wait $pid; exit 1' INT TERM HUP
wait $pid
