#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# removal_host.sh WAY: as --host program of the lab with four sockets: traffic on two pairs of NICs, one of
# which is asked back meanwhile. The first pair sends without caring; the second loses nothing or says so.
# shellcheck disable=SC2317 # functions called by until_true
pids=
for i in 0 1 2 3; do
	eval "wire=\$LAB_WIRE$i,\$LAB_WIRE${i}_HOST"
	[ $i -ge 2 ] && flood= || flood=--flood
	# shellcheck disable=SC2086,SC2154 # nothing or one word; set by eval
	"$FLOWS" --id $i --peer $((i ^ 1)) $flood --rate 1000 --seconds 70 "socket:$wire" >"$TMP/end$i" &
	pids="$pids $!"
done
# shellcheck disable=SC2064 # these now
trap "kill $pids 2>/dev/null" EXIT

# until_true COMMAND...: for 40 s.
until_true() {
	for _ in $(seq 400); do
		"$@" && return
		sleep 0.1
	done
	echo "removal_host.sh: waited 40 s for: $*" >&2
	exit 1
}
all_are() { [ "$(cat "$TMP"/end? | grep -c "is $1\$")" = 4 ]; }
guest_says() { grep -q "^$1" "$LAB_OUT"; }

# What NIC 1 sends before somebody listens is nobody's loss, and would be missed.
until_true all_are open
echo start >"$LAB_TO_GUEST"
until_true all_are up
sleep 1
if [ "$1" = sysfs ]; then
	echo go >"$LAB_TO_GUEST"
else
	perl "$HERE/removal_qmp.pl" "$LAB_QMP" nic1 >"$TMP/qmp" &
fi
until_true guest_says 'removed port: '
# Frames for the peer that is gone keep coming.
sleep 1
# shellcheck disable=SC2086 # numbers
kill -TERM $pids
wait
echo stop >"$LAB_TO_GUEST"
# What the ends found is judged by removal.sh; a failure here would end the guest before it has its say.
