// SPDX-License-Identifier: BSD-3-Clause
/* The receive bursts of Intel's controllers without the hash, for processors with AVX2. */
#if defined(__x86_64__)
/* clang-format off: before all else */
#include "drivers/intel/intel_avx2.h"
#include "drivers/intel/intel_rx.h"
/* clang-format on */

INTEL_RX_BURST(avx2, { .avx2 = true })
INTEL_RX_BURST(avx2_meta, { .meta = true, .avx2 = true })

const struct intel_rx_variant intel_rx_variants_avx2[INTEL_RX_VARIANTS_AVX2] = {
	{ 0, INTEL_RX_META | FN_OFFLOAD_RX_HASH, "AVX2", rx_burst_avx2 },
	{ 0, FN_OFFLOAD_RX_HASH, "AVX2 status", rx_burst_avx2_meta },
};

INTEL_AVX2_END
#endif
