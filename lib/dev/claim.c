// SPDX-License-Identifier: BSD-3-Clause
/* How many packets configurations need, and which device may hold how many of a pool. */
#include <errno.h>
#include <inttypes.h>

#include "base/opts.h"
#include "dev/dev.h"

#define DEFAULT_RING 256
#define DEFAULT_MTU 1500
#define DEFAULT_DRAIN_NS FN_MS(100)

void fn_conf_defaults(uint32_t rx_ring_max, uint32_t tx_ring_max, uint32_t mtu_max,
		      struct fn_dev_conf *conf)
{
	if (!conf->rxqs)
		conf->rxqs = 1;
	if (!conf->txqs)
		conf->txqs = 1;
	if (!conf->rx_ring)
		conf->rx_ring = rx_ring_max < DEFAULT_RING ? rx_ring_max : DEFAULT_RING;
	if (!conf->tx_ring)
		conf->tx_ring = tx_ring_max < DEFAULT_RING ? tx_ring_max : DEFAULT_RING;
	if (!conf->mtu)
		conf->mtu = mtu_max < DEFAULT_MTU ? mtu_max : DEFAULT_MTU;
	if (!conf->stop_drain_ns)
		conf->stop_drain_ns = DEFAULT_DRAIN_NS;
	else if (conf->stop_drain_ns == FN_NO_DRAIN)
		conf->stop_drain_ns = 0;
}

/* What one device may hold of its pool: its rings, and the caches of its queues. */
static uint64_t device_need(const struct fn_dev_conf *conf, uint32_t cache)
{
	return (uint64_t)conf->rxqs * conf->rx_ring + (uint64_t)conf->txqs * conf->tx_ring +
	       ((uint64_t)conf->rxqs + conf->txqs) * cache;
}

/* What the application's threads may hold: a cache and a burst each. */
static uint64_t threads_need(uint32_t max_threads, uint32_t cache)
{
	return (uint64_t)max_threads * (cache + FN_POOL_BURST);
}

uint64_t fn_pool_need(const struct fn_pool_opts *opts, const struct fn_dev_conf *conf,
		      unsigned devices)
{
	struct fn_pool_opts o;
	struct fn_dev_conf c;

	if (!fn_opts_get(&o, sizeof(o), opts) || !fn_opts_get(&c, sizeof(c), conf))
		return 0;
	fn_pool_opts_defaults(&o);
	fn_conf_defaults(DEFAULT_RING, DEFAULT_RING, DEFAULT_MTU, &c);
	return devices * device_need(&c, o.cache) + threads_need(o.max_threads, o.cache);
}

/* Packets of a pool that other devices claim; &fn_ctx.lock is held. */
static uint64_t others_claim(const struct fn_dev *dev, const struct fn_pool *pool)
{
	struct fn_list *pos;
	uint64_t sum = 0;

	fn_list_for_each(pos, &dev->ctx->devs) {
		const struct fn_dev *other = fn_container_of(pos, struct fn_dev, node);

		if (other != dev && other->claim.pool == pool)
			sum += other->claim.packets;
	}
	return sum;
}

int fn_claim_pool(struct fn_dev *dev, const struct fn_dev_conf *conf, struct fn_pool_claim *former)
{
	struct fn_pool_info info = { .sz = sizeof(info) };
	uint64_t others;
	uint64_t threads;
	uint64_t mine;
	uint64_t sum;

	fn_pool_get_info(conf->pool, &info);
	threads = threads_need(info.max_threads, info.cache);
	mine = device_need(conf, info.cache);
	(void)pthread_mutex_lock(&dev->ctx->lock);
	others = others_claim(dev, conf->pool);
	sum = mine + others + threads;
	*former = dev->claim;
	if (sum <= info.count)
		dev->claim = (struct fn_pool_claim){ conf->pool, mine };
	(void)pthread_mutex_unlock(&dev->ctx->lock);
	if (sum <= info.count)
		return 0;
	return fn_fail(-ENOSPC,
		       "%s: %s has %u packets and %" PRIu64 " are needed: %" PRIu64
		       " for this device's rings and queue caches, %" PRIu64
		       " for other devices, %" PRIu64
		       " for %u threads; create it with count %" PRIu64
		       ", or use smaller rings, a smaller cache or fewer threads",
		       dev->bus->name, fn_pool_name(conf->pool), info.count, sum, mine, others,
		       threads, info.max_threads, sum);
}

void fn_claim_set(struct fn_dev *dev, struct fn_pool_claim claim)
{
	(void)pthread_mutex_lock(&dev->ctx->lock);
	dev->claim = claim;
	(void)pthread_mutex_unlock(&dev->ctx->lock);
}
