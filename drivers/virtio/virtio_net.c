// SPDX-License-Identifier: BSD-3-Clause
/* virtio-net on modern PCI: what the device can, and its way from reset to packets and back. */
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "drivers/virtio/virtio_net.h"

/*
 * What is used when the device offers it; what must be there is the transport's
 * (virtio_pci_accept()).
 */
#define FEATURES_WANTED                                                                     \
	(VIRTIO_NET_F_MTU | VIRTIO_NET_F_MAC | VIRTIO_NET_F_STATUS | VIRTIO_NET_F_CTRL_VQ | \
	 VIRTIO_NET_F_CTRL_RX | VIRTIO_NET_F_MQ | VIRTIO_NET_F_CTRL_MAC_ADDR |              \
	 VIRTIO_NET_F_SPEED_DUPLEX | VIRTIO_F_RING_EVENT_IDX | VIRTIO_F_IN_ORDER |          \
	 VIRTIO_F_ORDER_PLATFORM)

/* 5.1.3.1: these need the control queue. */
#define FEATURES_OF_CTRL (VIRTIO_NET_F_CTRL_RX | VIRTIO_NET_F_MQ | VIRTIO_NET_F_CTRL_MAC_ADDR)

/* MSI-X entry 0 is the configuration's, the queues' come behind it. */
#define CONFIG_ENTRY 0u
#define FIRST_VECTOR 1u

/* Beyond the MTU a frame has its link header, and its length is 16 bits. */
#define MTU_MAX (UINT16_MAX - FN_LINK_HEADER_BYTES)

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

	if (vn->features & VIRTIO_NET_F_MQ) {
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
	limits->max_tx_segs = virtio_net_tx_segs(limits->tx_ring_max);
	limits->tx_extra_descs = VIRTIO_NET_TX_EXTRA_DESCS;
	return ret;
}

static uint64_t features_choose(uint64_t offered)
{
	uint64_t features = offered & FEATURES_WANTED;

	if (!(features & VIRTIO_NET_F_CTRL_VQ))
		features &= ~FEATURES_OF_CTRL;
	return features;
}

/* 3.1.1 up to step 7: see what the device is. It is reset again before anything else is done. */
static int open_limits(struct fn_dev *dev, struct virtio_net *vn)
{
	int ret;

	ret = virtio_pci_begin(&vn->pci);
	if (ret)
		return ret;
	vn->features = features_choose(vn->pci.offered);
	ret = virtio_pci_accept(&vn->pci, vn->features);
	if (!ret)
		ret = open_mac(dev, vn);
	if (!ret)
		ret = open_mtu(dev, vn);
	if (!ret)
		ret = open_pairs(dev, vn);
	if (!ret)
		ret = open_rings(dev, vn);
	return ret;
}

static int virtio_net_open(struct fn_dev *dev)
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
	if (dev->bus->irqs >= FIRST_VECTOR) {
		dev->limits.vectors = (uint16_t)(dev->bus->irqs - FIRST_VECTOR);
		dev->limits.first_vector = FIRST_VECTOR;
	}
	if (vn->features & VIRTIO_NET_F_CTRL_MAC_ADDR)
		dev->limits.caps |= FN_CAP_SET_MAC;
	if (vn->features & VIRTIO_NET_F_CTRL_RX)
		dev->limits.caps |= FN_CAP_PROMISC;
	return 0;

unmap:
	virtio_pci_close(&vn->pci);
	return ret;
}

static int virtio_net_close(struct fn_dev *dev)
{
	struct virtio_net *vn = virtio_net_of(dev);
	int ret = virtio_pci_reset(&vn->pci);

	virtio_pci_close(&vn->pci);
	return ret == -ENODEV ? fn_dev_mark_gone(dev) : ret;
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
static int check_room(const struct fn_dev *dev, const struct fn_dev_conf *conf)
{
	const uint32_t need = conf->mtu + FN_LINK_HEADER_BYTES + VIRTIO_NET_HDR_BYTES;

	if (virtio_net_rx_room(conf->pool) >= conf->mtu + FN_LINK_HEADER_BYTES)
		return 0;
	return fn_fail(-EINVAL,
		       "%s: a frame of MTU %u needs %u bytes with virtio's header and a buffer of "
		       "%s has %u and no headroom for it: create the pool with room_bytes %u, or "
		       "with headroom %u",
		       dev->bus->name, conf->mtu, need, fn_pool_name(conf->pool),
		       fn_pool_room_bytes(conf->pool), need, VIRTIO_NET_HDR_BYTES);
}

static int virtio_net_check(struct fn_dev *dev, const struct fn_dev_conf *conf)
{
	int ret = check_queues(dev, conf);

	return ret ? ret : check_room(dev, conf);
}

uint16_t virtio_net_entry(const struct fn_dev *dev, const struct fn_queue *queue)
{
	if (queue->vector == FN_NO_VECTOR || !dev->irq_n)
		return VIRTIO_MSI_NO_VECTOR;
	return (uint16_t)(queue->vector + FIRST_VECTOR);
}

/*
 * 5.1.4.2: who accepts VIRTIO_NET_F_MTU posts buffers for a frame of the device's MTU. With a pool
 * for smaller ones the feature is left out; the application's own MTU is kept in any case.
 */
static uint64_t start_features(const struct fn_dev *dev, const struct virtio_net *vn)
{
	if (virtio_net_rx_room(dev->conf.pool) < vn->mtu + FN_LINK_HEADER_BYTES)
		return vn->features & ~VIRTIO_NET_F_MTU;
	return vn->features;
}

static int start_queues(struct fn_dev *dev, struct virtio_net *vn)
{
	int ret;

	for (vn->pairs = 0; vn->pairs < dev->conf.rxqs; vn->pairs++) {
		ret = virtio_net_rx_create(dev, vn->pairs);
		if (ret)
			return ret;
		ret = virtio_net_tx_create(dev, vn->pairs);
		if (ret) {
			virtio_net_rx_destroy(dev, vn->pairs, FN_RX_DROP_STOPPED);
			return ret;
		}
	}
	return vn->features & VIRTIO_NET_F_CTRL_VQ ? virtio_net_ctrl_create(dev) : 0;
}

/* What the device is told on its control queue; it receives nothing yet, for want of buffers. */
static int start_commands(struct fn_dev *dev, struct virtio_net *vn)
{
	int ret = 0;

	if (vn->pairs > 1)
		ret = virtio_net_ctrl_set_pairs(dev, vn->pairs);
	if (!ret && (vn->features & VIRTIO_NET_F_CTRL_RX))
		ret = virtio_net_ctrl_set_promisc(dev, dev->promisc);
	if (!ret && (vn->features & VIRTIO_NET_F_CTRL_MAC_ADDR) &&
	    (!(vn->features & VIRTIO_NET_F_MAC) || memcmp(dev->mac, dev->limits.mac, 6) != 0))
		ret = virtio_net_ctrl_set_mac(dev, dev->mac);
	return ret;
}

static bool is_broken(const struct fn_queue *queue)
{
	return __atomic_load_n(&queue->status, __ATOMIC_ACQUIRE) == -EIO;
}

/* Give all memory and buffers back; the device cannot reach them any more. */
static void queues_destroy(struct fn_dev *dev, struct virtio_net *vn, bool lost)
{
	for (uint16_t i = 0; i < vn->pairs; i++) {
		const bool rx_broken = lost || is_broken(fn_rxq_queue(dev->rxqs[i]));
		const bool tx_broken = lost || is_broken(fn_txq_queue(dev->txqs[i]));

		virtio_net_rx_destroy(dev, i, rx_broken ? FN_RX_DROP_BROKEN : FN_RX_DROP_STOPPED);
		virtio_net_tx_destroy(dev, i, tx_broken ? FN_TX_DROP_BROKEN : FN_TX_DROP_STOPPED);
	}
	vn->pairs = 0;
	virtio_net_ctrl_destroy(dev);
}

/*
 * Reset the device, so that it lets go of all memory. One that does not even do that is cut off
 * from memory instead: without bus mastering it has no DMA (PCI 3.0 6.2.2).
 */
static int quiesce(struct fn_dev *dev, struct virtio_net *vn)
{
	int ret = virtio_pci_reset(&vn->pci);

	if (ret == -EIO) {
		(void)fn_busdev_set_master(dev->bus, false);
		fn_log(dev->ctx, FN_LOG_WARN, "%s: bus mastering is off, because the reset failed",
		       dev->bus->name);
	}
	return ret == -ENODEV ? fn_dev_mark_gone(dev) : ret;
}

/* Sets vn->pairs as far as it came; what it made stays when it fails. */
static int start_device(struct fn_dev *dev, struct virtio_net *vn)
{
	int ret;

	ret = virtio_pci_begin(&vn->pci);
	if (!ret)
		ret = virtio_pci_accept(&vn->pci, start_features(dev, vn));
	if (!ret && dev->irq_n)
		ret = virtio_pci_set_config_vector(&vn->pci, CONFIG_ENTRY);
	if (!ret)
		ret = start_queues(dev, vn);
	if (ret)
		return ret;
	virtio_pci_driver_ok(&vn->pci);
	ret = start_commands(dev, vn);
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

		while (__atomic_load_n(&queue->status, __ATOMIC_ACQUIRE) != -EIO &&
		       virtio_net_tx_done(q) >= 0 && q->used_pos != q->avail_pos) {
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

static const struct fn_driver_ops ops = {
	.open = virtio_net_open,
	.close = virtio_net_close,
	.check = virtio_net_check,
	.start = virtio_net_start,
	.stop = virtio_net_stop,
	.link = virtio_net_link,
	.set_mac = virtio_net_ctrl_set_mac,
	.set_promisc = virtio_net_ctrl_set_promisc,
	.config_irq = virtio_net_config_irq,
	.rx_arm = virtio_net_rx_arm,
	.rx_disarm = virtio_net_rx_disarm,
	.rx_pending = virtio_net_rx_pending,
	.tx_arm = virtio_net_tx_arm,
	.tx_disarm = virtio_net_tx_disarm,
	.tx_pending = virtio_net_tx_pending,
	.tx_reclaim = virtio_net_tx_reclaim,
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
