#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# l2fwd is killed with SIGKILL under traffic 20 times, and each time the next one forwards: guest_kill9.sh.
# shellcheck source=tests/vm/l2fwd_common.sh
. "$(dirname "$0")/l2fwd_common.sh"
need_lab --nic virtio-net-pci

guest --wire socket --nic virtio-net-pci --nic virtio-net-pci \
	--with l2fwd --with guest_nicstate --file "$REPO/tests:/tests" \
	--host "sh $HERE/flows_flood.sh 1000" -- sh /tests/vm/guest_kill9.sh
cat "$OUT"
check "all of this holds in the guest" same "$STATUS" 0
check "the last check of the guest was reached" has "$OUT" '^ok: the end$'
finish
