#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# In the guest of tests/perf/guest: has l2fwd, DPDK's testpmd or the kernel forward between the two NICs, as the
# host says in lines: a forwarder's name, "stop" or "quit". What is answered is told in guest_load.c.
# shellcheck disable=SC2154 # P0 and P1, the NICs' addresses, are the lab's
set -u
dpdk=/opt/dpdk
burst=32 ring=256 buffers=8192
holder=kernel # who has the NICs: kernel or vfio

# Nobody but the host's side sends.
for file in /proc/sys/net/ipv6/conf/*/disable_ipv6; do
	[ ! -e "$file" ] || echo 1 >"$file"
done
mkfifo /tmp/silence
exec 9<>/tmp/silence # as standard input: testpmd ends at the end of its own

# DPDK loads no driver from below a folder that all may write to, and wants a place for its sockets.
chmod 755 /
mkdir -p /var/run

netdev() {
	for net in /sys/bus/pci/devices/"$1"/net/* /sys/bus/pci/devices/"$1"/virtio*/net/*; do
		[ ! -d "$net" ] || echo "${net##*/}"
	done
}

# ended HOW: a forwarder did, by itself; what it said is in /tmp/said.
ended() {
	tail -n 20 /tmp/said >&2
	echo "@ended $1: $(grep . /tmp/said | tail -n 1)"
}

# give TO: the NICs to vfio or the kernel.
give() {
	[ "$holder" != "$1" ] || return 0
	case $1 in
	vfio) fastnic-bind bind "$P0" "$P1" ;;
	kernel) fastnic-bind unbind "$P0" "$P1" ;;
	esac >/tmp/said 2>&1 </dev/null || {
		ended "fastnic-bind failed"
		return 1
	}
	holder=$1
}

# Says that what comes next begins in 0.2 s. The clock's text is read later, as that takes time.
mark() {
	adjtimex >/tmp/marked
	echo "@mark"
	usleep 200000
}

# clock_us FILE
clock_us() {
	echo "$(sed -n 's/^ *time.tv_sec: *//p' "$1")$(printf '%06d' "$(sed -n 's/^ *time.tv_usec: *//p' "$1")")"
}

# forward_by COMMAND...: a process; PID is the shell's that says how it ended, /tmp/pid holds its own.
forward_by() {
	mark
	# shellcheck disable=SC2016 # expanded by the inner shell
	(
		sh -c 'echo $$ >/tmp/pid; adjtimex >/tmp/started; exec "$@"' sh "$@" <&9 >/tmp/said 2>&1
		status=$?
		[ -e /tmp/stopping ] || ended "status $status"
	) &
	PID=$!
}

by_l2fwd() {
	forward_by l2fwd --json --burst $burst --ring $ring --buffers $buffers "$P0" "$P1"
}

by_testpmd() {
	plugins=
	for name in bus_pci bus_vdev mempool_ring net_e1000 net_virtio net_vmxnet3; do
		plugins="$plugins -d $(echo $dpdk/lib/librte_$name.so.*)"
	done
	LD_LIBRARY_PATH=$dpdk/lib
	export LD_LIBRARY_PATH
	# Its own thread waits for input while the other one forwards, both on processor 0. What is
	# behind -- is l2fwd's: rings, burst, buffers; for the rest its defaults.
	# shellcheck disable=SC2086 # options
	forward_by "$dpdk/bin/dpdk-testpmd" '--lcores=(0,1)@0' --iova-mode=va --in-memory --no-telemetry \
		$plugins -a "$P0" -a "$P1" -- --forward-mode=io --auto-start --nb-cores=1 \
		--burst=$burst --rxd=$ring --txd=$ring --total-num-mbufs=$buffers
	unset LD_LIBRARY_PATH
}

# mirror FROM TO: all that comes in at FROM leaves by TO.
mirror() {
	/usr/sbin/tc qdisc add dev "$1" ingress &&
		/usr/sbin/tc filter add dev "$1" ingress matchall action mirred egress redirect dev "$2"
}

by_mirred() {
	net0=$(netdev "$P0") net1=$(netdev "$P1")
	mark
	adjtimex >/tmp/started
	{ ip link set "$net0" promisc on up && ip link set "$net1" promisc on up && mirror "$net0" "$net1" &&
		mirror "$net1" "$net0"; } >/tmp/said 2>&1 || ended "a command failed"
}

begin() {
	rm -f /tmp/said /tmp/stopping /tmp/marked /tmp/started /tmp/pid
	PID=
	case $1 in
	l2fwd) give vfio && by_l2fwd ;;
	testpmd) give vfio && by_testpmd ;;
	mirred) give kernel && by_mirred ;;
	*) echo "@ended no forwarder of that name" ;;
	esac
}

stop() {
	: >/tmp/stopping
	if [ -n "$PID" ]; then
		kill -TERM "$(cat /tmp/pid)" 2>/dev/null
		wait "$PID"
	elif [ "$holder" = kernel ]; then
		for net in $(netdev "$P0") $(netdev "$P1"); do
			ip link set "$net" down promisc off
			/usr/sbin/tc qdisc del dev "$net" ingress
		done >/dev/null 2>&1
	fi
	since=0
	[ ! -s /tmp/started ] || since=$(($(clock_us /tmp/started) - $(clock_us /tmp/marked)))
	# l2fwd says how full its bursts were; the frames came in by its first port. And what it slept over.
	fill=$(grep -o '"rx_burst_fill": *[0-9.]*' /tmp/said 2>/dev/null | head -n 1)
	lost=$(grep -o '"lost_wakeups": *[0-9]*' /tmp/said 2>/dev/null | awk '{ n += $NF } END { if (NR) print n }')
	echo "@stopped $since ${fill##*[: ]} $lost"
}

while read -r word; do
	case $word in
	stop) stop ;;
	quit) exit 0 ;;
	*) begin "$word" ;;
	esac
done <"$LAB_FROM_HOST"
