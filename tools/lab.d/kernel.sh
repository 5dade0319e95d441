# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2015,SC2034 # variables shared with the other parts
# The guest's kernel: the distribution's own package, fetched and unpacked but never installed.

# kernel_choose IMAGE: set KERNEL_FILE, KERNEL_MODULES (the folder lib/modules/VERSION) and KERNEL_ID,
# which changes when the kernel does. IMAGE is cloud (small: virtio and vmxnet3 drivers) or full.
kernel_choose() {
	local image=$1 stamp key dir
	mkdir -p "$FASTNIC_CACHE/kernel"
	stamp=$FASTNIC_CACHE/kernel/current-$image
	key=$(kernel_lists_key)
	if [ -r "$stamp" ] && [ "$(sed -n 1p "$stamp")" = "$key" ] && [ -d "$(sed -n 2p "$stamp")" ]; then
		dir=$(sed -n 2p "$stamp")
		touch -c "$dir"
	else
		if ! dir=$(kernel_fetch "$image"); then
			dir=$(sed -n 2p "$stamp" 2>/dev/null)
			[ -n "$dir" ] && [ -d "$dir" ] ||
				die "no kernel for the guest: connect this machine to its package mirror, or give" \
					"--kernel FILE --modules DIR"
			warn "going on with the kernel fetched earlier: ${dir##*/}"
		fi
		printf '%s\n%s\n' "$key" "$dir" >"$stamp.$$" && mv "$stamp.$$" "$stamp"
		cache_prune "$FASTNIC_CACHE/kernel"
	fi
	kernel_use "$dir"
	KERNEL_ID=${dir##*/}
}

# The state of the machine's package lists: as long as it is the same, so is the newest kernel.
kernel_lists_key() {
	{
		cat /etc/os-release
		ls -l --time-style=full-iso /var/lib/apt/lists
	} 2>/dev/null | hash_of
}

# kernel_meta IMAGE: the metapackage that always depends on the newest kernel.
kernel_meta() {
	case $(os_field ID)-$1 in
	debian-cloud) echo linux-image-cloud-amd64 ;;
	debian-full) echo linux-image-amd64 ;;
	ubuntu-cloud) echo linux-image-virtual ;;
	ubuntu-full) echo linux-image-generic ;;
	*) return 1 ;;
	esac
}

# kernel_packages META: the packages below META that hold the kernel and its modules. A kernel may be
# split over several (image, modules, modules-extra, binary, base), all with a version in the name.
kernel_packages() {
	local todo=("$1") seen=" " found=() pkg dep
	while [ ${#todo[@]} -gt 0 ]; do
		pkg=${todo[0]}
		todo=("${todo[@]:1}")
		case $seen in *" $pkg "*) continue ;; esac
		seen+="$pkg "
		for dep in $(apt_field "$pkg" Depends | tr ',|' '\n' | sed 's/^ *//; s/[ (:].*//' |
			grep -E '^linux-(image|binary|modules|modules-extra|base)-(unsigned-)?[0-9]'); do
			todo+=("$dep")
			found+=("$dep")
		done
	done
	printf '%s\n' "${found[@]}" | sort -u
}

# kernel_fetch IMAGE: print the cache folder of the newest kernel, fetching it if it is not there.
kernel_fetch() {
	local meta
	if ! apt_usable; then
		warn "this machine has no apt to fetch a kernel with"
		return 1
	elif [ "$(dpkg --print-architecture)" != amd64 ]; then
		warn "the lab's guest needs an amd64 host, this one is $(dpkg --print-architecture)"
		return 1
	elif ! meta=$(kernel_meta "$1"); then
		warn "no kernel package is known for $(os_field PRETTY_NAME), only for Debian and Ubuntu"
		return 1
	fi
	APT_OPTS=()
	kernel_fetch_with "$meta" && return 0
	# No lists here, or older than what the mirror holds: use lists of our own.
	apt_private own && kernel_fetch_with "$meta"
}

kernel_fetch_with() {
	local packages version dir
	packages=$(kernel_packages "$1")
	[ -n "$packages" ] || return 1
	version=$(apt_field "$1" Version)
	dir=$FASTNIC_CACHE/kernel/${1#linux-image-}_${version//[^a-zA-Z0-9.+~-]/_}
	# shellcheck disable=SC2086 # a list of package names
	cache_fill "$dir" kernel_unpack $packages || return 1
	echo "$dir"
}

# kernel_unpack PACKAGE... DIR: into a subfolder of DIR, as cache_fill asks for it.
kernel_unpack() {
	local dir=${*: -1}
	warn "fetching the kernel for the guest (once): ${*:1:$#-1}"
	apt_extract "$dir" "${@:1:$#-1}" || return 1
	rm -rf "${dir:?}/usr/share"
	(kernel_use "$dir" && kernel_unwrap "$dir")
}

# kernel_unwrap DIR: keep the kernel unpacked as DIR/vmlinux where QEMU can start such a one (PVH).
# The emulated guest would unpack itself far slower: 3.4 s of the full image's 5.8 s on two cores.
kernel_unwrap() {
	local start size unpack magic
	grep -qx CONFIG_PVH=y "$1"/boot/config* "$KERNEL_MODULES"/config* 2>/dev/null || return 0
	# Linux Documentation/arch/x86/boot.rst: setup_sects, payload_offset, payload_length.
	start=$((($(kernel_word 0x1f1 1) + 1) * 512 + $(kernel_word 0x248 4)))
	size=$(kernel_word 0x24c 4)
	magic=$(od -An -tx1 -j"$start" -N4 "$KERNEL_FILE" | tr -d ' ')
	case $magic in
	fd377a58) unpack="xz --single-stream" ;;
	28b52ffd) unpack=zstd ;;
	1f8b*) unpack=gzip ;;
	*) return 0 ;;
	esac
	# The payload's own size follows it, which unpackers call trailing garbage: judge by the result.
	tail -c +$((start + 1)) "$KERNEL_FILE" | head -c "$size" | $unpack -dc >"$1/vmlinux.new" 2>/dev/null
	if [ "$(head -c 4 "$1/vmlinux.new" | tail -c 3)" = ELF ] &&
		[ "$(stat -c %s "$1/vmlinux.new")" = "$(kernel_word $((start + size - 4)) 4)" ]; then
		mv "$1/vmlinux.new" "$1/vmlinux"
	else
		rm -f "$1/vmlinux.new"
	fi
}

# kernel_word OFFSET BYTES: a little-endian number of the kernel file.
kernel_word() {
	od -An -tu"$2" -j$(($1)) -N"$2" "$KERNEL_FILE" | tr -d ' '
}

# kernel_use DIR: find kernel and modules in an unpacked package tree.
kernel_use() {
	local dir
	KERNEL_MODULES=
	for dir in "$1"/lib/modules/*/ "$1"/usr/lib/modules/*/; do
		[ -d "$dir/kernel" ] && KERNEL_MODULES=${dir%/} && break
	done
	[ -n "$KERNEL_MODULES" ] || die "the kernel package has no modules below $1"
	KERNEL_FILE=
	for dir in "$1"/boot/vmlinuz* "$KERNEL_MODULES"/vmlinuz*; do
		[ -r "$dir" ] && KERNEL_FILE=$dir && break
	done
	[ -n "$KERNEL_FILE" ] || die "the kernel package has no vmlinuz below $1"
	[ ! -e "$1/vmlinux" ] || KERNEL_FILE=$1/vmlinux
}

# kernel_given FILE DIR: the user's own kernel; DIR is lib/modules/VERSION or a tree that holds one.
kernel_given() {
	local dir
	[ -r "$1" ] || die "--kernel $1: no such readable file"
	[ -d "$2" ] || die "--modules $2: no such folder"
	KERNEL_FILE=$1
	KERNEL_MODULES=$2
	for dir in "$2" "$2"/*/ "$2"/lib/modules/*/ "$2"/usr/lib/modules/*/; do
		[ -d "$dir/kernel" ] && KERNEL_MODULES=${dir%/} && break
	done
	KERNEL_ID=given-$({
		stat -L -c '%n %s %Y' "$1"
		find "$KERNEL_MODULES/" -type f -printf '%p %s %T@\n' | sort
	} | hash_of)
}
