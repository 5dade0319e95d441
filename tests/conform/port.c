// SPDX-License-Identifier: BSD-3-Clause
/* The device and all around it: context, pool, events, and what must hold when it is closed. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "conform/conform.h"

#define POOL_COUNT 2048u
#define POOL_CACHE 64u

/* How soon is looked again, at first and later: a look takes the processor from the device. */
#define LOOK_NS 100000u
#define LOOK_LATE_NS 1000000u

uint64_t conform_now_ns(struct conform *c)
{
	return c->place->ops->now_ns(c);
}

void conform_wait_ns(struct conform *c, uint64_t ns)
{
	const uint64_t until_ns = conform_now_ns(c) + ns;
	uint64_t now_ns;

	while ((now_ns = conform_now_ns(c)) < until_ns) {
		if (c->place->ops->virtual_time)
			conform_wait(c);
		else
			c->place->ops->wait(c, until_ns - now_ns);
	}
}

void conform_wait(struct conform *c)
{
	c->place->ops->wait(c, LOOK_NS);
}

void conform_wait_more(struct conform *c, uint64_t waited_ns)
{
	uint64_t ns = waited_ns / 8;

	ns = ns > LOOK_NS ? ns : LOOK_NS;
	c->place->ops->wait(c, ns < LOOK_LATE_NS ? ns : LOOK_LATE_NS);
}

bool conform_still(struct conform *c, uint64_t *still_ns, bool moved)
{
	/* One look of a process that runs takes no longer, even in an emulated guest. */
	const uint64_t look_ns = 5000000;
	const uint64_t begin_ns = conform_now_ns(c);
	uint64_t waited_ns;

	if (moved) {
		*still_ns = 0;
		return false;
	}
	conform_wait(c);
	waited_ns = conform_now_ns(c) - begin_ns;
	*still_ns += waited_ns < look_ns ? waited_ns : look_ns;
	return *still_ns >= CONFORM_STILL_NS;
}

static void log_line(void *arg, enum fn_log_level level, const char *line)
{
	struct conform *c = arg;

	(void)level;
	(void)snprintf(c->log, sizeof(c->log), "%s", line);
}

static void event(void *arg, const struct fn_event *event)
{
	struct conform *c = arg;

	if ((unsigned)event->type < CONFORM_EVENTS)
		c->events[event->type]++;
	c->last_event = *event;
	if (c->on_event)
		c->on_event(c, event);
}

void port_events(struct conform *c)
{
	(void)fn_ctx_process_events(c->ctx);
}

void port_info(struct conform *c)
{
	memset(&c->info, 0, sizeof(c->info));
	c->info.sz = sizeof(c->info);
	fn_dev_get_info(c->dev, &c->info);
}

static void ctx_create(struct conform *c)
{
	const struct fn_ctx_opts opts = { .sz = sizeof(opts),
					  .err = &c->err,
					  .log = log_line,
					  .log_arg = c,
					  .log_level = FN_LOG_WARN,
					  .event = event,
					  .event_arg = c,
					  .page_bytes = 4096 };

	check_ok(fn_ctx_create(&opts, &c->ctx));
	c->pool_opts.sz = sizeof(c->pool_opts);
	if (!c->pool_opts.count)
		c->pool_opts.count = POOL_COUNT;
	if (!c->pool_opts.cache)
		c->pool_opts.cache = POOL_CACHE;
	if (!c->pool_opts.max_threads)
		c->pool_opts.max_threads = 1;
	check_ok(fn_pool_create(c->ctx, &c->pool_opts, &c->pool));
}

uint32_t rx_ring_of(struct conform *c, uint32_t n)
{
	if (!c->dev)
		port_open(c);
	return n > c->info.rx_ring_min ? n : c->info.rx_ring_min;
}

uint32_t tx_ring_of(struct conform *c, uint32_t n)
{
	if (!c->dev)
		port_open(c);
	return n > c->info.tx_ring_min ? n : c->info.tx_ring_min;
}

void port_open(struct conform *c)
{
	if (!c->ctx)
		ctx_create(c);
	check_ok(c->place->ops->open(c, &c->dev));
	port_info(c);
}

int port_configure(struct conform *c, struct fn_dev_conf conf)
{
	int ret;

	if (!c->dev)
		port_open(c);
	conf.sz = sizeof(conf);
	conf.err = &c->err;
	conf.pool = c->pool;
	ret = fn_dev_configure(c->dev, &conf);
	port_info(c);
	return ret;
}

bool port_link_up(struct conform *c)
{
	struct fn_link link = { .sz = sizeof(link) };

	check_ok(fn_dev_get_link(c->dev, &link));
	return link.up;
}

void port_start(struct conform *c, struct fn_dev_conf conf)
{
	check_ok(port_configure(c, conf));
	check_ok(fn_dev_start(c->dev));
	port_info(c);
	c->rx = fn_dev_rxq(c->dev, 0);
	c->tx = fn_dev_txq(c->dev, 0);
	check(c->rx && c->tx);
	wait_until(port_link_up(c));
	/* That the link came up is news of no interest here. */
	port_events(c);
	memset(c->events, 0, sizeof(c->events));
}

void port_restart(struct conform *c, struct fn_dev_conf conf)
{
	check_ok(fn_dev_stop(c->dev));
	port_start(c, conf);
}

void port_close(struct conform *c)
{
	struct fn_dev *dev = c->dev;

	c->dev = NULL;
	if (dev)
		check_ok(fn_dev_close(dev));
	if (!c->ctx)
		return;
	check_eq(pool_info(c).outside, 0);
	check_ok(fn_pool_destroy(c->pool));
	c->pool = NULL;
	check_ok(fn_ctx_destroy(c->ctx));
	c->ctx = NULL;
}

struct fn_pool_info pool_info(const struct conform *c)
{
	struct fn_pool_info info = { .sz = sizeof(info) };

	fn_pool_get_info(c->pool, &info);
	return info;
}

uint64_t rx_counter(const struct fn_rxq *q, enum fn_rx_counter counter)
{
	uint64_t values[FN_RX_COUNTERS] = { 0 };

	(void)fn_rxq_counters(q, values, FN_RX_COUNTERS);
	return values[counter];
}

uint64_t tx_counter(const struct fn_txq *q, enum fn_tx_counter counter)
{
	uint64_t values[FN_TX_COUNTERS] = { 0 };

	(void)fn_txq_counters(q, values, FN_TX_COUNTERS);
	return values[counter];
}

uint64_t dev_counters_of(struct conform *c, enum fn_counter_kind kind)
{
	uint64_t values[CONFORM_DEV_COUNTERS] = { 0 };
	const unsigned n = fn_dev_counters(c->dev, values, CONFORM_DEV_COUNTERS);
	uint64_t sum = 0;

	check(n <= CONFORM_DEV_COUNTERS);
	for (unsigned i = 0; i < n; i++)
		if (fn_dev_counter_desc(c->dev, i)->kind == kind)
			sum += values[i];
	return sum;
}

uint64_t irq_signals(int fd)
{
	uint64_t n = 0;

	return read(fd, &n, sizeof(n)) == sizeof(n) ? n : 0;
}

static bool signalled(int fd)
{
	return irq_signals(fd) != 0;
}

void irq_expect(struct conform *c, int fd)
{
	wait_until(signalled(fd));
}

void irq_expect_none(struct conform *c, int fd)
{
	conform_wait_ns(c, CONFORM_QUIET_NS);
	check(!signalled(fd));
}

void irq_start(struct conform *c, struct fn_dev_conf conf)
{
	port_start(c, conf);
	check(fn_rxq_event_fd(c->rx) >= 0);
	check_passes(c);
	for (unsigned i = 0; i < c->info.txqs; i++) {
		struct fn_txq *q = fn_dev_txq(c->dev, i);

		tx_send_stream(c, q, i, 1, 100);
		wire_expect_stream(c, i, 1, 100);
	}
	/* What is on the wire may come back later. */
	conform_wait_ns(c, CONFORM_QUIET_NS);
	(void)irq_signals(fn_rxq_event_fd(c->rx));
	for (unsigned i = 0; i < c->info.txqs; i++) {
		struct fn_txq *q = fn_dev_txq(c->dev, i);

		(void)fn_tx_reclaim(q);
		if (fn_txq_event_fd(q) >= 0)
			(void)irq_signals(fn_txq_event_fd(q));
	}
}

void need_offload(struct conform *c, uint64_t offloads)
{
	if (!c->dev)
		port_open(c);
	for (unsigned bit = 0; bit < FN_OFFLOADS; bit++)
		if ((offloads & ~c->info.offloads_max) >> bit & 1)
			conform_skip(c, "the device does not offer %s", fn_offload_name(bit));
}

void need_cap(struct conform *c, uint64_t cap)
{
	if (!c->dev)
		port_open(c);
	for (unsigned bit = 0; bit < FN_CAPS; bit++)
		if ((cap & ~c->info.caps) >> bit & 1)
			conform_skip(c, "the device does not offer %s", fn_cap_name(bit));
}

void need_queues(struct conform *c, unsigned rxqs, unsigned txqs)
{
	if (!c->dev)
		port_open(c);
	if (c->info.max_rxqs < rxqs || c->info.max_txqs < txqs)
		conform_skip(c, "the device has %u receive and %u transmit queues",
			     c->info.max_rxqs, c->info.max_txqs);
}
