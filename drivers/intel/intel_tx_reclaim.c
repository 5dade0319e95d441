// SPDX-License-Identifier: BSD-3-Clause
/*
 * What a transmit queue of Intel's controllers has sent goes back to its pools. The device works
 * descriptors off in order, and reports those that ask for it (RS): what lies before one that is
 * done is done too (82574 7.2.4, 82576 7.2.1).
 */
#include "drivers/intel/intel_tx.h"

/* Packets in a row: up to a descriptor in which none ends, to @end or to the ring's end. */
static uint16_t row_of(const struct intel_txq *q, uint16_t end)
{
	const uint16_t slot = q->tail & q->mask;
	const uint16_t to_end = (uint16_t)(q->mask + 1 - slot);
	const uint16_t left = fn_ring_used(end, q->tail);
	const uint16_t most = left < to_end ? left : to_end;
	uint16_t n = 0;

	while (n < most && q->bufs[slot + n])
		n++;
	return n;
}

/* Packets of any kind and pool, with contexts and further segments between them. */
unsigned intel_tx_give_mixed(struct intel_txq *q, uint16_t end)
{
	unsigned given = 0;

	while (q->tail != end) {
		const uint16_t n = row_of(q, end);

		fn_pool_cache_free(q->cache, &q->bufs[q->tail & q->mask], n);
		given += n;
		q->tail = fn_ring_advance(q->tail, n ? n : 1);
	}
	/* What is left in use is plain once all up to the mark is given back. */
	if (fn_ring_used(q->head, q->tail) <= fn_ring_used(q->head, q->mixed_pos))
		q->mixed = false;
	return given;
}

unsigned intel_tx_done(struct intel_txq *q)
{
	return tx_done(q);
}

unsigned intel_tx_reclaim(struct fn_txq *txq)
{
	return intel_tx_done(intel_txq_of(txq));
}

bool intel_tx_pending(struct fn_txq *txq)
{
	const struct intel_txq *q = intel_txq_of(txq);

	return q->reports_tail != q->reports_head && intel_tx_report_done(q);
}
