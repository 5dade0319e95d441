// SPDX-License-Identifier: BSD-3-Clause
/* Receive queues of virtio-net: the burst, the refill, and what the device may not do. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/virtio/virtio_net.h"

/* Most buffers that are posted at once: what helped is a bulk that never wraps the ring. */
#define BATCH_MAX 32u

/*
 * Where the virtio_net_hdr of a received frame goes: in front of the packet's data, in the
 * headroom, so that one descriptor covers both and data starts where fn_pkt_alloc() puts it. The
 * buffer is the driver's alone while it is posted. A pool with less headroom gives the room's first
 * bytes for it, and the data moves (rx_burst_shifted()).
 */

static inline uint32_t ring_size(const struct virtio_rxq *q)
{
	return q->mask + 1u;
}

/*
 * Take buffers out of the pool for the next free slots, at most up to the next multiple of a batch,
 * so that the slots are in a row. An empty pool gives what it has once the ring has nearly run dry.
 */
static uint16_t refill_take(struct virtio_rxq *q, uint16_t pos, uint16_t posted)
{
	uint16_t n = (uint16_t)(q->batch - (pos & (q->batch - 1)));
	struct fn_pkt **bufs = &q->bufs[pos & q->mask];

	if (fn_likely(fn_pool_cache_take(q->cache, bufs, n)))
		return n;
	fn_queue_count(fn_rxq_queue(&q->pub), FN_RX_POOL_EMPTY, 1);
	if (posted >= q->batch)
		return 0;
	while ((n /= 2) != 0)
		if (fn_pool_cache_take(q->cache, bufs, n))
			return n;
	return 0;
}

/* Post buffers while a whole batch is missing; one index, at most one doorbell. */
static inline __attribute__((always_inline)) void rx_refill(struct virtio_rxq *q, uint16_t posted,
							    bool event_idx)
{
	struct virtq_desc *const desc = q->desc;
	const uint64_t hdr_back = q->hdr_back;
	const uint16_t old_pos = q->avail_pos;
	uint16_t pos = old_pos;

	while (posted <= q->full_mark) {
		const uint16_t n = refill_take(q, pos, posted);
		const uint16_t slot = pos & q->mask;
		struct fn_pkt *const *bufs = &q->bufs[slot];
		const uint16_t *ids = &q->ids[slot];

		if (fn_unlikely(!n))
			break;
		for (unsigned i = 0; i < n; i++)
			fn_write_le64(&desc[ids[i]].addr, bufs[i]->iova.v - hdr_back);
		pos = fn_ring_advance(pos, n);
		posted = fn_ring_advance(posted, n);
	}
	if (pos == old_pos)
		return;
	q->avail_pos = pos;
	if (virtq_publish(q->avail, q->used, ring_size(q), event_idx, pos, old_pos))
		fn_doorbell_ring16(&q->db, VIRTIO_NET_RXQ(fn_rxq_queue(&q->pub)->idx));
}

/* Nothing was received, and the ring is not full: the pool was empty before. */
static __attribute__((noinline)) void rx_starved(struct virtio_rxq *q)
{
	const uint16_t posted = fn_ring_used(q->avail_pos, q->used_pos);

	if (!posted)
		fn_queue_count(fn_rxq_queue(&q->pub), FN_RX_RING_DRY, 1);
	rx_refill(q, posted, q->event_idx);
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

static void rx_bad_len(struct virtio_rxq *q, uint32_t len)
{
	fn_queue_break(fn_rxq_queue(&q->pub),
		       "the device says that it wrote %u bytes where %u to %u are possible", len,
		       VIRTIO_NET_HDR_BYTES, q->len_max + VIRTIO_NET_HDR_BYTES);
}

static __attribute__((noinline)) void rx_bad_idx(struct virtio_rxq *q, uint16_t done,
						 uint16_t posted)
{
	q->lied = true;
	fn_queue_break(fn_rxq_queue(&q->pub), "the device returned %u buffers, and it had %u", done,
		       posted);
}

/* What an element of the used ring turned out to be that is not the expected buffer's. */
enum rx_elem {
	RX_ELEM_BAD,
	RX_ELEM_TAKEN, /* another buffer's */
	RX_ELEM_BATCH, /* in-order device: it stands for several buffers (2.7.9) */
};

/*
 * Look at the element of position @pos, which is @elem: it is not read again, so that the device
 * cannot change it meanwhile. @done: buffers that came back, this one included.
 */
static __attribute__((noinline)) enum rx_elem rx_elem_slow(struct virtio_rxq *q, uint16_t pos,
							   uint16_t done, uint64_t elem,
							   struct fn_pkt **pkt)
{
	const uint32_t len = VIRTQ_USED_LEN(elem) - VIRTIO_NET_HDR_BYTES;
	const uint32_t id = VIRTQ_USED_ID(elem);
	const uint16_t slot = pos & q->mask;
	uint16_t there;
	uint16_t ahead;

	if (id > q->mask) {
		fn_queue_break(fn_rxq_queue(&q->pub),
			       "the device returned buffer %u of a ring of %u", id, ring_size(q));
		return RX_ELEM_BAD;
	}
	there = q->slots[id];
	ahead = (uint16_t)(there - slot) & q->mask;
	if (ahead >= fn_ring_used(q->avail_pos, pos)) {
		fn_queue_break(fn_rxq_queue(&q->pub),
			       "the device returned buffer %u, which it did not have", id);
		return RX_ELEM_BAD;
	}
	if (ahead && q->in_order) {
		if (ahead >= done) {
			fn_queue_break(fn_rxq_queue(&q->pub),
				       "the device returned buffer %u out of order, having "
				       "negotiated VIRTIO_F_IN_ORDER",
				       id);
			return RX_ELEM_BAD;
		}
		q->skipped = (uint16_t)(ahead + 1);
		q->last_len = VIRTQ_USED_LEN(elem);
		return RX_ELEM_BATCH;
	}
	/* A length below the header's wraps round and is too long as well. */
	if (len > q->len_max) {
		rx_bad_len(q, VIRTQ_USED_LEN(elem));
		return RX_ELEM_BAD;
	}
	if (ahead)
		rx_reorder(q, slot, there);
	fn_pkt_begin(q->bufs[slot], q->plain, (uint16_t)len);
	*pkt = q->bufs[slot];
	return RX_ELEM_TAKEN;
}

/*
 * 2.7.9: an in-order device may write one element for several buffers; those that it skipped were
 * used to the full. Returns packets taken; fewer than there are up to @n when the device lied.
 */
static __attribute__((noinline)) unsigned rx_take_skipped(struct virtio_rxq *q, uint16_t pos,
							  struct fn_pkt **pkts, unsigned n)
{
	unsigned got = 0;
	uint64_t bytes = 0;

	while (got < n && q->skipped) {
		uint32_t len = q->len_max;

		if (q->skipped == 1)
			len = q->last_len - VIRTIO_NET_HDR_BYTES;
		if (len > q->len_max) {
			rx_bad_len(q, q->last_len);
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

/*
 * Take buffers from @slot on as long as the elements are the expected ones; the ring does not wrap
 * within @n. The first that is not goes to @unexpected.
 */
static inline __attribute__((always_inline)) unsigned rx_run(const struct virtio_rxq *q,
							     uint16_t slot, struct fn_pkt **pkts,
							     unsigned n, uint64_t *bytes,
							     uint64_t *unexpected)
{
	const fn_le64 *const elems = virtq_used_elems(q->used) + slot;
	struct fn_pkt *const *const bufs = q->bufs + slot;
	const uint16_t *const ids = q->ids + slot;
	const uint64_t plain = q->plain;
	const uint64_t len_max = q->len_max;
	unsigned i;

	for (i = 0; i < n; i++) {
		struct fn_pkt *const pkt = bufs[i];
		const uint64_t elem = fn_read_le64(&elems[i]);
		/*
		 * The id's half is 0 when it is the expected one. With the halves exchanged one
		 * comparison judges both, and a length below the header's, which wraps round.
		 */
		const uint64_t diff = elem ^ ids[i];
		const uint64_t len = (diff >> 32 | diff << 32) - VIRTIO_NET_HDR_BYTES;

		if (fn_unlikely(len > len_max)) {
			*unexpected = elem;
			break;
		}
		fn_pkt_begin(pkt, plain, (uint16_t)len);
		pkts[i] = pkt;
		*bytes += len;
	}
	return i;
}

/*
 * Take @n of the @done buffers that came back. Fewer when an in-order device has skipped some
 * (rx_take_skipped()), or when the device lied, which @sound tells.
 */
static inline __attribute__((always_inline)) unsigned rx_take(struct virtio_rxq *q,
							      struct fn_pkt **pkts, unsigned n,
							      uint16_t done, bool *sound)
{
	const uint16_t used_pos = q->used_pos;
	uint64_t bytes = 0;
	uint64_t elem = 0;
	unsigned got = 0;

	while (got < n) {
		uint16_t pos = fn_ring_advance(used_pos, (uint16_t)got);
		const unsigned to_end = ring_size(q) - (pos & q->mask);
		const unsigned run = n - got < to_end ? n - got : to_end;
		const unsigned taken = rx_run(q, pos & q->mask, pkts + got, run, &bytes, &elem);
		enum rx_elem kind;

		got += taken;
		if (fn_likely(taken == run))
			continue;
		pos = fn_ring_advance(pos, (uint16_t)taken);
		kind = rx_elem_slow(q, pos, (uint16_t)(done - got), elem, &pkts[got]);
		if (kind != RX_ELEM_TAKEN) {
			*sound = kind == RX_ELEM_BATCH;
			break;
		}
		bytes += pkts[got++]->len;
	}
	fn_queue_count(fn_rxq_queue(&q->pub), FN_RX_BYTES, bytes);
	return got;
}

/* A poll that found something; kept apart, so that an empty one saves no registers. */
static inline __attribute__((always_inline)) unsigned rx_receive(struct virtio_rxq *q,
								 struct fn_pkt **pkts, unsigned n,
								 bool event_idx, bool in_order)
{
	struct fn_queue *queue = fn_rxq_queue(&q->pub);
	const uint16_t used_pos = q->used_pos;
	const uint16_t posted = fn_ring_used(q->avail_pos, used_pos);
	const uint16_t done = fn_ring_used(fn_read_le16(&q->used->idx), used_pos);
	bool sound = true;
	unsigned got = 0;

	if (fn_unlikely(done > posted)) {
		rx_bad_idx(q, done, posted);
		return 0;
	}
	/* All that was posted is used: what comes now finds no buffer. */
	if (fn_unlikely(done == posted))
		fn_queue_count(queue, FN_RX_RING_DRY, 1);
	if (n > done)
		n = done;
	/*
	 * Pairs with the device's write of used->idx (2.7.8): the elements are valid only behind
	 * it.
	 */
	fn_rmb_dma();
	if (!in_order || fn_likely(!q->skipped))
		got = rx_take(q, pkts, n, done, &sound);
	if (in_order && fn_unlikely(q->skipped)) {
		got += rx_take_skipped(q, fn_ring_advance(used_pos, (uint16_t)got), pkts + got,
				       n - got);
		sound = got == n || !q->skipped;
	}
	q->used_pos = fn_ring_advance(used_pos, (uint16_t)got);
	fn_queue_count(queue, FN_RX_PACKETS, got);
	fn_queue_count(queue, FN_RX_BURSTS, got != 0);
	if (fn_unlikely(!sound)) {
		/* What the device returned from the lie on is not handed out. */
		q->lied = true;
		fn_queue_count(queue, FN_RX_DROP_BROKEN, done - got);
		return got;
	}
	if (event_idx)
		virtq_irq_renew(q->avail, ring_size(q), fn_ring_advance(used_pos, (uint16_t)got),
				used_pos);
	if (posted - got <= q->full_mark)
		rx_refill(q, (uint16_t)(posted - got), event_idx);
	return got;
}

/*
 * The bursts, a variant each: two functions, of which the inner one is called with literal
 * constants.
 */
#define RX_BURST(name, event_idx, in_order)                                                   \
	static __attribute__((noinline)) unsigned rx_receive_##name(struct virtio_rxq *q,     \
								    struct fn_pkt **pkts,     \
								    unsigned n)               \
	{                                                                                     \
		return rx_receive(q, pkts, n, event_idx, in_order);                           \
	}                                                                                     \
                                                                                              \
	static unsigned rx_burst_##name(struct fn_rxq *rxq, struct fn_pkt **pkts, unsigned n) \
	{                                                                                     \
		struct virtio_rxq *q = virtio_rxq_of(rxq);                                    \
                                                                                              \
		if (fn_likely(fn_read_le16(&q->used->idx) != q->used_pos))                    \
			return rx_receive_##name(q, pkts, n);                                 \
		if (fn_unlikely(fn_ring_used(q->avail_pos, q->used_pos) <= q->full_mark))     \
			rx_starved(q);                                                        \
		return 0;                                                                     \
	}

RX_BURST(split, false, false)
RX_BURST(split_event_idx, true, false)
RX_BURST(split_in_order, false, true)
RX_BURST(split_in_order_event_idx, true, true)

/*
 * The pool has too little headroom: virtio_net_hdr took the room's first bytes, so the data moves.
 */
static unsigned rx_burst_shifted(struct fn_rxq *rxq, struct fn_pkt **pkts, unsigned n)
{
	const struct virtio_rxq *q = virtio_rxq_of(rxq);

	n = q->inner(rxq, pkts, n);
	for (unsigned i = 0; i < n; i++) {
		pkts[i]->data += VIRTIO_NET_HDR_BYTES;
		pkts[i]->iova.v += VIRTIO_NET_HDR_BYTES;
		pkts[i]->headroom = (uint16_t)(pkts[i]->headroom + VIRTIO_NET_HDR_BYTES);
		pkts[i]->kind |= FN_PKT_MOVED;
	}
	return n;
}

static const struct {
	const char *name;
	unsigned (*burst)(struct fn_rxq *q, struct fn_pkt **pkts, unsigned n);
} variants[2][2] = {
	/* [in_order][event_idx] */
	{ { "split", rx_burst_split }, { "split event-idx", rx_burst_split_event_idx } },
	{ { "split in-order", rx_burst_split_in_order },
	  { "split in-order event-idx", rx_burst_split_in_order_event_idx } },
};

void virtio_net_rx_enable(struct fn_dev *dev, uint16_t idx)
{
	struct virtio_rxq *q = virtio_rxq_of(dev->rxqs[idx]);

	q->inner = variants[q->in_order][q->event_idx].burst;
	dev->rx_variant = variants[q->in_order][q->event_idx].name;
	fn_rxq_enable(&q->pub, q->hdr_back ? q->inner : rx_burst_shifted);
}

bool virtio_net_headroom_fits(const struct fn_pool *pool)
{
	struct fn_pool_info info = { .sz = sizeof(info) };

	fn_pool_get_info(pool, &info);
	return info.headroom >= VIRTIO_NET_HDR_BYTES;
}

uint32_t virtio_net_rx_room(const struct fn_pool *pool)
{
	const uint32_t room = fn_pool_room_bytes(pool);

	return virtio_net_headroom_fits(pool) ? room : room - VIRTIO_NET_HDR_BYTES;
}

/* What the descriptors, the available ring and the positions are before the first buffer. */
static void rx_init(struct virtio_rxq *q, const struct fn_dev_conf *conf)
{
	const uint32_t posted = virtio_net_rx_room(conf->pool) + VIRTIO_NET_HDR_BYTES;
	const uint32_t size = q->vq.size;

	q->hdr_back = virtio_net_headroom_fits(conf->pool) ? VIRTIO_NET_HDR_BYTES : 0;
	q->len_max = virtio_net_rx_room(conf->pool);
	q->plain = fn_pool_plain_word(conf->pool);
	q->desc = q->vq.desc;
	q->avail = q->vq.avail;
	q->used = q->vq.used;
	q->mask = (uint16_t)(size - 1);
	q->batch = (uint16_t)(size / 2 < BATCH_MAX ? size / 2 : BATCH_MAX);
	q->full_mark = (uint16_t)(size - q->batch);
	q->used_pos = 0;
	q->avail_pos = 0;
	q->skipped = 0;
	q->lied = false;
	for (uint16_t i = 0; i < size; i++) {
		fn_write_le64(&q->desc[i].ctl, VIRTQ_CTL(posted, VIRTQ_DESC_F_WRITE, 0));
		fn_write_le16(&q->avail->ring[i], i);
		q->ids[i] = i;
		q->slots[i] = i;
	}
	virtq_irq_disarm(q->avail, size, q->event_idx, 0);
}

static void rx_free(struct virtio_rxq *q, struct fn_ctx *ctx)
{
	virtq_free(&q->vq, ctx);
	free(q->bufs);
	free(q->ids);
	free(q->slots);
	q->bufs = NULL;
	q->ids = NULL;
	q->slots = NULL;
}

int virtio_net_rx_create(struct fn_dev *dev, uint16_t idx)
{
	struct virtio_rxq *q = virtio_rxq_of(dev->rxqs[idx]);
	struct virtio_net *vn = virtio_net_of(dev);
	const uint32_t size = dev->conf.rx_ring;
	int ret;

	q->event_idx = (vn->pci.features & VIRTIO_F_RING_EVENT_IDX) != 0;
	q->in_order = (vn->pci.features & VIRTIO_F_IN_ORDER) != 0;
	q->cache = fn_rxq_queue(&q->pub)->cache;
	q->bufs = calloc(size, sizeof(struct fn_pkt *));
	q->ids = calloc(size, sizeof(*q->ids));
	q->slots = calloc(size, sizeof(*q->slots));
	if (!q->bufs || !q->ids || !q->slots) {
		ret = fn_fail(-ENOMEM, "%s: out of memory for receive queue %u", dev->bus->name,
			      idx);
		goto fail;
	}
	ret = virtq_alloc(&q->vq, dev->ctx, size, 0, dev->bus->numa_node);
	if (ret)
		goto fail;
	rx_init(q, &dev->conf);
	ret = virtio_pci_queue_enable(&vn->pci, VIRTIO_NET_RXQ(idx), &q->vq,
				      virtio_net_entry(dev, fn_rxq_queue(&q->pub)), &q->db);
	if (!ret)
		return 0;
fail:
	rx_free(q, dev->ctx);
	return ret;
}

uint16_t virtio_net_rx_post(struct virtio_rxq *q)
{
	rx_refill(q, fn_ring_used(q->avail_pos, q->used_pos), q->event_idx);
	return fn_ring_used(q->avail_pos, q->used_pos);
}

int virtio_net_rx_fill(struct fn_dev *dev, uint16_t idx)
{
	struct virtio_rxq *q = virtio_rxq_of(dev->rxqs[idx]);

	if (virtio_net_rx_post(q) == q->vq.size)
		return 0;
	return fn_fail(-ENOBUFS,
		       "%s: %s has %u packets left for receive queue %u, which needs %u: free "
		       "packets, or create the pool with more",
		       dev->bus->name, fn_pool_name(dev->conf.pool), q->avail_pos, idx, q->vq.size);
}

/* Frames that the device has received and nobody has taken, as far as it can be believed. */
static uint16_t rx_untaken(const struct virtio_rxq *q)
{
	const uint16_t posted = fn_ring_used(q->avail_pos, q->used_pos);
	const uint16_t done = fn_ring_used(fn_read_le16(&q->used->idx), q->used_pos);

	/* Of a queue that broke by a lie they are counted already. */
	return q->lied || done > posted ? 0 : done;
}

void virtio_net_rx_destroy(struct fn_dev *dev, uint16_t idx, enum fn_rx_counter counter)
{
	struct virtio_rxq *q = virtio_rxq_of(dev->rxqs[idx]);

	fn_queue_count(fn_rxq_queue(&q->pub), counter, rx_untaken(q));
	/* They were never handed out, so they are as plain as they came. */
	for (uint16_t pos = q->used_pos; pos != q->avail_pos; pos = fn_ring_advance(pos, 1))
		fn_pool_cache_give(q->cache, &q->bufs[pos & q->mask], 1);
	q->used_pos = q->avail_pos;
	rx_free(q, dev->ctx);
}
