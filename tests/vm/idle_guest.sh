#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# idle_guest.sh SECONDS MODE.WAIT...: in the guest. An l2fwd on all NICs, whose wires are silent, for each of these;
# prints what its threads were and did, in lines "MODE.WAIT FILE TEXT": idle.sh judges that.
seconds=$1
shift

# ran: nanoseconds that its threads were on a processor, the main thread first.
ran() {
	cut -d ' ' -f 1 "/proc/$pid/task/$pid/schedstat" | tr '\n' ' '
	for task in "/proc/$pid/task"/*; do
		[ "${task##*/}" = "$pid" ] || cut -d ' ' -f 1 "$task/schedstat" | tr '\n' ' '
	done
}

for config in "$@"; do
	dir=/tmp/$config
	mkdir "$dir" && mkfifo "$dir/screen" || exit 1
	cat "$dir/screen" >"$dir/out" &
	# shellcheck disable=SC2086 # words
	l2fwd --stats 1 --json --mode "${config%.*}" --wait "${config#*.}" $LAB_PORTS >"$dir/screen" 2>"$dir/err" &
	pid=$!
	tries=60
	until [ "$(grep -c ' after ' "$dir/out")" -ge 3 ] || [ $tries = 0 ] || ! kill -0 $pid; do
		tries=$((tries - 1))
		sleep 1
	done
	for task in "/proc/$pid/task"/*; do
		name=$(cat "$task/comm")
		[ "$name" != l2fwd ] || name=main
		echo "$config threads ${task##*/} $name"
	done
	before=$(ran)
	sleep "$seconds"
	echo "$config cpu $seconds $before$(ran)"
	strace -f -ttt -s 0 -o "$dir/trace" -p $pid 2>"$dir/strace" &
	tracer=$!
	tries=60
	until grep -q attached "$dir/strace" || [ $tries = 0 ]; do
		tries=$((tries - 1))
		sleep 1
	done
	sleep 1
	from=$(date +%s)
	sleep "$seconds"
	echo "$config time $from $(date +%s)"
	kill -INT $tracer
	wait $tracer
	status=0
	kill -INT $pid
	wait $pid || status=$?
	wait
	echo "$config status $status"
	sed "s/^/$config trace /" "$dir/trace"
	sed "s/^/$config err /" "$dir/err" "$dir/strace"
	tail -n 1 "$dir/out" | sed "s/^/$config json /"
done
sed "s/^/all clock /" /sys/devices/system/clocksource/clocksource0/current_clocksource
