# SPDX-License-Identifier: BSD-3-Clause
# As --host program of the lab with --wire bridge: does what the guest asks for in lines "@host NUMBER ..." of
# its output, by QMP and on the bridge, and answers "NUMBER done", or why not.
use strict;
use warnings;
use Socket;
use IO::Handle;

my %by_qmp = (
	'link off' => '{"execute":"set_link","arguments":{"name":"nic0","up":false}}',
	'link on' => '{"execute":"set_link","arguments":{"name":"nic0","up":true}}',
	'announce' => '{"execute":"announce-self","arguments":{"initial":50,"max":50,"rounds":1,"step":10,'
		. '"interfaces":["nic0"]}}',
	'error' => '{"execute":"human-monitor-command","arguments":{"command-line":'
		. '"pcie_aer_inject_error nic2 COMP_ABORT"}}',
);

# A frame that leaves NIC 0 waits at the other tap, at a rate that lets hardly any go on, and is counted against
# what NIC 0's own tap may have under way (sndbuf): soon that takes no more. QEMU writes again when half of it has
# gone, which takes longer than any behaviour waits. A frame of 1514 bytes takes 0.4 s, and so long may "hold off",
# as the kernel looks at the new rate when the first frame's time has come.
# What has not gone after so many seconds does not go.
my $hold_s = $ENV{CONFORM_HOLD_S} // 30;
my %rates = ('hold on' => 'rate 32kbit burst 16kb', 'hold off' => 'rate 100gbit burst 10mb');

sub qdisc {
	my $said = `tc -s -n $ENV{LAB_NS1} qdisc $_[0] dev $ENV{LAB_TAP1} $_[1] 2>&1`;
	return ($?, $said);
}

sub hold {
	my ($failed, $said) = qdisc('replace', "root tbf $rates{$_[0]} limit 100mb");
	my $until = time + $hold_s;
	while (!$failed and $_[0] eq 'hold off' and !-e $ENV{LAB_EXIT}) {
		($failed, $said) = qdisc('show', '');
		last if $said =~ / backlog 0b /;
		$failed = time > $until;
		select(undef, undef, undef, 0.02);
	}
	return 'done' unless $failed;
	$said =~ s/\s+/ /g;
	return "tc: $said";
}

socket(my $qmp, AF_UNIX, SOCK_STREAM, 0) or die "socket: $!";
connect($qmp, sockaddr_un($ENV{LAB_QMP})) or die "connect: $!";
sub qmp {
	syswrite($qmp, "$_[0]\n");
	while (<$qmp>) {
		# A command of the human monitor says in words whether it did it.
		return 'done' if /"return": (?:\{\}|"OK )/;
		return $_ if /"(?:return|error)"/;
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
		if ($text =~ /^\@host (\d+) (.*?)\r?\n/) {
			my ($number, $what) = ($1, $2);
			my $answer = exists $by_qmp{$what} ? qmp($by_qmp{$what})
				: exists $rates{$what} ? hold($what) : "unknown: $what";
			$answer =~ s/\s+/ /g;
			$answer =~ s/ \z//;
			print $to "$number $answer\n";
		}
		$text = '';
	}
	seek($out, 0, 1);
	select(undef, undef, undef, 0.02);
}
