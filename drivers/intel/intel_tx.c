// SPDX-License-Identifier: BSD-3-Clause
/* The transmit bursts of Intel's controllers, and which one a queue gets. */
#include "drivers/intel/intel_tx.h"

INTEL_TX_BURST(ext, { .kind = INTEL_TX_EXTENDED })
INTEL_TX_BURST(ext_offload, { .kind = INTEL_TX_EXTENDED, .offload = true })
INTEL_TX_BURST(adv, { .kind = INTEL_TX_ADVANCED })
INTEL_TX_BURST(adv_offload, { .kind = INTEL_TX_ADVANCED, .offload = true })

/* By kind, and by whether packets may ask for anything. */
static const struct intel_tx_variant variants[2][2] = {
	[INTEL_TX_EXTENDED] = { { "scalar", tx_burst_ext },
				{ "scalar offload", tx_burst_ext_offload } },
	[INTEL_TX_ADVANCED] = { { "scalar", tx_burst_adv },
				{ "scalar offload", tx_burst_adv_offload } },
};

static const struct intel_tx_variant *choose(const struct fn_dev *dev, const struct intel_txq *q)
{
#if defined(__x86_64__)
	if (dev->ctx->avx2 && !q->asks)
		return &intel_tx_variants_avx2[q->kind];
#endif
	return &variants[q->kind][q->asks != 0];
}

void intel_tx_enable(struct fn_dev *dev, uint16_t idx)
{
	const struct intel_tx_variant *variant = choose(dev, intel_txq_of(dev->txqs[idx]));

	dev->tx_variant = variant->name;
	fn_txq_enable(dev->txqs[idx], variant->burst);
}
