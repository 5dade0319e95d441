// SPDX-License-Identifier: BSD-3-Clause
/* Transmit checksums of virtio-net: every kind of packet that asks for one, and what is refused. */
#include "drivers/virtio/virtio_net.h"
#include "virtio_offload.h"

static uint8_t frame[MODEL_FRAME_MAX];

static const uint32_t payloads[] = { 0, 1, 2, 3, 6, 17, 100, 1001, 1440 };

/* The checksum as an application leaves it: anything. */
static void garble(uint8_t *bytes, uint32_t len)
{
	const struct model_frame f = model_frame_parse(bytes, len);

	model_put_be16(bytes + f.l4 + model_l4_csum_offset(f.proto), 0xdead);
}

/* The frame on the wire is the one that the packet stands for, padded with zeros. */
static void assert_wire(unsigned n, const uint8_t *want, uint32_t len)
{
	assert_int_equal(wire.len[n], len < 60 ? 60 : len);
	assert_memory_equal(wire.frame[n], want, len);
	for (uint32_t i = len; i < 60; i++)
		assert_int_equal(wire.frame[n][i], 0);
}

/* Send a frame in segments of @first and then @other bytes, its checksum left to the device. */
static void send_one(struct port *p, const struct model_build *b, uint32_t first, uint32_t other)
{
	const uint32_t len = model_build(frame, b);
	uint8_t want[2048];
	struct fn_pkt *pkt;

	memcpy(want, frame, len);
	garble(frame, len);
	pkt = offload_pkt(p->pool, frame, len, first, other);
	offload_ask(pkt, want, len);
	wire.n = 0;
	assert_int_equal(fn_tx_burst(p->tx, &pkt, 1), 1);
	assert_int_equal(virtio_dev_transmit(&p->vd, 0, 1), 1);
	assert_int_equal(wire.n, 1);
	assert_wire(0, want, len);
}

static void send_kinds(struct port *p, uint32_t first, uint32_t other)
{
	struct model_build b = { .sport = 1234, .dport = 80 };

	for (unsigned i = 0; i < 8 * FN_ARRAY_LEN(payloads); i++) {
		b.ip = i & 1 ? 6 : 4;
		b.proto = i & 2 ? MODEL_PROTO_UDP : MODEL_PROTO_TCP;
		b.vlan = i & 4 ? 0x2005 : 0;
		b.payload = payloads[i / 8];
		b.seq = i;
		send_one(p, &b, first, other);
	}
	(void)fn_tx_reclaim(p->tx);
}

static void kinds_with(uint64_t offloads, uint32_t headroom, uint64_t less)
{
	struct fn_dev_info info = { .sz = sizeof(info) };
	struct port p;

	offload_init(&p, less);
	p.pool_opts.headroom = headroom;
	port_start(&p, (struct fn_dev_conf){ .tx_ring = 64, .rx_ring = 8, .offloads = offloads });
	fn_dev_get_info(p.dev, &info);
	assert_true((info.offloads_max & offloads) == offloads);
	/* In one piece, with the payload cut oddly, and with nothing but headers in front. */
	send_kinds(&p, 2000, 2000);
	send_kinds(&p, 97, 301);
	send_kinds(&p, 82, 1000);
	assert_int_equal(tx_counter(&p, FN_TX_DROP_OFFLOAD), 0);
	assert_int_equal(port_pool(&p).outside, 8);
	port_end(&p);
}

static void every_kind(void **state)
{
	(void)state;
	kinds_with(FN_OFFLOAD_TX_L4_CSUM, 0, 0);
	kinds_with(FN_OFFLOAD_TX_L4_CSUM, 0, VDEV_F_EVENT_IDX);
	kinds_with(FN_OFFLOAD_TX_L4_CSUM, FN_POOL_NO_HEADROOM, 0);
	kinds_with(FN_OFFLOAD_TX_L4_CSUM | FN_OFFLOAD_RX_HASH, 0, 0);
	kinds_with(FN_OFFLOAD_TX_L4_CSUM | FN_OFFLOAD_RX_HASH, 19, 0);
	kinds_with(FN_OFFLOAD_TX_L4_CSUM | FN_OFFLOAD_RX_HASH, 13, 0);
}

/* Bursts of the common kind, among packets that ask for nothing, for some laps of the ring. */
static void laps(void **state)
{
	struct fn_pkt *pkts[32];
	struct fn_dev_info info = { .sz = sizeof(info) };
	struct port p;

	(void)state;
	offload_init(&p, 0);
	port_start(&p, (struct fn_dev_conf){
			       .tx_ring = 64, .rx_ring = 8, .offloads = FN_OFFLOAD_TX_L4_CSUM });
	fn_dev_get_info(p.dev, &info);
	assert_string_equal(info.tx_variant, "split offload");
	for (unsigned round = 0; round < 20; round++) {
		wire.n = 0;
		for (unsigned i = 0; i < 32; i++) {
			const struct model_build b = { .ip = 4,
						       .proto = MODEL_PROTO_UDP,
						       .payload = 30 + i,
						       .seq = round * 32 + i };
			const uint32_t len = model_build(frame, &b);

			if (i % 3)
				garble(frame, len);
			pkts[i] = offload_pkt(p.pool, frame, len, 2000, 0);
			if (i % 3)
				offload_ask(pkts[i], frame, len);
		}
		assert_int_equal(fn_tx_burst(p.tx, pkts, 32), 32);
		/* Plain packets all of them: none went the long way. */
		assert_int_equal(((struct virtio_txq *)p.tx)->slow, 0);
		assert_int_equal(virtio_dev_transmit(&p.vd, 0, 32), 32);
		for (unsigned i = 0; i < 32; i++) {
			const struct model_build b = { .ip = 4,
						       .proto = MODEL_PROTO_UDP,
						       .payload = 30 + i,
						       .seq = round * 32 + i };

			assert_wire(i, frame, model_build(frame, &b));
		}
	}
	port_end(&p);
}

/* What is wrong with a packet's wishes; the packet is a frame of TCP or UDP with 100 bytes. */
struct misfit {
	const char *what;
	uint8_t ip;
	uint8_t proto;
	void (*spoil)(struct fn_pkt *pkt);
};

static void no_flags(struct fn_pkt *pkt)
{
	pkt->flags |= FN_PKT_TX_TCP_CSUM | FN_PKT_TX_UDP_CSUM;
}

static void sctp(struct fn_pkt *pkt)
{
	pkt->flags = FN_PKT_TX_SCTP_CSUM;
}

static void ip_csum(struct fn_pkt *pkt)
{
	pkt->flags |= FN_PKT_TX_IP_CSUM;
}

static void vlan(struct fn_pkt *pkt)
{
	pkt->flags |= FN_PKT_VLAN;
}

static void tso(struct fn_pkt *pkt)
{
	pkt->flags |= FN_PKT_TX_TSO;
	pkt->mss = 10;
}

static void other_version(struct fn_pkt *pkt)
{
	pkt->flags ^= FN_PKT_TX_IPV6;
}

static void l2_long(struct fn_pkt *pkt)
{
	pkt->l2_len = 255;
}

static void l2_short(struct fn_pkt *pkt)
{
	pkt->l2_len = 0;
}

static void l3_long(struct fn_pkt *pkt)
{
	pkt->l3_len = UINT16_MAX;
}

static void l3_short(struct fn_pkt *pkt)
{
	pkt->l3_len = 19;
}

static void l3_none(struct fn_pkt *pkt)
{
	pkt->l3_len = 0;
}

static void l3_to_the_end(struct fn_pkt *pkt)
{
	pkt->l3_len = (uint16_t)(pkt->len - pkt->l2_len - 7);
}

static void l3_more(struct fn_pkt *pkt)
{
	pkt->l3_len = (uint16_t)(pkt->l3_len + 4);
}

static void ip_says_more(struct fn_pkt *pkt)
{
	pkt->data[14 + (pkt->flags & FN_PKT_TX_IPV6 ? 5 : 3)] += 1;
}

static void ip_says_less(struct fn_pkt *pkt)
{
	pkt->data[14 + (pkt->flags & FN_PKT_TX_IPV6 ? 5 : 3)] -= 1;
}

static void ip_says_nothing(struct fn_pkt *pkt)
{
	memset(pkt->data + 14 + (pkt->flags & FN_PKT_TX_IPV6 ? 4 : 2), 0, 2);
}

static void truncated(struct fn_pkt *pkt)
{
	(void)fn_pkt_trim_tail(pkt, (uint16_t)(pkt->len - 41));
}

static void only_ethernet(struct fn_pkt *pkt)
{
	(void)fn_pkt_trim_tail(pkt, (uint16_t)(pkt->len - 14));
}

static const struct misfit misfits[] = {
	{ "two checksums", 4, MODEL_PROTO_TCP, no_flags },
	{ "SCTP", 4, MODEL_PROTO_UDP, sctp },
	{ "the IP header", 4, MODEL_PROTO_TCP, ip_csum },
	{ "a VLAN tag", 4, MODEL_PROTO_TCP, vlan },
	{ "segmentation", 4, MODEL_PROTO_TCP, tso },
	{ "IPv4 called IPv6", 4, MODEL_PROTO_TCP, other_version },
	{ "IPv6 called IPv4", 6, MODEL_PROTO_UDP, other_version },
	{ "l2_len beyond", 4, MODEL_PROTO_UDP, l2_long },
	{ "l2_len 0", 4, MODEL_PROTO_UDP, l2_short },
	{ "l3_len beyond", 6, MODEL_PROTO_TCP, l3_long },
	{ "l3_len too short", 4, MODEL_PROTO_TCP, l3_short },
	{ "l3_len 19 of IPv6", 6, MODEL_PROTO_TCP, l3_short },
	{ "l3_len 0", 4, MODEL_PROTO_TCP, l3_none },
	{ "no room for UDP", 4, MODEL_PROTO_UDP, l3_to_the_end },
	{ "no room for UDP", 6, MODEL_PROTO_UDP, l3_to_the_end },
	{ "l3_len not the header's", 4, MODEL_PROTO_TCP, l3_more },
	{ "IPv4 longer than the frame", 4, MODEL_PROTO_TCP, ip_says_more },
	{ "IPv6 longer than the frame", 6, MODEL_PROTO_TCP, ip_says_more },
	{ "bytes behind IPv4", 4, MODEL_PROTO_UDP, ip_says_less },
	{ "bytes behind IPv6", 6, MODEL_PROTO_UDP, ip_says_less },
	{ "no bytes by IPv4", 4, MODEL_PROTO_TCP, ip_says_nothing },
	{ "no bytes by IPv6", 6, MODEL_PROTO_TCP, ip_says_nothing },
	{ "cut in the TCP header", 4, MODEL_PROTO_TCP, truncated },
	{ "cut behind Ethernet", 6, MODEL_PROTO_UDP, only_ethernet },
};

/* Dropped and counted, with nothing read or written outside (the sanitizer says so). */
static void refused(void **state)
{
	struct fn_pkt *pkt;
	struct port p;

	(void)state;
	offload_init(&p, 0);
	port_start(&p, (struct fn_dev_conf){ .rx_ring = 8, .offloads = FN_OFFLOAD_TX_L4_CSUM });
	for (unsigned i = 0; i < FN_ARRAY_LEN(misfits); i++) {
		const struct model_build b = { .ip = misfits[i].ip,
					       .proto = misfits[i].proto,
					       .payload = 100 };
		const uint32_t len = model_build(frame, &b);

		pkt = offload_pkt(p.pool, frame, len, 2000, 0);
		offload_ask(pkt, frame, len);
		misfits[i].spoil(pkt);
		assert_int_equal(fn_tx_burst(p.tx, &pkt, 1), 1);
		if (tx_counter(&p, FN_TX_DROP_OFFLOAD) != i + 1 || port_pool(&p).outside != 8)
			fail_msg("%s: not dropped", misfits[i].what);
	}
	assert_int_equal(virtio_dev_transmit(&p.vd, 0, 1), 0);
	/* Headers that are not in the first segment: at each byte of them. */
	for (uint32_t first = 1; first < 54; first++) {
		const struct model_build b = { .ip = 4, .proto = MODEL_PROTO_TCP, .payload = 100 };
		const uint32_t len = model_build(frame, &b);

		pkt = offload_pkt(p.pool, frame, len, first, 1000);
		offload_ask(pkt, frame, len);
		assert_int_equal(fn_tx_burst(p.tx, &pkt, 1), 1);
		assert_int_equal(tx_counter(&p, FN_TX_DROP_OFFLOAD), FN_ARRAY_LEN(misfits) + first);
	}
	assert_int_equal(virtio_dev_transmit(&p.vd, 0, 1), 0);
	assert_int_equal(tx_counter(&p, FN_TX_PACKETS), 0);
	port_end(&p);
}

/* Every value of the lengths: never out of bounds, and sent only where they are right. */
static void any_lengths(void **state)
{
	const struct model_build b = { .ip = 4, .proto = MODEL_PROTO_TCP, .payload = 10 };
	struct port p;
	unsigned sent = 0;

	(void)state;
	offload_init(&p, 0);
	p.pool_opts.room_bytes = 64;
	port_start(&p, (struct fn_dev_conf){ .rx_ring = 1024,
					     .mtu = 68,
					     .offloads = FN_OFFLOAD_TX_L4_CSUM |
							 FN_OFFLOAD_RX_SCATTER });
	for (unsigned l2 = 0; l2 < 256; l2++)
		for (unsigned l3 = 0; l3 < 300; l3++) {
			const uint32_t len = model_build(frame, &b);
			struct fn_pkt *pkt = offload_pkt(p.pool, frame, len, 2000, 0);

			offload_ask(pkt, frame, len);
			pkt->l2_len = (uint8_t)l2;
			pkt->l3_len = (uint16_t)l3;
			assert_int_equal(fn_tx_burst(p.tx, &pkt, 1), 1);
			sent += virtio_dev_transmit(&p.vd, 0, 1);
		}
	assert_int_equal(sent, 1);
	port_end(&p);
}

/* What others read too is not written to: it is dropped under its own reason. */
static void shared(void **state)
{
	const struct model_build b = { .ip = 4, .proto = MODEL_PROTO_TCP, .payload = 100 };
	const uint32_t len = model_build(frame, &b);
	struct fn_dma mem;
	struct fn_pkt *pkts[4];
	struct fn_pkt *kept[2];
	struct port p;

	(void)state;
	offload_init(&p, 0);
	port_start(&p, (struct fn_dev_conf){ .rx_ring = 8, .offloads = FN_OFFLOAD_TX_L4_CSUM });
	assert_int_equal(fn_dma_alloc(p.ctx, 4096, NULL, &mem), 0);
	garble(frame, len);
	pkts[0] = offload_pkt(p.pool, frame, len, 2000, 0);
	offload_ask(pkts[0], frame, len);
	assert_int_equal(fn_pkt_ref(pkts[0]), 0);
	kept[0] = pkts[0];
	kept[1] = offload_pkt(p.pool, frame, len, 2000, 0);
	offload_ask(kept[1], frame, len);
	pkts[1] = fn_pkt_clone(p.pool, kept[1]);
	assert_non_null(pkts[1]);
	pkts[2] = fn_pkt_alloc(p.pool);
	memcpy(mem.va, frame, len);
	assert_int_equal(fn_pkt_attach(pkts[2], mem.va, len, NULL, NULL), 0);
	offload_ask(pkts[2], frame, len);
	/* Data that is shared behind headers that are not is fine. */
	pkts[3] = offload_pkt(p.pool, frame, 54, 2000, 0);
	offload_ask(pkts[3], frame, len);
	pkts[3]->l4_len = 0;
	(void)fn_pkt_trim_head(pkts[1], 54);
	assert_int_equal(fn_pkt_chain(pkts[3], pkts[1]), 0);
	pkts[1] = fn_pkt_clone(p.pool, kept[1]);
	assert_int_equal(fn_tx_burst(p.tx, pkts, 4), 4);
	assert_int_equal(tx_counter(&p, FN_TX_DROP_SHARED), 3);
	assert_int_equal(virtio_dev_transmit(&p.vd, 0, 4), 1);
	assert_int_equal(wire.n, 1);
	for (unsigned i = 0; i < 2; i++) {
		assert_memory_equal(kept[i]->data, frame, len);
		fn_pkt_free(kept[i]);
	}
	assert_memory_equal(mem.va, frame, len);
	assert_memory_equal(wire.frame[0] + 54, frame + 54, len - 54);
	(void)fn_tx_reclaim(p.tx);
	fn_dma_free(p.ctx, &mem);
	assert_int_equal(port_pool(&p).outside, 8);
	port_end(&p);
}

/* Padding of a short frame that was received is the one thing allowed behind the IP packet. */
static void padded_frames(void **state)
{
	struct model_build b = { .ip = 4, .proto = MODEL_PROTO_UDP, .payload = 5 };
	const uint32_t len = model_build(frame, &b);
	uint8_t want[64] = { 0 };
	struct fn_pkt *pkt;
	struct port p;

	(void)state;
	offload_init(&p, 0);
	port_start(&p, (struct fn_dev_conf){ .rx_ring = 8, .offloads = FN_OFFLOAD_TX_L4_CSUM });
	memcpy(want, frame, len);
	for (uint32_t all = len + 1; all <= 64; all++) {
		garble(frame, len);
		memset(frame + len, 0x77, 100);
		pkt = offload_pkt(p.pool, frame, all, 2000, 0);
		offload_ask(pkt, want, len);
		wire.n = 0;
		assert_int_equal(fn_tx_burst(p.tx, &pkt, 1), 1);
		assert_int_equal(virtio_dev_transmit(&p.vd, 0, 1), 1);
		assert_int_equal(wire.len[0], all < 60 ? 60 : all);
		assert_memory_equal(wire.frame[0], want, all);
	}
	pkt = offload_pkt(p.pool, frame, 65, 2000, 0);
	offload_ask(pkt, want, len);
	assert_int_equal(fn_tx_burst(p.tx, &pkt, 1), 1);
	assert_int_equal(tx_counter(&p, FN_TX_DROP_OFFLOAD), 1);
	/* A short frame whose IP header says that it is longer has nothing behind it. */
	for (uint32_t all = 43; all < len; all++) {
		(void)model_build(frame, &b);
		pkt = offload_pkt(p.pool, frame, all, 2000, 0);
		offload_ask(pkt, want, len);
		assert_int_equal(fn_tx_burst(p.tx, &pkt, 1), 1);
		assert_int_equal(tx_counter(&p, FN_TX_DROP_OFFLOAD), 2 + all - 43);
	}
	port_end(&p);
}

/* A packet that finds no room is the caller's as it was. */
static void no_room(void **state)
{
	const struct model_build b = { .ip = 6, .proto = MODEL_PROTO_TCP, .payload = 100 };
	const uint32_t len = model_build(frame, &b);
	struct fn_pkt *pkt;
	struct port p;

	(void)state;
	offload_init(&p, 0);
	port_start(&p, (struct fn_dev_conf){
			       .tx_ring = 8, .rx_ring = 8, .offloads = FN_OFFLOAD_TX_L4_CSUM });
	garble(frame, len);
	for (unsigned i = 0; i < 8; i++) {
		pkt = offload_pkt(p.pool, frame, len, 2000, 0);
		offload_ask(pkt, frame, len);
		assert_int_equal(fn_tx_burst(p.tx, &pkt, 1), 1);
	}
	for (unsigned i = 0; i < 2; i++) {
		uint8_t bytes[2048];

		pkt = offload_pkt(p.pool, frame, len, i ? 80 : 2000, 1000);
		offload_ask(pkt, frame, len);
		assert_int_equal(fn_tx_burst(p.tx, &pkt, 1), 0);
		assert_int_equal(offload_bytes(pkt, bytes), len);
		assert_memory_equal(bytes, frame, len);
		fn_pkt_free(pkt);
	}
	port_end(&p);
}

/* What the receive side says of a packet asks transmit for nothing, with offloads on or off. */
static void flags_of_receive(void **state)
{
	static const uint64_t offloads[] = { 0, FN_OFFLOAD_RX_CSUM, FN_OFFLOAD_RX_HASH,
					     FN_OFFLOAD_TX_L4_CSUM };
	const uint16_t rx = (uint16_t) ~(FN_PKT_TX_MASK | 0xc000u);

	(void)state;
	for (unsigned i = 0; i < FN_ARRAY_LEN(offloads); i++) {
		struct fn_pkt *pkt;
		struct port p;

		offload_init(&p, 0);
		port_start(&p, (struct fn_dev_conf){ .rx_ring = 8, .offloads = offloads[i] });
		for (unsigned seq = 0; seq < 100; seq++) {
			pkt = port_pkt(&p, seq);
			pkt->flags = rx & (uint16_t)(seq * 7);
			assert_int_equal(fn_tx_burst(p.tx, &pkt, 1), 1);
			if (offloads[i] && frame_len(seq) >= 60)
				assert_int_equal(((struct virtio_txq *)p.tx)->slow, 0);
			wire.n = 0;
			assert_int_equal(virtio_dev_transmit(&p.vd, 0, 1), 1);
			assert_frame(wire.frame[0], wire.len[0], seq);
			(void)fn_tx_reclaim(p.tx);
		}
		port_end(&p);
	}
}

/* Nothing is negotiated that was not asked for, and nothing is sent that was not negotiated. */
static void not_asked_for(void **state)
{
	static const uint16_t flags[] = { FN_PKT_VLAN,         FN_PKT_TX_IP_CSUM,
					  FN_PKT_TX_TCP_CSUM,  FN_PKT_TX_UDP_CSUM,
					  FN_PKT_TX_SCTP_CSUM, FN_PKT_TX_TSO | FN_PKT_TX_TCP_CSUM,
					  FN_PKT_TX_IPV6 };
	const uint64_t by_offload = VDEV_F_CSUM | VDEV_F_GUEST_CSUM | VDEV_F_HOST_TSO4 |
				    VDEV_F_HOST_TSO6 | VDEV_F_HOST_ECN | VDEV_F_MRG_RXBUF |
				    VDEV_F_CTRL_VLAN | VDEV_F_HASH_REPORT;
	struct fn_pkt *pkt;
	struct port p;

	(void)state;
	offload_init(&p, 0);
	port_start(&p, (struct fn_dev_conf){ .rx_ring = 8 });
	assert_int_equal(p.vd.accepted & by_offload, 0);
	for (unsigned i = 0; i < FN_ARRAY_LEN(flags); i++) {
		pkt = port_pkt(&p, 70);
		pkt->flags = flags[i];
		pkt->l2_len = 14;
		pkt->l3_len = 20;
		assert_int_equal(fn_tx_burst(p.tx, &pkt, 1), 1);
		assert_int_equal(tx_counter(&p, FN_TX_DROP_OFFLOAD), i + 1);
	}
	assert_int_equal(virtio_dev_transmit(&p.vd, 0, 8), 0);
	assert_int_equal(fn_dev_stop(p.dev), 0);
	port_start(&p, (struct fn_dev_conf){ .rx_ring = 8, .offloads = FN_OFFLOAD_TX_L4_CSUM });
	assert_int_equal(p.vd.accepted & by_offload, VDEV_F_CSUM);
	assert_int_equal(fn_dev_stop(p.dev), 0);
	/* A device without it says so by name. */
	assert_int_equal(port_configure(&p,
					(struct fn_dev_conf){ .offloads = FN_OFFLOAD_TX_IP_CSUM }),
			 -ENOTSUP);
	assert_non_null(strstr(p.err.text, "tx_ip_csum"));
	port_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind),    cmocka_unit_test(laps),
		cmocka_unit_test(refused),       cmocka_unit_test(any_lengths),
		cmocka_unit_test(shared),        cmocka_unit_test(padded_frames),
		cmocka_unit_test(no_room),       cmocka_unit_test(flags_of_receive),
		cmocka_unit_test(not_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
