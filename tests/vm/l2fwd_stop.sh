#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# l2fwd ends cleanly on SIGINT and SIGTERM under traffic and leaves its NICs reset: guest_stop.sh.
# shellcheck source=tests/vm/l2fwd_common.sh
. "$(dirname "$0")/l2fwd_common.sh"
need_lab --nic virtio-net-pci

guest --wire socket --nic virtio-net-pci --nic virtio-net-pci,port=rootport \
	--with l2fwd --with guest_nicstate --with unread_terminal --file "$REPO/tests:/tests" \
	--host "sh $HERE/flows_flood.sh 1000" -- sh /tests/vm/guest_stop.sh
cat "$OUT"
check "all of this holds in the guest" same "$STATUS" 0
check "the last check of the guest was reached" has "$OUT" '^ok: the end$'
check "the host's side got frames of the other side's" has "$TMP/end0" '"received":[1-9]'
check "on both wires" has "$TMP/end1" '"received":[1-9]'
finish
