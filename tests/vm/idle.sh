#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# idle.sh [SECONDS]: l2fwd on real VFIO devices of each kind, which nobody sends anything to: what it counts itself,
# and what strace sees of it in the guest: at most two wakes a second and worker, a poll and a screen a second on
# the main thread, and nothing else. The processor time is reported.
# shellcheck source=tests/vm/l2fwd_common.sh disable=SC2016 # of jq
. "$(dirname "$0")/l2fwd_common.sh"
seconds=${1:-10}
configs="adaptive.epoll adaptive.uring interrupt.epoll interrupt.uring"
command -v strace >/dev/null || skip "strace is not installed"
need_lab --nic virtio-net-pci --nic igb --nic e1000e

# part CONFIG FILE: what the guest told of it.
part() {
	sed -n "s/^$1 $2 //p" "$OUT"
}

GUEST_LIMIT=$((400 + 12 * seconds))
# shellcheck disable=SC2086 # words
guest --wire socket --nic virtio-net-pci --nic virtio-net-pci --nic igb --nic igb --nic e1000e --nic e1000e \
	--with l2fwd --with strace --file "$HERE:/tests/vm" -- sh /tests/vm/idle_guest.sh "$seconds" $configs
check "status 0" same "$STATUS" 0
# A processor's clock that the guest does not trust is read by system calls.
clock=0
case $(part all clock) in tsc | kvm-clock) ;; *) clock=1 ;; esac
echo "the guest's clock: $(part all clock)"
for config in $configs; do
	if [ "${config#*.}" = uring ] && part "$config" err | grep -q 'io_uring.*forbid'; then
		echo "not here: $config: $(part "$config" err)"
		continue
	fi
	part "$config" threads >"$TMP/threads"
	part "$config" trace >"$TMP/trace"
	part "$config" json >"$TMP/json"
	# The main thread comes first, in both halves of the line.
	part "$config" cpu | awk -v config="$config" '{
		n = (NF - 1) / 2
		for (i = 0; i < n; i++) {
			share = ($(2 + n + i) - $(2 + i)) / 1e7 / $1
			sum += share
			each = each sprintf("%s %.3f", i ? ", worker" : "main thread", share)
		}
		printf "%s: %.3f %% of a core (goal 0.1): %s\n", config, sum, each
	}'
	part "$config" time >"$TMP/time"
	read -r from to <"$TMP/time"
	check "$config: it ends well" same "$(part "$config" status)" 0
	awk -f "$REPO/tests/idle/judge.awk" -v from="$from" -v to="$to" -v refresh=1 -v clock=$clock \
		"$TMP/threads" "$TMP/trace" >"$TMP/judged" 2>&1
	ok=$?
	sed "s/^/$config: /" "$TMP/judged"
	check "$config: no system call but those" same "$ok" 0
	holds "$config: no more than two sleeps a second" "$TMP/json" \
		'.seconds as $s | .workers | length == 1 and all(.sleeps <= 2 * $s and .sleeps >= 1)'
	holds "$config: nothing came, and nothing was slept over" "$TMP/json" '.workers |
		all(.interrupts == 0 and .packets == 0 and .spurious == 0 and .lost_wakeups == 0)'
	# Adaptive polls for one window at its beginning, which is the longest: three times a wake (policy balanced).
	# A second one is for whatever else begins an idle time. A round of it has 16 pauses and goes round all
	# ports: on no processor that takes less than 100 ns.
	holds "$config: a round a sleep, but for those of the first window" "$TMP/json" '.workers |
		all((if .mode == "adaptive" then .window_ns else 0 end) as $w |
			$w <= 3 * .wake_latency_ns and .rounds <= .arms + 10 + 2 * $w / 100 and .arms <= .sleeps + 10)'
	jq -r '.workers[] | "\(.rounds - .arms) rounds more than sleeps; on the processor or waiting for one " +
		"\(.spin_ns / .sleeps / 1000 | round) us a wake"' "$TMP/json" | sed "s/^/$config: /"
	jq -c '.workers[]' "$TMP/json" | sed "s/^/$config: /"
done
finish
