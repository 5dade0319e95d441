# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2034,SC2154 # variables shared with the other parts
# Whether KVM really works here: a /dev/kvm that opens proves nothing, a guest that boots does.

# kvm_choose: set ACCEL (QEMU options) and ACCEL_NAME; the probe's verdict is remembered for this
# host kernel, processor, QEMU and guest kernel.
kvm_choose() {
	local key file verdict lock
	ACCEL=(-machine q35 -accel "tcg,thread=multi" -cpu max)
	ACCEL_NAME="software emulation"
	[ "$opt_accel" != tcg ] || return 0
	if [ ! -r /dev/kvm ] || [ ! -w /dev/kvm ]; then
		[ "$opt_accel" != kvm ] || die "--accel kvm: /dev/kvm is not there or not yours"
		return 0
	fi
	key=$({
		uname -rv
		grep -E '^(model name|microcode)' /proc/cpuinfo | sort -u
		echo "$QEMU_BIN $QEMU_VERSION $KERNEL_ID"
	} | hash_of)
	file=$FASTNIC_CACHE/kvm/$key
	if [ ! -r "$file" ]; then
		mkdir -p "$FASTNIC_CACHE/kvm"
		exec {lock}>"$FASTNIC_CACHE/kvm/lock"
		flock "$lock"
		[ -r "$file" ] || { kvm_probe >"$file.new" && mv "$file.new" "$file"; }
		exec {lock}>&-
	fi
	verdict=$(cat "$file")
	if [ "$verdict" = works ]; then
		ACCEL=(-machine "q35,kernel-irqchip=split" -accel kvm -cpu host)
		ACCEL_NAME=KVM
	elif [ "$opt_accel" = kvm ]; then
		die "--accel kvm: /dev/kvm is there, but a guest does not boot with it (verdict in $file)"
	fi
}

# kvm_probe: boot the lab's own kernel to its init, with a short limit; print "works" or "broken".
kvm_probe() {
	local out=$LAB_DIR/kvm-probe
	local args=(-nodefaults -no-user-config -display none -no-reboot
		-machine "q35,kernel-irqchip=split" -accel kvm -cpu host -smp 2 -m 256M
		-kernel "$KERNEL_FILE" -initrd "$INITRAMFS_BASE_FILE"
		-append "console=ttyS0 panic=-1 lab.probe" -serial "file:$(qemu_value "$out")"
		-device "intel-iommu,intremap=on")
	# In a shell of its own: QEMU may abort, and a shell would say so.
	(child bash -c 'timeout -k 1 10 "$@"; :' kvm_probe "${QEMU[@]}" "${args[@]}") </dev/null \
		>/dev/null 2>&1
	if grep -q '^lab: the guest runs' "$out" 2>/dev/null; then echo works; else echo broken; fi
}
