#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# QMP's device_del takes a NIC away from behind its root port while the guest runs.
# shellcheck source=tests/lab/common.sh disable=SC2016 # scripts for either side
. "$(dirname "$0")/common.sh"
command -v perl >/dev/null || skip "no perl to speak QMP with"
need_lab --nic virtio-net-pci

cat >"$TMP/qmp.pl" <<'PERL'
use strict;
use warnings;
use Socket;
$| = 1;
socket(my $s, AF_UNIX, SOCK_STREAM, 0) or die "socket: $!";
connect($s, sockaddr_un(shift)) or die "connect: $!";
for ('{"execute":"qmp_capabilities"}', @ARGV) {
	syswrite($s, "$_\n");
}
alarm 20;
while (<$s>) {
	print;
	exit 0 if /DEVICE_DELETED/ and /nic1/;
}
PERL
lab run --nic virtio-net-pci,port=rootport --nic virtio-net-pci,port=rootport --host \
	"perl $TMP/qmp.pl"' "$LAB_QMP" "{\"execute\":\"device_del\",\"arguments\":{\"id\":\"nic1\"}}"' -- \
	sh -c 'for i in $(seq 150); do [ -d /sys/bus/pci/devices/$P1 ] || break; sleep 0.1; done
		ls /sys/bus/pci/devices; [ -d /sys/bus/pci/devices/$P0 ] && [ ! -d /sys/bus/pci/devices/$P1 ]'
check "the guest lost P1 and kept P0" same "$STATUS" 0
check "QEMU says so too" has "$OUT" DEVICE_DELETED
finish
