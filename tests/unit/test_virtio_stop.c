// SPDX-License-Identifier: BSD-3-Clause
/*
 * A virtio-net device whose lie a stop is the first to find: what the queue still held counts as of
 * a broken one, once, and a device that is stopped has nothing broken and no news of it.
 */
#include "virtio_offload.h"

/* Frames from this number on need no padding. */
#define LONG 10u

#define RX_RING 64u

static void start(struct port *p, uint64_t offloads)
{
	offload_init(p, offloads ? VDEV_F_EVENT_IDX | VDEV_F_IN_ORDER : VIRTIO_DEV_F_ALL);
	port_start(p,
		   (struct fn_dev_conf){ .rx_ring = RX_RING, .tx_ring = 64, .offloads = offloads });
}

static void tx_queue(struct port *p, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct fn_pkt *pkt = port_pkt(p, LONG + i);

		assert_int_equal(fn_tx_burst(p->tx, &pkt, 1), 1);
	}
}

/* Stopped like any other: nothing is broken and nothing is heard; and it can be started. */
static void assert_stopped(struct port *p, const char *why)
{
	assert_says(p->log, why);
	assert_null(strstr(p->log, "fn_dev_reset()"));
	assert_int_equal(fn_rxq_status(p->rx), -ENETDOWN);
	assert_int_equal(fn_txq_status(p->tx), -ENETDOWN);
	assert_int_equal(port_pool(p).outside, 0);
	assert_int_equal(fn_ctx_process_events(p->ctx), 0);
	assert_int_equal(p->events[FN_EVENT_QUEUE_BROKEN], 0);
	assert_int_equal(fn_dev_start(p->dev), 0);
	assert_int_equal(fn_rxq_status(p->rx), 0);
	assert_int_equal(fn_txq_status(p->tx), 0);
	port_receive_one(p);
	p->sent = 0;
	p->vd.sent = port_sent;
	port_send_one(p);
	assert_int_equal(fn_ctx_process_events(p->ctx), 0);
	port_end(p);
}

/* Three are sent, and then one that the device did not have: found by who waits for the rest. */
static void tx_id(void **state)
{
	struct port p;

	(void)state;
	start(&p, 0);
	tx_queue(&p, 20);
	assert_int_equal(port_receive(&p), 0);
	for (unsigned i = 0; i < 3; i++)
		virtio_dev_used(&p.vd, 1, i, 0);
	virtio_dev_used(&p.vd, 1, 63, 0);
	virtio_dev_publish(&p.vd, 1);
	assert_int_equal(fn_dev_stop(p.dev), 0);
	assert_int_equal(tx_counter(&p, FN_TX_DROP_BROKEN), 17);
	assert_int_equal(tx_counter(&p, FN_TX_DROP_STOPPED), 0);
	/* The other queue did nothing wrong. */
	assert_int_equal(rx_counter(&p, FN_RX_DROP_STOPPED), 1);
	assert_int_equal(rx_counter(&p, FN_RX_DROP_BROKEN), 0);
	assert_stopped(&p, "which it did not have");
}

static void tx_index(void **state)
{
	struct port p;

	(void)state;
	start(&p, 0);
	tx_queue(&p, 20);
	virtio_dev_used_idx(&p.vd, 1, 21);
	assert_int_equal(fn_dev_stop(p.dev), 0);
	assert_int_equal(tx_counter(&p, FN_TX_DROP_BROKEN), 20);
	assert_int_equal(tx_counter(&p, FN_TX_DROP_STOPPED), 0);
	assert_stopped(&p, "the device returned 21 packets, and it had 20");
}

/* An index that cannot be says nothing of what came in. */
static void rx_index(void **state)
{
	static const uint64_t offloads[] = { 0, FN_OFFLOAD_RX_SCATTER };

	(void)state;
	for (unsigned i = 0; i < FN_ARRAY_LEN(offloads); i++) {
		struct port p;

		start(&p, offloads[i]);
		virtio_dev_used_idx(&p.vd, 0, RX_RING + 1);
		tx_queue(&p, 1);
		p.vd.sent = NULL;
		assert_int_equal(virtio_dev_transmit(&p.vd, 0, 1), 1);
		assert_int_equal(fn_dev_stop(p.dev), 0);
		assert_int_equal(rx_counter(&p, FN_RX_DROP_BROKEN), 0);
		assert_int_equal(rx_counter(&p, FN_RX_DROP_STOPPED), 0);
		assert_int_equal(tx_counter(&p, FN_TX_DROP_BROKEN), 0);
		assert_stopped(&p, "the device returned 65 buffers, and it had 64");
	}
}

/* Frames of several buffers are looked at one by one: three sound ones, and then a lie. */
static void receive_and_lie(struct port *p)
{
	static uint8_t frame[5000];

	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(virtio_dev_receive(&p->vd, 0, frame, i == 1 ? 5000 : 100), 0);
	virtio_dev_used(&p->vd, 0, RX_RING, 100);
	virtio_dev_used(&p->vd, 0, 40, 100);
	virtio_dev_publish(&p->vd, 0);
}

static void rx_scatter(void **state)
{
	struct port p;

	(void)state;
	start(&p, FN_OFFLOAD_RX_SCATTER);
	receive_and_lie(&p);
	tx_queue(&p, 2);
	p.vd.sent = NULL;
	assert_int_equal(fn_dev_set_promisc(p.dev, false), 0);
	assert_int_equal(virtio_dev_transmit(&p.vd, 0, 1), 1);
	assert_int_equal(fn_dev_stop(p.dev), 0);
	/* Sound frames, and from the lie on buffers. */
	assert_int_equal(rx_counter(&p, FN_RX_DROP_BROKEN), 3 + 2);
	assert_int_equal(rx_counter(&p, FN_RX_DROP_STOPPED), 0);
	assert_int_equal(tx_counter(&p, FN_TX_DROP_STOPPED), 1);
	assert_int_equal(tx_counter(&p, FN_TX_DROP_BROKEN), 0);
	assert_stopped(&p, "of a ring of 64");
}

/* The same found by a burst: the sound ones are handed out, and the rest counts the same way. */
static void rx_scatter_in_a_burst(void **state)
{
	struct fn_pkt *pkts[8];
	struct port p;

	(void)state;
	start(&p, FN_OFFLOAD_RX_SCATTER);
	receive_and_lie(&p);
	assert_int_equal(fn_rx_burst(p.rx, pkts, 8), 3);
	fn_pkt_free_bulk(pkts, 3);
	assert_int_equal(rx_counter(&p, FN_RX_DROP_BROKEN), 2);
	assert_int_equal(fn_rxq_status(p.rx), -EIO);
	assert_int_equal(fn_dev_stop(p.dev), 0);
	assert_int_equal(rx_counter(&p, FN_RX_DROP_BROKEN), 2);
	assert_int_equal(rx_counter(&p, FN_RX_DROP_STOPPED), 0);
	port_end(&p);
}

/* A queue that is broken for another reason has sound frames: they count as frames. */
static void rx_scatter_without_a_lie(void **state)
{
	static uint8_t frame[5000];
	struct port p;

	(void)state;
	start(&p, FN_OFFLOAD_RX_SCATTER);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(virtio_dev_receive(&p.vd, 0, frame, 5000), 0);
	fn_dev_mark_broken(p.dev, "a test says so, at some length");
	assert_int_equal(fn_rxq_status(p.rx), -EIO);
	assert_int_equal(fn_dev_stop(p.dev), 0);
	assert_int_equal(rx_counter(&p, FN_RX_DROP_BROKEN), 4);
	assert_int_equal(rx_counter(&p, FN_RX_DROP_STOPPED), 0);
	port_end(&p);
}

/* A device that is broken already breaks no more when a stop finds a lie besides. */
static void found_in_a_broken_one(void **state)
{
	struct port p;

	(void)state;
	start(&p, FN_OFFLOAD_RX_SCATTER);
	receive_and_lie(&p);
	fn_dev_mark_broken(p.dev, "a test says so, at some length");
	assert_int_equal(fn_ctx_process_events(p.ctx), 1);
	assert_int_equal(fn_dev_stop(p.dev), 0);
	assert_int_equal(rx_counter(&p, FN_RX_DROP_BROKEN), 3 + 2);
	assert_int_equal(fn_ctx_process_events(p.ctx), 0);
	assert_says(p.log, "a test says so");
	assert_int_equal(fn_dev_start(p.dev), 0);
	port_receive_one(&p);
	port_end(&p);
}

/* That a queue broke before the stop is no news after it; that the device is broken is. */
static void broken_before(void **state)
{
	struct port p;

	(void)state;
	start(&p, 0);
	fn_queue_break(fn_rxq_queue(p.rx), "a test says so");
	fn_queue_break(fn_txq_queue(p.tx), "a test says so");
	assert_int_equal(fn_dev_stop(p.dev), 0);
	assert_int_equal(fn_rxq_status(p.rx), -ENETDOWN);
	assert_int_equal(fn_ctx_process_events(p.ctx), 0);
	assert_int_equal(fn_dev_start(p.dev), 0);
	fn_dev_mark_broken(p.dev, "a test says so, at some length");
	assert_int_equal(fn_dev_stop(p.dev), 0);
	assert_int_equal(fn_ctx_process_events(p.ctx), 1);
	assert_int_equal(p.events[FN_EVENT_DEVICE_ERROR], 1);
	assert_int_equal(p.events[FN_EVENT_QUEUE_BROKEN], 0);
	port_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tx_id),
		cmocka_unit_test(tx_index),
		cmocka_unit_test(rx_index),
		cmocka_unit_test(rx_scatter),
		cmocka_unit_test(rx_scatter_in_a_burst),
		cmocka_unit_test(rx_scatter_without_a_lie),
		cmocka_unit_test(found_in_a_broken_one),
		cmocka_unit_test(broken_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
