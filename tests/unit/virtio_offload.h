/* SPDX-License-Identifier: BSD-3-Clause */
/* For tests of virtio-net's offloads: frames that the model checks, and what was on its wire. */
#ifndef FN_TESTS_UNIT_VIRTIO_OFFLOAD_H
#define FN_TESTS_UNIT_VIRTIO_OFFLOAD_H

#include "virtio_port.h"

#include "model/model_build.h"

#define WIRE_FRAMES 2100u
#define WIRE_BYTES 1600u

/* Frames that came out of the device, in order; a longer one keeps its head. */
static struct {
	unsigned n;
	uint32_t len[WIRE_FRAMES];
	uint8_t frame[WIRE_FRAMES][WIRE_BYTES];
} wire;

static inline void wire_sent(void *arg, unsigned pair, const uint8_t *frame, uint32_t len)
{
	(void)arg;
	(void)pair;
	assert_true(wire.n < WIRE_FRAMES);
	wire.len[wire.n] = len;
	memcpy(wire.frame[wire.n], frame, len < WIRE_BYTES ? len : WIRE_BYTES);
	wire.n++;
}

/* A device that offers all that the model can; @less is what it does not. */
static inline void offload_init(struct port *p, uint64_t less)
{
	port_init(p);
	p->vd.offered |= VIRTIO_DEV_F_ALL | VDEV_F_HOST_ECN;
	p->vd.offered &= ~(less | VDEV_F_INDIRECT_DESC);
	p->vd.sent = wire_sent;
	wire.n = 0;
}

/* @len bytes as a packet of the pool: segments of @first bytes and then of @other. */
static inline struct fn_pkt *offload_pkt(struct fn_pool *pool, const uint8_t *bytes, uint32_t len,
					 uint32_t first, uint32_t other)
{
	struct fn_pkt *head = NULL;
	uint32_t at = 0;

	do {
		const uint32_t want = head ? other : first;
		const uint32_t part = len - at < want ? len - at : want;
		struct fn_pkt *pkt = fn_pkt_alloc(pool);

		assert_non_null(pkt);
		assert_non_null(fn_pkt_append(pkt, (uint16_t)part));
		memcpy(pkt->data, bytes + at, part);
		at += part;
		if (!head)
			head = pkt;
		else
			assert_int_equal(fn_pkt_chain(head, pkt), 0);
	} while (at < len);
	return head;
}

/* The bytes of a packet in one piece. */
static inline uint32_t offload_bytes(const struct fn_pkt *pkt, uint8_t *bytes)
{
	uint32_t len = 0;

	for (; pkt; pkt = pkt->next) {
		memcpy(bytes + len, pkt->data, pkt->len);
		len += pkt->len;
	}
	return len;
}

/* Flags and header lengths as a correct application sets them. */
static inline void offload_ask(struct fn_pkt *pkt, const uint8_t *frame, uint32_t len)
{
	const struct model_frame f = model_frame_parse(frame, len);

	pkt->l2_len = (uint8_t)f.l3;
	pkt->l3_len = (uint16_t)(f.l4 - f.l3);
	pkt->l4_len = (uint8_t)f.l4_hdr;
	pkt->flags = f.proto == MODEL_PROTO_TCP ? FN_PKT_TX_TCP_CSUM : FN_PKT_TX_UDP_CSUM;
	if (f.ip == 6)
		pkt->flags |= FN_PKT_TX_IPV6;
}

/*
 * What the device does with each of the commands from now on, a letter each: '=' obeys, 'r'
 * refuses, '.' does not answer, 'x' is gone; behind the last letter it obeys. It is told by the
 * doorbell of the control queue (VDEV_ERR is 1, VDEV_OK 0).
 */
static struct {
	struct model_dev_ops ops;
	const struct model_dev_ops *own;
	const char *letters;
} answers;

static inline void answers_bar_write(struct model_dev *md, unsigned idx, uint64_t off,
				     unsigned width, uint64_t value)
{
	struct virtio_dev *vd = fn_container_of(md, struct virtio_dev, md);

	if (off >= VIRTIO_DEV_NOTIFY && value == virtio_dev_ctrl_queue(vd)) {
		vd->ctrl_ack = *answers.letters == 'r' ? VDEV_ERR : VDEV_OK;
		vd->ctrl_dumb = *answers.letters == '.';
		md->gone = *answers.letters == 'x';
		answers.letters += *answers.letters != 0;
	}
	if (!md->gone)
		answers.own->bar_write(md, idx, off, width, value);
}

static inline void offload_answers(struct port *p, const char *letters)
{
	if (p->vd.md.ops != &answers.ops)
		answers.own = p->vd.md.ops;
	answers.ops = *answers.own;
	answers.ops.bar_write = answers_bar_write;
	answers.letters = letters;
	p->vd.md.ops = &answers.ops;
}

static inline uint64_t rx_drops(const struct port *p)
{
	return rx_counter(p, FN_RX_DROP_BROKEN);
}

#endif
