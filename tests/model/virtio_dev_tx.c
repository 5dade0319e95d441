// SPDX-License-Identifier: BSD-3-Clause
/* What the virtio model does with a frame to be sent (virtio 1.2 5.1.6.2). */
#include <errno.h>
#include <string.h>

#include "model/virtio_dev_ring.h"

#define OFFLOADS (VDEV_F_CSUM | VDEV_F_HOST_TSO4 | VDEV_F_HOST_TSO6)

struct out {
	struct virtio_dev *vd;
	unsigned pair;
};

static void emit(void *arg, const uint8_t *frame, uint32_t len)
{
	const struct out *out = arg;

	if (out->vd->sent)
		out->vd->sent(out->vd->sent_arg, out->pair, frame, len);
}

/* 5.1.6.2.1: what a driver may ask for, by what was negotiated. */
static bool hdr_allowed(struct virtio_dev *vd, const struct virtio_dev_hdr *hdr, uint32_t len)
{
	const uint32_t start = fn_le16_to_cpu(hdr->csum_start);
	const uint32_t offset = fn_le16_to_cpu(hdr->csum_offset);
	const unsigned gso = hdr->gso_type & ~VDEV_HDR_GSO_ECN;
	const unsigned violations = vd->md.violations;

	if (fn_le16_to_cpu(hdr->num_buffers))
		virtio_dev_violation(vd, "num_buffers of a frame to be sent is not 0 (5.1.6.2.1)");
	if (hdr->flags & ~VDEV_HDR_F_NEEDS_CSUM)
		virtio_dev_violation(vd, "a flag that a driver must not set (5.1.6.2.1)");
	if (hdr->flags && !(vd->accepted & VDEV_F_CSUM))
		virtio_dev_violation(vd,
				     "a checksum offload without VIRTIO_NET_F_CSUM (5.1.6.2.1)");
	if ((hdr->flags & VDEV_HDR_F_NEEDS_CSUM) && (start < 14 || start + offset + 2 > len))
		virtio_dev_violation(vd, "a checksum that lies outside of the frame (5.1.6.2.1)");
	if ((gso == VDEV_HDR_GSO_TCPV4 && !(vd->accepted & VDEV_F_HOST_TSO4)) ||
	    (gso == VDEV_HDR_GSO_TCPV6 && !(vd->accepted & VDEV_F_HOST_TSO6)) ||
	    (gso && gso != VDEV_HDR_GSO_TCPV4 && gso != VDEV_HDR_GSO_TCPV6))
		virtio_dev_violation(vd, "a segmentation that was not negotiated (5.1.6.2.1)");
	if ((hdr->gso_type & VDEV_HDR_GSO_ECN) && !(vd->accepted & VDEV_F_HOST_ECN))
		virtio_dev_violation(vd, "GSO_ECN without VIRTIO_NET_F_HOST_ECN (5.1.6.2.1)");
	if (gso && !(hdr->flags & VDEV_HDR_F_NEEDS_CSUM))
		virtio_dev_violation(vd, "segmentation without NEEDS_CSUM (5.1.6.2.1)");
	if (gso && !fn_le16_to_cpu(hdr->gso_size))
		virtio_dev_violation(vd, "segmentation without a segment size (5.1.6.2.1)");
	return violations == vd->md.violations;
}

/* 5.1.4.2: with VIRTIO_NET_F_MTU no longer frame than the MTU and the Ethernet header, tags too. */
static void check_len(struct virtio_dev *vd, const struct model_frame *f, uint32_t len)
{
	if ((vd->accepted & VDEV_F_MTU) &&
	    len > fn_le16_to_cpu(vd->config.mtu) + 14u + 4u * f->tags)
		virtio_dev_violation(vd, "a frame that is longer than the MTU allows (5.1.4.2)");
}

/* 5.1.6.2: the device finishes the sum that the driver has seeded with the pseudo header's. */
static void finish_csum(struct virtio_dev *vd, const struct virtio_dev_hdr *hdr, uint8_t *frame,
			uint32_t len, const struct model_frame *f)
{
	const uint32_t start = fn_le16_to_cpu(hdr->csum_start);
	uint8_t *field = frame + start + fn_le16_to_cpu(hdr->csum_offset);
	uint32_t end = len;

	if (!f->l4_hdr || start != f->l4 ||
	    fn_le16_to_cpu(hdr->csum_offset) != model_l4_csum_offset(f->proto))
		virtio_dev_violation(vd,
				     "csum_start or csum_offset is not a checksum's (5.1.6.2.1)");
	else
		end = f->l4 + f->l4_bytes; /* what pads the frame adds nothing, if it is zeros */
	for (uint32_t i = end; i < len; i++)
		if (frame[i])
			virtio_dev_violation(vd, "a frame is padded with other than zeros");
	model_put_be16(field, (uint16_t)~model_sum(frame + start, len - start, 0));
	if (f->proto == MODEL_PROTO_UDP && !model_be16(field))
		model_put_be16(field, 0xffff);
	if (f->l4_hdr && model_frame_l4_csum(frame, f) == MODEL_CSUM_BAD)
		virtio_dev_violation(
			vd, "the checksum does not start as the pseudo header's (5.1.6.2.1)");
}

static void segment(struct virtio_dev *vd, struct out *out, const struct virtio_dev_hdr *hdr,
		    const uint8_t *frame, uint32_t len, const struct model_frame *f)
{
	const unsigned gso = hdr->gso_type & ~VDEV_HDR_GSO_ECN;

	if (f->ip != (gso == VDEV_HDR_GSO_TCPV4 ? 4 : 6) || f->proto != MODEL_PROTO_TCP ||
	    !f->l4_hdr || fn_le16_to_cpu(hdr->csum_start) != f->l4) {
		virtio_dev_violation(vd, "segmentation of a frame that is none of TCP (5.1.6.2)");
		return;
	}
	if (fn_le16_to_cpu(hdr->hdr_len) < f->l4 + f->l4_hdr)
		virtio_dev_violation(vd, "hdr_len is shorter than the headers (5.1.6.2.1)");
	if (model_be16(frame + f->l4 + 16) != model_pseudo_sum(frame, f, len - f->l4))
		virtio_dev_violation(
			vd, "the checksum does not start as the pseudo header's (5.1.6.2.1)");
	(void)model_tso(frame, len, f->l4 + f->l4_hdr, fn_le16_to_cpu(hdr->gso_size), emit, out);
}

static void send_frame(struct virtio_dev *vd, unsigned pair, const struct virtio_dev_hdr *hdr,
		       uint8_t *frame, uint32_t len)
{
	const struct model_frame f = model_frame_parse(frame, len);
	struct out out = { vd, pair };

	if (!hdr_allowed(vd, hdr, len))
		return;
	virtio_dev_learn(vd, pair, frame, len);
	if (vd->sent_raw) {
		vd->sent_raw(vd->sent_arg, pair, hdr, frame, len);
		return;
	}
	if (hdr->gso_type) {
		segment(vd, &out, hdr, frame, len, &f);
		return;
	}
	check_len(vd, &f, len);
	if (hdr->flags & VDEV_HDR_F_NEEDS_CSUM)
		finish_csum(vd, hdr, frame, len, &f);
	emit(&out, frame, len);
}

int virtio_dev_transmit_take(struct virtio_dev *vd, unsigned pair)
{
	static uint8_t bytes[MODEL_FRAME_MAX + sizeof(struct virtio_dev_hdr)];
	static const struct virtio_dev_hdr zeros;
	const uint32_t hdr_bytes = virtio_dev_hdr_bytes(vd);
	struct virtio_dev_hdr hdr = { 0 };
	static struct virtio_dev_buf buf;
	int64_t len;

	if (virtio_dev_take(vd, VDEV_TXQ(pair), &buf) < 0)
		return -EAGAIN;
	if (virtio_dev_buf_bytes(&buf, true))
		virtio_dev_violation(vd, "a writable descriptor to be sent (5.1.6.2)");
	if (pair && pair >= (vd->rss.steer ? vd->rss.max_tx_vq : vd->pairs))
		virtio_dev_violation(vd, "a frame on a queue that is not in use (5.1.6.5.6.1)");
	len = virtio_dev_gather(vd, &buf, bytes, sizeof(bytes));
	if (len < 0) {
		virtio_dev_violation(vd, "a frame that cannot be read");
		return buf.id;
	}
	if (len <= hdr_bytes ||
	    (!(vd->accepted & OFFLOADS) && memcmp(bytes, &zeros, hdr_bytes) != 0)) {
		virtio_dev_violation(vd, "a frame without a virtio_net_hdr of zeros (5.1.6.2)");
		return buf.id;
	}
	memcpy(&hdr, bytes, hdr_bytes);
	send_frame(vd, pair, &hdr, bytes + hdr_bytes, (uint32_t)len - hdr_bytes);
	return buf.id;
}

/* Frames that are sent before their buffers come back. */
#define TX_TOGETHER 256u

/* For how long a device in any order keeps some of them. */
#define TX_KEPT_NS 250000u

static unsigned send_some(struct virtio_dev *vd, unsigned pair, unsigned most, uint16_t *ids)
{
	unsigned n = 0;

	while (n < most && n < TX_TOGETHER) {
		const int id = virtio_dev_transmit_take(vd, pair);

		if (id < 0)
			break;
		ids[n++] = (uint16_t)id;
	}
	return n;
}

static void back(struct virtio_dev *vd, unsigned queue, const uint16_t *ids, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		virtio_dev_used_batch(vd, queue, ids[i], 0, true);
}

/* Time is up for those that a device in any order has kept. */
static void kept_back(void *arg, uint64_t queue)
{
	struct virtio_dev *vd = arg;
	struct virtio_dev_queue *q = &vd->queues[queue];
	const unsigned n = q->kept_n;

	if (!n || vd->md.gone || vd->md.stuck)
		return;
	q->kept_n = 0;
	back(vd, (unsigned)queue, q->kept, n);
	virtio_dev_publish(vd, (unsigned)queue);
}

/* What was sent comes back; in any order some of it a little later than what was sent behind it. */
static void give_back(struct virtio_dev *vd, unsigned queue, uint16_t *ids, unsigned n)
{
	struct virtio_dev_queue *q = &vd->queues[queue];

	if (vd->returns == VIRTIO_DEV_ANY_ORDER && n) {
		for (unsigned i = 0; i < n; i++) {
			const unsigned other = i + virtio_dev_random(vd, n - i);
			const uint16_t id = ids[i];

			ids[i] = ids[other];
			ids[other] = id;
		}
		while (n && q->kept_n < VIRTIO_DEV_KEPT)
			q->kept[q->kept_n++] = ids[--n];
		model_clock_after(vd->md.clock, TX_KEPT_NS, kept_back, vd, queue);
	}
	back(vd, queue, ids, n);
}

unsigned virtio_dev_transmit(struct virtio_dev *vd, unsigned pair, unsigned most)
{
	uint16_t ids[TX_TOGETHER];
	unsigned sent = 0;
	unsigned n;

	while ((n = send_some(vd, pair, most - sent, ids)) != 0) {
		give_back(vd, VDEV_TXQ(pair), ids, n);
		sent += n;
	}
	if (sent)
		virtio_dev_publish(vd, VDEV_TXQ(pair));
	return sent;
}
