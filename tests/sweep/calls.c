// SPDX-License-Identifier: BSD-3-Clause
/*
 * The control calls that are swept, but for those of the port's body (calls_port.c). A new one is a
 * function and a line of the table.
 */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

#include "base/error.h"
#include "bus/pci/scan.h"
#include "dev/driver.h"
#include "sweep/sweep.h"
#include "unit/fake_tree.h"

#define PAGE 4096u

/* Contexts, pools and memory. */

/* Without a wish for a page size: hugepages are tried before ordinary ones. */
static int pool_any_pages(struct sweep *s)
{
	const struct fn_pool_opts opts = {
		.sz = sizeof(opts), .count = 64, .cache = 32, .max_threads = 2, .name = "second"
	};
	const int ret = fn_pool_create(s->ctx, &opts, &s->extra);

	if (ret)
		s->extra = NULL;
	return ret;
}

static void at_any_pages(struct sweep *s)
{
	const struct fn_ctx_opts opts = { .sz = sizeof(opts) };

	sweep_at_nothing(s);
	SWEEP_OK(fn_ctx_create(&opts, &s->ctx));
}

static int dma_alloc(struct sweep *s)
{
	const struct fn_dma_opts opts = { .sz = sizeof(opts), .numa_node_plus_1 = 1 };

	return fn_dma_alloc(s->ctx, 10000, &opts, &s->dma);
}

/* More than an arena of the common size: a region of its own. */
static int dma_alloc_large(struct sweep *s)
{
	return fn_dma_alloc(s->ctx, 3u << 20, NULL, &s->dma);
}

static void at_app_memory(struct sweep *s)
{
	sweep_at_open(s);
	s->app = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static int dma_map(struct sweep *s)
{
	return fn_dma_map(s->ctx, s->app, PAGE, NULL, &s->dma);
}

/* And back. What was given back is not in the world any more. */

static void at_dma(struct sweep *s)
{
	sweep_at_ctx(s);
	SWEEP_OK(dma_alloc(s));
}

static void at_dma_large(struct sweep *s)
{
	sweep_at_open(s);
	SWEEP_OK(dma_alloc_large(s));
}

static int dma_free(struct sweep *s)
{
	fn_dma_free(s->ctx, &s->dma);
	return 0;
}

static void at_dma_mapped(struct sweep *s)
{
	at_app_memory(s);
	SWEEP_OK(dma_map(s));
}

static int dma_unmap(struct sweep *s)
{
	fn_dma_unmap(s->ctx, &s->dma);
	return 0;
}

static void at_second_pool(struct sweep *s)
{
	sweep_at_open(s);
	SWEEP_OK(pool_any_pages(s));
}

static int pool_destroy(struct sweep *s)
{
	const int ret = fn_pool_destroy(s->extra);

	if (!ret)
		s->extra = NULL;
	return ret;
}

/* One that has had a pool, and so has memory. */
static void at_used_ctx(struct sweep *s)
{
	sweep_at_pool(s);
	SWEEP_OK(fn_pool_destroy(s->pool));
	s->pool = NULL;
}

static int ctx_destroy(struct sweep *s)
{
	const int ret = fn_ctx_destroy(s->ctx);

	if (!ret)
		s->ctx = NULL;
	return ret;
}

/* The first packet of a thread makes what the thread keeps to its end, or does without. */
static void *first_packet(void *arg)
{
	struct fn_pkt *pkt = fn_pkt_alloc(arg);

	fn_pkt_free(pkt);
	return pkt;
}

static int packet_of_thread(struct sweep *s)
{
	pthread_t thread;
	void *pkt = NULL;

	if (pthread_create(&thread, NULL, first_packet, s->pool))
		return -EAGAIN;
	(void)pthread_join(thread, &pkt);
	return pkt ? 0 : -ENOBUFS;
}

/* The list of PCI functions, over a tree that is shaped like sysfs. */

static struct tree tree;

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the linker's name */
int __wrap_fn_pci_scan(struct fn_pci_info **list, unsigned *n);

int __wrap_fn_pci_scan(struct fn_pci_info **list, unsigned *n)
{
	return fn_pci_scan_at(tree.root, NULL, list, n);
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

static int pci_list_create(struct sweep *s)
{
	const int ret = fn_pci_list_create(NULL, &s->list);

	if (ret)
		s->list = NULL;
	return ret;
}

/* The life of a device. */

static int configure_two(struct sweep *s)
{
	return sweep_dev_configure(s, 2);
}

/* Fewer queues: what the former configuration had more is given back. */
static int configure_one(struct sweep *s)
{
	return sweep_dev_configure(s, 1);
}

static int start(struct sweep *s)
{
	return fn_dev_start(s->dev);
}

static int stop(struct sweep *s)
{
	return fn_dev_stop(s->dev);
}

static int reset(struct sweep *s)
{
	return fn_dev_reset(s->dev);
}

static int close_dev(struct sweep *s)
{
	const int ret = fn_dev_close(s->dev);

	s->dev = NULL;
	return ret;
}

/* That the link came up, and what else the driver has to see to. */
static void at_news(struct sweep *s)
{
	sweep_at_started(s);
	if (sweep_subject->announce)
		sweep_subject->announce();
}

/* It tells of no failure but by the device that is broken. */
static int process_events(struct sweep *s)
{
	struct fn_dev_info info = { .sz = sizeof(info) };

	(void)fn_ctx_process_events(s->ctx);
	fn_dev_get_info(s->dev, &info);
	return info.status;
}

static int set_mtu(struct sweep *s)
{
	return fn_dev_set_mtu(s->dev, 1000);
}

/* Filters, RSS, coalescing. */

static int set_mac(struct sweep *s)
{
	static const uint8_t mac[6] = { 0x02, 1, 2, 3, 4, 5 };

	return fn_dev_set_mac(s->dev, mac);
}

static int set_promisc(struct sweep *s)
{
	return fn_dev_set_promisc(s->dev, true);
}

static void at_promisc(struct sweep *s)
{
	sweep_at_started(s);
	SWEEP_OK(set_promisc(s));
}

static int clear_promisc(struct sweep *s)
{
	return fn_dev_set_promisc(s->dev, false);
}

static int set_allmulti(struct sweep *s)
{
	return fn_dev_set_allmulti(s->dev, true);
}

static int set_mac_filters(struct sweep *s)
{
	static const uint8_t macs[3][6] = { { 0x02, 0, 0, 0, 0, 1 },
					    { 0x01, 0, 0x5e, 0, 0, 1 },
					    { 0x02, 0, 0, 0, 0, 2 } };

	return fn_dev_set_mac_filters(s->dev, macs, 3);
}

/* As many others: their number tells nothing. */
static int set_other_mac_filters(struct sweep *s)
{
	static const uint8_t macs[3][6] = { { 0x02, 0, 0, 0, 0, 3 },
					    { 0x01, 0, 0x5e, 0, 0, 2 },
					    { 0x02, 0, 0, 0, 0, 2 } };

	return fn_dev_set_mac_filters(s->dev, macs, 3);
}

static int clear_mac_filters(struct sweep *s)
{
	return fn_dev_set_mac_filters(s->dev, NULL, 0);
}

/* The world's configuration has the offload where the device has it. */
static int set_vlan_filter(struct sweep *s)
{
	return fn_dev_add_vlan(s->dev, 7);
}

static void at_vlan(struct sweep *s)
{
	sweep_at_started(s);
	SWEEP_OK(set_vlan_filter(s));
}

static int clear_vlan_filter(struct sweep *s)
{
	return fn_dev_del_vlan(s->dev, 7);
}

static void at_filtered(struct sweep *s)
{
	at_vlan(s);
	SWEEP_OK(set_mac_filters(s));
}

static int set_rss(struct sweep *s)
{
	struct fn_rss rss = { .sz = sizeof(rss) };
	const int ret = fn_dev_get_rss(s->dev, &rss);

	if (ret)
		return ret;
	for (unsigned i = 0; i < rss.reta_entries; i++)
		rss.reta[i] = (uint16_t)(i % 3 == 0);
	for (unsigned i = 0; i < rss.key_bytes; i++)
		rss.key[i] = (uint8_t)(0x6d + 37 * i);
	return fn_dev_set_rss(s->dev, &rss);
}

static int set_coalesce(struct sweep *s)
{
	const struct fn_coalesce c = { .sz = sizeof(c),
				       .rx_delay_ns = 50000,
				       .tx_delay_ns = 20000 };

	return fn_dev_set_coalesce(s->dev, &c);
}

/* Without types the device spreads by a rule of its own, where it has one: other commands. */
static int set_fewest_types(struct sweep *s)
{
	const struct fn_dev_limits *limits = &s->dev->limits;
	struct fn_rss rss = { .sz = sizeof(rss) };
	const int ret = fn_dev_get_rss(s->dev, &rss);

	if (ret)
		return ret;
	if (!limits->rss_only)
		rss = (struct fn_rss){ .sz = sizeof(rss) };
	else
		rss.types = limits->rss_types & -limits->rss_types;
	return fn_dev_set_rss(s->dev, &rss);
}

static void at_rss(struct sweep *s)
{
	sweep_at_started(s);
	SWEEP_OK(set_rss(s));
}

/* Everything that a start has to tell the device. */
static void at_all_running(struct sweep *s)
{
	at_filtered(s);
	SWEEP_OK(set_mac(s));
	SWEEP_OK(set_promisc(s));
	SWEEP_OK(set_allmulti(s));
	SWEEP_OK(set_rss(s));
	SWEEP_OK(set_coalesce(s));
	sweep_set_port(s);
	sweep_time(s);
}

static void at_all_settings(struct sweep *s)
{
	at_all_running(s);
	SWEEP_OK(fn_dev_stop(s->dev));
}

const struct sweep_call sweep_calls[] = {
	{ SWEEP_CALL("fn_ctx_create", sweep_at_nothing, sweep_ctx_create, SWEEP_KEEPS) },
	{ SWEEP_CALL("fn_pool_create", sweep_at_ctx, sweep_pool_create, SWEEP_KEEPS) },
	{ SWEEP_CALL("fn_pool_create, any pages", at_any_pages, pool_any_pages, SWEEP_KEEPS) },
	{ SWEEP_CALL("fn_pool_create, device open", sweep_at_open, pool_any_pages, SWEEP_KEEPS) },
	{ SWEEP_CALL("fn_pkt_alloc, first of a thread", sweep_at_pool, packet_of_thread,
		     SWEEP_KEEPS) },
	{ SWEEP_CALL("fn_dma_alloc", sweep_at_ctx, dma_alloc, SWEEP_KEEPS) },
	{ SWEEP_CALL("fn_dma_alloc, a region of its own", sweep_at_open, dma_alloc_large,
		     SWEEP_KEEPS) },
	{ SWEEP_CALL("fn_dma_map", at_app_memory, dma_map, SWEEP_KEEPS) },
	{ SWEEP_CALL("fn_dma_free", at_dma, dma_free, SWEEP_NO_FAULTS) },
	{ SWEEP_CALL("fn_dma_free, a region of its own", at_dma_large, dma_free, SWEEP_NO_FAULTS) },
	{ SWEEP_CALL("fn_dma_unmap", at_dma_mapped, dma_unmap, SWEEP_COMPLETES) },
	{ SWEEP_CALL("fn_pool_destroy", at_second_pool, pool_destroy, SWEEP_NO_FAULTS) },
	{ SWEEP_CALL("fn_ctx_destroy", at_used_ctx, ctx_destroy, SWEEP_NO_FAULTS) },
	{ SWEEP_CALL("fn_pci_list_create", sweep_at_nothing, pci_list_create, SWEEP_KEEPS) },
	{ SWEEP_CALL("fn_dev_open", sweep_at_pool, sweep_dev_open, SWEEP_KEEPS) },
	{ SWEEP_CALL("fn_dev_configure", sweep_at_open, configure_two, SWEEP_KEEPS) },
	{ SWEEP_CALL("fn_dev_configure, again", sweep_at_configured, configure_one, SWEEP_KEEPS) },
	{ SWEEP_CALL("fn_dev_start", sweep_at_configured, start, SWEEP_KEEPS) },
	{ SWEEP_CALL("fn_dev_stop", sweep_at_busy, stop, SWEEP_COMPLETES) },
	{ SWEEP_CALL("fn_dev_reset", sweep_at_busy, reset, SWEEP_RESETS) },
	{ SWEEP_CALL("fn_dev_close, open", sweep_at_open, close_dev, SWEEP_COMPLETES) },
	{ SWEEP_CALL("fn_dev_close, configured", sweep_at_configured, close_dev, SWEEP_COMPLETES) },
	{ SWEEP_CALL("fn_dev_close, started", sweep_at_busy, close_dev, SWEEP_COMPLETES) },
	{ SWEEP_CALL("fn_ctx_process_events", at_news, process_events, SWEEP_KEEPS) },
	{ SWEEP_CALL("fn_dev_set_mtu", sweep_at_configured, set_mtu, SWEEP_NO_FAULTS) },
	{ SWEEP_CALL("fn_dev_set_mac", sweep_at_started, set_mac, SWEEP_KEEPS), .setting = true },
	{ SWEEP_CALL("fn_dev_set_promisc", sweep_at_started, set_promisc, SWEEP_KEEPS),
	  .setting = true },
	{ SWEEP_CALL("fn_dev_set_promisc, off", at_promisc, clear_promisc, SWEEP_KEEPS),
	  .setting = true },
	{ SWEEP_CALL("fn_dev_set_allmulti", sweep_at_started, set_allmulti, SWEEP_KEEPS),
	  .setting = true },
	{ SWEEP_CALL("fn_dev_set_mac_filters", sweep_at_started, set_mac_filters, SWEEP_KEEPS) },
	{ SWEEP_CALL("fn_dev_add_vlan", sweep_at_started, set_vlan_filter, SWEEP_KEEPS),
	  .setting = true },
	{ SWEEP_CALL("fn_dev_set_mac_filters, others", at_filtered, set_other_mac_filters,
		     SWEEP_KEEPS) },
	{ SWEEP_CALL("fn_dev_set_mac_filters, none", at_filtered, clear_mac_filters, SWEEP_KEEPS),
	  .setting = true },
	{ SWEEP_CALL("fn_dev_del_vlan", at_vlan, clear_vlan_filter, SWEEP_KEEPS), .setting = true },
	{ SWEEP_CALL("fn_dev_set_rss", sweep_at_started, set_rss, SWEEP_KEEPS), .setting = true },
	{ SWEEP_CALL("fn_dev_set_rss, fewest types", at_rss, set_fewest_types, SWEEP_KEEPS),
	  .setting = true },
	{ SWEEP_CALL("fn_dev_set_coalesce", sweep_at_started, set_coalesce, SWEEP_KEEPS),
	  .setting = true },
	{ SWEEP_CALL("fn_dev_start, with all settings", at_all_settings, start, SWEEP_KEEPS) },
	{ SWEEP_CALL("fn_dev_reset, with all settings", at_all_running, reset, SWEEP_RESETS) },
	{ 0 },
};

void sweep_calls_begin(void)
{
	tree_new(&tree);
	tree_dir(&tree, "bus/pci/devices");
	tree_pci(&tree, "0000:00:03.0", "0x1af4\n", "0x1041\n", "0x020000\n", "vfio-pci", 3);
	tree_pci(&tree, "0000:04:00.1", "0x8086\n", "0x10c9\n", "0x020000\n", "igb", 14);
}

void sweep_calls_end(void)
{
	tree_free(&tree);
}
