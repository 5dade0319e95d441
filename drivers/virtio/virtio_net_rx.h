/* SPDX-License-Identifier: BSD-3-Clause */
/* The body of virtio-net's receive bursts, compiled by each variant its own way. */
#ifndef VIRTIO_NET_RX_H
#define VIRTIO_NET_RX_H

#include "drivers/virtio/virtio_net.h"

/**
 * struct rx_mode - what a variant does; its fields are literals there, so that what is off is gone
 * @event_idx: VIRTIO_F_RING_EVENT_IDX is in use
 * @in_order: VIRTIO_F_IN_ORDER is in use
 * @csum: look at the header's flags (FN_OFFLOAD_RX_CSUM)
 * @hash: the header is the long one and has a hash (FN_OFFLOAD_RX_HASH)
 * @merge: a frame may fill several buffers (FN_OFFLOAD_RX_SCATTER)
 *
 * The first two count once a burst, and variants with one of the others take them from the queue.
 */
struct rx_mode {
	bool event_idx;
	bool in_order;
	bool csum;
	bool hash;
	bool merge;
};

/* What an element of the used ring turned out to be that is not the expected buffer's. */
enum rx_elem {
	RX_ELEM_BAD,
	RX_ELEM_TAKEN, /* another buffer's */
	RX_ELEM_BATCH, /* in-order device: it stands for several buffers (2.7.9) */
};

/* virtio_net_rx_slow.c: what is rare. */
uint16_t virtio_rx_refill_take(struct virtio_rxq *q, uint16_t pos, uint16_t posted);
void virtio_rx_starved(struct virtio_rxq *q);
void virtio_rx_bad_idx(struct virtio_rxq *q, uint16_t done, uint16_t posted);
void virtio_rx_bad_len(struct virtio_rxq *q, uint32_t len);

/*
 * Descriptor @id, not the expected one, came back at position @pos: how many slots further on it is
 * posted, or -1 when the device lied and the queue is broken now. On a queue out of order both have
 * changed places afterwards.
 */
int virtio_rx_locate(struct virtio_rxq *q, uint16_t pos, uint16_t done, uint32_t id);

/*
 * Look at the element of position @pos, which is @elem: it is not read again, so that the device
 * cannot change it meanwhile. @done: buffers that came back, this one included.
 */
enum rx_elem virtio_rx_elem(struct virtio_rxq *q, uint16_t pos, uint16_t done, uint64_t elem,
			    struct fn_pkt **pkt);

/*
 * 2.7.9: an in-order device may write one element for several buffers; those that it skipped were
 * used to the full. Returns packets taken; fewer than there are up to @n when the device lied.
 */
unsigned virtio_rx_take_skipped(struct virtio_rxq *q, uint16_t pos, struct fn_pkt **pkts,
				unsigned n);

/* virtio_net_rx_csum.c: a packet whose checksum is the receiver's to complete (5.1.6.4). */
void virtio_rx_complete(struct virtio_rxq *q, struct fn_pkt *pkt);

/* virtio_net_rx_merge.c */
/*
 * A frame that is not in the expected buffer alone, from position @pos on; @done buffers came back
 * there. Returns the buffers that it took; 0 when the rest of it is not there yet; -EIO when the
 * device lied and the queue is broken now.
 */
int virtio_rx_frame(struct virtio_rxq *q, uint16_t pos, uint16_t done, struct fn_pkt **pkt);

/* A burst and what it is called. */
struct virtio_rx_variant {
	const char *name;
	unsigned (*burst)(struct fn_rxq *q, struct fn_pkt **pkts, unsigned n);
};

extern const struct virtio_rx_variant virtio_rx_offload_variants[2][2]; /* [hash][csum] */
extern const struct virtio_rx_variant virtio_rx_merge_variants[2][2];   /* [hash][csum] */

static inline uint32_t virtio_rx_ring_size(const struct virtio_rxq *q)
{
	return q->mask + 1u;
}

/*
 * A header lies in a packet's room at any alignment, and its fields are read once each, because the
 * device may still write.
 */
static inline const uint8_t *virtio_rx_hdr(const struct virtio_rxq *q, const struct fn_pkt *pkt)
{
	return pkt->data - q->hdr_back;
}

static inline uint16_t virtio_hdr_read16(const uint8_t *hdr, size_t field)
{
	const volatile struct {
		uint16_t v;
	} __attribute__((packed, may_alias)) *const at = (const void *)(hdr + field);

	return le16toh(at->v);
}

static inline uint64_t virtio_hdr_read64(const uint8_t *hdr, size_t field)
{
	const volatile struct {
		uint64_t v;
	} __attribute__((packed, may_alias)) *const at = (const void *)(hdr + field);

	return le64toh(at->v);
}

#define VIRTIO_HDR_FIELD(member) offsetof(struct virtio_net_hdr, member)

/* Post buffers while a whole batch is missing; one index, at most one doorbell. */
static inline __attribute__((always_inline)) void virtio_rx_refill(struct virtio_rxq *q,
								   uint16_t posted, bool event_idx)
{
	struct virtq_desc *const desc = q->desc;
	const uint64_t hdr_back = q->hdr_back;
	const uint16_t old_pos = q->avail_pos;
	uint16_t pos = old_pos;

	while (posted <= q->full_mark) {
		const uint16_t n = virtio_rx_refill_take(q, pos, posted);
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
	if (virtq_publish(q->avail, q->used, virtio_rx_ring_size(q), event_idx, pos, old_pos))
		fn_doorbell_ring16(&q->db, VIRTIO_NET_RXQ(fn_rxq_queue(&q->pub)->idx));
}

/*
 * What the header says of a packet, in the bits of &fn_pkt.flags; the hash goes to @hash.
 * DATA_VALID (2) becomes FN_PKT_RX_L4_GOOD by a shift.
 */
static inline __attribute__((always_inline)) uint16_t virtio_rx_flags(const uint8_t *hdr,
								      const struct rx_mode mode,
								      uint8_t *hdr_flags,
								      uint32_t *hash)
{
	uint32_t flags = 0;

	_Static_assert(VIRTIO_NET_HDR_F_DATA_VALID << 3 == FN_PKT_RX_L4_GOOD, "the shift");
	if (mode.csum) {
		*hdr_flags = *(const volatile uint8_t *)(hdr + VIRTIO_HDR_FIELD(flags));
		flags |= (*hdr_flags & VIRTIO_NET_HDR_F_DATA_VALID) << 3;
	}
	if (mode.hash) {
		/* hash_value and hash_report in one load. */
		const uint64_t word =
			virtio_hdr_read64(hdr, offsetof(struct virtio_net_hdr_hash, hash_value));
		const bool there = (word & 0xffff00000000) != 0;

		*hash = there ? (uint32_t)word : 0;
		flags |= there ? FN_PKT_HASH : 0;
	}
	return (uint16_t)flags;
}

/* fn_pkt_begin(), with what the header says where this is looked at. */
static inline __attribute__((always_inline)) void virtio_rx_begin(struct virtio_rxq *q,
								  struct fn_pkt *pkt,
								  uint64_t plain, uint16_t len,
								  const struct rx_mode mode)
{
	uint8_t hdr_flags = 0;
	uint32_t hash = 0;

	if (mode.csum || mode.hash)
		plain |= (uint64_t)virtio_rx_flags(virtio_rx_hdr(q, pkt), mode, &hdr_flags, &hash)
			 << 48;
	fn_pkt_begin(pkt, plain, len);
	if (mode.hash)
		pkt->hash = hash;
	if (mode.csum && fn_unlikely(hdr_flags & VIRTIO_NET_HDR_F_NEEDS_CSUM))
		virtio_rx_complete(q, pkt);
}

/* Bytes of the header, a literal. */
static inline __attribute__((always_inline)) uint32_t rx_hdr_bytes(const struct rx_mode mode)
{
	return mode.hash ? VIRTIO_NET_HDR_HASH_BYTES : VIRTIO_NET_HDR_BYTES;
}

/*
 * Take buffers from @slot on as long as the elements are the expected ones, and each is a frame of
 * its own; the ring does not wrap within @n. The element of the first that is not goes to
 * @unexpected.
 */
static inline __attribute__((always_inline)) unsigned rx_run(struct virtio_rxq *q, uint16_t slot,
							     struct fn_pkt **pkts, unsigned n,
							     const struct rx_mode mode,
							     uint64_t *bytes, uint64_t *unexpected)
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
		const uint64_t len = (diff >> 32 | diff << 32) - rx_hdr_bytes(mode);

		if (fn_unlikely(len > len_max)) {
			*unexpected = elem;
			break;
		}
		if (mode.merge &&
		    fn_unlikely(virtio_hdr_read16(virtio_rx_hdr(q, pkt),
						  VIRTIO_HDR_FIELD(num_buffers)) != 1))
			break;
		virtio_rx_begin(q, pkt, plain, (uint16_t)len, mode);
		pkts[i] = pkt;
		*bytes += len;
	}
	return i;
}

/*
 * Take @n of the @done buffers that came back. Fewer when an in-order device has skipped some
 * (virtio_rx_take_skipped()), or when the device lied, which @sound tells.
 */
static inline __attribute__((always_inline)) unsigned rx_take(struct virtio_rxq *q,
							      struct fn_pkt **pkts, unsigned n,
							      uint16_t done,
							      const struct rx_mode mode,
							      bool *sound)
{
	const uint16_t used_pos = q->used_pos;
	uint64_t bytes = 0;
	uint64_t elem = 0;
	unsigned got = 0;

	while (got < n) {
		uint16_t pos = fn_ring_advance(used_pos, (uint16_t)got);
		const unsigned to_end = virtio_rx_ring_size(q) - (pos & q->mask);
		const unsigned run = n - got < to_end ? n - got : to_end;
		const unsigned taken =
			rx_run(q, pos & q->mask, pkts + got, run, mode, &bytes, &elem);
		enum rx_elem kind;

		got += taken;
		if (fn_likely(taken == run))
			continue;
		pos = fn_ring_advance(pos, (uint16_t)taken);
		kind = virtio_rx_elem(q, pos, (uint16_t)(done - got), elem, &pkts[got]);
		if (kind != RX_ELEM_TAKEN) {
			*sound = kind == RX_ELEM_BATCH;
			break;
		}
		if (mode.csum || mode.hash)
			virtio_rx_begin(q, pkts[got], q->plain, pkts[got]->len, mode);
		bytes += pkts[got++]->len;
	}
	fn_queue_count(fn_rxq_queue(&q->pub), FN_RX_BYTES, bytes);
	return got;
}

/* The rest of a batch of an in-order device, where rx_take() stopped or an earlier burst did. */
static inline __attribute__((always_inline)) unsigned rx_skipped(struct virtio_rxq *q, uint16_t pos,
								 struct fn_pkt **pkts, unsigned n,
								 const struct rx_mode mode)
{
	const unsigned got = virtio_rx_take_skipped(q, pos, pkts, n);

	for (unsigned i = 0; (mode.csum || mode.hash) && i < got; i++)
		virtio_rx_begin(q, pkts[i], q->plain, pkts[i]->len, mode);
	return got;
}

/* As rx_take() for up to @n frames of one buffer or several; the buffers taken go to @took. */
static inline __attribute__((always_inline)) unsigned rx_take_merge(struct virtio_rxq *q,
								    struct fn_pkt **pkts,
								    unsigned n, uint16_t done,
								    const struct rx_mode mode,
								    uint16_t *took, bool *sound)
{
	uint64_t bytes = 0;
	uint64_t elem = 0;
	unsigned got = 0;
	uint16_t at = 0;

	while (got < n && at < done) {
		uint16_t pos = fn_ring_advance(q->used_pos, at);
		const unsigned to_end = virtio_rx_ring_size(q) - (pos & q->mask);
		unsigned run = n - got < (unsigned)(done - at) ? n - got : (unsigned)(done - at);
		unsigned taken = 0;
		int used;

		run = run < to_end ? run : to_end;
		if (fn_likely(!q->skipped))
			taken = rx_run(q, pos & q->mask, pkts + got, run, mode, &bytes, &elem);
		got += taken;
		at = fn_ring_advance(at, (uint16_t)taken);
		if (fn_likely(taken == run))
			continue;
		pos = fn_ring_advance(pos, (uint16_t)taken);
		used = virtio_rx_frame(q, pos, (uint16_t)(done - at), &pkts[got]);
		if (used <= 0) {
			*sound = used == 0;
			break;
		}
		bytes += fn_pkt_len(pkts[got++]);
		at = fn_ring_advance(at, (uint16_t)used);
	}
	fn_queue_count(fn_rxq_queue(&q->pub), FN_RX_BYTES, bytes);
	*took = at;
	return got;
}

/* A poll that found something; kept apart, so that an empty one saves no registers. */
static inline __attribute__((always_inline)) unsigned rx_receive(struct virtio_rxq *q,
								 struct fn_pkt **pkts, unsigned n,
								 const struct rx_mode mode)
{
	struct fn_queue *queue = fn_rxq_queue(&q->pub);
	const uint16_t used_pos = q->used_pos;
	const uint16_t posted = fn_ring_used(q->avail_pos, used_pos);
	const uint16_t done = fn_ring_used(fn_read_le16(&q->used->idx), used_pos);
	bool sound = true;
	unsigned got = 0;
	uint16_t took;

	if (fn_unlikely(done > posted)) {
		virtio_rx_bad_idx(q, done, posted);
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
	if (mode.merge) {
		got = rx_take_merge(q, pkts, n, done, mode, &took, &sound);
	} else {
		if (!mode.in_order || fn_likely(!q->skipped))
			got = rx_take(q, pkts, n, done, mode, &sound);
		if (mode.in_order && fn_unlikely(q->skipped)) {
			got += rx_skipped(q, fn_ring_advance(used_pos, (uint16_t)got), pkts + got,
					  n - got, mode);
			sound = got == n || !q->skipped;
		}
		took = (uint16_t)got;
	}
	q->used_pos = fn_ring_advance(used_pos, took);
	fn_queue_count(queue, FN_RX_PACKETS, got);
	fn_queue_count(queue, FN_RX_BURSTS, got != 0);
	if (fn_unlikely(!sound)) {
		/* What the device returned from the lie on is not handed out. */
		q->lied = true;
		fn_queue_count(queue, FN_RX_DROP_BROKEN, (uint16_t)(done - took));
		return got;
	}
	if (mode.event_idx)
		virtq_irq_renew(q->avail, virtio_rx_ring_size(q), q->used_pos, used_pos);
	if (posted - took <= q->full_mark)
		virtio_rx_refill(q, (uint16_t)(posted - took), mode.event_idx);
	return got;
}

/*
 * A burst: two functions, of which the inner one is compiled for @mode, an expression that may look
 * at @q.
 */
#define VIRTIO_RX_BURST(name, ...)                                                            \
	static __attribute__((noinline)) unsigned rx_receive_##name(struct virtio_rxq *q,     \
								    struct fn_pkt **pkts,     \
								    unsigned n)               \
	{                                                                                     \
		return rx_receive(q, pkts, n, (const struct rx_mode)__VA_ARGS__);             \
	}                                                                                     \
                                                                                              \
	static unsigned rx_burst_##name(struct fn_rxq *rxq, struct fn_pkt **pkts, unsigned n) \
	{                                                                                     \
		struct virtio_rxq *q = virtio_rxq_of(rxq);                                    \
                                                                                              \
		if (fn_likely(fn_read_le16(&q->used->idx) != q->used_pos))                    \
			return rx_receive_##name(q, pkts, n);                                 \
		if (fn_unlikely(fn_ring_used(q->avail_pos, q->used_pos) <= q->full_mark))     \
			virtio_rx_starved(q);                                                 \
		return 0;                                                                     \
	}

/* What a queue's burst of such offloads needs to know, in VIRTIO_RX_BURST(). */
#define VIRTIO_RX_MODE(has_csum, has_hash, merges)                                      \
	{                                                                               \
		.event_idx = q->event_idx, .in_order = q->in_order, .csum = (has_csum), \
		.hash = (has_hash), .merge = (merges)                                   \
	}

#endif
