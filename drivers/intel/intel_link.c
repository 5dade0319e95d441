// SPDX-License-Identifier: BSD-3-Clause
/* The link of a copper port. */
#include <errno.h>

#include "drivers/intel/intel.h"
#include "drivers/intel/intel_link.h"
#include "drivers/intel/intel_pause.h"
#include "drivers/intel/intel_phy.h"

/**
 * struct phy_setting - what the PHY offers
 * @advertise: of 10 and 100 Mb/s, and of flow control
 * @ctrl_1000: of 1000BASE-T
 */
struct phy_setting {
	uint16_t advertise;
	uint16_t ctrl_1000;
};

/* How long a PHY may take to get into loopback: Linux waits for half of it. */
#define LOOP_NS FN_MS(1000)

/* The speed and the duplex mean nothing there; they are as after a reset. */
#define BMCR_NEGOTIATE (INTEL_BMCR_AUTONEG | INTEL_BMCR_SPEED_1000 | INTEL_BMCR_FULL_DUPLEX)

struct mode {
	uint32_t link;
	uint16_t advertise;
};

static uint16_t advertised(const struct fn_link_conf *c)
{
	static const struct mode modes[] = {
		{ FN_LINK_10_HALF, INTEL_ADVERTISE_10_HALF },
		{ FN_LINK_10_FULL, INTEL_ADVERTISE_10_FULL },
		{ FN_LINK_100_HALF, INTEL_ADVERTISE_100_HALF },
		{ FN_LINK_100_FULL, INTEL_ADVERTISE_100_FULL },
	};
	uint16_t bits = intel_pause_advertised(c);

	for (unsigned i = 0; i < FN_ARRAY_LEN(modes); i++)
		if (c->advertise & modes[i].link)
			bits |= modes[i].advertise;
	return bits;
}

static uint16_t forced_bmcr(uint32_t speed_mbps, bool full_duplex)
{
	return (uint16_t)((speed_mbps == 100 ? INTEL_BMCR_SPEED_100 : 0) |
			  (full_duplex ? INTEL_BMCR_FULL_DUPLEX : 0));
}

/* 82574 10.2.2.1, 82576 8.2.1: the MAC goes by what the PHY says, or by what it is told. */
static int tell_mac(struct fn_dev *dev, bool forced, uint32_t speed_mbps, bool full_duplex)
{
	uint32_t ctrl = INTEL_CTRL_SLU;

	if (forced) {
		ctrl |= INTEL_CTRL_FRCSPD | INTEL_CTRL_FRCDPX;
		ctrl |= speed_mbps == 1000 ? INTEL_CTRL_SPEED_1000 :
			speed_mbps == 100  ? INTEL_CTRL_SPEED_100 :
					     INTEL_CTRL_SPEED_10;
		ctrl |= full_duplex ? INTEL_CTRL_FD : 0;
	} else {
		ctrl |= INTEL_CTRL_SPEED_1000 | INTEL_CTRL_FD;
	}
	return intel_change(dev, INTEL_CTRL,
			    INTEL_CTRL_FRCSPD | INTEL_CTRL_FRCDPX | INTEL_CTRL_SPEED_MASK |
				    INTEL_CTRL_FD | INTEL_CTRL_RFCE | INTEL_CTRL_TFCE,
			    ctrl);
}

/* Also one that says that it failed may have got there. */
static int tell_phy(struct fn_dev *dev, unsigned reg, uint16_t value)
{
	intel_port_of(dev)->diag.link_touched = true;
	return intel_phy_write(dev, reg, value);
}

/* Change the bits of a register that are @mask; what else it says stays. Whether it was another. */
static int change(struct fn_dev *dev, unsigned reg, uint16_t mask, uint16_t bits, bool *changed)
{
	uint16_t is;
	int ret = intel_phy_read(dev, reg, &is);

	if (ret || (is & mask) == bits)
		return ret;
	*changed = true;
	return tell_phy(dev, reg, (uint16_t)((is & ~mask) | bits));
}

/*
 * Out of what was: the other end sees the link go. Without it QEMU's igb would have none after a
 * reset, forced or not (test link_forced).
 */
static int begin_anew(struct fn_dev *dev)
{
	return tell_phy(dev, INTEL_PHY_BMCR, BMCR_NEGOTIATE | INTEL_BMCR_RESTART);
}

/* 802.3 22.2.4.1.1: within 0.5 s. Nothing but this bit is asked for meanwhile (I210 3.7.2.2). */
static int reset_ends(struct fn_dev *dev)
{
	const uint64_t start_ns = fn_dev_now_ns(dev);
	uint16_t bmcr;
	int ret;

	do {
		fn_dev_delay_ns(dev, FN_MS(1));
		ret = intel_phy_read(dev, INTEL_PHY_BMCR, &bmcr);
		if (ret || !(bmcr & INTEL_BMCR_RESET))
			return ret;
	} while (fn_dev_now_ns(dev) - start_ns < FN_MS(500));
	return fn_fail(-EIO,
		       "%s: the reset of its PHY (BMCR.15) does not end within 500 ms: turn the "
		       "machine off and on",
		       dev->bus->name);
}

/* A reset, of which PHYs that keep something over it keep @bmcr. */
static int reset_phy(struct fn_dev *dev, uint16_t bmcr)
{
	const int ret = tell_phy(dev, INTEL_PHY_BMCR, bmcr | INTEL_BMCR_RESET);

	return ret ? ret : reset_ends(dev);
}

static int take_on(struct fn_dev *dev, const struct intel_phy_kind *phy, uint16_t bmcr)
{
	return phy->resets ? reset_phy(dev, bmcr) : tell_phy(dev, INTEL_PHY_BMCR, bmcr);
}

/* Out of loopback by a reset of the PHY, as in Linux: what those bits are else no paper says. */
static int leave_loop(struct fn_dev *dev, const struct intel_phy_kind *phy, bool *changed)
{
	uint16_t value = 0;
	int ret;

	if (!phy->loop)
		return 0;
	ret = intel_phy_read(dev, phy->loop, &value);
	if (ret || (value & phy->loop_bits) != phy->loop_bits)
		return ret;
	*changed = true;
	return reset_phy(dev, 0);
}

/*
 * Auto-MDIX finds out whether the cable crosses the pairs. Whoever forces a PHY's speed turns it
 * off: while nothing is negotiated it would find nothing, and there would be no link.
 */
static int set_mdix(struct fn_dev *dev, const struct intel_phy_kind *phy, bool automatic,
		    bool *changed)
{
	int ret = 0;

	if (phy->page)
		ret = intel_phy_write(dev, phy->page, 0);
	if (!ret && phy->mdi)
		ret = change(dev, phy->mdi, phy->mdi_mask, automatic ? phy->mdi_auto : 0, changed);
	return ret;
}

/* What kinds of PHYs have each its own way: out of loopback, and MDI as the link wants it. */
static int set_kind(struct fn_dev *dev, const struct intel_phy_kind *phy, bool auto_mdix,
		    bool *changed)
{
	const int ret = leave_loop(dev, phy, changed);

	return ret ? ret : set_mdix(dev, phy, auto_mdix, changed);
}

/*
 * A reset of the MAC leaves the PHY alone, and negotiation takes seconds: a link that is as it
 * shall be stays. Else it begins anew, out of power-down and loopback too; and when something was
 * begun before and failed, which the MAC may have seen come up at a speed of its own.
 */
static int negotiate(struct fn_dev *dev, const struct phy_setting *s)
{
	const uint16_t wrong = INTEL_BMCR_RESET | INTEL_BMCR_LOOPBACK | INTEL_BMCR_POWER_DOWN;
	bool changed = intel_port_of(dev)->diag.link_touched;
	bool kind_changed = changed;
	const struct intel_phy_kind *phy;
	uint16_t bmcr;
	uint16_t bmsr;
	int ret = intel_phy_kind(dev, &phy);

	if (!ret)
		ret = set_kind(dev, phy, true, &kind_changed);
	if (!ret)
		ret = change(dev, INTEL_PHY_ADVERTISE, INTEL_ADVERTISE_MODES, s->advertise,
			     &changed);
	if (!ret)
		ret = change(dev, INTEL_PHY_CTRL_1000, INTEL_CTRL_1000_HALF | INTEL_CTRL_1000_FULL,
			     s->ctrl_1000, &changed);
	if (!ret)
		ret = intel_phy_read(dev, INTEL_PHY_BMCR, &bmcr);
	if (!ret)
		ret = intel_phy_read(dev, INTEL_PHY_BMSR, &bmsr);
	if (ret)
		return ret;
	if (kind_changed)
		return take_on(dev, phy, BMCR_NEGOTIATE | INTEL_BMCR_RESTART);
	if (!changed && (bmcr & (wrong | INTEL_BMCR_AUTONEG)) == INTEL_BMCR_AUTONEG &&
	    (bmsr & INTEL_BMSR_AUTONEG_DONE))
		return 0;
	return begin_anew(dev);
}

/* A speed that is told to the PHY, and by it to nobody. */
static int force(struct fn_dev *dev, uint16_t bmcr)
{
	const struct intel_phy_kind *phy;
	bool changed;
	int ret = intel_phy_kind(dev, &phy);

	if (!ret)
		ret = begin_anew(dev);
	if (!ret)
		ret = set_kind(dev, phy, false, &changed);
	return ret ? ret : take_on(dev, phy, bmcr);
}

static int set_up(struct fn_dev *dev, const struct fn_link_conf *c)
{
	const struct phy_setting s = {
		.advertise = advertised(c),
		.ctrl_1000 = c->advertise & FN_LINK_1000_FULL ? INTEL_CTRL_1000_FULL : 0,
	};
	int ret;

	intel_port_of(dev)->diag.link_settled = false;
	intel_pause_start(dev);
	/* I210 3.7.4.4.5: both alike, and the MAC first. */
	ret = tell_mac(dev, c->forced, c->speed_mbps, c->full_duplex);
	/* What is forced waits for nobody; a link that comes up with half duplex takes it back. */
	if (!ret && c->pause_forced)
		ret = intel_pause_apply(dev, c, true, 0);
	if (ret)
		return ret;
	return c->forced ? force(dev, forced_bmcr(c->speed_mbps, c->full_duplex)) :
			   negotiate(dev, &s);
}

/*
 * 802.3 22.2.4.1.2, 82576 3.5.6.3.1: what is sent comes back from inside the PHY, and leaves by no
 * wire. The PHY needs a moment; one that never says that it is ready is tried all the same.
 */
static int loop_back(struct fn_dev *dev)
{
	const struct intel_phy_kind *phy;
	bool changed;
	int ret;

	intel_port_of(dev)->diag.looped = true;
	ret = tell_mac(dev, true, 1000, true);
	if (!ret)
		ret = intel_phy_kind(dev, &phy);
	if (!ret)
		ret = begin_anew(dev);
	if (!ret && phy->loop)
		ret = change(dev, phy->loop, phy->loop_bits, phy->loop_bits, &changed);
	if (!ret)
		ret = tell_phy(dev, INTEL_PHY_BMCR,
			       INTEL_BMCR_LOOPBACK | INTEL_BMCR_SPEED_1000 |
				       INTEL_BMCR_FULL_DUPLEX);
	if (!ret)
		ret = intel_wait(dev, INTEL_STATUS, INTEL_STATUS_LU, INTEL_STATUS_LU, LOOP_NS);
	return ret == -ETIMEDOUT ? 0 : ret;
}

static int mark(struct fn_dev *dev, int ret)
{
	return ret == -ENODEV ? fn_dev_mark_gone(dev) : ret;
}

int intel_link_start(struct fn_dev *dev)
{
	intel_port_of(dev)->diag.link_touched = false;
	return mark(dev, dev->loopback ? loop_back(dev) : set_up(dev, &dev->link_conf));
}

void intel_link_stop(struct fn_dev *dev)
{
	struct intel_diag *diag = &intel_port_of(dev)->diag;

	diag->link_settled = false;
	if (diag->looped && set_up(dev, &dev->link_conf))
		fn_log(dev->ctx, FN_LOG_WARN, "%s", fn_error_last());
	diag->looped = false;
}

/* Once for each time that it comes up: the PHY is slow to ask. */
static int settle(struct fn_dev *dev, const struct fn_link_conf *c, bool full_duplex)
{
	struct intel_port *port = intel_port_of(dev);
	uint16_t partner = 0;
	uint16_t own = 0;
	uint16_t bmsr;
	int ret;

	ret = intel_phy_read(dev, INTEL_PHY_BMSR, &bmsr);
	if (!ret)
		ret = intel_phy_read(dev, INTEL_PHY_ADVERTISE, &own);
	if (!ret)
		ret = intel_phy_read(dev, INTEL_PHY_PARTNER, &partner);
	if (ret)
		return ret;
	port->diag.link_autoneg = !c->forced && (bmsr & INTEL_BMSR_AUTONEG_DONE);
	ret = intel_pause_apply(dev, c, full_duplex,
				port->diag.link_autoneg ? intel_pause_agreed(own, partner) : 0);
	port->diag.link_settled = !ret;
	return ret;
}

static int look(struct fn_dev *dev, const struct fn_link_conf *c, uint32_t *status)
{
	struct intel_port *port = intel_port_of(dev);

	*status = intel_look(port, INTEL_STATUS);
	if (intel_is_gone(dev, *status))
		return fn_dev_mark_gone(dev);
	if (!(*status & INTEL_STATUS_LU) || dev->state != FN_DEV_STARTED)
		port->diag.link_settled = false;
	else if (!port->diag.link_settled)
		return settle(dev, c, *status & INTEL_STATUS_FD);
	return 0;
}

int intel_set_link_conf(struct fn_dev *dev, const struct fn_link_conf *c)
{
	struct intel_diag *diag = &intel_port_of(dev)->diag;
	struct fn_first_error first = { 0 };
	uint32_t status;
	int restored;
	int ret;

	diag->link_touched = false;
	ret = set_up(dev, c);
	/* A link that did not go down for it will not be told of. */
	if (!ret)
		ret = look(dev, c, &status);
	if (!ret || ret == -ENODEV)
		return mark(dev, ret);
	/* The former choice holds. */
	fn_first_error_note(&first, ret);
	restored = set_up(dev, &dev->link_conf);
	if (restored == -ENODEV)
		return mark(dev, restored);
	if (restored && diag->link_touched)
		fn_dev_mark_broken(dev, "its former link cannot be set up again");
	return fn_first_error_fail(&first);
}

void intel_link_changed(struct fn_dev *dev)
{
	uint32_t status;

	intel_port_of(dev)->diag.link_settled = false;
	if (look(dev, &dev->link_conf, &status))
		fn_log(dev->ctx, FN_LOG_WARN, "%s", fn_error_last());
}

int intel_link(struct fn_dev *dev, struct fn_link *link)
{
	static const uint16_t speeds[] = { 10, 100, 1000, 1000 };
	struct intel_port *port = intel_port_of(dev);
	uint32_t status;
	uint32_t ctrl;
	int ret = look(dev, &dev->link_conf, &status);

	if (ret == -ENODEV)
		return ret;
	/* A PHY that does not answer is no reason to say nothing of the link. */
	if (ret)
		fn_log(dev->ctx, FN_LOG_WARN, "%s", fn_error_last());
	link->up = status & INTEL_STATUS_LU;
	if (!link->up)
		return 0;
	ctrl = intel_look(port, INTEL_CTRL);
	link->full_duplex = status & INTEL_STATUS_FD;
	link->speed_mbps = speeds[(status & INTEL_STATUS_SPEED_MASK) >> INTEL_STATUS_SPEED_SHIFT];
	link->autoneg = port->diag.link_settled && port->diag.link_autoneg;
	link->rx_pause = port->diag.link_settled && (ctrl & INTEL_CTRL_RFCE);
	link->tx_pause = port->diag.link_settled && (ctrl & INTEL_CTRL_TFCE);
	return 0;
}
