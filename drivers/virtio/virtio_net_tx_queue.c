// SPDX-License-Identifier: BSD-3-Clause
/* Transmit queues of virtio-net as objects: made and given back. */
#include <errno.h>
#include <stdlib.h>

#include "drivers/virtio/virtio_net_tx.h"

/* Finished packets are looked for once a burst's worth is in use, half a ring in a small one. */
#define RECLAIM_MARK_MAX 32u

/* What packets may ask for. The features follow what the application asked for. */
static void tx_offloads(struct virtio_txq *q, uint64_t offloads, uint64_t features)
{
	q->csum_asks = 0;
	q->tso = 0;
	if (offloads & FN_OFFLOAD_TX_L4_CSUM)
		q->csum_asks = FN_PKT_TX_TCP_CSUM | FN_PKT_TX_UDP_CSUM | FN_PKT_TX_IPV6;
	q->asks = q->csum_asks;
	if (offloads & FN_OFFLOAD_TX_TSO4)
		q->tso |= VIRTIO_TX_TSO4;
	if (offloads & FN_OFFLOAD_TX_TSO6)
		q->tso |= VIRTIO_TX_TSO6;
	if (!q->tso)
		return;
	if (features & VIRTIO_NET_F_HOST_ECN)
		q->tso |= VIRTIO_TX_TSO_ECN;
	/* Both checksums come with segmentation. */
	q->asks |= FN_PKT_TX_TSO | FN_PKT_TX_IPV6 | FN_PKT_TX_TCP_CSUM | FN_PKT_TX_IP_CSUM;
}

static void tx_init(struct virtio_txq *q, const struct fn_dev_conf *conf)
{
	const uint32_t size = q->vq.size;

	/* All ones match no packet: each then goes the long way. */
	q->plain = virtio_net_headroom_fits(conf->pool, q->hdr_bytes) ?
			   fn_pool_plain_word(conf->pool) :
			   UINT64_MAX;
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
	q->len_span = q->len_max - VIRTIO_TX_FRAME_MIN;
	q->segs_max = fn_dev_limits_tx_segs(&fn_txq_queue(&q->pub)->dev->limits, size);
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
	size_t extra = VIRTIO_TX_ZERO_BYTES;
	int ret;

	q->event_idx = (vn->pci.features & VIRTIO_F_RING_EVENT_IDX) != 0;
	q->in_order = (vn->pci.features & VIRTIO_F_IN_ORDER) != 0;
	q->hdr_bytes = (uint8_t)virtio_net_hdr_bytes(vn->pci.features);
	tx_offloads(q, dev->conf.offloads, vn->pci.features);
	if (q->asks)
		extra += (size_t)size * VIRTIO_TX_HDR_STEP;
	q->cache = fn_txq_queue(&q->pub)->cache;
	q->bufs = calloc(size, sizeof(struct fn_pkt *));
	q->states = calloc(size, sizeof(*q->states));
	if (!q->bufs || !q->states) {
		ret = fn_fail(-ENOMEM, "%s: out of memory for transmit queue %u", dev->bus->name,
			      idx);
		goto fail;
	}
	ret = virtq_alloc(&q->vq, dev->ctx, size, extra, dev->bus->numa_node);
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

void virtio_net_tx_destroy(struct fn_dev *dev, uint16_t idx, bool lost)
{
	struct virtio_txq *q = virtio_txq_of(dev->txqs[idx]);
	struct fn_queue *queue = fn_txq_queue(&q->pub);
	const enum fn_tx_counter counter =
		lost || fn_queue_is_broken(queue) ? FN_TX_DROP_BROKEN : FN_TX_DROP_STOPPED;

	for (uint16_t pos = q->desc_tail; pos != q->desc_head; pos = fn_ring_advance(pos, 1)) {
		const uint16_t slot = pos & q->mask;

		if (q->states[slot] == VIRTIO_TX_CONT)
			continue;
		if (!(q->states[slot] & VIRTIO_TX_DONE))
			fn_queue_count(queue, counter, 1);
		fn_pool_cache_free(q->cache, &q->bufs[slot], 1);
	}
	q->desc_tail = q->desc_head;
	tx_free(q, dev->ctx);
}
