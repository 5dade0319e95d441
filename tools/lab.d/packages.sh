# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
# Which packages of Debian and Ubuntu the lab needs on the host; tools/test and tools/demo read it too.

# Programs that tools/lab calls and the package of each, as "program:package". What is essential on
# Debian and Ubuntu (coreutils, dpkg, apt, util-linux, tar, sed, gzip) is left out.
LAB_PROGRAMS="qemu-system-x86_64:qemu-system-x86 busybox:busybox-static cpio:cpio ip:iproute2
xz:xz-utils zstd:zstd"

# lab_packages: the names of all these packages, one a line.
lab_packages() {
	for lab_pair in $LAB_PROGRAMS; do
		echo "${lab_pair#*:}"
	done
}
