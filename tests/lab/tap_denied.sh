#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Without root --wire tap and bridge say what they need, and the hub works.
# shellcheck source=tests/lab/common.sh
. "$(dirname "$0")/common.sh"
need_lab --nic virtio-net-pci
if [ "$(id -u)" = 0 ]; then
	# A cache that this user may use, without fetching again.
	export FASTNIC_CACHE_SRC="${FASTNIC_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/fastnic}"
	mkdir "$TMP/cache"
	for part in kernel initramfs qemu kvm; do
		[ ! -d "$FASTNIC_CACHE_SRC/$part" ] || cp -r "$FASTNIC_CACHE_SRC/$part" "$TMP/cache"
	done
	# And a lab that this user may read, wherever the tree lies; the programs of the build are not needed.
	cp -r "$REPO/tools" "$TMP/tools"
	unset FASTNIC_BUILD
	sed -i "s,$FASTNIC_CACHE_SRC/,$TMP/cache/," "$TMP"/cache/*/current*
	chmod 755 "$TMP"
	chown -R 65534:65534 "$TMP/cache"
	export FASTNIC_CACHE="$TMP/cache"
	plain="setpriv --reuid 65534 --regid 65534 --clear-groups"
	command -v setpriv >/dev/null || skip "no setpriv to become a plain user with"
	real=$TMP/tools/lab
	printf '#!/bin/sh\nexec %s %s "$@"\n' "$plain" "$real" >"$TMP/lab"
	chmod 755 "$TMP/lab"
	LAB=$TMP/lab
	$plain test -x "$real" || skip "a plain user cannot read this tree"
fi

for wire in tap bridge; do
	lab run --wire $wire --nic virtio-net-pci -- true
	check "$wire: status 125" same "$STATUS" 125
	check "$wire: it says what it needs and what does not" has "$ERR" \
		"--wire $wire .* needs root; --wire hub and --wire socket do not"
done
lab run --wire hub --nic virtio-net-pci -- fastnic-bind status
check "a hub needs no root" same "$STATUS" 0
check "and the NIC is bound" has "$OUT" '^0000:00:03.0 .* vfio-pci '
finish
