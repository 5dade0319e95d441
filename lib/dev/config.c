// SPDX-License-Identifier: BSD-3-Clause
/* Configuration: all of it is validated before any of it is applied. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/opts.h"
#include "dev/attach.h"
#include "dev/dev.h"
#include "dev/events.h"

static int check_queues(const struct fn_dev *dev, const char *what, unsigned n, unsigned most)
{
	if (n <= most)
		return 0;
	return fn_fail(-EINVAL, "%s: %u %s queues asked for, and it has %u: ask for no more",
		       dev->bus->name, n, what, most);
}

static int check_ring(const struct fn_dev *dev, const char *what, uint32_t size, uint32_t least,
		      uint32_t most)
{
	if (fn_is_pow2(size) && size >= least && size <= most)
		return 0;
	return fn_fail(-EINVAL, "%s: %s ring of %u descriptors: use a power of two from %u to %u",
		       dev->bus->name, what, size, least, most);
}

static int check_mtu(const struct fn_dev *dev, const struct fn_dev_conf *conf)
{
	const struct fn_dev_limits *limits = &dev->limits;
	const struct fn_pool *pool = conf->pool;
	const uint32_t mtu = conf->mtu;
	const uint32_t need = mtu + fn_link_header_bytes(conf);

	if (mtu < limits->mtu_min || mtu > limits->mtu_max)
		return fn_fail(-EINVAL, "%s: MTU %u: use %u to %u", dev->bus->name, mtu,
			       limits->mtu_min, limits->mtu_max);
	if (!(conf->offloads & FN_OFFLOAD_RX_SCATTER) && need > fn_pool_room_bytes(pool))
		return fn_fail(-EINVAL,
			       "%s: a frame of MTU %u needs %u bytes and a buffer of %s has %u: "
			       "create the pool with room_bytes %u, use a smaller MTU, or "
			       "ask for FN_OFFLOAD_RX_SCATTER",
			       dev->bus->name, mtu, need, fn_pool_name(pool),
			       fn_pool_room_bytes(pool), need);
	return 0;
}

static int check_vectors(const struct fn_dev *dev, const char *what, const uint16_t *map,
			 unsigned n)
{
	for (unsigned i = 0; map && i < n; i++)
		if (map[i] != FN_NO_VECTOR && map[i] >= dev->limits.vectors)
			return fn_fail(-EINVAL, "%s: vector %u for %s queue %u: it has %u",
				       dev->bus->name, map[i], what, i, dev->limits.vectors);
	return 0;
}

static int conf_check(struct fn_dev *dev, const struct fn_dev_conf *conf)
{
	const struct fn_dev_limits *limits = &dev->limits;
	int ret;

	if (!conf->pool)
		return fn_fail(-EINVAL, "%s: fn_dev_conf.pool is missing", dev->bus->name);
	if (fn_pool_ctx(conf->pool) != dev->ctx)
		return fn_fail(-EINVAL,
			       "%s: %s belongs to another context, whose memory this device cannot "
			       "reach: create it in the device's own",
			       dev->bus->name, fn_pool_name(conf->pool));
	ret = check_queues(dev, "receive", conf->rxqs, limits->max_rxqs);
	if (!ret)
		ret = check_queues(dev, "transmit", conf->txqs, limits->max_txqs);
	if (!ret)
		ret = check_ring(dev, "receive", conf->rx_ring, limits->rx_ring_min,
				 limits->rx_ring_max);
	if (!ret)
		ret = check_ring(dev, "transmit", conf->tx_ring, limits->tx_ring_min,
				 limits->tx_ring_max);
	if (!ret)
		ret = check_mtu(dev, conf);
	if (!ret)
		ret = check_vectors(dev, "receive", conf->rx_vectors, conf->rxqs);
	if (!ret)
		ret = check_vectors(dev, "transmit", conf->tx_vectors, conf->txqs);
	if (!ret)
		ret = fn_dev_check_offloads(dev, conf->offloads);
	if (!ret && conf->promisc && !limits->always_promisc)
		ret = fn_dev_check_cap(dev, FN_CAP_PROMISC);
	if (!ret && dev->drv->ops->check)
		ret = dev->drv->ops->check(dev, conf);
	return ret;
}

/*
 * What a configuration holds beside numbers. It is made whole before the former one is let go, so
 * that a failure leaves everything as it was.
 */
struct resources {
	struct fn_pool_cache **caches; /* receive queues first */
	unsigned caches_n;
	int *fds; /* an eventfd for each MSI-X entry, the driver's own first */
	unsigned fds_n;
};

static void resources_free(struct resources *res)
{
	for (unsigned i = 0; i < res->caches_n; i++)
		if (res->caches[i])
			fn_pool_cache_destroy(res->caches[i]);
	for (unsigned i = 0; i < res->fds_n; i++)
		if (res->fds[i] >= 0)
			(void)close(res->fds[i]);
	free(res->caches);
	free(res->fds);
	*res = (struct resources){ 0 };
}

static int resources_caches(struct resources *res, const struct fn_dev_conf *conf)
{
	unsigned n = (unsigned)conf->rxqs + conf->txqs;

	res->caches = calloc(n, sizeof(struct fn_pool_cache *));
	if (!res->caches)
		return fn_fail(-ENOMEM, "out of memory for the caches of %u queues", n);
	res->caches_n = n;
	for (unsigned i = 0; i < n; i++) {
		int ret = fn_pool_cache_create(conf->pool, &res->caches[i]);

		if (ret)
			return ret;
	}
	return 0;
}

static unsigned highest_of(const uint16_t *map, unsigned n, unsigned used)
{
	for (unsigned i = 0; i < n; i++)
		if (map[i] != FN_NO_VECTOR && map[i] >= used)
			used = map[i] + 1u;
	return used;
}

/* MSI-X entries that a configuration uses: the driver's own, and the queues' up to the highest. */
static unsigned entries_used(const struct fn_dev *dev, const struct fn_dev_conf *conf)
{
	const unsigned vectors = dev->limits.vectors;
	unsigned queues = 0;
	unsigned used;

	if (!vectors)
		return dev->limits.first_vector;
	if (!conf->rx_vectors)
		queues = conf->rxqs;
	if (!conf->tx_vectors)
		queues = (unsigned)conf->rxqs + conf->txqs;
	used = queues < vectors ? queues : vectors;
	if (conf->rx_vectors)
		used = highest_of(conf->rx_vectors, conf->rxqs, used);
	if (conf->tx_vectors)
		used = highest_of(conf->tx_vectors, conf->txqs, used);
	return dev->limits.first_vector + used;
}

static int resources_fds(struct resources *res, const struct fn_dev *dev,
			 const struct fn_dev_conf *conf)
{
	const unsigned n = entries_used(dev, conf);

	res->fds = calloc(n + 1u, sizeof(int));
	if (!res->fds)
		return fn_fail(-ENOMEM, "%s: out of memory for %u vectors", dev->bus->name, n);
	for (unsigned i = 0; i < n; i++) {
		res->fds[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (res->fds[i] < 0)
			return fn_fail(-errno,
				       "%s: no file descriptor for interrupt vector %u: %s; raise "
				       "the limit (ulimit -n)",
				       dev->bus->name, i, fn_strerror(errno));
		res->fds_n = i + 1;
	}
	return 0;
}

/*
 * The vector of queue number @i of all: the caller's, else one each while they last, shared above.
 */
static uint16_t vector_for(const struct fn_dev *dev, const uint16_t *map, unsigned idx, unsigned i)
{
	if (!dev->limits.vectors)
		return FN_NO_VECTOR;
	if (map)
		return map[idx];
	return (uint16_t)(i % dev->limits.vectors);
}

static void queue_apply(struct fn_queue *queue, const struct fn_dev *dev, uint16_t vector,
			struct fn_pool_cache *cache)
{
	queue->vector = vector;
	queue->event_fd =
		vector == FN_NO_VECTOR ? -1 : dev->irq_fds[dev->limits.first_vector + vector];
	queue->cache = cache;
}

static void resources_apply(struct fn_dev *dev, const struct fn_dev_conf *conf,
			    struct resources *res)
{
	dev->irq_fds = res->fds;
	dev->irq_n = res->fds_n;
	for (unsigned i = 0; i < (unsigned)conf->rxqs + conf->txqs; i++) {
		struct fn_queue *queue = fn_dev_queue(dev, conf->rxqs, i);

		queue_apply(queue, dev,
			    vector_for(dev, queue->is_tx ? conf->tx_vectors : conf->rx_vectors,
				       queue->idx, i),
			    res->caches[i]);
	}
	/* The queues have the caches now, the device the descriptors. */
	free(res->caches);
	*res = (struct resources){ 0 };
}

/* Take back what resources_apply() gave away. */
static void resources_take(struct fn_dev *dev, struct resources *res)
{
	const struct fn_dev_conf *conf = &dev->conf;

	*res = (struct resources){ .fds = dev->irq_fds, .fds_n = dev->irq_n };
	dev->irq_fds = NULL;
	dev->irq_n = 0;
	for (unsigned i = 0; i < (unsigned)conf->rxqs + conf->txqs; i++) {
		struct fn_queue *queue = fn_dev_queue(dev, conf->rxqs, i);

		if (queue->cache)
			fn_pool_cache_destroy(queue->cache);
		queue->cache = NULL;
		queue->vector = FN_NO_VECTOR;
		queue->event_fd = -1;
	}
}

static int watch_config_irq(struct fn_dev *dev, const struct resources *res)
{
	if (!dev->limits.first_vector || !res->fds_n)
		return 0;
	return fn_events_watch(dev, FN_SOURCE_CONFIG_IRQ, res->fds[0]);
}

/*
 * Let go of what the configuration in force holds; the bus does not signal its descriptors any
 * more.
 */
static void former_release(struct fn_dev *dev)
{
	struct resources old;

	if (dev->irq_n)
		fn_events_unwatch(dev, dev->irq_fds[0]);
	resources_take(dev, &old);
	resources_free(&old);
}

int fn_config_silence(struct fn_dev *dev)
{
	return dev->irq_n ? dev->bus->ops->irq_set(dev->bus, NULL, 0) : 0;
}

void fn_config_release(struct fn_dev *dev)
{
	former_release(dev);
	fn_claim_set(dev, (struct fn_pool_claim){ 0 });
	dev->conf = (struct fn_dev_conf){ 0 };
}

int fn_config_rewire(struct fn_dev *dev)
{
	return dev->bus->ops->irq_set(dev->bus, dev->irq_fds, dev->irq_n);
}

static int conf_apply(struct fn_dev *dev, const struct fn_dev_conf *conf)
{
	struct fn_dev_conf kept = *conf;
	struct fn_first_error first = { 0 };
	struct resources new = { 0 };
	int ret;

	ret = resources_caches(&new, conf);
	if (!ret)
		ret = resources_fds(&new, dev, conf);
	if (!ret)
		ret = watch_config_irq(dev, &new);
	if (ret)
		goto free_new;
	ret = dev->bus->ops->irq_set(dev->bus, new.fds, new.fds_n);
	if (ret)
		goto restore_irqs;

	/* Nothing fails from here on. */
	if (conf->rxqs != dev->conf.rxqs)
		fn_rss_spread(dev, conf->rxqs);
	if (!(conf->offloads & FN_OFFLOAD_VLAN_FILTER))
		memset(dev->vlans, 0, sizeof(dev->vlans));
	former_release(dev);
	resources_apply(dev, conf, &new);
	/* These were the caller's, and are not looked at again. */
	kept.err = NULL;
	kept.rx_vectors = NULL;
	kept.tx_vectors = NULL;
	dev->conf = kept;
	dev->promisc = conf->promisc || dev->limits.always_promisc;
	dev->state = FN_DEV_CONFIGURED;
	return 0;

restore_irqs:
	fn_first_error_note(&first, ret);
	if (fn_config_rewire(dev))
		fn_dev_mark_broken(dev, "its former interrupts cannot be set up again");
	ret = fn_first_error_fail(&first);
	if (new.fds_n)
		fn_events_unwatch(dev, new.fds[0]);
free_new:
	resources_free(&new);
	return ret;
}

static int dev_configure(struct fn_dev *dev, void *ours)
{
	struct fn_dev_conf *conf = ours;
	struct fn_pool_claim former;
	int ret = fn_dev_check_present(dev);

	if (ret)
		return ret;
	if (dev->state == FN_DEV_STARTED)
		return fn_fail(-EBUSY, "%s is started: fn_dev_stop() it before fn_dev_configure()",
			       dev->bus->name);
	if (dev->kept)
		return fn_fail(-EIO,
			       "%s is broken and has its buffers still: fn_dev_reset() it before "
			       "fn_dev_configure()",
			       dev->bus->name);
	fn_conf_defaults(dev->limits.rx_ring_max, dev->limits.tx_ring_max, dev->limits.mtu_max,
			 conf);
	ret = conf_check(dev, conf);
	if (!ret)
		ret = fn_claim_pool(dev, conf, &former);
	if (ret)
		return ret;
	ret = conf_apply(dev, conf);
	if (ret)
		fn_claim_set(dev, former);
	return ret;
}

int fn_dev_configure(struct fn_dev *dev, const struct fn_dev_conf *conf)
{
	struct fn_dev_conf ours;
	int ret;

	/* Its eventfds and caches are replaced. */
	fn_attach_let_go(dev);
	ret = fn_dev_take_in(dev, "fn_dev_conf", conf, &ours, sizeof(ours), dev_configure);
	fn_attach_take_back(dev);
	return ret;
}

static int set_mtu(struct fn_dev *dev, uint32_t mtu)
{
	struct fn_dev_conf conf = dev->conf;
	int ret = fn_dev_check_present(dev);

	if (!ret)
		ret = fn_dev_check_configured(dev);
	if (ret)
		return ret;
	if (dev->state == FN_DEV_STARTED)
		return fn_fail(-EBUSY, "%s is started: fn_dev_stop() it before its MTU is changed",
			       dev->bus->name);
	conf.mtu = mtu;
	ret = check_mtu(dev, &conf);
	if (!ret && dev->drv->ops->check)
		ret = dev->drv->ops->check(dev, &conf);
	if (!ret)
		dev->conf = conf;
	return ret;
}

int fn_dev_set_mtu(struct fn_dev *dev, uint32_t mtu)
{
	int ret;

	(void)pthread_mutex_lock(&dev->lock);
	ret = set_mtu(dev, mtu);
	(void)pthread_mutex_unlock(&dev->lock);
	return fn_report(dev->ctx, NULL, ret);
}
