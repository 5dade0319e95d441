// SPDX-License-Identifier: BSD-3-Clause
/* What virtio-net says of received frames: checksums, also those left to us, and hashes. */
#include "drivers/virtio/virtio_net.h"
#include "virtio_offload.h"

#define CSUM_BITS (FN_PKT_RX_IP_GOOD | FN_PKT_RX_IP_BAD | FN_PKT_RX_L4_GOOD | FN_PKT_RX_L4_BAD)

static uint8_t frame[MODEL_FRAME_MAX];

/* Frame number @i of a mixture: both versions of IP, TCP and UDP, other things, tags or not. */
static struct model_build mixed(unsigned i)
{
	struct model_build b = { .sport = (uint16_t)(1000 + i), .dport = 80, .seq = i };

	b.ip = i % 7 == 6 ? 0 : i & 1 ? 6 : 4;
	b.proto = i % 5 == 4 ? 0 : i & 2 ? MODEL_PROTO_UDP : MODEL_PROTO_TCP;
	b.vlan = i % 11 == 3 ? 0x123 : 0;
	b.payload = 1 + i * 37 % 1400;
	return b;
}

static struct fn_pkt *take_one(struct port *p)
{
	struct fn_pkt *pkt = NULL;

	assert_int_equal(fn_rx_burst(p->rx, &pkt, 1), 1);
	return pkt;
}

/* The frame is the one in @frame, whatever the device had made of it, with these flags. */
static void assert_received(struct port *p, uint32_t len, unsigned flags)
{
	static uint8_t bytes[MODEL_FRAME_MAX];
	struct fn_pkt *pkt = take_one(p);

	assert_int_equal(offload_bytes(pkt, bytes), len);
	assert_memory_equal(bytes, frame, len);
	assert_int_equal(pkt->flags, flags);
	assert_int_equal(pkt->user, 0);
	assert_int_equal(pkt->vlan_tci, 0);
	if (!(flags & FN_PKT_HASH))
		assert_int_equal(pkt->hash, 0);
	/* What an application leaves in a header is not there the next time. */
	pkt->flags = 0xffff;
	pkt->hash = 77;
	pkt->user = 1;
	fn_pkt_free(pkt);
}

static unsigned good_if_checked(uint32_t len)
{
	const struct model_frame f = model_frame_parse(frame, len);

	return model_frame_l4_csum(frame, &f) == MODEL_CSUM_GOOD ? FN_PKT_RX_L4_GOOD : 0;
}

static void csum_with(uint64_t offloads, uint64_t features, uint32_t headroom, uint32_t room)
{
	struct port p;

	offload_init(&p, VDEV_F_EVENT_IDX | VDEV_F_RSS);
	p.vd.offered |= features;
	p.pool_opts.headroom = headroom;
	p.pool_opts.room_bytes = room;
	port_start(&p, (struct fn_dev_conf){ .rx_ring = 64, .offloads = offloads });
	for (unsigned i = 0; i < 300; i++) {
		struct model_build b = mixed(i);
		const uint32_t len = model_build(frame, &b);
		unsigned good = good_if_checked(len);
		unsigned hash = 0;

		if ((offloads & FN_OFFLOAD_RX_HASH) && b.ip)
			hash = FN_PKT_HASH;
		/* Right, and said to be. */
		p.vd.rx_csum = VIRTIO_DEV_RX_CHECK;
		assert_int_equal(virtio_dev_receive(&p.vd, 0, frame, len), 0);
		assert_received(&p, len, good | hash);
		/* Left to the receiver: the frame is as it would have come by a wire. */
		p.vd.rx_csum = VIRTIO_DEV_RX_PARTIAL;
		assert_int_equal(virtio_dev_receive(&p.vd, 0, frame, len), 0);
		assert_received(&p, len, good | hash);
		/* Nobody looked. */
		p.vd.rx_csum = VIRTIO_DEV_RX_UNKNOWN;
		assert_int_equal(virtio_dev_receive(&p.vd, 0, frame, len), 0);
		assert_received(&p, len, hash);
		/* Wrong: virtio does not say so. */
		p.vd.rx_csum = VIRTIO_DEV_RX_CHECK;
		b.bad_l4 = true;
		(void)model_build(frame, &b);
		assert_int_equal(virtio_dev_receive(&p.vd, 0, frame, len), 0);
		assert_received(&p, len, hash);
	}
	assert_int_equal(rx_counter(&p, FN_RX_CSUM_BAD), 0);
	assert_int_equal(rx_counter(&p, FN_RX_PACKETS), 1200);
	port_end(&p);
}

static void checksums(void **state)
{
	const uint64_t csum = FN_OFFLOAD_RX_CSUM;

	(void)state;
	csum_with(csum, 0, 0, 0);
	csum_with(csum, VDEV_F_EVENT_IDX, 0, 0);
	csum_with(csum, VDEV_F_IN_ORDER, 0, 0);
	csum_with(csum, 0, FN_POOL_NO_HEADROOM, 0);
	csum_with(csum, 0, 13, 0);
	csum_with(csum | FN_OFFLOAD_RX_HASH, 0, 0, 0);
	csum_with(csum | FN_OFFLOAD_RX_HASH, 0, 13, 0);
	csum_with(csum | FN_OFFLOAD_RX_SCATTER, 0, 0, 0);
	csum_with(csum | FN_OFFLOAD_RX_SCATTER, 0, 0, 101);
	csum_with(csum | FN_OFFLOAD_RX_SCATTER, 0, FN_POOL_NO_HEADROOM, 101);
	csum_with(csum | FN_OFFLOAD_RX_SCATTER | FN_OFFLOAD_RX_HASH, VDEV_F_IN_ORDER, 13, 97);
}

/* Bursts, for laps of the ring, in each variant. */
static void laps(void **state)
{
	static const struct {
		uint64_t offloads;
		const char *name;
	} variants[] = {
		{ FN_OFFLOAD_RX_CSUM, "split csum" },
		{ FN_OFFLOAD_RX_HASH, "split hash" },
		{ FN_OFFLOAD_RX_CSUM | FN_OFFLOAD_RX_HASH, "split csum hash" },
		{ FN_OFFLOAD_RX_SCATTER, "split scatter" },
		{ FN_OFFLOAD_RX_SCATTER | FN_OFFLOAD_RX_CSUM, "split scatter csum" },
		{ FN_OFFLOAD_RX_SCATTER | FN_OFFLOAD_RX_HASH, "split scatter hash" },
		{ FN_OFFLOAD_RX_SCATTER | FN_OFFLOAD_RX_CSUM | FN_OFFLOAD_RX_HASH,
		  "split scatter csum hash" },
	};

	(void)state;
	for (unsigned v = 0; v < 4 * FN_ARRAY_LEN(variants); v++) {
		const uint64_t offloads = variants[v / 4].offloads;
		struct fn_dev_info info = { .sz = sizeof(info) };
		struct fn_pkt *pkts[64];
		unsigned in = 0;
		unsigned out = 0;
		struct port p;

		offload_init(&p, v & 1 ? VDEV_F_EVENT_IDX : 0);
		p.vd.offered |= v & 2 ? VDEV_F_IN_ORDER : 0;
		port_start(&p, (struct fn_dev_conf){ .rx_ring = 64, .offloads = offloads });
		fn_dev_get_info(p.dev, &info);
		assert_string_equal(info.rx_variant, variants[v / 4].name);
		while (out < 500) {
			unsigned n = 1 + in * 13 % 64;

			while (n--) {
				const struct model_build b = mixed(in);
				const uint32_t len = model_build(frame, &b);

				if (virtio_dev_receive(&p.vd, 0, frame, len))
					break;
				in++;
			}
			n = fn_rx_burst(p.rx, pkts, 1 + out % 40);
			for (unsigned i = 0; i < n; i++, out++) {
				const struct model_build b = mixed(out);
				const uint32_t len = model_build(frame, &b);
				unsigned flags = 0;

				if (offloads & FN_OFFLOAD_RX_CSUM)
					flags |= good_if_checked(len);
				if ((offloads & FN_OFFLOAD_RX_HASH) && b.ip)
					flags |= FN_PKT_HASH;
				assert_int_equal(pkts[i]->len, len);
				assert_memory_equal(pkts[i]->data, frame, len);
				assert_int_equal(pkts[i]->flags, flags);
			}
			fn_pkt_free_bulk(pkts, n);
		}
		assert_int_equal(rx_counter(&p, FN_RX_PACKETS), out);
		port_end(&p);
	}
}

/* The places come from the device: what is not in the frame is not believed, nor touched. */
static void hostile_places(void **state)
{
	static const uint16_t values[] = { 0,   1,   13,   98,    99,    100,   101,
					   102, 255, 1000, 32767, 32768, 65434, 65535 };
	unsigned bad = 0;
	struct port p;

	(void)state;
	offload_init(&p, 0);
	p.pool_opts.room_bytes = 64;
	port_start(&p,
		   (struct fn_dev_conf){ .rx_ring = 64,
					 .offloads = FN_OFFLOAD_RX_CSUM | FN_OFFLOAD_RX_SCATTER });
	for (unsigned i = 0; i < FN_ARRAY_LEN(values) * FN_ARRAY_LEN(values); i++) {
		const uint32_t start = values[i / FN_ARRAY_LEN(values)];
		const uint32_t offset = values[i % FN_ARRAY_LEN(values)];
		const struct virtio_dev_hdr hdr = {
			.flags = VDEV_HDR_F_NEEDS_CSUM | VDEV_HDR_F_DATA_VALID,
			.csum_start = fn_cpu_to_le16((uint16_t)start),
			.csum_offset = fn_cpu_to_le16((uint16_t)offset),
		};
		const bool fits = start + offset + 2 <= 101;

		memset(frame, 0x5a, 101);
		assert_int_equal(virtio_dev_receive_hdr(&p.vd, 0, &hdr, frame, 101), 0);
		if (fits) {
			uint16_t sum = (uint16_t)~model_sum(frame + start, 101 - start, 0);

			model_put_be16(frame + start + offset, sum ? sum : 0xffff);
		} else {
			bad++;
		}
		assert_received(&p, 101, fits ? FN_PKT_RX_L4_GOOD : FN_PKT_RX_L4_BAD);
		assert_int_equal(rx_counter(&p, FN_RX_CSUM_BAD), bad);
	}
	assert_int_equal(fn_rxq_status(p.rx), 0);
	port_end(&p);
}

/* UDP's checksum is never 0, which would say that there is none (RFC 768). */
static void sum_of_zero(void **state)
{
	const struct virtio_dev_hdr hdr = { .flags = VDEV_HDR_F_NEEDS_CSUM,
					    .csum_start = fn_cpu_to_le16(34),
					    .csum_offset = fn_cpu_to_le16(6) };
	struct port p;

	(void)state;
	offload_init(&p, 0);
	port_start(&p, (struct fn_dev_conf){ .rx_ring = 8, .offloads = FN_OFFLOAD_RX_CSUM });
	memset(frame, 0, 60);
	frame[50] = 0xff;
	frame[51] = 0xff;
	assert_int_equal(virtio_dev_receive_hdr(&p.vd, 0, &hdr, frame, 60), 0);
	frame[40] = 0xff;
	frame[41] = 0xff;
	assert_received(&p, 60, FN_PKT_RX_L4_GOOD);
	port_end(&p);
}

/* Without the offload nothing of the header is looked at, and nothing negotiated. */
static void not_asked_for(void **state)
{
	struct port p;

	(void)state;
	offload_init(&p, 0);
	port_start(&p, (struct fn_dev_conf){ .rx_ring = 8, .offloads = FN_OFFLOAD_TX_L4_CSUM });
	assert_int_equal(p.vd.accepted & (VDEV_F_GUEST_CSUM | VDEV_F_MRG_RXBUF |
					  VDEV_F_HASH_REPORT | VDEV_F_CTRL_VLAN),
			 0);
	for (unsigned i = 0; i < 50; i++) {
		const struct model_build b = mixed(i);
		const uint32_t len = model_build(frame, &b);

		assert_int_equal(virtio_dev_receive(&p.vd, 0, frame, len), 0);
		assert_received(&p, len, 0);
	}
	port_end(&p);
}

/*
 * Frame number @k of round @round: of those that a batch skips, one that fills its buffer (2.7.9).
 */
static struct model_build ordered(unsigned round, unsigned k, bool batch)
{
	if (batch && k < 3)
		return (struct model_build){ .ip = 4,
					     .proto = MODEL_PROTO_UDP,
					     .payload = 2048 - 42,
					     .seq = 4 * round + k };
	return mixed(4 * round + k);
}

/* Four frames come in, and are handed back in another order, or by one element for all. */
static void receive_four(struct port *p, unsigned round, bool batch)
{
	uint32_t lens[4];
	int ids[4];

	for (unsigned i = 0; i < 4; i++) {
		const struct model_build b = ordered(round, i, batch);

		lens[i] = model_build(frame, &b) + virtio_dev_hdr_bytes(&p->vd);
		ids[i] = virtio_dev_receive_write(&p->vd, 0, frame,
						  lens[i] - virtio_dev_hdr_bytes(&p->vd));
		assert_true(ids[i] >= 0);
	}
	if (batch) {
		/* The element stands where the batch starts. */
		virtio_dev_used(&p->vd, 0, (uint32_t)ids[3], lens[3]);
		p->vd.queues[0].used_pos = (uint16_t)(4 * (round + 1));
	}
	for (unsigned i = 0; i < 4 && !batch; i++)
		virtio_dev_used(&p->vd, 0, (uint32_t)ids[i ^ 2], lens[i ^ 2]);
	virtio_dev_publish(&p->vd, 0);
}

/* Buffers that come back out of order, or in a batch, have their headers read as well. */
static void out_of_order(uint64_t features, uint64_t offloads)
{
	const bool batch = features != 0;
	struct port p;

	offload_init(&p, VDEV_F_EVENT_IDX);
	p.vd.offered |= features;
	port_start(&p, (struct fn_dev_conf){ .rx_ring = 8, .offloads = offloads });
	for (unsigned round = 0; round < 50; round++) {
		receive_four(&p, round, batch);
		for (unsigned i = 0; i < 4; i++) {
			const struct model_build b = ordered(round, batch ? i : i ^ 2, batch);
			const uint32_t len = model_build(frame, &b);
			unsigned flags = 0;

			if (offloads & FN_OFFLOAD_RX_CSUM)
				flags |= good_if_checked(len);
			if ((offloads & FN_OFFLOAD_RX_HASH) && b.ip)
				flags |= FN_PKT_HASH;
			assert_received(&p, len, flags);
		}
	}
	port_end(&p);
}

static void order(void **state)
{
	const uint64_t csum = FN_OFFLOAD_RX_CSUM;

	(void)state;
	out_of_order(0, csum);
	out_of_order(0, csum | FN_OFFLOAD_RX_HASH);
	out_of_order(0, csum | FN_OFFLOAD_RX_SCATTER);
	out_of_order(VDEV_F_IN_ORDER, csum);
	out_of_order(VDEV_F_IN_ORDER, FN_OFFLOAD_RX_HASH);
	out_of_order(VDEV_F_IN_ORDER, csum | FN_OFFLOAD_RX_SCATTER);
	out_of_order(VDEV_F_IN_ORDER, csum | FN_OFFLOAD_RX_SCATTER | FN_OFFLOAD_RX_HASH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checksums),   cmocka_unit_test(laps),
		cmocka_unit_test(order),       cmocka_unit_test(hostile_places),
		cmocka_unit_test(sum_of_zero), cmocka_unit_test(not_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
