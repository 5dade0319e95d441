# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Kernel modules for the guest: found by name, in the order of their dependencies, unpacked.

# modules_pack DIR NAME...: write the modules and all that they depend on into DIR, and their files'
# names in loading order into DIR/order. A "?" before NAME: no matter if the kernel has no such
# module. What is built into the kernel needs no file. Needs neither depmod's files nor kmod, as a
# module names its own dependencies.
modules_pack() {
	local dir=$1 name path optional
	local -A modules_path=() modules_done=()
	shift
	mkdir -p "$dir"
	: >"$dir/order"
	while read -r path; do
		name=${path##*/}
		name=${name%%.ko*}
		modules_path[${name//-/_}]=$path
	done < <(find "$KERNEL_MODULES/" -name '*.ko' -o -name '*.ko.xz' -o -name '*.ko.zst' \
		-o -name '*.ko.gz')
	for name in "$@"; do
		optional=0
		[ "${name#\?}" = "$name" ] || optional=1
		modules_add "$dir" "${name#\?}" $optional || [ $optional = 1 ] || return 1
	done
}

# modules_add DIR NAME OPTIONAL: one module after its dependencies; has modules_pack's two tables.
modules_add() {
	local dir=$1 name=${2//-/_} path file dep
	[ -z "${modules_done[$name]:-}" ] || return 0
	path=${modules_path[$name]:-}
	if [ -z "$path" ]; then
		modules_builtin "$name" && return 0
		[ "$3" = 1 ] || warn "the guest's kernel has no module $2 (looked in $KERNEL_MODULES)"
		return 1
	fi
	modules_done[$name]=1
	file=$dir/$name.ko
	if ! modules_plain "$path" >"$file"; then
		warn "cannot unpack $path"
		return 1
	fi
	for dep in $(tr '\0' '\n' <"$file" | sed -n 's/^depends=//p' | tr ',' ' '); do
		modules_add "$dir" "$dep" "$3" || return 1
	done
	echo "$name.ko" >>"$dir/order"
}

modules_builtin() {
	sed 's,.*/,,; s/\.ko$//; s/-/_/g' "$KERNEL_MODULES/modules.builtin" 2>/dev/null | grep -qx "$1"
}

modules_plain() {
	case $1 in
	*.xz) xz -dc "$1" ;;
	*.zst) zstd -qdc "$1" ;;
	*.gz) gzip -dc "$1" ;;
	*) cat "$1" ;;
	esac
}
