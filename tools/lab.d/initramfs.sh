# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2034,SC2154 # variables shared with the other parts
# The initramfs: a cached base (busybox, init, modules), before a small archive of this run.

# Modules that every guest loads: its channel to the host, and VFIO.
INITRAMFS_BASE="virtio_pci virtio_console ?vfio_iommu_type1 ?vfio_pci"

# initramfs_driver MODEL: the kernel's own driver of a NIC model.
initramfs_driver() {
	case $1 in
	virtio-net-pci) echo virtio_net ;;
	*) echo "$1" ;;
	esac
}

# initramfs_base DRIVER... -- MODULE...: set INITRAMFS_BASE_FILE, making it if it is not cached.
initramfs_base() {
	local key dir
	BUSYBOX=$(command -v busybox) || die "busybox is not installed: apt-get install busybox-static"
	! ldd "$BUSYBOX" >/dev/null 2>&1 ||
		die "$BUSYBOX is not the static one: apt-get install busybox-static"
	have cpio || die "cpio is not installed: apt-get install cpio"
	key=$({
		printf '%s\n' "$KERNEL_ID" "$@"
		stat -L -c '%s %Y' "$BUSYBOX"
		cat "$LAB_D/init" "$LAB_D/initramfs.sh" "$LAB_D/modules.sh"
	} | hash_of)
	dir=$FASTNIC_CACHE/initramfs/$key
	cache_fill "$dir" initramfs_fill "$@" || die "cannot make the guest's initramfs"
	INITRAMFS_BASE_FILE=$dir/base.cpio
}

# initramfs_fill DRIVER... -- MODULE... DIR
initramfs_fill() {
	local dir=${*: -1} root drivers=() applet
	while [ "$1" != -- ]; do
		drivers+=("$1")
		shift
	done
	shift
	root=$dir/root
	initramfs_skeleton "$root" || return 1
	cp "$BUSYBOX" "$root/usr/bin/busybox" && cp "$LAB_D/init" "$root/init" &&
		chmod 755 "$root/usr/bin/busybox" "$root/init" || return 1
	for applet in $("$BUSYBOX" --list); do
		[ -e "$root/usr/bin/$applet" ] || ln -s busybox "$root/usr/bin/$applet"
	done
	# shellcheck disable=SC2086 # a list of names
	modules_pack "$root/lab/modules/base" $INITRAMFS_BASE || return 1
	modules_pack "$root/lab/modules/drivers" "${drivers[@]}" || return 1
	modules_pack "$root/lab/modules/extra" "${@:1:$#-1}" || return 1
	initramfs_archive "$root" "$dir/base.cpio" || return 1
	rm -rf "$root"
	cache_prune "$FASTNIC_CACHE/initramfs"
}

# initramfs_skeleton ROOT: the folders, merged as today's distributions have them.
initramfs_skeleton() {
	local name
	mkdir -p "$1"/{dev,proc,sys,run,tmp,root,etc,lab,var,home,usr/{bin,sbin,lib,lib64}} || return 1
	for name in bin sbin lib lib64; do
		ln -s "usr/$name" "$1/$name" || return 1
	done
	mknod "$1/dev/console" c 5 1 2>/dev/null # works for root only; devtmpfs has it soon enough
	echo 'root:x:0:0:root:/root:/bin/sh' >"$1/etc/passwd"
	echo 'root:x:0:' >"$1/etc/group"
}

# initramfs_archive ROOT FILE: not compressed, as an emulated guest unpacks slower than it copies.
initramfs_archive() {
	(cd "$1" && find . -mindepth 1 | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0) >"$2"
}

# initramfs_join FILE...: one after the other; the kernel wants each to start at a multiple of four.
initramfs_join() {
	local file
	for file in "$@"; do
		cat "$file"
		head -c $((-$(stat -c %s "$file") & 3)) /dev/zero
	done
}
