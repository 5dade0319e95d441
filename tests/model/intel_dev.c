// SPDX-License-Identifier: BSD-3-Clause
/* The Intel model's registers: general ones, NVM, PHY, link, statistics, and the queues' own. */
#include <string.h>

#include "base/barrier.h"
#include "base/le.h"
#include "model/intel_dev.h"

#define REG(off) id->reg[(off) / 4]

/* MII registers (IEEE 802.3 22.2.4). */
#define BMCR 0u
#define BMSR 1u
#define BMSR_LINK 0x0004u
#define BMSR_DONE 0x0020u

static struct intel_dev *intel_of(struct model_dev *md)
{
	return fn_container_of(md, struct intel_dev, md);
}

void intel_dev_count(struct intel_dev *id, uint32_t off, uint32_t n)
{
	/* They stick at the top (82574 10.2.7, 82576 8.19). */
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

static uint64_t desc_iova(struct intel_dev *id, bool tx, unsigned queue, uint32_t idx)
{
	const uint64_t base = (uint64_t)*intel_dev_qreg(id, tx, queue, IDEV_Q_BAH) << 32 |
			      *intel_dev_qreg(id, tx, queue, IDEV_Q_BAL);

	return base + 16 * (uint64_t)idx;
}

bool intel_dev_desc_read(struct intel_dev *id, bool tx, unsigned queue, uint32_t idx,
			 uint32_t dw[4])
{
	const fn_le32 *desc = (void *)model_dma_at(&id->md, desc_iova(id, tx, queue, idx), 16);

	for (unsigned i = 0; desc && i < 4; i++)
		dw[i] = fn_read_le32(&desc[i]);
	return desc;
}

void intel_dev_desc_write(struct intel_dev *id, bool tx, unsigned queue, uint32_t idx,
			  const uint32_t dw[4])
{
	/* The double word that has DD comes last. */
	const unsigned done = tx ? 3 : 2;
	fn_le32 *desc = (void *)model_dma_at(&id->md, desc_iova(id, tx, queue, idx), 16);

	for (unsigned i = 0; desc && i < 4; i++) {
		const fn_le32 own = fn_cpu_to_le32(dw[i]);

		if (i != done)
			model_dma_put(&id->md, &desc[i], &own, sizeof(own));
	}
	/* Pairs with the driver's barrier behind its look at DD. */
	fn_fence_release();
	if (desc)
		fn_write_le32(&desc[done], dw[done]);
}

void intel_dev_desc_back(struct intel_dev *id, const struct intel_wb *wb)
{
	struct intel_wb own = *wb;

	if (id->writeback)
		id->writeback(id->writeback_arg, &own);
	if (!own.lost)
		intel_dev_desc_write(id, own.tx, own.queue, own.idx, own.dw);
}

/* 82574 10.2.2.2, 82576 8.2.2. */
static void link_is(struct intel_dev *id, bool up)
{
	if (up == intel_dev_link_up(id))
		return;
	if (up) {
		REG(IDEV_STATUS) |= IDEV_STATUS_LU | IDEV_STATUS_FD | IDEV_STATUS_SPEED_1000;
		id->phy[BMSR] |= BMSR_LINK | BMSR_DONE;
	} else {
		REG(IDEV_STATUS) &= ~(IDEV_STATUS_LU | IDEV_STATUS_FD | IDEV_STATUS_SPEED_1000);
		id->phy[BMSR] &= (uint16_t) ~(BMSR_LINK | BMSR_DONE);
	}
	intel_dev_cause(id, IDEV_ICR_LSC);
}

static void negotiated(void *arg, uint64_t value)
{
	struct intel_dev *id = arg;

	(void)value;
	if (id->cable && (REG(IDEV_CTRL) & IDEV_CTRL_SLU) && !id->md.gone)
		link_is(id, true);
	for (unsigned i = 0; id->auto_tx && i < id->queues; i++)
		(void)intel_dev_transmit(id, i, UINT32_MAX);
}

static void link_look(struct intel_dev *id)
{
	if (!id->cable || !(REG(IDEV_CTRL) & IDEV_CTRL_SLU))
		link_is(id, false);
	else if (!intel_dev_link_up(id) && !model_clock_pending(id->md.clock, negotiated, id))
		model_clock_after(id->md.clock, id->link_ns, negotiated, id, 0);
}

void intel_dev_cable(struct intel_dev *id, bool plugged)
{
	id->cable = plugged;
	link_look(id);
}

/* What a reset leaves (82574 4.6, 82576 4.2): all registers, not the NVM and not the PHY. */
static void mac_reset(struct intel_dev *id)
{
	model_shadow_clear(&id->md);
	(void)model_clock_cancel(id->md.clock, NULL, id);
	memset(id->reg, 0, sizeof(id->reg));
	memset(id->txq, 0, sizeof(id->txq));
	memset(id->vector, 0, sizeof(id->vector));
	memset(id->delay, 0, sizeof(id->delay));
	REG(IDEV_STATUS) = IDEV_STATUS_GIO_MASTER;
	REG(IDEV_EECD) = IDEV_EECD_PRES | IDEV_EECD_AUTO_RD;
	REG(IDEV_VET) = 0x8100;
	REG(IDEV_RXCSUM) = IDEV_RXCSUM_IPOFL | IDEV_RXCSUM_TUOFL;
	if (id->family == INTEL_82574) {
		REG(IDEV_TARC(0)) = IDEV_TARC_ENABLE | 3;
		REG(IDEV_TARC(1)) = IDEV_TARC_ENABLE | 3;
		REG(IDEV_RXCSUM) = 0;
	}
	for (unsigned i = 0; i < 3; i++) {
		const uint32_t off = i < 2 ? IDEV_RAL(0) : IDEV_RAH(0);

		REG(off) |= (uint32_t)id->nvm[i] << (i == 1 ? 16 : 0);
	}
	REG(IDEV_RAH(0)) |= IDEV_RAH_AV;
	id->phy[BMSR] &= (uint16_t) ~(BMSR_LINK | BMSR_DONE);
}

static void ctrl_write(struct intel_dev *id, uint32_t value)
{
	if (value & IDEV_CTRL_RST) {
		mac_reset(id);
		id->reset_until_ns = id->md.clock->now_ns + id->reset_ns;
		return;
	}
	REG(IDEV_CTRL) = value & ~IDEV_CTRL_PHY_RST;
	if (value & IDEV_CTRL_GIO_MASTER_DISABLE)
		REG(IDEV_STATUS) &= ~IDEV_STATUS_GIO_MASTER;
	else
		REG(IDEV_STATUS) |= IDEV_STATUS_GIO_MASTER;
	link_look(id);
}

/* 82574 10.2.2.4, 82576 8.4.2: START, address in bits 15:2; DONE, data above. */
static void eerd_write(struct intel_dev *id, uint32_t value)
{
	const uint32_t addr = value >> 2 & 0x3fff;

	if (!(value & IDEV_EERD_START))
		return;
	if (addr >= FN_ARRAY_LEN(id->nvm))
		intel_dev_violation(id, "a word of the NVM that the model does not have");
	REG(IDEV_EERD) =
		(uint32_t)id->nvm[addr % FN_ARRAY_LEN(id->nvm)] << 16 | addr << 2 | IDEV_EERD_DONE;
}

static void mdic_done(void *arg, uint64_t value)
{
	struct intel_dev *id = arg;
	const uint32_t cmd = (uint32_t)value;
	const unsigned reg = cmd >> 16 & 31;
	uint32_t data = cmd & 0xffff;

	if ((cmd >> 21 & 31) != 1) {
		REG(IDEV_MDIC) = cmd | IDEV_MDIC_READY | IDEV_MDIC_ERROR;
		return;
	}
	if (cmd & IDEV_MDIC_READ)
		data = id->phy[reg];
	else if (reg == BMCR)
		id->phy[reg] = (uint16_t)(data & 0x7dffu); /* reset and restart clear themselves */
	else if (reg > 3)
		id->phy[reg] = (uint16_t)data;
	REG(IDEV_MDIC) = (cmd & 0xffff0000u) | data | IDEV_MDIC_READY;
	if (cmd & IDEV_MDIC_INT)
		intel_dev_cause(id, IDEV_ICR_MDAC);
}

static void mdic_write(struct intel_dev *id, uint32_t value)
{
	if (model_clock_pending(id->md.clock, mdic_done, id))
		intel_dev_violation(id, "MDIC is written before it was READY (10.2.2.7, 8.2.4)");
	REG(IDEV_MDIC) = value & ~(IDEV_MDIC_READY | IDEV_MDIC_ERROR);
	model_dev_later(&id->md, mdic_done, id, REG(IDEV_MDIC));
}

struct range {
	uint32_t from;
	uint32_t to; /* behind it */
	unsigned families;
};

/* Registers that keep what is written: all others that are not handled below are unknown. */
static const struct range plain[] = {
	{ IDEV_EECD, IDEV_EECD + 4, 3 },
	{ IDEV_CTRL_EXT, IDEV_CTRL_EXT + 4, 3 },
	{ IDEV_FCAL, IDEV_FCT + 4, 3 },
	{ IDEV_VET, IDEV_VET + 4, 3 },
	{ IDEV_ITR, IDEV_ITR + 4, 1 },
	{ IDEV_EIAC_74, IDEV_EIAC_74 + 4, 1 },
	{ IDEV_IVAR_74, IDEV_EITR_74 + 20, 1 },
	{ IDEV_RCTL, IDEV_RCTL + 4, 3 },
	{ IDEV_FCTTV, IDEV_FCTTV + 4, 3 },
	{ IDEV_TCTL, IDEV_TCTL_EXT + 4, 3 },
	{ IDEV_TIPG, IDEV_TIPG + 4, 3 },
	{ IDEV_LEDCTL, IDEV_LEDCTL + 4, 3 },
	{ IDEV_EXTCNF_CTRL, IDEV_EXTCNF_CTRL + 4, 1 },
	{ IDEV_PBA, IDEV_PBA + 4, 3 },
	{ IDEV_PBS, IDEV_PBS + 4, 1 },
	{ IDEV_GPIE, IDEV_GPIE + 4, 2 },
	{ IDEV_EIMS, IDEV_EIMS + 4, 2 },
	{ IDEV_EIAC, IDEV_EIAM + 4, 2 },
	{ IDEV_EITR_76, IDEV_EITR_76 + 100, 2 },
	{ IDEV_IVAR_76, IDEV_IVAR_76 + 32, 2 },
	{ IDEV_IVAR_MISC, IDEV_IVAR_MISC + 4, 2 },
	{ IDEV_FCRTL, IDEV_FCRTL + 4, 3 },
	{ IDEV_FCRTH, IDEV_FCRTH + 4, 3 },
	{ IDEV_PSRCTL, IDEV_PSRCTL + 4, 1 },
	{ IDEV_RXPBS, IDEV_RXPBS + 4, 2 },
	{ IDEV_TXPBS, IDEV_TXPBS + 4, 2 },
	{ IDEV_DTXCTL, IDEV_DTXCTL + 4, 2 },
	{ IDEV_RDTR, IDEV_RDTR + 4, 1 },
	{ IDEV_RADV, IDEV_RADV + 4, 1 },
	{ IDEV_TIDV, IDEV_TIDV + 4, 1 },
	{ IDEV_TADV, IDEV_TADV + 4, 1 },
	{ IDEV_TARC(0), IDEV_TARC(0) + 4, 1 },
	{ IDEV_TARC(1), IDEV_TARC(1) + 4, 1 },
	{ IDEV_RXCSUM, IDEV_RXCSUM + 4, 3 },
	{ IDEV_RLPML, IDEV_RLPML + 4, 2 },
	{ IDEV_RFCTL, IDEV_RFCTL + 4, 3 },
	{ IDEV_MTA, IDEV_MTA + 512, 3 },
	{ IDEV_RAL(0), IDEV_RAH(15) + 4, 3 },
	{ IDEV_PSRTYPE, IDEV_PSRTYPE + 32, 2 },
	{ IDEV_RAL(16), IDEV_RAH(23) + 4, 2 },
	{ IDEV_VFTA, IDEV_VFTA + 512, 3 },
	{ IDEV_WUC, IDEV_WUC + 4, 3 },
	{ IDEV_WUFC, IDEV_WUFC + 4, 3 },
	{ IDEV_MRQC, IDEV_MRQC + 4, 3 },
	{ IDEV_MANC, IDEV_MANC + 4, 3 },
	{ IDEV_GCR, IDEV_GCR + 4, 3 },
	{ IDEV_FWSM, IDEV_FWSM + 4, 3 },
	{ IDEV_SW_FW_SYNC, IDEV_SW_FW_SYNC + 4, 2 },
	{ IDEV_VMOLR, IDEV_VMOLR + 32, 2 },
	{ IDEV_RETA, IDEV_RETA + 128, 3 },
	{ IDEV_RSSRK, IDEV_RSSRK + 40, 3 },
	{ IDEV_UTA, IDEV_UTA + 512, 2 },
};

static bool is_plain(const struct intel_dev *id, uint32_t off)
{
	for (unsigned i = 0; i < FN_ARRAY_LEN(plain); i++)
		if (off >= plain[i].from && off < plain[i].to)
			return plain[i].families >> id->family & 1;
	return false;
}

/*
 * A queue's register: 0x2800 and 0x3800 have 4 queues 0x100 apart (the 82574 two), which are the
 * first ones at 0xc000 and 0xe000 of the 82576.
 */
static uint32_t *queue_reg(struct intel_dev *id, uint32_t off, bool *tx, unsigned *queue,
			   uint32_t *which)
{
	const bool wide = id->family == INTEL_82576;
	const unsigned old = wide ? 4 : 2;

	for (unsigned t = 0; t < 2; t++) {
		const uint32_t base = t ? IDEV_TXQ_74 : IDEV_RXQ_74;
		const uint32_t base_76 = t ? IDEV_TXQ_76 : IDEV_RXQ_76;

		*tx = t;
		if (off >= base && off < base + 0x100 * old) {
			*queue = (off - base) / 0x100;
			*which = (off - base) % 0x100;
		} else if (wide && off >= base_76 && off < base_76 + 0x40 * INTEL_DEV_QUEUES) {
			*queue = (off - base_76) / 0x40;
			*which = (off - base_76) % 0x40;
		} else {
			continue;
		}
		if (*which == IDEV_Q_BAL || *which == IDEV_Q_BAH || *which == IDEV_Q_LEN ||
		    *which == IDEV_Q_HEAD || *which == IDEV_Q_TAIL || *which == IDEV_Q_CTL ||
		    (wide && (*which == IDEV_Q_DCA || *which == (t ? IDEV_Q_WBAL : IDEV_Q_SRRCTL) ||
			      *which == (t ? IDEV_Q_WBAH : IDEV_Q_DROPS))))
			return intel_dev_qreg(id, *tx, *queue, *which);
	}
	return NULL;
}

static void tx_serve(void *arg, uint64_t queue)
{
	(void)intel_dev_transmit(arg, (unsigned)queue, UINT32_MAX);
}

static bool queue_on(struct intel_dev *id, bool tx, unsigned queue)
{
	if (id->family == INTEL_82576)
		return *intel_dev_qreg(id, tx, queue, IDEV_Q_CTL) & IDEV_QCTL_ENABLE;
	return REG(tx ? IDEV_TCTL : IDEV_RCTL) & 2;
}

/* What the tail makes available was there at the driver's last fence (model_barrier.h). */
static void tail_fenced(struct intel_dev *id, bool tx, unsigned queue, uint32_t from, uint32_t to)
{
	const uint32_t size = intel_dev_ring_size(id, tx, queue);
	bool ok = true;

	for (uint32_t i = from; id->md.barriers && i < size && to < size && i != to;
	     i = (i + 1) % size)
		ok = ok && model_shadow_same(&id->md, desc_iova(id, tx, queue, i), 16);
	if (!ok)
		intel_dev_violation(id, "no barrier between a descriptor and the tail");
}

static void queue_write(struct intel_dev *id, uint32_t *reg, bool tx, unsigned queue,
			uint32_t which, uint32_t value)
{
	const bool on = queue_on(id, tx, queue);
	const uint32_t size = intel_dev_ring_size(id, tx, queue);

	if (on && (which == IDEV_Q_BAL || which == IDEV_Q_BAH || which == IDEV_Q_LEN))
		intel_dev_violation(id, "a ring is moved while its queue is on (82576 4.5.9)");
	if (which == IDEV_Q_BAL && value % (id->family == INTEL_82576 ? 128 : 16))
		intel_dev_violation(id, "a ring is not aligned (RDBAL, TDBAL)");
	if (which == IDEV_Q_LEN && (value % 128 || value > 0x80000))
		intel_dev_violation(id,
				    "the length of a ring is no multiple of 128 (RDLEN, TDLEN)");
	if (which == IDEV_Q_TAIL && size && value >= size)
		intel_dev_violation(id, "a tail behind the ring's end");
	if (which == IDEV_Q_HEAD && value && on)
		intel_dev_violation(id, "a head is moved while its queue is on");
	if (which == IDEV_Q_TAIL)
		tail_fenced(id, tx, queue, *reg, value);
	*reg = value;
	if (which == IDEV_Q_BAL || which == IDEV_Q_BAH || which == IDEV_Q_LEN)
		model_shadow_set(&id->md, 2 * queue + tx, desc_iova(id, tx, queue, 0),
				 *intel_dev_qreg(id, tx, queue, IDEV_Q_LEN) & 0xfffffu);
	if (which == IDEV_Q_TAIL && tx && id->auto_tx)
		model_dev_later(&id->md, tx_serve, id, queue);
}

static void bar_write(struct model_dev *md, unsigned idx, uint64_t off64, unsigned width,
		      uint64_t value64)
{
	struct intel_dev *id = intel_of(md);
	const uint32_t off = (uint32_t)off64;
	const uint32_t value = (uint32_t)value64;
	uint32_t which;
	unsigned queue;
	uint32_t *reg;
	bool tx;

	(void)idx;
	if (width != 4 || off % 4) {
		intel_dev_violation(id, "a register is written in another width (82574 10.1)");
		return;
	}
	if (id->reset_until_ns > md->clock->now_ns)
		intel_dev_violation(id, "a register is written while the device resets itself");
	if (off == IDEV_CTRL)
		ctrl_write(id, value);
	else if (off == IDEV_EERD)
		eerd_write(id, value);
	else if (off == IDEV_MDIC)
		mdic_write(id, value);
	else if (off == IDEV_SWSM)
		REG(off) = value;
	else if (intel_dev_irq_write(id, off, value))
		;
	else if (is_plain(id, off))
		REG(off) = value;
	else if ((reg = queue_reg(id, off, &tx, &queue, &which)))
		queue_write(id, reg, tx, queue, which, value);
	else
		intel_dev_violation(id, "a write of a register that the model does not know");
}

/* The high half of a pair clears both (82574 10.2.7, 82576 8.19). */
static uint32_t stat_read(struct intel_dev *id, uint32_t off)
{
	const uint32_t value = REG(off);

	if (off == IDEV_GORCL || off == IDEV_GOTCL || off == IDEV_TORL || off == IDEV_TOTL)
		return value;
	if (off == IDEV_GORCH || off == IDEV_GOTCH || off == IDEV_TORH || off == IDEV_TOTH)
		REG(off - 4) = 0;
	REG(off) = 0;
	return value;
}

static bool is_queue_stat(const struct intel_dev *id, uint32_t off)
{
	const uint32_t which = off & 0xff;

	return id->family == INTEL_82576 && off >= 0x10000 && off < 0x11000 &&
	       (which == 0x10 || which == 0x14 || which == 0x18 || which == 0x34 || which == 0x38);
}

static uint32_t ctrl_read(const struct intel_dev *id)
{
	return REG(IDEV_CTRL) | (id->reset_until_ns > id->md.clock->now_ns ? IDEV_CTRL_RST : 0);
}

static uint64_t bar_read(struct model_dev *md, unsigned idx, uint64_t off64, unsigned width)
{
	struct intel_dev *id = intel_of(md);
	const uint32_t off = (uint32_t)off64;
	uint32_t value = UINT32_MAX;
	uint32_t which;
	unsigned queue;
	uint32_t *reg;
	bool tx;

	(void)idx;
	if (width != 4 || off % 4) {
		intel_dev_violation(id, "a register is read in another width (82574 10.1)");
		return UINT64_MAX;
	}
	if (off == IDEV_CTRL)
		return ctrl_read(id);
	if (off == IDEV_STATUS || off == IDEV_EERD || off == IDEV_MDIC || is_plain(id, off))
		return REG(off);
	if (off == IDEV_FRTIMER && id->family == INTEL_82576)
		return (uint32_t)(md->clock->now_ns / 1000);
	if (off == IDEV_SWSM) {
		/* 82574 10.2.2, 82576 8.16: reading SMBI takes it. */
		value = REG(off);
		REG(off) |= IDEV_SWSM_SMBI;
		return value;
	}
	if (intel_dev_irq_read(id, off, &value))
		return value;
	if ((off >= IDEV_STATS && off < IDEV_STATS_END) || is_queue_stat(id, off))
		return stat_read(id, off);
	reg = queue_reg(id, off, &tx, &queue, &which);
	if (!reg) {
		intel_dev_violation(id, "a read of a register that the model does not know");
		return UINT32_MAX;
	}
	value = *reg;
	if (which == IDEV_Q_DROPS && !tx)
		*reg = 0;
	return value;
}

/* The kernel gives configuration space back as it was; so bus mastering stays. */
static void flr(struct model_dev *md)
{
	mac_reset(intel_of(md));
}

void intel_dev_init(struct intel_dev *id, enum intel_family family)
{
	static const struct model_dev_ops ops_74 = { .bar_read = bar_read, .bar_write = bar_write };
	static const struct model_dev_ops ops_76 = { .bar_read = bar_read,
						     .bar_write = bar_write,
						     .reset = flr };
	uint16_t sum = 0xbaba;

	memset(id, 0, sizeof(*id));
	model_dev_init(&id->md, family == INTEL_82576 ? &ops_76 : &ops_74, 0x8086,
		       family == INTEL_82576 ? 0x10c9 : 0x10d3);
	id->md.bar_bytes[0] = INTEL_DEV_BAR_BYTES;
	id->md.busdev.irqs = family == INTEL_82576 ? 10 : 5;
	id->family = family;
	id->queues = family == INTEL_82576 ? 16 : 2;
	id->nvm[0] = 0x5452;
	id->nvm[1] = 0x1200;
	id->nvm[2] = 0x5634;
	for (unsigned i = 0; i < 63; i++)
		sum = (uint16_t)(sum - id->nvm[i]);
	id->nvm[63] = sum;
	id->phy[BMCR] = 0x1140;
	id->phy[BMSR] = 0x7949;
	id->phy[2] = family == INTEL_82576 ? 0x02a8 : 0x0141;
	id->phy[3] = family == INTEL_82576 ? 0x0391 : 0x0cb1;
	id->phy[4] = 0x0de1;
	id->phy[5] = 0xcde1;
	id->phy[9] = 0x0300;
	id->phy[10] = 0x3c00;
	id->cable = true;
	id->link_ns = 1000;
	id->reset_ns = 1000;
	id->auto_tx = true;
	mac_reset(id);
}
