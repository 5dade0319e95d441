// SPDX-License-Identifier: BSD-3-Clause
/* What a port counts itself. */
#include <string.h>

#include "drivers/intel/intel.h"
#include "drivers/intel/intel_stats.h"
#include "drivers/intel/intel_stats_table.h"

/* What RQDPC of the 82576 stops at. */
#define DROPS_MAX_82576 0xfffu

/* How a register is read. */
enum stat_how {
	STAT_NONE,  /* it is not one */
	STAT_CLEAR, /* 32 bits; reading clears it */
	STAT_DROPS, /* RQDPC: reading clears it, but on the I210 and I211, where writing does */
	STAT_PAIR,  /* 64 bits; reading the upper half clears both */
	STAT_RX_PACKETS, /* 32 bits that run on: PQGPRC of the queue of its place */
	STAT_TX_PACKETS, /* as STAT_RX_PACKETS: PQGPTC */
};

/**
 * struct intel_stat - where a counter is
 * @reg: its register, or the lower half
 * @how: enum stat_how
 * @queue: of a queue's own: which
 * @of_queue: it is a queue's own
 */
struct intel_stat {
	uint32_t reg;
	uint8_t how;
	uint8_t queue;
	bool of_queue;
};

#define DESC(reg, how, kind, name, help) { name, help, kind },
#define STAT(reg, how, kind, name, help) { (reg), (how), 0, false },
#define Q_DESC(n, reg, how, kind, name, help) { name, help, kind },
#define Q_STAT(n, reg, how, kind, name, help) { (reg), (how), (n), true },

/* A chip's two tables, which are rows of intel_stats_table.h: a row each. */
#define STATS(chip, rows, queue_rows)                                                            \
	static const struct fn_counter_desc descs_##chip[] = { INTEL_STATS_BOTH(DESC) rows(DESC) \
								       queue_rows(Q_DESC) };     \
	static const struct intel_stat stats_##chip[] = { INTEL_STATS_BOTH(STAT) rows(STAT)      \
								  queue_rows(Q_STAT) };          \
	const struct intel_stats intel_stats_##chip = { descs_##chip, stats_##chip,              \
							FN_ARRAY_LEN(descs_##chip) };            \
	_Static_assert(FN_ARRAY_LEN(descs_##chip) <= FN_DEV_COUNTERS, "room in fn_dev")

#define NO_QUEUES(X)

STATS(82574, INTEL_STATS_82574, NO_QUEUES);
STATS(82576, INTEL_STATS_82576, INTEL_STATS_DROPS_16);
STATS(i350, INTEL_STATS_82576, INTEL_STATS_QUEUES_8);
STATS(i210, INTEL_STATS_82576, INTEL_STATS_QUEUES_4);
STATS(i211, INTEL_STATS_82576, INTEL_STATS_QUEUES_2);

/* RQDPC of the 82576 has 12 bits (Linux's igb); that of its successors has all. */
static uint32_t drops_mask(const struct intel_chip *chip)
{
	return chip->is_successor ? UINT32_MAX : DROPS_MAX_82576;
}

/*
 * A register that reading clears. An answer that got lost on the bus is asked for again: what has
 * reached the device came with the first one and is lost, and what has not comes with the second. A
 * count that stands still at its largest value, which reads alike, is left out too.
 */
static uint32_t read_clear(const struct intel_port *port, uint32_t reg)
{
	const uint32_t value = intel_look(port, reg);

	return value == UINT32_MAX ? 0 : value;
}

static uint32_t read_drops(const struct intel_port *port, uint32_t reg)
{
	const uint32_t value = read_clear(port, reg) & drops_mask(port->chip);

	if (value && port->chip->drops_stay)
		intel_write(port, reg, 0);
	return value;
}

/* All ones are a lower half like any other, but no upper one: that takes centuries. */
static uint64_t read_pair(const struct intel_port *port, uint32_t reg)
{
	const uint32_t low = intel_look(port, reg);
	const uint32_t high = intel_look(port, reg + 4);

	return high == UINT32_MAX ? 0 : low | (uint64_t)high << 32;
}

/* What a register that runs on has counted since it was @last; unread, it is looked at later. */
static uint32_t read_on(const struct intel_port *port, uint32_t reg, uint32_t *last)
{
	const uint32_t value = intel_look(port, reg);
	const uint32_t grown = value - *last;

	if (value == UINT32_MAX)
		return 0;
	*last = value;
	return grown;
}

/* What was counted since the last time. */
static uint64_t read_one(struct intel_port *port, const struct intel_stat *s)
{
	switch (s->how) {
	case STAT_CLEAR:
		return read_clear(port, s->reg);
	case STAT_DROPS:
		return read_drops(port, s->reg);
	case STAT_PAIR:
		return read_pair(port, s->reg);
	case STAT_RX_PACKETS:
		return read_on(port, s->reg, &port->diag.rx_packets[s->queue]);
	case STAT_TX_PACKETS:
		return read_on(port, s->reg, &port->diag.tx_packets[s->queue]);
	default:
		return 0;
	}
}

/* Queues that are not in use count nothing. */
static bool in_use(const struct intel_port *port, const struct intel_stat *s)
{
	return !s->of_queue || s->queue < port->rxqs || s->queue < port->txqs;
}

/* All of them into @sums; false when the device went away meanwhile, and they mean nothing. */
static bool read_all(struct fn_dev *dev, uint64_t sums[FN_DEV_COUNTERS])
{
	struct intel_port *port = intel_port_of(dev);
	const struct intel_diag before = port->diag;
	const struct intel_stats *stats = port->chip->stats;

	for (unsigned i = 0; i < stats->n; i++)
		sums[i] = in_use(port, &stats->stats[i]) ? read_one(port, &stats->stats[i]) : 0;
	if (!intel_is_gone(dev, intel_read(port, INTEL_STATUS)))
		return true;
	port->diag = before;
	return false;
}

/* Before the queues are made there is none in use: their counters start anew with them. */
static void queues_baseline(struct intel_port *port)
{
	const struct intel_stats *stats = port->chip->stats;

	for (unsigned i = 0; i < stats->n; i++)
		if (stats->stats[i].of_queue)
			(void)read_one(port, &stats->stats[i]);
}

void intel_stats_clear(struct fn_dev *dev)
{
	uint64_t sums[FN_DEV_COUNTERS];

	(void)read_all(dev, sums);
	queues_baseline(intel_port_of(dev));
}

void intel_read_counters(struct fn_dev *dev)
{
	const struct intel_stats *stats = intel_port_of(dev)->chip->stats;
	uint64_t sums[FN_DEV_COUNTERS];

	/* What a reset left in the registers is nothing that was counted. */
	if (dev->state != FN_DEV_STARTED)
		return;
	if (!read_all(dev, sums)) {
		(void)fn_dev_mark_gone(dev);
		return;
	}
	for (unsigned i = 0; i < stats->n; i++)
		dev->counters[i] += sums[i];
}
