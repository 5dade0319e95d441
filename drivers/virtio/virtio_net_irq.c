// SPDX-License-Identifier: BSD-3-Clause
/* Interrupts of virtio-net's queues: armed, looked at, disarmed. */
#include "drivers/virtio/virtio_net.h"

void virtio_net_rx_arm(struct fn_rxq *rxq)
{
	struct virtio_rxq *q = virtio_rxq_of(rxq);

	virtq_irq_arm(q->avail, q->vq.size, q->event_idx, q->used_pos);
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
