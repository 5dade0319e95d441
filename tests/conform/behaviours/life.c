// SPDX-License-Identifier: BSD-3-Clause
/* The life of a device from open to close, and what is refused on the way. */
#include <stdio.h>

#include "conform/conform.h"

BEHAVIOUR(probe, 0,
	  "Opening a device tells what it is and can, with limits that make sense, and starts "
	  "nothing.");
static void probe(struct conform *c)
{
	const struct fn_dev_info *info = &c->info;

	port_open(c);
	check_eq(info->state, FN_DEV_OPEN);
	check_eq(info->status, 0);
	check(info->name[0] && info->driver[0]);
	check(info->vendor_id != 0 && info->vendor_id != 0xffff && info->device_id != 0xffff);
	check((info->mac[0] & 1) == 0);
	check(info->mac[0] | info->mac[1] | info->mac[2] | info->mac[3] | info->mac[4] |
	      info->mac[5]);
	check(info->max_rxqs >= 1 && info->max_txqs >= 1 && info->max_tx_segs >= 1);
	check(fn_is_pow2(info->rx_ring_min) && fn_is_pow2(info->rx_ring_max));
	check(fn_is_pow2(info->tx_ring_min) && fn_is_pow2(info->tx_ring_max));
	check(info->rx_ring_min <= info->rx_ring_max && info->tx_ring_min <= info->tx_ring_max);
	check(info->mtu_min <= 1500 && info->mtu_max >= 1500);
	check(info->vectors >= 1);
	check_eq(info->rxqs, 0);
	check_eq(info->txqs, 0);
	check_eq(fn_rxq_status(fn_dev_rxq(c->dev, 0)), -ENETDOWN);
	check_eq(fn_txq_status(fn_dev_txq(c->dev, 0)), -ENETDOWN);
	check(!fn_dev_rxq(c->dev, info->max_rxqs) && !fn_dev_txq(c->dev, info->max_txqs));
}

BEHAVIOUR(bring_up, 0,
	  "A device that was started lets frames through both ways, and one that was stopped "
	  "lets none through and says so.");
static void bring_up(struct conform *c)
{
	struct fn_pkt *pkt;

	port_start(c, (struct fn_dev_conf){ 0 });
	check_eq(c->info.state, FN_DEV_STARTED);
	check_eq(fn_rxq_status(c->rx), 0);
	check_eq(fn_txq_status(c->tx), 0);
	check(c->info.rx_variant[0] && c->info.tx_variant[0]);
	check_passes(c);
	check_ok(fn_dev_stop(c->dev));
	port_info(c);
	check_eq(c->info.state, FN_DEV_CONFIGURED);
	check_eq(fn_rxq_status(c->rx), -ENETDOWN);
	check_eq(fn_txq_status(c->tx), -ENETDOWN);
	check_eq(fn_rx_burst(c->rx, &pkt, 1), 0);
	pkt = pkt_frame(c, 1, 100);
	check_eq(fn_tx_burst(c->tx, &pkt, 1), 0);
	fn_pkt_free(pkt);
	check_eq(pool_info(c).outside, 0);
	wire_expect_none(c);
}

BEHAVIOUR(open_twice, 0, "A device that is open is not opened again, and goes on.");
static void open_twice(struct conform *c)
{
	struct fn_dev *second = NULL;

	port_start(c, (struct fn_dev_conf){ 0 });
	check_ret(c->place->ops->open(c, &second), -EBUSY);
	check_passes(c);
}

BEHAVIOUR(open_close_100, 0,
	  "A device is opened and closed a hundred times, and works the same the last time.");
static void open_close_100(struct conform *c)
{
	struct fn_dev_info first;

	/* A small one: a bus may have to move all of it each time. */
	c->pool_opts.count = 1024;
	port_open(c);
	first = c->info;
	for (unsigned i = 1; i < 100; i++) {
		struct fn_dev *dev = c->dev;

		c->dev = NULL;
		check_ok(fn_dev_close(dev));
		check_ok(c->place->ops->open(c, &c->dev));
	}
	port_info(c);
	check_mem(&c->info, &first, sizeof(first));
	port_start(c, (struct fn_dev_conf){ 0 });
	check_passes(c);
}

BEHAVIOUR(start_stop_20, 0,
	  "A device is started and stopped twenty times with frames each time, and its queues "
	  "keep their addresses.");
static void start_stop_20(struct conform *c)
{
	struct fn_rxq *rx;
	struct fn_txq *tx;

	port_start(c, (struct fn_dev_conf){ .rx_ring = 64, .tx_ring = 64 });
	rx = c->rx;
	tx = c->tx;
	for (unsigned i = 0; i < 20; i++) {
		tx_send_stream(c, c->tx, i * 10, 10, 100);
		wire_expect_stream(c, i * 10, 10, 100);
		wire_send_stream(c, i * 10, 10, 100);
		rx_expect_stream(c, c->rx, i * 10, 10, 100);
		port_restart(c, (struct fn_dev_conf){ .rx_ring = 64, .tx_ring = 64 });
		check(rx == c->rx && tx == c->tx);
	}
	check_eq(rx_counter(rx, FN_RX_PACKETS), 200);
	check_eq(tx_counter(tx, FN_TX_PACKETS), 200);
}

BEHAVIOUR(start_twice, 0, "Starting what is started and stopping what is stopped changes nothing.");
static void start_twice(struct conform *c)
{
	port_start(c, (struct fn_dev_conf){ 0 });
	wire_send_stream(c, 0, 5, 100);
	check_ok(fn_dev_start(c->dev));
	rx_expect_stream(c, c->rx, 0, 5, 100);
	check_passes(c);
	check_ok(fn_dev_stop(c->dev));
	check_ok(fn_dev_stop(c->dev));
	port_start(c, (struct fn_dev_conf){ 0 });
	check_passes(c);
}

BEHAVIOUR(close_while_started, 0,
	  "A device that is closed while it runs gives all packets back, and those that the "
	  "application holds stay whole.");
static void close_while_started(struct conform *c)
{
	struct fn_dev *dev;
	struct fn_pkt *pkt;

	port_start(c, (struct fn_dev_conf){ 0 });
	wire_send_stream(c, 7, 3, 200);
	pkt = rx_next(c, c->rx);
	tx_send_stream(c, c->tx, 0, 5, 100);
	dev = c->dev;
	c->dev = NULL;
	check_ok(fn_dev_close(dev));
	check_eq(pool_info(c).outside, 1);
	check_frame(c, pkt->data, pkt->len, 7, 200);
	fn_pkt_free(pkt);
}

BEHAVIOUR(closed_is_quiet, 0,
	  "A device that was closed writes to no memory any more, whatever comes in.");
static void closed_is_quiet(struct conform *c)
{
	struct fn_pkt *pkts[512];
	struct fn_dev *dev;

	port_start(c, (struct fn_dev_conf){ .rx_ring = 256 });
	check_passes(c);
	dev = c->dev;
	c->dev = NULL;
	check_ok(fn_dev_close(dev));
	check_eq(fn_pkt_alloc_bulk(c->pool, pkts, 512), 512);
	for (unsigned i = 0; i < 512; i++)
		memset(pkts[i]->data - pkts[i]->headroom, 0x5a, pkts[i]->buf_len);
	wire_send_stream(c, 0, 50, 300);
	conform_wait_ns(c, CONFORM_QUIET_NS);
	for (unsigned i = 0; i < 512; i++)
		for (unsigned at = 0; at < pkts[i]->buf_len; at++)
			if ((pkts[i]->data - pkts[i]->headroom)[at] != 0x5a)
				conform_fail(c, __FILE__, __LINE__, "byte %u of a free packet", at);
	fn_pkt_free_bulk(pkts, 512);
}

BEHAVIOUR(reset_started, 0,
	  "A reset brings a running device back to running, with the same queues and settings.");
static void reset_started(struct conform *c)
{
	struct fn_dev_info before;

	port_start(c, (struct fn_dev_conf){ .rx_ring = 64, .tx_ring = 32 });
	check_passes(c);
	before = c->info;
	check_ok(fn_dev_reset(c->dev));
	port_info(c);
	check_mem(&c->info, &before, sizeof(before));
	wait_until(port_link_up(c));
	check_passes(c);
	check_ok(fn_dev_stop(c->dev));
	check_ok(fn_dev_reset(c->dev));
	port_info(c);
	check_eq(c->info.state, FN_DEV_CONFIGURED);
	check_eq(pool_info(c).outside, 0);
}

/* A configuration that is refused leaves the former one as it was. */
static void refused(struct conform *c, struct fn_dev_conf conf, int ret)
{
	const struct fn_dev_info before = c->info;

	check_ret(port_configure(c, conf), ret);
	check_mem(&c->info, &before, sizeof(before));
	check_eq(c->err.code, ret);
	check(c->err.text[0]);
}

BEHAVIOUR(configure_refuses, 0,
	  "More queues, entries, bytes or vectors than there are is an error and never a silent "
	  "cut, and the former configuration stays.");
static void configure_refuses(struct conform *c)
{
	uint16_t vector;

	port_open(c);
	check_ok(port_configure(c, (struct fn_dev_conf){ .rx_ring = 64, .tx_ring = 64 }));
	refused(c, (struct fn_dev_conf){ .rxqs = (uint16_t)(c->info.max_rxqs + 1) }, -EINVAL);
	refused(c, (struct fn_dev_conf){ .txqs = (uint16_t)(c->info.max_txqs + 1) }, -EINVAL);
	refused(c, (struct fn_dev_conf){ .rx_ring = 2 * c->info.rx_ring_max }, -EINVAL);
	refused(c, (struct fn_dev_conf){ .tx_ring = 2 * c->info.tx_ring_max }, -EINVAL);
	refused(c, (struct fn_dev_conf){ .rx_ring = c->info.rx_ring_min / 2 }, -EINVAL);
	refused(c, (struct fn_dev_conf){ .tx_ring = c->info.tx_ring_min / 2 }, -EINVAL);
	refused(c, (struct fn_dev_conf){ .rx_ring = 96 }, -EINVAL);
	refused(c, (struct fn_dev_conf){ .tx_ring = 96 }, -EINVAL);
	refused(c, (struct fn_dev_conf){ .mtu = c->info.mtu_max + 1 }, -EINVAL);
	refused(c, (struct fn_dev_conf){ .mtu = c->info.mtu_min - 1 }, -EINVAL);
	vector = c->info.vectors;
	refused(c, (struct fn_dev_conf){ .rx_vectors = &vector }, -EINVAL);
	refused(c, (struct fn_dev_conf){ .tx_vectors = &vector }, -EINVAL);
	check_ok(fn_dev_start(c->dev));
	port_info(c);
	refused(c, (struct fn_dev_conf){ .rx_ring = 128 }, -EBUSY);
	c->rx = fn_dev_rxq(c->dev, 0);
	c->tx = fn_dev_txq(c->dev, 0);
	wait_until(port_link_up(c));
	check_passes(c);
}

BEHAVIOUR(offloads_not_silent, 0,
	  "An offload that the device does not offer is refused by its name; each that it "
	  "offers is on when it was asked for, and off when it was not.");
static void offloads_not_silent(struct conform *c)
{
	port_open(c);
	check_ok(port_configure(c, (struct fn_dev_conf){ 0 }));
	check_eq(c->info.offloads, 0);
	for (unsigned bit = 0; bit < FN_OFFLOADS; bit++) {
		const struct fn_dev_conf conf = { .offloads = 1ull << bit };

		if (!fn_offload_name(bit)) {
			refused(c, conf, -EINVAL);
			continue;
		}
		if (!(c->info.offloads_max & conf.offloads)) {
			refused(c, conf, -ENOTSUP);
			check(strstr(c->err.text, fn_offload_name(bit)));
			continue;
		}
		check_ok(port_configure(c, conf));
		check_eq(c->info.offloads, conf.offloads);
		port_start(c, conf);
		check_eq(c->info.offloads, conf.offloads);
		check_ok(fn_dev_stop(c->dev));
		check_ok(port_configure(c, (struct fn_dev_conf){ 0 }));
		check_eq(c->info.offloads, 0);
	}
	check(!fn_offload_name(FN_OFFLOADS));
}

BEHAVIOUR(caps_not_silent, 0,
	  "A call that needs what the device cannot is -ENOTSUP with a sentence, and changes "
	  "nothing.");
static void caps_not_silent(struct conform *c)
{
	struct fn_rss rss = { .sz = sizeof(rss) };
	struct fn_dev_info before;
	uint64_t known = 0;

	port_start(c, (struct fn_dev_conf){ 0 });
	before = c->info;
	for (const struct cap_call *call = cap_calls; call->call; call++) {
		known |= call->cap;
		if (before.caps & call->cap)
			continue;
		cap_call_expect(c, call, -ENOTSUP);
		check(strstr(fn_error_last(), before.name));
	}
	/* caps.c has a call of each that the library knows, and the device has no other. */
	for (unsigned bit = 0; bit < 64; bit++)
		check_eq(known >> bit & 1, fn_cap_name(bit) != NULL);
	check_eq(before.caps & ~known, 0);
	/* The key can be had of either. */
	if (!(before.caps & FN_CAP_RSS) && !(before.offloads_max & FN_OFFLOAD_RX_HASH))
		check_ret(fn_dev_get_rss(c->dev, &rss), -ENOTSUP);
	check_eq(fn_dev_reg_count(c->dev) != 0, (before.caps & FN_CAP_REGS) != 0);
	/* Not configured with the offload. */
	check_ret(fn_dev_add_vlan(c->dev, 5), -ENOTSUP);
	check_ret(fn_dev_del_vlan(c->dev, 5), -ENOTSUP);
	port_info(c);
	check_mem(&c->info, &before, sizeof(before));
	check_passes(c);
}

BEHAVIOUR(reset_does_not_wait, NEED_STALL,
	  "A reset of a device that takes nothing any more does not wait for what is queued, "
	  "however long a stop would.");
static void reset_does_not_wait(struct conform *c)
{
	const uint64_t drain_ns = CONFORM_WAIT_NS / 2;
	uint64_t start_ns;

	port_start(c, (struct fn_dev_conf){ .stop_drain_ns = drain_ns });
	c->place->ops->stall(c, true);
	for (unsigned i = 0; i < 20; i++) {
		struct fn_pkt *pkt = pkt_frame(c, i, 1400);

		if (fn_tx_burst(c->tx, &pkt, 1) != 1)
			fn_pkt_free(pkt);
	}
	start_ns = conform_now_ns(c);
	check_ok(fn_dev_reset(c->dev));
	check(conform_now_ns(c) - start_ns < drain_ns);
	c->place->ops->stall(c, false);
	wait_until(port_link_up(c));
	(void)wire_discard(c);
	check_passes(c);
}

const struct behaviour *const life_behaviours[] = {
	&behaviour_probe,
	&behaviour_bring_up,
	&behaviour_open_twice,
	&behaviour_open_close_100,
	&behaviour_start_stop_20,
	&behaviour_start_twice,
	&behaviour_close_while_started,
	&behaviour_closed_is_quiet,
	&behaviour_reset_started,
	&behaviour_configure_refuses,
	&behaviour_offloads_not_silent,
	&behaviour_caps_not_silent,
	&behaviour_reset_does_not_wait,
	NULL,
};
