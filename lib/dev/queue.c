// SPDX-License-Identifier: BSD-3-Clause
/* Queues as objects: made at open, stubbed while stopped, broken when the device lies. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dev/dev.h"

static unsigned rx_stub(struct fn_rxq *q, struct fn_pkt **pkts, unsigned n)
{
	(void)q;
	(void)pkts;
	(void)n;
	return 0;
}

static unsigned tx_stub(struct fn_txq *q, struct fn_pkt **pkts, unsigned n)
{
	(void)q;
	(void)pkts;
	(void)n;
	return 0;
}

/* The driver's struct and ours lie in one piece, the hot part first. */
static void *queue_alloc(struct fn_dev *dev, size_t drv_bytes, uint16_t idx, bool is_tx,
			 struct fn_queue **out)
{
	size_t hot = fn_align_up(drv_bytes, FN_CACHE_LINE);
	size_t bytes = hot + fn_align_up(sizeof(struct fn_queue), FN_CACHE_LINE);
	void *mem = aligned_alloc(FN_CACHE_LINE, bytes);
	struct fn_queue *queue;

	if (!mem)
		return NULL;
	memset(mem, 0, bytes);
	queue = (void *)((char *)mem + hot);
	queue->dev = dev;
	queue->idx = idx;
	queue->is_tx = is_tx;
	queue->status = -ENETDOWN;
	queue->vector = FN_NO_VECTOR;
	queue->event_fd = -1;
	*out = queue;
	return mem;
}

static int rxqs_create(struct fn_dev *dev)
{
	struct fn_queue *queue;

	dev->rxqs = calloc(dev->limits.max_rxqs, sizeof(struct fn_rxq *));
	if (!dev->rxqs)
		return -ENOMEM;
	for (uint16_t i = 0; i < dev->limits.max_rxqs; i++) {
		dev->rxqs[i] = queue_alloc(dev, dev->drv->rxq_bytes, i, false, &queue);
		if (!dev->rxqs[i])
			return -ENOMEM;
		*dev->rxqs[i] = (struct fn_rxq){ rx_stub, queue };
	}
	return 0;
}

static int txqs_create(struct fn_dev *dev)
{
	struct fn_queue *queue;

	dev->txqs = calloc(dev->limits.max_txqs, sizeof(struct fn_txq *));
	if (!dev->txqs)
		return -ENOMEM;
	for (uint16_t i = 0; i < dev->limits.max_txqs; i++) {
		dev->txqs[i] = queue_alloc(dev, dev->drv->txq_bytes, i, true, &queue);
		if (!dev->txqs[i])
			return -ENOMEM;
		*dev->txqs[i] = (struct fn_txq){ tx_stub, queue };
	}
	return 0;
}

int fn_queues_create(struct fn_dev *dev)
{
	if (rxqs_create(dev) || txqs_create(dev)) {
		fn_queues_destroy(dev);
		return fn_fail(-ENOMEM, "%s: out of memory for its queues", dev->bus->name);
	}
	return 0;
}

void fn_queues_destroy(struct fn_dev *dev)
{
	for (unsigned i = 0; dev->rxqs && i < dev->limits.max_rxqs; i++)
		free(dev->rxqs[i]);
	for (unsigned i = 0; dev->txqs && i < dev->limits.max_txqs; i++)
		free(dev->txqs[i]);
	free(dev->rxqs);
	free(dev->txqs);
	dev->rxqs = NULL;
	dev->txqs = NULL;
}

static void status_set(struct fn_queue *queue, int status)
{
	__atomic_store_n(&queue->status, status, __ATOMIC_RELEASE);
}

/*
 * The burst comes last: one that meets a lie at once finds a queue that runs, and breaks it for
 * good.
 */
void fn_rxq_enable(struct fn_rxq *q, unsigned (*burst)(struct fn_rxq *, struct fn_pkt **, unsigned))
{
	status_set(fn_rxq_queue(q), 0);
	__atomic_store_n(&q->burst, burst, __ATOMIC_RELEASE);
}

void fn_txq_enable(struct fn_txq *q, unsigned (*burst)(struct fn_txq *, struct fn_pkt **, unsigned))
{
	status_set(fn_txq_queue(q), 0);
	__atomic_store_n(&q->burst, burst, __ATOMIC_RELEASE);
}

/*
 * A queue that runs gets @status. One that is broken stays so until the driver has stopped, which
 * counts what it held as such. Returns the status that it had.
 */
static int status_fall(struct fn_queue *queue, int status)
{
	struct fn_dev *dev = queue->dev;
	int was = 0;

	(void)__atomic_compare_exchange_n(&queue->status, &was, status, false, __ATOMIC_ACQ_REL,
					  __ATOMIC_ACQUIRE);
	if (queue->is_tx)
		__atomic_store_n(&dev->txqs[queue->idx]->burst, tx_stub, __ATOMIC_RELEASE);
	else
		__atomic_store_n(&dev->rxqs[queue->idx]->burst, rx_stub, __ATOMIC_RELEASE);
	return was;
}

static unsigned queues_of(const struct fn_dev *dev)
{
	return (unsigned)dev->limits.max_rxqs + dev->limits.max_txqs;
}

void fn_queues_stub(struct fn_dev *dev, int status)
{
	for (unsigned i = 0; i < queues_of(dev); i++)
		(void)status_fall(fn_dev_queue(dev, dev->limits.max_rxqs, i), status);
}

static void queue_down(struct fn_queue *queue)
{
	__atomic_store_n(&queue->broken_pending, false, __ATOMIC_RELEASE);
	status_set(queue, -ENETDOWN);
}

void fn_queues_down(struct fn_dev *dev)
{
	fn_queues_stub(dev, -ENETDOWN);
	for (unsigned i = 0; i < queues_of(dev); i++)
		queue_down(fn_dev_queue(dev, dev->limits.max_rxqs, i));
}

void fn_queue_break(struct fn_queue *queue, const char *fmt, ...)
{
	const int was = status_fall(queue, -EIO);
	struct fn_dev *dev = queue->dev;
	char why[256];
	va_list args;

	/* Broken already, or gone, which is worse. */
	if (was && was != -ENETDOWN)
		return;
	va_start(args, fmt);
	(void)vsnprintf(why, sizeof(why), fmt, args);
	va_end(args);
	if (was) {
		status_set(queue, -EIO);
		fn_log(dev->ctx, FN_LOG_ERROR, "%s: %s queue %u was broken when it was stopped: %s",
		       dev->bus->name, queue->is_tx ? "transmit" : "receive", queue->idx, why);
		return;
	}
	fn_log(dev->ctx, FN_LOG_ERROR, "%s: %s queue %u is broken: %s; fn_dev_reset() mends it",
	       dev->bus->name, queue->is_tx ? "transmit" : "receive", queue->idx, why);
	__atomic_store_n(&queue->broken_pending, true, __ATOMIC_RELEASE);
	fn_dev_raise(dev, FN_EVENT_QUEUE_BROKEN);
}

/* A device that is gone or asked back says so on each queue, whatever the queue itself knows. */
static int queue_status(const struct fn_queue *queue)
{
	int status = __atomic_load_n(&queue->dev->status, __ATOMIC_ACQUIRE);

	return status == -ENODEV ? status : __atomic_load_n(&queue->status, __ATOMIC_ACQUIRE);
}

int fn_rxq_status(const struct fn_rxq *q)
{
	return queue_status(fn_rxq_queue(q));
}

int fn_txq_status(const struct fn_txq *q)
{
	return queue_status(fn_txq_queue(q));
}

int fn_rxq_event_fd(const struct fn_rxq *q)
{
	return fn_rxq_queue(q)->event_fd;
}

int fn_txq_event_fd(const struct fn_txq *q)
{
	return fn_txq_queue(q)->event_fd;
}

/* The driver's ring exists only while the queue runs. */
static bool queue_runs(const struct fn_queue *queue)
{
	return __atomic_load_n(&queue->status, __ATOMIC_ACQUIRE) == 0;
}

int fn_rxq_arm(struct fn_rxq *q)
{
	struct fn_queue *queue = fn_rxq_queue(q);
	int ret;

	/* Whoever slept on it would sleep for ever. */
	if (queue_runs(queue) && queue->event_fd < 0)
		return -ENOTSUP;
	ret = queue_runs(queue) ? queue->dev->drv->ops->rx_arm(q) : 0;
	return ret ? ret : queue_status(queue);
}

void fn_rxq_disarm(struct fn_rxq *q)
{
	if (queue_runs(fn_rxq_queue(q)))
		fn_rxq_queue(q)->dev->drv->ops->rx_disarm(q);
}

bool fn_rxq_pending(struct fn_rxq *q)
{
	return queue_runs(fn_rxq_queue(q)) && fn_rxq_queue(q)->dev->drv->ops->rx_pending(q);
}

int fn_txq_arm(struct fn_txq *q)
{
	struct fn_queue *queue = fn_txq_queue(q);

	/* Whoever slept on it would sleep for ever. */
	if (queue_runs(queue) && queue->event_fd < 0)
		return -ENOTSUP;
	if (queue_runs(queue))
		queue->dev->drv->ops->tx_arm(q);
	return queue_status(queue);
}

void fn_txq_disarm(struct fn_txq *q)
{
	if (queue_runs(fn_txq_queue(q)))
		fn_txq_queue(q)->dev->drv->ops->tx_disarm(q);
}

bool fn_txq_pending(struct fn_txq *q)
{
	return queue_runs(fn_txq_queue(q)) && fn_txq_queue(q)->dev->drv->ops->tx_pending(q);
}

unsigned fn_tx_reclaim(struct fn_txq *q)
{
	return queue_runs(fn_txq_queue(q)) ? fn_txq_queue(q)->dev->drv->ops->tx_reclaim(q) : 0;
}
