// SPDX-License-Identifier: BSD-3-Clause
/* The transmit bursts of Intel's controllers without offloads, for processors with AVX2. */
#if defined(__x86_64__)
/* clang-format off: before all else */
#include "drivers/intel/intel_avx2.h"
#include "drivers/intel/intel_tx.h"
/* clang-format on */

INTEL_TX_BURST(ext_avx2, { .kind = INTEL_TX_EXTENDED, .avx2 = true })
INTEL_TX_BURST(adv_avx2, { .kind = INTEL_TX_ADVANCED, .avx2 = true })

const struct intel_tx_variant intel_tx_variants_avx2[2] = {
	[INTEL_TX_EXTENDED] = { "AVX2", tx_burst_ext_avx2 },
	[INTEL_TX_ADVANCED] = { "AVX2", tx_burst_adv_avx2 },
};

INTEL_AVX2_END
#endif
