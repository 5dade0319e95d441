#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The locked-memory limit of a plain user, in the guest: memlock_guest.sh NAME. Run by memlock.sh.
#
# NICs 0 and 3 are the kernel's, each in a network namespace of its own; l2fwd forwards between NIC 1,
# which faces NIC 0, and NIC 2, which faces NIC 3.
# shellcheck disable=SC2154 # P1, N0, .. come from the lab
# shellcheck disable=SC2317,SC2329 # check calls the functions
# shellcheck disable=SC3045 # busybox has ulimit -l
# shellcheck source=tests/vm/guest_common.sh
. /tests/vm/guest_common.sh
set -u
cd "$TMP" || exit 1

# as_tester KIB COMMAND...: as a plain user with that limit; its process id is in the file pid.
# shellcheck disable=SC2016 # expanded by the shells that it starts
as_tester() {
	sh -c 'echo $$ >pid
		ulimit -l "$1"
		shift
		exec su tester -s /bin/sh -c "exec \"\$@\"" -- sh "$@"' sh "$@"
}

# refused KIB: l2fwd ends with status 1 and a sentence about that limit; NEED is the bytes that it names.
refused() {
	status=0
	as_tester "$1" timeout 20 l2fwd --duration 0.1 --json "$P1" "$P2" >out 2>err </dev/null || status=$?
	sed 's/^/  says: /' err
	words="bytes have to be locked in all, and the locked-memory limit is $(($1 * 1024)):"
	NEED=$(sed -n "s/.*; \\([0-9]*\\) $words .*/\\1/p" err)
	[ "$status" = 1 ] && [ ! -s out ] && [ -n "$NEED" ] && [ "$NEED" -gt $(($1 * 1024)) ] &&
		[ "$(grep -c '^l2fwd: ' err)" = "$(grep -c '' err)" ]
}

# ways BYTES: the message names each way to raise the limit, with the right number.
ways() {
	grep -q "ulimit -l $((($1 + 1023) / 1024)) .*'USER - memlock $((($1 + 1023) / 1024))'.*LimitMEMLOCK=$1" err
}

# forwards KIB: with that limit l2fwd starts, and pings go through it.
forwards() {
	as_tester "$1" l2fwd --stats 0 --json "$P1" "$P2" >out 2>err </dev/null &
	forwarder=$!
	ping -c 3 -W 10 10.1.0.2 >pings 2>&1 || { cat pings err; return 1; }
	kill -TERM "$(cat pid)"
	wait "$forwarder" && grep -q '"forwarded":[1-9]' out && grep -q '"dropped":0,' out && return
	cat out err
	return 1
}

echo 'tester:x:1000:1000::/tmp:/bin/sh' >>/etc/passwd
ip address add 10.1.0.1/24 dev "$N0"
ip link set "$N0" up
unshare -n sleep 300 &
other=$!
while [ "$(readlink "/proc/$other/ns/net")" = "$(readlink /proc/self/ns/net)" ]; do usleep 10000; done
ip link set "$N3" netns $other
nsenter -t $other -n sh -c "ip address add 10.1.0.2/24 dev $N3; ip link set $N3 up"
fastnic-bind bind --user tester "$P1" "$P2" >bound 2>&1 || { cat bound; FAILED=1; }

default=$(ulimit -l)
check "the kernel's default limit is 8 MiB" [ "$default" = 8192 ]
check "with it l2fwd says what it needs" refused "$default"
need=$NEED
check "and how to get it" ways "$need"
check "the need is in whole pages" [ $((need % 4096)) = 0 ]
check "a page less is too little, and the need is the same" refused $((need / 1024 - 4))
check "the same number again" [ "$NEED" = "$need" ]
check "with what it says it forwards" forwards $((need / 1024))
grep -E '^(HugePages_Total|HugePages_Free)' /proc/meminfo
echo "end: $1: $need bytes"
finish
