// SPDX-License-Identifier: BSD-3-Clause
/*
 * What the virtio model does with its queues, whatever kind of ring they have: honest halves that a
 * test may misuse.
 */
#include <errno.h>

#include "base/barrier.h"
#include "model/virtio_dev_ring.h"

static const struct virtio_dev_ring_ops *ring_of(const struct virtio_dev *vd)
{
	return vd->accepted & VDEV_F_RING_PACKED ? &virtio_dev_packed_ring : &virtio_dev_split;
}

void virtio_dev_seg_add(struct virtio_dev *vd, struct virtio_dev_buf *buf, uint64_t iova,
			uint32_t len, bool write)
{
	if (!len)
		virtio_dev_violation(vd, "a descriptor of no bytes");
	if (!write && buf->n && buf->seg[buf->n - 1].write)
		virtio_dev_violation(vd, "something to read behind something to write (2.7.4.2)");
	if (buf->n < VIRTIO_DEV_SEGS)
		buf->seg[buf->n++] = (struct virtio_dev_seg){ iova, len, write };
}

uint32_t virtio_dev_buf_bytes(const struct virtio_dev_buf *buf, bool write)
{
	uint32_t bytes = 0;

	for (unsigned i = 0; i < buf->n; i++)
		if (buf->seg[i].write == write)
			bytes += buf->seg[i].len;
	return bytes;
}

int64_t virtio_dev_gather(struct virtio_dev *vd, const struct virtio_dev_buf *buf, uint8_t *to,
			  uint32_t room)
{
	uint32_t len = 0;

	for (unsigned i = 0; i < buf->n; i++) {
		const struct virtio_dev_seg *seg = &buf->seg[i];

		if (seg->write)
			continue;
		if (seg->len > room - len ||
		    !model_dma_read(&vd->md, seg->iova, to + len, seg->len))
			return -1;
		len += seg->len;
	}
	return len;
}

bool virtio_dev_scatter(struct virtio_dev *vd, const struct virtio_dev_buf *buf, uint32_t off,
			const void *from, uint32_t len)
{
	const uint8_t *p = from;

	for (unsigned i = 0; i < buf->n && len; i++) {
		const struct virtio_dev_seg *seg = &buf->seg[i];
		uint32_t n;

		if (!seg->write)
			continue;
		if (off >= seg->len) {
			off -= seg->len;
			continue;
		}
		n = seg->len - off < len ? seg->len - off : len;
		if (!model_dma_write(&vd->md, seg->iova + off, p, n))
			return false;
		p += n;
		len -= n;
		off = 0;
	}
	return !len;
}

static bool runs(const struct virtio_dev *vd, const struct virtio_dev_queue *q)
{
	return q->enabled && (vd->status & VDEV_STATUS_DRIVER_OK) && !vd->md.stuck && !vd->md.gone;
}

unsigned virtio_dev_posted(struct virtio_dev *vd, unsigned queue)
{
	struct virtio_dev_queue *q = &vd->queues[queue];

	return q->enabled ? ring_of(vd)->posted(vd, q) : 0;
}

void virtio_dev_watch(struct virtio_dev *vd, unsigned queue, bool full)
{
	struct virtio_dev_queue *q = &vd->queues[queue];

	if (!vd->md.barriers || !q->enabled)
		return;
	if (!ring_of(vd)->watch(vd, q))
		virtio_dev_violation(vd, "no barrier between a buffer and what makes it available "
					 "(2.7.13.2, 2.8.21.1)");
	if (full && q->watch_at != q->fenced_at) {
		virtio_dev_violation(vd, "no barrier between what makes a buffer available and the "
					 "look whether to ring (2.7.13.4.1, 2.8.21.3.1)");
		q->fenced_at = q->watch_at;
	}
}

int virtio_dev_take(struct virtio_dev *vd, unsigned queue, struct virtio_dev_buf *buf)
{
	struct virtio_dev_queue *q = &vd->queues[queue];

	virtio_dev_watch(vd, queue, false);
	buf->n = 0;
	buf->descs = 0;
	return runs(vd, q) ? ring_of(vd)->take(vd, q, buf) : -EAGAIN;
}

void virtio_dev_used(struct virtio_dev *vd, unsigned queue, uint32_t id, uint32_t len)
{
	struct virtio_dev_queue *q = &vd->queues[queue];

	q->coal_n++;
	ring_of(vd)->used(vd, q, id, len);
}

/* 2.7.9: one element, and the ring goes on by as many as it stands for. */
static void batch_flush(struct virtio_dev *vd, struct virtio_dev_queue *q)
{
	struct virtio_dev_batch *batch = &q->batch;

	if (!batch->n)
		return;
	ring_of(vd)->used(vd, q, batch->id, batch->len);
	q->used_pos = (uint16_t)(q->used_pos + batch->n - 1);
	batch->n = 0;
}

void virtio_dev_used_batch(struct virtio_dev *vd, unsigned queue, uint32_t id, uint32_t len,
			   bool whole)
{
	struct virtio_dev_queue *q = &vd->queues[queue];
	struct virtio_dev_batch *batch = &q->batch;

	if (vd->returns != VIRTIO_DEV_BATCHES || !(vd->accepted & VDEV_F_IN_ORDER) ||
	    (vd->accepted & VDEV_F_RING_PACKED)) {
		virtio_dev_used(vd, queue, id, len);
		return;
	}
	q->coal_n++;
	if (!batch->whole)
		batch_flush(vd, q);
	*batch = (struct virtio_dev_batch){ batch->n + 1, id, len, whole };
}

static void interrupt(struct virtio_dev *vd, unsigned queue)
{
	struct virtio_dev_queue *q = &vd->queues[queue];

	q->coal_n = 0;
	q->coal_due_ns = 0;
	if (!q->enabled || !ring_of(vd)->wants_irq(vd, q))
		return;
	if (!ring_of(vd)->wish_fenced(vd, q))
		virtio_dev_violation(vd,
				     "no barrier between a wish for an interrupt and the second "
				     "look (2.7.7.2, 2.8.10)");
	q->irqs++;
	if (q->vector != VDEV_NO_VECTOR)
		model_dev_signal(&vd->md, q->vector);
}

static void coal_expired(void *arg, uint64_t queue)
{
	struct virtio_dev *vd = arg;
	const struct virtio_dev_queue *q = &vd->queues[queue];

	/* A timer of a count that has ended since finds a later time there, or none. */
	if (q->coal_due_ns && q->coal_due_ns <= vd->md.clock->now_ns && !vd->md.gone)
		interrupt(vd, (unsigned)queue);
}

/* virtio 1.3 5.1.6.5.9: at a number of packets, or some time after the first of them. */
void virtio_dev_coalesce(struct virtio_dev *vd, unsigned queue)
{
	struct virtio_dev_queue *q = &vd->queues[queue];
	const struct virtio_dev_coal *coal = queue & 1 ? &vd->coal_tx : &vd->coal_rx;

	if (queue == virtio_dev_ctrl_queue(vd) || !coal->max_usecs || !coal->max_packets ||
	    q->coal_n >= coal->max_packets) {
		interrupt(vd, queue);
	} else if (!q->coal_due_ns) {
		q->coal_due_ns = vd->md.clock->now_ns + (uint64_t)coal->max_usecs * 1000;
		model_clock_after(vd->md.clock, (uint64_t)coal->max_usecs * 1000, coal_expired, vd,
				  queue);
	}
}

void virtio_dev_publish(struct virtio_dev *vd, unsigned queue)
{
	struct virtio_dev_queue *q = &vd->queues[queue];

	if (vd->hold)
		return;
	batch_flush(vd, q);
	if (!ring_of(vd)->publish(vd, q))
		return;
	/*
	 * 2.7.7.2, 2.8.10: pairs with the driver's fence between its wish for an interrupt and its
	 * last look at the ring: either it sees the buffers, or the wish is seen here.
	 */
	fn_fence_seq_cst();
	virtio_dev_coalesce(vd, queue);
}
