# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Undoes what one lab has set up, when that lab ends in whatever way: kill -9 included.
#
# The lab holds the only write end of this process's standard input and writes there a line before
# each thing that it sets up. At end of file everything is undone, last first.
trap '' INT TERM HUP
done_list=()
while read -r line; do
	done_list+=("$line")
done

# Field 22 of /proc/PID/stat, the start time: tells a process from a later one with its number.
same_process() {
	local stat
	read -r stat 2>/dev/null <"/proc/$1/stat" || return 1
	# shellcheck disable=SC2086 # fields
	set -- "$2" ${stat##*) }
	[ "$1" = "${21}" ]
}

undo() {
	case $1 in
	process) ! same_process "$2" "$3" || kill -KILL "$2" ;;
	session) ! same_process "$2" "$3" || kill -KILL "-$2" ;;
	netns)
		ip netns pids "$2" | xargs -r kill -KILL
		ip netns delete "$2"
		;;
	link) ip link delete "$2" ;;
	dir) rm -rf "$2" ;;
	esac
}

for ((i = ${#done_list[@]} - 1; i >= 0; i--)); do
	# shellcheck disable=SC2086 # kind and arguments
	undo ${done_list[i]}
done 2>/dev/null
