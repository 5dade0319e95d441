// SPDX-License-Identifier: BSD-3-Clause
/* The control calls of a port's body that are swept: link, LED, PHY, memory, registers, tests. */
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "sweep/sweep.h"

/* The link. */

static int get_link(struct sweep *s)
{
	struct fn_link link = { .sz = sizeof(link) };

	return fn_dev_get_link(s->dev, &link);
}

/* The first look behind it asks the PHY what was agreed on; those behind that do not. */
static int link_anew(struct sweep *s)
{
	int ret;

	sweep_subject->cable(false);
	ret = get_link(s);
	sweep_subject->cable(true);
	sweep_time(s);
	return ret ? ret : get_link(s);
}

static const struct fn_link_conf negotiated = { .sz = sizeof(negotiated),
						.advertise = FN_LINK_100_FULL | FN_LINK_10_FULL,
						.rx_pause = true,
						.tx_pause = true };

static int set_link_conf(struct sweep *s)
{
	return fn_dev_set_link_conf(s->dev, &negotiated);
}

static int set_link_conf_forced(struct sweep *s)
{
	const struct fn_link_conf c = { .sz = sizeof(c),
					.forced = true,
					.speed_mbps = 100,
					.full_duplex = true,
					.pause_forced = true,
					.tx_pause = true };

	return fn_dev_set_link_conf(s->dev, &c);
}

static void at_forced(struct sweep *s)
{
	sweep_at_started(s);
	SWEEP_OK(set_link_conf_forced(s));
	sweep_time(s);
}

static int set_link_conf_default(struct sweep *s)
{
	const struct fn_link_conf c = { .sz = sizeof(c) };

	return fn_dev_set_link_conf(s->dev, &c);
}

/* The LED. */

static int identify(struct sweep *s)
{
	return fn_dev_identify(s->dev, true);
}

static void at_blinking(struct sweep *s)
{
	sweep_at_started(s);
	SWEEP_OK(identify(s));
}

static int identify_off(struct sweep *s)
{
	return fn_dev_identify(s->dev, false);
}

void sweep_set_port(struct sweep *s)
{
	struct fn_dev_info info = { .sz = sizeof(info) };

	fn_dev_get_info(s->dev, &info);
	if (info.caps & FN_CAP_LINK_CONF)
		SWEEP_OK(set_link_conf(s));
	if (info.caps & FN_CAP_IDENTIFY)
		SWEEP_OK(identify(s));
}

/* What is read of the device is compared too: a call that succeeds has read what is there. */

/* 802.3 22.2.4.3.1: the PHY's identifier. */
static int phy_read(struct sweep *s)
{
	uint16_t value;
	const int ret = fn_dev_phy_read(s->dev, 2, &value);

	s->read = ret ? 0 : value;
	return ret;
}

/* 802.3 22.2.4.3.5: the advertisement, of 10 Mb/s alone. */
static int phy_write(struct sweep *s)
{
	return fn_dev_phy_write(s->dev, 4, 0x0061);
}

static int nvm_read(struct sweep *s)
{
	uint16_t words[8];
	const int ret = fn_dev_nvm_read(s->dev, 0, words, FN_ARRAY_LEN(words));

	s->read = ret ? 0 : sweep_sum(words, sizeof(words));
	return ret;
}

static int read_regs(struct sweep *s)
{
	uint32_t values[512] = { 0 };

	if (fn_dev_reg_count(s->dev) > FN_ARRAY_LEN(values))
		sweep_wrong("%u registers, and room for %zu", fn_dev_reg_count(s->dev),
			    FN_ARRAY_LEN(values));
	return fn_dev_read_regs(s->dev, values, FN_ARRAY_LEN(values));
}

static int counters(struct sweep *s)
{
	uint64_t values[256];

	(void)fn_dev_counters(s->dev, values, FN_ARRAY_LEN(values));
	return 0;
}

/* The self-tests, each alone. What failed, or could not be run, did not succeed. */

static int selftest(struct sweep *s, enum fn_selftest_test test)
{
	struct fn_selftest t = { .sz = sizeof(t), .tests = 1u << test };
	const int ret = fn_dev_selftest(s->dev, &t);

	if (ret || t.results[test].verdict == FN_VERDICT_PASSED)
		return ret;
	return fn_fail(-EIO, "%s", t.results[test].text);
}

static int selftest_link(struct sweep *s)
{
	return selftest(s, FN_SELFTEST_LINK);
}

static int selftest_nvm(struct sweep *s)
{
	return selftest(s, FN_SELFTEST_NVM);
}

static int selftest_registers(struct sweep *s)
{
	return selftest(s, FN_SELFTEST_REGISTERS);
}

static int selftest_interrupts(struct sweep *s)
{
	return selftest(s, FN_SELFTEST_INTERRUPTS);
}

static int selftest_loopback(struct sweep *s)
{
	return selftest(s, FN_SELFTEST_LOOPBACK);
}

/* It sends what it is told to at once. */
static void at_prompt(struct sweep *s)
{
	sweep_at_configured(s);
	sweep_subject->hold(false);
}

const struct sweep_call sweep_port_calls[] = {
	{ SWEEP_CALL("fn_dev_get_link", sweep_at_started, get_link, SWEEP_NO_FAULTS) },
	{ SWEEP_CALL("fn_dev_get_link, down and up", sweep_at_started, link_anew, SWEEP_KEEPS),
	  .cap = FN_CAP_PHY },
	{ SWEEP_CALL("fn_dev_set_link_conf", sweep_at_started, set_link_conf, SWEEP_KEEPS),
	  .cap = FN_CAP_LINK_CONF | FN_CAP_PAUSE },
	{ SWEEP_CALL("fn_dev_set_link_conf, forced", sweep_at_started, set_link_conf_forced,
		     SWEEP_KEEPS),
	  .cap = FN_CAP_LINK_CONF | FN_CAP_PAUSE },
	{ SWEEP_CALL("fn_dev_set_link_conf, forced no more", at_forced, set_link_conf_default,
		     SWEEP_KEEPS),
	  .cap = FN_CAP_LINK_CONF | FN_CAP_PAUSE },
	{ SWEEP_CALL("fn_dev_set_link_conf, not started", sweep_at_configured, set_link_conf,
		     SWEEP_NO_FAULTS),
	  .cap = FN_CAP_LINK_CONF | FN_CAP_PAUSE },
	{ SWEEP_CALL("fn_dev_identify", sweep_at_started, identify, SWEEP_KEEPS),
	  .cap = FN_CAP_IDENTIFY, .setting = true },
	{ SWEEP_CALL("fn_dev_identify, not started", sweep_at_open, identify, SWEEP_KEEPS),
	  .cap = FN_CAP_IDENTIFY, .setting = true },
	{ SWEEP_CALL("fn_dev_identify, off", at_blinking, identify_off, SWEEP_KEEPS),
	  .cap = FN_CAP_IDENTIFY, .setting = true },
	{ SWEEP_CALL("fn_dev_phy_read", sweep_at_started, phy_read, SWEEP_KEEPS),
	  .cap = FN_CAP_PHY },
	{ SWEEP_CALL("fn_dev_phy_write", sweep_at_started, phy_write, SWEEP_KEEPS),
	  .cap = FN_CAP_PHY },
	{ SWEEP_CALL("fn_dev_nvm_read", sweep_at_open, nvm_read, SWEEP_KEEPS), .cap = FN_CAP_NVM },
	{ SWEEP_CALL("fn_dev_read_regs", sweep_at_started, read_regs, SWEEP_NO_FAULTS),
	  .cap = FN_CAP_REGS },
	{ SWEEP_CALL("fn_dev_counters", sweep_at_started, counters, SWEEP_NO_FAULTS) },
	{ SWEEP_CALL("fn_dev_selftest, link", sweep_at_started, selftest_link, SWEEP_NO_FAULTS),
	  .cap = FN_CAP_SELFTEST },
	{ SWEEP_CALL("fn_dev_selftest, NVM", sweep_at_started, selftest_nvm, SWEEP_KEEPS),
	  .cap = FN_CAP_SELFTEST | FN_CAP_NVM },
	{ SWEEP_CALL("fn_dev_selftest, registers", sweep_at_configured, selftest_registers,
		     SWEEP_KEEPS),
	  .cap = FN_CAP_SELFTEST },
	{ SWEEP_CALL("fn_dev_selftest, interrupts", sweep_at_configured, selftest_interrupts,
		     SWEEP_KEEPS),
	  .cap = FN_CAP_SELFTEST },
	{ SWEEP_CALL("fn_dev_selftest, loopback", at_prompt, selftest_loopback, SWEEP_KEEPS),
	  .cap = FN_CAP_SELFTEST },
	{ 0 },
};
