// SPDX-License-Identifier: BSD-3-Clause
/* The registers of a port, for people who look at them; each family has the table of its own. */
#include "drivers/intel/intel_regtable.h"
#include "drivers/intel/intel.h"

uint32_t intel_read_reg(struct fn_dev *dev, uint32_t offset)
{
	return intel_read(intel_port_of(dev), offset);
}
