# shellcheck shell=sh disable=SC2016,SC2154 # fake commands expand by themselves; $tree is fake.sh's
# SPDX-License-Identifier: BSD-3-Clause
# A stand-in for the kernel: sysfs, proc and dev trees in $tree whose control files are FIFOs, read
# by two loops that do what the PCI core does on a write. Sourced by fake.sh.
#
# .default in a device's directory names the driver that a probe without override chooses, .netdev
# its interface. $tree/refuse/DRIVER makes a driver refuse every device, $tree/no-node keeps
# vfio-pci from making group nodes. $tree/log lists what was written. The fake ip command prints
# $tree/uses/NETDEV.addr and NETDEV.route.

make_tree() {
	sys=$tree/sys pci=$tree/sys/bus/pci
	mkdir -p "$pci/devices" "$pci/drivers" "$sys/kernel/iommu_groups" "$sys/class/net" \
		"$sys/module/vfio_iommu_type1" "$tree/proc/net" "$tree/dev/vfio" "$tree/refuse" \
		"$tree/uses" "$tree/bin"
	: >"$tree/log"
	: >"$tree/proc/net/dev"
	: >"$tree/dev/vfio/vfio"
	chmod 666 "$tree/dev/vfio/vfio"
	mkfifo "$pci/drivers_probe" "$tree/unbind"
	add_driver vfio-pci
	fake_command ip 'case "$*" in
		*addr*) cat "$tree/uses/${5}.addr" 2>/dev/null ;;
		-4*route*) cat "$tree/uses/${7}.route" 2>/dev/null ;;
		esac; true'
	fake_command modprobe 'echo "modprobe $1" >>"$tree/log"; . "$tree/modprobe.$1" 2>/dev/null'
}

fake_command() {
	printf '#!/bin/sh\ntree=%s\nsys=$tree/sys pci=$sys/bus/pci\n%s\n' "$tree" "$2" \
		>"$tree/bin/$1"
	chmod +x "$tree/bin/$1"
}

add_driver() {
	mkdir -p "$pci/drivers/$1"
	ln "$tree/unbind" "$pci/drivers/$1/unbind"
}

# add_device BDF GROUP DRIVER [NETDEV [CLASS]]: with DRIVER bound; GROUP and DRIVER may be empty.
add_device() {
	device=$pci/devices/$1
	mkdir "$device"
	echo 0x8086 >"$device/vendor"
	echo 0x10d3 >"$device/device"
	echo "${5:-0x020000}" >"$device/class"
	echo "pci:v00008086d000010D3" >"$device/modalias"
	echo '(null)' >"$device/driver_override"
	echo "$3" >"$device/.default"
	echo "${4-}" >"$device/.netdev"
	if [ -n "$2" ]; then
		mkdir -p "$sys/kernel/iommu_groups/$2/devices"
		ln -s "../../../../kernel/iommu_groups/$2" "$device/iommu_group"
		ln -s "../../../../bus/pci/devices/$1" "$sys/kernel/iommu_groups/$2/devices/$1"
	fi
	[ -z "$3" ] || {
		[ -d "$pci/drivers/$3" ] || add_driver "$3"
		attach "$1" "$3"
	}
}

node_of() { echo "$tree/dev/vfio/$(basename "$(readlink "$pci/devices/$1/iommu_group")")"; }

driver() {
	link=$(readlink "$pci/devices/$1/driver") && echo "${link##*/}"
}

attach() {
	device=$pci/devices/$1
	if [ "$2" = vfio-pci ]; then
		[ -e "$tree/no-node" ] || : >"$(node_of "$1")"
	else
		read -r netdev <"$device/.netdev"
		[ -z "$netdev" ] || {
			mkdir -p "$device/net/$netdev" "$sys/class/net/$netdev"
			echo 0x1003 >"$sys/class/net/$netdev/flags"
		}
	fi
	ln -s "../../drivers/$2" "$device/driver"
}

probe() {
	device=$pci/devices/$1 driver=''
	[ -d "$device" ] && [ ! -e "$device/driver" ] || return 0
	read -r driver <"$device/driver_override"
	case $driver in '' | '(null)') read -r driver <"$device/.default" ;; esac
	[ -z "$driver" ] || [ ! -d "$pci/drivers/$driver" ] || [ -e "$tree/refuse/$driver" ] ||
		attach "$1" "$driver"
}

detach() {
	device=$pci/devices/$1
	rm -rf "$device/net"
	[ "$(driver "$1")" != vfio-pci ] || remove_node "$1"
	rm "$device/driver"
}

remove_node() {
	for member in "$pci/devices/$1"/iommu_group/devices/*; do
		member=${member##*/}
		[ "$member" = "$1" ] || [ "$(driver "$member")" != vfio-pci ] || return 0
	done
	rm -f "$(node_of "$1")"
}

# Both ends of the FIFO open, so that no write is lost between two reads.
start_kernel() {
	(while read -r bdf; do echo "probe $bdf" >>"$tree/log"; probe "$bdf"; done) \
		0<>"$pci/drivers_probe" >/dev/null &
	kernel=$!
	(while read -r bdf; do echo "unbind $bdf" >>"$tree/log"; detach "$bdf"; done) \
		0<>"$tree/unbind" >/dev/null &
	kernel="$kernel $!"
}

# A driver whose removal never ends: opening a FIFO that nobody reads blocks.
block_unbind() {
	rm "$pci/drivers/$1/unbind"
	mkfifo "$pci/drivers/$1/unbind"
}

stop_kernel() {
	# shellcheck disable=SC2086 # two process ids
	kill $kernel 2>/dev/null
	# shellcheck disable=SC2086
	wait $kernel 2>/dev/null
	kernel=''
}

# hold PID PROGRAM PATH: a process that has PATH open.
hold() {
	mkdir -p "$tree/proc/$1/fd"
	echo "$2" >"$tree/proc/$1/comm"
	ln -s "$3" "$tree/proc/$1/fd/3"
	ln -s /dev/null "$tree/proc/$1/fd/0"
}
