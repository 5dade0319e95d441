/* SPDX-License-Identifier: BSD-3-Clause */
/* What a port counts itself: packets, bytes, and what went wrong with them. */
#ifndef INTEL_STATS_H
#define INTEL_STATS_H

#include <fastnic/counters.h>

struct fn_dev;

/* The one counter that is the driver's own: config_irq adds to it. Its place in each table. */
#define INTEL_COUNTER_RX_OVERRUN 0u

struct intel_stat;

/**
 * struct intel_stats - what a chip counts, in the order of &fn_dev.counters
 * @descs: what it means
 * @stats: where it is
 * @n: how many there are of each
 */
struct intel_stats {
	const struct fn_counter_desc *descs;
	const struct intel_stat *stats;
	unsigned n;
};

extern const struct intel_stats intel_stats_82574;
extern const struct intel_stats intel_stats_82576;
extern const struct intel_stats intel_stats_i350;
extern const struct intel_stats intel_stats_i210;
extern const struct intel_stats intel_stats_i211;

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
