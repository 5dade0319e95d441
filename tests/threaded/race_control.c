// SPDX-License-Identifier: BSD-3-Clause
/* Control calls beside a worker: one that its device holds, and how soon a sleeper answers. */
#include <stdlib.h>

#include "threaded/race.h"

/* A hold lasts for at least this, and until so many bursts have come in each of its slices. */
#define HOLD_NS 500000000u
#define SLICES 10u
#define SLICE_BURSTS 100u

/*
 * The rounds that it may go between two bursts of a device that has frames all the time: it sleeps
 * behind some microseconds without any, when that one is off its core.
 */
#define ROUNDS_MOST 1000u

#define ANSWERS_MOST 1000000u

/**
 * struct beside - a device with all the frames that its worker takes, beside one that is held
 * @poller: the worker
 * @got: frames; atomic
 * @bursts: bursts; atomic
 * @rounds: of the worker at the last one
 * @most: rounds from one burst to the next, at most; atomic
 * @ticks: when the last one was
 * @longest: ticks from one to the next, at most; atomic
 */
struct beside {
	struct fn_poller *poller;
	uint64_t got;
	uint64_t bursts;
	uint64_t rounds;
	uint64_t most;
	uint64_t ticks;
	uint64_t longest;
};

static void beside_take(void *arg, struct fn_pkt **pkts, unsigned n)
{
	struct beside *b = arg;
	const uint64_t rounds = __atomic_load_n(&b->poller->counts.rounds, __ATOMIC_RELAXED);
	const uint64_t now = fn_ticks();

	fn_pkt_free_bulk(pkts, n);
	if (b->bursts && rounds - b->rounds > b->most)
		__atomic_store_n(&b->most, rounds - b->rounds, __ATOMIC_RELAXED);
	if (b->bursts && now - b->ticks > b->longest)
		__atomic_store_n(&b->longest, now - b->ticks, __ATOMIC_RELAXED);
	b->rounds = rounds;
	b->ticks = now;
	__atomic_store_n(&b->got, b->got + n, __ATOMIC_RELAXED);
	__atomic_store_n(&b->bursts, b->bursts + 1, __ATOMIC_RELEASE);
}

/* Who resets the device that is held. */
struct resetter {
	struct fn_dev *dev;
	int ret;
	bool done;
};

static void *reset_main(void *arg)
{
	struct resetter *reset = arg;

	reset->ret = fn_dev_reset(reset->dev);
	__atomic_store_n(&reset->done, true, __ATOMIC_RELEASE);
	return NULL;
}

/*
 * In each slice of the hold bursts go on, or the hold never ends: a slice takes as long as the
 * machine needs for them, so that what is demanded of all of them is a count.
 */
static void watch_hold(struct race *held, struct beside *b, const struct resetter *reset)
{
	while (!threaded_holding(held->port)) {
		assert_false(__atomic_load_n(&reset->done, __ATOMIC_ACQUIRE));
		race_nap();
	}
	for (unsigned i = 0; i < SLICES; i++) {
		const uint64_t before = __atomic_load_n(&b->bursts, __ATOMIC_ACQUIRE);
		const struct timespec slice = { .tv_nsec = HOLD_NS / SLICES };
		struct race_watch watch = { 0 };
		uint64_t bursts = before;

		(void)nanosleep(&slice, NULL);
		while ((bursts = __atomic_load_n(&b->bursts, __ATOMIC_ACQUIRE)) - before <
		       SLICE_BURSTS)
			race_goes_on(held, &watch, bursts, "bursts beside a reset that is held");
		assert_true(threaded_holding(held->port));
	}
}

static void hold_once(struct race *held, struct beside *b)
{
	struct resetter reset = { .dev = held->port->dev };
	const uint64_t before = __atomic_load_n(&b->bursts, __ATOMIC_ACQUIRE);
	const uint64_t since = race_now_ns();
	pthread_t thread;

	threaded_hold(held->port, THREADED_RESET, THREADED_UNTIL_LET_GO);
	assert_int_equal(pthread_create(&thread, NULL, reset_main, &reset), 0);
	watch_hold(held, b, &reset);
	print_message("a reset held for %llu ms: %llu bursts beside it, %u or more in each of %u "
		      "slices\n",
		      (unsigned long long)(race_now_ns() - since) / 1000000,
		      (unsigned long long)(b->bursts - before), SLICE_BURSTS, SLICES);
	threaded_let_go(held->port);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(reset.ret, 0);
}

void race_control_held(void **state)
{
	static const enum threaded_kind kinds[] = { THREADED_VIRTIO, THREADED_E1000E,
						    THREADED_IGB };
	const uint64_t times = race_count(1);

	(void)state;
	race_case();
	for (uint64_t i = 0; i < 3 * times && !race_is_over(); i++) {
		struct beside b = { 0 };
		struct fn_poller_rx_opts rx = { .sz = sizeof(rx), .fn = beside_take, .arg = &b };
		struct threaded_opts opts = { .kind = THREADED_VIRTIO, .event_idx = true };
		struct threaded_thread *device;
		struct threaded_port *port;
		struct race held;

		race_open(&held, "a device that is held",
			  &(struct race_opts){
				  .port = { .kind = kinds[i % 3], .event_idx = true } });
		opts.ctx = held.port->ctx;
		assert_int_equal(threaded_open(&opts, &port), 0);
		assert_int_equal(threaded_start(&port, 1, NULL, &device), 0);
		b.poller = held.poller;
		assert_int_equal(fn_poller_add_rxq(held.poller, port->rx, &rx, NULL), 0);
		threaded_load(port, 0, &(struct threaded_load){ .kind = THREADED_FULL });
		hold_once(&held, &b);
		print_message("from one burst to the next: %llu rounds at most, %llu us\n",
			      (unsigned long long)b.most,
			      (unsigned long long)threaded_ns(b.longest) / 1000);
		assert_in_range(b.most, 1, ROUNDS_MOST);
		threaded_load(port, 0, NULL);
		threaded_stop(device);
		assert_null(threaded_close(port));
		race_close(&held);
	}
}

static void answer(void *arg)
{
	*(uint64_t *)arg = fn_ticks();
}

static int by_value(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a;
	const uint64_t y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Reported against the goal of 5 ms, and not judged: what it takes is the machine's. */
void race_control_answer(void **state)
{
	uint64_t wanted = race_count(500);
	struct race r;
	uint64_t *ns;
	uint64_t n;

	(void)state;
	race_case();
	wanted = wanted < ANSWERS_MOST ? wanted : ANSWERS_MOST;
	ns = calloc(wanted, sizeof(*ns));
	assert_non_null(ns);
	race_open(&r, "calls of a sleeping worker",
		  &(struct race_opts){ .port = { .kind = THREADED_VIRTIO, .event_idx = true },
				       .rests = true,
				       .safety_ns = RACE_LONG_NS });
	for (n = 0; n < wanted && !race_is_over(); n++) {
		uint64_t ran = 0;
		uint64_t begin;

		while (!race_sleeps(r.poller))
			race_nap();
		begin = fn_ticks();
		fn_poller_call(r.poller, answer, &ran);
		ns[n] = threaded_ns(fn_ticks() - begin);
		assert_int_not_equal(ran, 0);
	}
	qsort(ns, n, sizeof(*ns), by_value);
	race_report(&r, NULL);
	print_message("answers to %llu calls: p50 %llu us, p99 %llu us, longest %llu us (goal: "
		      "p99 of 5000)\n",
		      (unsigned long long)n, (unsigned long long)ns[n / 2] / 1000,
		      (unsigned long long)ns[n * 99 / 100] / 1000,
		      (unsigned long long)ns[n - 1] / 1000);
	assert_int_equal(race_stats(&r).wakes_timeout, 0);
	assert_in_range(race_stats(&r).wakes_control, n, n + 1);
	race_close(&r);
	free(ns);
}
