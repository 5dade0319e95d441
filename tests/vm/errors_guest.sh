#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# What bad input gets from l2fwd, in the guest: errors_guest.sh bound | no-iommu. Run by errors.sh.
#
# Each case: the exit status, one line that names cause and remedy, nothing left behind; and where the
# remedy can be typed, it is typed, and then the right call works.
# shellcheck disable=SC2154 # P0, P1, .. come from the lab
# shellcheck disable=SC2317,SC2329 # check calls the functions
# shellcheck source=tests/vm/guest_common.sh
. /tests/vm/guest_common.sh
set -u
cd "$TMP" || exit 1
pci=/sys/bus/pci/devices

# What a start that failed must not leave: hugepages in use, groups that are held, NICs that may still
# write to memory.
leftovers() {
	# shellcheck disable=SC2012 # where the links lead
	ls -l /proc/[0-9]*/fd 2>/dev/null | sed -n 's|.*-> \(/dev/vfio/.*\)|somebody holds \1|p'
	grep -E '^HugePages_(Free|Rsvd)' /proc/meminfo
	for dev in /sys/bus/pci/drivers/vfio-pci/0*; do
		[ -e "$dev" ] || continue
		command=$(od -An -tu1 -j4 -N1 "$dev/config")
		[ $((command & 4)) = 0 ] || echo "${dev##*/} is still bus master"
	done
}

# refused STATUS PATTERN COMMAND...: COMMAND ends with STATUS within 10 s, prints nothing but one line
# with the pattern, and leaves things as they were.
refused() {
	expected=$1
	pattern=$2
	shift 2
	before=$(leftovers)
	status=0
	timeout 10 "$@" >out 2>err </dev/null || status=$?
	ok=0
	[ "$status" = "$expected" ] || { echo "  exit status $status instead of $expected"; ok=1; }
	[ "$(wc -l <err)" = 1 ] || { echo "  $(wc -l <err) lines instead of one"; ok=1; }
	grep -Eq -- "^l2fwd: $pattern" err || { echo "  no match for <$pattern>"; ok=1; }
	[ ! -s out ] || { echo "  something on standard output:"; cat out; ok=1; }
	[ "$(leftovers)" = "$before" ] || { echo "  left behind:"; leftovers; ok=1; }
	sed 's/^/  says: /' err
	return "$ok"
}

# works PORT...: they start, run and stop.
works() {
	timeout 20 l2fwd --duration 0.1 --json "$@" >out 2>err </dev/null &&
		grep -q '^{"seconds"' out && [ ! -s err ] && return
	cat out err
	return 1
}

# helper ARG...: fastnic-bind must do it.
helper() {
	fastnic-bind "$@" >bind 2>&1 </dev/null && return
	echo "FAIL: fastnic-bind $*"
	cat bind
	FAILED=1
}

# remedy: type what the last message says behind "run:".
remedy() {
	# shellcheck disable=SC2046 # words
	set -- $(sed -n 's/.*\(fastnic-bind bind [^;]*\)$/\1/p' err)
	[ $# -ge 3 ] || { echo "  the message has no command"; return 1; }
	timeout 30 "$@" >bind 2>&1 </dev/null || { cat bind; return 1; }
}

end() {
	# For tests/vm/errors.sh: the whole script was run.
	echo "end: $1"
	finish
}

if [ "$1" = no-iommu ]; then
	check "IOMMU off" refused 1 \
		"$P0 is in no IOMMU group: the IOMMU is off; switch it on in the firmware .*intel_iommu=on" \
		l2fwd "$P0" "$P1"
	end no-iommu
fi

echo "== the command line"
usage='.*see l2fwd --help$'
check "unknown option" refused 2 ".*--hurry.*$usage" l2fwd --hurry "$P0" "$P1"
check "option without its value" refused 2 ".*--ring.*$usage" l2fwd "$P0" "$P1" --ring
check "no port" refused 2 "no port named$usage" l2fwd --json
check "three ports" refused 2 "3 ports: .*pairs$usage" l2fwd "$P0" "$P1" "$P2"
check "not a number" refused 2 "--ring many: wants a number from 1 to [0-9]+$usage" l2fwd --ring many "$P0" "$P1"
check "ring size beyond all" refused 2 "--ring 65536: wants a number from 1 to [0-9]+$usage" l2fwd --ring 65536 "$P0"
check "no queue" refused 2 "--queues 0: wants a number from 1 to [0-9]+$usage" l2fwd --queues 0 "$P0" "$P1"

check "a core named twice" refused 2 "--cores 0,1,0-1: wants core numbers, each once, .*$usage" \
	l2fwd --cores 0,1,0-1 "$P0" "$P1"
check "burst of nothing" refused 2 "--burst 0: wants a number from 1 to [0-9]+$usage" l2fwd --burst 0 "$P0" "$P1"

echo "== which device"
check "no such device" refused 1 "0000:00:1d.5: no such PCI device; fastnic-bind status" l2fwd 0000:00:1d.5 "$P1"
check "no PCI address" refused 1 '"eth0" is no PCI address such as 0000:' l2fwd eth0 "$P1"
check "bound to the kernel's driver" refused 1 \
	"$P0 is not bound to vfio-pci \(the kernel's driver virtio-pci has it\); run: fastnic-bind bind $P0\$" \
	l2fwd "$P0" "$P1"
check "its remedy" remedy
echo "$P1" >"$pci/$P1/driver/unbind"
check "bound to nothing; the first port is given back" refused 1 \
	"$P1 is not bound to vfio-pci \(no driver has it\); run: fastnic-bind bind $P1\$" l2fwd "$P0" "$P1"
check "its remedy" remedy
check "then it works" works "$P0" "$P1"
check "same port twice" refused 1 "$P0 is open already: name each port once" l2fwd "$P0" "$P0"
check "same port twice, spelt otherwise" refused 1 "${P0#0000:} is open already: name each port once" \
	l2fwd "$P0" "${P0#0000:}"
check "then it works" works "$P0" "$P1"

echo "== a group that is not viable"
neighbour=${P2%.*}.1 # the lab's NIC 3: see errors.sh
helper bind "$P2" "$neighbour"
helper unbind "$neighbour"
check "the neighbour in P2's group is the kernel's again" [ -e "$pci/$neighbour/driver/module/drivers/pci:virtio-pci" ]
check "group not viable" refused 1 \
	"$P2: IOMMU group [0-9]+ also holds $neighbour \(driver virtio-pci\), .*: fastnic-bind bind $neighbour\$" \
	l2fwd "$P0" "$P2"
check "its remedy" remedy
check "then both of the group work" works "$P2" "$neighbour"
check "and one of them alone" works "$P0" "$P2"

echo "== NICs that fastnic cannot drive"
helper bind "$P4" "$P5"
check "not a supported NIC" refused 1 "$P4 \(15ad:07b0\) has no driver in fastnic, which drives: .*virtio" \
	l2fwd "$P0" "$P4"
check "virtio that goes past the IOMMU" refused 1 \
	"$P5: .*VIRTIO_F_ACCESS_PLATFORM.*past the IOMMU; .*iommu_platform=on" l2fwd "$P0" "$P5"
check "then it works" works "$P0" "$P1"

echo "== rings, queues, buffers"
sizes="port $P0 takes powers of two, 8 to [0-9]+ to receive and 8 to [0-9]+ to send"
check "ring size no power of two" refused 1 "--ring 100: $sizes" l2fwd --ring 100 "$P0" "$P1"
check "ring too small" refused 1 "--ring 4: $sizes" l2fwd --ring 4 "$P0" "$P1"
check "ring too large" refused 1 "--ring 2048: $sizes" l2fwd --ring 2048 "$P0" "$P1"
check "ring far too large: the memory that it would need is not spoken of" refused 1 "--ring 32768: $sizes" \
	l2fwd --ring 32768 "$P0" "$P1"
check "more queues than there are" refused 1 "--queues 2: port $P0 has 1" l2fwd --queues 2 "$P0" "$P1"
check "pool too small" refused 1 "--buffers 64: these ports, queues, rings and workers need [0-9]+ at least" \
	l2fwd --buffers 64 "$P0" "$P1"
count=$(sed -n 's/.*need \([0-9]*\) at least.*/\1/p' err)
check "one buffer less than it says" refused 1 "--buffers .* need $count at least" \
	l2fwd --buffers $((count - 1)) "$P0" "$P1"
check "as many as it says" works --buffers "$count" "$P0" "$P1"

check "a core that is not there" refused 1 "no worker on core 63: .*; name cores that taskset -p shows" \
	l2fwd --cores 63 "$P0" "$P1"

echo "== who may, and who does"
echo 'tester:x:1000:1000::/tmp:/bin/sh' >>/etc/passwd
# Of locked memory tests/vm/memlock.sh knows more.
# shellcheck disable=SC3045 # busybox has it
ulimit -l unlimited
as_tester() {
	su tester -s /bin/sh -c '"$@"' -- sh "$@"
}
# The holder has started both NICs: what must not change from now on includes its bus mastering.
runs() {
	tries=0
	until leftovers | grep -q "$P1 is still bus master"; do
		[ "$tries" -lt 100 ] || return 1
		usleep 100000
		tries=$((tries + 1))
	done
	sleep 1
}
group=$(basename "$(readlink "$pci/$P0/iommu_group")")
# shellcheck disable=SC2016 # the message is for a shell
check "no permission" refused 1 \
	"$P0: no permission to open /dev/vfio/$group; run: sudo fastnic-bind bind --user [$]USER $P0\$" \
	su tester -s /bin/sh -c "exec l2fwd $P0 $P1"
helper bind --user tester "$P0" "$P1"
check "then the user's call works" as_tester timeout 20 l2fwd --duration 0.1 --stats 0 "$P0" "$P1"
l2fwd --stats 0 "$P0" "$P1" >holder 2>&1 &
holder=$!
check "it runs and waits for frames" runs
check "in use by another process" refused 1 "$P0: process $holder \(l2fwd\) holds IOMMU group $group; stop it first" \
	l2fwd "$P0" "$P1"
check "in use, and by whom may not be seen" refused 1 \
	"$P0: another process holds IOMMU group $group; as root, fastnic-bind status names it" \
	su tester -s /bin/sh -c "exec l2fwd $P0 $P1"
check "the holder did not notice" kill -TERM $holder
wait $holder
check "and stops cleanly" [ $? = 0 ]
check "then it works" works "$P0" "$P1"

echo "== no sysfs"
check "no usable sysfs" refused 1 "no usable sysfs: .*mount -t sysfs" \
	unshare -m sh -c "umount -l /sys; exec l2fwd $P0 $P1"
check "with it, it works" works "$P0" "$P1"
end bound
