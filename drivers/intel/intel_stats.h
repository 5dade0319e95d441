/* SPDX-License-Identifier: BSD-3-Clause */
/* What a port counts itself: packets, bytes, and what went wrong with them. */
#ifndef INTEL_STATS_H
#define INTEL_STATS_H

#include <fastnic/counters.h>

struct fn_dev;

/* The one counter that is the driver's own: config_irq adds to it. Its place in both tables. */
#define INTEL_COUNTER_RX_OVERRUN 0u

#define INTEL_COUNTERS_82574 56u
#define INTEL_COUNTERS_82576 102u

/* In the order of &fn_dev.counters. */
extern const struct fn_counter_desc intel_counters_82574[INTEL_COUNTERS_82574];
extern const struct fn_counter_desc intel_counters_82576[INTEL_COUNTERS_82576];

/*
 * Read all and forget it: behind the reset of a start, since what a reset leaves in the registers
 * was counted for nobody (82574 10.2, I210 8.18).
 */
void intel_stats_clear(struct fn_dev *dev);

/*
 * As in &struct fn_driver_ops; and in front of each reset, which would lose what was counted.
 *
 * A register stops at its largest value: whoever wants exact figures reads them more often. With 32
 * bits that is after 48 minutes of 64-byte frames at 1 Gb/s, and what stood there is left out, as
 * it reads like an answer that got lost. With the 12 bits of the 82576's RQDPC (rx_queue_N_drops)
 * it is after 4095 drops, which take 3 ms, and means "at least".
 */
void intel_read_counters(struct fn_dev *dev);

#endif
