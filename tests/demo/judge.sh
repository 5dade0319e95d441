#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The demo's judgement over made-up runs: the verdict, its number and the exit status.
# shellcheck source=tests/lab/common.sh
. "$(dirname "$0")/../lab/common.sh"
command -v jq >/dev/null || skip "jq is not installed"

RUN=$TMP/run

# sample NAME GIVEN0 OUT0 GIVEN1 OUT1: what "ip -s -j link" says of the two taps.
sample() {
	tap_json "$2" "$3" >"$RUN/$1.json"
	tap_json "$4" "$5" >>"$RUN/$1.json"
}

tap_json() {
	echo "[{},{\"ifname\":\"tap\",\"stats64\":{\"rx\":{\"packets\":$2,\"dropped\":0},
		\"tx\":{\"packets\":$1,\"dropped\":3}}}]"
}

# totals RX0 TX0 RX1 TX1: l2fwd's JSON, as far as the judge reads it.
totals() {
	echo "{\"seconds\":9.5,\"ports\":[$(port_json 03 "$1" "$2"),$(port_json 04 "$3" "$4")],
		\"workers\":[{\"lost_wakeups\":0},{\"lost_wakeups\":0}]}" \
		>"$RUN/l2fwd.json"
}

port_json() {
	echo "{\"name\":\"0000:00:$1.0\",\"rx_packets\":$2,\"tx_packets\":$3,
		\"drops\":{\"no_peer\":0,\"tx_drop_too_long\":0},
		\"possible_loss\":{\"rx_ring_dry\":0}}"
}

# edit FILE FILTER: change a JSON file with jq.
edit() {
	jq "$2" "$RUN/$1" >"$TMP/edit" && cp "$TMP/edit" "$RUN/$1"
}

# counted GIVEN0 OUT0 GIVEN1 OUT1: when the counting stops; nothing passes later, and l2fwd agrees.
counted() {
	sample stop "$@"
	sample after "$@"
	totals "$@"
}

# ping SIZE SENT RECEIVED
ping_text() {
	{
		echo 'PING 10.99.0.2'
		echo '--- 10.99.0.2 ping statistics ---'
		echo "$2 packets transmitted, $3 received, 0% packet loss, time 804ms"
		echo 'rtt min/avg/max/mdev = 0.5/0.6/0.7/0.1 ms'
	} >"$RUN/ping.$1"
}

# iperf3 BYTES BITS_PER_SECOND RETRANSMITS
iperf3_json() {
	echo "{\"start\":{},\"end\":{\"sum_sent\":{\"bytes\":$1,\"retransmits\":$3},
		\"sum_received\":{\"bytes\":$1,\"bits_per_second\":$2}}}" >"$RUN/iperf3.json"
}

# begin NAME: a run in which everything is right: 1000 frames one way, 600 the other.
begin() {
	name=$1
	rm -rf "$RUN"
	mkdir "$RUN"
	sample start 0 0 0 0
	counted 1000 600 600 1000
	ping_text 56 5 5
	ping_text 1472 5 5
	iperf3_json 1400000 85000000.7 3
	echo 0 >"$RUN/l2fwd.status"
}

# verdict STATUS LAST-LINE: what the judge must say of $RUN.
verdict() {
	out=$("$REPO/tools/demo.d/judge" "$RUN" 2>&1)
	status=$?
	check "$name: exit status" same "$status" "$1"
	check "$name: last line" same "$(printf '%s\n' "$out" | tail -n 1)" "$2"
}

# tells LINE: the judge printed this line too.
tells() {
	printf '%s\n' "$out" >"$TMP/out"
	check "$name: tells" grep -qxF -- "$1" "$TMP/out"
}

ok='demo: l2fwd carried 1600 frames (ping 10/10, TCP 85 Mbit/s, 3 retransmissions), 0 lost'
bad='demo: FAILED:'

begin 'all right'
verdict 0 "$ok"
check "$name: nothing else is said" same "$out" "$ok"

begin 'counters that did not start at zero'
sample start 40 20 30 7
counted 1040 620 630 1007
verdict 0 'demo: l2fwd carried 1627 frames (ping 10/10, TCP 85 Mbit/s, 3 retransmissions), 0 lost'

begin 'slow, one retransmission'
iperf3_json 99 1230000 1
verdict 0 'demo: l2fwd carried 1600 frames (ping 10/10, TCP 1.2 Mbit/s, 1 retransmission), 0 lost'

begin 'a frame that came while l2fwd stopped, forwarded'
sample after 1001 600 600 1001
totals 1001 600 600 1001
verdict 0 'demo: l2fwd carried 1601 frames (ping 10/10, TCP 85 Mbit/s, 3 retransmissions), 0 lost'

begin 'a frame that came while l2fwd stopped, not received'
sample after 1001 600 600 1000
verdict 0 "$ok"

begin 'one lost from 0 to 1'
counted 1000 600 600 999
edit l2fwd.json '.ports[1].drops.tx_drop_too_long = 1'
verdict 1 "$bad 1 of 1000 frames lost from NIC 0 to NIC 1"
tells '  l2fwd names the drop 0000:00:04.0 tx_drop_too_long 1'
tells '  NIC 0 to NIC 1: given to the NIC 1000, l2fwd received 1000 and sent 999, came out 999'
tells '  NIC 1 to NIC 0: given to the NIC 600, l2fwd received 600 and sent 600, came out 600'

begin 'one lost from 1 to 0, which nobody names'
counted 1000 599 600 1000
verdict 1 "$bad 1 of 600 frames lost from NIC 1 to NIC 0"
tells '  l2fwd names no drop'

unseen='l2fwd received 997 frames on NIC 0, the tap gave it 1000'
begin 'three lost before l2fwd saw them'
counted 1000 600 600 997
edit l2fwd.json '.ports[0].rx_packets = 997 | .ports[0].possible_loss.rx_ring_dry = 2'
verdict 1 "$bad 3 of 1000 frames lost from NIC 0 to NIC 1; $unseen"
tells '  l2fwd names the possible loss 0000:00:03.0 rx_ring_dry 2'

begin 'what the tap itself refused is not lost, only told'
counted 1000 600 600 999
edit stop.json '.[-1].stats64.tx.dropped += 4'
verdict 1 "$bad 1 of 1000 frames lost from NIC 0 to NIC 1"
tells "  NIC 0 to NIC 1: given to the NIC 1000, l2fwd received 1000 and sent 999, came out 999 \
(4 more did not fit the tap's queue and were not given)"

begin 'refused by the tap, else right'
edit stop.json '.[-1].stats64.tx.dropped += 4'
verdict 0 "$ok"

begin 'late: came out after the counting'
sample stop 1000 600 600 999
verdict 1 "$bad 1 of 1000 frames lost from NIC 0 to NIC 1"

begin 'two too many from 0 to 1'
counted 1000 600 600 1002
verdict 1 "$bad 2 frames too many from NIC 0 to NIC 1 (1000 given, 1002 came out)"

begin 'loss one way and a duplicate the other do not cancel'
counted 1000 601 600 999
verdict 1 "$bad 1 of 1000 frames lost from NIC 0 to NIC 1; \
1 frame too many from NIC 1 to NIC 0 (600 given, 601 came out)"

begin 'l2fwd says it received too few'
totals 999 600 600 1000
verdict 1 "$bad l2fwd received 999 frames on NIC 0, the tap gave it 1000"

begin 'l2fwd says it received too many'
totals 1000 600 601 1000
verdict 1 "$bad l2fwd received 601 frames on NIC 1, the tap gave it 600"

begin 'l2fwd says it sent other than came out'
totals 1000 602 600 999
verdict 1 "$bad l2fwd sent 602 frames on NIC 0, 600 came out of the tap; \
l2fwd sent 999 frames on NIC 1, 1000 came out of the tap"

begin 'more than a frame while l2fwd stopped can explain'
sample after 1001 600 600 1001
totals 1002 600 600 1001
verdict 1 "$bad l2fwd received 1002 frames on NIC 0, the tap gave it 1000 to 1001"

begin 'two wake-ups that were lost'
edit l2fwd.json '.workers[1].lost_wakeups = 2'
verdict 1 "$bad l2fwd slept over packets 2 times: the interrupt did not come"

begin 'workers that are not told of'
edit l2fwd.json '.workers = []'
verdict 1 "$bad there are no totals of l2fwd (its JSON is missing or broken)"

begin 'a ping without answer'
ping_text 1472 5 4
verdict 1 "$bad ping 9/10"

begin 'no answer at all'
ping_text 56 5 0
ping_text 1472 5 0
verdict 1 "$bad ping 0/10"

begin 'a ping that was cut short'
echo 'PING 10.99.0.2 (10.99.0.2) 56(84) bytes of data.' >"$RUN/ping.56"
verdict 1 "$bad there are no results of a ping"

begin 'a ping that said nothing'
: >"$RUN/ping.56"
verdict 1 "$bad there are no results of a ping"

begin 'no ping'
rm "$RUN"/ping.*
verdict 1 "$bad no ping was sent"

begin 'TCP moved nothing'
iperf3_json 0 0 0
verdict 1 "$bad TCP moved no data"

begin 'TCP failed'
echo '{"start":{},"end":{},"error":"unable to connect to server"}' >"$RUN/iperf3.json"
verdict 1 "$bad TCP: unable to connect to server"

no_iperf3='there are no results of iperf3 (its JSON is missing or broken)'
begin 'no results of iperf3'
rm "$RUN/iperf3.json"
verdict 1 "$bad $no_iperf3"

begin 'empty results of iperf3'
: >"$RUN/iperf3.json"
verdict 1 "$bad $no_iperf3"

begin 'results of iperf3 without sums'
echo '{"end":{}}' >"$RUN/iperf3.json"
verdict 1 "$bad there are no results of iperf3 (its JSON lacks the sums)"

no_totals='there are no totals of l2fwd (its JSON is missing or broken)'
begin 'no JSON of l2fwd'
rm "$RUN/l2fwd.json"
verdict 1 "$bad $no_totals"
tells '  NIC 0 to NIC 1: given to the NIC 1000, came out 1000'

begin 'half of the JSON of l2fwd'
head -c 100 "$RUN/l2fwd.json" >"$TMP/half" && cp "$TMP/half" "$RUN/l2fwd.json"
verdict 1 "$bad $no_totals"

begin 'a line of the screen instead of JSON'
echo '  nothing dropped' >"$RUN/l2fwd.json"
verdict 1 "$bad $no_totals"

begin 'JSON of something else'
echo '{"ports":null}' >"$RUN/l2fwd.json"
verdict 1 "$bad $no_totals"

begin 'one port only'
edit l2fwd.json '.ports |= .[:1]'
verdict 1 "$bad $no_totals"

begin 'totals that are no numbers'
edit l2fwd.json '.ports[0].tx_packets = "600"'
verdict 1 "$bad $no_totals"

for when in start stop after; do
	begin "no counters ($when)"
	rm "$RUN/$when.json"
	verdict 1 "$bad there are no counters of the taps"
	begin "the counters of one tap ($when)"
	tap_json 1000 600 >"$RUN/$when.json"
	verdict 1 "$bad there are no counters of the taps"
	begin "broken counters ($when)"
	echo '[{"stats64":{"rx":' >"$RUN/$when.json"
	verdict 1 "$bad there are no counters of the taps"
done

begin 'l2fwd failed'
echo 3 >"$RUN/l2fwd.status"
verdict 1 "$bad l2fwd ended with status 3"

begin 'l2fwd did not end'
rm "$RUN/l2fwd.status"
verdict 1 "$bad l2fwd did not end"

begin 'everything at once'
counted 1000 600 600 990
ping_text 56 5 3
iperf3_json 0 0 0
verdict 1 "$bad 10 of 1000 frames lost from NIC 0 to NIC 1; ping 8/10; TCP moved no data"

begin 'cut short'
echo 'l2fwd ended with status 1 before both ports were up' >"$RUN/failed"
rm "$RUN/stop.json" "$RUN/l2fwd.json"
verdict 1 "$bad l2fwd ended with status 1 before both ports were up"

begin 'an empty folder'
rm -rf "$RUN"
mkdir "$RUN"
verdict 1 "$bad there are no counters of the taps; $no_totals; no ping was sent; $no_iperf3; \
l2fwd did not end"
finish
