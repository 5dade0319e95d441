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
	info->offloads_max = limits->offloads_max;
	info->rss_types = limits->rss_types;
	info->rss_key_bytes = limits->rss_key_bytes;
	info->rss_reta_entries = limits->rss_reta_entries;
	info->max_mac_filters = limits->max_mac_filters;
	info->max_mac_exact = limits->max_mac_exact;
	info->coalesce_unit_ns = limits->coalesce_unit_ns;
	info->coalesce_max_ns = limits->coalesce_max_ns;
	info->coalesce_max_packets = limits->coalesce_max_packets;
	info->link_modes = limits->link_modes;
	info->link_forced_modes = limits->link_forced_modes;
	info->selftests = limits->selftests;
	info->nvm_words = limits->nvm_words;
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

int fn_dev_hand_out(struct fn_dev *dev, const char *name, const void *kept, size_t bytes,
		    int (*check)(struct fn_dev *dev), void *out)
{
	struct fn_error *const err = fn_opts_err(out);
	int ret;

	if (!fn_info_ok(out))
		return fn_report(dev->ctx, err, fn_opts_fail(name));
	(void)pthread_mutex_lock(&dev->lock);
	ret = check(dev);
	if (!ret)
		fn_info_put_err(out, kept, bytes);
	(void)pthread_mutex_unlock(&dev->lock);
	return fn_report(dev->ctx, err, ret);
}
