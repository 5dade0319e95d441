// SPDX-License-Identifier: BSD-3-Clause
/*
 * 82574 and 82576 of tests/model: a device and its wire in this process, with a clock of their
 * own.
 */
#include <stdlib.h>
#include <string.h>

#include "base/ctx.h"
#include "conform/conform.h"
#include "conform/places/fifo.h"
#include "conform/places/model.h"
#include "conform/ref_csum.h"
#include "dev/dev.h"

#define SLOT 4u

/**
 * struct world - a device and its wire
 * @id: the device
 * @in: on the way to it
 * @out: on the way from it
 * @lost: frames that came to the device and not into a buffer
 * @dry: the frame at the front of @in has found no buffer, and the device has said so
 */
struct world {
	struct intel_dev id;
	struct fifo in;
	struct fifo out;
	uint64_t lost;
	bool dry;
};

static void sent(void *arg, unsigned queue, const uint8_t *frame, uint32_t len)
{
	struct world *w = arg;

	(void)queue;
	if (!fifo_put(&w->out, NULL, frame, len))
		intel_dev_violation(&w->id, "more frames than the test's wire holds");
}

static void model_begin(struct conform *c)
{
	const struct model_intel *kind = c->place->arg;
	struct world *w = calloc(1, sizeof(*w));

	check(w);
	c->world = w;
	intel_dev_init(&w->id, kind->family);
	if (kind->by_page)
		intel_dev_by_page(&w->id);
	w->id.md.events = true;
	w->id.md.late_max_ns = kind->late_ns;
	w->id.posted_max_ns = kind->posted_ns;
	w->id.sent = sent;
	w->id.sent_arg = w;
	model_dev_plug(&w->id.md, SLOT);
}

static void model_end(struct conform *c, bool judge)
{
	struct world *w = c->world;
	const char *violation;
	unsigned maps;

	intel_dev_check_left(&w->id);
	violation = w->id.md.violation;
	maps = w->id.md.maps_n;
	model_dev_unplug(&w->id.md);
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
	const struct model_intel *kind = c->place->arg;
	struct world *w = c->world;
	const struct fn_dev_opts opts = { .sz = sizeof(opts), .err = &c->err };

	if (kind->scalar)
		c->ctx->avx2 = false;
	return fn_dev_open_on(c->ctx, &model_bus, w->id.md.busdev.name, &opts, dev);
}

/* On a cable there are whole frames only: what a sender leaves to others is done before. */
static int model_send(struct conform *c, const struct wire_request *request, const void *frame,
		      size_t len)
{
	struct world *w = c->world;
	struct held *held;

	if (!fifo_put(&w->in, NULL, frame, len))
		return -EAGAIN;
	held = &w->in.at[(w->in.head + w->in.n - 1) % FIFO_FRAMES];
	if (request)
		(void)ref_csum_request(held->data, held->len, request);
	return 0;
}

static size_t model_recv(struct conform *c, struct wire_request *request, void *buf, size_t bytes)
{
	struct world *w = c->world;

	return fifo_take(&w->out, request, buf, bytes);
}

static uint64_t model_now_ns(struct conform *c)
{
	const struct world *w = c->world;

	return w->id.md.clock->now_ns;
}

/*
 * What finds no buffer waits in front of the device, which says so once (RXO). That is more
 * than its FIFO holds, as if a switch were there that heeds pause frames.
 */
static bool receive(struct world *w, const struct held *held)
{
	const int ret = intel_dev_would_receive(&w->id, held->data, held->len);

	if (ret == -ENOBUFS) {
		if (!w->dry)
			intel_dev_starved(&w->id);
		w->dry = true;
		return false;
	}
	w->dry = false;
	w->lost += intel_dev_receive(&w->id, held->data, held->len) < 0;
	return true;
}

/* The wire delivers at some moment of the time that passes: writes may be on their way then. */
static void model_wait(struct conform *c, uint64_t ns)
{
	struct world *w = c->world;
	struct model_clock *clock = w->id.md.clock;
	const uint64_t part_ns = model_clock_random_below(clock, ns + 1);

	model_clock_advance(clock, part_ns);
	while (w->in.n && !w->id.md.gone && !w->id.md.stuck && receive(w, fifo_front(&w->in)))
		fifo_drop(&w->in);
	model_clock_advance(clock, ns - part_ns);
}

static void model_stall(struct conform *c, bool on)
{
	struct world *w = c->world;

	w->id.auto_tx = !on;
	intel_dev_serve_all(&w->id);
}

static uint64_t model_lost(struct conform *c)
{
	const struct world *w = c->world;

	return w->in.n + w->lost;
}

static void model_link(struct conform *c, bool up)
{
	struct world *w = c->world;

	intel_dev_cable(&w->id, up);
}

static void model_unplug(struct conform *c)
{
	struct world *w = c->world;

	w->id.md.gone = true;
}

static void model_release(struct conform *c)
{
	struct world *w = c->world;

	model_dev_request(&w->id.md);
}

static void model_error(struct conform *c)
{
	struct world *w = c->world;

	model_dev_error(&w->id.md);
}

/* Of a received frame: no bytes, more than there is room for, and one that does not end. */
static void model_lie(struct conform *c, bool is_tx, unsigned queue, unsigned how)
{
	struct world *w = c->world;
	const uint32_t size = intel_dev_ring_size(&w->id, false, queue);
	const uint32_t n = how == 2 ? intel_dev_rx_free(&w->id, queue) : 1;
	uint32_t idx = *intel_dev_qreg(&w->id, false, queue, IDEV_Q_HEAD);
	const uint32_t dw[4] = { 0, 0, IDEV_RXD_DD | (how == 2 ? 0 : IDEV_RXD_EOP),
				 how == 0 ? 0 :
				 how == 1 ? 0xffff :
					    100 };

	check(!is_tx);
	for (uint32_t i = 0; i < n; i++, idx = (idx + 1) % size)
		intel_dev_desc_write(&w->id, false, queue, idx, dw);
}

const struct place_ops place_model_intel = {
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
	.lie = model_lie,
	.virtual_time = true,
};
