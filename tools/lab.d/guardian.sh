# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Undoes what one lab has set up, when that lab ends in whatever way: kill -9 included.
#
# The lab holds the only write end of this process's standard input and writes there a line before
# each thing that it sets up. At end of file everything is undone, last first.
trap '' INT TERM HUP
todo=()
while read -r line; do
	todo+=("$line")
done

# same_process PID START: START is field 22 of /proc/PID/stat, the start time.
same_process() {
	local pid=$1 start=$2 stat
	read -r stat <"/proc/$pid/stat" || return 1
	# shellcheck disable=SC2086 # fields: the third is the first here
	set -- ${stat##*) }
	[ "$start" = "${20}" ]
}

# undo KIND THING
undo() {
	case $1 in
	process) ! same_process "${2% *}" "${2#* }" || kill -KILL "${2% *}" ;;
	session) ! same_process "${2% *}" "${2#* }" || kill -KILL -- "-${2% *}" ;;
	netns)
		ip netns pids "$2" | xargs -r kill -KILL
		ip netns delete "$2"
		;;
	link) ip link delete "$2" ;;
	dir) rm -rf "$2" ;;
	esac
}

for ((i = ${#todo[@]} - 1; i >= 0; i--)); do
	undo "${todo[i]%% *}" "${todo[i]#* }"
done 2>/dev/null
