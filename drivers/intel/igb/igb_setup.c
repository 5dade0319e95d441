// SPDX-License-Identifier: BSD-3-Clause
/* The 82576 and its successors between their reset and queues that run: I210 4.5.9, 4.5.10. */
#include <errno.h>

#include "drivers/intel/igb/igb.h"
#include "drivers/intel/igb/igb_regs.h"
#include "drivers/intel/intel_ring.h"

/* How long a queue may take to start. */
#define QUEUE_LIMIT_MS 20u

/*
 * I210 7.4.5: which of two tags is meant, and the type of the outer one. The first a reset takes
 * from the NVM, and of the second no paper says what a reset leaves: both are written.
 */
int igb_setup(struct fn_dev *dev)
{
	const bool outer = dev->conf.offloads & FN_OFFLOAD_VLAN_OUTER;

	intel_write(intel_port_of(dev), INTEL_VET,
		    INTEL_VET_8021Q | INTEL_VET_EXT(INTEL_OUTER_TPID));
	return intel_change(dev, INTEL_CTRL_EXT, outer ? 0 : INTEL_CTRL_EXT_EXT_VLAN,
			    outer ? INTEL_CTRL_EXT_EXT_VLAN : 0);
}

/*
 * I210 7.1.1.4: with LPE the longest frame is RLPML's, whatever its length. Extension headers of
 * IPv6 are not looked at, as malformed ones can hang the receiver.
 */
void igb_rx_setup(struct fn_dev *dev)
{
	const struct intel_port *port = intel_port_of(dev);

	intel_write(port, INTEL_RFCTL, INTEL_RFCTL_NO_FILTERS | INTEL_RFCTL_IPV6_EX_DIS);
	intel_write(port, IGB_RLPML, intel_frame_bytes(dev));
}

/*
 * QEMU's model sets the bit at once; tests/model's, as a chip may, takes some time (model/igb,
 * bring_up).
 */
static int queue_start(struct fn_dev *dev, uint32_t reg, uint32_t thresholds, const char *kind,
		       uint16_t idx)
{
	int ret;

	intel_write(intel_port_of(dev), reg, thresholds | IGB_DCTL_ENABLE);
	ret = intel_wait(dev, reg, IGB_DCTL_ENABLE, IGB_DCTL_ENABLE, FN_MS(QUEUE_LIMIT_MS));
	if (ret != -ETIMEDOUT)
		return ret;
	return fn_fail(-EIO, "%s: %s queue %u does not start within %u ms: fn_dev_reset() it",
		       dev->bus->name, kind, idx, QUEUE_LIMIT_MS);
}

/*
 * 8.10.2: with several queues one that is full must not hold the others up: what comes for it is
 * dropped and counted (RQDPC), not kept in the buffer that all share.
 */
static uint32_t srrctl(const struct fn_dev *dev)
{
	const uint32_t kib = intel_rx_buf_bytes(dev->conf.pool) / 1024;

	return IGB_SRRCTL_BSIZE(kib) | IGB_SRRCTL_ADVANCED |
	       (dev->conf.rxqs > 1 ? IGB_SRRCTL_DROP_EN : 0);
}

/*
 * 8.10, 8.12: descriptors are fetched in good time and written back one by one, as whoever polls
 * waits for them: the thresholds that Linux's igb gives an 82576 with MSI-X.
 */
int igb_rxq_start(struct fn_dev *dev, uint16_t idx)
{
	const struct intel_port *port = intel_port_of(dev);
	int ret = 0;

	intel_write(port, intel_rxq_reg(port, idx, IGB_Q_SRRCTL), srrctl(dev));
	if (port->chip->is_successor)
		ret = intel_change(dev, IGB_DVMOLR(idx), 0, IGB_DVMOLR_STRCRC);
	if (ret)
		return ret;
	return queue_start(dev, intel_rxq_reg(port, idx, INTEL_Q_CTL),
			   INTEL_DCTL_PTHRESH(8u) | INTEL_DCTL_HTHRESH(8u) | INTEL_DCTL_WTHRESH(1u),
			   "receive", idx);
}

int igb_txq_start(struct fn_dev *dev, uint16_t idx)
{
	const struct intel_port *port = intel_port_of(dev);

	return queue_start(dev, intel_txq_reg(port, idx, INTEL_Q_CTL),
			   INTEL_DCTL_PTHRESH(8u) | INTEL_DCTL_HTHRESH(1u) | INTEL_DCTL_WTHRESH(1u),
			   "transmit", idx);
}
