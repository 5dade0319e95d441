// SPDX-License-Identifier: BSD-3-Clause
/* The self-test: which tests run in which state, what came out, and what is left behind. */
#include "fake_driver.h"

#define ALL ((1u << FN_SELFTESTS) - 1)
#define ONLINE (1u << FN_SELFTEST_LINK | 1u << FN_SELFTEST_NVM)

static struct fn_selftest result;

static int run(uint32_t tests)
{
	result = (struct fn_selftest){ .sz = sizeof(result), .err = &fake.err, .tests = tests };
	fake.selftests = 0;
	fake.masters = 0;
	return fn_dev_selftest(fake.dev, &result);
}

static bool says(enum fn_selftest_test test, const char *words)
{
	return strstr(result.results[test].text, words) != NULL;
}

static void all_pass(void **state)
{
	(void)state;
	fake_open();
	fake_configure();
	assert_int_equal(fake_info().selftests, ALL);
	assert_int_equal(run(0), 0);
	assert_int_equal(result.sz, sizeof(result));
	assert_ptr_equal(result.err, &fake.err);
	assert_int_equal(result.tests, 0);
	assert_int_equal(result.failed, 0);
	for (unsigned i = 0; i < FN_SELFTESTS; i++) {
		assert_int_equal(result.results[i].verdict, FN_VERDICT_PASSED);
		assert_true(result.results[i].text[0]);
		assert_non_null(fn_selftest_name(i));
	}
	assert_null(fn_selftest_name(FN_SELFTESTS));
	assert_string_equal(fn_selftest_name(FN_SELFTEST_LOOPBACK), "loopback");
	assert_true(says(FN_SELFTEST_NVM, "test 1 was run"));
	assert_true(says(FN_SELFTEST_LOOPBACK, "64 frames of 60 to 1514 bytes"));
	/* The driver's own had bus mastering where they may need it; nothing of it is left. */
	assert_int_equal(fake.selftests, ALL & ~(1u << FN_SELFTEST_LOOPBACK));
	assert_int_equal(fake.masters, 1u << FN_SELFTEST_REGISTERS | 1u << FN_SELFTEST_INTERRUPTS);
	assert_false(fake.md.master);
	assert_int_equal(fake_info().state, FN_DEV_CONFIGURED);
	assert_false(fake.dev->loopback);
	assert_int_equal(fn_rxq_status(fn_dev_rxq(fake.dev, 0)), -ENETDOWN);
	/* And it works as before: what is sent goes out. */
	assert_int_equal(fn_dev_start(fake.dev), 0);
	assert_int_equal(fn_dev_stop(fake.dev), 0);
}

static void chosen_ones(void **state)
{
	(void)state;
	fake_open();
	fake_configure();
	fake.dev->limits.selftests = ALL & ~(1u << FN_SELFTEST_LOOPBACK);
	assert_int_equal(run(1u << FN_SELFTEST_REGISTERS), 0);
	assert_int_equal(fake.selftests, 1u << FN_SELFTEST_REGISTERS);
	assert_false(fake.md.master);
	assert_int_equal(result.results[FN_SELFTEST_LINK].verdict, FN_VERDICT_NOT_RUN);
	assert_true(says(FN_SELFTEST_LINK, "not asked for"));
	assert_int_equal(result.results[FN_SELFTEST_LOOPBACK].verdict, FN_VERDICT_NOT_RUN);
	assert_true(says(FN_SELFTEST_LOOPBACK, "the device has no such test"));
	/* All is all that it has. */
	assert_int_equal(run(0), 0);
	assert_int_equal(result.tests, 0);
	assert_int_equal(fake.selftests, fake.dev->limits.selftests);
	assert_int_equal(result.results[FN_SELFTEST_LOOPBACK].verdict, FN_VERDICT_NOT_RUN);
}

static void refuses(void **state)
{
	struct fn_selftest none = { 0 };

	(void)state;
	fake.limits.selftests = ALL & ~(1u << FN_SELFTEST_NVM);
	fake_open();
	assert_int_equal(fn_dev_selftest(fake.dev, &none), -EINVAL);
	assert_int_equal(fn_dev_selftest(fake.dev, NULL), -EINVAL);
	assert_int_equal(run(0), -EINVAL);
	fake_says(&fake.err, -EINVAL, "fn_dev_configure() first");
	assert_int_equal(run(1u << FN_SELFTEST_LINK), 0);
	fake_configure();
	assert_int_equal(run(1u << FN_SELFTEST_NVM), -ENOTSUP);
	fake_says(&fake.err, -ENOTSUP, "no self-test \"nvm\"");
	assert_int_equal(run(1u << FN_SELFTESTS), -EINVAL);
	fake_says(&fake.err, -EINVAL, "no self-test of bit 5");
	assert_int_equal(fake.selftests, 0);
	fake.dev->limits.caps = 0;
	assert_int_equal(run(0), -ENOTSUP);
	fake_says(&fake.err, -ENOTSUP, "test itself");
	assert_int_equal(result.results[0].verdict, FN_VERDICT_NOT_RUN);
}

/* While packets flow only those run that disturb nobody. */
static void started(void **state)
{
	unsigned resets;

	(void)state;
	fake_start();
	resets = fake.resets;
	for (unsigned i = 0; i < FN_SELFTESTS; i++) {
		if (1u << i & ONLINE)
			continue;
		assert_int_equal(run(1u << i | ONLINE), -EBUSY);
		fake_says(&fake.err, -EBUSY, "fn_dev_stop() it");
	}
	assert_int_equal(run(0), -EBUSY);
	assert_int_equal(fake.selftests, 0);
	assert_int_equal(run(ONLINE), 0);
	assert_int_equal(fake.selftests, ONLINE);
	assert_int_equal(fake.resets, resets);
	assert_true(fake.md.master);
	assert_int_equal(fn_rxq_status(fn_dev_rxq(fake.dev, 0)), 0);
}

/* One failure does not keep the others from running. */
static void failures(void **state)
{
	(void)state;
	fake_open();
	fake_configure();
	fake.verdicts[FN_SELFTEST_REGISTERS] = FN_VERDICT_FAILED;
	fake.verdicts[FN_SELFTEST_LINK] = FN_VERDICT_NOT_RUN;
	fake.lose = 5;
	assert_int_equal(run(0), 0);
	assert_int_equal(result.failed, 1u << FN_SELFTEST_REGISTERS | 1u << FN_SELFTEST_LOOPBACK);
	assert_int_equal(result.results[FN_SELFTEST_REGISTERS].verdict, FN_VERDICT_FAILED);
	assert_int_equal(result.results[FN_SELFTEST_LINK].verdict, FN_VERDICT_NOT_RUN);
	assert_true(says(FN_SELFTEST_LINK, "test 0 was run"));
	assert_int_equal(result.results[FN_SELFTEST_INTERRUPTS].verdict, FN_VERDICT_PASSED);
	assert_int_equal(result.results[FN_SELFTEST_LOOPBACK].verdict, FN_VERDICT_FAILED);
	assert_true(says(FN_SELFTEST_LOOPBACK, "frame 5 of 175 bytes from queue 1 did not come"));
	assert_false(fake.md.master);
}

static void loopback_failures(void **state)
{
	const uint32_t loopback = 1u << FN_SELFTEST_LOOPBACK;
	struct fn_pkt *pkts[1024];
	unsigned n = 0;

	(void)state;
	fake_open();
	fake_configure();
	fake.flip = 63;
	assert_int_equal(run(loopback), 0);
	assert_int_equal(result.failed, loopback);
	assert_true(says(FN_SELFTEST_LOOPBACK, "frame 63 of 1514 bytes from queue 1 came back"));
	/* What the device fails to start or stop with is the sentence. */
	fake.fail = -ENOBUFS;
	assert_int_equal(run(loopback), 0);
	assert_int_equal(result.failed, loopback);
	assert_true(says(FN_SELFTEST_LOOPBACK, "told to fail"));
	assert_false(fake.dev->loopback);
	while (n < FN_ARRAY_LEN(pkts) && (pkts[n] = fn_pkt_alloc(fake.pool)))
		n++;
	assert_int_equal(run(loopback), 0);
	assert_int_equal(result.failed, 0);
	assert_int_equal(result.results[FN_SELFTEST_LOOPBACK].verdict, FN_VERDICT_NOT_RUN);
	assert_true(says(FN_SELFTEST_LOOPBACK, "pool has no packet left"));
	fn_pkt_free_bulk(pkts, n);
	assert_int_equal(fake_info().state, FN_DEV_CONFIGURED);
}

/* Frames as long as the MTU allows, and no longer than a buffer. */
static void loopback_lengths(void **state)
{
	(void)state;
	fake_open();
	fake_configure();
	assert_int_equal(fn_dev_set_mtu(fake.dev, 68), 0);
	assert_int_equal(run(1u << FN_SELFTEST_LOOPBACK), 0);
	assert_true(says(FN_SELFTEST_LOOPBACK, "64 frames of 60 to 82 bytes"));
	fake.dev->conf.mtu = 9000;
	assert_int_equal(run(1u << FN_SELFTEST_LOOPBACK), 0);
	assert_true(says(FN_SELFTEST_LOOPBACK, "64 frames of 60 to 2048 bytes"));
}

/* A device that goes away is no device with a fault. */
static void gone(void **state)
{
	(void)state;
	fake_open();
	fake_configure();
	fake.gone_in = FN_SELFTEST_NVM;
	assert_int_equal(run(0), -ENODEV);
	assert_int_equal(fake.err.code, -ENODEV);
	assert_int_equal(fake.selftests, ONLINE);
	/* What came out before stays, and each of the others says why it did not. */
	assert_int_equal(result.results[FN_SELFTEST_LINK].verdict, FN_VERDICT_PASSED);
	for (unsigned i = FN_SELFTEST_NVM; i < FN_SELFTESTS; i++)
		assert_int_equal(result.results[i].verdict, FN_VERDICT_NOT_RUN);
	assert_true(says(FN_SELFTEST_NVM, "gone"));
	assert_true(says(FN_SELFTEST_REGISTERS, "the call failed before"));
	result.failed = ALL;
	assert_int_equal(fn_dev_selftest(fake.dev, &result), -ENODEV);
	assert_int_equal(result.failed, 0);
	assert_int_equal(result.results[FN_SELFTEST_LINK].verdict, FN_VERDICT_NOT_RUN);
	assert_int_equal(fake.selftests, ONLINE);
}

/* The LED blinks on over the resets of the tests. */
static void identified(void **state)
{
	(void)state;
	fake_open();
	fake_configure();
	assert_int_equal(fn_dev_identify(fake.dev, true), 0);
	assert_int_equal(run(1u << FN_SELFTEST_INTERRUPTS), 0);
	assert_true(fake.blinking);
	assert_int_equal(run(0), 0);
	assert_true(fake.blinking);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(all_pass, setup, teardown),
		cmocka_unit_test_setup_teardown(chosen_ones, setup, teardown),
		cmocka_unit_test_setup_teardown(refuses, setup, teardown),
		cmocka_unit_test_setup_teardown(started, setup, teardown),
		cmocka_unit_test_setup_teardown(failures, setup, teardown),
		cmocka_unit_test_setup_teardown(loopback_failures, setup, teardown),
		cmocka_unit_test_setup_teardown(loopback_lengths, setup, teardown),
		cmocka_unit_test_setup_teardown(gone, setup, teardown),
		cmocka_unit_test_setup_teardown(identified, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
