// SPDX-License-Identifier: BSD-3-Clause
/* Registers of the PHY. */
#include <errno.h>

#include "drivers/intel/intel.h"
#include "drivers/intel/intel_phy.h"
#include "drivers/intel/intel_sem.h"

/*
 * 82574 10.2.2.7, 82576 8.2.4. The PHY inside is at address 1; the I350 and the I210 have the
 * address in MDICNFG and do not look at the one here.
 */
#define MDIC 0x00020u
#define MDIC_REG_SHIFT 16
#define MDIC_PHY_1 (1u << 21)
#define MDIC_WRITE (1u << 26)
#define MDIC_READ (2u << 26)
#define MDIC_READY (1u << 28)
#define MDIC_ERROR (1u << 30)

/*
 * As Linux has them, e1000e and igb, where they force speed and duplex; and igb where it loops an
 * I350's PHY back. No paper says more. The I210's is among the other ones. To loop an 82574's back
 * Linux writes registers of its pages 2, 769 and 776 too, and resets it; here it is 802.3's bit
 * alone, which no card has seen yet.
 */
static const struct intel_phy_kind kinds[] = {
	/* 82574 */
	{ .id1 = INTEL_PHY_ID1_MARVELL,
	  .id2 = 0x0cb0,
	  .page = 22,
	  .mdi = 16,
	  .mdi_mask = 0x0060,
	  .mdi_auto = 0x0060,
	  .resets = true },
	/* 82576 */
	{ .id1 = 0x02a8,
	  .id2 = 0x0390,
	  .page = 31,
	  .mdi = 18,
	  .mdi_mask = 0x3000,
	  .mdi_auto = 0x1000 },
	/* I350 */
	{ .id1 = 0x0154,
	  .id2 = 0x03b0,
	  .mdi = 18,
	  .mdi_mask = 0x0600,
	  .mdi_auto = 0x0400,
	  .loop = 19,
	  .loop_bits = 0x8041 },
};
static const struct intel_phy_kind other_kinds[] = { { .resets = false }, { .resets = true } };

/* 64 us are usual. */
#define MDIC_NS FN_MS(10)

static int mdic(struct fn_dev *dev, unsigned reg, uint32_t cmd, uint16_t *value)
{
	struct intel_port *port = intel_port_of(dev);
	uint32_t answer;
	int ret;

	intel_write(port, MDIC, cmd | MDIC_PHY_1 | reg << MDIC_REG_SHIFT);
	ret = intel_wait(dev, MDIC, MDIC_READY, MDIC_READY, MDIC_NS);
	if (ret == -ENODEV)
		return fn_dev_mark_gone(dev);
	if (ret)
		return fn_fail(-EIO,
			       "%s: access to register %u of the PHY does not end within %u ms "
			       "(MDIC.R): fn_dev_reset() the device, or turn the machine off and "
			       "on",
			       dev->bus->name, reg, (unsigned)(MDIC_NS / FN_MS(1)));
	answer = intel_look(port, MDIC);
	if (answer & MDIC_ERROR)
		return fn_fail(-EIO,
			       "%s: the PHY does not answer for its register %u (MDIC.E): "
			       "fn_dev_reset() the device, or turn the machine off and on",
			       dev->bus->name, reg);
	*value = (uint16_t)answer;
	return 0;
}

static int access_phy(struct fn_dev *dev, unsigned reg, uint32_t cmd, uint16_t *value)
{
	int ret;

	intel_set_up_wait(dev);
	ret = intel_sem_take(dev, INTEL_SEM_PHY);
	if (ret)
		return ret;
	ret = mdic(dev, reg, cmd, value);
	intel_sem_give(dev, INTEL_SEM_PHY);
	return ret;
}

int intel_phy_read(struct fn_dev *dev, unsigned reg, uint16_t *value)
{
	return access_phy(dev, reg, MDIC_READ, value);
}

int intel_phy_write(struct fn_dev *dev, unsigned reg, uint16_t value)
{
	return access_phy(dev, reg, MDIC_WRITE | value, &value);
}

int intel_phy_kind(struct fn_dev *dev, const struct intel_phy_kind **kind)
{
	uint16_t id1 = 0;
	uint16_t id2 = 0;
	int ret = intel_phy_read(dev, INTEL_PHY_ID1, &id1);

	if (!ret)
		ret = intel_phy_read(dev, INTEL_PHY_ID2, &id2);
	if (ret)
		return ret;
	*kind = &other_kinds[id1 == INTEL_PHY_ID1_MARVELL];
	for (unsigned i = 0; i < FN_ARRAY_LEN(kinds); i++)
		if (kinds[i].id1 == id1 && kinds[i].id2 == (id2 & INTEL_PHY_ID2_MODEL))
			*kind = &kinds[i];
	return 0;
}
