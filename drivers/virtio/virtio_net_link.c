// SPDX-License-Identifier: BSD-3-Clause
/* The link of virtio-net, and what its configuration interrupt tells. */
#include <errno.h>

#include "drivers/virtio/virtio_net.h"

/* device_status, or -ENODEV: the one register that each device has, whatever its features. */
static int device_status(struct fn_dev *dev, uint8_t *status)
{
	*status = virtio_pci_status(&virtio_net_of(dev)->pci);
	return *status == UINT8_MAX && fn_busdev_is_gone(dev->bus) ? fn_dev_mark_gone(dev) : 0;
}

/* 5.1.4: status, speed and duplex exist as their features say; without them the link is up. */
int virtio_net_link(struct fn_dev *dev, struct fn_link *link)
{
	struct virtio_net *vn = virtio_net_of(dev);
	uint16_t status = VIRTIO_NET_S_LINK_UP;
	uint8_t duplex = VIRTIO_NET_DUPLEX_FULL;
	uint32_t speed = 0;
	uint8_t unused;
	int ret = device_status(dev, &unused);

	if (!ret && (vn->features & VIRTIO_NET_F_STATUS))
		ret = virtio_pci_config_read16(&vn->pci, offsetof(struct virtio_net_config, status),
					       &status);
	if (!ret && (vn->features & VIRTIO_NET_F_SPEED_DUPLEX))
		ret = virtio_pci_config_read32(&vn->pci, offsetof(struct virtio_net_config, speed),
					       &speed);
	if (!ret && (vn->features & VIRTIO_NET_F_SPEED_DUPLEX))
		ret = virtio_pci_config_read8(&vn->pci, offsetof(struct virtio_net_config, duplex),
					      &duplex, 1);
	if (ret)
		return ret == -ENODEV ? fn_dev_mark_gone(dev) : ret;
	link->up = (status & VIRTIO_NET_S_LINK_UP) != 0;
	link->full_duplex = duplex == VIRTIO_NET_DUPLEX_FULL;
	link->speed_mbps = speed <= VIRTIO_NET_SPEED_MAX ? speed : 0;
	return 0;
}

/*
 * 5.1.6.5.4: after a migration the network has to learn anew where the port is. What is to be sent
 * for that only the application knows; the device is told that it knows.
 */
static void announce(struct fn_dev *dev)
{
	struct virtio_net *vn = virtio_net_of(dev);
	uint16_t status;

	/* A late interrupt of a device that is stopped, and perhaps reset, meanwhile. */
	if (dev->state != FN_DEV_STARTED || !(vn->pci.features & VIRTIO_NET_F_GUEST_ANNOUNCE) ||
	    !(vn->pci.features & VIRTIO_NET_F_STATUS) ||
	    virtio_pci_config_read16(&vn->pci, offsetof(struct virtio_net_config, status),
				     &status) ||
	    !(status & VIRTIO_NET_S_ANNOUNCE))
		return;
	fn_dev_raise(dev, FN_EVENT_ANNOUNCE);
	if (virtio_net_command(dev, "end its call for an announcement", VIRTIO_NET_CTRL_ANNOUNCE,
			       VIRTIO_NET_CTRL_ANNOUNCE_ACK, NULL, 0))
		fn_log(dev->ctx, FN_LOG_WARN, "%s", fn_error_last());
}

void virtio_net_config_irq(struct fn_dev *dev)
{
	uint8_t status;

	if (device_status(dev, &status))
		return;
	/* 2.1.2: an error that only a reset mends. */
	if (status & VIRTIO_STATUS_DEVICE_NEEDS_RESET) {
		fn_dev_mark_broken(dev, "the device asks for a reset (DEVICE_NEEDS_RESET)");
		return;
	}
	fn_dev_raise(dev, FN_EVENT_LINK);
	announce(dev);
}
