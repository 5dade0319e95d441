// SPDX-License-Identifier: BSD-3-Clause
/* l2fwd's workers: what happens to a packet. tests/perf counts the instructions of this file. */
#include <string.h>

#include "l2fwd.h"

/* Counters have one writer, the lane's worker; the main thread reads them. */
static void count(atomic_ulong *counter, unsigned long by)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + by,
			      memory_order_relaxed);
}

/*
 * The address in registers, which no store to a packet changes; in fours: the loop costs too. No
 * length is looked at: the buffer of a frame that ends before has room for it (64 bytes at least:
 * &struct fn_pool_opts), and what stands behind a frame's end goes nowhere.
 */
static void rewrite_source(struct fn_pkt **pkts, unsigned n, const uint8_t *mac)
{
	uint32_t first;
	uint16_t last;

	memcpy(&first, mac, sizeof(first));
	memcpy(&last, mac + sizeof(first), sizeof(last));
#pragma GCC unroll 4
	for (unsigned i = 0; i < n; i++) {
		uint8_t *const source = pkts[i]->data + 6;

		memcpy(source, &first, sizeof(first));
		memcpy(source + sizeof(first), &last, sizeof(last));
	}
}

/* The held packets cannot leave, now or ever: say why, in @counter, and give them back. */
static void drop_held(struct lane *lane, atomic_ulong *counter)
{
	count(counter, lane->held);
	fn_pkt_free_bulk(lane->pkts, lane->held);
	lane->held = 0;
}

/*
 * What happens to a packet: it is received into @pkts, stays there until the peer's ring has room,
 * and is the transmit queue's from then on. While packets wait no more are received, so that what
 * cannot be sent piles up in the NIC, which drops it or holds its sender back, and not here.
 */
static void forward(struct lane *lane, unsigned burst)
{
	int out = atomic_load(&lane->out->use);
	unsigned sent;

	if (!lane->held && atomic_load(&lane->in->use) == PORT_RUNS) {
		lane->held = fn_rx_burst(lane->rx, lane->pkts, burst);
		if (!lane->held)
			return;
		if (!atomic_load_explicit(&lane->first_ns, memory_order_relaxed))
			atomic_store_explicit(&lane->first_ns, now_ns(), memory_order_relaxed);
		if (lane->rewrite)
			rewrite_source(lane->pkts, lane->held, lane->out->info.mac);
	}
	if (!lane->held)
		return;
	if (out != PORT_RUNS) {
		drop_held(lane, out == PORT_LOST ? &lane->no_peer : &lane->tx_down);
		return;
	}
	sent = fn_tx_burst(lane->tx, lane->pkts, lane->held);
	lane->held -= sent;
	if (!lane->held)
		return;
	if (fn_txq_status(lane->tx))
		drop_held(lane, &lane->tx_down);
	else
		memmove(lane->pkts, lane->pkts + sent, lane->held * sizeof(struct fn_pkt *));
}

unsigned long forward_round(struct worker *worker, unsigned long rounds)
{
	struct l2fwd *app = worker->app;

	for (unsigned i = worker->index; i < app->n_lanes; i += app->n_workers)
		forward(&app->lanes[i], app->opts.burst);
	atomic_store(&worker->rounds, ++rounds);
	return rounds;
}

void *forward_work(void *arg)
{
	struct worker *worker = arg;
	struct l2fwd *app = worker->app;
	unsigned long rounds = 0;

	while (!atomic_load_explicit(&app->quit, memory_order_acquire))
		rounds = forward_round(worker, rounds);
	for (unsigned i = worker->index; i < app->n_lanes; i += app->n_workers)
		drop_held(&app->lanes[i], &app->lanes[i].at_exit);
	return NULL;
}
