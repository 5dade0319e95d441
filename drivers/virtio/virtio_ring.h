/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A split virtqueue (virtio 1.2 2.7): its memory, and the few things that are done with its
 * indices.
 */
#ifndef VIRTIO_RING_H
#define VIRTIO_RING_H

#include <fastnic/dma.h>

#include "base/barrier.h"
#include "base/bits.h"
#include "drivers/virtio/virtio_spec.h"

/*
 * Most entries of a ring that fastnic uses. While a queue is polled, used_event is renewed once a
 * lap and must not be reached (16 bits) before the next time; the device can be three laps further
 * by then.
 */
#define VIRTQ_SIZE_USED_MAX 16384u

/**
 * struct virtq - a split virtqueue
 * @desc: the descriptor table
 * @avail: what the driver hands to the device
 * @used: what the device hands back
 * @extra: memory of the queue's owner behind the rings, zeroed, aligned to a cache line
 * @desc_iova: where the device sees @desc
 * @avail_iova: where the device sees @avail
 * @used_iova: where the device sees @used
 * @extra_iova: where the device sees @extra
 * @size: entries, a power of two
 * @mem: the memory
 *
 * The device can write to all of it: nothing that the driver relies on is read back from it, except
 * @used, which is checked.
 */
struct virtq {
	struct virtq_desc *desc;
	struct virtq_avail *avail;
	struct virtq_used *used;
	uint8_t *extra;
	fn_iova_t desc_iova;
	fn_iova_t avail_iova;
	fn_iova_t used_iova;
	fn_iova_t extra_iova;
	uint32_t size;
	struct fn_dma mem;
};

/**
 * virtq_alloc - memory for a virtqueue
 * @vq: filled
 * @ctx: the context
 * @size: entries, a power of two
 * @extra_bytes: bytes of &virtq.extra
 * @numa_node: where the memory shall lie, or -1
 *
 * Return: 0, or what fn_dma_alloc() returned.
 */
int virtq_alloc(struct virtq *vq, struct fn_ctx *ctx, uint32_t size, size_t extra_bytes,
		int numa_node);

/* The device must have been reset. A cleared one is ignored. */
void virtq_free(struct virtq *vq, struct fn_ctx *ctx);

/* The elements of a used ring: virtq_alloc() sees to it that they are aligned to 8 bytes. */
static inline const fn_le64 *virtq_used_elems(const struct virtq_used *used)
{
	return (const void *)(used + 1);
}

/* 2.7.7: used_event, the driver's wish to be interrupted, lies behind the available ring. */
static inline fn_le16 *virtq_used_event(struct virtq_avail *avail, uint32_t size)
{
	return &avail->ring[size];
}

/* 2.7.10: avail_event, the device's wish to be notified, lies behind the used ring. */
static inline const fn_le16 *virtq_avail_event(const struct virtq_used *used, uint32_t size)
{
	return (const void *)(virtq_used_elems(used) + size);
}

/* 2.7.10: an event index was passed when the position went from @old_pos to @new_pos. */
static inline bool virtq_need_event(uint16_t event, uint16_t new_pos, uint16_t old_pos)
{
	return fn_ring_used(fn_ring_back(new_pos, 1), event) < fn_ring_used(new_pos, old_pos);
}

/**
 * virtq_publish - hand entries of the available ring to the device (2.7.13)
 * @avail: the available ring; its entries from @old_pos to @new_pos are written
 * @used: the used ring
 * @size: their entries
 * @event_idx: VIRTIO_F_RING_EVENT_IDX is in use
 * @new_pos: where the entries end
 * @old_pos: where they start
 *
 * Return: the device wants to be notified.
 */
static inline __attribute__((always_inline)) bool virtq_publish(struct virtq_avail *avail,
								const struct virtq_used *used,
								uint32_t size, bool event_idx,
								uint16_t new_pos, uint16_t old_pos)
{
	/*
	 * 2.7.13.2: pairs with the device's read of avail->idx: descriptors and entries come first.
	 */
	fn_wmb_dma();
	fn_write_le16(&avail->idx, new_pos);
	/*
	 * 2.7.13.4.1: pairs with the device's fence between its write of avail_event (or the flag)
	 * and its last look at avail->idx: either it sees the entries, or its wish is seen here.
	 */
	fn_mb_dma();
	if (event_idx)
		return virtq_need_event(fn_read_le16(virtq_avail_event(used, size)), new_pos,
					old_pos);
	return !(fn_read_le16(&used->flags) & VIRTQ_USED_F_NO_NOTIFY);
}

/*
 * 2.7.7: ask for one interrupt at the next used buffer. Pairs with the device's fence between its
 * write of used->idx and its look at used_event or the flags: either it sees the wish, or the
 * owner's second look sees the buffer.
 */
static inline void virtq_irq_arm(struct virtq_avail *avail, uint32_t size, bool event_idx,
				 uint16_t used_pos)
{
	if (event_idx)
		fn_write_le16(virtq_used_event(avail, size), used_pos);
	else
		fn_write_le16(&avail->flags, 0);
	fn_mb_dma();
}

/*
 * 2.7.7: ask for none. With event indices there is no off switch (the flags must stay 0): an index
 * that lies just behind is out of reach for the next 65,535 buffers; virtq_irq_renew() keeps it
 * there.
 */
static inline void virtq_irq_disarm(struct virtq_avail *avail, uint32_t size, bool event_idx,
				    uint16_t used_pos)
{
	if (event_idx)
		fn_write_le16(virtq_used_event(avail, size), fn_ring_back(used_pos, 1));
	else
		fn_write_le16(&avail->flags, VIRTQ_AVAIL_F_NO_INTERRUPT);
}

/* Once a lap of the ring, while polling: keep used_event out of reach. */
static inline void virtq_irq_renew(struct virtq_avail *avail, uint32_t size, uint16_t new_pos,
				   uint16_t old_pos)
{
	if (fn_unlikely((new_pos ^ old_pos) & size))
		fn_write_le16(virtq_used_event(avail, size), fn_ring_back(new_pos, 1));
}

#endif
