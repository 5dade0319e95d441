/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The registers that people may look at: those that mean something to them and that a read does not
 * change. So ICR, EICR, SWSM, the statistics and the time stamps are not among them; nor are the
 * 4096 bits each of the multicast and the VLAN table.
 */
#ifndef INTEL_REGTABLE_H
#define INTEL_REGTABLE_H

#include <fastnic/regs.h>

#define INTEL_REGS_82574 144u
#define INTEL_REGS_82576 402u

extern const struct fn_reg_desc intel_regs_82574[INTEL_REGS_82574];
extern const struct fn_reg_desc intel_regs_82576[INTEL_REGS_82576];

/* As in &struct fn_driver_ops. */
uint32_t intel_read_reg(struct fn_dev *dev, uint32_t offset);

#endif
