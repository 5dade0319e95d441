// SPDX-License-Identifier: BSD-3-Clause
/* What a virtio-net device can: its features and limits, and the configurations that it can. */
#include <errno.h>
#include <sys/random.h>

#include "drivers/virtio/virtio_net.h"

/*
 * What is used when the device offers it, whatever the application asks for; what must be there is
 * the transport's (virtio_pci_accept()).
 */
#define FEATURES_ALWAYS                                                                     \
	(VIRTIO_NET_F_MTU | VIRTIO_NET_F_MAC | VIRTIO_NET_F_STATUS | VIRTIO_NET_F_CTRL_VQ | \
	 VIRTIO_NET_F_CTRL_RX | VIRTIO_NET_F_MQ | VIRTIO_NET_F_CTRL_MAC_ADDR |              \
	 VIRTIO_NET_F_GUEST_ANNOUNCE | VIRTIO_NET_F_RSS | VIRTIO_NET_F_NOTF_COAL |          \
	 VIRTIO_NET_F_SPEED_DUPLEX | VIRTIO_F_RING_EVENT_IDX | VIRTIO_F_IN_ORDER |          \
	 VIRTIO_F_ORDER_PLATFORM)

/*
 * 5.1.3.1: segmentation needs checksums; 5.1.6.2: an exact hdr_len is better than a hint, and the
 * ECN mark needs a word of the device.
 */
#define TSO_USES (VIRTIO_NET_F_CSUM | VIRTIO_NET_F_HOST_ECN | VIRTIO_NET_F_GUEST_HDRLEN)

#define FEATURES_BY_OFFLOAD                                                            \
	(VIRTIO_NET_F_GUEST_CSUM | VIRTIO_NET_F_HASH_REPORT | VIRTIO_NET_F_MRG_RXBUF | \
	 VIRTIO_NET_F_CTRL_VLAN | VIRTIO_NET_F_HOST_TSO4 | VIRTIO_NET_F_HOST_TSO6 | TSO_USES)

/* What an offload needs, and what is used with it when it is offered too. */
static const struct {
	uint64_t offload;
	uint64_t needs;
	uint64_t uses;
} offers[] = {
	{ FN_OFFLOAD_RX_CSUM, VIRTIO_NET_F_GUEST_CSUM, 0 },
	{ FN_OFFLOAD_RX_HASH, VIRTIO_NET_F_HASH_REPORT, 0 },
	{ FN_OFFLOAD_RX_SCATTER, VIRTIO_NET_F_MRG_RXBUF, 0 },
	{ FN_OFFLOAD_VLAN_FILTER, VIRTIO_NET_F_CTRL_VLAN, 0 },
	{ FN_OFFLOAD_TX_L4_CSUM, VIRTIO_NET_F_CSUM, 0 },
	{ FN_OFFLOAD_TX_TSO4, VIRTIO_NET_F_HOST_TSO4, TSO_USES },
	{ FN_OFFLOAD_TX_TSO6, VIRTIO_NET_F_HOST_TSO6, TSO_USES },
};

/* 5.1.3.1: these need the control queue. */
#define FEATURES_OF_CTRL                                                           \
	(VIRTIO_NET_F_CTRL_RX | VIRTIO_NET_F_MQ | VIRTIO_NET_F_CTRL_MAC_ADDR |     \
	 VIRTIO_NET_F_CTRL_VLAN | VIRTIO_NET_F_GUEST_ANNOUNCE | VIRTIO_NET_F_RSS | \
	 VIRTIO_NET_F_NOTF_COAL | VIRTIO_NET_F_HASH_REPORT)

/* Beyond the MTU a frame has its link header, and its length is 16 bits. */
#define MTU_MAX (UINT16_MAX - FN_LINK_HEADER_BYTES)

/* The part of FN_LINK_HEADER_BYTES that an untagged frame may have as data. */
#define VLAN_TAG_BYTES 4u

static int config16(struct virtio_net *vn, size_t off, uint16_t *value)
{
	return virtio_pci_config_read16(&vn->pci, (uint32_t)off, value);
}

/*
 * 5.1.5: an address of the device's own, or one that is made up: locally administered, not a group.
 */
static int open_mac(struct fn_dev *dev, struct virtio_net *vn)
{
	uint8_t *mac = dev->limits.mac;

	if (vn->features & VIRTIO_NET_F_MAC)
		return virtio_pci_config_read8(&vn->pci, offsetof(struct virtio_net_config, mac),
					       mac, 6);
	if (getrandom(mac, 6, 0) != 6)
		return fn_fail(-EIO, "%s: no random numbers for a station address", dev->bus->name);
	mac[0] = (uint8_t)((mac[0] & 0xfc) | 0x02);
	return 0;
}

/* 5.1.4.1, 5.1.4.2: an MTU below 68 is no MTU. */
static int open_mtu(struct fn_dev *dev, struct virtio_net *vn)
{
	struct fn_dev_limits *limits = &dev->limits;
	int ret;

	limits->mtu_min = VIRTIO_NET_MTU_MIN;
	limits->mtu_max = MTU_MAX;
	if (!(vn->features & VIRTIO_NET_F_MTU))
		return 0;
	ret = config16(vn, offsetof(struct virtio_net_config, mtu), &vn->mtu);
	if (ret)
		return ret;
	if (vn->mtu < VIRTIO_NET_MTU_MIN)
		vn->features &= ~VIRTIO_NET_F_MTU;
	else if (vn->mtu < MTU_MAX)
		limits->mtu_max = vn->mtu;
	return 0;
}

/* 5.1.2, 5.1.5: how many queue pairs there are, and where the control queue comes behind them. */
static int open_pairs(struct fn_dev *dev, struct virtio_net *vn)
{
	const bool has_ctrl = (vn->features & VIRTIO_NET_F_CTRL_VQ) != 0;
	uint16_t queues = virtio_pci_num_queues(&vn->pci);
	uint16_t pairs = 1;
	int ret;

	if (vn->features & (VIRTIO_NET_F_MQ | VIRTIO_NET_F_RSS)) {
		ret = config16(vn, offsetof(struct virtio_net_config, max_virtqueue_pairs), &pairs);
		if (ret)
			return ret;
	}
	if (!pairs || 2u * pairs + has_ctrl > queues)
		return fn_fail(-EIO,
			       "%s: the device has %u queues, which is not what %u pairs%s need "
			       "(virtio 1.2 5.1.2)",
			       dev->bus->name, queues, pairs,
			       has_ctrl ? " and a control queue" : "");
	vn->ctrl_queue = (uint16_t)(2u * pairs);
	if (pairs > VIRTIO_NET_PAIRS_USED_MAX)
		pairs = VIRTIO_NET_PAIRS_USED_MAX;
	dev->limits.max_rxqs = pairs;
	dev->limits.max_txqs = pairs;
	return 0;
}

static int ring_max(struct fn_dev *dev, struct virtio_net *vn, uint16_t queue, uint32_t *most)
{
	uint32_t size;
	int ret = virtio_pci_queue_size_max(&vn->pci, queue, &size);

	if (ret)
		return ret;
	if (size < VIRTIO_NET_RING_MIN)
		return fn_fail(-EIO, "%s: the device gives queue %u %u entries; fastnic needs %u",
			       dev->bus->name, queue, size, VIRTIO_NET_RING_MIN);
	if (size < *most)
		*most = size;
	return 0;
}

static int open_rings(struct fn_dev *dev, struct virtio_net *vn)
{
	struct fn_dev_limits *limits = &dev->limits;
	int ret = 0;

	limits->rx_ring_min = VIRTIO_NET_RING_MIN;
	limits->tx_ring_min = VIRTIO_NET_RING_MIN;
	limits->rx_ring_max = VIRTQ_SIZE_USED_MAX;
	limits->tx_ring_max = VIRTQ_SIZE_USED_MAX;
	for (unsigned i = 0; !ret && i < limits->max_rxqs; i++) {
		ret = ring_max(dev, vn, VIRTIO_NET_RXQ(i), &limits->rx_ring_max);
		if (!ret)
			ret = ring_max(dev, vn, VIRTIO_NET_TXQ(i), &limits->tx_ring_max);
	}
	limits->tx_seg_descs = 1;
	limits->tx_extra_descs = VIRTIO_NET_TX_EXTRA_DESCS;
	limits->max_tx_segs = VIRTIO_NET_TX_SEGS_MAX;
	limits->max_tx_segs = fn_dev_limits_tx_segs(limits, limits->tx_ring_max);
	return ret;
}

/* 5.1.3.1: what a feature needs that the device does not offer makes it useless. */
static uint64_t features_choose(uint64_t offered)
{
	uint64_t features = offered & (FEATURES_ALWAYS | FEATURES_BY_OFFLOAD);

	if (!(features & VIRTIO_NET_F_CTRL_VQ))
		features &= ~FEATURES_OF_CTRL;
	if (!(features & VIRTIO_NET_F_CSUM))
		features &= ~(VIRTIO_NET_F_HOST_TSO4 | VIRTIO_NET_F_HOST_TSO6);
	return features;
}

/* What the application may ask for, and what it needs not ask for. */
static void open_caps(struct fn_dev *dev, const struct virtio_net *vn)
{
	struct fn_dev_limits *limits = &dev->limits;

	for (unsigned i = 0; i < FN_ARRAY_LEN(offers); i++)
		if (vn->features & offers[i].needs)
			limits->offloads_max |= offers[i].offload;
	if (vn->features & VIRTIO_NET_F_CTRL_MAC_ADDR)
		limits->caps |= FN_CAP_SET_MAC;
	limits->always_promisc = !(vn->features & VIRTIO_NET_F_CTRL_RX);
	if (vn->features & VIRTIO_NET_F_CTRL_RX) {
		limits->caps |= FN_CAP_PROMISC | FN_CAP_ALLMULTI | FN_CAP_MAC_FILTERS;
		limits->max_mac_filters = VIRTIO_NET_MAC_FILTERS_MAX;
		limits->max_mac_exact = VIRTIO_NET_MAC_FILTERS_MAX;
	}
	virtio_net_coalesce_open(dev);
}

/* 3.1.1 up to step 7: see what the device is. It is reset again before anything else is done. */
static int open_limits(struct fn_dev *dev, struct virtio_net *vn)
{
	int ret;

	ret = virtio_pci_begin(&vn->pci);
	if (ret)
		return ret;
	vn->features = features_choose(vn->pci.offered);
	/* 2.5.2: fields of features that are offered can be read without accepting them. */
	ret = virtio_pci_accept(&vn->pci, vn->features & FEATURES_ALWAYS);
	if (!ret)
		ret = open_mac(dev, vn);
	if (!ret)
		ret = open_mtu(dev, vn);
	/* Before the pairs: without RSS and MQ there is one, and the control queue behind that. */
	if (!ret)
		ret = virtio_net_rss_open(dev);
	if (!ret)
		ret = open_pairs(dev, vn);
	if (!ret)
		ret = open_rings(dev, vn);
	if (!ret)
		open_caps(dev, vn);
	return ret;
}

int virtio_net_open(struct fn_dev *dev)
{
	struct virtio_net *vn = virtio_net_of(dev);
	int ret;

	ret = virtio_pci_open(&vn->pci, dev->bus, sizeof(struct virtio_net_config));
	if (ret)
		return ret;
	ret = open_limits(dev, vn);
	if (ret) {
		virtio_pci_abandon(&vn->pci);
		goto unmap;
	}
	ret = virtio_pci_reset(&vn->pci);
	if (ret)
		goto unmap;
	/* With one entry only, link changes are told and queues have no interrupt. */
	if (dev->bus->irqs >= VIRTIO_NET_FIRST_VECTOR) {
		dev->limits.vectors = (uint16_t)(dev->bus->irqs - VIRTIO_NET_FIRST_VECTOR);
		dev->limits.first_vector = VIRTIO_NET_FIRST_VECTOR;
	}
	return 0;

unmap:
	virtio_pci_close(&vn->pci);
	return ret;
}

/*
 * 5.1.4.2: who accepts VIRTIO_NET_F_MTU posts buffers for a frame of the device's MTU, and sends
 * none that is longer. With a pool for smaller ones, or where a frame of the application's MTU that
 * uses the room of a tag for data would be longer, the feature is left out; the application's own
 * MTU is kept in any case.
 */
static bool mtu_fits(const struct virtio_net *vn, const struct fn_dev_conf *conf, uint64_t features)
{
	const uint32_t buffers = features & VIRTIO_NET_F_MRG_RXBUF ? conf->rx_ring : 1;

	if (conf->mtu + VLAN_TAG_BYTES > vn->mtu)
		return false;
	return (uint64_t)buffers * virtio_net_rx_room(conf->pool, virtio_net_hdr_bytes(features)) >=
	       vn->mtu + FN_LINK_HEADER_BYTES;
}

uint64_t virtio_net_features(const struct fn_dev *dev, const struct fn_dev_conf *conf)
{
	const struct virtio_net *vn = virtio_net_of(dev);
	uint64_t features = vn->features & FEATURES_ALWAYS;

	for (unsigned i = 0; i < FN_ARRAY_LEN(offers); i++)
		if (conf->offloads & offers[i].offload)
			features |= vn->features & (offers[i].needs | offers[i].uses);
	if (!mtu_fits(vn, conf, features))
		features &= ~VIRTIO_NET_F_MTU;
	/* Nobody would hear of it, and the device can then announce by itself. */
	if (!dev->limits.first_vector)
		features &= ~VIRTIO_NET_F_GUEST_ANNOUNCE;
	return features;
}

static int check_queues(const struct fn_dev *dev, const struct fn_dev_conf *conf)
{
	/*
	 * Queues come in pairs (5.1.2), and a device may receive on each pair that it was told to
	 * use: a pair for transmit alone would lose what arrives there. The other way round the
	 * spare queue rests.
	 */
	if (conf->txqs > conf->rxqs)
		return fn_fail(-EINVAL,
			       "%s: virtio-net has its queues in pairs, so %u transmit queues need "
			       "as many receive queues, not %u",
			       dev->bus->name, conf->txqs, conf->rxqs);
	return 0;
}

/* A pool with too little headroom has virtio_net_hdr in its rooms. */
static int check_room(const struct fn_dev *dev, const struct fn_dev_conf *conf, uint32_t hdr_bytes)
{
	const uint32_t need = conf->mtu + FN_LINK_HEADER_BYTES + hdr_bytes;

	if (virtio_net_rx_room(conf->pool, hdr_bytes) >= conf->mtu + FN_LINK_HEADER_BYTES)
		return 0;
	return fn_fail(-EINVAL,
		       "%s: a frame of MTU %u needs %u bytes with virtio's header and a buffer of "
		       "%s has %u and no headroom for it: create the pool with room_bytes %u, or "
		       "with headroom %u",
		       dev->bus->name, conf->mtu, need, fn_pool_name(conf->pool),
		       fn_pool_room_bytes(conf->pool), need, hdr_bytes);
}

/* With FN_OFFLOAD_RX_SCATTER: a frame fits a packet's segments, and the ring. */
static int check_scatter(const struct fn_dev *dev, const struct fn_dev_conf *conf,
			 uint32_t hdr_bytes)
{
	const uint32_t room = virtio_net_rx_room(conf->pool, hdr_bytes) + hdr_bytes;
	const uint32_t need = conf->mtu + FN_LINK_HEADER_BYTES + hdr_bytes;
	const uint32_t segs = (need + room - 1) / room;
	const uint32_t most =
		conf->rx_ring < VIRTIO_NET_RX_SEGS_MAX ? conf->rx_ring : VIRTIO_NET_RX_SEGS_MAX;

	if (segs <= most)
		return 0;
	return fn_fail(-EINVAL,
		       "%s: a frame of MTU %u fills %u buffers of %s, and %u is the most (%u, and "
		       "no more than the receive ring has): create the pool with larger "
		       "room_bytes, or use a smaller MTU",
		       dev->bus->name, conf->mtu, segs, fn_pool_name(conf->pool), most,
		       VIRTIO_NET_RX_SEGS_MAX);
}

int virtio_net_check(struct fn_dev *dev, const struct fn_dev_conf *conf)
{
	const uint32_t hdr_bytes = virtio_net_hdr_bytes(virtio_net_features(dev, conf));
	int ret = check_queues(dev, conf);

	if (ret)
		return ret;
	if (conf->offloads & FN_OFFLOAD_RX_SCATTER)
		return check_scatter(dev, conf, hdr_bytes);
	return check_room(dev, conf, hdr_bytes);
}
