# SPDX-License-Identifier: BSD-3-Clause
# removal_qmp.pl SOCKET ID: asks QEMU to unplug a device, prints what it says, and ends when it is gone.
use strict;
use warnings;
use Socket;
$| = 1;
my ($path, $id) = @ARGV;
socket(my $qmp, AF_UNIX, SOCK_STREAM, 0) or die "socket: $!";
connect($qmp, sockaddr_un($path)) or die "connect: $!";
syswrite($qmp, "{\"execute\":\"qmp_capabilities\"}\n");
syswrite($qmp, "{\"execute\":\"device_del\",\"arguments\":{\"id\":\"$id\"}}\n");
alarm 30;
while (<$qmp>) {
	print;
	exit 0 if /DEVICE_DELETED/ and /"$id"/;
}
