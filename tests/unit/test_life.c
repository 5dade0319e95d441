// SPDX-License-Identifier: BSD-3-Clause
/* What becomes of a device when its driver or its bus refuses: settings, and a start that fails. */
#include "fake_driver.h"

static int status(void)
{
	return fake_info().status;
}

/* The general checks pass; what the driver cannot do is asked of it, and the former MTU stays. */
static void mtu_is_the_drivers_too(void **state)
{
	(void)state;
	fake_open();
	fake_configure();
	fake.refused_mtu = 1000;
	assert_int_equal(fn_dev_set_mtu(fake.dev, 1000), -ENOTSUP);
	fake_says(NULL, -ENOTSUP, "no MTU of 1000");
	assert_int_equal(fake_info().mtu, 1500);
	assert_int_equal(fn_dev_set_mtu(fake.dev, 1001), 0);
	assert_int_equal(fake_info().mtu, 1001);
}

/* Stopped, and broken. */
static void broken(void)
{
	fake_open();
	fake_configure();
	(void)pthread_mutex_lock(&fake.dev->lock);
	fn_dev_mark_broken(fake.dev, "a test says so");
	(void)pthread_mutex_unlock(&fake.dev->lock);
	assert_int_equal(status(), -EIO);
}

/* A start would mend it, but does not come about. */
static void broken_over_a_failed_start(void **state)
{
	(void)state;
	broken();
	fake.fail = -ENOBUFS;
	assert_int_equal(fn_dev_start(fake.dev), -ENOBUFS);
	assert_int_equal(status(), -EIO);
	assert_int_equal(fn_dev_start(fake.dev), 0);
	assert_int_equal(status(), 0);
}

/* Bus mastering goes off and not on again. */
static int off_only(struct fn_busdev *busdev, uint16_t off, const void *buf, size_t len)
{
	/* PCI 3.0 6.2.2: command bit 2, in its low byte. */
	if (off == 0x04 && (*(const uint8_t *)buf & 0x04))
		return fn_fail(-EIO, "%s: a test says so", busdev->name);
	return model_bus.cfg_write(busdev, off, buf, len);
}

/* It goes neither on nor off. */
static int neither(struct fn_busdev *busdev, uint16_t off, const void *buf, size_t len)
{
	return off == 0x04 ? fn_fail(-EIO, "%s: a test says so", busdev->name) :
			     model_bus.cfg_write(busdev, off, buf, len);
}

typedef int cfg_write_fn(struct fn_busdev *busdev, uint16_t off, const void *buf, size_t len);

static void bus_writes_with(cfg_write_fn *cfg_write)
{
	static struct fn_bus_ops ops;

	ops = model_bus;
	ops.cfg_write = cfg_write;
	fake.md.busdev.ops = &ops;
}

static void bus_refuses(bool on)
{
	bus_writes_with(on ? off_only : model_bus.cfg_write);
}

static void broken_over_a_refusing_bus(void **state)
{
	(void)state;
	broken();
	bus_refuses(true);
	assert_int_equal(fn_dev_start(fake.dev), -EIO);
	fake_says(NULL, -EIO, "a test says so");
	assert_int_equal(status(), -EIO);
	bus_refuses(false);
	assert_int_equal(fn_dev_start(fake.dev), 0);
	assert_int_equal(status(), 0);
}

static void started(void)
{
	fake_open();
	fake_configure();
	assert_int_equal(fn_dev_start(fake.dev), 0);
}

/* A reset that does not start the device again is not done: the device says so until one does. */
static void reset_until_it_runs(void **state)
{
	(void)state;
	started();
	bus_refuses(true);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(fn_dev_reset(fake.dev), -EIO);
		fake_says(NULL, -EIO, "a test says so");
		assert_int_equal(fake_info().state, FN_DEV_CONFIGURED);
		assert_int_equal(status(), -EIO);
		/* Whoever called it knows: an event would ask for a reset without end. */
		assert_int_equal(fn_ctx_process_events(fake.ctx), 0);
	}
	bus_refuses(false);
	assert_int_equal(fn_dev_reset(fake.dev), 0);
	assert_int_equal(fake_info().state, FN_DEV_STARTED);
	/* Nor from the stop within, which cannot cut it off from memory. */
	bus_writes_with(neither);
	assert_int_equal(fn_dev_reset(fake.dev), -EIO);
	assert_int_equal(status(), -EIO);
	assert_int_equal(fn_ctx_process_events(fake.ctx), 0);
	bus_refuses(false);
	assert_int_equal(fn_dev_reset(fake.dev), 0);
	assert_int_equal(fake_info().state, FN_DEV_STARTED);
	assert_int_equal(status(), 0);
	assert_int_equal(fn_rxq_status(fn_dev_rxq(fake.dev, 0)), 0);
}

/* A device that is to stay stopped is mended by a reset, and not started. */
static void reset_starts_nothing_behind_a_stop(void **state)
{
	(void)state;
	started();
	bus_refuses(true);
	assert_int_equal(fn_dev_reset(fake.dev), -EIO);
	bus_refuses(false);
	assert_int_equal(fn_dev_stop(fake.dev), 0);
	assert_int_equal(status(), -EIO);
	assert_int_equal(fn_dev_reset(fake.dev), 0);
	assert_int_equal(fake_info().state, FN_DEV_CONFIGURED);
	assert_int_equal(status(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(mtu_is_the_drivers_too, setup, teardown),
		cmocka_unit_test_setup_teardown(broken_over_a_failed_start, setup, teardown),
		cmocka_unit_test_setup_teardown(broken_over_a_refusing_bus, setup, teardown),
		cmocka_unit_test_setup_teardown(reset_until_it_runs, setup, teardown),
		cmocka_unit_test_setup_teardown(reset_starts_nothing_behind_a_stop, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
