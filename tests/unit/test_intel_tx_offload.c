// SPDX-License-Identifier: BSD-3-Clause
/*
 * Offloads of transmit of the Intel drivers: contexts, when they are posted and when they are used
 * again, and what is changed in a packet's headers.
 */
#include "intel_ring_port.h"
#include "model/model_build.h"

#define ALL_CSUM (FN_OFFLOAD_TX_L4_CSUM | FN_OFFLOAD_TX_IP_CSUM)
#define ALL_TX                                                                     \
	(ALL_CSUM | FN_OFFLOAD_TX_TSO4 | FN_OFFLOAD_TX_TSO6 | FN_OFFLOAD_TX_VLAN | \
	 (family == INTEL_82576 ? FN_OFFLOAD_TX_SCTP_CSUM : 0))

static uint8_t frame[MODEL_FRAME_MAX];

/* A VLAN tag in the data of the packets that are made; 0: none. */
static uint16_t tag;

/* What a context is made for: the kinds of packets below. */
enum kind {
	KIND_PLAIN,
	KIND_TCP4,
	KIND_TCP4_IP, /* with the IP checksum */
	KIND_UDP4,
	KIND_TCP6,
	KIND_UDP6,
	KIND_IP, /* the IP checksum alone */
	KIND_VLAN,
	KIND_VLAN_2, /* another tag */
	KIND_TSO4,
	KIND_TSO6,
	KINDS
};

static struct fn_pkt *make(enum kind kind, unsigned n)
{
	const bool v6 = kind == KIND_TCP6 || kind == KIND_UDP6 || kind == KIND_TSO6;
	const bool udp = kind == KIND_UDP4 || kind == KIND_UDP6;
	const bool tso = kind == KIND_TSO4 || kind == KIND_TSO6;
	const struct model_build b = { .ip = v6 ? 6 : 4,
				       .proto = udp ? MODEL_PROTO_UDP : MODEL_PROTO_TCP,
				       .seq = n,
				       .vlan = tag,
				       .payload = tso ? 1400 : 60 + n % 40 };
	const uint32_t len = model_build(frame, &b);
	const struct model_frame f = model_frame_parse(frame, len);
	struct fn_pkt *pkt = ring_pkt(p.pool, frame, len);

	pkt->l2_len = (uint8_t)f.l3;
	pkt->l3_len = (uint16_t)(f.l4 - f.l3);
	pkt->l4_len = (uint8_t)f.l4_hdr;
	pkt->mss = 500;
	if (kind == KIND_VLAN || kind == KIND_VLAN_2) {
		pkt->flags = FN_PKT_VLAN;
		pkt->vlan_tci = kind == KIND_VLAN ? 7 : 9;
	} else if (kind != KIND_PLAIN && kind != KIND_IP) {
		pkt->flags = udp ? FN_PKT_TX_UDP_CSUM : FN_PKT_TX_TCP_CSUM;
	}
	if (kind == KIND_IP || kind == KIND_TCP4_IP)
		pkt->flags |= FN_PKT_TX_IP_CSUM;
	if (tso)
		pkt->flags |= FN_PKT_TX_TSO;
	if (v6)
		pkt->flags |= FN_PKT_TX_IPV6;
	return pkt;
}

static void start(uint32_t ring)
{
	ring_start((struct fn_dev_conf){ .tx_ring = ring, .rx_ring = 32, .offloads = ALL_TX });
}

/* Send one packet; returns the contexts that were posted for it. */
static unsigned send_one(enum kind kind)
{
	static unsigned n;
	const unsigned contexts = p.id.txq[0].contexts;
	struct fn_pkt *pkt = make(kind, n++);

	assert_int_equal(fn_tx_burst(tx, &pkt, 1), 1);
	ring_flush();
	assert_no_violation(&p.id.md);
	assert_true(sent_n > 0);
	sent_n = 0;
	return p.id.txq[0].contexts - contexts;
}

static bool needs_context(enum kind kind)
{
	if (kind == KIND_VLAN || kind == KIND_VLAN_2)
		return family == INTEL_82576;
	return kind != KIND_PLAIN;
}

static bool is_tso(enum kind kind)
{
	return kind == KIND_TSO4 || kind == KIND_TSO6;
}

/*
 * A context is posted when the device has another one or none, once, and plain packets between do
 * not matter. One of a segmentation is the packet's own.
 */
static void contexts(void **state)
{
	(void)state;
	start(256);
	for (enum kind a = 0; a < KINDS; a++) {
		for (enum kind b = 0; b < KINDS; b++) {
			const bool own = is_tso(b);

			(void)send_one(a);
			assert_int_equal(send_one(KIND_PLAIN), 0);
			if (a == b && !own)
				assert_int_equal(send_one(b), 0);
			else if (needs_context(b))
				assert_int_equal(send_one(b), 1);
			else
				assert_int_equal(send_one(b), 0);
			assert_int_equal(send_one(b), own ? 1 : 0);
		}
	}
	ring_end();
}

/* Neither over a stop and a start nor over a reset does a device remember anything. */
static void contexts_forgotten(void **state)
{
	(void)state;
	for (enum kind kind = 1; kind < KINDS; kind++) {
		start(256);
		assert_int_equal(send_one(kind), needs_context(kind));
		assert_int_equal(fn_dev_reset(p.dev), 0);
		pass_ns(2 * p.id.link_ns);
		assert_int_equal(send_one(kind), needs_context(kind));
		assert_int_equal(fn_dev_stop(p.dev), 0);
		assert_int_equal(fn_dev_start(p.dev), 0);
		pass_ns(2 * p.id.link_ns);
		assert_int_equal(send_one(kind), needs_context(kind));
		ring_end();
	}
}

/* A packet that finds room for its data and not for its context waits, and then has both. */
static void no_room_for_context(void **state)
{
	(void)state;
	for (unsigned room = 0; room < 4; room++) {
		struct fn_pkt *pkt;

		start(32);
		for (unsigned i = 0; i < 31 - room; i++) {
			pkt = make(KIND_PLAIN, i);
			assert_int_equal(fn_tx_burst(tx, &pkt, 1), 1);
		}
		pkt = make(KIND_TCP4_IP, 99);
		assert_int_equal(fn_tx_burst(tx, &pkt, 1), room >= 2);
		if (room < 2) {
			assert_int_equal(ring_transmit(99), 31 - room);
			assert_int_equal(fn_tx_burst(tx, &pkt, 1), 1);
		}
		ring_flush();
		assert_int_equal(p.id.txq[0].contexts, 1);
		/* One that is dropped leaves no context behind. */
		pkt = make(KIND_UDP4, 99);
		assert_int_equal(fn_pkt_ref(pkt), 0);
		assert_int_equal(fn_tx_burst(tx, &pkt, 1), 1);
		assert_int_equal(tx_counter(FN_TX_DROP_SHARED), 1);
		fn_pkt_free(pkt);
		assert_int_equal(send_one(KIND_UDP4), 1);
		assert_int_equal(send_one(KIND_UDP4), 0);
		ring_end();
	}
}

/* Packets that share a context are posted in a row: one report for a run, and no context. */
static void runs(void **state)
{
	struct fn_pkt *pkts[64];

	(void)state;
	start(256);
	for (enum kind kind = KIND_TCP4; kind <= KIND_IP; kind++) {
		const struct intel_dev_txq before = p.id.txq[0];

		for (unsigned i = 0; i < 64; i++)
			pkts[i] = make(kind, i);
		assert_int_equal(fn_tx_burst(tx, pkts, 64), 64);
		ring_flush();
		assert_no_violation(&p.id.md);
		assert_int_equal(sent_n, 64);
		assert_int_equal(p.id.txq[0].contexts - before.contexts, 1);
		assert_int_equal(p.id.txq[0].descs - before.descs, 65);
		/* The one with the context, and runs of 32 that the ring's end may cut. */
		assert_in_range(p.id.txq[0].reports - before.reports, 3, 4);
		for (unsigned i = 0; i < 64; i++) {
			const struct model_frame f = model_frame_parse(sent[i].data, sent[i].len);

			assert_int_not_equal(model_frame_ip_csum(sent[i].data, &f), MODEL_CSUM_BAD);
			assert_int_equal(model_frame_l4_csum(sent[i].data, &f), MODEL_CSUM_GOOD);
		}
		sent_n = 0;
	}
	ring_end();
}

/*
 * Headers elsewhere need a context of their own, though the packets ask for the same. The tag reads
 * like the first byte of the IP header that the packet before had there.
 */
static void other_lengths(void **state)
{
	struct fn_pkt *pkts[16];

	(void)state;
	start(256);
	for (enum kind kind = KIND_TCP4; kind <= KIND_IP; kind++) {
		const uint16_t like_ip = kind == KIND_TCP6 || kind == KIND_UDP6 ? 0x6007 : 0x4507;
		const unsigned contexts_before = p.id.txq[0].contexts;

		for (unsigned i = 0; i < 16; i++) {
			tag = i / 2 % 2 ? like_ip : 0;
			pkts[i] = make(kind, i);
		}
		tag = 0;
		assert_int_equal(fn_tx_burst(tx, pkts, 16), 16);
		ring_flush();
		assert_no_violation(&p.id.md);
		assert_int_equal(sent_n, 16);
		assert_int_equal(p.id.txq[0].contexts - contexts_before, 8);
		for (unsigned i = 0; i < 16; i++) {
			const struct model_frame f = model_frame_parse(sent[i].data, sent[i].len);

			assert_int_equal(f.l3, i / 2 % 2 ? 18 : 14);
			assert_int_not_equal(model_frame_ip_csum(sent[i].data, &f), MODEL_CSUM_BAD);
			assert_int_equal(model_frame_l4_csum(sent[i].data, &f), MODEL_CSUM_GOOD);
		}
		sent_n = 0;
	}
	ring_end();
}

/* Of the bytes of a packet the checksums change, and for a segmentation the IP length. */
static void headers(void **state)
{
	static uint8_t before[2048];

	(void)state;
	start(256);
	for (enum kind kind = 0; kind < KINDS; kind++) {
		struct fn_pkt *pkt = make(kind, kind);
		const uint32_t len = pkt->len;
		const struct model_frame f = model_frame_parse(pkt->data, len);
		const bool v4 = f.ip == 4;

		memcpy(before, pkt->data, len);
		assert_int_equal(fn_tx_burst(tx, &pkt, 1), 1);
		for (uint32_t i = 0; i < len; i++) {
			const bool ip_len = is_tso(kind) && i - f.l3 - (v4 ? 2 : 4) < 2;
			const bool ip_sum = v4 && i - f.l3 - 10 < 2;
			const bool l4_sum = i - f.l4 - model_l4_csum_offset(f.proto) < 2;

			if (kind == KIND_PLAIN || !(ip_len || ip_sum || l4_sum))
				assert_int_equal(pkt->data[i], before[i]);
		}
		if (is_tso(kind)) {
			assert_int_equal(model_be16(pkt->data + f.l3 + (v4 ? 2 : 4)), 0);
			assert_int_equal(model_be16(pkt->data + f.l4 + 16),
					 model_pseudo_sum(before, &f, 0));
		}
		ring_flush();
		sent_n = 0;
	}
	ring_end();
}

/*
 * The device leaves what has less than 17 bytes as it is: what asks for nothing that is added up is
 * padded in front of it.
 */
static void short_frames(void **state)
{
	static const uint16_t asks[] = { FN_PKT_VLAN, FN_PKT_TX_IPV6,
					 FN_PKT_VLAN | FN_PKT_TX_IPV6 };
	uint8_t data[60];

	(void)state;
	start(256);
	for (uint32_t i = 0; i < 3 * 60; i++) {
		const uint32_t len = i / 3 + 1;
		struct fn_pkt *pkt;

		numbered(data, i, 60);
		pkt = ring_pkt(p.pool, data, len);
		pkt->flags = asks[i % 3];
		pkt->vlan_tci = 5;
		memset(data + len, 0, 60 - len);
		assert_int_equal(fn_tx_burst(tx, &pkt, 1), 1);
		ring_flush();
		assert_no_violation(&p.id.md);
		assert_int_equal(sent_n, 1);
		if (asks[i % 3] & FN_PKT_VLAN) {
			assert_int_equal(sent[0].len, 64);
			assert_int_equal(model_be16(sent[0].data + 14), 5);
			assert_memory_equal(sent[0].data + 16, data + 12, 48);
		} else {
			assert_int_equal(sent[0].len, 60);
			assert_memory_equal(sent[0].data, data, 60);
		}
		sent_n = 0;
	}
	assert_int_equal(tx_counter(FN_TX_PACKETS), 3 * 60);
	ring_end();
}

/* Header lengths that the headers do not have are those of no packet: nothing is posted. */
static void of_no_packet(void **state)
{
	struct fn_pkt *pkt;

	(void)state;
	start(256);
	for (unsigned i = 0; i < 6; i++) {
		static const uint8_t l2[] = { 255, 14, 14, 0, 128, 14 };
		static const uint16_t l3[] = { 20, 0xffff, 512, 20, 20, 0 };

		pkt = make(KIND_TCP4_IP, i);
		pkt->l2_len = l2[i];
		pkt->l3_len = l3[i];
		assert_int_equal(fn_tx_burst(tx, &pkt, 1), 1);
		assert_int_equal(tx_counter(FN_TX_DROP_OFFLOAD), i + 1);
	}
	assert_int_equal(ring_transmit(99), 0);
	assert_int_equal(ring_outside(p.pool), 32);
	ring_end();
}

/**
 * struct headers - header lengths that a packet has
 * @l2: in front of its IP header
 * @l3: the IP header, of IPv6 with destination options
 * @l4: the TCP header, of 20 bytes or 40
 * @asks: FN_PKT_TX_IPV6, and what it asks for
 * @fits: the device's fields have them
 */
struct headers {
	uint32_t l2;
	uint32_t l3;
	uint32_t l4;
	uint16_t asks;
	bool fits;
};

#define V4_CSUM (FN_PKT_TX_IP_CSUM | FN_PKT_TX_TCP_CSUM)
#define V6_CSUM (FN_PKT_TX_IPV6 | FN_PKT_TX_TCP_CSUM)

/* 82574 7.2.10: offsets of 8 bits, that of TCP's checksum too, and of segmentation all headers. */
static const struct headers headers_82574[] = {
	{ 219, 20, 20, V4_CSUM, true },        { 220, 20, 20, V4_CSUM, false },
	{ 14, 224, 20, V6_CSUM, true },        { 14, 232, 20, V6_CSUM, false },
	{ 200, 20, 40, FN_PKT_TX_TSO, false },
};

/* 82576 7.2.2.2: 7 bits and 9. */
static const struct headers headers_82576[] = {
	{ 127, 20, 20, FN_PKT_TX_IP_CSUM, true }, { 128, 20, 20, FN_PKT_TX_IP_CSUM, false },
	{ 128, 20, 20, FN_PKT_TX_TSO, false },    { 14, 504, 20, V6_CSUM, true },
	{ 14, 512, 20, V6_CSUM, false },
};

/* A packet of TCP whose headers are where it says that they are. */
static struct fn_pkt *make_headers(const struct headers *h)
{
	const uint32_t payload = 200;
	uint8_t *const ip = frame + h->l2;
	struct fn_pkt *pkt;

	memset(frame, 0, sizeof(frame));
	model_put_be16(frame + 12, h->asks & FN_PKT_TX_IPV6 ? 0x86dd : 0x0800);
	if (h->asks & FN_PKT_TX_IPV6) {
		ip[0] = 0x60;
		model_put_be16(ip + 4, (uint16_t)(h->l3 - 40 + h->l4 + payload));
		ip[6] = 60; /* destination options: RFC 8200 4.6 */
		ip[40] = MODEL_PROTO_TCP;
		ip[41] = (uint8_t)((h->l3 - 40) / 8 - 1);
	} else {
		ip[0] = 0x45;
		model_put_be16(ip + 2, (uint16_t)(h->l3 + h->l4 + payload));
		ip[9] = MODEL_PROTO_TCP;
	}
	ip[h->l3 + 12] = (uint8_t)(h->l4 << 2);
	pkt = ring_pkt(p.pool, frame, h->l2 + h->l3 + h->l4 + payload);
	pkt->l2_len = (uint8_t)h->l2;
	pkt->l3_len = (uint16_t)h->l3;
	pkt->l4_len = (uint8_t)h->l4;
	pkt->mss = 100;
	pkt->flags = h->asks;
	return pkt;
}

/* The one frame that was sent has the checksums that were asked for. */
static void assert_summed(const struct headers *h)
{
	const bool v6 = h->asks & FN_PKT_TX_IPV6;
	const struct model_frame f = { .l3 = h->l2,
				       .ip = v6 ? 6 : 4,
				       .proto = MODEL_PROTO_TCP,
				       .l4 = h->l2 + h->l3,
				       .l4_hdr = h->l4,
				       .l4_bytes = sent[0].len - h->l2 - h->l3 };

	assert_int_equal(sent_n, 1);
	if (h->asks & FN_PKT_TX_IP_CSUM)
		assert_int_equal(model_frame_ip_csum(sent[0].data, &f), MODEL_CSUM_GOOD);
	if (h->asks & FN_PKT_TX_TCP_CSUM)
		assert_int_equal(model_frame_l4_csum(sent[0].data, &f), MODEL_CSUM_GOOD);
}

/* Lengths up to a context's fields go out; beyond them a packet is dropped, and nothing posted. */
static void ends_of_fields(void **state)
{
	const bool wide = family == INTEL_82576;
	const struct headers *const all = wide ? headers_82576 : headers_82574;
	unsigned dropped = 0;

	(void)state;
	start(256);
	for (unsigned i = 0; i < FN_ARRAY_LEN(headers_82574); i++) {
		struct fn_pkt *pkt = make_headers(&all[i]);

		dropped += !all[i].fits;
		assert_int_equal(fn_tx_burst(tx, &pkt, 1), 1);
		assert_int_equal(tx_counter(FN_TX_DROP_OFFLOAD), dropped);
		assert_int_equal(ring_transmit(99), all[i].fits ? 2 : 0);
		assert_no_violation(&p.id.md);
		if (all[i].fits)
			assert_summed(&all[i]);
		sent_n = 0;
	}
	ring_flush();
	assert_int_equal(ring_outside(p.pool), 32);
	ring_end();
}

_Static_assert(FN_ARRAY_LEN(headers_82574) == FN_ARRAY_LEN(headers_82576), "one loop for both");

int main(void)
{
	const struct CMUnitTest tests[] = {
		ALL(contexts),     ALL(contexts_forgotten), ALL(no_room_for_context),
		ALL(runs),         ALL(other_lengths),      ALL(headers),
		ALL(of_no_packet), ALL(ends_of_fields),     ALL(short_frames),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
