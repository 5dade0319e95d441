// SPDX-License-Identifier: BSD-3-Clause
/* The link of the Intel drivers: negotiated, forced, flow control, how rarely it is asked. */
#include "drivers/intel/intel_link.h"
#include "intel_diag_port.h"

/* Registers of the PHY. */
#define BMCR p.id.phy[0]
#define ANAR p.id.phy[4]
#define CTRL_1000 p.id.phy[9]

#define RFCE (1u << 27)
#define TFCE (1u << 28)

/* What a partner can: 10 and 100 Mb/s both ways, and of flow control. */
#define MODES 0x01e1u
#define PAUSE 0x0400u
#define ASYM 0x0800u

static int set_link(struct fn_link_conf c)
{
	int ret;

	c.sz = sizeof(c);
	ret = fn_dev_set_link_conf(p.dev, &c);
	pass_ns(2 * p.id.link_ns);
	return ret;
}

static void assert_link(uint32_t speed_mbps, bool full_duplex, bool autoneg)
{
	const struct fn_link link = port_link();

	assert_true(link.up);
	assert_int_equal(link.speed_mbps, speed_mbps);
	assert_int_equal(link.full_duplex, full_duplex);
	assert_int_equal(link.autoneg, autoneg);
}

static void negotiated(void **state)
{
	(void)state;
	port_up();
	assert_link(1000, true, true);
	/* All modes are offered, half duplex at 1 Gb/s and flow control not. */
	assert_int_equal(ANAR, MODES);
	assert_int_equal(CTRL_1000 & 0x0300, 0x0200);
	assert_int_equal(BMCR & 0x1000, 0x1000);
	assert_int_equal(set_link((struct fn_link_conf){ .advertise = FN_LINK_100_FULL }), 0);
	assert_link(100, true, true);
	assert_int_equal(ANAR & MODES, 0x0101);
	assert_int_equal(set_link((struct fn_link_conf){ .advertise = FN_LINK_10_HALF |
								      FN_LINK_10_FULL }),
			 0);
	assert_link(10, true, true);
	assert_int_equal(set_link((struct fn_link_conf){ 0 }), 0);
	assert_link(1000, true, true);
	/* The other end decides too. */
	intel_dev_partner(&p.id, 0x0081, 0);
	pass_ns(2 * p.id.link_ns);
	assert_link(100, false, true);
	port_receive(3);
	port_end();
}

static void forced(void **state)
{
	static const struct fn_link_conf modes[] = {
		{ .forced = true, .speed_mbps = 10 },
		{ .forced = true, .speed_mbps = 10, .full_duplex = true },
		{ .forced = true, .speed_mbps = 100 },
		{ .forced = true, .speed_mbps = 100, .full_duplex = true },
	};

	(void)state;
	port_up();
	for (unsigned i = 0; i < 4; i++) {
		const struct fn_link_conf *m = &modes[i];

		assert_int_equal(set_link(*m), 0);
		assert_link(m->speed_mbps, m->full_duplex, false);
		/* The MAC and the PHY alike: 82574 10.2.2.1, 82576 8.2.1. */
		assert_int_equal(REG(IDEV_CTRL) & 0x1b41,
				 0x1840 | (m->full_duplex ? 1 : 0) |
					 (m->speed_mbps == 100 ? 0x100 : 0));
		assert_int_equal(BMCR, (m->full_duplex ? 0x0100 : 0) |
					       (m->speed_mbps == 100 ? 0x2000 : 0));
		port_receive(2);
		port_send(2);
		/* Over stop, start and reset. */
		assert_int_equal(fn_dev_reset(p.dev), 0);
		pass_ns(2 * p.id.link_ns);
		assert_link(m->speed_mbps, m->full_duplex, false);
	}
	assert_int_equal(set_link((struct fn_link_conf){ .forced = true, .speed_mbps = 1000 }),
			 -ENOTSUP);
	assert_link(100, true, false);
	assert_int_equal(set_link((struct fn_link_conf){ 0 }), 0);
	assert_link(1000, true, true);
	assert_int_equal(REG(IDEV_CTRL) & 0x1800, 0);
	port_end();
}

/**
 * struct phy - a PHY, and where it is told of crossed wires
 * @family: whose it is
 * @id: which
 * @page: the register of its page; 0: none
 * @mdi: the register; 0: it finds them by itself, whatever else it is told
 * @finds: it is to find them by itself
 * @other: a bit of it that is no matter
 */
struct phy {
	enum intel_family family;
	uint32_t id;
	unsigned page;
	unsigned mdi;
	uint16_t finds;
	uint16_t other;
};

static const struct phy phys[] = {
	{ INTEL_82574, 0x01410cb1, 22, 16, 0x0060, 0x0800 }, /* 82574 */
	{ INTEL_82576, 0x02a80391, 31, 18, 0x1000, 0x0001 }, /* 82576 */
	{ INTEL_82576, 0x015403b1, 0, 18, 0x0400, 0x0001 },  /* I350 */
	{ INTEL_82576, 0x01410c00, 0, 0, 0, 0 },             /* I210 */
	{ INTEL_82576, 0x01410dd1, 0, 0, 0, 0 },             /* another one */
};

/*
 * With a forced speed a PHY is kept from looking for crossed wires, as it would have no link, and
 * is told to again with the first link that is negotiated; all else that stands there stays.
 */
static void crossed_wires(void **state)
{
	const struct fn_link_conf forced = { .forced = true, .speed_mbps = 100 };

	(void)state;
	for (const struct phy *y = phys; y < phys + FN_ARRAY_LEN(phys); y++) {
		if (y->family != family)
			continue;
		port_init();
		p.id.phy_id = y->id;
		intel_dev_phy_reset(&p.id);
		/* What others left: another page, and a bit. */
		p.id.phy[y->page] |= y->page ? 5 : 0;
		p.id.phy[y->mdi] |= y->other;
		port_start((struct fn_dev_conf){ 0 });
		assert_link(1000, true, true);
		assert_int_equal(set_link(forced), 0);
		assert_link(100, false, false);
		if (y->mdi)
			assert_int_equal(p.id.phy[y->mdi], y->other);
		assert_false(intel_dev_looks_for_crossed(&p.id));
		port_receive(1);
		assert_int_equal(set_link((struct fn_link_conf){ 0 }), 0);
		assert_link(1000, true, true);
		if (y->mdi)
			assert_int_equal(p.id.phy[y->mdi], y->finds | y->other);
		assert_int_equal(intel_dev_looks_for_crossed(&p.id), y->mdi != 0);
		/* And with a start, when somebody else had forced it. */
		assert_int_equal(set_link(forced), 0);
		assert_int_equal(fn_dev_stop(p.dev), 0);
		assert_int_equal(set_link((struct fn_link_conf){ 0 }), 0);
		port_start((struct fn_dev_conf){ 0 });
		assert_link(1000, true, true);
		assert_int_equal(intel_dev_looks_for_crossed(&p.id), y->mdi != 0);
		port_end();
	}
}

/*
 * A link that is as it shall be outlives a reset of the MAC, which takes seconds less; and a PHY
 * that others left in a bad state comes back.
 */
static void kept_or_mended(void **state)
{
	(void)state;
	port_up();
	assert_int_equal(fn_dev_stop(p.dev), 0);
	port_start((struct fn_dev_conf){ 0 });
	assert_int_equal(p.id.phy[1] & 0x0020, 0x0020);
	assert_link(1000, true, true);
	for (unsigned i = 0; i < 4; i++) {
		/* Powered down, looped back, not negotiating, offering something else. */
		static const uint16_t left[] = { 0x1940, 0x5140, 0x0100, 0x1140 };

		assert_int_equal(fn_dev_stop(p.dev), 0);
		assert_int_equal(fn_dev_phy_write(p.dev, 0, left[i]), 0);
		if (i == 3)
			assert_int_equal(fn_dev_phy_write(p.dev, 4, 0x0021), 0);
		/* Whatever it says of the link that it had. */
		p.id.phy[1] |= 0x0024;
		port_start((struct fn_dev_conf){ 0 });
		assert_int_equal(BMCR, 0x1140);
		assert_link(1000, true, true);
		port_receive(1);
	}
	port_end();
}

static unsigned phy_restarts;

static void count_restarts(void)
{
	/* An MDIC write of BMCR with bit 9, as the model has it last. */
	phy_restarts += (REG(IDEV_MDIC) >> 16 & 0xff) == 0x20 &&
			(REG(IDEV_MDIC) & IDEV_MDIC_WRITE) && (REG(IDEV_MDIC) & 0x0200);
}

static void not_renegotiated(void **state)
{
	(void)state;
	phy_restarts = 0;
	port_init();
	port_open();
	port_start((struct fn_dev_conf){ 0 });
	count_restarts();
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(fn_dev_stop(p.dev), 0);
		port_configure((struct fn_dev_conf){ 0 });
		assert_int_equal(fn_dev_start(p.dev), 0);
		count_restarts();
		pass_ns(2 * p.id.link_ns);
		assert_link(1000, true, true);
	}
	/* The first time the model's PHY offers more than is wanted. */
	assert_int_equal(phy_restarts, 1);
	port_end();
}

/* 802.3 table 28B-3, for what this end offers and the other. */
static void pause_agreed(void **state)
{
	static const struct {
		bool rx;
		bool tx;
		uint16_t partner;
		uint32_t ctrl;
	} cases[] = {
		{ false, false, PAUSE | ASYM, 0 },
		{ true, true, PAUSE, RFCE | TFCE },
		{ true, true, PAUSE | ASYM, RFCE | TFCE },
		{ true, true, ASYM, RFCE },
		{ true, true, 0, 0 },
		{ true, false, PAUSE, RFCE },
		{ true, false, PAUSE | ASYM, RFCE },
		{ true, false, ASYM, RFCE },
		{ true, false, 0, 0 },
		{ false, true, PAUSE | ASYM, TFCE },
		{ false, true, PAUSE, 0 },
		{ false, true, ASYM, 0 },
		{ false, true, 0, 0 },
	};

	(void)state;
	port_up();
	for (unsigned i = 0; i < FN_ARRAY_LEN(cases); i++) {
		struct fn_link link;

		intel_dev_partner(&p.id, (uint16_t)(MODES | cases[i].partner), 0x0c00);
		assert_int_equal(set_link((struct fn_link_conf){ .rx_pause = cases[i].rx,
								 .tx_pause = cases[i].tx }),
				 0);
		link = port_link();
		assert_true(link.up && link.autoneg);
		assert_int_equal(REG(IDEV_CTRL) & (RFCE | TFCE), cases[i].ctrl);
		assert_int_equal(link.rx_pause, (cases[i].ctrl & RFCE) != 0);
		assert_int_equal(link.tx_pause, (cases[i].ctrl & TFCE) != 0);
	}
	/* Half duplex has none. */
	intel_dev_partner(&p.id, 0x0081 | PAUSE, 0);
	assert_int_equal(set_link((struct fn_link_conf){ .rx_pause = true, .tx_pause = true }), 0);
	assert_link(100, false, true);
	assert_int_equal(REG(IDEV_CTRL) & (RFCE | TFCE), 0);
	port_end();
}

static void pause_forced(void **state)
{
	struct fn_link_conf c = { .pause_forced = true, .tx_pause = true };

	(void)state;
	port_up();
	intel_dev_partner(&p.id, MODES, 0x0c00);
	/* Nobody has to ask for the link, or to look at events. */
	assert_int_equal(set_link(c), 0);
	assert_int_equal(REG(IDEV_CTRL) & (RFCE | TFCE), TFCE);
	assert_true(port_link().tx_pause && !port_link().rx_pause);
	c = (struct fn_link_conf){ .forced = true,
				   .speed_mbps = 100,
				   .full_duplex = true,
				   .pause_forced = true,
				   .rx_pause = true };
	assert_int_equal(set_link(c), 0);
	assert_int_equal(REG(IDEV_CTRL) & (RFCE | TFCE), RFCE);
	assert_true(port_link().rx_pause && !port_link().tx_pause);
	/* Half duplex has none, whatever is forced. */
	c = (struct fn_link_conf){ .pause_forced = true, .rx_pause = true, .tx_pause = true };
	intel_dev_partner(&p.id, 0x0081 | PAUSE, 0);
	assert_int_equal(set_link(c), 0);
	assert_false(port_link().rx_pause || port_link().tx_pause);
	assert_int_equal(REG(IDEV_CTRL) & (RFCE | TFCE), 0);
	/* How the frames look, and that they go out before the buffer is full. */
	assert_int_equal(REG(IDEV_FCAL), 0x00c28001);
	assert_int_equal(REG(IDEV_FCAH), 0x00000100);
	assert_int_equal(REG(IDEV_FCT), 0x8808);
	assert_in_range(REG(IDEV_FCRTH), 8192, (family == INTEL_82576 ? 64 : 20) * 1024 - 2 * 1522);
	assert_in_range(REG(IDEV_FCRTL) & 0xffff, 4096, REG(IDEV_FCRTH) - 1518);
	assert_int_equal(REG(IDEV_FCRTL) >> 31, 1);
	/* It takes some time, and is renewed before it is over. */
	assert_in_range(REG(IDEV_FCTTV), 2, 0xffff);
	assert_in_range(REG(family == INTEL_82576 ? IDEV_FCRTV_76 : IDEV_FCRTV_74), 1,
			REG(IDEV_FCTTV) - 1);
	port_end();
}

/* What was agreed on holds without anybody asking for the link: the interrupt is enough. */
static void told_by_interrupt(void **state)
{
	(void)state;
	port_init();
	port_open();
	assert_int_equal(set_link((struct fn_link_conf){ .rx_pause = true }), 0);
	port_start((struct fn_dev_conf){ 0 });
	assert_int_equal(REG(IDEV_CTRL) & (RFCE | TFCE), 0);
	assert_true(fn_ctx_process_events(p.ctx) >= 0);
	assert_int_equal(p.link_events, 1);
	assert_int_equal(REG(IDEV_CTRL) & (RFCE | TFCE), RFCE);
	intel_dev_cable(&p.id, false);
	assert_true(fn_ctx_process_events(p.ctx) >= 0);
	assert_false(port_link().up);
	intel_dev_partner(&p.id, MODES, 0x0c00);
	intel_dev_cable(&p.id, true);
	pass_ns(2 * p.id.link_ns);
	assert_true(fn_ctx_process_events(p.ctx) >= 0);
	assert_int_equal(REG(IDEV_CTRL) & (RFCE | TFCE), 0);
	assert_true(port_link().up && !port_link().rx_pause);
	/* Down and up again before anybody looked. */
	intel_dev_partner(&p.id, MODES | PAUSE, 0x0c00);
	pass_ns(2 * p.id.link_ns);
	assert_true(fn_ctx_process_events(p.ctx) >= 0);
	assert_int_equal(REG(IDEV_CTRL) & (RFCE | TFCE), RFCE);
	port_end();
}

/* Two registers, and none of the PHY, once it was asked. */
static void asked_rarely(void **state)
{
	unsigned reads;

	(void)state;
	port_up();
	assert_link(1000, true, true);
	p.id.phy_dead = true;
	reads = p.id.reads;
	for (unsigned i = 0; i < 100; i++)
		assert_link(1000, true, true);
	assert_in_range(p.id.reads - reads, 100, 200);
	p.id.phy_dead = false;
	intel_dev_cable(&p.id, false);
	assert_false(port_link().up);
	intel_dev_cable(&p.id, true);
	pass_ns(2 * p.id.link_ns);
	assert_link(1000, true, true);
	port_end();
}

/* A PHY that does not answer: the former choice holds, and what is known is said. */
static void phy_fails(void **state)
{
	const struct fn_link_conf former = { .advertise = FN_LINK_100_FULL | FN_LINK_10_FULL };
	struct fn_link_conf is = { .sz = sizeof(is) };
	struct fn_link link;

	(void)state;
	port_up();
	assert_int_equal(set_link(former), 0);
	p.id.phy_error = true;
	assert_int_equal(set_link((struct fn_link_conf){ .advertise = FN_LINK_10_FULL }), -EIO);
	assert_true(says("does not answer for its register"));
	assert_int_equal(fn_dev_get_link_conf(p.dev, &is), 0);
	assert_int_equal(is.advertise, former.advertise);
	link = port_link();
	assert_true(link.up && link.speed_mbps == 100 && !link.autoneg);
	assert_non_null(strstr(p.log, "does not answer"));
	p.id.phy_error = false;
	assert_link(100, true, true);
	/* And no start without one; the next one is as if nothing had been. */
	assert_int_equal(fn_dev_stop(p.dev), 0);
	p.id.phy_error = true;
	assert_int_equal(fn_dev_start(p.dev), -EIO);
	p.id.phy_error = false;
	port_start((struct fn_dev_conf){ 0 });
	assert_link(100, true, true);
	p.id.md.gone = true;
	assert_int_equal(set_link(former), -ENODEV);
	port_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(negotiated),        BOTH(forced),       BOTH(kept_or_mended),
		BOTH(not_renegotiated),  BOTH(pause_agreed), BOTH(pause_forced),
		BOTH(told_by_interrupt), BOTH(asked_rarely), BOTH(phy_fails),
		BOTH(crossed_wires),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
