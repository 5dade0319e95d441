// SPDX-License-Identifier: BSD-3-Clause
/* The Intel model's registers: general ones, statistics, the queues' own; resets. */
#include <string.h>

#include "model/intel_dev.h"

#define REG(off) id->reg[(off) / 4]

static struct intel_dev *intel_of(struct model_dev *md)
{
	return fn_container_of(md, struct intel_dev, md);
}

void intel_dev_count(struct intel_dev *id, uint32_t off, uint32_t n)
{
	/* A queue's own run on (I210 8.19.1). */
	if (off >= IDEV_PQGPRC(0)) {
		REG(off) += n;
		return;
	}
	/* They stick at the top (82574 10.2, I210 8.18). */
	REG(off) = n > UINT32_MAX - REG(off) ? UINT32_MAX : REG(off) + n;
}

void intel_dev_count64(struct intel_dev *id, uint32_t off_low, uint32_t n)
{
	const uint64_t sum = ((uint64_t)REG(off_low + 4) << 32 | REG(off_low)) + n;

	REG(off_low) = (uint32_t)sum;
	REG(off_low + 4) = (uint32_t)(sum >> 32);
}

uint32_t intel_dev_size_bin(uint32_t off_64, uint32_t len)
{
	static const uint32_t last[] = { 64, 127, 255, 511, 1023 };
	unsigned bin = 0;

	while (bin < FN_ARRAY_LEN(last) && len > last[bin])
		bin++;
	return off_64 + 4 * bin;
}

static bool resets(const struct intel_dev *id)
{
	return id->reset_until_ns > id->md.clock->now_ns;
}

static void nvm_is_read(void *arg, uint64_t value)
{
	struct intel_dev *id = arg;

	(void)value;
	if (id->md.gone)
		return;
	intel_dev_auto_read(id);
	id->set_up_until_ns = id->md.clock->now_ns + id->set_up_ns;
}

/*
 * What a reset leaves (82574 4.6, 82576 chapter 4): all registers, not the NVM, not the PHY, and no
 * semaphore: whoever has one gives it back itself.
 */
static void mac_reset(struct intel_dev *id)
{
	const uint32_t swsm = REG(IDEV_SWSM);
	const uint32_t sync = REG(IDEV_SW_FW_SYNC);
	const uint32_t extcnf = REG(IDEV_EXTCNF_CTRL);

	model_shadow_clear(&id->md);
	(void)model_clock_cancel(id->md.clock, NULL, id);
	memset(id->reg, 0, sizeof(id->reg));
	memset(id->part, 0, sizeof(id->part));
	memset(id->txq, 0, sizeof(id->txq));
	memset(id->vector, 0, sizeof(id->vector));
	memset(id->delay, 0, sizeof(id->delay));
	memset(id->want_on, 0, sizeof(id->want_on));
	id->pause_until_ns = 0;
	REG(IDEV_SWSM) = swsm;
	REG(IDEV_CTRL) = id->stale_ctrl;
	REG(IDEV_STATUS) = IDEV_STATUS_GIO_MASTER | IDEV_STATUS_LAN_ID(id->lan_id);
	REG(IDEV_EECD) = IDEV_EECD_PRES;
	REG(IDEV_VET) = 0x8100;
	REG(IDEV_RXCSUM) = IDEV_RXCSUM_IPOFL | IDEV_RXCSUM_TUOFL;
	if (id->family == INTEL_82574) {
		REG(IDEV_TARC(0)) = IDEV_TARC_ENABLE | 3;
		REG(IDEV_TARC(1)) = IDEV_TARC_ENABLE | 3;
		REG(IDEV_RXCSUM) = 0;
		REG(IDEV_EXTCNF_CTRL) = extcnf;
		REG(IDEV_PBA) = 0x00140014; /* 20 KiB each way */
	} else {
		REG(IDEV_SW_FW_SYNC) = sync;
		REG(IDEV_RXPBS) = 64;
		REG(IDEV_TXPBS) = 40;
	}
	for (uint32_t off = IDEV_STATS; id->stale_stats && off < IDEV_STATS_END_74; off += 4)
		REG(off) = 0x100 + off;
	intel_dev_mac_link_lost(id);
}

static void master_off(void *arg, uint64_t value)
{
	struct intel_dev *id = arg;

	(void)value;
	if (!intel_dev_may_master(id) && !id->master_stuck)
		REG(IDEV_STATUS) &= ~IDEV_STATUS_GIO_MASTER;
}

bool intel_dev_may_master(const struct intel_dev *id)
{
	return !(REG(IDEV_CTRL) & IDEV_CTRL_GIO_MASTER_DISABLE);
}

void intel_dev_serve_all(struct intel_dev *id)
{
	for (unsigned i = 0; id->auto_tx && i < id->queues; i++)
		(void)intel_dev_transmit(id, i, UINT32_MAX);
}

/* 82576 5.2.3.3: what is on its way to memory when the device is reset may be cut in the middle. */
static void check_reset(struct intel_dev *id)
{
	if (intel_dev_may_master(id) &&
	    (REG(IDEV_RCTL) & IDEV_RCTL_EN || REG(IDEV_TCTL) & IDEV_TCTL_EN))
		intel_dev_violation(id, "a reset without master disable before it (82576 5.2.3.3)");
}

static void ctrl_write(struct intel_dev *id, uint32_t value)
{
	if (value & IDEV_CTRL_RST) {
		REG(IDEV_CTRL) |= value & IDEV_CTRL_GIO_MASTER_DISABLE;
		check_reset(id);
		mac_reset(id);
		id->reset_until_ns = id->md.clock->now_ns + id->reset_ns;
		model_clock_after(id->md.clock, id->reset_ns + id->auto_read_ns, nvm_is_read, id,
				  0);
		return;
	}
	REG(IDEV_CTRL) = value & ~IDEV_CTRL_PHY_RST;
	if (!intel_dev_may_master(id))
		model_dev_later(&id->md, master_off, id, 0);
	else
		REG(IDEV_STATUS) |= IDEV_STATUS_GIO_MASTER;
	if (value & IDEV_CTRL_PHY_RST) {
		intel_dev_phy_reset(id);
		intel_dev_link_lost(id);
		REG(IDEV_STATUS) |= IDEV_STATUS_PHYRA;
	}
	if ((value & IDEV_CTRL_TFCE) && !(REG(IDEV_FCTTV) & 0xffff))
		intel_dev_violation(id, "XOFF asks for a pause of no time (FCTTV; 802.3 31B.2)");
	intel_dev_link_look(id);
}

/* A driver acknowledges a reset of the PHY; all else is read only. */
static void status_write(struct intel_dev *id, uint32_t value)
{
	if (!(value & IDEV_STATUS_PHYRA))
		REG(IDEV_STATUS) &= ~IDEV_STATUS_PHYRA;
}

/* Bits that are reserved, or that a device with advanced descriptors does not have. */
static void rctl_write(struct intel_dev *id, uint32_t value)
{
	const uint32_t reserved = 1u << 0 | 1u << 14 | 1u << 24 | 1u << 31;
	bool ready = false;

	if (value & (id->family == INTEL_82576 ? reserved | 0xfa000000u : reserved))
		intel_dev_violation(id, "a reserved bit of RCTL (82574 10.2.5.1, 82576 8.10.1)");
	for (unsigned i = 0; i < id->queues; i++)
		ready = ready || intel_dev_ring_size(id, false, i);
	if ((value & IDEV_RCTL_EN) && !ready)
		intel_dev_violation(id, "the receiver is on before a ring is set up (82574 4.6)");
	REG(IDEV_RCTL) = value;
}

static void tctl_write(struct intel_dev *id, uint32_t value)
{
	if (id->family == INTEL_82574 && (value & IDEV_TCTL_EN))
		for (unsigned i = 0; i < id->queues; i++)
			if (intel_dev_ring_size(id, true, i) &&
			    !(*intel_dev_qreg(id, true, i, IDEV_Q_CTL) & IDEV_TXDCTL_COUNT))
				intel_dev_violation(id, "TXDCTL bit 22 is not set (82574 10.2.6)");
	REG(IDEV_TCTL) = value;
	if (value & IDEV_TCTL_EN)
		intel_dev_serve_all(id);
}

static void reta_write(struct intel_dev *id, uint32_t off, uint32_t value)
{
	if (value & (id->family == INTEL_82576 ? 0xf0f0f0f0u : 0x7f7f7f7fu))
		intel_dev_violation(id, "a reserved bit of RETA (82574 10.2.5, 82576 8.10)");
	REG(off) = value;
}

struct range {
	uint32_t from;
	uint32_t to;       /* behind it */
	unsigned families; /* 1 << enum intel_family; 4: the 82576's successors */
};

/* Registers that keep what is written: all others that are not handled below are unknown. */
static const struct range plain[] = {
	{ IDEV_CTRL_EXT, IDEV_CTRL_EXT + 4, 3 }, { IDEV_FCAL, IDEV_FCT + 4, 3 },
	{ IDEV_VET, IDEV_VET + 4, 3 },           { IDEV_ITR, IDEV_ITR + 4, 1 },
	{ IDEV_EIAC_74, IDEV_EIAC_74 + 4, 1 },   { IDEV_IVAR_74, IDEV_EITR_74 + 20, 1 },
	{ IDEV_FCTTV, IDEV_FCTTV + 4, 3 },       { IDEV_TCTL_EXT, IDEV_TCTL_EXT + 4, 3 },
	{ IDEV_TIPG, IDEV_TIPG + 4, 3 },         { IDEV_LEDCTL, IDEV_LEDCTL + 4, 3 },
	{ IDEV_PBA, IDEV_PBA + 4, 3 },           { IDEV_PBS, IDEV_PBS + 4, 1 },
	{ IDEV_GPIE, IDEV_GPIE + 4, 2 },         { IDEV_EIMS, IDEV_EIMS + 4, 2 },
	{ IDEV_EIAC, IDEV_EIAM + 4, 2 },         { IDEV_EITR_76, IDEV_EITR_76 + 100, 2 },
	{ IDEV_IVAR_76, IDEV_IVAR_76 + 32, 2 },  { IDEV_IVAR_MISC, IDEV_IVAR_MISC + 4, 2 },
	{ IDEV_FCRTL, IDEV_FCRTL + 4, 3 },       { IDEV_FCRTH, IDEV_FCRTH + 4, 3 },
	{ IDEV_FCRTV_74, IDEV_FCRTV_74 + 4, 1 }, { IDEV_FCRTV_76, IDEV_FCRTV_76 + 4, 2 },
	{ IDEV_PSRCTL, IDEV_PSRCTL + 4, 1 },     { IDEV_RXPBS, IDEV_RXPBS + 4, 2 },
	{ IDEV_TXPBS, IDEV_TXPBS + 4, 2 },       { IDEV_DTXCTL, IDEV_DTXCTL + 4, 2 },
	{ IDEV_RDTR, IDEV_RDTR + 4, 1 },         { IDEV_RADV, IDEV_RADV + 4, 1 },
	{ IDEV_TIDV, IDEV_TIDV + 4, 1 },         { IDEV_TADV, IDEV_TADV + 4, 1 },
	{ IDEV_TARC(0), IDEV_TARC(0) + 4, 1 },   { IDEV_TARC(1), IDEV_TARC(1) + 4, 1 },
	{ IDEV_RXCSUM, IDEV_RXCSUM + 4, 3 },     { IDEV_RLPML, IDEV_RLPML + 4, 2 },
	{ IDEV_RFCTL, IDEV_RFCTL + 4, 3 },       { IDEV_MTA, IDEV_MTA + 512, 3 },
	{ IDEV_RAL(0), IDEV_RAH(15) + 4, 3 },    { IDEV_PSRTYPE, IDEV_PSRTYPE + 32, 2 },
	{ IDEV_RAL(16), IDEV_RAH(23) + 4, 2 },   { IDEV_RAL(24), IDEV_RAH(31) + 4, 4 },
	{ IDEV_VFTA, IDEV_VFTA + 512, 3 },       { IDEV_WUC, IDEV_WUC + 4, 3 },
	{ IDEV_WUFC, IDEV_WUFC + 4, 3 },         { IDEV_MRQC, IDEV_MRQC + 4, 3 },
	{ IDEV_MANC, IDEV_MANC + 4, 3 },         { IDEV_EEMNGCTL, IDEV_EEMNGCTL + 4, 3 },
	{ IDEV_GCR, IDEV_GCR + 4, 3 },           { IDEV_GCR2, IDEV_GCR2 + 4, 1 },
	{ IDEV_FACTPS, IDEV_FACTPS + 4, 3 },     { IDEV_FWSM, IDEV_FWSM + 4, 3 },
	{ IDEV_VMOLR, IDEV_VMOLR + 32, 2 },      { IDEV_RSSRK, IDEV_RSSRK + 40, 3 },
	{ IDEV_UTA, IDEV_UTA + 512, 2 },
};

static bool is_plain(const struct intel_dev *id, uint32_t off)
{
	/* Two queues of each kind to a register, and no more of them than that. */
	if (id->successor && off >= IDEV_IVAR_76 + 2 * id->queues && off < IDEV_IVAR_76 + 32)
		return false;
	for (unsigned i = 0; i < FN_ARRAY_LEN(plain); i++)
		if (off >= plain[i].from && off < plain[i].to)
			return plain[i].families & (1u << id->family | (id->successor ? 4u : 0));
	return false;
}

/* Registers that do something when they are written; false: it is none. */
static bool action_write(struct intel_dev *id, uint32_t off, uint32_t value)
{
	if (off == IDEV_CTRL)
		ctrl_write(id, value);
	else if (off == IDEV_STATUS)
		status_write(id, value);
	else if (off == IDEV_MDIC)
		intel_dev_mdic_write(id, value);
	else if (off == IDEV_RCTL)
		rctl_write(id, value);
	else if (off == IDEV_TCTL)
		tctl_write(id, value);
	else if (off >= IDEV_RETA && off < IDEV_RETA + 128)
		reta_write(id, off, value);
	else
		return intel_dev_nvm_write(id, off, value) || intel_dev_irq_write(id, off, value);
	return true;
}

static void reg_write(struct intel_dev *id, uint32_t off, uint32_t value)
{
	uint32_t which;
	unsigned queue;
	uint32_t *reg;
	bool tx;

	if (id->md.gone)
		return;
	if (resets(id))
		intel_dev_violation(id, "a register is written while the device resets itself");
	else if (!(REG(IDEV_EECD) & IDEV_EECD_AUTO_RD))
		intel_dev_violation(id, "a register is written before the NVM was read (AUTO_RD)");
	if (action_write(id, off, value))
		return;
	if (off >= IDEV_VFTA && off < IDEV_VFTA + 512 && id->vfta_writes++ % (id->vfta_lost + 1))
		return;
	if (off == IDEV_CTRL_EXT && id->family == INTEL_82574 && (value & IDEV_CTRL_EXT_EIAME) &&
	    !(value & IDEV_CTRL_EXT_RESERVED_74))
		intel_dev_violation(id, "CTRL_EXT without the reserved bit 22 (82574 10.2.2.5)");
	if (is_plain(id, off))
		REG(off) = value;
	else if ((reg = intel_dev_queue_reg(id, off, &tx, &queue, &which)))
		intel_dev_queue_write(id, reg, tx, queue, which, value);
	else
		intel_dev_violation(id, "a write of a register that the model does not know");
}

/* All writes that are on their way arrive, those that they bring about included. */
static void land(struct intel_dev *id)
{
	const struct intel_posted posted = id->posted;

	id->posted.n = 0;
	for (unsigned i = 0; i < posted.n; i++)
		reg_write(id, posted.at[i].off, posted.at[i].value);
}

static void landed(void *arg, uint64_t value)
{
	(void)value;
	land(arg);
}

static void bar_write(struct model_dev *md, unsigned idx, uint64_t off64, unsigned width,
		      uint64_t value)
{
	struct intel_dev *id = intel_of(md);
	struct intel_posted *posted = &id->posted;
	const uint32_t off = (uint32_t)off64;

	(void)idx;
	if (width != 4 || off % 4) {
		intel_dev_violation(id, "a register is written in another width (82574 10.2)");
		return;
	}
	if (!id->posted_max_ns) {
		reg_write(id, off, (uint32_t)value);
		return;
	}
	if (posted->n == INTEL_DEV_POSTED)
		land(id);
	posted->at[posted->n].off = off;
	posted->at[posted->n++].value = (uint32_t)value;
	if (!model_clock_pending(md->clock, landed, id))
		model_clock_after(md->clock,
				  1 + model_clock_random_below(md->clock, id->posted_max_ns),
				  landed, id, 0);
}

static bool is_stat(const struct intel_dev *id, uint32_t off)
{
	const bool wide = id->family == INTEL_82576;

	return (off >= IDEV_STATS && off < (wide ? IDEV_STATS_END_76 : IDEV_STATS_END_74)) ||
	       (wide && off == IDEV_SCVPC);
}

/* Octets: the high half of a pair clears both (82574 10.2, I210 8.18). */
static uint32_t stat_read(struct intel_dev *id, uint32_t off)
{
	static const uint32_t low[] = { IDEV_GORCL, IDEV_GOTCL, IDEV_TORL,
					IDEV_TOTL,  0x04128,    0x04130 };
	const uint32_t value = REG(off);

	for (unsigned i = 0; i < FN_ARRAY_LEN(low); i++) {
		if (off == low[i])
			return value;
		if (off == low[i] + 4)
			REG(low[i]) = 0;
	}
	REG(off) = 0;
	return value;
}

static bool is_queue_stat(const struct intel_dev *id, uint32_t off)
{
	const uint32_t which = off & 0xff;

	return id->family == INTEL_82576 && off >= 0x10000 && off < 0x11000 &&
	       (which == 0x10 || which == 0x14 || which == 0x18 || which == 0x34 || which == 0x38);
}

static uint32_t reg_read(struct intel_dev *id, uint32_t off)
{
	uint32_t value = UINT32_MAX;
	uint32_t which;
	unsigned queue;
	uint32_t *reg;
	bool tx;

	if (off == IDEV_CTRL)
		return REG(IDEV_CTRL) | (resets(id) ? IDEV_CTRL_RST : 0);
	if (off == IDEV_FRTIMER && id->family == INTEL_82576)
		return (uint32_t)(id->md.clock->now_ns / 1000);
	if (off == IDEV_STATUS || off == IDEV_MDIC || off == IDEV_RCTL || off == IDEV_TCTL ||
	    (off >= IDEV_RETA && off < IDEV_RETA + 128) || is_plain(id, off))
		return REG(off);
	if (intel_dev_nvm_read(id, off, &value) || intel_dev_irq_read(id, off, &value))
		return value;
	if (is_stat(id, off))
		return stat_read(id, off);
	if (is_queue_stat(id, off))
		return REG(off);
	reg = intel_dev_queue_reg(id, off, &tx, &queue, &which);
	if (!reg) {
		intel_dev_violation(id, "a read of a register that the model does not know");
		return UINT32_MAX;
	}
	value = *reg;
	/* The I210 and I211 have it cleared by writing, as Linux's igb does. */
	if (which == IDEV_Q_DROPS && !tx && !(id->successor && id->queues <= 4))
		*reg = 0;
	return value;
}

static uint64_t bar_read(struct model_dev *md, unsigned idx, uint64_t off, unsigned width)
{
	struct intel_dev *id = intel_of(md);
	uint32_t value;

	(void)idx;
	if (width != 4 || off % 4) {
		intel_dev_violation(id, "a register is read in another width (82574 10.2)");
		return UINT64_MAX;
	}
	id->reads++;
	/* A read pushes the writes that were posted before it (PCI Express 2.4.1). */
	land(id);
	if (md->gone)
		return UINT64_MAX;
	value = reg_read(id, (uint32_t)off);
	return off == id->weak_off ? value & ~id->weak_bits : value;
}

void intel_dev_check_left(struct intel_dev *id)
{
	uint32_t masks;

	land(id);
	if (id->md.gone)
		return;
	masks = REG(IDEV_IMS) | (id->family == INTEL_82576 ? REG(IDEV_EIMS) : 0);
	if ((REG(IDEV_RCTL) & IDEV_RCTL_EN) || (REG(IDEV_TCTL) & IDEV_TCTL_EN))
		intel_dev_violation(id, "it is left with its receiver or its transmitter on");
	if (masks)
		intel_dev_violation(id, "it is left with interrupts");
	if ((REG(IDEV_SWSM) & (IDEV_SWSM_SMBI | IDEV_SWSM_SWESMBI)) ||
	    (REG(IDEV_SW_FW_SYNC) & IDEV_SYNC_SW_MASK) ||
	    (REG(IDEV_EXTCNF_CTRL) & IDEV_EXTCNF_MDIO_SW))
		intel_dev_violation(id, "it is left with a semaphore taken");
}

/* The kernel gives configuration space back as it was; so bus mastering stays. */
static void flr(struct model_dev *md)
{
	struct intel_dev *id = intel_of(md);

	id->posted.n = 0;
	mac_reset(id);
	REG(IDEV_SWSM) = 0;
	REG(IDEV_SW_FW_SYNC) = 0;
	/* Whoever asks for one waits for all of it (PCI Express 6.6.2). */
	id->reset_until_ns = 0;
	intel_dev_auto_read(id);
}

void intel_dev_by_page(struct intel_dev *id)
{
	/* Vendor and device of the subsystem (PCI 3.0 6.2.4), little-endian. */
	static const uint8_t subsystem[] = { 0xf4, 0x1a, 0x00, 0x11 };

	memcpy(id->md.cfg + 0x2c, subsystem, sizeof(subsystem));
	id->by_page = true;
}

void intel_dev_init(struct intel_dev *id, enum intel_family family)
{
	static const struct model_dev_ops ops_74 = { .bar_read = bar_read, .bar_write = bar_write };
	static const struct model_dev_ops ops_76 = { .bar_read = bar_read,
						     .bar_write = bar_write,
						     .reset = flr };

	memset(id, 0, sizeof(*id));
	model_dev_init(&id->md, family == INTEL_82576 ? &ops_76 : &ops_74, 0x8086,
		       family == INTEL_82576 ? 0x10c9 : 0x10d3);
	id->md.bar_bytes[0] = INTEL_DEV_BAR_BYTES;
	id->md.busdev.irqs = family == INTEL_82576 ? 10 : 5;
	id->family = family;
	id->queues = family == INTEL_82576 ? 16 : 2;
	intel_dev_nvm_init(id);
	id->phy_id = family == INTEL_82576 ? 0x02a80391 : 0x01410cb1;
	intel_dev_phy_reset(id);
	/* The link partner: everything, pause too. */
	id->phy[5] = 0xcde1;
	id->phy[10] = 0x3c00;
	id->cable = true;
	id->link_ns = 1000;
	id->reset_ns = 1000;
	id->auto_read_ns = 1000;
	id->set_up_ns = family == INTEL_82574 ? 25000000 : 0;
	id->auto_tx = true;
	mac_reset(id);
	intel_dev_auto_read(id);
}
