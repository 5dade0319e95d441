// SPDX-License-Identifier: BSD-3-Clause
/* Transmit queues: laps of every ring, a ring that is full, packets that can never be sent. */
#include <stdlib.h>

#include "conform/conform.h"

#define LAPS 3u

BEHAVIOUR(tx_laps, 0,
	  "Three laps of a transmit ring of every size arrive in order and whole, in bursts of "
	  "any size.");
static void tx_laps(struct conform *c)
{
	static const unsigned bursts[] = { 1, 7, 32, 256 };
	struct fn_pkt *pkts[256];

	c->pool_opts.count = CONFORM_POOL_MANY;
	port_open(c);
	for (uint32_t ring = c->info.tx_ring_min; ring <= c->info.tx_ring_max; ring *= 2) {
		const unsigned burst = bursts[(unsigned)__builtin_ctz(ring) % 4];
		unsigned seq = 0;

		port_start(c, (struct fn_dev_conf){ .tx_ring = ring });
		check_eq(c->info.tx_ring, ring);
		while (seq < LAPS * ring) {
			unsigned sent = 0;

			for (unsigned i = 0; i < burst; i++)
				pkts[i] = pkt_frame(c, seq + i, 60 + (seq + i) % 61);
			while (sent < burst) {
				const unsigned n = fn_tx_burst(c->tx, pkts + sent, burst - sent);

				check_eq(fn_txq_status(c->tx), 0);
				for (unsigned i = 0; i < n; i++, sent++, seq++)
					wire_expect_stream(c, seq, 1, 60 + seq % 61);
				if (!n)
					conform_wait(c);
			}
		}
		check_ok(fn_dev_stop(c->dev));
		check_eq(pool_info(c).outside, 0);
	}
}

/* Send until nothing is taken any more for a while. Returns how many were. */
static unsigned fill(struct conform *c, uint32_t len)
{
	uint64_t still_ns = 0;
	unsigned taken = 0;
	bool moved;

	do {
		struct fn_pkt *pkt = pkt_frame(c, taken, len);

		moved = fn_tx_burst(c->tx, &pkt, 1) == 1;
		if (moved)
			taken++;
		else
			fn_pkt_free(pkt);
		check(taken < 6000);
	} while (!conform_still(c, &still_ns, moved));
	check_eq(fn_txq_status(c->tx), 0);
	return taken;
}

BEHAVIOUR(tx_full_resumed, NEED_STALL | NEED_HOLD,
	  "A full ring takes no more, says so by a short return and not as an error, and goes "
	  "on without loss or disorder when the wire does.");
static void tx_full_resumed(struct conform *c)
{
	unsigned taken;

	port_start(c, (struct fn_dev_conf){ .tx_ring = 64 });
	c->place->ops->stall(c, true);
	taken = fill(c, 1000);
	check(taken >= 32);
	check(tx_counter(c->tx, FN_TX_RING_FULL) > 0);
	c->place->ops->stall(c, false);
	wire_expect_stream(c, 0, taken, 1000);
	tx_send_stream(c, c->tx, 5000, 20, 100);
	wire_expect_stream(c, 5000, 20, 100);
	check_eq(tx_counter(c->tx, FN_TX_PACKETS), taken + 20);
	check_eq(tx_counter(c->tx, FN_TX_DROP_STOPPED), 0);
}

/* The wire takes frames again: what waited leaves, and nobody looks at it. */
static void unclog(struct conform *c)
{
	static uint8_t buf[FRAME_MAX];
	struct wire_request request;

	c->place->ops->stall(c, false);
	wait_until(((void)c->place->ops->recv(c, &request, buf, sizeof(buf)),
		    (void)fn_tx_reclaim(c->tx), !fn_txq_pending(c->tx)));
	(void)wire_discard(c);
}

BEHAVIOUR(tx_full_goes_on, NEED_STALL,
	  "A queue whose ring was full sends again when the wire takes frames again, as often "
	  "as that happens.");
static void tx_full_goes_on(struct conform *c)
{
	uint64_t before = 0;

	port_start(c, (struct fn_dev_conf){ .tx_ring = 32 });
	for (unsigned i = 0; i < 3; i++) {
		c->place->ops->stall(c, true);
		(void)fill(c, 1000);
		check(tx_counter(c->tx, FN_TX_RING_FULL) > before);
		before = tx_counter(c->tx, FN_TX_RING_FULL);
		unclog(c);
		check_eq(fn_txq_status(c->tx), 0);
		tx_send_stream(c, c->tx, 5000, 100, 100);
		wire_expect_stream(c, 5000, 100, 100);
	}
}

BEHAVIOUR(tx_burst_beyond_ring, 0,
	  "A burst of more packets than the ring has takes the first of them, in order, and "
	  "leaves the rest to the caller.");
static void tx_burst_beyond_ring(struct conform *c)
{
	struct fn_pkt *pkts[300];
	unsigned sent = 0;

	port_start(c, (struct fn_dev_conf){ .tx_ring = tx_ring_of(c, 16) });
	for (unsigned i = 0; i < 300; i++)
		pkts[i] = pkt_frame(c, i, 90);
	while (sent < 300) {
		const unsigned n = fn_tx_burst(c->tx, pkts + sent, 300 - sent);

		check(n <= 300 - sent);
		/* The rest is the caller's: read and written as such. */
		for (unsigned i = sent + n; i < 300; i++)
			check_eq(frame_seq(pkts[i]->data), i);
		wire_expect_stream(c, sent, n, 90);
		sent += n;
		if (!n)
			conform_wait(c);
	}
}

BEHAVIOUR(tx_reclaim, 0, "Finished packets come back to their pool without anything being sent.");
static void tx_reclaim(struct conform *c)
{
	uint32_t before;
	unsigned got = 0;

	port_start(c, (struct fn_dev_conf){ .tx_ring = 64 });
	before = pool_info(c).outside;
	check_eq(fn_tx_reclaim(c->tx), 0);
	for (unsigned i = 0; i < 20; i++)
		check_eq(fn_tx_burst(c->tx, (struct fn_pkt *[]){ pkt_frame(c, i, 80) }, 1), 1);
	wire_expect_stream(c, 0, 20, 80);
	wait_until((got += fn_tx_reclaim(c->tx)) >= 1 && pool_info(c).outside == before);
	check(!fn_txq_pending(c->tx));
	check_eq(fn_tx_reclaim(c->tx), 0);
	check_eq(tx_counter(c->tx, FN_TX_PACKETS), 20);
}

/* What can never be sent, one of each kind. */
struct hopeless {
	const char *what;
	enum fn_tx_counter counter;
	struct fn_pkt *(*make)(struct conform *c);
};

static struct fn_pkt *make_empty(struct conform *c)
{
	struct fn_pkt *pkt = fn_pkt_alloc(c->pool);

	check(pkt);
	return pkt;
}

static struct fn_pkt *make_too_long(struct conform *c)
{
	return pkt_frame(c, 0, 1519);
}

static struct fn_pkt *make_too_long_chain(struct conform *c)
{
	struct fn_pkt *head = pkt_frame(c, 0, 1000);

	check_ok(fn_pkt_chain(head, pkt_frame(c, 0, 1000)));
	return head;
}

static struct fn_pkt *make_segments(struct conform *c)
{
	struct fn_pkt *head = pkt_frame(c, 0, 60);

	for (unsigned i = 0; i < c->info.max_tx_segs && i < 255; i++)
		check_ok(fn_pkt_chain(head, pkt_bytes(c, "x", 1)));
	return c->info.max_tx_segs < 256 ? head : (fn_pkt_free(head), make_too_long(c));
}

static struct fn_pkt *make_csum(struct conform *c)
{
	struct fn_pkt *pkt = pkt_frame(c, 0, 200);

	pkt->flags |= FN_PKT_TX_TCP_CSUM;
	pkt->l2_len = 14;
	pkt->l3_len = 20;
	return pkt;
}

static struct fn_pkt *make_tso(struct conform *c)
{
	struct fn_pkt *pkt = make_csum(c);

	pkt->flags |= FN_PKT_TX_TSO;
	pkt->l4_len = 20;
	pkt->mss = 100;
	return pkt;
}

static struct fn_pkt *make_vlan(struct conform *c)
{
	struct fn_pkt *pkt = pkt_frame(c, 0, 200);

	pkt->flags |= FN_PKT_VLAN;
	pkt->vlan_tci = 5;
	return pkt;
}

static const struct hopeless hopeless[] = {
	{ "no bytes", FN_TX_DROP_EMPTY, make_empty },
	{ "too long", FN_TX_DROP_TOO_LONG, make_too_long },
	{ "too long in two segments", FN_TX_DROP_TOO_LONG, make_too_long_chain },
	{ "too many segments", FN_TX_DROP_SEGMENTS, make_segments },
	{ "a checksum that is not on", FN_TX_DROP_OFFLOAD, make_csum },
	{ "segmentation that is not on", FN_TX_DROP_OFFLOAD, make_tso },
	{ "a VLAN tag that is not on", FN_TX_DROP_OFFLOAD, make_vlan },
};

static uint64_t tx_drops(const struct fn_txq *q)
{
	uint64_t sum = 0;

	for (unsigned i = FN_TX_DROP_EMPTY; i < FN_TX_COUNTERS; i++)
		sum += tx_counter(q, i);
	return sum;
}

BEHAVIOUR(tx_never, 0,
	  "A packet that can never be sent is taken, freed and counted under its reason alone, "
	  "and does not hold up those behind it.");
static void tx_never(struct conform *c)
{
	uint64_t drops = 0;
	uint32_t outside;

	port_start(c, (struct fn_dev_conf){ .tx_ring = 64 });
	outside = pool_info(c).outside;
	for (unsigned i = 0; i < FN_ARRAY_LEN(hopeless); i++) {
		const uint64_t before = tx_counter(c->tx, hopeless[i].counter);
		struct fn_pkt *pkts[3] = { pkt_frame(c, 1000 + i, 99), NULL,
					   pkt_frame(c, 2000 + i, 101) };

		if (hopeless[i].make == make_segments && c->info.max_tx_segs >= 256) {
			fn_pkt_free(pkts[0]);
			fn_pkt_free(pkts[2]);
			continue;
		}
		pkts[1] = hopeless[i].make(c);
		check_eq(fn_tx_burst(c->tx, pkts, 3), 3);
		if (tx_counter(c->tx, hopeless[i].counter) != before + 1)
			conform_fail(c, __FILE__, __LINE__, "%s is not counted as that",
				     hopeless[i].what);
		check_eq(tx_drops(c->tx), ++drops);
		wire_expect_stream(c, 1000 + i, 1, 99);
		wire_expect_stream(c, 2000 + i, 1, 101);
	}
	wire_expect_none(c);
	wait_until(fn_tx_reclaim(c->tx) <= 64 && pool_info(c).outside == outside);
}

BEHAVIOUR(tx_only_never, 0,
	  "A whole burst of packets that can never be sent is taken and freed, more often than "
	  "the ring has entries, and the next good one is sent.");
static void tx_only_never(struct conform *c)
{
	struct fn_pkt *pkts[32];

	port_start(c, (struct fn_dev_conf){ .tx_ring = tx_ring_of(c, 16) });
	for (unsigned lap = 0; lap < 5; lap++) {
		for (unsigned i = 0; i < 32; i++)
			pkts[i] = i % 2 ? make_empty(c) : make_too_long(c);
		check_eq(fn_tx_burst(c->tx, pkts, 32), 32);
	}
	check_eq(tx_drops(c->tx), 5 * 32);
	check_passes(c);
}

BEHAVIOUR(tx_unreachable, 0,
	  "A packet in memory of a context that the device does not belong to is dropped and "
	  "counted, and never reaches the bus.");
static void tx_unreachable(struct conform *c)
{
	struct fn_ctx *other_ctx;
	struct fn_pool *other;
	struct fn_pkt *pkt;
	const struct fn_ctx_opts opts = { .sz = sizeof(opts), .page_bytes = 4096 };
	const struct fn_pool_opts pool_opts = { .sz = sizeof(pool_opts), .count = 64 };

	port_start(c, (struct fn_dev_conf){ 0 });
	check_ok(fn_ctx_create(&opts, &other_ctx));
	check_ok(fn_pool_create(other_ctx, &pool_opts, &other));
	pkt = fn_pkt_alloc(other);
	check(pkt && fn_pkt_append(pkt, 100));
	frame_fill(pkt->data, 1, 100, c->info.mac, true);
	check_eq(fn_tx_burst(c->tx, &pkt, 1), 1);
	check_eq(tx_counter(c->tx, FN_TX_DROP_UNREACHABLE), 1);
	check_passes(c);
	check_ok(fn_pool_destroy(other));
	check_ok(fn_ctx_destroy(other_ctx));
}

BEHAVIOUR(stop_drains, 0,
	  "Stop lets what is queued go out first, and all packets are back in the pool after "
	  "it.");
static void stop_drains(struct conform *c)
{
	struct fn_pkt *pkts[50];

	port_start(c, (struct fn_dev_conf){ .tx_ring = 64, .stop_drain_ns = 2000000000 });
	for (unsigned i = 0; i < 50; i++)
		pkts[i] = pkt_frame(c, i, 200);
	check(fn_tx_burst(c->tx, pkts, 20) == 20);
	fn_pkt_free_bulk(pkts + 20, 30);
	check_ok(fn_dev_stop(c->dev));
	check_eq(pool_info(c).outside, 0);
	check_eq(tx_counter(c->tx, FN_TX_DROP_STOPPED), 0);
	/* Nobody looked at the wire before: it is the stop that waited for them. */
	wire_expect_stream(c, 0, 20, 200);
}

BEHAVIOUR(stop_in_flight, NEED_STALL,
	  "Stop does not wait longer than it was told; what is still queued then is counted and "
	  "back in the pool, and the next start begins empty.");
static void stop_in_flight(struct conform *c)
{
	const uint64_t drain_ns = 20000000;
	const unsigned factor = c->place->ops->virtual_time ? 3 : 100;
	uint64_t start_ns;
	uint64_t told;
	unsigned taken;

	port_start(c, (struct fn_dev_conf){ .tx_ring = 64, .stop_drain_ns = drain_ns });
	c->place->ops->stall(c, true);
	taken = fill(c, 1400);
	start_ns = conform_now_ns(c);
	check_ok(fn_dev_stop(c->dev));
	check(conform_now_ns(c) - start_ns < factor * drain_ns);
	check_eq(pool_info(c).outside, 0);
	told = tx_counter(c->tx, FN_TX_DROP_STOPPED);
	check(told > 0);
	c->place->ops->stall(c, false);
	port_start(c, (struct fn_dev_conf){ .tx_ring = 64 });
	told += wire_discard(c);
	/* Elsewhere a frame that the reset met on its way may have left, and counts as dropped. */
	if (c->place->ops->virtual_time)
		check_eq(told, taken);
	else
		check(told >= taken);
	check_passes(c);
}

BEHAVIOUR(close_in_flight, NEED_STALL,
	  "A device that is closed with packets in flight gives every one of them back.");
static void close_in_flight(struct conform *c)
{
	struct fn_dev *dev;

	port_start(c, (struct fn_dev_conf){ .tx_ring = 64, .stop_drain_ns = FN_NO_DRAIN });
	c->place->ops->stall(c, true);
	(void)fill(c, 1400);
	check(pool_info(c).outside > 0);
	dev = c->dev;
	c->dev = NULL;
	check_ok(fn_dev_close(dev));
	check_eq(pool_info(c).outside, 0);
	c->place->ops->stall(c, false);
}

const struct behaviour *const tx_behaviours[] = {
	&behaviour_tx_laps,         &behaviour_tx_full_resumed,
	&behaviour_tx_full_goes_on, &behaviour_tx_burst_beyond_ring,
	&behaviour_tx_reclaim,      &behaviour_tx_never,
	&behaviour_tx_only_never,   &behaviour_tx_unreachable,
	&behaviour_stop_drains,     &behaviour_stop_in_flight,
	&behaviour_close_in_flight, NULL,
};
