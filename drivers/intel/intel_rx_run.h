/* SPDX-License-Identifier: BSD-3-Clause */
/* A run of received frames of Intel's controllers, in a row in the ring and each in one buffer. */
#ifndef INTEL_RX_RUN_H
#define INTEL_RX_RUN_H

#include "base/barrier.h"
#include "drivers/intel/intel_ring.h"

/**
 * struct rx_mode - what a variant does; its fields are literals there, so that what is off is gone
 * @meta: look at what the device says of checksums and VLAN tags
 * @hash: look at the hash
 * @avx2: without @hash: eight or four descriptors at a time
 */
struct rx_mode {
	bool meta;
	bool hash;
	bool avx2;
};

/* What a descriptor says that holds a whole frame without errors, of what @judge shows. */
#define INTEL_RX_WHOLE (INTEL_RXD_DD | INTEL_RXD_EOP)

/*
 * What the device says of a frame, in the bits of &fn_pkt.flags: bits 6:2 of the status and the two
 * errors of checksums are the index.
 */
static inline __attribute__((always_inline)) uint32_t intel_rx_flags(const uint8_t *table,
								     uint64_t hi)
{
	return table[(hi >> 2 & 0x1f) | (hi >> 24 & 0x60)];
}

/**
 * struct rx_sum - what a burst has seen so far
 * @bytes: of the packets
 * @flags: of all packets together
 */
struct rx_sum {
	uint64_t bytes;
	uint32_t flags;
};

/* fn_pkt_begin(), with what the descriptor says where this is looked at; @word: less the flags. */
static inline __attribute__((always_inline)) void intel_rx_begin(const struct intel_rxq *q,
								 struct fn_pkt *pkt, uint64_t word,
								 const struct intel_rx_desc *desc,
								 uint64_t hi,
								 const struct rx_mode mode,
								 struct rx_sum *sum)
{
	uint32_t flags = 0;
	uint64_t lo = 0;

	if (mode.meta)
		flags = intel_rx_flags(q->table, hi);
	if (mode.hash) {
		/* Pairs with the device's write of DD, its last: the rest is valid behind it. */
		fn_rmb_dma();
		lo = fn_read_le64(&desc->lo);
		flags |= lo & INTEL_RXD_RSS_TYPE ? FN_PKT_HASH : 0;
	}
	fn_pkt_begin(pkt, word | (uint64_t)flags << 48, 0);
	if (mode.meta && (flags & FN_PKT_VLAN))
		pkt->vlan_tci = INTEL_RXD_VLAN(hi);
	if (mode.hash && (flags & FN_PKT_HASH))
		pkt->hash = (uint32_t)(lo >> 32);
	sum->flags |= flags;
}

/* Copies of the queue's @judge, @len_max and @plain + 1, which no store can change. */
struct rx_judge {
	uint64_t mask;
	uint64_t len_max;
	uint64_t plain_1;
};

/*
 * Take the frame of one descriptor if it is whole in its buffer and without errors. What is looked
 * at (@judge: done, end, errors, length), with the halves exchanged and less what a whole frame of
 * one byte has, is the length less 1: one comparison judges all, and a length of 0 wraps round.
 */
static inline __attribute__((always_inline)) bool rx_one(
	const struct intel_rxq *q, const struct intel_rx_desc *desc, struct fn_pkt *pkt,
	const struct rx_judge *judge, const struct rx_mode mode, struct rx_sum *sum)
{
	const uint64_t hi = fn_read_le64(&desc->hi);
	const uint64_t seen = hi & judge->mask;
	const uint64_t less_1 = (seen >> 32 | seen << 32) - (INTEL_RX_WHOLE << 32) - 1;

	if (fn_unlikely(less_1 >= judge->len_max))
		return false;
	intel_rx_begin(q, pkt, judge->plain_1 + less_1, desc, hi, mode, sum);
	sum->bytes += less_1;
	return true;
}

#ifdef INTEL_AVX2
#include "drivers/intel/intel_rx_avx2.h"
#endif

/*
 * Take frames from @slot on as long as rx_one() takes them; the ring does not wrap within @n. In
 * fours, because the loop itself costs a third of what a frame does.
 */
static inline __attribute__((always_inline)) unsigned rx_run(const struct intel_rxq *q,
							     uint16_t slot, struct fn_pkt **pkts,
							     unsigned n, const struct rx_mode mode,
							     struct rx_sum *sum)
{
	const struct intel_rx_desc *desc = &q->desc[slot];
	struct fn_pkt *const *bufs = &q->bufs[slot];
	const struct rx_judge judge = { q->judge, q->len_max, q->plain + 1 };
	unsigned left = n;

#ifdef INTEL_AVX2
	if (mode.avx2) {
		const unsigned fours = rx_run_fours(q, desc, bufs, pkts, n, &judge, mode, sum);

		left -= fours;
		desc += fours;
		bufs += fours;
		pkts += fours;
	}
#endif
	for (; !mode.avx2 && left >= 4; left -= 4, desc += 4, bufs += 4, pkts += 4) {
#pragma GCC unroll 4
		for (unsigned k = 0; k < 4; k++) {
			pkts[k] = bufs[k];
			if (!rx_one(q, &desc[k], pkts[k], &judge, mode, sum)) {
				sum->bytes += n - left + k;
				return n - left + k;
			}
		}
	}
	for (; left; left--, desc++, bufs++, pkts++) {
		*pkts = *bufs;
		if (!rx_one(q, desc, *pkts, &judge, mode, sum))
			break;
	}
	sum->bytes += n - left;
	return n - left;
}

#endif
