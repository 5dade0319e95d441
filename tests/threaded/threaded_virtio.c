// SPDX-License-Identifier: BSD-3-Clause
/* The device's side of split rings that a driver uses at the same time (virtio 1.2 2.7). */
#include <string.h>

#include "base/barrier.h"
#include "threaded/threaded_priv.h"

static uint32_t slot(const struct thr_queue *q, uint32_t pos)
{
	return pos & (q->size - 1);
}

static uint16_t avail_idx(const struct thr_queue *q)
{
	/* Pairs with the driver's barrier between the entries and avail->idx (2.7.13.2). */
	return le16toh(__atomic_load_n(&q->avail->idx.raw, __ATOMIC_ACQUIRE));
}

/* 2.7.10: avail_event lies behind the used ring. */
static void notify_at(struct thr_queue *q, uint16_t pos)
{
	fn_write_le16((void *)(q->used + 4 + 8 * (size_t)q->size), pos);
}

static void notify_flag(struct thr_queue *q, uint16_t flag)
{
	fn_write_le16((void *)q->used, flag);
}

/*
 * A doorbell is to be rung no more: an event index that lies behind does that. The flag is for
 * drivers without event indices.
 */
static void busy(struct thr_queue *q)
{
	q->waiting = false;
	if (!q->event_idx)
		notify_flag(q, VDEV_USED_F_NO_NOTIFY);
}

/* Ask for a doorbell; false: something came meanwhile. */
static bool wait_for_doorbell(struct thr_queue *q)
{
	q->kicks_seen = __atomic_load_n(&q->kicks, __ATOMIC_ACQUIRE);
	if (q->event_idx)
		notify_at(q, (uint16_t)q->pos);
	else
		notify_flag(q, 0);
	/*
	 * 2.7.13.4.1: pairs with the driver's fence between avail->idx and its look whether to
	 * ring: either it sees the wish, or its entries are seen here.
	 */
	fn_fence_seq_cst();
	q->seen = avail_idx(q);
	q->waiting = q->seen == (uint16_t)q->pos;
	if (!q->waiting)
		busy(q);
	return q->waiting;
}

static uint32_t room(struct thr_queue *q)
{
	uint32_t n = (uint16_t)(q->seen - q->pos);

	if (n)
		return n;
	if (q->waiting) {
		if (__atomic_load_n(&q->kicks, __ATOMIC_ACQUIRE) == q->kicks_seen)
			return 0;
		busy(q);
	}
	q->seen = avail_idx(q);
	if (q->seen == (uint16_t)q->pos && (q->looks || wait_for_doorbell(q)))
		return 0;
	n = (uint16_t)(q->seen - q->pos);
	if (n > q->size) {
		thr_add(&q->counts.bad, 1);
		q->seen = (uint16_t)q->pos;
		return 0;
	}
	return n;
}

static uint16_t next_head(struct thr_queue *q)
{
	uint16_t head = fn_read_le16(&q->avail->ring[slot(q, q->pos)]);

	q->pos++;
	if (head >= q->size) {
		thr_add(&q->counts.bad, 1);
		head = 0;
	}
	return head;
}

static const struct virtio_dev_desc *desc_of(const struct thr_queue *q, uint16_t id)
{
	return (const void *)(q->desc + 16 * (size_t)id);
}

static void hand_back(struct thr_queue *q, uint16_t id, uint32_t len)
{
	fn_le64 *elems = (void *)(q->used + 4);

	fn_write_le64(&elems[slot(q, q->used_pos)], id | (uint64_t)len << 32);
	q->used_pos++;
}

/* 5.1.6.4.1: a header of zeros, but for num_buffers, which is 1; then the frame. */
static void put(struct thr_queue *q, const struct threaded_frame *frame)
{
	const uint32_t len = q->hdr_bytes + THREADED_FRAME_BYTES;
	const uint16_t head = next_head(q);
	const struct virtio_dev_desc *desc = desc_of(q, head);
	const uint16_t flags = fn_read_le16(&desc->flags);
	uint8_t *va = NULL;

	if (flags == VDEV_DESC_F_WRITE && fn_read_le32(&desc->len) >= len)
		va = thr_at(q, fn_read_le64(&desc->addr), len);
	else
		thr_add(&q->counts.bad, 1);
	if (va) {
		for (unsigned i = 0; i < q->hdr_bytes; i++)
			((volatile uint8_t *)va)[i] = i == 10;
		thr_copy(va + q->hdr_bytes, frame, THREADED_FRAME_BYTES / 8);
	}
	hand_back(q, head, len);
}

/* 2.7.7.2, 2.7.8.2: whether the driver wants to hear of what lies between two positions. */
static bool wished(struct thr_queue *q)
{
	const uint16_t from = q->shown;
	uint16_t event;

	q->shown = q->used_pos;
	if (!q->event_idx)
		return !(fn_read_le16(&q->avail->flags) & VDEV_AVAIL_F_NO_INTERRUPT);
	event = fn_read_le16(&q->avail->ring[q->size]);
	return (uint16_t)(q->used_pos - event - 1) < (uint16_t)(q->used_pos - from);
}

static void show(struct thr_queue *q)
{
	if (q->shown == q->used_pos)
		return;
	/* 2.7.8.2: pairs with the driver's barrier behind its read of used->idx. */
	__atomic_store_n((uint16_t *)(void *)(q->used + 2), htole16(q->used_pos), __ATOMIC_RELEASE);
	/*
	 * 2.7.7.2: pairs with the driver's fence between its wish for an interrupt and its last
	 * look at the ring: either it sees the buffers, or the wish is seen here.
	 */
	fn_fence_seq_cst();
	if (!wished(q) || q->vector == VDEV_NO_VECTOR) {
		thr_add(&q->counts.suppressed, 1);
		return;
	}
	thr_add(&q->counts.interrupts, 1);
	thr_signal(q->model, q->vector);
}

/* The first bytes of a buffer to be sent, header included; all of its length is returned. */
static uint32_t gather(struct thr_queue *q, uint16_t id, uint8_t *to, uint32_t most)
{
	uint32_t all = 0;

	for (uint32_t i = 0; i < q->size; i++) {
		const struct virtio_dev_desc *desc = desc_of(q, id);
		const uint16_t flags = fn_read_le16(&desc->flags);
		const uint32_t len = fn_read_le32(&desc->len);
		const uint32_t n = all >= most ? 0 : len < most - all ? len : most - all;
		const uint8_t *va = thr_at(q, fn_read_le64(&desc->addr), len);

		if (flags & (VDEV_DESC_F_WRITE | VDEV_DESC_F_INDIRECT))
			thr_add(&q->counts.bad, 1);
		for (uint32_t j = 0; va && j < n; j++)
			to[all + j] = *(const volatile uint8_t *)(va + j);
		all += len;
		if (!(flags & VDEV_DESC_F_NEXT))
			return all;
		id = (uint16_t)slot(q, fn_read_le16(&desc->next));
	}
	thr_add(&q->counts.bad, 1);
	return all;
}

static unsigned take(struct thr_queue *q, unsigned most)
{
	const uint32_t there = room(q);
	const unsigned n = there < most ? there : most;

	for (unsigned i = 0; i < n; i++) {
		_Alignas(8) uint8_t bytes[THREADED_FRAME_BYTES + 24] = { 0 };
		const uint16_t head = next_head(q);
		const uint32_t len = gather(q, head, bytes, q->hdr_bytes + THREADED_FRAME_BYTES);

		if (len <= q->hdr_bytes)
			thr_add(&q->counts.bad, 1);
		else
			thr_sent(q, bytes + q->hdr_bytes, len - q->hdr_bytes);
		hand_back(q, head, 0);
	}
	if (n)
		show(q);
	return n;
}

const struct thr_ring_ops thr_virtio_ring = {
	.room = room,
	.put = put,
	.show = show,
	.take = take,
};
