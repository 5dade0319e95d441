// SPDX-License-Identifier: BSD-3-Clause
/* The receive bursts of virtio-net with mergeable buffers (5.1.6.4): frames that become chains. */
#include <errno.h>

#include "drivers/virtio/virtio_net_rx.h"

/* Where in a batch of an in-order device a frame is; taken over once all of it is there. */
struct batch {
	uint16_t left;
	uint32_t last_len;
};

/*
 * The bytes that the device wrote to the buffer of position @pos, which is the expected one
 * afterwards; @done buffers came back there. False when it lied.
 */
static bool merge_len(struct virtio_rxq *q, struct batch *batch, uint16_t pos, uint16_t done,
		      uint32_t least, uint32_t *len)
{
	const uint32_t most = q->len_max + q->hdr_bytes;
	uint64_t elem;
	int ahead;

	if (batch->left) {
		batch->left--;
		/* 2.7.9: those that were skipped were used to the full. */
		*len = batch->left ? most : batch->last_len;
	} else {
		elem = fn_read_le64(&virtq_used_elems(q->used)[pos & q->mask]);
		ahead = virtio_rx_locate(q, pos, done, VIRTQ_USED_ID(elem));
		if (ahead < 0)
			return false;
		*len = VIRTQ_USED_LEN(elem);
		if (ahead && q->in_order) {
			batch->left = (uint16_t)ahead;
			batch->last_len = *len;
			*len = most;
		}
	}
	if (*len >= least && *len <= most)
		return true;
	fn_queue_break(fn_rxq_queue(&q->pub),
		       "the device says that it wrote %u bytes where %u to %u are possible", *len,
		       least, most);
	return false;
}

/* The lengths of a frame's buffers: all of them are judged before any is touched. */
static bool merge_lens(struct virtio_rxq *q, struct batch *batch, uint16_t pos, uint16_t done,
		       uint16_t segs, uint16_t *lens)
{
	uint32_t len;

	for (uint16_t i = 1; i < segs; i++) {
		if (!merge_len(q, batch, fn_ring_advance(pos, i), (uint16_t)(done - i), 1, &len))
			return false;
		lens[i] = (uint16_t)len;
	}
	return true;
}

/* A further buffer of a frame has no header in front: its data starts where it was posted. */
static void merge_segment(const struct virtio_rxq *q, struct fn_pkt *seg, uint16_t len)
{
	fn_pkt_begin(seg, q->plain, len);
	if (!q->hdr_back)
		return;
	seg->data -= q->hdr_back;
	seg->iova.v -= q->hdr_back;
	seg->headroom = (uint16_t)(seg->headroom - q->hdr_back);
	seg->kind |= FN_PKT_MOVED;
}

/* The buffers from position @pos on become one packet. */
static void merge_chain(const struct virtio_rxq *q, uint16_t pos, uint16_t segs,
			const uint16_t *lens)
{
	struct fn_pkt *const head = q->bufs[pos & q->mask];
	struct fn_pkt *last = head;

	fn_pkt_begin(head, q->plain, lens[0]);
	for (uint16_t i = 1; i < segs; i++) {
		last->next = q->bufs[fn_ring_advance(pos, i) & q->mask];
		last = last->next;
		merge_segment(q, last, lens[i]);
	}
	head->extra_segs = (uint8_t)(segs - 1);
}

/* What the header says of a packet that is put together. */
static void merge_meta(struct virtio_rxq *q, struct fn_pkt *pkt)
{
	const uint64_t features = virtio_net_of(fn_rxq_queue(&q->pub)->dev)->pci.features;
	const struct rx_mode mode = { .csum = (features & VIRTIO_NET_F_GUEST_CSUM) != 0,
				      .hash = (features & VIRTIO_NET_F_HASH_REPORT) != 0 };
	uint8_t hdr_flags = 0;

	pkt->flags = virtio_rx_flags(virtio_rx_hdr(q, pkt), mode, &hdr_flags, &pkt->hash);
	if (hdr_flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
		virtio_rx_complete(q, pkt);
}

int virtio_rx_frame(struct virtio_rxq *q, uint16_t pos, uint16_t done, struct fn_pkt **pkt)
{
	const uint16_t posted = fn_ring_used(q->avail_pos, pos);
	struct batch batch = { q->skipped, q->last_len };
	uint16_t lens[VIRTIO_NET_RX_SEGS_MAX];
	uint32_t len;
	uint16_t segs;

	if (!merge_len(q, &batch, pos, done, q->hdr_bytes, &len))
		return -EIO;
	lens[0] = (uint16_t)(len - q->hdr_bytes);
	*pkt = q->bufs[pos & q->mask];
	segs = virtio_hdr_read16(virtio_rx_hdr(q, *pkt), VIRTIO_HDR_FIELD(num_buffers));
	if (!segs || segs > VIRTIO_NET_RX_SEGS_MAX || segs > posted) {
		fn_queue_break(fn_rxq_queue(&q->pub),
			       "the device says that a frame fills %u buffers, where 1 to %u are "
			       "possible",
			       segs,
			       posted < VIRTIO_NET_RX_SEGS_MAX ? posted : VIRTIO_NET_RX_SEGS_MAX);
		return -EIO;
	}
	/* 5.1.6.4 wants them handed back together, but nothing is lost by waiting. */
	if (segs > done)
		return 0;
	if (!merge_lens(q, &batch, pos, done, segs, lens))
		return -EIO;
	merge_chain(q, pos, segs, lens);
	merge_meta(q, *pkt);
	q->skipped = batch.left;
	q->last_len = batch.last_len;
	return segs;
}

VIRTIO_RX_BURST(merge, VIRTIO_RX_MODE(false, false, true))
VIRTIO_RX_BURST(merge_csum, VIRTIO_RX_MODE(true, false, true))
VIRTIO_RX_BURST(merge_hash, VIRTIO_RX_MODE(false, true, true))
VIRTIO_RX_BURST(merge_csum_hash, VIRTIO_RX_MODE(true, true, true))

const struct virtio_rx_variant virtio_rx_merge_variants[2][2] = {
	/* [hash][csum] */
	{ { "split scatter", rx_burst_merge }, { "split scatter csum", rx_burst_merge_csum } },
	{ { "split scatter hash", rx_burst_merge_hash },
	  { "split scatter csum hash", rx_burst_merge_csum_hash } },
};
