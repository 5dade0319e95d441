// SPDX-License-Identifier: BSD-3-Clause
/* TCP segmentation by virtio-net: what the device is told, what comes out, what is refused. */
#include "drivers/virtio/virtio_net.h"
#include "virtio_offload.h"

#define TCP_ACK 0x10u
#define TCP_CWR 0x80u
#define TSO_BOTH (FN_OFFLOAD_TX_TSO4 | FN_OFFLOAD_TX_TSO6)

static uint8_t frame[MODEL_FRAME_MAX];
static uint8_t raw[MODEL_FRAME_MAX];
static struct virtio_dev_hdr raw_hdr;
static uint32_t raw_len;

static void sent_raw(void *arg, unsigned pair, const struct virtio_dev_hdr *hdr,
		     const uint8_t *bytes, uint32_t len)
{
	(void)arg;
	(void)pair;
	raw_hdr = *hdr;
	raw_len = len;
	memcpy(raw, bytes, len);
}

/* Bytes of the headers of what model_build() makes with TCP. */
static uint32_t hdrs_of(const struct model_build *b)
{
	return 14u + (b->vlan ? 4 : 0) + (b->ip == 4 ? 20 : 40) + 20;
}

/*
 * A packet to be segmented as an application may leave it: no lengths in the IP header, no
 * checksums.
 */
static struct fn_pkt *tso_pkt(struct port *p, const struct model_build *b, uint16_t mss,
			      uint32_t first, uint32_t other)
{
	const uint32_t len = model_build(frame, b);
	const struct model_frame f = model_frame_parse(frame, len);
	struct fn_pkt *pkt = offload_pkt(p->pool, frame, len, first, other);
	uint8_t *ip = pkt->data + f.l3;

	offload_ask(pkt, frame, len);
	pkt->flags = (uint16_t)((pkt->flags & FN_PKT_TX_IPV6) | FN_PKT_TX_TSO);
	pkt->mss = mss;
	model_put_be16(pkt->data + f.l4 + 16, 0xbeef);
	if (b->ip == 4) {
		model_put_be16(ip + 2, 0);
		model_put_be16(ip + 10, 0x1234);
	} else {
		model_put_be16(ip + 4, 0);
	}
	return pkt;
}

/* The frames on the wire are the payload of @frame in order, each right by itself. */
static void assert_segments(const struct model_build *b, uint16_t mss)
{
	const uint32_t hdrs = hdrs_of(b);
	uint32_t at = 0;

	assert_int_equal(wire.n, b->payload ? (b->payload + mss - 1) / mss : 1);
	for (unsigned i = 0; i < wire.n; i++) {
		const uint32_t part = b->payload - at < mss ? b->payload - at : mss;
		const uint8_t *seg = wire.frame[i];
		const struct model_frame f = model_frame_parse(seg, hdrs + part);

		/* The driver pads what goes out as it is; what a device cuts is the device's. */
		assert_int_equal(wire.len[i], wire.n == 1 && hdrs + part < 60 ? 60 : hdrs + part);
		assert_memory_equal(seg, frame, f.l3);
		assert_int_equal(f.l4_bytes, 20 + part);
		assert_int_equal(model_be32(seg + f.l4 + 4), model_be32(frame + f.l4 + 4) + at);
		assert_int_not_equal(model_frame_ip_csum(seg, &f), MODEL_CSUM_BAD);
		assert_int_equal(model_frame_l4_csum(seg, &f), MODEL_CSUM_GOOD);
		assert_memory_equal(seg + hdrs, frame + hdrs + at, part);
		at += part;
	}
	assert_int_equal(at, b->payload);
}

static void send_one(struct port *p, const struct model_build *b, uint16_t mss, uint32_t first,
		     uint32_t other)
{
	struct fn_pkt *pkt = tso_pkt(p, b, mss, first, other);

	wire.n = 0;
	assert_int_equal(fn_tx_burst(p->tx, &pkt, 1), 1);
	assert_int_equal(virtio_dev_transmit(&p->vd, 0, 1), 1);
	assert_segments(b, mss);
}

static void kinds_with(uint64_t offloads, uint32_t headroom)
{
	/* Around one and several frames, and the most: 65,535 bytes behind the link header. */
	static const uint32_t payloads[] = { 0, 1, 99, 100, 101, 199, 200, 201, 3000, 14601 };
	struct model_build b = { .proto = MODEL_PROTO_TCP, .sport = 999, .dport = 80, .seq = 77 };
	struct port p;

	offload_init(&p, 0);
	p.pool_opts.headroom = headroom;
	port_start(&p, (struct fn_dev_conf){ .rx_ring = 8, .offloads = offloads });
	for (unsigned i = 0; i < 4 * FN_ARRAY_LEN(payloads); i++) {
		b.ip = i & 1 ? 6 : 4;
		b.vlan = i & 2 ? 7 : 0;
		b.payload = payloads[i / 4];
		send_one(&p, &b, 100, 2048, 2048);
		send_one(&p, &b, 100, hdrs_of(&b), 997);
	}
	for (unsigned i = 0; i < 2; i++) {
		b.ip = i ? 6 : 4;
		b.vlan = 0;
		/* Shorter than a frame has to be, and cut all the same: padding is none of it. */
		b.payload = 5;
		send_one(&p, &b, 4, 2048, 2048);
		b.payload = 65535 - (i ? 60 : 40);
		send_one(&p, &b, 1400, 2048, 2048);
		send_one(&p, &b, 1400, hdrs_of(&b), 2048);
		/* The whole of the ring's chains: 32 segments of data behind one of headers. */
		b.payload = 20000;
		send_one(&p, &b, 10, hdrs_of(&b), 323);
	}
	(void)fn_tx_reclaim(p.tx);
	assert_int_equal(port_pool(&p).outside, 8);
	port_end(&p);
}

static void every_kind(void **state)
{
	(void)state;
	kinds_with(TSO_BOTH, 0);
	kinds_with(TSO_BOTH, FN_POOL_NO_HEADROOM);
	kinds_with(TSO_BOTH | FN_OFFLOAD_TX_L4_CSUM | FN_OFFLOAD_RX_HASH, 0);
}

/* 5.1.6.2: each field of the header, and the IP header of the whole. */
static void header(void **state)
{
	struct model_build b = { .proto = MODEL_PROTO_TCP, .payload = 5000 };
	struct port p;

	(void)state;
	offload_init(&p, 0);
	p.vd.sent_raw = sent_raw;
	port_start(&p, (struct fn_dev_conf){ .rx_ring = 8, .offloads = TSO_BOTH });
	assert_int_equal(p.vd.accepted & (VDEV_F_CSUM | VDEV_F_HOST_ECN),
			 VDEV_F_CSUM | VDEV_F_HOST_ECN);
	for (unsigned i = 0; i < 8; i++) {
		struct model_frame f;
		struct fn_pkt *pkt;

		b.ip = i & 1 ? 6 : 4;
		pkt = tso_pkt(&p, &b, i & 4 ? 5000 : 1000, 2048, 2048);
		if (i & 2) {
			const uint32_t flags_at = 14u + pkt->l3_len + 13;

			pkt->data[flags_at] = TCP_ACK | TCP_CWR;
			frame[flags_at] = TCP_ACK | TCP_CWR;
		}
		/* A frame of 5,000 bytes in one goes only where the MTU allows: see below. */
		if (i & 4)
			pkt->mss = 5001;
		assert_int_equal(fn_tx_burst(p.tx, &pkt, 1), 1);
		if (i & 4) {
			assert_int_equal(tx_counter(&p, FN_TX_DROP_TOO_LONG), i - 3);
			continue;
		}
		assert_int_equal(virtio_dev_transmit(&p.vd, 0, 1), 1);
		f = model_frame_parse(raw, raw_len);
		assert_int_equal(raw_len, hdrs_of(&b) + 5000);
		assert_int_equal(raw_hdr.flags, VDEV_HDR_F_NEEDS_CSUM);
		assert_int_equal(raw_hdr.gso_type,
				 (b.ip == 4 ? VDEV_HDR_GSO_TCPV4 : VDEV_HDR_GSO_TCPV6) |
					 (i & 2 ? VDEV_HDR_GSO_ECN : 0));
		assert_int_equal(fn_le16_to_cpu(raw_hdr.hdr_len), hdrs_of(&b));
		assert_int_equal(fn_le16_to_cpu(raw_hdr.gso_size), 1000);
		assert_int_equal(fn_le16_to_cpu(raw_hdr.csum_start), f.l4);
		assert_int_equal(fn_le16_to_cpu(raw_hdr.csum_offset), 16);
		/* As model_build() made it, whatever the application had left there. */
		assert_memory_equal(raw, frame, f.l4);
		assert_memory_equal(raw + f.l4 + 18, frame + f.l4 + 18, raw_len - f.l4 - 18);
		assert_int_equal(model_be16(raw + f.l4 + 16),
				 model_pseudo_sum(raw, &f, raw_len - f.l4));
	}
	port_end(&p);
}

/* One frame's worth is not called segmentation, and has all its checksums all the same. */
static void fits_one_frame(void **state)
{
	struct model_build b = { .ip = 4, .proto = MODEL_PROTO_TCP, .payload = 1000 };
	struct fn_pkt *pkt;
	struct port p;

	(void)state;
	offload_init(&p, 0);
	p.vd.sent_raw = sent_raw;
	port_start(&p, (struct fn_dev_conf){ .rx_ring = 8, .offloads = TSO_BOTH });
	for (uint16_t mss = 1000; mss < 1002; mss++) {
		pkt = tso_pkt(&p, &b, mss, 2048, 2048);
		assert_int_equal(fn_tx_burst(p.tx, &pkt, 1), 1);
		assert_int_equal(virtio_dev_transmit(&p.vd, 0, 1), 1);
		assert_int_equal(raw_hdr.flags, VDEV_HDR_F_NEEDS_CSUM);
		assert_int_equal(raw_hdr.gso_type, VDEV_HDR_GSO_NONE);
		assert_int_equal(fn_le16_to_cpu(raw_hdr.gso_size), 0);
		assert_memory_equal(raw, frame, 34);
	}
	/* An MSS beyond the MTU does no harm where there is no more to send. */
	pkt = tso_pkt(&p, &b, UINT16_MAX, 2048, 2048);
	assert_int_equal(fn_tx_burst(p.tx, &pkt, 1), 1);
	assert_int_equal(virtio_dev_transmit(&p.vd, 0, 1), 1);
	port_end(&p);
}

static void mss_none(struct fn_pkt *pkt)
{
	pkt->mss = 0;
}

static void l4_short(struct fn_pkt *pkt)
{
	pkt->l4_len = 19;
}

static void l4_other(struct fn_pkt *pkt)
{
	pkt->l4_len = 24;
}

static void l4_beyond(struct fn_pkt *pkt)
{
	pkt->l4_len = 255;
	(void)fn_pkt_trim_tail(pkt, (uint16_t)(pkt->len - 200));
}

static void l3_other(struct fn_pkt *pkt)
{
	pkt->l3_len = 24;
}

static void l2_beyond(struct fn_pkt *pkt)
{
	pkt->l2_len = 255;
	(void)fn_pkt_trim_tail(pkt, (uint16_t)(pkt->len - 255));
}

static void udp_too(struct fn_pkt *pkt)
{
	pkt->flags |= FN_PKT_TX_UDP_CSUM;
}

static void vlan_too(struct fn_pkt *pkt)
{
	pkt->flags |= FN_PKT_VLAN;
}

static void v6(struct fn_pkt *pkt)
{
	pkt->flags |= FN_PKT_TX_IPV6;
}

/* Header lengths and wishes that do not fit: dropped under DROP_OFFLOAD. */
static void refused(void **state)
{
	static void (*const spoils[])(struct fn_pkt *) = { mss_none,  l4_short, l4_other,
							   l4_beyond, l3_other, l2_beyond,
							   udp_too,   vlan_too, v6 };
	const struct model_build b = { .ip = 4, .proto = MODEL_PROTO_TCP, .payload = 1500 };
	struct fn_pkt *pkt;
	unsigned drops = 0;
	struct port p;

	(void)state;
	offload_init(&p, VDEV_F_HOST_ECN);
	port_start(&p,
		   (struct fn_dev_conf){ .rx_ring = 8,
					 .offloads = FN_OFFLOAD_TX_TSO4 | FN_OFFLOAD_TX_L4_CSUM });
	assert_int_equal(p.vd.accepted & VDEV_F_HOST_TSO6, 0);
	for (unsigned i = 0; i < FN_ARRAY_LEN(spoils); i++) {
		pkt = tso_pkt(&p, &b, 500, 2048, 2048);
		spoils[i](pkt);
		assert_int_equal(fn_tx_burst(p.tx, &pkt, 1), 1);
		assert_int_equal(tx_counter(&p, FN_TX_DROP_OFFLOAD), ++drops);
	}
	for (uint32_t first = 1; first < 54; first++) {
		pkt = tso_pkt(&p, &b, 500, 2048, 2048);
		fn_pkt_free(pkt);
		pkt = offload_pkt(p.pool, frame, 54 + 1500, first, 1600);
		offload_ask(pkt, frame, 54 + 1500);
		pkt->flags |= FN_PKT_TX_TSO;
		pkt->mss = 500;
		assert_int_equal(fn_tx_burst(p.tx, &pkt, 1), 1);
		assert_int_equal(tx_counter(&p, FN_TX_DROP_OFFLOAD), ++drops);
	}
	/* The ECN mark, to a device that does not know of it (5.1.6.2.1). */
	pkt = tso_pkt(&p, &b, 500, 2048, 2048);
	pkt->data[14 + 20 + 13] |= TCP_CWR;
	assert_int_equal(fn_tx_burst(p.tx, &pkt, 1), 1);
	assert_int_equal(tx_counter(&p, FN_TX_DROP_OFFLOAD), ++drops);
	/* IPv6, with only IPv4 on. */
	pkt = tso_pkt(&p,
		      &(struct model_build){ .ip = 6, .proto = MODEL_PROTO_TCP, .payload = 1500 },
		      500, 2048, 2048);
	assert_int_equal(fn_tx_burst(p.tx, &pkt, 1), 1);
	assert_int_equal(tx_counter(&p, FN_TX_DROP_OFFLOAD), ++drops);
	assert_int_equal(virtio_dev_transmit(&p.vd, 0, 8), 0);
	(void)fn_tx_reclaim(p.tx);
	assert_int_equal(port_pool(&p).outside, 8);
	/* Its checksums may be asked for beside it: they come with it. */
	pkt = tso_pkt(&p, &b, 500, 2048, 2048);
	pkt->flags |= FN_PKT_TX_TCP_CSUM | FN_PKT_TX_IP_CSUM;
	wire.n = 0;
	assert_int_equal(fn_tx_burst(p.tx, &pkt, 1), 1);
	assert_int_equal(virtio_dev_transmit(&p.vd, 0, 1), 1);
	assert_segments(&b, 500);
	/* Without its own offload a plain checksum is refused. */
	assert_int_equal(fn_dev_stop(p.dev), 0);
	port_start(&p, (struct fn_dev_conf){ .rx_ring = 8, .offloads = FN_OFFLOAD_TX_TSO4 });
	pkt = tso_pkt(&p, &b, 500, 2048, 2048);
	pkt->flags = FN_PKT_TX_TCP_CSUM;
	assert_int_equal(fn_tx_burst(p.tx, &pkt, 1), 1);
	assert_int_equal(tx_counter(&p, FN_TX_DROP_OFFLOAD), ++drops);
	port_end(&p);
}

/* What is too much of it, each under its reason. */
static void too_much(void **state)
{
	struct model_build b = { .ip = 4, .proto = MODEL_PROTO_TCP };
	struct fn_pkt *kept;
	struct fn_pkt *pkt;
	struct port p;

	(void)state;
	offload_init(&p, 0);
	p.pool_opts.room_bytes = 4096;
	port_start(&p, (struct fn_dev_conf){ .rx_ring = 8, .mtu = 1500, .offloads = TSO_BOTH });
	/* The frame in all. */
	b.payload = 65535 - 40 + 1;
	pkt = tso_pkt(&p, &b, 1000, 4096, 4096);
	assert_int_equal(fn_tx_burst(p.tx, &pkt, 1), 1);
	assert_int_equal(tx_counter(&p, FN_TX_DROP_TOO_LONG), 1);
	/* One of its frames. */
	b.payload = 3000;
	pkt = tso_pkt(&p, &b, 1500 + 18 - 54 + 1, 4096, 4096);
	assert_int_equal(fn_tx_burst(p.tx, &pkt, 1), 1);
	assert_int_equal(tx_counter(&p, FN_TX_DROP_TOO_LONG), 2);
	pkt = tso_pkt(&p, &b, 1500 + 18 - 54, 4096, 4096);
	assert_int_equal(fn_tx_burst(p.tx, &pkt, 1), 1);
	assert_int_equal(virtio_dev_transmit(&p.vd, 0, 1), 1);
	/* Its segments. */
	pkt = tso_pkt(&p, &b, 1000, 54, 47);
	assert_true(pkt->extra_segs >= VIRTIO_NET_TX_SEGS_MAX);
	assert_int_equal(fn_tx_burst(p.tx, &pkt, 1), 1);
	assert_int_equal(tx_counter(&p, FN_TX_DROP_SEGMENTS), 1);
	/* Its readers. */
	pkt = tso_pkt(&p, &b, 1000, 4096, 4096);
	kept = pkt;
	assert_int_equal(fn_pkt_ref(pkt), 0);
	memcpy(raw, pkt->data, pkt->len);
	assert_int_equal(fn_tx_burst(p.tx, &pkt, 1), 1);
	assert_int_equal(tx_counter(&p, FN_TX_DROP_SHARED), 1);
	assert_memory_equal(kept->data, raw, kept->len);
	fn_pkt_free(kept);
	port_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind),     cmocka_unit_test(header),
		cmocka_unit_test(fits_one_frame), cmocka_unit_test(refused),
		cmocka_unit_test(too_much),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
