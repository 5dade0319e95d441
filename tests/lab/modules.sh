#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Kernel modules packed with xz, zst, gz or not at all, and built-in ones: the guest boots with the first, and would
# get the same files of all.
# shellcheck source=tests/lab/common.sh disable=SC2016 # scripts for the guest
. "$(dirname "$0")/common.sh"
{ command -v xz && command -v zstd; } >/dev/null || skip "xz and zstd are needed to pack modules"
need_lab --image cloud
cache=${FASTNIC_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/fastnic}
kernel=$(sed -n 2p "$cache/kernel/current-cloud")
file=$(find "$kernel" -name 'vmlinuz*' | head -n 1)
modules=$(find "$kernel" -path '*/modules/*' -name modules.builtin -printf '%h\n')
check "the cached kernel is there" test -r "$file"

# repack SUFFIX COMMAND...: a copy of the modules that the lab needs, each packed by COMMAND.
repack() {
	suffix=$1
	shift
	rm -rf "$TMP/tree"
	mkdir -p "$TMP/tree/kernel"
	cp "$modules"/modules.builtin "$TMP/tree/"
	find "$modules/kernel" -name 'virtio*.ko*' -o -name 'vfio*.ko*' -o -name 'irqbypass.ko*' \
		-o -name '*failover.ko*' |
		while read -r ko; do
			name=${ko##*/}
			name=${name%%.ko*}
			case $ko in
			*.xz) xz -dc "$ko" ;;
			*.zst) zstd -qdc "$ko" ;;
			*.gz) gzip -dc "$ko" ;;
			*) cat "$ko" ;;
			esac | "$@" >"$TMP/tree/kernel/$name.ko$suffix"
		done
}

# What both scripts begin with: LAB_PARTS and the tree of modules are their arguments.
cat >"$TMP/head.sh" <<'SCRIPT'
set -u
LAB_D=$1
. "$LAB_D/common.sh"
. "$LAB_D/modules.sh"
KERNEL_MODULES=$2
SCRIPT
{
	cat "$TMP/head.sh"
	echo 'modules_pack "$3" virtio_pci virtio_console vfio_iommu_type1 vfio_pci virtio_net'
} >"$TMP/pack.sh"

# packs NAME: the guest's modules into the folder NAME.
packs() {
	check "$1: the modules can be unpacked" bash "$TMP/pack.sh" "$LAB_PARTS" "$TMP/tree" "$TMP/$1"
	check "$1: with all that they depend on" has "$TMP/$1/order" '^vfio.ko$'
}

repack .xz xz -0
check "the modules are packed with xz" test -e "$TMP/tree/kernel/virtio_net.ko.xz"
packs xz
lab run --kernel "$file" --modules "$TMP/tree" --kernel-drivers --nic virtio-net-pci -- \
	sh -c 'fastnic-bind status; fastnic-bind unbind $P0 && ls /sys/bus/pci/devices/$P0/virtio*/net'
check "status 0" same "$STATUS" 0
check "VFIO's modules work" has "$OUT" '^0000:00:03.0 .* vfio-pci '
check "the kernel's driver works" has "$OUT" '^eth0$'
repack .zst zstd -q -1
packs zst
repack .gz gzip -1
packs gz
repack '' cat
packs plain
for format in zst gz plain; do
	check "$format: the files are those that were packed with xz" diff -rq "$TMP/xz" "$TMP/$format"
done

# Built in: listed in modules.builtin instead of being there as a file.
cat "$TMP/head.sh" - >"$TMP/builtin.sh" <<'SCRIPT'
modules_pack "$3/packed" vfio_pci virtio-net || exit 1
cat "$3/packed/order"
modules_pack "$3/missing" no_such_module && echo "a module that is missing was accepted"
modules_pack "$3/optional" '?no_such_module' || echo "an optional module was insisted on"
SCRIPT
rm "$TMP/tree/kernel/virtio_net.ko"
echo "kernel/drivers/net/virtio_net.ko" >>"$TMP/tree/modules.builtin"
bash "$TMP/builtin.sh" "$LAB_PARTS" "$TMP/tree" "$TMP" >"$TMP/order" 2>"$TMP/err"
check "a built-in module needs no file" has_not "$TMP/order" virtio_net
check "the others come after what they depend on" \
	same "$(grep -e '^vfio.ko' -e '^vfio_pci.ko' "$TMP/order" | tr '\n' ' ')" "vfio.ko vfio_pci.ko "
check "an unknown one is refused by name" has "$TMP/err" 'no module no_such_module'
check "only if it is needed" has_not "$TMP/order" 'accepted|insisted'
finish
