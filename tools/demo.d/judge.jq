# SPDX-License-Identifier: BSD-3-Clause
# The demo's judgement: from what demo.d/judge read in to the lines that the demo ends with.

def are_numbers(numbers): all(numbers; type == "number");
def frames: "\(.) frame\(if . == 1 then "" else "s" end)";
def times: if . == 1 then "once" else "\(.) times" end;
def missing($what): "there are no \($what)";

# Whether a sample of the two taps, and l2fwd's totals, can be counted with.
def is_sample: type == "array" and length == 2 and are_numbers(.[] | .given, .out, .refused);
def have_samples: ($start | is_sample) and ($stop | is_sample) and ($after | is_sample);
def have_totals:
	($l2fwd | type) == "array" and ($l2fwd | length) == 1 and ($l2fwd[0].ports | length) == 2
	and are_numbers($l2fwd[0].ports[] | .rx_packets, .tx_packets)
	and are_numbers($l2fwd[0].lost_wakeups);
def port($i): $l2fwd[0].ports[$i];

# What was given to the NIC behind tap $from, and what came out of the other tap meanwhile.
def direction($from):
	(1 - $from) as $to |
	{
		$from, $to,
		given: ($stop[$from].given - $start[$from].given),
		out: ($stop[$to].out - $start[$to].out),
		refused: ($stop[$from].refused - $start[$from].refused)
	};

def loss_reasons:
	if have_samples then
		direction(0, 1) |
		(.given - .out) as $lost | "from NIC \(.from) to NIC \(.to)" as $way |
		if $lost > 0 then "\($lost) of \(.given | frames) lost \($way)"
		elif $lost < 0 then
			"\(-$lost | frames) too many \($way) (\(.given) given, \(.out) came out)"
		else empty end
	else missing("counters of the taps") end;

# l2fwd runs from before "start" until before "after". Commonly no frame passes outside of the time
# that is counted, and then its total must be exact; one that the kernel sends while l2fwd stops (an
# ARP probe, say) may have reached it or not.
def received_reasons($i):
	($stop[$i].given - $start[$i].given) as $least | $after[$i].given as $most |
	port($i).rx_packets as $got |
	if $got >= $least and $got <= $most then empty
	else
		"l2fwd received \($got | frames) on NIC \($i), the tap gave it " +
		if $least == $most then "\($most)" else "\($least) to \($most)" end
	end;

# Nobody but l2fwd sends by the NICs, and the taps are as old as the guest.
def sent_reasons($i):
	port($i).tx_packets as $sent |
	if $sent == $after[$i].out then empty
	else "l2fwd sent \($sent | frames) on NIC \($i), \($after[$i].out) came out of the tap" end;

def total_reasons:
	if have_totals then
		select(have_samples) | (0, 1) as $i | received_reasons($i), sent_reasons($i)
	else missing("totals of l2fwd (its JSON is missing or broken)") end;

# A packet that came by a safety time-out was late, if not lost.
def wakeup_reasons:
	select(have_totals and $l2fwd[0].lost_wakeups > 0) |
	"l2fwd slept over packets \($l2fwd[0].lost_wakeups | times): the interrupt did not come";

def sent: $pings | map(.[0]) | add // 0;
def answered: $pings | map(.[1]) | add // 0;
def ping_reasons:
	if any($pings[]; . == null) then missing("results of a ping")
	elif sent == 0 then "no ping was sent"
	elif answered != sent then "ping \(answered)/\(sent)"
	else empty end;

def have_tcp: ($iperf3 | type) == "array" and ($iperf3 | length) == 1;
def tcp: $iperf3[0];
def tcp_numbers: tcp | .sum_received.bytes, .sum_received.bits_per_second, .sum_sent.retransmits;
def tcp_reasons:
	if have_tcp | not then missing("results of iperf3 (its JSON is missing or broken)")
	elif tcp.error then "TCP: \(tcp.error)"
	elif are_numbers(tcp_numbers) | not then
		missing("results of iperf3 (its JSON lacks the sums)")
	elif tcp.sum_received.bytes <= 0 then "TCP moved no data"
	else empty end;

def status_reasons:
	if $status == "0" then empty
	elif $status == "" then "l2fwd did not end"
	else "l2fwd ended with status \($status)" end;

# Everything that is wrong; of a run that was cut short, only why.
def reasons:
	if $failed != "" then [$failed]
	else [loss_reasons, total_reasons, wakeup_reasons, ping_reasons, tcp_reasons, status_reasons] end;

# 85, 8.5, 0.85
def mbit:
	. / 1e6 |
	if . >= 10 then round
	elif . >= 1 then (. * 10 | round) / 10
	else (. * 100 | round) / 100 end;

def success:
	([port(0, 1).tx_packets] | add | frames) as $carried | tcp.sum_sent.retransmits as $again |
	"demo: l2fwd carried \($carried) (ping \(answered)/\(sent), " +
	"TCP \(tcp.sum_received.bits_per_second | mbit) Mbit/s, " +
	"\($again) retransmission\(if $again == 1 then "" else "s" end)), 0 lost";

# For whoever looks for lost frames: the way that they took, and what l2fwd says of drops.
def way:
	select(have_samples) | direction(0, 1) |
	"  NIC \(.from) to NIC \(.to): given to the NIC \(.given), " +
	(
		if have_totals then
			"l2fwd received \(port(.from).rx_packets) " +
			"and sent \(port(.to).tx_packets), "
		else "" end
	) +
	"came out \(.out)" +
	if .refused > 0 then " (\(.refused) more did not fit the tap's queue and were not given)"
	else "" end;

def counters($kind):
	port(0, 1) | .name as $name | .[$kind] | objects | to_entries[] | select(.value != 0) |
	"\($name) \(.key) \(.value)";
def named_drops:
	select(have_totals) |
	(
		[counters("drops") | "  l2fwd names the drop \(.)"] |
		if . == [] then "  l2fwd names no drop" else .[] end
	),
	"  l2fwd names the possible loss \(counters("possible_loss"))";

reasons as $reasons |
if $reasons == [] then success
else way, named_drops, "demo: FAILED: \($reasons | join("; "))" end
