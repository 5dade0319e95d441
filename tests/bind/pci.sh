# shellcheck shell=sh
# SPDX-License-Identifier: BSD-3-Clause
# What the guest's kernel says of a PCI function: its driver, its IOMMU group, its netdev.

pci=/sys/bus/pci/devices

driver() {
	link=$(readlink "$pci/$1/driver") && echo "${link##*/}"
}

group() {
	link=$(readlink "$pci/$1/iommu_group") && echo "${link##*/}"
}

netdev() {
	for path in "$pci/$1"/net/* "$pci/$1"/virtio*/net/*; do
		[ ! -d "$path" ] || echo "${path##*/}"
	done
}

# Waits 5 s at most.
eventually() {
	waited=0
	until "$@"; do
		[ $waited -lt 100 ] || return 1
		usleep 50000
		waited=$((waited + 1))
	done
}
