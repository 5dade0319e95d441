// SPDX-License-Identifier: BSD-3-Clause
/* The 82574 between its reset and queues that run: 82574 4.6. */
#include <errno.h>

#include "drivers/intel/e1000e/e1000e.h"
#include "drivers/intel/e1000e/e1000e_regs.h"
#include "drivers/intel/intel_sem.h"

/*
 * A reset while the firmware talks to the PHY would leave both in the middle of a word, so the
 * wires are taken first. Firmware that does not let go is reset with all else.
 */
int e1000e_before_reset(struct fn_dev *dev)
{
	int ret;

	e1000e_irqs_settle(dev);
	ret = intel_sem_take(dev, INTEL_SEM_PHY);
	if (!ret || ret == -ENODEV)
		return ret;
	fn_log(dev->ctx, FN_LOG_WARN, "%s", fn_error_last());
	return 0;
}

void e1000e_after_reset(struct fn_dev *dev)
{
	intel_sem_give(dev, INTEL_SEM_PHY);
}

/*
 * 10.2.2.5: reserved bits that have to be otherwise than a reset leaves them; and those by which a
 * message masks its cause, and a cause that is let through forgets what was pending: what
 * e1000e_irqs_start() counts on.
 */
static int ctrl_ext_setup(struct fn_dev *dev)
{
	return intel_change(dev, INTEL_CTRL_EXT, E1000E_CTRL_EXT_RESERVED_0,
			    E1000E_CTRL_EXT_RESERVED_1 | E1000E_CTRL_EXT_EIAME |
				    E1000E_CTRL_EXT_PBA_CLR);
}

/*
 * Bits that have to be otherwise than a reset leaves them; those of GCR and GCR2 the specification
 * update asks for against lost completions on PCIe.
 */
int e1000e_setup(struct fn_dev *dev)
{
	const struct intel_port *port = intel_port_of(dev);
	int ret;

	ret = intel_change(dev, E1000E_GCR, 0, E1000E_GCR_WORKAROUND);
	if (!ret)
		ret = intel_change(dev, E1000E_GCR2, 0, E1000E_GCR2_WORKAROUND);
	if (!ret)
		ret = ctrl_ext_setup(dev);
	if (!ret)
		ret = intel_change(dev, INTEL_TCTL, E1000E_TCTL_COLD_MASK, E1000E_TCTL_COLD);
	if (ret)
		return ret;
	intel_write(port, INTEL_VET, INTEL_VET_8021Q);
	intel_write(port, E1000E_TIPG, E1000E_TIPG_COPPER);
	return 0;
}

/* 7.1: extended descriptors, without which there is no RSS. */
void e1000e_rx_setup(struct fn_dev *dev)
{
	intel_write(intel_port_of(dev), INTEL_RFCTL,
		    INTEL_RFCTL_NO_FILTERS | E1000E_RFCTL_ACK_DIS | E1000E_RFCTL_EXSTEN);
}

/*
 * 10.2.5, 10.2.6: descriptors are fetched in good time, by the thresholds of Linux's e1000e, and
 * written back one by one (WTHRESH 1), those of receive unlike there: whoever polls waits for them.
 */
int e1000e_rxq_start(struct fn_dev *dev, uint16_t idx)
{
	const struct intel_port *port = intel_port_of(dev);

	intel_write(port, intel_rxq_reg(port, idx, INTEL_Q_CTL),
		    E1000E_DCTL_GRAN | INTEL_DCTL_PTHRESH(32u) | INTEL_DCTL_HTHRESH(4u) |
			    INTEL_DCTL_WTHRESH(1u));
	return 0;
}

int e1000e_txq_start(struct fn_dev *dev, uint16_t idx)
{
	const struct intel_port *port = intel_port_of(dev);

	intel_write(port, intel_txq_reg(port, idx, INTEL_Q_CTL),
		    E1000E_DCTL_GRAN | E1000E_TXDCTL_COUNT | INTEL_DCTL_PTHRESH(31u) |
			    INTEL_DCTL_HTHRESH(1u) | INTEL_DCTL_WTHRESH(1u));
	return intel_change(dev, E1000E_TARC(idx), E1000E_TARC_RESERVED_0,
			    E1000E_TARC_ENABLE | (idx ? 0 : E1000E_TARC0_RESERVED_1));
}
