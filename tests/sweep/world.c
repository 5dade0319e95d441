// SPDX-License-Identifier: BSD-3-Clause
/* The world that a call is made in: a context, a pool, a device of the model, packets. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "dev/dev.h"
#include "sweep/fault_bus.h"
#include "sweep/sweep.h"

#define SLOT 3u
#define RING 32u

/* No model negotiates for so long. */
#define LINK_NS 10000000u

int sweep_ctx_create(struct sweep *s)
{
	const struct fn_ctx_opts opts = { .sz = sizeof(opts), .err = &s->err, .page_bytes = 4096 };
	const int ret = fn_ctx_create(&opts, &s->ctx);

	if (ret)
		s->ctx = NULL;
	return ret;
}

int sweep_pool_create(struct sweep *s)
{
	const struct fn_pool_opts opts = {
		.sz = sizeof(opts), .err = &s->err, .count = 512, .cache = 32, .max_threads = 1
	};
	const int ret = fn_pool_create(s->ctx, &opts, &s->pool);

	if (ret)
		s->pool = NULL;
	return ret;
}

int sweep_dev_open(struct sweep *s)
{
	const struct fn_dev_opts opts = { .sz = sizeof(opts), .err = &s->err };
	const int ret = fn_dev_open_on(s->ctx, &fault_bus, s->md->busdev.name, &opts, &s->dev);

	if (ret)
		s->dev = NULL;
	return ret;
}

int sweep_dev_configure(struct sweep *s, unsigned queues)
{
	struct fn_dev_info info = { .sz = sizeof(info) };
	struct fn_dev_conf conf = { .sz = sizeof(conf),
				    .err = &s->err,
				    .rxqs = (uint16_t)queues,
				    .txqs = (uint16_t)queues,
				    .rx_ring = RING,
				    .tx_ring = RING,
				    .pool = s->pool };

	fn_dev_get_info(s->dev, &info);
	conf.offloads = info.offloads_max;
	return fn_dev_configure(s->dev, &conf);
}

void sweep_at_nothing(struct sweep *s)
{
	memset(s, 0, sizeof(*s));
	s->err = (struct fn_error)FN_ERROR_INIT;
	s->md = sweep_subject->plug(SLOT);
}

void sweep_at_ctx(struct sweep *s)
{
	sweep_at_nothing(s);
	SWEEP_OK(sweep_ctx_create(s));
}

void sweep_at_pool(struct sweep *s)
{
	sweep_at_ctx(s);
	SWEEP_OK(sweep_pool_create(s));
}

void sweep_at_open(struct sweep *s)
{
	sweep_at_pool(s);
	SWEEP_OK(sweep_dev_open(s));
}

void sweep_at_configured(struct sweep *s)
{
	sweep_at_open(s);
	SWEEP_OK(sweep_dev_configure(s, 2));
}

void sweep_time(const struct sweep *s)
{
	model_clock_advance(s->md->clock, LINK_NS);
}

void sweep_at_started(struct sweep *s)
{
	sweep_at_configured(s);
	SWEEP_OK(fn_dev_start(s->dev));
	sweep_time(s);
}

static struct fn_pkt *packet(struct sweep *s)
{
	struct fn_pkt *pkt = fn_pkt_alloc(s->pool);

	if (!pkt)
		sweep_wrong("the pool has no packet left");
	else
		memset(fn_pkt_append(pkt, SWEEP_FRAME), 0x5a, SWEEP_FRAME);
	return pkt;
}

static void send(struct sweep *s, struct fn_txq *q)
{
	struct fn_pkt *pkt = packet(s);

	if (pkt && !fn_tx_burst(q, &pkt, 1)) {
		sweep_wrong("a packet is not taken (status %d)", fn_txq_status(q));
		fn_pkt_free(pkt);
	}
}

void sweep_at_busy(struct sweep *s)
{
	sweep_at_started(s);
	for (unsigned i = 0; i < 8; i++)
		send(s, fn_dev_txq(s->dev, i % 2));
}

/* Nothing may lead to a queue but to the first one, by a table that says so. */
static void pair_works(struct sweep *s, unsigned pair)
{
	struct fn_rxq *rx = fn_dev_rxq(s->dev, pair);
	struct fn_txq *tx = fn_dev_txq(s->dev, pair);
	uint8_t frame[SWEEP_FRAME];
	struct fn_pkt *pkt;
	int ret;

	send(s, tx);
	if (!sweep_subject->transmit(pair))
		sweep_wrong("the device finds nothing to send on pair %u", pair);
	(void)fn_tx_reclaim(tx);
	ret = sweep_subject->receive(pair, frame);
	if (ret == -ENOENT && pair)
		return;
	if (ret || fn_rx_burst(rx, &pkt, 1) != 1) {
		sweep_wrong("a frame for pair %u does not arrive (%d)", pair, ret);
		return;
	}
	if (pkt->len != SWEEP_FRAME || memcmp(pkt->data, frame, SWEEP_FRAME) != 0)
		sweep_wrong("another frame arrives on pair %u", pair);
	fn_pkt_free(pkt);
}

void sweep_works(struct sweep *s)
{
	struct fn_dev_info info = { .sz = sizeof(info) };

	fn_dev_get_info(s->dev, &info);
	if (info.state == FN_DEV_OPEN)
		SWEEP_OK(sweep_dev_configure(s, 2));
	SWEEP_OK(fn_dev_start(s->dev));
	sweep_time(s);
	sweep_subject->hold(true);
	fn_dev_get_info(s->dev, &info);
	for (unsigned i = 0; info.state == FN_DEV_STARTED && i < info.rxqs; i++)
		pair_works(s, i);
}

/* It goes as it is left; what its driver did wrong comes out now. */
static void unplug(const struct sweep *s)
{
	if (s->md->maps_n || s->md->opened)
		sweep_wrong("the bus still has the device, or %u maps", s->md->maps_n);
	sweep_subject->unplug();
	if (s->md->violation)
		sweep_wrong("the driver: %s", s->md->violation);
}

void sweep_replug(struct sweep *s)
{
	unplug(s);
	s->md = sweep_subject->plug(SLOT);
}

void sweep_end(struct sweep *s)
{
	struct fn_pool_info info = { .sz = sizeof(info) };

	if (s->dev)
		SWEEP_OK(fn_dev_close(s->dev));
	if (s->dma.va && s->app)
		fn_dma_unmap(s->ctx, &s->dma);
	else if (s->dma.va)
		fn_dma_free(s->ctx, &s->dma);
	if (s->app)
		(void)munmap(s->app, 4096);
	SWEEP_OK(fn_pool_destroy(s->extra));
	if (s->pool) {
		fn_pool_get_info(s->pool, &info);
		if (info.outside)
			sweep_wrong("%u packets are still outside of the pool", info.outside);
		SWEEP_OK(fn_pool_destroy(s->pool));
	}
	SWEEP_OK(fn_ctx_destroy(s->ctx));
	fn_pci_list_destroy(s->list);
	unplug(s);
}
