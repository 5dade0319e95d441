// SPDX-License-Identifier: BSD-3-Clause
/* The device's side of a packed ring (virtio 1.2 2.8). */
#include <errno.h>
#include <string.h>

#include "base/barrier.h"
#include "model/virtio_dev_ring.h"

/* Positions run on: 2.8.1 gives an even lap the wrap counter 1, an odd one 0. */
static bool wrap_of(const struct virtio_dev_queue *q, uint64_t at)
{
	return !(at / q->size & 1);
}

static struct virtio_dev_pdesc *ring_of(struct virtio_dev *vd, const struct virtio_dev_queue *q)
{
	return (void *)model_dma_at(&vd->md, q->desc, sizeof(struct virtio_dev_pdesc) * q->size);
}

/* 2.8.1: available when AVAIL is the lap's wrap counter and USED is not. */
static bool available(const struct virtio_dev_queue *q, const struct virtio_dev_pdesc *ring,
		      uint64_t at)
{
	const uint16_t flags = fn_read_le16(&ring[at % q->size].flags);
	const bool wrap = wrap_of(q, at);

	return ((flags & VDEV_DESC_F_AVAIL) != 0) == wrap &&
	       ((flags & VDEV_DESC_F_USED) != 0) != wrap;
}

static unsigned posted(struct virtio_dev *vd, struct virtio_dev_queue *q)
{
	const struct virtio_dev_pdesc *ring = ring_of(vd, q);
	uint64_t at = q->packed.avail_at;
	unsigned n = 0;

	if (!ring)
		return 0;
	while (at < q->packed.used_at + q->size && available(q, ring, at)) {
		n += !(fn_read_le16(&ring[at % q->size].flags) & VDEV_DESC_F_NEXT);
		at++;
	}
	return n;
}

/* 2.8.10: the device's event suppression, which the driver reads before it rings. */
static void want_kick(struct virtio_dev *vd, struct virtio_dev_queue *q)
{
	struct virtio_dev_event *event = (void *)model_dma_at(&vd->md, q->device, sizeof(*event));
	const uint64_t at = q->packed.avail_at;

	if (!event)
		return;
	fn_write_le16(&event->desc, (uint16_t)(at % q->size | (unsigned)wrap_of(q, at) << 15));
	fn_fence_release();
	fn_write_le16(&event->flags, q->no_notify             ? VDEV_EVENT_DISABLE :
				     virtio_dev_event_idx(vd) ? VDEV_EVENT_DESC :
								VDEV_EVENT_ENABLE);
}

/* 2.8.7: one descriptor stands for a table of its own, in which only WRITE means something. */
static void indirect_table(struct virtio_dev *vd, const struct virtio_dev_pdesc *desc,
			   struct virtio_dev_buf *buf)
{
	const uint32_t len = fn_read_le32(&desc->len);
	const struct virtio_dev_pdesc *table;

	if (!(vd->accepted & VDEV_F_INDIRECT_DESC))
		virtio_dev_violation(vd, "an indirect descriptor that was not negotiated (2.8.7)");
	if (!len || len % 16 || (fn_read_le16(&desc->flags) & VDEV_DESC_F_NEXT))
		virtio_dev_violation(vd, "an indirect descriptor of another shape (2.8.19)");
	table = (void *)model_dma_at(&vd->md, fn_read_le64(&desc->addr), len);
	for (uint32_t i = 0; table && i < len / 16; i++)
		virtio_dev_seg_add(vd, buf, fn_read_le64(&table[i].addr),
				   fn_read_le32(&table[i].len),
				   fn_read_le16(&table[i].flags) & VDEV_DESC_F_WRITE);
}

static void note_inflight(struct virtio_dev *vd, struct virtio_dev_packed *p,
			  const struct virtio_dev_buf *buf)
{
	for (unsigned i = 0; i < p->inflight_n; i++)
		if (p->inflight[i].id == buf->id)
			virtio_dev_violation(vd, "a buffer id that is in use (2.8.6)");
	if (p->inflight_n < VIRTIO_DEV_PACKED_MAX) {
		p->inflight[p->inflight_n].id = buf->id;
		p->inflight[p->inflight_n++].descs = buf->descs;
	}
}

static int take(struct virtio_dev *vd, struct virtio_dev_queue *q, struct virtio_dev_buf *buf)
{
	const struct virtio_dev_pdesc *ring = ring_of(vd, q);
	struct virtio_dev_packed *p = &q->packed;
	uint16_t flags;

	if (!ring || !available(q, ring, p->avail_at))
		return -EAGAIN;
	/* 2.8.21.1: pairs with the driver's barrier in front of the first descriptor's flags. */
	fn_fence_acquire();
	do {
		const struct virtio_dev_pdesc *desc = &ring[p->avail_at % q->size];

		flags = fn_read_le16(&desc->flags);
		if (p->avail_at - p->used_at >= q->size) {
			virtio_dev_violation(vd, "a list that is longer than the ring (2.8.17)");
			return -EAGAIN;
		}
		if (!available(q, ring, p->avail_at))
			virtio_dev_violation(
				vd, "a list of which not all descriptors are available (2.8.6)");
		if (flags & ~(VDEV_DESC_F_NEXT | VDEV_DESC_F_WRITE | VDEV_DESC_F_INDIRECT |
			      VDEV_DESC_F_AVAIL | VDEV_DESC_F_USED))
			virtio_dev_violation(vd, "a flag that is not there (2.8.13)");
		if (flags & VDEV_DESC_F_INDIRECT)
			indirect_table(vd, desc, buf);
		else
			virtio_dev_seg_add(vd, buf, fn_read_le64(&desc->addr),
					   fn_read_le32(&desc->len), flags & VDEV_DESC_F_WRITE);
		buf->id = fn_read_le16(&desc->id);
		buf->descs++;
		p->avail_at++;
	} while (flags & VDEV_DESC_F_NEXT);
	note_inflight(vd, p, buf);
	want_kick(vd, q);
	return 0;
}

/* How many descriptors to skip for a buffer; one that is not known counts as 1: a lie. */
static uint16_t forget_inflight(struct virtio_dev_packed *p, uint32_t id)
{
	for (unsigned i = 0; i < p->inflight_n; i++)
		if (p->inflight[i].id == id) {
			const uint16_t descs = p->inflight[i].descs;

			p->inflight_n--;
			memmove(&p->inflight[i], &p->inflight[i + 1],
				(p->inflight_n - i) * sizeof(p->inflight[0]));
			return descs;
		}
	return 1;
}

static void used(struct virtio_dev *vd, struct virtio_dev_queue *q, uint32_t id, uint32_t len)
{
	struct virtio_dev_pdesc *ring = ring_of(vd, q);
	struct virtio_dev_packed *p = &q->packed;
	struct virtio_dev_pdesc own = { 0 };
	struct virtio_dev_pdesc *desc;
	unsigned flags = wrap_of(q, p->used_at) ? VDEV_DESC_F_AVAIL | VDEV_DESC_F_USED : 0;

	if (!ring)
		return;
	desc = &ring[p->used_at % q->size];
	/* 2.8.4: WRITE says whether anything was written. */
	flags |= len ? VDEV_DESC_F_WRITE : 0;
	own.id = fn_cpu_to_le16((uint16_t)id);
	own.len = fn_cpu_to_le32(len);
	model_dma_put(&vd->md, &desc->len, &own.len, sizeof(own.len) + sizeof(own.id));
	if (p->hidden) {
		/* 2.8.21.3.2: pairs with the driver's barrier behind its read of the flags. */
		fn_fence_release();
		fn_write_le16(&desc->flags, (uint16_t)flags);
	} else {
		p->first_at = p->used_at;
		p->first_flags = (uint16_t)flags;
		p->hidden = true;
	}
	p->used_at += forget_inflight(p, id);
}

/* 2.8.9: the first one last, so that the driver never sees a part. */
static bool publish(struct virtio_dev *vd, struct virtio_dev_queue *q)
{
	struct virtio_dev_pdesc *ring = ring_of(vd, q);
	struct virtio_dev_packed *p = &q->packed;

	if (ring && p->hidden) {
		fn_fence_release();
		fn_write_le16(&ring[p->first_at % q->size].flags, p->first_flags);
		p->hidden = false;
	}
	return p->checked_at != p->used_at;
}

static bool wants_irq(struct virtio_dev *vd, struct virtio_dev_queue *q)
{
	const struct virtio_dev_event *event =
		(void *)model_dma_at(&vd->md, q->driver, sizeof(*event));
	const uint64_t from = q->packed.checked_at;
	uint16_t flags;
	uint16_t desc;

	q->packed.checked_at = q->packed.used_at;
	if (!event)
		return false;
	flags = fn_read_le16(&event->flags);
	desc = fn_read_le16(&event->desc);
	if (flags > VDEV_EVENT_DESC || (flags == VDEV_EVENT_DESC && !virtio_dev_event_idx(vd)))
		virtio_dev_violation(vd, "event flags that are not allowed (2.8.10)");
	if (flags != VDEV_EVENT_DESC)
		return flags == VDEV_EVENT_ENABLE;
	if ((desc & 0x7fff) >= q->size)
		virtio_dev_violation(vd, "an event at a descriptor that is not there (2.8.10)");
	for (uint64_t at = from; at < q->packed.used_at; at++)
		if (at % q->size == (desc & 0x7fffu) && wrap_of(q, at) == (desc >> 15))
			return true;
	return false;
}

/* All of a list but the first one's flags, which make it available. */
static bool watch(struct virtio_dev *vd, struct virtio_dev_queue *q)
{
	const struct virtio_dev_pdesc *ring =
		(const void *)model_dma_peek(&vd->md, q->desc, sizeof(*ring) * q->size);
	const uint64_t most = q->packed.used_at + q->size;
	bool first = true;
	bool ok = true;

	while (ring && q->watch_at < most && available(q, ring, q->watch_at)) {
		const uint32_t slot = (uint32_t)(q->watch_at % q->size);

		ok = ok &&
		     model_shadow_same(&vd->md, q->desc + 16 * (uint64_t)slot, first ? 14 : 16);
		first = !(fn_read_le16(&ring[slot].flags) & VDEV_DESC_F_NEXT);
		q->watch_at++;
	}
	return ok;
}

static bool wish_fenced(struct virtio_dev *vd, struct virtio_dev_queue *q)
{
	return model_shadow_same(&vd->md, q->driver, sizeof(struct virtio_dev_event));
}

void virtio_dev_packed_write(struct virtio_dev *vd, unsigned queue, uint32_t slot, uint16_t id,
			     uint32_t len, uint16_t flags)
{
	const struct virtio_dev_queue *q = &vd->queues[queue];
	struct virtio_dev_pdesc *ring = ring_of(vd, q);

	if (!ring)
		return;
	fn_write_le16(&ring[slot % q->size].id, id);
	fn_write_le32(&ring[slot % q->size].len, len);
	fn_fence_release();
	fn_write_le16(&ring[slot % q->size].flags, flags);
}

const struct virtio_dev_ring_ops virtio_dev_packed_ring = {
	.take = take,
	.posted = posted,
	.used = used,
	.publish = publish,
	.wants_irq = wants_irq,
	.want_kick = want_kick,
	.wish_fenced = wish_fenced,
	.watch = watch,
};
