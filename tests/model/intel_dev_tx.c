// SPDX-License-Identifier: BSD-3-Clause
/*
 * What the Intel model does with a ring of frames to be sent: legacy and extended descriptors
 * (82574 7.2), advanced ones (82576 7.2.2), contexts, checksums, segmentation, VLAN tags.
 */
#include <string.h>

#include "base/le.h"
#include "model/intel_dev.h"

#define REG(off) id->reg[(off) / 4]
#define CRC_BYTES 4u
#define PAGE_BYTES 4096u
/* Longest frame that leaves in one piece: jumbo of the 82576, close to the 82574's. */
#define LEN_MAX 9728u
/* Shortest that it can send, padded or not (TCTL.PSP). */
#define LEN_MIN 17u

struct out {
	struct intel_dev *id;
	unsigned queue;
	bool tagged;
	uint16_t tag;
};

/* @len is without CRC. */
static void count(struct intel_dev *id, unsigned queue, const uint8_t *frame, uint32_t len)
{
	intel_dev_count(id, intel_dev_size_bin(IDEV_PTC64, len + CRC_BYTES), 1);
	intel_dev_count(id, IDEV_GPTC, 1);
	intel_dev_count(id, IDEV_TPT, 1);
	intel_dev_count64(id, IDEV_GOTCL, len + CRC_BYTES);
	intel_dev_count64(id, IDEV_TOTL, len + CRC_BYTES);
	if (model_mac_is_broadcast(frame))
		intel_dev_count(id, IDEV_BPTC, 1);
	else if (model_mac_is_multicast(frame))
		intel_dev_count(id, IDEV_MPTC, 1);
	if (id->family == INTEL_82576) {
		intel_dev_count(id, IDEV_PQGPTC(queue), 1);
		intel_dev_count(id, IDEV_PQGOTC(queue), len + CRC_BYTES);
	}
}

/* On the wire: with its tag, and padded when TCTL.PSP is set. */
static void emit(void *arg, const uint8_t *frame, uint32_t len)
{
	static uint8_t wire[MODEL_FRAME_MAX + 64];
	const struct out *out = arg;
	struct intel_dev *id = out->id;
	uint32_t n = len;

	memcpy(wire, frame, len);
	if (out->tagged) {
		const uint32_t at = intel_dev_double(id) ? 16 : 12;

		memmove(wire + at + 4, frame + at, len - at);
		model_put_be16(wire + at, (uint16_t)REG(IDEV_VET));
		model_put_be16(wire + at + 2, out->tag);
		n += 4;
	}
	if (n < 60) {
		if (!(REG(IDEV_TCTL) & IDEV_TCTL_PSP))
			intel_dev_violation(id, "a short frame without TCTL.PSP");
		memset(wire + n, 0, 60 - n);
		n = 60;
	}
	if (n > LEN_MAX)
		intel_dev_violation(id, "a frame that is longer than the device can send");
	count(id, out->queue, wire, n);
	id->txq[out->queue].sent++;
	if (intel_dev_loops(id))
		(void)intel_dev_receive(id, wire, n);
	else if (id->sent)
		id->sent(id->sent_arg, out->queue, wire, n);
}

/* Sum a range and put the result in its place: what the old kind of context asks for. */
static void plain_csum(struct intel_dev *id, uint8_t *frame, uint32_t len, uint32_t css,
		       uint32_t cso, uint32_t cse, bool tcp)
{
	const uint32_t end = cse ? cse + 1 : len;
	uint16_t sum;

	if (css >= len || cso + 2 > len || end > len || end <= css) {
		intel_dev_violation(id, "a checksum outside of the frame (82574 7.2)");
		return;
	}
	sum = (uint16_t)~model_sum(frame + css, end - css, 0);
	model_put_be16(frame + cso, !sum && !tcp ? 0xffff : sum);
}

static void offload_74(struct intel_dev *id, const struct intel_context *ctx, uint32_t popts,
		       uint8_t *frame, uint32_t len)
{
	if ((popts & (IDEV_TXD_IXSM | IDEV_TXD_TXSM)) && !ctx->set) {
		intel_dev_violation(id, "an offload without a context (82574 7.2)");
		return;
	}
	if (popts & IDEV_TXD_IXSM)
		plain_csum(id, frame, len, ctx->dw[0] & 0xff, ctx->dw[0] >> 8 & 0xff,
			   ctx->dw[0] >> 16, true);
	if (popts & IDEV_TXD_TXSM)
		plain_csum(id, frame, len, ctx->dw[1] & 0xff, ctx->dw[1] >> 8 & 0xff,
			   ctx->dw[1] >> 16, ctx->l4_type == IDEV_TXC_L4_TCP);
}

static void offload_76(struct intel_dev *id, const struct intel_context *ctx, uint32_t popts,
		       uint8_t *frame, uint32_t len)
{
	static const uint8_t field[] = { 6, 16, 8 };
	const uint32_t l4 = ctx->l2 + ctx->l3;
	const struct model_frame f = model_frame_parse(frame, len);

	if (!(popts & (IDEV_TXD_IXSM | IDEV_TXD_TXSM)))
		return;
	if (!ctx->set || ctx->l2 < 14 || l4 >= len || ctx->l4_type > IDEV_TXC_L4_SCTP) {
		intel_dev_violation(id, "an offload without a right context (82576 7.2.2.2)");
		return;
	}
	if ((popts & IDEV_TXD_IXSM) && ctx->ipv4) {
		if (ctx->l3 < 20)
			intel_dev_violation(id,
					    "IPLEN is shorter than an IP header (82576 7.2.2.2)");
		else if (model_be16(frame + ctx->l2 + 10))
			intel_dev_violation(id, "the IP checksum is not 0 in front of IXSM");
		model_put_be16(frame + ctx->l2 + 10,
			       (uint16_t)~model_sum(frame + ctx->l2, ctx->l3, 0));
	}
	if (!(popts & IDEV_TXD_TXSM))
		return;
	if (l4 != f.l4 || !f.l4_hdr)
		intel_dev_violation(id, "MACLEN and IPLEN lead to no upper-layer header");
	else if (ctx->l4_type == IDEV_TXC_L4_SCTP)
		model_frame_set_l4_csum(frame, &f);
	else
		plain_csum(id, frame, f.l4 + f.l4_bytes, l4, l4 + field[ctx->l4_type], 0,
			   ctx->l4_type == IDEV_TXC_L4_TCP);
}

/* Both want the pseudo header's sum without a length there. */
static void check_seed(struct intel_dev *id, const uint8_t *frame, uint32_t len)
{
	const struct model_frame f = model_frame_parse(frame, len);

	if (f.l4_hdr && model_be16(frame + f.l4 + 16) != model_pseudo_sum(frame, &f, 0))
		intel_dev_violation(id,
				    "the TCP checksum is not the pseudo header's without length");
}

static void segment(struct intel_dev *id, struct out *out, const struct intel_context *ctx,
		    const uint8_t *frame, uint32_t len)
{
	const uint32_t head = ctx->l2 + ctx->l3 + ctx->l4;

	if (!ctx->set || ctx->l4_type != IDEV_TXC_L4_TCP || !ctx->mss || head >= len) {
		intel_dev_violation(id, "segmentation without a right context");
		return;
	}
	if (ctx->payload != len - head)
		intel_dev_violation(id, "PAYLEN is not the bytes behind the headers");
	check_seed(id, frame, len);
	intel_dev_count(id, IDEV_TSCTC, 1);
	if (!model_tso(frame, len, head, ctx->mss, emit, out))
		intel_dev_violation(id, "segmentation of a frame that is none of TCP");
}

/* 82574 7.2: a context for plain checksums and one for segmentation. */
static void context_74(struct intel_dev_txq *q, const uint32_t dw[4])
{
	struct intel_context *ctx = &q->ctx[dw[2] & IDEV_TXC_TSE ? 1 : 0];
	const uint32_t ipcss = dw[0] & 0xff;
	const uint32_t tucss = dw[1] & 0xff;
	const uint32_t hdrlen = dw[3] >> 8 & 0xff;

	*ctx = (struct intel_context){
		.set = true,
		.l2 = ipcss,
		.l3 = tucss - ipcss,
		.l4 = hdrlen - tucss,
		.ipv4 = dw[2] & IDEV_TXC_IPV4_74,
		.l4_type = dw[2] & IDEV_TXC_TCP ? IDEV_TXC_L4_TCP : IDEV_TXC_L4_UDP,
		.mss = dw[3] >> 16,
		.payload = dw[2] & 0xfffff,
		.dw = { dw[0], dw[1] },
	};
}

static void context_76(struct intel_dev *id, struct intel_dev_txq *q, const uint32_t dw[4])
{
	const unsigned idx = dw[3] >> 4 & 7;

	if (idx > 1) {
		intel_dev_violation(id, "a context index above 1 (82576 7.2.2.2)");
		return;
	}
	q->ctx[idx] = (struct intel_context){
		.set = true,
		.l2 = dw[0] >> 9 & 0x7f,
		.l3 = dw[0] & 0x1ff,
		.l4 = dw[3] >> 8 & 0xff,
		.ipv4 = dw[2] & IDEV_TXC_IPV4_76,
		.l4_type = IDEV_TXC_L4(dw[2]),
		.mss = dw[3] >> 16,
		.vlan = (uint16_t)(dw[0] >> 16),
	};
}

/* The frame is whole: @last is its last descriptor. */
static void finish_74(struct intel_dev *id, unsigned queue, const uint32_t last[4])
{
	struct intel_dev_txq *q = &id->txq[queue];
	const bool legacy = !(last[2] & IDEV_TXD_DEXT);
	const bool tso = !legacy && (q->first[0] & IDEV_TXD_TSE_74);
	struct out out = { .id = id,
			   .queue = queue,
			   .tagged = (last[2] & IDEV_TXD_VLE) && (REG(IDEV_CTRL) & IDEV_CTRL_VME),
			   .tag = (uint16_t)(last[3] >> 16) };

	if (tso) {
		if ((q->first[1] & IDEV_TXD_TXSM) == 0)
			intel_dev_violation(id, "segmentation without TXSM (82574 7.3)");
		segment(id, &out, &q->ctx[1], q->bytes, q->len);
		return;
	}
	if (legacy && (last[2] & IDEV_TXD_IC))
		plain_csum(id, q->bytes, q->len, last[3] >> 8 & 0xff, last[2] >> 16 & 0xff, 0,
			   true);
	if (!legacy)
		offload_74(id, &q->ctx[0], q->first[1], q->bytes, q->len);
	emit(&out, q->bytes, q->len);
}

static void finish_76(struct intel_dev *id, unsigned queue)
{
	struct intel_dev_txq *q = &id->txq[queue];
	const uint32_t payload = q->first[1] >> 14;
	struct intel_context *ctx = &q->ctx[q->first[1] >> 4 & 1];
	struct out out = { .id = id,
			   .queue = queue,
			   .tagged =
				   (q->first[0] & IDEV_TXD_VLE) && (REG(IDEV_CTRL) & IDEV_CTRL_VME),
			   .tag = ctx->vlan };

	if ((q->first[0] & IDEV_TXD_VLE) && !ctx->set)
		intel_dev_violation(id, "a tag without a context (82576 7.2.2.2)");
	if (intel_dev_double(id) && !intel_dev_has_outer(id, q->bytes, q->len) &&
	    ((q->first[0] & (IDEV_TXD_VLE | IDEV_TXD_TSE_76)) ||
	     (q->first[1] & (IDEV_TXD_IXSM | IDEV_TXD_TXSM)))) {
		intel_dev_violation(id, "an offload without the outer tag (I210 7.4.5.1)");
		return;
	}
	if (q->first[0] & IDEV_TXD_TSE_76) {
		if ((q->first[1] & IDEV_TXD_TXSM) == 0 ||
		    (ctx->ipv4 && !(q->first[1] & IDEV_TXD_IXSM)))
			intel_dev_violation(id, "segmentation without checksums (82576 7.2.4)");
		ctx->payload = payload;
		segment(id, &out, ctx, q->bytes, q->len);
		return;
	}
	if (payload != q->len)
		intel_dev_violation(id, "PAYLEN is not the frame's length (82576 7.2.2.3.11)");
	offload_76(id, ctx, q->first[1], q->bytes, q->len);
	emit(&out, q->bytes, q->len);
}

static void gather(struct intel_dev *id, struct intel_dev_txq *q, const uint32_t dw[4],
		   uint32_t bytes)
{
	if (!bytes)
		intel_dev_violation(id, "a descriptor of no bytes");
	if (id->by_page && (dw[0] & (PAGE_BYTES - 1)) + bytes > PAGE_BYTES)
		intel_dev_violation(id, "a descriptor whose bytes lie in two pages");
	if (!q->started) {
		q->started = true;
		q->len = 0;
		q->first[0] = dw[2];
		q->first[1] = dw[3];
	}
	if (bytes > sizeof(q->bytes) - q->len) {
		intel_dev_violation(id, "a frame that is longer than any device can take");
		return;
	}
	if (model_dma_read(&id->md, (uint64_t)dw[1] << 32 | dw[0], q->bytes + q->len, bytes))
		q->len += bytes;
}

/* One descriptor. Whether it was a context. */
static bool work(struct intel_dev *id, unsigned queue, const uint32_t dw[4])
{
	const bool wide = id->family == INTEL_82576;
	const bool legacy = !(dw[2] & IDEV_TXD_DEXT);
	struct intel_dev_txq *q = &id->txq[queue];
	const unsigned type = IDEV_TXD_TYPE(dw[2]);

	if (legacy && wide) {
		intel_dev_violation(id, "a legacy descriptor: the model has advanced ones only");
		return true;
	}
	if (!legacy && type == (wide ? IDEV_TXD_CONTEXT_76 : IDEV_TXD_CONTEXT_74)) {
		if (q->started)
			intel_dev_violation(id, "a context in the middle of a frame");
		if (wide)
			context_76(id, q, dw);
		else
			context_74(q, dw);
		return true;
	}
	if (!legacy && type != (wide ? IDEV_TXD_DATA_76 : IDEV_TXD_DATA_74)) {
		intel_dev_violation(id, "a type of descriptor that is not there");
		return true;
	}
	gather(id, q, dw, dw[2] & (wide || legacy ? 0xffffu : 0xfffffu));
	if (!(dw[2] & IDEV_TXD_EOP))
		return false;
	if (!(dw[2] & IDEV_TXD_IFCS) && !(wide && (q->first[0] & IDEV_TXD_IFCS)))
		intel_dev_violation(id, "a frame without a CRC (IFCS)");
	q->started = false;
	if (q->len < LEN_MIN)
		intel_dev_violation(id, "a frame of less than 17 bytes, which is not padded");
	else if (wide)
		finish_76(id, queue);
	else
		finish_74(id, queue, dw);
	return false;
}

/*
 * DD in the descriptor; or the head in memory, when the 82576 was told to (TDWBAL). No driver here
 * tells it: this is what docs/architecture.md counted its decision against head write-back on.
 */
static bool write_back(struct intel_dev *id, unsigned queue, uint32_t idx, const uint32_t dw[4],
		       bool context)
{
	const uint32_t wbal =
		id->family == INTEL_82576 ? *intel_dev_qreg(id, true, queue, IDEV_Q_WBAL) : 0;
	struct intel_wb wb = { .tx = true, .queue = queue, .idx = idx };
	uint64_t iova;
	fn_le32 *at;

	if (!(dw[2] & IDEV_TXD_RS) ||
	    (id->family == INTEL_82576 && (context || !(dw[2] & IDEV_TXD_EOP))))
		return false;
	if (wbal & 1) {
		iova = (uint64_t)*intel_dev_qreg(id, true, queue, IDEV_Q_WBAH) << 32 | (wbal & ~3u);
		at = (void *)model_dma_at(&id->md, iova, 4);
		if (at)
			fn_write_le32(at, (idx + 1) % intel_dev_ring_size(id, true, queue));
		return true;
	}
	memcpy(wb.dw, dw, sizeof(wb.dw));
	if (id->family == INTEL_82576)
		wb.dw[0] = wb.dw[1] = wb.dw[2] = wb.dw[3] = 0;
	wb.dw[3] |= IDEV_TXD_DD;
	intel_dev_desc_back(id, &wb);
	return true;
}

static bool on(struct intel_dev *id, unsigned queue)
{
	if (!(REG(IDEV_TCTL) & IDEV_TCTL_EN) || model_dev_idle(&id->md) ||
	    !intel_dev_may_master(id) || id->pause_until_ns > id->md.clock->now_ns ||
	    !(intel_dev_link_up(id) || intel_dev_loops(id)))
		return false;
	return id->family == INTEL_82576 ?
		       *intel_dev_qreg(id, true, queue, IDEV_Q_CTL) & IDEV_QCTL_ENABLE :
		       REG(IDEV_TARC(queue)) & IDEV_TARC_ENABLE;
}

unsigned intel_dev_transmit(struct intel_dev *id, unsigned queue, unsigned most)
{
	uint32_t *head = intel_dev_qreg(id, true, queue, IDEV_Q_HEAD);
	const uint32_t tail = *intel_dev_qreg(id, true, queue, IDEV_Q_TAIL);
	const uint32_t size = intel_dev_ring_size(id, true, queue);
	bool reported = false;
	bool may_wait = true;
	unsigned n = 0;

	if (!on(id, queue) || !size || tail >= size)
		return 0;
	while (n < most && *head != tail) {
		uint32_t dw[4] = { 0 };
		const uint32_t idx = *head % size;
		bool context;

		if (!intel_dev_desc_read(id, true, queue, idx, dw))
			break;
		context = work(id, queue, dw);
		*head = (idx + 1) % size;
		id->txq[queue].descs++;
		id->txq[queue].contexts += context;
		id->txq[queue].reports += (dw[2] & IDEV_TXD_RS) != 0;
		if (write_back(id, queue, idx, dw, context)) {
			reported = true;
			may_wait = may_wait && (dw[2] & IDEV_TXD_IDE);
		}
		n++;
	}
	if (reported)
		intel_dev_queue_cause(id, true, queue, may_wait);
	return n;
}
