// SPDX-License-Identifier: BSD-3-Clause
/*
 * The control queue of virtio-net: pairs, receive mode, station address, and devices that do not
 * answer.
 */
#include "drivers/virtio/virtio_net.h"
#include "virtio_port.h"

static const uint8_t other_mac[6] = { 0x02, 1, 2, 3, 4, 5 };

/* Several pairs: the device is told how many, and each queue carries its own frames. */
static void pairs(void **state)
{
	uint8_t buf[PORT_FRAME_MAX];
	struct fn_pkt *pkt;
	struct port p;

	(void)state;
	port_init(&p);
	p.vd.config.max_virtqueue_pairs = fn_cpu_to_le16(8);
	p.vd.num_queues = 17;
	p.vd.md.busdev.irqs = 18;
	p.pool_opts.count = 8192;
	port_start(&p, (struct fn_dev_conf){ .rxqs = 8, .txqs = 8, .rx_ring = 64, .tx_ring = 64 });
	assert_int_equal(p.vd.pairs, 8);
	for (unsigned i = 0; i < 200; i++) {
		const unsigned pair = i * 5 % 8;

		assert_int_equal(virtio_dev_receive(&p.vd, pair, buf, frame_fill(buf, i)), 0);
		for (unsigned k = 0; k < 8; k++)
			assert_int_equal(fn_rx_burst(fn_dev_rxq(p.dev, k), &pkt, 1), k == pair);
		assert_frame(pkt->data, pkt->len, i);
		p.sent = i;
		assert_int_equal(fn_tx_burst(fn_dev_txq(p.dev, pair), &pkt, 1), 1);
		for (unsigned k = 0; k < 8; k++)
			assert_int_equal(virtio_dev_transmit(&p.vd, k, 64), k == pair);
	}
	assert_int_equal(p.vd.queues[16].irqs, 0);
	assert_int_equal(fn_dev_stop(p.dev), 0);
	/* Fewer again. */
	port_start(&p, (struct fn_dev_conf){ .rxqs = 3, .txqs = 2 });
	assert_int_equal(p.vd.pairs, 3);
	assert_int_equal(fn_dev_stop(p.dev), 0);
	port_start(&p, (struct fn_dev_conf){ 0 });
	assert_int_equal(p.vd.pairs, 1);
	port_end(&p);
}

/* A device of one pair without VIRTIO_NET_F_MQ has its control queue behind that one (5.1.2). */
static void one_pair(void **state)
{
	struct port p;

	(void)state;
	port_init(&p);
	p.vd.offered &= ~VDEV_F_MQ;
	p.vd.num_queues = 3;
	port_start(&p, (struct fn_dev_conf){ .promisc = true });
	assert_true(p.vd.queues[2].enabled);
	assert_true(p.vd.filter.promisc);
	port_end(&p);
}

/* One that cannot be told lets all in, says so, and takes whoever wants just that. */
static void always_promiscuous(struct port *p)
{
	struct fn_dev_info info = { .sz = sizeof(info) };

	assert_int_equal(port_open(p), 0);
	fn_dev_get_info(p->dev, &info);
	assert_int_equal(info.caps & FN_CAP_PROMISC, 0);
	assert_true(info.promisc);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(port_configure(p, (struct fn_dev_conf){ .promisc = !i }), 0);
		assert_int_equal(fn_dev_start(p->dev), 0);
		fn_dev_get_info(p->dev, &info);
		assert_true(info.promisc);
		assert_int_equal(info.mac_filter_mode, FN_FILTER_ALL);
		assert_int_equal(fn_dev_set_promisc(p->dev, true), 0);
		assert_int_equal(fn_dev_set_promisc(p->dev, false), -ENOTSUP);
		assert_says(fn_error_last(), "cannot choose whether it receives frames for any");
		assert_int_equal(fn_dev_stop(p->dev), 0);
	}
}

static void promiscuous(void **state)
{
	struct port p;

	(void)state;
	port_init(&p);
	port_start(&p, (struct fn_dev_conf){ 0 });
	/* A device starts promiscuous (5.1.6.5.1 leaves it open), so that it is told not to be. */
	assert_false(p.vd.filter.promisc);
	assert_int_equal(fn_dev_set_promisc(p.dev, true), 0);
	assert_true(p.vd.filter.promisc);
	assert_int_equal(fn_dev_reset(p.dev), 0);
	assert_true(p.vd.filter.promisc);
	assert_int_equal(fn_dev_set_promisc(p.dev, false), 0);
	assert_false(p.vd.filter.promisc);
	assert_int_equal(fn_dev_stop(p.dev), 0);
	/* While stopped it is only noted. */
	assert_int_equal(fn_dev_set_promisc(p.dev, true), 0);
	assert_int_equal(fn_dev_start(p.dev), 0);
	assert_true(p.vd.filter.promisc);
	port_end(&p);

	port_init(&p);
	p.vd.offered &= ~VDEV_F_CTRL_RX;
	always_promiscuous(&p);
	port_end(&p);
}

static void station_address(void **state)
{
	struct fn_dev_info info = { .sz = sizeof(info) };
	struct port p;

	(void)state;
	port_init(&p);
	port_start(&p, (struct fn_dev_conf){ 0 });
	assert_memory_equal(p.vd.mac, p.vd.config.mac, 6);
	assert_int_equal(fn_dev_set_mac(p.dev, other_mac), 0);
	assert_memory_equal(p.vd.mac, other_mac, 6);
	/* It outlives a reset of the device. */
	assert_int_equal(fn_dev_reset(p.dev), 0);
	assert_memory_equal(p.vd.mac, other_mac, 6);
	fn_dev_get_info(p.dev, &info);
	assert_memory_equal(info.mac, other_mac, 6);
	assert_int_equal(fn_dev_set_mac(p.dev, p.vd.config.mac), 0);
	assert_int_equal(fn_dev_stop(p.dev), 0);
	assert_int_equal(fn_dev_set_mac(p.dev, other_mac), 0);
	assert_int_equal(fn_dev_start(p.dev), 0);
	assert_memory_equal(p.vd.mac, other_mac, 6);
	port_end(&p);

	port_init(&p);
	p.vd.offered &= ~VDEV_F_CTRL_MAC_ADDR;
	port_start(&p, (struct fn_dev_conf){ 0 });
	assert_int_equal(fn_dev_set_mac(p.dev, other_mac), -ENOTSUP);
	assert_non_null(strstr(fn_error_last(), "cannot change its station address"));
	port_end(&p);

	/* A device without an address of its own is told the one that was made up. */
	port_init(&p);
	p.vd.offered &= ~VDEV_F_MAC;
	port_start(&p, (struct fn_dev_conf){ 0 });
	fn_dev_get_info(p.dev, &info);
	assert_memory_equal(p.vd.mac, info.mac, 6);
	port_end(&p);
}

/*
 * More commands than the ring has entries, and than an index has values; none interrupts. In order
 * they take the descriptors as they come, which the model sees to; not all have as many.
 */
static void many_commands(void **state)
{
	static const uint64_t rings[] = { 0, VDEV_F_EVENT_IDX, VDEV_F_IN_ORDER };
	struct port p;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		port_init_ring(&p, rings[i]);
		port_start(&p, (struct fn_dev_conf){ 0 });
		for (unsigned k = 0; k < 70000; k++) {
			assert_int_equal(fn_dev_set_promisc(p.dev, k & 1), 0);
			assert_int_equal(p.vd.filter.promisc, k & 1);
		}
		assert_int_equal(p.vd.queues[4].irqs, 0);
		port_end(&p);
	}
}

static void refused(void **state)
{
	struct port p;

	(void)state;
	port_init(&p);
	port_start(&p, (struct fn_dev_conf){ 0 });
	p.vd.ctrl_ack = 1;
	assert_int_equal(fn_dev_set_mac(p.dev, other_mac), -EIO);
	assert_non_null(strstr(fn_error_last(), "refuses to change its station address"));
	/* The queue works on. */
	p.vd.ctrl_ack = VDEV_OK;
	assert_int_equal(fn_dev_set_mac(p.dev, other_mac), 0);
	assert_int_equal(fn_dev_stop(p.dev), 0);
	/* A refusal at start: nothing stays. */
	p.vd.ctrl_ack = 1;
	assert_int_equal(fn_dev_start(p.dev), -EIO);
	assert_int_equal(p.vd.status, 0);
	assert_int_equal(port_pool(&p).outside, 0);
	p.vd.ctrl_ack = 0xff;
	assert_int_equal(fn_dev_start(p.dev), -EIO);
	p.vd.ctrl_ack = VDEV_OK;
	assert_int_equal(fn_dev_start(p.dev), 0);
	port_end(&p);
}

/* A device that never answers: a deadline on its clock, no second command, a reset mends it. */
static void no_answer(void **state)
{
	struct port p;
	uint64_t start_ns;

	(void)state;
	port_init(&p);
	port_start(&p, (struct fn_dev_conf){ 0 });
	p.vd.ctrl_dumb = true;
	start_ns = p.vd.md.clock->now_ns;
	assert_int_equal(fn_dev_set_promisc(p.dev, true), -EIO);
	assert_non_null(strstr(fn_error_last(), "within 2000 ms"));
	assert_in_range(p.vd.md.clock->now_ns - start_ns, FN_MS(2000), FN_MS(2010));
	start_ns = p.vd.md.clock->now_ns;
	assert_int_equal(fn_dev_set_promisc(p.dev, true), -EIO);
	assert_non_null(strstr(fn_error_last(), "control queue is broken"));
	assert_in_range(p.vd.md.clock->now_ns - start_ns, 0, FN_MS(1));
	/* Packets go on. */
	assert_int_equal(port_receive(&p), 0);
	p.vd.ctrl_dumb = false;
	assert_int_equal(fn_dev_reset(p.dev), 0);
	assert_int_equal(fn_dev_set_promisc(p.dev, true), 0);
	assert_true(p.vd.filter.promisc);
	assert_int_equal(fn_dev_stop(p.dev), 0);
	p.vd.ctrl_dumb = true;
	assert_int_equal(fn_dev_start(p.dev), -EIO);
	assert_int_equal(p.vd.status, 0);
	port_end(&p);
}

/* Gone instead of slow. */
static void gone(void **state)
{
	struct port p;

	(void)state;
	port_init(&p);
	port_start(&p, (struct fn_dev_conf){ 0 });
	p.vd.md.gone = true;
	assert_int_equal(fn_dev_set_promisc(p.dev, true), -ENODEV);
	assert_int_equal(fn_rxq_status(p.rx), -ENODEV);
	port_end(&p);
}

/* An answer to a command that was not given. */
static void lies(void **state)
{
	unsigned head;
	char had[40];
	struct port p;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		port_init(&p);
		port_start(&p, (struct fn_dev_conf){ 0 });
		head = virtio_net_of(p.dev)->ctrl.desc;
		p.vd.ctrl_dumb = true;
		if (i) {
			virtio_dev_used(&p.vd, 4, (head + 1) % 4, 1);
			virtio_dev_publish(&p.vd, 4);
		} else {
			virtio_dev_used_idx(&p.vd, 4, (uint16_t)(p.vd.queues[4].used_pos + 2));
		}
		assert_int_equal(fn_dev_set_promisc(p.dev, true), -EIO);
		(void)snprintf(had, sizeof(had), "it had one with buffer %u", head);
		assert_says(fn_error_last(), had);
		p.vd.ctrl_dumb = false;
		assert_int_equal(fn_dev_reset(p.dev), 0);
		assert_int_equal(fn_dev_set_promisc(p.dev, true), 0);
		port_end(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pairs),         cmocka_unit_test(one_pair),
		cmocka_unit_test(promiscuous),   cmocka_unit_test(station_address),
		cmocka_unit_test(many_commands), cmocka_unit_test(refused),
		cmocka_unit_test(no_answer),     cmocka_unit_test(gone),
		cmocka_unit_test(lies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
