/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The registers that people may look at: those that mean something to them and that a read does not
 * change. So ICR, EICR, SWSM, the statistics and the time stamps are not among them; nor are the
 * 4096 bits each of the multicast and the VLAN table.
 */
#ifndef INTEL_REGTABLE_H
#define INTEL_REGTABLE_H

#include <fastnic/regs.h>

/**
 * struct intel_regs - those of a chip
 * @descs: them
 * @n: how many
 */
struct intel_regs {
	const struct fn_reg_desc *descs;
	unsigned n;
};

extern const struct intel_regs intel_regs_82574;
extern const struct intel_regs intel_regs_82576;
extern const struct intel_regs intel_regs_i350;
extern const struct intel_regs intel_regs_i210;
extern const struct intel_regs intel_regs_i211;

/* As in &struct fn_driver_ops. */
uint32_t intel_read_reg(struct fn_dev *dev, uint32_t offset);

#endif
