// SPDX-License-Identifier: BSD-3-Clause
/* A port of Intel's gigabit controllers: what it is and can, and what it tells by interrupt. */
#include <errno.h>

#include "drivers/intel/intel_link.h"
#include "drivers/intel/intel_nvm.h"
#include "drivers/intel/intel_regtable.h"
#include "drivers/intel/intel_ring.h"
#include "drivers/intel/intel_selftest.h"
#include "drivers/intel/intel_stats.h"

/* Shortest MTU: what every IPv4 host must take whole (RFC 791 3.2). */
#define MTU_MIN 68u

/* Vendor below, device above: PCI 3.0 6.2.4. */
#define PCI_SUBSYSTEM 0x2cu
#define QEMU_SUBSYSTEM 0x11001af4u
#define QEMU_E1000E_SUBSYSTEM 0x00008086u
#define QEMU_E1000E_EECD (INTEL_EECD_PRES | INTEL_EECD_AUTO_RD)

/* With one entry only, link changes are told and queues have no interrupt. */
static void open_vectors(struct fn_dev *dev, const struct intel_chip *chip)
{
	const unsigned entries = dev->bus->irqs < chip->entries ? dev->bus->irqs : chip->entries;

	if (entries < INTEL_FIRST_VECTOR)
		return;
	dev->limits.vectors = (uint16_t)(entries - INTEL_FIRST_VECTOR);
	dev->limits.first_vector = INTEL_FIRST_VECTOR;
}

/*
 * QEMU's models, behind a reset: its igb by the subsystem that all devices of QEMU's have that were
 * not given one. That of its e1000e is one of real cards too; but of its NVM it says only that it
 * is there, where a card says of which kind and how large it is (82574 10.2.2.3).
 */
static bool is_qemu(const struct fn_dev *dev)
{
	const struct intel_port *port = intel_port_of(dev);
	const uint32_t subsystem = fn_cfg_read32(dev->bus, PCI_SUBSYSTEM);

	if (port->chip->is_82576 || subsystem != QEMU_E1000E_SUBSYSTEM)
		return subsystem == QEMU_SUBSYSTEM;
	return intel_look(port, INTEL_EECD) == QEMU_E1000E_EECD;
}

static void open_limits(struct fn_dev *dev, const struct intel_chip *chip)
{
	struct fn_dev_limits *limits = &dev->limits;
	const bool by_page = intel_port_of(dev)->is_qemu;

	limits->max_rxqs = chip->queues;
	limits->max_txqs = chip->queues;
	limits->rx_ring_min = INTEL_RING_MIN;
	limits->rx_ring_max = INTEL_RING_MAX;
	limits->tx_ring_min = INTEL_RING_MIN;
	limits->tx_ring_max = INTEL_RING_MAX;
	limits->max_tx_segs = INTEL_TX_SEGS_MAX;
	limits->tx_seg_descs = by_page ? INTEL_TX_PAGE_SEG_DESCS : 1;
	limits->tx_extra_descs = by_page ? INTEL_TX_PAGE_EXTRA_DESCS : INTEL_TX_EXTRA_DESCS;
	limits->mtu_min = MTU_MIN;
	limits->mtu_max = chip->mtu_max;
	limits->caps = FN_CAP_SET_MAC | FN_CAP_PROMISC | FN_CAP_ALLMULTI | FN_CAP_MAC_FILTERS |
		       FN_CAP_RSS | FN_CAP_COALESCE | FN_CAP_LINK_CONF | FN_CAP_PAUSE |
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
	limits->counters = chip->stats->descs;
	limits->counters_n = chip->stats->n;
	limits->regs = chip->regs->descs;
	limits->regs_n = chip->regs->n;
	open_vectors(dev, chip);
}

int intel_open(struct fn_dev *dev, const struct intel_chip *chip)
{
	struct intel_port *port = intel_port_of(dev);
	int ret;

	port->chip = chip;
	ret = fn_busdev_map(dev->bus, INTEL_REGS_BAR, 0, INTEL_REGS_BYTES, &port->regs);
	if (ret)
		return ret;
	ret = intel_reset(dev);
	if (!ret)
		ret = intel_mac_address(dev, dev->limits.mac);
	if (ret) {
		dev->bus->ops->unmap(dev->bus, &port->regs);
		return ret;
	}
	port->is_qemu = is_qemu(dev);
	open_limits(dev, chip);
	return 0;
}

int intel_close(struct fn_dev *dev)
{
	const int ret = intel_reset(dev);

	dev->bus->ops->unmap(dev->bus, &intel_port_of(dev)->regs);
	return ret == -ENODEV ? fn_dev_mark_gone(dev) : ret;
}

/* 82576 8.2.2; the 82574 has one port, and reads 0. */
unsigned intel_lan_id(const struct fn_dev *dev)
{
	return intel_look(intel_port_of(dev), INTEL_STATUS) >> INTEL_STATUS_LAN_ID_SHIFT &
	       INTEL_STATUS_LAN_ID_MASK;
}

/*
 * 82574: what RCTL.LPE lets in, whatever the MTU (82574 10.2.5.1): it has no register for a longest
 * frame, as the 82576 has.
 */
#define LPE_FRAME_MAX 16384u

static uint32_t buffers_for(const struct fn_dev_conf *conf, uint32_t bytes)
{
	const uint32_t room = intel_rx_buf_bytes(conf->pool);

	return (bytes + room - 1) / room;
}

/* Frames that are longer than the MTU come in too, and need an end in the ring as well. */
static int check_lpe(const struct fn_dev *dev, const struct fn_dev_conf *conf)
{
	const uint32_t longest = conf->mtu + FN_LINK_HEADER_BYTES + INTEL_CRC_BYTES;
	const uint32_t segs = buffers_for(conf, LPE_FRAME_MAX);

	if (intel_port_of(dev)->chip->is_82576 || longest <= INTEL_STANDARD_FRAME_MAX ||
	    segs <= conf->rx_ring / 2)
		return 0;
	return fn_fail(
		-EINVAL,
		"%s: with MTU %u it lets in frames of up to %u bytes, whatever the MTU, which "
		"fill %u buffers of %s, and %u is the most in a receive ring of %u: use a "
		"larger ring, create the pool with larger room_bytes, or use an MTU of %u or less",
		dev->bus->name, conf->mtu, LPE_FRAME_MAX, segs, fn_pool_name(conf->pool),
		conf->rx_ring / 2, conf->rx_ring,
		INTEL_STANDARD_FRAME_MAX - FN_LINK_HEADER_BYTES - INTEL_CRC_BYTES);
}

/*
 * With FN_OFFLOAD_RX_SCATTER: a frame fits what the device surely has of a ring. The other half may
 * wait to be filled again.
 */
static int check_scatter(const struct fn_dev *dev, const struct fn_dev_conf *conf)
{
	const uint32_t segs = buffers_for(conf, conf->mtu + fn_link_header_bytes(conf));

	if (segs <= conf->rx_ring / 2)
		return check_lpe(dev, conf);
	return fn_fail(
		-EINVAL,
		"%s: a frame of MTU %u fills %u buffers of %s, and %u is the most in a receive "
		"ring of %u: create the pool with larger room_bytes, use a larger ring, or a "
		"smaller MTU",
		dev->bus->name, conf->mtu, segs, fn_pool_name(conf->pool), conf->rx_ring / 2,
		conf->rx_ring);
}

/*
 * I210 7.4.5.1: a tag is put in behind the outer one, which is in the data. QEMU's model of igb
 * puts it in front of that, and the frame is another (vlan_outer_insert).
 */
static int check_outer(const struct fn_dev *dev, const struct fn_dev_conf *conf)
{
	const struct intel_port *port = intel_port_of(dev);
	const uint32_t most = port->chip->mtu_max - INTEL_TAG_BYTES;

	if (!(conf->offloads & FN_OFFLOAD_VLAN_OUTER))
		return 0;
	if (conf->mtu > most)
		return fn_fail(-EINVAL,
			       "%s: MTU %u leaves no room for the tag of vlan_outer: use %u or "
			       "less",
			       dev->bus->name, conf->mtu, most);
	if (port->is_qemu && (conf->offloads & FN_OFFLOAD_TX_VLAN))
		return fn_fail(-ENOTSUP,
			       "%s is QEMU's model, which does not offer tx_vlan behind the tag of "
			       "vlan_outer: leave one of them out",
			       dev->bus->name);
	return 0;
}

int intel_check(struct fn_dev *dev, const struct fn_dev_conf *conf)
{
	int ret = check_outer(dev, conf);

	if (!ret)
		ret = intel_rx_check(dev, conf);
	if (ret || !(conf->offloads & FN_OFFLOAD_RX_SCATTER))
		return ret;
	return check_scatter(dev, conf);
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

uint32_t intel_entry_delay_ns(const struct fn_dev *dev, const struct fn_coalesce *c, unsigned entry)
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
