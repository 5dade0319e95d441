# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2034,SC2154 # variables shared with the other parts
# What the guest's NICs are wired to: taps in network namespaces, each alone or joined by a bridge, a hub for
# each pair, or sockets.

# Frames that wait in a tap for who takes them, and bytes that wait behind it: then the sender waits too.
WIRE_TAP_FRAMES=4096
WIRE_TAP_BYTES=$((1 << 20))
# The longest frame that the kernel takes in a tap, without its header.
WIRE_TAP_MTU=65521

# wire_check: can this machine make that wire?
wire_check() {
	local caps
	case $opt_wire in
	hub) return ;;
	socket)
		[ "$(printf '%s\n' 7.2 "$QEMU_VERSION" | sort -V | head -n 1)" = 7.2 ] ||
			die "--wire socket needs QEMU 7.2 or newer, this is $QEMU_VERSION; --wire hub does not"
		return
		;;
	esac
	have ip || die "--wire $opt_wire needs ip: apt-get install iproute2"
	[ -c /dev/net/tun ] ||
		die "--wire $opt_wire needs /dev/net/tun, which is not there (modprobe tun); hub and socket do not"
	caps=$(sed -n 's/^CapEff:[[:space:]]*//p' /proc/self/status)
	# CAP_NET_ADMIN and CAP_SYS_ADMIN
	((0x$caps >> 12 & 1 && 0x$caps >> 21 & 1)) ||
		die "--wire $opt_wire makes taps and network namespaces, which needs root;" \
			"--wire hub and --wire socket do not"
	[ "$opt_wire" = tap ] || unshare --net ip link add name bridge type bridge 2>/dev/null ||
		die "--wire bridge needs a kernel with bridges (modprobe bridge); the other wires do not"
}

wire_tap() { echo "fnl${$}t$1"; }

# wire_ns I: the namespace of NIC I: its own, or that of its pair.
wire_ns() {
	if [ "$opt_wire" = tap ]; then echo "fnlab-$$-$1"; else echo "fnlab-$$-$(($1 / 2))"; fi
}

# wire_netdev I QUEUES: QEMU's -netdev value for NIC I in WIRE_NETDEV, after setting up what it needs.
wire_netdev() {
	local i=$1 queues=$2 tap multi=()
	case $opt_wire in
	hub) WIRE_NETDEV="hubport,id=net$i,hubid=$((i / 2))" ;;
	socket)
		WIRE_NETDEV="dgram,id=net$i,local.type=unix,local.path=$(qemu_value "$LAB_DIR/wire$i")"
		WIRE_NETDEV+=",remote.type=unix,remote.path=$(qemu_value "$LAB_DIR/wire$i.host")"
		;;
	tap | bridge)
		tap=$(wire_tap "$i")
		[ "$queues" = 1 ] || multi=(multi_queue)
		guard link "$tap"
		ip tuntap add dev "$tap" mode tap vnet_hdr "${multi[@]}" || die "cannot make the tap $tap"
		WIRE_NETDEV="tap,id=net$i,ifname=$tap,script=no,downscript=no"
		[ "$queues" = 1 ] || WIRE_NETDEV+=",queues=$queues"
		[ "$opt_wire" = tap ] || WIRE_NETDEV+=",sndbuf=$WIRE_TAP_BYTES"
		;;
	esac
}

# wire_connect COUNT: move the taps, which QEMU holds open by now, into namespaces of their own.
wire_connect() {
	local i tap ns
	case $opt_wire in hub | socket) return ;; esac
	for ((i = 0; i < $1; i++)); do
		tap=$(wire_tap "$i")
		ns=$(wire_ns "$i")
		{ wire_namespace "$i" "$ns" &&
			ip link set "$tap" netns "$ns" &&
			"wire_plug_$opt_wire" "$i" "$ns" "$tap"; } ||
			die "cannot set up the namespace $ns with the tap $tap"
	done
}

# wire_namespace I NS: a quiet one, where no stack says a word of its own. A pair's comes with the first of it.
wire_namespace() {
	local off
	[ "$opt_wire" = tap ] || (($1 % 2 == 0)) || return 0
	# Files for the shell in the namespace; a kernel without IPv6, or that shows a bridge's frames to no filter of
	# IP's, does not have them.
	# shellcheck disable=SC2016
	off='for file in /proc/sys/net/ipv6/conf/*/disable_ipv6; do
		[ ! -e "$file" ] || echo 1 >"$file" || exit 1
	done
	for file in /proc/sys/net/bridge/bridge-nf-call-*; do
		[ ! -e "$file" ] || echo 0 >"$file" || exit 1
	done'
	guard netns "$2"
	ip netns add "$2" && ip netns exec "$2" sh -c "$off"
}

# wire_plug_tap I NS TAP: the Linux stack is at the other end.
wire_plug_tap() {
	ip -n "$2" link set lo up &&
		ip -n "$2" address add "10.99.0.$(($1 + 1))/24" dev "$3" &&
		ip -n "$2" link set "$3" up
}

# wire_plug_bridge I NS TAP: a bridge that is a cable: it learns no address, and so lets a frame for whichever
# through, groups that stay on one wire (802.1Q 8.6.3) included, PAUSE excepted; and it says nothing itself.
wire_plug_bridge() {
	if (($1 % 2 == 0)); then
		ip -n "$2" link add name cable mtu "$WIRE_TAP_MTU" type bridge stp_state 0 forward_delay 0 \
			mcast_snooping 0 && ip -n "$2" link set cable up || return 1
	fi
	ip -n "$2" link set "$3" mtu "$WIRE_TAP_MTU" txqueuelen "$WIRE_TAP_FRAMES" &&
		ip -n "$2" link set "$3" master cable &&
		ip -n "$2" link set "$3" type bridge_slave learning off flood on mcast_flood on \
			group_fwd_mask 0xfffd &&
		ip -n "$2" link set "$3" up
}

# wire_environment COUNT: what a --host program is told.
wire_environment() {
	local i
	for ((i = 0; i < $1; i++)); do
		case $opt_wire in
		tap | bridge) export "LAB_NS$i=$(wire_ns "$i")" "LAB_TAP$i=$(wire_tap "$i")" ;;
		socket) export "LAB_WIRE$i=$LAB_DIR/wire$i" "LAB_WIRE${i}_HOST=$LAB_DIR/wire$i.host" ;;
		esac
	done
}
