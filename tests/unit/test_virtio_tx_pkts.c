// SPDX-License-Identifier: BSD-3-Clause
/*
 * Every kind of packet on a transmit queue of virtio-net: shared, cloned, attached, moved, chained
 * and empty ones, ones that cannot be sent, and what of them the driver may write.
 */
#include "drivers/virtio/virtio_net.h"
#include "virtio_port.h"

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
	assert_int_equal(fn_dma_alloc(p.ctx, 4096, NULL, &mem), 0);
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
			pkt = port_chain(&p, seq, 2);
			break;
		case 4:
			pkt = port_chain(&p, seq, 3 + seq % 30);
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
	assert_int_equal(((struct virtio_txq *)p.tx)->slow, 0);
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
	every_kind(VDEV_F_IN_ORDER, 0);
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
	port_send(&p, pkt);
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
		port_send(&p, pkt);
		assert_memory_equal(front, guard, sizeof(guard));
	}
	assert_int_equal(fn_dma_alloc(p.ctx, 4096, NULL, &mem), 0);
	pkt = fn_pkt_alloc(p.pool);
	memcpy(mem.va, guard, sizeof(guard));
	(void)frame_fill((uint8_t *)mem.va + 12, p.sent);
	assert_int_equal(fn_pkt_attach(pkt, mem.va, 12 + frame_len(p.sent), NULL, NULL), 0);
	assert_non_null(fn_pkt_trim_head(pkt, 12));
	port_send(&p, pkt);
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
	pkts[2] = port_chain(&p, 5, 63);
	pkts[3] = port_pkt(&p, 3);
	pkts[3]->flags = 1;
	pkts[4] = port_chain(&p, 0, 2);
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

/* Put @n segments of @len bytes behind a packet. */
static void add_segments(struct port *p, struct fn_pkt *pkt, unsigned n, uint16_t len)
{
	while (n--) {
		struct fn_pkt *seg = fn_pkt_alloc(p->pool);

		assert_non_null(fn_pkt_append(seg, len));
		memset(seg->data, 1, len);
		assert_int_equal(fn_pkt_chain(pkt, seg), 0);
	}
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
	port_send(&p, pkt);
	pkt = fn_pkt_alloc(p.pool);
	memset(fn_pkt_append(pkt, 1013), 1, 1013);
	add_segments(&p, pkt, 5, 1);
	/* Shared, so that it needs a header descriptor as well. */
	assert_int_equal(fn_pkt_ref(pkt), 0);
	port_send(&p, pkt);
	assert_int_equal(p.sent, 2);
	fn_pkt_free(pkt);
	/* Of a longer ring the chain may be longer, as soon as it is configured. */
	assert_int_equal(fn_dev_stop(p.dev), 0);
	assert_int_equal(port_configure(&p, (struct fn_dev_conf){ .tx_ring = 64 }), 0);
	fn_dev_get_info(p.dev, &info);
	assert_int_equal(info.max_tx_segs, 62);
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
		port_send(&p, pkt);
		if (seq % 2)
			fn_pkt_free(pkt);
	}
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
		port_send(&p, pkt);
	}
	p.vd.sent = NULL;
	pkt = fn_pkt_alloc(p.pool);
	assert_non_null(fn_pkt_append(pkt, 100));
	add_segments(&p, pkt, 5, 20);
	port_send(&p, pkt);
	port_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds),          cmocka_unit_test(nothing_in_front),
		cmocka_unit_test(never_sendable), cmocka_unit_test(longest),
		cmocka_unit_test(empty_segments), cmocka_unit_test(chain_in_a_short_ring),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
