/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * For tests of the threaded model: an application's loop on the public queue calls that polls,
 * sleeps on the queue's eventfd, and judges whether a wake-up was lost.
 */
#ifndef FN_TESTS_THREADED_SLEEPER_H
#define FN_TESTS_THREADED_SLEEPER_H

#include <errno.h>
#include <poll.h>
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

/**
 * struct sleeper - the loop
 * @port: the port
 * @thread: the device
 * @arm: how it arms; fn_rxq_arm() unless it is to be wrong
 * @blind: it does not look again behind arming
 * @seq: frames received, which is the number of the next one
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
	uint64_t sleeps;
	uint64_t caught;
	uint64_t timeouts;
	uint64_t lost;
};

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

/* Poll until there is nothing, then arm, look again, and sleep. */
static inline void sleeper_turn(struct sleeper *s)
{
	while (take_burst(s->port->rx, 0, &s->seq))
		threaded_consumed(s->port, 0, s->seq);
	assert_int_equal((s->arm ? s->arm : fn_rxq_arm)(s->port->rx), 0);
	if (!s->blind && fn_rxq_pending(s->port->rx))
		s->caught++;
	else
		sleep_armed(s);
	fn_rxq_disarm(s->port->rx);
}

/* A port of which frames come one by one, with delays from 0 to @to_ns behind the one before. */
static inline void sleeper_open(struct sleeper *s, const struct threaded_opts *opts, uint64_t to_ns)
{
	const struct threaded_load load = { .kind = THREADED_PING, .to_ns = to_ns, .step_ns = 50 };

	assert_int_equal(threaded_open(opts, &s->port), 0);
	assert_int_equal(threaded_start(&s->port, 1, NULL, &s->thread), 0);
	threaded_load(s->port, 0, &load);
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
