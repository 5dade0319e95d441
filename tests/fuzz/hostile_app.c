// SPDX-License-Identifier: BSD-3-Clause
/* What an application does with a device that lies, and what must hold for it all the same. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ctx.h"
#include "dev/dev.h"
#include "fuzz/hostile.h"

#define BURST 32u

/* The log must name a reason for each queue that breaks, and for a device that does. */
static void on_log(void *arg, enum fn_log_level level, const char *line)
{
	struct hostile *h = arg;
	const char *why = strstr(line, " is broken: ");
	const char *queue = strstr(line, "queue ");

	(void)level;
	if (!why)
		return;
	if (strlen(why) < 30)
		hostile_fail(h, "a poor reason: %s", line);
	if (!queue || queue > why)
		h->said_dev = true;
	else if (strstr(line, "transmit"))
		h->said_tx[strtoul(queue + 6, NULL, 10) % HOSTILE_QUEUES] = true;
	else
		h->said_rx[strtoul(queue + 6, NULL, 10) % HOSTILE_QUEUES] = true;
	h->breaks += queue && queue < why;
}

static void on_event(void *arg, const struct fn_event *event)
{
	struct hostile *h = arg;

	HOSTILE_ASSERT(h, event->dev == h->dev);
	hostile_note(h, (uint64_t)event->type);
}

/* Control and data path, a piece at a time. */

static struct fn_rxq *any_rxq(struct hostile *h)
{
	return fn_dev_rxq(h->dev, hostile_below(h, h->rxqs ? h->rxqs : 1));
}

static struct fn_txq *any_txq(struct hostile *h)
{
	return fn_dev_txq(h->dev, hostile_below(h, h->txqs ? h->txqs : 1));
}

static unsigned take(struct hostile *h, struct fn_rxq *q)
{
	struct fn_pkt *pkts[BURST];
	const unsigned most = 1 + hostile_below(h, BURST);
	const unsigned n = fn_rx_burst(q, pkts, most);

	HOSTILE_ASSERT(h, n <= most);
	for (unsigned i = 0; i < n; i++)
		hostile_pkts_received(h, pkts[i]);
	for (unsigned i = 0; i < n; i++)
		hostile_pkts_keep(h, pkts[i]);
	hostile_note(h, n);
	return n;
}

static void receive(struct hostile *h)
{
	(void)take(h, any_rxq(h));
}

static void send_to(struct hostile *h, struct fn_txq *q)
{
	struct fn_pkt *pkts[BURST];
	unsigned want = 1 + hostile_below(h, BURST);
	unsigned n = 0;
	unsigned taken;

	while (n < want && hostile_below(h, 2) && (pkts[n] = hostile_pkts_take(h)))
		n++;
	while (n < want && (pkts[n] = hostile_pkts_make(h)))
		n++;
	for (unsigned i = 0; i < n; i++)
		hostile_pkts_give(h, pkts[i]);
	taken = fn_tx_burst(q, pkts, n);
	HOSTILE_ASSERT(h, taken <= n);
	for (unsigned i = taken; i < n; i++)
		fn_pkt_free(pkts[i]);
	h->sent += taken;
	hostile_note(h, taken);
}

static void send(struct hostile *h)
{
	send_to(h, any_txq(h));
}

static void reclaim(struct hostile *h)
{
	hostile_note(h, fn_tx_reclaim(any_txq(h)));
}

static void sleep_and_wake(struct hostile *h)
{
	struct fn_rxq *rx = any_rxq(h);
	struct fn_txq *tx = any_txq(h);

	hostile_note(h, (uint64_t)fn_rxq_arm(rx));
	hostile_note(h, (uint64_t)fn_txq_arm(tx));
	hostile_note(h, fn_rxq_pending(rx));
	hostile_note(h, fn_txq_pending(tx));
	fn_rxq_disarm(rx);
	fn_txq_disarm(tx);
}

static void forget_broken(struct hostile *h)
{
	memset(h->said_rx, 0, sizeof(h->said_rx));
	memset(h->said_tx, 0, sizeof(h->said_tx));
	h->said_dev = false;
	h->clean = !h->reg_lies && !h->reg_ones && !h->desc_lies;
}

void hostile_app_look(struct hostile *h)
{
	struct fn_dev_info info = { .sz = sizeof(info) };

	fn_dev_get_info(h->dev, &info);
	h->started = info.state == FN_DEV_STARTED;
	h->rxqs = info.rxqs;
	h->txqs = info.txqs;
	hostile_note(h, (uint64_t)info.status);
}

static void start(struct hostile *h)
{
	if (!h->started)
		forget_broken(h);
	(void)KNOWN(fn_dev_start(h->dev));
	hostile_app_look(h);
}

static void stop(struct hostile *h)
{
	if (hostile_below(h, 8))
		return;
	(void)KNOWN(fn_dev_stop(h->dev));
	hostile_app_look(h);
	HOSTILE_ASSERT(h, !h->started);
	hostile_pkts_whole(h, "stopped");
}

static bool broken(struct hostile *h)
{
	for (unsigned i = 0; i < h->rxqs; i++)
		if (fn_rxq_status(fn_dev_rxq(h->dev, i)) == -EIO)
			return true;
	for (unsigned i = 0; i < h->txqs; i++)
		if (fn_txq_status(fn_dev_txq(h->dev, i)) == -EIO)
			return true;
	return false;
}

static void reset(struct hostile *h)
{
	if (!broken(h) && hostile_below(h, 4))
		return;
	forget_broken(h);
	h->resets++;
	(void)KNOWN(fn_dev_reset(h->dev));
	hostile_app_look(h);
}

static uint32_t ring_size(struct hostile *h, uint32_t least, uint32_t most)
{
	const uint32_t size = 8u << hostile_below(h, 7);

	return size < least ? least : size > most ? most : size;
}

/* So many queues that the pool can have packets for all of them. */
static void fit(struct fn_dev_conf *conf)
{
	const struct fn_pool_opts opts = { .sz = sizeof(opts), .cache = 32, .max_threads = 1 };

	while (conf->rxqs > 1 && fn_pool_need(&opts, conf, 1) > HOSTILE_PKTS) {
		conf->rxqs--;
		if (conf->txqs > conf->rxqs)
			conf->txqs = conf->rxqs;
	}
}

static void configure(struct hostile *h)
{
	struct fn_dev_info info = { .sz = sizeof(info) };
	struct fn_dev_conf conf = { .sz = sizeof(conf), .pool = h->pools[0].pool };

	if (h->started)
		return;
	fn_dev_get_info(h->dev, &info);
	conf.rxqs = (uint16_t)(1 + hostile_below(h, info.max_rxqs));
	conf.txqs = (uint16_t)(1 + hostile_below(h, conf.rxqs));
	conf.rx_ring = ring_size(h, info.rx_ring_min, info.rx_ring_max);
	conf.tx_ring = ring_size(h, info.tx_ring_min, info.tx_ring_max);
	conf.promisc = info.caps & FN_CAP_PROMISC && hostile_below(h, 2);
	conf.offloads = info.offloads_max & hostile_random(h);
	if (conf.offloads & FN_OFFLOAD_RX_SCATTER && info.mtu_max > 1500 && hostile_below(h, 2))
		conf.mtu = info.mtu_max < 9000 ? info.mtu_max : 9000;
	/* Some devices do both or none, and a pool may have no headroom for what they take out. */
	if (conf.offloads & FN_OFFLOAD_TX_VLAN)
		conf.offloads |= FN_OFFLOAD_RX_VLAN & info.offloads_max;
	conf.stop_drain_ns = hostile_below(h, 2) ? FN_NO_DRAIN : FN_US(100);
	fit(&conf);
	(void)KNOWN(fn_dev_configure(h->dev, &conf));
	hostile_app_look(h);
}

static void open_dev(struct hostile *h)
{
	if (KNOWN(fn_dev_open_on(h->ctx, &hostile_bus, h->md->busdev.name, NULL, &h->dev)))
		h->dev = NULL;
	h->opened_lied = h->lied;
	if (h->dev)
		configure(h);
}

/* The pool is empty for a while. */
static void hoard(struct hostile *h)
{
	if (h->hoarded)
		hostile_pkts_unhoard(h);
	else
		hostile_pkts_hoard(h);
}

static void close_dev(struct hostile *h)
{
	(void)KNOWN(fn_dev_close(h->dev));
	h->dev = NULL;
	h->started = false;
	forget_broken(h);
	hostile_pkts_whole(h, "closed");
	HOSTILE_ASSERT(h, !h->md->opened);
}

static void close_sometimes(struct hostile *h)
{
	if (fn_dev_is_lost(h->dev) || !hostile_below(h, 16))
		close_dev(h);
}

void hostile_app(struct hostile *h)
{
	/* By how often. */
	static void (*const deeds[])(struct hostile *) = { receive,
							   receive,
							   receive,
							   receive,
							   receive,
							   receive,
							   send,
							   send,
							   send,
							   send,
							   hostile_pkts_share,
							   hostile_pkts_share,
							   hoard,
							   reclaim,
							   sleep_and_wake,
							   stop,
							   start,
							   start,
							   reset,
							   hostile_ctrl,
							   hostile_ctrl,
							   hostile_ctrl,
							   hostile_ctrl,
							   hostile_ctrl,
							   hostile_ctrl,
							   hostile_ctrl,
							   configure,
							   close_sometimes };
	const unsigned deed = hostile_below(h, FN_ARRAY_LEN(deeds));

	hostile_note(h, deed);
	if (!h->dev) {
		h->md->gone = false;
		open_dev(h);
	} else if (h->started || !hostile_below(h, 4)) {
		deeds[deed](h);
	} else if (fn_dev_is_lost(h->dev)) {
		close_dev(h);
	} else if (!h->rxqs) {
		configure(h);
	} else {
		start(h);
	}
}

bool hostile_app_runs(const struct hostile *h, bool tx, unsigned queue)
{
	if (!h->started || queue >= (tx ? h->txqs : h->rxqs))
		return false;
	return !(tx ? fn_txq_status(fn_dev_txq(h->dev, queue)) :
		      fn_rxq_status(fn_dev_rxq(h->dev, queue)));
}

void hostile_app_drain(struct hostile *h)
{
	for (unsigned i = 0; i < h->rxqs; i++)
		while (take(h, fn_dev_rxq(h->dev, i)))
			continue;
	for (unsigned i = 0; i < h->txqs; i++)
		while (fn_tx_reclaim(fn_dev_txq(h->dev, i)))
			continue;
}

void hostile_app_takes_nothing(struct hostile *h, unsigned queue)
{
	const unsigned n = take(h, fn_dev_rxq(h->dev, queue));

	if (n)
		hostile_fail(h, "receive queue %u hands out %u packets that the device never had",
			     queue, n);
}

void hostile_app_must_be_broken(struct hostile *h, bool tx, unsigned queue)
{
	int status;

	if (!h->clean || !h->started || queue >= (tx ? h->txqs : h->rxqs))
		return;
	hostile_app_drain(h);
	status = tx ? fn_txq_status(fn_dev_txq(h->dev, queue)) :
		      fn_rxq_status(fn_dev_rxq(h->dev, queue));
	if (status != -EIO && status != -ENODEV)
		hostile_fail(h, "%s queue %u took what it cannot have (status %d)",
			     tx ? "transmit" : "receive", queue, status);
}

static void check_status(struct hostile *h, int status, bool *said, const char *what, unsigned i)
{
	if (status && status != -EIO && status != -ENETDOWN && status != -ENODEV)
		hostile_fail(h, "%s queue %u has status %d", what, i, status);
	if (status == -EIO && !*said && !h->said_dev)
		hostile_fail(h, "%s queue %u is broken without a reason in the log", what, i);
}

void hostile_app_check(struct hostile *h)
{
	for (unsigned i = 0; h->dev && i < h->rxqs; i++)
		check_status(h, fn_rxq_status(fn_dev_rxq(h->dev, i)), &h->said_rx[i], "receive", i);
	for (unsigned i = 0; h->dev && i < h->txqs; i++)
		check_status(h, fn_txq_status(fn_dev_txq(h->dev, i)), &h->said_tx[i], "transmit",
			     i);
}

/* The device is as honest as on the first day; whoever has lost it takes it back. */
static void running(struct hostile *h)
{
	struct fn_dev_info info = { .sz = sizeof(info) };

	hostile_pkts_unhoard(h);
	if (h->dev) {
		fn_dev_get_info(h->dev, &info);
		if (info.status == -ENODEV || info.state == FN_DEV_OPEN || h->opened_lied)
			close_dev(h);
	}
	h->md->gone = false;
	hostile_honest(h);
	if (!h->dev)
		open_dev(h);
	if (!h->dev)
		hostile_fail(h, "an honest device is not opened: %s", fn_error_last());
	hostile_app_look(h);
	if (!h->rxqs)
		hostile_fail(h, "an honest device is not configured: %s", fn_error_last());
	if (h->started ? KNOWN(fn_dev_reset(h->dev)) : KNOWN(fn_dev_start(h->dev)))
		hostile_fail(h, "an honest device is not mended: %s", fn_error_last());
	forget_broken(h);
	hostile_app_look(h);
}

static void flow_passes(struct hostile *h, unsigned flow)
{
	const int queue = h->kind->receive(h, flow);

	if (queue < 0 || (unsigned)queue >= h->rxqs)
		hostile_fail(h, "mended, the device takes no frame (%d)", queue);
	if (!take(h, fn_dev_rxq(h->dev, (unsigned)queue)))
		hostile_fail(h, "mended, receive queue %d takes nothing (status %d)", queue,
			     fn_rxq_status(fn_dev_rxq(h->dev, (unsigned)queue)));
}

static void queue_sends(struct hostile *h, unsigned queue)
{
	send_to(h, fn_dev_txq(h->dev, queue));
	h->kind->transmit(h, queue);
	(void)fn_tx_reclaim(fn_dev_txq(h->dev, queue));
	HOSTILE_ASSERT(h, !fn_txq_status(fn_dev_txq(h->dev, queue)));
}

void hostile_app_mended(struct hostile *h)
{
	running(h);
	for (unsigned i = 0; i < 2 * h->rxqs; i++)
		flow_passes(h, i);
	for (unsigned i = 0; i < h->txqs; i++)
		queue_sends(h, i);
	hostile_app_check(h);
}

void hostile_app_begin(struct hostile *h)
{
	const struct fn_ctx_opts opts = { .sz = sizeof(opts),
					  .log = on_log,
					  .log_arg = h,
					  .log_level = FN_LOG_WARN,
					  .event = on_event,
					  .event_arg = h,
					  .page_bytes = 4096 };

	HOSTILE_ASSERT(h, !fn_ctx_create(&opts, &h->ctx));
	/* Without vector instructions, though the processor has them. */
	if (hostile_below(h, 2))
		h->ctx->avx2 = false;
	hostile_pkts_begin(h);
}

void hostile_app_end(struct hostile *h)
{
	if (h->dev)
		close_dev(h);
	hostile_pkts_end(h);
	if (fn_ctx_destroy(h->ctx))
		hostile_fail(h, "the context is not free: %s", fn_error_last());
	HOSTILE_ASSERT(h, !h->md->maps_n);
	model_dev_unplug(h->md);
}
