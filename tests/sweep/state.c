// SPDX-License-Identifier: BSD-3-Clause
/* What can be seen of the library, of the device and of the process, for comparing. */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "dev/driver.h"
#include "pkt/pool_priv.h"
#include "sweep/fault.h"
#include "sweep/sweep.h"

struct text {
	char *at;
	size_t room;
};

static void put(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void put(struct text *t, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(t->at, t->room, fmt, args);
	va_end(args);
	if (n < 0 || (size_t)n >= t->room)
		n = (int)t->room - 1;
	t->at += n;
	t->room -= (size_t)n;
}

/* FNV-1a: long things by their sum. */
static uint64_t sum(const void *data, size_t bytes)
{
	const uint8_t *byte = data;
	uint64_t hash = 0xcbf29ce484222325u;

	for (size_t i = 0; i < bytes; i++)
		hash = (hash ^ byte[i]) * 0x100000001b3u;
	return hash;
}

static void put_mac(struct text *t, const char *name, const uint8_t mac[6])
{
	put(t, " %s=%02x%02x%02x%02x%02x%02x", name, mac[0], mac[1], mac[2], mac[3], mac[4],
	    mac[5]);
}

static void put_info(struct text *t, struct fn_dev *dev)
{
	struct fn_dev_info i = { .sz = sizeof(i) };

	fn_dev_get_info(dev, &i);
	put(t, "%s %s %04x:%04x state=%d status=%d node=%d group=%d", i.name, i.driver, i.vendor_id,
	    i.device_id, (int)i.state, i.status, i.numa_node, i.iommu_group);
	put_mac(t, "mac", i.mac);
	put(t, " most=%u/%u rx_ring=%u-%u tx_ring=%u-%u segs=%u mtu=%u-%u vectors=%u", i.max_rxqs,
	    i.max_txqs, i.rx_ring_min, i.rx_ring_max, i.tx_ring_min, i.tx_ring_max, i.max_tx_segs,
	    i.mtu_min, i.mtu_max, i.vectors);
	put(t, " caps=%" PRIx64 " offloads_max=%" PRIx64 " rss=%x/%u/%u macs=%u/%u", i.caps,
	    i.offloads_max, i.rss_types, i.rss_key_bytes, i.rss_reta_entries, i.max_mac_filters,
	    i.max_mac_exact);
	put(t, " coalesce=%u-%u/%u link=%x/%x tests=%x nvm=%u", i.coalesce_unit_ns,
	    i.coalesce_max_ns, i.coalesce_max_packets, i.link_modes, i.link_forced_modes,
	    i.selftests, i.nvm_words);
	put(t, "\n claims %" PRIu64 " of %d", dev->claim.packets, dev->claim.pool != NULL);
	put(t, "\n conf: queues=%u/%u rings=%u/%u mtu=%u offloads=%" PRIx64, i.rxqs, i.txqs,
	    i.rx_ring, i.tx_ring, i.mtu, i.offloads);
	put(t, " promisc=%d allmulti=%d filters=%u mode=%d variants=%s/%s", i.promisc, i.allmulti,
	    i.mac_filters_n, (int)i.mac_filter_mode, i.rx_variant, i.tx_variant);
}

/* The key is drawn at open: what matters is that it stays. */
static void put_rss(struct text *t, struct fn_dev *dev)
{
	struct fn_rss rss = { .sz = sizeof(rss) };
	const int ret = fn_dev_get_rss(dev, &rss);

	put(t, "\n rss=%d", ret);
	if (!ret)
		put(t, " types=%x key=%" PRIx64 " reta=%" PRIx64, rss.types,
		    sum(rss.key, rss.key_bytes),
		    sum(rss.reta, rss.reta_entries * sizeof(rss.reta[0])));
}

static void put_coalesce(struct text *t, struct fn_dev *dev)
{
	struct fn_coalesce c = { .sz = sizeof(c) };
	const int ret = fn_dev_get_coalesce(dev, &c);

	put(t, "\n coalesce=%d", ret);
	if (!ret)
		put(t, " rx=%u/%u tx=%u/%u", c.rx_delay_ns, c.rx_packets, c.tx_delay_ns,
		    c.tx_packets);
}

/* The eventfd of a queue exists, and is what the device's MSI-X entry signals. */
static const char *wired(const struct sweep *s, int fd)
{
	if (fd < 0)
		return "none";
	if (fcntl(fd, F_GETFD) < 0)
		return "closed";
	for (unsigned i = 0; i < s->vd.md.fds_n; i++)
		if (s->vd.md.fds[i] == fd)
			return "wired";
	return "cut";
}

static void put_queues(struct text *t, const struct sweep *s)
{
	struct fn_dev_info info = { .sz = sizeof(info) };

	fn_dev_get_info(s->dev, &info);
	for (unsigned i = 0; i < info.max_rxqs; i++) {
		const struct fn_rxq *q = fn_dev_rxq(s->dev, i);

		put(t, "\n rxq%u=%d irq %s", i, fn_rxq_status(q), wired(s, fn_rxq_event_fd(q)));
	}
	for (unsigned i = 0; i < info.max_txqs; i++) {
		const struct fn_txq *q = fn_dev_txq(s->dev, i);

		put(t, "\n txq%u=%d irq %s", i, fn_txq_status(q), wired(s, fn_txq_event_fd(q)));
	}
}

/*
 * The device's own side. What commands told it counts while it runs; a reset forgets it. Bits of
 * its status that tell of progress do not matter when it is not running.
 */
static void put_device(struct text *t, const struct sweep *s)
{
	const struct virtio_dev *vd = &s->vd;
	const bool runs = vd->status & VIRTIO_STATUS_DRIVER_OK;

	put(t, "\n device: held=%d master=%d runs=%d vectors=%u maps=%u", vd->md.opened,
	    vd->md.master, runs, vd->md.fds_n, vd->md.maps_n);
	if (!runs)
		return;
	put_mac(t, "mac", vd->mac);
	put(t, " features=%" PRIx64 " filter=%" PRIx64 " coalesce=%u/%u,%u/%u", vd->accepted,
	    sum(&vd->filter, sizeof(vd->filter)), vd->coal_rx.max_packets, vd->coal_rx.max_usecs,
	    vd->coal_tx.max_packets, vd->coal_tx.max_usecs);
	/* Either RSS spreads or the number of pairs does; the other is of no effect. */
	if (vd->rss.steer)
		put(t, " rss table=%" PRIx64, sum(vd->rss.table, sizeof(vd->rss.table)));
	else
		put(t, " pairs=%u", vd->pairs);
	put(t, " hash=%x/%" PRIx64, vd->rss.types, sum(vd->rss.key, vd->rss.key_len));
}

static void put_pool(struct text *t, const struct fn_pool *pool)
{
	struct fn_pool_info i = { .sz = sizeof(i) };

	fn_pool_get_info(pool, &i);
	put(t, "\n pool: count=%u outside=%u room=%u headroom=%u cache=%u threads=%u dma=%zu",
	    i.count, i.outside, i.room_bytes, i.headroom, i.cache, i.max_threads,
	    (size_t)i.dma_bytes);
	put(t, " at=%" PRIx64, pool->room_iova);
}

void sweep_state(struct sweep *s, char text[SWEEP_TEXT])
{
	struct text t = { text, SWEEP_TEXT };

	text[0] = '\0';
	put(&t, "ctx=%d pool=%d extra=%d list=%d dma=%zu at=%" PRIx64 " ", s->ctx != NULL,
	    s->pool != NULL, s->extra != NULL, s->list != NULL, s->dma.len, s->dma.iova.v);
	if (s->dev) {
		put_info(&t, s->dev);
		put_rss(&t, s->dev);
		put_coalesce(&t, s->dev);
		put_queues(&t, s);
	}
	put_device(&t, s);
	if (s->pool)
		put_pool(&t, s->pool);
	if (s->extra)
		put_pool(&t, s->extra);
}

struct sweep_held sweep_held(void)
{
	const struct fault_live live = fault_live();
	struct sweep_held held = { .maps = live.maps,
				   .windows = live.windows,
				   .allocs = live.allocs };
	DIR *dir = opendir("/proc/self/fd");

	/* NOLINTNEXTLINE(concurrency-mt-unsafe): glibc's is safe for a stream of one thread. */
	while (dir && readdir(dir))
		held.fds++;
	if (dir)
		(void)closedir(dir);
	return held;
}
