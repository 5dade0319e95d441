// SPDX-License-Identifier: BSD-3-Clause
/* What can be seen of the library, of the device and of the process, for comparing. */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>

#include "dev/driver.h"
#include "pkt/pool_priv.h"
#include "sweep/fault.h"
#include "sweep/sweep.h"

static void put_info(struct sweep_text *t, struct fn_dev *dev)
{
	struct fn_dev_info i = { .sz = sizeof(i) };

	fn_dev_get_info(dev, &i);
	sweep_put(t, "%s %s %04x:%04x state=%d status=%d node=%d group=%d", i.name, i.driver,
		  i.vendor_id, i.device_id, (int)i.state, i.status, i.numa_node, i.iommu_group);
	sweep_put_mac(t, "mac", i.mac);
	sweep_put(t, " most=%u/%u rx_ring=%u-%u tx_ring=%u-%u segs=%u mtu=%u-%u vectors=%u",
		  i.max_rxqs, i.max_txqs, i.rx_ring_min, i.rx_ring_max, i.tx_ring_min,
		  i.tx_ring_max, i.max_tx_segs, i.mtu_min, i.mtu_max, i.vectors);
	sweep_put(t, " caps=%" PRIx64 " offloads_max=%" PRIx64 " rss=%x/%u/%u macs=%u/%u", i.caps,
		  i.offloads_max, i.rss_types, i.rss_key_bytes, i.rss_reta_entries,
		  i.max_mac_filters, i.max_mac_exact);
	sweep_put(t, " coalesce=%u-%u/%u link=%x/%x tests=%x nvm=%u", i.coalesce_unit_ns,
		  i.coalesce_max_ns, i.coalesce_max_packets, i.link_modes, i.link_forced_modes,
		  i.selftests, i.nvm_words);
	sweep_put(t, "\n claims %" PRIu64 " of %d", dev->claim.packets, dev->claim.pool != NULL);
	sweep_put(t, "\n conf: queues=%u/%u rings=%u/%u mtu=%u offloads=%" PRIx64, i.rxqs, i.txqs,
		  i.rx_ring, i.tx_ring, i.mtu, i.offloads);
	sweep_put(t, " promisc=%d allmulti=%d filters=%u mode=%d variants=%s/%s", i.promisc,
		  i.allmulti, i.mac_filters_n, (int)i.mac_filter_mode, i.rx_variant, i.tx_variant);
}

/* The key is drawn at open: what matters is that it stays. */
static void put_rss(struct sweep_text *t, struct fn_dev *dev)
{
	struct fn_rss rss = { .sz = sizeof(rss) };
	const int ret = fn_dev_get_rss(dev, &rss);

	sweep_put(t, "\n rss=%d", ret);
	if (!ret)
		sweep_put(t, " types=%x key=%" PRIx64 " reta=%" PRIx64, rss.types,
			  sweep_sum(rss.key, rss.key_bytes),
			  sweep_sum(rss.reta, rss.reta_entries * sizeof(rss.reta[0])));
}

static void put_coalesce(struct sweep_text *t, struct fn_dev *dev)
{
	struct fn_coalesce c = { .sz = sizeof(c) };
	const int ret = fn_dev_get_coalesce(dev, &c);

	sweep_put(t, "\n coalesce=%d", ret);
	if (!ret)
		sweep_put(t, " rx=%u/%u tx=%u/%u", c.rx_delay_ns, c.rx_packets, c.tx_delay_ns,
			  c.tx_packets);
}

/* The eventfd of a queue exists, and is what the device's MSI-X entry signals. */
static const char *wired(const struct sweep *s, int fd)
{
	if (fd < 0)
		return "none";
	if (fcntl(fd, F_GETFD) < 0)
		return "closed";
	for (unsigned i = 0; i < s->md->fds_n; i++)
		if (s->md->fds[i] == fd)
			return "wired";
	return "cut";
}

static void put_queues(struct sweep_text *t, const struct sweep *s)
{
	struct fn_dev_info info = { .sz = sizeof(info) };

	fn_dev_get_info(s->dev, &info);
	for (unsigned i = 0; i < info.max_rxqs; i++) {
		const struct fn_rxq *q = fn_dev_rxq(s->dev, i);

		sweep_put(t, "\n rxq%u=%d irq %s", i, fn_rxq_status(q),
			  wired(s, fn_rxq_event_fd(q)));
	}
	for (unsigned i = 0; i < info.max_txqs; i++) {
		const struct fn_txq *q = fn_dev_txq(s->dev, i);

		sweep_put(t, "\n txq%u=%d irq %s", i, fn_txq_status(q),
			  wired(s, fn_txq_event_fd(q)));
	}
}

static void put_link(struct sweep_text *t, struct fn_dev *dev)
{
	struct fn_link link = { .sz = sizeof(link) };
	const int ret = fn_dev_get_link(dev, &link);

	sweep_put(t, "\n link=%d up=%d %u/%d autoneg=%d pause=%d/%d", ret, link.up, link.speed_mbps,
		  link.full_duplex, link.autoneg, link.rx_pause, link.tx_pause);
}

/* How the link comes about, and the LED: what the library keeps for the next start. */
static void put_kept(struct sweep_text *t, struct fn_dev *dev)
{
	struct fn_link_conf c = { .sz = sizeof(c) };
	const int ret = fn_dev_get_link_conf(dev, &c);

	sweep_put(t, " chosen=%d", ret);
	if (!ret)
		sweep_put(t, " forced=%d/%u/%d advertise=%x pause=%d/%d/%d", c.forced, c.speed_mbps,
			  c.full_duplex, c.advertise, c.pause_forced, c.rx_pause, c.tx_pause);
	sweep_put(t, " identify=%d loopback=%d kept=%d filters=%" PRIx64 " vlans=%" PRIx64,
		  dev->identify, dev->loopback, dev->kept,
		  sweep_sum(dev->mac_filters, dev->mac_filters_n * sizeof(dev->mac_filters[0])),
		  sweep_sum(dev->vlans, sizeof(dev->vlans)));
}

/* The device's own side. */
static void put_device(struct sweep_text *t, const struct sweep *s)
{
	sweep_put(t, "\n device: held=%d master=%d vectors=%u maps=%u", s->md->opened,
		  s->md->master, s->md->fds_n, s->md->maps_n);
	sweep_subject->state(t);
}

static void put_pool(struct sweep_text *t, const struct fn_pool *pool)
{
	struct fn_pool_info i = { .sz = sizeof(i) };

	fn_pool_get_info(pool, &i);
	sweep_put(t, "\n pool: count=%u outside=%u room=%u headroom=%u cache=%u threads=%u dma=%zu",
		  i.count, i.outside, i.room_bytes, i.headroom, i.cache, i.max_threads,
		  (size_t)i.dma_bytes);
	sweep_put(t, " at=%" PRIx64, pool->room_iova);
}

void sweep_state(struct sweep *s, char text[SWEEP_TEXT])
{
	struct sweep_text t = { text, SWEEP_TEXT };

	/* A link that is on its way would come up now or then. */
	sweep_time(s);
	text[0] = '\0';
	sweep_put(&t, "ctx=%d pool=%d extra=%d list=%d dma=%zu at=%" PRIx64 " read=%" PRIx64 " ",
		  s->ctx != NULL, s->pool != NULL, s->extra != NULL, s->list != NULL, s->dma.len,
		  s->dma.iova.v, s->read);
	if (s->dev) {
		put_info(&t, s->dev);
		put_rss(&t, s->dev);
		put_coalesce(&t, s->dev);
		put_link(&t, s->dev);
		put_kept(&t, s->dev);
		put_queues(&t, s);
	}
	put_device(&t, s);
	sweep_put(&t, SWEEP_POOLS);
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
