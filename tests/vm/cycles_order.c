// SPDX-License-Identifier: BSD-3-Clause
/*
 * The calls of a device's life in wrong orders: each gets its error and its sentence, and harms
 * nothing.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cycles.h"

/* The call was refused with @code and a sentence that has @words in it. */
static void refused(int ret, int code, const char *words, const char *call)
{
	const char *text = fn_error_last();

	if (!check(ret == code && strstr(text, words), "%s is refused: %s", call, text))
		(void)printf("    returned %d, expected %d and \"%s\"\n", ret, code, words);
}

static void fine(int ret, const char *call)
{
	if (!check(ret == 0, "%s", call))
		(void)printf("    returned %d: %s\n", ret, fn_error_last());
}

static int configure(struct rig *rig, unsigned i, uint32_t ring)
{
	struct fn_dev_conf conf = {
		.sz = sizeof(conf), .pool = rig->pool, .promisc = true, .rx_ring = ring
	};

	return fn_dev_configure(rig->dev[i], &conf);
}

static enum fn_dev_state state_of(struct fn_dev *dev)
{
	struct fn_dev_info info = { .sz = sizeof(info) };

	fn_dev_get_info(dev, &info);
	return info.state;
}

static void frames_pass(struct rig *rig, const char *when)
{
	bool passed = true;

	for (unsigned from = 0; from < 2; from++) {
		struct fn_pkt *pkt = send_one(rig, from, (uint8_t)(40 + from));

		passed = passed && pkt;
		fn_pkt_free(pkt);
	}
	(void)check(passed, "frames pass both ways %s", when);
}

static void queues_are_stopped(struct rig *rig, const char *when)
{
	struct fn_rxq *rxq = fn_dev_rxq(rig->dev[0], 0);
	struct fn_txq *txq = fn_dev_txq(rig->dev[0], 0);
	struct fn_pkt *pkt = fn_pkt_alloc(rig->pool);

	(void)check(fn_rxq_status(rxq) == -ENETDOWN && fn_txq_status(txq) == -ENETDOWN &&
			    fn_rxq_arm(rxq) == -ENETDOWN && fn_txq_arm(txq) == -ENETDOWN,
		    "%s, the queues say that they are stopped", when);
	(void)check(pkt && fn_tx_burst(txq, &pkt, 1) == 0 && fn_rx_burst(rxq, &pkt, 1) == 0 &&
			    !fn_rxq_pending(rxq) && !fn_txq_pending(txq) && fn_tx_reclaim(txq) == 0,
		    "%s, they take and give nothing", when);
	fn_pkt_free(pkt);
}

static void test_before_configure(struct rig *rig)
{
	struct fn_dev *again = NULL;

	refused(fn_dev_open(rig->ctx, rig->name[0], NULL, &again), -EBUSY, "open already",
		"opening a port twice");
	refused(fn_dev_open(rig->ctx, "0000:00:1e.7", NULL, &again), -ENOENT, "0000:00:1e.7",
		"opening a port that does not exist");
	(void)check(!again, "and no device comes out of it");
	refused(fn_ctx_destroy(rig->ctx), -EBUSY, rig->name[0], "destroying the context now");
	refused(fn_dev_start(rig->dev[0]), -EINVAL, "fn_dev_configure",
		"starting before configuring");
	refused(fn_dev_set_mtu(rig->dev[0], 1400), -EINVAL, "fn_dev_configure",
		"changing the MTU before configuring");
	fine(fn_dev_stop(rig->dev[0]), "stopping what was never started does nothing");
	fine(fn_dev_reset(rig->dev[0]), "resetting an open device");
	(void)check(state_of(rig->dev[0]) == FN_DEV_OPEN, "it is open and no more");
	(void)check(fn_rxq_event_fd(fn_dev_rxq(rig->dev[0], 0)) == -1,
		    "its queue has no event descriptor before configure");
	queues_are_stopped(rig, "before configure");
}

static void test_configured(struct rig *rig)
{
	refused(configure(rig, 0, 100), -EINVAL, "power of two", "a ring of 100 descriptors");
	(void)check(state_of(rig->dev[0]) == FN_DEV_OPEN, "after that it is not configured");
	fine(configure(rig, 0, 64), "configuring");
	fine(configure(rig, 0, 128), "configuring once more, otherwise");
	refused(configure(rig, 0, 100), -EINVAL, "power of two",
		"a third configuration, with a ring of 100");
	fine(configure(rig, 1, 0), "configuring the other port");
	(void)check(state_of(rig->dev[0]) == FN_DEV_CONFIGURED, "the second configuration stands");
	refused(fn_pool_destroy(rig->pool), -EBUSY, "pool", "destroying the pool now");
	fine(fn_dev_reset(rig->dev[0]), "resetting a configured device");
	fine(fn_dev_stop(rig->dev[0]), "stopping a configured device does nothing");
	queues_are_stopped(rig, "before start");
}

static void test_started(struct rig *rig)
{
	struct fn_dev_info info = { .sz = sizeof(info) };
	struct fn_rxq *rxq = fn_dev_rxq(rig->dev[0], 0);

	rig_start(rig);
	frames_pass(rig, "after start");
	fn_dev_get_info(rig->dev[0], &info);
	(void)check(info.rx_ring == 128 && info.state == FN_DEV_STARTED,
		    "the ring is that of the second configuration");
	fine(fn_dev_start(rig->dev[0]), "starting twice does nothing");
	refused(configure(rig, 0, 64), -EBUSY, "fn_dev_stop", "configuring while started");
	refused(fn_dev_set_mtu(rig->dev[0], 1400), -EBUSY, "fn_dev_stop",
		"changing the MTU while started");
	frames_pass(rig, "after these");
	fine(fn_dev_reset(rig->dev[0]), "resetting a started device");
	frames_pass(rig, "after the reset");
	fine(fn_dev_stop(rig->dev[0]), "stopping");
	fine(fn_dev_stop(rig->dev[0]), "stopping twice does nothing");
	queues_are_stopped(rig, "after stop");
	(void)check(fn_dev_rxq(rig->dev[0], 0) == rxq, "a queue stays at its address");
	fine(fn_dev_start(rig->dev[0]), "starting again");
	frames_pass(rig, "after starting again");
}

/* A packet outlives the device that it came from, and keeps its pool from going. */
static void test_close_while_started(struct rig *rig)
{
	struct fn_pkt *kept = send_one(rig, 0, 7);

	fine(fn_dev_close(rig->dev[0]), "closing while started");
	fine(fn_dev_close(rig->dev[1]), "closing the other one while a packet of it is held");
	(void)check(!is_bus_master(rig->name[0]) && !is_bus_master(rig->name[1]),
		    "bus mastering is off after that");
	(void)check(kept && kept->len == 200 && kept->data[199] == (uint8_t)(7 + 199),
		    "the packet held is as it was received");
	refused(fn_pool_destroy(rig->pool), -EBUSY, "1 ",
		"destroying the pool with a packet outside");
	fn_pkt_free(kept);
	fine(fn_dev_close(NULL), "closing nothing");
}

/* A second context of this process is like another process. */
static void test_two_contexts(struct rig *rig)
{
	struct rig other = { .name = { rig->name[0], rig->name[1] } };
	struct fn_dev *again = NULL;

	rig_create(&other);
	rig_open(rig);
	refused(fn_dev_open(other.ctx, rig->name[0], NULL, &again), -EBUSY, rig->name[0],
		"opening a port that another context holds");
	rig_close(rig);
	rig_open(&other);
	rig_configure(&other);
	rig_start(&other);
	frames_pass(&other, "in the other context, once the first has closed");
	rig_close(&other);
	rig_destroy(&other);
}

void test_order(struct rig *rig)
{
	struct holdings before = { 0 };
	struct holdings now = { 0 };

	for (int round = 0; round < 2; round++) {
		before = holdings_now();
		(void)printf("-- round %d\n", round + 1);
		rig_create(rig);
		rig_open(rig);
		test_before_configure(rig);
		test_configured(rig);
		test_started(rig);
		test_close_while_started(rig);
		test_two_contexts(rig);
		rig_destroy(rig);
		now = holdings_now();
	}
	/* The first round is the warm-up: see test_cycles(). */
	(void)check(holdings_same(&before, &now), "none of this left anything");
}

/* What a caller may do, in any order, and what the device must say to it. */
enum call { OPEN, CONFIGURE, START, STOP, RESET, CLOSE, CALLS };

static const char *const call_names[] = { "open", "configure", "start", "stop", "reset", "close" };

/* -1: closed. Returns what @call must return in @state, and moves on to the state after it. */
static int expect(enum call call, int *state)
{
	switch (call) {
	case OPEN:
		if (*state >= 0)
			return -EBUSY;
		*state = FN_DEV_OPEN;
		return 0;
	case CONFIGURE:
		if (*state == FN_DEV_STARTED)
			return -EBUSY;
		*state = FN_DEV_CONFIGURED;
		return 0;
	case START:
		if (*state == FN_DEV_OPEN)
			return -EINVAL;
		*state = FN_DEV_STARTED;
		return 0;
	case STOP:
		if (*state == FN_DEV_STARTED)
			*state = FN_DEV_CONFIGURED;
		return 0;
	case CLOSE:
		*state = -1;
		return 0;
	case RESET:
	case CALLS:
	default:
		return 0;
	}
}

static int call_it(struct rig *rig, enum call call, unsigned ring)
{
	struct fn_dev *dev = rig->dev[0];
	struct fn_dev *opened = NULL;
	int ret;

	switch (call) {
	case OPEN:
		ret = fn_dev_open(rig->ctx, rig->name[0], NULL, &opened);
		if (opened)
			rig->dev[0] = opened;
		return ret;
	case CONFIGURE:
		return configure(rig, 0, ring);
	case START:
		return fn_dev_start(dev);
	case STOP:
		return fn_dev_stop(dev);
	case RESET:
		return fn_dev_reset(dev);
	case CLOSE:
		rig->dev[0] = NULL;
		return fn_dev_close(dev);
	case CALLS:
	default:
		return 0;
	}
}

/* 400 calls on one of the ports, by a fixed sequence; the other port runs all the time. */
void test_random_order(struct rig *rig)
{
	uint32_t random = 12345;
	int state = -1;
	int done = 0;

	rig_create(rig);
	rig_open(rig);
	rig_configure(rig);
	must(fn_dev_start(rig->dev[1]), "fn_dev_start");
	must(fn_dev_close(rig->dev[0]), "fn_dev_close");
	while (done < 400 && !any_failure()) {
		enum call call;
		int before = state;
		int wanted;
		int got;

		random = random * 1664525 + 1013904223;
		call = state < 0 ? OPEN : (enum call)((random >> 16) % CALLS);
		wanted = expect(call, &state);
		got = call_it(rig, call, 64u << ((random >> 8) % 3));
		done++;
		if (got != wanted || (state >= 0 && (int)state_of(rig->dev[0]) != state)) {
			(void)check(false, "call %d, %s in state %d, returns %d and not %d: %s",
				    done, call_names[call], before, got, wanted, fn_error_last());
			return;
		}
		if (state == FN_DEV_STARTED && before != FN_DEV_STARTED)
			fn_pkt_free(send_one(rig, (random >> 24) % 2, (uint8_t)done));
	}
	(void)check(!any_failure(), "%d calls in a random order each returned what they had to",
		    done);
	rig_close(rig);
	rig_destroy(rig);
}
