// SPDX-License-Identifier: BSD-3-Clause
/* The transmit bursts of virtio-net whose packets may ask for offloads. */
#include "drivers/virtio/virtio_net_tx.h"

#define MODE(long_hdr) \
	((const struct tx_mode){ .event_idx = q->event_idx, .offload = true, .hash = (long_hdr) })

static unsigned tx_burst_offload(struct fn_txq *txq, struct fn_pkt **pkts, unsigned n)
{
	struct virtio_txq *q = virtio_txq_of(txq);

	return tx_burst(q, pkts, n, MODE(false));
}

static unsigned tx_burst_offload_hash(struct fn_txq *txq, struct fn_pkt **pkts, unsigned n)
{
	struct virtio_txq *q = virtio_txq_of(txq);

	return tx_burst(q, pkts, n, MODE(true));
}

const struct virtio_tx_variant virtio_tx_offload_variants[2] = {
	{ "split offload", tx_burst_offload },
	{ "split offload hash", tx_burst_offload_hash },
};
