// SPDX-License-Identifier: BSD-3-Clause
/* 82576, I350, I210 and I211: what they are, and the driver's functions. */
#include "drivers/intel/igb/igb.h"

#include "drivers/intel/igb/igb_regs.h"
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
	 FN_OFFLOAD_VLAN_FILTER | FN_OFFLOAD_VLAN_OUTER | FN_OFFLOAD_TX_IP_CSUM |               \
	 FN_OFFLOAD_TX_L4_CSUM | FN_OFFLOAD_TX_SCTP_CSUM | FN_OFFLOAD_TX_TSO4 |                 \
	 FN_OFFLOAD_TX_TSO6 | FN_OFFLOAD_TX_VLAN)

/*
 * The bits of MRQC: 8.10. TCP over IPv6 has two, with extension headers and without, which are the
 * same as these headers are not looked at (RFCTL); QEMU's model knows the first only (rss_queue).
 */
static const struct intel_hash hashes[] = {
	{ FN_RSS_IPV4, INTEL_MRQC_IPV4 }, { FN_RSS_TCP4, INTEL_MRQC_TCP4 },
	{ FN_RSS_UDP4, IGB_MRQC_UDP4 },   { FN_RSS_IPV6, INTEL_MRQC_IPV6 },
	{ FN_RSS_UDP6, IGB_MRQC_UDP6 },   { FN_RSS_TCP6, IGB_MRQC_TCP6 | IGB_MRQC_TCP6_EX },
};

static const struct intel_steps steps = {
	.irqs_off = igb_irqs_off,
	.setup = igb_setup,
	.rx_setup = igb_rx_setup,
	.rxq_start = igb_rxq_start,
	.txq_start = igb_txq_start,
	.irqs_start = igb_irqs_start,
	.irq_raise = igb_irq_raise,
	.set_coalesce = igb_set_coalesce,
	.throttle = igb_throttle,
};

/* The longest frame has 9728 bytes, its CRC included (I210 7.1.1.4). */
#define FRAME_MAX 9728u
#define MTU_MAX (FRAME_MAX - FN_LINK_HEADER_BYTES - INTEL_CRC_BYTES)

/* What all of them have alike. */
#define COMMON                                                                                   \
	.rxq = IGB_RXQ, .txq = IGB_TXQ, .queue_stride = IGB_QUEUE_STRIDE, .tx_seg_bytes = 16384, \
	.rx_errors = INTEL_RXD_RXE, .mtu_max = MTU_MAX, .offloads = OFFLOADS, .hashes = hashes,  \
	.hashes_n = FN_ARRAY_LEN(hashes), .mrqc_rss = IGB_MRQC_RSS,                              \
	.coalesce_unit_ns = IGB_EITR_UNIT_NS,                                                    \
	.coalesce_max_ns = IGB_EITR_US_MAX * IGB_EITR_UNIT_NS, .is_82576 = true,                 \
	.entries = IGB_ENTRIES, .rxcsum_sctp = IGB_RXCSUM_CRCOFL, .steps = &steps

static const struct intel_chip chip_82576 = {
	COMMON,
	.queues = 16,
	.exact_macs = 24,
	.vfta_writes = 1,
	.stats = &intel_stats_82576,
	.regs = &intel_regs_82576,
};

/* A write of the VLAN table may get lost: the specification update asks for ten. */
static const struct intel_chip chip_i350 = {
	COMMON,
	.queues = 8,
	.exact_macs = 32,
	.vfta_writes = 10,
	.is_successor = true,
	.stats = &intel_stats_i350,
	.regs = &intel_regs_i350,
};

/* What an I210 and an I211 have alike. */
#define COMMON_I210 \
	COMMON, .exact_macs = 16, .vfta_writes = 1, .is_successor = true, .drops_stay = true

#define I210 COMMON_I210, .queues = 4, .stats = &intel_stats_i210, .regs = &intel_regs_i210

static const struct intel_chip chip_i210 = {
	I210,
	.nvm = INTEL_NVM_I210,
};

static const struct intel_chip chip_i210_without_flash = {
	I210,
	.nvm = INTEL_NVM_FUSES,
};

static const struct intel_chip chip_i211 = {
	COMMON_I210,
	.queues = 2,
	.nvm = INTEL_NVM_FUSES,
	.stats = &intel_stats_i211,
	.regs = &intel_regs_i211,
};

/*
 * Copper ports; those with SerDes, SGMII or fibre need a link set-up that is not here: 82576 10e6,
 * 10e7, 150d, 1518; I350 1522, 1523, 1524, 1546; I210 1536, 1537, 1538, 157c, 15f6.
 */
static const struct fn_pci_id ids[] = {
	/* Runs on QEMU's model and on that of tests/model. */
	{ 0x8086, 0x10c9, "82576" },
	/* Written by the data sheets; run on tests/model alone, with what differs. */
	{ 0x8086, 0x10e8, "82576 (four ports)" },
	{ 0x8086, 0x1526, "82576 (four ports, ET2)" },
	{ 0x8086, 0x150a, "82576NS" },
	{ 0x8086, 0x1521, "I350" },
	{ 0x8086, 0x1533, "I210" },
	{ 0x8086, 0x1534, "I210 (of other makers)" },
	{ 0x8086, 0x1535, "I210-IT" },
	{ 0x8086, 0x157b, "I210 (without flash)" },
	{ 0x8086, 0x1539, "I211" },
};

/* In the order of @ids. */
static const struct intel_chip *const chips[] = {
	&chip_82576, &chip_82576, &chip_82576,
	&chip_82576, &chip_i350,  &chip_i210,
	&chip_i210,  &chip_i210,  &chip_i210_without_flash,
	&chip_i211,
};

_Static_assert(FN_ARRAY_LEN(ids) == FN_ARRAY_LEN(chips), "a chip for each");

/* The registry has found the device among @ids. */
static int igb_open(struct fn_dev *dev)
{
	unsigned i = 0;

	while (i + 1 < FN_ARRAY_LEN(ids) && ids[i].device_id != dev->bus->device_id)
		i++;
	return intel_open(dev, chips[i]);
}

/* A member a line. */
/* clang-format off */
static const struct fn_driver_ops ops = {
	INTEL_SHARED_OPS,
	.open = igb_open,
	.config_irq = igb_config_irq,
	.rx_arm = igb_rx_arm,
	.rx_disarm = igb_rx_disarm,
	.tx_arm = igb_tx_arm,
	.tx_disarm = igb_tx_disarm,
};
/* clang-format on */

const struct fn_driver fn_driver_igb = {
	.name = "igb",
	.ids = ids,
	.ids_n = FN_ARRAY_LEN(ids),
	.dev_bytes = sizeof(struct igb),
	.rxq_bytes = sizeof(struct intel_rxq),
	.txq_bytes = sizeof(struct intel_txq),
	.ops = &ops,
};
