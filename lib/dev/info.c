// SPDX-License-Identifier: BSD-3-Clause
/* What can be asked of a device. */
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
#define COPY(type, limit) info->limit = limits->limit;
	FN_DEV_LIMITS(COPY)
#undef COPY
}

static void info_from_conf(const struct fn_dev_conf *conf, const struct fn_dev_limits *limits,
			   struct fn_dev_info *info)
{
	info->rxqs = conf->rxqs;
	info->txqs = conf->txqs;
	info->rx_ring = conf->rx_ring;
	info->tx_ring = conf->tx_ring;
	info->mtu = conf->mtu;
	info->offloads = conf->offloads;
	if (conf->tx_ring)
		info->max_tx_segs = fn_dev_limits_tx_segs(limits, conf->tx_ring);
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
	info_from_conf(&dev->conf, &dev->limits, &info);
	info.promisc = dev->promisc;
	info.allmulti = dev->allmulti;
	info.mac_filters_n = dev->mac_filters_n;
	if (dev->state == FN_DEV_STARTED) {
		info.mac_filter_mode = dev->mac_filter_mode;
		(void)snprintf(info.rx_variant, sizeof(info.rx_variant), "%s", dev->rx_variant);
		(void)snprintf(info.tx_variant, sizeof(info.tx_variant), "%s", dev->tx_variant);
	}
	(void)pthread_mutex_unlock(&dev->lock);
	fn_info_put(out, &info, sizeof(info));
}
