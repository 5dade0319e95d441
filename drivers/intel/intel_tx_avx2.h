/* SPDX-License-Identifier: BSD-3-Clause */
/* A run of plain packets, eight or four at a time; part of intel_tx_run.h for AVX2. */
#ifndef INTEL_TX_AVX2_H
#define INTEL_TX_AVX2_H

/*
 * What packets are judged by, two to a register: the lower half is of their IOVAs, the upper half
 * of their words.
 */
struct tx_judge2 {
	__m256i seen;  /* not TX_IGNORED */
	__m256i least; /* the word of the shortest packet */
	__m256i most;  /* longest less shortest */
	__m256i shift; /* how far the length goes up for PAYLEN; IOVAs are shifted out */
	__m256i base;  /* what the descriptor of the shortest packet says */
};

static inline __attribute__((always_inline)) __m256i tx_quarters(uint64_t iovas, uint64_t words)
{
	return _mm256_set_epi64x((int64_t)words, (int64_t)words, (int64_t)iovas, (int64_t)iovas);
}

static inline __attribute__((always_inline)) struct tx_judge2 tx_judge2(const struct intel_txq *q,
									const struct tx_mode mode)
{
	const uint64_t base = intel_tx_base(mode.kind) | INTEL_TXD_EOP;

	return (struct tx_judge2){
		.seen = tx_quarters(UINT64_MAX, ~TX_IGNORED),
		.least = _mm256_load_si256((const __m256i *)q->least2),
		.most = _mm256_load_si256((const __m256i *)q->most2),
		.shift = tx_quarters(64, 46),
		.base = tx_quarters(0, base + intel_tx_ctl_len(mode.kind, INTEL_TX_FRAME_MIN)),
	};
}

/*
 * As tx_one() has it, of two packets: the IOVAs, and the words less that of the shortest packet. A
 * load has a packet's IOVA in its lower half and the word in its upper one.
 */
static inline __attribute__((always_inline)) __m256i tx_less2(struct fn_pkt *const *pkts,
							      const struct tx_judge2 *judge)
{
	const __m256i two = _mm256_unpacklo_epi64(_mm256_load_si256((const __m256i *)pkts[0]),
						  _mm256_load_si256((const __m256i *)pkts[1]));

	_Static_assert(offsetof(struct fn_pkt, iova) == 0 && offsetof(struct fn_pkt, word) == 16,
		       "each is the first of its 16 bytes");
	return _mm256_sub_epi64(_mm256_and_si256(two, judge->seen), judge->least);
}

static inline __attribute__((always_inline)) bool tx_fit(__m256i less,
							 const struct tx_judge2 *judge)
{
	const __m256i fits = _mm256_cmpeq_epi32(_mm256_min_epu32(less, judge->most), less);

	return _mm256_movemask_epi8(fits) == -1;
}

/* Two descriptors of packets that fit: an IOVA and what is said of it, twice. */
static inline __attribute__((always_inline)) void tx_put2(struct intel_tx_desc *desc, __m256i less,
							  const struct tx_judge2 *judge,
							  const struct tx_mode mode)
{
	__m256i ctl = _mm256_add_epi64(less, judge->base);

	if (mode.kind == INTEL_TX_ADVANCED)
		ctl = _mm256_add_epi64(ctl, _mm256_sllv_epi64(less, judge->shift));
	_mm256_storeu_si256((__m256i *)desc, _mm256_permute4x64_epi64(ctl, 0xd8));
}

/* Post four packets. Returns what to add to the sum of lengths, in the upper half. */
static inline __attribute__((always_inline)) __m256i tx_put4(
	struct intel_tx_desc *desc, struct fn_pkt **bufs, struct fn_pkt *const *pkts, __m256i less0,
	__m256i less2, const struct tx_judge2 *judge, const struct tx_mode mode)
{
	_mm256_storeu_si256((__m256i *)bufs, _mm256_loadu_si256((const __m256i *)pkts));
	tx_put2(desc, less0, judge, mode);
	tx_put2(desc + 2, less2, judge, mode);
	return _mm256_add_epi64(less0, less2);
}

/*
 * As many of @n packets as come in eights, or in one four; those of a group are posted all or
 * none.
 */
static inline __attribute__((always_inline)) unsigned tx_run_fours(
	struct intel_tx_desc *desc, struct fn_pkt **bufs, struct fn_pkt *const *pkts, unsigned n,
	const struct intel_txq *q, const struct tx_mode mode, uint64_t *bytes)
{
	const struct tx_judge2 judge = tx_judge2(q, mode);
	struct fn_pkt *const *const first = pkts;
	__m256i sum = _mm256_setzero_si256();
	__m128i half;
	unsigned done;

	for (; n >= 8; n -= 8, pkts += 8, bufs += 8, desc += 8) {
		const __m256i less0 = tx_less2(pkts, &judge);
		const __m256i less2 = tx_less2(pkts + 2, &judge);
		const __m256i less4 = tx_less2(pkts + 4, &judge);
		const __m256i less6 = tx_less2(pkts + 6, &judge);
		const __m256i most = _mm256_max_epu32(_mm256_max_epu32(less0, less2),
						      _mm256_max_epu32(less4, less6));

		if (fn_unlikely(!tx_fit(most, &judge)))
			break;
		sum = _mm256_add_epi64(sum, tx_put4(desc, bufs, pkts, less0, less2, &judge, mode));
		sum = _mm256_add_epi64(sum, tx_put4(desc + 4, bufs + 4, pkts + 4, less4, less6,
						    &judge, mode));
	}
	if (n >= 4) {
		const __m256i less0 = tx_less2(pkts, &judge);
		const __m256i less2 = tx_less2(pkts + 2, &judge);

		if (tx_fit(_mm256_max_epu32(less0, less2), &judge)) {
			sum = _mm256_add_epi64(sum, tx_put4(desc, bufs, pkts, less0, less2, &judge,
							    mode));
			pkts += 4;
		}
	}
	done = (unsigned)(pkts - first);
	half = _mm256_extracti128_si256(sum, 1);
	half = _mm_add_epi64(half, _mm_unpackhi_epi64(half, half));
	*bytes += (uint64_t)_mm_cvtsi128_si64(half) + (uint64_t)done * INTEL_TX_FRAME_MIN;
	return done;
}

#endif
