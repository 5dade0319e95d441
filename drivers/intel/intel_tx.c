// SPDX-License-Identifier: BSD-3-Clause
/* The transmit bursts of Intel's controllers, and which one a queue gets. */
#include "drivers/intel/intel_tx.h"

#define BURST(name, ...)                                                                        \
	static unsigned tx_burst_##name(struct fn_txq *txq, struct fn_pkt **pkts, unsigned n)   \
	{                                                                                       \
		return tx_burst(intel_txq_of(txq), pkts, n, (const struct tx_mode)__VA_ARGS__); \
	}

BURST(ext, { .kind = INTEL_TX_EXTENDED })
BURST(ext_offload, { .kind = INTEL_TX_EXTENDED, .offload = true })
BURST(adv, { .kind = INTEL_TX_ADVANCED })
BURST(adv_offload, { .kind = INTEL_TX_ADVANCED, .offload = true })

static const struct {
	const char *name;
	unsigned (*burst)(struct fn_txq *q, struct fn_pkt **pkts, unsigned n);
} variants[2][2] = {
	[INTEL_TX_EXTENDED] = { { "scalar", tx_burst_ext },
				{ "scalar offload", tx_burst_ext_offload } },
	[INTEL_TX_ADVANCED] = { { "scalar", tx_burst_adv },
				{ "scalar offload", tx_burst_adv_offload } },
};

void intel_tx_enable(struct fn_dev *dev, uint16_t idx)
{
	const struct intel_txq *q = intel_txq_of(dev->txqs[idx]);

	dev->tx_variant = variants[q->kind][q->asks != 0].name;
	fn_txq_enable(dev->txqs[idx], variants[q->kind][q->asks != 0].burst);
}
