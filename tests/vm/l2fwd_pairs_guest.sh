#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# l2fwd_pairs_guest.sh PAIRS...: in the guest: l2fwd on the NICs of each list of pairs ("0,1 2,3"), one list
# after the other, each until SIGINT. Prints its JSON behind the number of the list.
set -u
trap : INT # for l2fwd, which gets it too
run=0
for pairs in "$@"; do
	run=$((run + 1))
	ports=
	for nic in $(echo "$pairs" | tr , ' '); do
		eval "ports=\"\$ports \$P$nic\""
	done
	# shellcheck disable=SC2086 # a list of addresses
	l2fwd --json $ports >/tmp/json </dev/null || exit
	sed "s/^/$run: /" /tmp/json
done
