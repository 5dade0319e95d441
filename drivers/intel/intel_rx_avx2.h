/* SPDX-License-Identifier: BSD-3-Clause */
/* A run of received frames, eight or four at a time; part of intel_rx_run.h for AVX2. */
#ifndef INTEL_RX_AVX2_H
#define INTEL_RX_AVX2_H

/* What four descriptors are judged by: struct rx_judge, four times. */
struct rx_judge4 {
	__m256i mask;
	__m256i whole_1;
	__m256i less_max;
	__m256i plain_1;
};

static inline __attribute__((always_inline)) struct rx_judge4 rx_judge4(const struct rx_judge *one)
{
	return (struct rx_judge4){
		.mask = _mm256_set1_epi64x((int64_t)one->mask),
		.whole_1 = _mm256_set1_epi64x((int64_t)((INTEL_RX_WHOLE << 32) + 1)),
		.less_max = _mm256_set1_epi64x((int64_t)(one->len_max - 1)),
		.plain_1 = _mm256_set1_epi64x((int64_t)one->plain_1),
	};
}

/*
 * The upper halves of four descriptors, in the order 0, 2, 1, 3. Each is read in one piece; that a
 * later one is read before an earlier one does no harm, as each is judged for itself.
 */
static inline __attribute__((always_inline)) __m256i rx_hi4(const struct intel_rx_desc *desc)
{
	const __m256i d01 = _mm256_loadu_si256((const __m256i *)desc);
	const __m256i d23 = _mm256_loadu_si256((const __m256i *)(desc + 2));

	return _mm256_unpackhi_epi64(d01, d23);
}

/* As rx_one() has it, of four upper halves: the lengths less 1, or more than any length. */
static inline __attribute__((always_inline)) __m256i rx_less4(__m256i hi,
							      const struct rx_judge4 *judge)
{
	const __m256i seen = _mm256_and_si256(hi, judge->mask);

	return _mm256_sub_epi64(_mm256_shuffle_epi32(seen, _MM_SHUFFLE(2, 3, 0, 1)),
				judge->whole_1);
}

static inline __attribute__((always_inline)) bool rx_fit(__m256i less,
							 const struct rx_judge4 *judge)
{
	const __m256i fits = _mm256_cmpeq_epi32(_mm256_min_epu32(less, judge->less_max), less);

	return _mm256_movemask_epi8(fits) == -1;
}

/* Four quarters of a register, by number of descriptor. */
struct rx_quarters {
	uint64_t of[4];
};

static inline __attribute__((always_inline)) struct rx_quarters rx_quarters(__m256i x)
{
	const __m128i of_02 = _mm256_castsi256_si128(x);
	const __m128i of_13 = _mm256_extracti128_si256(x, 1);

	return (struct rx_quarters){ {
		(uint64_t)_mm_cvtsi128_si64(of_02),
		(uint64_t)_mm_cvtsi128_si64(of_13),
		(uint64_t)_mm_extract_epi64(of_02, 1),
		(uint64_t)_mm_extract_epi64(of_13, 1),
	} };
}

/* intel_rx_flags() of four frames. */
static inline __attribute__((always_inline)) struct rx_quarters rx_flags4(const uint8_t *table,
									  __m256i hi)
{
	const __m256i status = _mm256_and_si256(_mm256_srli_epi64(hi, 2), _mm256_set1_epi64x(0x1f));
	const __m256i errors =
		_mm256_and_si256(_mm256_srli_epi64(hi, 24), _mm256_set1_epi64x(0x60));
	struct rx_quarters flags = rx_quarters(_mm256_or_si256(status, errors));

	for (unsigned k = 0; k < 4; k++)
		flags.of[k] = table[flags.of[k]];
	return flags;
}

/* Hand out four frames that fit. */
static inline __attribute__((always_inline)) void rx_take4(
	const struct intel_rxq *q, struct fn_pkt *const *bufs, struct fn_pkt **pkts, __m256i hi,
	__m256i less, const struct rx_judge4 *judge, const struct rx_mode mode, struct rx_sum *sum)
{
	struct rx_quarters words = rx_quarters(_mm256_add_epi64(less, judge->plain_1));
	struct rx_quarters flags = { { 0 } };
	uint64_t all;

	if (mode.meta)
		flags = rx_flags4(q->table, hi);
	_mm256_storeu_si256((__m256i *)pkts, _mm256_loadu_si256((const __m256i *)bufs));
#pragma GCC unroll 4
	for (unsigned k = 0; k < 4; k++)
		fn_pkt_begin(bufs[k], words.of[k] | flags.of[k] << 48, 0);
	all = flags.of[0] | flags.of[1] | flags.of[2] | flags.of[3];
	sum->flags |= (uint32_t)all;
	if (mode.meta && fn_unlikely(all & FN_PKT_VLAN)) {
		const struct rx_quarters his = rx_quarters(hi);

		for (unsigned k = 0; k < 4; k++)
			if (flags.of[k] & FN_PKT_VLAN)
				bufs[k]->vlan_tci = INTEL_RXD_VLAN(his.of[k]);
	}
}

/*
 * As many of @n frames as come in eights, or in one four; those of a group are taken all or
 * none.
 */
static inline __attribute__((always_inline)) unsigned rx_run_fours(
	const struct intel_rxq *q, const struct intel_rx_desc *desc, struct fn_pkt *const *bufs,
	struct fn_pkt **pkts, unsigned n, const struct rx_judge *one, const struct rx_mode mode,
	struct rx_sum *sum)
{
	const struct rx_judge4 judge = rx_judge4(one);
	struct fn_pkt **const first = pkts;
	__m256i all = _mm256_setzero_si256();
	__m128i half;

	for (; n >= 8; n -= 8, pkts += 8, bufs += 8, desc += 8) {
		const __m256i hi0 = rx_hi4(desc);
		const __m256i hi4 = rx_hi4(desc + 4);
		const __m256i less0 = rx_less4(hi0, &judge);
		const __m256i less4 = rx_less4(hi4, &judge);

		if (fn_unlikely(!rx_fit(_mm256_max_epu32(less0, less4), &judge)))
			break;
		rx_take4(q, bufs, pkts, hi0, less0, &judge, mode, sum);
		rx_take4(q, bufs + 4, pkts + 4, hi4, less4, &judge, mode, sum);
		all = _mm256_add_epi64(all, _mm256_add_epi64(less0, less4));
	}
	if (n >= 4) {
		const __m256i hi = rx_hi4(desc);
		const __m256i less = rx_less4(hi, &judge);

		if (rx_fit(less, &judge)) {
			rx_take4(q, bufs, pkts, hi, less, &judge, mode, sum);
			all = _mm256_add_epi64(all, less);
			pkts += 4;
		}
	}
	half = _mm_add_epi64(_mm256_castsi256_si128(all), _mm256_extracti128_si256(all, 1));
	sum->bytes += (uint64_t)_mm_cvtsi128_si64(half) + (uint64_t)_mm_extract_epi64(half, 1);
	return (unsigned)(pkts - first);
}

#endif
