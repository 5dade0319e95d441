#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Opening and closing NICs 100 times, and the calls in every wrong order, leaves nothing: cycles.c.
# shellcheck source=tests/vm/l2fwd_common.sh
. "$(dirname "$0")/l2fwd_common.sh"
need_lab --nic virtio-net-pci

guest --nic virtio-net-pci --nic virtio-net-pci -- cycles P0 P1
cat "$OUT"
check "all of this holds in the guest" same "$STATUS" 0
check "the last check of the guest was reached" has "$OUT" '^ok: the end$'
finish
