/* SPDX-License-Identifier: BSD-3-Clause */
/* Queues of a poller: what is received goes to a callback, and what is sent may wait for room. */
#ifndef FASTNIC_POLLER_QUEUES_H
#define FASTNIC_POLLER_QUEUES_H

#include <fastnic/error.h>
#include <fastnic/pkt.h>
#include <fastnic/queue.h>

FN_BEGIN_DECLS

struct fn_poller;
struct fn_poller_rx;
struct fn_poller_tx;

/**
 * typedef fn_poller_rx_fn - takes received packets
 * @arg: the value given in &struct fn_poller_rx_opts
 * @pkts: the packets, which are the callback's from now on; the array is not
 * @n: how many, 1 or more
 */
typedef void fn_poller_rx_fn(void *arg, struct fn_pkt **pkts, unsigned n);

/**
 * struct fn_poller_rx_opts - options of fn_poller_add_rxq()
 * @sz: sizeof(struct fn_poller_rx_opts)
 * @err: where the sentence of a failure goes, or NULL
 * @fn: takes the packets; required
 * @arg: handed to @fn
 * @feeds: a transmit queue of the same poller that @fn sends the packets to, or NULL. While packets
 *	wait there for room no more are received here, so that what cannot be sent piles up in the
 *	NIC and not in the program
 */
struct fn_poller_rx_opts {
	size_t sz;
	struct fn_error *err;
	fn_poller_rx_fn *fn;
	void *arg;
	struct fn_poller_tx *feeds;
};

/**
 * fn_poller_add_rxq - let a poller poll a receive queue
 * @poller: the poller, whose thread owns the queue from now on
 * @q: the queue, in no poller yet; its device may be in any state
 * @opts: options
 * @rx: receives the handle, which lasts until fn_poller_del_rxq() or fn_dev_close(); or NULL
 *
 * Any thread. A queue without an interrupt vector (FN_NO_VECTOR) keeps the worker from sleeping.
 *
 * Return: 0; -EINVAL for an option out of range, a queue of another context or one whose vector
 * another poller has a queue of; -EBUSY for a queue that is in a poller; -ENOMEM.
 */
FN_API int fn_poller_add_rxq(struct fn_poller *poller, struct fn_rxq *q,
			     const struct fn_poller_rx_opts *opts, struct fn_poller_rx **rx);

/**
 * fn_poller_del_rxq - take a receive queue out of its poller
 * @rx: the handle, or NULL; gone afterwards
 *
 * Any thread. The callback is not running any more when this returns, with two exceptions: it made
 * this call itself, or it is within a call that waits for another worker. Such calls are
 * fn_poller_call(), fn_poller_run(), fn_poller_run_once(), fn_poller_destroy() and whatever adds,
 * deletes or sets, of another poller, and control calls of a device.
 */
FN_API void fn_poller_del_rxq(struct fn_poller_rx *rx);

/**
 * struct fn_poller_rx_stats - what a poller knows of a receive queue
 * @sz: set by the caller to sizeof(struct fn_poller_rx_stats); the library writes no further
 * @budget_hits: times that it used up its budget, and may have had packets left
 *
 * Packets and bursts are counted by the queue itself: fn_rxq_counters().
 */
struct fn_poller_rx_stats {
	size_t sz;
	uint64_t budget_hits;
};

/**
 * fn_poller_rx_get_stats - read what a poller knows of a receive queue
 * @rx: the handle
 * @stats: filled; its @sz is set by the caller
 *
 * Any thread; never waits for the worker. Nobody may take the queue out or close its device
 * meanwhile, as the application's event callback might on the worker.
 */
FN_API void fn_poller_rx_get_stats(const struct fn_poller_rx *rx, struct fn_poller_rx_stats *stats);

/**
 * struct fn_poller_tx_opts - options of fn_poller_add_txq(); zero means the default
 * @sz: sizeof(struct fn_poller_tx_opts)
 * @err: where the sentence of a failure goes, or NULL
 * @waiting: packets that may wait for room, 1 to 65536; default 512
 * @batch: packets are handed to the queue when this many are there, and what is left at the end of
 *	the round, so that several receive queues share a doorbell; default 1: at once
 */
struct fn_poller_tx_opts {
	size_t sz;
	struct fn_error *err;
	uint32_t waiting;
	uint32_t batch;
};

/**
 * fn_poller_add_txq - let a poller look after a transmit queue
 * @poller: the poller, whose thread owns the queue from now on
 * @q: the queue, in no poller yet; its device may be in any state
 * @opts: options, or NULL for the defaults
 * @tx: receives the handle, which lasts until fn_poller_del_txq() or fn_dev_close()
 *
 * Any thread. Before the worker sleeps it gives the packets that were sent back to their pools.
 * Those that the device still has at that time go back when it wakes, after
 * &fn_poller_opts.safety_ns at the latest.
 *
 * Return: as fn_poller_add_rxq().
 */
FN_API int fn_poller_add_txq(struct fn_poller *poller, struct fn_txq *q,
			     const struct fn_poller_tx_opts *opts, struct fn_poller_tx **tx);

/**
 * fn_poller_del_txq - take a transmit queue out of its poller
 * @tx: the handle, or NULL; gone afterwards. No receive queue feeds it any more
 *
 * Any thread. Packets that wait, for room or for the end of the round, are dropped.
 *
 * Return: how many were dropped.
 */
FN_API unsigned fn_poller_del_txq(struct fn_poller_tx *tx);

/**
 * fn_poller_send - send packets, which may wait for room
 * @tx: the handle; only the thread of its poller may call this
 * @pkts: packets to send, in order
 * @n: how many
 *
 * Like fn_tx_burst(), but packets that find no room wait in the poller, in order, and are sent when
 * there is some. The worker does not sleep while they wait without asking the device for an
 * interrupt. Packets that wait when their queue goes down or breaks are dropped
 * (fn_poller_tx_dropped()).
 *
 * The callback of attached memory (fn_pkt_attach()) may call this, but not for a queue of the
 * device that is just giving the memory back. What it sends is on its way before the worker sleeps.
 *
 * Return: packets taken, 0 to @n. Fewer than @n when as many wait already as may, or when the queue
 * is down, as it also is while its waiting packets are being dropped. The rest is the caller's.
 */
FN_API unsigned fn_poller_send(struct fn_poller_tx *tx, struct fn_pkt **pkts, unsigned n);

/**
 * fn_poller_tx_waiting - packets that wait for room
 * @tx: the handle; only the thread of its poller may call this
 *
 * Return: how many.
 */
FN_API unsigned fn_poller_tx_waiting(const struct fn_poller_tx *tx);

/**
 * fn_poller_tx_dropped - packets that waited for room when their queue went down
 * @tx: the handle
 *
 * Any thread.
 *
 * Return: how many since the handle was made.
 */
FN_API uint64_t fn_poller_tx_dropped(const struct fn_poller_tx *tx);

/**
 * struct fn_poller_tx_stats - what a poller knows of a transmit queue
 * @sz: set by the caller to sizeof(struct fn_poller_tx_stats); the library writes no further
 * @waiting: packets that wait at present: for room, for the end of the round, or until a control
 *	call of the device is over
 * @waiting_max: most that ever did
 * @full_times: how often packets began to wait for room
 * @dropped: packets that waited when their queue went down
 *
 * Packets sent and doorbells are counted by the queue itself: fn_txq_counters().
 */
struct fn_poller_tx_stats {
	size_t sz;
	uint64_t waiting;
	uint64_t waiting_max;
	uint64_t full_times;
	uint64_t dropped;
};

/**
 * fn_poller_tx_get_stats - read what a poller knows of a transmit queue
 * @tx: the handle
 * @stats: filled; its @sz is set by the caller
 *
 * Any thread; never waits for the worker. Nobody may take the queue out or close its device
 * meanwhile, as the application's event callback might on the worker. On the worker
 * fn_poller_tx_waiting() is the short way.
 */
FN_API void fn_poller_tx_get_stats(const struct fn_poller_tx *tx, struct fn_poller_tx_stats *stats);

FN_END_DECLS

#endif
