// SPDX-License-Identifier: BSD-3-Clause
/* Interrupts of virtio-net's queues: armed, looked at, disarmed. */
#include <errno.h>

#include "drivers/virtio/virtio_net.h"

/* Without a buffer the device receives nothing, and would never interrupt. */
int virtio_net_rx_arm(struct fn_rxq *rxq)
{
	struct virtio_rxq *q = virtio_rxq_of(rxq);

	if (q->avail_pos == q->used_pos && !virtio_net_rx_post(q))
		return -ENOBUFS;
	virtq_irq_arm(q->avail, q->vq.size, q->event_idx, q->used_pos);
	return 0;
}

void virtio_net_rx_disarm(struct fn_rxq *rxq)
{
	struct virtio_rxq *q = virtio_rxq_of(rxq);

	virtq_irq_disarm(q->avail, q->vq.size, q->event_idx, q->used_pos);
}

bool virtio_net_rx_pending(struct fn_rxq *rxq)
{
	struct virtio_rxq *q = virtio_rxq_of(rxq);

	return fn_read_le16(&q->used->idx) != q->used_pos;
}

void virtio_net_tx_arm(struct fn_txq *txq)
{
	struct virtio_txq *q = virtio_txq_of(txq);

	virtq_irq_arm(q->avail, q->vq.size, q->event_idx, q->used_pos);
}

void virtio_net_tx_disarm(struct fn_txq *txq)
{
	struct virtio_txq *q = virtio_txq_of(txq);

	virtq_irq_disarm(q->avail, q->vq.size, q->event_idx, q->used_pos);
}

bool virtio_net_tx_pending(struct fn_txq *txq)
{
	struct virtio_txq *q = virtio_txq_of(txq);

	return fn_read_le16(&q->used->idx) != q->used_pos;
}
