/* SPDX-License-Identifier: BSD-3-Clause */
/* Between the files of the virtio model: one kind of ring each way. */
#ifndef FN_TESTS_MODEL_VIRTIO_DEV_RING_H
#define FN_TESTS_MODEL_VIRTIO_DEV_RING_H

#include <string.h>

#include "model/virtio_dev.h"

/**
 * struct virtio_dev_ring_ops - a kind of ring
 * @take: the next buffer, or -EAGAIN
 * @posted: buffers that could be taken
 * @used: note that a buffer was used
 * @publish: let the driver see it; whether there was anything
 * @wants_irq: whether the driver wants to hear of what was published since this was asked last
 * @want_kick: ask for a doorbell at the next buffer, or for none
 * @wish_fenced: whether the driver's wish for an interrupt is as it was at its last fence
 * @watch: look whether what is available since @watch_at was fenced, and go on to there
 */
struct virtio_dev_ring_ops {
	int (*take)(struct virtio_dev *vd, struct virtio_dev_queue *q, struct virtio_dev_buf *buf);
	unsigned (*posted)(struct virtio_dev *vd, struct virtio_dev_queue *q);
	void (*used)(struct virtio_dev *vd, struct virtio_dev_queue *q, uint32_t id, uint32_t len);
	bool (*publish)(struct virtio_dev *vd, struct virtio_dev_queue *q);
	bool (*wants_irq)(struct virtio_dev *vd, struct virtio_dev_queue *q);
	void (*want_kick)(struct virtio_dev *vd, struct virtio_dev_queue *q);
	bool (*wish_fenced)(struct virtio_dev *vd, struct virtio_dev_queue *q);
	bool (*watch)(struct virtio_dev *vd, struct virtio_dev_queue *q);
};

extern const struct virtio_dev_ring_ops virtio_dev_split;
extern const struct virtio_dev_ring_ops virtio_dev_packed_ring;

/* Where the device stands in a queue, to go back to when a buffer was taken in vain. */
struct virtio_dev_mark {
	uint16_t avail_pos;
	uint64_t avail_at;
	unsigned inflight_n;
	uint16_t ahead[VIRTIO_DEV_AHEAD];
	unsigned ahead_n;
	uint32_t order;
};

static inline struct virtio_dev_mark virtio_dev_mark(const struct virtio_dev_queue *q)
{
	struct virtio_dev_mark mark = { .avail_pos = q->avail_pos,
					.avail_at = q->packed.avail_at,
					.inflight_n = q->packed.inflight_n,
					.ahead_n = q->ahead_n,
					.order = q->order };

	memcpy(mark.ahead, q->ahead, sizeof(mark.ahead));
	return mark;
}

static inline void virtio_dev_rewind(struct virtio_dev_queue *q, struct virtio_dev_mark mark)
{
	q->avail_pos = mark.avail_pos;
	q->packed.avail_at = mark.avail_at;
	q->packed.inflight_n = mark.inflight_n;
	memcpy(q->ahead, mark.ahead, sizeof(mark.ahead));
	q->ahead_n = mark.ahead_n;
	q->order = mark.order;
}

/* 0 to @n - 1. */
static inline uint32_t virtio_dev_random(struct virtio_dev *vd, uint32_t n)
{
	vd->random = vd->random * 1103515245u + 12345u;
	return (vd->random >> 16) % n;
}

static inline bool virtio_dev_event_idx(const struct virtio_dev *vd)
{
	return (vd->accepted & VDEV_F_EVENT_IDX) != 0;
}

/*
 * Look for the driver's fences (model_barrier.h): between descriptors and what makes them
 * available, and, when @full, behind that, in front of its look whether to ring.
 */
void virtio_dev_watch(struct virtio_dev *vd, unsigned queue, bool full);

/* Interrupt for what was published, now or later. */
void virtio_dev_coalesce(struct virtio_dev *vd, unsigned queue);

/* Add a segment to a buffer, with what holds for all of them. */
void virtio_dev_seg_add(struct virtio_dev *vd, struct virtio_dev_buf *buf, uint64_t iova,
			uint32_t len, bool write);

/* Bytes of the segments that the device reads, and of those that it writes. */
uint32_t virtio_dev_buf_bytes(const struct virtio_dev_buf *buf, bool write);

/* Read a buffer's readable bytes: how many, or -1 when they do not fit or are not there. */
int64_t virtio_dev_gather(struct virtio_dev *vd, const struct virtio_dev_buf *buf, uint8_t *to,
			  uint32_t room);

/* Write at @off of its writable bytes. */
bool virtio_dev_scatter(struct virtio_dev *vd, const struct virtio_dev_buf *buf, uint32_t off,
			const void *from, uint32_t len);

#endif
