// SPDX-License-Identifier: BSD-3-Clause
/*
 * What a transmit queue of Intel's controllers has sent goes back to its pools. The device works
 * descriptors off in order, and reports those that ask for it (RS): what lies before one that is
 * done is done too (82574 7.2.4, 82576 7.2.1.5).
 */
#include "drivers/intel/intel_tx.h"

/* The oldest descriptor that is to be reported is. */
static inline bool report_done(const struct intel_txq *q)
{
	const uint16_t behind = q->reports[q->reports_tail & q->mask];
	const uint16_t slot = fn_ring_back(behind, 1) & q->mask;

	return (fn_read_le64(&q->desc[slot].ctl) & INTEL_TXD_DD) != 0;
}

/* Plain packets, one a descriptor; they are given in one copy, or two where the ring wraps. */
static void give_plain(struct intel_txq *q, uint16_t end)
{
	while (q->tail != end) {
		const uint16_t slot = q->tail & q->mask;
		const uint16_t to_end = (uint16_t)(q->mask + 1 - slot);
		const uint16_t left = fn_ring_used(end, q->tail);
		const uint16_t n = left < to_end ? left : to_end;

		if (fn_likely(n == INTEL_TX_RUN))
			fn_pool_cache_give(q->cache, &q->bufs[slot], INTEL_TX_RUN);
		else
			fn_pool_cache_give(q->cache, &q->bufs[slot], n);
		q->tail = fn_ring_advance(q->tail, n);
	}
}

/* Packets of any kind, with contexts between them. */
static unsigned give_mixed(struct intel_txq *q, uint16_t end)
{
	unsigned given = 0;

	for (; q->tail != end; q->tail = fn_ring_advance(q->tail, 1)) {
		struct fn_pkt **pkt = &q->bufs[q->tail & q->mask];

		if (!*pkt)
			continue;
		fn_pool_cache_free(q->cache, pkt, 1);
		given++;
	}
	/* What is left in use is plain once all up to the mark is given back. */
	if (fn_ring_used(q->head, q->tail) <= fn_ring_used(q->head, q->mixed_pos))
		q->mixed = false;
	return given;
}

unsigned intel_tx_done(struct intel_txq *q)
{
	unsigned given = 0;

	while (q->reports_tail != q->reports_head && report_done(q)) {
		const uint16_t end = q->reports[q->reports_tail & q->mask];

		q->reports_tail = fn_ring_advance(q->reports_tail, 1);
		if (fn_unlikely(q->mixed)) {
			given += give_mixed(q, end);
		} else {
			given += fn_ring_used(end, q->tail);
			give_plain(q, end);
		}
	}
	/* Pairs with the device's write of DD: it has read the buffers before. */
	fn_rmb_dma();
	return given;
}

unsigned intel_tx_reclaim(struct fn_txq *txq)
{
	return intel_tx_done(intel_txq_of(txq));
}

bool intel_tx_pending(struct fn_txq *txq)
{
	const struct intel_txq *q = intel_txq_of(txq);

	return q->reports_tail != q->reports_head && report_done(q);
}
