/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bodies of bursts for processors with AVX2, eight or four descriptors at a time. Included first by
 * the sources that hold these bursts: all that comes behind is compiled for AVX2, so that the
 * processor never changes between its old and its new encoding within a burst. Called on such
 * processors only (&fn_ctx.avx2). INTEL_AVX2_END is such a source's last line.
 */
#ifndef INTEL_AVX2_H
#define INTEL_AVX2_H

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#define INTEL_AVX2_END _Pragma("clang attribute pop")
#else
#pragma GCC target("avx2")
#define INTEL_AVX2_END
#endif

#define INTEL_AVX2 1

#include <immintrin.h>

#endif
