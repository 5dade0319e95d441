// SPDX-License-Identifier: BSD-3-Clause
/* What a device shows and tests of itself: registers, PHY, NVM, LED, self-test. */
#include "conform/conform.h"

#define REGS_MAX 2048u

/* The register after the last, and what is said of each: names and places of their own. */
static void check_descs(struct conform *c, unsigned n)
{
	check(!fn_dev_reg_desc(c->dev, n));
	for (unsigned i = 0; i < n; i++) {
		const struct fn_reg_desc *desc = fn_dev_reg_desc(c->dev, i);
		uint32_t seen = 0;

		check(desc && desc->name[0] && desc->section[0] && desc->offset % 4 == 0);
		for (unsigned j = 0; j < i; j++) {
			const struct fn_reg_desc *other = fn_dev_reg_desc(c->dev, j);

			check(desc->offset != other->offset);
			check(strcmp(desc->name, other->name) != 0);
		}
		for (unsigned j = 0; j < desc->fields_n; j++) {
			const struct fn_reg_field *field = &desc->fields[j];
			const uint32_t mask = fn_reg_field_get(field, UINT32_MAX) << field->shift;

			check(field->name[0] && field->width >= 1);
			check(field->shift + field->width <= 32);
			check((seen & mask) == 0);
			seen |= mask;
		}
	}
}

static void read_regs(struct conform *c, unsigned n)
{
	static uint32_t values[REGS_MAX];
	unsigned ones = 0;

	memset(values, 0x5a, sizeof(values));
	check_ok(fn_dev_read_regs(c->dev, values, n + 1));
	check_eq(values[n], 0);
	for (unsigned i = 0; i < n; i++)
		ones += values[i] == UINT32_MAX;
	check(ones < n);
}

BEHAVIOUR(regs_shown, 0,
	  "Registers are shown with names and fields in every state, and looking at them changes "
	  "nothing: frames pass, are counted and interrupt as without.");
static void regs_shown(struct conform *c)
{
	uint64_t before[CONFORM_DEV_COUNTERS] = { 0 };
	uint64_t after[CONFORM_DEV_COUNTERS] = { 0 };
	unsigned grown = 0;
	unsigned n;

	need_cap(c, FN_CAP_REGS);
	n = fn_dev_reg_count(c->dev);
	check(n > 0 && n < REGS_MAX);
	check_descs(c, n);
	read_regs(c, n);
	check_ok(port_configure(c, (struct fn_dev_conf){ 0 }));
	read_regs(c, n);
	port_start(c, (struct fn_dev_conf){ 0 });
	check_passes(c);
	/* The link's coming up may have been told after it was seen. */
	port_events(c);
	c->events[FN_EVENT_LINK] = 0;
	(void)fn_dev_counters(c->dev, before, CONFORM_DEV_COUNTERS);
	for (unsigned i = 0; i < 5; i++) {
		read_regs(c, n);
		check_passes(c);
	}
	(void)fn_dev_counters(c->dev, after, CONFORM_DEV_COUNTERS);
	for (unsigned i = 0; i < CONFORM_DEV_COUNTERS; i++)
		grown += after[i] - before[i] == 5;
	check(!fn_dev_counter_desc(c->dev, 0) || grown >= 2);
	port_events(c);
	check_eq(c->events[FN_EVENT_LINK], 0);
	/* No cause of an interrupt is taken away either. */
	check_ok(fn_rxq_arm(c->rx));
	(void)irq_signals(fn_rxq_event_fd(c->rx));
	read_regs(c, n);
	wire_send_stream(c, 7, 1, 100);
	irq_expect(c, fn_rxq_event_fd(c->rx));
	rx_expect_stream(c, c->rx, 7, 1, 100);
}

BEHAVIOUR(identify, 0,
	  "A LED is told to blink and to end in every state, as often as one likes, and frames "
	  "pass meanwhile.");
static void identify(struct conform *c)
{
	need_cap(c, FN_CAP_IDENTIFY);
	for (unsigned i = 0; i < 2; i++) {
		check_ok(fn_dev_identify(c->dev, true));
		check_ok(fn_dev_identify(c->dev, true));
		port_start(c, (struct fn_dev_conf){ 0 });
		check_passes(c);
		check_ok(fn_dev_identify(c->dev, i));
		check_passes(c);
		check_ok(fn_dev_reset(c->dev));
		wait_until(port_link_up(c));
		check_passes(c);
		check_ok(fn_dev_identify(c->dev, false));
		check_ok(fn_dev_stop(c->dev));
		check_ok(fn_dev_identify(c->dev, false));
	}
}

/* A test that the device has was passed, or says why it was not run. */
static void check_verdicts(struct conform *c, const struct fn_selftest *t, uint32_t must_pass)
{
	for (unsigned i = 0; i < FN_SELFTESTS; i++) {
		const struct fn_selftest_result *r = &t->results[i];

		check(r->text[0]);
		if (r->verdict == FN_VERDICT_FAILED ||
		    (r->verdict != FN_VERDICT_PASSED && (must_pass & 1u << i)))
			conform_fail(c, __FILE__, __LINE__, "test %s: %s", fn_selftest_name(i),
				     r->text);
		check(r->verdict == FN_VERDICT_NOT_RUN || (c->info.selftests & 1u << i));
	}
	check_eq(t->failed, 0);
}

BEHAVIOUR(selftest_passes, 0,
	  "A device in order passes its self-test, with several queues too, nothing of which goes "
	  "out by the wire, and works afterwards as before.");
static void selftest_passes(struct conform *c)
{
	struct fn_selftest t = { .sz = sizeof(t) };
	const uint32_t offline = 1u << FN_SELFTEST_NVM | 1u << FN_SELFTEST_REGISTERS |
				 1u << FN_SELFTEST_INTERRUPTS | 1u << FN_SELFTEST_LOOPBACK;

	need_cap(c, FN_CAP_SELFTEST);
	check(c->info.selftests != 0);
	for (uint16_t i = 1; i < 3; i++) {
		const struct fn_dev_conf conf = {
			.rxqs = i < c->info.max_rxqs ? i : c->info.max_rxqs,
			.txqs = i < c->info.max_txqs ? i : c->info.max_txqs,
			.rx_ring = 64,
		};

		check_ok(port_configure(c, conf));
		t.tests = 0;
		check_ok(fn_dev_selftest(c->dev, &t));
		check_verdicts(c, &t, c->info.selftests & offline);
		port_info(c);
		check_eq(c->info.state, FN_DEV_CONFIGURED);
		wire_expect_none(c);
		check_eq(pool_info(c).outside, 0);
		port_start(c, (struct fn_dev_conf){ .rx_ring = 64 });
		check_passes(c);
		check_ok(fn_dev_stop(c->dev));
	}
	/* One alone. */
	for (unsigned i = 0; i < FN_SELFTESTS; i++) {
		if (!(c->info.selftests & 1u << i))
			continue;
		t.tests = 1u << i;
		check_ok(fn_dev_selftest(c->dev, &t));
		check_verdicts(c, &t, 1u << i & offline);
		for (unsigned j = 0; j < FN_SELFTESTS; j++)
			check(i == j || t.results[j].verdict == FN_VERDICT_NOT_RUN);
	}
}

BEHAVIOUR(selftest_started, 0,
	  "Of a started device only what does not disturb it is tested, and frames go on passing; "
	  "what is no test, or none of this device, is refused.");
static void selftest_started(struct conform *c)
{
	const uint32_t online = 1u << FN_SELFTEST_LINK | 1u << FN_SELFTEST_NVM;
	struct fn_selftest t = { .sz = sizeof(t), .err = &c->err };

	need_cap(c, FN_CAP_SELFTEST);
	check_ret(fn_dev_selftest(c->dev, &t), -EINVAL);
	port_start(c, (struct fn_dev_conf){ 0 });
	if (c->info.selftests & online) {
		t.tests = c->info.selftests & online;
		check_ok(fn_dev_selftest(c->dev, &t));
		check_verdicts(c, &t, c->info.selftests & online);
		check_passes(c);
	}
	for (unsigned i = 0; i < 32; i++) {
		t.tests = 1u << i;
		if (t.tests & online & c->info.selftests)
			continue;
		check_ret(fn_dev_selftest(c->dev, &t), i >= FN_SELFTESTS           ? -EINVAL :
						       c->info.selftests & 1u << i ? -EBUSY :
										     -ENOTSUP);
		check(c->err.text[0]);
	}
	check_passes(c);
}

BEHAVIOUR(selftest_link_down, NEED_LINK,
	  "The link's test fails while the cable is out, and passes when it is back; the loopback "
	  "needs no cable.");
static void selftest_link_down(struct conform *c)
{
	struct fn_selftest t = { .sz = sizeof(t), .tests = 1u << FN_SELFTEST_LINK };

	need_cap(c, FN_CAP_SELFTEST);
	if (!(c->info.selftests & 1u << FN_SELFTEST_LINK))
		conform_skip(c, "the device does not test its link");
	port_start(c, (struct fn_dev_conf){ 0 });
	c->place->ops->link(c, false);
	wait_until(!port_link_up(c));
	check_ok(fn_dev_selftest(c->dev, &t));
	check_eq(t.failed, 1u << FN_SELFTEST_LINK);
	check_eq(t.results[FN_SELFTEST_LINK].verdict, FN_VERDICT_FAILED);
	check(t.results[FN_SELFTEST_LINK].text[0]);
	c->place->ops->link(c, true);
	wait_until(port_link_up(c));
	check_ok(fn_dev_selftest(c->dev, &t));
	check_eq(t.failed, 0);
	check_passes(c);
}

BEHAVIOUR(phy_shown, 0,
	  "Registers of the PHY are read and written in every state, and tell that the link is up; "
	  "one that it does not have is refused.");
static void phy_shown(struct conform *c)
{
	uint16_t id[2];
	uint16_t value;

	need_cap(c, FN_CAP_PHY);
	for (unsigned i = 0; i < 2; i++) {
		check_ok(fn_dev_phy_read(c->dev, 2, &id[0]));
		check_ok(fn_dev_phy_read(c->dev, 3, &id[1]));
		check(id[0] != 0 && id[0] != 0xffff && id[1] != 0xffff);
		check_ret(fn_dev_phy_read(c->dev, FN_PHY_REGS, &value), -EINVAL);
		check_ret(fn_dev_phy_write(c->dev, FN_PHY_REGS, 0), -EINVAL);
		/* What is offered to the other end: only the next negotiation goes by it. */
		check_ok(fn_dev_phy_read(c->dev, 4, &value));
		check_ok(fn_dev_phy_write(c->dev, 4, value ^ 0x0020));
		check_ok(fn_dev_phy_read(c->dev, 4, &id[0]));
		check_eq(id[0], value ^ 0x0020);
		check_ok(fn_dev_phy_write(c->dev, 4, value));
		if (i == 0)
			port_start(c, (struct fn_dev_conf){ 0 });
	}
	/* 802.3 22.2.4.2.13: a link that was lost is told once, even if it came back. */
	check_ok(fn_dev_phy_read(c->dev, 1, &value));
	check_ok(fn_dev_phy_read(c->dev, 1, &value));
	check(value & 0x0004);
	check_passes(c);
}

BEHAVIOUR(nvm_shown, 0,
	  "The words of the non-volatile memory are read in any pieces, the same in every state, "
	  "and those behind its end are refused.");
static void nvm_shown(struct conform *c)
{
	static uint16_t all[1 << 16];
	static uint16_t part[1 << 16];
	unsigned n;

	need_cap(c, FN_CAP_NVM);
	check(c->info.nvm_words > 0 && c->info.nvm_words <= FN_ARRAY_LEN(all));
	n = c->info.nvm_words < 300 ? c->info.nvm_words : 300;
	check_ok(fn_dev_nvm_read(c->dev, 0, all, n));
	for (unsigned at = 0; at < n; at += 1 + at % 7) {
		const unsigned some = n - at < 1 + at % 7 ? n - at : 1 + at % 7;

		check_ok(fn_dev_nvm_read(c->dev, at, part + at, some));
	}
	check_mem(part, all, 2u * n);
	check_ok(fn_dev_nvm_read(c->dev, c->info.nvm_words - 1, part, 1));
	check_ret(fn_dev_nvm_read(c->dev, c->info.nvm_words, part, 1), -EINVAL);
	check_ret(fn_dev_nvm_read(c->dev, c->info.nvm_words - 1, part, 2), -EINVAL);
	check_ret(fn_dev_nvm_read(c->dev, UINT32_MAX, part, 2), -EINVAL);
	port_start(c, (struct fn_dev_conf){ 0 });
	check_ok(fn_dev_nvm_read(c->dev, 0, part, n));
	check_mem(part, all, 2u * n);
	check_passes(c);
}

const struct behaviour *const diag_behaviours[] = {
	&behaviour_regs_shown,         &behaviour_identify,
	&behaviour_selftest_passes,    &behaviour_selftest_started,
	&behaviour_selftest_link_down, &behaviour_phy_shown,
	&behaviour_nvm_shown,          NULL,
};
