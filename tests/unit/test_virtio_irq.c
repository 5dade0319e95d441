// SPDX-License-Identifier: BSD-3-Clause
/* Interrupts of virtio-net: none while polling, one when armed, none lost between; and the link. */
#include <poll.h>
#include <unistd.h>

#include "virtio_port.h"

static void start(struct port *p, bool event_idx, uint32_t ring)
{
	port_init_ring(p, event_idx ? VDEV_F_EVENT_IDX : 0);
	port_start(p, (struct fn_dev_conf){ .rx_ring = ring, .tx_ring = ring });
}

static bool readable(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	return poll(&pfd, 1, 0) == 1;
}

/* Whether it was readable; not any more afterwards. */
static bool consume(int fd)
{
	uint64_t count;

	return read(fd, &count, sizeof(count)) == sizeof(count);
}

/* Over more than 65,536 buffers an event index comes round: not while the queue is polled. */
static void none_while_polling(void **state)
{
	static const uint32_t rings[] = { 8, 256, 1024 };

	(void)state;
	for (unsigned i = 0; i < 2 * FN_ARRAY_LEN(rings); i++) {
		struct port p;

		start(&p, i % 2, rings[i / 2]);
		for (unsigned n = 0; n < 140000; n++) {
			port_receive_one(&p);
			port_send_one(&p);
		}
		assert_int_equal(p.vd.queues[0].irqs, 0);
		assert_int_equal(p.vd.queues[1].irqs, 0);
		port_end(&p);
	}
}

/* The same for bursts that fill the ring from end to end. */
static void none_while_polling_full_rings(void **state)
{
	(void)state;
	for (uint32_t ring = 8; ring <= 1024; ring *= 2) {
		struct fn_pkt *pkts[1024];
		struct port p;

		start(&p, true, ring);
		for (unsigned n = 0; n < 140000;) {
			while (virtio_dev_receive(&p.vd, 0, (const uint8_t *)"x", 1) == 0)
				;
			for (unsigned got; (got = fn_rx_burst(p.rx, pkts, 1024)) != 0; n += got)
				fn_pkt_free_bulk(pkts, got);
		}
		assert_int_equal(p.vd.queues[0].irqs, 0);
		port_end(&p);
	}
}

/* The interrupt of a queue that is not armed, armed, disarmed, and armed again; @tx or not. */
static void arm_and_disarm(struct port *p, bool tx)
{
	const unsigned *irqs = &p->vd.queues[tx].irqs;
	const int fd = tx ? fn_txq_event_fd(p->tx) : fn_rxq_event_fd(p->rx);

	for (unsigned i = 0; i < 300; i++) {
		const unsigned before = *irqs;

		assert_int_equal(tx ? fn_txq_arm(p->tx) : fn_rxq_arm(p->rx), 0);
		assert_false(tx ? fn_txq_pending(p->tx) : fn_rxq_pending(p->rx));
		assert_false(readable(fd));
		if (tx)
			port_send_one(p);
		else
			assert_int_equal(port_receive(p), 0);
		assert_int_equal(*irqs, before + 1);
		assert_true(consume(fd));
		assert_true(tx ? fn_txq_pending(p->tx) : fn_rxq_pending(p->rx));
		if (tx)
			fn_txq_disarm(p->tx);
		else
			fn_rxq_disarm(p->rx);
		if (tx) {
			assert_int_equal(fn_tx_reclaim(p->tx), 1);
		} else {
			struct fn_pkt *pkt;

			assert_int_equal(fn_rx_burst(p->rx, &pkt, 1), 1);
			fn_pkt_free(pkt);
		}
		/* Polling again: quiet, from the first packet on. */
		for (unsigned k = 0; k < i % 7; k++) {
			if (tx)
				port_send_one(p);
			else
				port_receive_one(p);
		}
		if (tx)
			(void)fn_tx_reclaim(p->tx);
		assert_int_equal(*irqs, before + 1);
		assert_false(readable(fd));
	}
}

static void armed(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct port p;

		start(&p, i, 64);
		arm_and_disarm(&p, false);
		arm_and_disarm(&p, true);
		port_end(&p);
	}
}

/* What came before the arming is not announced: the second look finds it. */
static void second_look(void **state)
{
	struct fn_pkt *pkt;
	struct port p;

	(void)state;
	start(&p, true, 64);
	assert_int_equal(port_receive(&p), 0);
	assert_int_equal(fn_rxq_arm(p.rx), 0);
	assert_true(fn_rxq_pending(p.rx));
	fn_rxq_disarm(p.rx);
	assert_int_equal(fn_rx_burst(p.rx, &pkt, 1), 1);
	fn_pkt_free(pkt);
	assert_false(fn_rxq_pending(p.rx));
	assert_int_equal(p.vd.queues[0].irqs, 0);
	port_end(&p);
}

/*
 * With no buffer at the device no interrupt can come: arming says so, and posts what was freed
 * meanwhile.
 */
static void no_sleep_on_a_dry_ring(void **state)
{
	/* What the queue's cache holds is posted too. */
	struct fn_pkt *received[16 + 64];
	struct fn_pkt *held = NULL;
	struct fn_pkt *pkt;
	unsigned n = 0;
	struct port p;

	(void)state;
	port_init(&p);
	port_start(&p, (struct fn_dev_conf){ .rx_ring = 16 });
	/* All that the pool has is outside. */
	while ((pkt = fn_pkt_alloc(p.pool))) {
		pkt->user = (uintptr_t)held;
		held = pkt;
	}
	while (port_receive(&p) == 0) {
		assert_in_range(n, 0, FN_ARRAY_LEN(received) - 1);
		assert_int_equal(fn_rx_burst(p.rx, &received[n++], 1), 1);
	}
	assert_int_equal(fn_rxq_arm(p.rx), -ENOBUFS);
	assert_int_equal(fn_rxq_status(p.rx), 0);
	while ((pkt = held)) {
		held = (struct fn_pkt *)(uintptr_t)pkt->user;
		fn_pkt_free(pkt);
	}
	assert_int_equal(fn_rxq_arm(p.rx), 0);
	assert_int_equal(port_receive(&p), 0);
	assert_true(readable(fn_rxq_event_fd(p.rx)));
	fn_pkt_free_bulk(received, n);
	port_end(&p);
}

/* Queues signal the vectors of the configuration; MSI-X entry 0 stays the device's own. */
static void vector_map(void **state)
{
	static const uint16_t rx[] = { 4, FN_NO_VECTOR };
	static const uint16_t tx[] = { 0, 4 };
	struct port p;

	(void)state;
	port_init(&p);
	port_start(&p, (struct fn_dev_conf){
			       .rxqs = 2, .txqs = 2, .rx_vectors = rx, .tx_vectors = tx });
	assert_int_equal(p.vd.config_vector, 0);
	assert_int_equal(p.vd.queues[0].vector, 5);
	assert_int_equal(p.vd.queues[1].vector, 1);
	assert_int_equal(p.vd.queues[2].vector, VDEV_NO_VECTOR);
	assert_int_equal(p.vd.queues[3].vector, 5);
	assert_int_equal(fn_rxq_event_fd(p.rx), fn_txq_event_fd(fn_dev_txq(p.dev, 1)));
	assert_int_equal(fn_rxq_event_fd(fn_dev_rxq(p.dev, 1)), -1);
	assert_int_equal(fn_rxq_arm(p.rx), 0);
	assert_int_equal(port_receive(&p), 0);
	assert_true(consume(fn_rxq_event_fd(p.rx)));
	assert_false(readable(fn_txq_event_fd(p.tx)));
	port_end(&p);
}

static void link_state(void **state)
{
	struct fn_link link = { .sz = sizeof(link) };
	struct port p;

	(void)state;
	start(&p, true, 64);
	assert_int_equal(fn_dev_get_link(p.dev, &link), 0);
	assert_true(link.up);
	assert_true(link.full_duplex);
	assert_int_equal(link.speed_mbps, 25000);
	p.vd.config.status = fn_cpu_to_le16(0);
	p.vd.config.speed = fn_cpu_to_le32(UINT32_MAX);
	p.vd.config.duplex = 0xff;
	virtio_dev_config_changed(&p.vd);
	assert_true(readable(fn_ctx_event_fd(p.ctx)));
	assert_int_equal(fn_ctx_process_events(p.ctx), 1);
	assert_int_equal(p.events[FN_EVENT_LINK], 1);
	assert_int_equal(fn_dev_get_link(p.dev, &link), 0);
	assert_false(link.up);
	assert_false(link.full_duplex);
	assert_int_equal(link.speed_mbps, 0);
	assert_int_equal(fn_ctx_process_events(p.ctx), 0);
	port_end(&p);

	/* A device that says nothing of its link has one. */
	port_init(&p);
	p.vd.offered &= ~(VDEV_F_STATUS | VDEV_F_SPEED_DUPLEX);
	p.vd.config.status = fn_cpu_to_le16(0);
	assert_int_equal(port_open(&p), 0);
	assert_int_equal(fn_dev_get_link(p.dev, &link), 0);
	assert_true(link.up);
	assert_int_equal(link.speed_mbps, 0);
	port_end(&p);
}

/* 2.1.2: the device says itself that it is beyond hope; a reset mends it. */
static void needs_reset(void **state)
{
	struct fn_pkt *pkt;
	struct port p;

	(void)state;
	start(&p, true, 64);
	pkt = port_pkt(&p, 0);
	assert_int_equal(fn_tx_burst(p.tx, &pkt, 1), 1);
	virtio_dev_needs_reset(&p.vd);
	assert_int_equal(fn_ctx_process_events(p.ctx), 1);
	assert_int_equal(p.events[FN_EVENT_DEVICE_ERROR], 1);
	assert_int_equal(fn_rxq_status(p.rx), -EIO);
	assert_int_equal(fn_txq_status(p.tx), -EIO);
	assert_int_equal(fn_dev_reset(p.dev), 0);
	assert_int_equal(tx_counter(&p, FN_TX_DROP_BROKEN), 1);
	port_receive_one(&p);
	port_send_one(&p);
	port_end(&p);
}

/* The device vanishes, and the interrupt is the first to notice. */
static void gone_at_interrupt(void **state)
{
	struct port p;

	(void)state;
	start(&p, true, 64);
	virtio_dev_config_changed(&p.vd);
	p.vd.md.gone = true;
	assert_int_equal(fn_ctx_process_events(p.ctx), 1);
	assert_int_equal(p.events[FN_EVENT_GONE], 1);
	assert_int_equal(fn_rxq_status(p.rx), -ENODEV);
	port_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(none_while_polling),
		cmocka_unit_test(none_while_polling_full_rings),
		cmocka_unit_test(armed),
		cmocka_unit_test(second_look),
		cmocka_unit_test(no_sleep_on_a_dry_ring),
		cmocka_unit_test(vector_map),
		cmocka_unit_test(link_state),
		cmocka_unit_test(needs_reset),
		cmocka_unit_test(gone_at_interrupt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
