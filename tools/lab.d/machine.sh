# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154 # variables shared with the other parts
# The guest's machine as QEMU's options: processor, IOMMU, NICs at fixed places, the lab's channel.

# machine_slot I: the slot on the root bus of NIC I, or of its root port, in hexadecimal. From the third slot on, one
# after the other; but an igb's virtual functions take two slots there, 16 behind its own, so that its next like must
# leave one free.
machine_slot() {
	local i slot=3
	for ((i = 1; i <= $1; i++)); do
		slot=$((slot + 1))
		[ "${nic_model[i - 1]}${nic_port[i - 1]} ${nic_model[i]}${nic_port[i]}" != 'igbroot igbroot' ] ||
			slot=$((slot + 1))
	done
	printf '%02x' $slot
}

# kernel_arguments: of options that are given twice, the kernel takes the last, but of hugepages= the
# first.
kernel_arguments() {
	local args mem=${opt_mem%[MG]}
	# no_timer_check: on a busy host an emulated processor may get too little time for that check.
	args="console=ttyS0 quiet panic=-1 no_timer_check nokaslr mitigations=off"
	# Clearing the huge pages (who maps them gets them cleared anyway) and the self-tests of ciphers that nobody
	# uses are a third of an emulated boot.
	args+=" init_on_alloc=0 cryptomgr.notests"
	[ "$opt_iommu" != intel ] || args+=" intel_iommu=on"
	[ "$opt_mem" = "${opt_mem%G}" ] || mem=$((mem * 1024))
	case $opt_append in
	*hugepages=*) ;;
	*) args+=" hugepages=$((mem < 1024 ? mem / 8 : 128))" ;;
	esac
	echo "$args$opt_append"
}

# machine_nic I: add the devices of one NIC to QEMU_ARGS.
machine_nic() {
	local i=$1 device bus=pcie.0 addr port
	addr=$(machine_slot "$i")
	wire_netdev "$i" "${nic_queues[i]}"
	if [ "${nic_port[i]}" = rootport ]; then
		port=pcie-root-port,id=port$i,bus=pcie.0,addr=$addr
		QEMU_ARGS+=(-device "$port,chassis=$((i + 1)),slot=$((i + 1))")
		bus=port$i addr=0
	fi
	device="${nic_model[i]},id=nic$i,netdev=net$i,bus=$bus,addr=$addr,romfile="
	device+=",mac=52:54:00:12:34:$(printf '%02x' $((i + 0x50)))"
	if [ "${nic_model[i]}" = virtio-net-pci ]; then
		# Without both, virtio goes past the IOMMU.
		device+=,disable-legacy=on,iommu_platform=on
		[ "${nic_queues[i]}" = 1 ] || device+=",mq=on,vectors=$((2 * nic_queues[i] + 2))"
	fi
	QEMU_ARGS+=(-netdev "$WIRE_NETDEV" -device "$device${nic_opts[i]}")
}

# machine_channel: the guest's console, and the virtio-serial ports between its init and the lab.
# COMMAND's output goes straight to files, so that QEMU never waits for who reads it.
machine_channel() {
	local dir log name
	dir=$(qemu_value "$LAB_DIR")
	log=append=on,logfile=$dir/output,logappend=on
	QEMU_ARGS+=(-chardev "file,id=console,path=$dir/console" -serial chardev:console
		-qmp "unix:$dir/qmp,server=on,wait=off"
		-device "virtio-serial-pci,id=lab,bus=pcie.0,addr=1e,disable-legacy=on"
		-chardev "pipe,id=ctl,path=$dir/ctl" -chardev "pipe,id=in,path=$dir/to-guest"
		-chardev "file,id=out,path=$dir/stdout,$log" -chardev "file,id=err,path=$dir/stderr,$log")
	for name in ctl in out err; do
		QEMU_ARGS+=(-device "virtserialport,bus=lab.0,chardev=$name,name=lab.$name")
	done
	[ "$opt_tty" = 0 ] ||
		QEMU_ARGS+=(-chardev "stdio,id=tty,signal=off,logfile=$dir/output,logappend=on"
			-device "virtconsole,bus=lab.0,chardev=tty")
}

# machine_arguments: all of QEMU's options in QEMU_ARGS; makes the wires as it goes.
machine_arguments() {
	local i iommu=intel-iommu,intremap=on,caching-mode=off,device-iotlb=on
	QEMU_ARGS=(-nodefaults -no-user-config -display none -no-reboot "${ACCEL[@]}"
		-smp "$opt_cpus" -m "$opt_mem" -kernel "$KERNEL_FILE" -initrd "$LAB_DIR/initrd"
		-append "$(kernel_arguments)")
	# Before the devices that are behind it.
	[ "$opt_iommu" != intel ] || QEMU_ARGS+=(-device "$iommu${opt_aw_bits:+,aw-bits=$opt_aw_bits}")
	machine_channel
	for ((i = 0; i < ${#nic_model[@]}; i++)); do
		machine_nic "$i"
	done
}
