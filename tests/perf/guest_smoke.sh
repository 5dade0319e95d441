#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# tests/perf/guest still works: l2fwd and the kernel forward in short windows, on one NIC model, and are counted. Not
# testpmd, whose packages would have to be fetched (guest_dpdk_check.sh). No figure is judged.
# shellcheck source=tests/lab/common.sh
. "$(dirname "$0")/../lab/common.sh"
need_lab --nic virtio-net-pci --kernel-drivers

# shellcheck disable=SC2317 # called by check
refused() {
	! "$REPO/tests/perf/guest" "$@" >"$TMP/refused" 2>&1 && has "$TMP/refused" 'see tests/perf/guest --help$'
}
check "rounds are a number" refused --rounds never
check "a window has a length" refused --seconds 0
check "forwarders are known" refused --forwarders l2fwd,bridge
check "an option needs its value" refused --nic

STATUS=0
timeout -k 5 300 "$REPO/tests/perf/guest" --nic virtio-net-pci --forwarders l2fwd,mirred --rounds 2 --seconds 0.3 \
	--warm-up 0.1 --keep "$TMP/kept" >"$TMP/out" 2>"$TMP/err" </dev/null || STATUS=$?
cat "$TMP/out" "$TMP/err"
check "status 0" same "$STATUS" 0
check "the load is told" has "$TMP/out" '^virtio-net-pci; load before: [0-9.]+ '
for forwarder in l2fwd mirred; do
	check "$forwarder forwarded, in each round" has "$TMP/out" "^  $forwarder, kpps +([0-9.]*[1-9][0-9.]* +){3}2$"
	check "$forwarder had a first frame" has "$TMP/out" "^  $forwarder, first frame, ms +([1-9][0-9]* +){3}2$"
done
check "one is compared with the other" has "$TMP/out" '^  l2fwd / mirred, goal 3 +([0-9.]+ +){3}2$'
check "the order is A B B A" same "$(sed -n 's/.*@window [0-9]* \([^ ]*\) .*/\1/p' "$TMP/kept" | tr '\n' ' ')" \
	"l2fwd mirred mirred l2fwd "
check "every frame came where it should, unspoilt" has_not "$TMP/out" 'should not, or spoilt'
finish
