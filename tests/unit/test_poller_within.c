// SPDX-License-Identifier: BSD-3-Clause
/*
 * A thread that is the worker of one poller and runs another one within a callback or a function:
 * while the inner one is paused, the outer one is reached all the same.
 */
#include "poller_rig.h"

/**
 * struct within - what the thread does, and how far it has come
 * @inner: the poller that it runs for a moment, with a source that counts
 * @begun: it is about to
 * @done: it has
 * @turns: of the source
 */
static struct {
	struct fn_poller *inner;
	unsigned begun;
	unsigned done;
	unsigned turns;
} within;

static void run_inner(void *arg)
{
	(void)arg;
	__atomic_store_n(&within.begun, 1, __ATOMIC_SEQ_CST);
	(void)fn_poller_run_once(within.inner, 0);
	__atomic_store_n(&within.done, 1, __ATOMIC_SEQ_CST);
}

static bool is_done(void)
{
	return __atomic_load_n(&within.done, __ATOMIC_SEQ_CST);
}

/* The callback of the outer poller: once. */
static unsigned outer_run(void *arg)
{
	if (is_done())
		return 0;
	run_inner(arg);
	return 1;
}

static bool outer_pending(void *arg)
{
	(void)arg;
	return !is_done();
}

static unsigned inner_run(void *arg)
{
	(void)arg;
	__atomic_fetch_add(&within.turns, 1, __ATOMIC_SEQ_CST);
	return 0;
}

static bool inner_pending(void *arg)
{
	(void)arg;
	return false;
}

static void count(void *arg)
{
	++*(unsigned *)arg;
}

/* Both pollers, of which the inner one is paused. */
static void begin(void)
{
	const struct fn_poller_source_opts opts = { .sz = sizeof(opts),
						    .run = inner_run,
						    .pending = inner_pending };

	/* Who waits for ever ends the program. */
	(void)alarm(10);
	memset(&within, 0, sizeof(within));
	rig_begin_pool(0);
	rig_poller((struct fn_poller_opts){ .name = "outer", .safety_ns = RIG_LONG_NS });
	within.inner = rig_poller_new(
		(struct fn_poller_opts){ .name = "inner", .safety_ns = RIG_LONG_NS });
	assert_int_equal(fn_poller_add_source(within.inner, &opts, NULL), 0);
	assert_int_equal(fn_poller_pause(within.inner), 0);
}

static void end(void)
{
	assert_int_equal(fn_poller_destroy(within.inner), 0);
	rig_end();
	(void)alarm(0);
}

/* A worker of the outer one, which is in its callback. */
static pthread_t outer_start(void)
{
	const struct fn_poller_source_opts opts = { .sz = sizeof(opts),
						    .run = outer_run,
						    .pending = outer_pending };
	pthread_t thread;

	assert_int_equal(fn_poller_add_source(rig.poller, &opts, NULL), 0);
	assert_int_equal(pthread_create(&thread, NULL, rig_run, rig.poller), 0);
	wait_for(&within.begun, 1);
	return thread;
}

static void assert_held(void)
{
	assert_false(is_done());
	assert_int_equal(__atomic_load_n(&within.turns, __ATOMIC_SEQ_CST), 0);
}

static void tick(void *arg)
{
	(void)arg;
}

/* Who pauses the inner one calls the outer one, and changes it, before he resumes the inner one. */
static void the_outer_one_is_answered(void **state)
{
	const struct fn_poller_timer_opts opts = { .sz = sizeof(opts),
						   .fn = tick,
						   .first_ns = UINT64_MAX };
	struct fn_poller_timer *timer;
	pthread_t thread;
	pthread_t where;

	(void)state;
	begin();
	thread = outer_start();
	for (unsigned i = 0; i < 50; i++) {
		fn_poller_call(rig.poller, on_worker, &where);
		assert_true(pthread_equal(where, thread));
		assert_int_equal(fn_poller_add_timer(rig.poller, &opts, &timer), 0);
		fn_poller_call(within.inner, on_worker, &where);
		assert_true(pthread_equal(where, thread));
		fn_poller_del_timer(timer);
	}
	assert_held();
	fn_poller_resume(within.inner);
	wait_for(&within.done, 1);
	worker_stop(rig.poller, thread);
	end();
}

/* And he pauses the outer one, too: its callback goes on when both are resumed, in any order. */
static void both_are_paused(void **state)
{
	(void)state;
	for (unsigned order = 0; order < 2; order++) {
		struct fn_poller *pollers[2];
		unsigned ran = 0;
		pthread_t thread;

		begin();
		pollers[order] = within.inner;
		pollers[!order] = rig.poller;
		thread = outer_start();
		assert_int_equal(fn_poller_pause(rig.poller), 0);
		assert_held();
		fn_poller_resume(pollers[0]);
		/* A worker that were let go had a round before it served the last of these. */
		for (unsigned i = 0; i < 50; i++) {
			fn_poller_call(pollers[i % 2], count, &ran);
			(void)sched_yield();
		}
		assert_int_equal(ran, 50);
		assert_held();
		fn_poller_resume(pollers[1]);
		wait_for(&within.done, 1);
		worker_stop(rig.poller, thread);
		end();
	}
}

static void *call_outer(void *arg)
{
	fn_poller_call(rig.poller, run_inner, NULL);
	return arg;
}

/*
 * A function is no callback: that one which runs the inner poller is within the outer one keeps
 * nobody from pausing that, and no such pause keeps the function. With a worker, and without one.
 */
static void a_function_is_not_paused(void **state)
{
	(void)state;
	for (unsigned runs = 0; runs < 2; runs++) {
		pthread_t worker = pthread_self();
		pthread_t caller;

		begin();
		if (runs)
			worker = worker_start(rig.poller);
		assert_int_equal(pthread_create(&caller, NULL, call_outer, NULL), 0);
		wait_for(&within.begun, 1);
		assert_int_equal(fn_poller_pause(rig.poller), 0);
		assert_held();
		fn_poller_resume(within.inner);
		assert_int_equal(pthread_join(caller, NULL), 0);
		assert_true(is_done());
		fn_poller_resume(rig.poller);
		if (runs)
			worker_stop(rig.poller, worker);
		end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_outer_one_is_answered),
		cmocka_unit_test(both_are_paused),
		cmocka_unit_test(a_function_is_not_paused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
