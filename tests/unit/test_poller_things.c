// SPDX-License-Identifier: BSD-3-Clause
/* What a worker looks after beside its queues: sources, timers, descriptors, events. */
#include "poller_rig.h"

static void assert_says(const char *why)
{
	if (!strstr(fn_error_last(), why))
		fail_msg("\"%s\" does not say \"%s\"", fn_error_last(), why);
}

static void begin(void)
{
	rig_begin_pool(0);
	rig_poller(
		(struct fn_poller_opts){ .mode = FN_POLLER_INTERRUPT, .safety_ns = RIG_LONG_NS });
}

static unsigned ran;
static struct fn_poller_source *source;
static struct fn_poller_timer *timers[4];
static struct fn_poller_watch *watches[4];
static int pipes[4][2];

static unsigned run_nothing(void *arg)
{
	(void)arg;
	ran++;
	return 0;
}

static bool never(void *arg)
{
	(void)arg;
	return false;
}

/* A source is asked each round, and a call that misses a function says so. */
static void sources(void **state)
{
	struct fn_poller_source_opts opts = { .sz = sizeof(opts),
					      .err = &rig.err,
					      .run = run_nothing };
	uint64_t rounds;

	(void)state;
	begin();
	assert_int_equal(fn_poller_add_source(rig.poller, &opts, &source), -EINVAL);
	assert_says("both required");
	assert_string_equal(rig.err.text, fn_error_last());
	opts.pending = never;
	ran = 0;
	settle();
	rounds = stats().rounds;
	assert_int_equal(fn_poller_add_source(rig.poller, &opts, &source), 0);
	for (unsigned i = 0; i < 5; i++)
		settle();
	assert_int_equal(ran, stats().rounds - rounds);
	fn_poller_del_source(source);
	ran = 0;
	settle();
	assert_int_equal(ran, 0);
	fn_poller_del_source(NULL);
	rig_end();
}

/* One takes itself out, and the one behind it, which is not asked any more. */
static struct fn_poller_source *both[2];

static unsigned run_and_del(void *arg)
{
	(void)arg;
	ran++;
	fn_poller_del_source(both[1]);
	fn_poller_del_source(both[0]);
	return 1;
}

static void source_takes_out(void **state)
{
	struct fn_poller_source_opts opts = { .sz = sizeof(opts), .pending = never };

	(void)state;
	begin();
	ran = 0;
	opts.run = run_and_del;
	assert_int_equal(fn_poller_add_source(rig.poller, &opts, &both[0]), 0);
	opts.run = run_nothing;
	assert_int_equal(fn_poller_add_source(rig.poller, &opts, &both[1]), 0);
	settle();
	assert_int_equal(ran, 1);
	rig_end();
}

/* Timers run in the order of their times, again where they have a period, never before. */
static unsigned order[16];
static unsigned order_n;

static void note(void *arg)
{
	if (order_n < FN_ARRAY_LEN(order))
		order[order_n++] = (unsigned)(uintptr_t)arg;
}

static struct fn_poller_timer *timer_add(void (*fn)(void *arg), unsigned arg, uint64_t first_ns,
					 uint64_t period_ns)
{
	const struct fn_poller_timer_opts opts = { .sz = sizeof(opts),
						   .fn = fn,
						   .arg = (void *)(uintptr_t)arg,
						   .first_ns = first_ns,
						   .period_ns = period_ns };
	struct fn_poller_timer *timer;

	assert_int_equal(fn_poller_add_timer(rig.poller, &opts, &timer), 0);
	return timer;
}

static void timers_in_order(void **state)
{
	struct fn_poller_timer_opts opts = { .sz = sizeof(opts), .err = &rig.err };
	const uint64_t since = fn_poll_now_ns();
	struct fn_poller_timer *periodic;

	(void)state;
	begin();
	assert_int_equal(fn_poller_add_timer(rig.poller, &opts, NULL), -EINVAL);
	assert_says("fn is missing");
	order_n = 0;
	timers[0] = timer_add(note, 0, 60000000, 0);
	timers[1] = timer_add(note, 1, 20000000, 0);
	timers[2] = timer_add(note, 2, 40000000, 0);
	/* Further away than the clock's numbers: never. */
	timers[3] = timer_add(note, 3, UINT64_MAX, 0);
	while (order_n < 3)
		(void)fn_poller_run_once(rig.poller, -1);
	assert_true(fn_poll_now_ns() - since >= 60000000);
	assert_int_equal(order[0], 1);
	assert_int_equal(order[1], 2);
	assert_int_equal(order[2], 0);
	assert_int_equal(fn_poller_run_once(rig.poller, 1000000), 0);
	assert_int_equal(order_n, 3);
	/* Once, and then in an interval that never ends. */
	periodic = timer_add(note, 4, 0, UINT64_MAX);
	while (order_n < 4)
		(void)fn_poller_run_once(rig.poller, -1);
	assert_int_equal(fn_poller_run_once(rig.poller, 1000000), 0);
	assert_int_equal(order_n, 4);
	fn_poller_del_timer(periodic);
	periodic = timer_add(note, 5, 1000, 2000000);
	while (order_n < 7)
		(void)fn_poller_run_once(rig.poller, -1);
	fn_poller_del_timer(periodic);
	assert_int_equal(stats().wakes_timeout, 2);
	assert_true(stats().wakes_timer >= 5);
	for (unsigned i = 0; i < 4; i++)
		fn_poller_del_timer(timers[i]);
	fn_poller_del_timer(NULL);
	rig_end();
}

/* What is late is not made up for: one call for all the times that passed. */
static void late_timer(void **state)
{
	const uint64_t second = 1000000000;
	uint64_t late_ns;

	(void)state;
	begin();
	order_n = 0;
	(void)timer_add(note, 0, second, second);
	late_ns = fn_poll_now_ns() + 20 * second;
	assert_int_equal(fn_poll_timers_run(rig.poller, late_ns), 1);
	assert_int_equal(order_n, 1);
	assert_int_equal(fn_poll_timers_left_ns(rig.poller, late_ns), second);
	rig_end();
}

/* From its own callback a timer is taken out, and others with it, and new ones come. */
static void del_all(void *arg)
{
	(void)arg;
	ran++;
	for (unsigned i = 0; i < 4; i++)
		fn_poller_del_timer(timers[i]);
	timers[0] = timer_add(note, 9, 0, 0);
}

static void timer_takes_out(void **state)
{
	(void)state;
	begin();
	ran = 0;
	order_n = 0;
	for (unsigned i = 0; i < 4; i++)
		timers[i] = timer_add(i == 1 ? del_all : note, i, 1000000 + (i != 1) * 10000000u,
				      1000000);
	while (!order_n)
		(void)fn_poller_run_once(rig.poller, -1);
	assert_int_equal(ran, 1);
	assert_int_equal(order_n, 1);
	assert_int_equal(order[0], 9);
	rig_end();
}

/* Set to another time: earlier, later, never, again when it is over, with and without a period. */
static void timer_set_anew(void **state)
{
	const uint64_t hour = 3600000000000u;
	uint64_t now_ns;
	uint64_t since;

	(void)state;
	begin();
	order_n = 0;
	timers[0] = timer_add(note, 0, hour, 0);
	timers[1] = timer_add(note, 1, 0, 0);
	fn_poller_set_timer(timers[1], UINT64_MAX, 0);
	since = fn_poll_now_ns();
	fn_poller_set_timer(timers[0], 3000000, 0);
	assert_true(fn_poll_timers_left_ns(rig.poller, fn_poll_now_ns()) <= 3000000);
	while (!order_n)
		(void)fn_poller_run_once(rig.poller, -1);
	assert_true(fn_poll_now_ns() - since >= 3000000);
	assert_int_equal(fn_poller_run_once(rig.poller, 1000000), 0);
	assert_int_equal(order_n, 1);
	assert_int_equal(order[0], 0);
	assert_true(fn_poll_timers_left_ns(rig.poller, fn_poll_now_ns()) == UINT64_MAX);
	/* Both are over, or never were: in the order of their new times, then a period of one. */
	fn_poller_set_timer(timers[0], 2 * hour, 0);
	fn_poller_set_timer(timers[1], hour, hour);
	now_ns = fn_poll_now_ns() + hour;
	assert_int_equal(fn_poll_timers_run(rig.poller, now_ns), 1);
	assert_int_equal(order[1], 1);
	assert_int_equal(fn_poll_timers_run(rig.poller, now_ns + hour), 2);
	assert_int_equal(fn_poll_timers_run(rig.poller, now_ns + 2 * hour), 1);
	fn_poller_set_timer(timers[1], UINT64_MAX, hour);
	assert_true(fn_poll_timers_left_ns(rig.poller, now_ns) == UINT64_MAX);
	rig_end();
}

/* Each run sets the next one, ever further away; the third ends it. */
static void set_myself(void *arg)
{
	(void)arg;
	ran++;
	if (ran < 3)
		fn_poller_set_timer(timers[0], ran * 1000000u, 0);
	else
		fn_poller_set_timer(timers[0], UINT64_MAX, 1);
}

static void timer_sets_itself(void **state)
{
	uint64_t since;

	(void)state;
	begin();
	ran = 0;
	since = fn_poll_now_ns();
	/* Its period holds no more once the callback has set it. */
	timers[0] = timer_add(set_myself, 0, 1000000, 1);
	while (ran < 3)
		(void)fn_poller_run_once(rig.poller, -1);
	assert_true(fn_poll_now_ns() - since >= 1000000 + 1000000 + 2000000);
	assert_int_equal(fn_poller_run_once(rig.poller, 5000000), 0);
	assert_int_equal(ran, 3);
	rig_end();
}

/* By another thread while the worker sleeps until a later time: the sleep ends by the new one. */
static void stop_worker(void *arg)
{
	(void)arg;
	ran++;
	fn_poller_stop(rig.poller);
}

static void timer_set_by_another_thread(void **state)
{
	(void)state;
	begin();
	ran = 0;
	timers[0] = timer_add(stop_worker, 0, UINT64_MAX, 0);
	for (unsigned i = 0; i < 20; i++) {
		pthread_t thread = worker_start(rig.poller);

		while (i % 2 && !__atomic_load_n(&rig.poller->sleeping, __ATOMIC_SEQ_CST))
			(void)sched_yield();
		fn_poller_set_timer(timers[0], i % 4 * 300000, 0);
		worker_join(thread);
		assert_int_equal(ran, i + 1);
	}
	assert_int_equal(stats().wakes_timeout, 0);
	rig_end();
}

/* A loop of the application's own: the descriptor tells of the new time. */
static void timer_set_while_armed(void **state)
{
	struct pollfd pfd = { .events = POLLIN };

	(void)state;
	begin();
	order_n = 0;
	pfd.fd = fn_poller_fd(rig.poller);
	timers[0] = timer_add(note, 0, UINT64_MAX, 0);
	settle();
	fn_poller_set_timer(timers[0], 2000000, 0);
	while (!order_n) {
		assert_int_equal(poll(&pfd, 1, 10000), 1);
		settle();
	}
	assert_int_equal(order_n, 1);
	rig_end();
}

static void watch_note(void *arg, short events)
{
	const unsigned i = (unsigned)(uintptr_t)arg;
	char c;

	assert_int_equal(events, POLLIN);
	assert_int_equal(read(pipes[i][0], &c, 1), 1);
	note(arg);
}

static struct fn_poller_watch *watch_add(void (*fn)(void *arg, short events), unsigned i)
{
	const struct fn_poller_watch_opts opts = { .sz = sizeof(opts),
						   .fd = pipes[i][0],
						   .events = POLLIN,
						   .fn = fn,
						   .arg = (void *)(uintptr_t)i };
	struct fn_poller_watch *watch;

	assert_int_equal(fn_poller_add_watch(rig.poller, &opts, &watch), 0);
	return watch;
}

static void pipes_open(void)
{
	order_n = 0;
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(pipe(pipes[i]), 0);
}

static void pipes_close(void)
{
	for (unsigned i = 0; i < 8; i++)
		(void)close(pipes[i / 2][i % 2]);
}

static void pipe_put(unsigned i)
{
	assert_int_equal(write(pipes[i][1], "x", 1), 1);
}

/* A descriptor's callback is called as long as there is something, and not afterwards. */
static void watching(void **state)
{
	struct fn_poller_watch_opts opts = { .sz = sizeof(opts), .err = &rig.err, .fd = -1 };

	(void)state;
	begin();
	pipes_open();
	assert_int_equal(fn_poller_add_watch(rig.poller, &opts, NULL), -EINVAL);
	assert_says("fn is missing");
	opts.fn = watch_note;
	opts.events = POLLIN;
	assert_int_equal(fn_poller_add_watch(rig.poller, &opts, NULL), -EBADF);
	assert_says("not open");
	assert_string_equal(rig.err.text, fn_error_last());
	watches[0] = watch_add(watch_note, 0);
	opts.fd = pipes[0][0];
	assert_int_equal(fn_poller_add_watch(rig.poller, &opts, NULL), -EEXIST);
	settle();
	assert_false(readable(fn_poller_fd(rig.poller)));
	for (unsigned i = 0; i < 3; i++)
		pipe_put(0);
	assert_true(readable(fn_poller_fd(rig.poller)));
	while (order_n < 3)
		(void)fn_poller_run_once(rig.poller, -1);
	settle();
	assert_int_equal(order_n, 3);
	assert_true(stats().wakes_event >= 3);
	pipe_put(0);
	fn_poller_del_watch(watches[0]);
	settle();
	assert_int_equal(order_n, 3);
	fn_poller_del_watch(NULL);
	rig_end();
	pipes_close();
}

/* Both are ready: the first takes out the second, and itself. */
static void watch_and_del(void *arg, short events)
{
	watch_note(arg, events);
	for (unsigned i = 0; i < 2; i++) {
		fn_poller_del_watch(watches[i]);
		watches[i] = NULL;
	}
}

static void watch_takes_out(void **state)
{
	(void)state;
	begin();
	pipes_open();
	for (unsigned i = 0; i < 2; i++)
		watches[i] = watch_add(watch_and_del, i);
	settle();
	pipe_put(0);
	pipe_put(1);
	settle();
	assert_int_equal(order_n, 1);
	rig_end();
	pipes_close();
}

/* A timer takes out a descriptor that is ready in the same look. */
static void del_watch(void *arg)
{
	(void)arg;
	ran++;
	fn_poller_del_watch(watches[0]);
	watches[0] = NULL;
}

static unsigned wait_until_due(struct fn_wait *wait, int64_t timeout_ns,
			       struct fn_wait_mark **ready, unsigned *cqes)
{
	if (timeout_ns) {
		(void)usleep(3000);
		pipe_put(0);
	}
	return rig_wait(wait, timeout_ns, ready, cqes);
}

static void timer_takes_out_a_watch(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		begin();
		pipes_open();
		ran = 0;
		watches[0] = watch_add(watch_note, 0);
		settle();
		timers[0] = timer_add(del_watch, 0, 2000000, 0);
		if (i)
			rig.wait_ops.wait = wait_until_due;
		else
			settle();
		if (!i) {
			(void)usleep(3000);
			pipe_put(0);
		}
		while (!ran)
			(void)fn_poller_run_once(rig.poller, i ? -1 : 0);
		assert_in_range(order_n, 0, 1);
		rig_end();
		pipes_close();
	}
}

/* A busy worker looks at timers and descriptors all the same, however full its rounds are. */
static bool always(void *arg)
{
	(void)arg;
	return true;
}

static unsigned run_always(void *arg)
{
	(void)arg;
	return 1;
}

static void stop_by_timer(void *arg)
{
	(void)arg;
	ran++;
	fn_poller_stop(rig.poller);
}

static void take_and_refill(void *arg, struct fn_pkt **pkts, unsigned n)
{
	nic_take(arg, pkts, n);
	nic_receive_n(arg, n);
}

static void busy_worker_looks(void **state)
{
	const struct fn_poller_source_opts opts = { .sz = sizeof(opts),
						    .run = run_always,
						    .pending = always };

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		begin();
		pipes_open();
		ran = 0;
		watches[0] = watch_add(watch_note, 0);
		if (i) {
			nic_add_rx(nic_up(NIC_VIRTIO), rig.poller, take_and_refill);
			nic_receive_n(&rig.nics[0], 200);
		} else {
			assert_int_equal(fn_poller_add_source(rig.poller, &opts, NULL), 0);
		}
		pipe_put(0);
		timers[0] = timer_add(stop_by_timer, 0, 10000000, 0);
		assert_int_equal(fn_poller_run(rig.poller), 0);
		assert_int_equal(ran, 1);
		assert_int_equal(order_n, 1);
		assert_int_equal(stats().sleeps, 0);
		rig_end();
		pipes_close();
	}
}

/* Events of devices are handled by a worker that sleeps; not when the application does it. */
static void events(void **state)
{
	(void)state;
	for (unsigned own = 0; own < 2; own++) {
		struct nic *nic;

		rig_begin_pool(0);
		rig_poller((struct fn_poller_opts){ .own_events = own, .safety_ns = RIG_LONG_NS });
		nic = nic_up(NIC_VIRTIO);
		nic_add_rx(nic, rig.poller, nic_take);
		settle();
		virtio_dev_link(&nic->vd, false);
		assert_int_equal(readable(fn_poller_fd(rig.poller)), !own);
		settle();
		assert_int_equal(rig.events[FN_EVENT_LINK], !own);
		if (own)
			assert_int_equal(fn_ctx_process_events(rig.ctx), 1);
		else
			assert_int_equal(stats().wakes_event, 1);
		rig_end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sources),
		cmocka_unit_test(source_takes_out),
		cmocka_unit_test(timers_in_order),
		cmocka_unit_test(late_timer),
		cmocka_unit_test(timer_takes_out),
		cmocka_unit_test(watching),
		cmocka_unit_test(timer_set_anew),
		cmocka_unit_test(timer_sets_itself),
		cmocka_unit_test(timer_set_by_another_thread),
		cmocka_unit_test(timer_set_while_armed),
		cmocka_unit_test(watch_takes_out),
		cmocka_unit_test(timer_takes_out_a_watch),
		cmocka_unit_test(busy_worker_looks),
		cmocka_unit_test(events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
