#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# A descriptor with an address that is not mapped: the IOMMU refuses and says so, memory outside of the
# map keeps what is in it, and good frames before and after pass without a fault.
# shellcheck source=tests/lab/common.sh disable=SC2016,SC2317,SC2329 # scripts for the guest; check calls functions
. "$(dirname "$0")/../lab/common.sh"
need_lab --nic virtio-net-pci

timeout -k 5 120 "$LAB" run --cpus 1 --with fault --nic virtio-net-pci --nic virtio-net-pci -- sh -c '
	fault $P0 $P1 || exit
	echo "== the same with the page mapped"
	fault --mapped $P0 $P1 || exit
	echo "== $P0 $P1"
	dmesg' >"$TMP/out" 2>"$TMP/err" </dev/null
STATUS=$?
check "good frames pass before, between and after" same $STATUS 0
[ $STATUS = 0 ] || { cat "$TMP/out" "$TMP/err"; finish; }

# What the program said: of unmapped addresses, then of mapped ones; last the kernel's log.
awk -v dir="$TMP" 'BEGIN { file = "unmapped" }
	/^== the same/ { file = "mapped" }
	/^== 0000:/ { file = "dmesg" }
	{ print >(dir "/" file) }' "$TMP/out"
read -r _ sender receiver <<LINE
$(head -n 1 "$TMP/dmesg")
LINE
send_addr=$(sed -n 's/^transmit from //p' "$TMP/unmapped")
receive_addr=$(sed -n 's/^receive to //p' "$TMP/unmapped")

# phase NAME: the lines of the kernel's log from that phase until the next.
phase() {
	awk -v name="fault: $1" '/fault: (un)?mapped / { on = substr($0, index($0, "fault: ")) == name }
		on' "$TMP/dmesg"
}

# faults NAME: the faults of that phase.
faults() {
	phase "$1" | grep -F 'DMAR: ['
}

faults_are() {
	faults "$1" >"$TMP/faults"
	has "$TMP/faults" "$2" && has_not "$TMP/faults" "(Read|Write).*(\[${3#0000:}\]|fault addr $4)"
}

no_faults() {
	[ -n "$(phase "$1")" ] || { echo "the kernel's log has no phase $1"; return 1; }
	! faults "$1"
}

check "a fault names the sender and the address that it read" faults_are "unmapped transmit" \
	"DMA Read.* Request device \[${sender#0000:}\] fault addr $send_addr( |\$)" "$receiver" "$receive_addr"
check "a fault names the receiver and the address that it wrote" faults_are "unmapped receive" \
	"DMA Write.* Request device \[${receiver#0000:}\] fault addr $receive_addr( |\$)" "$sender" "$send_addr"
for where in before between after; do
	check "good frames $where: no fault" no_faults "unmapped good $where"
done
check "what is in the page was not sent" has "$TMP/unmapped" '^transmit: (something else|nothing) was sent$'
check "what was in the page is still there" has "$TMP/unmapped" '^receive: the page is intact$'

# The same addresses, mapped: shows that each of the checks above looks at the right thing.
for where in transmit receive; do
	check "control, mapped: no fault ($where)" no_faults "mapped $where"
done
check "control, mapped: the page is sent" has "$TMP/mapped" '^transmit: the page was sent$'
check "control, mapped: the page is overwritten" has "$TMP/mapped" '^receive: the page is overwritten$'
finish
