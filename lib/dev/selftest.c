// SPDX-License-Identifier: BSD-3-Clause
/* The self-test of a device: which tests can be run, and what came out of them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/opts.h"
#include "dev/attach.h"
#include "dev/dev.h"

static const char *const names[FN_SELFTESTS] = {
	[FN_SELFTEST_LINK] = "link",           [FN_SELFTEST_NVM] = "nvm",
	[FN_SELFTEST_REGISTERS] = "registers", [FN_SELFTEST_INTERRUPTS] = "interrupts",
	[FN_SELFTEST_LOOPBACK] = "loopback",
};

/* These only look, and so disturb nobody. */
#define ONLINE (1u << FN_SELFTEST_LINK | 1u << FN_SELFTEST_NVM)

const char *fn_selftest_name(unsigned idx)
{
	return idx < FN_SELFTESTS ? names[idx] : NULL;
}

static int check_tests(const struct fn_dev *dev, uint32_t tests)
{
	const uint32_t missing = tests & ~dev->limits.selftests;
	unsigned idx;

	if (!missing)
		return 0;
	idx = (unsigned)__builtin_ctz(missing);
	if (idx >= FN_SELFTESTS)
		return fn_fail(-EINVAL, "%s: this library knows no self-test of bit %u",
			       dev->bus->name, idx);
	return fn_fail(-ENOTSUP,
		       "%s has no self-test \"%s\": leave it out, or ask for all that it has",
		       dev->bus->name, names[idx]);
}

static int check_state(const struct fn_dev *dev, uint32_t tests)
{
	int ret;

	if (!(tests & ~ONLINE))
		return 0;
	ret = fn_dev_check_configured(dev);
	if (!ret && dev->state == FN_DEV_STARTED)
		ret = fn_fail(-EBUSY,
			      "%s is started: fn_dev_stop() it before it is tested, or ask for "
			      "FN_SELFTEST_LINK and FN_SELFTEST_NVM alone",
			      dev->bus->name);
	return ret;
}

/* The driver's own test of a device that nobody uses; it may reach memory for it, and interrupt. */
static int run_offline(struct fn_dev *dev, enum fn_selftest_test test,
		       struct fn_selftest_result *result)
{
	const int ret = fn_dev_master_on(dev);

	if (ret)
		return ret;
	result->verdict = dev->drv->ops->selftest(dev, test, result->text);
	fn_identify_again(dev);
	return fn_dev_master_off(dev);
}

static int run_one(struct fn_dev *dev, enum fn_selftest_test test,
		   struct fn_selftest_result *result)
{
	int ret = 0;

	if (test == FN_SELFTEST_LOOPBACK)
		result->verdict = fn_loopback_test(dev, result->text);
	else if (1u << test & ONLINE)
		result->verdict = dev->drv->ops->selftest(dev, test, result->text);
	else
		ret = run_offline(dev, test, result);
	return ret ? ret : fn_dev_check_present(dev);
}

/* What a test is not run for; NULL: for nothing. */
static const char *not_run(const struct fn_dev *dev, uint32_t tests, unsigned idx, int ret)
{
	if (!(dev->limits.selftests & 1u << idx))
		return "the device has no such test";
	if (!(tests & 1u << idx))
		return "not asked for";
	return ret ? "the call failed before" : NULL;
}

static int run(struct fn_dev *dev, struct fn_selftest *t, uint32_t tests)
{
	int ret = 0;

	for (unsigned i = 0; i < FN_SELFTESTS; i++) {
		struct fn_selftest_result *result = &t->results[i];
		const char *why = not_run(dev, tests, i, ret);

		if (!why) {
			ret = run_one(dev, (enum fn_selftest_test)i, result);
			/* What the device did while it failed or went away is no verdict. */
			if (ret)
				why = fn_error_last();
		}
		if (why) {
			result->verdict = FN_VERDICT_NOT_RUN;
			(void)snprintf(result->text, sizeof(result->text), "%s", why);
		}
		if (result->verdict == FN_VERDICT_FAILED)
			t->failed |= 1u << i;
	}
	return ret;
}

static int selftest(struct fn_dev *dev, struct fn_selftest *t)
{
	const uint32_t tests = t->tests ? t->tests : dev->limits.selftests;
	int ret = fn_dev_check_can(dev, FN_CAP_SELFTEST);

	t->failed = 0;
	memset(t->results, 0, sizeof(t->results));
	if (!ret)
		ret = check_tests(dev, tests);
	if (!ret)
		ret = check_state(dev, tests);
	return ret ? ret : run(dev, t, tests);
}

int fn_dev_selftest(struct fn_dev *dev, struct fn_selftest *out)
{
	struct fn_selftest t;
	int ret;

	if (!out || !fn_opts_get(&t, sizeof(t), out))
		return fn_report(dev->ctx, fn_opts_err(out), fn_opts_fail("fn_selftest"));
	/* The loopback test starts it, and polls its queues itself. */
	fn_attach_let_go(dev);
	(void)pthread_mutex_lock(&dev->lock);
	ret = selftest(dev, &t);
	(void)pthread_mutex_unlock(&dev->lock);
	fn_attach_take_back(dev);
	fn_info_put(out, &t, sizeof(t));
	return fn_report(dev->ctx, t.err, ret);
}
