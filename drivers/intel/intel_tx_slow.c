// SPDX-License-Identifier: BSD-3-Clause
/* Transmit queues of Intel's controllers: packets that are not plain, of one descriptor or more. */
#include "drivers/intel/intel_tx.h"

/* Never to be sent: it is freed, and counted under its reason. */
static enum tx_outcome tx_drop(struct intel_txq *q, struct fn_pkt *pkt, enum fn_tx_counter counter)
{
	fn_queue_count(fn_txq_queue(&q->pub), counter, 1);
	fn_pool_cache_free(q->cache, &pkt, 1);
	return TX_OUT_DROPPED;
}

/* Write one more descriptor; no packet ends there yet. */
static void tx_desc(struct intel_txq *q, uint64_t addr, uint64_t ctl)
{
	const uint16_t slot = q->head & q->mask;

	fn_write_le64(&q->desc[slot].addr, addr);
	fn_write_le64(&q->desc[slot].ctl, ctl);
	q->bufs[slot] = NULL;
	q->head = fn_ring_advance(q->head, 1);
}

/* How many of @len bytes one descriptor has. */
static uint32_t tx_piece(const struct intel_txq *q, uint64_t iova, uint32_t len)
{
	const uint32_t most = q->seg_bytes - ((uint32_t)iova & q->seg_mask);

	return len < most ? len : most;
}

static unsigned tx_seg_descs(const struct intel_txq *q, uint64_t iova, uint32_t len)
{
	const uint32_t before = (uint32_t)iova & q->seg_mask;

	return (before + len + q->seg_bytes - 1) >> q->seg_shift;
}

static unsigned tx_descs(const struct intel_txq *q, const struct fn_pkt *pkt)
{
	unsigned n = 0;

	for (const struct fn_pkt *seg = pkt; seg; seg = seg->next)
		n += tx_seg_descs(q, seg->iova.v, seg->len);
	return n;
}

/* The bytes of one segment, in as many descriptors as they take. */
static void tx_post_bytes(struct intel_txq *q, uint64_t iova, uint32_t len, uint64_t *ctl)
{
	while (len) {
		const uint32_t n = tx_piece(q, iova, len);

		tx_desc(q, iova, *ctl + n);
		/* 82576 7.2.2.3: what the upper half says is the first descriptor's alone. */
		if (q->kind == INTEL_TX_ADVANCED)
			*ctl &= UINT32_MAX;
		iova += n;
		len -= n;
	}
}

/*
 * A context descriptor goes in front. The device remembers it for the packets behind, but that of a
 * segmentation tells the packet's own length (82574 7.2.10), and is not used again.
 */
static bool tx_needs_context(const struct intel_txq *q, const struct intel_tx_plan *plan)
{
	return plan->key != INTEL_TX_NO_CONTEXT && (plan->payload || plan->key != q->context);
}

static void tx_context(struct intel_txq *q, const struct intel_tx_plan *plan)
{
	tx_desc(q, plan->context, plan->context_ctl);
	q->context = plan->payload ? INTEL_TX_NO_CONTEXT : plan->key;
	q->context_ctl = plan->ctl;
}

/* Descriptors of a packet: its context, its segments, padding; the last one is reported. */
static void tx_post_slow(struct intel_txq *q, struct fn_pkt *pkt, uint32_t len, uint32_t pad,
			 const struct intel_tx_plan *plan)
{
	const uint32_t bytes = plan->payload ? plan->payload : len - plan->trail + pad;
	uint64_t ctl = intel_tx_base(q->kind) | plan->ctl;
	uint16_t last;

	if (tx_needs_context(q, plan))
		tx_context(q, plan);
	if (q->kind == INTEL_TX_ADVANCED)
		ctl |= INTEL_TXD_ADV_PAYLEN(bytes);
	/* What is behind the IP packet is padding (in one segment): the device's to do. */
	tx_post_bytes(q, pkt->iova.v, pkt->len - plan->trail, &ctl);
	for (const struct fn_pkt *seg = pkt->next; seg; seg = seg->next)
		tx_post_bytes(q, seg->iova.v, seg->len, &ctl);
	if (pad)
		tx_post_bytes(q, q->ring.iova.v + intel_tx_ring_size(q) * sizeof(*q->desc), pad,
			      &ctl);
	last = fn_ring_back(q->head, 1) & q->mask;
	fn_write_le64(&q->desc[last].ctl, fn_read_le64(&q->desc[last].ctl) | INTEL_TXD_EOP);
	q->bufs[last] = pkt;
	intel_tx_report(q, q->head);
	q->mixed_pos = q->head;
	q->mixed = true;
}

/* Whether it can ever be sent: FN_TX_COUNTERS, else the counter under which it is dropped. */
static enum fn_tx_counter tx_fault(const struct intel_txq *q, const struct fn_pkt *pkt,
				   uint32_t len, uint32_t asked, struct intel_tx_plan *plan)
{
	enum fn_tx_counter reason = FN_TX_COUNTERS;

	if (asked & (uint32_t)~q->asks)
		return FN_TX_DROP_OFFLOAD;
	if (!len)
		return FN_TX_DROP_EMPTY;
	if (asked)
		reason = intel_tx_plan(q, pkt, len, asked, plan);
	else if (len > q->len_max)
		reason = FN_TX_DROP_TOO_LONG;
	if (reason != FN_TX_COUNTERS)
		return reason;
	if (pkt->extra_segs >= q->segs_max ||
	    tx_descs(q, pkt) > intel_tx_ring_size(q) - INTEL_TX_EXTRA_DESCS)
		return FN_TX_DROP_SEGMENTS;
	return fn_pool_reaches(fn_txq_queue(&q->pub)->dev->ctx, pkt) ? FN_TX_COUNTERS :
								       FN_TX_DROP_UNREACHABLE;
}

enum tx_outcome intel_tx_slow(struct intel_txq *q, struct fn_pkt *pkt)
{
	const uint32_t asked = pkt->flags & FN_PKT_TX_MASK;
	const uint32_t len = fn_pkt_len(pkt);
	struct intel_tx_plan plan = { .key = INTEL_TX_NO_CONTEXT };
	const enum fn_tx_counter reason = tx_fault(q, pkt, len, asked, &plan);
	uint32_t pad = 0;

	if (reason != FN_TX_COUNTERS)
		return tx_drop(q, pkt, reason);
	/*
	 * The device pads by itself (TCTL.PSP), but not what is shorter than 17 bytes. QEMU's
	 * models do not pad, but count padding of the driver's into the IP header's length when
	 * they fill in checksums (tx_ip_csum): so what asks for one is left to the device. It is
	 * long enough, as the IP header alone has 20 bytes (fn_tx_ip_fits()).
	 */
	if (len < INTEL_TX_FRAME_MIN && !(plan.ctl & (INTEL_TXD_IXSM | INTEL_TXD_TXSM)))
		pad = INTEL_TX_FRAME_MIN - len;
	if (tx_descs(q, pkt) + tx_needs_context(q, &plan) + (pad != 0) > intel_tx_room(q))
		return TX_OUT_NO_ROOM;
	intel_tx_apply(pkt, &plan);
	tx_post_slow(q, pkt, len, pad, &plan);
	fn_queue_count(fn_txq_queue(&q->pub), FN_TX_BYTES, len);
	return TX_OUT_TAKEN;
}
