// SPDX-License-Identifier: BSD-3-Clause
/* What nobody looked at until mutations survived (tests/mutation). */
#include <errno.h>

#include "conform/conform.h"
#include "conform/ref_csum.h"

#define DELAY_NS 2000000u

/* How long ten frames' interrupts take together, each waited for. */
static uint64_t interrupts_ns(struct conform *c)
{
	uint64_t took_ns = 0;

	c->rx = fn_dev_rxq(c->dev, 0);
	check_passes(c);
	(void)irq_signals(fn_rxq_event_fd(c->rx));
	for (unsigned i = 0; i < 10; i++) {
		uint64_t start_ns;

		check_ok(fn_rxq_arm(c->rx));
		start_ns = conform_now_ns(c);
		wire_send_stream(c, i, 1, 100);
		irq_expect(c, fn_rxq_event_fd(c->rx));
		took_ns += conform_now_ns(c) - start_ns;
		rx_expect_stream(c, c->rx, i, 1, 100);
	}
	return took_ns;
}

#define check_delayed(delay_ns)                                 \
	do {                                                    \
		const uint64_t took_ns = interrupts_ns(c);      \
		/* QEMU's e1000e delays every second one. */    \
		check(took_ns > 10 * (uint64_t)(delay_ns) / 4); \
		check(took_ns < 100 * (uint64_t)(delay_ns));    \
	} while (0)

BEHAVIOUR(coalesce_in_force, NEED_REALTIME,
	  "A delay of interrupts is as long as it was asked to be, and is in force again after a "
	  "reset, and after a stop and a start.");
static void coalesce_in_force(struct conform *c)
{
	struct fn_coalesce set = { .sz = sizeof(set), .rx_delay_ns = DELAY_NS };

	need_cap(c, FN_CAP_COALESCE);
	port_start(c, (struct fn_dev_conf){ 0 });
	if (c->info.coalesce_max_ns < DELAY_NS)
		set.rx_delay_ns = c->info.coalesce_max_ns;
	check_ok(fn_dev_set_coalesce(c->dev, &set));
	check_delayed(set.rx_delay_ns);
	check_ok(fn_dev_reset(c->dev));
	check_delayed(set.rx_delay_ns);
	check_ok(fn_dev_stop(c->dev));
	check_ok(fn_dev_start(c->dev));
	check_delayed(set.rx_delay_ns);
}

static bool link_is(struct conform *c, bool up)
{
	port_events(c);
	return port_link_up(c) == up;
}

BEHAVIOUR(announce_answered, NEED_ANNOUNCE | NEED_LINK,
	  "A call for an announcement is answered: what the device tells next does not repeat it.");
static void announce_answered(struct conform *c)
{
	port_start(c, (struct fn_dev_conf){ 0 });
	c->place->ops->announce(c);
	wait_until((port_events(c), c->events[FN_EVENT_ANNOUNCE] > 0));
	c->place->ops->link(c, false);
	wait_until(link_is(c, false));
	c->place->ops->link(c, true);
	wait_until(link_is(c, true));
	conform_wait_ns(c, CONFORM_QUIET_NS);
	port_events(c);
	check_eq(c->events[FN_EVENT_ANNOUNCE], 1);
	wire_discard(c);
	check_passes(c);
}

/* A UDP frame whose checksum adds up to zero, and is sent as 0xffff. */
static uint32_t zero_sum(struct conform *c, bool ipv6, uint8_t *frame)
{
	struct flow flow = flow_make(ipv6, PROTO_UDP, 3);
	struct layout at;
	uint32_t len;
	uint8_t *udp;

	flow.payload = 100;
	len = flow_frame(&flow, frame, c->info.mac, peer_mac);
	at = layout_of(frame, len);
	udp = frame + at.l2_len + at.l3_len;
	/* Add what is missing to the first word of payload. */
	put16(udp + 8, ref_fold((uint32_t)get16(udp + 8) + get16(udp + 6)));
	ref_csum_fill(frame, len);
	check_eq(get16(udp + 6), 0xffff);
	return len;
}

BEHAVIOUR(rx_csum_partial_zero, NEED_REQUESTS,
	  "A UDP checksum that adds up to zero is completed as 0xffff: zero means that there is "
	  "none.");
static void rx_csum_partial_zero(struct conform *c)
{
	static uint8_t whole[2048];
	static uint8_t frame[2048];
	static uint8_t got[2048];

	need_offload(c, FN_OFFLOAD_RX_CSUM);
	port_start(c, (struct fn_dev_conf){ .offloads = FN_OFFLOAD_RX_CSUM });
	for (unsigned v6 = 0; v6 < 2; v6++) {
		const uint32_t len = zero_sum(c, v6, whole);
		const struct layout at = layout_of(whole, len);
		const uint16_t start = (uint16_t)(at.l2_len + at.l3_len);
		const struct wire_request request = { .flags = WIRE_NEEDS_CSUM,
						      .csum_start = start,
						      .csum_offset = 6 };
		struct fn_pkt *pkt;

		memcpy(frame, whole, len);
		put16(frame + start + 6, ref_fold(ref_pseudo_sum(frame, &at, len - start)));
		wire_send_request(c, &request, frame, len);
		pkt = rx_next(c, c->rx);
		check_eq(pkt_copy(pkt, got, sizeof(got)), len);
		fn_pkt_free(pkt);
		check_mem(got, whole, len);
	}
}

BEHAVIOUR(reset_does_not_wait, NEED_STALL,
	  "A reset of a device that takes nothing any more does not wait for what is queued, "
	  "however long a stop would.");
static void reset_does_not_wait(struct conform *c)
{
	const uint64_t drain_ns = CONFORM_WAIT_NS / 2;
	uint64_t start_ns;

	port_start(c, (struct fn_dev_conf){ .stop_drain_ns = drain_ns });
	c->place->ops->stall(c, true);
	for (unsigned i = 0; i < 20; i++) {
		struct fn_pkt *pkt = pkt_frame(c, i, 1400);

		if (fn_tx_burst(c->tx, &pkt, 1) != 1)
			fn_pkt_free(pkt);
	}
	start_ns = conform_now_ns(c);
	check_ok(fn_dev_reset(c->dev));
	check(conform_now_ns(c) - start_ns < drain_ns);
	c->place->ops->stall(c, false);
	wait_until(port_link_up(c));
	wire_discard(c);
	check_passes(c);
}

static bool broke(struct fn_rxq *q)
{
	struct fn_pkt *pkt = NULL;

	if (fn_rx_burst(q, &pkt, 1) == 1)
		fn_pkt_free(pkt);
	return fn_rxq_status(q) == -EIO;
}

BEHAVIOUR(broken_rx_of_many, NEED_LIAR | NEED_QUEUES,
	  "Of several receive queues the one that breaks is the one that says so, and returns "
	  "nothing any more.");
static void broken_rx_of_many(struct conform *c)
{
	struct fn_pkt *pkt;

	need_queues(c, 2, 2);
	port_start(c, (struct fn_dev_conf){ .rxqs = 2, .txqs = 2 });
	c->place->ops->lie(c, false, 1, 0);
	wait_until(broke(fn_dev_rxq(c->dev, 1)));
	port_events(c);
	check_eq(c->events[FN_EVENT_QUEUE_BROKEN], 1);
	check_eq(c->last_event.queue, 1);
	check_eq(fn_rxq_status(fn_dev_rxq(c->dev, 0)), 0);
	check_eq(fn_rx_burst(fn_dev_rxq(c->dev, 1), &pkt, 1), 0);
	check_ok(fn_dev_reset(c->dev));
	check_eq(fn_rxq_status(fn_dev_rxq(c->dev, 1)), 0);
	wait_until(port_link_up(c));
	check_passes(c);
}

BEHAVIOUR(rx_dry_recovers, 0,
	  "A ring that has run dry, with the pool empty too, is filled again once packets are "
	  "back, and no frame has to come first.");
static void rx_dry_recovers(struct conform *c)
{
	static struct fn_pkt *held[16384];
	struct fn_pkt *pkt;
	unsigned n;

	port_start(c, (struct fn_dev_conf){ .rx_ring = 64 });
	n = rx_take_all(c, held, FN_ARRAY_LEN(held));
	check_eq(fn_rxq_status(c->rx), 0);
	fn_pkt_free_bulk(held, n);
	for (unsigned i = 0; i < 200; i++) {
		while (fn_rx_burst(c->rx, &pkt, 1) == 1)
			fn_pkt_free(pkt);
		conform_wait(c);
	}
	wire_send_stream(c, 5000, 40, 100);
	rx_expect_stream(c, c->rx, 5000, 40, 100);
}

BEHAVIOUR(rx_scattered_forwarded, 0,
	  "A frame that came in as a chain says how many segments it has, and leaves again as it "
	  "came.");
static void rx_scattered_forwarded(struct conform *c)
{
	static uint8_t buf[FRAME_MAX];

	need_offload(c, FN_OFFLOAD_RX_SCATTER);
	if (c->info.mtu_max < 9000)
		conform_skip(c, "the device takes no long frames");
	port_start(c, (struct fn_dev_conf){ .mtu = 9000, .offloads = FN_OFFLOAD_RX_SCATTER });
	for (unsigned seq = 0; seq < 30; seq++) {
		const uint32_t len = 1500 + seq * 250;
		struct fn_pkt *pkt;
		unsigned segs = 0;

		wire_send_stream(c, seq, 1, len);
		pkt = rx_next(c, c->rx);
		for (const struct fn_pkt *seg = pkt; seg; seg = seg->next)
			segs++;
		check_eq(pkt->extra_segs + 1u, segs);
		tx_send(c, c->tx, pkt);
		check_eq(wire_recv(c, buf, sizeof(buf)), len);
		check_frame(c, buf, len, seq, len);
	}
}

BEHAVIOUR(rx_scattered_in_a_row, 0,
	  "Frames of all lengths around the end of a chain's last buffer come in whole and in "
	  "order among short ones, several at a time.");
static void rx_scattered_in_a_row(struct conform *c)
{
	uint32_t room;
	unsigned seq = 0;

	need_offload(c, FN_OFFLOAD_RX_SCATTER);
	if (c->info.mtu_max < 9000)
		conform_skip(c, "the device takes no long frames");
	port_start(c, (struct fn_dev_conf){
			      .mtu = 9000, .rx_ring = 64, .offloads = FN_OFFLOAD_RX_SCATTER });
	room = pool_info(c).room_bytes;
	for (unsigned more = 0; more < 48; more++, seq += 4) {
		for (unsigned i = 0; i < 4; i++)
			wire_send_stream(c, seq + i, 1, i == 3 ? 60 : (i + 1) * room + more);
		for (unsigned i = 0; i < 4; i++)
			rx_expect_stream(c, c->rx, seq + i, 1, i == 3 ? 60 : (i + 1) * room + more);
	}
	check_eq(fn_rxq_status(c->rx), 0);
	check_eq(rx_counter(c->rx, FN_RX_PACKETS), seq);
}

BEHAVIOUR(little_headroom, 0,
	  "With hardly any headroom in the pool frames come in, leave, and are forwarded whole.");
static void little_headroom(struct conform *c)
{
	static uint8_t buf[FRAME_MAX];

	c->pool_opts.headroom = 1;
	port_start(c, (struct fn_dev_conf){ .rx_ring = 32, .tx_ring = 32 });
	check_passes(c);
	for (unsigned seq = 0; seq < 100; seq++) {
		const uint32_t len = 60 + seq * 14;

		wire_send_stream(c, seq, 1, len);
		tx_send(c, c->tx, rx_next(c, c->rx));
		check_eq(wire_recv(c, buf, sizeof(buf)), len);
		check_frame(c, buf, len, seq, len);
	}
}

BEHAVIOUR(rx_hash_of_nothing, 0, "A frame that is not IP comes without a hash.");
static void rx_hash_of_nothing(struct conform *c)
{
	struct fn_pkt *pkt;

	need_offload(c, FN_OFFLOAD_RX_HASH);
	port_start(c, (struct fn_dev_conf){ .offloads = FN_OFFLOAD_RX_HASH });
	wire_send_stream(c, 1, 1, 100);
	pkt = rx_next(c, c->rx);
	check_eq(pkt->flags & FN_PKT_HASH, 0);
	fn_pkt_free(pkt);
}

BEHAVIOUR(bursts_counted, 0,
	  "The counter of receive bursts counts the calls that returned packets, each once, and no "
	  "others.");
static void bursts_counted(struct conform *c)
{
	uint64_t before;
	uint64_t calls = 0;
	unsigned got = 0;

	port_start(c, (struct fn_dev_conf){ 0 });
	before = rx_counter(c->rx, FN_RX_BURSTS);
	wire_send_stream(c, 1, 20, 100);
	for (const uint64_t start_ns = conform_now_ns(c); got < 20;) {
		struct fn_pkt *pkts[3];
		const unsigned n = fn_rx_burst(c->rx, pkts, 3);

		check(conform_now_ns(c) - start_ns < CONFORM_WAIT_NS);
		calls += n != 0;
		got += n;
		fn_pkt_free_bulk(pkts, n);
		if (!n)
			conform_wait(c);
	}
	check_eq(rx_counter(c->rx, FN_RX_BURSTS) - before, calls);
}

const struct behaviour *const gaps_behaviours[] = {
	&behaviour_rx_dry_recovers,       &behaviour_rx_scattered_forwarded,
	&behaviour_rx_scattered_in_a_row, &behaviour_little_headroom,
	&behaviour_rx_hash_of_nothing,    &behaviour_bursts_counted,
	&behaviour_reset_does_not_wait,   &behaviour_broken_rx_of_many,
	&behaviour_coalesce_in_force,     &behaviour_announce_answered,
	&behaviour_rx_csum_partial_zero,  NULL,
};
