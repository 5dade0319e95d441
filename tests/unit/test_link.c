// SPDX-License-Identifier: BSD-3-Clause
/* How a link comes about: what contradicts itself is refused, and the choice is kept. */
#include "fake_driver.h"

static struct fn_link_conf conf_of(void)
{
	struct fn_link_conf c = { .sz = sizeof(c) };

	assert_int_equal(fn_dev_get_link_conf(fake.dev, &c), 0);
	return c;
}

static int set(struct fn_link_conf c)
{
	c.sz = sizeof(c);
	c.err = &fake.err;
	return fn_dev_set_link_conf(fake.dev, &c);
}

/* Each is refused with its errno and a sentence that names it, and the former choice holds. */
static void refuses(void **state)
{
	static const struct {
		struct fn_link_conf c;
		const char *words;
		int ret;
	} cases[] = {
		{ { .advertise = FN_LINK_10000_FULL },
		  "cannot have 10000 Mb/s with full duplex",
		  -ENOTSUP },
		{ { .advertise = FN_LINK_1000_HALF | FN_LINK_10_FULL },
		  "cannot have 1000 Mb/s with half duplex",
		  -ENOTSUP },
		{ { .advertise = 1u << 9 }, "no link mode of bit 9", -EINVAL },
		{ { .speed_mbps = 100 }, "of a forced link", -EINVAL },
		{ { .full_duplex = true }, "of a forced link", -EINVAL },
		{ { .forced = true }, "no link has 0 Mb/s with half duplex", -EINVAL },
		{ { .forced = true, .speed_mbps = 200, .full_duplex = true },
		  "no link has 200 Mb/s with full duplex",
		  -EINVAL },
		{ { .forced = true, .speed_mbps = 10000 },
		  "no link has 10000 Mb/s with half duplex",
		  -EINVAL },
		{ { .forced = true, .speed_mbps = 1000, .full_duplex = true },
		  "cannot be forced to 1000 Mb/s with full duplex",
		  -ENOTSUP },
		{ { .forced = true, .speed_mbps = 100, .advertise = FN_LINK_100_HALF },
		  "advertises nothing",
		  -EINVAL },
		{ { .forced = true, .speed_mbps = 100, .full_duplex = true, .rx_pause = true },
		  "set fn_link_conf.pause_forced too",
		  -EINVAL },
		{ { .forced = true, .speed_mbps = 100, .pause_forced = true, .tx_pause = true },
		  "flow control is of full duplex",
		  -EINVAL },
	};
	const struct fn_link_conf former = { .rx_pause = true, .advertise = FN_LINK_100_FULL };

	(void)state;
	fake_start();
	assert_int_equal(set(former), 0);
	assert_int_equal(fake.set_links, 1);
	for (size_t i = 0; i < FN_ARRAY_LEN(cases); i++) {
		assert_int_equal(set(cases[i].c), cases[i].ret);
		fake_says(&fake.err, cases[i].ret, cases[i].words);
		assert_int_equal(fake.set_links, 1);
		assert_true(conf_of().rx_pause);
		assert_int_equal(conf_of().advertise, FN_LINK_100_FULL);
		assert_false(conf_of().forced);
	}
}

static void refuses_what_is_no_struct(void **state)
{
	struct {
		struct fn_link_conf c;
		unsigned more;
	} newer;
	struct fn_link_conf c = { 0 };

	(void)state;
	fake_open();
	assert_int_equal(fn_dev_set_link_conf(fake.dev, &c), -EINVAL);
	assert_int_equal(fn_dev_set_link_conf(fake.dev, NULL), -EINVAL);
	assert_int_equal(fn_dev_get_link_conf(fake.dev, &c), -EINVAL);
	assert_int_equal(fn_dev_get_link_conf(fake.dev, NULL), -EINVAL);
	assert_int_equal(fn_dev_get_link(fake.dev, NULL), -EINVAL);
	assert_non_null(strstr(fn_error_last(), "fn_link.sz is wrong"));
	/* A newer program has its place for the sentence where an older one has it. */
	newer.c = (struct fn_link_conf){ .sz = sizeof(newer), .err = &fake.err };
	newer.more = 1;
	assert_int_equal(fn_dev_set_link_conf(fake.dev, &newer.c), -EINVAL);
	assert_int_equal(fake.err.code, -EINVAL);
	assert_non_null(strstr(fake.err.text, "newer than this library"));
}

/* What a device has not is said to the caller's struct, by the getting call too. */
static void needs_the_capability(void **state)
{
	struct fn_link_conf c = { .sz = sizeof(c), .err = &fake.err };

	(void)state;
	fake.limits.caps = FN_CAP_LINK_CONF;
	fake_open();
	assert_int_equal(set((struct fn_link_conf){ .rx_pause = true }), -ENOTSUP);
	fake_says(&fake.err, -ENOTSUP, "flow control");
	assert_int_equal(set((struct fn_link_conf){ .tx_pause = true }), -ENOTSUP);
	assert_int_equal(set((struct fn_link_conf){ .pause_forced = true }), -ENOTSUP);
	assert_int_equal(set((struct fn_link_conf){ .advertise = FN_LINK_10_FULL }), 0);
	fake.dev->limits.caps = FN_CAP_PAUSE;
	assert_int_equal(set((struct fn_link_conf){ 0 }), -ENOTSUP);
	fake.err = (struct fn_error)FN_ERROR_INIT;
	assert_int_equal(fn_dev_get_link_conf(fake.dev, &c), -ENOTSUP);
	fake_says(&fake.err, -ENOTSUP, "how its link comes about");
}

/* Of an open device the choice is taken at start, of a started one at once; a reset keeps it. */
static void kept(void **state)
{
	(void)state;
	fake_open();
	assert_int_equal(conf_of().advertise, fake.limits.link_modes);
	assert_int_equal(set((struct fn_link_conf){ .forced = true,
						    .speed_mbps = 100,
						    .full_duplex = true,
						    .pause_forced = true,
						    .tx_pause = true }),
			 0);
	assert_int_equal(fake.set_links, 0);
	fake_configure();
	assert_int_equal(fn_dev_start(fake.dev), 0);
	assert_true(fake.link_conf.forced && fake.link_conf.full_duplex);
	assert_int_equal(fake.link_conf.speed_mbps, 100);
	assert_int_equal(fake.link_conf.advertise, 0);
	assert_true(fake.link_conf.tx_pause && !fake.link_conf.rx_pause);
	/* The default names its modes. */
	assert_int_equal(set((struct fn_link_conf){ 0 }), 0);
	assert_int_equal(fake.set_links, 1);
	assert_false(fake.link_conf.forced);
	assert_int_equal(fake.link_conf.advertise, fake.limits.link_modes);
	assert_int_equal(set((struct fn_link_conf){ .advertise = FN_LINK_10_HALF }), 0);
	for (unsigned how = 0; how < 2; how++) {
		fake.link_conf = (struct fn_link_conf){ 0 };
		if (how)
			assert_int_equal(fn_dev_stop(fake.dev), 0);
		assert_int_equal(how ? fn_dev_start(fake.dev) : fn_dev_reset(fake.dev), 0);
		assert_int_equal(fake.link_conf.advertise, FN_LINK_10_HALF);
		assert_null(fake.link_conf.err);
	}
	assert_int_equal(conf_of().advertise, FN_LINK_10_HALF);
}

/* What the driver fails with comes to the caller, and the next start has the former choice. */
static void failure_keeps_the_former(void **state)
{
	(void)state;
	fake_start();
	assert_int_equal(set((struct fn_link_conf){ .advertise = FN_LINK_100_FULL }), 0);
	fake.fail = -EIO;
	assert_int_equal(set((struct fn_link_conf){ .advertise = FN_LINK_10_HALF }), -EIO);
	fake_says(&fake.err, -EIO, "told to fail");
	assert_int_equal(conf_of().advertise, FN_LINK_100_FULL);
	assert_int_equal(fn_dev_reset(fake.dev), 0);
	assert_int_equal(fake.link_conf.advertise, FN_LINK_100_FULL);
}

/* What is got can be set, and what is there can be seen. */
static void goes_round(void **state)
{
	struct fn_link_conf c;

	(void)state;
	fake_start();
	for (unsigned forced = 0; forced < 2; forced++) {
		assert_int_equal(set((struct fn_link_conf){ .forced = forced != 0,
							    .speed_mbps = forced ? 10 : 0 }),
				 0);
		c = conf_of();
		assert_int_equal(fn_dev_set_link_conf(fake.dev, &c), 0);
	}
	assert_int_equal(fake_info().link_modes, fake.limits.link_modes);
	assert_int_equal(fake_info().link_forced_modes, fake.limits.link_forced_modes);
}

static void state_of_link(void **state)
{
	struct fn_link link = { .sz = sizeof(link) };

	(void)state;
	fake_open();
	fake.link = (struct fn_link){ .up = true,
				      .full_duplex = true,
				      .speed_mbps = 1000,
				      .autoneg = true,
				      .tx_pause = true };
	assert_int_equal(fn_dev_get_link(fake.dev, &link), 0);
	assert_int_equal(link.sz, sizeof(link));
	assert_true(link.up && link.full_duplex && link.autoneg && link.tx_pause);
	assert_false(link.rx_pause);
	assert_int_equal(link.speed_mbps, 1000);
	fake.fail = -EIO;
	assert_int_equal(fn_dev_get_link(fake.dev, &link), -EIO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(refuses, setup, teardown),
		cmocka_unit_test_setup_teardown(refuses_what_is_no_struct, setup, teardown),
		cmocka_unit_test_setup_teardown(needs_the_capability, setup, teardown),
		cmocka_unit_test_setup_teardown(kept, setup, teardown),
		cmocka_unit_test_setup_teardown(failure_keeps_the_former, setup, teardown),
		cmocka_unit_test_setup_teardown(goes_round, setup, teardown),
		cmocka_unit_test_setup_teardown(state_of_link, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
