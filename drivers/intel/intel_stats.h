/* SPDX-License-Identifier: BSD-3-Clause */
/* What a port counts itself: packets, bytes, and what went wrong with them. */
#ifndef INTEL_STATS_H
#define INTEL_STATS_H

#include <fastnic/counters.h>

#include "drivers/intel/intel_stats_table.h"

struct fn_dev;

/* The one counter that is the driver's own: config_irq adds to it. Its place in both tables. */
#define INTEL_COUNTER_RX_OVERRUN 0u

/* How many there are. */
#define INTEL_STATS_ONE(...) +1
enum {
	INTEL_COUNTERS_82574 =
		0 INTEL_STATS_BOTH(INTEL_STATS_ONE) INTEL_STATS_82574(INTEL_STATS_ONE),
	INTEL_COUNTERS_82576 = 0 INTEL_STATS_BOTH(INTEL_STATS_ONE)
		INTEL_STATS_82576(INTEL_STATS_ONE) INTEL_STATS_QUEUES(INTEL_STATS_ONE),
};

/* In the order of &fn_dev.counters. */
extern const struct fn_counter_desc intel_counters_82574[INTEL_COUNTERS_82574];
extern const struct fn_counter_desc intel_counters_82576[INTEL_COUNTERS_82576];

/*
 * Read all and forget it: behind a reset, whatever the registers hold was not counted for anybody
 * (82574 10.2.7, 82576 8.18).
 */
void intel_stats_clear(struct fn_dev *dev);

/*
 * As in &struct fn_driver_ops; and in front of each reset, which would lose what was counted.
 *
 * Registers of 32 bits stop at their largest value, which 64-byte frames at 1 Gb/s reach after 48
 * minutes: whoever wants exact figures reads them more often.
 */
void intel_read_counters(struct fn_dev *dev);

#endif
