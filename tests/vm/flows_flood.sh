#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# flows_flood.sh RATE: as --host program of the lab with --wire socket: frames into NICs 0 and 1, RATE a second
# each, without end and without caring where they go, until COMMAND has ended.
"$FLOWS" --id 0 --peer 1 --flood --rate "$1" --seconds 90 "socket:$LAB_WIRE0,$LAB_WIRE0_HOST" >"$TMP/end0" &
first=$!
"$FLOWS" --id 1 --peer 0 --flood --rate "$1" --seconds 90 "socket:$LAB_WIRE1,$LAB_WIRE1_HOST" >"$TMP/end1" &
second=$!
while [ ! -e "$LAB_EXIT" ]; do sleep 0.1; done
kill $first $second
wait $first
wait $second
:
