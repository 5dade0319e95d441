# shellcheck shell=sh disable=SC2154 # $work and $bind are the caller's
# SPDX-License-Identifier: BSD-3-Clause
# Assertions about one run of fastnic-bind; a failed one prints what was seen and is counted.
# The caller sets $work (a directory) and $bind (the command to run).

failed=0
# shellcheck disable=SC2034 # the callers name the test here
name=''

bad() {
	failed=$((failed + 1))
	echo "FAIL $name: $*"
	sed 's/^/    stdout: /' "$work/out"
	sed 's/^/    stderr: /' "$work/err"
}

# run STATUS ARGS...
run() {
	expected=$1
	shift
	ran="fastnic-bind $*"
	$bind "$@" >"$work/out" 2>"$work/err" </dev/null
	got=$?
	[ "$got" = "$expected" ] || bad "$ran: exit status $got, not $expected"
}

says() { grep -qF -- "$1" "$work/out" || bad "$ran: stdout lacks: $1"; }
errs() { grep -qF -- "$1" "$work/err" || bad "$ran: stderr lacks: $1"; }
quiet() { [ ! -s "$work/err" ] || bad "$ran: stderr is not empty"; }
is() { [ "$2" = "$3" ] || bad "$1: '$2', not '$3'"; }
