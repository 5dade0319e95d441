// SPDX-License-Identifier: BSD-3-Clause
/*
 * Receive queues of virtio-net, what is rare: an empty pool, buffers out of order or in batches,
 * and what the device may not do.
 */
#include "drivers/virtio/virtio_net_rx.h"

/*
 * Take buffers out of the pool for the next free slots, at most up to the next multiple of a batch,
 * so that the slots are in a row. An empty pool gives what it has once the ring has nearly run dry.
 */
uint16_t virtio_rx_refill_take(struct virtio_rxq *q, uint16_t pos, uint16_t posted)
{
	uint16_t n = (uint16_t)(q->batch - (pos & (q->batch - 1)));
	struct fn_pkt **bufs = &q->bufs[pos & q->mask];

	if (fn_likely(fn_pool_cache_take(q->cache, bufs, n)))
		return n;
	fn_queue_count(fn_rxq_queue(&q->pub), FN_RX_POOL_EMPTY, 1);
	if (posted >= q->batch)
		return 0;
	return (uint16_t)fn_pool_cache_take_part(q->cache, bufs, n / 2);
}

/* Nothing was received, and the ring is not full: the pool was empty before. */
void virtio_rx_starved(struct virtio_rxq *q)
{
	const uint16_t posted = fn_ring_used(q->avail_pos, q->used_pos);

	if (!posted)
		fn_queue_count(fn_rxq_queue(&q->pub), FN_RX_RING_DRY, 1);
	virtio_rx_refill(q, posted, q->event_idx);
}

/*
 * The device hands back descriptor @id, which is posted at @there, before the one at @slot: they
 * change.
 */
static void rx_reorder(struct virtio_rxq *q, uint16_t slot, uint16_t there)
{
	const uint16_t id = q->ids[there];
	const uint16_t expected = q->ids[slot];
	struct fn_pkt *pkt = q->bufs[there];

	q->ids[there] = expected;
	q->ids[slot] = id;
	q->slots[expected] = there;
	q->slots[id] = slot;
	q->bufs[there] = q->bufs[slot];
	q->bufs[slot] = pkt;
	/*
	 * The device has read both entries long ago; they matter when the slots are posted again.
	 */
	fn_write_le16(&q->avail->ring[there], expected);
	fn_write_le16(&q->avail->ring[slot], id);
}

void virtio_rx_bad_len(struct virtio_rxq *q, uint32_t len)
{
	fn_queue_break(fn_rxq_queue(&q->pub),
		       "the device says that it wrote %u bytes where %u to %u are possible", len,
		       q->hdr_bytes, q->len_max + q->hdr_bytes);
}

void virtio_rx_bad_idx(struct virtio_rxq *q, uint16_t done, uint16_t posted)
{
	q->lied = true;
	fn_queue_break(fn_rxq_queue(&q->pub), "the device returned %u buffers, and it had %u", done,
		       posted);
}

int virtio_rx_locate(struct virtio_rxq *q, uint16_t pos, uint16_t done, uint32_t id)
{
	const uint16_t slot = pos & q->mask;
	uint16_t there;
	uint16_t ahead;

	if (id > q->mask) {
		fn_queue_break(fn_rxq_queue(&q->pub),
			       "the device returned buffer %u of a ring of %u", id,
			       virtio_rx_ring_size(q));
		return -1;
	}
	there = q->slots[id];
	ahead = (uint16_t)(there - slot) & q->mask;
	if (ahead >= fn_ring_used(q->avail_pos, pos)) {
		fn_queue_break(fn_rxq_queue(&q->pub),
			       "the device returned buffer %u, which it did not have", id);
		return -1;
	}
	if (ahead >= done && q->in_order) {
		fn_queue_break(fn_rxq_queue(&q->pub),
			       "the device returned buffer %u out of order, having negotiated "
			       "VIRTIO_F_IN_ORDER",
			       id);
		return -1;
	}
	if (ahead && !q->in_order)
		rx_reorder(q, slot, there);
	return ahead;
}

enum rx_elem virtio_rx_elem(struct virtio_rxq *q, uint16_t pos, uint16_t done, uint64_t elem,
			    struct fn_pkt **pkt)
{
	const uint32_t len = VIRTQ_USED_LEN(elem) - q->hdr_bytes;
	const int ahead = virtio_rx_locate(q, pos, done, VIRTQ_USED_ID(elem));

	if (ahead < 0)
		return RX_ELEM_BAD;
	if (ahead && q->in_order) {
		q->skipped = (uint16_t)(ahead + 1);
		q->last_len = VIRTQ_USED_LEN(elem);
		return RX_ELEM_BATCH;
	}
	/* A length below the header's wraps round and is too long as well. */
	if (len > q->len_max) {
		virtio_rx_bad_len(q, VIRTQ_USED_LEN(elem));
		return RX_ELEM_BAD;
	}
	*pkt = q->bufs[pos & q->mask];
	fn_pkt_begin(*pkt, q->plain, (uint16_t)len);
	return RX_ELEM_TAKEN;
}

unsigned virtio_rx_take_skipped(struct virtio_rxq *q, uint16_t pos, struct fn_pkt **pkts,
				unsigned n)
{
	unsigned got = 0;
	uint64_t bytes = 0;

	while (got < n && q->skipped) {
		uint32_t len = q->len_max;

		if (q->skipped == 1)
			len = q->last_len - q->hdr_bytes;
		if (len > q->len_max) {
			virtio_rx_bad_len(q, q->last_len);
			break;
		}
		pkts[got] = q->bufs[pos & q->mask];
		fn_pkt_begin(pkts[got], q->plain, (uint16_t)len);
		bytes += len;
		pos = fn_ring_advance(pos, 1);
		q->skipped--;
		got++;
	}
	fn_queue_count(fn_rxq_queue(&q->pub), FN_RX_BYTES, bytes);
	return got;
}
