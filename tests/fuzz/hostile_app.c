// SPDX-License-Identifier: BSD-3-Clause
/* What an application does with a device that lies, and what must hold for it all the same. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "dev/dev.h"
#include "fuzz/hostile.h"
#include "model/model_build.h"
#include "pkt/pool_priv.h"

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
		h->said_tx[(unsigned)(queue[6] - '0') % HOSTILE_QUEUES] = true;
	else
		h->said_rx[(unsigned)(queue[6] - '0') % HOSTILE_QUEUES] = true;
	h->breaks += queue && queue < why;
}

static void on_event(const struct fn_event *event, void *arg)
{
	struct hostile *h = arg;

	HOSTILE_ASSERT(h, event->dev == h->dev);
	hostile_note(h, (uint64_t)event->type);
}

/* A code that the headers promise. */
static int known(struct hostile *h, const char *what, int ret)
{
	static const int codes[] = { 0,       -EINVAL,  -EIO,   -ENODEV, -ENOTSUP,
				     -ENOSPC, -ENOBUFS, -EBUSY, -ENOMEM, -ERANGE };
	bool found = false;

	for (unsigned i = 0; i < FN_ARRAY_LEN(codes); i++)
		found = found || ret == codes[i];
	if (!found)
		hostile_fail(h, "%s is %d: %s", what, ret, fn_error_last());
	if (ret && !fn_error_last()[0])
		hostile_fail(h, "%s is %d without a sentence", what, ret);
	hostile_note(h, (uint64_t)ret);
	return ret;
}

#define KNOWN(call) known(h, #call, call)

/* Packets: each is with the application or not, and is what the pool made it. */

static void own(struct hostile *h, const struct fn_pkt *pkt, enum hostile_owner owner)
{
	for (const struct fn_pkt *seg = pkt; seg; seg = seg->next) {
		const size_t i = (size_t)(seg - h->pool->pkts);

		if (i >= HOSTILE_PKTS)
			hostile_fail(h, "a packet that is none of the pool's");
		if (h->owners[i] == owner)
			hostile_fail(h, "packet %zu is handed out twice", i);
		h->owners[i] = (uint8_t)owner;
		h->owned += owner == HOSTILE_APP ? 1u : -1u;
	}
}

/* Its data lies in its own room. */
static void check_segment(struct hostile *h, const struct fn_pkt *seg)
{
	const size_t i = (size_t)(seg - h->pool->pkts);
	const uint8_t *room = h->pool->room + fn_pool_room_off(h->pool, i);

	if (seg->buf_len != h->pool->buf_len || seg->data - seg->headroom != room ||
	    seg->headroom + seg->len > seg->buf_len)
		hostile_fail(h, "packet %zu has %u bytes behind %u in a room of %u", i, seg->len,
			     seg->headroom, seg->buf_len);
	if (seg->iova.v != h->pool->room_iova + (uint64_t)(seg->data - h->pool->room))
		hostile_fail(h, "packet %zu has another packet's address", i);
}

static void check_packet(struct hostile *h, struct fn_pkt *pkt)
{
	unsigned segs = 0;

	own(h, pkt, HOSTILE_APP);
	for (struct fn_pkt *seg = pkt; seg; seg = seg->next) {
		check_segment(h, seg);
		hostile_note(h, seg->len);
		memset(seg->data, 0x77, seg->len);
		segs++;
	}
	if (segs != pkt->extra_segs + 1u)
		hostile_fail(h, "a packet of %u segments says that it has %u", segs,
			     pkt->extra_segs + 1u);
	h->received++;
}

static void give_back(struct hostile *h, struct fn_pkt *pkt)
{
	own(h, pkt, HOSTILE_LIBRARY);
	fn_pkt_free(pkt);
}

static void keep(struct hostile *h, struct fn_pkt *pkt)
{
	if (h->held_n < HOSTILE_HELD && hostile_below(h, 2))
		h->held[h->held_n++] = pkt;
	else
		give_back(h, pkt);
}

/* A new packet of up to 4 segments that asks for anything; or NULL. */
static struct fn_pkt *make(struct hostile *h)
{
	const unsigned segs = hostile_below(h, 4) ? 1 : 1 + hostile_below(h, 4);
	struct fn_pkt *head = NULL;

	for (unsigned i = 0; i < segs; i++) {
		struct fn_pkt *pkt = fn_pkt_alloc(h->pool);

		if (!pkt)
			break;
		(void)fn_pkt_append(pkt, (uint16_t)hostile_below(h, 1600));
		if (pkt->len)
			memset(pkt->data, 0x45, pkt->len);
		if (!head)
			head = pkt;
		else
			HOSTILE_ASSERT(h, !fn_pkt_chain(head, pkt));
	}
	if (!head)
		return NULL;
	own(h, head, HOSTILE_APP);
	if (!hostile_below(h, 3)) {
		head->flags = (uint16_t)hostile_random(h) & FN_PKT_TX_MASK;
		head->l2_len = 14;
		head->l3_len = hostile_below(h, 2) ? 20 : (uint16_t)hostile_random(h);
		head->l4_len = hostile_below(h, 2) ? 20 : (uint8_t)hostile_random(h);
		head->mss = hostile_below(h, 2) ? 1000 : (uint16_t)hostile_random(h);
	}
	return head;
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
		check_packet(h, pkts[i]);
	for (unsigned i = 0; i < n; i++)
		keep(h, pkts[i]);
	hostile_note(h, n);
	return n;
}

static void receive(struct hostile *h)
{
	(void)take(h, any_rxq(h));
}

static void send(struct hostile *h)
{
	struct fn_pkt *pkts[BURST];
	struct fn_txq *q = any_txq(h);
	unsigned want = 1 + hostile_below(h, BURST);
	unsigned n = 0;
	unsigned taken;

	while (n < want && h->held_n && hostile_below(h, 2))
		pkts[n++] = h->held[--h->held_n];
	while (n < want && (pkts[n] = make(h)))
		n++;
	for (unsigned i = 0; i < n; i++)
		own(h, pkts[i], HOSTILE_LIBRARY);
	taken = fn_tx_burst(q, pkts, n);
	HOSTILE_ASSERT(h, taken <= n);
	for (unsigned i = taken; i < n; i++)
		fn_pkt_free(pkts[i]);
	h->sent += taken;
	hostile_note(h, taken);
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
	h->clean = !h->reg_lies;
}

static void note_state(struct hostile *h)
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
	note_state(h);
}

static void stop(struct hostile *h)
{
	struct fn_pool_info info = { .sz = sizeof(info) };

	if (hostile_below(h, 8))
		return;
	(void)KNOWN(fn_dev_stop(h->dev));
	note_state(h);
	HOSTILE_ASSERT(h, !h->started);
	fn_pool_get_info(h->pool, &info);
	if (info.outside != h->owned)
		hostile_fail(h, "stopped, %u packets are outside and the application has %u",
			     info.outside, h->owned);
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
	note_state(h);
}

static void configure(struct hostile *h)
{
	static const uint32_t rings[] = { 8, 16, 32, 64 };
	struct fn_dev_info info = { .sz = sizeof(info) };
	struct fn_dev_conf conf = { .sz = sizeof(conf), .pool = h->pool };

	if (h->started)
		return;
	fn_dev_get_info(h->dev, &info);
	conf.rxqs = (uint16_t)(1 + hostile_below(h, info.max_rxqs));
	conf.txqs = (uint16_t)(1 + hostile_below(h, conf.rxqs));
	conf.rx_ring = rings[hostile_below(h, 4)];
	conf.tx_ring = rings[hostile_below(h, 4)];
	if (conf.rx_ring > info.rx_ring_max || conf.tx_ring > info.tx_ring_max)
		conf.rx_ring = conf.tx_ring = 8;
	conf.promisc = info.caps & FN_CAP_PROMISC && hostile_below(h, 2);
	conf.offloads = info.offloads_max & hostile_random(h);
	conf.stop_drain_ns = hostile_below(h, 2) ? FN_NO_DRAIN : FN_US(100);
	(void)KNOWN(fn_dev_configure(h->dev, &conf));
	note_state(h);
}

static void set_filters(struct hostile *h)
{
	static const uint8_t macs[2][6] = { { 2, 0, 0, 0, 0, 1 }, { 1, 0, 0x5e, 0, 0, 1 } };

	switch (hostile_below(h, 5)) {
	case 0:
		(void)KNOWN(fn_dev_set_mac(h->dev, macs[0]));
		break;
	case 1:
		(void)KNOWN(fn_dev_set_promisc(h->dev, hostile_below(h, 2)));
		break;
	case 2:
		(void)KNOWN(fn_dev_set_allmulti(h->dev, hostile_below(h, 2)));
		break;
	case 3:
		(void)KNOWN(fn_dev_set_mac_filters(h->dev, macs, hostile_below(h, 3)));
		break;
	default:
		(void)KNOWN(fn_dev_add_vlan(h->dev, (uint16_t)hostile_below(h, 4096)));
		break;
	}
	note_state(h);
}

static void set_steering(struct hostile *h)
{
	struct fn_rss rss = { .sz = sizeof(rss) };
	struct fn_coalesce c = { .sz = sizeof(c), .rx_delay_ns = FN_US(50) };

	if (hostile_below(h, 2)) {
		(void)KNOWN(fn_dev_set_coalesce(h->dev, &c));
	} else if (!KNOWN(fn_dev_get_rss(h->dev, &rss))) {
		rss.types &= (uint32_t)hostile_random(h);
		for (unsigned i = 0; h->rxqs && i < rss.reta_entries; i++)
			rss.reta[i] = (uint16_t)hostile_below(h, h->rxqs);
		(void)KNOWN(fn_dev_set_rss(h->dev, &rss));
	}
	note_state(h);
}

static void ask(struct hostile *h)
{
	struct fn_link link = { .sz = sizeof(link) };
	uint64_t counters[FN_DEV_COUNTERS];

	(void)KNOWN(fn_dev_link(h->dev, &link));
	hostile_note(h, fn_dev_counters(h->dev, counters, FN_DEV_COUNTERS));
	hostile_note(h, (uint64_t)fn_ctx_process_events(h->ctx));
}

static void open_dev(struct hostile *h)
{
	if (KNOWN(fn_dev_open_on(h->ctx, &hostile_bus, h->vd.md.busdev.name, NULL, &h->dev)))
		h->dev = NULL;
	h->opened_lied = h->lied;
	if (h->dev)
		configure(h);
}

static void close_dev(struct hostile *h)
{
	struct fn_pool_info info = { .sz = sizeof(info) };

	(void)KNOWN(fn_dev_close(h->dev));
	h->dev = NULL;
	h->started = false;
	forget_broken(h);
	fn_pool_get_info(h->pool, &info);
	if (info.outside != h->owned)
		hostile_fail(h, "closed, %u packets are outside and the application has %u",
			     info.outside, h->owned);
	HOSTILE_ASSERT(h, !h->vd.md.opened);
}

static void close_sometimes(struct hostile *h)
{
	if (fn_dev_is_lost(h->dev) || !hostile_below(h, 16))
		close_dev(h);
}

void hostile_app(struct hostile *h)
{
	static void (*const deeds[])(struct hostile *) = {
		receive,     receive,        receive,   receive,         receive, send,  send, send,
		reclaim,     sleep_and_wake, stop,      start,           start,   reset, ask,  ask,
		set_filters, set_steering,   configure, close_sometimes,
	};
	const unsigned deed = hostile_below(h, FN_ARRAY_LEN(deeds));

	hostile_note(h, deed);
	if (!h->dev) {
		h->vd.md.gone = false;
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

void hostile_app_drain(struct hostile *h)
{
	for (unsigned i = 0; i < h->rxqs; i++)
		while (take(h, fn_dev_rxq(h->dev, i)))
			continue;
	for (unsigned i = 0; i < h->txqs; i++)
		while (fn_tx_reclaim(fn_dev_txq(h->dev, i)))
			continue;
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

	if (h->dev) {
		fn_dev_get_info(h->dev, &info);
		if (info.status == -ENODEV || info.state == FN_DEV_OPEN || h->opened_lied)
			close_dev(h);
	}
	h->vd.md.gone = false;
	hostile_device_honest(h);
	if (!h->dev)
		open_dev(h);
	if (!h->dev)
		hostile_fail(h, "an honest device is not opened: %s", fn_error_last());
	note_state(h);
	if (!h->rxqs)
		hostile_fail(h, "an honest device is not configured: %s", fn_error_last());
	if (h->started ? KNOWN(fn_dev_reset(h->dev)) : KNOWN(fn_dev_start(h->dev)))
		hostile_fail(h, "an honest device is not mended: %s", fn_error_last());
	forget_broken(h);
	note_state(h);
}

static void pair_passes(struct hostile *h, unsigned pair)
{
	static uint8_t frame[MODEL_FRAME_MAX];
	const struct model_build b = { .ip = 4, .proto = MODEL_PROTO_UDP, .payload = 100 };
	const uint32_t len = model_build(frame, &b);

	if (virtio_dev_receive(&h->vd, pair, frame, len) || !take(h, fn_dev_rxq(h->dev, pair)))
		hostile_fail(h, "mended, receive queue %u takes nothing (status %d)", pair,
			     fn_rxq_status(fn_dev_rxq(h->dev, pair)));
	if (pair >= h->txqs)
		return;
	send(h);
	(void)virtio_dev_transmit(&h->vd, pair, 1000);
	(void)fn_tx_reclaim(fn_dev_txq(h->dev, pair));
	HOSTILE_ASSERT(h, !fn_txq_status(fn_dev_txq(h->dev, pair)));
}

void hostile_app_mended(struct hostile *h)
{
	running(h);
	for (unsigned i = 0; i < h->rxqs; i++)
		pair_passes(h, i);
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
	const struct fn_pool_opts pool_opts = { .sz = sizeof(pool_opts),
						.count = HOSTILE_PKTS,
						.headroom = hostile_below(h, 4) ?
								    0 :
								    FN_POOL_NO_HEADROOM,
						.cache = 32,
						.max_threads = 1 };

	HOSTILE_ASSERT(h, !fn_ctx_create(&opts, &h->ctx));
	HOSTILE_ASSERT(h, !fn_pool_create(h->ctx, &pool_opts, &h->pool));
}

void hostile_app_end(struct hostile *h)
{
	if (h->dev)
		close_dev(h);
	while (h->held_n)
		give_back(h, h->held[--h->held_n]);
	HOSTILE_ASSERT(h, !h->owned);
	if (fn_pool_destroy(h->pool) || fn_ctx_destroy(h->ctx))
		hostile_fail(h, "the pool is not whole: %s", fn_error_last());
	HOSTILE_ASSERT(h, !h->vd.md.maps_n);
	model_dev_unplug(&h->vd.md);
}
