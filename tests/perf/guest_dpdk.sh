# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2034,SC2154 # variables and functions of tools/lab.d
# DPDK's testpmd with the drivers of the lab's NICs, from the distribution's packages: fetched and unpacked into the
# cache, never installed. Sourced by tests/perf/guest, behind the lab's parts.

# dpdk_plugins: the packages of the drivers; their names carry the ABI's version, so DPDK's own package says them.
dpdk_plugins() {
	apt-cache "${APT_OPTS[@]}" depends dpdk 2>/dev/null |
		sed -n 's/^ *[|]*[A-Z][a-z]*: \(librte-.*\)$/\1/p' |
		grep -E '^librte-(mempool-ring|net-(e1000|virtio|vmxnet3))[-0-9]*$' | sort -u
}

# dpdk_packages: NAME=VERSION of all that is to be unpacked. testpmd comes with dpdk-dev, whose libraries it
# needs, but neither headers nor Python.
dpdk_packages() {
	local needed
	needed=$(apt_field dpdk-dev Depends | tr ',' '\n' | sed 's/^ *//; s/[ (:|].*//' | grep -vE '^python|-dev$')
	[ -n "$needed" ] || return 1
	echo "dpdk-dev=$(apt_field dpdk-dev Version)"
	# shellcheck disable=SC2046,SC2086 # lists of names
	apt-get "${APT_OPTS[@]}" -o Debug::NoLocking=1 -s --no-install-recommends install $needed $(dpdk_plugins) \
		2>/dev/null | sed -n 's/^Inst \([^ ]*\) \(\[[^]]*\] \)\?(\([^ ]*\) .*/\1=\3/p'
}

# dpdk_unpack PACKAGE... DIR: as cache_fill asks for it.
dpdk_unpack() {
	local dir=${*: -1}
	warn "fetching DPDK (once): ${1#*=}"
	apt_extract "$dir" "${@:1:$#-1}" || return 1
	rm -rf "${dir:?}/usr/share"
	dpdk_use "$dir"
}

# dpdk_use DIR: what dpdk_stage needs.
dpdk_use() {
	DPDK_DIR=$1
	DPDK_LIB=$(find "$1" -name 'librte_eal.so.*' -printf '%h\n' -quit)
	[ -x "$1/usr/bin/dpdk-testpmd" ] && [ -n "$DPDK_LIB" ]
}

# dpdk_get: testpmd in the cache, and its version in DPDK_VERSION; or a reason, and not 0.
dpdk_get() {
	local packages newest
	if ! apt_usable; then
		warn "this machine has no apt to fetch DPDK with"
		return 1
	fi
	APT_OPTS=()
	DPDK_VERSION=$(apt_field dpdk-dev Version)
	if [ -z "$DPDK_VERSION" ]; then
		apt_private own
		DPDK_VERSION=$(apt_field dpdk-dev Version)
	fi
	if [ -n "$DPDK_VERSION" ] && packages=$(dpdk_packages); then
		# shellcheck disable=SC2086 # a list of names
		cache_fill "$FASTNIC_CACHE/dpdk/${DPDK_VERSION//[^a-zA-Z0-9.+~-]/_}" dpdk_unpack $packages &&
			dpdk_use "$FASTNIC_CACHE/dpdk/${DPDK_VERSION//[^a-zA-Z0-9.+~-]/_}" && return
	fi
	newest=$(find "$FASTNIC_CACHE/dpdk" -mindepth 1 -maxdepth 1 -type d ! -name '*.new.*' 2>/dev/null | sort -V |
		tail -n 1)
	DPDK_VERSION=${newest##*/}
	[ -z "$newest" ] || ! dpdk_use "$newest" || return 0
	warn "no package dpdk-dev could be fetched"
	return 1
}

# dpdk_stage DIR: testpmd, its drivers and every library that they need, as the guest has them in /opt/dpdk. All
# libraries in one folder, as one that is found twice would be loaded twice.
dpdk_stage() {
	local stage=$1 name file lib
	mkdir -p "$stage/bin" "$stage/lib" && cp "$DPDK_DIR/usr/bin/dpdk-testpmd" "$stage/bin/" || return 1
	for name in bus_pci bus_vdev mempool_ring net_e1000 net_virtio net_vmxnet3; do
		file=$(find "$DPDK_LIB" -name "librte_$name.so.*" | sort | head -n 1) # by its SONAME
		[ -n "$file" ] && cp -L "$file" "$stage/lib/" || return 1
	done
	while read -r lib; do
		[ -e "$stage/lib/${lib##*/}" ] || cp -L "$lib" "$stage/lib/" || return 1
	done < <(LD_LIBRARY_PATH=$DPDK_LIB ldd "$stage"/*/* |
		sed -nE 's,^[[:space:]]*[^/]+ => (/.*) \(0x[0-9a-f]+\)$,\1,p' | sort -u)
	lib=$(LD_LIBRARY_PATH=$stage/lib ldd "$stage"/*/* | grep 'not found')
	[ -z "$lib" ] || { warn "DPDK needs a library that this machine does not have: ${lib%% =>*}"; return 1; }
}
