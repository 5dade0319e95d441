// SPDX-License-Identifier: BSD-3-Clause
/*
 * No register is read in the data path of the Intel drivers: a read stalls the processor for a
 * round trip over PCIe. Not for what is rare either: chains, offloads, errors, an empty pool.
 */
#include "intel_ring_port.h"
#include "model/model_build.h"

#define RX_OFFLOADS \
	(FN_OFFLOAD_RX_CSUM | FN_OFFLOAD_RX_HASH | FN_OFFLOAD_RX_VLAN | FN_OFFLOAD_RX_SCATTER)
#define TX_OFFLOADS                                                                                \
	(FN_OFFLOAD_TX_IP_CSUM | FN_OFFLOAD_TX_L4_CSUM | FN_OFFLOAD_TX_TSO4 | FN_OFFLOAD_TX_TSO6 | \
	 FN_OFFLOAD_TX_VLAN)

static uint8_t frame[MODEL_FRAME_MAX];

/* Registers that were read before what a test does. */
static unsigned reads;

static void quiet_start(uint64_t offloads)
{
	ring_start((struct fn_dev_conf){ .rx_ring = 64,
					 .tx_ring = 64,
					 .mtu = offloads & FN_OFFLOAD_RX_SCATTER ? 9000 : 0,
					 .offloads = offloads });
	reads = p.id.reads;
}

static void quiet_end(void)
{
	assert_int_equal(p.id.reads, reads);
	ring_end();
}

/* A packet that asks for something, in so many segments. */
static void ask(const struct model_build *b, unsigned segs, uint32_t flags)
{
	const uint32_t len = model_build(frame, b);
	const struct model_frame f = model_frame_parse(frame, len);
	struct fn_pkt *pkt = ring_chain(p.pool, frame, len, segs);

	pkt->l2_len = (uint8_t)f.l3;
	pkt->l3_len = (uint16_t)(f.l4 - f.l3);
	pkt->l4_len = (uint8_t)f.l4_hdr;
	pkt->mss = 500;
	pkt->vlan_tci = 7;
	pkt->flags = (uint16_t)(flags | (b->ip == 6 ? FN_PKT_TX_IPV6 : 0));
	sent_n = 0;
	assert_int_equal(fn_tx_burst(tx, &pkt, 1), 1);
	ring_flush();
	assert_true(sent_n > 0);
}

/* Contexts, segmentation, tags, chains, and what the driver pads itself. */
static void transmit(void **state)
{
	(void)state;
	quiet_start(TX_OFFLOADS);
	for (unsigned segs = 1; segs <= 3; segs++) {
		struct model_build b = { .ip = 4, .proto = MODEL_PROTO_TCP, .payload = 1400 };

		ask(&b, segs, 0);
		ask(&b, segs, FN_PKT_TX_TCP_CSUM);
		ask(&b, segs, FN_PKT_TX_TCP_CSUM | FN_PKT_TX_IP_CSUM | FN_PKT_VLAN);
		ask(&b, segs, FN_PKT_TX_TSO | FN_PKT_TX_TCP_CSUM);
		b.ip = 6;
		ask(&b, segs, FN_PKT_TX_TSO | FN_PKT_TX_TCP_CSUM);
		b.proto = MODEL_PROTO_UDP;
		ask(&b, segs, FN_PKT_TX_UDP_CSUM);
	}
	for (unsigned i = 0; i < 2; i++) {
		struct fn_pkt *pkt = ring_pkt(p.pool, frame, i ? 20 : 0);

		assert_int_equal(fn_tx_burst(tx, &pkt, 1), 1);
		ring_flush();
	}
	assert_int_equal(tx_counter(FN_TX_DROP_EMPTY), 1);
	quiet_end();
}

/* A ring that is full, and one whose packets come back late. */
static void ring_full(void **state)
{
	(void)state;
	quiet_start(0);
	for (unsigned lap = 0; lap < 5; lap++) {
		struct fn_pkt *pkts[80];
		unsigned taken;

		for (unsigned i = 0; i < 80; i++)
			pkts[i] = ring_pkt(p.pool, frame_data(46), 60);
		taken = fn_tx_burst(tx, pkts, 80);
		assert_in_range(taken, 40, 63);
		assert_int_equal(fn_tx_reclaim(tx), 0);
		fn_pkt_free_bulk(pkts + taken, 80 - taken);
		sent_n = 0;
		ring_flush();
	}
	quiet_end();
}

static void come_and_take(uint32_t len)
{
	struct fn_pkt *pkt;

	assert_int_equal(intel_dev_receive(&p.id, frame, len), 0);
	assert_int_equal(fn_rx_burst(rx, &pkt, 1), 1);
	assert_int_equal(pkt->extra_segs, (len - 1) / 2048);
	fn_pkt_free(pkt);
	assert_int_equal(fn_rx_burst(rx, &pkt, 1), 0);
}

/* Frames in one buffer and in many, with tags, and with checksums that are good and bad. */
static void receive(void **state)
{
	(void)state;
	quiet_start(RX_OFFLOADS);
	for (unsigned i = 0; i < 200; i++) {
		const struct model_build b = { .ip = i & 1 ? 6 : 4,
					       .proto = i & 2 ? MODEL_PROTO_TCP : MODEL_PROTO_UDP,
					       .payload = i * 1009 % 8800,
					       .vlan = i % 5 ? 0 : 9,
					       .bad_ip = i % 7 == 0,
					       .bad_l4 = i % 11 == 0 };
		uint32_t len = model_build(frame, &b);

		/* What the tag takes is no data any more. */
		if (b.vlan && len % 2048 <= 4)
			continue;
		come_and_take(len < 60 ? 60 : len);
	}
	assert_true(rx_counter(FN_RX_CSUM_BAD) > 0);
	quiet_end();
}

static struct fn_pkt *held[PORT_PKTS];

/* A pool and a ring that ran dry. */
static void pool_empty(void **state)
{
	unsigned held_n = 0;
	struct fn_pkt *pkt;

	(void)state;
	quiet_start(0);
	numbered(frame, 1, 60);
	while (held_n < PORT_PKTS && (held[held_n] = fn_pkt_alloc(p.pool)) != NULL)
		held_n++;
	while (intel_dev_receive(&p.id, frame, 60) == 0) {
		assert_int_equal(fn_rx_burst(rx, &pkt, 1), 1);
		held[held_n++] = pkt;
	}
	assert_int_equal(fn_rx_burst(rx, &pkt, 1), 0);
	assert_true(rx_counter(FN_RX_RING_DRY) > 0);
	fn_pkt_free_bulk(held, held_n);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(fn_rx_burst(rx, &pkt, 1), 0);
	come_and_take(60);
	quiet_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ALL(transmit),
		ALL(ring_full),
		ALL(receive),
		ALL(pool_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
