#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# --wire socket: a process of the host sends raw frames to the guest's NIC and receives its answers.
# shellcheck source=tests/lab/common.sh disable=SC2016 # scripts for either side
. "$(dirname "$0")/common.sh"
command -v perl >/dev/null || skip "no perl to speak to a datagram socket with"
need_lab --nic virtio-net-pci

# Asks by ARP who has 10.99.0.7 until someone answers.
cat >"$TMP/arp.pl" <<'PERL'
use strict;
use warnings;
use Socket;
my ($nic, $mine) = @ARGV;
socket(my $s, AF_UNIX, SOCK_DGRAM, 0) or die "socket: $!";
bind($s, sockaddr_un($mine)) or die "bind: $!";
my $me = pack('H*', '525400aabbcc');
my $ask = ("\xff" x 6) . $me . pack('n n n C C n', 0x0806, 1, 0x0800, 6, 4, 1) . $me . pack('C4', 10, 99, 0, 1)
	. ("\0" x 6) . pack('C4', 10, 99, 0, 7) . ("\0" x 18);
for (1 .. 50) {
	send($s, $ask, 0, sockaddr_un($nic)) or die "send: $!";
	my ($bits, $frame) = ('', '');
	vec($bits, fileno($s), 1) = 1;
	while (select(my $ready = $bits, undef, undef, 0.2)) {
		recv($s, $frame, 65536, 0);
		next unless substr($frame, 12, 2) eq "\x08\x06" and unpack('n', substr($frame, 20, 2)) == 2;
		print "answer from ", unpack('H*', substr($frame, 22, 6)), "\n";
		exit 0;
	}
}
exit 1;
PERL
lab run --wire socket --kernel-drivers --no-bind --nic virtio-net-pci --nic virtio-net-pci \
	--host "perl $TMP/arp.pl"' "$LAB_WIRE1" "$LAB_WIRE1_HOST"; s=$?; echo >"$LAB_TO_GUEST"; exit $s' -- \
	sh -c 'ip address add 10.99.0.7/24 dev $N1; ip link set $N1 up; read x <$LAB_FROM_HOST'
check "status 0" same "$STATUS" 0
check "the second NIC answered from its own address" has "$OUT" '^answer from 525400123451$'
finish
