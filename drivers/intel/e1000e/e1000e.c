// SPDX-License-Identifier: BSD-3-Clause
/* 82574L, 82574LA and 82574IT: what they are, and the driver's functions. */
#include "drivers/intel/e1000e/e1000e.h"

#include "drivers/intel/e1000e/e1000e_regs.h"
#include "drivers/intel/intel_led.h"
#include "drivers/intel/intel_link.h"
#include "drivers/intel/intel_nvm.h"
#include "drivers/intel/intel_phy.h"
#include "drivers/intel/intel_regtable.h"
#include "drivers/intel/intel_ring.h"
#include "drivers/intel/intel_selftest.h"
#include "drivers/intel/intel_stats.h"

#define OFFLOADS                                                                                \
	(FN_OFFLOAD_RX_CSUM | FN_OFFLOAD_RX_VLAN | FN_OFFLOAD_RX_HASH | FN_OFFLOAD_RX_SCATTER | \
	 FN_OFFLOAD_VLAN_FILTER | FN_OFFLOAD_TX_IP_CSUM | FN_OFFLOAD_TX_L4_CSUM |               \
	 FN_OFFLOAD_TX_TSO4 | FN_OFFLOAD_TX_TSO6 | FN_OFFLOAD_TX_VLAN)

/* The bits of MRQC: 10.2.5. Ports of TCP alone: the 82574 does not hash UDP. */
static const struct intel_hash hashes[] = {
	{ FN_RSS_IPV4, INTEL_MRQC_IPV4 },
	{ FN_RSS_TCP4, INTEL_MRQC_TCP4 },
	{ FN_RSS_IPV6, INTEL_MRQC_IPV6 },
	{ FN_RSS_TCP6, E1000E_MRQC_TCP6 },
};

static const struct intel_steps steps = {
	.irqs_off = e1000e_irqs_off,
	.before_reset = e1000e_before_reset,
	.after_reset = e1000e_after_reset,
	.setup = e1000e_setup,
	.rx_setup = e1000e_rx_setup,
	.rxq_start = e1000e_rxq_start,
	.txq_start = e1000e_txq_start,
	.irqs_start = e1000e_irqs_start,
	.irq_raise = e1000e_irq_raise,
	.set_coalesce = e1000e_set_coalesce,
	.throttle = e1000e_throttle,
};

/*
 * Its longest frame is Linux's, CRC included. The paper names the 16 KiB of RCTL.LPE
 * alone, and not what of them the packet buffer has room for.
 */
#define FRAME_MAX 9234u
#define MTU_MAX (FRAME_MAX - FN_LINK_HEADER_BYTES - INTEL_CRC_BYTES)

/*
 * A descriptor takes more (7.2.10), but not more than the packet buffer, half of which is for
 * sending. Delays are multiples of what both the throttle and the timers count in, up to what the
 * throttle can.
 */
static const struct intel_chip chip_82574 = {
	.rxq = E1000E_RXQ,
	.txq = E1000E_TXQ,
	.queue_stride = E1000E_QUEUE_STRIDE,
	.queues = 2,
	.entries = 5,
	.exact_macs = 16,
	.tx_seg_bytes = 8192,
	.rx_errors = INTEL_RXD_RXE | INTEL_RXD_CE | INTEL_RXD_SE | INTEL_RXD_SEQ | INTEL_RXD_CXE,
	.mtu_max = MTU_MAX,
	.offloads = OFFLOADS,
	.hashes = hashes,
	.hashes_n = FN_ARRAY_LEN(hashes),
	.mrqc_rss = E1000E_MRQC_RSS,
	.reta_shift = E1000E_RETA_SHIFT,
	.coalesce_unit_ns = E1000E_RDTR_NS,
	.coalesce_max_ns = E1000E_EITR_MAX * E1000E_EITR_NS / E1000E_RDTR_NS * E1000E_RDTR_NS,
	.vfta_writes = 1,
	.stats = &intel_stats_82574,
	.regs = &intel_regs_82574,
	.steps = &steps,
};

/* PCI Express 7.8: its capability, and link control in it: ASPM in states L0s and L1. */
#define PCI_CAP_EXPRESS 0x10u
#define PCIE_LINK_CONTROL 0x10u
#define PCIE_LINK_ASPM 0x0003u

/*
 * The 82574 loses completions on a link that saves power (its specification update; Linux's e1000e
 * turns ASPM off). VFIO does not let link control be written, so it is for whoever has the machine.
 */
static void look_at_aspm(const struct fn_dev *dev)
{
	const uint16_t cap = fn_busdev_next_cap(dev->bus, PCI_CAP_EXPRESS, 0);
	const uint16_t link =
		cap ? fn_cfg_read16(dev->bus, (uint16_t)(cap + PCIE_LINK_CONTROL)) : 0;

	if (link == UINT16_MAX || !(link & PCIE_LINK_ASPM))
		return;
	fn_log(dev->ctx, FN_LOG_WARN,
	       "%s: its PCIe link saves power (ASPM), with which an 82574 may stop: write 0 to "
	       "l0s_aspm and l1_aspm in /sys/bus/pci/devices/%s/link, or boot with "
	       "pcie_aspm.policy=performance",
	       dev->bus->name, dev->bus->name);
}

static int e1000e_open(struct fn_dev *dev)
{
	const int ret = intel_open(dev, &chip_82574);

	if (!ret)
		look_at_aspm(dev);
	return ret;
}

static const struct fn_driver_ops ops = {
	INTEL_SHARED_OPS,
	.open = e1000e_open,
	.config_irq = e1000e_config_irq,
	.rx_arm = e1000e_rx_arm,
	.rx_disarm = e1000e_rx_disarm,
	.tx_arm = e1000e_tx_arm,
	.tx_disarm = e1000e_tx_disarm,
};

/* The 82574IT has the 82574L's number. */
static const struct fn_pci_id ids[] = {
	/* Runs on QEMU's model and on that of tests/model. */
	{ 0x8086, 0x10d3, "82574L" },
	/* Written by the data sheet; run on tests/model alone. */
	{ 0x8086, 0x10f6, "82574LA" },
};

const struct fn_driver fn_driver_e1000e = {
	.name = "e1000e",
	.ids = ids,
	.ids_n = FN_ARRAY_LEN(ids),
	.dev_bytes = sizeof(struct e1000e),
	.rxq_bytes = sizeof(struct intel_rxq),
	.txq_bytes = sizeof(struct intel_txq),
	.ops = &ops,
};
