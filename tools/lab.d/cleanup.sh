# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154 # variables shared with the other parts
# Leaving nothing behind: the guardian that undoes what a lab has set up, and the lab's one way out.

guard_start() {
	exec {GUARD}> >(exec setsid bash "$LAB_D/guardian.sh")
	GUARD_PID=$!
	trap finish EXIT
}

# guard KIND ARG: have the guardian undo this when the lab ends. Said before the thing is done.
guard() {
	echo "$*" >&"$GUARD"
}

# guard_process KIND PID: the start time tells the process from a later one with its number.
guard_process() {
	local kind=$1 pid=$2 stat
	read -r stat 2>/dev/null <"/proc/$pid/stat" || return 0
	# shellcheck disable=SC2086 # fields: the third is the first here
	set -- ${stat##*) }
	guard "$kind" "$pid" "${20}"
}

# child COMMAND...: in a subshell that becomes COMMAND, without what is the lab's own: while someone
# holds the guardian's pipe, the guardian waits.
child() {
	exec {GUARD}>&-
	[ -z "${CTL:-}" ] || exec {CTL}>&-
	ulimit -c 0 # QEMU's core would hold all of the guest's memory
	exec "$@"
}

# finish: at any exit once the guardian runs. Output that has come is still printed; a signal ends that.
# shellcheck disable=SC2317 # called by the trap
finish() {
	trap - EXIT
	trap '' INT TERM HUP
	if [ -n "${QEMU_PID:-}" ]; then
		finish_qemu
		trap 'kill -KILL "${TAIL_PIDS[@]}" 2>/dev/null' INT TERM HUP
		wait "${TAIL_PIDS[@]}" 2>/dev/null
	fi
	trap '' INT TERM HUP
	exec {GUARD}>&-
	wait "$GUARD_PID" 2>/dev/null # so that nothing is left when the lab returns
	[ -z "${SAVED_TTY:-}" ] || stty "$SAVED_TTY" 2>/dev/null
	[ "$opt_keep" = 0 ] || warn "kept: $LAB_DIR"
}

# finish_qemu: by SIGTERM, so that it puts the terminal back, and soon by SIGKILL.
# shellcheck disable=SC2317
finish_qemu() {
	local killer
	kill -TERM "$QEMU_PID" 2>/dev/null
	(exec {GUARD}>&-; sleep 2; kill -KILL "$QEMU_PID") >/dev/null 2>&1 &
	killer=$!
	wait "$QEMU_PID" 2>/dev/null
	kill "$killer" 2>/dev/null
}

# make_dir: LAB_DIR, a temporary folder of this run.
make_dir() {
	LAB_DIR=${TMPDIR:-/tmp}
	[ ${#LAB_DIR} -le 60 ] || LAB_DIR=/tmp # a socket's path has 107 bytes at most
	LAB_DIR=$LAB_DIR/fnlab-$$-$RANDOM
	[ "$opt_keep" = 1 ] || guard dir "$LAB_DIR"
	(umask 077 && mkdir "$LAB_DIR") || die "cannot make the temporary folder $LAB_DIR"
}
