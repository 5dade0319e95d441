// SPDX-License-Identifier: BSD-3-Clause
/*
 * Receive queues of virtio-net: every length on every ring, refill, order, and what is lost where.
 */
#include "virtio_port.h"

#define LAPS 3u

/* Take up to @n packets and check that they go on in the stream where @seq stands. */
static unsigned take(struct port *p, unsigned seq, unsigned n)
{
	struct fn_pkt *pkts[256];
	unsigned got = fn_rx_burst(p->rx, pkts, n);

	assert_true(got <= n);
	for (unsigned i = 0; i < got; i++) {
		assert_int_equal(pkts[i]->len, frame_len(seq + i));
		assert_frame(pkts[i]->data, pkts[i]->len, seq + i);
		assert_int_equal(pkts[i]->flags, 0);
		assert_int_equal(pkts[i]->user, 0);
		assert_int_equal(pkts[i]->vlan_tci, 0);
		assert_int_equal(pkts[i]->hash, 0);
		/* What an application leaves in a header is not there the next time. */
		pkts[i]->user = seq + i + 1;
		pkts[i]->vlan_tci = 7;
		pkts[i]->hash = 9;
	}
	fn_pkt_free_bulk(pkts, got);
	return got;
}

/* @n frames, each taken by a burst of its own before the next one comes. */
static void one_by_one(struct port *p, unsigned n)
{
	while (n--) {
		const unsigned seq = p->received;

		assert_int_equal(port_receive(p), 0);
		assert_int_equal(take(p, seq, 32), 1);
	}
}

/* The device fills what is posted, the application takes bursts of @burst, for some laps. */
static void run_laps(struct port *p, uint32_t ring, unsigned burst)
{
	unsigned seq = 0;

	port_start(p, (struct fn_dev_conf){ .rx_ring = ring });
	while (seq < LAPS * ring) {
		unsigned batch = 1 + seq * 13 % ring;
		unsigned got;

		while (batch-- && port_receive(p) == 0)
			;
		while ((got = take(p, seq, burst)) != 0)
			seq += got;
		assert_int_equal(seq, p->received);
	}
	assert_int_equal(rx_counter(p, FN_RX_PACKETS), seq);
	assert_int_equal(rx_counter(p, FN_RX_BYTES), frames_bytes(seq));
	assert_int_equal(rx_counter(p, FN_RX_POOL_EMPTY), 0);
}

static void each_length_on_each_ring(void **state)
{
	(void)state;
	port_all_rings(run_laps);
}

/*
 * Without headroom virtio_net_hdr takes the room's first bytes; the packet is whole again when it
 * is freed.
 */
static void headroom_too_small(void **state)
{
	static const uint8_t frame[2048];
	struct fn_pkt *pkt;
	struct port p;

	(void)state;
	port_rings(VDEV_F_EVENT_IDX, FN_POOL_NO_HEADROOM, run_laps);
	port_init(&p);
	p.pool_opts.headroom = 11;
	port_start(&p, (struct fn_dev_conf){ .rx_ring = 8 });
	assert_int_equal(virtio_dev_receive(&p.vd, 0, frame, 2048 - 12 + 1), -EMSGSIZE);
	assert_int_equal(port_receive(&p), 0);
	assert_int_equal(fn_rx_burst(p.rx, &pkt, 1), 1);
	assert_int_equal(pkt->headroom, 11 + 12);
	assert_int_equal(fn_pkt_tailroom(pkt), 2048 - 12 - frame_len(0));
	fn_pkt_free(pkt);
	assert_int_equal(fn_dev_stop(p.dev), 0);
	for (unsigned i = 0; i < 64; i++) {
		pkt = fn_pkt_alloc(p.pool);
		assert_int_equal(pkt->headroom, 11);
		fn_pkt_free(pkt);
	}
	port_end(&p);
}

/*
 * What the device may write is exactly the room: not a byte in front of the header or behind the
 * room.
 */
static void room_exactly(void **state)
{
	uint8_t frame[2049];
	struct fn_pkt *pkt;
	struct port p;

	(void)state;
	memset(frame, 0xaa, sizeof(frame));
	port_init(&p);
	port_start(&p, (struct fn_dev_conf){ .rx_ring = 8 });
	assert_int_equal(virtio_dev_receive(&p.vd, 0, frame, 2049), -EMSGSIZE);
	assert_int_equal(virtio_dev_receive(&p.vd, 0, frame, 2048), 0);
	assert_int_equal(fn_rx_burst(p.rx, &pkt, 1), 1);
	assert_int_equal(pkt->len, 2048);
	assert_int_equal(pkt->headroom, 128);
	assert_int_equal(fn_pkt_tailroom(pkt), 0);
	assert_memory_equal(pkt->data, frame, 2048);
	fn_pkt_free(pkt);
	port_end(&p);
}

/* A device may hand buffers back in any order; frames come out in the order of the used ring. */
static void out_of_order(void **state)
{
	uint8_t buf[PORT_FRAME_MAX];
	uint32_t ids[64];
	struct port p;
	unsigned seq = 0;
	unsigned seed = 1;

	(void)state;
	port_init(&p);
	port_start(&p, (struct fn_dev_conf){ .rx_ring = 64 });
	while (seq < 20 * 64) {
		const unsigned n = 1 + seq % 64;
		unsigned k = 0;

		/*
		 * Frame numbers are dealt out to buffers in a random order, which is the one handed
		 * back.
		 */
		while (k < n && virtio_dev_posted(&p.vd, 0)) {
			const int id = virtio_dev_receive_write(&p.vd, 0, buf, 14);

			assert_true(id >= 0);
			ids[k++] = (uint32_t)id;
		}
		for (unsigned i = 0; i < k; i++) {
			const unsigned other =
				i + (seed = seed * 1103515245 + 12345) / 65536 % (k - i);
			const uint32_t id = ids[other];
			const struct virtio_dev_desc *table =
				(void *)virtio_dev_at(&p.vd, p.vd.queues[0].desc,
						      sizeof(*table) * 64);
			uint8_t *room =
				virtio_dev_at(&p.vd, fn_read_le64(&table[id].addr), 12 + 1514);
			const uint32_t len = frame_fill(room + 12, p.received++);

			ids[other] = ids[i];
			virtio_dev_used(&p.vd, 0, id, len + 12);
		}
		virtio_dev_publish(&p.vd, 0);
		for (unsigned got; (got = take(&p, seq, 5 + seq % 60)) != 0;)
			seq += got;
		assert_int_equal(seq, p.received);
	}
	assert_int_equal(rx_counter(&p, FN_RX_PACKETS), seq);
	assert_int_equal(rx_counter(&p, FN_RX_BYTES), frames_bytes(seq));
	port_end(&p);
}

/*
 * 2.7.9: an in-order device writes one element for several buffers; the skipped ones are used
 * whole.
 */
static void in_order_batches(void **state)
{
	static uint8_t full[2048];
	uint8_t buf[PORT_FRAME_MAX];
	struct port p;
	uint64_t bytes = 0;
	unsigned seq = 0;

	(void)state;
	memset(full, 0x5a, sizeof(full));
	port_init(&p);
	p.vd.offered |= VDEV_F_IN_ORDER;
	port_start(&p, (struct fn_dev_conf){ .rx_ring = 32 });
	for (unsigned round = 0; round < 64; round++) {
		const unsigned skipped = round % 9;
		struct fn_pkt *pkts[32];
		unsigned got = 0;
		int id;

		for (unsigned i = 0; i < skipped; i++)
			assert_true(virtio_dev_receive_write(&p.vd, 0, full, 2048) >= 0);
		id = virtio_dev_receive_write(&p.vd, 0, buf, frame_fill(buf, seq));
		assert_true(id >= 0);
		virtio_dev_used(&p.vd, 0, (uint32_t)id, frame_len(seq) + 12);
		p.vd.queues[0].used_pos = (uint16_t)(p.vd.queues[0].used_pos + skipped);
		virtio_dev_publish(&p.vd, 0);
		/* In bursts that cut the batch apart. */
		for (unsigned n; (n = fn_rx_burst(p.rx, pkts + got, 1 + round % 4)) != 0;)
			got += n;
		assert_int_equal(got, skipped + 1);
		for (unsigned i = 0; i < skipped; i++) {
			assert_int_equal(pkts[i]->len, 2048);
			assert_memory_equal(pkts[i]->data, full, 2048);
		}
		assert_int_equal(pkts[skipped]->len, frame_len(seq));
		assert_frame(pkts[skipped]->data, frame_len(seq), seq);
		fn_pkt_free_bulk(pkts, got);
		bytes += (uint64_t)skipped * 2048;
		seq++;
	}
	assert_int_equal(rx_counter(&p, FN_RX_BYTES), frames_bytes(seq) + bytes);
	assert_int_equal(rx_counter(&p, FN_RX_DROP_BROKEN), 0);
	port_end(&p);
}

/* A poll that finds all that was posted used up is a sign of loss; one that finds less is none. */
static void ring_dry(void **state)
{
	struct port p;

	(void)state;
	port_init(&p);
	port_start(&p, (struct fn_dev_conf){ .rx_ring = 8 });
	for (unsigned i = 0; i < 7; i++)
		assert_int_equal(port_receive(&p), 0);
	assert_int_equal(take(&p, 0, 8), 7);
	assert_int_equal(rx_counter(&p, FN_RX_RING_DRY), 0);
	while (port_receive(&p) == 0)
		;
	assert_int_equal(take(&p, 7, 8), p.received - 7);
	assert_int_equal(rx_counter(&p, FN_RX_RING_DRY), 1);
	assert_int_equal(take(&p, p.received, 8), 0);
	assert_int_equal(rx_counter(&p, FN_RX_RING_DRY), 1);
	port_end(&p);
}

/* An empty pool starves the ring, which is counted; freed packets bring it back. */
static void pool_empty_then_resumed(void **state)
{
	struct fn_pkt *held[1024];
	struct fn_pkt *mine[512];
	struct port p;
	uint64_t dry;
	unsigned got = 0;
	unsigned own;

	(void)state;
	port_init(&p);
	p.pool_opts.count = 512;
	p.pool_opts.cache = 32;
	port_start(&p, (struct fn_dev_conf){ .rx_ring = 64, .tx_ring = 64 });
	for (own = 0; own < 512 && (mine[own] = fn_pkt_alloc(p.pool)); own++)
		;
	assert_int_equal(rx_counter(&p, FN_RX_RING_DRY), 0);
	/* The queue's cache may still hold some; then the ring runs dry. */
	while (port_receive(&p) == 0)
		got += fn_rx_burst(p.rx, held + got, 32);
	assert_in_range(got, 64, 64 + 32);
	assert_int_equal(fn_rx_burst(p.rx, held + got, 32), 0);
	assert_int_equal(port_receive(&p), -ENOBUFS);
	assert_true(rx_counter(&p, FN_RX_POOL_EMPTY) > 0);
	dry = rx_counter(&p, FN_RX_RING_DRY);
	assert_true(dry > 0);
	/* Each poll that finds no buffer posted counts. */
	assert_int_equal(fn_rx_burst(p.rx, held + got, 32), 0);
	assert_int_equal(rx_counter(&p, FN_RX_RING_DRY), dry + 1);
	assert_int_equal(fn_rxq_status(p.rx), 0);

	fn_pkt_free_bulk(held, got);
	fn_pkt_free_bulk(mine, own);
	assert_int_equal(fn_rx_burst(p.rx, held, 32), 0);
	assert_in_range(virtio_dev_posted(&p.vd, 0), 33, 64);
	one_by_one(&p, 200);
	assert_int_equal(rx_counter(&p, FN_RX_PACKETS), p.received);
	port_end(&p);
}

/*
 * The last few packets of a pool are posted when nothing else is, and not one by one before that.
 */
static void few_buffers_left(void **state)
{
	struct fn_pkt *held[128];
	struct fn_pkt *mine[512];
	struct fn_pkt *pkt;
	struct port p;
	unsigned own = 0;
	unsigned got = 0;

	(void)state;
	port_init(&p);
	p.pool_opts.count = 512;
	p.pool_opts.cache = 32;
	p.pool_opts.max_threads = 0;
	port_start(&p, (struct fn_dev_conf){ .rx_ring = 64, .tx_ring = 64 });
	while ((pkt = fn_pkt_alloc(p.pool)))
		mine[own++] = pkt;
	while (port_receive(&p) == 0)
		got += fn_rx_burst(p.rx, held + got, 32);
	(void)fn_rx_burst(p.rx, held + got, 32);
	assert_int_equal(virtio_dev_posted(&p.vd, 0), 0);
	/*
	 * Whatever this thread's cache keeps back, some reach the stack, and they are fewer than
	 * 32.
	 */
	for (unsigned i = 0; i < 40; i++)
		fn_pkt_free(mine[--own]);
	assert_int_equal(fn_rx_burst(p.rx, held + got, 32), 0);
	assert_in_range(virtio_dev_posted(&p.vd, 0), 1, 31);
	assert_int_equal(port_receive(&p), 0);
	assert_int_equal(fn_rx_burst(p.rx, held + got, 32), 1);
	assert_frame(held[got]->data, held[got]->len, p.received - 1);
	fn_pkt_free_bulk(held, got + 1);
	fn_pkt_free_bulk(mine, own);
	/* From an odd position the ring fills up to its last slot all the same. */
	one_by_one(&p, 200);
	assert_in_range(virtio_dev_posted(&p.vd, 0), 33, 64);
	port_end(&p);
}

/*
 * Buffers are posted in batches: one doorbell each at most, none while the device does not want it.
 */
static void doorbells_with(uint64_t features)
{
	struct port p;
	unsigned before;

	port_init_ring(&p, features);
	port_start(&p, (struct fn_dev_conf){ .rx_ring = 256 });
	assert_int_equal(p.vd.queues[0].kicks, 1);
	one_by_one(&p, 256);
	assert_int_equal(p.vd.queues[0].kicks, 1 + 256 / 32);
	before = p.vd.queues[0].kicks;
	p.vd.queues[0].no_notify = true;
	one_by_one(&p, 256);
	/* One more: the wish that stood before. */
	assert_in_range(p.vd.queues[0].kicks, before, before + 1);
	port_end(&p);
}

static void doorbells(void **state)
{
	(void)state;
	doorbells_with(VDEV_F_EVENT_IDX);
	doorbells_with(0);
}

/* What was received and is not taken when the queue goes down is dropped, and counted. */
static void untaken_frames_are_counted(void **state)
{
	struct fn_pkt *pkts[2];
	struct port p;

	(void)state;
	port_init(&p);
	port_start(&p, (struct fn_dev_conf){ .rx_ring = 64 });
	for (unsigned i = 0; i < 7; i++)
		assert_int_equal(port_receive(&p), 0);
	assert_int_equal(fn_rx_burst(p.rx, pkts, 2), 2);
	fn_pkt_free_bulk(pkts, 2);
	assert_int_equal(fn_dev_stop(p.dev), 0);
	assert_int_equal(rx_counter(&p, FN_RX_DROP_STOPPED), 5);
	assert_int_equal(rx_counter(&p, FN_RX_PACKETS), 2);

	assert_int_equal(fn_dev_start(p.dev), 0);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(port_receive(&p), 0);
	fn_queue_break(fn_rxq_queue(p.rx), "a test says so");
	assert_int_equal(fn_dev_reset(p.dev), 0);
	assert_int_equal(rx_counter(&p, FN_RX_DROP_BROKEN), 3);
	assert_int_equal(rx_counter(&p, FN_RX_DROP_STOPPED), 5);
	port_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_length_on_each_ring),
		cmocka_unit_test(headroom_too_small),
		cmocka_unit_test(room_exactly),
		cmocka_unit_test(out_of_order),
		cmocka_unit_test(in_order_batches),
		cmocka_unit_test(ring_dry),
		cmocka_unit_test(pool_empty_then_resumed),
		cmocka_unit_test(few_buffers_left),
		cmocka_unit_test(doorbells),
		cmocka_unit_test(untaken_frames_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
