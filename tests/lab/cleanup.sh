#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Nothing stays behind: after SIGINT, SIGTERM, and kill -9 of the lab; COMMAND gets the signal first.
# shellcheck source=tests/lab/common.sh disable=SC2016,SC2317 # scripts for either side, check calls
. "$(dirname "$0")/common.sh"
need_lab --nic virtio-net-pci
wire=hub
[ "$(id -u)" != 0 ] || wire=tap
# All that this test's labs make is found by this folder in it, or by the lab's process id.
export TMPDIR="$TMP/labs"
mkdir "$TMPDIR"

start() {
	rm -f "$TMP/out"
	# A shell starts what runs in the background with SIGINT ignored; a terminal does not.
	env --default-signal=INT "$LAB" run --cpus 1 --nic virtio-net-pci --wire $wire --host 'sleep 3511' -- \
		sh -c "$1" >"$TMP/out" 2>"$TMP/err" &
	PID=$!
	wait_for 60 grep -q up "$TMP/out" || { echo "the guest did not come up:"; cat "$TMP/err"; }
}

# The processes whose command line names this lab's folder (QEMU, tails) or is the host side's.
processes() {
	grep -alE "$TMPDIR/[f]nlab-$PID-|^sleep.[3]511" /proc/[0-9]*/cmdline 2>/dev/null
}

nothing_left() {
	[ -z "$(ls "$TMPDIR")" ] && [ -z "$(processes)" ] &&
		{ [ "$wire" = hub ] || ! { ip netns; ip -o link; } | grep -qE "^fnlab-$PID-|fnl${PID}t"; }
}

there() {
	[ -n "$(ls "$TMPDIR")" ] && [ -n "$(processes)" ] &&
		{ [ "$wire" = hub ] || ip netns | grep -q "^fnlab-$PID-"; }
}

start 'trap "echo caught; exit 42" INT; echo up; while :; do sleep 0.1; done'
check "there is something to clean up" there
kill -INT "$PID"
wait "$PID"
check "SIGINT: COMMAND ends by itself and its status counts" same $? 42
check "SIGINT: COMMAND's last words arrive" has "$TMP/out" caught
check "SIGINT: nothing is left when the lab returns" nothing_left

start 'trap "" TERM; echo up; while :; do sleep 0.1; done'
kill -TERM "$PID"
wait "$PID"
check "SIGTERM that COMMAND ignores: 143" same $? 143
check "SIGTERM: nothing is left when the lab returns" nothing_left

start 'echo up; sleep 1000'
kill -KILL "$PID"
wait "$PID" 2>/dev/null
check "kill -9: nothing is left a moment later" wait_for 5 nothing_left
finish
