# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2034,SC2154 # variables shared with the other parts
# What the guest's NICs are wired to: taps in network namespaces, a hub for each pair, or sockets.

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
	have ip || die "--wire tap needs ip: apt-get install iproute2"
	[ -c /dev/net/tun ] ||
		die "--wire tap needs /dev/net/tun, which is not there (modprobe tun); hub and socket do not"
	caps=$(sed -n 's/^CapEff:[[:space:]]*//p' /proc/self/status)
	# CAP_NET_ADMIN and CAP_SYS_ADMIN
	((0x$caps >> 12 & 1 && 0x$caps >> 21 & 1)) ||
		die "--wire tap makes taps and network namespaces, which needs root;" \
			"--wire hub and --wire socket do not"
}

wire_tap() { echo "fnl${$}t$1"; }
wire_ns() { echo "fnlab-$$-$1"; }

# wire_netdev I QUEUES: QEMU's -netdev value for NIC I in WIRE_NETDEV, after setting up what it needs.
wire_netdev() {
	local i=$1 queues=$2 tap multi=()
	case $opt_wire in
	hub) WIRE_NETDEV="hubport,id=net$i,hubid=$((i / 2))" ;;
	socket)
		WIRE_NETDEV="dgram,id=net$i,local.type=unix,local.path=$(qemu_value "$LAB_DIR/wire$i")"
		WIRE_NETDEV+=",remote.type=unix,remote.path=$(qemu_value "$LAB_DIR/wire$i.host")"
		;;
	tap)
		tap=$(wire_tap "$i")
		[ "$queues" = 1 ] || multi=(multi_queue)
		guard link "$tap"
		ip tuntap add dev "$tap" mode tap vnet_hdr "${multi[@]}" || die "cannot make the tap $tap"
		WIRE_NETDEV="tap,id=net$i,ifname=$tap,script=no,downscript=no"
		[ "$queues" = 1 ] || WIRE_NETDEV+=",queues=$queues"
		;;
	esac
}

# wire_connect COUNT: move the taps, which QEMU holds open by now, into namespaces of their own.
wire_connect() {
	local i tap ns no_ipv6
	# shellcheck disable=SC2016 # for the shell in the namespace; a kernel without IPv6 has no such file
	no_ipv6='for file in /proc/sys/net/ipv6/conf/*/disable_ipv6; do
		[ ! -e "$file" ] || echo 1 >"$file" || exit 1
	done'
	[ "$opt_wire" = tap ] || return 0
	for ((i = 0; i < $1; i++)); do
		tap=$(wire_tap "$i")
		ns=$(wire_ns "$i")
		guard netns "$ns"
		{ ip netns add "$ns" &&
			ip netns exec "$ns" sh -c "$no_ipv6" &&
			ip link set "$tap" netns "$ns" &&
			ip -n "$ns" link set lo up &&
			ip -n "$ns" address add "10.99.0.$((i + 1))/24" dev "$tap" &&
			ip -n "$ns" link set "$tap" up; } || die "cannot set up the namespace $ns with the tap $tap"
	done
}

# wire_environment COUNT: what a --host program is told.
wire_environment() {
	local i
	for ((i = 0; i < $1; i++)); do
		case $opt_wire in
		tap) export "LAB_NS$i=$(wire_ns "$i")" "LAB_TAP$i=$(wire_tap "$i")" ;;
		socket) export "LAB_WIRE$i=$LAB_DIR/wire$i" "LAB_WIRE${i}_HOST=$LAB_DIR/wire$i.host" ;;
		esac
	done
}
