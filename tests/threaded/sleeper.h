/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * For tests of the threaded model: an application's loop on the public queue calls that polls,
 * sleeps on the queue's eventfd, and judges whether a wake-up was lost.
 */
#ifndef FN_TESTS_THREADED_SLEEPER_H
#define FN_TESTS_THREADED_SLEEPER_H

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "threaded/threaded.h"

/* A wait that ends with packets in the ring is followed by two on the event alone. */
#define WAIT_MS 20
#define AGAIN_MS 60

/*
 * It polls for so long before it arms: what the device does at once takes some hundred nanoseconds
 * to be seen, and would come behind the second look else, always.
 */
#define SPIN_NS 1500u

/**
 * struct sleeper - the loop
 * @port: the port
 * @thread: the device
 * @arm: how it arms; fn_rxq_arm() unless it is to be wrong
 * @blind: it does not look again behind arming
 * @seq: frames received, which is the number of the next one
 * @polled: times that it found something before it armed
 * @sleeps: times that it slept
 * @caught: times that the second look found something
 * @timeouts: waits that ended with packets in the ring, of which the event came later
 * @lost: those of which it never came
 */
struct sleeper {
	struct threaded_port *port;
	struct threaded_thread *thread;
	int (*arm)(struct fn_rxq *q);
	bool blind;
	uint64_t seq;
	uint64_t polled;
	uint64_t sleeps;
	uint64_t caught;
	uint64_t timeouts;
	uint64_t lost;
};

/*
 * Cores for the two sides, plus 1: on one core nothing races. On a machine with a single one the
 * device runs anywhere.
 */
#define APP_CORE_PLUS_1 1u
#define DEVICE_CORE_PLUS_1 2u

static inline unsigned device_core(void)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	if (sched_getaffinity(0, sizeof(cpus), &cpus) || !CPU_ISSET(DEVICE_CORE_PLUS_1 - 1, &cpus))
		return 0;
	return DEVICE_CORE_PLUS_1;
}

/* Before the application's thread goes to its core, which it does for good. */
static inline struct threaded_run apart(void)
{
	static unsigned core_plus_1;
	cpu_set_t cpus;

	if (!core_plus_1)
		core_plus_1 = device_core();
	CPU_ZERO(&cpus);
	CPU_SET(APP_CORE_PLUS_1 - 1, &cpus);
	if (core_plus_1)
		(void)sched_setaffinity(0, sizeof(cpus), &cpus);
	return (struct threaded_run){ .core_plus_1 = core_plus_1 };
}

static inline uint64_t now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* Take what is there; each frame is the next one of its queue. Returns how many. */
static inline unsigned take_burst(struct fn_rxq *q, unsigned queue, uint64_t *seq)
{
	struct threaded_frame frame;
	struct fn_pkt *pkts[64];
	const unsigned n = fn_rx_burst(q, pkts, 64);

	for (unsigned i = 0; i < n; i++) {
		assert_true(threaded_frame_read(pkts[i], &frame));
		assert_int_equal(frame.queue, queue);
		assert_int_equal(frame.seq, *seq);
		++*seq;
	}
	fn_pkt_free_bulk(pkts, n);
	return n;
}

/* Whether the event came within some time; it is consumed then. */
static inline bool event_within(int fd, int ms)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	uint64_t count;

	return poll(&pfd, 1, ms) == 1 && read(fd, &count, sizeof(count)) == sizeof(count);
}

/* Sleep until the event, armed. A device that is off its core may let it sleep for longer. */
static inline void sleep_armed(struct sleeper *s)
{
	const int fd = fn_rxq_event_fd(s->port->rx);

	s->sleeps++;
	while (!event_within(fd, WAIT_MS)) {
		assert_true(threaded_alive(s->thread));
		if (!fn_rxq_pending(s->port->rx))
			continue;
		if (event_within(fd, WAIT_MS) || event_within(fd, AGAIN_MS))
			s->timeouts++;
		else
			s->lost++;
		return;
	}
}

/* Take all there is, and poll for nothing for a while: whether something came meanwhile. */
static inline bool poll_for_a_while(struct sleeper *s)
{
	uint64_t until;

	while (take_burst(s->port->rx, 0, &s->seq))
		;
	threaded_consumed(s->port, 0, s->seq);
	until = fn_ticks() + threaded_ticks(SPIN_NS);
	while (fn_ticks() < until)
		if (take_burst(s->port->rx, 0, &s->seq))
			return true;
	return false;
}

/* Arm, look again, and sleep; a frame may come at any point of it. */
static inline void sleeper_turn(struct sleeper *s)
{
	if (poll_for_a_while(s)) {
		s->polled++;
		return;
	}
	assert_int_equal((s->arm ? s->arm : fn_rxq_arm)(s->port->rx), 0);
	if (!s->blind && fn_rxq_pending(s->port->rx))
		s->caught++;
	else
		sleep_armed(s);
	fn_rxq_disarm(s->port->rx);
}

/* Frames come one by one, with delays from @from_ns to @to_ns behind the one before. */
static inline void sleeper_sweep(struct sleeper *s, uint64_t from_ns, uint64_t to_ns)
{
	const struct threaded_load load = {
		.kind = THREADED_PING, .from_ns = from_ns, .to_ns = to_ns, .step_ns = 50
	};

	threaded_load(s->port, 0, &load);
}

static inline void sleeper_open(struct sleeper *s, const struct threaded_opts *opts)
{
	struct threaded_run run = apart();

	run.deadline_ns = (getenv("FASTNIC_SLEEPS") ? 24 * 3600 : 120) * 1000000000ull;
	assert_int_equal(threaded_open(opts, &s->port), 0);
	assert_int_equal(threaded_start(&s->port, 1, &run, &s->thread), 0);
}

static inline void sleeper_close(struct sleeper *s)
{
	const char *wrong;

	threaded_stop(s->thread);
	wrong = threaded_close(s->port);
	if (wrong)
		fail_msg("%s", wrong);
}

#endif
