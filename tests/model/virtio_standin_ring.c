// SPDX-License-Identifier: BSD-3-Clause
/* The driver's side of split (virtio 1.2 2.7.13) and packed rings (2.8.21), plain. */
#include <errno.h>

#include "base/barrier.h"
#include "model/virtio_standin.h"

static bool event_idx(const struct standin_queue *q)
{
	return (q->si->features & VDEV_F_EVENT_IDX) != 0;
}

static bool wrap_of(const struct standin_queue *q, uint64_t pos)
{
	return !(pos / q->size & 1);
}

static uint16_t id_get(struct standin_queue *q)
{
	const uint16_t id = q->free;

	q->free = q->next[id];
	return id;
}

static int add_split(struct standin_queue *q, const struct standin_seg *seg, unsigned readable,
		     unsigned n)
{
	struct virtio_dev_desc *table = q->desc.va;
	struct virtio_dev_avail *avail = q->driver.va;
	const uint16_t head = q->free;
	uint16_t id = 0;

	for (unsigned i = 0; i < n; i++) {
		const unsigned flags = (i + 1 < n ? VDEV_DESC_F_NEXT : 0) |
				       (i >= readable ? VDEV_DESC_F_WRITE : 0);

		id = id_get(q);
		table[id] = (struct virtio_dev_desc){ .addr = fn_cpu_to_le64(seg[i].iova),
						      .len = fn_cpu_to_le32(seg[i].len),
						      .flags = fn_cpu_to_le16((uint16_t)flags),
						      .next = fn_cpu_to_le16(q->next[id]) };
	}
	q->last[head] = id;
	q->descs[head] = (uint16_t)n;
	fn_write_le16(&avail->ring[q->pos++ % q->size], head);
	return head;
}

static int add_packed(struct standin_queue *q, const struct standin_seg *seg, unsigned readable,
		      unsigned n)
{
	struct virtio_dev_pdesc *ring = q->desc.va;
	const uint64_t first = q->pos;
	const uint16_t id = id_get(q);
	uint16_t first_flags = 0;

	for (unsigned i = 0; i < n; i++, q->pos++) {
		struct virtio_dev_pdesc *desc = &ring[q->pos % q->size];
		const unsigned flags = (i + 1 < n ? VDEV_DESC_F_NEXT : 0) |
				       (i >= readable ? VDEV_DESC_F_WRITE : 0) |
				       (wrap_of(q, q->pos) ? VDEV_DESC_F_AVAIL : VDEV_DESC_F_USED);

		fn_write_le64(&desc->addr, seg[i].iova);
		fn_write_le32(&desc->len, seg[i].len);
		fn_write_le16(&desc->id, id);
		if (i)
			fn_write_le16(&desc->flags, (uint16_t)flags);
		else
			first_flags = (uint16_t)flags;
	}
	q->descs[id] = (uint16_t)n;
	/* 2.8.21.1: pairs with the device's read of the first flags; all else comes before. */
	fn_wmb_dma();
	fn_write_le16(&ring[first % q->size].flags, first_flags);
	return id;
}

int standin_add(struct standin_queue *q, const struct standin_seg *seg, unsigned readable,
		unsigned writable)
{
	const unsigned n = readable + writable;

	if (n > q->free_n)
		return -ENOSPC;
	q->free_n -= n;
	return standin_packed(q) ? add_packed(q, seg, readable, n) : add_split(q, seg, readable, n);
}

static bool wants_kick_split(struct standin_queue *q)
{
	struct virtio_dev_avail *avail = q->driver.va;
	const uint8_t *used = q->device.va;
	uint16_t event;

	/* 2.7.13.3: pairs with the device's read of avail->idx. */
	fn_wmb_dma();
	fn_write_le16(&avail->idx, (uint16_t)q->pos);
	fn_mb_dma();
	if (!event_idx(q))
		return !(fn_read_le16((const void *)used) & VDEV_USED_F_NO_NOTIFY);
	event = fn_read_le16((const void *)(used + 4 + 8 * (size_t)q->size));
	return (uint16_t)(q->pos - event - 1) < (uint16_t)(q->pos - q->kick_pos);
}

static bool wants_kick_packed(struct standin_queue *q)
{
	const struct virtio_dev_event *event = q->device.va;
	uint16_t desc;

	/* 2.8.21.3.1: pairs with the device's fence between its wish and its last look. */
	fn_mb_dma();
	desc = fn_read_le16(&event->desc);
	if (fn_read_le16(&event->flags) != VDEV_EVENT_DESC)
		return fn_read_le16(&event->flags) == VDEV_EVENT_ENABLE;
	for (uint64_t pos = q->kick_pos; pos < q->pos; pos++)
		if (pos % q->size == (desc & 0x7fffu) && wrap_of(q, pos) == (desc >> 15))
			return true;
	return false;
}

bool standin_publish(struct standin_queue *q)
{
	const bool kick = standin_packed(q) ? wants_kick_packed(q) : wants_kick_split(q);

	q->kick_pos = q->pos;
	if (kick)
		fn_bar_write16(&q->si->bar, VIRTIO_DEV_NOTIFY + q->idx * VIRTIO_DEV_NOTIFY_STEP,
			       (uint16_t)q->idx);
	return kick;
}

static void id_put(struct standin_queue *q, uint16_t head)
{
	q->next[standin_packed(q) ? head : q->last[head]] = q->free;
	q->free = head;
	q->free_n += q->descs[head];
}

static bool used_split(struct standin_queue *q, uint16_t *id, uint32_t *len)
{
	const uint8_t *used = q->device.va;
	const uint8_t *elem = used + 4 + 8 * (q->used_pos % q->size);

	if (fn_read_le16((const void *)(used + 2)) == (uint16_t)q->used_pos)
		return false;
	/* 2.7.14: pairs with the device's barrier in front of used->idx. */
	fn_rmb_dma();
	*id = (uint16_t)fn_read_le32((const void *)elem);
	*len = fn_read_le32((const void *)(elem + 4));
	q->used_pos++;
	return true;
}

static bool used_packed(struct standin_queue *q, uint16_t *id, uint32_t *len)
{
	const struct virtio_dev_pdesc *ring = q->desc.va;
	const struct virtio_dev_pdesc *desc = &ring[q->used_pos % q->size];
	const uint16_t flags = fn_read_le16(&desc->flags);
	const bool wrap = wrap_of(q, q->used_pos);

	if (((flags & VDEV_DESC_F_AVAIL) != 0) != wrap || ((flags & VDEV_DESC_F_USED) != 0) != wrap)
		return false;
	/* 2.8.22: pairs with the device's barrier in front of the flags. */
	fn_rmb_dma();
	*id = fn_read_le16(&desc->id);
	*len = fn_read_le32(&desc->len);
	q->used_pos += q->descs[*id];
	return true;
}

bool standin_used(struct standin_queue *q, uint16_t *id, uint32_t *len)
{
	if (!(standin_packed(q) ? used_packed(q, id, len) : used_split(q, id, len)))
		return false;
	id_put(q, *id);
	return true;
}

static void arm_split(struct standin_queue *q, bool on)
{
	struct virtio_dev_avail *avail = q->driver.va;

	if (event_idx(q))
		fn_write_le16(&avail->ring[q->size],
			      (uint16_t)(on ? q->used_pos : q->used_pos - 1));
	else
		fn_write_le16(&avail->flags, (uint16_t)!on);
}

static void arm_packed(struct standin_queue *q, bool on)
{
	struct virtio_dev_event *event = q->driver.va;

	fn_write_le16(&event->desc,
		      (uint16_t)(q->used_pos % q->size | (unsigned)wrap_of(q, q->used_pos) << 15));
	fn_write_le16(&event->flags, !on          ? VDEV_EVENT_DISABLE :
				     event_idx(q) ? VDEV_EVENT_DESC :
						    VDEV_EVENT_ENABLE);
}

void standin_arm(struct standin_queue *q, bool on)
{
	if (standin_packed(q))
		arm_packed(q, on);
	else
		arm_split(q, on);
	/* 2.7.7.2, 2.8.10: pairs with the device's fence in front of its look at the wish. */
	fn_mb_dma();
}
