#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Runs a command in a chroot, from namespaces that tests/distro/run made: enter.sh ROOT ARCHIVES COMMAND...
set -eu
root=$1
archives=$2
shift 2

# A mount of its own, as / is on a machine: ip netns exec changes how it propagates.
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sys "$root/sys"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
mount -t tmpfs -o mode=755 run "$root/run"
mount --bind "$archives" "$root/var/cache/apt/archives"

# shellcheck disable=SC2016 # expanded in the chroot
exec chroot "$root" env -i HOME=/root USER=root LANG=C.UTF-8 TERM="${TERM:-dumb}" \
	PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
	sh -c 'cd /root/fastnic && exec "$@"' sh "$@"
