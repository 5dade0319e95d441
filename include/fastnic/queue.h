/* SPDX-License-Identifier: BSD-3-Clause */
/* Queues: the burst calls that move packets, their status, interrupts and counters. */
#ifndef FASTNIC_QUEUE_H
#define FASTNIC_QUEUE_H

#include <fastnic/base.h>
#include <fastnic/pkt.h>

FN_BEGIN_DECLS

/**
 * struct fn_rxq - a receive queue
 * @burst: moves packets; the library exchanges it when the queue starts, stops or breaks
 * @priv: the library's
 *
 * Only these 16 bytes are public. The address is the same from fn_dev_open() to fn_dev_close(). A
 * queue belongs to one thread at a time; handing it over is the application's synchronisation.
 */
struct fn_rxq {
	unsigned (*burst)(struct fn_rxq *q, struct fn_pkt **pkts, unsigned n);
	void *priv;
};

/**
 * struct fn_txq - a transmit queue
 * @burst: moves packets; the library exchanges it when the queue starts, stops or breaks
 * @priv: the library's
 *
 * As for &struct fn_rxq.
 */
struct fn_txq {
	unsigned (*burst)(struct fn_txq *q, struct fn_pkt **pkts, unsigned n);
	void *priv;
};

/**
 * fn_rx_burst - take received packets from a queue
 * @q: the queue; only the thread that owns it may call this
 * @pkts: receives the packets, which are the caller's from now on
 * @n: how many at most
 *
 * Never blocks and makes no system call. Buffers that went out are replaced from the queue's pool.
 *
 * Return: packets received, 0 to @n. 0 is no news: whoever wants to know asks fn_rxq_status().
 */
FN_INLINE unsigned fn_rx_burst(struct fn_rxq *q, struct fn_pkt **pkts, unsigned n)
{
	return __atomic_load_n(&q->burst, __ATOMIC_ACQUIRE)(q, pkts, n);
}

/**
 * fn_tx_burst - hand packets to a transmit queue
 * @q: the queue; only the thread that owns it may call this
 * @pkts: packets to send, in order
 * @n: how many; any number, a ring's size and more included
 *
 * The first packets, as many as the return value says, now belong to the driver: do not touch them
 * again. The rest are still yours, in order. A packet that this queue can never send (too long, too
 * many segments, memory that the device cannot reach) counts as taken: it is freed and counted
 * under its reason, so that it cannot block those behind it. The doorbell is rung once, before
 * return.
 *
 * Return: packets taken, 0 to @n. Fewer than @n when the ring has no room now, or when the queue is
 * stopped, broken or gone: who retries asks fn_txq_status() first.
 */
FN_INLINE unsigned fn_tx_burst(struct fn_txq *q, struct fn_pkt **pkts, unsigned n)
{
	return __atomic_load_n(&q->burst, __ATOMIC_ACQUIRE)(q, pkts, n);
}

/**
 * fn_tx_reclaim - give finished packets back to their pools without sending
 * @q: the queue; only the thread that owns it may call this
 *
 * Return: packets given back.
 */
FN_API unsigned fn_tx_reclaim(struct fn_txq *q);

/**
 * fn_rxq_status - whether a receive queue works
 * @q: the queue
 *
 * Any thread.
 *
 * Return: 0; -ENETDOWN (stopped, also one that was broken before, or that fn_dev_stop() found to
 * be: what it held is counted as of a broken one, and fn_dev_start() is all that it needs); -EIO
 * (broken: fn_dev_reset() mends it); -ENODEV (the device is gone or the kernel asked for its
 * release: close it).
 */
FN_API int fn_rxq_status(const struct fn_rxq *q);

/**
 * fn_txq_status - whether a transmit queue works
 * @q: the queue
 *
 * Any thread.
 *
 * Return: as fn_rxq_status().
 */
FN_API int fn_txq_status(const struct fn_txq *q);

/**
 * fn_rxq_event_fd - the eventfd that this queue's interrupt signals
 * @q: the queue
 *
 * Any thread, though not while another one configures the device. Queues that share a vector share
 * the descriptor, and a signal is for all of them. Whoever waits on it reads it before the next
 * fn_rxq_arm(); but threads that share one wait for its edges (EPOLLET) and never read it, as what
 * one has read wakes no other. It belongs to the device and lasts from fn_dev_configure() to the
 * next one.
 *
 * Return: the descriptor, or -1 when the device is not configured or the queue has no vector.
 */
FN_API int fn_rxq_event_fd(const struct fn_rxq *q);

/**
 * fn_txq_event_fd - the eventfd that this queue's interrupt signals
 * @q: the queue
 *
 * As fn_rxq_event_fd().
 *
 * Return: as fn_rxq_event_fd().
 */
FN_API int fn_txq_event_fd(const struct fn_txq *q);

/**
 * fn_rxq_arm - ask for one interrupt at the next received packet
 * @q: the queue; only the thread that owns it may call this
 *
 * A packet that came before is not announced: call fn_rxq_pending() after this and before sleeping.
 * The full fence between both is inside this function. Some devices interrupt again for packets
 * that come before fn_rxq_disarm() (virtio without event indices), or once unasked after a start.
 * It runs in the data path: a failure has a code and no sentence for fn_error_last().
 *
 * Return: 0; -ENOTSUP for a queue without a vector; -ENOBUFS when the pool is empty and the device
 * has no buffer left to receive into: no interrupt can come, so look again soon, when packets were
 * freed; else the queue's status.
 */
FN_API int fn_rxq_arm(struct fn_rxq *q);

/**
 * fn_rxq_disarm - ask for no more interrupts
 * @q: the queue; only the thread that owns it may call this
 *
 * An interrupt that was on its way may still signal the eventfd once.
 */
FN_API void fn_rxq_disarm(struct fn_rxq *q);

/**
 * fn_rxq_pending - whether a received packet waits in the ring
 * @q: the queue; only the thread that owns it may call this
 *
 * Looks at ring memory, touches no register and takes nothing.
 */
FN_API bool fn_rxq_pending(struct fn_rxq *q);

/**
 * fn_txq_arm - ask for one interrupt when the device has finished a packet
 * @q: the queue; only the thread that owns it may call this
 *
 * As fn_rxq_arm(), with fn_txq_pending() as the second look.
 *
 * Return: 0; -ENOTSUP for a queue without a vector; else the queue's status.
 */
FN_API int fn_txq_arm(struct fn_txq *q);

/**
 * fn_txq_disarm - ask for no more interrupts
 * @q: the queue; only the thread that owns it may call this
 */
FN_API void fn_txq_disarm(struct fn_txq *q);

/**
 * fn_txq_pending - whether finished packets wait to be reclaimed
 * @q: the queue; only the thread that owns it may call this
 */
FN_API bool fn_txq_pending(struct fn_txq *q);

FN_END_DECLS

#endif
