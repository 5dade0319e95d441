// SPDX-License-Identifier: BSD-3-Clause
/* The life of a port of Intel's gigabit controllers: open, checked, started, stopped, closed. */
#include <errno.h>

#include "drivers/intel/intel_link.h"
#include "drivers/intel/intel_nvm.h"
#include "drivers/intel/intel_ring.h"
#include "drivers/intel/intel_selftest.h"
#include "drivers/intel/intel_stats.h"

/* Shortest MTU: what every IPv4 host must take whole (RFC 791 3.2). */
#define MTU_MIN 68u

/* Longest frame without RCTL.LPE: 1518 bytes and a VLAN tag (82574 10.2.5.1, 82576 8.10.1). */
#define STANDARD_FRAME_MAX 1522u

static void open_limits(struct fn_dev *dev, const struct intel_chip *chip)
{
	struct fn_dev_limits *limits = &dev->limits;

	limits->max_rxqs = chip->queues;
	limits->max_txqs = chip->queues;
	limits->rx_ring_min = INTEL_RING_MIN;
	limits->rx_ring_max = INTEL_RING_MAX;
	limits->tx_ring_min = INTEL_RING_MIN;
	limits->tx_ring_max = INTEL_RING_MAX;
	limits->max_tx_segs = INTEL_TX_SEGS_MAX;
	limits->tx_extra_descs = INTEL_TX_EXTRA_DESCS;
	limits->mtu_min = MTU_MIN;
	limits->mtu_max = chip->mtu_max;
	limits->caps = FN_CAP_SET_MAC | FN_CAP_PROMISC | FN_CAP_ALLMULTI | FN_CAP_MAC_FILTERS |
		       FN_CAP_RSS | FN_CAP_COALESCE | FN_CAP_SET_LINK | FN_CAP_PAUSE |
		       FN_CAP_IDENTIFY | FN_CAP_REGS | FN_CAP_SELFTEST | FN_CAP_PHY;
	limits->offloads_max = chip->offloads;
	limits->rss_types = intel_rss_types(chip);
	limits->rss_default_types = limits->rss_types;
	limits->rss_only = true;
	limits->rss_key_bytes = INTEL_RSSRK_BYTES;
	limits->rss_reta_entries = INTEL_RETA_ENTRIES;
	limits->max_mac_filters = INTEL_MAC_FILTERS_MAX;
	limits->max_mac_exact = chip->exact_macs - 1u;
	limits->coalesce_unit_ns = chip->coalesce_unit_ns;
	limits->coalesce_max_ns = chip->coalesce_max_ns;
	limits->link_modes = INTEL_LINK_MODES;
	limits->link_forced_modes = INTEL_LINK_FORCED_MODES;
	limits->nvm_words = intel_nvm_words(dev);
	if (limits->nvm_words)
		limits->caps |= FN_CAP_NVM;
	limits->selftests = intel_selftests(dev);
	/* With one entry only, link changes are told and queues have no interrupt. */
	if (dev->bus->irqs >= INTEL_FIRST_VECTOR) {
		limits->vectors = (uint16_t)(dev->bus->irqs - INTEL_FIRST_VECTOR);
		limits->first_vector = INTEL_FIRST_VECTOR;
	}
}

int intel_open(struct fn_dev *dev, const struct intel_chip *chip)
{
	struct intel_port *port = intel_port_of(dev);
	int ret;

	port->chip = chip;
	ret = dev->bus->ops->map(dev->bus, INTEL_REGS_BAR, 0, INTEL_REGS_BYTES, &port->regs);
	if (ret)
		return ret;
	ret = intel_reset(dev);
	if (!ret)
		ret = intel_mac_address(dev, dev->limits.mac);
	/* Firmware for management lets go of what the driver is to have. */
	if (!ret)
		ret = intel_change(dev, INTEL_CTRL_EXT, 0, INTEL_CTRL_EXT_DRV_LOAD);
	if (!ret)
		intel_stats_clear(dev);
	if (ret) {
		dev->bus->ops->unmap(dev->bus, &port->regs);
		return ret;
	}
	open_limits(dev, chip);
	return 0;
}

/* What a device that is gone needs beside the sentence. */
static int mark(struct fn_dev *dev, int ret)
{
	return ret == -ENODEV ? fn_dev_mark_gone(dev) : ret;
}

int intel_close(struct fn_dev *dev)
{
	struct intel_port *port = intel_port_of(dev);
	int ret = intel_reset(dev);

	if (!ret)
		ret = intel_change(dev, INTEL_CTRL_EXT, INTEL_CTRL_EXT_DRV_LOAD, 0);
	dev->bus->ops->unmap(dev->bus, &port->regs);
	return mark(dev, ret);
}

/* With FN_OFFLOAD_RX_SCATTER: a frame fits what the device has of a ring while that is full. */
static int check_scatter(const struct fn_dev *dev, const struct fn_dev_conf *conf)
{
	const uint32_t room = intel_rx_buf_bytes(conf->pool);
	const uint32_t segs = (conf->mtu + FN_LINK_HEADER_BYTES + room - 1) / room;

	if (segs < conf->rx_ring)
		return 0;
	return fn_fail(
		-EINVAL,
		"%s: a frame of MTU %u fills %u buffers of %s, and a receive ring of %u has %u "
		"at most: create the pool with larger room_bytes, use a larger ring, or a "
		"smaller MTU",
		dev->bus->name, conf->mtu, segs, fn_pool_name(conf->pool), conf->rx_ring,
		conf->rx_ring - 1);
}

int intel_check(struct fn_dev *dev, const struct fn_dev_conf *conf)
{
	const int ret = intel_rx_check(dev, conf);

	if (ret || !(conf->offloads & FN_OFFLOAD_RX_SCATTER))
		return ret;
	return check_scatter(dev, conf);
}

/* The ring of a queue, while the queue is off: 82574 4.6, 82576 4.5.9 and 4.5.10. */
static void ring_set(const struct intel_port *port, uint32_t base, const struct fn_dma *ring,
		     uint32_t bytes)
{
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
		value |= INTEL_RXCSUM_IPOFL | INTEL_RXCSUM_TUOFL |
			 intel_port_of(dev)->chip->rxcsum_sctp;
	return value;
}

/*
 * All of RCTL that does not change while the device runs, but EN. The 82576 compares with the MTU's
 * own length (RLPML), so that what is longer than a buffer never comes in.
 */
static uint32_t rctl(const struct fn_dev *dev)
{
	const bool is_82576 = intel_port_of(dev)->chip->is_82576;
	const uint32_t buf = intel_rx_buf_bytes(dev->conf.pool);
	uint32_t value = INTEL_RCTL_BAM | INTEL_RCTL_SECRC;

	if (is_82576 || intel_frame_bytes(dev) > STANDARD_FRAME_MAX)
		value |= INTEL_RCTL_LPE;
	if (dev->conf.offloads & FN_OFFLOAD_VLAN_FILTER)
		value |= INTEL_RCTL_VFE;
	if (buf < 1024)
		value |= buf == 512 ? INTEL_RCTL_BSIZE_512 : INTEL_RCTL_BSIZE_256;
	else if (!is_82576)
		value |= INTEL_RCTL_FLXBUF(buf / 1024);
	return value;
}

/* One bit is for both: who wants tags put in gets received ones taken out too. */
static int vlan_start(struct fn_dev *dev)
{
	if (!(dev->conf.offloads & (FN_OFFLOAD_RX_VLAN | FN_OFFLOAD_TX_VLAN)))
		return 0;
	return intel_change(dev, INTEL_CTRL, 0, INTEL_CTRL_VME);
}

/* From reset on, with the link coming up: 82574 4.6, 82576 4.5. */
static int start_setup(struct fn_dev *dev)
{
	struct intel_port *port = intel_port_of(dev);
	const struct intel_steps *steps = port->chip->steps;
	int ret;

	ret = intel_reset(dev);
	if (ret)
		return ret;
	intel_stats_clear(dev);
	ret = steps->setup(dev);
	if (!ret)
		ret = vlan_start(dev);
	if (!ret)
		ret = intel_link_start(dev);
	if (ret)
		return ret;
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
	/* The tail of a queue that is not enabled is not taken in (82576 4.5.9). */
	for (uint16_t i = 0; !ret && i < dev->conf.rxqs; i++)
		ret = intel_rx_fill(dev, i);
	return ret;
}

static bool is_broken(const struct fn_queue *queue)
{
	return __atomic_load_n(&queue->status, __ATOMIC_ACQUIRE) == -EIO;
}

/* Give all memory and buffers back; the device cannot reach them any more. */
static void queues_destroy(struct fn_dev *dev, bool lost)
{
	struct intel_port *port = intel_port_of(dev);

	for (uint16_t i = 0; i < port->rxqs; i++)
		intel_rx_destroy(dev, i,
				 lost || is_broken(fn_rxq_queue(dev->rxqs[i])) ?
					 FN_RX_DROP_BROKEN :
					 FN_RX_DROP_STOPPED);
	for (uint16_t i = 0; i < port->txqs; i++)
		intel_tx_destroy(dev, i,
				 lost || is_broken(fn_txq_queue(dev->txqs[i])) ?
					 FN_TX_DROP_BROKEN :
					 FN_TX_DROP_STOPPED);
	port->rxqs = 0;
	port->txqs = 0;
}

/*
 * Reset the device, so that it lets go of all memory. One that does not even do that is cut off
 * from memory instead: without bus mastering it has no DMA (PCI 3.0 6.2.2).
 */
static int quiesce(struct fn_dev *dev)
{
	int ret;

	intel_link_stop(dev);
	ret = intel_reset(dev);
	if (ret && ret != -ENODEV) {
		(void)fn_busdev_set_master(dev->bus, false);
		fn_log(dev->ctx, FN_LOG_WARN, "%s: bus mastering is off, because the reset failed",
		       dev->bus->name);
	}
	return mark(dev, ret);
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
	/* 82576 4.5.9: the receiver comes last. */
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

		while (!is_broken(fn_txq_queue(&q->pub)) && (intel_tx_done(q), !intel_tx_idle(q))) {
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

int intel_set_coalesce(struct fn_dev *dev, const struct fn_coalesce *c)
{
	intel_port_of(dev)->chip->steps->set_coalesce(dev, c);
	return intel_flush(dev);
}

static uint32_t shorter_ns(uint32_t a_ns, uint32_t b_ns)
{
	return a_ns < b_ns ? a_ns : b_ns;
}

uint32_t intel_entry_delay_ns(const struct fn_dev *dev, const struct fn_coalesce *c, uint16_t entry)
{
	uint32_t delay_ns = UINT32_MAX;

	for (uint16_t i = 0; i < dev->conf.rxqs; i++)
		if (intel_entry(fn_rxq_queue(dev->rxqs[i])) == entry)
			delay_ns = shorter_ns(delay_ns, c->rx_delay_ns);
	for (uint16_t i = 0; i < dev->conf.txqs; i++)
		if (intel_entry(fn_txq_queue(dev->txqs[i])) == entry)
			delay_ns = shorter_ns(delay_ns, c->tx_delay_ns);
	return delay_ns == UINT32_MAX ? 0 : delay_ns;
}

void intel_other_causes(struct fn_dev *dev, uint32_t icr)
{
	if (intel_is_gone(dev, icr)) {
		(void)fn_dev_mark_gone(dev);
		return;
	}
	if (icr == UINT32_MAX)
		icr = INTEL_ICR_LSC;
	if (icr & INTEL_ICR_RXO)
		dev->counters[INTEL_COUNTER_RX_OVERRUN]++;
	if (icr & INTEL_ICR_LSC) {
		intel_link_changed(dev);
		fn_dev_raise(dev, FN_EVENT_LINK);
	}
}
