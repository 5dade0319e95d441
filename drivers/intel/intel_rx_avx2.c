// SPDX-License-Identifier: BSD-3-Clause
/* The receive burst of Intel's controllers without offloads, for processors with AVX2. */
#if defined(__x86_64__)
/* clang-format off: before all else */
#include "drivers/intel/intel_avx2.h"
#include "drivers/intel/intel_rx.h"
/* clang-format on */

INTEL_RX_BURST(avx2, { .avx2 = true })

const struct intel_rx_variant intel_rx_variant_avx2 = { 0, INTEL_RX_META | FN_OFFLOAD_RX_HASH,
							"AVX2", rx_burst_avx2 };

INTEL_AVX2_END
#endif
