// SPDX-License-Identifier: BSD-3-Clause
/* Several queues, one that breaks, and what changes between a stop and a start. */
#include "conform/conform.h"

#define PAIRS 2u

/* Several pairs, with the first of them up. */
static void start_pairs(struct conform *c, uint16_t pairs)
{
	need_queues(c, pairs, pairs);
	port_start(c, (struct fn_dev_conf){ .rxqs = pairs, .txqs = pairs, .rx_ring = 64 });
	check_eq(c->info.rxqs, pairs);
	check_eq(c->info.txqs, pairs);
}

BEHAVIOUR(tx_each_queue, NEED_QUEUES,
	  "Packets leave from every transmit queue there is, each in its order.");
static void tx_each_queue(struct conform *c)
{
	c->pool_opts.count = CONFORM_POOL_MANY;
	need_queues(c, 2, 2);
	port_start(c, (struct fn_dev_conf){ .rxqs = c->info.max_rxqs,
					    .txqs = c->info.max_txqs,
					    .rx_ring = 64,
					    .tx_ring = 64 });
	for (unsigned lap = 0; lap < 3; lap++) {
		for (unsigned i = 0; i < c->info.max_txqs; i++) {
			struct fn_txq *q = fn_dev_txq(c->dev, i);

			tx_send_stream(c, q, 100 * i, 20, 100 + i);
			wire_expect_stream(c, 100 * i, 20, 100 + i);
			check_eq(tx_counter(q, FN_TX_PACKETS), 20 * (lap + 1));
		}
	}
}

BEHAVIOUR(rx_each_once, NEED_QUEUES,
	  "With several receive queues each frame comes in once, on one of them, and those of "
	  "one flow on the same and in order.");
static void rx_each_once(struct conform *c)
{
	unsigned next[64] = { 0 };
	unsigned queue_of[64];
	static uint8_t buf[FRAME_MAX];

	start_pairs(c, PAIRS);
	for (unsigned i = 0; i < 64 * 4; i++) {
		struct flow flow = flow_make(i & 1, PROTO_TCP, i % 64);

		flow.tcp_seq = i / 64;
		wire_send_flow(c, &flow);
		if (i % 16 != 15)
			continue;
		for (unsigned n = 0; n < 16; n++) {
			struct fn_pkt *pkt;
			const unsigned queue = rx_next_any(c, &pkt);
			const uint32_t len = pkt_copy(pkt, buf, sizeof(buf));
			const struct layout at = layout_of(buf, len);
			const uint8_t *tcp = buf + at.l2_len + at.l3_len;
			const unsigned id = (get16(tcp) - 20000u) / 7;

			check(at.proto == PROTO_TCP && id < 64);
			if (!next[id])
				queue_of[id] = queue;
			check_eq(queue, queue_of[id]);
			check_eq(get32(tcp + 4), next[id]);
			next[id]++;
			fn_pkt_free(pkt);
		}
	}
	for (unsigned i = 0; i < 64; i++)
		check_eq(next[i], 4);
}

BEHAVIOUR(queues_changed, NEED_QUEUES,
	  "The number of queues changes between a stop and a start, up and down, and a queue "
	  "that is not in use says so.");
static void queues_changed(struct conform *c)
{
	need_queues(c, PAIRS, PAIRS);
	for (uint16_t n = 0; n < 6; n++) {
		const uint16_t pairs = (uint16_t)(1 + n % 2);

		port_start(c, (struct fn_dev_conf){ .rxqs = pairs, .txqs = pairs });
		for (unsigned i = 0; i < PAIRS; i++) {
			check_eq(fn_rxq_status(fn_dev_rxq(c->dev, i)), i < pairs ? 0 : -ENETDOWN);
			check_eq(fn_txq_status(fn_dev_txq(c->dev, i)), i < pairs ? 0 : -ENETDOWN);
		}
		tx_send_stream(c, fn_dev_txq(c->dev, pairs - 1u), n, 1, 100);
		wire_expect_stream(c, n, 1, 100);
		check_ok(fn_dev_stop(c->dev));
		check_eq(pool_info(c).outside, 0);
	}
}

BEHAVIOUR(rings_changed, 0, "Ring sizes change between a stop and a start, up and down.");
static void rings_changed(struct conform *c)
{
	static const uint32_t sizes[] = { 256, 16, 64, 32, 128 };

	for (unsigned i = 0; i < FN_ARRAY_LEN(sizes); i++) {
		const uint32_t rx = rx_ring_of(c, sizes[i]);
		const uint32_t tx = tx_ring_of(c, sizes[FN_ARRAY_LEN(sizes) - 1 - i]);

		port_start(c, (struct fn_dev_conf){ .rx_ring = rx, .tx_ring = tx });
		check_eq(c->info.rx_ring, rx);
		check_eq(c->info.tx_ring, tx);
		wire_send_stream(c, 0, 8, 100);
		rx_expect_stream(c, c->rx, 0, 8, 100);
		for (unsigned n = 0; n < 3 * rx; n += 8) {
			wire_send_stream(c, n, 8, 100);
			rx_expect_stream(c, c->rx, n, 8, 100);
			tx_send_stream(c, c->tx, n, 8, 100);
			wire_expect_stream(c, n, 8, 100);
		}
		check_ok(fn_dev_stop(c->dev));
		check_eq(pool_info(c).outside, 0);
	}
}

BEHAVIOUR(mtu_changed, 0,
	  "The MTU changes between a stop and a start: packets up to it, a link header and a VLAN "
	  "tag leave, those a byte longer are dropped and counted, and a running device refuses "
	  "the change.");
static void mtu_changed(struct conform *c)
{
	static const uint32_t mtus[] = { 1000, 1500, 576 };
	uint64_t dropped = 0;

	port_start(c, (struct fn_dev_conf){ 0 });
	check_eq(c->info.mtu, 1500);
	for (unsigned i = 0; i < FN_ARRAY_LEN(mtus); i++) {
		check_ret(fn_dev_set_mtu(c->dev, mtus[i]), -EBUSY);
		check_ok(fn_dev_stop(c->dev));
		check_ret(fn_dev_set_mtu(c->dev, c->info.mtu_max + 1), -EINVAL);
		check_ret(fn_dev_set_mtu(c->dev, c->info.mtu_min - 1), -EINVAL);
		check_ok(fn_dev_set_mtu(c->dev, mtus[i]));
		check_ok(fn_dev_start(c->dev));
		port_info(c);
		check_eq(c->info.mtu, mtus[i]);
		wait_until(port_link_up(c));
		tx_send_stream(c, c->tx, 1, 1, mtus[i] + 18);
		tx_send_stream(c, c->tx, 2, 1, mtus[i] + 19);
		check_eq(tx_counter(c->tx, FN_TX_DROP_TOO_LONG), ++dropped);
		wire_expect_stream(c, 1, 1, mtus[i] + 18);
		wire_send_stream(c, 3, 1, mtus[i] + 14);
		rx_expect_stream(c, c->rx, 3, 1, mtus[i] + 14);
	}
	wire_expect_none(c);
}

static bool broke(struct conform *c, bool is_tx, unsigned queue)
{
	struct fn_pkt *pkt = NULL;

	if (is_tx)
		(void)fn_tx_reclaim(fn_dev_txq(c->dev, queue));
	else if (fn_rx_burst(fn_dev_rxq(c->dev, queue), &pkt, 1) == 1)
		fn_pkt_free(pkt);
	return (is_tx ? fn_txq_status(fn_dev_txq(c->dev, queue)) :
			fn_rxq_status(fn_dev_rxq(c->dev, queue))) == -EIO;
}

/* A queue breaks: it says so, others go on, and a reset mends it. */
static void break_queue(struct conform *c, bool is_tx, unsigned queue, unsigned how)
{
	struct fn_pkt *pkt;

	c->events[FN_EVENT_QUEUE_BROKEN] = 0;
	c->place->ops->lie(c, is_tx, queue, how);
	wait_until(broke(c, is_tx, queue));
	port_events(c);
	check_eq(c->events[FN_EVENT_QUEUE_BROKEN], 1);
	check_eq(c->last_event.queue, queue);
	check_eq(c->last_event.queue_is_tx, is_tx);
	check(c->last_event.dev == c->dev);
	check(c->log[0]);
	if (is_tx) {
		pkt = pkt_frame(c, 0, 100);
		check_eq(fn_tx_burst(fn_dev_txq(c->dev, queue), &pkt, 1), 0);
		fn_pkt_free(pkt);
	} else {
		check_eq(fn_rx_burst(fn_dev_rxq(c->dev, queue), &pkt, 1), 0);
	}
	/* Told once. */
	port_events(c);
	check_eq(c->events[FN_EVENT_QUEUE_BROKEN], 1);
}

BEHAVIOUR(broken_rx, NEED_LIAR,
	  "A receive queue that the device lied to breaks and says so, transmit goes on, and a "
	  "reset mends it.");
static void broken_rx(struct conform *c)
{
	port_start(c, (struct fn_dev_conf){ 0 });
	for (unsigned how = 0; how < PLACE_LIES; how++) {
		check_passes(c);
		break_queue(c, false, 0, how);
		tx_send_stream(c, c->tx, 1, 50, 100);
		wire_expect_stream(c, 1, 50, 100);
		check_ok(fn_dev_reset(c->dev));
		check_eq(fn_rxq_status(c->rx), 0);
		check_passes(c);
	}
}

BEHAVIOUR(broken_tx, NEED_LIAR_TX | NEED_STALL,
	  "A transmit queue that the device lied to breaks and says so, receive goes on, and a "
	  "reset counts what was in flight and mends it.");
static void broken_tx(struct conform *c)
{
	port_start(c, (struct fn_dev_conf){ 0 });
	for (unsigned how = 0; how < PLACE_LIES; how++) {
		check_passes(c);
		conform_wait_ns(c, CONFORM_QUIET_NS);
		(void)fn_tx_reclaim(c->tx);
		/* With one in flight it is not the number of completions that gives it away. */
		c->place->ops->stall(c, true);
		tx_send_stream(c, c->tx, 7, 1, 100);
		break_queue(c, true, 0, how);
		wire_send_stream(c, 1, 50, 100);
		rx_expect_stream(c, c->rx, 1, 50, 100);
		check_ok(fn_dev_reset(c->dev));
		c->place->ops->stall(c, false);
		check_eq(tx_counter(c->tx, FN_TX_DROP_BROKEN), how + 1u);
		check_eq(fn_txq_status(c->tx), 0);
		check_passes(c);
	}
}

/* A flow for each receive queue, whatever the device spreads them by. */
static void find_flows(struct conform *c, struct flow flows[PAIRS])
{
	unsigned found = 0;

	for (unsigned i = 0; i < 64 && found != (1u << PAIRS) - 1; i++) {
		const struct flow flow = flow_make(i & 1, PROTO_TCP, i);
		struct fn_pkt *pkt;
		unsigned queue;

		wire_send_flow(c, &flow);
		queue = rx_next_any(c, &pkt);
		fn_pkt_free(pkt);
		flows[queue] = flow;
		found |= 1u << queue;
	}
	check_eq(found, (1u << PAIRS) - 1);
}

static void tx_passes(struct conform *c, struct fn_txq *q)
{
	check_eq(fn_txq_status(q), 0);
	tx_send_stream(c, q, 1, 50, 100);
	wire_expect_stream(c, 1, 50, 100);
}

static void rx_passes(struct conform *c, struct fn_rxq *q, const struct flow *flow)
{
	static uint8_t want[FRAME_MAX];
	static uint8_t got[FRAME_MAX];
	const uint32_t len = flow_frame(flow, want, c->info.mac, peer_mac);

	check_eq(fn_rxq_status(q), 0);
	for (unsigned i = 0; i < 50; i++) {
		struct fn_pkt *pkt;

		wire_send(c, want, len);
		pkt = rx_next(c, q);
		check_eq(pkt_copy(pkt, got, sizeof(got)), len);
		check_mem(got, want, len);
		fn_pkt_free(pkt);
	}
}

/* One of several queues breaks: all others go on, of its kind and of the other. */
static void break_one(struct conform *c, bool is_tx, unsigned queue)
{
	struct flow flows[PAIRS];

	start_pairs(c, PAIRS);
	find_flows(c, flows);
	break_queue(c, is_tx, queue, 0);
	for (unsigned i = 0; i < PAIRS; i++) {
		if (!is_tx || i != queue)
			tx_passes(c, fn_dev_txq(c->dev, i));
		if (is_tx || i != queue)
			rx_passes(c, fn_dev_rxq(c->dev, i), &flows[i]);
	}
}

BEHAVIOUR(broken_one_of_many, NEED_LIAR_TX | NEED_QUEUES,
	  "Of several transmit queues the one that breaks is the one that says so; all other "
	  "queues, of both kinds, go on, and stop gives all packets back.");
static void broken_one_of_many(struct conform *c)
{
	break_one(c, true, 1);
	check_ok(fn_dev_stop(c->dev));
	check_eq(pool_info(c).outside, 0);
	port_start(c, (struct fn_dev_conf){ .rxqs = PAIRS, .txqs = PAIRS });
	tx_send_stream(c, fn_dev_txq(c->dev, 1), 1, 50, 100);
	wire_expect_stream(c, 1, 50, 100);
}

BEHAVIOUR(broken_rx_of_many, NEED_LIAR | NEED_QUEUES,
	  "Of several receive queues the one that breaks is the one that says so, and returns "
	  "nothing any more, until a reset mends it; all other queues, of both kinds, go on.");
static void broken_rx_of_many(struct conform *c)
{
	break_one(c, false, 1);
	check_ok(fn_dev_reset(c->dev));
	check_eq(fn_rxq_status(fn_dev_rxq(c->dev, 1)), 0);
	wait_until(port_link_up(c));
	check_passes(c);
}

const struct behaviour *const queues_behaviours[] = {
	&behaviour_tx_each_queue,     &behaviour_rx_each_once,
	&behaviour_queues_changed,    &behaviour_rings_changed,
	&behaviour_mtu_changed,       &behaviour_broken_rx,
	&behaviour_broken_tx,         &behaviour_broken_one_of_many,
	&behaviour_broken_rx_of_many, NULL,
};
