# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh disable=SC2154,SC2317 # P0 to P3 are the lab's; functions called by wait_for
# guest_removal.sh WAY: in the guest, l2fwd on four ports; P1 is removed here (sysfs) or by the host (qmp).
# shellcheck source=tests/vm/guest_common.sh
. /tests/vm/guest_common.sh

port_is_gone() {
	[ ! -d "/sys/bus/pci/devices/$P1" ]
}

uptime_s() {
	cut -d ' ' -f 1 /proc/uptime
}

read -r _ <"$LAB_FROM_HOST" # "start"
l2fwd --json "$P0" "$P1" "$P2" "$P3" >"$TMP/json" 2>"$TMP/l2fwd.err" </dev/null &
PID=$!
if [ "$1" = sysfs ]; then
	read -r _ <"$LAB_FROM_HOST" # "go"
	from=$(uptime_s)
	timeout 20 sh -c "echo 1 >/sys/bus/pci/devices/$P1/remove"
	awk -v from="$from" -v to="$(uptime_s)" 'BEGIN { printf "remove took %.2f\n", to - from }'
fi
wait_for 40 port_is_gone
echo "removed port: $P1"
read -r _ <"$LAB_FROM_HOST" # "stop"
l2fwd_end INT
status=$STATUS
sed 's/^/stderr: /' "$TMP/l2fwd.err"
sed 's/^/json: /' "$TMP/json"
dmesg | grep "$P1"

# A single port, released: there is nothing left to do then.
if [ "$1" = sysfs ]; then
	l2fwd_start "$P0"
	wait_for 20 has "$TMP/l2fwd.out" 'frames forwarded'
	timeout 20 sh -c "echo 1 >/sys/bus/pci/devices/$P0/remove"
	STATUS=0
	wait "$PID" || STATUS=$?
	echo "last port: $P0"
	echo "last port: status $STATUS"
	sed 's/^/last port says: /' "$TMP/l2fwd.err"
fi
exit "$status"
