// SPDX-License-Identifier: BSD-3-Clause
/* The transmit bursts of virtio-net without offloads, and which burst a queue gets. */
#include "drivers/virtio/virtio_net_tx.h"

unsigned virtio_tx_flagged(const struct virtio_txq *q, struct fn_pkt *const *pkts, unsigned n,
			   uint64_t *bytes)
{
	return tx_run(q, pkts, n, (const struct tx_mode){ .offload = true }, 0, bytes);
}

static unsigned tx_burst_split(struct fn_txq *q, struct fn_pkt **pkts, unsigned n)
{
	return tx_burst(virtio_txq_of(q), pkts, n, (const struct tx_mode){ .event_idx = false });
}

static unsigned tx_burst_split_event_idx(struct fn_txq *q, struct fn_pkt **pkts, unsigned n)
{
	return tx_burst(virtio_txq_of(q), pkts, n, (const struct tx_mode){ .event_idx = true });
}

static const struct virtio_tx_variant plain_variants[2][2] = {
	/* [in_order][event_idx]; the order is reclaim's alone */
	{ { "split", tx_burst_split }, { "split event-idx", tx_burst_split_event_idx } },
	{ { "split in-order", tx_burst_split },
	  { "split in-order event-idx", tx_burst_split_event_idx } },
};

/*
 * Who receives with offloads on hands packets on with flags, which a burst without offloads would
 * send the long way each.
 */
static const struct virtio_tx_variant *tx_choose(const struct virtio_txq *q,
						 const struct fn_dev *dev)
{
	const bool hash = q->hdr_bytes == VIRTIO_NET_HDR_HASH_BYTES;

	if (dev->conf.offloads)
		return &virtio_tx_offload_variants[hash];
	return &plain_variants[q->in_order][q->event_idx];
}

void virtio_net_tx_enable(struct fn_dev *dev, uint16_t idx)
{
	struct virtio_txq *q = virtio_txq_of(dev->txqs[idx]);
	const struct virtio_tx_variant *variant = tx_choose(q, dev);

	dev->tx_variant = variant->name;
	fn_txq_enable(&q->pub, variant->burst);
}
