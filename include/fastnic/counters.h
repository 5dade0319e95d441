/* SPDX-License-Identifier: BSD-3-Clause */
/* Counters: what went through queues and devices, what was dropped and why. */
#ifndef FASTNIC_COUNTERS_H
#define FASTNIC_COUNTERS_H

#include <fastnic/base.h>

FN_BEGIN_DECLS

struct fn_dev;
struct fn_rxq;
struct fn_txq;

/*
 * Counters of a receive queue. The list only grows.
 *
 * What the device had received and nobody had taken when the queue went down counts in one of the
 * two drops, in frames; one of which a part is missing was not received. Behind a lie of the device
 * nothing tells frames apart: from there on each buffer that it returned counts as one in
 * FN_RX_DROP_BROKEN, which with FN_OFFLOAD_RX_SCATTER may be more than there were frames. When the
 * number of returned buffers is itself the lie, none counts.
 */
enum fn_rx_counter {
	FN_RX_PACKETS,       /* packets handed to the application */
	FN_RX_BYTES,         /* their bytes, without CRC */
	FN_RX_BURSTS,        /* burst calls that returned packets */
	FN_RX_RING_DRY,      /* polls that found no buffer posted: the device may have dropped */
	FN_RX_POOL_EMPTY,    /* refills that found the pool empty */
	FN_RX_DROP_BROKEN,   /* dropped: received and not taken when the queue broke */
	FN_RX_DROP_STOPPED,  /* dropped: received and not taken when a sound queue was stopped */
	FN_RX_CSUM_BAD,      /* handed over with a checksum that is wrong or cannot be filled in */
	FN_RX_DROP_ERROR,    /* dropped: the device found an error in the frame (CRC, symbol) */
	FN_RX_DROP_TOO_LONG, /* dropped: longer than a buffer, without FN_OFFLOAD_RX_SCATTER */
	FN_RX_COUNTERS
};

/* Counters of a transmit queue. The list only grows. */
enum fn_tx_counter {
	FN_TX_PACKETS,          /* packets given to the device */
	FN_TX_BYTES,            /* their bytes, without CRC */
	FN_TX_BURSTS,           /* burst calls that took packets */
	FN_TX_RING_FULL,        /* burst calls that could not take all packets */
	FN_TX_DOORBELLS,        /* doorbells rung */
	FN_TX_DROP_EMPTY,       /* dropped: no bytes */
	FN_TX_DROP_TOO_LONG,    /* dropped: above MTU, link header and VLAN tag, tagged or not */
	FN_TX_DROP_SEGMENTS,    /* dropped: more segments than the device takes */
	FN_TX_DROP_OFFLOAD,     /* dropped: an offload that is not on, or does not fit it */
	FN_TX_DROP_UNREACHABLE, /* dropped: memory that the device cannot reach */
	FN_TX_DROP_STOPPED,     /* dropped: still queued when a sound queue was stopped */
	FN_TX_DROP_BROKEN,      /* dropped: still queued when the queue broke */
	FN_TX_DROP_SHARED,      /* dropped: a checksum asked for in data that others read too */
	FN_TX_COUNTERS
};

/* What a counter means for somebody who looks for loss. */
enum fn_counter_kind {
	FN_COUNTER_INFO,          /* says nothing of loss */
	FN_COUNTER_DROP,          /* that many packets were lost here */
	FN_COUNTER_POSSIBLE_LOSS, /* packets may have been lost where fastnic cannot see them */
};

/**
 * struct fn_counter_desc - what a counter is
 * @name: as tools show it, for example "tx_drop_too_long"
 * @help: one sentence
 * @kind: what it means for loss
 *
 * The struct keeps its size.
 */
struct fn_counter_desc {
	const char *name;
	const char *help;
	enum fn_counter_kind kind;
};

/**
 * fn_rxq_counters - read the counters of a receive queue
 * @q: the queue
 * @values: receives the counters, indexed by &enum fn_rx_counter
 * @n: entries of @values, commonly FN_RX_COUNTERS; more than the library has are set to 0
 *
 * Any thread. Counters only grow, from fn_dev_open() to fn_dev_close().
 *
 * Return: counters that the library has.
 */
FN_API unsigned fn_rxq_counters(const struct fn_rxq *q, uint64_t *values, unsigned n);

/**
 * fn_txq_counters - read the counters of a transmit queue
 * @q: the queue
 * @values: receives the counters, indexed by &enum fn_tx_counter
 * @n: entries of @values, commonly FN_TX_COUNTERS; more than the library has are set to 0
 *
 * As fn_rxq_counters().
 *
 * Return: counters that the library has.
 */
FN_API unsigned fn_txq_counters(const struct fn_txq *q, uint64_t *values, unsigned n);

/**
 * fn_rx_counter_desc - describe a receive counter
 * @idx: its place in &enum fn_rx_counter
 *
 * Any thread.
 *
 * Return: the description, which lasts for ever; NULL when the library has no such counter.
 */
FN_API const struct fn_counter_desc *fn_rx_counter_desc(unsigned idx);

/**
 * fn_tx_counter_desc - describe a transmit counter
 * @idx: its place in &enum fn_tx_counter
 *
 * Any thread.
 *
 * Return: as fn_rx_counter_desc().
 */
FN_API const struct fn_counter_desc *fn_tx_counter_desc(unsigned idx);

/**
 * fn_dev_counters - read the counters that a device keeps itself
 * @dev: the device
 * @values: receives the counters, in the order of fn_dev_counter_desc()
 * @n: entries of @values; more than the device has are set to 0
 *
 * Any thread; reads the device. They count from fn_dev_open() on, over stop, start and reset. Of a
 * device that is gone the last values are kept.
 *
 * Call it every half an hour or more often: a device may count in 32 bits, which are added up here
 * and when it stops, and nowhere else. At the 1.488 million frames a second of a gigabit 2^32 of
 * them take 48 minutes, and what came round or stood still meanwhile is lost to the count.
 *
 * A counter of interrupts, such as "rx_overrun", counts in fn_ctx_process_events(), and at most
 * once a call: a program that never calls it sees 0 there.
 *
 * Return: counters that the device has, 0 or more.
 */
FN_API unsigned fn_dev_counters(struct fn_dev *dev, uint64_t *values, unsigned n);

/**
 * fn_dev_counter_desc - describe a counter of a device
 * @dev: the device
 * @idx: its place, 0 to what fn_dev_counters() returns less 1
 *
 * Any thread.
 *
 * Return: the description, which lasts for ever; NULL when the device has no such counter.
 */
FN_API const struct fn_counter_desc *fn_dev_counter_desc(const struct fn_dev *dev, unsigned idx);

FN_END_DECLS

#endif
