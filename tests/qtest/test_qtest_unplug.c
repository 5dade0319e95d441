// SPDX-License-Identifier: BSD-3-Clause
/* A NIC is unplugged in the middle of traffic: the library says so, and nothing else happens. */
#include "qtest/rig.h"

static const struct fn_dev_conf conf;

static void unplugged_in_traffic(enum qtest_time time)
{
	const struct qtest_opts opts = {
		.nics = { { .model = "virtio-net-pci", .root_port = true },
			  { .model = "virtio-net-pci", .root_port = true } },
		.time = time,
	};
	struct fn_link link = { .sz = sizeof(link) };
	struct fn_pkt *pkt;
	struct rig rig;

	rig_init(&rig, &opts);
	rig_start(&rig, 0, conf);
	rig_start(&rig, 1, conf);
	for (unsigned seq = 0; seq < 100; seq++) {
		rig_tx(&rig, 0, seq);
		rig_wire_send(&rig, 0, seq);
	}
	assert_ok(qtest_unplug(rig.q, 0));
	/* Bursts go on as long as they like: what was written to memory before can be read. */
	for (unsigned i = 0; i < 1000; i++) {
		if (fn_rx_burst(rig.rx[0], &pkt, 1))
			fn_pkt_free(pkt);
		pkt = fn_pkt_alloc(rig.pool);
		if (pkt && (!fn_pkt_append(pkt, 60) || !fn_tx_burst(rig.tx[0], &pkt, 1)))
			fn_pkt_free(pkt);
	}
	assert_int_equal(fn_dev_get_link(rig.devs[0], &link), -ENODEV);
	assert_int_equal(fn_rxq_status(rig.rx[0]), -ENODEV);
	assert_int_equal(fn_txq_status(rig.tx[0]), -ENODEV);
	assert_int_equal(fn_rx_burst(rig.rx[0], &pkt, 1), 0);
	(void)fn_ctx_process_events(rig.ctx);
	assert_int_equal(rig.events[FN_EVENT_GONE], 1);
	/* The other one has noticed nothing. */
	rig_tx(&rig, 1, 500);
	rig_wire_expect(&rig, 1, 500);
	rig_wire_send(&rig, 1, 501);
	rig_rx_stream(&rig, 1, 501, 1);
	assert_int_equal(fn_dev_stop(rig.devs[0]), -ENODEV);
	assert_int_equal(fn_dev_close(rig.devs[0]), -ENODEV);
	rig.devs[0] = NULL;
	assert_int_equal(fn_dev_open_on(rig.ctx, &qtest_bus, qtest_name(rig.q, 0), NULL,
					&rig.devs[0]),
			 -ENODEV);
	rig.devs[0] = NULL;
	rig_end(&rig);
}

static void when_time_jumps(void **state)
{
	(void)state;
	unplugged_in_traffic(QTEST_TIME_JUMPS);
}

static void in_real_time(void **state)
{
	(void)state;
	unplugged_in_traffic(QTEST_TIME_REAL);
}

/* The bus: all ones from everywhere, and writes that go nowhere. */
static void reads_all_ones(void **state)
{
	const struct qtest_opts opts = {
		.nics = { { .model = "virtio-net-pci", .root_port = true } },
	};
	struct fn_busdev *busdev;
	struct rig rig;
	uint64_t raw;

	(void)state;
	rig_init(&rig, &opts);
	rig_start(&rig, 0, conf);
	busdev = rig.devs[0]->bus;
	assert_false(fn_busdev_is_gone(busdev));
	assert_int_not_equal(qtest_bus.bar_read(busdev, 4, 0, 8), UINT64_MAX);
	assert_ok(qtest_unplug(rig.q, 0));
	assert_true(fn_busdev_is_gone(busdev));
	assert_true(qtest_bus.bar_read(busdev, 4, 0, 8) == UINT64_MAX);
	qtest_bus.bar_write(busdev, 4, 0, 4, 0);
	raw = 0;
	assert_int_equal(qtest_bus.cfg_read(busdev, 0, &raw, 8), -ENODEV);
	assert_true(raw == UINT64_MAX);
	assert_int_equal(fn_cfg_write16(busdev, 4, 0), -ENODEV);
	assert_int_equal(qtest_bus.reset(busdev), -ENODEV);
	rig_end(&rig);
}

static void what_cannot_be_unplugged(void **state)
{
	const struct qtest_opts opts = {
		.nics = { { .model = "virtio-net-pci" },
			  { .model = "virtio-net-pci", .root_port = true } },
	};
	struct rig rig;

	(void)state;
	rig_init(&rig, &opts);
	assert_int_equal(qtest_unplug(rig.q, 0), -EINVAL);
	assert_ok(qtest_unplug(rig.q, 1));
	assert_int_equal(qtest_unplug(rig.q, 1), -EINVAL);
	rig_start(&rig, 0, conf);
	rig_end(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(when_time_jumps),
		cmocka_unit_test(in_real_time),
		cmocka_unit_test(reads_all_ones),
		cmocka_unit_test(what_cannot_be_unplugged),
	};

	return rig_exit(cmocka_run_group_tests(tests, NULL, NULL));
}
