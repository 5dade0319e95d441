#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# conform.sh DEVICE MODEL[,OPT=VAL]... RESULTS [OPTION]...: all behaviours in the place vfio/DEVICE, or those that
# conform's options choose (--only A,B), through real VFIO: a NIC of QEMU's MODEL that fastnic drives, on one cable
# with a virtio NIC that the guest's kernel drives. A second such pair, where the device is below a root port, is
# for errors of the bus. One boot. OPT=VAL is as of tools/lab --nic.
# shellcheck source=tests/lab/common.sh
# shellcheck disable=SC2034 # HERE is for the host program
. "$(dirname "$0")/../lab/common.sh"

device=$1 model=$2 results=$3
shift 3
HERE=$REPO/tests/vm
export HERE
BUILD=${FASTNIC_BUILD:-$REPO/build}
command -v perl >/dev/null || skip "no perl to speak QMP with"
need_lab --wire bridge --nic "$model" --nic virtio-net-pci

# Of QEMU's models only this one has to be told that it reports errors. The others get by with one processor;
# of two that QEMU 10.0 emulates one may lose its timer, and then the guest stands still.
case $model in
virtio-net-pci*) report=,aer=on cpus=2 ;;
*) report='' cpus=1 ;;
esac
# Counts of long runs (conform --help) reach the guest.
counts=$(env | grep -E '^CONFORM_(POLLER_[A-Z_]+|DEADLINE_S)=[0-9]+$' || :)
STATUS=0
# shellcheck disable=SC2086 # they are words on purpose
timeout -k 10 890 "$LAB" run --timeout 880 --cpus "$cpus" --wire bridge --no-bind --kernel-drivers \
	--nic "$model" --nic virtio-net-pci --nic "$model,port=rootport$report" --nic virtio-net-pci \
	--bin "$BUILD" --with conform --file "$HERE/conform_guest.sh:/vm/conform_guest.sh" \
	--host "perl $HERE/conform_host.pl" -- env $counts sh /vm/conform_guest.sh P0 P2 "vfio/$device" "$@" \
	>"$TMP/out" </dev/null || STATUS=$?
grep -v '^@' "$TMP/out"
sed -n 's/^@result //p' "$TMP/out" >"$results"
exit $STATUS
