/* SPDX-License-Identifier: BSD-3-Clause */
/* For tests of the virtio model's network side: a device, a stand-in on it, and the wire. */
#ifndef FN_TESTS_MODEL_VIRTIO_STANDIN_PORT_H
#define FN_TESTS_MODEL_VIRTIO_STANDIN_PORT_H

#include "model/model_build.h"
#include "model/model_test.h"
#include "model/virtio_standin.h"

struct wire {
	unsigned n;
	uint32_t len[64];
	uint8_t frame[64][2048];
	struct virtio_dev_hdr hdr;
	uint32_t raw_len;
};

static struct virtio_dev vd;
static struct virtio_standin si;
static struct wire wire;
static uint8_t frame[MODEL_FRAME_MAX];
static uint8_t got[MODEL_FRAME_MAX];
static uint64_t kind; /* the kind of ring that a test runs on */

static inline void sent(void *arg, unsigned pair, const uint8_t *bytes, uint32_t len)
{
	struct wire *w = arg;

	(void)pair;
	assert_in_range(w->n, 0, 63);
	assert_in_range(len, 1, 2048);
	w->len[w->n] = len;
	memcpy(w->frame[w->n++], bytes, len);
}

static inline void sent_raw(void *arg, unsigned pair, const struct virtio_dev_hdr *hdr,
			    const uint8_t *bytes, uint32_t len)
{
	struct wire *w = arg;

	(void)pair;
	(void)bytes;
	w->n++;
	w->hdr = *hdr;
	w->raw_len = len;
}

static inline void up_opts(struct standin_opts opts)
{
	memset(&wire, 0, sizeof(wire));
	virtio_dev_init(&vd);
	vd.offered |= VIRTIO_DEV_F_ALL | VDEV_F_RING_PACKED;
	vd.config.max_virtqueue_pairs = fn_cpu_to_le16(4);
	vd.num_queues = 9;
	vd.md.busdev.irqs = 10;
	vd.sent = sent;
	vd.sent_arg = &wire;
	model_dev_plug(&vd.md, 3);
	opts.features |= kind;
	opts.ring = opts.ring ? opts.ring : 32;
	opts.pairs = opts.pairs ? opts.pairs : 1;
	standin_open(&si, &vd, opts);
}

static inline void up(uint64_t features)
{
	up_opts((struct standin_opts){ .features = features });
}

static inline void down(void)
{
	assert_no_violation(&vd.md);
	standin_close(&si);
	model_dev_unplug(&vd.md);
}

static inline uint32_t receive(const struct model_build *b, struct virtio_dev_hdr *hdr)
{
	const uint32_t len = model_build(frame, b);
	int ret;

	assert_true(virtio_dev_wire_in(&vd, frame, len) >= 0);
	for (unsigned pair = 0; pair < si.pairs; pair++) {
		ret = standin_recv(&si, pair, hdr, got);
		if (ret > 0) {
			assert_int_equal(ret, len);
			return (uint32_t)ret;
		}
	}
	fail_msg("a frame that came nowhere");
	return 0;
}

static inline void mode(unsigned cmd, bool on)
{
	const uint8_t byte = on;

	assert_int_equal(standin_ctrl(&si, cmd, &byte, 1), VDEV_OK);
}

static inline int split(void **state)
{
	(void)state;
	kind = VDEV_F_EVENT_IDX;
	return 0;
}

static inline int packed(void **state)
{
	(void)state;
	kind = VDEV_F_RING_PACKED | VDEV_F_EVENT_IDX;
	return 0;
}

#define BOTH(test)                                         \
	{ #test ", split", test, split, NULL, NULL },      \
	{                                                  \
#test ", packed", test, packed, NULL, NULL \
	}

#endif
