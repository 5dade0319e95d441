#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# tests/soak/run itself: a part that is through is "ok", one that was skipped or cut short is "incomplete", and one
# that failed is "FAILED".
# shellcheck source=tests/lab/common.sh
. "$(dirname "$0")/../lab/common.sh"
build=${FASTNIC_BUILD:-$REPO/build}

# soak BUILD PART...: leaves STATUS, and OUT with what it said.
soak() {
	STATUS=0
	sh "$REPO/tests/soak/run" --scale 100000 --build "$@" >"$OUT" 2>&1 || STATUS=$?
	cat "$OUT"
}

# fake TEXT STATUS: a build whose program says this, and ends so.
fake() {
	mkdir -p "$TMP/fake/bin"
	printf '#!/bin/sh\necho "%s"\nexit %s\n' "$1" "$2" >"$TMP/fake/bin/test_poller_race"
	cp "$TMP/fake/bin/test_poller_race" "$TMP/fake/bin/conform"
	chmod +x "$TMP/fake/bin/test_poller_race" "$TMP/fake/bin/conform"
}

OUT=$TMP/out
# The logs of a real soak in the build stay as they are.
mkdir "$TMP/build" && ln -s "$build/bin" "$TMP/build/bin" || exit 1
soak "$TMP/build" modes laps
check "two parts that are through" same "$STATUS" 0
check "modes is ok" has "$OUT" '^modes: ended: ok, '
check "laps is ok" has "$OUT" '^laps: ended: ok, '
check "and the log has what it counted" has "$TMP/build/soak/modes.log" ' [1-9][0-9]* sleeps, .* 0 lost'

fake "all well" 0
soak "$TMP/fake" ping
check "a program that has nothing to complain of is ok" has "$OUT" '^ping: ended: ok, '
soak "$TMP/fake" qtest
check "but not when it is to tell what it counted" has "$OUT" '^qtest: ended: incomplete, '
three="x: counted 1 of 1 sleeps
y: counted 1 of 1 switches
z: counted 1 of 1 switches"
fake "$three" 0
soak "$TMP/fake" qtest
check "and it is ok when it tells of all three" has "$OUT" '^qtest: ended: ok, '
fake "skip qtest/x poller.poller_modes_queues 0 ms (one queue)
$three" 0
soak "$TMP/fake" qtest
check "a behaviour that is skipped is incomplete" has "$OUT" '^qtest: ended: incomplete, '
fake "skipped: no such device" 77
soak "$TMP/fake" ping
check "a program that skips is incomplete" has "$OUT" '^ping: ended: incomplete, '
check "which is exit status 1" same "$STATUS" 1
fake "x: counted 99 of 100 sleeps; y: counted 100 of 100 sleeps" 0
soak "$TMP/fake" ping
check "so is one that counted less than it was asked for" has "$OUT" '^ping: ended: incomplete, '
fake "counted fewer than 100: its time is over" 0
soak "$TMP/fake" ping
check "or says so" has "$OUT" '^ping: ended: incomplete, '
fake "counted 99 of 100 sleeps" 1
soak "$TMP/fake" ping
check "one that fails has failed, however far it came" has "$OUT" '^ping: ended: FAILED, '
check "which is exit status 1, too" same "$STATUS" 1
printf '#!/bin/sh\nexit 1\n' >"$TMP/cmake" && chmod +x "$TMP/cmake"
PATH=$TMP:$PATH soak "$TMP/fake" mutations
check "so have mutations that cannot be built" has "$OUT" '^mutations: ended: FAILED, '
check "and the log says so" has "$TMP/fake/soak/mutations.log" 'cmake failed'
finish
