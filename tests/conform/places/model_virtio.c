// SPDX-License-Identifier: BSD-3-Clause
/* virtio-net of tests/model: a device and its wire in this process, with a clock of their own. */
#include <stdlib.h>
#include <string.h>

#include "conform/conform.h"
#include "conform/places/fifo.h"
#include "conform/places/model.h"
#include "conform/ref_csum.h"
#include "dev/dev.h"
#include "model/virtio_dev.h"

#define SLOT 3u

/**
 * struct world - a device and its wire
 * @vd: the device
 * @in: on the way to it
 * @out: on the way from it
 * @stalled: the wire takes nothing from it
 * @down: the cable is out
 * @drops: what finds no buffer is lost; else it waits in @in
 * @lost: frames that came to the device and not into a buffer
 * @dry: pairs that had no buffer for the frame at the front of @in, and have not been told of one
 *	since: their doorbells then
 */
struct world {
	struct virtio_dev vd;
	struct fifo in;
	struct fifo out;
	bool stalled;
	bool down;
	bool drops;
	uint64_t lost;
	struct {
		bool is;
		unsigned kicks;
	} dry[VIRTIO_DEV_QUEUES / 2];
};

static void sent(void *arg, unsigned pair, const uint8_t *frame, uint32_t len)
{
	struct world *w = arg;

	(void)pair;
	if (!fifo_put(&w->out, NULL, frame, len))
		virtio_dev_violation(&w->vd, "more frames than the test's wire holds");
}

static void model_begin(struct conform *c)
{
	const struct model_virtio *kind = c->place->arg;
	struct world *w = calloc(1, sizeof(*w));

	check(w);
	c->world = w;
	virtio_dev_init(&w->vd);
	w->vd.offered |= kind->more;
	w->vd.offered &= ~kind->less;
	w->vd.config.max_virtqueue_pairs = fn_cpu_to_le16(kind->pairs);
	w->vd.config.mtu = fn_cpu_to_le16(kind->mtu);
	w->vd.num_queues = (uint16_t)(2 * kind->pairs + 1);
	w->vd.md.busdev.irqs = kind->irqs;
	w->vd.md.events = true;
	w->vd.md.late_max_ns = kind->late_ns;
	w->vd.returns = kind->returns;
	w->drops = kind->drops;
	w->vd.auto_tx = true;
	w->vd.sent = sent;
	w->vd.sent_arg = w;
	model_dev_plug(&w->vd.md, SLOT);
}

static void model_end(struct conform *c, bool judge)
{
	struct world *w = c->world;
	const char *violation = w->vd.md.violation;
	const unsigned maps = w->vd.md.maps_n;

	model_dev_unplug(&w->vd.md);
	fifo_clear(&w->in);
	fifo_clear(&w->out);
	free(w);
	c->world = NULL;
	if (!judge)
		return;
	if (violation)
		conform_fail(c, __FILE__, __LINE__, "the driver did what it must not: %s",
			     violation);
	check_eq(maps, 0);
}

static int model_open(struct conform *c, struct fn_dev **dev)
{
	struct world *w = c->world;
	const struct fn_dev_opts opts = { .sz = sizeof(opts), .err = &c->err };

	return fn_dev_open_on(c->ctx, &model_bus, w->vd.md.busdev.name, &opts, dev);
}

static int model_send(struct conform *c, const struct wire_request *request, const void *frame,
		      size_t len)
{
	struct world *w = c->world;

	return fifo_put(&w->in, request, frame, len) ? 0 : -EAGAIN;
}

static size_t model_recv(struct conform *c, struct wire_request *request, void *buf, size_t bytes)
{
	struct world *w = c->world;

	return fifo_take(&w->out, request, buf, bytes);
}

static uint64_t model_now_ns(struct conform *c)
{
	const struct world *w = c->world;

	return w->vd.md.clock->now_ns;
}

/* What the sender asked for stands in the header for a driver that can do it, and else is done. */
static int receive_request(struct world *w, struct held *held)
{
	const struct wire_request *request = &held->request;
	struct virtio_dev_hdr hdr = { .flags = request->flags,
				      .csum_start = fn_cpu_to_le16(request->csum_start),
				      .csum_offset = fn_cpu_to_le16(request->csum_offset) };
	uint16_t report = 0;

	if (!(w->vd.accepted & VDEV_F_GUEST_CSUM)) {
		(void)ref_csum_request(held->data, held->len, request);
		held->request = (struct wire_request){ 0 };
		return virtio_dev_wire_in(&w->vd, held->data, held->len);
	}
	if (!(w->vd.status & VDEV_STATUS_DRIVER_OK))
		return -ENETDOWN;
	if (!virtio_dev_wants(&w->vd, held->data, held->len))
		return -EPERM;
	if (w->vd.accepted & VDEV_F_HASH_REPORT) {
		hdr.hash_value =
			fn_cpu_to_le32(virtio_dev_hash(&w->vd, held->data, held->len, &report));
		hdr.hash_report = fn_cpu_to_le16(report);
	}
	return virtio_dev_receive_hdr(&w->vd, virtio_dev_pair_of(&w->vd, held->data, held->len),
				      &hdr, held->data, held->len);
}

/*
 * A device that found no buffer looks again when a doorbell says that there is one (virtio 1.2
 * 2.7.10), and not before. True: the frame is gone, into a buffer or not.
 */
static bool receive(struct world *w, struct held *held)
{
	const unsigned pair = virtio_dev_pair_of(&w->vd, held->data, held->len);
	const unsigned kicks = w->vd.queues[VDEV_RXQ(pair)].kicks;
	int ret = -ENOBUFS;

	if (!w->dry[pair].is || w->dry[pair].kicks != kicks ||
	    !(w->vd.status & VDEV_STATUS_DRIVER_OK))
		ret = held->request.flags ? receive_request(w, held) :
					    virtio_dev_wire_in(&w->vd, held->data, held->len);
	w->dry[pair].is = ret == -ENOBUFS;
	w->dry[pair].kicks = kicks;
	if (ret == -ENOBUFS && !w->drops)
		return false;
	w->lost += ret < 0;
	return true;
}

/* A device that hands back in batches tells of what came in together; others frame by frame. */
static void hold(struct world *w, bool on)
{
	w->vd.hold = on && w->vd.returns == VIRTIO_DEV_BATCHES;
	for (unsigned i = 0; !on && 2 * i + 1 < w->vd.num_queues; i++)
		if (w->vd.queues[VDEV_RXQ(i)].batch.n)
			virtio_dev_publish(&w->vd, VDEV_RXQ(i));
}

/* The wire delivers while the device has room. The device sends when it is told to. */
static void model_wait(struct conform *c, uint64_t ns)
{
	struct world *w = c->world;

	model_clock_advance(w->vd.md.clock, ns);
	if (model_dev_idle(&w->vd.md) || w->down)
		return;
	hold(w, true);
	while (w->in.n && receive(w, fifo_front(&w->in)))
		fifo_drop(&w->in);
	hold(w, false);
}

/* Whether the device sends: what was told to it meanwhile goes out when it does again. */
static void set_sending(struct world *w)
{
	w->vd.auto_tx = !w->stalled && !w->down;
	for (unsigned i = 0; w->vd.auto_tx && 2 * i + 1 < w->vd.num_queues; i++)
		(void)virtio_dev_transmit(&w->vd, i, UINT32_MAX);
}

static void model_stall(struct conform *c, bool on)
{
	struct world *w = c->world;

	w->stalled = on;
	set_sending(w);
}

static uint64_t model_lost(struct conform *c)
{
	const struct world *w = c->world;

	return w->in.n + w->lost;
}

static void model_link(struct conform *c, bool up)
{
	struct world *w = c->world;

	w->down = !up;
	virtio_dev_link(&w->vd, up);
	set_sending(w);
}

static void model_unplug(struct conform *c)
{
	struct world *w = c->world;

	w->vd.md.gone = true;
}

static void model_release(struct conform *c)
{
	struct world *w = c->world;

	model_dev_request(&w->vd.md);
}

static void model_error(struct conform *c)
{
	struct world *w = c->world;

	model_dev_error(&w->vd.md);
}

static void model_announce(struct conform *c)
{
	struct world *w = c->world;

	virtio_dev_announce(&w->vd);
}

/* Of what an in-order device says that it has sent a driver looks at the number alone (2.7.9). */
static void lie_in_number(struct virtio_dev *vd, unsigned index, unsigned how)
{
	const struct virtio_dev_queue *q = &vd->queues[index];
	const unsigned more[PLACE_LIES] = { 1, 1000, 60000 };

	virtio_dev_used_idx(vd, index,
			    (uint16_t)(q->avail_pos + virtio_dev_posted(vd, index) + more[how]));
}

static void model_lie(struct conform *c, bool is_tx, unsigned queue, unsigned how)
{
	struct world *w = c->world;
	const unsigned index = is_tx ? VDEV_TXQ(queue) : VDEV_RXQ(queue);
	const struct virtio_dev_queue *q = &w->vd.queues[index];
	static struct virtio_dev_buf buf;
	uint32_t id = 0xffff;

	if (is_tx && (w->vd.accepted & VDEV_F_IN_ORDER)) {
		lie_in_number(&w->vd, index, how);
		return;
	}
	if (how == 1 && is_tx) {
		/* In the ring, and free: behind what was posted last. */
		id = (q->avail_pos + 5u) & (q->size - 1);
	} else if (how == 2 && virtio_dev_take(&w->vd, index, &buf) == 0) {
		id = buf.id;
		virtio_dev_used(&w->vd, index, id, 100);
	}
	virtio_dev_used(&w->vd, index, id, 100);
	virtio_dev_publish(&w->vd, index);
}

const struct place_ops place_model_virtio = {
	.begin = model_begin,
	.end = model_end,
	.open = model_open,
	.send = model_send,
	.recv = model_recv,
	.now_ns = model_now_ns,
	.wait = model_wait,
	.stall = model_stall,
	.lost = model_lost,
	.link = model_link,
	.unplug = model_unplug,
	.release = model_release,
	.error = model_error,
	.announce = model_announce,
	.lie = model_lie,
	.virtual_time = true,
};
