# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh disable=SC2034 # variables for the tests
# What the lab's tests share, and the scripts that run in its guest: checks that say what they check, skipping
# with a reason, a folder of their own.

REPO=$(cd "$(dirname "$0")/../.." && pwd)
LAB=${LAB:-$REPO/tools/lab}
LAB_PARTS=${LAB%/*}/lab.d
TMP=$(mktemp -d "${TMPDIR:-/tmp}/fnlabtest.XXXXXX")
trap 'rm -rf "$TMP"' EXIT
trap 'exit 143' INT TERM HUP
FAILED=0

skip() {
	echo "SKIP: $*"
	exit 77
}

# check WHAT COMMAND...: COMMAND must succeed.
check() {
	what=$1
	shift
	if "$@"; then
		echo "ok: $what"
	else
		echo "FAIL: $what ($*)"
		FAILED=1
	fi
}

same() {
	[ "$1" = "$2" ] || { printf 'expected <%s>, got <%s>\n' "$2" "$1"; return 1; }
}

# has FILE PATTERN: some line of FILE matches the extended regular expression.
has() {
	grep -Eq -- "$2" "$1" || { echo "no line matches <$2> in:"; cat "$1"; return 1; }
}

has_not() {
	! grep -E -- "$2" "$1"
}

# lab ARG...: run the lab with a bound on time; leaves OUT, ERR and STATUS. The bound judges nothing and is the
# same with KVM as without: it is there so that a guest that hangs is named, and its end is cleaned up after,
# before ctest kills the test. An emulated guest needs a tenth of it on two processors of its own. It has one
# processor itself: an emulated second one costs a third more.
lab() {
	if [ "${1-}" = run ]; then
		shift
		set -- run --cpus 1 "$@"
	fi
	OUT=$TMP/out
	ERR=$TMP/err
	STATUS=0
	timeout -k 5 100 "$LAB" "$@" >"$OUT" 2>"$ERR" </dev/null || STATUS=$?
	[ "$STATUS" != 125 ] || sed 's/^/    /' "$ERR"
}

# need_lab ARG...: skip unless the lab can get all that "lab prepare ARG..." fetches.
need_lab() {
	command -v "${LAB_QEMU:-qemu-system-x86_64}" >/dev/null || skip "QEMU is not installed"
	timeout 300 "$LAB" prepare "$@" >"$TMP/prepare" 2>&1 ||
		skip "lab prepare $*: $(tail -n 1 "$TMP/prepare")"
}

need_root() {
	[ "$(id -u)" = 0 ] || skip "needs root: $*"
}

# wait_for SECONDS COMMAND...: until COMMAND succeeds.
wait_for() {
	tries=$(($1 * 10))
	shift
	until "$@" 2>/dev/null; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.1
	done
}

finish() {
	exit $FAILED
}
