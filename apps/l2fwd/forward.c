// SPDX-License-Identifier: BSD-3-Clause
/* What happens to a packet in l2fwd. tests/perf counts the instructions of this file. */
#include <string.h>

#include "l2fwd.h"

static inline void source_set(struct fn_pkt *pkt, uint32_t first, uint16_t last)
{
	uint8_t *const source = pkt->data + 6;

	memcpy(source, &first, sizeof(first));
	memcpy(source + sizeof(first), &last, sizeof(last));
}

/*
 * The address in registers, which no store to a packet changes; in eights: the loop costs too. No
 * length is looked at: the buffer of a frame that ends before has room for it (64 bytes at least:
 * &struct fn_pool_opts), and what stands behind a frame's end goes nowhere.
 */
static void rewrite_source(struct fn_pkt **pkts, unsigned n, const uint8_t *mac)
{
	uint32_t first;
	uint16_t last;

	memcpy(&first, mac, sizeof(first));
	memcpy(&last, mac + sizeof(first), sizeof(last));
	for (; n >= 8; n -= 8, pkts += 8)
#pragma GCC unroll 8
		for (unsigned i = 0; i < 8; i++)
			source_set(pkts[i], first, last);
	for (; n; n--, pkts++)
		source_set(*pkts, first, last);
}

/* These packets cannot leave, now or ever: say why, and give them back. Rare, so out of the way. */
static __attribute__((noinline, cold)) void drop(struct lane *lane, struct fn_pkt **pkts,
						 unsigned n)
{
	count(lane->tx ? &lane->tx_down : &lane->no_peer, n);
	fn_pkt_free_bulk(pkts, n);
}

static __attribute__((noinline, cold)) void note_first(struct lane *lane)
{
	atomic_store_explicit(&lane->first_ns, now_ns(), memory_order_relaxed);
}

/*
 * What happens to a packet: the worker has received it here, and sends it there. What finds no room
 * waits in the poller, which then receives no more for this lane, so that what cannot be sent piles
 * up in the NIC, which drops it or holds its sender back, and not here.
 */
void forward(void *arg, struct fn_pkt **pkts, unsigned n)
{
	struct lane *lane = arg;
	unsigned sent = 0;

	if (!atomic_load_explicit(&lane->first_ns, memory_order_relaxed))
		note_first(lane);
	if (lane->rewrite)
		rewrite_source(pkts, n, lane->out->info.mac);
	if (lane->tx)
		sent = fn_poller_send(lane->tx, pkts, n);
	if (sent < n)
		drop(lane, pkts + sent, n - sent);
}
