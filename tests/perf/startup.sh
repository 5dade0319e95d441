#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Benchmark, not a test: from exec to the first received frame of l2fwd with two virtio ports in the
# emulated guest, and its memory. tests/perf/startup.sh [RUNS [LAB-OPTION...]], for example
# tests/perf/startup.sh 10 --append hugepages=0. Programs come from $FASTNIC_BUILD (default: build).
set -eu
repo=$(cd "$(dirname "$0")/../.." && pwd)
build=${FASTNIC_BUILD:-$repo/build}
runs=10
if [ $# -gt 0 ]; then
	runs=$1
	shift
fi
[ -f "$build/bin/startup_shim.so" ] || {
	echo "startup.sh: no $build/bin/startup_shim.so: build the tree, or say where with FASTNIC_BUILD" >&2
	exit 1
}

# NIC 0 is the kernel's and faces NIC 1; NIC 2 faces nobody.
# shellcheck disable=SC2016 # expanded in the guest
exec timeout -k 5 600 "$repo/tools/lab" run --bin "$build" --no-bind --kernel-drivers --nic virtio-net-pci \
	--nic virtio-net-pci --nic virtio-net-pci "$@" --with startup --with l2fwd \
	--file "$build/bin/startup_shim.so:/lib/startup_shim.so" -- sh -c '
		fastnic-bind bind $P1 $P2 >/tmp/bound || exit
		echo 1 >/proc/sys/net/ipv6/conf/$N0/disable_ipv6
		ip link set $N0 up
		startup '"$runs"' $N0 /lib/startup_shim.so l2fwd --json --duration 0.5 $P1 $P2'
