// SPDX-License-Identifier: BSD-3-Clause
/* What can be asked of a device and set on it beside its configuration. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/opts.h"
#include "dev/dev.h"

struct fn_rxq *fn_dev_rxq(struct fn_dev *dev, unsigned idx)
{
	return idx < dev->limits.max_rxqs ? dev->rxqs[idx] : NULL;
}

struct fn_txq *fn_dev_txq(struct fn_dev *dev, unsigned idx)
{
	return idx < dev->limits.max_txqs ? dev->txqs[idx] : NULL;
}

static void info_from_limits(const struct fn_dev_limits *limits, struct fn_dev_info *info)
{
	info->max_rxqs = limits->max_rxqs;
	info->max_txqs = limits->max_txqs;
	info->rx_ring_min = limits->rx_ring_min;
	info->rx_ring_max = limits->rx_ring_max;
	info->tx_ring_min = limits->tx_ring_min;
	info->tx_ring_max = limits->tx_ring_max;
	info->max_tx_segs = limits->max_tx_segs;
	info->mtu_min = limits->mtu_min;
	info->mtu_max = limits->mtu_max;
	info->vectors = limits->vectors;
	info->caps = limits->caps;
}

static void info_from_conf(const struct fn_dev_conf *conf, unsigned extra_descs,
			   struct fn_dev_info *info)
{
	info->rxqs = conf->rxqs;
	info->txqs = conf->txqs;
	info->rx_ring = conf->rx_ring;
	info->tx_ring = conf->tx_ring;
	info->mtu = conf->mtu;
	/* A short ring cannot take the longest chain. */
	if (conf->tx_ring && info->max_tx_segs > conf->tx_ring - extra_descs)
		info->max_tx_segs = (uint16_t)(conf->tx_ring - extra_descs);
}

void fn_dev_get_info(struct fn_dev *dev, struct fn_dev_info *out)
{
	struct fn_dev_info info = { 0 };

	(void)pthread_mutex_lock(&dev->lock);
	(void)snprintf(info.name, sizeof(info.name), "%s", dev->bus->name);
	(void)snprintf(info.driver, sizeof(info.driver), "%s", dev->drv->name);
	info.vendor_id = dev->bus->vendor_id;
	info.device_id = dev->bus->device_id;
	info.state = dev->state;
	info.status = __atomic_load_n(&dev->status, __ATOMIC_ACQUIRE);
	info.numa_node = dev->bus->numa_node;
	info.iommu_group = dev->bus->iommu_group;
	memcpy(info.mac, dev->mac, sizeof(info.mac));
	info_from_limits(&dev->limits, &info);
	info_from_conf(&dev->conf, dev->limits.tx_extra_descs, &info);
	info.promisc = dev->promisc;
	if (dev->state == FN_DEV_STARTED) {
		(void)snprintf(info.rx_variant, sizeof(info.rx_variant), "%s", dev->rx_variant);
		(void)snprintf(info.tx_variant, sizeof(info.tx_variant), "%s", dev->tx_variant);
	}
	(void)pthread_mutex_unlock(&dev->lock);
	fn_info_put(out, &info, sizeof(info));
}

int fn_dev_link(struct fn_dev *dev, struct fn_link *out)
{
	struct fn_link link = { 0 };
	int ret;

	(void)pthread_mutex_lock(&dev->lock);
	ret = fn_dev_check_present(dev);
	if (!ret)
		ret = dev->drv->ops->link(dev, &link);
	(void)pthread_mutex_unlock(&dev->lock);
	if (!ret)
		fn_info_put(out, &link, sizeof(link));
	return fn_report(dev->ctx, NULL, ret);
}

static bool mac_is_station(const uint8_t mac[6])
{
	static const uint8_t zero[6];

	/* 802.3 3.2.3: the lowest bit of the first byte marks a group address. */
	return !(mac[0] & 1) && memcmp(mac, zero, sizeof(zero)) != 0;
}

/* By bit of FN_CAP_*: what a device without it cannot do. */
static const char *const cap_words[] = {
	"change its station address",
	"receive frames for any address (promiscuous mode)",
};

int fn_dev_check_cap(const struct fn_dev *dev, uint64_t cap)
{
	if (dev->limits.caps & cap)
		return 0;
	return fn_fail(-ENOTSUP,
		       "%s: this device cannot %s: leave it as it is, or use a device whose "
		       "fn_dev_info.caps has the bit",
		       dev->bus->name, cap_words[__builtin_ctzll(cap)]);
}

static int set_mac(struct fn_dev *dev, const uint8_t mac[6])
{
	int ret = fn_dev_check_present(dev);

	if (ret)
		return ret;
	if (!mac_is_station(mac))
		return fn_fail(-EINVAL, "%s: a station address is neither zero nor a group address",
			       dev->bus->name);
	ret = fn_dev_check_cap(dev, FN_CAP_SET_MAC);
	if (!ret && dev->state == FN_DEV_STARTED)
		ret = dev->drv->ops->set_mac(dev, mac);
	if (!ret)
		memcpy(dev->mac, mac, sizeof(dev->mac));
	return ret;
}

int fn_dev_set_mac(struct fn_dev *dev, const uint8_t mac[6])
{
	int ret;

	(void)pthread_mutex_lock(&dev->lock);
	ret = set_mac(dev, mac);
	(void)pthread_mutex_unlock(&dev->lock);
	return fn_report(dev->ctx, NULL, ret);
}

static int set_promisc(struct fn_dev *dev, bool on)
{
	int ret = fn_dev_check_present(dev);

	if (!ret)
		ret = fn_dev_check_cap(dev, FN_CAP_PROMISC);
	if (!ret && dev->state == FN_DEV_STARTED)
		ret = dev->drv->ops->set_promisc(dev, on);
	if (!ret)
		dev->promisc = on;
	return ret;
}

int fn_dev_set_promisc(struct fn_dev *dev, bool on)
{
	int ret;

	(void)pthread_mutex_lock(&dev->lock);
	ret = set_promisc(dev, on);
	(void)pthread_mutex_unlock(&dev->lock);
	return fn_report(dev->ctx, NULL, ret);
}
