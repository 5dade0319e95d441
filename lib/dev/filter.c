// SPDX-License-Identifier: BSD-3-Clause
/* Which frames a device lets in: checked, applied when it is started, kept for the next start. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dev/dev.h"

static bool is_zero(const uint8_t mac[6])
{
	static const uint8_t zero[6];

	return memcmp(mac, zero, sizeof(zero)) == 0;
}

static int set_mac(struct fn_dev *dev, const uint8_t mac[6])
{
	int ret = fn_dev_check_can(dev, FN_CAP_SET_MAC);

	if (ret)
		return ret;
	/* 802.3 3.2.3: the lowest bit of the first byte marks a group address. */
	if ((mac[0] & 1) || is_zero(mac))
		return fn_fail(-EINVAL, "%s: a station address is neither zero nor a group address",
			       dev->bus->name);
	if (dev->state == FN_DEV_STARTED)
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

	/* Nothing is to be done. */
	if (!ret && on && dev->limits.always_promisc)
		return 0;
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

int fn_dev_set_allmulti(struct fn_dev *dev, bool on)
{
	int ret;

	(void)pthread_mutex_lock(&dev->lock);
	ret = fn_dev_check_can(dev, FN_CAP_ALLMULTI);
	if (!ret && dev->state == FN_DEV_STARTED)
		ret = dev->drv->ops->set_allmulti(dev, on);
	if (!ret)
		dev->allmulti = on;
	(void)pthread_mutex_unlock(&dev->lock);
	return fn_report(dev->ctx, NULL, ret);
}

static int set_mac_filters(struct fn_dev *dev, const uint8_t (*macs)[6], unsigned n)
{
	uint8_t(*kept)[6] = NULL;
	int ret = fn_dev_check_can(dev, FN_CAP_MAC_FILTERS);

	if (ret)
		return ret;
	if (n > dev->limits.max_mac_filters)
		return fn_fail(-ENOSPC,
			       "%s: %u addresses, and it filters %u at most: ask for fewer, or for "
			       "all frames with fn_dev_set_promisc()",
			       dev->bus->name, n, dev->limits.max_mac_filters);
	for (unsigned i = 0; i < n; i++)
		if (is_zero(macs[i]))
			return fn_fail(-EINVAL, "%s: address number %u of the list is zero",
				       dev->bus->name, i);
	if (n) {
		kept = malloc(n * sizeof(*kept));
		if (!kept)
			return fn_fail(-ENOMEM, "%s: out of memory for %u addresses",
				       dev->bus->name, n);
		memcpy(kept, macs, n * sizeof(*kept));
	}
	if (dev->state == FN_DEV_STARTED)
		ret = dev->drv->ops->set_mac_filters(dev, macs, n);
	if (ret) {
		free(kept);
		return ret;
	}
	free(dev->mac_filters);
	dev->mac_filters = kept;
	dev->mac_filters_n = n;
	return 0;
}

int fn_dev_set_mac_filters(struct fn_dev *dev, const uint8_t (*macs)[6], unsigned n)
{
	int ret;

	(void)pthread_mutex_lock(&dev->lock);
	ret = set_mac_filters(dev, macs, n);
	(void)pthread_mutex_unlock(&dev->lock);
	return fn_report(dev->ctx, NULL, ret);
}

static int vlan_set(struct fn_dev *dev, uint16_t vid, bool on)
{
	int ret = fn_dev_check_present(dev);

	if (ret)
		return ret;
	if (vid >= FN_VLANS)
		return fn_fail(-EINVAL, "%s: VLAN %u: use 0 to %u", dev->bus->name, vid,
			       FN_VLANS - 1);
	if (!(dev->conf.offloads & FN_OFFLOAD_VLAN_FILTER))
		return fn_fail(-ENOTSUP,
			       "%s lets all VLANs in: configure it with FN_OFFLOAD_VLAN_FILTER "
			       "to choose",
			       dev->bus->name);
	if (dev->state == FN_DEV_STARTED)
		ret = dev->drv->ops->set_vlan_filter(dev, vid, on);
	if (ret)
		return ret;
	if (on)
		dev->vlans[vid / 64] |= 1ull << vid % 64;
	else
		dev->vlans[vid / 64] &= ~(1ull << vid % 64);
	return 0;
}

static int vlan_call(struct fn_dev *dev, uint16_t vid, bool on)
{
	int ret;

	(void)pthread_mutex_lock(&dev->lock);
	ret = vlan_set(dev, vid, on);
	(void)pthread_mutex_unlock(&dev->lock);
	return fn_report(dev->ctx, NULL, ret);
}

int fn_dev_add_vlan(struct fn_dev *dev, uint16_t vid)
{
	return vlan_call(dev, vid, true);
}

int fn_dev_del_vlan(struct fn_dev *dev, uint16_t vid)
{
	return vlan_call(dev, vid, false);
}
