#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# igb, for which Debian 12's own QEMU is too old: a newer one is fetched into the cache and used.
# shellcheck source=tests/lab/common.sh
. "$(dirname "$0")/common.sh"
need_lab --nic igb

before=$(find /etc/apt /var/lib/apt/lists -type f -exec stat -c '%n %Y %s' {} + 2>/dev/null | sort)
lab run -v --nic igb --nic igb --nic igb,port=rootport -- fastnic-bind status
check "status 0" same "$STATUS" 0
check "a QEMU that is new enough was started" has "$ERR" 'QEMU ([89]|[1-9][0-9])\.[0-9.]+ started'
check "on the root bus on vfio-pci" has "$OUT" '^0000:00:03.0 +8086:10c9 .* vfio-pci '
check "and another one beside it" has "$OUT" '^0000:00:05.0 +8086:10c9 .* vfio-pci '
check "behind a root port on vfio-pci" has "$OUT" '^0000:01:00.0 +8086:10c9 .* vfio-pci '
after=$(find /etc/apt /var/lib/apt/lists -type f -exec stat -c '%n %Y %s' {} + 2>/dev/null | sort)
check "the machine's apt was not touched" test "$before" = "$after"
finish
