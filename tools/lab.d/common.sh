# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2015,SC2034,SC2154 # variables shared with the other parts
# What every part of the lab uses: messages, quoting, timing, and the cache with its lock.

# The statuses that are the lab's own; every other one is COMMAND's.
LAB_STATUS_TIMEOUT=124
LAB_STATUS_FAILED=125

# How long both sides get to end by themselves after a signal, before the lab ends without them.
GRACE_MS=10000

warn() {
	printf 'lab: %s\n' "$*" >&2
}

die() {
	warn "$@"
	exit "$LAB_STATUS_FAILED"
}

# quote WORD: WORD as one word of any POSIX shell, busybox's included (printf %q may use $'..').
quote() {
	printf "'%s'" "${1//\'/\'\\\'\'}"
}

# qemu_value TEXT: TEXT as the value of a QEMU option, where a comma ends the value.
qemu_value() {
	printf '%s' "${1//,/,,}"
}

# get_ms: the time in milliseconds in NOW_MS.
get_ms() {
	NOW_MS=${EPOCHREALTIME/[.,]/}
	NOW_MS=${NOW_MS%???}
}

get_ms
LAB_T0=$NOW_MS
LAB_TLAST=$NOW_MS

# phase NAME: with --verbose, say how long the phase that ends here took.
phase() {
	[ "${opt_verbose:-0}" = 1 ] || return 0
	get_ms
	printf 'lab: %6d ms  (+%d ms) %s\n' $((NOW_MS - LAB_T0)) $((NOW_MS - LAB_TLAST)) "$1" >&2
	LAB_TLAST=$NOW_MS
}

have() {
	command -v "$1" >/dev/null 2>&1
}

hash_of() {
	sha256sum | cut -c1-16
}

cache_init() {
	FASTNIC_CACHE=${FASTNIC_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/fastnic}
	mkdir -p "$FASTNIC_CACHE" 2>/dev/null
	[ -d "$FASTNIC_CACHE" ] && [ -w "$FASTNIC_CACHE" ] ||
		die "cannot write to the cache folder $FASTNIC_CACHE; set FASTNIC_CACHE to one that is yours"
	FASTNIC_CACHE=$(cd "$FASTNIC_CACHE" && pwd)
}

# cache_fill DIR FUNCTION ARG...: unless DIR exists, run FUNCTION ARG... NEWDIR and rename NEWDIR to
# DIR, so that DIR is complete whenever it is there. One lab fills at a time; the others wait and
# then find it.
cache_fill() {
	local dir=$1 lock ret=0
	shift
	if [ -d "$dir" ]; then
		touch -c "$dir" 2>/dev/null
		return 0
	fi
	mkdir -p "${dir%/*}" || return 1
	exec {lock}>"$FASTNIC_CACHE/lock"
	flock "$lock"
	if [ ! -d "$dir" ]; then
		rm -rf "$dir".new.* # what a fill that was killed left; the lock says that none is running
		if ! { mkdir "$dir.new.$$" && "$@" "$dir.new.$$" && mv -T "$dir.new.$$" "$dir"; }; then
			rm -rf "$dir.new.$$"
			ret=1
		fi
	fi
	exec {lock}>&-
	return "$ret"
}

# cache_prune DIR: forget what no lab has used for a month.
cache_prune() {
	find "$1" -mindepth 1 -maxdepth 1 -type d -mtime +30 -exec rm -rf {} + 2>/dev/null
	return 0
}
