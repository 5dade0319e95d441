// SPDX-License-Identifier: BSD-3-Clause
/* The device's side of a split ring (virtio 1.2 2.7). */
#include <errno.h>
#include <string.h>

#include "base/barrier.h"
#include "model/virtio_dev_ring.h"

static struct virtio_dev_avail *avail_of(struct virtio_dev *vd, const struct virtio_dev_queue *q)
{
	return (void *)model_dma_at(&vd->md, q->driver, 6 + 2 * (size_t)q->size);
}

static uint8_t *used_of(struct virtio_dev *vd, const struct virtio_dev_queue *q)
{
	return model_dma_at(&vd->md, q->device, 6 + 8 * (size_t)q->size);
}

static uint16_t avail_idx(struct virtio_dev *vd, const struct virtio_dev_queue *q)
{
	const struct virtio_dev_avail *avail = avail_of(vd, q);

	if (!avail)
		return q->avail_pos;
	if (virtio_dev_event_idx(vd) && fn_read_le16(&avail->flags))
		virtio_dev_violation(vd, "flags of the available ring with event indices (2.7.7)");
	return fn_read_le16(&avail->idx);
}

static unsigned posted(struct virtio_dev *vd, struct virtio_dev_queue *q)
{
	return (uint16_t)(avail_idx(vd, q) - q->avail_pos) + q->ahead_n;
}

/* 2.7.10: at the next buffer that is not there yet, unless the test wants none. */
static void want_kick(struct virtio_dev *vd, struct virtio_dev_queue *q)
{
	uint8_t *used = used_of(vd, q);

	if (!used)
		return;
	if (virtio_dev_event_idx(vd) && !q->no_notify)
		fn_write_le16((void *)(used + 4 + 8 * (size_t)q->size), avail_idx(vd, q));
	if (!virtio_dev_event_idx(vd))
		fn_write_le16((void *)used, q->no_notify ? VDEV_USED_F_NO_NOTIFY : 0);
}

struct link {
	uint64_t addr;
	uint32_t len;
	uint16_t flags;
	uint16_t next;
};

static struct link link_read(const struct virtio_dev_desc *table, uint32_t id)
{
	struct virtio_dev_desc desc;

	/* 2.7.5.3: nothing is said of where an indirect table lies. */
	memcpy(&desc, (const uint8_t *)table + id * sizeof(desc), sizeof(desc));
	return (struct link){ .addr = fn_le64_to_cpu(desc.addr),
			      .len = fn_le32_to_cpu(desc.len),
			      .flags = fn_le16_to_cpu(desc.flags),
			      .next = fn_le16_to_cpu(desc.next) };
}

static void chain(struct virtio_dev *vd, const struct virtio_dev_desc *table, uint32_t size,
		  uint32_t id, bool indirect, struct virtio_dev_buf *buf);

/* 2.7.5.3: one descriptor stands for a table of its own. */
static void indirect_table(struct virtio_dev *vd, const struct link *ln, struct virtio_dev_buf *buf)
{
	const struct virtio_dev_desc *table;

	if (!(vd->accepted & VDEV_F_INDIRECT_DESC))
		virtio_dev_violation(vd,
				     "an indirect descriptor that was not negotiated (2.7.5.3)");
	if ((ln->flags & VDEV_DESC_F_NEXT) || !ln->len || ln->len % 16)
		virtio_dev_violation(vd, "an indirect descriptor of another shape (2.7.5.3.1)");
	table = (void *)model_dma_at(&vd->md, ln->addr, ln->len);
	if (table)
		chain(vd, table, ln->len / 16, 0, true, buf);
}

/* 2.7.5: with VIRTIO_F_IN_ORDER descriptors are taken in the order of the ring, from 0 on. */
static void in_ring_order(struct virtio_dev *vd, struct virtio_dev_queue *q,
			  const struct virtio_dev_desc *table, uint32_t id)
{
	for (uint32_t i = 0; i < q->size && id < q->size; i++) {
		const struct link ln = link_read(table, id);

		if (id != q->order) {
			virtio_dev_violation(vd, "descriptors out of the ring's order (2.7.5)");
			return;
		}
		q->order = (q->order + 1) & (q->size - 1);
		if (!(ln.flags & VDEV_DESC_F_NEXT))
			return;
		id = ln.next;
	}
}

static void chain(struct virtio_dev *vd, const struct virtio_dev_desc *table, uint32_t size,
		  uint32_t id, bool indirect, struct virtio_dev_buf *buf)
{
	for (uint32_t i = 0; i < size; i++) {
		const struct link ln = link_read(table, id);

		if (ln.flags & ~(VDEV_DESC_F_NEXT | VDEV_DESC_F_WRITE | VDEV_DESC_F_INDIRECT))
			virtio_dev_violation(vd, "a flag that was not negotiated (2.7.5)");
		if (ln.flags & VDEV_DESC_F_INDIRECT) {
			if (indirect)
				virtio_dev_violation(vd, "a table in a table (2.7.5.3.1)");
			else
				indirect_table(vd, &ln, buf);
			return;
		}
		virtio_dev_seg_add(vd, buf, ln.addr, ln.len, ln.flags & VDEV_DESC_F_WRITE);
		if (!(ln.flags & VDEV_DESC_F_NEXT))
			return;
		if (ln.next >= size) {
			virtio_dev_violation(vd, "a chain that leads out of the ring (2.7.5)");
			return;
		}
		id = ln.next;
	}
	virtio_dev_violation(vd, "a chain that is longer than the ring (2.7.5.2)");
}

/* Frames to be sent and commands are worked off in their order, whatever becomes of others. */
static bool in_any_order(const struct virtio_dev *vd, const struct virtio_dev_queue *q)
{
	const unsigned queue = (unsigned)(q - vd->queues);

	return vd->returns == VIRTIO_DEV_ANY_ORDER && !(queue & 1) &&
	       queue != virtio_dev_ctrl_queue(vd);
}

/* The head of the next buffer to use: the one that is next, or any of some. */
static uint16_t next_head(struct virtio_dev *vd, struct virtio_dev_queue *q,
			  const struct virtio_dev_avail *avail)
{
	const uint16_t end = avail_idx(vd, q);
	uint16_t head;
	uint32_t at;

	if (!in_any_order(vd, q))
		return fn_read_le16(&avail->ring[q->avail_pos++ & (q->size - 1)]);
	while (q->ahead_n < VIRTIO_DEV_AHEAD && q->avail_pos != end)
		q->ahead[q->ahead_n++] = fn_read_le16(&avail->ring[q->avail_pos++ & (q->size - 1)]);
	at = virtio_dev_random(vd, q->ahead_n);
	head = q->ahead[at];
	q->ahead[at] = q->ahead[--q->ahead_n];
	return head;
}

static int take(struct virtio_dev *vd, struct virtio_dev_queue *q, struct virtio_dev_buf *buf)
{
	const unsigned n = posted(vd, q);
	const struct virtio_dev_desc *table;
	const struct virtio_dev_avail *avail;

	if (!n)
		return -EAGAIN;
	if (n > q->size) {
		virtio_dev_violation(vd, "more buffers than the ring has (2.7.13.3)");
		return -EAGAIN;
	}
	/* 2.7.13.2: pairs with the driver's barrier between the entries and avail->idx. */
	fn_fence_acquire();
	avail = avail_of(vd, q);
	table = (void *)model_dma_at(&vd->md, q->desc, sizeof(*table) * q->size);
	if (!avail || !table)
		return -EAGAIN;
	buf->id = next_head(vd, q, avail);
	want_kick(vd, q);
	if (buf->id >= q->size) {
		virtio_dev_violation(vd, "a descriptor that is not there (2.7.13)");
		return -EAGAIN;
	}
	if (vd->accepted & VDEV_F_IN_ORDER)
		in_ring_order(vd, q, table, buf->id);
	chain(vd, table, q->size, buf->id, false, buf);
	return 0;
}

static void used(struct virtio_dev *vd, struct virtio_dev_queue *q, uint32_t id, uint32_t len)
{
	uint8_t *ring = used_of(vd, q);
	const fn_le32 elem[2] = { fn_cpu_to_le32(id), fn_cpu_to_le32(len) };

	if (!ring)
		return;
	model_dma_put(&vd->md, ring + 4 + 8 * (size_t)(q->used_pos & (q->size - 1)), elem,
		      sizeof(elem));
	q->used_pos++;
}

void virtio_dev_used_idx(struct virtio_dev *vd, unsigned queue, uint16_t idx)
{
	uint8_t *ring = used_of(vd, &vd->queues[queue]);

	if (ring)
		fn_write_le16((void *)(ring + 2), idx);
}

static bool publish(struct virtio_dev *vd, struct virtio_dev_queue *q)
{
	uint8_t *ring = used_of(vd, q);

	/* 2.7.8.2: pairs with the driver's barrier behind its read of used->idx. */
	fn_fence_release();
	if (ring)
		fn_write_le16((void *)(ring + 2), q->used_pos);
	return q->published != q->used_pos;
}

/* 2.7.7.2, 2.7.8.2: whether the driver wants to hear of what lies between two positions. */
static bool wants_irq(struct virtio_dev *vd, struct virtio_dev_queue *q)
{
	const struct virtio_dev_avail *avail = avail_of(vd, q);
	const uint16_t old_pos = q->published;
	uint16_t event;

	q->published = q->used_pos;
	if (!avail)
		return false;
	if (!virtio_dev_event_idx(vd))
		return !(fn_read_le16(&avail->flags) & VDEV_AVAIL_F_NO_INTERRUPT);
	event = fn_read_le16(&avail->ring[q->size]);
	return (uint16_t)(q->used_pos - event - 1) < (uint16_t)(q->used_pos - old_pos);
}

/* A chain's descriptors, as they were at the last fence. */
static bool chain_fenced(struct virtio_dev *vd, const struct virtio_dev_queue *q, uint32_t id)
{
	const struct virtio_dev_desc *table =
		(const void *)model_dma_peek(&vd->md, q->desc, sizeof(*table) * q->size);

	for (uint32_t i = 0; table && i < q->size && id < q->size; i++) {
		const struct link ln = link_read(table, id);

		if (!model_shadow_same(&vd->md, q->desc + 16 * (uint64_t)id, 16))
			return false;
		if (!(ln.flags & VDEV_DESC_F_NEXT))
			break;
		id = ln.next;
	}
	return true;
}

static bool watch(struct virtio_dev *vd, struct virtio_dev_queue *q)
{
	const struct virtio_dev_avail *avail =
		(const void *)model_dma_peek(&vd->md, q->driver, 4 + 2 * (size_t)q->size);
	const uint16_t end = avail ? fn_read_le16(&avail->idx) : (uint16_t)q->watch_at;
	bool ok = true;

	/* More than the ring has is another mistake, which take() names. */
	for (unsigned n = 0; (uint16_t)q->watch_at != end && n < q->size; n++, q->watch_at++) {
		const uint32_t slot = (uint16_t)q->watch_at & (q->size - 1);

		ok = ok && model_shadow_same(&vd->md, q->driver + 4 + 2 * (uint64_t)slot, 2) &&
		     chain_fenced(vd, q, fn_read_le16(&avail->ring[slot]));
	}
	q->watch_at = (uint64_t)end;
	return ok;
}

static bool wish_fenced(struct virtio_dev *vd, struct virtio_dev_queue *q)
{
	const uint64_t event = q->driver + 4 + 2 * (uint64_t)q->size;

	return model_shadow_same(&vd->md, virtio_dev_event_idx(vd) ? event : q->driver, 2);
}

const struct virtio_dev_ring_ops virtio_dev_split = {
	.take = take,
	.posted = posted,
	.used = used,
	.publish = publish,
	.wants_irq = wants_irq,
	.want_kick = want_kick,
	.wish_fenced = wish_fenced,
	.watch = watch,
};
