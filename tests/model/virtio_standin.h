/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The driver's side of virtio-net as far as the tests of the model need it: split and packed rings,
 * any feature, nothing hidden. It checks nothing that the device says; a test does.
 */
#ifndef FN_TESTS_MODEL_VIRTIO_STANDIN_H
#define FN_TESTS_MODEL_VIRTIO_STANDIN_H

#include <fastnic/dma.h>

#include "model/virtio_dev.h"

#define STANDIN_RING_MAX 1024u
#define STANDIN_SEGS 8u

struct standin_seg {
	uint64_t iova;
	uint32_t len;
};

/**
 * struct standin_queue - a queue
 * @si: whose
 * @idx: its number
 * @size: entries
 * @desc: the ring or descriptor table
 * @driver: available ring, or the driver's event suppression
 * @device: used ring, or the device's event suppression
 * @bufs: a buffer for each id
 * @buf_bytes: of this size
 * @pos: entries made available, running on (packed: descriptors)
 * @kick_pos: @pos at the last look whether to ring
 * @used_pos: entries taken back, running on (packed: descriptors)
 * @next: free ids as a list; @descs: descriptors that an id holds; @last: the end of its list
 * @free: first free id
 * @free_n: free descriptors
 */
struct standin_queue {
	struct virtio_standin *si;
	unsigned idx;
	uint32_t size;
	struct fn_dma desc;
	struct fn_dma driver;
	struct fn_dma device;
	struct fn_dma bufs;
	uint32_t buf_bytes;
	uint64_t pos;
	uint64_t kick_pos;
	uint64_t used_pos;
	uint16_t next[STANDIN_RING_MAX];
	uint16_t descs[STANDIN_RING_MAX];
	uint16_t last[STANDIN_RING_MAX];
	uint16_t free;
	uint32_t free_n;
};

struct virtio_standin {
	struct virtio_dev *vd;
	struct fn_ctx *ctx;
	struct fn_busdev *busdev;
	struct fn_bar bar;
	uint64_t features;
	unsigned pairs;
	int fds[VIRTIO_DEV_VECTORS];
	struct standin_queue q[VIRTIO_DEV_QUEUES];
};

/**
 * struct standin_opts - how it comes up
 * @features: what it accepts of what is offered, beside VERSION_1 and ACCESS_PLATFORM
 * @pairs: queue pairs that it sets up, beside the control queue
 * @ring: entries of each
 * @rx_bytes: bytes of a receive buffer; 0: 2048
 * @tx_bytes: bytes of a transmit buffer; 0: 2048
 */
struct standin_opts {
	uint64_t features;
	unsigned pairs;
	uint32_t ring;
	uint32_t rx_bytes;
	uint32_t tx_bytes;
};

/* The device is plugged; asserts that it comes up. Receive rings are filled but for one entry. */
void standin_open(struct virtio_standin *si, struct virtio_dev *vd, struct standin_opts opts);
void standin_close(struct virtio_standin *si);

/* Send a frame in @parts descriptors; the header is one of its own when @parts is above 1. */
int standin_send(struct virtio_standin *si, unsigned pair, const struct virtio_dev_hdr *hdr,
		 const uint8_t *frame, uint32_t len, unsigned parts);

/* Take back what was sent. Returns frames. */
unsigned standin_reclaim(struct virtio_standin *si, unsigned pair);

/* The next frame: its bytes, or -EAGAIN. Its buffers are posted again. */
int standin_recv(struct virtio_standin *si, unsigned pair, struct virtio_dev_hdr *hdr,
		 uint8_t *frame);

/* Give a command: the answer, or -ETIMEDOUT. */
int standin_ctrl(struct virtio_standin *si, unsigned cmd, const void *data, uint32_t len);

/* virtio_standin_ring.c: both kinds of ring. */

/* Offer a buffer: its id, or -ENOSPC. */
int standin_add(struct standin_queue *q, const struct standin_seg *seg, unsigned readable,
		unsigned writable);

/* Make what was added available, and ring when the device wants it. Whether it rang. */
bool standin_publish(struct standin_queue *q);

/* Whether there is a used buffer, and which. */
bool standin_used(struct standin_queue *q, uint16_t *id, uint32_t *len);

/* Ask for one interrupt at the next used buffer, or for none. */
void standin_arm(struct standin_queue *q, bool on);

static inline bool standin_packed(const struct standin_queue *q)
{
	return (q->si->features & VDEV_F_RING_PACKED) != 0;
}

#endif
