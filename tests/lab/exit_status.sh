#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The lab returns COMMAND's exit status, and its own 124 and 125 when there is none.
# shellcheck source=tests/lab/common.sh
. "$(dirname "$0")/common.sh"
# shellcheck disable=SC2119 # no arguments
need_lab

lab run -- true
check "0 comes back" same "$STATUS" 0
lab run -- sh -c 'ls /usr/bin; exit 3'
check "3 comes back" same "$STATUS" 3
check "the build's applications came by themselves" has "$OUT" '^l2fwd$'
check "and the tests' programs did not, which are many" has_not "$OUT" '^(conform|flows|test_[a-z].*)$'
lab run -- sh -c 'kill -KILL $$'
check "killed by signal 9 is 137" same "$STATUS" 137
lab run -- sh -c 'sleep 100 & exit 255'
check "255 comes back, whatever still runs in the background" same "$STATUS" 255

lab run --timeout 6 -- sleep 100
check "124 when the time is up" same "$STATUS" 124
check "it says so" has "$ERR" 'time is up'

# What is on its way in the guest when it panics is lost with it: the panic waits for what the test looks for.
# shellcheck disable=SC2016 # expanded by the lab
lab run --host 'until grep -q before "$LAB_STDOUT"; do sleep 0.1; done; echo go >"$LAB_TO_GUEST"' -- \
	sh -c 'echo before; read -r go <"$LAB_FROM_HOST"; echo c >/proc/sysrq-trigger'
check "125 when the guest panics" same "$STATUS" 125
check "it says so" has "$ERR" 'guest died while it ran the command'
check "what was printed before arrives" has "$OUT" '^before$'
check "the cause on the console is shown" has "$ERR" 'Kernel panic'
finish
