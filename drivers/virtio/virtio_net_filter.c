// SPDX-License-Identifier: BSD-3-Clause
/* Which frames virtio-net lets in (virtio 1.2 5.1.6.5.1 to 5.1.6.5.3): modes, addresses, VLANs. */
#include <string.h>

#include "drivers/virtio/virtio_net.h"

/* 5.1.6.5.2: two tables, each behind its number of entries. */
#define MAC_TABLE_BYTES (2 * sizeof(fn_le32) + VIRTIO_NET_MAC_FILTERS_MAX * (size_t)6)

_Static_assert(MAC_TABLE_BYTES <= VIRTIO_NET_CTRL_DATA_MAX, "the longest fits a command");

int virtio_net_set_promisc(struct fn_dev *dev, bool on)
{
	const uint8_t data = on;

	return virtio_net_command(dev, "change its receive mode", VIRTIO_NET_CTRL_RX,
				  VIRTIO_NET_CTRL_RX_PROMISC, &data, sizeof(data));
}

int virtio_net_set_allmulti(struct fn_dev *dev, bool on)
{
	const uint8_t data = on;

	return virtio_net_command(dev, "receive all group addresses or no longer",
				  VIRTIO_NET_CTRL_RX, VIRTIO_NET_CTRL_RX_ALLMULTI, &data,
				  sizeof(data));
}

int virtio_net_set_mac(struct fn_dev *dev, const uint8_t mac[6])
{
	return virtio_net_command(dev, "change its station address", VIRTIO_NET_CTRL_MAC,
				  VIRTIO_NET_CTRL_MAC_ADDR_SET, mac, 6);
}

/* Those of @macs that are group addresses, or those that are not, behind their number. */
static uint32_t mac_table(uint8_t *at, const uint8_t (*macs)[6], unsigned n, bool group)
{
	uint32_t used = sizeof(fn_le32);
	uint32_t entries = 0;
	fn_le32 le;

	for (unsigned i = 0; i < n; i++) {
		if ((macs[i][0] & 1) != group)
			continue;
		memcpy(at + used, macs[i], 6);
		used += 6;
		entries++;
	}
	le = fn_cpu_to_le32(entries);
	memcpy(at, &le, sizeof(le));
	return used;
}

int virtio_net_set_mac_filters(struct fn_dev *dev, const uint8_t (*macs)[6], unsigned n)
{
	uint8_t data[MAC_TABLE_BYTES];
	uint32_t len;
	int ret;

	len = mac_table(data, macs, n, false);
	len += mac_table(data + len, macs, n, true);
	ret = virtio_net_command(dev, "receive for these addresses", VIRTIO_NET_CTRL_MAC,
				 VIRTIO_NET_CTRL_MAC_TABLE_SET, data, len);
	if (!ret)
		dev->mac_filter_mode = FN_FILTER_EXACT;
	return ret;
}

int virtio_net_set_vlan_filter(struct fn_dev *dev, uint16_t vid, bool on)
{
	const fn_le16 data = fn_cpu_to_le16(vid);

	if (on)
		return virtio_net_command(dev, "let a VLAN in", VIRTIO_NET_CTRL_VLAN,
					  VIRTIO_NET_CTRL_VLAN_ADD, &data, sizeof(data));
	return virtio_net_command(dev, "let a VLAN in no longer", VIRTIO_NET_CTRL_VLAN,
				  VIRTIO_NET_CTRL_VLAN_DEL, &data, sizeof(data));
}

static int vlans_start(struct fn_dev *dev)
{
	int ret = 0;

	for (unsigned i = 0; !ret && i < FN_ARRAY_LEN(dev->vlans); i++)
		for (uint64_t left = dev->vlans[i]; !ret && left; left &= left - 1)
			ret = virtio_net_set_vlan_filter(
				dev, (uint16_t)(64 * i + (unsigned)__builtin_ctzll(left)), true);
	return ret;
}

/*
 * A device that was reset has an empty table (5.1.6.5.2), lets no VLAN in, and is not in a mode
 * that nobody asked for, but perhaps promiscuous (QEMU is): only that is always told, so that a
 * device that lacks a command which nobody needs can be started all the same. Without
 * VIRTIO_NET_F_CTRL_RX it may be so for good.
 */
int virtio_net_filter_start(struct fn_dev *dev)
{
	struct virtio_net *vn = virtio_net_of(dev);
	int ret = 0;

	dev->mac_filter_mode =
		vn->features & VIRTIO_NET_F_CTRL_RX ? FN_FILTER_EXACT : FN_FILTER_ALL;
	if (vn->features & VIRTIO_NET_F_CTRL_RX)
		ret = virtio_net_set_promisc(dev, dev->promisc);
	if (!ret && dev->allmulti)
		ret = virtio_net_set_allmulti(dev, true);
	if (!ret && (vn->features & VIRTIO_NET_F_CTRL_MAC_ADDR) &&
	    (!(vn->features & VIRTIO_NET_F_MAC) || memcmp(dev->mac, dev->limits.mac, 6) != 0))
		ret = virtio_net_set_mac(dev, dev->mac);
	if (!ret && dev->mac_filters_n)
		ret = virtio_net_set_mac_filters(dev, (const uint8_t(*)[6])dev->mac_filters,
						 dev->mac_filters_n);
	return ret ? ret : vlans_start(dev);
}
