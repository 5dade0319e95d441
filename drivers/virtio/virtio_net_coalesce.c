// SPDX-License-Identifier: BSD-3-Clause
/* Interrupt coalescing of virtio-net (VIRTIO_NET_F_NOTF_COAL), for all queues of a kind. */
#include "drivers/virtio/virtio_net.h"

#define NS_PER_US 1000u

void virtio_net_coalesce_open(struct fn_dev *dev)
{
	struct fn_dev_limits *limits = &dev->limits;

	if (!(virtio_net_of(dev)->features & VIRTIO_NET_F_NOTF_COAL))
		return;
	limits->caps |= FN_CAP_COALESCE;
	limits->coalesce_unit_ns = NS_PER_US;
	/* The field has 32 bits of microseconds, more than nanoseconds can say. */
	limits->coalesce_max_ns = UINT32_MAX / NS_PER_US * NS_PER_US;
	/* More than a ring has would never be reached. */
	limits->coalesce_max_packets = limits->rx_ring_max < limits->tx_ring_max ?
					       limits->rx_ring_max :
					       limits->tx_ring_max;
}

/*
 * Devices differ in what one limit alone at 0 means to them, so both are 0 or none. Without a delay
 * nothing waits; without a number as many as the ring has can wait.
 */
static int set_one(struct fn_dev *dev, uint8_t command, uint32_t delay_ns, uint32_t packets,
		   uint32_t ring)
{
	const struct virtio_net_ctrl_coal data = {
		.max_packets = fn_cpu_to_le32(!delay_ns   ? 0 :
					      packets > 1 ? packets :
							    ring),
		.usecs = fn_cpu_to_le32(delay_ns / NS_PER_US),
	};

	return virtio_net_command(dev,
				  command == VIRTIO_NET_CTRL_NOTF_COAL_RX_SET ?
					  "hold receive interrupts back like this" :
					  "hold transmit interrupts back like this",
				  VIRTIO_NET_CTRL_NOTF_COAL, command, &data, sizeof(data));
}

static int set_rx(struct fn_dev *dev, const struct fn_coalesce *c)
{
	return set_one(dev, VIRTIO_NET_CTRL_NOTF_COAL_RX_SET, c->rx_delay_ns, c->rx_packets,
		       dev->conf.rx_ring);
}

static int set_tx(struct fn_dev *dev, const struct fn_coalesce *c)
{
	return set_one(dev, VIRTIO_NET_CTRL_NOTF_COAL_TX_SET, c->tx_delay_ns, c->tx_packets,
		       dev->conf.tx_ring);
}

static int restore_rx(struct fn_dev *dev)
{
	return set_rx(dev, &dev->coalesce);
}

int virtio_net_set_coalesce(struct fn_dev *dev, const struct fn_coalesce *c)
{
	int ret = set_rx(dev, c);

	if (ret)
		return ret;
	ret = set_tx(dev, c);
	return ret ? virtio_net_undo(dev, ret, "its coalescing", restore_rx) : 0;
}

/* After a reset all of it is 0. */
int virtio_net_coalesce_start(struct fn_dev *dev)
{
	const struct fn_coalesce *c = &dev->coalesce;
	int ret = 0;

	if (c->rx_delay_ns)
		ret = set_rx(dev, c);
	if (!ret && c->tx_delay_ns)
		ret = set_tx(dev, c);
	return ret;
}
