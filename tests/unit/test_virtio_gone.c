// SPDX-License-Identifier: BSD-3-Clause
/* A virtio-net device that vanishes, or does not finish its reset: no buffer is lost. */
#include <limits.h>

#include "virtio_port.h"

static struct port *cut_off;
static uint32_t outside_at_cut_off;

/* Bus mastering goes off: where are the buffers by then? */
static int cut_off_write(struct fn_busdev *busdev, uint16_t off, const void *buf, size_t len)
{
	if (cut_off->vd.md.master)
		outside_at_cut_off = port_pool(cut_off).outside;
	return model_bus.cfg_write(busdev, off, buf, len);
}

/* 2.4, 4.1.4.3.2: a reset takes its time, but not for ever. */
static void reset_deadline(void **state)
{
	struct fn_bus_ops ops = model_bus;
	struct port p;
	uint64_t start_ns;

	(void)state;
	port_init(&p);
	p.vd.reset_polls = 1000;
	port_start(&p, (struct fn_dev_conf){ 0 });
	port_end(&p);
	port_init(&p);
	p.vd.reset_polls = UINT_MAX;
	port_refused(&p, -EIO, "did not finish its reset within 5 s");
	assert_in_range(p.vd.md.clock->now_ns, FN_MS(5000), FN_MS(5010));

	/* One that cannot be reset is cut off from memory, and then all buffers come back. */
	port_init(&p);
	port_start(&p, (struct fn_dev_conf){ 0 });
	ops.cfg_write = cut_off_write;
	p.vd.md.busdev.ops = &ops;
	cut_off = &p;
	p.vd.reset_polls = UINT_MAX;
	start_ns = p.vd.md.clock->now_ns;
	assert_int_equal(fn_dev_stop(p.dev), -EIO);
	assert_in_range(p.vd.md.clock->now_ns - start_ns, FN_MS(5000), FN_MS(5120));
	assert_false(p.vd.md.master);
	assert_int_equal(outside_at_cut_off, 256);
	assert_int_equal(port_pool(&p).outside, 0);
	assert_int_equal(fn_dev_close(p.dev), -EIO);
	p.dev = NULL;
	port_end(&p);
}

/* A device that vanishes is noticed where it is touched; stop and close work on it. */
static void gone(void **state)
{
	struct fn_link link = { .sz = sizeof(link) };
	struct fn_pkt *pkt;
	struct port p;
	uint64_t start_ns;

	(void)state;
	port_init(&p);
	p.vd.md.gone = true;
	assert_int_equal(port_open(&p), -ENOTSUP);
	port_end(&p);

	port_init(&p);
	port_start(&p, (struct fn_dev_conf){ 0 });
	for (unsigned i = 0; i < 10; i++) {
		pkt = port_pkt(&p, i);
		assert_int_equal(fn_tx_burst(p.tx, &pkt, 1), 1);
	}
	p.vd.md.gone = true;
	start_ns = p.vd.md.clock->now_ns;
	assert_int_equal(fn_rx_burst(p.rx, &pkt, 1), 0);
	assert_int_equal(fn_dev_get_link(p.dev, &link), -ENODEV);
	assert_int_equal(fn_rxq_status(p.rx), -ENODEV);
	assert_int_equal(fn_txq_status(p.tx), -ENODEV);
	assert_int_equal(fn_ctx_process_events(p.ctx), 1);
	assert_int_equal(p.events[FN_EVENT_GONE], 1);
	assert_int_equal(fn_dev_stop(p.dev), -ENODEV);
	assert_int_equal(tx_counter(&p, FN_TX_DROP_BROKEN), 10);
	assert_int_equal(tx_counter(&p, FN_TX_DROP_STOPPED), 0);
	assert_int_equal(port_pool(&p).outside, 0);
	assert_int_equal(fn_dev_start(p.dev), -ENODEV);
	assert_int_equal(fn_dev_close(p.dev), -ENODEV);
	p.dev = NULL;
	/* Nobody waited for it. */
	assert_in_range(p.vd.md.clock->now_ns - start_ns, 0, FN_MS(1));
	port_end(&p);

	/* Between configure and start. */
	port_init(&p);
	assert_int_equal(port_open(&p), 0);
	assert_int_equal(port_configure(&p, (struct fn_dev_conf){ 0 }), 0);
	p.vd.md.gone = true;
	assert_int_equal(fn_dev_start(p.dev), -ENODEV);
	assert_int_equal(port_pool(&p).outside, 0);
	port_end(&p);
}

/*
 * The device vanishes after each number of register accesses in turn: start fails cleanly or works.
 */
static unsigned accesses_left;

static uint64_t vanishing_read(struct fn_busdev *busdev, unsigned idx, uint64_t off, unsigned width)
{
	struct virtio_dev *vd = fn_container_of(busdev, struct virtio_dev, md.busdev);

	if (!accesses_left)
		vd->md.gone = true;
	else
		accesses_left--;
	return model_bus.bar_read(busdev, idx, off, width);
}

static void gone_at_any_time(void **state)
{
	struct fn_bus_ops ops = model_bus;
	unsigned tries = 0;
	bool ran = false;

	(void)state;
	ops.bar_read = vanishing_read;
	for (; !ran && tries < 500; tries++) {
		struct port p;
		int ret;

		port_init(&p);
		assert_int_equal(port_open(&p), 0);
		assert_int_equal(port_configure(&p, (struct fn_dev_conf){ .rxqs = 2, .txqs = 2 }),
				 0);
		p.vd.md.busdev.ops = &ops;
		accesses_left = tries;
		ret = fn_dev_start(p.dev);
		ran = !p.vd.md.gone;
		if (ret)
			assert_int_equal(port_pool(&p).outside, 0);
		if (!p.vd.md.gone)
			assert_int_equal(ret, 0);
		else if (ret)
			assert_int_equal(ret, -ENODEV);
		port_end(&p);
	}
	assert_in_range(tries, 20, 400);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reset_deadline),
		cmocka_unit_test(gone),
		cmocka_unit_test(gone_at_any_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
