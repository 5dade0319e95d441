// SPDX-License-Identifier: BSD-3-Clause
/* How other threads reach a worker: calls, wakes, pauses, the end. */
#include <signal.h>

#include "poller_rig.h"

static void assert_says(const char *why)
{
	if (!strstr(fn_error_last(), why))
		fail_msg("\"%s\" does not say \"%s\"", fn_error_last(), why);
}

static void begin(struct fn_poller_opts opts)
{
	opts.safety_ns = RIG_LONG_NS;
	rig_begin_pool(0);
	rig_poller(opts);
}

static void count(void *arg)
{
	__atomic_fetch_add((unsigned *)arg, 1, __ATOMIC_SEQ_CST);
}

/* A worker that sleeps or not runs what it is asked to, on its own thread, once each. */
static void calls(void **state)
{
	unsigned ran = 0;
	pthread_t thread;
	pthread_t where;

	(void)state;
	begin((struct fn_poller_opts){ .mode = FN_POLLER_INTERRUPT });
	fn_poller_call(rig.poller, on_worker, &where);
	assert_true(pthread_equal(where, pthread_self()));
	thread = worker_start(rig.poller);
	for (unsigned i = 0; i < 500; i++) {
		/* Asleep again by now, mostly. */
		if (i % 50 == 49)
			(void)usleep(1000);
		fn_poller_call(rig.poller, on_worker, &where);
		assert_true(pthread_equal(where, thread));
		fn_poller_call(rig.poller, count, &ran);
		assert_int_equal(ran, i + 1);
	}
	worker_stop(rig.poller, thread);
	assert_true(stats().wakes_control > 0);
	assert_int_equal(stats().wakes_timeout, 0);
	rig_end();
}

/* From a call of its own it is a plain call, and everything that must not be done there says so. */
static void within(void *arg)
{
	pthread_t where;

	(void)arg;
	fn_poller_call(rig.poller, on_worker, &where);
	assert_true(pthread_equal(where, pthread_self()));
	assert_int_equal(fn_poller_run(rig.poller), -EBUSY);
	assert_says("runs already");
	assert_int_equal(fn_poller_run_once(rig.poller, 0), -EBUSY);
	assert_int_equal(fn_poller_destroy(rig.poller), -EBUSY);
	assert_says("fn_poller_stop() it first");
	assert_int_equal(fn_poller_pause(rig.poller), -EDEADLK);
	assert_says("fn_poller_call()");
}

static void within_a_call(void **state)
{
	pthread_t thread;

	(void)state;
	begin((struct fn_poller_opts){ 0 });
	fn_poller_call(rig.poller, within, NULL);
	thread = worker_start(rig.poller);
	fn_poller_call(rig.poller, within, NULL);
	assert_int_equal(fn_poller_run(rig.poller), -EBUSY);
	assert_int_equal(fn_poller_run_once(rig.poller, 0), -EBUSY);
	assert_int_equal(fn_poller_destroy(rig.poller), -EBUSY);
	worker_stop(rig.poller, thread);
	assert_int_equal(fn_poller_destroy(NULL), 0);
	rig_end();
}

/* While it is paused calls are run and callbacks are not; each pause has its own resume. */
static unsigned source_runs;

static unsigned source_run(void *arg)
{
	(void)arg;
	return __atomic_add_fetch(&source_runs, 1, __ATOMIC_SEQ_CST) != 0;
}

static bool source_pending(void *arg)
{
	(void)arg;
	return true;
}

static void source_add(struct fn_poller *poller)
{
	const struct fn_poller_source_opts opts = { .sz = sizeof(opts),
						    .run = source_run,
						    .pending = source_pending };

	source_runs = 0;
	assert_int_equal(fn_poller_add_source(poller, &opts, NULL), 0);
}

static void pause_and_resume(void **state)
{
	unsigned ran = 0;
	pthread_t thread;

	(void)state;
	begin((struct fn_poller_opts){ 0 });
	source_add(rig.poller);
	thread = worker_start(rig.poller);
	for (unsigned i = 0; i < 50; i++) {
		unsigned before;

		assert_int_equal(fn_poller_pause(rig.poller), 0);
		assert_int_equal(fn_poller_pause(rig.poller), 0);
		before = __atomic_load_n(&source_runs, __ATOMIC_SEQ_CST);
		for (unsigned k = 0; k < 3; k++)
			fn_poller_call(rig.poller, count, &ran);
		fn_poller_resume(rig.poller);
		/* A worker that were let go had a round before it served the last of these. */
		for (unsigned k = 0; k < 3; k++)
			fn_poller_call(rig.poller, count, &ran);
		assert_int_equal(__atomic_load_n(&source_runs, __ATOMIC_SEQ_CST), before);
		fn_poller_resume(rig.poller);
		wait_for(&source_runs, before + 1);
	}
	assert_int_equal(ran, 300);
	fn_poller_resume(rig.poller);
	worker_stop(rig.poller, thread);
	rig_end();
}

/* Paused before it runs, with all armed and a timer due: no callback until it is resumed. */
static unsigned ticks;

static void tick(void *arg)
{
	(void)arg;
	__atomic_fetch_add(&ticks, 1, __ATOMIC_SEQ_CST);
}

static void paused_before_it_runs(void **state)
{
	const struct fn_poller_timer_opts opts = { .sz = sizeof(opts), .fn = tick };
	unsigned ran = 0;
	pthread_t thread;

	(void)state;
	begin((struct fn_poller_opts){ 0 });
	ticks = 0;
	settle();
	assert_int_equal(fn_poller_add_timer(rig.poller, &opts, NULL), 0);
	assert_int_equal(fn_poller_pause(rig.poller), 0);
	thread = worker_start(rig.poller);
	for (unsigned i = 0; i < 10; i++)
		fn_poller_call(rig.poller, count, &ran);
	assert_int_equal(__atomic_load_n(&ticks, __ATOMIC_SEQ_CST), 0);
	fn_poller_stop(rig.poller);
	fn_poller_call(rig.poller, count, &ran);
	fn_poller_resume(rig.poller);
	worker_join(thread);
	assert_int_equal(ran, 11);
	rig_end();
}

/* Two workers that call each other, at the same time, again and again. */
static struct fn_poller *pair[2];
static unsigned pair_calls[2];

static void pair_count(void *arg)
{
	__atomic_fetch_add((unsigned *)arg, 1, __ATOMIC_SEQ_CST);
}

static unsigned pair_run(void *arg)
{
	const unsigned me = (unsigned)(uintptr_t)arg;

	if (__atomic_load_n(&pair_calls[!me], __ATOMIC_SEQ_CST) >= 500)
		return 0;
	fn_poller_call(pair[!me], pair_count, &pair_calls[!me]);
	return 1;
}

static bool pair_pending(void *arg)
{
	const unsigned me = (unsigned)(uintptr_t)arg;

	return __atomic_load_n(&pair_calls[!me], __ATOMIC_SEQ_CST) < 500;
}

static void two_call_each_other(void **state)
{
	unsigned ran = 0;
	pthread_t threads[2];

	(void)state;
	begin((struct fn_poller_opts){ .name = "one" });
	pair[0] = rig.poller;
	pair[1] =
		rig_poller_new((struct fn_poller_opts){ .name = "two", .safety_ns = RIG_LONG_NS });
	memset(pair_calls, 0, sizeof(pair_calls));
	for (uintptr_t i = 0; i < 2; i++) {
		const struct fn_poller_source_opts opts = { .sz = sizeof(opts),
							    .run = pair_run,
							    .pending = pair_pending,
							    .arg = (void *)i };

		assert_int_equal(fn_poller_add_source(pair[i], &opts, NULL), 0);
	}
	for (unsigned i = 0; i < 2; i++)
		threads[i] = worker_start(pair[i]);
	/* And somebody who calls both. */
	for (unsigned i = 0; i < 100; i++)
		fn_poller_call(pair[i % 2], count, &ran);
	wait_for(&pair_calls[0], 500);
	wait_for(&pair_calls[1], 500);
	for (unsigned i = 0; i < 2; i++)
		worker_stop(pair[i], threads[i]);
	assert_int_equal(ran, 100);
	assert_int_equal(fn_poller_destroy(pair[1]), 0);
	rig_end();
}

/*
 * A worker that waits for another one is reached all the same: who calls it is answered though the
 * other one does not.
 */
static struct {
	unsigned asked;
	unsigned done;
	unsigned go;
} held;

static void hold_on(void *arg)
{
	(void)arg;
	__atomic_store_n(&held.asked, 1, __ATOMIC_SEQ_CST);
	wait_for(&held.go, 1);
}

static unsigned held_run(void *arg)
{
	if (__atomic_load_n(&held.done, __ATOMIC_SEQ_CST))
		return 0;
	fn_poller_call(arg, hold_on, NULL);
	__atomic_store_n(&held.done, 1, __ATOMIC_SEQ_CST);
	return 1;
}

static bool held_pending(void *arg)
{
	(void)arg;
	return !__atomic_load_n(&held.done, __ATOMIC_SEQ_CST);
}

static void waiting_worker_answers(void **state)
{
	struct fn_poller_source_opts opts = { .sz = sizeof(opts),
					      .run = held_run,
					      .pending = held_pending };
	struct fn_poller *two;
	pthread_t threads[2];
	unsigned ran = 0;

	(void)state;
	begin((struct fn_poller_opts){ .name = "one" });
	two = rig_poller_new((struct fn_poller_opts){ .name = "two", .safety_ns = RIG_LONG_NS });
	memset(&held, 0, sizeof(held));
	threads[1] = worker_start(two);
	opts.arg = two;
	assert_int_equal(fn_poller_add_source(rig.poller, &opts, NULL), 0);
	assert_int_equal(pthread_create(&threads[0], NULL, rig_run, rig.poller), 0);
	wait_for(&held.asked, 1);
	/* The first may come before it waits again, having been told that the other one serves. */
	for (unsigned i = 0; i < 2; i++)
		fn_poller_call(rig.poller, count, &ran);
	assert_int_equal(ran, 2);
	assert_int_equal(__atomic_load_n(&held.done, __ATOMIC_SEQ_CST), 0);
	__atomic_store_n(&held.go, 1, __ATOMIC_SEQ_CST);
	wait_for(&held.done, 1);
	worker_stop(rig.poller, threads[0]);
	worker_stop(two, threads[1]);
	assert_int_equal(fn_poller_destroy(two), 0);
	rig_end();
}

/*
 * A worker whose callback wants to run or to destroy a third poller waits while another worker's
 * call runs there. That one wants something of the first: it is answered meanwhile.
 */
static struct {
	struct fn_poller *third;
	bool destroy;
	unsigned entering;
	unsigned inside;
	unsigned answers;
	unsigned done;
	int ret;
} crossed;

static void crossed_within(void *arg)
{
	(void)arg;
	/* From here on the first worker gets to nothing else. */
	wait_for(&crossed.entering, 1);
	__atomic_store_n(&crossed.inside, 1, __ATOMIC_SEQ_CST);
	fn_poller_call(pair[0], count, &crossed.answers);
}

static void crossed_stand_in(void *arg)
{
	(void)arg;
	fn_poller_call(crossed.third, crossed_within, NULL);
}

static void crossed_enter(void *arg)
{
	(void)arg;
	__atomic_store_n(&crossed.entering, 1, __ATOMIC_SEQ_CST);
	wait_for(&crossed.inside, 1);
	crossed.ret = crossed.destroy ? fn_poller_destroy(crossed.third) :
					fn_poller_run_once(crossed.third, 0);
	__atomic_store_n(&crossed.done, 1, __ATOMIC_SEQ_CST);
}

static void *crossed_call(void *arg)
{
	fn_poller_call(pair[0], crossed_enter, arg);
	return NULL;
}

static void two_wait_for_a_third(void **state)
{
	(void)state;
	/* Two that wait for each other for ever end the program. */
	(void)alarm(30);
	for (unsigned destroy = 0; destroy < 2; destroy++) {
		pthread_t workers[2];
		pthread_t caller;

		begin((struct fn_poller_opts){ .name = "one" });
		pair[0] = rig.poller;
		pair[1] = rig_poller_new(
			(struct fn_poller_opts){ .name = "two", .safety_ns = RIG_LONG_NS });
		memset(&crossed, 0, sizeof(crossed));
		crossed.destroy = destroy;
		crossed.third = rig_poller_new((struct fn_poller_opts){ .name = "three" });
		for (unsigned i = 0; i < 2; i++)
			workers[i] = worker_start(pair[i]);
		assert_int_equal(pthread_create(&caller, NULL, crossed_call, NULL), 0);
		fn_poller_call(pair[1], crossed_stand_in, NULL);
		wait_for(&crossed.done, 1);
		assert_int_equal(pthread_join(caller, NULL), 0);
		assert_int_equal(crossed.answers, 1);
		assert_int_equal(crossed.ret, 0);
		for (unsigned i = 0; i < 2; i++)
			worker_stop(pair[i], workers[i]);
		if (!destroy)
			assert_int_equal(fn_poller_destroy(crossed.third), 0);
		assert_int_equal(fn_poller_destroy(pair[1]), 0);
		rig_end();
	}
	(void)alarm(0);
}

/* A stop before the run ends it at once, and only that one. */
static void stop_before_run(void **state)
{
	pthread_t thread;

	(void)state;
	begin((struct fn_poller_opts){ 0 });
	for (unsigned i = 0; i < 3; i++) {
		fn_poller_stop(rig.poller);
		fn_poller_stop(rig.poller);
		assert_int_equal(fn_poller_run(rig.poller), 0);
	}
	thread = worker_start(rig.poller);
	worker_stop(rig.poller, thread);
	rig_end();
}

/* And one fn_poller_run_once(): its sleep, and no more than that. */
static void stop_of_once(void **state)
{
	(void)state;
	begin((struct fn_poller_opts){ 0 });
	fn_poller_stop(rig.poller);
	assert_int_equal(fn_poller_run_once(rig.poller, -1), 1);
	assert_int_equal(fn_poller_run_once(rig.poller, 1000), 0);
	settle();
	fn_poller_stop(rig.poller);
	assert_true(readable(fn_poller_fd(rig.poller)));
	assert_int_equal(fn_poller_run_once(rig.poller, -1), 1);
	settle();
	rig_end();
}

/*
 * From a signal handler of any thread, the worker's included, in its sleep and out of it. Not with
 * ThreadSanitizer, which puts a handler off until the thread makes a call that it knows: a worker
 * whose next call is its sleep makes none.
 */
#if !defined(FN_TSAN)
static void stop_by_signal(int signal)
{
	(void)signal;
	fn_poller_stop(rig.poller);
}

static void stop_in_a_signal_handler(void **state)
{
	struct sigaction act = { .sa_handler = stop_by_signal };
	struct sigaction former;
	pthread_t thread;

	(void)state;
	begin((struct fn_poller_opts){ .mode = FN_POLLER_INTERRUPT });
	assert_int_equal(sigaction(SIGUSR1, &act, &former), 0);
	for (unsigned i = 0; i < 50; i++) {
		thread = worker_start(rig.poller);
		if (i % 2)
			(void)usleep(1000);
		assert_int_equal(pthread_kill(i % 3 ? thread : pthread_self(), SIGUSR1), 0);
		worker_join(thread);
	}
	assert_int_equal(sigaction(SIGUSR1, &former, NULL), 0);
	rig_end();
}
#endif

/*
 * What fn_poller_run_once() left armed is no longer so in fn_poller_run(), and nothing is missed.
 */
static void run_after_once(void **state)
{
	struct nic *nic;

	(void)state;
	nic = rig_begin(NIC_VIRTIO, (struct fn_poller_opts){ .mode = FN_POLLER_POLL });
	for (unsigned i = 0; i < 20; i++) {
		settle();
		if (i % 2)
			nic_receive_n(nic, 1);
		fn_poller_stop(rig.poller);
		assert_int_equal(fn_poller_run(rig.poller), 0);
		nic->vd.queues[0].irqs = 0;
		nic_receive_n(nic, 1);
		assert_int_equal(nic->vd.queues[0].irqs, 0);
		settle();
		assert_int_equal(nic->got, nic->in);
	}
	rig_end();
}

/* How long fn_poller_run_once() waits: until its limit, or until there was something to do. */
static void once_waits(void **state)
{
	struct fn_poller_timer_opts opts = { .sz = sizeof(opts), .fn = tick, .first_ns = 5000000 };
	uint64_t since = fn_poll_now_ns();

	(void)state;
	begin((struct fn_poller_opts){ .mode = FN_POLLER_POLL });
	assert_int_equal(fn_poller_run_once(rig.poller, 10000000), 0);
	assert_true(fn_poll_now_ns() - since >= 10000000);
	ticks = 0;
	since = fn_poll_now_ns();
	assert_int_equal(fn_poller_add_timer(rig.poller, &opts, NULL), 0);
	while (!ticks)
		assert_int_equal(fn_poller_run_once(rig.poller, -1), 1);
	assert_true(fn_poll_now_ns() - since >= 5000000);
	rig_end();
}

/* Modes and policies change while it runs, from another thread, and packets lose nothing by it. */
static void modes_in_mid_flight(void **state)
{
	pthread_t thread;

	(void)state;
	begin((struct fn_poller_opts){ 0 });
	assert_int_equal(fn_poller_set_mode(rig.poller, (enum fn_poller_mode)3, FN_POLLER_POWER),
			 -EINVAL);
	assert_says("poller mode 3");
	assert_int_equal(fn_poller_set_mode(rig.poller, FN_POLLER_POLL, (enum fn_poller_policy)9),
			 -EINVAL);
	assert_says("poller policy 9");
	thread = worker_start(rig.poller);
	for (unsigned i = 0; i < 300; i++) {
		const enum fn_poller_mode mode = (enum fn_poller_mode)(i % 3);
		const enum fn_poller_policy policy = (enum fn_poller_policy)(i / 3 % 3);

		assert_int_equal(fn_poller_set_mode(rig.poller, mode, policy), 0);
		assert_int_equal(stats().mode, mode);
		assert_int_equal(stats().policy, policy);
	}
	worker_stop(rig.poller, thread);
	rig_end();
}

/* And at each of them packets come: in the callback, behind it, while it is armed. */
static void modes_with_packets(void **state)
{
	struct nic *nic = rig_begin(NIC_82576, (struct fn_poller_opts){ 0 });

	(void)state;
	for (unsigned i = 0; i < 300; i++) {
		assert_int_equal(fn_poller_set_mode(rig.poller, (enum fn_poller_mode)(i % 3),
						    (enum fn_poller_policy)(i / 3 % 3)),
				 0);
		if (i % 2)
			settle();
		nic_receive_n(nic, i % 50);
		if (i % 5)
			assert_true(fn_poller_run_once(rig.poller, 0) >= 0);
	}
	settle();
	assert_int_equal(nic->got, nic->in);
	assert_int_equal(stats().lost_wakeups, 0);
	rig_end();
}

/* Options that make no sense are refused with a sentence, and nothing is left of the attempt. */
static void options(void **state)
{
	struct fn_poller_opts opts = { .sz = sizeof(opts), .err = &rig.err };
	struct fn_poller *poller = NULL;

	(void)state;
	begin((struct fn_poller_opts){ 0 });
	opts.burst = 513;
	assert_int_equal(fn_poller_create(rig.ctx, &opts, &poller), -EINVAL);
	assert_says("burst 513: use 1 to 512");
	opts.burst = 64;
	opts.budget = 63;
	assert_int_equal(fn_poller_create(rig.ctx, &opts, &poller), -EINVAL);
	assert_says("budget 63");
	opts.budget = 0;
	opts.safety_ns = 3600000000001;
	assert_int_equal(fn_poller_create(rig.ctx, &opts, &poller), -EINVAL);
	assert_says("nanoseconds");
	opts.safety_ns = 0;
	opts.mode = (enum fn_poller_mode)17;
	assert_int_equal(fn_poller_create(rig.ctx, &opts, &poller), -EINVAL);
	opts.mode = FN_POLLER_ADAPTIVE;
	opts.wait = (enum fn_poller_wait)17;
	assert_int_equal(fn_poller_create(rig.ctx, &opts, &poller), -EINVAL);
	assert_says("poller wait 17");
	opts.wait = FN_POLLER_WAIT_EPOLL;
	opts.ring_entries = 4097;
	assert_int_equal(fn_poller_create(rig.ctx, &opts, &poller), -EINVAL);
	opts.sz = 1;
	assert_int_equal(fn_poller_create(rig.ctx, &opts, &poller), -EINVAL);
	assert_null(poller);
	assert_int_equal(fn_poller_create(rig.ctx, NULL, &poller), 0);
	assert_int_equal(stats_of(poller).mode, FN_POLLER_ADAPTIVE);
	assert_null(fn_poller_ring(poller));
	assert_int_equal(fn_poller_destroy(poller), 0);
	rig_end();
}

/* A core that there is, and one that there is not; the thread is where it was afterwards. */
static void cores(void **state)
{
	struct fn_poller *poller;
	cpu_set_t before;
	cpu_set_t after;

	(void)state;
	begin((struct fn_poller_opts){ 0 });
	assert_int_equal(pthread_getaffinity_np(pthread_self(), sizeof(before), &before), 0);
	for (unsigned core = 0; core < CPU_SETSIZE; core++) {
		if (!CPU_ISSET(core, &before))
			continue;
		poller = rig_poller_new((struct fn_poller_opts){ .core_plus_1 = core + 1 });
		fn_poller_stop(poller);
		assert_int_equal(fn_poller_run(poller), 0);
		assert_int_equal(pthread_getaffinity_np(pthread_self(), sizeof(after), &after), 0);
		assert_true(CPU_EQUAL(&before, &after));
		assert_int_equal(fn_poller_destroy(poller), 0);
	}
	poller = rig_poller_new((struct fn_poller_opts){ .core_plus_1 = 100001, .name = "far" });
	assert_int_equal(fn_poller_run(poller), -EINVAL);
	assert_says("far cannot run on core 100000");
	assert_int_equal(fn_poller_destroy(poller), 0);
	rig_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls),
		cmocka_unit_test(within_a_call),
		cmocka_unit_test(pause_and_resume),
		cmocka_unit_test(paused_before_it_runs),
		cmocka_unit_test(two_call_each_other),
		cmocka_unit_test(waiting_worker_answers),
		cmocka_unit_test(two_wait_for_a_third),
		cmocka_unit_test(stop_before_run),
		cmocka_unit_test(stop_of_once),
#if !defined(FN_TSAN)
		cmocka_unit_test(stop_in_a_signal_handler),
#endif
		cmocka_unit_test(run_after_once),
		cmocka_unit_test(once_waits),
		cmocka_unit_test(modes_in_mid_flight),
		cmocka_unit_test(modes_with_packets),
		cmocka_unit_test(options),
		cmocka_unit_test(cores),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
