/* SPDX-License-Identifier: BSD-3-Clause */
/* The body of virtio-net's transmit bursts, compiled by each variant its own way. */
#ifndef VIRTIO_NET_TX_H
#define VIRTIO_NET_TX_H

#include <string.h>

#include "drivers/virtio/virtio_net.h"
#include "pkt/tx_l4.h"

/* 802.3 4.2.3.3: the shortest frame, less its CRC. */
#define VIRTIO_TX_FRAME_MIN 60u

/*
 * virtio_net_hdr is all zeros where no offload is asked for. A packet that is the driver's alone
 * gets it in its headroom: one descriptor, which spares the device a second look at the ring and a
 * second translation of an address for each frame, at the price of two stores. A packet that
 * somebody else sees too, attached memory, and a packet without headroom get a descriptor of the
 * queue's memory in front.
 *
 * Frames below 60 bytes: virtio has no rule, and a back end may put them on a wire as they are.
 * They get a descriptor of the queue's zeros behind, as hardware pads them.
 */
#define VIRTIO_TX_ZERO_BYTES 64u

_Static_assert(offsetof(struct virtio_net_hdr, csum_start) == 6, "tx_put_csum()");
_Static_assert(offsetof(struct virtio_net_hdr, csum_offset) == 8, "tx_put_csum()");
_Static_assert(VIRTIO_TX_ZERO_BYTES >= VIRTIO_TX_FRAME_MIN &&
		       VIRTIO_TX_ZERO_BYTES >= VIRTIO_NET_HDR_HASH_BYTES,
	       "zeros for both uses");

/* Behind the zeros, for each descriptor: a header that is not zero. */
#define VIRTIO_TX_HDR_STEP 32u

/**
 * struct tx_mode - what a variant does; its fields are literals there, so that what is off is gone
 * @event_idx: VIRTIO_F_RING_EVENT_IDX is in use
 * @offload: packets may ask for a checksum, or have flags of the receive side, which are ignored
 * @hash: the header is the long one (VIRTIO_NET_F_HASH_REPORT)
 *
 * The first counts once a burst, and variants with one of the others take it from the queue.
 */
struct tx_mode {
	bool event_idx;
	bool offload;
	bool hash;
};

/* What became of a packet that is not plain. */
enum tx_outcome {
	TX_OUT_TAKEN,
	TX_OUT_DROPPED,
	TX_OUT_NO_ROOM,
};

/*
 * virtio_net_tx.c: for a burst without offloads: post packets in whose way only flags are that are
 * ignored, because another device received them with offloads on. As tx_run().
 */
unsigned virtio_tx_flagged(const struct virtio_txq *q, struct fn_pkt *const *pkts, unsigned n,
			   uint64_t *bytes);

/* virtio_net_tx_slow.c: a packet of any kind: check it, and post it if there is room. */
enum tx_outcome virtio_tx_slow(struct virtio_txq *q, struct fn_pkt *pkt);

/**
 * struct virtio_tx_plan - what a packet needs that asks for an offload
 * @hdr: its header
 * @seed: the folded sum of the pseudo header, as it is stored
 * @field: where it goes: the checksum field, from the packet's first byte on
 * @trail: bytes behind the IP packet, to be zeroed: the device counts them in
 * @set_ip: the IP header's length is to be set
 * @ip: where it is
 * @ip_bytes: its length field
 * @ip_hdr_bytes: IPv4: bytes of the header, whose checksum is to be set; 0: IPv6
 */
struct virtio_tx_plan {
	struct virtio_net_hdr hdr;
	uint16_t seed;
	uint32_t field;
	uint32_t trail;
	bool set_ip;
	uint32_t ip;
	uint16_t ip_bytes;
	uint16_t ip_hdr_bytes;
};

/*
 * virtio_net_tx_plan.c: judge a packet of @len bytes that asks for @asked, without changing it:
 * FN_TX_COUNTERS when it can be sent, else the counter under which it is dropped.
 */
enum fn_tx_counter virtio_tx_plan(const struct virtio_txq *q, const struct fn_pkt *pkt,
				  uint32_t len, uint32_t asked, struct virtio_tx_plan *plan);

/* Do to the packet's data what @plan says. */
void virtio_tx_apply(const struct fn_pkt *pkt, const struct virtio_tx_plan *plan);

/* virtio_net_tx_offload.c */
struct virtio_tx_variant {
	const char *name;
	unsigned (*burst)(struct fn_txq *q, struct fn_pkt **pkts, unsigned n);
};

extern const struct virtio_tx_variant virtio_tx_offload_variants[2]; /* [hash] */

static inline uint32_t virtio_tx_ring_size(const struct virtio_txq *q)
{
	return q->mask + 1u;
}

/* Bytes of the header, a literal. */
static inline __attribute__((always_inline)) uint32_t tx_hdr_bytes(const struct tx_mode mode)
{
	return mode.hash ? VIRTIO_NET_HDR_HASH_BYTES : VIRTIO_NET_HDR_BYTES;
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

/* What the long header has more. */
#define HASH_BYTES (VIRTIO_NET_HDR_HASH_BYTES - VIRTIO_NET_HDR_BYTES)

/* Flags of a packet's word that ask transmit for nothing. */
#define TX_IGNORED ((uint64_t)(uint16_t)~FN_PKT_TX_MASK << 48)

/*
 * The header of a packet in one segment that asks for @asked, a literal of one checksum and perhaps
 * FN_PKT_TX_IPV6. False when the long way has to look at it.
 */
static inline __attribute__((always_inline)) bool tx_put_csum(struct fn_pkt *pkt, uint32_t len,
							      uint32_t asked, uint8_t *hdr)
{
	const bool tcp = (asked & FN_PKT_TX_TCP_CSUM) != 0;
	const uint32_t field = tcp ? FN_TCP_CSUM_AT : FN_UDP_CSUM_AT;
	const uint32_t start = (uint32_t)pkt->l2_len + pkt->l3_len;
	const uint64_t first = VIRTIO_NET_HDR_F_NEEDS_CSUM | (uint64_t)start << 48;
	const uint64_t le_first = htole64(first);
	const uint32_t le_then = htole32(field);
	uint16_t seed;

	if (fn_unlikely(!fn_tx_ip_fits(pkt, asked, tcp ? FN_TCP_BYTES : FN_UDP_BYTES)) ||
	    fn_unlikely(fn_tx_ip_bytes(pkt->data + pkt->l2_len, asked) != len - pkt->l2_len))
		return false;
	seed = fn_tx_seed(pkt->data + pkt->l2_len, asked, tcp ? FN_IPPROTO_TCP : FN_IPPROTO_UDP,
			  len - start);
	memcpy(pkt->data + start + field, &seed, sizeof(seed));
	memcpy(hdr, &le_first, sizeof(le_first));
	memcpy(hdr + sizeof(le_first), &le_then, sizeof(le_then));
	return true;
}

/*
 * Post plain packets of the queue's own pool, neither too short nor too long, up to the first that
 * is not. One comparison tells: such a packet's word less that of an empty one is its length, and
 * any other is beyond all lengths. There is room for @n, and neither ring wraps within. @asked, a
 * literal: the packets all ask for this and for nothing else.
 */
static inline __attribute__((always_inline)) unsigned tx_run(const struct virtio_txq *q,
							     struct fn_pkt *const *pkts, unsigned n,
							     const struct tx_mode mode,
							     uint32_t asked, uint64_t *bytes)
{
	const uint16_t slot = q->desc_head & q->mask;
	fn_le16 *const ring = &q->avail->ring[q->avail_pos & q->mask];
	struct virtq_desc *const desc = &q->desc[slot];
	struct fn_pkt **const bufs = &q->bufs[slot];
	const uint64_t plain = q->plain ^ (uint64_t)asked << 48;
	const uint64_t span = q->len_span;
	unsigned i;

	for (i = 0; i < n; i++) {
		struct fn_pkt *const pkt = pkts[i];
		const uint64_t diff = fn_pkt_word(pkt) ^ plain;
		const uint64_t len = mode.offload ? diff & ~TX_IGNORED : diff;

		if (fn_unlikely(len - VIRTIO_TX_FRAME_MIN > span))
			break;
		if (asked && fn_unlikely(!tx_put_csum(pkt, (uint32_t)len, asked,
						      pkt->data - tx_hdr_bytes(mode))))
			break;
		bufs[i] = pkt;
		fn_write_le64(&desc[i].addr, pkt->iova.v - tx_hdr_bytes(mode));
		fn_write_le64(&desc[i].ctl, len + tx_hdr_bytes(mode));
		fn_write_le16(&ring[i], (uint16_t)(slot + i));
		if (!asked)
			memset(pkt->data - tx_hdr_bytes(mode), 0, tx_hdr_bytes(mode));
		else if (mode.hash)
			memset(pkt->data - HASH_BYTES, 0, HASH_BYTES);
		*bytes += len;
	}
	return i;
}

/* tx_run() for packets that ask for the same as the first; 0 when that is for the long way. */
static inline __attribute__((always_inline)) unsigned tx_run_alike(const struct virtio_txq *q,
								   struct fn_pkt *const *pkts,
								   unsigned n,
								   const struct tx_mode mode,
								   uint64_t *bytes)
{
	const uint32_t asked = pkts[0]->flags & FN_PKT_TX_MASK;

	if (asked & (uint32_t)~q->csum_asks)
		return 0;
	switch (asked) {
	case 0:
		return tx_run(q, pkts, n, mode, 0, bytes);
	case FN_PKT_TX_TCP_CSUM:
		return tx_run(q, pkts, n, mode, FN_PKT_TX_TCP_CSUM, bytes);
	case FN_PKT_TX_UDP_CSUM:
		return tx_run(q, pkts, n, mode, FN_PKT_TX_UDP_CSUM, bytes);
	case FN_PKT_TX_TCP_CSUM | FN_PKT_TX_IPV6:
		return tx_run(q, pkts, n, mode, FN_PKT_TX_TCP_CSUM | FN_PKT_TX_IPV6, bytes);
	case FN_PKT_TX_UDP_CSUM | FN_PKT_TX_IPV6:
		return tx_run(q, pkts, n, mode, FN_PKT_TX_UDP_CSUM | FN_PKT_TX_IPV6, bytes);
	default:
		return 0;
	}
}

static inline unsigned min_of(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* The next run of packets that can be posted as they are; its length. */
static inline __attribute__((always_inline)) unsigned tx_next_run(const struct virtio_txq *q,
								  struct fn_pkt *const *pkts,
								  unsigned n,
								  const struct tx_mode mode,
								  uint64_t *bytes)
{
	unsigned done;

	if (mode.offload)
		return tx_run_alike(q, pkts, n, mode, bytes);
	done = tx_run(q, pkts, n, mode, 0, bytes);
	return fn_likely(done) ? done : virtio_tx_flagged(q, pkts, n, bytes);
}

/* Post packets up to the first that finds no room; returns how many were taken. */
static inline __attribute__((always_inline)) unsigned tx_post(struct virtio_txq *q,
							      struct fn_pkt **pkts, unsigned n,
							      const struct tx_mode mode,
							      uint64_t *bytes)
{
	const uint32_t size = virtio_tx_ring_size(q);
	unsigned i = 0;

	while (i < n) {
		const uint16_t room = fn_ring_free(q->desc_head, q->desc_tail, size);
		unsigned run = min_of(n - i, room);
		unsigned done;

		run = min_of(run, size - (q->desc_head & q->mask));
		run = min_of(run, size - (q->avail_pos & q->mask));
		done = fn_likely(run) ? tx_next_run(q, pkts + i, run, mode, bytes) : 0;
		i += done;
		q->desc_head = fn_ring_advance(q->desc_head, (uint16_t)done);
		q->avail_pos = fn_ring_advance(q->avail_pos, (uint16_t)done);
		/* The next one may be of another kind. */
		if (fn_likely(done))
			continue;
		/* One that is not plain, or a full ring: some packets are dropped for all that. */
		if (virtio_tx_slow(q, pkts[i]) == TX_OUT_NO_ROOM)
			break;
		i++;
	}
	return i;
}

/* The burst; called with literals, a variant each. */
static inline __attribute__((always_inline)) unsigned tx_burst(struct virtio_txq *q,
							       struct fn_pkt **pkts, unsigned n,
							       const struct tx_mode mode)
{
	const uint16_t old_pos = q->avail_pos;
	struct fn_queue *queue;
	uint64_t bytes = 0;
	unsigned taken;
	uint16_t sent;

	if (fn_ring_used(q->desc_head, q->desc_tail) >= q->reclaim_mark &&
	    virtio_net_tx_done(q) < 0)
		return 0;
	taken = tx_post(q, pkts, n, mode, &bytes);
	/*
	 * Below the mark finished packets are left alone: a long chain in a short ring needs
	 * theirs.
	 */
	if (fn_unlikely(taken < n) && virtio_net_tx_done(q) > 0)
		taken += tx_post(q, pkts + taken, n - taken, mode, &bytes);
	sent = fn_ring_used(q->avail_pos, old_pos);
	tx_count(q, taken, n, sent, bytes);
	if (sent && virtq_publish(q->avail, q->used, virtio_tx_ring_size(q), mode.event_idx,
				  q->avail_pos, old_pos)) {
		queue = fn_txq_queue(&q->pub);
		fn_doorbell_ring16(&q->db, VIRTIO_NET_TXQ(queue->idx));
		fn_queue_count(queue, FN_TX_DOORBELLS, 1);
	}
	return taken;
}

#endif
