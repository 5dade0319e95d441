// SPDX-License-Identifier: BSD-3-Clause
/* Counters: equal to what the wire saw, with every lost packet under one name. */
#include <stdio.h>

#include "conform/conform.h"

static uint64_t drops(const struct fn_rxq *rx, const struct fn_txq *tx)
{
	uint64_t sum = 0;

	for (unsigned i = 0; rx && i < FN_RX_COUNTERS; i++)
		if (fn_rx_counter_desc(i)->kind == FN_COUNTER_DROP)
			sum += rx_counter(rx, i);
	for (unsigned i = 0; tx && i < FN_TX_COUNTERS; i++)
		if (fn_tx_counter_desc(i)->kind == FN_COUNTER_DROP)
			sum += tx_counter(tx, i);
	return sum;
}

BEHAVIOUR(counters_described, 0,
	  "Every counter has a name of its own, a sentence and a kind, and there is none behind "
	  "the last.");
static void counters_described(struct conform *c)
{
	for (unsigned i = 0; i < FN_RX_COUNTERS; i++) {
		const struct fn_counter_desc *desc = fn_rx_counter_desc(i);

		check(desc && desc->name[0] && desc->help[0]);
		for (unsigned j = 0; j < i; j++)
			check(strcmp(desc->name, fn_rx_counter_desc(j)->name) != 0);
	}
	for (unsigned i = 0; i < FN_TX_COUNTERS; i++) {
		const struct fn_counter_desc *desc = fn_tx_counter_desc(i);

		check(desc && desc->name[0] && desc->help[0]);
		check_eq(desc->kind == FN_COUNTER_DROP, strstr(desc->name, "drop") != NULL);
		for (unsigned j = 0; j < i; j++)
			check(strcmp(desc->name, fn_tx_counter_desc(j)->name) != 0);
	}
	check(!fn_rx_counter_desc(FN_RX_COUNTERS) && !fn_tx_counter_desc(FN_TX_COUNTERS));
}

BEHAVIOUR(tx_conserved, 0,
	  "What was handed over equals what was on the wire and each named drop, in packets and "
	  "in bytes.");
static void tx_conserved(struct conform *c)
{
	static uint8_t buf[FRAME_MAX];
	uint64_t handed = 0;
	uint64_t bytes = 0;
	uint64_t wire = 0;

	port_start(c, (struct fn_dev_conf){ .tx_ring = 64 });
	for (unsigned i = 0; i < 300; i++) {
		const uint32_t len = i % 10 == 7 ? 1600 : 60 + i * 37 % 1455;

		tx_send_stream(c, c->tx, i, 1, len);
		handed++;
		if (len == 1600)
			continue;
		bytes += len;
		check_eq(wire_recv(c, buf, sizeof(buf)), len);
		wire++;
	}
	wire_expect_none(c);
	check_eq(tx_counter(c->tx, FN_TX_PACKETS), wire);
	check_eq(tx_counter(c->tx, FN_TX_BYTES), bytes);
	check_eq(handed, wire + drops(NULL, c->tx));
	check_eq(tx_counter(c->tx, FN_TX_DROP_TOO_LONG), 30);
	check(tx_counter(c->tx, FN_TX_DOORBELLS) <= handed);
	check_ok(fn_dev_stop(c->dev));
	check_eq(handed, wire + drops(NULL, c->tx));
}

BEHAVIOUR(rx_conserved, 0,
	  "What was on the wire equals what was received and each named drop, in packets and in "
	  "bytes.");
static void rx_conserved(struct conform *c)
{
	uint64_t bytes = 0;

	port_start(c, (struct fn_dev_conf){ .rx_ring = 128 });
	for (unsigned i = 0; i < 300; i++) {
		const uint32_t len = 60 + i * 37 % 1455;

		wire_send_stream(c, i, 1, len);
		bytes += len;
		if (i % 20 != 19)
			continue;
		for (unsigned j = i - 19; j <= i; j++)
			rx_expect_stream(c, c->rx, j, 1, 60 + j * 37 % 1455);
	}
	rx_expect_none(c, c->rx);
	check_eq(rx_counter(c->rx, FN_RX_PACKETS), 300);
	check_eq(rx_counter(c->rx, FN_RX_BYTES), bytes);
	check_eq(rx_counter(c->rx, FN_RX_PACKETS) + drops(c->rx, NULL), 300);
}

BEHAVIOUR(rx_stopped_counted, 0,
	  "Frames that wait in the ring when the device is stopped are counted as dropped for "
	  "that, and nothing is counted that never came.");
static void rx_stopped_counted(struct conform *c)
{
	port_start(c, (struct fn_dev_conf){ .rx_ring = 64 });
	wire_send_stream(c, 0, 10, 100);
	rx_expect_stream(c, c->rx, 0, 10, 100);
	check_ok(fn_dev_stop(c->dev));
	check_eq(drops(c->rx, NULL), 0);
	port_start(c, (struct fn_dev_conf){ .rx_ring = 64 });
	wire_send_stream(c, 0, 20, 100);
	wait_until(fn_rxq_pending(c->rx));
	conform_wait_ns(c, 2 * CONFORM_QUIET_NS);
	check_ok(fn_dev_stop(c->dev));
	check_eq(rx_counter(c->rx, FN_RX_PACKETS), 10);
	check(rx_counter(c->rx, FN_RX_DROP_STOPPED) >= 1);
	check(rx_counter(c->rx, FN_RX_DROP_STOPPED) <= 20);
	check_eq(drops(c->rx, NULL), rx_counter(c->rx, FN_RX_DROP_STOPPED));
	check_eq(pool_info(c).outside, 0);
}

/*
 * Take what comes until it and what @elsewhere counts are @sent frames, and look whether more
 * comes; returns how many were taken.
 */
static unsigned drain(struct conform *c, uint64_t sent, uint64_t (*elsewhere)(struct conform *c))
{
	const uint64_t until_ns = conform_now_ns(c) + CONFORM_WAIT_NS;
	uint64_t quiet_ns = conform_now_ns(c) + CONFORM_QUIET_NS;
	struct fn_pkt *pkt;
	unsigned got = 0;
	bool missing = true;

	while (missing || conform_now_ns(c) < quiet_ns) {
		if (fn_rx_burst(c->rx, &pkt, 1) == 1) {
			fn_pkt_free(pkt);
			got++;
		}
		missing = got + elsewhere(c) < sent && conform_now_ns(c) < until_ns;
		if (missing)
			quiet_ns = conform_now_ns(c) + CONFORM_QUIET_NS;
		conform_wait(c);
	}
	return got;
}

static uint64_t dropped(struct conform *c)
{
	return drops(c->rx, NULL);
}

static uint64_t dropped_or_lost(struct conform *c)
{
	return drops(c->rx, NULL) + c->place->ops->lost(c);
}

/* What counters say of loss, certain or possible, of the queue and of the device. */
static uint64_t loss_counted(struct conform *c)
{
	uint64_t told = 0;

	for (unsigned i = 0; i < FN_RX_COUNTERS; i++)
		if (fn_rx_counter_desc(i)->kind != FN_COUNTER_INFO)
			told += rx_counter(c->rx, i);
	port_events(c);
	return told + dev_counters_of(c, FN_COUNTER_DROP) +
	       dev_counters_of(c, FN_COUNTER_POSSIBLE_LOSS);
}

/* Not less than any loss that there may be, once one is counted. */
static uint64_t loss_or_none(struct conform *c)
{
	return loss_counted(c) ? UINT32_MAX : 0;
}

/* More frames than a small ring takes, and fewer than QEMU's own queues hold. */
#define FLOOD 300u

BEHAVIOUR(rx_starved_conserved, NEED_HOLD,
	  "What was on a wire that loses nothing equals what was received and each named drop, "
	  "also when the ring runs dry.");
static void rx_starved_conserved(struct conform *c)
{
	unsigned sent;
	unsigned got;

	port_start(c, (struct fn_dev_conf){ .rx_ring = 32 });
	sent = wire_flood(c, FLOOD, 100);
	got = drain(c, sent, dropped);
	check_eq(rx_counter(c->rx, FN_RX_PACKETS), got);
	check_eq(rx_counter(c->rx, FN_RX_BYTES), 100 * (uint64_t)got);
	check_eq(sent, got + drops(c->rx, NULL));
}

BEHAVIOUR(rx_lost_conserved, NEED_LOST,
	  "What was on the wire equals what was received, each named drop, and what the wire says "
	  "that did not get to a buffer, also when the device is stopped with frames in its ring.");
static void rx_lost_conserved(struct conform *c)
{
	unsigned sent = 0;
	unsigned got = 0;

	for (unsigned lap = 0; lap < 4; lap++) {
		port_start(c, (struct fn_dev_conf){ .rx_ring = 32 });
		sent += wire_flood(c, FLOOD, 100);
		got += drain(c, sent - got, dropped_or_lost);
		check_eq(rx_counter(c->rx, FN_RX_PACKETS), got);
		check_eq(sent, got + drops(c->rx, NULL) + c->place->ops->lost(c));
		/* From a few that wait in the ring to more than it has room for. */
		sent += wire_flood(c, 4 + lap * 20, 100);
		conform_wait_ns(c, CONFORM_QUIET_NS);
		check_ok(fn_dev_stop(c->dev));
		check_eq(sent, got + drops(c->rx, NULL) + c->place->ops->lost(c));
		check(drops(c->rx, NULL) >= 4 * (lap + 1));
	}
}

BEHAVIOUR(rx_loss_told, 0,
	  "When fewer frames came in than were sent, a counter of a drop or of a possible loss "
	  "says so, whether or not the wire tells how many.");
static void rx_loss_told(struct conform *c)
{
	unsigned sent;
	unsigned got;

	port_start(c, (struct fn_dev_conf){ .rx_ring = 32 });
	sent = wire_flood(c, FLOOD, 100);
	got = drain(c, sent, loss_or_none);
	check_eq(rx_counter(c->rx, FN_RX_PACKETS), got);
	check(got == sent || loss_counted(c) > 0);
}

BEHAVIOUR(counters_hold, 0, "Counters only grow: over a stop, a start and a reset.");
static void counters_hold(struct conform *c)
{
	port_start(c, (struct fn_dev_conf){ 0 });
	check_passes(c);
	check_ok(fn_dev_reset(c->dev));
	wait_until(port_link_up(c));
	check_passes(c);
	port_restart(c, (struct fn_dev_conf){ .rx_ring = 32 });
	check_passes(c);
	check_eq(rx_counter(c->rx, FN_RX_PACKETS), 3);
	check_eq(tx_counter(c->tx, FN_TX_PACKETS), 3);
	check_eq(tx_counter(c->tx, FN_TX_BYTES), 300);
	check_ok(fn_dev_stop(c->dev));
	check_eq(rx_counter(c->rx, FN_RX_PACKETS), 3);
}

BEHAVIOUR(device_counters, 0,
	  "What the device counts itself has names, starts at zero, counts the frames that "
	  "passed, and only grows.");
static void device_counters(struct conform *c)
{
	uint64_t before[CONFORM_DEV_COUNTERS] = { 0 };
	uint64_t after[CONFORM_DEV_COUNTERS] = { 0 };
	unsigned grown = 0;
	unsigned n;

	port_open(c);
	n = fn_dev_counters(c->dev, before, CONFORM_DEV_COUNTERS);
	if (!n)
		conform_skip(c, "the device counts nothing itself");
	check(n <= CONFORM_DEV_COUNTERS);
	check(!fn_dev_counter_desc(c->dev, n));
	for (unsigned i = 0; i < n; i++) {
		check(fn_dev_counter_desc(c->dev, i) && fn_dev_counter_desc(c->dev, i)->name[0]);
		check(fn_dev_counter_desc(c->dev, i)->help[0]);
		for (unsigned j = 0; j < i; j++)
			check(strcmp(fn_dev_counter_desc(c->dev, i)->name,
				     fn_dev_counter_desc(c->dev, j)->name) != 0);
		check_eq(before[i], 0);
	}
	port_start(c, (struct fn_dev_conf){ 0 });
	for (unsigned lap = 0; lap < 3; lap++) {
		for (unsigned i = 0; i < 7; i++)
			check_passes(c);
		check_eq(fn_dev_counters(c->dev, after, CONFORM_DEV_COUNTERS), n);
		grown = 0;
		for (unsigned i = 0; i < n; i++) {
			check(after[i] >= before[i]);
			grown += after[i] - before[i] == 7;
		}
		/* Frames sent and frames received, under whichever names. */
		check(grown >= 2);
		memcpy(before, after, sizeof(before));
		if (lap == 1) {
			check_ok(fn_dev_reset(c->dev));
			wait_until(port_link_up(c));
		}
	}
}

static bool loss_told(struct conform *c, uint64_t before)
{
	port_events(c);
	return dev_counters_of(c, FN_COUNTER_POSSIBLE_LOSS) > before;
}

/*
 * All of a flood is over when a shorter frame behind it comes; returns how many came before
 * that.
 */
static unsigned took_until_mark(struct conform *c)
{
	uint32_t len = 0;
	unsigned got = 0;

	wire_send_stream(c, 0, 1, 64);
	for (; len != 64; got++) {
		struct fn_pkt *pkt = rx_next(c, c->rx);

		len = fn_pkt_len(pkt);
		fn_pkt_free(pkt);
	}
	return got - 1;
}

BEHAVIOUR(rx_overrun_told, 0,
	  "Frames that find no buffer are told as a possible loss while nobody polls, and as none "
	  "where there are buffers; over a stop and a start too.");
static void rx_overrun_told(struct conform *c)
{
	struct fn_dev_conf conf = { .rx_ring = 64 };
	uint32_t len = 100;
	bool has = false;

	conf.rx_ring = rx_ring_of(c, conf.rx_ring);
	for (unsigned i = 0; fn_dev_counter_desc(c->dev, i); i++)
		has = has || fn_dev_counter_desc(c->dev, i)->kind == FN_COUNTER_POSSIBLE_LOSS;
	if (!has)
		conform_skip(c, "the device counts no possible loss itself");
	/* QEMU looks first whether there is any buffer: it finds too few for a long frame. */
	if ((c->info.offloads_max & FN_OFFLOAD_RX_SCATTER) && c->info.mtu_max >= 9000) {
		conf.mtu = 9000;
		conf.offloads = FN_OFFLOAD_RX_SCATTER;
		len = 9014;
	}
	port_start(c, conf);
	for (unsigned lap = 0; lap < 3; lap++) {
		const uint64_t before = dev_counters_of(c, FN_COUNTER_POSSIBLE_LOSS);

		check_passes(c);
		port_events(c);
		check_eq(dev_counters_of(c, FN_COUNTER_POSSIBLE_LOSS), before);
		(void)wire_flood(c, 200, len);
		wait_until(loss_told(c, before));
		check(took_until_mark(c) > 0);
		port_restart(c, conf);
	}
}

BEHAVIOUR(bursts_counted, 0,
	  "The counter of receive bursts counts the calls that returned packets, each once, and no "
	  "others.");
static void bursts_counted(struct conform *c)
{
	uint64_t before;
	uint64_t calls = 0;
	unsigned got = 0;

	port_start(c, (struct fn_dev_conf){ 0 });
	before = rx_counter(c->rx, FN_RX_BURSTS);
	wire_send_stream(c, 1, 20, 100);
	for (const uint64_t start_ns = conform_now_ns(c); got < 20;) {
		struct fn_pkt *pkts[3];
		const unsigned n = fn_rx_burst(c->rx, pkts, 3);

		check(conform_now_ns(c) - start_ns < CONFORM_WAIT_NS);
		calls += n != 0;
		got += n;
		fn_pkt_free_bulk(pkts, n);
		if (!n)
			conform_wait(c);
	}
	check_eq(rx_counter(c->rx, FN_RX_BURSTS) - before, calls);
}

const struct behaviour *const counters_behaviours[] = {
	&behaviour_counters_described,   &behaviour_tx_conserved,
	&behaviour_rx_conserved,         &behaviour_rx_stopped_counted,
	&behaviour_rx_starved_conserved, &behaviour_rx_lost_conserved,
	&behaviour_rx_loss_told,         &behaviour_counters_hold,
	&behaviour_device_counters,      &behaviour_rx_overrun_told,
	&behaviour_bursts_counted,       NULL,
};
