// SPDX-License-Identifier: BSD-3-Clause
/* Mergeable buffers of virtio-net: frames that become chains, on every ring, and what is a lie. */
#include "drivers/virtio/virtio_net.h"
#include "virtio_offload.h"

#define SCATTER FN_OFFLOAD_RX_SCATTER

static uint8_t frame[MODEL_FRAME_MAX];
static uint8_t bytes[MODEL_FRAME_MAX];

static uint32_t jumbo(unsigned seq, uint32_t most)
{
	const uint32_t len = 60 + seq * 1237 % (most - 59);

	for (uint32_t i = 0; i < len; i++)
		frame[i] = (uint8_t)(seq * 131 + i * 7 + (i >> 8));
	return len;
}

/* A chain of which all segments but the last are full, and which is frame @seq. */
static void assert_jumbo(const struct fn_pkt *pkt, unsigned seq, uint32_t most, uint32_t buf)
{
	const uint32_t len = jumbo(seq, most);
	unsigned segs = 0;

	assert_int_equal(offload_bytes(pkt, bytes), len);
	assert_memory_equal(bytes, frame, len);
	for (const struct fn_pkt *seg = pkt; seg; seg = seg->next, segs++) {
		if (seg->next)
			assert_int_equal(seg->len, segs ? buf : buf - 12);
		assert_true(seg->headroom + seg->len <= seg->buf_len);
	}
	assert_int_equal(pkt->extra_segs, segs - 1);
}

static void laps_with(uint64_t features, uint32_t headroom, uint32_t room, uint32_t ring)
{
	/* No more buffers than a third of the ring has, and than the model spreads a frame over. */
	const uint32_t bufs = ring / 3 < 60 ? ring / 3 : 60;
	const uint32_t most = bufs * room < 9018 ? bufs * room : 9018;
	const uint32_t buf = headroom == FN_POOL_NO_HEADROOM ? room : room + 12;
	struct fn_pkt *pkts[32];
	unsigned out = 0;
	struct port p;

	offload_init(&p, VDEV_F_EVENT_IDX | VDEV_F_MTU);
	p.vd.offered |= features;
	p.pool_opts.room_bytes = room;
	p.pool_opts.headroom = headroom;
	port_start(&p,
		   (struct fn_dev_conf){ .rx_ring = ring, .mtu = most - 18, .offloads = SCATTER });
	while (out < 200) {
		unsigned n = 1 + out * 13 % 7;
		uint32_t len;

		do {
			len = jumbo(p.received, most);
			if (virtio_dev_receive(&p.vd, 0, frame, len))
				break;
			p.received++;
		} while (--n);
		n = fn_rx_burst(p.rx, pkts, 1 + out % 32);
		assert_true(n > 0);
		for (unsigned i = 0; i < n; i++)
			assert_jumbo(pkts[i], out++, most, buf);
		fn_pkt_free_bulk(pkts, n);
		assert_true(p.received >= out);
	}
	assert_int_equal(fn_rxq_status(p.rx), 0);
	assert_int_equal(rx_counter(&p, FN_RX_PACKETS), out);
	assert_int_equal(fn_dev_stop(p.dev), 0);
	assert_int_equal(port_pool(&p).outside, 0);
	port_end(&p);
}

static void every_ring(void **state)
{
	static const uint32_t rooms[] = { 64, 100, 256, 2048 };
	static const uint64_t features[] = { 0, VDEV_F_EVENT_IDX, VDEV_F_IN_ORDER };

	(void)state;
	for (uint32_t ring = 8; ring <= 512; ring *= 4)
		for (unsigned i = 0; i < 12; i++) {
			laps_with(features[i / 4], 0, rooms[i % 4], ring);
			laps_with(features[i / 4], FN_POOL_NO_HEADROOM, rooms[i % 4], ring);
		}
}

/* What was received in parts goes out in parts: the next port sends it as it is. */
static void forwarded(void **state)
{
	struct fn_pkt *pkt;
	struct port p;

	(void)state;
	offload_init(&p, VDEV_F_MTU);
	p.pool_opts.room_bytes = 256;
	port_start(&p, (struct fn_dev_conf){ .rx_ring = 256, .mtu = 9000, .offloads = SCATTER });
	for (unsigned i = 0; i < 100; i++) {
		const uint32_t len = jumbo(i, 9018);

		assert_int_equal(virtio_dev_receive(&p.vd, 0, frame, len), 0);
		assert_int_equal(fn_rx_burst(p.rx, &pkt, 1), 1);
		wire.n = 0;
		assert_int_equal(fn_tx_burst(p.tx, &pkt, 1), 1);
		assert_int_equal(virtio_dev_transmit(&p.vd, 0, 1), 1);
		assert_int_equal(wire.len[0], len);
		assert_memory_equal(wire.frame[0], frame, len < WIRE_BYTES ? len : WIRE_BYTES);
		assert_int_equal(fn_tx_reclaim(p.tx), 1);
	}
	assert_int_equal(fn_dev_stop(p.dev), 0);
	assert_int_equal(port_pool(&p).outside, 0);
	port_end(&p);
}

/* A pool that is short of packets: frames that fit what is posted come, and all is well later. */
static void starved(void **state)
{
	struct fn_pkt *held[400];
	struct fn_pkt *pkt;
	unsigned n = 0;
	struct port p;

	(void)state;
	offload_init(&p, VDEV_F_MTU);
	p.pool_opts.room_bytes = 1024;
	p.pool_opts.count = 400;
	p.pool_opts.cache = 32;
	port_start(&p, (struct fn_dev_conf){
			       .rx_ring = 64, .tx_ring = 8, .mtu = 9000, .offloads = SCATTER });
	while (n < 400 && (held[n] = fn_pkt_alloc(p.pool)) != NULL)
		n++;
	/* Nine buffers each, and the application keeps them. */
	for (unsigned i = 0; i < 20; i++) {
		memset(frame, (int)i, 9000);
		if (virtio_dev_receive(&p.vd, 0, frame, 9000))
			break;
		assert_int_equal(fn_rx_burst(p.rx, &held[n], 1), 1);
		assert_int_equal(held[n]->extra_segs, 8);
		n++;
	}
	assert_true(rx_counter(&p, FN_RX_POOL_EMPTY) > 0);
	assert_int_equal(virtio_dev_receive(&p.vd, 0, frame, 9000), -ENOBUFS);
	assert_int_equal(fn_rx_burst(p.rx, &pkt, 1), 0);
	fn_pkt_free_bulk(held, n);
	assert_int_equal(fn_rx_burst(p.rx, &pkt, 1), 0);
	for (unsigned i = 0; i < 20; i++) {
		assert_int_equal(virtio_dev_receive(&p.vd, 0, frame, jumbo(i, 9018)), 0);
		assert_int_equal(fn_rx_burst(p.rx, &pkt, 1), 1);
		assert_jumbo(pkt, i, 9018, 1024 + 12);
		fn_pkt_free(pkt);
	}
	port_end(&p);
}

/* Frames that nobody took before the stop are counted as frames, whatever they fill. */
static void left_behind(void **state)
{
	struct port p;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		offload_init(&p, VDEV_F_MTU);
		p.pool_opts.room_bytes = 1024;
		p.pool_opts.headroom = i ? FN_POOL_NO_HEADROOM : 0;
		port_start(&p,
			   (struct fn_dev_conf){ .rx_ring = 64, .mtu = 9000, .offloads = SCATTER });
		for (unsigned k = 0; k < 5; k++)
			assert_int_equal(virtio_dev_receive(&p.vd, 0, frame, k % 2 ? 9000 : 60), 0);
		assert_int_equal(fn_dev_stop(p.dev), 0);
		assert_int_equal(rx_counter(&p, FN_RX_DROP_STOPPED), 5);
		assert_int_equal(port_pool(&p).outside, 0);
		port_end(&p);
	}
}

/* A configuration that could never receive a frame of its MTU is refused, with the remedy. */
static void limits(void **state)
{
	struct port p;

	(void)state;
	offload_init(&p, VDEV_F_MTU);
	p.pool_opts.room_bytes = 64;
	assert_int_equal(port_open(&p), 0);
	/* 256 segments of 76 bytes. */
	assert_int_equal(port_configure(&p, (struct fn_dev_conf){ .rx_ring = 512,
								  .mtu = 256 * 76 - 12 - 18,
								  .offloads = SCATTER }),
			 0);
	assert_int_equal(port_configure(&p, (struct fn_dev_conf){ .rx_ring = 512,
								  .mtu = 256 * 76 - 12 - 17,
								  .offloads = SCATTER }),
			 -EINVAL);
	assert_non_null(strstr(p.err.text, "room_bytes"));
	/* A ring that is shorter than the frame. */
	assert_int_equal(port_configure(&p, (struct fn_dev_conf){ .rx_ring = 8,
								  .mtu = 8 * 76 - 12 - 18,
								  .offloads = SCATTER }),
			 0);
	assert_int_equal(port_configure(&p, (struct fn_dev_conf){ .rx_ring = 8,
								  .mtu = 8 * 76 - 12 - 17,
								  .offloads = SCATTER }),
			 -EINVAL);
	assert_int_equal(port_configure(&p, (struct fn_dev_conf){ .rx_ring = 8, .mtu = 500 }),
			 -EINVAL);
	port_end(&p);
}

/* Write @len bytes of a frame of @total into the next buffer, header and all. Returns its id. */
static uint32_t put_part(struct port *p, const uint8_t *from, uint32_t len)
{
	static struct virtio_dev_buf buf;
	uint8_t *to;

	assert_int_equal(virtio_dev_take(&p->vd, 0, &buf), 0);
	assert_true(buf.n == 1 && len <= buf.seg[0].len);
	to = virtio_dev_at(&p->vd, buf.seg[0].iova, len);
	assert_non_null(to);
	memcpy(to, from, len);
	return buf.id;
}

/* @segs buffers: a header that says @says, and then the frame; ids to @ids. */
static void put_frame(struct port *p, unsigned segs, uint16_t says, uint32_t *ids)
{
	static uint8_t all[12 + 4096];
	const struct virtio_dev_hdr hdr = { .num_buffers = fn_cpu_to_le16(says) };

	memcpy(all, &hdr, 12);
	for (unsigned i = 0; i < sizeof(all) - 12; i++)
		all[12 + i] = (uint8_t)(i * 7);
	for (unsigned i = 0; i < segs; i++)
		ids[i] = put_part(p, all + 76 * (size_t)i, 76);
}

static void start_small(struct port *p, uint64_t features)
{
	offload_init(p, VDEV_F_EVENT_IDX);
	p->vd.offered |= features;
	p->pool_opts.room_bytes = 64;
	port_start(p, (struct fn_dev_conf){ .rx_ring = 512, .offloads = SCATTER });
}

/* Parts that become visible one by one, against 5.1.6.4.1: the frame comes when it is whole. */
static void seen_in_parts(void **state)
{
	struct fn_pkt *pkts[4];
	uint32_t ids[8];
	struct port p;

	(void)state;
	start_small(&p, 0);
	for (unsigned round = 0; round < 200; round++) {
		put_frame(&p, 5, 5, ids);
		for (unsigned i = 0; i < 5; i++) {
			assert_int_equal(fn_rx_burst(p.rx, pkts, 4), 0);
			virtio_dev_used(&p.vd, 0, ids[i], 76);
			virtio_dev_publish(&p.vd, 0);
		}
		assert_int_equal(fn_rx_burst(p.rx, pkts, 4), 1);
		assert_int_equal(fn_pkt_len(pkts[0]), 5 * 76 - 12);
		assert_int_equal(pkts[0]->extra_segs, 4);
		fn_pkt_free(pkts[0]);
	}
	/* Also when they are handed back in another order than they were posted. */
	for (unsigned round = 0; round < 200; round++) {
		uint32_t others[2];

		put_frame(&p, 1, 1, others);
		put_frame(&p, 3, 3, ids);
		put_frame(&p, 1, 1, others + 1);
		virtio_dev_used(&p.vd, 0, ids[0], 76);
		virtio_dev_publish(&p.vd, 0);
		assert_int_equal(fn_rx_burst(p.rx, pkts, 4), 0);
		virtio_dev_used(&p.vd, 0, ids[1], 76);
		virtio_dev_used(&p.vd, 0, ids[2], 40);
		virtio_dev_used(&p.vd, 0, others[1], 13);
		virtio_dev_used(&p.vd, 0, others[0], 76);
		virtio_dev_publish(&p.vd, 0);
		assert_int_equal(fn_rx_burst(p.rx, pkts, 4), 3);
		assert_int_equal(fn_pkt_len(pkts[0]), 2 * 76 - 12 + 40);
		assert_int_equal(offload_bytes(pkts[0], bytes), 2 * 76 - 12 + 40);
		for (unsigned i = 0; i < 2 * 76 - 12 + 40; i++)
			assert_int_equal(bytes[i], (uint8_t)(i * 7));
		assert_int_equal(pkts[1]->len, 1);
		assert_int_equal(pkts[2]->len, 64);
		fn_pkt_free_bulk(pkts, 3);
	}
	assert_int_equal(fn_rxq_status(p.rx), 0);
	port_end(&p);
}

/* 2.7.9: one element for the buffers of several frames, taken in bursts of one. */
static void batches(void **state)
{
	struct fn_pkt *pkt;
	uint32_t ids[8];
	struct port p;

	(void)state;
	start_small(&p, VDEV_F_IN_ORDER);
	for (unsigned round = 0; round < 100; round++) {
		put_frame(&p, 1, 1, ids);
		put_frame(&p, 3, 3, ids);
		put_frame(&p, 2, 2, ids);
		virtio_dev_used(&p.vd, 0, ids[1], 33);
		p.vd.queues[0].used_pos = (uint16_t)(6 * (round + 1));
		virtio_dev_publish(&p.vd, 0);
		assert_int_equal(fn_rx_burst(p.rx, &pkt, 1), 1);
		assert_int_equal(fn_pkt_len(pkt), 64);
		fn_pkt_free(pkt);
		assert_int_equal(fn_rx_burst(p.rx, &pkt, 1), 1);
		assert_int_equal(fn_pkt_len(pkt), 3 * 76 - 12);
		fn_pkt_free(pkt);
		assert_int_equal(fn_rx_burst(p.rx, &pkt, 1), 1);
		assert_int_equal(fn_pkt_len(pkt), 76 - 12 + 33);
		fn_pkt_free(pkt);
		assert_int_equal(fn_rx_burst(p.rx, &pkt, 1), 0);
	}
	assert_int_equal(fn_rxq_status(p.rx), 0);
	port_end(&p);
}

/* The queue is broken with a reason, what was sound before came, and all buffers come home. */
static void assert_broken(struct port *p, const char *why, unsigned sound, unsigned dropped)
{
	struct fn_pkt *pkts[8];
	const unsigned n = fn_rx_burst(p->rx, pkts, 8);

	assert_int_equal(n, sound);
	fn_pkt_free_bulk(pkts, n);
	assert_int_equal(fn_rxq_status(p->rx), -EIO);
	assert_non_null(strstr(p->log, why));
	assert_int_equal(rx_drops(p), dropped);
	assert_int_equal(fn_rx_burst(p->rx, pkts, 8), 0);
	assert_int_equal(fn_dev_reset(p->dev), 0);
	assert_int_equal(fn_rxq_status(p->rx), 0);
	assert_int_equal(port_pool(p).outside, 512);
	port_end(p);
}

static void lies(void **state)
{
	static const uint16_t numbers[] = { 0, 257, 512, 513, 65535 };
	uint32_t ids[8];
	struct port p;

	(void)state;
	for (unsigned i = 0; i < FN_ARRAY_LEN(numbers); i++) {
		start_small(&p, i & 1 ? VDEV_F_IN_ORDER : 0);
		put_frame(&p, 1, 1, ids);
		put_frame(&p, 3, numbers[i], ids + 1);
		for (unsigned k = 0; k < 4; k++)
			virtio_dev_used(&p.vd, 0, ids[k], 76);
		virtio_dev_publish(&p.vd, 0);
		assert_broken(&p, "fills", 1, 3);
	}
	/* More than the device has, though a packet could have them. */
	offload_init(&p, VDEV_F_MTU);
	p.pool_opts.room_bytes = 64;
	port_start(&p, (struct fn_dev_conf){ .rx_ring = 8, .mtu = 100, .offloads = SCATTER });
	put_frame(&p, 3, 9, ids);
	for (unsigned k = 0; k < 3; k++)
		virtio_dev_used(&p.vd, 0, ids[k], 76);
	virtio_dev_publish(&p.vd, 0);
	{
		struct fn_pkt *pkt;

		assert_int_equal(fn_rx_burst(p.rx, &pkt, 1), 0);
		assert_int_equal(fn_rxq_status(p.rx), -EIO);
		assert_int_equal(rx_drops(&p), 3);
	}
	port_end(&p);
}

/* A length that cannot be, in the first buffer, in one behind, in the last of a batch. */
static void lies_of_length(void **state)
{
	static const struct {
		unsigned at;
		uint32_t len;
	} lens[] = { { 0, 0 }, { 0, 11 }, { 0, 77 }, { 1, 0 }, { 1, 77 }, { 2, 65535 + 76 } };
	uint32_t ids[8];
	struct port p;

	(void)state;
	for (unsigned i = 0; i < FN_ARRAY_LEN(lens); i++) {
		start_small(&p, 0);
		put_frame(&p, 1, 1, ids);
		put_frame(&p, 3, 3, ids + 1);
		for (unsigned k = 0; k < 4; k++)
			virtio_dev_used(&p.vd, 0, ids[k], k == lens[i].at + 1 ? lens[i].len : 76);
		virtio_dev_publish(&p.vd, 0);
		assert_broken(&p, "bytes where", 1, 3);
	}
	start_small(&p, VDEV_F_IN_ORDER);
	put_frame(&p, 3, 3, ids);
	virtio_dev_used(&p.vd, 0, ids[2], 77);
	p.vd.queues[0].used_pos = 3;
	virtio_dev_publish(&p.vd, 0);
	assert_broken(&p, "bytes where", 0, 3);
	/* A buffer of a frame that it does not have, or has handed back already. */
	for (unsigned i = 0; i < 3; i++) {
		start_small(&p, i == 2 ? VDEV_F_IN_ORDER : 0);
		put_frame(&p, 3, 3, ids);
		virtio_dev_used(&p.vd, 0, ids[0], 76);
		virtio_dev_used(&p.vd, 0, i == 0 ? 512 : i == 1 ? ids[0] : ids[2] + 5, 76);
		virtio_dev_used(&p.vd, 0, ids[2], 76);
		virtio_dev_publish(&p.vd, 0);
		assert_broken(&p, "the device returned buffer", 0, 3);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_ring),     cmocka_unit_test(forwarded),
		cmocka_unit_test(starved),        cmocka_unit_test(limits),
		cmocka_unit_test(left_behind),    cmocka_unit_test(seen_in_parts),
		cmocka_unit_test(batches),        cmocka_unit_test(lies),
		cmocka_unit_test(lies_of_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
