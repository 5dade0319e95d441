// SPDX-License-Identifier: BSD-3-Clause
/*
 * Queues come into pollers and leave them, and lib/dev has a worker let go of a device whose queues
 * it is about to change.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "dev/attach.h"
#include "poll/poller.h"

static struct fn_poll_item *item_of(const struct fn_queue *queue)
{
	return queue->attached;
}

static unsigned queues_of(const struct fn_dev *dev)
{
	return (unsigned)dev->limits.max_rxqs + dev->limits.max_txqs;
}

/* The device has a queue in the poller; the lock is held. */
static bool has_queue(const struct fn_poller *p, const struct fn_dev *dev)
{
	for (unsigned i = 0; i < queues_of(dev); i++) {
		const struct fn_queue *queue = fn_dev_queue(dev, dev->limits.max_rxqs, i);

		if (item_of(queue) && item_of(queue)->poller == p)
			return true;
	}
	return false;
}

/* Another poller has a queue with the same vector; the lock is held. */
static const struct fn_poller *vector_rival(const struct fn_poll_item *item)
{
	const struct fn_dev *dev = item->queue->dev;

	for (unsigned i = 0; item->queue->event_fd >= 0 && i < queues_of(dev); i++) {
		const struct fn_queue *other = fn_dev_queue(dev, dev->limits.max_rxqs, i);

		if (other->event_fd == item->queue->event_fd && item_of(other) &&
		    item_of(other)->poller != item->poller)
			return item_of(other)->poller;
	}
	return NULL;
}

static struct fn_poll_vector *vector_find(const struct fn_poller *p, int fd)
{
	struct fn_list *pos;

	fn_list_for_each(pos, &p->vectors) {
		struct fn_poll_vector *v = fn_container_of(pos, struct fn_poll_vector, node);

		if (v->mark.fd == fd)
			return v;
	}
	return NULL;
}

/* NULL after fn_fail(). */
static struct fn_poll_vector *vector_make(struct fn_poller *p, int fd)
{
	struct fn_poll_vector *v = calloc(1, sizeof(*v));

	if (!v) {
		(void)fn_fail(-ENOMEM, "out of memory for an interrupt vector");
		return NULL;
	}
	v->mark = (struct fn_wait_mark){ .kind = FN_WAIT_VECTOR, .fd = fd, .events = POLLIN };
	if (p->wait_ops->add(p->wait, &v->mark)) {
		free(v);
		return NULL;
	}
	fn_list_add_tail(&p->vectors, &v->node);
	return v;
}

/* The vector of a queue, which is new or another queue's already; NULL after fn_fail(). */
static struct fn_poll_vector *vector_get(const struct fn_poll_item *item)
{
	struct fn_poller *p = item->poller;
	const struct fn_poller *rival;
	struct fn_poll_vector *v;

	(void)pthread_mutex_lock(&p->ctx->poll_lock);
	rival = vector_rival(item);
	(void)pthread_mutex_unlock(&p->ctx->poll_lock);
	if (rival) {
		(void)fn_fail(-EINVAL, "its vector serves a queue of %s, too", rival->name);
		return NULL;
	}
	v = vector_find(p, item->queue->event_fd);
	return v ? v : vector_make(p, item->queue->event_fd);
}

/* A queue that cannot be waited for is polled for ever: nothing is lost. */
static void vector_take(struct fn_poll_item *item)
{
	struct fn_poller *p = item->poller;
	struct fn_first_error kept = { 0 };

	if (item->queue->event_fd < 0)
		return;
	/* The sentence of the control call around this is not to be lost. */
	fn_first_error_note(&kept, fn_error_last()[0] ? -1 : 0);
	item->vector = vector_get(item);
	if (!item->vector) {
		fn_log(p->ctx, FN_LOG_WARN, "%s: %s queue %u cannot wake %s, which polls: %s",
		       item->queue->dev->bus->name, item->queue->is_tx ? "transmit" : "receive",
		       item->queue->idx, p->name, fn_error_last());
		(void)fn_first_error_fail(&kept);
		return;
	}
	item->vector->users++;
	fn_poll_moderate_begin(p, item->vector);
}

static void vector_drop(struct fn_poll_item *item)
{
	struct fn_poll_vector *v = item->vector;

	item->vector = NULL;
	if (!v)
		return;
	fn_poll_moderate_leave(item->poller, v, item->queue);
	if (--v->users)
		return;
	item->poller->wait_ops->del(item->poller->wait, &v->mark);
	fn_list_del(&v->node);
	free(v);
}

static void item_on(struct fn_poll_item *item)
{
	if (item->on)
		return;
	vector_take(item);
	item->on = true;
	item->poller->no_sleep = false;
}

/* It was armed when fn_poller_run_once() returned, and nobody is to be woken by it any more. */
static void disarm(struct fn_poll_item *item)
{
	const struct fn_queue *queue = item->queue;

	if (!item->armed)
		return;
	item->armed = false;
	if (queue->is_tx)
		fn_txq_disarm(queue->dev->txqs[queue->idx]);
	else
		fn_rxq_disarm(queue->dev->rxqs[queue->idx]);
}

static void item_off(struct fn_poll_item *item)
{
	if (!item->on)
		return;
	item->on = false;
	disarm(item);
	vector_drop(item);
	item->poller->no_sleep = false;
}

static void item_sync(struct fn_poll_item *item)
{
	bool on;

	(void)pthread_mutex_lock(&item->poller->ctx->poll_lock);
	on = !item->dead && !item->queue->dev->let_go;
	(void)pthread_mutex_unlock(&item->poller->ctx->poll_lock);
	if (on)
		item_on(item);
	else
		item_off(item);
}

int fn_poll_item_add(struct fn_poll_item *item, void *attached, struct fn_poll_list *list)
{
	struct fn_poller *p = item->poller;
	const struct fn_dev *dev = item->queue->dev;
	const struct fn_poller *rival;
	int ret = fn_poll_list_add(list, attached);

	if (ret)
		return ret;
	(void)pthread_mutex_lock(&p->ctx->poll_lock);
	/*
	 * While another thread configures the device vectors change: they are looked at afterwards.
	 */
	rival = dev->let_go ? NULL : vector_rival(item);
	if (item->queue->attached)
		ret = fn_fail(-EBUSY, "%s: %s queue %u is in %s already: fn_poller_del_%s() it",
			      dev->bus->name, item->queue->is_tx ? "transmit" : "receive",
			      item->queue->idx, item_of(item->queue)->poller->name,
			      item->queue->is_tx ? "txq" : "rxq");
	else if (rival)
		ret = fn_fail(-EINVAL,
			      "%s: %s queue %u has a vector that serves a queue of %s, too: give "
			      "them vectors of their own (fn_dev_conf.rx_vectors, tx_vectors)",
			      dev->bus->name, item->queue->is_tx ? "transmit" : "receive",
			      item->queue->idx, rival->name);
	else
		item->queue->attached = item;
	(void)pthread_mutex_unlock(&p->ctx->poll_lock);
	if (ret)
		fn_poll_list_del(list, attached);
	else
		item_sync(item);
	return ret;
}

void fn_poll_item_del(struct fn_poll_item *item)
{
	struct fn_poller *p = item->poller;

	item_off(item);
	item->dead = true;
	p->has_dead = true;
	(void)pthread_mutex_lock(&p->ctx->poll_lock);
	item->queue->attached = NULL;
	(void)pthread_mutex_unlock(&p->ctx->poll_lock);
}

/* For a worker: what to do with the queues of a device. */
struct dev_call {
	struct fn_poller *poller;
	struct fn_dev *dev;
};

static void sync_on_worker(void *arg)
{
	const struct dev_call *call = arg;
	struct fn_poller *p = call->poller;

	for (unsigned i = 0; i < p->rx.n; i++) {
		struct fn_poller_rx *rx = p->rx.at[i];

		if (!rx->item.dead && rx->item.queue->dev == call->dev)
			item_sync(&rx->item);
	}
	for (unsigned i = 0; i < p->tx.n; i++) {
		struct fn_poller_tx *tx = p->tx.at[i];

		if (!tx->item.dead && tx->item.queue->dev == call->dev)
			item_sync(&tx->item);
	}
}

static void forget_on_worker(void *arg)
{
	const struct dev_call *call = arg;
	struct fn_poller *p = call->poller;
	const bool rounding = p->rounding;

	/* What is dropped may have a callback, which takes out others. */
	p->rounding = true;
	for (unsigned i = p->rx.n; i-- > 0;) {
		struct fn_poller_rx *rx = p->rx.at[i];

		if (!rx->item.dead && rx->item.queue->dev == call->dev)
			fn_poller_del_rxq(rx);
	}
	for (unsigned i = p->tx.n; i-- > 0;) {
		struct fn_poller_tx *tx = p->tx.at[i];
		unsigned lost;

		if (tx->item.dead || tx->item.queue->dev != call->dev)
			continue;
		lost = fn_poller_del_txq(tx);
		if (lost)
			fn_log(p->ctx, FN_LOG_WARN,
			       "%s: %u packets waited for room when it was closed, and are dropped",
			       call->dev->bus->name, lost);
	}
	p->rounding = rounding;
	fn_poll_bury(p);
}

/* Have each worker with queues of a device run a function. */
static void for_workers(struct fn_dev *dev, void (*fn)(void *arg))
{
	struct fn_ctx *ctx = dev->ctx;
	struct fn_list *pos;

	(void)pthread_mutex_lock(&ctx->poll_lock);
	fn_list_for_each(pos, &ctx->pollers) {
		struct dev_call call = { fn_container_of(pos, struct fn_poller, node), dev };

		if (!has_queue(call.poller, dev))
			continue;
		call.poller->pins++;
		(void)pthread_mutex_unlock(&ctx->poll_lock);
		fn_poller_call(call.poller, fn, &call);
		(void)pthread_mutex_lock(&ctx->poll_lock);
		call.poller->pins--;
		(void)pthread_cond_broadcast(&ctx->poll_cond);
	}
	(void)pthread_mutex_unlock(&ctx->poll_lock);
}

static void dev_sync(struct fn_dev *dev)
{
	for_workers(dev, sync_on_worker);
	/* On the caller's thread: a worker has better to do than to read files. */
	fn_poll_irqs_aim(dev);
}

static void dev_forget(struct fn_dev *dev)
{
	for_workers(dev, forget_on_worker);
}

const struct fn_attach_ops fn_poll_attach = { .sync = dev_sync, .forget = dev_forget };
