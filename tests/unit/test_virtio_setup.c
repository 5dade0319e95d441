// SPDX-License-Identifier: BSD-3-Clause
/*
 * From reset to packets and back: the order of virtio 1.2 3.1.1, what a device is asked for and
 * what the driver makes of it.
 */
#include "virtio_port.h"

/* Where a step stands in the trace from @from on; the test fails when it is not there. */
static unsigned find(const struct port *p, unsigned from, enum virtio_dev_step step, uint32_t value)
{
	for (unsigned i = from; i < p->vd.trace_n; i++)
		if (p->vd.trace[i].step == step && p->vd.trace[i].value == value)
			return i;
	fail_msg("no step %d with %u from %u on", (int)step, value, from);
	return 0;
}

/* virtio 1.2 3.1.1, each step after the one before. */
static void bring_up_order(void **state)
{
	const uint32_t ack = VDEV_STATUS_ACKNOWLEDGE;
	const uint32_t driver = ack | VDEV_STATUS_DRIVER;
	const uint32_t features = driver | VDEV_STATUS_FEATURES_OK;
	struct port p;
	unsigned at;

	(void)state;
	port_init(&p);
	assert_int_equal(port_open(&p), 0);
	assert_int_equal(p.vd.status, 0);
	p.vd.trace_n = 0;
	port_start(&p, (struct fn_dev_conf){ .rxqs = 2, .txqs = 2, .mtu = 1496 });
	at = find(&p, 0, VIRTIO_DEV_STATUS, 0);
	assert_int_equal(at, 0);
	at = find(&p, at, VIRTIO_DEV_READ_STATUS, 0);
	at = find(&p, at, VIRTIO_DEV_STATUS, ack);
	at = find(&p, at, VIRTIO_DEV_STATUS, driver);
	at = find(&p, at, VIRTIO_DEV_READ_FEATURES, 0);
	at = find(&p, at, VIRTIO_DEV_READ_FEATURES, 1);
	at = find(&p, at, VIRTIO_DEV_WRITE_FEATURES, 0);
	at = find(&p, at, VIRTIO_DEV_WRITE_FEATURES, 1);
	at = find(&p, at, VIRTIO_DEV_STATUS, features);
	at = find(&p, at, VIRTIO_DEV_READ_STATUS, features);
	for (unsigned q = 0; q < 5; q++)
		at = find(&p, at, VIRTIO_DEV_ENABLE, q);
	at = find(&p, at, VIRTIO_DEV_STATUS, features | VDEV_STATUS_DRIVER_OK);
	at = find(&p, at, VIRTIO_DEV_COMMAND, VDEV_CMD_MQ_PAIRS);
	at = find(&p, at, VIRTIO_DEV_COMMAND, VDEV_CMD_PROMISC);
	at = find(&p, at, VIRTIO_DEV_KICK, 0);
	(void)find(&p, at, VIRTIO_DEV_KICK, 2);
	assert_int_equal(p.vd.accepted, p.vd.offered);
	p.vd.trace_n = 0;
	assert_int_equal(fn_dev_close(p.dev), 0);
	p.dev = NULL;
	at = find(&p, 0, VIRTIO_DEV_STATUS, 0);
	(void)find(&p, at, VIRTIO_DEV_READ_STATUS, 0);
	assert_int_equal(p.vd.status, 0);
	assert_false(p.vd.md.master);
	port_end(&p);
}

/* After a kill -9 a device without a function-level reset is as its driver left it. */
static void left_running(void **state)
{
	struct port p;

	(void)state;
	port_init(&p);
	p.vd.status = 0x0f;
	p.vd.queues[0].enabled = true;
	p.vd.queues[0].desc = 0x1000;
	port_start(&p, (struct fn_dev_conf){ 0 });
	assert_int_equal(port_receive(&p), 0);
	port_end(&p);
}

static void limits_and_defaults(void **state)
{
	struct fn_dev_info info = { .sz = sizeof(info) };
	struct port p;

	(void)state;
	port_init(&p);
	p.vd.queues[2].size_max = 512;
	p.vd.queues[3].size_max = 64;
	p.vd.config.mtu = fn_cpu_to_le16(1400);
	assert_int_equal(port_open(&p), 0);
	fn_dev_get_info(p.dev, &info);
	assert_string_equal(info.driver, "virtio-net");
	assert_int_equal(info.max_rxqs, 2);
	assert_int_equal(info.max_txqs, 2);
	assert_int_equal(info.rx_ring_max, 512);
	assert_int_equal(info.tx_ring_max, 64);
	assert_int_equal(info.rx_ring_min, 8);
	assert_int_equal(info.mtu_min, 68);
	assert_int_equal(info.mtu_max, 1400);
	assert_int_equal(info.max_tx_segs, 62);
	assert_int_equal(info.vectors, 5);
	assert_memory_equal(info.mac, p.vd.config.mac, 6);
	port_start(&p, (struct fn_dev_conf){ 0 });
	fn_dev_get_info(p.dev, &info);
	assert_int_equal(info.mtu, 1400);
	assert_int_equal(p.vd.queues[0].size, 256);
	assert_int_equal(p.vd.queues[1].size, 64);
	assert_string_equal(info.rx_variant, "split event-idx");
	assert_string_equal(info.tx_variant, "split event-idx");
	port_end(&p);

	/*
	 * Hardly any feature: one pair, no control queue, an address that is made up, no
	 * interrupts.
	 */
	port_init(&p);
	p.vd.offered = VDEV_F_VERSION_1 | VDEV_F_ACCESS_PLATFORM | VDEV_F_IN_ORDER | VDEV_F_MQ |
		       VDEV_F_CTRL_RX;
	p.vd.num_queues = 2;
	p.vd.md.busdev.irqs = 0;
	port_start(&p, (struct fn_dev_conf){ 0 });
	assert_int_equal(p.vd.accepted,
			 VDEV_F_VERSION_1 | VDEV_F_ACCESS_PLATFORM | VDEV_F_IN_ORDER);
	fn_dev_get_info(p.dev, &info);
	assert_int_equal(info.max_rxqs, 1);
	assert_int_equal(info.vectors, 0);
	assert_int_equal(info.mtu_max, 65517);
	assert_int_equal(info.mac[0] & 3, 2);
	assert_string_equal(info.rx_variant, "split in-order");
	assert_string_equal(info.tx_variant, "split in-order");
	assert_int_equal(p.vd.config_vector, VDEV_NO_VECTOR);
	assert_int_equal(p.vd.queues[0].vector, VDEV_NO_VECTOR);
	assert_int_equal(port_receive(&p), 0);
	port_end(&p);

	/* One MSI-X entry: it tells of the link, and no queue has an interrupt. */
	port_init(&p);
	p.vd.md.busdev.irqs = 1;
	port_start(&p, (struct fn_dev_conf){ 0 });
	fn_dev_get_info(p.dev, &info);
	assert_int_equal(info.vectors, 0);
	assert_int_equal(p.vd.config_vector, 0);
	assert_int_equal(p.vd.queues[0].vector, VDEV_NO_VECTOR);
	assert_int_equal(fn_rxq_event_fd(p.rx), -1);
	virtio_dev_config_changed(&p.vd);
	assert_int_equal(fn_ctx_process_events(p.ctx), 1);
	assert_int_equal(p.events[FN_EVENT_LINK], 1);
	port_end(&p);
}

/*
 * 5.1.4.2: VIRTIO_NET_F_MTU is a promise of large enough buffers and of no longer frames, and is
 * left out when it could not be kept.
 */
static void mtu_feature(void **state)
{
	struct port p;

	(void)state;
	port_init(&p);
	p.vd.config.mtu = fn_cpu_to_le16(9000);
	port_start(&p, (struct fn_dev_conf){ 0 });
	assert_false(p.vd.accepted & VDEV_F_MTU);
	port_end(&p);
	port_init(&p);
	p.vd.config.mtu = fn_cpu_to_le16(9000);
	p.pool_opts.room_bytes = 9018;
	port_start(&p, (struct fn_dev_conf){ 0 });
	assert_true(p.vd.accepted & VDEV_F_MTU);
	port_end(&p);
	/* In several buffers, as many as there are. */
	for (uint32_t ring = 8; ring <= 16; ring *= 2) {
		port_init(&p);
		p.vd.config.mtu = fn_cpu_to_le16(9000);
		p.vd.offered |= VDEV_F_MRG_RXBUF;
		p.pool_opts.room_bytes = 1024;
		port_start(&p, (struct fn_dev_conf){ .rx_ring = ring,
						     .offloads = FN_OFFLOAD_RX_SCATTER });
		assert_int_equal((p.vd.accepted & VDEV_F_MTU) != 0, ring == 16);
		port_end(&p);
	}
	/* Frames with the room of a tag are as long as the MTU allows, and no longer. */
	for (unsigned mtu = 1496; mtu <= 1497; mtu++) {
		port_init(&p);
		p.vd.config.mtu = fn_cpu_to_le16(1500);
		port_start(&p, (struct fn_dev_conf){ .mtu = mtu });
		assert_int_equal((p.vd.accepted & VDEV_F_MTU) != 0, mtu == 1496);
		port_end(&p);
	}
	/* An MTU below 68 is none. */
	port_init(&p);
	p.vd.config.mtu = fn_cpu_to_le16(67);
	port_start(&p, (struct fn_dev_conf){ 0 });
	assert_false(p.vd.accepted & VDEV_F_MTU);
	port_end(&p);
}

/* Configurations that lib/dev allows and this device cannot. */
static void configurations(void **state)
{
	struct port p;

	(void)state;
	port_init(&p);
	assert_int_equal(port_open(&p), 0);
	assert_int_equal(port_configure(&p, (struct fn_dev_conf){ .rxqs = 1, .txqs = 2 }), -EINVAL);
	assert_non_null(strstr(p.err.text, "in pairs"));
	assert_int_equal(port_configure(&p, (struct fn_dev_conf){ .rxqs = 2, .txqs = 1 }), 0);
	assert_int_equal(port_configure(&p, (struct fn_dev_conf){ .rxqs = 3 }), -EINVAL);
	port_end(&p);

	/* A frame fits the room, but not with virtio's header in it. */
	port_init(&p);
	p.pool_opts.headroom = FN_POOL_NO_HEADROOM;
	p.pool_opts.room_bytes = 1518 + 11;
	assert_int_equal(port_open(&p), 0);
	assert_int_equal(port_configure(&p, (struct fn_dev_conf){ 0 }), -EINVAL);
	assert_non_null(strstr(p.err.text, "room_bytes 1530"));
	assert_int_equal(port_configure(&p, (struct fn_dev_conf){ .mtu = 1499 }), 0);
	port_end(&p);
}

/* Two receive queues on one transmit queue: the spare one exists and rests. */
static void spare_transmit_queue(void **state)
{
	struct port p;

	(void)state;
	port_init(&p);
	port_start(&p, (struct fn_dev_conf){ .rxqs = 2, .txqs = 1 });
	assert_int_equal(p.vd.pairs, 2);
	assert_true(p.vd.queues[3].enabled);
	assert_int_equal(virtio_dev_posted(&p.vd, 2), 256);
	assert_int_equal(fn_txq_status(fn_dev_txq(p.dev, 1)), -ENETDOWN);
	port_end(&p);
}

/* The pool has enough for the sum, but somebody holds what the rings need. */
static void pool_cannot_fill(void **state)
{
	struct fn_pkt *held[4096];
	struct port p;
	unsigned n = 0;

	(void)state;
	port_init(&p);
	assert_int_equal(port_open(&p), 0);
	assert_int_equal(port_configure(&p, (struct fn_dev_conf){ .rx_ring = 1024 }), 0);
	while (n < 4096 && (held[n] = fn_pkt_alloc(p.pool)))
		n++;
	fn_pkt_free_bulk(held, 500);
	assert_int_equal(fn_dev_start(p.dev), -ENOBUFS);
	assert_non_null(strstr(fn_error_last(), "needs 1024"));
	assert_int_equal(p.vd.status, 0);
	assert_int_equal(port_pool(&p).outside, n - 500);
	fn_pkt_free_bulk(held + 500, n - 500);
	assert_int_equal(fn_dev_start(p.dev), 0);
	port_end(&p);
}

/* Whatever the order of calls, nothing is lost. */
static void again_and_again(void **state)
{
	struct port p;

	(void)state;
	port_init(&p);
	for (unsigned i = 0; i < 30; i++) {
		port_start(&p, (struct fn_dev_conf){ .rx_ring = 8u << i % 8, .rxqs = 1 + i % 2 });
		port_receive_one(&p);
		/* One more, which stays where it is. */
		assert_int_equal(port_receive(&p), 0);
		port_send_one(&p);
		if (i % 3 == 0)
			assert_int_equal(fn_dev_reset(p.dev), 0);
		assert_int_equal(fn_dev_stop(p.dev), 0);
		assert_int_equal(port_pool(&p).outside, 0);
		if (i % 5 == 0) {
			assert_int_equal(fn_dev_close(p.dev), 0);
			p.dev = NULL;
		}
	}
	port_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bring_up_order),      cmocka_unit_test(left_running),
		cmocka_unit_test(limits_and_defaults), cmocka_unit_test(mtu_feature),
		cmocka_unit_test(configurations),      cmocka_unit_test(spare_transmit_queue),
		cmocka_unit_test(pool_cannot_fill),    cmocka_unit_test(again_and_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
