// SPDX-License-Identifier: BSD-3-Clause
/*
 * The Intel model's NVM behind EERD (82574 10.2.2.4, 82576 8.4), what it is read into by itself,
 * and the semaphores between ports, software and firmware.
 */
#include "model/intel_dev.h"

#define REG(off) id->reg[(off) / 4]

/* The word that makes the sum of the first 64 right (82574 6.1, I210 6.8.9). */
#define NVM_SUM 63u
#define NVM_SUM_IS 0xbabau

void intel_dev_nvm_init(struct intel_dev *id)
{
	uint16_t sum = NVM_SUM_IS;

	for (unsigned i = 64; i < INTEL_DEV_NVM_WORDS; i++)
		id->nvm[i] = 0xffff;
	id->nvm[0] = 0x5452;
	id->nvm[1] = 0x1200;
	id->nvm[2] = 0x5634;
	/* The number of the board, in words 8 and 9. */
	id->nvm[8] = 0xd515;
	id->nvm[9] = 0x4201;
	for (unsigned i = 0; i < NVM_SUM; i++)
		sum = (uint16_t)(sum - id->nvm[i]);
	id->nvm[NVM_SUM] = sum;
}

/* The station address; what a board's NVM sets besides is left at 0. */
void intel_dev_auto_read(struct intel_dev *id)
{
	REG(IDEV_RAL(0)) = (uint32_t)id->nvm[1] << 16 | id->nvm[0];
	REG(IDEV_RAH(0)) = id->nvm[2] | IDEV_RAH_AV;
	REG(IDEV_EECD) = IDEV_EECD_PRES | IDEV_EECD_AUTO_RD | id->eecd;
	/* CFG_DONE of the first port, and of the second. */
	REG(IDEV_EEMNGCTL) = 3u << 18;
	/* Initialization Control 3 has the default (I210 7.4.5). */
	if (id->family == INTEL_82576 && (id->nvm[IDEV_NVM_INIT_CONTROL_3] & 2))
		REG(IDEV_CTRL_EXT) |= IDEV_CTRL_EXT_EXT_VLAN;
}

static void eerd_done(void *arg, uint64_t addr)
{
	struct intel_dev *id = arg;

	REG(IDEV_EERD) = (uint32_t)id->nvm[addr % INTEL_DEV_NVM_WORDS] << 16 | (uint32_t)addr << 2 |
			 IDEV_EERD_DONE;
}

/* START, address in bits 15:2; DONE, data above. */
static void eerd_write(struct intel_dev *id, uint32_t value)
{
	const uint32_t addr = value >> 2 & 0x3fff;

	if (!(value & IDEV_EERD_START))
		return;
	intel_dev_check_set_up(id);
	if (id->family == INTEL_82574 && !intel_dev_owns_phy(id))
		intel_dev_violation(id, "EERD without the semaphore (82574 EXTCNF_CTRL)");
	if (model_clock_pending(id->md.clock, eerd_done, id))
		intel_dev_violation(id, "EERD is written before it was DONE");
	if (addr >= INTEL_DEV_NVM_WORDS)
		intel_dev_violation(id, "a word of the NVM that the model does not have");
	REG(IDEV_EERD) = addr << 2;
	model_dev_later(&id->md, eerd_done, id, addr);
}

static void eecd_write(struct intel_dev *id, uint32_t value)
{
	const uint32_t own = IDEV_EECD_PRES | IDEV_EECD_AUTO_RD | IDEV_EECD_GNT;

	REG(IDEV_EECD) = (REG(IDEV_EECD) & own) | (value & ~own);
	if ((value & IDEV_EECD_REQ) && !id->fw_holds)
		REG(IDEV_EECD) |= IDEV_EECD_GNT;
	else
		REG(IDEV_EECD) &= ~IDEV_EECD_GNT;
}

/* The bit sticks when the firmware does not have it (I210 8.7.1). */
static void swsm_write(struct intel_dev *id, uint32_t value)
{
	REG(IDEV_SWSM) = id->fw_holds ? value & ~IDEV_SWSM_SWESMBI : value;
}

static void sync_write(struct intel_dev *id, uint32_t value)
{
	if (!(REG(IDEV_SWSM) & IDEV_SWSM_SWESMBI))
		intel_dev_violation(id, "SW_FW_SYNC is written without SWSM.SWESMBI (I210 4.6.1)");
	REG(IDEV_SW_FW_SYNC) = value;
}

static void extcnf_write(struct intel_dev *id, uint32_t value)
{
	const uint32_t hw = id->fw_holds ? IDEV_EXTCNF_MDIO_HW : 0;

	REG(IDEV_EXTCNF_CTRL) = hw ? (value & ~IDEV_EXTCNF_MDIO_SW) | hw : value & ~hw;
}

void intel_dev_check_set_up(struct intel_dev *id)
{
	if (id->md.clock->now_ns < id->set_up_until_ns)
		intel_dev_violation(id, "PHY or NVM while the device sets its PHY up (82574)");
}

bool intel_dev_owns_phy(const struct intel_dev *id)
{
	static const uint32_t own[] = { IDEV_SYNC_SW_PHY0, IDEV_SYNC_SW_PHY1, IDEV_SYNC_SW_PHY2,
					IDEV_SYNC_SW_PHY3 };

	if (id->family == INTEL_82576)
		return REG(IDEV_SW_FW_SYNC) & own[id->lan_id];
	return REG(IDEV_EXTCNF_CTRL) & IDEV_EXTCNF_MDIO_SW;
}

bool intel_dev_nvm_read(struct intel_dev *id, uint32_t off, uint32_t *value)
{
	switch (off) {
	case IDEV_SWSM:
		/* I210 8.7.1: reading SMBI takes it. */
		*value = REG(off);
		REG(off) |= IDEV_SWSM_SMBI;
		return true;
	case IDEV_SW_FW_SYNC:
		if (id->family != INTEL_82576)
			return false;
		*value = REG(off);
		return true;
	case IDEV_EXTCNF_CTRL:
		if (id->family != INTEL_82574)
			return false;
		*value = REG(off);
		return true;
	case IDEV_EERD:
	case IDEV_EECD:
		*value = REG(off);
		return true;
	default:
		return false;
	}
}

bool intel_dev_nvm_write(struct intel_dev *id, uint32_t off, uint32_t value)
{
	switch (off) {
	case IDEV_EERD:
		eerd_write(id, value);
		return true;
	case IDEV_EECD:
		eecd_write(id, value);
		return true;
	case IDEV_SWSM:
		swsm_write(id, value);
		return true;
	case IDEV_SW_FW_SYNC:
		if (id->family != INTEL_82576)
			return false;
		sync_write(id, value);
		return true;
	case IDEV_EXTCNF_CTRL:
		if (id->family != INTEL_82574)
			return false;
		extcnf_write(id, value);
		return true;
	default:
		return false;
	}
}
