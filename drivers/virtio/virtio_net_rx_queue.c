// SPDX-License-Identifier: BSD-3-Clause
/* Receive queues of virtio-net as objects: made, filled, given back. */
#include <errno.h>
#include <stdlib.h>

#include "drivers/virtio/virtio_net_rx.h"

/* Most buffers that are posted at once: what helped is a bulk that never wraps the ring. */
#define BATCH_MAX 32u

/*
 * Where the virtio_net_hdr of a received frame goes: in front of the packet's data, in the
 * headroom, so that one descriptor covers both and data starts where fn_pkt_alloc() puts it. The
 * buffer is the driver's alone while it is posted. A pool with less headroom gives the room's first
 * bytes for it, and the data moves (rx_burst_shifted()).
 */

bool virtio_net_headroom_fits(const struct fn_pool *pool, uint32_t hdr_bytes)
{
	struct fn_pool_info info = { .sz = sizeof(info) };

	fn_pool_get_info(pool, &info);
	return info.headroom >= hdr_bytes;
}

uint32_t virtio_net_rx_room(const struct fn_pool *pool, uint32_t hdr_bytes)
{
	const uint32_t room = fn_pool_room_bytes(pool);

	return virtio_net_headroom_fits(pool, hdr_bytes) ? room : room - hdr_bytes;
}

/* What the descriptors, the available ring and the positions are before the first buffer. */
static void rx_init(struct virtio_rxq *q, const struct fn_dev_conf *conf)
{
	const uint32_t posted = virtio_net_rx_room(conf->pool, q->hdr_bytes) + q->hdr_bytes;
	const uint32_t size = q->vq.size;

	q->hdr_back = virtio_net_headroom_fits(conf->pool, q->hdr_bytes) ? q->hdr_bytes : 0;
	q->len_max = virtio_net_rx_room(conf->pool, q->hdr_bytes);
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
	q->hdr_bytes = virtio_net_hdr_bytes(vn->pci.features);
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
	virtio_rx_refill(q, fn_ring_used(q->avail_pos, q->used_pos), q->event_idx);
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

/*
 * Mergeable buffers: the frames in @done of them go back in chains, those of a frame that is not
 * whole stay. Returns frames; from a lie of the device on buffers, because nothing tells frames
 * apart there.
 */
static uint16_t rx_drop_frames(struct virtio_rxq *q, uint16_t done)
{
	uint16_t frames = 0;
	struct fn_pkt *pkt;

	/*
	 * As in rx_receive(): the elements are valid only behind used->idx. No test sees it: x86-64
	 * reorders no loads, and the device is reset by now.
	 */
	fn_rmb_dma();
	while (done) {
		const int used = virtio_rx_frame(q, q->used_pos, done, &pkt);

		if (used < 0)
			return (uint16_t)(frames + done);
		if (!used)
			break;
		fn_pool_cache_free(q->cache, &pkt, 1);
		q->used_pos = fn_ring_advance(q->used_pos, (uint16_t)used);
		done = (uint16_t)(done - used);
		frames++;
	}
	return frames;
}

/* What the device has received and nobody has taken, as far as it can be believed. */
static uint16_t rx_untaken(struct virtio_rxq *q)
{
	const uint16_t posted = fn_ring_used(q->avail_pos, q->used_pos);
	const uint16_t done = fn_ring_used(fn_read_le16(&q->used->idx), q->used_pos);

	/* Of a queue that broke by a lie it is counted already. */
	if (q->lied)
		return 0;
	if (done > posted) {
		virtio_rx_bad_idx(q, done, posted);
		return 0;
	}
	return fn_rxq_queue(&q->pub)->dev->conf.offloads & FN_OFFLOAD_RX_SCATTER ?
		       rx_drop_frames(q, done) :
		       done;
}

void virtio_net_rx_destroy(struct fn_dev *dev, uint16_t idx, bool lost)
{
	struct virtio_rxq *q = virtio_rxq_of(dev->rxqs[idx]);
	struct fn_queue *queue = fn_rxq_queue(&q->pub);
	const uint16_t untaken = rx_untaken(q);

	fn_queue_count(queue,
		       lost || fn_queue_is_broken(queue) ? FN_RX_DROP_BROKEN : FN_RX_DROP_STOPPED,
		       untaken);
	/* They were never handed out, so they are as plain as they came. */
	for (uint16_t pos = q->used_pos; pos != q->avail_pos; pos = fn_ring_advance(pos, 1))
		fn_pool_cache_give(q->cache, &q->bufs[pos & q->mask], 1);
	q->used_pos = q->avail_pos;
	rx_free(q, dev->ctx);
}
