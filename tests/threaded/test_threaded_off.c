// SPDX-License-Identifier: BSD-3-Clause
/*
 * Whether a device's thread that rests is off its core: not as long as nobody wants it, but from
 * when it was told to go on until it does. The poll(2) in which it rests holds it back here, as
 * others that have the core would.
 */
#include <string.h>

#include "sleeper.h"

#define HOUR_NS 3600000000000u

/**
 * struct held - the thread, as poll(2) sees it
 * @rests: times that it has begun to rest
 * @hold: it is not to go on, though it was told to
 * @told: times that it was told to
 */
static struct {
	unsigned rests;
	unsigned hold;
	unsigned told;
} held;

int __real_poll(struct pollfd *fds, nfds_t n, int timeout);
int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout);

int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout)
{
	int ret;

	__atomic_fetch_add(&held.rests, 1, __ATOMIC_SEQ_CST);
	ret = __real_poll(fds, n, timeout);
	__atomic_fetch_add(&held.told, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&held.hold, __ATOMIC_SEQ_CST))
		(void)usleep(100);
	return ret;
}

static void wait_until(const unsigned *counter, unsigned n)
{
	while (__atomic_load_n(counter, __ATOMIC_SEQ_CST) < n)
		(void)sched_yield();
}

struct rig {
	struct threaded_port *port;
	struct threaded_thread *thread;
	uint64_t rested;
};

/* A thread that rests, and whose gaps are those of more than @gap_ns. */
static void begin(struct rig *r, uint64_t gap_ns)
{
	const struct threaded_opts opts = { .kind = THREADED_VIRTIO, .event_idx = true };
	struct threaded_run run = { .rests = true, .gap_ns = gap_ns };

	memset(&held, 0, sizeof(held));
	/* A thread that never rests, or is never told, ends the program. */
	(void)alarm(60);
	assert_int_equal(threaded_open(&opts, &r->port), 0);
	assert_int_equal(threaded_start(&r->port, 1, &run, &r->thread), 0);
	wait_until(&held.rests, 1);
	r->rested = fn_ticks();
}

/* It is told to go on, and is held. Returns when. */
static uint64_t tell(struct rig *r)
{
	static const struct threaded_load load = { .kind = THREADED_EVEN,
						   .rate = 100000,
						   .most = 1 };

	__atomic_store_n(&held.hold, 1, __ATOMIC_SEQ_CST);
	threaded_load(r->port, 0, &load);
	wait_until(&held.told, 1);
	return fn_ticks();
}

static void let_go(void)
{
	__atomic_store_n(&held.hold, 0, __ATOMIC_SEQ_CST);
}

static void end(struct rig *r)
{
	let_go();
	threaded_stop(r->thread);
	assert_null(threaded_close(r->port));
	(void)alarm(0);
}

/* Every gap counts: it is off while it is held, that is remembered, and it is so no more. */
static void told_and_held(void **state)
{
	uint64_t rested;
	uint64_t told;
	struct rig r;

	(void)state;
	begin(&r, 1);
	assert_false(threaded_gap_between(r.thread, r.rested, fn_ticks()));
	told = tell(&r);
	assert_true(threaded_gap_between(r.thread, r.rested, told));
	let_go();
	wait_until(&held.rests, 2);
	rested = fn_ticks();
	assert_true(threaded_load_done(r.port, 0));
	assert_true(threaded_gap_between(r.thread, r.rested, told));
	assert_false(threaded_gap_between(r.thread, rested, fn_ticks()));
	end(&r);
}

/* None is so long: it is late by no more than it may be. */
static void told_just_now(void **state)
{
	uint64_t told;
	struct rig r;

	(void)state;
	begin(&r, HOUR_NS);
	told = tell(&r);
	assert_false(threaded_gap_between(r.thread, r.rested, told));
	end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(told_and_held),
		cmocka_unit_test(told_just_now),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
