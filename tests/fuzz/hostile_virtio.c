// SPDX-License-Identifier: BSD-3-Clause
/* What a virtio-net device does that means harm: each lie that it can tell, at random. */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "fuzz/hostile.h"
#include "model/model_build.h"
#include "model/virtio_dev.h"

#define PAIRS 4u /* queue pairs of the device */

/* The device; and as it was at first. */
static struct {
	struct virtio_dev vd;
	struct virtio_dev honest;
} own;

/* Ring sizes that a device may offer, and those that it may not. */
static const uint32_t ring_sizes[] = { 16, 64, 256, 1024 };

/* A data queue that the driver has enabled, or -1. */
static int any_queue(struct hostile *h)
{
	const unsigned queue = hostile_below(h, 2 * PAIRS);

	return own.vd.queues[queue].enabled ? (int)queue : -1;
}

/* Honest work, so that lies meet a ring that is in use. */

static void receive(struct hostile *h)
{
	static uint8_t frame[MODEL_FRAME_MAX];
	const uint32_t len = hostile_frame(h, frame);
	unsigned n = hostile_below(h, 8);

	own.vd.rx_csum = (enum virtio_dev_rx_csum)hostile_below(h, 3);
	while (n--)
		if (virtio_dev_receive(&own.vd, hostile_below(h, PAIRS), frame, len))
			break;
}

static void transmit(struct hostile *h)
{
	(void)virtio_dev_transmit(&own.vd, hostile_below(h, PAIRS), hostile_below(h, 40));
}

/* Lies. */

/* Several buffers handed back in another order than they were posted. */
static void reorder(struct hostile *h)
{
	const int queue = any_queue(h);
	uint16_t ids[8];
	unsigned n = 0;

	while (queue >= 0 && n < 8) {
		static struct virtio_dev_buf buf;

		if (virtio_dev_take(&own.vd, (unsigned)queue, &buf))
			break;
		ids[n++] = buf.id;
	}
	while (n) {
		const unsigned i = hostile_below(h, n);

		virtio_dev_used(&own.vd, (unsigned)queue, ids[i], 12 + hostile_below(h, 1500));
		ids[i] = ids[--n];
	}
	if (queue >= 0)
		virtio_dev_publish(&own.vd, (unsigned)queue);
}

/*
 * Whether an id that is @beyond the ring must break its queue, and now. One below may be one that
 * the device has. Of an in-order device not every id is looked at: what lies within a batch follows
 * from the index alone (2.7.9). And in front of a lie to a queue with mergeable buffers a frame may
 * stand that is not complete, by a header that this device never wrote.
 */
static bool judged(bool tx, bool beyond)
{
	const uint64_t skips = VDEV_F_IN_ORDER | (tx ? 0 : VDEV_F_MRG_RXBUF);

	return beyond && !model_dev_idle(&own.vd.md) && !(own.vd.accepted & skips);
}

static void used(struct hostile *h)
{
	const int queue = any_queue(h);
	struct virtio_dev_queue *q;
	uint32_t id;

	if (queue < 0)
		return;
	q = &own.vd.queues[queue];
	id = hostile_number(h, hostile_below(h, q->size));
	virtio_dev_used(&own.vd, (unsigned)queue, id,
			hostile_number(h, 12 + hostile_below(h, 1500)));
	if (judged(queue & 1, id >= q->size) &&
	    hostile_app_runs(h, queue & 1, (unsigned)queue / 2)) {
		virtio_dev_publish(&own.vd, (unsigned)queue);
		hostile_app_must_be_broken(h, queue & 1, (unsigned)queue / 2);
	} else if (hostile_below(h, 4)) {
		virtio_dev_publish(&own.vd, (unsigned)queue);
	}
}

static void repeat(struct hostile *h)
{
	const int queue = any_queue(h);
	const uint32_t id = hostile_below(h, 64);

	if (queue < 0)
		return;
	virtio_dev_used(&own.vd, (unsigned)queue, id, 200);
	virtio_dev_used(&own.vd, (unsigned)queue, id, 200);
	virtio_dev_publish(&own.vd, (unsigned)queue);
}

static void used_idx(struct hostile *h)
{
	const int queue = any_queue(h);

	h->clean = false;
	if (queue >= 0)
		virtio_dev_used_idx(&own.vd, (unsigned)queue,
				    (uint16_t)hostile_number(h, own.vd.queues[queue].used_pos));
}

/* A header whose fields are anything, in front of a frame. */
static void header(struct hostile *h)
{
	static uint8_t frame[MODEL_FRAME_MAX];
	const uint32_t len = hostile_frame(h, frame);
	struct virtio_dev_hdr hdr = {
		.flags = (uint8_t)hostile_number(h, 1),
		.gso_type = (uint8_t)hostile_number(h, 0),
		.hdr_len = fn_cpu_to_le16((uint16_t)hostile_number(h, 0)),
		.gso_size = fn_cpu_to_le16((uint16_t)hostile_number(h, 0)),
		.csum_start = fn_cpu_to_le16((uint16_t)hostile_number(h, 34)),
		.csum_offset = fn_cpu_to_le16((uint16_t)hostile_number(h, 16)),
		.num_buffers = fn_cpu_to_le16((uint16_t)hostile_number(h, hostile_below(h, 4))),
		.hash_value = fn_cpu_to_le32((uint32_t)hostile_random(h)),
		.hash_report = fn_cpu_to_le16((uint16_t)hostile_number(h, 1)),
	};

	/* A frame that never ends keeps what lies behind it from being judged. */
	h->clean = false;
	(void)virtio_dev_receive_hdr(&own.vd, hostile_below(h, PAIRS), &hdr, frame,
				     hostile_below(h, 3) ? len : hostile_below(h, len));
}

/* One ring, in one of its parts. */
static void scribble_ring(struct hostile *h)
{
	const unsigned queue = hostile_below(h, VIRTIO_DEV_QUEUES);
	struct virtio_dev_queue *q = &own.vd.queues[queue];
	const uint64_t parts[] = { q->desc, q->driver, q->device };
	uint8_t *at;

	if (!q->enabled || !own.vd.md.master)
		return;
	h->clean = false;
	at = virtio_dev_at(&own.vd, parts[hostile_below(h, 3)] + 2 * (uint64_t)hostile_below(h, 64),
			   8);
	for (unsigned i = 0; at && i < 8; i++)
		at[i] = (uint8_t)hostile_random(h);
}

static void configuration(struct hostile *h)
{
	uint8_t *bytes = (uint8_t *)&own.vd.config;

	h->lied = true;
	bytes[hostile_below(h, sizeof(own.vd.config))] =
		(uint8_t)hostile_number(h, hostile_below(h, 256));
	own.vd.generation_runs = !hostile_below(h, 8);
	if (hostile_below(h, 2) && own.vd.md.master)
		virtio_dev_config_changed(&own.vd);
}

static void control(struct hostile *h)
{
	const unsigned queue = virtio_dev_ctrl_queue(&own.vd);

	own.vd.ctrl_ack = (uint8_t)hostile_number(h, hostile_below(h, 2));
	own.vd.ctrl_dumb = !hostile_below(h, 4);
	if (queue >= VIRTIO_DEV_QUEUES || !own.vd.queues[queue].enabled || !own.vd.md.master)
		return;
	/* An answer to nothing. */
	if (!hostile_below(h, 3)) {
		virtio_dev_used(&own.vd, queue, hostile_number(h, 0), hostile_number(h, 1));
		virtio_dev_publish(&own.vd, queue);
	}
	if (!hostile_below(h, 4))
		virtio_dev_used_idx(&own.vd, queue,
				    (uint16_t)hostile_number(h, own.vd.queues[queue].used_pos));
}

/* What it offers and takes changes under the driver's feet, until the next honest moment. */
static void promises(struct hostile *h)
{
	struct virtio_dev *vd = &own.vd;

	h->lied = true;
	switch (hostile_below(h, 7)) {
	case 0:
		vd->offered ^= 1ull << hostile_below(h, 64);
		break;
	case 1:
		vd->refuse_features = !vd->refuse_features;
		break;
	case 2:
		vd->num_queues = (uint16_t)hostile_number(h, hostile_below(h, 12));
		break;
	case 3:
		vd->vectors_refused = (uint16_t)hostile_below(h, 8);
		break;
	case 4:
		vd->reset_polls = hostile_below(h, 4) ? hostile_below(h, 20) : UINT_MAX;
		break;
	case 5:
		vd->queues[hostile_below(h, VIRTIO_DEV_QUEUES)].size_max =
			hostile_below(h, 2) ? ring_sizes[hostile_below(h, 4)] : 0;
		break;
	default:
		vd->status |= VDEV_STATUS_DEVICE_NEEDS_RESET;
		break;
	}
}

static void deed(struct hostile *h)
{
	/* By how often: honest work comes first, or nothing would be in the rings. */
	static void (*const deeds[])(struct hostile *) = {
		receive,
		receive,
		receive,
		receive,
		receive,
		receive,
		transmit,
		transmit,
		transmit,
		transmit,
		used,
		used,
		repeat,
		reorder,
		used_idx,
		header,
		header,
		hostile_scribble,
		scribble_ring,
		control,
		configuration,
		promises,
		hostile_registers,
		hostile_interrupt,
		hostile_vanish,
		hostile_honest,
	};
	const unsigned i = hostile_below(h, FN_ARRAY_LEN(deeds));

	hostile_note(h, i);
	deeds[i](h);
}

static void begin(struct hostile *h)
{
	struct virtio_dev *vd = &own.vd;

	virtio_dev_init(vd);
	vd->offered |= VIRTIO_DEV_F_ALL | VDEV_F_IN_ORDER;
	/* Of what can be done without, each device offers another half. */
	vd->offered &= hostile_random(h) | VDEV_F_VERSION_1 | VDEV_F_ACCESS_PLATFORM;
	vd->config.max_virtqueue_pairs = fn_cpu_to_le16(PAIRS);
	vd->num_queues = 2 * PAIRS + 1;
	vd->md.busdev.irqs = 1 + hostile_below(h, 12);
	vd->md.events = true;
	for (unsigned i = 0; i < VIRTIO_DEV_QUEUES; i++)
		vd->queues[i].size_max = ring_sizes[hostile_below(h, 4)];
	own.honest = *vd;
	h->md = &vd->md;
	model_dev_plug(&vd->md, 3);
}

static void honest(struct hostile *h)
{
	struct virtio_dev *vd = &own.vd;
	const struct virtio_dev *was = &own.honest;

	(void)h;
	vd->offered = was->offered;
	vd->refuse_features = false;
	vd->num_queues = was->num_queues;
	vd->vectors_refused = was->vectors_refused;
	vd->reset_polls = 0;
	vd->resetting = 0;
	vd->generation_runs = false;
	vd->config = was->config;
	vd->ctrl_ack = VDEV_OK;
	vd->ctrl_dumb = false;
	vd->status &= (uint8_t)~VDEV_STATUS_DEVICE_NEEDS_RESET;
	for (unsigned i = 0; i < VIRTIO_DEV_QUEUES; i++)
		vd->queues[i].size_max = was->queues[i].size_max;
}

/* Queues take turns: the device steers by what it was told, and here it is put past that. */
static int receive_flow(struct hostile *h, unsigned flow)
{
	static uint8_t frame[MODEL_FRAME_MAX];
	const struct model_build b = { .ip = 4, .proto = MODEL_PROTO_UDP, .payload = 100 };
	const unsigned pair = flow % h->rxqs;
	const int ret = virtio_dev_receive(&own.vd, pair, frame, model_build(frame, &b));

	return ret ? ret : (int)pair;
}

static void transmit_all(struct hostile *h, unsigned queue)
{
	(void)h;
	(void)virtio_dev_transmit(&own.vd, queue, 1000);
}

const struct hostile_kind hostile_virtio_net = {
	.name = "virtio-net",
	.begin = begin,
	.deed = deed,
	.honest = honest,
	.receive = receive_flow,
	.transmit = transmit_all,
};
