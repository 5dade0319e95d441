#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# A --host program and COMMAND talk both ways; both exit statuses count; one's failure ends the other.
# shellcheck source=tests/lab/common.sh disable=SC2016 # scripts for either side
. "$(dirname "$0")/common.sh"
# shellcheck disable=SC2119 # no arguments
need_lab

lab run --nic virtio-net-pci --host '
	until grep -q "^guest is up" "$LAB_OUT"; do sleep 0.1; done
	[ -e "$LAB_EXIT" ] && echo "LAB_EXIT is there too early"
	echo first >"$LAB_TO_GUEST"
	until grep -q "^guest got first" "$LAB_OUT"; do sleep 0.1; done
	echo second line >"$LAB_TO_GUEST"
	until [ -e "$LAB_EXIT" ]; do sleep 0.1; done
	echo "host saw $(cat "$LAB_EXIT") $([ -S "$LAB_QMP" ] && [ -e "$LAB_CONSOLE" ] && echo files)"' \
	-- sh -c 'echo guest is up; read x <"$LAB_FROM_HOST"; echo guest got $x
		read x <"$LAB_FROM_HOST"; echo guest got $x; exit 6'
check "the guest's status wins" same "$STATUS" 6
check "the guest got both lines, opening the file twice" has "$OUT" '^guest got second line$'
check "the host side saw the guest's end" has "$OUT" '^host saw 6 files$'
check "LAB_EXIT came only then" has_not "$OUT" 'too early'

lab run --host 'exit 4' -- sleep 1000
check "a host side that fails stops the guest, and its status counts" same "$STATUS" 4
lab run --host 'sleep 0.5; exit 5' -- true
check "a host side that fails after the guest's end counts too" same "$STATUS" 5
lab run --host 'until grep -q up "$LAB_OUT"; do sleep 0.1; done; echo SIGNAL INT >"$LAB_CTL"' -- \
	sh -c 'trap "exit 21" INT; echo up; while :; do sleep 0.1; done'
check "LAB_CTL sends COMMAND a signal" same "$STATUS" 21
finish
