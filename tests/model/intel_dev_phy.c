// SPDX-License-Identifier: BSD-3-Clause
/*
 * The Intel model's PHY behind MDIC, and the link: autonegotiation and forced modes (802.3 22.2.4,
 * 28.2, 40.5), loopback, and pause frames (802.3 31B).
 */
#include <string.h>

#include "model/intel_dev.h"

#define REG(off) id->reg[(off) / 4]

/* MII registers (802.3 22.2.4). */
#define BMCR 0u
#define BMCR_SPEED_1000 0x0040u
#define BMCR_RESTART 0x0200u
#define BMCR_POWER_DOWN 0x0800u
#define BMCR_AUTONEG 0x1000u
#define BMCR_SPEED_100 0x2000u
#define BMCR_LOOPBACK 0x4000u
#define BMCR_RESET 0x8000u
#define BMSR 1u
#define BMSR_LINK 0x0004u
#define BMSR_DONE 0x0020u
#define PHY_ID1 2u
#define PHY_ID2 3u
#define ANAR 4u
#define ANLPAR 5u
#define CTRL_1000 9u
#define STAT_1000 10u
#define ESTATUS 15u
/* Of both PHYs: what was negotiated: speed in bits 15:14, duplex in 13. */
#define SPECIFIC 17u

#define PHY_82574 0x01410cb0u
#define PHY_82576 0x02a80390u
#define PHY_I350 0x015403b0u

/* I350: what loopback wants beside BMCR, and no link without it. */
#define I350_LOOP 19u
#define I350_LOOP_BITS 0x8041u

/**
 * struct crossover - where a PHY is told what to do about crossed wires
 * @reg: the register; 0: it finds them by itself, and a forced speed is no matter
 * @page: the register that says of which page that is, which is page 0; 0: there are none
 * @mask: of it: the bits
 * @finds: it is to find them by itself, and then has no link with a forced speed
 */
struct crossover {
	unsigned reg;
	unsigned page;
	uint16_t mask;
	uint16_t finds;
};

static struct crossover crossover(const struct intel_dev *id)
{
	switch (id->phy_id & ~0xfu) {
	case PHY_82574:
		return (struct crossover){ 16, 22, 0x0060, 0x0060 };
	case PHY_82576:
		return (struct crossover){ 18, 31, 0x3000, 0x1000 };
	case PHY_I350:
		return (struct crossover){ 18, 0, 0x0600, 0x0400 };
	default:
		return (struct crossover){ 0 };
	}
}

static bool is_marvell(const struct intel_dev *id)
{
	return id->phy_id >> 16 == 0x0141;
}

static bool crossover_is_told(const struct intel_dev *id)
{
	const struct crossover c = crossover(id);

	return c.reg && (id->phy[c.reg] & c.mask) == c.finds;
}

/* Marvell's goes by what it took on with its last reset, others by what they are told. */
bool intel_dev_looks_for_crossed(const struct intel_dev *id)
{
	return is_marvell(id) ? id->phy_crosses : crossover_is_told(id);
}

static const uint8_t pause_group[6] = { 0x01, 0x80, 0xc2, 0x00, 0x00, 0x01 };

void intel_dev_phy_reset(struct intel_dev *id)
{
	const uint16_t partner[2] = { id->phy[ANLPAR], id->phy[STAT_1000] };

	memset(id->phy, 0, sizeof(id->phy));
	id->phy[BMCR] = BMCR_AUTONEG | BMCR_SPEED_1000 | 0x0100;
	id->bmcr_taken = id->phy[BMCR];
	id->phy[BMSR] = 0x7949;
	id->phy[PHY_ID1] = (uint16_t)(id->phy_id >> 16);
	id->phy[PHY_ID2] = (uint16_t)id->phy_id;
	id->phy[ANAR] = 0x0de1;
	id->phy[CTRL_1000] = 0x0300;
	id->phy[ESTATUS] = 0x3000;
	id->phy[ANLPAR] = partner[0];
	id->phy[STAT_1000] = partner[1];
	if (crossover(id).reg)
		id->phy[crossover(id).reg] = crossover(id).finds;
	id->phy_crosses = crossover_is_told(id);
}

/*
 * The best that both sides can: 82574 10.2.2.2, 82576 8.2.2: speed as in STATUS, and duplex. False:
 * nothing.
 */
static bool negotiate(const struct intel_dev *id, unsigned *speed, bool *full)
{
	const unsigned common = id->phy[ANAR] & id->phy[ANLPAR];
	/* The partner's bits for 1000BASE-T stand two higher than one's own (802.3 40.5.1.1). */
	const unsigned common_1000 = id->phy[CTRL_1000] & id->phy[STAT_1000] >> 2;

	if (common_1000 & 0x0300) {
		*speed = 2;
		*full = common_1000 & 0x0200;
	} else if (common & 0x0180) {
		*speed = 1;
		*full = common & 0x0100;
	} else if (common & 0x0060) {
		*speed = 0;
		*full = common & 0x0040;
	} else {
		return false;
	}
	return true;
}

/*
 * What the PHY goes by. Marvell's, which the 82574 has, takes a speed, a duplex and that it is to
 * negotiate on with a reset, or when negotiation is begun anew; loopback goes by what is written.
 */
static uint16_t bmcr_of(const struct intel_dev *id)
{
	const bool taken = is_marvell(id) && !(id->phy[BMCR] & BMCR_LOOPBACK);

	return taken ? id->bmcr_taken : id->phy[BMCR];
}

/* A MAC that is forced to another speed than the PHY's has no link (82574 10.2.2.1, I210 3.7.4). */
static bool resolve(const struct intel_dev *id, unsigned *speed, bool *full)
{
	const uint16_t bmcr = bmcr_of(id);
	const uint32_t ctrl = REG(IDEV_CTRL);

	if (bmcr & BMCR_AUTONEG) {
		if (!negotiate(id, speed, full))
			return false;
	} else {
		*speed = bmcr & BMCR_SPEED_1000 ? 2 : bmcr & BMCR_SPEED_100 ? 1 : 0;
		*full = bmcr & 0x0100;
	}
	return !(ctrl & IDEV_CTRL_FRCSPD) || IDEV_CTRL_SPEED(ctrl) == *speed;
}

/* What the MAC goes by: the PHY, or what CTRL forces (82574 10.2.2.1, 82576 8.2.1). */
static uint32_t status_of(const struct intel_dev *id, unsigned speed, bool full)
{
	const uint32_t ctrl = REG(IDEV_CTRL);

	if (ctrl & IDEV_CTRL_FRCSPD)
		speed = IDEV_CTRL_SPEED(ctrl);
	if (ctrl & IDEV_CTRL_FRCDPX)
		full = ctrl & IDEV_CTRL_FD;
	return IDEV_STATUS_LU | speed << IDEV_STATUS_SPEED_SHIFT | (full ? IDEV_STATUS_FD : 0);
}

static void link_down(struct intel_dev *id)
{
	REG(IDEV_STATUS) &= ~(IDEV_STATUS_LU | IDEV_STATUS_FD | IDEV_STATUS_SPEED_MASK);
	id->phy[BMSR] &= (uint16_t) ~(BMSR_LINK | BMSR_DONE);
	id->phy[SPECIFIC] = 0;
}

static void link_up(struct intel_dev *id, unsigned speed, bool full)
{
	REG(IDEV_STATUS) &= ~(IDEV_STATUS_FD | IDEV_STATUS_SPEED_MASK);
	REG(IDEV_STATUS) |= status_of(id, speed, full);
	id->phy[BMSR] |= BMSR_LINK | (bmcr_of(id) & BMCR_AUTONEG ? BMSR_DONE : 0);
	id->phy[SPECIFIC] = (uint16_t)(speed << 14 | (full ? 0x2000 : 0) | 0x0c00);
}

/* Whether the PHY has, or could have, a link. */
static bool phy_can(const struct intel_dev *id)
{
	const uint16_t bmcr = id->phy[BMCR];

	if (bmcr & (BMCR_RESET | BMCR_POWER_DOWN))
		return false;
	if ((id->phy_id & ~0xfu) == PHY_I350 &&
	    ((id->phy[I350_LOOP] & I350_LOOP_BITS) == I350_LOOP_BITS) != !!(bmcr & BMCR_LOOPBACK))
		return false;
	if (bmcr & BMCR_LOOPBACK)
		return true;
	return id->cable && ((bmcr_of(id) & BMCR_AUTONEG) || !intel_dev_looks_for_crossed(id));
}

static void negotiated(void *arg, uint64_t value)
{
	struct intel_dev *id = arg;
	unsigned speed;
	bool full;

	(void)value;
	if (!phy_can(id) || !(REG(IDEV_CTRL) & IDEV_CTRL_SLU) || id->md.gone ||
	    intel_dev_link_up(id) || !resolve(id, &speed, &full))
		return;
	link_up(id, speed, full);
	intel_dev_cause(id, IDEV_ICR_LSC);
	intel_dev_serve_all(id);
}

void intel_dev_link_look(struct intel_dev *id)
{
	if (!phy_can(id))
		id->phy[BMSR] &= (uint16_t) ~(BMSR_LINK | BMSR_DONE);
	if (!phy_can(id) || !(REG(IDEV_CTRL) & IDEV_CTRL_SLU)) {
		if (intel_dev_link_up(id)) {
			link_down(id);
			intel_dev_cause(id, IDEV_ICR_LSC);
		}
	} else if (!intel_dev_link_up(id) && !model_clock_pending(id->md.clock, negotiated, id)) {
		model_clock_after(id->md.clock, id->link_ns, negotiated, id, 0);
	}
}

/* The link goes, and comes back when there is one to be had. */
static void renegotiate(struct intel_dev *id)
{
	if (intel_dev_link_up(id)) {
		link_down(id);
		intel_dev_cause(id, IDEV_ICR_LSC);
	}
	(void)model_clock_cancel(id->md.clock, negotiated, id);
	intel_dev_link_look(id);
}

/* The PHY keeps its link over a reset of the MAC. */
void intel_dev_mac_link_lost(struct intel_dev *id)
{
	/* A reset of the PHY goes on by itself; its end was a timer of the MAC's. */
	if (id->phy[BMCR] & BMCR_RESET)
		intel_dev_phy_reset(id);
	REG(IDEV_STATUS) &= ~(IDEV_STATUS_LU | IDEV_STATUS_FD | IDEV_STATUS_SPEED_MASK);
}

void intel_dev_link_lost(struct intel_dev *id)
{
	intel_dev_mac_link_lost(id);
	link_down(id);
}

void intel_dev_cable(struct intel_dev *id, bool plugged)
{
	id->cable = plugged;
	intel_dev_link_look(id);
}

void intel_dev_partner(struct intel_dev *id, uint16_t ability, uint16_t ability_1000)
{
	id->phy[ANLPAR] = ability;
	id->phy[STAT_1000] = ability_1000;
	renegotiate(id);
}

/* A loopback of the MAC needs no link; one of the PHY makes its own, which the MAC has to take. */
bool intel_dev_loops(const struct intel_dev *id)
{
	return (REG(IDEV_RCTL) & IDEV_RCTL_LBM_MASK) == IDEV_RCTL_LBM_MAC ||
	       ((id->phy[BMCR] & BMCR_LOOPBACK) && intel_dev_link_up(id));
}

static void phy_reset_done(void *arg, uint64_t value)
{
	struct intel_dev *id = arg;
	const uint16_t kept[] = { id->phy[BMCR] & (uint16_t)~BMCR_RESET, id->phy[ANAR],
				  id->phy[CTRL_1000], id->phy[crossover(id).reg] };

	(void)value;
	intel_dev_phy_reset(id);
	/* Marvell's, which the 82574 has, takes these on with a reset and keeps them over it. */
	if (is_marvell(id)) {
		id->phy[crossover(id).reg] = kept[3];
		id->phy[BMCR] = id->bmcr_taken = kept[0];
		id->phy[ANAR] = kept[1];
		id->phy[CTRL_1000] = kept[2];
		id->phy_crosses = crossover_is_told(id);
	}
	REG(IDEV_STATUS) |= IDEV_STATUS_PHYRA;
	intel_dev_link_look(id);
}

static void bmcr_write(struct intel_dev *id, uint16_t value)
{
	const uint16_t before = id->phy[BMCR];

	/* Restarting clears itself at once, reset when it is done. */
	id->phy[BMCR] = value & (uint16_t)~BMCR_RESTART;
	if ((value & BMCR_RESTART) && (value & BMCR_AUTONEG))
		id->bmcr_taken = id->phy[BMCR];
	if (value & BMCR_RESET) {
		renegotiate(id);
		model_dev_later(&id->md, phy_reset_done, id, 0);
	} else if (((value & BMCR_RESTART) && (value & BMCR_AUTONEG)) || before != id->phy[BMCR]) {
		renegotiate(id);
	}
}

/* A register of another page than 0 is none that the model has. */
static bool is_of_other_page(const struct intel_dev *id, unsigned reg)
{
	const struct crossover c = crossover(id);

	return c.page && reg == c.reg && id->phy[c.page];
}

static void phy_write(struct intel_dev *id, unsigned reg, uint16_t value)
{
	if (id->phy[BMCR] & BMCR_RESET)
		intel_dev_violation(id, "the PHY is written while it resets itself");
	if (reg == BMCR)
		bmcr_write(id, value);
	else if (reg != BMSR && reg != PHY_ID1 && reg != PHY_ID2 && reg != ANLPAR &&
		 reg != STAT_1000 && reg != ESTATUS && reg != SPECIFIC &&
		 !is_of_other_page(id, reg))
		id->phy[reg] = value;
	if (reg == crossover(id).reg)
		intel_dev_link_look(id);
}

static void mdic_done(void *arg, uint64_t value)
{
	struct intel_dev *id = arg;
	const uint32_t cmd = (uint32_t)value;
	const unsigned reg = cmd >> 16 & 31;
	uint32_t data = cmd & 0xffff;

	if (id->phy_dead)
		return;
	if ((cmd >> 21 & 31) != 1 || id->phy_error) {
		REG(IDEV_MDIC) = cmd | IDEV_MDIC_READY | IDEV_MDIC_ERROR;
		return;
	}
	if (cmd & IDEV_MDIC_READ)
		data = id->phy[reg];
	else
		phy_write(id, reg, (uint16_t)data);
	REG(IDEV_MDIC) = (cmd & 0xffff0000u) | data | IDEV_MDIC_READY;
	if (cmd & IDEV_MDIC_INT)
		intel_dev_cause(id, IDEV_ICR_MDAC);
}

void intel_dev_mdic_write(struct intel_dev *id, uint32_t value)
{
	const uint32_t op = value & (IDEV_MDIC_READ | IDEV_MDIC_WRITE);

	intel_dev_check_set_up(id);
	if (model_clock_pending(id->md.clock, mdic_done, id))
		intel_dev_violation(id, "MDIC is written before it was READY (10.2.2.7, 8.2.4)");
	if (op != IDEV_MDIC_READ && op != IDEV_MDIC_WRITE)
		intel_dev_violation(id, "MDIC is written with no operation (10.2.2.7, 8.2.4)");
	if (!intel_dev_owns_phy(id))
		intel_dev_violation(id, "MDIC without the semaphore of the PHY (82574 EXTCNF_CTRL, "
					"82576 SW_FW_SYNC)");
	REG(IDEV_MDIC) = value & ~(IDEV_MDIC_READY | IDEV_MDIC_ERROR);
	model_dev_later(&id->md, mdic_done, id, REG(IDEV_MDIC));
}

static void pause_over(void *arg, uint64_t value)
{
	(void)value;
	intel_dev_serve_all(arg);
}

/* 802.3 31B.2: time in units of 512 bit times. */
static void pause_is(struct intel_dev *id, uint32_t quanta)
{
	static const uint32_t ns_per_bit[] = { 100, 10, 1, 1 };
	const unsigned speed =
		(REG(IDEV_STATUS) & IDEV_STATUS_SPEED_MASK) >> IDEV_STATUS_SPEED_SHIFT;

	id->pause_until_ns = id->md.clock->now_ns + (uint64_t)quanta * 512 * ns_per_bit[speed];
	(void)model_clock_cancel(id->md.clock, pause_over, id);
	if (quanta)
		model_clock_after(id->md.clock, id->pause_until_ns - id->md.clock->now_ns,
				  pause_over, id, 0);
	else
		intel_dev_serve_all(id);
}

bool intel_dev_pause(struct intel_dev *id, const uint8_t *frame, uint32_t len)
{
	if (len < 18 || model_be16(frame + 12) != 0x8808 || model_be16(frame + 14) != 1 ||
	    memcmp(frame, pause_group, sizeof(pause_group)) != 0)
		return false;
	if (!(REG(IDEV_CTRL) & IDEV_CTRL_RFCE)) {
		intel_dev_count(id, IDEV_FCRUC, 1);
		return false;
	}
	intel_dev_count(id, model_be16(frame + 16) ? IDEV_XOFFRXC : IDEV_XONRXC, 1);
	pause_is(id, model_be16(frame + 16));
	return true;
}
