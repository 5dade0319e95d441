#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# smoke.sh [NIC]: tools/demo as a newcomer types it, with a short stream: screen, last line and exit status. With
# NIC as its --nic.
# shellcheck source=tests/lab/common.sh
. "$(dirname "$0")/../lab/common.sh"
need_root "taps and network namespaces"
need_lab --nic "${1:-virtio-net-pci}"

timeout -k 10 280 "$REPO/tools/demo" ${1:+--nic "$1"} --seconds 3 >"$TMP/out" 2>"$TMP/err" </dev/null
check "exit status" same $? 0
tail -n 1 "$TMP/out" >"$TMP/last"
results='ping 10/10, TCP [0-9.]+ Mbit/s, [0-9]+ retransmissions?'
check "the last line" has "$TMP/last" "^demo: l2fwd carried [0-9]+ frames \($results\), 0 lost\$"
check "nothing is printed to stderr" same "$(cat "$TMP/err")" ""
check "a live screen" has "$TMP/out" '^  l2fwd after .* frames forwarded$'
check "the JSON is not shown" has_not "$TMP/out" '^\{'
check "no escape sequences, as this is no terminal" has_not "$TMP/out" "$(printf '\033')"
carried=$(sed -nE 's/^demo: l2fwd carried ([0-9]+) .*/\1/p' "$TMP/last")
check "l2fwd's last screen says $carried too" \
	has "$TMP/out" "^  l2fwd ran for .* $carried frames forwarded\$"
driver=${1:-virtio-net-pci}
check "the machine had $driver" has "$TMP/out" "^demo: starting a virtual machine with two NICs \($driver\)\$"
check "TCP made most of it" test "${carried:-0}" -gt 1000
[ "$FAILED" = 0 ] || cat "$TMP/out" "$TMP/err"
finish
