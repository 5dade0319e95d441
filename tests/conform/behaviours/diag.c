// SPDX-License-Identifier: BSD-3-Clause
/* What people ask of a port: how its link comes about, its LED, registers, PHY, NVM, and a test. */
#include "conform/conform.h"

#define REGS_MAX 1024u

static struct fn_link link_now(struct conform *c)
{
	struct fn_link link = { .sz = sizeof(link) };

	check_ok(fn_dev_link(c->dev, &link));
	return link;
}

static struct fn_link_conf link_conf_now(struct conform *c)
{
	struct fn_link_conf conf = { .sz = sizeof(conf), .err = &c->err };

	check_ok(fn_dev_get_link_conf(c->dev, &conf));
	return conf;
}

static int set_link(struct conform *c, struct fn_link_conf conf)
{
	conf.sz = sizeof(conf);
	conf.err = &c->err;
	return fn_dev_set_link(c->dev, &conf);
}

struct mode {
	uint32_t bit;
	uint32_t speed_mbps;
	bool full_duplex;
};

static const struct mode modes[] = {
	{ FN_LINK_10_HALF, 10, false },      { FN_LINK_10_FULL, 10, true },
	{ FN_LINK_100_HALF, 100, false },    { FN_LINK_100_FULL, 100, true },
	{ FN_LINK_1000_HALF, 1000, false },  { FN_LINK_1000_FULL, 1000, true },
	{ FN_LINK_2500_FULL, 2500, true },   { FN_LINK_5000_FULL, 5000, true },
	{ FN_LINK_10000_FULL, 10000, true },
};

BEHAVIOUR(link_negotiated, 0,
	  "A link negotiates unless it is told otherwise, offers all that it can be, and says that "
	  "it was negotiated.");
static void link_negotiated(struct conform *c)
{
	struct fn_link_conf conf;

	need_cap(c, FN_CAP_SET_LINK);
	port_start(c, (struct fn_dev_conf){ 0 });
	conf = link_conf_now(c);
	check(!conf.forced && !conf.pause_forced && !conf.rx_pause && !conf.tx_pause);
	check_eq(conf.advertise, c->info.link_modes);
	check(conf.err == &c->err);
	check(link_now(c).autoneg);
	check(!link_now(c).rx_pause && !link_now(c).tx_pause);
}

BEHAVIOUR(
	link_forced, 0,
	"A link that is forced has the speed and the duplex that it was forced to, in each mode that "
	"the device can; frames pass, and negotiated it comes back.");
static void link_forced(struct conform *c)
{
	need_cap(c, FN_CAP_SET_LINK);
	if (!c->info.link_forced_modes)
		conform_skip(c, "the link can be forced to no mode");
	port_start(c, (struct fn_dev_conf){ 0 });
	for (unsigned i = 0; i < FN_ARRAY_LEN(modes); i++) {
		const struct fn_link_conf want = { .forced = true,
						   .speed_mbps = modes[i].speed_mbps,
						   .full_duplex = modes[i].full_duplex };
		struct fn_link_conf is;

		if (!(c->info.link_forced_modes & modes[i].bit)) {
			check_ret(set_link(c, want), -ENOTSUP);
			continue;
		}
		check_ok(set_link(c, want));
		is = link_conf_now(c);
		check(is.forced && is.full_duplex == want.full_duplex);
		check_eq(is.speed_mbps, want.speed_mbps);
		wait_until(port_link_up(c));
		check_eq(link_now(c).speed_mbps, want.speed_mbps);
		check_eq(link_now(c).full_duplex, want.full_duplex);
		check(!link_now(c).autoneg);
		check_passes(c);
	}
	check_ok(set_link(c, (struct fn_link_conf){ 0 }));
	wait_until(port_link_up(c) && link_now(c).autoneg);
	check_passes(c);
}

BEHAVIOUR(link_offers, 0,
	  "A link offers what it was told to, alone or together with others, over stop, start and "
	  "reset, and comes up by it.");
static void link_offers(struct conform *c)
{
	uint32_t half;

	need_cap(c, FN_CAP_SET_LINK);
	/* One half of what it can; the other end of the tests can all. */
	half = c->info.link_modes & ~(c->info.link_modes & (0u - c->info.link_modes));
	port_start(c, (struct fn_dev_conf){ 0 });
	check_ok(set_link(c, (struct fn_link_conf){ .advertise = half }));
	check_eq(link_conf_now(c).advertise, half);
	wait_until(port_link_up(c));
	check_passes(c);
	check_ok(fn_dev_reset(c->dev));
	wait_until(port_link_up(c));
	check_eq(link_conf_now(c).advertise, half);
	port_restart(c, (struct fn_dev_conf){ 0 });
	check_eq(link_conf_now(c).advertise, half);
	check_passes(c);
	check_ok(fn_dev_stop(c->dev));
	check_ok(set_link(c, (struct fn_link_conf){ 0 }));
	port_start(c, (struct fn_dev_conf){ 0 });
	check_eq(link_conf_now(c).advertise, c->info.link_modes);
	check_passes(c);
}

BEHAVIOUR(
	link_refuses, 0,
	"A choice that contradicts itself, or that the device cannot, is refused with a sentence, and "
	"the former one holds.");
static void link_refuses(struct conform *c)
{
	const uint32_t missing = ~c->info.link_modes & (FN_LINK_10000_FULL * 2 - 1);

	port_open(c);
	if (!(c->info.caps & FN_CAP_SET_LINK)) {
		check_ret(set_link(c, (struct fn_link_conf){ 0 }), -ENOTSUP);
		check(c->err.text[0]);
		return;
	}
	check_ok(set_link(c, (struct fn_link_conf){ .advertise = c->info.link_modes }));
	check_ret(set_link(c, (struct fn_link_conf){ .speed_mbps = 100 }), -EINVAL);
	check_ret(set_link(c, (struct fn_link_conf){ .forced = true }), -EINVAL);
	check_ret(set_link(c, (struct fn_link_conf){ .forced = true, .speed_mbps = 3 }), -EINVAL);
	check_ret(set_link(c, (struct fn_link_conf){ .advertise = 1u << 31 }), -EINVAL);
	if (missing & ~c->info.link_modes)
		check_ret(set_link(c, (struct fn_link_conf){ .advertise = missing &
									  ~c->info.link_modes }),
			  -ENOTSUP);
	check(c->err.text[0]);
	check_eq(link_conf_now(c).advertise, c->info.link_modes);
	check(!link_conf_now(c).forced);
	port_start(c, (struct fn_dev_conf){ 0 });
	check_passes(c);
}

BEHAVIOUR(
	pause_told, 0,
	"Flow control that is forced holds and is told as such; that which is offered is told as it "
	"was agreed on, and never more than was asked for; frames pass in any case.");
static void pause_told(struct conform *c)
{
	need_cap(c, FN_CAP_PAUSE);
	port_start(c, (struct fn_dev_conf){ 0 });
	for (unsigned i = 0; i < 8; i++) {
		const struct fn_link_conf want = { .rx_pause = i & 1,
						   .tx_pause = (i & 2) != 0,
						   .pause_forced = (i & 4) != 0 };

		check_ok(set_link(c, want));
		wait_until(port_link_up(c));
		check(link_now(c).full_duplex);
		check(want.rx_pause || !link_now(c).rx_pause);
		check(want.tx_pause || !link_now(c).tx_pause);
		check(!want.pause_forced || link_now(c).rx_pause == want.rx_pause);
		check(!want.pause_forced || link_now(c).tx_pause == want.tx_pause);
		check_eq(link_conf_now(c).pause_forced, want.pause_forced);
		check_passes(c);
	}
}

BEHAVIOUR(identify, 0,
	  "The LED is told to blink and to end it, in any state and over a reset, and frames pass "
	  "meanwhile.");
static void identify(struct conform *c)
{
	need_cap(c, FN_CAP_IDENTIFY);
	check_ok(fn_dev_identify(c->dev, true));
	port_start(c, (struct fn_dev_conf){ 0 });
	check_passes(c);
	check_ok(fn_dev_reset(c->dev));
	wait_until(port_link_up(c));
	check_passes(c);
	check_ok(fn_dev_identify(c->dev, false));
	check_passes(c);
	check_ok(fn_dev_identify(c->dev, true));
	check_ok(fn_dev_stop(c->dev));
	check_ok(fn_dev_identify(c->dev, false));
	check_ok(fn_dev_identify(c->dev, false));
}

static unsigned read_regs(struct conform *c, uint32_t values[REGS_MAX])
{
	const unsigned n = fn_dev_reg_count(c->dev);

	check(n && n <= REGS_MAX);
	check_ok(fn_dev_read_regs(c->dev, values, n));
	return n;
}

BEHAVIOUR(
	registers_described, 0,
	"Every register that is shown has a name of its own, a section of a paper, and fields that "
	"lie in it.");
static void registers_described(struct conform *c)
{
	unsigned n;

	need_cap(c, FN_CAP_REGS);
	n = fn_dev_reg_count(c->dev);
	for (unsigned i = 0; i < n; i++) {
		const struct fn_reg_desc *desc = fn_dev_reg_desc(c->dev, i);

		check(desc && desc->name[0] && desc->section[0]);
		for (unsigned j = 0; j < i; j++)
			check(strcmp(desc->name, fn_dev_reg_desc(c->dev, j)->name) != 0);
		for (unsigned j = 0; j < desc->fields_n; j++)
			check(desc->fields[j].width &&
			      desc->fields[j].shift + desc->fields[j].width <= 32);
	}
	check(!fn_dev_reg_desc(c->dev, n));
}

BEHAVIOUR(
	registers_harmless, 0,
	"Looking at the registers changes nothing: every frame is counted, interrupts come as before, "
	"and frames pass.");
static void registers_harmless(struct conform *c)
{
	static uint32_t values[REGS_MAX];
	uint64_t before[CONFORM_DEV_COUNTERS] = { 0 };
	uint64_t after[CONFORM_DEV_COUNTERS] = { 0 };
	unsigned grown = 0;

	need_cap(c, FN_CAP_REGS);
	(void)read_regs(c, values);
	port_start(c, (struct fn_dev_conf){ 0 });
	(void)fn_dev_counters(c->dev, before, CONFORM_DEV_COUNTERS);
	for (unsigned i = 0; i < 7; i++) {
		check_passes(c);
		(void)read_regs(c, values);
	}
	(void)fn_dev_counters(c->dev, after, CONFORM_DEV_COUNTERS);
	for (unsigned i = 0; i < CONFORM_DEV_COUNTERS; i++)
		grown += after[i] - before[i] == 7;
	/* Frames sent and frames received, under whichever names. */
	check(grown >= 2);
	check_eq(rx_counter(c->rx, FN_RX_PACKETS), 7);
	if (fn_rxq_event_fd(c->rx) < 0)
		return;
	check_ok(fn_rxq_arm(c->rx));
	(void)irq_signals(fn_rxq_event_fd(c->rx));
	(void)read_regs(c, values);
	wire_send_stream(c, 7, 1, 100);
	wait_until(irq_signals(fn_rxq_event_fd(c->rx)));
	rx_expect_stream(c, c->rx, 7, 1, 100);
}

BEHAVIOUR(
	phy_shown, 0,
	"The PHY says who made it and that its link is up, keeps what is written to it, and has 32 "
	"registers.");
static void phy_shown(struct conform *c)
{
	uint16_t id[2] = { 0 };
	uint16_t status = 0;
	uint16_t offers = 0;
	uint16_t again = 0;

	need_cap(c, FN_CAP_PHY);
	port_start(c, (struct fn_dev_conf){ 0 });
	check_ok(fn_dev_phy_read(c->dev, 2, &id[0]));
	check_ok(fn_dev_phy_read(c->dev, 3, &id[1]));
	check(id[0] && id[0] != 0xffff && id[1] != 0xffff);
	/* 802.3 22.2.4.2.13: a link that was lost is told once, even if it came back. */
	check_ok(fn_dev_phy_read(c->dev, 1, &status));
	check_ok(fn_dev_phy_read(c->dev, 1, &status));
	check(status & 0x0004);
	check_ok(fn_dev_phy_read(c->dev, 4, &offers));
	check_ok(fn_dev_phy_write(c->dev, 4, (uint16_t)(offers ^ 0x0020)));
	check_ok(fn_dev_phy_read(c->dev, 4, &again));
	check_eq(again, offers ^ 0x0020);
	check_ok(fn_dev_phy_write(c->dev, 4, offers));
	check_ret(fn_dev_phy_read(c->dev, FN_PHY_REGS, &status), -EINVAL);
	check_ret(fn_dev_phy_write(c->dev, FN_PHY_REGS, 0), -EINVAL);
	check_passes(c);
}

BEHAVIOUR(
	nvm_shown, 0,
	"The words of the non-volatile memory are the same one by one and together, in any state, and "
	"there are no more than it has.");
static void nvm_shown(struct conform *c)
{
	uint16_t words[64] = { 0 };
	uint16_t word = 0;
	unsigned n;

	need_cap(c, FN_CAP_NVM);
	n = c->info.nvm_words < 64 ? c->info.nvm_words : 64;
	check(n);
	check_ok(fn_dev_nvm_read(c->dev, 0, words, n));
	port_start(c, (struct fn_dev_conf){ 0 });
	for (unsigned i = 0; i < n; i++) {
		check_ok(fn_dev_nvm_read(c->dev, i, &word, 1));
		check_eq(word, words[i]);
	}
	check_ok(fn_dev_nvm_read(c->dev, c->info.nvm_words - 1, &word, 1));
	check_ret(fn_dev_nvm_read(c->dev, c->info.nvm_words, &word, 1), -EINVAL);
	check_ret(fn_dev_nvm_read(c->dev, 1, words, c->info.nvm_words), -EINVAL);
	check_passes(c);
}

static struct fn_selftest selftest(struct conform *c, uint32_t tests)
{
	struct fn_selftest t = { .sz = sizeof(t), .err = &c->err, .tests = tests };

	check_ok(fn_dev_selftest(c->dev, &t));
	for (unsigned i = 0; i < FN_SELFTESTS; i++) {
		check(t.results[i].text[0]);
		if (t.results[i].verdict == FN_SELFTEST_FAILED)
			conform_fail(c, __FILE__, __LINE__, "%s: %s", fn_selftest_name(i),
				     t.results[i].text);
	}
	check_eq(t.failed, 0);
	return t;
}

BEHAVIOUR(
	selftest_passes, 0,
	"A device tests itself and finds nothing wrong, with several queues too; nothing of it goes "
	"out by the wire, and it works as before afterwards.");
static void selftest_passes(struct conform *c)
{
	struct fn_selftest t;

	need_cap(c, FN_CAP_SELFTEST);
	for (uint16_t queues = 1; queues < 3; queues++) {
		const uint16_t rxqs = queues < c->info.max_rxqs ? queues : c->info.max_rxqs;
		const uint16_t txqs = queues < c->info.max_txqs ? queues : c->info.max_txqs;

		check_ok(port_configure(c, (struct fn_dev_conf){ .rxqs = rxqs, .txqs = txqs }));
		t = selftest(c, 0);
		check_eq(t.tests, c->info.selftests);
		for (unsigned i = 0; i < FN_SELFTESTS; i++)
			check(!(t.tests & 1u << i) || i == FN_SELFTEST_LINK ||
			      t.results[i].verdict == FN_SELFTEST_PASSED);
		port_info(c);
		check_eq(c->info.state, FN_DEV_CONFIGURED);
		check_eq(pool_info(c).outside, 0);
		wire_expect_none(c);
		port_start(c, (struct fn_dev_conf){ 0 });
		check_passes(c);
		check_ok(fn_dev_stop(c->dev));
	}
}

BEHAVIOUR(
	selftest_online, 0,
	"Link and non-volatile memory are tested while packets flow; the other tests are refused then.");
static void selftest_online(struct conform *c)
{
	const uint32_t online = 1u << FN_SELFTEST_LINK | 1u << FN_SELFTEST_NVM;
	struct fn_selftest t = { .sz = sizeof(t), .err = &c->err };

	need_cap(c, FN_CAP_SELFTEST);
	port_start(c, (struct fn_dev_conf){ 0 });
	if (c->info.selftests & online) {
		t = selftest(c, c->info.selftests & online);
		check(!(t.tests & 1u << FN_SELFTEST_LINK) ||
		      t.results[FN_SELFTEST_LINK].verdict == FN_SELFTEST_PASSED);
	}
	check_passes(c);
	if (c->info.selftests & ~online) {
		t.tests = c->info.selftests & ~online;
		check_ret(fn_dev_selftest(c->dev, &t), -EBUSY);
	}
	check_passes(c);
}

const struct behaviour *const diag_behaviours[] = {
	&behaviour_link_negotiated,
	&behaviour_link_forced,
	&behaviour_link_offers,
	&behaviour_link_refuses,
	&behaviour_pause_told,
	&behaviour_identify,
	&behaviour_registers_described,
	&behaviour_registers_harmless,
	&behaviour_phy_shown,
	&behaviour_nvm_shown,
	&behaviour_selftest_passes,
	&behaviour_selftest_online,
	NULL,
};
