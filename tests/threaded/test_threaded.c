// SPDX-License-Identifier: BSD-3-Clause
/*
 * The threaded model with the shipped drivers: frames arrive in order whatever the load, and the
 * loop that arms, looks again and sleeps loses no wake-up.
 */
#include <string.h>

#include "sleeper.h"

/* Sleeps of each device: as many, or for so long on a busy machine. A soak names a number. */
#define SLEEPS 10000u
#define SLEEPS_MS 6000u

#define FRAMES 100000u
#define LIMIT_MS 60000u

/* All queues on the first vector. */
static const uint16_t first[2];

static const struct device {
	const char *name;
	struct threaded_opts opts;
} devices[] = {
	{ "virtio, event index", { .kind = THREADED_VIRTIO, .event_idx = true } },
	{ "virtio, flags", { .kind = THREADED_VIRTIO } },
	{ "e1000e", { .kind = THREADED_E1000E } },
	{ "igb", { .kind = THREADED_IGB } },
	{ "e1000e, one vector, late writes",
	  { .kind = THREADED_E1000E, .rx_vectors = first, .tx_vectors = first, .late_ns = 2000 } },
	{ "igb, one vector, late writes",
	  { .kind = THREADED_IGB, .rx_vectors = first, .tx_vectors = first, .late_ns = 2000 } },
};

#define DEVICES (sizeof(devices) / sizeof(devices[0]))

/* Sleep until it has done so often enough, or for long enough. */
static void sleep_often(struct sleeper *s, uint64_t to_ns)
{
	const char *soak = getenv("FASTNIC_SLEEPS"); /* NOLINT(concurrency-mt-unsafe) */
	const uint64_t wanted = (soak ? strtoull(soak, NULL, 10) : SLEEPS) / 2;
	const uint64_t until = soak ? UINT64_MAX : now_ms() + SLEEPS_MS / 2;
	const uint64_t before = s->sleeps;

	sleeper_sweep(s, 0, to_ns);
	while (s->sleeps - before < wanted && now_ms() < until && !s->lost)
		sleeper_turn(s);
}

/* Receive until the load is over and nothing comes any more. */
static void receive_all(struct threaded_port *port, unsigned queues, uint64_t *seq)
{
	const uint64_t limit = now_ms() + LIMIT_MS;
	bool done = false;

	while (!done) {
		unsigned n = 0;

		done = true;
		for (unsigned i = 0; i < queues; i++)
			done = done && threaded_load_done(port, i);
		for (unsigned i = 0; i < queues; i++)
			n += take_burst(fn_dev_rxq(port->dev, i), i, &seq[i]);
		done = done && !n;
		assert_true(now_ms() < limit);
	}
}

static void all_arrive_in_order(void **state)
{
	static const struct threaded_load loads[] = {
		{ .kind = THREADED_FULL, .most = FRAMES },
		{ .kind = THREADED_EVEN, .rate = 1000000, .most = FRAMES / 4 },
		{ .kind = THREADED_BURST, .burst = 200, .period_ns = 200000, .most = FRAMES / 4 },
		{ .kind = THREADED_ONOFF, .on_ns = 100000, .off_ns = 100000, .most = FRAMES / 4 },
	};

	(void)state;
	for (unsigned d = 0; d < DEVICES; d++) {
		const struct threaded_run run = apart();
		struct threaded_opts opts = devices[d].opts;
		struct threaded_port *port;
		struct threaded_thread *thread;
		uint64_t seq[2] = { 0 };

		opts.rxqs = 2;
		opts.txqs = 2;
		assert_int_equal(threaded_open(&opts, &port), 0);
		assert_int_equal(threaded_start(&port, 1, &run, &thread), 0);
		for (unsigned i = 0; i < sizeof(loads) / sizeof(loads[0]); i++) {
			struct threaded_counts counts;

			threaded_load(port, 0, &loads[i]);
			threaded_load(port, 1, &loads[i]);
			receive_all(port, 2, seq);
			threaded_counts(port, &counts);
			assert_int_equal(counts.delivered, seq[0] + seq[1]);
			assert_int_equal(counts.arrived, counts.delivered + counts.no_buffer);
			assert_int_equal(counts.bad, 0);
			/* Polled queues are quiet, but for what a start may tell. */
			assert_in_range(counts.interrupts, 0, 2);
		}
		threaded_stop(thread);
		assert_null(threaded_close(port));
	}
}

static void no_wakeup_is_lost(void **state)
{
	(void)state;
	for (unsigned d = 0; d < DEVICES; d++) {
		struct sleeper s = { 0 };

		sleeper_open(&s, &devices[d].opts);
		/* All over the time in which a worker sleeps, and then close to its arming. */
		sleep_often(&s, 50000);
		sleep_often(&s, 2 * SPIN_NS);
		print_message("%s: %llu sleeps, %llu caught, %llu by time-out, %llu lost\n",
			      devices[d].name, (unsigned long long)s.sleeps,
			      (unsigned long long)s.caught, (unsigned long long)s.timeouts,
			      (unsigned long long)s.lost);
		assert_int_not_equal(s.caught, 0);
		assert_int_equal(s.lost, 0);
		sleeper_close(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_arrive_in_order),
		cmocka_unit_test(no_wakeup_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
