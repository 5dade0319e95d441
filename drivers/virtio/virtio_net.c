// SPDX-License-Identifier: BSD-3-Clause
/* virtio-net on modern PCI: its way from reset to packets and back. */
#include <errno.h>

#include "drivers/virtio/virtio_net.h"

static int virtio_net_close(struct fn_dev *dev)
{
	struct virtio_net *vn = virtio_net_of(dev);
	int ret = virtio_pci_reset(&vn->pci);

	virtio_pci_close(&vn->pci);
	return ret == -ENODEV ? fn_dev_mark_gone(dev) : ret;
}

uint16_t virtio_net_entry(const struct fn_dev *dev, const struct fn_queue *queue)
{
	if (queue->vector == FN_NO_VECTOR || !dev->irq_n)
		return VIRTIO_MSI_NO_VECTOR;
	return (uint16_t)(queue->vector + VIRTIO_NET_FIRST_VECTOR);
}

static int start_queues(struct fn_dev *dev, struct virtio_net *vn)
{
	int ret;

	for (uint16_t i = 0; i < dev->conf.rxqs; i++) {
		ret = virtio_net_rx_create(dev, i);
		if (ret)
			return ret;
		/* The device has the ring from here on, also when the pair does not come about. */
		vn->pairs++;
		ret = virtio_net_tx_create(dev, i);
		if (ret)
			return ret;
	}
	return vn->features & VIRTIO_NET_F_CTRL_VQ ? virtio_net_ctrl_create(dev) : 0;
}

/* What the device is told on its control queue; it receives nothing yet, for want of buffers. */
static int start_commands(struct fn_dev *dev)
{
	int ret = virtio_net_rss_start(dev);

	if (!ret)
		ret = virtio_net_filter_start(dev);
	return ret ? ret : virtio_net_coalesce_start(dev);
}

/* Give all memory and buffers back, unless the device may reach them still. */
static void queues_destroy(struct fn_dev *dev, struct virtio_net *vn, bool lost)
{
	if (dev->kept)
		return;
	for (uint16_t i = 0; i < vn->pairs; i++) {
		virtio_net_rx_destroy(dev, i, lost);
		virtio_net_tx_destroy(dev, i, lost);
	}
	vn->pairs = 0;
	virtio_net_ctrl_destroy(dev);
}

/*
 * Reset the device, so that it lets go of all memory. One that does not even do that is cut off
 * from memory instead.
 */
static int quiesce(struct fn_dev *dev, struct virtio_net *vn)
{
	int ret = virtio_pci_reset(&vn->pci);

	if (ret == -EIO)
		return fn_dev_cut_off(dev, ret);
	return ret == -ENODEV ? fn_dev_mark_gone(dev) : ret;
}

/* Sets vn->pairs as far as it came; what it made stays when it fails. */
static int start_device(struct fn_dev *dev, struct virtio_net *vn)
{
	int ret;

	ret = virtio_pci_begin(&vn->pci);
	if (!ret)
		ret = virtio_pci_accept(&vn->pci, virtio_net_features(dev, &dev->conf));
	if (!ret && dev->irq_n)
		ret = virtio_pci_set_config_vector(&vn->pci, VIRTIO_NET_CONFIG_VECTOR);
	if (!ret)
		ret = start_queues(dev, vn);
	if (ret)
		return ret;
	virtio_pci_driver_ok(&vn->pci);
	ret = start_commands(dev);
	/* 3.1.1: no doorbell before DRIVER_OK, and the fill rings one. */
	for (uint16_t i = 0; !ret && i < dev->conf.rxqs; i++)
		ret = virtio_net_rx_fill(dev, i);
	return ret;
}

static int virtio_net_start(struct fn_dev *dev)
{
	struct virtio_net *vn = virtio_net_of(dev);
	int reset;
	int ret;

	ret = start_device(dev, vn);
	if (ret) {
		/* A device that is gone, or that cannot even be reset, is the better sentence. */
		reset = quiesce(dev, vn);
		queues_destroy(dev, vn, reset == -ENODEV);
		return reset ? reset : ret;
	}
	for (uint16_t i = 0; i < dev->conf.rxqs; i++)
		virtio_net_rx_enable(dev, i);
	for (uint16_t i = 0; i < dev->conf.txqs; i++)
		virtio_net_tx_enable(dev, i);
	return 0;
}

/* Wait until the device has sent what it has, as long as the configuration allows. */
static void drain(struct fn_dev *dev)
{
	const uint64_t start_ns = fn_dev_now_ns(dev);

	for (uint16_t i = 0; i < dev->conf.txqs; i++) {
		struct virtio_txq *q = virtio_txq_of(dev->txqs[i]);
		const struct fn_queue *queue = fn_txq_queue(&q->pub);

		while (!fn_queue_is_broken(queue) && virtio_net_tx_done(q) >= 0 &&
		       q->used_pos != q->avail_pos) {
			/* The time is up; the queues behind still get the one look. */
			if (fn_dev_now_ns(dev) - start_ns >= dev->conf.stop_drain_ns)
				break;
			fn_dev_delay_ns(dev, FN_US(20));
		}
	}
}

static int virtio_net_stop(struct fn_dev *dev)
{
	struct virtio_net *vn = virtio_net_of(dev);
	const bool lost = fn_busdev_is_gone(dev->bus);
	int ret;

	if (!lost)
		drain(dev);
	ret = quiesce(dev, vn);
	queues_destroy(dev, vn, lost || ret == -ENODEV);
	return ret;
}

static void virtio_net_give_back(struct fn_dev *dev)
{
	queues_destroy(dev, virtio_net_of(dev), true);
}

static const struct fn_driver_ops ops = {
	.open = virtio_net_open,
	.close = virtio_net_close,
	.check = virtio_net_check,
	.start = virtio_net_start,
	.stop = virtio_net_stop,
	.give_back = virtio_net_give_back,
	.get_link = virtio_net_link,
	.set_mac = virtio_net_set_mac,
	.set_promisc = virtio_net_set_promisc,
	.set_allmulti = virtio_net_set_allmulti,
	.set_mac_filters = virtio_net_set_mac_filters,
	.set_vlan_filter = virtio_net_set_vlan_filter,
	.set_rss = virtio_net_set_rss,
	.set_coalesce = virtio_net_set_coalesce,
	.config_irq = virtio_net_config_irq,
	.rx_arm = virtio_net_rx_arm,
	.rx_disarm = virtio_net_rx_disarm,
	.rx_pending = virtio_net_rx_pending,
	.tx_arm = virtio_net_tx_arm,
	.tx_disarm = virtio_net_tx_disarm,
	.tx_pending = virtio_net_tx_pending,
	.tx_reclaim = virtio_net_tx_reclaim,
	/* Coalescing is a command, whose answer the data path cannot wait for. */
	.moderate = NULL,
};

/*
 * 0x1000 is a transitional device: driven through its modern interface, or refused with the remedy.
 */
static const struct fn_pci_id ids[] = {
	{ VIRTIO_PCI_VENDOR, VIRTIO_PCI_DEVICE_NET, "virtio-net" },
	{ VIRTIO_PCI_VENDOR, VIRTIO_PCI_DEVICE_NET_TRANSITIONAL, "transitional virtio-net" },
};

const struct fn_driver fn_driver_virtio_net = {
	.name = "virtio-net",
	.ids = ids,
	.ids_n = FN_ARRAY_LEN(ids),
	.dev_bytes = sizeof(struct virtio_net),
	.rxq_bytes = sizeof(struct virtio_rxq),
	.txq_bytes = sizeof(struct virtio_txq),
	.ops = &ops,
};
