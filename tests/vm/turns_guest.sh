#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# turns_guest.sh TURNS: in the guest. P0, P2, P4 and P6 change hands; P1, P3, P5 and P7, on a cable with them, stay
# with the kernel. In the kernel's turn each pair converses over its cable. In fastnic's, l2fwd stands between P0
# and P2 and between P4 and P6, and those at the far ends converse through it.
# shellcheck disable=SC2154,SC2317 # P0 to N7 are the lab's; functions called by wait_for
# shellcheck source=tests/vm/guest_common.sh
. /tests/vm/guest_common.sh
# shellcheck source=tests/bind/pci.sh
. /tests/bind/pci.sh
turns=$1
tested="$P0 $P2 $P4 $P6"
count=40 # frames each way: each conversation has four flows, and frames of all lengths

each() {
	for bdf in $tested; do
		"$1" "$bdf"
	done | tr '\n' ' '
}

has_netdev() {
	[ -n "$(netdev "$1")" ]
}

is_up() {
	[ "$(cat "/sys/class/net/$1/operstate")" = up ]
}

# up NETDEV...: with frames for any address, as flows' are for nobody's. All links come up at the same time. Between
# the carrier and its state "up" the kernel drops what is sent, and says that it sent it; what it does then ends
# before the next "ip link set".
up() {
	for net in "$@"; do
		ip link set "$net" promisc on up || return 1
	done
	for net in "$@"; do
		wait_for 20 is_up "$net" && ip link set "$net" up || return 1
	done
}

# talk NAME ID NETDEV NETDEV: two ends that converse, ID and ID + 1, in the background. Each turn has its own: a
# cable may hold what was sent while nobody listened, and bring it in the next turn.
talk() {
	flows --id "$2" --peer $(($2 + 1)) --flows 4 --count "$count" --seconds 60 "tap:$3" >"$TMP/$1.first" &
	talkers="$talkers $!"
	flows --id $(($2 + 1)) --peer "$2" --flows 4 --count "$count" --seconds 60 "tap:$4" >"$TMP/$1.second" &
	talkers="$talkers $!"
}

# whole FILE: an end that has all frames, and the other has all of its.
whole() {
	has "$1" "\"sent\":$count,.*\"acked\":$count,\"received\":$count,.*\"expected\":$count," &&
		has "$1" '"duplicates":0,"spoilt":0,'
}

# talked NAME...: these conversations ended, and both ends of each have all frames, once and unspoilt.
talked() {
	for pid in $talkers; do
		wait "$pid"
	done
	talkers=
	for name in "$@"; do
		whole "$TMP/$name.first" && whole "$TMP/$name.second" || return 1
	done
}

kernel_turn() {
	nets=
	for bdf in $tested; do
		wait_for 20 has_netdev "$bdf" || return 1
		nets="$nets $(netdev "$bdf")"
	done
	# shellcheck disable=SC2086 # a list of names
	up $nets || return 1
	# shellcheck disable=SC2086
	set -- $nets
	talk k0 $((number * 4)) "$N1" "$1"
	talk k1 $((number * 4)) "$N3" "$2"
	talk k2 $((number * 4)) "$N5" "$3"
	talk k3 $((number * 4)) "$N7" "$4"
	talked k0 k1 k2 k3
}

fastnic_turn() {
	l2fwd_start --json "$P0" "$P2" "$P4" "$P6"
	talk f0 $((number * 4 + 2)) "$N1" "$N3"
	talk f1 $((number * 4 + 2)) "$N5" "$N7"
	talked f0 f1 || return 1
	l2fwd_end INT
	same "$STATUS" 0 && has "$TMP/l2fwd.out" '"dropped":0,'
}

# turn WHO: its driver has all NICs, and they work.
turn() {
	if "$1_turn"; then
		echo "turn $number: $1: $(each driver)good"
	else
		echo "turn $number: $1: $(each driver)BAD"
		tail -n 2 "$TMP"/*.first "$TMP"/*.second
		[ "$1" = kernel ] || show_l2fwd
		dmesg | tail -n 20
		exit 1
	fi
}

# The wires are quiet: IPv6 would announce itself, also on interfaces that come later.
for file in /proc/sys/net/ipv6/conf/*/disable_ipv6; do
	[ ! -e "$file" ] || echo 1 >"$file"
done
# The usual queue in front of a NIC (fq_codel) drops what waited for some milliseconds, as on a busy machine.
echo pfifo_fast >/proc/sys/net/core/default_qdisc
up "$N1" "$N3" "$N5" "$N7" || exit 1
dmesg -c >/dev/null # of the boot
talkers=
kernels=$(each driver)
number=1
while [ $number -le "$turns" ]; do
	same "$(each driver)" "$kernels" || exit 1
	turn kernel
	# shellcheck disable=SC2086 # a list of addresses
	fastnic-bind bind $tested >"$TMP/bind" || exit 1
	same "$(each driver)" "vfio-pci vfio-pci vfio-pci vfio-pci " || exit 1
	turn fastnic
	# shellcheck disable=SC2086
	fastnic-bind unbind $tested >"$TMP/bind" || exit 1
	number=$((number + 1))
done
# What it says of hardware that the other driver left in disorder.
check "the kernel complains of no device" \
	same "$(dmesg | grep -E 'DMAR:.*fault|Unit Hang|NETDEV WATCHDOG|(e1000e|igb|virtio).*([Ee]rror|fail)')" ""
finish
