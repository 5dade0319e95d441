// SPDX-License-Identifier: BSD-3-Clause
/*
 * A virtio-net device that lies: the queue breaks with the reason, nothing that it should not is
 * touched, the other queues go on, a reset mends it, and no buffer is lost.
 */
#include "virtio_port.h"

/* From this number on, for a while, frames need no padding: one descriptor each. */
#define LONG 10u

static void start(struct port *p, uint64_t features)
{
	port_init(p);
	p->vd.offered |= features;
	port_start(p, (struct fn_dev_conf){ .rx_ring = 64, .tx_ring = 64 });
}

/* Frames come in, and the application takes them: whether queues that must go on do. */
static void rx_goes_on(struct port *p)
{
	assert_int_equal(fn_rxq_status(p->rx), 0);
	port_receive_one(p);
}

static void tx_goes_on(struct port *p)
{
	assert_int_equal(fn_txq_status(p->tx), 0);
	port_send_one(p);
}

/* The queue is broken, said so with @why, and everything comes back. */
static void broken(struct port *p, bool tx, const char *why)
{
	struct fn_pkt *pkt = port_pkt(p, 0);

	assert_int_equal(tx ? fn_txq_status(p->tx) : fn_rxq_status(p->rx), -EIO);
	assert_non_null(strstr(p->log, why));
	assert_int_equal(fn_ctx_process_events(p->ctx), 1);
	assert_int_equal(p->events[FN_EVENT_QUEUE_BROKEN], 1);
	if (tx) {
		assert_int_equal(fn_tx_burst(p->tx, &pkt, 1), 0);
		fn_pkt_free(pkt);
		rx_goes_on(p);
	} else {
		fn_pkt_free(pkt);
		assert_int_equal(fn_rx_burst(p->rx, &pkt, 1), 0);
		tx_goes_on(p);
	}
	assert_int_equal(fn_dev_reset(p->dev), 0);
	rx_goes_on(p);
	tx_goes_on(p);
	assert_int_equal(fn_dev_stop(p->dev), 0);
	assert_int_equal(port_pool(p).outside, 0);
	port_end(p);
}

/* The device returns a receive buffer with an id and a length; the burst that sees it. */
static unsigned rx_lie(struct port *p, uint32_t id, uint32_t len)
{
	struct fn_pkt *pkts[32];
	unsigned got;

	virtio_dev_used(&p->vd, 0, id, len);
	virtio_dev_publish(&p->vd, 0);
	got = fn_rx_burst(p->rx, pkts, 32);
	fn_pkt_free_bulk(pkts, got);
	return got;
}

static void rx_id_out_of_range(void **state)
{
	static const uint32_t ids[] = { 64, 65, 0xffff, 0x10000, UINT32_MAX };

	(void)state;
	for (unsigned i = 0; i < FN_ARRAY_LEN(ids); i++) {
		struct port p;

		start(&p, 0);
		assert_int_equal(rx_lie(&p, ids[i], 100), 0);
		assert_int_equal(rx_counter(&p, FN_RX_DROP_BROKEN), 1);
		broken(&p, false, "of a ring of 64");
	}
}

static void rx_id_twice(void **state)
{
	struct port p;

	(void)state;
	start(&p, 0);
	assert_int_equal(rx_lie(&p, 5, 100), 1);
	assert_int_equal(rx_lie(&p, 5, 100), 0);
	broken(&p, false, "which it did not have");
	/* And within one burst, behind good ones, which are handed out. */
	start(&p, 0);
	assert_int_equal(port_receive(&p), 0);
	virtio_dev_used(&p.vd, 0, 0, 100);
	virtio_dev_used(&p.vd, 0, 7, 100);
	assert_int_equal(rx_lie(&p, 8, 100), 1);
	assert_int_equal(rx_counter(&p, FN_RX_DROP_BROKEN), 3);
	broken(&p, false, "which it did not have");
}

static void rx_length(void **state)
{
	static const uint32_t lens[] = { 0, 1, 11, 2048 + 13, 0xffff, 0x1000c, UINT32_MAX };

	(void)state;
	for (unsigned i = 0; i < FN_ARRAY_LEN(lens); i++) {
		struct port p;

		start(&p, 0);
		assert_int_equal(rx_lie(&p, 0, lens[i]), 0);
		broken(&p, false, "bytes where 12 to 2060 are possible");
	}
}

static void rx_index(void **state)
{
	static const uint16_t ahead[] = { 65, 100, 0x7fff, 0x8000, 0xffff };

	(void)state;
	for (unsigned i = 0; i < FN_ARRAY_LEN(ahead); i++) {
		struct fn_pkt *pkt;
		struct port p;

		start(&p, 0);
		rx_goes_on(&p);
		virtio_dev_used_idx(&p.vd, 0, (uint16_t)(1 + ahead[i]));
		assert_int_equal(fn_rx_burst(p.rx, &pkt, 1), 0);
		broken(&p, false, "and it had ");
	}
}

static void rx_in_order_broken(void **state)
{
	struct port p;

	(void)state;
	/* Buffer 3, though only one came back: three were skipped that did not. */
	start(&p, VDEV_F_IN_ORDER);
	assert_int_equal(rx_lie(&p, 3, 100), 0);
	broken(&p, false, "out of order");
	/* The last of a batch with a length that cannot be; the skipped one is handed out. */
	start(&p, VDEV_F_IN_ORDER);
	virtio_dev_used(&p.vd, 0, 1, 3000);
	p.vd.queues[0].used_pos++;
	virtio_dev_publish(&p.vd, 0);
	{
		struct fn_pkt *pkt;

		assert_int_equal(fn_rx_burst(p.rx, &pkt, 1), 1);
		assert_int_equal(pkt->len, 2048);
		fn_pkt_free(pkt);
		assert_int_equal(fn_rx_burst(p.rx, &pkt, 1), 0);
	}
	broken(&p, false, "bytes where 12 to 2060 are possible");
}

/*
 * Rings lie in memory that the device can write: what it does there harms nobody but its own
 * traffic.
 */
static void rings_overwritten(void **state)
{
	(void)state;
	for (unsigned value = 0; value < 256; value += 51) {
		struct fn_pkt *pkts[32];
		struct port p;
		unsigned got = 0;

		start(&p, 0);
		for (unsigned i = 0; i < 8; i++) {
			pkts[i] = port_pkt(&p, LONG + i);
			assert_int_equal(port_receive(&p), 0);
		}
		assert_int_equal(fn_tx_burst(p.tx, pkts, 8), 8);
		for (unsigned q = 0; q < 2; q++) {
			uint8_t *desc = virtio_dev_at(&p.vd, p.vd.queues[q].desc, 64 * 16);
			uint8_t *avail = virtio_dev_at(&p.vd, p.vd.queues[q].driver, 6 + 64 * 2);

			memset(desc, (int)value, 64 * 16);
			memset(avail, (int)value, 6 + 64 * 2);
		}
		got = fn_rx_burst(p.rx, pkts, 32);
		for (unsigned i = 0; i < got; i++)
			assert_frame(pkts[i]->data, pkts[i]->len, i);
		fn_pkt_free_bulk(pkts, got);
		assert_int_equal(got, 8);
		for (unsigned i = 0; i < 8; i++)
			virtio_dev_used(&p.vd, 1, i, 0);
		virtio_dev_publish(&p.vd, 1);
		assert_int_equal(fn_tx_reclaim(p.tx), 8);
		assert_int_equal(fn_dev_reset(p.dev), 0);
		p.sent = 0;
		rx_goes_on(&p);
		tx_goes_on(&p);
		/*
		 * What the driver publishes through a ring that was written over is not its doing.
		 */
		p.vd.md.violation = NULL;
		port_end(&p);
	}
}

/* 20 packets are with the device; every fifth has two descriptors. */
static void tx_queue(struct port *p)
{
	for (unsigned i = 0; i < 20; i++) {
		struct fn_pkt *pkt = port_pkt(p, LONG + i);

		if (i % 5 == 4) {
			struct fn_pkt *tail = port_pkt(p, LONG);

			assert_int_equal(fn_pkt_trim_tail(tail, (uint16_t)(tail->len - 1)), 0);
			assert_int_equal(fn_pkt_chain(pkt, tail), 0);
		}
		assert_int_equal(fn_tx_burst(p->tx, &pkt, 1), 1);
	}
	p->vd.sent = NULL;
}

static void tx_lie(struct port *p, uint32_t id)
{
	virtio_dev_used(&p->vd, 1, id, 0);
	virtio_dev_publish(&p->vd, 1);
	assert_int_equal(fn_tx_reclaim(p->tx), 0);
}

static void tx_broken(struct port *p, const char *why, unsigned dropped)
{
	assert_int_equal(fn_txq_status(p->tx), -EIO);
	assert_non_null(strstr(p->log, why));
	assert_int_equal(fn_ctx_process_events(p->ctx), 1);
	assert_int_equal(p->events[FN_EVENT_QUEUE_BROKEN], 1);
	rx_goes_on(p);
	assert_int_equal(fn_dev_reset(p->dev), 0);
	assert_int_equal(tx_counter(p, FN_TX_DROP_BROKEN), dropped);
	assert_int_equal(tx_counter(p, FN_TX_DROP_STOPPED), 0);
	tx_goes_on(p);
	port_end(p);
}

static void tx_id(void **state)
{
	/* 5 is the second descriptor of packet 4, 24 the first that is free. */
	static const uint32_t ids[] = { 64, 0x10000, UINT32_MAX, 5, 24, 63 };

	(void)state;
	for (unsigned i = 0; i < FN_ARRAY_LEN(ids); i++) {
		struct port p;

		start(&p, 0);
		tx_queue(&p);
		tx_lie(&p, ids[i]);
		tx_broken(&p, "which it did not have", 20);
	}
}

/* Plain packets take the short way of reclaim, which judges ids by their order. */
static void tx_id_plain(void **state)
{
	static const uint32_t ids[] = { 64, 0x10000, UINT32_MAX, 20, 63 };

	(void)state;
	for (unsigned i = 0; i < 2 * FN_ARRAY_LEN(ids); i++) {
		struct fn_pkt *pkts[20];
		struct port p;

		start(&p, 0);
		for (unsigned k = 0; k < 20; k++)
			pkts[k] = port_pkt(&p, LONG + k);
		assert_int_equal(fn_tx_burst(p.tx, pkts, 20), 20);
		p.vd.sent = NULL;
		/* Alone, or behind three that are right, which count as sent. */
		for (unsigned k = 0; i % 2 && k < 3; k++)
			virtio_dev_used(&p.vd, 1, k, 0);
		tx_lie(&p, ids[i / 2]);
		tx_broken(&p, "which it did not have", i % 2 ? 17 : 20);
	}
}

static void tx_id_twice(void **state)
{
	struct port p;

	(void)state;
	start(&p, 0);
	tx_queue(&p);
	virtio_dev_used(&p.vd, 1, 0, 0);
	virtio_dev_publish(&p.vd, 1);
	assert_int_equal(fn_tx_reclaim(p.tx), 1);
	tx_lie(&p, 0);
	tx_broken(&p, "which it did not have", 19);
	/* One that came back ahead of its turn: not a second time. */
	start(&p, 0);
	tx_queue(&p);
	tx_lie(&p, 2);
	tx_lie(&p, 2);
	tx_broken(&p, "which it did not have", 19);
}

static void tx_index(void **state)
{
	static const uint16_t idx[] = { 21, 64, 0x8000, 0xffff };

	(void)state;
	for (unsigned i = 0; i < 2 * FN_ARRAY_LEN(idx); i++) {
		struct port p;

		start(&p, i % 2 ? VDEV_F_IN_ORDER : 0);
		tx_queue(&p);
		virtio_dev_used_idx(&p.vd, 1, idx[i / 2]);
		assert_int_equal(fn_tx_reclaim(p.tx), 0);
		tx_broken(&p, "and it had 20", 20);
	}
}

/* Random answers, thousands of them, with a reset after each that is noticed. */
static void random_answers(void **state)
{
	struct port p;
	unsigned seed = 1;
	unsigned breaks = 0;

	(void)state;
	start(&p, 0);
	p.vd.sent = NULL;
	for (unsigned i = 0; i < 20000; i++) {
		const unsigned r = (seed = seed * 1103515245 + 12345) >> 8;
		const unsigned queue = r & 1;
		struct fn_pkt *pkts[8];
		unsigned n;

		for (n = 0; n < 4; n++)
			pkts[n] = port_pkt(&p, r + n);
		n = fn_tx_burst(p.tx, pkts, 4);
		fn_pkt_free_bulk(pkts + n, 4 - n);
		virtio_dev_used(&p.vd, queue, r % 7 ? (r >> 3) % 64 : r, (r >> 9) % 2062);
		if (r % 11 == 0)
			virtio_dev_used_idx(&p.vd, queue, (uint16_t)(r >> 4));
		else
			virtio_dev_publish(&p.vd, queue);
		n = fn_rx_burst(p.rx, pkts, 8);
		for (unsigned k = 0; k < n; k++)
			memset(pkts[k]->data, 0, pkts[k]->len);
		fn_pkt_free_bulk(pkts, n);
		(void)fn_tx_reclaim(p.tx);
		if (fn_rxq_status(p.rx) || fn_txq_status(p.tx)) {
			breaks++;
			assert_int_equal(fn_dev_reset(p.dev), 0);
			assert_int_equal(port_pool(&p).outside, 64);
		}
	}
	assert_in_range(breaks, 1000, 20000);
	port_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rx_id_out_of_range),
		cmocka_unit_test(rx_id_twice),
		cmocka_unit_test(rx_length),
		cmocka_unit_test(rx_index),
		cmocka_unit_test(rx_in_order_broken),
		cmocka_unit_test(rings_overwritten),
		cmocka_unit_test(tx_id),
		cmocka_unit_test(tx_id_plain),
		cmocka_unit_test(tx_id_twice),
		cmocka_unit_test(tx_index),
		cmocka_unit_test(random_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
