#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# l2fwd_pairs_host.sh PAIRS...: as --host program of the lab with --wire socket: frames through each pair of each
# list, there and back; after each list SIGINT, and the next one when the guest has told what came of it. Leaves
# what frames printed in $TMP/frames.N.
set -u

# through IN OUT: frames into one NIC, and out of the other.
through() {
	eval "in=\$LAB_WIRE$1,\$LAB_WIRE${1}_HOST out=\$LAB_WIRE$2,\$LAB_WIRE${2}_HOST"
	# shellcheck disable=SC2154 # set by eval
	"$FRAMES" "$in" "$out" && return
	echo "frames into NIC $1 did not come out of NIC $2" >&2
	return 1
}

run=0
for pairs in "$@"; do
	run=$((run + 1))
	for pair in $pairs; do
		through "${pair%,*}" "${pair#*,}" >>"$TMP/frames.$run" &&
			through "${pair#*,}" "${pair%,*}" >>"$TMP/frames.$run" || exit
	done
	echo SIGNAL INT >"$LAB_CTL"
	until grep -q "^$run: " "$LAB_STDOUT"; do
		[ ! -e "$LAB_EXIT" ] || exit 1
		sleep 0.1
	done
done
