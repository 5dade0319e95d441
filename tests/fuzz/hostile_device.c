// SPDX-License-Identifier: BSD-3-Clause
/* What a virtio-net device does that means harm: each lie that it can tell, at random. */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "fuzz/hostile.h"
#include "model/model_build.h"

/* Ring sizes that a device may offer, and those that it may not. */
static const uint32_t ring_sizes[] = { 16, 64, 256, 1024 };

/* A number that is right, at an edge, or anything. */
static uint32_t number(struct hostile *h, uint32_t right)
{
	switch (hostile_below(h, 8)) {
	case 0:
		return UINT32_MAX;
	case 1:
		return 0xffff;
	case 2:
		return right + 1;
	case 3:
		return right - 1;
	case 4:
		return right | 0x10000;
	case 5:
		return (uint32_t)hostile_random(h);
	default:
		return right;
	}
}

/* A data queue that the driver has enabled, or -1. */
static int any_queue(struct hostile *h)
{
	const unsigned queue = hostile_below(h, 2 * HOSTILE_QUEUES);

	return h->vd.queues[queue].enabled ? (int)queue : -1;
}

static uint32_t any_frame(struct hostile *h, uint8_t *frame)
{
	static const uint8_t protos[] = { MODEL_PROTO_TCP, MODEL_PROTO_UDP };
	const struct model_build b = { .dst = { 0x52, 0x54, 0x00, 0x12, 0x34, 0x56 },
				       .vlan = (uint16_t)hostile_below(h, 4),
				       .ip = hostile_below(h, 2) ? 4 : 6,
				       .proto = protos[hostile_below(h, 2)],
				       .sport = (uint16_t)hostile_below(h, 64),
				       .dport = 9,
				       .payload = hostile_below(h, 8) ? hostile_below(h, 1400) :
									hostile_below(h, 9000),
				       .seq = hostile_below(h, 1000),
				       .bad_l4 = !hostile_below(h, 4) };

	return model_build(frame, &b);
}

/* Honest work, so that lies meet a ring that is in use. */

static void receive(struct hostile *h)
{
	static uint8_t frame[MODEL_FRAME_MAX];
	const uint32_t len = any_frame(h, frame);
	unsigned n = hostile_below(h, 8);

	h->vd.rx_csum = (enum virtio_dev_rx_csum)hostile_below(h, 3);
	while (n--)
		if (virtio_dev_receive(&h->vd, hostile_below(h, HOSTILE_QUEUES), frame, len))
			break;
}

static void transmit(struct hostile *h)
{
	(void)virtio_dev_transmit(&h->vd, hostile_below(h, HOSTILE_QUEUES), hostile_below(h, 40));
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

		if (virtio_dev_take(&h->vd, (unsigned)queue, &buf))
			break;
		ids[n++] = buf.id;
	}
	while (n) {
		const unsigned i = hostile_below(h, n);

		virtio_dev_used(&h->vd, (unsigned)queue, ids[i], 12 + hostile_below(h, 1500));
		ids[i] = ids[--n];
	}
	if (queue >= 0)
		virtio_dev_publish(&h->vd, (unsigned)queue);
}

/* Whether the application finds the queue broken, as it must. */
static void must_be_broken(struct hostile *h, unsigned queue)
{
	const unsigned pair = queue / 2;
	int status;

	if (!h->clean || !h->started || pair >= (queue & 1 ? h->txqs : h->rxqs))
		return;
	hostile_app_drain(h);
	status = queue & 1 ? fn_txq_status(fn_dev_txq(h->dev, pair)) :
			     fn_rxq_status(fn_dev_rxq(h->dev, pair));
	if (status != -EIO && status != -ENODEV)
		hostile_fail(h, "%s queue %u took an id that it cannot have (status %d)",
			     queue & 1 ? "transmit" : "receive", pair, status);
}

static bool runs(struct hostile *h, unsigned queue)
{
	const unsigned pair = queue / 2;

	if (!h->started || pair >= (queue & 1 ? h->txqs : h->rxqs))
		return false;
	return !(queue & 1 ? fn_txq_status(fn_dev_txq(h->dev, pair)) :
			     fn_rxq_status(fn_dev_rxq(h->dev, pair)));
}

/*
 * Whether an id that is @beyond the ring must break its queue, and now. One below may be one that
 * the device has. Of an in-order device not every id is looked at: what lies within a batch follows
 * from the index alone (2.7.9). And in front of a lie to a queue with mergeable buffers a frame may
 * stand that is not complete, by a header that this device never wrote.
 */
static bool judged(const struct hostile *h, bool tx, bool beyond)
{
	const uint64_t skips = VIRTIO_F_IN_ORDER | (tx ? 0 : VDEV_F_MRG_RXBUF);

	return beyond && !model_dev_idle(&h->vd.md) && !(h->vd.accepted & skips);
}

static void used(struct hostile *h)
{
	const int queue = any_queue(h);
	struct virtio_dev_queue *q;
	uint32_t id;

	if (queue < 0)
		return;
	q = &h->vd.queues[queue];
	id = number(h, hostile_below(h, q->size));
	virtio_dev_used(&h->vd, (unsigned)queue, id, number(h, 12 + hostile_below(h, 1500)));
	if (judged(h, queue & 1, id >= q->size) && runs(h, (unsigned)queue)) {
		virtio_dev_publish(&h->vd, (unsigned)queue);
		must_be_broken(h, (unsigned)queue);
	} else if (hostile_below(h, 4)) {
		virtio_dev_publish(&h->vd, (unsigned)queue);
	}
}

static void repeat(struct hostile *h)
{
	const int queue = any_queue(h);
	const uint32_t id = hostile_below(h, 64);

	if (queue < 0)
		return;
	virtio_dev_used(&h->vd, (unsigned)queue, id, 200);
	virtio_dev_used(&h->vd, (unsigned)queue, id, 200);
	virtio_dev_publish(&h->vd, (unsigned)queue);
}

static void used_idx(struct hostile *h)
{
	const int queue = any_queue(h);

	h->clean = false;
	if (queue >= 0)
		virtio_dev_used_idx(&h->vd, (unsigned)queue,
				    (uint16_t)number(h, h->vd.queues[queue].used_pos));
}

/* A header whose fields are anything, in front of a frame. */
static void header(struct hostile *h)
{
	static uint8_t frame[MODEL_FRAME_MAX];
	const uint32_t len = any_frame(h, frame);
	struct virtio_dev_hdr hdr = {
		.flags = (uint8_t)number(h, 1),
		.gso_type = (uint8_t)number(h, 0),
		.hdr_len = fn_cpu_to_le16((uint16_t)number(h, 0)),
		.gso_size = fn_cpu_to_le16((uint16_t)number(h, 0)),
		.csum_start = fn_cpu_to_le16((uint16_t)number(h, 34)),
		.csum_offset = fn_cpu_to_le16((uint16_t)number(h, 16)),
		.num_buffers = fn_cpu_to_le16((uint16_t)number(h, hostile_below(h, 4))),
		.hash_value = fn_cpu_to_le32((uint32_t)hostile_random(h)),
		.hash_report = fn_cpu_to_le16((uint16_t)number(h, 1)),
	};

	/* A frame that never ends keeps what lies behind it from being judged. */
	h->clean = false;
	(void)virtio_dev_receive_hdr(&h->vd, hostile_below(h, HOSTILE_QUEUES), &hdr, frame,
				     hostile_below(h, 3) ? len : hostile_below(h, len));
}

/* It can write wherever memory is mapped: rings, headers, the data of packets. */
static void scribble(struct hostile *h)
{
	const struct model_map *map;
	size_t bytes = 1 + hostile_below(h, 64);
	size_t at;

	if (!h->vd.md.maps_n || !h->vd.md.master)
		return;
	h->clean = false;
	map = &h->vd.md.maps[hostile_below(h, h->vd.md.maps_n)];
	at = hostile_random(h) % (map->len - bytes);
	/* Rings lie at the beginning of the arena: there it hurts. */
	if (hostile_below(h, 2))
		at = hostile_below(h, 16384);
	while (bytes--)
		map->va[at++] = hostile_below(h, 3) ? (uint8_t)hostile_random(h) : 0xff;
}

/* One ring, in one of its parts. */
static void scribble_ring(struct hostile *h)
{
	const unsigned queue = hostile_below(h, VIRTIO_DEV_QUEUES);
	struct virtio_dev_queue *q = &h->vd.queues[queue];
	const uint64_t parts[] = { q->desc, q->driver, q->device };
	uint8_t *at;

	if (!q->enabled || !h->vd.md.master)
		return;
	h->clean = false;
	at = virtio_dev_at(&h->vd, parts[hostile_below(h, 3)] + 2 * (uint64_t)hostile_below(h, 64),
			   8);
	for (unsigned i = 0; at && i < 8; i++)
		at[i] = (uint8_t)hostile_random(h);
}

static void configuration(struct hostile *h)
{
	uint8_t *bytes = (uint8_t *)&h->vd.config;

	h->lied = true;
	bytes[hostile_below(h, sizeof(h->vd.config))] = (uint8_t)number(h, hostile_below(h, 256));
	h->vd.generation_runs = !hostile_below(h, 8);
	if (hostile_below(h, 2) && h->vd.md.master)
		virtio_dev_config_changed(&h->vd);
}

static void control(struct hostile *h)
{
	const unsigned queue = virtio_dev_ctrl_queue(&h->vd);

	h->vd.ctrl_ack = (uint8_t)number(h, hostile_below(h, 2));
	h->vd.ctrl_dumb = !hostile_below(h, 4);
	if (queue >= VIRTIO_DEV_QUEUES || !h->vd.queues[queue].enabled || !h->vd.md.master)
		return;
	/* An answer to nothing. */
	if (!hostile_below(h, 3)) {
		virtio_dev_used(&h->vd, queue, number(h, 0), number(h, 1));
		virtio_dev_publish(&h->vd, queue);
	}
	if (!hostile_below(h, 4))
		virtio_dev_used_idx(&h->vd, queue,
				    (uint16_t)number(h, h->vd.queues[queue].used_pos));
}

/* What it offers and takes changes under the driver's feet, until the next honest moment. */
static void promises(struct hostile *h)
{
	struct virtio_dev *vd = &h->vd;

	h->lied = true;
	switch (hostile_below(h, 7)) {
	case 0:
		vd->offered ^= 1ull << hostile_below(h, 64);
		break;
	case 1:
		vd->refuse_features = !vd->refuse_features;
		break;
	case 2:
		vd->num_queues = (uint16_t)number(h, hostile_below(h, 12));
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
		vd->status |= VIRTIO_STATUS_DEVICE_NEEDS_RESET;
		break;
	}
}

static void registers(struct hostile *h)
{
	static const unsigned rates[] = { 0, 0, 0, 2, 16, 128 };

	h->reg_lies = rates[hostile_below(h, FN_ARRAY_LEN(rates))];
	h->lied = h->lied || h->reg_lies;
	h->clean = h->clean && !h->reg_lies;
}

static void interrupt(struct hostile *h)
{
	if (!h->vd.md.master)
		return;
	model_dev_signal(&h->vd.md, hostile_below(h, MODEL_VECTORS));
	if (!hostile_below(h, 64))
		model_dev_error(&h->vd.md);
}

static void vanish(struct hostile *h)
{
	if (hostile_below(h, 64))
		return;
	if (hostile_below(h, 2))
		h->vd.md.gone = true;
	else
		model_dev_request(&h->vd.md);
}

static void honest_again(struct hostile *h)
{
	hostile_device_honest(h);
}

void hostile_device(struct hostile *h)
{
	/* By how often: honest work comes first, or nothing would be in the rings. */
	static void (*const deeds[])(struct hostile *) = {
		receive,  receive,   receive,   receive,  receive,       receive, transmit,
		transmit, transmit,  transmit,  used,     used,          repeat,  reorder,
		used_idx, header,    header,    scribble, scribble_ring, control, configuration,
		promises, registers, interrupt, vanish,   honest_again,
	};
	const unsigned deed = hostile_below(h, FN_ARRAY_LEN(deeds));

	hostile_note(h, deed);
	deeds[deed](h);
}

void hostile_device_begin(struct hostile *h)
{
	struct virtio_dev *vd = &h->vd;

	virtio_dev_init(vd);
	vd->offered |= VIRTIO_DEV_F_ALL | VIRTIO_F_IN_ORDER;
	/* Of what can be done without, each device offers another half. */
	vd->offered &= hostile_random(h) | VIRTIO_F_VERSION_1 | VIRTIO_F_ACCESS_PLATFORM;
	vd->config.max_virtqueue_pairs = fn_cpu_to_le16(HOSTILE_QUEUES);
	vd->num_queues = 2 * HOSTILE_QUEUES + 1;
	vd->md.busdev.irqs = 1 + hostile_below(h, 12);
	vd->md.events = true;
	for (unsigned i = 0; i < VIRTIO_DEV_QUEUES; i++)
		vd->queues[i].size_max = ring_sizes[hostile_below(h, 4)];
	h->honest = *vd;
	model_dev_plug(&vd->md, 3);
}

void hostile_device_honest(struct hostile *h)
{
	struct virtio_dev *vd = &h->vd;
	const struct virtio_dev *was = &h->honest;

	h->lied = false;
	h->reg_lies = 0;
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
	vd->status &= (uint8_t)~VIRTIO_STATUS_DEVICE_NEEDS_RESET;
	for (unsigned i = 0; i < VIRTIO_DEV_QUEUES; i++)
		vd->queues[i].size_max = was->queues[i].size_max;
}
