// SPDX-License-Identifier: BSD-3-Clause
/*
 * What the model does with its split rings (virtio 1.2 2.7): honest halves that a test may misuse.
 */
#include <errno.h>
#include <string.h>

#include "base/barrier.h"
#include "model/virtio_dev.h"

/* Longest frame that the model puts together of a chain. */
#define FRAME_MAX 70000u

static bool event_idx(const struct virtio_dev *vd)
{
	return (vd->accepted & VIRTIO_F_RING_EVENT_IDX) != 0;
}

static struct virtq_avail *avail_of(struct virtio_dev *vd, const struct virtio_dev_queue *q)
{
	return (void *)virtio_dev_at(vd, q->driver, 6 + 2 * (size_t)q->size);
}

static uint8_t *used_of(struct virtio_dev *vd, const struct virtio_dev_queue *q)
{
	return virtio_dev_at(vd, q->device, 6 + 8 * (size_t)q->size);
}

static uint16_t avail_idx(struct virtio_dev *vd, const struct virtio_dev_queue *q)
{
	const struct virtq_avail *avail = avail_of(vd, q);

	if (!avail)
		return q->avail_pos;
	if (event_idx(vd) && fn_read_le16(&avail->flags))
		virtio_dev_violation(vd, "flags of the available ring with event indices (2.7.7)");
	return fn_read_le16(&avail->idx);
}

unsigned virtio_dev_posted(struct virtio_dev *vd, unsigned queue)
{
	const struct virtio_dev_queue *q = &vd->queues[queue];

	return q->enabled ? (uint16_t)(avail_idx(vd, q) - q->avail_pos) : 0;
}

/*
 * Ask for a doorbell at the next buffer that is not there yet (2.7.10), unless the test wants none.
 */
static void want_notify(struct virtio_dev *vd, struct virtio_dev_queue *q)
{
	uint8_t *used = used_of(vd, q);

	if (!used)
		return;
	if (event_idx(vd) && !q->no_notify)
		fn_write_le16((void *)(used + 4 + 8 * (size_t)q->size), avail_idx(vd, q));
	if (!event_idx(vd))
		fn_write_le16((void *)used, q->no_notify ? VIRTQ_USED_F_NO_NOTIFY : 0);
}

/* The next buffer that the driver posted: its head, or -EAGAIN. */
static int take(struct virtio_dev *vd, struct virtio_dev_queue *q)
{
	const unsigned posted = q->enabled ? (uint16_t)(avail_idx(vd, q) - q->avail_pos) : 0;
	struct virtq_avail *avail;
	uint16_t id;

	if (!(vd->status & VIRTIO_STATUS_DRIVER_OK) || !posted)
		return -EAGAIN;
	if (posted > q->size) {
		virtio_dev_violation(vd, "more buffers than the ring has (2.7.13.3)");
		return -EAGAIN;
	}
	fn_fence_acquire();
	avail = avail_of(vd, q);
	id = fn_read_le16(&avail->ring[q->avail_pos & (q->size - 1)]);
	q->avail_pos++;
	want_notify(vd, q);
	if (id >= q->size) {
		virtio_dev_violation(vd, "a descriptor that is not there (2.7.13)");
		return -EAGAIN;
	}
	return id;
}

struct segment {
	uint8_t *va;
	uint32_t len;
	uint16_t flags;
	uint16_t next;
};

static struct segment segment_read(struct virtio_dev *vd, const struct virtio_dev_queue *q,
				   uint16_t id)
{
	const struct virtq_desc *table =
		(void *)virtio_dev_at(vd, q->desc, sizeof(*table) * q->size);
	struct segment seg = { 0 };
	uint64_t ctl;

	if (!table)
		return seg;
	ctl = fn_read_le64(&table[id].ctl);
	seg.len = (uint32_t)ctl;
	seg.flags = (uint16_t)(ctl >> 32);
	seg.next = (uint16_t)(ctl >> 48);
	seg.va = virtio_dev_at(vd, fn_read_le64(&table[id].addr), seg.len);
	if (!seg.len)
		virtio_dev_violation(vd, "a descriptor of no bytes");
	if (seg.flags & ~(VIRTQ_DESC_F_NEXT | VIRTQ_DESC_F_WRITE))
		virtio_dev_violation(vd, "a flag that was not negotiated (2.7.5)");
	if ((seg.flags & VIRTQ_DESC_F_NEXT) && seg.next >= q->size)
		virtio_dev_violation(vd, "a chain that leads out of the ring (2.7.5)");
	return seg;
}

void virtio_dev_used(struct virtio_dev *vd, unsigned queue, uint32_t id, uint32_t len)
{
	struct virtio_dev_queue *q = &vd->queues[queue];
	uint8_t *used = used_of(vd, q);
	uint8_t *elem;

	if (!used)
		return;
	elem = used + 4 + 8 * (size_t)(q->used_pos & (q->size - 1));
	fn_write_le32((void *)elem, id);
	fn_write_le32((void *)(elem + 4), len);
	q->used_pos++;
}

void virtio_dev_used_idx(struct virtio_dev *vd, unsigned queue, uint16_t idx)
{
	uint8_t *used = used_of(vd, &vd->queues[queue]);

	if (used)
		fn_write_le16((void *)(used + 2), idx);
}

/* 2.7.7.2, 2.7.8.2: whether the driver wants to hear of what lies between two positions. */
static bool wants_irq(struct virtio_dev *vd, const struct virtio_dev_queue *q, uint16_t old_pos,
		      uint16_t new_pos)
{
	const struct virtq_avail *avail = avail_of(vd, q);
	uint16_t event;

	if (!avail)
		return false;
	if (!event_idx(vd))
		return !(fn_read_le16(&avail->flags) & VIRTQ_AVAIL_F_NO_INTERRUPT);
	event = fn_read_le16(&avail->ring[q->size]);
	return (uint16_t)(new_pos - event - 1) < (uint16_t)(new_pos - old_pos);
}

void virtio_dev_publish(struct virtio_dev *vd, unsigned queue)
{
	struct virtio_dev_queue *q = &vd->queues[queue];
	const uint16_t old_pos = q->published;

	fn_fence_release();
	virtio_dev_used_idx(vd, queue, q->used_pos);
	q->published = q->used_pos;
	fn_fence_seq_cst();
	if (old_pos == q->used_pos || !wants_irq(vd, q, old_pos, q->used_pos))
		return;
	q->irqs++;
	if (q->vector != VIRTIO_MSI_NO_VECTOR)
		virtio_dev_signal(vd, q->vector);
}

int virtio_dev_receive_write(struct virtio_dev *vd, unsigned pair, const uint8_t *frame,
			     uint32_t len)
{
	struct virtio_dev_queue *q = &vd->queues[VIRTIO_NET_RXQ(pair)];
	const int id = take(vd, q);
	struct segment seg;

	if (id < 0)
		return -ENOBUFS;
	seg = segment_read(vd, q, (uint16_t)id);
	if (seg.flags != VIRTQ_DESC_F_WRITE)
		virtio_dev_violation(vd, "a receive buffer that is not one writable descriptor");
	if (!seg.va)
		return -ENOBUFS;
	if (len + VIRTIO_NET_HDR_BYTES > seg.len) {
		q->avail_pos--;
		return -EMSGSIZE;
	}
	/*
	 * An honest device sets num_buffers to 1 (5.1.6.4); the rest of the header is what it
	 * likes.
	 */
	memset(seg.va, 0xee, VIRTIO_NET_HDR_BYTES);
	memcpy(seg.va + VIRTIO_NET_HDR_BYTES, frame, len);
	return id;
}

int virtio_dev_receive(struct virtio_dev *vd, unsigned pair, const uint8_t *frame, uint32_t len)
{
	const int id = virtio_dev_receive_write(vd, pair, frame, len);

	if (id < 0)
		return id;
	virtio_dev_used(vd, VIRTIO_NET_RXQ(pair), (uint32_t)id, len + VIRTIO_NET_HDR_BYTES);
	virtio_dev_publish(vd, VIRTIO_NET_RXQ(pair));
	return 0;
}

/* Put a chain together. Returns its bytes. */
static uint32_t gather(struct virtio_dev *vd, const struct virtio_dev_queue *q, uint16_t id,
		       uint8_t *buf)
{
	uint32_t len = 0;

	for (unsigned i = 0; i <= q->size; i++) {
		const struct segment seg = segment_read(vd, q, id);

		if (seg.flags & VIRTQ_DESC_F_WRITE)
			virtio_dev_violation(vd, "a writable descriptor to be sent (5.1.6.2)");
		if (!seg.va || seg.len > FRAME_MAX - len) {
			virtio_dev_violation(vd, "a frame that cannot be read");
			return 0;
		}
		memcpy(buf + len, seg.va, seg.len);
		len += seg.len;
		if (!(seg.flags & VIRTQ_DESC_F_NEXT))
			return len;
		id = (uint16_t)(seg.next & (q->size - 1));
	}
	virtio_dev_violation(vd, "a chain that is longer than the ring (2.7.5.3)");
	return 0;
}

int virtio_dev_transmit_take(struct virtio_dev *vd, unsigned pair)
{
	static uint8_t buf[FRAME_MAX];
	static const uint8_t zeros[VIRTIO_NET_HDR_BYTES];
	struct virtio_dev_queue *q = &vd->queues[VIRTIO_NET_TXQ(pair)];
	const int id = take(vd, q);
	uint32_t len;

	if (id < 0)
		return id;
	len = gather(vd, q, (uint16_t)id, buf);
	if (len <= VIRTIO_NET_HDR_BYTES || memcmp(buf, zeros, sizeof(zeros)) != 0)
		virtio_dev_violation(vd, "a frame without a virtio_net_hdr of zeros (5.1.6.2)");
	else if (vd->sent)
		vd->sent(vd->sent_arg, pair, buf + sizeof(zeros), len - (uint32_t)sizeof(zeros));
	return id;
}

unsigned virtio_dev_transmit(struct virtio_dev *vd, unsigned pair, unsigned most)
{
	unsigned n = 0;

	while (n < most) {
		const int id = virtio_dev_transmit_take(vd, pair);

		if (id < 0)
			break;
		virtio_dev_used(vd, VIRTIO_NET_TXQ(pair), (uint32_t)id, 0);
		n++;
	}
	if (n)
		virtio_dev_publish(vd, VIRTIO_NET_TXQ(pair));
	return n;
}

/* 5.1.6.5: a command of three descriptors; data as far as this device knows it. */
static void command(struct virtio_dev *vd, const uint8_t *hdr, const struct segment *data)
{
	uint16_t pairs;

	virtio_dev_note(vd, VIRTIO_DEV_COMMAND, (uint32_t)hdr[0] << 8 | hdr[1]);
	if (vd->ctrl_ack != VIRTIO_NET_CTRL_OK)
		return;
	if (hdr[0] == VIRTIO_NET_CTRL_RX && hdr[1] == VIRTIO_NET_CTRL_RX_PROMISC &&
	    data->len == 1) {
		vd->promisc = data->va[0];
	} else if (hdr[0] == VIRTIO_NET_CTRL_MAC && hdr[1] == VIRTIO_NET_CTRL_MAC_ADDR_SET &&
		   data->len == 6) {
		memcpy(vd->mac, data->va, 6);
	} else if (hdr[0] == VIRTIO_NET_CTRL_MQ && hdr[1] == VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET &&
		   data->len == 2) {
		memcpy(&pairs, data->va, 2);
		vd->pairs = le16toh(pairs);
	} else {
		virtio_dev_violation(vd, "a command that is not known (5.1.6.5)");
	}
}

void virtio_dev_ctrl(struct virtio_dev *vd, unsigned queue)
{
	struct virtio_dev_queue *q = &vd->queues[queue];
	const unsigned pairs =
		vd->accepted & VIRTIO_NET_F_MQ ? fn_le16_to_cpu(vd->config.max_virtqueue_pairs) : 1;
	struct segment hdr;
	struct segment data;
	struct segment ack;
	int id;

	if (queue != 2 * pairs || !(vd->accepted & VIRTIO_NET_F_CTRL_VQ) || vd->ctrl_dumb)
		return;
	while ((id = take(vd, q)) >= 0) {
		hdr = segment_read(vd, q, (uint16_t)id);
		data = segment_read(vd, q, hdr.next);
		ack = segment_read(vd, q, data.next);
		if (!hdr.va || hdr.len != 2 || hdr.flags != VIRTQ_DESC_F_NEXT || !data.va ||
		    data.flags != VIRTQ_DESC_F_NEXT || !ack.va || ack.len != 1 ||
		    ack.flags != VIRTQ_DESC_F_WRITE) {
			virtio_dev_violation(vd, "a command of another shape (5.1.6.5)");
			return;
		}
		command(vd, hdr.va, &data);
		*ack.va = vd->ctrl_ack;
		virtio_dev_used(vd, queue, (uint32_t)id, 1);
		virtio_dev_publish(vd, queue);
	}
}
