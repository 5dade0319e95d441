// SPDX-License-Identifier: BSD-3-Clause
/* Transmit queues of virtio-net: packets that are not plain, with a descriptor or several. */
#include "drivers/virtio/virtio_net_tx.h"

/* Never to be sent: it is freed, and counted under its reason. */
static enum tx_outcome tx_drop(struct virtio_txq *q, struct fn_pkt *pkt, enum fn_tx_counter counter)
{
	fn_queue_count(fn_txq_queue(&q->pub), counter, 1);
	fn_pool_cache_free(q->cache, &pkt, 1);
	return TX_OUT_DROPPED;
}

/* Write one more descriptor of a packet; the one before it, if any, leads here by its number. */
static void tx_desc(struct virtio_txq *q, uint64_t iova, uint32_t len, bool more)
{
	const uint16_t slot = q->desc_head & q->mask;
	const uint16_t next = (uint16_t)(slot + 1) & q->mask;

	fn_write_le64(&q->desc[slot].addr, iova);
	fn_write_le64(&q->desc[slot].ctl,
		      more ? VIRTQ_CTL(len, VIRTQ_DESC_F_NEXT, next) : VIRTQ_CTL(len, 0, 0));
	q->bufs[slot] = NULL;
	q->states[slot] = VIRTIO_TX_CONT;
	q->desc_head = fn_ring_advance(q->desc_head, 1);
}

/* The header may go into the headroom: nobody else sees it. */
static bool tx_can_push(const struct virtio_txq *q, const struct fn_pkt *pkt)
{
	return !(pkt->kind & FN_PKT_ATTACHED) && pkt->headroom >= q->hdr_bytes &&
	       !fn_pkt_is_shared(pkt);
}

/* Segments behind the first that hold data. */
static unsigned tx_more_segs(const struct fn_pkt *pkt)
{
	unsigned n = 0;

	for (const struct fn_pkt *seg = pkt->next; seg; seg = seg->next)
		n += seg->len != 0;
	return n;
}

/*
 * The first descriptor of a packet, or the first two: its header, which is @hdr or zeros, and its
 * first segment.
 */
static void tx_post_first(struct virtio_txq *q, const struct fn_pkt *pkt, bool push, bool more,
			  const struct virtio_net_hdr *hdr)
{
	const size_t at =
		VIRTIO_TX_ZERO_BYTES + (size_t)(q->desc_head & q->mask) * VIRTIO_TX_HDR_STEP;
	uint64_t iova = q->zeros_iova.v;

	if (push) {
		memset(pkt->data - q->hdr_bytes, 0, q->hdr_bytes);
		if (hdr)
			memcpy(pkt->data - q->hdr_bytes, hdr, sizeof(*hdr));
		tx_desc(q, pkt->iova.v - q->hdr_bytes, pkt->len + q->hdr_bytes, more);
		return;
	}
	if (hdr) {
		memcpy(q->vq.extra + at, hdr, sizeof(*hdr));
		iova = q->vq.extra_iova.v + at;
	}
	tx_desc(q, iova, q->hdr_bytes, true);
	if (pkt->len)
		tx_desc(q, pkt->iova.v, pkt->len, more);
}

/* Descriptors of a packet: header and first segment, further segments, padding; in this order. */
static void tx_post_slow(struct virtio_txq *q, struct fn_pkt *pkt, bool push, unsigned more,
			 uint32_t pad, const struct virtio_net_hdr *hdr)
{
	const uint16_t head = q->desc_head & q->mask;

	tx_post_first(q, pkt, push, more || pad, hdr);
	for (const struct fn_pkt *seg = pkt->next; seg; seg = seg->next)
		if (seg->len)
			tx_desc(q, seg->iova.v, seg->len, --more || pad);
	if (pad)
		tx_desc(q, q->zeros_iova.v, pad, false);
	q->bufs[head] = pkt;
	q->states[head] = VIRTIO_TX_SLOW;
	q->slow++;
	fn_write_le16(&q->avail->ring[q->avail_pos & q->mask], head);
	q->avail_pos = fn_ring_advance(q->avail_pos, 1);
}

/* Whether it can ever be sent: FN_TX_COUNTERS, else the counter under which it is dropped. */
static enum fn_tx_counter tx_fault(const struct virtio_txq *q, const struct fn_pkt *pkt,
				   uint32_t len, uint32_t asked, struct virtio_tx_plan *plan)
{
	enum fn_tx_counter reason = FN_TX_COUNTERS;

	if (asked & (uint32_t)~q->asks)
		return FN_TX_DROP_OFFLOAD;
	if (!len)
		return FN_TX_DROP_EMPTY;
	if (asked)
		reason = virtio_tx_plan(q, pkt, len, asked, plan);
	else if (len > q->len_max)
		reason = FN_TX_DROP_TOO_LONG;
	if (reason != FN_TX_COUNTERS)
		return reason;
	if (pkt->extra_segs >= q->segs_max)
		return FN_TX_DROP_SEGMENTS;
	return fn_pool_reaches(fn_txq_queue(&q->pub)->dev->ctx, pkt) ? FN_TX_COUNTERS :
								       FN_TX_DROP_UNREACHABLE;
}

enum tx_outcome virtio_tx_slow(struct virtio_txq *q, struct fn_pkt *pkt)
{
	const uint32_t asked = pkt->flags & FN_PKT_TX_MASK;
	const uint32_t len = fn_pkt_len(pkt);
	const unsigned more = tx_more_segs(pkt);
	const bool push = tx_can_push(q, pkt);
	struct virtio_tx_plan plan = { 0 };
	const enum fn_tx_counter reason = tx_fault(q, pkt, len, asked, &plan);
	uint32_t pad = 0;
	unsigned descs;

	if (reason != FN_TX_COUNTERS)
		return tx_drop(q, pkt, reason);
	/* What is to be segmented is no frame yet: a device would cut padding into segments. */
	if (len < VIRTIO_TX_FRAME_MIN && !plan.hdr.gso_type)
		pad = VIRTIO_TX_FRAME_MIN - len;
	descs = (push || !pkt->len ? 1u : 2u) + more + (pad ? 1u : 0u);
	if (descs > fn_ring_free(q->desc_head, q->desc_tail, virtio_tx_ring_size(q)))
		return TX_OUT_NO_ROOM;
	if (asked)
		virtio_tx_apply(pkt, &plan);
	tx_post_slow(q, pkt, push, more, pad, asked ? &plan.hdr : NULL);
	fn_queue_count(fn_txq_queue(&q->pub), FN_TX_BYTES, len);
	return TX_OUT_TAKEN;
}
