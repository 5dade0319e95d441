// SPDX-License-Identifier: BSD-3-Clause
/* Transmit queues of virtio-net: the burst, and the packets that need more than one descriptor. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/virtio/virtio_net.h"

/* 802.3 4.2.3.3: the shortest frame, less its CRC. */
#define FRAME_MIN 60u

/* Finished packets are looked for once a burst's worth is in use, half a ring in a small one. */
#define RECLAIM_MARK_MAX 32u

/*
 * virtio_net_hdr is 12 zero bytes as long as no offload is negotiated. A packet that is the
 * driver's alone gets them in its headroom: one descriptor, which spares the device a second look
 * at the ring and a second translation of an address for each frame, at the price of two stores. A
 * packet that somebody else sees too, attached memory, and a packet without headroom get a
 * descriptor of the queue's zeros in front.
 *
 * Frames below 60 bytes: virtio has no rule, and a back end may put them on a wire as they are.
 * They get a descriptor of the queue's zeros behind, as hardware pads them.
 */
#define ZERO_BYTES 64u

_Static_assert(ZERO_BYTES >= FRAME_MIN && ZERO_BYTES >= VIRTIO_NET_HDR_BYTES,
	       "zeros for both uses");

/* What became of a packet that is not plain. */
enum tx_outcome {
	TX_OUT_TAKEN,
	TX_OUT_DROPPED,
	TX_OUT_NO_ROOM,
};

static inline uint32_t ring_size(const struct virtio_txq *q)
{
	return q->mask + 1u;
}

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
static bool tx_can_push(const struct fn_pkt *pkt)
{
	return !(pkt->kind & FN_PKT_ATTACHED) && pkt->headroom >= VIRTIO_NET_HDR_BYTES &&
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

/* Descriptors of a packet: header and first segment, further segments, padding; in this order. */
static void tx_post_slow(struct virtio_txq *q, struct fn_pkt *pkt, bool push, unsigned more,
			 uint32_t pad)
{
	const uint16_t head = q->desc_head & q->mask;

	if (push) {
		memset(pkt->data - VIRTIO_NET_HDR_BYTES, 0, VIRTIO_NET_HDR_BYTES);
		tx_desc(q, pkt->iova.v - VIRTIO_NET_HDR_BYTES, pkt->len + VIRTIO_NET_HDR_BYTES,
			more || pad);
	} else {
		tx_desc(q, q->zeros_iova.v, VIRTIO_NET_HDR_BYTES, true);
		if (pkt->len)
			tx_desc(q, pkt->iova.v, pkt->len, more || pad);
	}
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

/* Another context has IOVAs of its own: to this device they are other memory, or none. */
static bool tx_reachable(const struct virtio_txq *q, const struct fn_pkt *pkt)
{
	const struct fn_ctx *ctx = fn_txq_queue(&q->pub)->dev->ctx;

	for (const struct fn_pkt *seg = pkt; seg; seg = seg->next)
		if (fn_pool_ctx(seg->pool) != ctx)
			return false;
	return true;
}

/* A packet of any kind: check it, and post it if there is room. */
static __attribute__((noinline)) enum tx_outcome tx_slow(struct virtio_txq *q, struct fn_pkt *pkt)
{
	const uint32_t len = fn_pkt_len(pkt);
	const unsigned more = tx_more_segs(pkt);
	const uint32_t pad = len < FRAME_MIN ? FRAME_MIN - len : 0;
	const bool push = tx_can_push(pkt);
	unsigned descs;

	if (pkt->flags)
		return tx_drop(q, pkt, FN_TX_DROP_OFFLOAD);
	if (!len)
		return tx_drop(q, pkt, FN_TX_DROP_EMPTY);
	if (len > q->len_max)
		return tx_drop(q, pkt, FN_TX_DROP_TOO_LONG);
	if (pkt->extra_segs >= q->segs_max)
		return tx_drop(q, pkt, FN_TX_DROP_SEGMENTS);
	if (!tx_reachable(q, pkt))
		return tx_drop(q, pkt, FN_TX_DROP_UNREACHABLE);
	descs = (push || !pkt->len ? 1u : 2u) + more + (pad ? 1u : 0u);
	if (descs > fn_ring_free(q->desc_head, q->desc_tail, ring_size(q)))
		return TX_OUT_NO_ROOM;
	tx_post_slow(q, pkt, push, more, pad);
	fn_queue_count(fn_txq_queue(&q->pub), FN_TX_BYTES, len);
	return TX_OUT_TAKEN;
}

/* What a burst did, for the counters. */
static inline void tx_count(struct virtio_txq *q, unsigned taken, unsigned n, uint16_t sent,
			    uint64_t bytes)
{
	struct fn_queue *queue = fn_txq_queue(&q->pub);

	fn_queue_count(queue, FN_TX_PACKETS, sent);
	fn_queue_count(queue, FN_TX_BYTES, bytes);
	fn_queue_count(queue, FN_TX_BURSTS, taken != 0);
	if (fn_unlikely(taken < n))
		fn_queue_count(queue, FN_TX_RING_FULL, 1);
}

/*
 * Post plain packets of the queue's own pool, neither too short nor too long, up to the first that
 * is not. One comparison tells: such a packet's word less that of an empty one is its length, and
 * any other is beyond all lengths. There is room for @n, and neither ring wraps within.
 */
static inline __attribute__((always_inline)) unsigned tx_run(const struct virtio_txq *q,
							     struct fn_pkt *const *pkts, unsigned n,
							     uint64_t *bytes)
{
	const uint16_t slot = q->desc_head & q->mask;
	fn_le16 *const ring = &q->avail->ring[q->avail_pos & q->mask];
	struct virtq_desc *const desc = &q->desc[slot];
	struct fn_pkt **const bufs = &q->bufs[slot];
	const uint64_t plain = q->plain;
	const uint64_t span = q->len_span;
	unsigned i;

	for (i = 0; i < n; i++) {
		struct fn_pkt *const pkt = pkts[i];
		const uint64_t len = fn_pkt_word(pkt) ^ plain;

		if (fn_unlikely(len - FRAME_MIN > span))
			break;
		bufs[i] = pkt;
		fn_write_le64(&desc[i].addr, pkt->iova.v - VIRTIO_NET_HDR_BYTES);
		fn_write_le64(&desc[i].ctl, len + VIRTIO_NET_HDR_BYTES);
		fn_write_le16(&ring[i], (uint16_t)(slot + i));
		memset(pkt->data - VIRTIO_NET_HDR_BYTES, 0, VIRTIO_NET_HDR_BYTES);
		*bytes += len;
	}
	return i;
}

static inline unsigned min_of(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Post packets up to the first that finds no room; returns how many were taken. */
static inline __attribute__((always_inline)) unsigned tx_post(struct virtio_txq *q,
							      struct fn_pkt **pkts, unsigned n,
							      uint64_t *bytes)
{
	const uint32_t size = ring_size(q);
	unsigned i = 0;

	while (i < n) {
		const uint16_t room = fn_ring_free(q->desc_head, q->desc_tail, size);
		unsigned run = min_of(n - i, room);
		unsigned done;

		run = min_of(run, size - (q->desc_head & q->mask));
		run = min_of(run, size - (q->avail_pos & q->mask));
		done = tx_run(q, pkts + i, run, bytes);
		i += done;
		q->desc_head = fn_ring_advance(q->desc_head, (uint16_t)done);
		q->avail_pos = fn_ring_advance(q->avail_pos, (uint16_t)done);
		if (fn_likely(run && done == run))
			continue;
		/* One that is not plain, or a full ring: some packets are dropped for all that. */
		if (tx_slow(q, pkts[i]) == TX_OUT_NO_ROOM)
			break;
		i++;
	}
	return i;
}

/* The burst; called with literal constants, a variant each. */
static inline __attribute__((always_inline)) unsigned tx_burst(struct fn_txq *txq,
							       struct fn_pkt **pkts, unsigned n,
							       bool event_idx)
{
	struct virtio_txq *q = virtio_txq_of(txq);
	const uint16_t old_pos = q->avail_pos;
	uint64_t bytes = 0;
	unsigned taken;
	uint16_t sent;

	if (fn_ring_used(q->desc_head, q->desc_tail) >= q->reclaim_mark &&
	    virtio_net_tx_done(q) < 0)
		return 0;
	taken = tx_post(q, pkts, n, &bytes);
	/*
	 * Below the mark finished packets are left alone: a long chain in a short ring needs
	 * theirs.
	 */
	if (fn_unlikely(taken < n) && virtio_net_tx_done(q) > 0)
		taken += tx_post(q, pkts + taken, n - taken, &bytes);
	sent = fn_ring_used(q->avail_pos, old_pos);
	tx_count(q, taken, n, sent, bytes);
	if (sent &&
	    virtq_publish(q->avail, q->used, ring_size(q), event_idx, q->avail_pos, old_pos)) {
		fn_doorbell_ring16(&q->db, VIRTIO_NET_TXQ(fn_txq_queue(txq)->idx));
		fn_queue_count(fn_txq_queue(txq), FN_TX_DOORBELLS, 1);
	}
	return taken;
}

static unsigned tx_burst_split(struct fn_txq *q, struct fn_pkt **pkts, unsigned n)
{
	return tx_burst(q, pkts, n, false);
}

static unsigned tx_burst_split_event_idx(struct fn_txq *q, struct fn_pkt **pkts, unsigned n)
{
	return tx_burst(q, pkts, n, true);
}

void virtio_net_tx_enable(struct fn_dev *dev, uint16_t idx)
{
	static const char *const names[2][2] = {
		/* [in_order][event_idx]; the order is reclaim's alone */
		{ "split", "split event-idx" },
		{ "split in-order", "split in-order event-idx" },
	};
	struct virtio_txq *q = virtio_txq_of(dev->txqs[idx]);

	dev->tx_variant = names[q->in_order][q->event_idx];
	fn_txq_enable(&q->pub, q->event_idx ? tx_burst_split_event_idx : tx_burst_split);
}

static void tx_init(struct virtio_txq *q, const struct fn_dev_conf *conf)
{
	const uint32_t size = q->vq.size;

	/* All ones match no packet: each then goes the long way. */
	q->plain =
		virtio_net_headroom_fits(conf->pool) ? fn_pool_plain_word(conf->pool) : UINT64_MAX;
	q->desc = q->vq.desc;
	q->avail = q->vq.avail;
	q->used = q->vq.used;
	q->zeros_iova = q->vq.extra_iova;
	q->mask = (uint16_t)(size - 1);
	q->desc_head = 0;
	q->desc_tail = 0;
	q->avail_pos = 0;
	q->used_pos = 0;
	q->slow = 0;
	q->ahead = 0;
	q->reclaim_mark = (uint16_t)(size / 2 < RECLAIM_MARK_MAX ? size / 2 : RECLAIM_MARK_MAX);
	q->len_max = conf->mtu + FN_LINK_HEADER_BYTES;
	q->len_span = q->len_max - FRAME_MIN;
	q->segs_max = virtio_net_tx_segs(size);
	virtq_irq_disarm(q->avail, size, q->event_idx, 0);
}

static void tx_free(struct virtio_txq *q, struct fn_ctx *ctx)
{
	virtq_free(&q->vq, ctx);
	free(q->bufs);
	free(q->states);
	q->bufs = NULL;
	q->states = NULL;
}

int virtio_net_tx_create(struct fn_dev *dev, uint16_t idx)
{
	struct virtio_txq *q = virtio_txq_of(dev->txqs[idx]);
	struct virtio_net *vn = virtio_net_of(dev);
	const uint32_t size = dev->conf.tx_ring;
	int ret;

	q->event_idx = (vn->pci.features & VIRTIO_F_RING_EVENT_IDX) != 0;
	q->in_order = (vn->pci.features & VIRTIO_F_IN_ORDER) != 0;
	q->cache = fn_txq_queue(&q->pub)->cache;
	q->bufs = calloc(size, sizeof(struct fn_pkt *));
	q->states = calloc(size, sizeof(*q->states));
	if (!q->bufs || !q->states) {
		ret = fn_fail(-ENOMEM, "%s: out of memory for transmit queue %u", dev->bus->name,
			      idx);
		goto fail;
	}
	ret = virtq_alloc(&q->vq, dev->ctx, size, ZERO_BYTES, dev->bus->numa_node);
	if (ret)
		goto fail;
	tx_init(q, &dev->conf);
	ret = virtio_pci_queue_enable(&vn->pci, VIRTIO_NET_TXQ(idx), &q->vq,
				      virtio_net_entry(dev, fn_txq_queue(&q->pub)), &q->db);
	if (!ret)
		return 0;
fail:
	tx_free(q, dev->ctx);
	return ret;
}

void virtio_net_tx_destroy(struct fn_dev *dev, uint16_t idx, enum fn_tx_counter counter)
{
	struct virtio_txq *q = virtio_txq_of(dev->txqs[idx]);

	for (uint16_t pos = q->desc_tail; pos != q->desc_head; pos = fn_ring_advance(pos, 1)) {
		const uint16_t slot = pos & q->mask;

		if (q->states[slot] == VIRTIO_TX_CONT)
			continue;
		if (!(q->states[slot] & VIRTIO_TX_DONE))
			fn_queue_count(fn_txq_queue(&q->pub), counter, 1);
		fn_pool_cache_free(q->cache, &q->bufs[slot], 1);
	}
	q->desc_tail = q->desc_head;
	tx_free(q, dev->ctx);
}
