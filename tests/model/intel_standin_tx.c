// SPDX-License-Identifier: BSD-3-Clause
/* The driver's side of 82574 and 82576 for tests of the model: sending. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/barrier.h"
#include "model/intel_standin.h"

static bool wide(const struct intel_standin *is)
{
	return is->id->family == INTEL_82576;
}

static uint32_t room(const struct intel_standin_queue *q)
{
	return (q->clean + q->size - q->next - 1) % q->size;
}

static void put(struct intel_standin_queue *q, const uint32_t dw[4])
{
	fn_le32 *desc = (fn_le32 *)q->ring.va + 4 * (size_t)q->next;

	for (unsigned i = 0; i < 4; i++)
		fn_write_le32(&desc[i], dw[i]);
	q->ends[q->next] = false;
	q->next = (q->next + 1) % q->size;
}

/* The sum that the device goes on from; segmentation wants it without a length. */
static void seed(uint8_t *frame, const struct model_frame *f, const struct intel_standin_tx *tx)
{
	if (tx->ip && f->ip == 4)
		model_put_be16(frame + f->l3 + 10, 0);
	if (tx->l4 && f->proto != MODEL_PROTO_SCTP)
		model_put_be16(frame + f->l4 + model_l4_csum_offset(f->proto),
			       model_pseudo_sum(frame, f, tx->mss ? 0 : f->l4_bytes));
}

static void context_74(struct intel_standin_queue *q, const struct model_frame *f,
		       const struct intel_standin_tx *tx, uint32_t len)
{
	const uint32_t head = f->l4 + f->l4_hdr;
	uint32_t dw[4];

	dw[0] = f->l3 | (f->l3 + 10) << 8 | (f->ip == 4 ? (f->l4 - 1) << 16 : 0);
	dw[1] = f->l4 | (f->l4 + model_l4_csum_offset(f->proto)) << 8;
	dw[2] = IDEV_TXD_DEXT | (f->proto == MODEL_PROTO_TCP ? IDEV_TXC_TCP : 0) |
		(f->ip == 4 ? IDEV_TXC_IPV4_74 : 0) | (tx->mss ? IDEV_TXC_TSE | (len - head) : 0);
	dw[3] = tx->mss << 16 | (tx->mss ? head << 8 : 0);
	put(q, dw);
}

static void context_76(struct intel_standin_queue *q, const struct model_frame *f,
		       const struct intel_standin_tx *tx)
{
	const uint32_t l4 = f->proto == MODEL_PROTO_TCP  ? IDEV_TXC_L4_TCP :
			    f->proto == MODEL_PROTO_SCTP ? IDEV_TXC_L4_SCTP :
							   IDEV_TXC_L4_UDP;
	const uint32_t dw[4] = {
		(uint32_t)tx->vlan << 16 | f->l3 << 9 | (f->l4 ? f->l4 - f->l3 : 0),
		0,
		IDEV_TXD_DEXT | IDEV_TXD_CONTEXT_76 << 20 | l4 << 11 |
			(f->ip == 4 ? IDEV_TXC_IPV4_76 : 0),
		tx->mss << 16 | f->l4_hdr << 8,
	};

	put(q, dw);
}

static uint32_t data_cmd(const struct intel_standin *is, const struct intel_standin_tx *tx)
{
	uint32_t cmd = IDEV_TXD_IFCS | (tx->vlan ? IDEV_TXD_VLE : 0);

	if (tx->legacy)
		return cmd;
	cmd |= IDEV_TXD_DEXT | (wide(is) ? IDEV_TXD_DATA_76 : IDEV_TXD_DATA_74) << 20;
	if (tx->mss)
		cmd |= wide(is) ? IDEV_TXD_TSE_76 : IDEV_TXD_TSE_74;
	return cmd;
}

static uint32_t data_opts(const struct intel_standin *is, const struct intel_standin_tx *tx,
			  const struct model_frame *f, uint32_t len)
{
	uint32_t opts = (tx->ip && f->ip == 4 ? IDEV_TXD_IXSM : 0) | (tx->l4 ? IDEV_TXD_TXSM : 0);

	if (wide(is))
		return opts | (tx->mss ? len - f->l4 - f->l4_hdr : len) << 14;
	return opts | (uint32_t)tx->vlan << 16;
}

int intel_standin_send(struct intel_standin *is, unsigned queue, uint8_t *frame, uint32_t len,
		       const struct intel_standin_tx *tx)
{
	struct intel_standin_queue *q = &is->tx[queue];
	const struct model_frame f = model_frame_parse(frame, len);
	const unsigned parts = tx->parts ? tx->parts : 1;
	const bool context = tx->ip || tx->l4 || (wide(is) && tx->vlan);
	const uint32_t cmd = data_cmd(is, tx);
	uint32_t done = 0;
	uint64_t iova;
	uint32_t last = 0;

	if (room(q) < parts + context)
		return -ENOSPC;
	assert_in_range(len, 1, INTEL_STANDIN_TX_BYTES);
	seed(frame, &f, tx);
	if (context && wide(is))
		context_76(q, &f, tx);
	else if (context)
		context_74(q, &f, tx, len);
	iova = q->bufs.iova.v + (uint64_t)q->next * INTEL_STANDIN_TX_BYTES;
	memcpy((uint8_t *)q->bufs.va + (size_t)q->next * INTEL_STANDIN_TX_BYTES, frame, len);
	for (unsigned i = 0; i < parts; i++) {
		const uint32_t n = i + 1 < parts ? len / parts : len - done;
		const uint32_t end = i + 1 == parts ? IDEV_TXD_EOP | IDEV_TXD_RS : 0;
		const uint32_t dw[4] = { fn_lower_32(iova + done), fn_upper_32(iova + done),
					 cmd | end | n, data_opts(is, tx, &f, len) };

		last = q->next;
		put(q, dw);
		done += n;
	}
	q->ends[last] = true;
	/* The device reads descriptors once it sees the tail. */
	fn_wmb_dma();
	intel_standin_write(is,
			    (wide(is) ? IDEV_TXQ_76 + 0x40 * queue : IDEV_TXQ_74 + 0x100 * queue) +
				    IDEV_Q_TAIL,
			    q->next);
	return (int)last;
}

/* The head in memory, or DD of the next frame's last descriptor. */
unsigned intel_standin_reclaim(struct intel_standin *is, unsigned queue)
{
	struct intel_standin_queue *q = &is->tx[queue];
	uint32_t at = q->clean;
	unsigned n = 0;

	if (is->opts.head_wb) {
		const uint32_t head = fn_read_le32(q->head.va);

		for (; at != head; at = (at + 1) % q->size)
			n += q->ends[at];
		q->clean = head;
		return n;
	}
	for (; at != q->next; at = (at + 1) % q->size) {
		const fn_le32 *desc = (const fn_le32 *)q->ring.va + 4 * (size_t)at;

		if (!(fn_read_le32(&desc[3]) & IDEV_TXD_DD))
			continue;
		fn_rmb_dma();
		q->clean = (at + 1) % q->size;
		n++;
	}
	return n;
}
