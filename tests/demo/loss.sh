#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# An l2fwd that silently loses one frame in 10,000 (dropper.c) carries more than 100,000 in the lab,
# as in the demo: the demo's judgement must fail and give exactly that number.
# shellcheck source=tests/lab/common.sh
. "$(dirname "$0")/../lab/common.sh"
need_root "taps and network namespaces"
need_lab --nic virtio-net-pci
cd "$REPO" || exit 1

mkdir "$TMP/run"
timeout -k 10 280 tools/lab run --cpus 1 --nic virtio-net-pci --nic virtio-net-pci --wire tap --timeout 270 \
	--host "exec tools/demo.d/host '$TMP/run' 200 -n 130M" \
	-- l2fwd-dropper --stats 10 --json P0 P1 >"$TMP/out" 2>&1
check "the lab ran" same $? 0

received=$(jq '[.ports[].rx_packets] | add' "$TMP/run/l2fwd.json")
dropped=$((${received:-0} / 10000))
tools/demo.d/judge "$TMP/run" >"$TMP/verdict"
check "the judgement fails" same $? 1
tail -n 1 "$TMP/verdict"

check "at least 100,000 frames were sent ($received)" test "${received:-0}" -ge 100000
check "l2fwd names no drop" has "$TMP/verdict" '^  l2fwd names no drop$'
# One number a direction.
lost=$(grep '^demo:' "$TMP/verdict" | grep -oE '[0-9]+ of [0-9]+ frames lost' |
	awk '{ n += $1 } END { print n + 0 }')
check "it says that $dropped were lost" same "$lost" "$dropped"
way='[0-9]+ of [0-9]+ frames lost from NIC . to NIC .'
check "and nothing else" has "$TMP/verdict" "^demo: FAILED: $way(; $way)?\$"
[ "$FAILED" = 0 ] || cat "$TMP/out" "$TMP/verdict"
finish
