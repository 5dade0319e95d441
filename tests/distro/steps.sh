#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# What must work on a bare installation, by the README's commands. Run by tests/distro/run in a chroot.
set -u
# shellcheck source=/dev/null
. /etc/os-release
status=0

# step NAME COMMAND...
step() {
	name=$1
	shift
	echo "== $VERSION_CODENAME: $name"
	began=$(date +%s)
	if "$@"; then
		echo "== $VERSION_CODENAME: $name: ok after $(($(date +%s) - began)) s"
	else
		echo "== $VERSION_CODENAME: $name: FAILED with status $? after $(($(date +%s) - began)) s"
		status=1
	fi
}

step "tools/test --no-vm" tools/test --no-vm
# shellcheck disable=SC2016 # expanded in the guest
step "l2fwd in the lab" tools/lab run --nic virtio-net-pci --nic virtio-net-pci -- \
	sh -c 'echo "kernel $(uname -r)"; l2fwd --duration 3 --json "$P0" "$P1"'
step "tools/demo" tools/demo --seconds 5
exit $status
