// SPDX-License-Identifier: BSD-3-Clause
/* The receive bursts of Intel's controllers, and which one a queue gets. */
#include "drivers/intel/intel_rx.h"

INTEL_RX_BURST(plain, { .meta = false })
INTEL_RX_BURST(meta, { .meta = true })
INTEL_RX_BURST(hash, { .hash = true })
INTEL_RX_BURST(meta_hash, { .meta = true, .hash = true })

/* What needs the descriptor's status to be looked at. */
#define META (FN_OFFLOAD_RX_CSUM | FN_OFFLOAD_RX_VLAN | FN_OFFLOAD_TX_VLAN)

/* A frame in several buffers goes the same long way in each of them (intel_rx_frame()). */
static const struct {
	uint64_t needs;
	uint64_t forbids;
	const char *name;
	unsigned (*burst)(struct fn_rxq *q, struct fn_pkt **pkts, unsigned n);
} variants[] = {
	{ 0, META | FN_OFFLOAD_RX_HASH, "scalar", rx_burst_plain },
	{ FN_OFFLOAD_RX_HASH, META, "scalar hash", rx_burst_hash },
	{ 0, FN_OFFLOAD_RX_HASH, "scalar status", rx_burst_meta },
	{ 0, 0, "scalar status hash", rx_burst_meta_hash },
};

void intel_rx_enable(struct fn_dev *dev, uint16_t idx)
{
	const uint64_t on = dev->conf.offloads;
	unsigned i = 0;

	while ((on & variants[i].needs) != variants[i].needs || (on & variants[i].forbids))
		i++;
	dev->rx_variant = variants[i].name;
	fn_rxq_enable(dev->rxqs[idx], variants[i].burst);
}
