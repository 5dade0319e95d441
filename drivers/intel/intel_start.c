// SPDX-License-Identifier: BSD-3-Clause
/* A port of Intel's gigabit controllers on its way from reset to packets, and back. */
#include <errno.h>

#include "drivers/intel/intel_link.h"
#include "drivers/intel/intel_ring.h"
#include "drivers/intel/intel_stats.h"

/*
 * The ring of a queue, while the queue is off, which the 82576's first one is not after a reset:
 * 82574 4.6.5 and 4.6.6, I210 4.5.9 and 4.5.10.
 */
static void ring_set(const struct intel_port *port, uint32_t base, const struct fn_dma *ring,
		     uint32_t bytes)
{
	intel_write(port, base + INTEL_Q_CTL, 0);
	intel_write(port, base + INTEL_Q_BAL, fn_lower_32(ring->iova.v));
	intel_write(port, base + INTEL_Q_BAH, fn_upper_32(ring->iova.v));
	intel_write(port, base + INTEL_Q_LEN, bytes);
	intel_write(port, base + INTEL_Q_HEAD, 0);
	intel_write(port, base + INTEL_Q_TAIL, 0);
}

static int start_rxqs(struct fn_dev *dev)
{
	struct intel_port *port = intel_port_of(dev);
	int ret = 0;

	for (port->rxqs = 0; !ret && port->rxqs < dev->conf.rxqs; port->rxqs++)
		ret = intel_rx_create(dev, port->rxqs);
	/* The one that failed is not made. */
	if (ret)
		port->rxqs--;
	for (uint16_t i = 0; !ret && i < port->rxqs; i++) {
		ring_set(port, intel_rxq_reg(port, i, 0), &intel_rxq_of(dev->rxqs[i])->ring,
			 dev->conf.rx_ring * (uint32_t)sizeof(struct intel_rx_desc));
		ret = port->chip->steps->rxq_start(dev, i);
	}
	return ret;
}

static int start_txqs(struct fn_dev *dev)
{
	struct intel_port *port = intel_port_of(dev);
	const enum intel_tx_kind kind =
		port->chip->is_82576 ? INTEL_TX_ADVANCED : INTEL_TX_EXTENDED;
	int ret = 0;

	for (port->txqs = 0; !ret && port->txqs < dev->conf.txqs; port->txqs++)
		ret = intel_tx_create(dev, port->txqs, kind);
	if (ret)
		port->txqs--;
	for (uint16_t i = 0; !ret && i < port->txqs; i++) {
		ring_set(port, intel_txq_reg(port, i, 0), &intel_txq_of(dev->txqs[i])->ring,
			 dev->conf.tx_ring * (uint32_t)sizeof(struct intel_tx_desc));
		ret = port->chip->steps->txq_start(dev, i);
	}
	return ret;
}

/* Checksums as they were asked for; the hash, which RSS needs, in any case. */
static uint32_t rxcsum(const struct fn_dev *dev)
{
	uint32_t value = INTEL_RXCSUM_PCSD;

	if (dev->conf.offloads & FN_OFFLOAD_RX_CSUM)
		value |= INTEL_RXCSUM_IPOFLD | INTEL_RXCSUM_TUOFLD |
			 intel_port_of(dev)->chip->rxcsum_sctp;
	return value;
}

/*
 * All of RCTL that does not change while the device runs, but EN. The 82576 has the longest frame
 * in a register of its own (RLPML).
 */
static uint32_t rctl(const struct fn_dev *dev)
{
	const bool is_82576 = intel_port_of(dev)->chip->is_82576;
	const uint32_t buf = intel_rx_buf_bytes(dev->conf.pool);
	uint32_t value = INTEL_RCTL_BAM | INTEL_RCTL_SECRC;

	if (is_82576 || intel_frame_bytes(dev) > INTEL_STANDARD_FRAME_MAX)
		value |= INTEL_RCTL_LPE;
	if (dev->conf.offloads & FN_OFFLOAD_VLAN_FILTER)
		value |= INTEL_RCTL_VFE;
	if (buf < 1024)
		value |= buf == 512 ? INTEL_RCTL_BSIZE_512 : INTEL_RCTL_BSIZE_256;
	else if (!is_82576)
		value |= INTEL_RCTL_FLXBUF(buf / 1024);
	return value;
}

/*
 * One bit is for both: who wants tags put in gets received ones taken out too. It is cleared as
 * well: CTRL.RST of QEMU's e1000e before 8.0 leaves it, and the next program would miss the tags
 * (unit test_intel_setup, stale_stripping).
 */
static int vlan_start(struct fn_dev *dev)
{
	const bool on = dev->conf.offloads & (FN_OFFLOAD_RX_VLAN | FN_OFFLOAD_TX_VLAN);

	return intel_change(dev, INTEL_CTRL, on ? 0 : INTEL_CTRL_VME, on ? INTEL_CTRL_VME : 0);
}

/* From reset on, with the link coming up: 82574 4.6, I210 4.5. */
static int start_setup(struct fn_dev *dev)
{
	struct intel_port *port = intel_port_of(dev);
	const struct intel_steps *steps = port->chip->steps;
	int ret;

	ret = intel_reset(dev);
	if (ret)
		return ret;
	intel_stats_clear(dev);
	/* Firmware for management lets go of what the driver is to have. */
	ret = intel_change(dev, INTEL_CTRL_EXT, 0, INTEL_CTRL_EXT_DRV_LOAD);
	if (!ret)
		ret = steps->setup(dev);
	if (!ret)
		ret = vlan_start(dev);
	if (!ret)
		ret = intel_link_start(dev);
	if (ret)
		return ret;
	/* 82574 10.2, 82576 8: what the NVM or a former driver armed wakes nobody while it runs. */
	intel_write(port, INTEL_WUC, 0);
	port->rctl = rctl(dev);
	intel_write(port, INTEL_RXCSUM, rxcsum(dev));
	intel_filter_start(dev);
	intel_rss_start(dev);
	steps->rx_setup(dev);
	return 0;
}

/* Sets &intel_port.rxqs and @txqs as far as it came; what it made stays when it fails. */
static int start_queues(struct fn_dev *dev)
{
	struct intel_port *port = intel_port_of(dev);
	int ret;

	ret = start_rxqs(dev);
	if (!ret)
		ret = start_txqs(dev);
	if (!ret)
		ret = intel_change(dev, INTEL_TCTL, INTEL_TCTL_CT_MASK,
				   INTEL_TCTL_EN | INTEL_TCTL_PSP | INTEL_TCTL_CT |
					   INTEL_TCTL_RTLC);
	if (!ret)
		ret = port->chip->steps->irqs_start(dev);
	if (ret)
		return ret;
	port->chip->steps->set_coalesce(dev, &dev->coalesce);
	/* The tail of a queue that is not enabled is not taken in (I210 4.5.9). */
	for (uint16_t i = 0; !ret && i < dev->conf.rxqs; i++)
		ret = intel_rx_fill(dev, i);
	return ret;
}

/* Give all memory and buffers back, unless the device may reach them still. */
static void queues_destroy(struct fn_dev *dev, bool lost)
{
	struct intel_port *port = intel_port_of(dev);

	if (dev->kept)
		return;
	for (uint16_t i = 0; i < port->rxqs; i++)
		intel_rx_destroy(dev, i,
				 lost || fn_queue_is_broken(fn_rxq_queue(dev->rxqs[i])) ?
					 FN_RX_DROP_BROKEN :
					 FN_RX_DROP_STOPPED);
	for (uint16_t i = 0; i < port->txqs; i++)
		intel_tx_destroy(dev, i,
				 lost || fn_queue_is_broken(fn_txq_queue(dev->txqs[i])) ?
					 FN_TX_DROP_BROKEN :
					 FN_TX_DROP_STOPPED);
	port->rxqs = 0;
	port->txqs = 0;
}

/*
 * Reset the device, so that it lets go of all memory. One that does not even do that is cut off
 * from memory instead.
 */
static int quiesce(struct fn_dev *dev)
{
	int ret;

	intel_link_stop(dev);
	ret = intel_reset(dev);
	if (!ret)
		(void)intel_change(dev, INTEL_CTRL_EXT, INTEL_CTRL_EXT_DRV_LOAD, 0);
	else if (ret != -ENODEV)
		return fn_dev_cut_off(dev, ret);
	return ret == -ENODEV ? fn_dev_mark_gone(dev) : ret;
}

int intel_start(struct fn_dev *dev)
{
	struct intel_port *port = intel_port_of(dev);
	struct fn_first_error first = { 0 };
	int reset;
	int ret;

	ret = start_setup(dev);
	if (!ret)
		ret = start_queues(dev);
	if (ret) {
		fn_first_error_note(&first, ret);
		/* A device that is gone, or that cannot even be reset, is the better sentence. */
		reset = quiesce(dev);
		queues_destroy(dev, reset == -ENODEV);
		return reset ? reset : fn_first_error_fail(&first);
	}
	for (uint16_t i = 0; i < dev->conf.rxqs; i++)
		intel_rx_enable(dev, i);
	for (uint16_t i = 0; i < dev->conf.txqs; i++)
		intel_tx_enable(dev, i);
	/* 82574 4.6.5, I210 4.5.9: the receiver comes last. */
	port->rctl |= INTEL_RCTL_EN;
	intel_filter_modes(dev, dev->promisc, dev->allmulti);
	return 0;
}

/* Wait until the device has sent what it has, as long as the configuration allows. */
static void drain(struct fn_dev *dev)
{
	const uint64_t start_ns = fn_dev_now_ns(dev);

	for (uint16_t i = 0; i < dev->conf.txqs; i++) {
		struct intel_txq *q = intel_txq_of(dev->txqs[i]);

		while (!fn_queue_is_broken(fn_txq_queue(&q->pub)) &&
		       (intel_tx_done(q), !intel_tx_idle(q))) {
			/* The time is up; the queues behind still get the one look. */
			if (fn_dev_now_ns(dev) - start_ns >= dev->conf.stop_drain_ns)
				break;
			fn_dev_delay_ns(dev, FN_US(20));
		}
	}
}

int intel_stop(struct fn_dev *dev)
{
	const bool lost = fn_busdev_is_gone(dev->bus);
	int ret;

	if (!lost) {
		drain(dev);
		/* A reset clears what the device counted. */
		intel_read_counters(dev);
	}
	ret = quiesce(dev);
	queues_destroy(dev, lost || ret == -ENODEV);
	return ret;
}

void intel_give_back(struct fn_dev *dev)
{
	queues_destroy(dev, true);
}
