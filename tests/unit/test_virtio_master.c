// SPDX-License-Identifier: BSD-3-Clause
/* Bus mastering of a virtio-net device: on while it runs, and at no other time. */
#include <limits.h>

#include "virtio_port.h"

static void off_when_stopped(void **state)
{
	struct port p;

	(void)state;
	port_init(&p);
	assert_int_equal(port_open(&p), 0);
	assert_false(p.vd.md.master);
	port_start(&p, (struct fn_dev_conf){ 0 });
	assert_true(p.vd.md.master);
	assert_int_equal(fn_dev_stop(p.dev), 0);
	assert_false(p.vd.md.master);
	assert_int_equal(fn_dev_start(p.dev), 0);
	assert_true(p.vd.md.master);
	port_end(&p);
}

/* The device takes the features back: the start fails halfway. */
static void off_when_start_fails(void **state)
{
	struct port p;

	(void)state;
	port_init(&p);
	port_start(&p, (struct fn_dev_conf){ 0 });
	assert_int_equal(fn_dev_stop(p.dev), 0);
	p.vd.refuse_features = true;
	assert_int_equal(fn_dev_start(p.dev), -EIO);
	assert_false(p.vd.md.master);
	p.vd.refuse_features = false;
	assert_int_equal(fn_dev_start(p.dev), 0);
	port_end(&p);
}

static bool locked;

/* Configuration space that can be read, and not written while @locked. */
static int cfg_write(struct fn_busdev *busdev, uint16_t off, const void *buf, size_t len)
{
	return locked ? fn_fail(-EIO, "%s: a test says so", busdev->name) :
			model_bus.cfg_write(busdev, off, buf, len);
}

/*
 * A device that neither does a reset nor loses bus mastering may still write: what it has stays its
 * own, until a reset that cuts it off or until the bus has it back.
 */
static void kept_while_it_may_write(void **state)
{
	struct fn_bus_ops ops = model_bus;
	struct fn_dev_info info = { .sz = sizeof(info) };
	struct fn_pkt *pkt;
	struct port p;

	(void)state;
	ops.cfg_write = cfg_write;
	for (unsigned by_close = 0; by_close < 2; by_close++) {
		port_init(&p);
		port_start(&p, (struct fn_dev_conf){ .rx_ring = 64, .tx_ring = 64 });
		p.vd.md.busdev.ops = &ops;
		pkt = port_pkt(&p, 10);
		assert_int_equal(fn_tx_burst(p.tx, &pkt, 1), 1);
		locked = true;
		p.vd.reset_polls = UINT_MAX;
		assert_int_equal(fn_dev_stop(p.dev), -EIO);
		assert_says(fn_error_last(), "did not finish its reset");
		assert_int_equal(fn_ctx_process_events(p.ctx), 1);
		assert_int_equal(p.events[FN_EVENT_DEVICE_ERROR], 1);
		assert_true(p.vd.md.master);
		assert_int_equal(port_pool(&p).outside, 64 + 1);
		fn_dev_get_info(p.dev, &info);
		assert_int_equal(info.status, -EIO);
		assert_int_equal(fn_dev_start(p.dev), -EIO);
		assert_int_equal(port_configure(&p, (struct fn_dev_conf){ 0 }), -EIO);
		assert_says(p.err.text, "has its buffers still");
		assert_int_equal(port_pool(&p).outside, 64 + 1);
		locked = by_close;
		if (!by_close) {
			assert_int_equal(fn_dev_reset(p.dev), 0);
			assert_int_equal(port_pool(&p).outside, 0);
			assert_int_equal(tx_counter(&p, FN_TX_DROP_BROKEN), 1);
			p.vd.reset_polls = 0;
			assert_int_equal(fn_dev_start(p.dev), 0);
			port_receive_one(&p);
		}
		(void)fn_dev_close(p.dev);
		p.dev = NULL;
		assert_int_equal(port_pool(&p).outside, 0);
		port_end(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(off_when_stopped),
		cmocka_unit_test(off_when_start_fails),
		cmocka_unit_test(kept_while_it_may_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
