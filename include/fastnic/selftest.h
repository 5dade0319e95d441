/* SPDX-License-Identifier: BSD-3-Clause */
/* The self-test of a device: is what it is made of in order? */
#ifndef FASTNIC_SELFTEST_H
#define FASTNIC_SELFTEST_H

#include <fastnic/error.h>

FN_BEGIN_DECLS

struct fn_dev;

/*
 * What can be tested. The first two can be tested while packets flow too; the others need a device
 * that is configured and not started. The list only grows.
 */
enum fn_selftest_test {
	FN_SELFTEST_LINK,       /* the link is up */
	FN_SELFTEST_NVM,        /* the checksum of the non-volatile memory is right */
	FN_SELFTEST_REGISTERS,  /* registers keep what is written to them */
	FN_SELFTEST_INTERRUPTS, /* interrupts that are asked for arrive */
	FN_SELFTEST_LOOPBACK,   /* what is sent comes back by the device's own loopback */
	FN_SELFTESTS
};

/* What came out of a test. */
enum fn_selftest_verdict {
	FN_VERDICT_NOT_RUN,
	FN_VERDICT_PASSED,
	FN_VERDICT_FAILED,
};

#define FN_SELFTEST_TEXT_BYTES 160

/**
 * struct fn_selftest_result - what came out of a test
 * @verdict: passed, failed or not run
 * @text: one sentence: what was found, or why it was not run
 *
 * The struct keeps its size.
 */
struct fn_selftest_result {
	enum fn_selftest_verdict verdict;
	char text[FN_SELFTEST_TEXT_BYTES];
};

/**
 * struct fn_selftest - which tests, and what came out of them
 * @sz: set by the caller to sizeof(struct fn_selftest); the library writes no further
 * @err: where the sentence goes when the call fails, or NULL; set by the caller
 * @tests: bits 1 << &enum fn_selftest_test: those to run; 0: all that the device has
 *	(&fn_dev_info.selftests); set by the caller
 * @failed: bits of those that failed; filled
 * @results: by &enum fn_selftest_test; filled, also when the call fails
 */
struct fn_selftest {
	size_t sz;
	struct fn_error *err;
	uint32_t tests;
	uint32_t failed;
	struct fn_selftest_result results[FN_SELFTESTS];
};

/**
 * fn_dev_selftest - test a device
 * @dev: the device, with FN_CAP_SELFTEST; configured and not started, unless FN_SELFTEST_LINK and
 *	FN_SELFTEST_NVM alone are asked for
 * @t: which tests to run; filled with what came out, or with what had come out until the call
 *	failed
 *
 * Any thread; takes up to some seconds. FN_SELFTEST_LINK and FN_SELFTEST_NVM alone leave the device
 * as it is; behind any other it is left configured and reset. The loopback test
 * starts it, with frames that leave by no wire: the application must be outside of the bursts of
 * its queues, packets come from the pool of the configuration, and the counters of the queues count
 * them. No link is needed for it.
 *
 * Return: 0 when the tests were run, whether they passed or not; -EINVAL when not configured, or
 * for a test that the library does not know; -EBUSY while started; -ENOTSUP without
 * FN_CAP_SELFTEST, or for a test that the device does not have (the sentence names it); -EIO;
 * -ENODEV when it is gone, also in the middle.
 */
FN_API int fn_dev_selftest(struct fn_dev *dev, struct fn_selftest *t);

/**
 * fn_selftest_name - what a test is called
 * @idx: its place in &enum fn_selftest_test
 *
 * Any thread.
 *
 * Return: for example "registers", which lasts for ever; NULL when the library knows no such test.
 */
FN_API const char *fn_selftest_name(unsigned idx);

FN_END_DECLS

#endif
