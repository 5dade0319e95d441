#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# frames_host.sh NICS SOURCE0 SOURCE1: as --host program of the lab with --wire socket: frames into NIC 0, which
# must come out of it (NICS is 1) or of NIC 1, and from there back (2), with these source addresses ("same": the
# one that they had). Then COMMAND is asked to end. Leaves what frames printed in $TMP/frames.
# shellcheck disable=SC2154 # from the lab
into0=$LAB_WIRE0,$LAB_WIRE0_HOST
into1=$LAB_WIRE1,$LAB_WIRE1_HOST
# out SOURCE WIRE...
out() {
	source=$1
	shift
	if [ "$source" = same ]; then "$FRAMES" "$@"; else "$FRAMES" --source "$source" "$@"; fi
}

if [ "$1" = 1 ]; then
	out "$2" "$into0"
else
	out "$3" "$into0" "$into1" && out "$2" "$into1" "$into0"
fi >"$TMP/frames"
status=$?
echo SIGNAL INT >"$LAB_CTL"
exit $status
