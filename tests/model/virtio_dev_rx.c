// SPDX-License-Identifier: BSD-3-Clause
/* What the virtio model does with a frame that comes in (virtio 1.2 5.1.6.4). */
#include <errno.h>
#include <string.h>

#include "model/virtio_dev_ring.h"

/* Most buffers that one frame is spread over. */
#define MERGE_MAX 64u

/* What of the header a driver without any of these features has to look at: nothing. */
#define HDR_FEATURES (VDEV_F_GUEST_CSUM | VDEV_F_MRG_RXBUF | VDEV_F_HASH_REPORT)

/* 5.1.6.4: only the pseudo header's sum is left in the frame, and where to finish it is said. */
static void partial_csum(struct virtio_dev_hdr *hdr, uint8_t *frame, uint32_t len)
{
	const struct model_frame f = model_frame_parse(frame, len);

	if (model_frame_l4_csum(frame, &f) != MODEL_CSUM_GOOD || f.proto == MODEL_PROTO_SCTP)
		return;
	hdr->flags = VDEV_HDR_F_NEEDS_CSUM;
	hdr->csum_start = fn_cpu_to_le16((uint16_t)f.l4);
	hdr->csum_offset = fn_cpu_to_le16((uint16_t)model_l4_csum_offset(f.proto));
	model_put_be16(frame + f.l4 + model_l4_csum_offset(f.proto),
		       model_pseudo_sum(frame, &f, f.l4_bytes));
}

/* The header that an honest device writes; the frame may change with it. */
static struct virtio_dev_hdr header(const struct virtio_dev *vd, uint8_t *frame, uint32_t len)
{
	const struct model_frame f = model_frame_parse(frame, len);
	struct virtio_dev_hdr hdr = { 0 };
	uint16_t report = 0;

	if (vd->accepted & VDEV_F_GUEST_CSUM) {
		if (vd->rx_csum == VIRTIO_DEV_RX_PARTIAL)
			partial_csum(&hdr, frame, len);
		else if (vd->rx_csum == VIRTIO_DEV_RX_CHECK && f.proto != MODEL_PROTO_SCTP &&
			 model_frame_l4_csum(frame, &f) == MODEL_CSUM_GOOD)
			hdr.flags = VDEV_HDR_F_DATA_VALID;
	}
	if (vd->accepted & VDEV_F_HASH_REPORT) {
		hdr.hash_value = fn_cpu_to_le32(virtio_dev_hash(vd, frame, len, &report));
		hdr.hash_report = fn_cpu_to_le16(report);
	}
	return hdr;
}

static void check_buf(struct virtio_dev *vd, const struct virtio_dev_buf *buf)
{
	if (virtio_dev_buf_bytes(buf, false))
		virtio_dev_violation(vd, "a receive buffer with something to read (5.1.6.3)");
	if (virtio_dev_buf_bytes(buf, true) < virtio_dev_hdr_bytes(vd))
		virtio_dev_violation(vd,
				     "a receive buffer without room for the header (5.1.6.3.1)");
}

/* As virtio_dev_receive_write(); @whole: the buffer is full. */
static int receive_write(struct virtio_dev *vd, unsigned pair, const uint8_t *frame, uint32_t len,
			 bool *whole)
{
	const unsigned queue = VDEV_RXQ(pair);
	struct virtio_dev_queue *q = &vd->queues[queue];
	static uint8_t copy[MODEL_FRAME_MAX];
	const uint32_t hdr_bytes = virtio_dev_hdr_bytes(vd);
	const struct virtio_dev_mark mark = virtio_dev_mark(q);
	struct virtio_dev_hdr hdr;
	static struct virtio_dev_buf buf;

	if (virtio_dev_take(vd, queue, &buf) < 0)
		return -ENOBUFS;
	check_buf(vd, &buf);
	if (len + hdr_bytes > virtio_dev_buf_bytes(&buf, true)) {
		virtio_dev_rewind(q, mark);
		return -EMSGSIZE;
	}
	memcpy(copy, frame, len);
	/*
	 * An honest device sets num_buffers to 1 (5.1.6.4.1); a driver that negotiated nothing of
	 * the header must not look at it, and gets all of it wrong.
	 */
	if (vd->accepted & HDR_FEATURES)
		hdr = header(vd, copy, len);
	else
		memset(&hdr, 0xee, sizeof(hdr));
	if (vd->accepted & HDR_FEATURES)
		hdr.num_buffers = fn_cpu_to_le16(1);
	if (!virtio_dev_scatter(vd, &buf, 0, &hdr, hdr_bytes) ||
	    !virtio_dev_scatter(vd, &buf, hdr_bytes, copy, len))
		return -ENOBUFS;
	*whole = len + hdr_bytes == virtio_dev_buf_bytes(&buf, true);
	return buf.id;
}

int virtio_dev_receive_write(struct virtio_dev *vd, unsigned pair, const uint8_t *frame,
			     uint32_t len)
{
	bool whole;

	return receive_write(vd, pair, frame, len, &whole);
}

/* One buffer for all, without VDEV_F_MRG_RXBUF or as long as one is enough. */
static int receive_one(struct virtio_dev *vd, unsigned queue, const uint8_t *bytes, uint32_t len)
{
	struct virtio_dev_queue *q = &vd->queues[queue];
	const struct virtio_dev_mark mark = virtio_dev_mark(q);
	static struct virtio_dev_buf buf;

	if (virtio_dev_take(vd, queue, &buf) < 0)
		return -ENOBUFS;
	check_buf(vd, &buf);
	if (len > virtio_dev_buf_bytes(&buf, true)) {
		virtio_dev_rewind(q, mark);
		return -EMSGSIZE;
	}
	if (!virtio_dev_scatter(vd, &buf, 0, bytes, len))
		return -ENOBUFS;
	virtio_dev_used_batch(vd, queue, buf.id, len, len == virtio_dev_buf_bytes(&buf, true));
	virtio_dev_publish(vd, queue);
	return 0;
}

/* 5.1.6.4.1: all buffers but the last are filled, and shown together. */
static int receive_merged(struct virtio_dev *vd, unsigned queue, uint8_t *bytes, uint32_t len,
			  bool count)
{
	static struct virtio_dev_buf bufs[MERGE_MAX];
	struct virtio_dev_queue *q = &vd->queues[queue];
	const struct virtio_dev_mark mark = virtio_dev_mark(q);
	struct virtio_dev_hdr *hdr = (void *)bytes;
	uint32_t room = 0;
	uint32_t off = 0;
	unsigned n = 0;

	while (room < len) {
		if (n == MERGE_MAX || virtio_dev_take(vd, queue, &bufs[n]) < 0) {
			virtio_dev_rewind(q, mark);
			return -ENOBUFS;
		}
		check_buf(vd, &bufs[n]);
		room += virtio_dev_buf_bytes(&bufs[n++], true);
	}
	if (count)
		hdr->num_buffers = fn_cpu_to_le16((uint16_t)n);
	for (unsigned i = 0; i < n; i++) {
		const uint32_t all = virtio_dev_buf_bytes(&bufs[i], true);
		const uint32_t part = len - off < all ? len - off : all;

		if (!virtio_dev_scatter(vd, &bufs[i], 0, bytes + off, part))
			return -ENOBUFS;
		virtio_dev_used_batch(vd, queue, bufs[i].id, part, part == all);
		off += part;
	}
	q->coal_n -= n - 1;
	virtio_dev_publish(vd, queue);
	return 0;
}

int virtio_dev_receive_hdr(struct virtio_dev *vd, unsigned pair, const struct virtio_dev_hdr *hdr,
			   const uint8_t *frame, uint32_t len)
{
	static _Alignas(8) uint8_t bytes[MODEL_FRAME_MAX + sizeof(*hdr)];
	const uint32_t hdr_bytes = virtio_dev_hdr_bytes(vd);
	const bool count = !fn_le16_to_cpu(hdr->num_buffers);
	struct virtio_dev_hdr own = *hdr;

	if (count)
		own.num_buffers = fn_cpu_to_le16(1);
	memcpy(bytes, &own, hdr_bytes);
	memcpy(bytes + hdr_bytes, frame, len);
	return vd->accepted & VDEV_F_MRG_RXBUF ?
		       receive_merged(vd, VDEV_RXQ(pair), bytes, len + hdr_bytes, count) :
		       receive_one(vd, VDEV_RXQ(pair), bytes, len + hdr_bytes);
}

int virtio_dev_receive(struct virtio_dev *vd, unsigned pair, const uint8_t *frame, uint32_t len)
{
	static uint8_t copy[MODEL_FRAME_MAX];
	struct virtio_dev_hdr hdr;
	bool whole;
	int id;

	if (vd->accepted & HDR_FEATURES) {
		memcpy(copy, frame, len);
		hdr = header(vd, copy, len);
		return virtio_dev_receive_hdr(vd, pair, &hdr, copy, len);
	}
	id = receive_write(vd, pair, frame, len, &whole);
	if (id < 0)
		return id;
	virtio_dev_used_batch(vd, VDEV_RXQ(pair), (uint32_t)id, len + virtio_dev_hdr_bytes(vd),
			      whole);
	virtio_dev_publish(vd, VDEV_RXQ(pair));
	return 0;
}

int virtio_dev_wire_in(struct virtio_dev *vd, const uint8_t *frame, uint32_t len)
{
	unsigned pair;
	int ret;

	if (!(vd->status & VDEV_STATUS_DRIVER_OK) || model_dev_idle(&vd->md))
		return -ENETDOWN;
	if (!virtio_dev_wants(vd, frame, len)) {
		vd->filtered++;
		return -EPERM;
	}
	pair = virtio_dev_pair_of(vd, frame, len);
	ret = virtio_dev_receive(vd, pair, frame, len);
	if (ret)
		vd->dropped++;
	return ret ? ret : (int)pair;
}
