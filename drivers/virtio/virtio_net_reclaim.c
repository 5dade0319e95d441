// SPDX-License-Identifier: BSD-3-Clause
/*
 * What a virtio-net transmit queue has sent goes back to its pools, in the order in which it was
 * sent.
 */
#include <errno.h>

#include "drivers/virtio/virtio_net.h"

/* Pointers that are handed to the pool's cache in one copy. */
#define GIVE_BATCH 32u

static inline uint32_t ring_size(const struct virtio_txq *q)
{
	return q->mask + 1u;
}

/* @n elements in a row name the descriptors from @id on. */
static inline bool ids_run(const fn_le64 *elems, unsigned n, uint32_t id)
{
	for (unsigned i = 0; i < n; i++)
		if (fn_unlikely(VIRTQ_USED_ID(fn_read_le64(&elems[i])) != id + i))
			return false;
	return true;
}

/* The next @done elements name the oldest packets in order, each in one descriptor. */
static bool ids_in_order(const struct virtio_txq *q, uint16_t done)
{
	const fn_le64 *elems = virtq_used_elems(q->used);
	uint16_t elem_pos = q->used_pos;
	uint16_t desc_pos = q->desc_tail;

	while (done) {
		const uint16_t slot = elem_pos & q->mask;
		const uint16_t id = desc_pos & q->mask;
		const uint32_t to_end = ring_size(q) - (slot > id ? slot : id);
		const uint16_t run = done < to_end ? done : (uint16_t)to_end;

		if (!ids_run(&elems[slot], run, id))
			return false;
		elem_pos = fn_ring_advance(elem_pos, run);
		desc_pos = fn_ring_advance(desc_pos, run);
		done = (uint16_t)(done - run);
	}
	return true;
}

/*
 * The oldest @n packets are plain and have one descriptor each: pointers are all that is touched.
 */
static void give_plain(struct virtio_txq *q, uint16_t n)
{
	while (n) {
		const uint16_t slot = q->desc_tail & q->mask;
		const uint32_t to_end = ring_size(q) - slot;
		uint16_t now = n < GIVE_BATCH ? n : GIVE_BATCH;

		if (now > to_end)
			now = (uint16_t)to_end;
		if (fn_likely(now == GIVE_BATCH))
			fn_pool_cache_give(q->cache, &q->bufs[slot], GIVE_BATCH);
		else
			fn_pool_cache_give(q->cache, &q->bufs[slot], now);
		q->desc_tail = fn_ring_advance(q->desc_tail, now);
		n = (uint16_t)(n - now);
	}
}

/* Give the oldest packet back, with all its descriptors. */
static void give_oldest(struct virtio_txq *q)
{
	const uint16_t head = q->desc_tail & q->mask;

	if (q->states[head] & VIRTIO_TX_SLOW) {
		q->slow--;
		fn_pool_cache_free(q->cache, &q->bufs[head], 1);
	} else {
		fn_pool_cache_give(q->cache, &q->bufs[head], 1);
	}
	q->states[head] = VIRTIO_TX_PLAIN;
	q->desc_tail = fn_ring_advance(q->desc_tail, 1);
	while (q->desc_tail != q->desc_head &&
	       q->states[q->desc_tail & q->mask] == VIRTIO_TX_CONT) {
		q->states[q->desc_tail & q->mask] = VIRTIO_TX_PLAIN;
		q->desc_tail = fn_ring_advance(q->desc_tail, 1);
	}
}

/* The device hands back the packet whose head is @id. False when it does not have such a packet. */
static bool mark_done(struct virtio_txq *q, uint32_t id)
{
	const uint16_t in_use = fn_ring_used(q->desc_head, q->desc_tail);

	if (id > q->mask || ((id - q->desc_tail) & q->mask) >= in_use ||
	    (q->states[id] & (VIRTIO_TX_CONT | VIRTIO_TX_DONE)))
		return false;
	q->states[id] |= VIRTIO_TX_DONE;
	q->ahead++;
	return true;
}

/*
 * Elements in any order: a packet that came back before an older one waits for that one, so that
 * descriptors are always used and freed in a row. Returns packets given back, or -EIO.
 */
static int done_in_any_order(struct virtio_txq *q, uint16_t done)
{
	const fn_le64 *elems = virtq_used_elems(q->used);
	int given = 0;

	for (uint16_t i = 0; i < done; i++) {
		const uint64_t elem =
			fn_read_le64(&elems[fn_ring_advance(q->used_pos, i) & q->mask]);

		if (!mark_done(q, VIRTQ_USED_ID(elem))) {
			fn_queue_break(fn_txq_queue(&q->pub),
				       "the device returned buffer %u, which it did not have",
				       VIRTQ_USED_ID(elem));
			return -EIO;
		}
	}
	while (q->ahead && (q->states[q->desc_tail & q->mask] & VIRTIO_TX_DONE)) {
		give_oldest(q);
		q->ahead--;
		given++;
	}
	return given;
}

/* Packets of all kinds, in order. */
static int done_in_order(struct virtio_txq *q, uint16_t done)
{
	for (uint16_t i = 0; i < done; i++)
		give_oldest(q);
	return done;
}

int virtio_net_tx_done(struct virtio_txq *q)
{
	const uint16_t used_pos = q->used_pos;
	const uint16_t done = fn_ring_used(fn_read_le16(&q->used->idx), used_pos);
	const uint16_t out = fn_ring_used(q->avail_pos, used_pos);
	int given = done;

	if (!done)
		return 0;
	if (fn_unlikely(done > out)) {
		fn_queue_break(fn_txq_queue(&q->pub),
			       "the device returned %u packets, and it had %u", done, out);
		return -EIO;
	}
	/*
	 * Pairs with the device's write of used->idx (2.7.8): the elements are valid only behind
	 * it. An in-order device (2.7.9) may leave elements out, and the index alone says what it
	 * has done.
	 */
	fn_rmb_dma();
	if (fn_likely(!q->slow && !q->ahead && (q->in_order || ids_in_order(q, done))))
		give_plain(q, done);
	else if (q->in_order)
		given = done_in_order(q, done);
	else
		given = done_in_any_order(q, done);
	if (given < 0)
		return given;
	q->used_pos = fn_ring_advance(used_pos, done);
	if (q->event_idx)
		virtq_irq_renew(q->avail, ring_size(q), q->used_pos, used_pos);
	return given;
}

unsigned virtio_net_tx_reclaim(struct fn_txq *txq)
{
	const int given = virtio_net_tx_done(virtio_txq_of(txq));

	return given < 0 ? 0 : (unsigned)given;
}
