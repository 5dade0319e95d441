#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# "lab shell" gives a prompt on a terminal of the right size, Ctrl-C works inside, and the terminal is restored.
# shellcheck source=tests/lab/common.sh
. "$(dirname "$0")/common.sh"
command -v script >/dev/null || skip "no script(1) to make a terminal with"
need_lab --nic virtio-net-pci

# shellcheck disable=SC2016 # for the guest
# Types when the prompt is there, as a person would.
typist() {
	wait_for 90 grep -q '/ # ' "$TMP/screen"
	printf 'stty size; echo port $P0 on $(tty)\r'
	wait_for 10 grep -q 'port 0000' "$TMP/screen"
	printf 'sleep 100\r'
	sleep 1
	printf '\003'
	sleep 1
	printf 'echo after $?; exit 5\r'
	wait_for 20 grep -q 'lab returned' "$TMP/screen"
}
: >"$TMP/screen"
# shellcheck disable=SC2094 # the typist reads the screen on purpose
typist | timeout -k 5 150 script -qefc "stty rows 41 cols 101; stty -g >$TMP/tty1; \
	$LAB shell --nic virtio-net-pci; echo lab returned \$?; stty -g >$TMP/tty2" /dev/null >"$TMP/screen" 2>&1
check "a command runs in the guest" has "$TMP/screen" '^port 0000:00:03.0 on /dev/hvc0'
check "the guest's terminal has this one's size" has "$TMP/screen" '^41 101'
check "Ctrl-C reaches the program in the guest" has "$TMP/screen" '^after 130'
check "the shell's status comes back" has "$TMP/screen" '^lab returned 5'
check "the terminal is as it was" cmp "$TMP/tty1" "$TMP/tty2"
finish
