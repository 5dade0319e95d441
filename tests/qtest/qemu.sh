#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# A QEMU for the tests of this folder, found or fetched: see tools/lab --help.
set -eu
if [ -n "${FASTNIC_QEMU:-}" ]; then
	"$FASTNIC_QEMU" --version
	exit
fi
tools/lab qemu virtio-net-pci e1000e igb vmxnet3 || {
	echo "skipped: no QEMU with all NIC models"
	exit 77
}
