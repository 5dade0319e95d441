// SPDX-License-Identifier: BSD-3-Clause
/* How virtio's queues are armed, with a fence that a test leaves out. */
#include "threaded/race_wrong.h"

#define fn_mb_dma() race_fence()

#include "drivers/virtio/virtio_net_irq.c" /* NOLINT(bugprone-suspicious-include) */
