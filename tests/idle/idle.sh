#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# idle.sh [SECONDS]: an l2fwd that has nothing to do does nothing, in each mode that sleeps and with each back end, on
# devices of each kind. Its threads are judged by what they count themselves and by what strace sees of them: at
# most two wakes a second and worker, and a poll and a screen a second on the main thread. What processor time
# they took is reported, without strace. All of them idle at the same time.
# shellcheck source=tests/lab/common.sh disable=SC2317 # functions called by wait_for
. "$(dirname "$0")/../lab/common.sh"
seconds=${1:-5}
program=${FASTNIC_BUILD:-$REPO/build}/bin/idle_l2fwd
judge=$REPO/tests/idle/judge.awk
ports="virtio.0 flags.0 igb.0 e1000e.0"
pids=
trap 'kill $pids 2>/dev/null; rm -rf "$TMP"' EXIT
command -v strace >/dev/null || skip "strace is not installed"

# begin MODE WAIT: an l2fwd in the background, its files in $TMP/MODE.WAIT.
begin() {
	dir=$TMP/$1.$2
	mkdir "$dir" && mkfifo "$dir/go" "$dir/screen" || exit 1
	cat "$dir/screen" >"$dir/out" &
	# Opened both ways: nobody has to be there for it.
	# shellcheck disable=SC2086 # words
	"$program" --stats 1 --json --mode "$1" --wait "$2" $ports <>"$dir/go" >"$dir/screen" 2>"$dir/err" &
	echo $! >"$dir/pid"
	pids="$pids $!"
}

ended() {
	! kill -0 "$(cat "$1/pid")" 2>/dev/null
}

is_idle() {
	grep -q '^idle from: ' "$1/err" || ended "$1"
}

# threads DIR: the numbers and names of its threads, as judge.awk wants them.
threads() {
	pid=$(cat "$1/pid")
	for task in "/proc/$pid/task"/*; do
		tid=${task##*/}
		name=$(cat "$task/comm")
		case $name in
		worker*) ;;
		*) [ "$tid" = "$pid" ] && name=main || name=other ;;
		esac
		echo "$tid $name"
	done
}

# ran DIR: nanoseconds that l2fwd's two threads, not the test's, were on a processor: the main thread and the worker.
ran() {
	for name in main worker; do
		tid=$(sed -n "s/ $name.*//p" "$1/threads")
		cut -d ' ' -f 1 "/proc/$(cat "$1/pid")/task/$tid/schedstat"
	done | tr '\n' ' '
}

# trace DIR: from now on.
trace() {
	strace -f -ttt -s 0 -o "$1/trace" -p "$(cat "$1/pid")" 2>"$1/strace" &
	echo $! >"$1/tracer"
	pids="$pids $!"
	wait_for 20 grep -q attached "$1/strace"
}

# counts DIR: what each worker counted in the idle time: a line with its rounds, sleeps and so on, and the seconds.
counts() {
	awk '/^idle (from|to): / {
		for (i = 5; i < NF; i += 2) {
			if ($2 == "from:") from[$4, $i] = $(i + 1)
			else line[$4] = line[$4] $i " " $(i + 1) - from[$4, $i] " "
		}
	}
	END { for (worker in line) print "worker " worker " " line[worker] }' "$1/err"
}

# counts_are_few: of its lines on standard input, none has a round, sleep or look too many.
counts_are_few() {
	awk '{
		for (i = 3; i < NF; i += 2) v[$i] = $(i + 1)
		most = 2 * v["ms"] / 1000
		# A sleep, and the round behind it; a wake in between belongs to either.
		bad = v["sleeps"] < 1 || v["sleeps"] > most || v["arms"] > v["sleeps"] + 1 ||
			v["rounds"] > v["sleeps"] + 1 || v["interrupts"] || v["packets"] || v["lost"]
		if (bad) print "too much: " $0
		failed = failed || bad
	}
	END { exit failed || !NR }'
}

# end DIR: frames pass once more, and it ends by itself; leaves STATUS.
end() {
	STATUS=0
	echo >"$1/go"
	wait "$(cat "$1/pid")" || STATUS=$?
}

configs=
for config in adaptive.epoll interrupt.epoll adaptive.uring interrupt.uring poll.epoll; do
	begin "${config%.*}" "${config#*.}"
done
for config in adaptive.epoll interrupt.epoll adaptive.uring interrupt.uring poll.epoll; do
	dir=$TMP/$config
	wait_for 60 is_idle "$dir"
	if ended "$dir" && [ "${config#*.}" = uring ] && grep -q io_uring "$dir/err"; then
		echo "not here: $config: $(tail -n 1 "$dir/err")"
		continue
	fi
	check "$config: frames passed, and now none comes" has "$dir/err" '^idle from: '
	threads "$dir" >"$dir/threads"
	configs="$configs $config"
done
[ $FAILED = 0 ] || exit 1

# What never sleeps would keep the others from theirs: it is looked at when they are through.
kill -STOP "$(cat "$TMP/poll.epoll/pid")"
configs=${configs% poll.epoll}
for config in $configs; do
	ran "$TMP/$config" >"$TMP/$config/before"
done
sleep "$seconds"
for config in $configs; do
	echo "$(cat "$TMP/$config/before")$(ran "$TMP/$config")" | awk -v config="$config" -v seconds="$seconds" '{
		main = ($3 - $1) / 1e7 / seconds
		worker = ($4 - $2) / 1e7 / seconds
		printf "%s: %.3f %% of a core (goal 0.1): ", config, main + worker
		printf "main thread %.3f, worker %.3f\n", main, worker
	}'
done
kill -CONT "$(cat "$TMP/poll.epoll/pid")"
configs="$configs poll.epoll"

sleep 0.1
untraced=
# traced CONFIG...: all at once, for so long.
traced() {
	for config in "$@"; do
		trace "$TMP/$config" || untraced="strace cannot look: $(tail -n 1 "$TMP/$config/strace")"
	done
	[ -z "$untraced" ] || return
	sleep 0.5
	from=$(date +%s.%N)
	sleep "$seconds"
	to=$(date +%s.%N)
	for config in "$@"; do
		kill -INT "$(cat "$TMP/$config/tracer")"
		wait "$(cat "$TMP/$config/tracer")" 2>/dev/null
		awk -f "$judge" -v from="$from" -v to="$to" -v refresh=1 "$TMP/$config/threads" \
			"$TMP/$config/trace" >"$TMP/$config/judged" 2>&1 || :
	done
}
kill -STOP "$(cat "$TMP/poll.epoll/pid")"
# shellcheck disable=SC2086
traced ${configs% poll.epoll}
kill -CONT "$(cat "$TMP/poll.epoll/pid")"
seconds=1
[ -n "$untraced" ] || traced poll.epoll

for config in $configs; do
	dir=$TMP/$config
	end "$dir"
	[ $STATUS = 0 ] || cat "$dir/err"
	check "$config: frames pass as before, and it ends well" same "$STATUS" 0
	counts "$dir" >"$dir/counts"
	[ -n "$untraced" ] || sed "s/^/$config: /" "$dir/judged"
	sed "s/^/$config: counted: /" "$dir/counts"
	[ "$config" != poll.epoll ] || continue
	check "$config: a sleep, a round, and no more than two a second" counts_are_few <"$dir/counts"
	[ -n "$untraced" ] || check "$config: no system call but those" has_not "$dir/judged" FAIL
done
# That the judges judge.
counts_are_few <"$TMP/poll.epoll/counts" >/dev/null &&
	check "a worker that polls is not taken for an idle one" false
[ -n "$untraced" ] || check "nor by its system calls" has "$TMP/poll.epoll/judged" '^FAIL: worker 0: epoll_'
[ $FAILED != 0 ] || [ -z "$untraced" ] || skip "$untraced"
finish
