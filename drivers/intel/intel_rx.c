// SPDX-License-Identifier: BSD-3-Clause
/* The receive bursts of Intel's controllers, and which one a queue gets. */
#include "drivers/intel/intel_rx.h"

INTEL_RX_BURST(plain, { .meta = false })
INTEL_RX_BURST(meta, { .meta = true })
INTEL_RX_BURST(hash, { .hash = true })
INTEL_RX_BURST(meta_hash, { .meta = true, .hash = true })

/* A frame in several buffers goes the same long way in each of them (intel_rx_frame()). */
static const struct intel_rx_variant variants[] = {
	{ 0, INTEL_RX_META | FN_OFFLOAD_RX_HASH, "scalar", rx_burst_plain },
	{ FN_OFFLOAD_RX_HASH, INTEL_RX_META, "scalar hash", rx_burst_hash },
	{ 0, FN_OFFLOAD_RX_HASH, "scalar status", rx_burst_meta },
	{ 0, 0, "scalar status hash", rx_burst_meta_hash },
};

static bool fits(const struct intel_rx_variant *variant, uint64_t on)
{
	return (on & variant->needs) == variant->needs && !(on & variant->forbids);
}

static const struct intel_rx_variant *choose(const struct fn_dev *dev)
{
	const struct intel_rx_variant *variant = variants;

#if defined(__x86_64__)
	for (unsigned i = 0; dev->ctx->avx2 && i < INTEL_RX_VARIANTS_AVX2; i++)
		if (fits(&intel_rx_variants_avx2[i], dev->conf.offloads))
			return &intel_rx_variants_avx2[i];
#endif
	while (!fits(variant, dev->conf.offloads))
		variant++;
	return variant;
}

void intel_rx_enable(struct fn_dev *dev, uint16_t idx)
{
	const struct intel_rx_variant *variant = choose(dev);

	dev->rx_variant = variant->name;
	fn_rxq_enable(dev->rxqs[idx], variant->burst);
}
