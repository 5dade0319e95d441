/* SPDX-License-Identifier: BSD-3-Clause */
/* For tests of the Intel model: one device of either family, a stand-in on it, and the wire. */
#ifndef FN_TESTS_MODEL_INTEL_PORT_H
#define FN_TESTS_MODEL_INTEL_PORT_H

#include "model/intel_family.h"
#include "model/intel_standin.h"
#include "model/model_build.h"
#include "model/model_test.h"

#define WIRE_FRAMES 64u

static struct intel_dev id;
static struct intel_standin is;
static uint8_t frame[MODEL_FRAME_MAX];
static uint8_t got[MODEL_FRAME_MAX];

static struct wire {
	unsigned n;
	unsigned queue;
	uint32_t len[WIRE_FRAMES];
	uint8_t frame[WIRE_FRAMES][10000];
} wire;

static inline void sent(void *arg, unsigned queue, const uint8_t *bytes, uint32_t len)
{
	struct wire *w = arg;

	assert_in_range(w->n, 0, WIRE_FRAMES - 1);
	assert_in_range(len, 60, 10000);
	w->queue = queue;
	w->len[w->n] = len;
	memcpy(w->frame[w->n++], bytes, len);
}

static inline void up_opts(struct intel_standin_opts opts)
{
	intel_dev_init(&id, family);
	wire.n = 0;
	id.sent = sent;
	id.sent_arg = &wire;
	model_dev_plug(&id.md, 4);
	opts.queues = opts.queues ? opts.queues : 1;
	opts.ring = opts.ring ? opts.ring : 64;
	intel_standin_open(&is, &id, opts);
}

static inline void up(void)
{
	up_opts((struct intel_standin_opts){ .rctl = IDEV_RCTL_BAM });
}

static inline void down(void)
{
	assert_no_violation(&id.md);
	intel_standin_close(&is);
	assert_no_violation(&id.md);
	model_dev_unplug(&id.md);
}

static const struct intel_standin_tx plain_tx;

static inline uint32_t receive(const struct model_build *b, struct intel_standin_rx *rx)
{
	const uint32_t len = model_build(frame, b);
	const int queue = intel_dev_receive(&id, frame, len);

	assert_true(queue >= 0);
	assert_true(intel_standin_recv(&is, (unsigned)queue, got, rx) > 0);
	return len;
}

#endif
