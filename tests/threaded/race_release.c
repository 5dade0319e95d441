// SPDX-License-Identifier: BSD-3-Clause
/* Two workers whose devices are both wanted back at once: each closes what it is told of. */
#include <stdlib.h>
#include <string.h>

#include "threaded/race.h"

#define PAIR 2u
#define SWEEP_NS 100000u
#define LIMIT_NS 60000000000u

/**
 * struct pair - two devices of a context, a worker each
 * @ctx: the context
 * @ports: the devices
 * @device: the thread of both
 * @pollers: the pollers
 * @workers: their threads
 * @got: frames that came in; atomic
 * @closed: devices that were closed in peace; atomic
 * @failed: those that were not; atomic
 * @ready: both requests are made when this is; atomic
 */
struct pair {
	struct fn_ctx *ctx;
	struct threaded_port *ports[PAIR];
	struct threaded_thread *device;
	struct fn_poller *pollers[PAIR];
	pthread_t workers[PAIR];
	uint64_t got;
	unsigned closed;
	unsigned failed;
	unsigned ready;
};

static void take(void *arg, struct fn_pkt **pkts, unsigned n)
{
	struct pair *pair = arg;

	fn_pkt_free_bulk(pkts, n);
	__atomic_fetch_add(&pair->got, n, __ATOMIC_RELAXED);
}

/* On whichever worker handles events. */
static void event(void *arg, const struct fn_event *e)
{
	struct pair *pair = arg;

	if (e->type != FN_EVENT_RELEASE_REQUESTED)
		return;
	for (unsigned i = 0; i < PAIR; i++) {
		if (pair->ports[i]->dev != e->dev)
			continue;
		pair->ports[i]->dev = NULL;
		__atomic_fetch_add(fn_dev_close(e->dev) ? &pair->failed : &pair->closed, 1,
				   __ATOMIC_SEQ_CST);
	}
}

static void poller_open(struct pair *pair, unsigned i)
{
	const struct fn_poller_opts opts = { .sz = sizeof(opts),
					     .mode = i ? FN_POLLER_ADAPTIVE : FN_POLLER_INTERRUPT,
					     .safety_ns = RACE_LONG_NS,
					     .wake_latency_ns = 1000 };
	const struct fn_poller_rx_opts rx = { .sz = sizeof(rx), .fn = take, .arg = pair };
	struct fn_poller_tx *tx;

	assert_int_equal(fn_poller_create(pair->ctx, &opts, &pair->pollers[i]), 0);
	assert_int_equal(fn_poller_add_rxq(pair->pollers[i], pair->ports[i]->rx, &rx, NULL), 0);
	assert_int_equal(fn_poller_add_txq(pair->pollers[i], pair->ports[i]->tx, NULL, &tx), 0);
	pair->workers[i] = race_worker_begin(pair->pollers[i]);
}

static void pair_open(struct pair *pair, uint64_t turn)
{
	static const enum threaded_kind kinds[] = { THREADED_VIRTIO, THREADED_E1000E,
						    THREADED_IGB };
	const struct fn_ctx_opts ctx_opts = {
		.sz = sizeof(ctx_opts), .event = event, .event_arg = pair, .page_bytes = 4096
	};
	const struct threaded_load load = { .kind = THREADED_EVEN, .rate = 20000 };

	memset(pair, 0, sizeof(*pair));
	assert_int_equal(fn_ctx_create(&ctx_opts, &pair->ctx), 0);
	for (unsigned i = 0; i < PAIR; i++) {
		const struct threaded_opts port = { .kind = kinds[(turn + i) % 3],
						    .event_idx = true,
						    .rx_ring = 64,
						    .tx_ring = 64,
						    .pkts = 2048,
						    .ctx = pair->ctx,
						    .events = true };

		if (threaded_open(&port, &pair->ports[i]))
			fail_msg("%s", fn_error_last());
	}
	assert_int_equal(threaded_start(pair->ports, PAIR, NULL, &pair->device), 0);
	for (unsigned i = 0; i < PAIR; i++) {
		poller_open(pair, i);
		/* Every other time they sleep, or go to sleep, and else they are at work. */
		if (turn % 2)
			threaded_load(pair->ports[i], 0, &load);
	}
}

static void pair_close(struct pair *pair)
{
	for (unsigned i = 0; i < PAIR; i++) {
		race_worker_end(pair->pollers[i], pair->workers[i]);
		assert_int_equal(fn_poller_destroy(pair->pollers[i]), 0);
	}
	threaded_stop(pair->device);
	for (unsigned i = 0; i < PAIR; i++)
		assert_null(threaded_close(pair->ports[i]));
	assert_int_equal(fn_ctx_destroy(pair->ctx), 0);
}

static void both_ready(struct pair *pair)
{
	__atomic_fetch_add(&pair->ready, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&pair->ready, __ATOMIC_ACQUIRE) < 2)
		continue;
}

static void *ask_second(void *arg)
{
	struct pair *pair = arg;

	both_ready(pair);
	threaded_ask_release(pair->ports[1]);
	return NULL;
}

static void ask_both(struct pair *pair)
{
	pthread_t second;

	assert_int_equal(pthread_create(&second, NULL, ask_second, pair), 0);
	both_ready(pair);
	threaded_ask_release(pair->ports[0]);
	assert_int_equal(pthread_join(second, NULL), 0);
}

static unsigned closed(const struct pair *pair)
{
	return __atomic_load_n(&pair->closed, __ATOMIC_ACQUIRE) +
	       __atomic_load_n(&pair->failed, __ATOMIC_ACQUIRE);
}

void race_release(void **state)
{
	const uint64_t turns = race_count(50);
	uint64_t got = 0;
	uint64_t i;

	(void)state;
	race_case();
	for (i = 0; i < turns && !race_is_over(); i++) {
		const uint64_t begin_ns = race_now_ns();
		struct pair pair;

		pair_open(&pair, i);
		race_spin(race_delay(i * 97, SWEEP_NS));
		ask_both(&pair);
		while (closed(&pair) < PAIR) {
			race_nap();
			if (race_now_ns() - begin_ns > LIMIT_NS)
				fail_msg("turn %llu: %u of the two devices were closed",
					 (unsigned long long)i, closed(&pair));
		}
		assert_int_equal(pair.failed, 0);
		got += pair.got;
		pair_close(&pair);
	}
	print_message("two workers, two devices: %llu times both were asked for and closed, with "
		      "%llu frames\n",
		      (unsigned long long)i, (unsigned long long)got);
}
