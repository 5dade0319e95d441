# SPDX-License-Identifier: BSD-3-Clause
# As --host program of the lab: does what the guest asks for in lines "@host ..." of its output, by QMP.
use strict;
use warnings;
use Socket;
use IO::Handle;

my %commands = (
	'link off' => '{"execute":"set_link","arguments":{"name":"nic0","up":false}}',
	'link on' => '{"execute":"set_link","arguments":{"name":"nic0","up":true}}',
	'announce' => '{"execute":"announce-self","arguments":{"initial":50,"max":50,"rounds":1,"step":10,'
		. '"interfaces":["nic0"]}}',
);

socket(my $qmp, AF_UNIX, SOCK_STREAM, 0) or die "socket: $!";
connect($qmp, sockaddr_un($ENV{LAB_QMP})) or die "connect: $!";
sub qmp {
	syswrite($qmp, "$_[0]\n");
	while (<$qmp>) {
		return 'done' if /"return"/;
		return $_ if /"error"/;
	}
	return 'QEMU has ended';
}
qmp('{"execute":"qmp_capabilities"}');

open(my $out, '<', $ENV{LAB_STDOUT}) or die "$ENV{LAB_STDOUT}: $!";
open(my $to, '>>', $ENV{LAB_TO_GUEST}) or die "$ENV{LAB_TO_GUEST}: $!";
$to->autoflush(1);
my $text = '';
until (-e $ENV{LAB_EXIT}) {
	while (my $line = <$out>) {
		$text .= $line;
		next unless $text =~ /\n\z/;
		if ($text =~ /^\@host (.*?)\r?\n/) {
			my $answer = exists $commands{$1} ? qmp($commands{$1}) : "unknown: $1";
			$answer =~ s/\s+\z//;
			print $to "$answer\n";
		}
		$text = '';
	}
	seek($out, 0, 1);
	select(undef, undef, undef, 0.02);
}
