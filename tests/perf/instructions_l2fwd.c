// SPDX-License-Identifier: BSD-3-Clause
/*
 * l2fwd's worker for tests/perf/instructions: fn_poller_run() itself with a lane of apps/l2fwd. The
 * device is stepped within the callback that ends a round, as the budget is used up then: the
 * worker asks for packets again in its next round.
 */
#include "apps/l2fwd/l2fwd.h"
#include "perf/instructions.h"
#include "poll/poller.h"

static struct l2fwd app;
static struct fn_poller *poller;
static struct perf_steps steps;
static unsigned bursts; /* of this round */

/* callgrind knows them by name: perf_lane()'s cost is taken off, perf_step() is not looked at. */
void perf_lane(void *arg, struct fn_pkt **pkts, unsigned n);
void perf_step(void);

/* Behind the last burst of a round. */
__attribute__((noinline)) void perf_step(void)
{
	bursts = 0;
	if (!steps.step(steps.arg, fn_poller_tx_waiting(app.lanes[0].tx)))
		fn_poller_stop(poller);
}

__attribute__((noinline)) void perf_lane(void *arg, struct fn_pkt **pkts, unsigned n)
{
	forward(arg, pkts, n);
	if (++bursts == perf_l2fwd_round())
		perf_step();
}

static int lane_open(struct perf_queue rx, struct perf_queue tx, struct fn_dev *out, bool rewrite)
{
	struct fn_poller_rx_opts opts = { .sz = sizeof(opts), .fn = perf_lane };
	struct lane *lane = &app.lanes[0];
	int ret = fn_poller_add_txq(poller, tx.tx, NULL, &lane->tx);

	app.ports[1].info.sz = sizeof(app.ports[1].info);
	fn_dev_get_info(out, &app.ports[1].info);
	lane->out = &app.ports[1];
	lane->rewrite = rewrite;
	opts.arg = lane;
	opts.feeds = lane->tx;
	return ret ? ret : fn_poller_add_rxq(poller, rx.rx, &opts, NULL);
}

int perf_l2fwd_open(struct fn_ctx *ctx, struct perf_queue rx, struct perf_queue tx,
		    struct fn_dev *out, unsigned burst, enum perf_kind kind)
{
	const struct fn_poller_opts opts = {
		.sz = sizeof(opts),
		.mode = kind == PERF_POLL ? FN_POLLER_POLL : FN_POLLER_ADAPTIVE,
		.burst = burst,
		/* A window so long that it does not sleep before the first packets are there. */
		.wake_latency_ns = 1000000000u,
		.wake_cpu_ns = 1,
		.own_events = true,
	};
	const int ret = fn_poller_create(ctx, &opts, &poller);

	if (ret)
		return ret;
	bursts = 0;
	/*
	 * Its look at timers and descriptors, each millisecond, comes at another place each time:
	 * never, here. On a machine that counts nothing a millisecond is thousands of packets.
	 */
	poller->cost.ticks_per_ms = UINT64_MAX;
	return lane_open(rx, tx, out, kind == PERF_REWRITE);
}

unsigned perf_l2fwd_round(void)
{
	return poller->budget / poller->burst;
}

int perf_l2fwd_run(const struct perf_steps *what)
{
	steps = *what;
	return fn_poller_run(poller);
}

void perf_l2fwd_close(void)
{
	(void)fn_poller_destroy(poller);
	app.lanes[0].tx = NULL;
}
