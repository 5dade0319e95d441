#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Which packages make a kernel, whose key signs the mirror, and two labs that fill an empty cache at once.
# shellcheck source=tests/lab/common.sh
. "$(dirname "$0")/common.sh"

# Kernels as distributions split them, described by their Depends fields only.
cat >"$TMP/packages.sh" <<'SCRIPT'
set -u
LAB_D=$1
. "$LAB_D/common.sh"
. "$LAB_D/kernel.sh"
. "$LAB_D/qemu.sh"
apt_field() {
	case $1 in
	whole) echo "linux-image-6.1.0-9-amd64 (= 6.1.9-1)" ;;
	linux-image-6.1.0-9-amd64)
		echo "kmod, linux-base (>= 4.3~), initramfs-tools (>= 0.120) | linux-initramfs-tool"
		;;
	split) echo "linux-base-amd64 (= 7.3-1), linux-image-7.3+deb14-amd64 (= 7.3-1)" ;;
	linux-image-7.3+deb14-amd64)
		echo "linux-base-7.3+deb14-amd64 (= 7.3-1), linux-binary-7.3+deb14-amd64 (= 7.3-1)," \
			"linux-modules-7.3+deb14-amd64 (= 7.3-1)"
		;;
	generic) echo "linux-image-6.8.0-31-generic, linux-modules-extra-6.8.0-31-generic, linux-firmware" ;;
	linux-image-6.8.0-31-generic) echo "kmod, linux-base (>= 4.5ubuntu1~16.04.1), linux-modules-6.8.0-31-generic" ;;
	esac
}
for meta in whole split generic; do
	echo "$meta:" $(kernel_packages "$meta")
done
echo "new format:" $(qemu_signed_by "$2/a.sources" http://mirror.example/debian/)
echo "inline key:" $(qemu_signed_by "$2/b.sources" http://mirror.example/debian)
echo "old format:" $(qemu_signed_by "$2/c.list" http://mirror.example/debian/)
echo "unsigned:" $(qemu_signed_by "$2/d.list" http://mirror.example/debian/)
SCRIPT
cat >"$TMP/a.sources" <<'SOURCES'
Types: deb
URIs: http://security.example/debian-security
Suites: bookworm-security
Signed-By: /keys/security.gpg

Types: deb
# a comment
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /keys/main.gpg
SOURCES
cat >"$TMP/b.sources" <<'SOURCES'
URIs: http://mirror.example/debian
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc
Suites: bookworm
SOURCES
echo 'deb [arch=amd64 signed-by=/keys/list.gpg] http://mirror.example/debian bookworm main' >"$TMP/c.list"
echo 'deb http://mirror.example/debian bookworm main' >"$TMP/d.list"
bash "$TMP/packages.sh" "$LAB_PARTS" "$TMP" >"$TMP/found" 2>&1
check "a kernel of one package" has "$TMP/found" '^whole: linux-image-6.1.0-9-amd64$'
v=7.3+deb14-amd64
check "a kernel split in four" same "$(grep '^split' "$TMP/found")" \
	"split: linux-base-$v linux-binary-$v linux-image-$v linux-modules-$v"
v=6.8.0-31-generic
check "a kernel with separate modules" same "$(grep '^generic' "$TMP/found")" \
	"generic: linux-image-$v linux-modules-$v linux-modules-extra-$v"
check "key of the mirror's own stanza" has "$TMP/found" '^new format: Signed-By: /keys/main.gpg$'
check "key that is written inline" has "$TMP/found" \
	'^inline key: Signed-By: -----BEGIN PGP PUBLIC KEY BLOCK----- . abc$'
check "key in a one-line source" has "$TMP/found" '^old format: Signed-By: /keys/list.gpg$'
check "no key named" has "$TMP/found" '^unsigned:$'

# shellcheck disable=SC2119 # no arguments
need_lab
export FASTNIC_CACHE="$TMP/cache"
"$LAB" prepare >"$TMP/one" 2>&1 &
one=$!
"$LAB" prepare >"$TMP/two" 2>&1 &
two=$!
wait $one
check "first lab on an empty cache" same $? 0
wait $two
check "second lab at the same time" same $? 0
check "one of them fetched the kernel" same "$(cat "$TMP/one" "$TMP/two" | grep -c 'fetching the kernel')" 1
check "no half-made piece is left" same "$(find "$TMP/cache" -name '*.new*' | wc -l)" 0
lab run -- true
check "what they made boots" same "$STATUS" 0
sed -i '1s/.*/other package lists/' "$TMP/cache/kernel/current-cloud"
printf '#!/bin/sh\nexit 100\n' >"$TMP/apt-get"
chmod 755 "$TMP/apt-get"
rename=$(sed -n 2p "$TMP/cache/kernel/current-cloud")
mv "$rename" "${rename%/*}/an-older-one"
sed -i "2s,.*,${rename%/*}/an-older-one," "$TMP/cache/kernel/current-cloud"
PATH="$TMP:$PATH" lab run -- true
check "a newer kernel that cannot be fetched: the older one boots" same "$STATUS" 0
check "and the lab says so" has "$ERR" '^lab: going on with the kernel fetched earlier: an-older-one$'
finish
