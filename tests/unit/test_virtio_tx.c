// SPDX-License-Identifier: BSD-3-Clause
/*
 * Transmit queues of virtio-net: every length on every ring, every kind of packet, reclaim, stop.
 */
#include "drivers/virtio/virtio_net.h"
#include "virtio_port.h"

#define LAPS 3u

/*
 * Send frames from number @seq on until the queue takes no more or @n are taken. Returns how many.
 */
static unsigned send(struct port *p, unsigned seq, unsigned n)
{
	struct fn_pkt *pkts[256];
	unsigned taken;

	for (unsigned i = 0; i < n; i++)
		pkts[i] = port_pkt(p, seq + i);
	taken = fn_tx_burst(p->tx, pkts, n);
	assert_true(taken <= n);
	fn_pkt_free_bulk(pkts + taken, n - taken);
	return taken;
}

static void run_laps(struct port *p, uint32_t ring, unsigned burst)
{
	unsigned seq = 0;

	while (seq < LAPS * ring) {
		unsigned taken;

		while ((taken = send(p, seq, burst)) == burst)
			seq += taken;
		seq += taken;
		(void)virtio_dev_transmit(&p->vd, 0, 1 + seq * 13 % ring);
	}
	(void)virtio_dev_transmit(&p->vd, 0, ring);
	assert_int_equal(p->sent, seq);
	assert_int_equal(tx_counter(p, FN_TX_PACKETS), seq);
	assert_int_equal(tx_counter(p, FN_TX_BYTES), frames_bytes(seq));
	assert_true(tx_counter(p, FN_TX_RING_FULL) > 0);
	(void)fn_tx_reclaim(p->tx);
	assert_false(fn_txq_pending(p->tx));
	assert_int_equal(fn_tx_reclaim(p->tx), 0);
}

static void laps_with(uint64_t features, uint32_t headroom)
{
	static const unsigned bursts[] = { 1, 7, 32, 256 };

	for (uint32_t ring = 8; ring <= 1024; ring *= 2) {
		for (unsigned i = 0; i < FN_ARRAY_LEN(bursts); i++) {
			struct port p;

			port_init(&p);
			p.vd.offered &= ~VIRTIO_F_RING_EVENT_IDX;
			p.vd.offered |= features;
			p.pool_opts.headroom = headroom;
			port_start(&p, (struct fn_dev_conf){ .tx_ring = ring, .rx_ring = 8 });
			run_laps(&p, ring, bursts[i]);
			port_end(&p);
		}
	}
}

static void each_length_on_each_ring(void **state)
{
	(void)state;
	laps_with(0, 0);
	laps_with(VIRTIO_F_RING_EVENT_IDX, 0);
	laps_with(VIRTIO_F_IN_ORDER, 0);
	laps_with(VIRTIO_F_RING_EVENT_IDX | VIRTIO_F_IN_ORDER, 0);
}

/* The header then comes from the queue's zeros, in a descriptor of its own. */
static void headroom_too_small(void **state)
{
	(void)state;
	laps_with(VIRTIO_F_RING_EVENT_IDX, FN_POOL_NO_HEADROOM);
	laps_with(VIRTIO_F_RING_EVENT_IDX | VIRTIO_F_IN_ORDER, 11);
}

/* Old memory behind a short frame never goes out, nor does the frame get longer than it must. */
static void short_frames_padded(void **state)
{
	struct port p;

	(void)state;
	port_init(&p);
	port_start(&p, (struct fn_dev_conf){ 0 });
	for (unsigned seq = 0; seq < 1501; seq++) {
		struct fn_pkt *pkt = fn_pkt_alloc(p.pool);

		memset(pkt->data, 0xdd, 2048);
		fn_pkt_free(pkt);
		if (frame_len(seq) >= 64) {
			p.sent = seq + 1;
			continue;
		}
		assert_int_equal(send(&p, seq, 1), 1);
		assert_int_equal(virtio_dev_transmit(&p.vd, 0, 1), 1);
		assert_int_equal(p.sent, seq + 1);
	}
	port_end(&p);
}

/* A packet of @segs segments that together are frame @seq. */
static struct fn_pkt *chain(struct port *p, unsigned seq, unsigned segs)
{
	uint8_t buf[PORT_FRAME_MAX];
	const uint32_t len = frame_fill(buf, seq);
	struct fn_pkt *head = NULL;
	uint32_t at = 0;

	for (unsigned i = 0; i < segs; i++) {
		const uint32_t part = i + 1 == segs ? len - at : len / segs;
		struct fn_pkt *pkt = fn_pkt_alloc(p->pool);

		assert_non_null(pkt);
		memcpy(fn_pkt_append(pkt, (uint16_t)part), buf + at, part);
		at += part;
		if (!head)
			head = pkt;
		else
			assert_int_equal(fn_pkt_chain(head, pkt), 0);
	}
	return head;
}

static void attached_free(void *arg, void *va)
{
	(void)va;
	++*(unsigned *)arg;
}

/* Every kind of packet, among plain ones, over several laps; all of them come back. */
static void every_kind(uint64_t features, uint32_t headroom)
{
	struct fn_dma mem;
	struct fn_pool *other;
	struct port p;
	unsigned attached = 0;
	unsigned freed = 0;

	port_init(&p);
	p.vd.offered |= features;
	p.pool_opts.headroom = headroom;
	port_start(&p, (struct fn_dev_conf){ .tx_ring = 64, .rx_ring = 8 });
	assert_int_equal(fn_pool_create(p.ctx,
					&(struct fn_pool_opts){ .sz = sizeof(struct fn_pool_opts),
								.count = 256,
								.room_bytes = 1514 },
					&other),
			 0);
	assert_int_equal(fn_dma_alloc(p.ctx, 4096, 0, -1, &mem), 0);
	for (unsigned seq = 0; seq < 3000; seq++) {
		struct fn_pkt *kept = NULL;
		struct fn_pkt *pkt = NULL;

		switch (seq * 7 % 10) {
		case 0:
		case 1:
		case 2:
			pkt = port_pkt(&p, seq);
			break;
		case 3:
			pkt = chain(&p, seq, 2);
			break;
		case 4:
			pkt = chain(&p, seq, 3 + seq % 30);
			break;
		case 5: /* shared: the driver may write nothing of it */
			pkt = port_pkt(&p, seq);
			assert_int_equal(fn_pkt_ref(pkt), 0);
			kept = pkt;
			break;
		case 6:
			kept = port_pkt(&p, seq);
			pkt = fn_pkt_clone(p.pool, kept);
			break;
		case 7:
			pkt = fn_pkt_alloc(p.pool);
			(void)frame_fill(mem.va, seq);
			assert_int_equal(fn_pkt_attach(pkt, mem.va, frame_len(seq), attached_free,
						       &freed),
					 0);
			attached++;
			break;
		case 8: /* moved: the headroom varies around the header's 12 bytes */
			pkt = port_pkt(&p, seq);
			if (pkt->headroom >= 24) {
				const uint16_t by = (uint16_t)(pkt->headroom - seq % 24);

				assert_non_null(fn_pkt_prepend(pkt, by));
				assert_int_equal(fn_pkt_trim_tail(pkt, by), 0);
				(void)frame_fill(pkt->data, seq);
			}
			break;
		default:
			pkt = fn_pkt_alloc(other);
			(void)frame_fill(fn_pkt_append(pkt, (uint16_t)frame_len(seq)), seq);
			break;
		}
		if (kept && kept->headroom)
			memset(kept->data - kept->headroom, 0xc3, kept->headroom);
		if (!fn_tx_burst(p.tx, &pkt, 1)) {
			(void)virtio_dev_transmit(&p.vd, 0, 64);
			assert_int_equal(fn_tx_burst(p.tx, &pkt, 1), 1);
		}
		/* Attached memory is used again in the next round. */
		if (seq % 3 == 0 || seq * 7 % 10 == 7)
			(void)virtio_dev_transmit(&p.vd, 0, 1 + seq % 64);
		if (seq * 7 % 10 == 7)
			(void)virtio_dev_transmit(&p.vd, 0, 64);
		if (kept) {
			assert_frame(kept->data, frame_len(seq), seq);
			for (unsigned i = 0; i < kept->headroom; i++)
				assert_int_equal(kept->data[-1 - (int)i], 0xc3);
			fn_pkt_free(kept);
		}
	}
	(void)virtio_dev_transmit(&p.vd, 0, 64);
	assert_int_equal(p.sent, 3000);
	(void)fn_tx_reclaim(p.tx);
	assert_int_equal(freed, attached);
	/* The short way of reclaim is open again. */
	assert_int_equal(((struct virtio_txq *)p.tx)->odd, 0);
	assert_int_equal(port_pool(&p).outside, 8);
	assert_int_equal(tx_counter(&p, FN_TX_PACKETS), 3000);
	assert_int_equal(tx_counter(&p, FN_TX_BYTES), frames_bytes(3000));
	fn_dma_free(p.ctx, &mem);
	assert_int_equal(fn_pool_destroy(other), 0);
	port_end(&p);
}

static void kinds(void **state)
{
	(void)state;
	every_kind(0, 0);
	every_kind(VIRTIO_F_IN_ORDER, 0);
	every_kind(0, FN_POOL_NO_HEADROOM);
}

/* A packet of the pool; the 12 bytes in front of its room, which are not its own, are the guard. */
static struct fn_pkt *guarded(struct port *p, const uint8_t guard[12], uint8_t **front)
{
	struct fn_pkt *one = fn_pkt_alloc(p->pool);
	struct fn_pkt *two = fn_pkt_alloc(p->pool);
	struct fn_pkt *pkt = one->data > two->data ? one : two;

	/* The later one in memory has something of the pool's in front. */
	fn_pkt_free(pkt == one ? two : one);
	*front = pkt->data - pkt->headroom - 12;
	memcpy(*front, guard, 12);
	return pkt;
}

static void headroom_guarded(uint32_t headroom)
{
	uint8_t guard[12];
	struct fn_pkt *pkt;
	uint8_t *front;
	struct port p;

	memset(guard, 0xc3, sizeof(guard));
	port_init(&p);
	p.pool_opts.headroom = headroom;
	port_start(&p, (struct fn_dev_conf){ .rx_ring = 8 });
	p.sent = 10;
	pkt = guarded(&p, guard, &front);
	(void)frame_fill(fn_pkt_append(pkt, (uint16_t)frame_len(10)), 10);
	assert_int_equal(fn_tx_burst(p.tx, &pkt, 1), 1);
	assert_int_equal(virtio_dev_transmit(&p.vd, 0, 1), 1);
	assert_memory_equal(front, guard, sizeof(guard));
	port_end(&p);
}

/* The bytes in front of a packet's room, and of attached memory, are not the driver's to write. */
static void nothing_in_front(void **state)
{
	uint8_t guard[12];
	struct fn_pkt *pkt;
	struct fn_dma mem;
	struct port p;

	(void)state;
	headroom_guarded(FN_POOL_NO_HEADROOM);
	headroom_guarded(11);
	headroom_guarded(12);
	memset(guard, 0xc3, sizeof(guard));
	port_init(&p);
	port_start(&p, (struct fn_dev_conf){ .rx_ring = 8 });
	for (unsigned left = 0; left < 12; left++) {
		uint8_t *front;

		pkt = guarded(&p, guard, &front);
		assert_non_null(fn_pkt_prepend(pkt, (uint16_t)(pkt->headroom - left)));
		assert_int_equal(fn_pkt_trim_tail(pkt, pkt->len), 0);
		(void)frame_fill(fn_pkt_append(pkt, (uint16_t)frame_len(p.sent)), p.sent);
		assert_int_equal(fn_tx_burst(p.tx, &pkt, 1), 1);
		assert_int_equal(virtio_dev_transmit(&p.vd, 0, 1), 1);
		assert_memory_equal(front, guard, sizeof(guard));
	}
	assert_int_equal(fn_dma_alloc(p.ctx, 4096, 0, -1, &mem), 0);
	pkt = fn_pkt_alloc(p.pool);
	memcpy(mem.va, guard, sizeof(guard));
	(void)frame_fill((uint8_t *)mem.va + 12, p.sent);
	assert_int_equal(fn_pkt_attach(pkt, mem.va, 12 + frame_len(p.sent), NULL, NULL), 0);
	assert_non_null(fn_pkt_trim_head(pkt, 12));
	assert_int_equal(fn_tx_burst(p.tx, &pkt, 1), 1);
	assert_int_equal(virtio_dev_transmit(&p.vd, 0, 1), 1);
	assert_memory_equal(mem.va, guard, sizeof(guard));
	assert_true(fn_tx_reclaim(p.tx) > 0);
	fn_dma_free(p.ctx, &mem);
	port_end(&p);
}

/* What can never be sent is taken, freed, counted under its reason, and holds up nothing. */
static void never_sendable(void **state)
{
	struct fn_pkt *pkts[8];
	struct port p;

	(void)state;
	port_init(&p);
	p.pool_opts.room_bytes = 4096;
	port_start(&p, (struct fn_dev_conf){ .tx_ring = 64, .mtu = 1000 });
	while (frame_len(p.sent) > 1018)
		p.sent++;
	pkts[0] = fn_pkt_alloc(p.pool);
	pkts[1] = fn_pkt_alloc(p.pool);
	(void)fn_pkt_append(pkts[1], 1019);
	pkts[2] = chain(&p, 5, 33);
	pkts[3] = port_pkt(&p, 3);
	pkts[3]->flags = 1;
	pkts[4] = chain(&p, 0, 2);
	(void)fn_pkt_append(pkts[4]->next, 1019);
	pkts[5] = fn_pkt_alloc(p.pool);
	assert_int_equal(fn_pkt_chain(pkts[5], fn_pkt_alloc(p.pool)), 0);
	pkts[6] = port_pkt(&p, p.sent);
	assert_int_equal(fn_tx_burst(p.tx, pkts, 7), 7);
	assert_int_equal(tx_counter(&p, FN_TX_DROP_EMPTY), 2);
	assert_int_equal(tx_counter(&p, FN_TX_DROP_TOO_LONG), 2);
	assert_int_equal(tx_counter(&p, FN_TX_DROP_SEGMENTS), 1);
	assert_int_equal(tx_counter(&p, FN_TX_DROP_OFFLOAD), 1);
	assert_int_equal(tx_counter(&p, FN_TX_PACKETS), 1);
	assert_int_equal(virtio_dev_transmit(&p.vd, 0, 8), 1);
	(void)fn_tx_reclaim(p.tx);
	assert_int_equal(port_pool(&p).outside, 256);
	port_end(&p);
}

static void count_long(void *arg, unsigned pair, const uint8_t *frame, uint32_t len)
{
	struct port *p = arg;

	(void)pair;
	(void)frame;
	assert_int_equal(len, 1018);
	p->sent++;
}

/* The longest frame, with its VLAN tag, in one piece and in as many as the ring of 8 takes. */
static void longest(void **state)
{
	struct fn_dev_info info = { .sz = sizeof(info) };
	struct fn_pkt *pkt;
	struct port p;

	(void)state;
	port_init(&p);
	p.vd.sent = count_long;
	port_start(&p, (struct fn_dev_conf){ .tx_ring = 8, .mtu = 1000 });
	fn_dev_get_info(p.dev, &info);
	assert_int_equal(info.max_tx_segs, 6);
	pkt = fn_pkt_alloc(p.pool);
	memset(fn_pkt_append(pkt, 1018), 1, 1018);
	assert_int_equal(fn_tx_burst(p.tx, &pkt, 1), 1);
	assert_int_equal(virtio_dev_transmit(&p.vd, 0, 8), 1);
	pkt = fn_pkt_alloc(p.pool);
	memset(fn_pkt_append(pkt, 1013), 1, 1013);
	for (unsigned i = 0; i < 5; i++) {
		struct fn_pkt *seg = fn_pkt_alloc(p.pool);

		*fn_pkt_append(seg, 1) = 1;
		assert_int_equal(fn_pkt_chain(pkt, seg), 0);
	}
	/* Shared, so that it needs a header descriptor as well. */
	assert_int_equal(fn_pkt_ref(pkt), 0);
	assert_int_equal(fn_tx_burst(p.tx, &pkt, 1), 1);
	assert_int_equal(virtio_dev_transmit(&p.vd, 0, 8), 1);
	assert_int_equal(p.sent, 2);
	fn_pkt_free(pkt);
	port_end(&p);
}

/*
 * A device that finishes out of order (a vhost back end without copies does): all come back, once
 * each.
 */
static void out_of_order(void **state)
{
	uint32_t ids[64];
	struct port p;
	unsigned seq = 0;
	unsigned seed = 7;
	unsigned k = 0;

	(void)state;
	port_init(&p);
	port_start(&p, (struct fn_dev_conf){ .tx_ring = 64, .rx_ring = 8 });
	while (seq < 3000) {
		struct fn_pkt *pkt = seq % 5 == 0 ? chain(&p, seq, 3) : port_pkt(&p, seq);

		if (fn_tx_burst(p.tx, &pkt, 1))
			seq++;
		else
			fn_pkt_free(pkt);
		for (int id; (id = virtio_dev_transmit_take(&p.vd, 0)) >= 0;)
			ids[k++] = (uint32_t)id;
		for (unsigned n = seq % 4; n && k; n--) {
			const unsigned i = (seed = seed * 1103515245 + 12345) / 65536 % k;

			virtio_dev_used(&p.vd, 1, ids[i], 0);
			virtio_dev_publish(&p.vd, 1);
			ids[i] = ids[--k];
		}
	}
	assert_int_equal(p.sent, 3000);
	while (k) {
		virtio_dev_used(&p.vd, 1, ids[--k], 0);
		virtio_dev_publish(&p.vd, 1);
	}
	(void)fn_tx_reclaim(p.tx);
	assert_int_equal(port_pool(&p).outside, 8);
	/* Back in order, the short way is taken again. */
	for (; seq < 3200; seq++) {
		assert_int_equal(send(&p, seq, 1), 1);
		assert_int_equal(virtio_dev_transmit(&p.vd, 0, 1), 1);
	}
	port_end(&p);
}

/* The youngest comes back first, one at a time: the last one frees them all. */
static void back_to_front(void **state)
{
	uint32_t ids[20];
	struct port p;

	(void)state;
	port_init(&p);
	port_start(&p, (struct fn_dev_conf){ .tx_ring = 64, .rx_ring = 8 });
	for (unsigned round = 0; round < 20; round++) {
		assert_int_equal(send(&p, p.sent, 20), 20);
		for (unsigned i = 0; i < 20; i++)
			ids[i] = (uint32_t)virtio_dev_transmit_take(&p.vd, 0);
		for (unsigned i = 20; i-- > 0;) {
			virtio_dev_used(&p.vd, 1, ids[i], 0);
			virtio_dev_publish(&p.vd, 1);
			assert_int_equal(fn_tx_reclaim(p.tx), i ? 0 : 20);
		}
		assert_int_equal(port_pool(&p).outside, 8);
	}
	port_end(&p);
}

/* Segments without data take no descriptor, wherever they stand. */
static void empty_segments(void **state)
{
	struct port p;

	(void)state;
	port_init(&p);
	port_start(&p, (struct fn_dev_conf){ .tx_ring = 64, .rx_ring = 8 });
	for (unsigned seq = 0; seq < 200; seq++) {
		struct fn_pkt *pkt = seq % 3 ? fn_pkt_alloc(p.pool) : port_pkt(&p, seq);

		for (unsigned i = 1; i < 4; i++) {
			struct fn_pkt *seg =
				i == seq % 3 ? port_pkt(&p, seq) : fn_pkt_alloc(p.pool);

			assert_int_equal(fn_pkt_chain(pkt, seg), 0);
		}
		if (seq % 2)
			assert_int_equal(fn_pkt_ref(pkt), 0);
		assert_int_equal(fn_tx_burst(p.tx, &pkt, 1), 1);
		assert_int_equal(virtio_dev_transmit(&p.vd, 0, 64), 1);
		if (seq % 2)
			fn_pkt_free(pkt);
	}
	port_end(&p);
}

/*
 * 2.7.9: an in-order device may leave all elements out but one, and the index says what it has
 * done.
 */
static void in_order_without_elements(void **state)
{
	struct port p;
	unsigned seq = 0;

	(void)state;
	port_init(&p);
	p.vd.offered |= VIRTIO_F_IN_ORDER;
	port_start(&p, (struct fn_dev_conf){ .tx_ring = 64, .rx_ring = 8 });
	for (unsigned round = 0; round < 100; round++) {
		const unsigned n = send(&p, seq, 1 + round % 40);
		uint16_t *used_pos = &p.vd.queues[1].used_pos;
		int last = 0;

		seq += n;
		for (unsigned i = 0; i < n; i++)
			last = virtio_dev_transmit_take(&p.vd, 0);
		virtio_dev_used(&p.vd, 1, (uint32_t)last, 0);
		*used_pos = (uint16_t)(*used_pos + n - 1);
		virtio_dev_publish(&p.vd, 1);
		(void)fn_tx_reclaim(p.tx);
		assert_int_equal(port_pool(&p).outside, 8);
	}
	assert_int_equal(p.sent, seq);
	port_end(&p);
}

/* One doorbell a burst, none while the device does not want it. */
static void doorbells_with(bool event_idx)
{
	struct port p;
	unsigned before;

	port_init(&p);
	if (!event_idx)
		p.vd.offered &= ~VIRTIO_F_RING_EVENT_IDX;
	port_start(&p, (struct fn_dev_conf){ .rx_ring = 8 });
	for (unsigned i = 0; i < 8; i++) {
		assert_int_equal(send(&p, 32 * i, 32), 32);
		assert_int_equal(virtio_dev_transmit(&p.vd, 0, 32), 32);
	}
	assert_int_equal(p.vd.queues[1].kicks, 8);
	assert_int_equal(tx_counter(&p, FN_TX_DOORBELLS), 8);
	assert_int_equal(tx_counter(&p, FN_TX_BURSTS), 8);
	/* Nothing to send: no doorbell. */
	assert_int_equal(fn_tx_burst(p.tx, NULL, 0), 0);
	before = p.vd.queues[1].kicks;
	assert_int_equal(before, 8);
	p.vd.queues[1].no_notify = true;
	for (unsigned i = 8; i < 16; i++) {
		assert_int_equal(send(&p, 32 * i, 32), 32);
		assert_int_equal(virtio_dev_transmit(&p.vd, 0, 32), 32);
	}
	assert_in_range(p.vd.queues[1].kicks, before, before + 1);
	port_end(&p);
}

static void doorbells(void **state)
{
	(void)state;
	doorbells_with(true);
	doorbells_with(false);
}

/* The device goes on while the queue is drained, on the fake clock. */
static struct port *drained;

static uint64_t drain_now(struct fn_busdev *busdev)
{
	(void)virtio_dev_transmit(&drained->vd, 0, 1);
	return virtio_dev_bus.now_ns(busdev);
}

/* Stop waits for what is queued: all of it goes out. */
static void stop_drains(void **state)
{
	struct fn_bus_ops ops = virtio_dev_bus;
	struct port p;

	(void)state;
	port_init(&p);
	port_start(&p, (struct fn_dev_conf){ .rx_ring = 8 });
	ops.now_ns = drain_now;
	drained = &p;
	assert_int_equal(send(&p, 0, 40), 40);
	p.vd.busdev.ops = &ops;
	assert_int_equal(fn_dev_stop(p.dev), 0);
	assert_int_equal(p.sent, 40);
	assert_int_equal(tx_counter(&p, FN_TX_DROP_STOPPED), 0);
	assert_int_equal(port_pool(&p).outside, 0);
	p.vd.busdev.ops = &virtio_dev_bus;
	port_end(&p);
}

/* What a device does not send in time is dropped, counted, and goes back to its pool. */
static void stop_gives_up(void **state)
{
	struct port p;
	uint64_t start_ns;

	(void)state;
	port_init(&p);
	port_start(&p, (struct fn_dev_conf){ .rx_ring = 8 });
	assert_int_equal(send(&p, 0, 40), 40);
	assert_int_equal(virtio_dev_transmit(&p.vd, 0, 10), 10);
	start_ns = p.vd.now_ns;
	assert_int_equal(fn_dev_stop(p.dev), 0);
	assert_in_range(p.vd.now_ns - start_ns, FN_MS(100), FN_MS(101));
	assert_int_equal(tx_counter(&p, FN_TX_DROP_STOPPED), 30);
	assert_int_equal(port_pool(&p).outside, 0);
	assert_int_equal(fn_dev_start(p.dev), 0);
	assert_int_equal(send(&p, 10, 1), 1);
	assert_int_equal(virtio_dev_transmit(&p.vd, 0, 10), 1);
	assert_int_equal(fn_dev_stop(p.dev), 0);

	port_start(&p, (struct fn_dev_conf){ .rx_ring = 8, .stop_drain_ns = FN_NO_DRAIN });
	assert_int_equal(send(&p, 11, 5), 5);
	start_ns = p.vd.now_ns;
	assert_int_equal(fn_dev_stop(p.dev), 0);
	assert_in_range(p.vd.now_ns - start_ns, 0, FN_MS(1));
	assert_int_equal(tx_counter(&p, FN_TX_DROP_STOPPED), 35);
	port_end(&p);
}

/*
 * Finished packets below the mark make room for a chain that needs it: a short ring never stalls.
 */
static void chain_in_a_short_ring(void **state)
{
	struct fn_pkt *pkt;
	struct port p;

	(void)state;
	port_init(&p);
	port_start(&p, (struct fn_dev_conf){ .tx_ring = 8 });
	for (unsigned i = 0; i < 3; i++) {
		pkt = port_pkt(&p, 4 + i);
		p.sent = 4 + i;
		assert_int_equal(fn_tx_burst(p.tx, &pkt, 1), 1);
		assert_int_equal(virtio_dev_transmit(&p.vd, 0, 1), 1);
	}
	p.vd.sent = NULL;
	pkt = fn_pkt_alloc(p.pool);
	assert_non_null(fn_pkt_append(pkt, 100));
	for (unsigned i = 0; i < 5; i++) {
		struct fn_pkt *seg = fn_pkt_alloc(p.pool);

		assert_non_null(fn_pkt_append(seg, 20));
		assert_int_equal(fn_pkt_chain(pkt, seg), 0);
	}
	assert_int_equal(fn_tx_burst(p.tx, &pkt, 1), 1);
	assert_int_equal(virtio_dev_transmit(&p.vd, 0, 1), 1);
	port_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_length_on_each_ring),
		cmocka_unit_test(headroom_too_small),
		cmocka_unit_test(short_frames_padded),
		cmocka_unit_test(kinds),
		cmocka_unit_test(nothing_in_front),
		cmocka_unit_test(never_sendable),
		cmocka_unit_test(longest),
		cmocka_unit_test(out_of_order),
		cmocka_unit_test(back_to_front),
		cmocka_unit_test(empty_segments),
		cmocka_unit_test(in_order_without_elements),
		cmocka_unit_test(doorbells),
		cmocka_unit_test(stop_drains),
		cmocka_unit_test(stop_gives_up),
		cmocka_unit_test(chain_in_a_short_ring),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
