# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh disable=SC2154 # P0 and P1 are the lab's
# In the guest, frames coming in on both NICs all the time: how l2fwd ends, and what it leaves.
# shellcheck source=tests/vm/guest_common.sh
. /tests/vm/guest_common.sh

free=$(hugepages_free)

for signal in INT TERM; do
	l2fwd_start "$P0" "$P1"
	check "frames are forwarded before SIG$signal" wait_for 20 forwards
	check "while it runs, the NICs are bus masters and DRIVER_OK" nics_are "master on status 0x0f" "$P0" "$P1"
	check "and hugepages are in use" [ "$(hugepages_free)" -lt "$free" ]
	l2fwd_end $signal
	check "SIG$signal: exit status 0" same "$STATUS" 0
	check "SIG$signal: the totals come last" \
		sh -c "sed -n '/l2fwd ran for/,\$p' $TMP/l2fwd.out | grep -Eq ' [1-9][0-9]* frames forwarded\$'"
	check "SIG$signal: they have a line for each port" \
		same "$(sed -n '/l2fwd ran for/,$p' "$TMP/l2fwd.out" | grep -cE "^  ($P0|$P1) +up ")" 2
	check "SIG$signal: nothing on stderr" same "$(cat "$TMP/l2fwd.err")" ""
	check "SIG$signal: the NICs are reset, bus mastering is off" nics_are "master off status 0x00" "$P0" "$P1"
	check "SIG$signal: all hugepages are free again" same "$(hugepages_free)" "$free"
done

# Killed, it cannot reset anything. On the root bus virtio has no function-level reset, so that its status
# shows that nobody did: this is also the proof that the check above can fail.
l2fwd_start "$P0" "$P1"
check "frames are forwarded before SIGKILL" wait_for 20 forwards
l2fwd_end KILL
check "SIGKILL: status 137" same "$STATUS" 137
check "SIGKILL: the kernel switched bus mastering off" \
	same "$(guest_nicstate "$P0" "$P1" | grep -c 'master off')" 2
guest_nicstate "$P0" "$P1"
check "SIGKILL: the NIC on the root bus was not reset" \
	same "$(guest_nicstate "$P0" | grep -c 'status 0x00')" 0
check "SIGKILL: all hugepages are free again" same "$(hugepages_free)" "$free"

l2fwd_start "$P0" "$P1"
check "the next start forwards all the same" wait_for 20 forwards
l2fwd_end INT
check "and ends with status 0" same "$STATUS" 0
check "and resets the NICs" nics_are "master off status 0x00" "$P0" "$P1"

# Whoever reads the screens stops reading: frames and signals do not wait for him, and the totals come when
# he reads again. The pipe takes 64 KiB, some hundred screens.
mkfifo "$TMP/pipe"
sleep 60 3<"$TMP/pipe" &
READER=$!
l2fwd --stats 0.01 "$P0" "$P1" >"$TMP/pipe" 2>"$TMP/l2fwd.err" </dev/null &
PID=$!
sleep 5
kill -TERM $PID
check "with a reader that has stopped, SIGTERM resets the NICs all the same" \
	wait_for 20 nics_are "master off status 0x00" "$P0" "$P1"
kill $READER
wait $READER 2>/dev/null
check "and when the reader goes, l2fwd ends" wait_for 20 sh -c "! kill -0 $PID 2>/dev/null"

unread_terminal l2fwd --stats 0.01 "$P0" "$P1" >"$TMP/pid" &
READER=$!
sleep 5
PID=$(cat "$TMP/pid")
echo 1 >"/sys/bus/pci/devices/$P1/remove" &
check "on a terminal that nobody reads, a port is given back when the kernel wants it" \
	wait_for 20 test ! -e "/sys/bus/pci/devices/$P1"
kill -TERM "$PID"
check "and SIGTERM resets the other one" wait_for 20 nics_are "master off status 0x00" "$P0"
kill $READER
check "and when it hangs up, l2fwd ends" wait_for 20 sh -c "! kill -0 $PID 2>/dev/null"
[ $FAILED = 0 ] || show_l2fwd
check "the end" true
finish
