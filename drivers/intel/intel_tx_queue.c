// SPDX-License-Identifier: BSD-3-Clause
/* Transmit queues of Intel's controllers as objects: made and given back. */
#include <errno.h>
#include <stdlib.h>

#include "drivers/intel/intel_tx.h"
#include "mem/domain.h"

/* Finished packets are looked for once a burst's worth is in use, half a ring in a small one. */
#define RECLAIM_MARK_MAX 32u

/* What packets may ask for. */
static uint16_t tx_asks(uint64_t offloads)
{
	uint32_t asks = 0;

	if (offloads & FN_OFFLOAD_TX_IP_CSUM)
		asks |= FN_PKT_TX_IP_CSUM;
	if (offloads & FN_OFFLOAD_TX_L4_CSUM)
		asks |= FN_PKT_TX_TCP_CSUM | FN_PKT_TX_UDP_CSUM | FN_PKT_TX_IPV6;
	if (offloads & FN_OFFLOAD_TX_SCTP_CSUM)
		asks |= FN_PKT_TX_SCTP_CSUM | FN_PKT_TX_IPV6;
	/* Both checksums come with segmentation. */
	if (offloads & (FN_OFFLOAD_TX_TSO4 | FN_OFFLOAD_TX_TSO6))
		asks |= FN_PKT_TX_TSO | FN_PKT_TX_IPV6 | FN_PKT_TX_TCP_CSUM | FN_PKT_TX_IP_CSUM;
	if (offloads & FN_OFFLOAD_TX_VLAN)
		asks |= FN_PKT_VLAN;
	return (uint16_t)asks;
}

static void tx_init(struct intel_txq *q, const struct fn_dev *dev, enum intel_tx_kind kind)
{
	const struct fn_dev_conf *conf = &dev->conf;
	const struct intel_port *port = intel_port_of(dev);
	const bool by_page = port->is_qemu;
	const uint32_t size = conf->tx_ring;

	q->desc = q->ring.va;
	q->plain =
		by_page && fn_pool_in_small_pages(conf->pool) ? 0 : fn_pool_plain_word(conf->pool);
	q->head = 0;
	q->tail = 0;
	q->reports_head = 0;
	q->reports_tail = 0;
	q->mask = (uint16_t)(size - 1);
	q->reclaim_mark = (uint16_t)(size / 2 < RECLAIM_MARK_MAX ? size / 2 : RECLAIM_MARK_MAX);
	q->len_max = conf->mtu + fn_link_header_bytes(conf);
	q->seg_bytes = by_page ? INTEL_TX_PAGE : port->chip->tx_seg_bytes;
	q->seg_shift = (uint32_t)__builtin_ctz(q->seg_bytes);
	q->seg_mask = by_page ? INTEL_TX_PAGE - 1 : 0;
	q->run_max = q->len_max < q->seg_bytes ? q->len_max : q->seg_bytes;
	for (unsigned i = 0; i < 4; i++) {
		const bool iova = i < 2;

		q->least2[i] = iova ? 0 : q->plain + INTEL_TX_FRAME_MIN;
		q->most2[i] = iova ? UINT64_MAX : q->run_max - INTEL_TX_FRAME_MIN;
	}
	q->cache = fn_txq_queue(&q->pub)->cache;
	q->context = INTEL_TX_NO_CONTEXT;
	q->context_ctl = 0;
	intel_tx_set_report(&q->pub, INTEL_TXD_RS);
	q->mixed_pos = 0;
	q->mixed = false;
	q->asks = tx_asks(conf->offloads);
	q->segs_max = fn_dev_limits_tx_segs(&dev->limits, size);
	q->kind = (uint8_t)kind;
}

static void tx_free(struct intel_txq *q, struct fn_ctx *ctx)
{
	fn_dma_free(ctx, &q->ring);
	free(q->bufs);
	free(q->reports);
	q->bufs = NULL;
	q->reports = NULL;
}

int intel_tx_create(struct fn_dev *dev, uint16_t idx, enum intel_tx_kind kind)
{
	struct intel_txq *q = intel_txq_of(dev->txqs[idx]);
	struct intel_port *port = intel_port_of(dev);
	const uint32_t size = dev->conf.tx_ring;
	int ret;

	q->bufs = calloc(size, sizeof(struct fn_pkt *));
	q->reports = calloc(size, sizeof(*q->reports));
	if (!q->bufs || !q->reports) {
		ret = fn_fail(-ENOMEM, "%s: out of memory for transmit queue %u", dev->bus->name,
			      idx);
		goto fail;
	}
	ret = fn_dma_alloc_for(dev->ctx, FN_DMA_PRIVATE,
			       size * sizeof(*q->desc) + INTEL_TX_ZERO_BYTES, INTEL_RING_ALIGN,
			       dev->bus->numa_node, &q->ring);
	if (ret)
		goto fail;
	tx_init(q, dev, kind);
	q->db = fn_doorbell_at(&port->regs, intel_txq_reg(port, idx, INTEL_Q_TAIL));
	return 0;
fail:
	tx_free(q, dev->ctx);
	return ret;
}

void intel_tx_destroy(struct fn_dev *dev, uint16_t idx, enum fn_tx_counter counter)
{
	struct intel_txq *q = intel_txq_of(dev->txqs[idx]);

	for (; q->tail != q->head; q->tail = fn_ring_advance(q->tail, 1)) {
		struct fn_pkt **pkt = &q->bufs[q->tail & q->mask];

		if (!*pkt)
			continue;
		fn_queue_count(fn_txq_queue(&q->pub), counter, 1);
		fn_pool_cache_free(q->cache, pkt, 1);
	}
	tx_free(q, dev->ctx);
}
