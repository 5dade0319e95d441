// SPDX-License-Identifier: BSD-3-Clause
/* The receive bursts of virtio-net without offloads, and which burst a queue gets. */
#include "drivers/virtio/virtio_net_rx.h"

VIRTIO_RX_BURST(split, { .event_idx = false })
VIRTIO_RX_BURST(split_event_idx, { .event_idx = true })
VIRTIO_RX_BURST(split_in_order, { .in_order = true })
VIRTIO_RX_BURST(split_in_order_event_idx, { .event_idx = true, .in_order = true })

/*
 * The pool has too little headroom: virtio_net_hdr took the room's first bytes, so the data moves.
 */
static unsigned rx_burst_shifted(struct fn_rxq *rxq, struct fn_pkt **pkts, unsigned n)
{
	const struct virtio_rxq *q = virtio_rxq_of(rxq);

	n = q->inner(rxq, pkts, n);
	for (unsigned i = 0; i < n; i++) {
		pkts[i]->data += q->hdr_bytes;
		pkts[i]->iova.v += q->hdr_bytes;
		pkts[i]->headroom = (uint16_t)(pkts[i]->headroom + q->hdr_bytes);
		pkts[i]->kind |= FN_PKT_MOVED;
	}
	return n;
}

static const struct virtio_rx_variant plain_variants[2][2] = {
	/* [in_order][event_idx] */
	{ { "split", rx_burst_split }, { "split event-idx", rx_burst_split_event_idx } },
	{ { "split in-order", rx_burst_split_in_order },
	  { "split in-order event-idx", rx_burst_split_in_order_event_idx } },
};

static const struct virtio_rx_variant *rx_choose(const struct virtio_rxq *q, uint64_t features)
{
	const bool hash = (features & VIRTIO_NET_F_HASH_REPORT) != 0;
	const bool csum = (features & VIRTIO_NET_F_GUEST_CSUM) != 0;

	if (features & VIRTIO_NET_F_MRG_RXBUF)
		return &virtio_rx_merge_variants[hash][csum];
	if (hash || csum)
		return &virtio_rx_offload_variants[hash][csum];
	return &plain_variants[q->in_order][q->event_idx];
}

void virtio_net_rx_enable(struct fn_dev *dev, uint16_t idx)
{
	struct virtio_rxq *q = virtio_rxq_of(dev->rxqs[idx]);
	const struct virtio_rx_variant *variant = rx_choose(q, virtio_net_of(dev)->pci.features);

	q->inner = variant->burst;
	dev->rx_variant = variant->name;
	fn_rxq_enable(&q->pub, q->hdr_back ? q->inner : rx_burst_shifted);
}
