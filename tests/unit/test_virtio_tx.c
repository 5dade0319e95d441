// SPDX-License-Identifier: BSD-3-Clause
/* Transmit queues of virtio-net: every length on every ring, order, reclaim, doorbells, stop. */
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

	port_start(p, (struct fn_dev_conf){ .tx_ring = ring, .rx_ring = 8 });
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

static void each_length_on_each_ring(void **state)
{
	(void)state;
	port_all_rings(run_laps);
}

/* The header then comes from the queue's zeros, in a descriptor of its own. */
static void headroom_too_small(void **state)
{
	(void)state;
	port_rings(VDEV_F_EVENT_IDX, FN_POOL_NO_HEADROOM, run_laps);
	port_rings(VDEV_F_EVENT_IDX | VDEV_F_IN_ORDER, 11, run_laps);
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
		struct fn_pkt *pkt = seq % 5 == 0 ? port_chain(&p, seq, 3) : port_pkt(&p, seq);

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
	p.vd.offered |= VDEV_F_IN_ORDER;
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
static void doorbells_with(uint64_t features)
{
	struct port p;
	unsigned before;

	port_init_ring(&p, features);
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
	doorbells_with(VDEV_F_EVENT_IDX);
	doorbells_with(0);
}

/* The device goes on while the queue is drained, on the fake clock. */
static struct port *drained;

static uint64_t drain_now(struct fn_busdev *busdev)
{
	(void)virtio_dev_transmit(&drained->vd, 0, 1);
	return model_bus.now_ns(busdev);
}

/* Stop waits for what is queued: all of it goes out. */
static void stop_drains(void **state)
{
	struct fn_bus_ops ops = model_bus;
	struct port p;

	(void)state;
	port_init(&p);
	port_start(&p, (struct fn_dev_conf){ .rx_ring = 8 });
	ops.now_ns = drain_now;
	drained = &p;
	assert_int_equal(send(&p, 0, 40), 40);
	p.vd.md.busdev.ops = &ops;
	assert_int_equal(fn_dev_stop(p.dev), 0);
	assert_int_equal(p.sent, 40);
	assert_int_equal(tx_counter(&p, FN_TX_DROP_STOPPED), 0);
	assert_int_equal(port_pool(&p).outside, 0);
	p.vd.md.busdev.ops = &model_bus;
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
	start_ns = p.vd.md.clock->now_ns;
	assert_int_equal(fn_dev_stop(p.dev), 0);
	assert_in_range(p.vd.md.clock->now_ns - start_ns, FN_MS(100), FN_MS(101));
	assert_int_equal(tx_counter(&p, FN_TX_DROP_STOPPED), 30);
	assert_int_equal(port_pool(&p).outside, 0);
	assert_int_equal(fn_dev_start(p.dev), 0);
	assert_int_equal(send(&p, 10, 1), 1);
	assert_int_equal(virtio_dev_transmit(&p.vd, 0, 10), 1);
	assert_int_equal(fn_dev_stop(p.dev), 0);

	port_start(&p, (struct fn_dev_conf){ .rx_ring = 8, .stop_drain_ns = FN_NO_DRAIN });
	assert_int_equal(send(&p, 11, 5), 5);
	start_ns = p.vd.md.clock->now_ns;
	assert_int_equal(fn_dev_stop(p.dev), 0);
	assert_in_range(p.vd.md.clock->now_ns - start_ns, 0, FN_MS(1));
	assert_int_equal(tx_counter(&p, FN_TX_DROP_STOPPED), 35);
	port_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_length_on_each_ring),
		cmocka_unit_test(headroom_too_small),
		cmocka_unit_test(short_frames_padded),
		cmocka_unit_test(out_of_order),
		cmocka_unit_test(back_to_front),
		cmocka_unit_test(in_order_without_elements),
		cmocka_unit_test(doorbells),
		cmocka_unit_test(stop_drains),
		cmocka_unit_test(stop_gives_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
