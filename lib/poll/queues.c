// SPDX-License-Identifier: BSD-3-Clause
/* Queues of a poller, and packets that wait for room in one. A receive queue's turn is in run.c. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/opts.h"
#include "poll/poller.h"

#define DEFAULT_WAITING 512u
#define MAX_WAITING 65536u

static void tx_set_waiting(struct fn_poller_tx *tx, uint32_t n)
{
	__atomic_store_n(&tx->n, n, __ATOMIC_RELAXED);
}

static void tx_set_full(struct fn_poller_tx *tx)
{
	if (tx->is_full)
		return;
	tx->is_full = true;
	fn_count(&tx->full_times, 1);
}

/*
 * Packets that wait cannot leave any more. Memory that is given back may have a callback: it finds
 * this queue down, and when it takes it out the queue is freed later.
 */
static unsigned tx_drop(struct fn_poller *p, struct fn_poller_tx *tx)
{
	const bool rounding = p->rounding;
	const unsigned n = tx->n;

	if (!n || tx->drops)
		return 0;
	tx->drops = true;
	p->rounding = true;
	fn_pkt_free_bulk(tx->pkts + tx->first, n);
	p->rounding = rounding;
	tx->drops = false;
	fn_count(&tx->dropped, n);
	tx->first = 0;
	tx_set_waiting(tx, 0);
	tx->is_full = false;
	p->tx_wait--;
	return n;
}

unsigned fn_poll_tx_flush(struct fn_poller *p, struct fn_poller_tx *tx)
{
	unsigned sent;

	if (!tx->n || !tx->item.on)
		return 0;
	sent = fn_tx_burst(tx->q, tx->pkts + tx->first, tx->n);
	tx->first += sent;
	tx_set_waiting(tx, tx->n - sent);
	if (!tx->n) {
		tx->first = 0;
		tx->is_full = false;
		p->tx_wait--;
	} else if (fn_txq_status(tx->q)) {
		sent += tx_drop(p, tx);
	} else {
		tx_set_full(tx);
	}
	return sent;
}

/* As many of them as may wait do so. */
static unsigned tx_keep(struct fn_poller *p, struct fn_poller_tx *tx, struct fn_pkt **pkts,
			unsigned n)
{
	if (n > tx->room - tx->n)
		n = tx->room - tx->n;
	if (!n)
		return 0;
	if (!tx->n)
		p->tx_wait++;
	if (tx->first + tx->n + n > tx->room) {
		memmove(tx->pkts, tx->pkts + tx->first, tx->n * sizeof(struct fn_pkt *));
		tx->first = 0;
	}
	memcpy(tx->pkts + tx->first + tx->n, pkts, n * sizeof(struct fn_pkt *));
	tx_set_waiting(tx, tx->n + n);
	if (tx->n > tx->n_max)
		fn_count(&tx->n_max, tx->n - tx->n_max);
	return n;
}

/*
 * The first @sent are sent, and the rest waits. Apart from fn_poller_send(), whose registers are
 * few as long as there is room.
 */
static __attribute__((noinline)) unsigned send_rest(struct fn_poller_tx *tx, struct fn_pkt **pkts,
						    unsigned n, unsigned sent)
{
	struct fn_poller *p = tx->item.poller;
	unsigned kept;

	do {
		if (tx->drops || tx->item.dead)
			break;
		kept = tx_keep(p, tx, pkts + sent, n - sent);
		sent += kept;
		if (tx->n >= tx->batch && !tx->is_full)
			(void)fn_poll_tx_flush(p, tx);
	} while (kept && sent < n);
	return sent;
}

unsigned fn_poller_send(struct fn_poller_tx *tx, struct fn_pkt **pkts, unsigned n)
{
	unsigned sent;

	if (fn_unlikely(tx->n || tx->batch > n || !tx->item.on))
		return send_rest(tx, pkts, n, 0);
	sent = fn_tx_burst(tx->q, pkts, n);
	if (fn_likely(sent == n) || fn_txq_status(tx->q))
		return sent;
	tx_set_full(tx);
	return send_rest(tx, pkts, n, sent);
}

unsigned fn_poller_tx_waiting(const struct fn_poller_tx *tx)
{
	return tx->n;
}

uint64_t fn_poller_tx_dropped(const struct fn_poller_tx *tx)
{
	return __atomic_load_n(&tx->dropped, __ATOMIC_RELAXED);
}

void fn_poller_rx_get_stats(const struct fn_poller_rx *rx, struct fn_poller_rx_stats *stats)
{
	const struct fn_poller_rx_stats s = {
		.budget_hits = __atomic_load_n(&rx->budget_hits, __ATOMIC_RELAXED),
	};

	fn_info_put(stats, &s, sizeof(s));
}

void fn_poller_tx_get_stats(const struct fn_poller_tx *tx, struct fn_poller_tx_stats *stats)
{
	const struct fn_poller_tx_stats s = {
		.waiting = __atomic_load_n(&tx->n, __ATOMIC_RELAXED),
		.waiting_max = __atomic_load_n(&tx->n_max, __ATOMIC_RELAXED),
		.full_times = __atomic_load_n(&tx->full_times, __ATOMIC_RELAXED),
		.dropped = fn_poller_tx_dropped(tx),
	};

	fn_info_put(stats, &s, sizeof(s));
}

/* For a worker: a queue to begin or end with. */
struct queue_call {
	struct fn_poll_item *item;
	void *attached;
	struct fn_poll_list *list;
	unsigned dropped;
	int ret;
	char text[FN_ERROR_TEXT_BYTES];
};

/* The sentence of a failure is the thread's that it happens on: it goes over to the caller's. */
static void add_on_worker(void *arg)
{
	struct queue_call *call = arg;

	call->ret = fn_poll_item_add(call->item, call->attached, call->list);
	if (call->ret)
		(void)snprintf(call->text, sizeof(call->text), "%s", fn_error_last());
}

static int queue_add(struct queue_call *call)
{
	fn_poller_call(call->item->poller, add_on_worker, call);
	if (call->ret)
		return fn_fail(call->ret, "%s", call->text);
	fn_poll_irqs_aim(call->item->queue->dev);
	return 0;
}

static void rxq_del_on_worker(void *arg)
{
	struct queue_call *call = arg;

	fn_poll_item_del(call->item);
	fn_poll_bury(call->item->poller);
}

static void txq_del_on_worker(void *arg)
{
	struct queue_call *call = arg;
	struct fn_poller *p = call->item->poller;
	struct fn_poller_tx *tx = call->attached;

	for (unsigned i = 0; i < p->rx.n; i++) {
		struct fn_poller_rx *rx = p->rx.at[i];

		if (rx->feeds == tx)
			rx->feeds = NULL;
	}
	call->dropped = tx_drop(p, tx);
	/* A callback may have done so by then. */
	if (!tx->item.dead)
		fn_poll_item_del(call->item);
	fn_poll_bury(p);
}

static int check_ctx(const struct fn_poller *p, const struct fn_queue *queue)
{
	if (queue->dev->ctx == p->ctx)
		return 0;
	return fn_fail(-EINVAL, "%s is of another context than %s: create both in one",
		       queue->dev->bus->name, p->name);
}

static int rxq_add(struct fn_poller *p, struct fn_rxq *q, const struct fn_poller_rx_opts *o,
		   struct fn_poller_rx **out)
{
	struct queue_call call = { .list = &p->rx };
	struct fn_poller_rx *rx;
	int ret = check_ctx(p, fn_rxq_queue(q));

	if (ret)
		return ret;
	if (!o->fn)
		return fn_fail(-EINVAL, "fn_poller_rx_opts.fn is missing: who takes the packets?");
	if (o->feeds && o->feeds->item.poller != p)
		return fn_fail(-EINVAL,
			       "fn_poller_rx_opts.feeds is a queue of %s: a receive queue and what "
			       "it feeds belong into one poller",
			       o->feeds->item.poller->name);
	rx = calloc(1, sizeof(*rx));
	if (!rx)
		return fn_fail(-ENOMEM, "out of memory for a queue of %s", p->name);
	*rx = (struct fn_poller_rx){
		.item = { .poller = p, .queue = fn_rxq_queue(q) },
		.q = q,
		.fn = o->fn,
		.arg = o->arg,
		.feeds = o->feeds,
	};
	call.item = &rx->item;
	call.attached = rx;
	ret = queue_add(&call);
	if (ret)
		free(rx);
	else if (out)
		*out = rx;
	return ret;
}

int fn_poller_add_rxq(struct fn_poller *p, struct fn_rxq *q, const struct fn_poller_rx_opts *opts,
		      struct fn_poller_rx **rx)
{
	struct fn_poller_rx_opts o;

	if (!fn_opts_get(&o, sizeof(o), opts))
		return fn_report(p->ctx, fn_opts_err(opts), fn_opts_fail("fn_poller_rx_opts"));
	return fn_report(p->ctx, o.err, rxq_add(p, q, &o, rx));
}

void fn_poller_del_rxq(struct fn_poller_rx *rx)
{
	struct queue_call call = { 0 };

	if (!rx)
		return;
	call.item = &rx->item;
	fn_poller_call(rx->item.poller, rxq_del_on_worker, &call);
}

static int txq_add(struct fn_poller *p, struct fn_txq *q, const struct fn_poller_tx_opts *o,
		   struct fn_poller_tx **out)
{
	const uint32_t room = o->waiting ? o->waiting : DEFAULT_WAITING;
	const uint32_t batch = o->batch ? o->batch : 1;
	struct queue_call call = { .list = &p->tx };
	struct fn_poller_tx *tx;
	int ret = check_ctx(p, fn_txq_queue(q));

	if (ret)
		return ret;
	if (room > MAX_WAITING || batch > room)
		return fn_fail(-EINVAL,
			       "%u packets may wait and %u go together: use at most %u, and no "
			       "larger batch than may wait",
			       room, batch, MAX_WAITING);
	tx = calloc(1, sizeof(*tx) + room * sizeof(struct fn_pkt *));
	if (!tx)
		return fn_fail(-ENOMEM, "out of memory for a queue of %s", p->name);
	tx->item.poller = p;
	tx->item.queue = fn_txq_queue(q);
	tx->q = q;
	tx->batch = batch;
	tx->room = room;
	call.item = &tx->item;
	call.attached = tx;
	ret = queue_add(&call);
	if (ret)
		free(tx);
	else
		*out = tx;
	return ret;
}

int fn_poller_add_txq(struct fn_poller *p, struct fn_txq *q, const struct fn_poller_tx_opts *opts,
		      struct fn_poller_tx **tx)
{
	struct fn_poller_tx_opts o;

	if (!fn_opts_get(&o, sizeof(o), opts))
		return fn_report(p->ctx, fn_opts_err(opts), fn_opts_fail("fn_poller_tx_opts"));
	return fn_report(p->ctx, o.err, txq_add(p, q, &o, tx));
}

unsigned fn_poller_del_txq(struct fn_poller_tx *tx)
{
	struct queue_call call = { 0 };

	if (!tx)
		return 0;
	call.item = &tx->item;
	call.attached = tx;
	fn_poller_call(tx->item.poller, txq_del_on_worker, &call);
	return call.dropped;
}
