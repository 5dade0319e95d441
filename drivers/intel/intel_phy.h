/* SPDX-License-Identifier: BSD-3-Clause */
/* The PHY, by MDIC: its registers (802.3 22.2.4), one at a time. */
#ifndef INTEL_PHY_H
#define INTEL_PHY_H

#include <stdbool.h>
#include <stdint.h>

struct fn_dev;

/* 802.3 22.2.4.1: control. */
#define INTEL_PHY_BMCR 0u
#define INTEL_BMCR_SPEED_1000 0x0040u
#define INTEL_BMCR_FULL_DUPLEX 0x0100u
#define INTEL_BMCR_RESTART 0x0200u
#define INTEL_BMCR_POWER_DOWN 0x0800u
#define INTEL_BMCR_AUTONEG 0x1000u
#define INTEL_BMCR_SPEED_100 0x2000u
#define INTEL_BMCR_LOOPBACK 0x4000u
#define INTEL_BMCR_RESET 0x8000u

/* 22.2.4.2: status. */
#define INTEL_PHY_BMSR 1u
#define INTEL_BMSR_AUTONEG_DONE 0x0020u

/* 22.2.4.3.1: who made it, and which it is: the model, and its revision in the lower four bits. */
#define INTEL_PHY_ID1 2u
#define INTEL_PHY_ID1_MARVELL 0x0141u
#define INTEL_PHY_ID2 3u
#define INTEL_PHY_ID2_MODEL 0xfff0u

/* 28.2.4.1.3 and 28.2.4.1.4: what is offered, by this end and by the other. */
#define INTEL_PHY_ADVERTISE 4u
#define INTEL_PHY_PARTNER 5u
#define INTEL_ADVERTISE_10_HALF 0x0020u
#define INTEL_ADVERTISE_10_FULL 0x0040u
#define INTEL_ADVERTISE_100_HALF 0x0080u
#define INTEL_ADVERTISE_100_FULL 0x0100u
#define INTEL_ADVERTISE_PAUSE 0x0400u
#define INTEL_ADVERTISE_ASYM 0x0800u
#define INTEL_ADVERTISE_MODES 0x0de0u

/* 40.5.1.1: the same of 1000BASE-T. */
#define INTEL_PHY_CTRL_1000 9u
#define INTEL_CTRL_1000_HALF 0x0100u
#define INTEL_CTRL_1000_FULL 0x0200u

/**
 * struct intel_phy_kind - what kinds of PHYs have each its own way
 * @id1: of which maker
 * @id2: which, without its revision
 * @page: the register that says of which page those behind it are; 0: there are none
 * @mdi: the register of MDI and MDIX, on page 0; 0: auto-MDIX needs no help, whatever the speed
 * @mdi_mask: of @mdi: the mode; all 0 is MDI
 * @mdi_auto: of @mdi_mask: auto-MDIX
 * @loop: the register with @loop_bits; 0: none
 * @loop_bits: bits that loopback needs set beside BMCR's
 * @resets: it takes on what it is told with a reset, over which it keeps it; what BMCR says also
 *	when negotiation begins anew. Others do so at once, and forget it with a reset
 */
struct intel_phy_kind {
	uint16_t id1;
	uint16_t id2;
	uint8_t page;
	uint8_t mdi;
	uint16_t mdi_mask;
	uint16_t mdi_auto;
	uint8_t loop;
	uint16_t loop_bits;
	bool resets;
};

/* Which kind a port's is: 0, -EIO, -ENODEV. */
int intel_phy_kind(struct fn_dev *dev, const struct intel_phy_kind **kind);

/*
 * As in &struct fn_driver_ops: from control calls only, since each waits some 64 us for the wires,
 * and for firmware when that uses the PHY.
 */
int intel_phy_read(struct fn_dev *dev, unsigned reg, uint16_t *value);
int intel_phy_write(struct fn_dev *dev, unsigned reg, uint16_t value);

#endif
