# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2034,SC2154 # variables shared with the other parts
# One run: starts QEMU and the host side, follows the guest's progress, and decides the exit status.

# run_qemu: QEMU dies with this lab, if by nothing else then by the kernel's hand.
run_qemu() {
	local name run=()
	mkfifo -m 600 "$LAB_DIR"/{ctl,to-guest}.{in,out} || die "cannot make pipes in $LAB_DIR"
	for name in stdout stderr output console; do
		: >"$LAB_DIR/$name"
	done
	setpriv --help 2>&1 | grep -q -- --pdeathsig && run=(setpriv --pdeathsig KILL)
	# A copy of standard input, as a shell gives what it starts in the background /dev/null instead.
	if [ "$opt_tty" = 1 ]; then exec {STDIN}<&0; else exec {STDIN}</dev/null; fi
	(child setsid "${run[@]}" "${QEMU[@]}" "${QEMU_ARGS[@]}") <&"$STDIN" 2>"$LAB_DIR/qemu.log" &
	QEMU_PID=$!
	exec {STDIN}<&-
	guard_process process "$QEMU_PID"
	TAIL_PIDS=()
	(child tail -c +1 -f -s 0.1 --pid="$QEMU_PID" "$LAB_DIR/stdout") 2>/dev/null &
	TAIL_PIDS+=("$!")
	(child tail -c +1 -f -s 0.1 --pid="$QEMU_PID" "$LAB_DIR/stderr") >&2 2>/dev/null &
	TAIL_PIDS+=("$!")
	exec {CTL}<>"$LAB_DIR/ctl.out"
}

run_host() {
	[ -n "$opt_host" ] || return 0
	export LAB_DIR LAB_OUT=$LAB_DIR/output LAB_STDOUT=$LAB_DIR/stdout LAB_STDERR=$LAB_DIR/stderr
	export LAB_CONSOLE=$LAB_DIR/console LAB_QMP=$LAB_DIR/qmp LAB_TO_GUEST=$LAB_DIR/to-guest.in
	export LAB_CTL=$LAB_DIR/ctl.in LAB_EXIT=$LAB_DIR/exit
	wire_environment ${#nic_model[@]}
	# What a shell starts in the background ignores SIGINT, which the host side shall not.
	(child env --default-signal=INT,QUIT setsid sh -c "$opt_host") </dev/null &
	HOST_PID=$!
	guard_process session "$HOST_PID"
}

# say_guest LINE: to the guest's init. Opened for both ways, as that never waits for a reader.
say_guest() {
	echo "$1" 1<>"$LAB_DIR/ctl.in"
}

console_tail() {
	if [ -s "$LAB_DIR/console" ]; then
		warn "last lines of the guest's console, after those that name a cause:"
		{
			grep -E -m 3 'Kernel panic|BUG:|Oops|Out of memory' "$LAB_DIR/console"
			tail -n 12 "$LAB_DIR/console"
		} | tr -d '\r' | sed 's/^/    /' >&2
	fi
	if grep -v 'is not connected to host network' "$LAB_DIR/qemu.log" >"$LAB_DIR/qemu.said"; then
		warn "QEMU says:"
		tail -n 5 "$LAB_DIR/qemu.said" | sed 's/^/    /' >&2
	fi
}

# check_host: a host side that fails first stops the guest's command, and its status counts.
check_host() {
	[ -n "${HOST_PID:-}" ] && ! kill -0 "$HOST_PID" 2>/dev/null || return 0
	wait "$HOST_PID"
	host_status=$?
	HOST_PID=
	if [ "$host_status" != 0 ] && [ -z "$guest_status$grace_end" ]; then
		warn "the --host program ended with status $host_status: stopping the guest's command"
		say_guest "SIGNAL TERM"
		host_failed=1 grace_status=$host_status grace_end=$((NOW_MS + GRACE_MS))
	fi
}

# check_signal: the first is passed on to both sides, a second ends the lab.
check_signal() {
	[ -n "$caught" ] || return 0
	[ "$running" = 1 ] && [ -z "$grace_end" ] || exit "$caught_status"
	[ -n "$guest_status" ] || say_guest "SIGNAL $caught"
	[ -z "${HOST_PID:-}" ] || kill "-$caught" -- "-$HOST_PID" 2>/dev/null
	grace_status=$caught_status grace_end=$((NOW_MS + GRACE_MS)) caught=
}

# tick: what may happen while the lab waits. Ends the lab when time is up.
tick() {
	get_ms
	check_host
	check_signal
	[ -z "$grace_end" ] || [ "$NOW_MS" -le "$grace_end" ] || exit "$grace_status"
	if [ "$opt_timeout" != 0 ] && [ $((NOW_MS - start_ms)) -ge $((opt_timeout * 1000)) ]; then
		warn "the time is up (--timeout $opt_timeout)"
		console_tail
		exit "$LAB_STATUS_TIMEOUT"
	fi
}

# guest_line: wait for the guest's next line on lab.ctl, in CTL_LINE.
guest_line() {
	local part last=0
	CTL_LINE=
	while :; do
		part=
		IFS= read -r -t 0.1 -u "$CTL" part && CTL_LINE+=$part && return
		CTL_LINE+=$part
		tick
		[ "$last" = 0 ] || break
		# One more look: it may have written before it ended.
		kill -0 "$QEMU_PID" 2>/dev/null || last=1
	done
	if [ "$running" = 1 ]; then
		warn "the guest died while it ran the command"
	else
		warn "the guest died before it could run the command"
	fi
	console_tail
	exit "$LAB_STATUS_FAILED"
}

# expect WORD: the guest's next line starts with WORD; GUEST_ARG is the rest.
expect() {
	guest_line
	case $CTL_LINE in
	"$1")
		GUEST_ARG=
		;;
	"$1 "*)
		GUEST_ARG=${CTL_LINE#* }
		;;
	FAIL*) die "in the guest: ${CTL_LINE#FAIL }" ;;
	*) die "the guest said '$CTL_LINE' instead of $1" ;;
	esac
}

# run_guest: everything from QEMU's start to the exit status; does not return.
run_guest() {
	guest_status='' host_status=0 host_failed=0 running=0
	caught='' caught_status='' grace_end='' grace_status=''
	trap 'caught=INT caught_status=130' INT
	trap 'caught=TERM caught_status=143' TERM
	trap 'exit 129' HUP
	get_ms
	start_ms=$NOW_MS
	[ "$opt_tty" = 0 ] || [ ! -t 0 ] || SAVED_TTY=$(stty -g)
	run_qemu
	phase "QEMU $QEMU_VERSION started ($ACCEL_NAME)"
	expect READY
	phase "guest ready, NICs bound"
	wire_connect ${#nic_model[@]}
	run_host
	running=1
	say_guest GO
	expect EXIT
	guest_status=$GUEST_ARG
	phase "command ended with status $guest_status"
	echo "$guest_status" >"$LAB_DIR/exit.new" && mv "$LAB_DIR/exit.new" "$LAB_DIR/exit"
	while [ -n "${HOST_PID:-}" ]; do
		sleep 0.1
		tick
	done
	[ "$host_failed" = 0 ] || exit "$host_status"
	[ "$guest_status" != 0 ] || exit "$host_status"
	exit "$guest_status"
}
