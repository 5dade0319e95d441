#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Runs fastnic-bind against a fake kernel: every refusal, rollback, repetition, time limit, status.
# usage: fake.sh [SHELL [TEST...]]; all of dash and busybox sh that there are, unless one is named.
# shellcheck disable=SC2016,SC1091,SC2154,SC2034 # fake commands expand by themselves; sourced files
set -u

here=$(cd "$(dirname "$0")" && pwd)
. "$here/check.sh"
. "$here/fake_kernel.sh"
script=${FASTNIC_BIND:-$here/../../tools/fastnic-bind}
A=0000:00:03.0
B=0000:00:04.0
me=$(id -un)

# Two NICs, each in a group of its own, with the kernel's driver.
setup() {
	tree=$work/tree
	rm -rf "$tree"
	mkdir "$tree"
	make_tree
	add_device $A 3 e1000e eth3
	add_device $B 4 e1000e eth4
	start_kernel
	export FASTNIC_SYSFS="$tree/sys" FASTNIC_PROC="$tree/proc" FASTNIC_DEV="$tree/dev"
	export FASTNIC_STATE="$tree/state" FASTNIC_IP="$tree/bin/ip" FASTNIC_TIMEOUT=20
	export FASTNIC_MODPROBE="$tree/bin/modprobe"
}

override() { cat "$pci/devices/$1/driver_override"; }

untouched() {
	is 'writes to sysfs' "$(cat "$tree/log")" ''
	is override "$(override $A)" '(null)'
}

# BDF as the kernel had it before.
given_back() {
	is "driver of $1" "$(driver "$1")" e1000e
	is "override of $1" "$(override "$1")" ''
	is "netdev of $1" "$(ls "$pci/devices/$1/net")" "$2"
	[ ! -e "$tree/state/$1" ] || bad "$1: its state file is left"
}

# Whoever got the environment of this test and still runs was left behind.
leaves_no_process() {
	waited=0
	while
		left=$(env -i "$(command -v grep)" -lsF "$tree" /proc/[0-9]*/environ)
		[ -n "$left" ]
	do
		[ $waited -lt 50 ] || break
		sleep 0.1
		waited=$((waited + 1))
	done
	for path in $left; do
		path=${path%/environ}
		bad "process ${path##*/} is left"
		kill -9 "${path##*/}"
	done
}

# ---- one test a function

test_bind_and_unbind() {
	run 0 bind 00:03.0 0000:00:04.0
	quiet
	says "$A: bound to vfio-pci (was: e1000e), IOMMU group 3"
	is driver "$(driver $A) $(driver $B)" 'vfio-pci vfio-pci'
	is override "$(override $A)" vfio-pci
	run 0 unbind 00:03.0 00:04.0
	quiet
	says "$A: given back to e1000e (eth3)"
	given_back $A eth3
	given_back $B eth4
	! grep -q new_id "$tree/log" || bad 'new_id was used'
}

test_one_call_at_a_time() {
	command -v flock >/dev/null || return 0
	mkdir "$tree/state"
	(
		exec 9>"$tree/state/lock"
		flock 9
		exec sleep 60
	) &
	holder=$!
	while flock -n "$tree/state/lock" true; do sleep 0.05; done
	FASTNIC_TIMEOUT=1 run 1 bind $A
	errs 'another fastnic-bind is at work'
	untouched
	kill $holder
	wait $holder 2>/dev/null
	run 0 bind $A
	is driver "$(driver $A)" vfio-pci
}

test_bind_again_changes_nothing() {
	run 0 bind $A
	: >"$tree/log"
	run 0 bind $A $A
	says "$A: already bound to vfio-pci, IOMMU group 3"
	is writes "$(cat "$tree/log")" ''
	run 0 unbind $A
	given_back $A eth3
}

test_unbind_again_changes_nothing() {
	run 0 unbind $A
	says "$A: not bound to vfio-pci (e1000e)"
	untouched
}

test_address_forms() {
	add_device 0000:0a:1f.7 9 e1000e eth9
	run 0 bind 0A:1F.7
	is driver "$(driver 0000:0a:1f.7)" vfio-pci
}

test_unbind_restores_an_override() {
	add_driver special
	echo special >"$pci/devices/$A/driver_override"
	rm "$pci/devices/$A/driver"
	attach $A special
	run 0 bind $A
	run 0 unbind $A
	is driver "$(driver $A)" special
	is override "$(override $A)" special
}

test_unbind_prefers_the_driver_that_was() {
	# The kernel's choice without an override is another one than what had the device.
	add_driver other
	echo other >"$pci/devices/$A/.default"
	run 0 bind $A
	run 0 unbind $A
	given_back $A eth3
}

test_unbind_to_no_driver() {
	add_device 0000:00:05.0 5 ''
	echo e1000e >"$pci/devices/0000:00:05.0/.default"
	run 0 bind 00:05.0
	run 0 unbind 00:05.0
	says 'given back to no driver'
	is driver "$(driver 0000:00:05.0)" ''
	run 0 unbind 00:05.0
	says 'not bound to vfio-pci (no driver)'
	is driver "$(driver 0000:00:05.0)" ''
}

test_unbind_without_memory() {
	run 0 bind $A
	rm -r "$tree/state"
	run 0 unbind $A
	given_back $A eth3
}

test_unbind_loads_the_driver_by_alias() {
	run 0 bind $A
	rm -r "$tree/state" "$pci/drivers/e1000e"
	echo 'mkdir "$pci/drivers/e1000e"
	ln -s ../../drivers/e1000e "$pci/devices/0000:00:03.0/driver"' \
		>"$tree/modprobe.pci:v00008086d000010D3"
	run 0 unbind $A
	says "$A: given back to e1000e"
}

test_unbind_loads_the_driver_by_name() {
	run 0 bind $A
	rm -r "$pci/drivers/e1000e"
	echo 'mkdir "$pci/drivers/e1000e"; ln "$tree/unbind" "$pci/drivers/e1000e/unbind"' \
		>"$tree/modprobe.e1000e"
	run 0 unbind $A
	given_back $A eth3
}

test_unbind_when_the_driver_is_gone() {
	add_driver other
	run 0 bind $A
	rm -r "$pci/drivers/e1000e"
	echo other >"$pci/devices/$A/.default"
	run 0 unbind $A
	errs "$A: its driver e1000e is gone; the kernel chooses another"
	is driver "$(driver $A)" other
}

test_unbind_mends_a_killed_bind() {
	mkdir "$tree/state"
	for left_override in vfio-pci ''; do
		echo 'e1000e|' >"$tree/state/$A"
		echo "$left_override" >"$pci/devices/$A/driver_override"
		detach $A
		run 0 unbind $A
		given_back $A eth3
	done
}

# A killed bind, then a bind that succeeds: what the first one remembered is given back.
test_bind_after_a_killed_bind() {
	mkdir "$tree/state"
	echo 'e1000e|' >"$tree/state/$A"
	echo vfio-pci >"$pci/devices/$A/driver_override"
	detach $A
	run 0 bind $A
	run 0 unbind $A
	given_back $A eth3
}

test_unbind_without_memory_nor_driver() {
	echo vfio-pci >"$pci/devices/$A/driver_override"
	detach $A
	run 0 unbind $A
	given_back $A eth3
}

test_user_gets_the_group() {
	run 0 bind --user "$me" $A
	says "$tree/dev/vfio/3: given to $me, with all devices of the group: $A"
	says "/etc/security/limits.d/fastnic.conf: $me - memlock 262144"
	says 'LimitMEMLOCK=256M'
	run 0 --user="$me" bind $A
	says 'already bound'
	says "$tree/dev/vfio/3: given to $me"
}

test_user_changes_the_owner() {
	[ "$(id -u)" = 0 ] || return 0
	run 0 bind $A
	is owner "$(stat -c %U "$tree/dev/vfio/3")" root
	run 0 bind --user nobody $A
	is owner "$(stat -c %U "$tree/dev/vfio/3")" nobody
}

test_user_and_the_container_node() {
	chmod 600 "$tree/dev/vfio/vfio"
	run 0 bind --user "$me" $A
	says "$tree/dev/vfio/vfio: opened to all users"
	is mode "$(stat -c %a "$tree/dev/vfio/vfio")" 666
}

test_user_unknown() {
	run 1 bind --user no-such-user $A
	errs 'no such user: no-such-user'
	untouched
}

test_user_but_no_node() {
	: >"$tree/no-node"
	FASTNIC_TIMEOUT=3 run 1 bind --user "$me" $A $B
	errs "$A: $tree/dev/vfio/3 did not appear"
	given_back $A eth3
	given_back $B eth4
}

test_user_rollback_returns_the_owner() {
	[ "$(id -u)" = 0 ] || return 0
	run 0 bind $A
	: >"$tree/no-node"
	FASTNIC_TIMEOUT=3 run 1 bind --user nobody $A $B
	is 'driver of a NIC that was bound before' "$(driver $A)" vfio-pci
	is 'owner of its node' "$(stat -c %U "$tree/dev/vfio/3")" root
	given_back $B eth4
}

test_rollback_of_bind() {
	# A directory stands where the second's state file should go.
	add_device 0000:00:05.0 5 ''
	mkdir "$tree/state"
	mkdir "$tree/state/0000:00:05.0"
	run 1 bind $A 00:05.0
	errs "0000:00:05.0: cannot remember its driver"
	errs "$A: put back to e1000e"
	given_back $A eth3
}

test_rollback_when_vfio_refuses() {
	: >"$tree/refuse/vfio-pci"
	FASTNIC_TIMEOUT=3 run 1 bind $A $B
	errs "$A: driver vfio-pci did not take it; see dmesg"
	errs "$A: put back to e1000e"
	given_back $A eth3
	is 'driver of the second' "$(driver $B)" e1000e
	is 'override of the second' "$(override $B)" '(null)'
}

test_rollback_of_unbind() {
	add_driver igb
	add_device 0000:00:05.0 5 igb eth5
	run 0 bind $A 00:05.0
	: >"$tree/refuse/igb"
	FASTNIC_TIMEOUT=3 run 1 unbind $A 00:05.0
	errs '0000:00:05.0: driver igb did not take it'
	errs "$A: put back to vfio-pci"
	is drivers "$(driver $A) $(driver 0000:00:05.0)" 'vfio-pci vfio-pci'
	is overrides "$(override $A) $(override 0000:00:05.0)" 'vfio-pci vfio-pci'
	[ -e "$tree/state/$A" ] || bad 'the driver to give back later is forgotten'
	rm "$tree/refuse/igb"
	run 0 unbind $A 00:05.0
	given_back $A eth3
	is 'driver of the second' "$(driver 0000:00:05.0)" igb
}

test_write_fails() {
	add_device 0000:00:05.0 5 odd eth5
	rm "$pci/drivers/odd/unbind"
	mkdir "$pci/drivers/odd/unbind"
	run 1 bind $A 00:05.0
	errs "/0000:00:05.0/driver/unbind failed: Is a directory"
	errs '0000:00:05.0: put back to odd'
	given_back $A eth3
	is override "$(override 0000:00:05.0)" ''
}

test_read_fails() {
	rm "$pci/devices/$B/driver_override"
	run 1 bind $A $B
	errs "reading $pci/devices/$B/driver_override failed: "
	given_back $A eth3
}

test_write_blocks() {
	add_device 0000:00:05.0 5 stuck eth5
	block_unbind stuck
	start=$(date +%s)
	FASTNIC_TIMEOUT=3 run 1 bind $A 00:05.0
	[ $(($(date +%s) - start)) -lt 20 ] || bad 'the time limit did not end the wait'
	errs "$pci/devices/0000:00:05.0/driver/unbind did not end within 3 s; see dmesg"
	given_back $A eth3
	is driver "$(driver 0000:00:05.0)" stuck
	is override "$(override 0000:00:05.0)" ''
	leaves_no_process
}

test_interrupted() {
	add_device 0000:00:05.0 5 stuck eth5
	block_unbind stuck
	$bind bind $A 00:05.0 >"$work/out" 2>"$work/err" &
	pid=$!
	waited=0
	until [ "$(override 0000:00:05.0)" = vfio-pci ] || [ $waited -ge 100 ]; do
		sleep 0.1
		waited=$((waited + 1))
	done
	sleep 1 # now it is in the write that blocks
	kill -TERM $pid
	wait $pid
	is 'exit status' $? 1
	ran='fastnic-bind, terminated'
	errs 'fastnic-bind: interrupted'
	given_back $A eth3
	is driver "$(driver 0000:00:05.0)" stuck
	leaves_no_process
}

test_refuses_address() {
	echo '3: eth3    inet 192.0.2.1/24 scope global eth3' >"$tree/uses/eth3.addr"
	run 1 bind $A $B
	errs "$A: the kernel uses it: eth3 has address 192.0.2.1/24; undo that, or --force"
	untouched
	is 'the other NIC' "$(driver $B)" e1000e
	run 0 bind --force $A
	is driver "$(driver $A)" vfio-pci
}

test_refuses_address_v6() {
	echo '3: eth3    inet6 2001:db8::1/64 scope global' >"$tree/uses/eth3.addr"
	run 1 bind $A
	errs 'eth3 has address 2001:db8::1/64'
	untouched
}

test_refuses_route() {
	echo 'broadcast 192.0.2.255 table local' >"$tree/uses/eth3.route"
	echo '198.51.100.0/24 scope link' >>"$tree/uses/eth3.route"
	run 1 bind $A
	errs "$A: the kernel uses it: eth3 has route 198.51.100.0/24; undo that, or --force"
	untouched
	run 0 bind --force $A
}

test_allows_link_local() {
	echo '3: eth3    inet6 fe80::fc:ff:fe00:1/64 scope link' >"$tree/uses/eth3.addr"
	printf '%s\n' 'fe80::/64 proto kernel' 'multicast ff00::/8 table local' \
		'local fe80::fc:ff:fe00:1 table local' >"$tree/uses/eth3.route"
	run 0 bind $A
	quiet
}

test_refuses_member() {
	: >"$sys/class/net/eth3/upper_br0"
	: >"$sys/class/net/eth3/upper_eth3.7"
	run 1 bind $A
	errs "$A: the kernel uses it: eth3 is part of br0, is part of eth3.7; undo that, or --force"
	untouched
	run 0 bind --force $A
}

# Lines of /proc/net/route and ipv6_route.
route4() { printf '%s\t006433C6\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n' "$1"; }
route6() {
	zero=00000000000000000000000000000000
	echo "$1 40 $zero 00 $zero 00000100 00000001 00000000 00000001     $2"
}

test_without_ip() {
	export FASTNIC_IP=''
	net=$tree/proc/net
	printf 'Iface\tDestination\tGateway\teth3\n' >"$net/route"
	route4 eth30 >>"$net/route"
	echo "fe8000000000000000fc00fffe000001 03 40 20 80     eth3" >"$net/if_inet6"
	route6 fe800000000000000000000000000000 eth3 >"$net/ipv6_route"
	route6 20010db8000000000000000000000000 eth30 >>"$net/ipv6_route"
	run 0 bind $A
	quiet
	run 0 unbind $A
	: >"$tree/log"
	echo "20010db8000000000000000000000001 03 40 00 80     eth3" >>"$net/if_inet6"
	route4 eth3 >>"$net/route"
	route6 20010db8000000000000000000000000 eth3 >>"$net/ipv6_route"
	run 1 bind $A
	errs "eth3 has an IPv4 route, has an IPv6 address, has an IPv6 route; undo that, or --force"
	is writes "$(cat "$tree/log")" ''
	: >"$net/if_inet6"
	: >"$net/ipv6_route"
	run 1 bind $A
	errs "$A: the kernel uses it: eth3 has an IPv4 route; undo"
	rm "$net/route"
	run 0 bind $A
}

# An ip that cannot tell (here: fails) does not make a NIC look free.
test_ip_that_fails() {
	fake_command ip 'exit 1'
	route4 eth3 >"$tree/proc/net/route"
	run 1 bind $A
	errs 'eth3 has an IPv4 route'
}

test_virtio_netdev() {
	add_device 0000:00:05.0 5 virtio-pci
	mkdir -p "$pci/devices/0000:00:05.0/virtio1/net/eth5" "$sys/class/net/eth5"
	: >"$sys/class/net/eth5/upper_bond0"
	run 1 bind 00:05.0
	errs 'eth5 is part of bond0'
}

test_refuses_other_namespace() {
	rmdir "$pci/devices/$A/net/eth3"
	run 1 bind $A
	errs "$A: its netdev is in another network namespace; --force takes it"
	untouched
	run 0 bind --force $A
}

test_refuses_not_a_nic() {
	add_device 0000:00:1f.2 7 ahci '' 0x010601
	run 1 bind 00:1f.2
	errs '0000:00:1f.2: is no NIC (class 0x010601); --force binds it'
	is driver "$(driver 0000:00:1f.2)" ahci
	run 0 bind --force 00:1f.2
	is driver "$(driver 0000:00:1f.2)" vfio-pci
}

test_refuses_active_vfs() {
	echo 2 >"$pci/devices/$A/sriov_numvfs"
	run 1 bind --force $A
	errs "$A: has 2 active virtual functions;"
	errs "remove them first: echo 0 >$pci/devices/$A/sriov_numvfs"
	untouched
	echo 0 >"$pci/devices/$A/sriov_numvfs"
	run 0 bind $A
	echo 1 >"$pci/devices/$A/sriov_numvfs"
	run 1 unbind $A
	errs 'has 1 active virtual functions'
	is driver "$(driver $A)" vfio-pci
}

test_group_not_viable() {
	add_device 0000:00:03.1 3 e1000e eth31
	add_device 0000:00:03.2 3 snd '' 0x040300
	run 1 bind --user "$me" $A
	errs "$A: IOMMU group 3 also holds 0000:00:03.1 (driver e1000e), 0000:00:03.2 (driver snd);"
	errs "bind it too: fastnic-bind bind --force --user $me $A 0000:00:03.1 0000:00:03.2"
	untouched
	run 1 bind 0000:00:03.1 $A
	errs "$A: IOMMU group 3 also holds 0000:00:03.2 (driver snd);"
	run 0 bind --force --user "$me" $A 0000:00:03.1 0000:00:03.2
	says "given to $me, with all devices of the group: $A 0000:00:03.1 0000:00:03.2"
}

test_group_not_viable_though_bound() {
	run 0 bind $A
	add_device 0000:00:03.1 3 e1000e eth31
	run 1 bind $A
	errs "bind it too: fastnic-bind bind $A 0000:00:03.1"
}

test_group_viable() {
	add_device 0000:00:03.1 3 pci-stub
	add_device 0000:00:03.2 3 ''
	add_device 0000:00:02.0 3 pcieport '' 0x060400
	add_device 0000:00:03.3 3 mlx5_vfio_pci
	run 0 bind $A
	is driver "$(driver $A)" vfio-pci
}

test_refuses_held() {
	run 0 bind $A
	hold 4242 'my l2fwd' "$tree/dev/vfio/3"
	: >"$tree/log"
	run 1 unbind $A
	errs "$A: in use by process 4242(my_l2fwd); stop it first"
	is writes "$(cat "$tree/log")" ''
	is driver "$(driver $A)" vfio-pci
	run 0 status
	says '4242(my_l2fwd)'
	# A second NIC of that group would change it under the process.
	add_device 0000:00:03.1 3 e1000e eth31
	run 1 bind 00:03.1
	errs '0000:00:03.1: in use by process 4242(my_l2fwd)'
}

test_refuses_held_otherwise() {
	mkdir -p "$pci/devices/$A/vfio-dev/vfio0" "$pci/devices/$B/uio/uio7"
	hold 11 cdev "$tree/dev/vfio/devices/vfio0"
	hold 12 uio "$tree/dev/uio7 (deleted)"
	hold 13 resource "/sys/devices/pci0000:00/$B/resource0"
	hold 14 stranger "$tree/dev/vfio/33"
	run 1 bind --force $A $B
	errs "$A: in use by process 11(cdev);"
	errs "$B: in use by process 12(uio) 13(resource);"
	untouched
}

test_refuses_held_unseen() {
	run 0 bind $A
	# An open that fails stands for EBUSY: no driver has this device number.
	rm "$tree/dev/vfio/3"
	mknod "$tree/dev/vfio/3" c 60 0 2>/dev/null || return 0
	run 1 unbind $A
	errs "$A: IOMMU group 3 is in use, though no process in $tree/proc has its node"
	is driver "$(driver $A)" vfio-pci
}

test_no_such_device() {
	run 1 bind 00:09.0 $A
	errs '0000:00:09.0: no such PCI device; fastnic-bind status lists the NICs'
	untouched
	run 1 unbind 00:09.0
	errs 'no such PCI device'
}

test_iommu_off() {
	rm -r "$sys/kernel/iommu_groups" "$pci/devices/$A/iommu_group"
	run 1 bind $A
	errs "$A: the IOMMU is off: boot with the kernel argument intel_iommu=on"
	errs 'in the BIOS setup'
	untouched
	run 0 status
	errs 'the IOMMU is off'
	says eth3
}

test_iommu_off_with_noiommu_groups() {
	echo vfio-noiommu >"$sys/kernel/iommu_groups/3/name"
	echo vfio-noiommu >"$sys/kernel/iommu_groups/4/name"
	run 1 bind $A
	errs 'the IOMMU is off'
}

test_no_group() {
	rm "$pci/devices/$A/iommu_group"
	run 1 bind $A
	errs "$A: is behind no IOMMU, though other devices are"
	untouched
}

test_no_vfio_module() {
	rm -r "$pci/drivers/vfio-pci"
	run 1 bind $A
	errs "modprobe vfio-pci failed: install this kernel's modules package"
	is 'driver of the NIC' "$(driver $A)" e1000e
	is written "$(cat "$tree/log")" 'modprobe vfio-pci'
}

test_loads_vfio_modules() {
	rm -r "$pci/drivers/vfio-pci" "$sys/module/vfio_iommu_type1"
	echo 'mkdir "$pci/drivers/vfio-pci"; ln "$tree/unbind" "$pci/drivers/vfio-pci/unbind"' \
		>"$tree/modprobe.vfio-pci"
	run 1 bind $A
	errs "modprobe vfio_iommu_type1 failed: install this kernel's modules package"
	is driver "$(driver $A)" e1000e
	echo 'mkdir "$sys/module/vfio_iommu_type1"' >"$tree/modprobe.vfio_iommu_type1"
	run 0 bind $A
	is driver "$(driver $A)" vfio-pci
}

test_no_usable_trees() {
	FASTNIC_SYSFS=$tree/nowhere run 1 status
	errs "no PCI devices in $tree/nowhere: mount -t sysfs sysfs /sys"
	FASTNIC_PROC=$tree/nowhere run 1 bind $A
	errs "no usable $tree/nowhere: mount -t proc proc /proc"
	rm "$pci/drivers_probe"
	run 1 bind $A
	errs "cannot write to $pci/drivers_probe: run as root, where sysfs is writable"
	run 0 status
}

test_usage() {
	run 0 --help
	says 'usage: fastnic-bind status'
	run 0 bind --help
	says 'usage: fastnic-bind status'
	run 2
	errs 'usage: fastnic-bind status'
	run 2 bind
	errs 'bind needs a PCI address; see fastnic-bind --help'
	run 2 bind --frobnicate $A
	errs 'unknown option: --frobnicate; see fastnic-bind --help'
	run 2 unbind --force $A
	errs '--force and --user go with bind'
	run 2 --user "$me" unbind $A
	errs '--force and --user go with bind'
	run 2 bind --json $A
	errs '--json goes with status'
	run 2 --force
	errs 'no command: status, bind or unbind'
	run 2 frobnicate
	errs 'unknown command: frobnicate'
	run 2 status $A
	errs 'status takes --json only'
	run 2 status --force
	errs 'status takes --json only'
	for user_args in --user '--user --force' --user= ; do
		# shellcheck disable=SC2086 # two arguments
		run 2 bind $A $user_args
		errs '--user needs a name'
	done
	for bdf in eth3 0000:00:03.8 00:3.0 ../../../etc 0000:00:03.0/x '*'; do
		run 2 bind $A "$bdf"
		errs "not a PCI address like 0000:00:03.0: $bdf"
	done
	FASTNIC_TIMEOUT=soon run 2 status
	errs 'FASTNIC_TIMEOUT is no number of seconds: soon'
	untouched
}

test_status() {
	add_device 0000:00:1f.2 7 ahci '' 0x010601
	add_device 0000:00:05.0 '' ''
	run 0 bind $A
	hold 77 l2fwd "$tree/dev/vfio/3"
	hold 78 'ping "me"' "$tree/dev/vfio/3"
	run 0 status
	quiet
	is lines "$(wc -l <"$work/out")" 4
	is 'the bound NIC' "$(grep $A "$work/out" | tr -s ' ')" \
		"$A 8086:10d3 - vfio-pci 3 $me 77(l2fwd) 78(ping__me_)"
	is 'the free NIC' "$(grep $B "$work/out" | tr -s ' ')" "$B 8086:10d3 eth4 e1000e 4 - -"
	is 'the bare NIC' "$(grep 05.0 "$work/out" | tr -s ' ')" '0000:00:05.0 8086:10d3 - - - - -'
	mkdir "$pci/devices/$B/net/eth4\"b"
	run 0 status --json
	quiet
	json_has "$A" '"netdevs":[],"driver":"vfio-pci","iommu_group":3'
	json_has "$A" "\"node_owner\":\"$me\",\"held_by\":[\"77(l2fwd)\",\"78(ping__me_)\"]"
	json_has "$B" '"id":"8086:10d3","netdevs":["eth4","eth4\"b"],"driver":"e1000e"'
	json_has 0000:00:05.0 '"driver":"","iommu_group":null,"node_owner":"","held_by":[]}'
	! command -v jq >/dev/null ||
		is 'what jq reads' "$(jq -r '.[1].netdevs[1]' "$work/out")" 'eth4"b'
}

# The line of one function in the JSON holds TEXT.
json_has() {
	grep -F "{\"bdf\":\"$1\"," "$work/out" | grep -qF -- "$2" || bad "no $2 in the line of $1"
}

test_status_of_nothing() {
	rm -r "$pci/devices/$A" "$pci/devices/$B"
	run 0 status --json
	is 'the JSON' "$(tr -d '\n' <"$work/out")" '[]'
}

# ---- running them

run_tests() {
	for name in $tests; do
		before=$failed
		setup
		"$name"
		stop_kernel
		[ "$failed" != "$before" ] || passed=$((passed + 1))
	done
}

kernel=''
passed=0
work=$(mktemp -d) || exit 1
trap 'stop_kernel; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP
shell=${1-}
[ $# -eq 0 ] || shift
tests=${*:-$(sed -n 's/^\(test_[a-z0-9_]*\)() {$/\1/p' "$0")}

shells=0
for candidate in ${shell:-dash busybox}; do
	command -v "$candidate" >/dev/null || continue
	[ "$candidate" != busybox ] || candidate='busybox sh'
	shells=$((shells + 1))
	bind="$candidate $script"
	echo "# $candidate"
	run_tests
done
[ "$shells" -gt 0 ] || { echo 'skip: neither dash nor busybox here'; exit 77; }
echo "$passed passed, $failed assertions failed"
[ "$failed" -eq 0 ]
