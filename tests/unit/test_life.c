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

static void broken_over_a_refusing_bus(void **state)
{
	static struct fn_bus_ops ops;

	(void)state;
	ops = model_bus;
	ops.cfg_write = off_only;
	broken();
	fake.md.busdev.ops = &ops;
	assert_int_equal(fn_dev_start(fake.dev), -EIO);
	fake_says(NULL, -EIO, "a test says so");
	assert_int_equal(status(), -EIO);
	fake.md.busdev.ops = &model_bus;
	assert_int_equal(fn_dev_start(fake.dev), 0);
	assert_int_equal(status(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(mtu_is_the_drivers_too, setup, teardown),
		cmocka_unit_test_setup_teardown(broken_over_a_failed_start, setup, teardown),
		cmocka_unit_test_setup_teardown(broken_over_a_refusing_bus, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
