// SPDX-License-Identifier: BSD-3-Clause
/*
 * What a worker says of itself: times that add up, counts that are right, also to who asks
 * meanwhile.
 */
#include <liburing.h>
#include <sys/eventfd.h>

#include "poller_rig.h"

static void assert_adds_up(const struct fn_poller_stats *s)
{
	assert_int_equal(s->elapsed_ns, s->busy_ns + s->spin_ns + s->asleep_ns);
}

static void burn(void *arg, struct fn_pkt **pkts, unsigned n)
{
	const uint64_t end_ns = fn_poll_now_ns() + 2000000;

	nic_take(arg, pkts, n);
	while (fn_poll_now_ns() < end_ns)
		continue;
}

/*
 * Rounds with packets are work, callbacks included; sleeps are sleep; all of it is all that there
 * was.
 */
static void times(void **state)
{
	const uint64_t since = fn_poll_now_ns();
	struct fn_poller_stats s;
	struct nic *nic;

	(void)state;
	rig_begin_pool(0);
	rig_poller((struct fn_poller_opts){
		.mode = FN_POLLER_INTERRUPT, .wake_cpu_ns = 1000, .wake_latency_ns = 7000 });
	nic = nic_up(NIC_VIRTIO);
	nic_add_rx(nic, rig.poller, burn);
	for (unsigned i = 0; i < 5; i++) {
		nic_receive_n(nic, 1);
		while (fn_poller_run_once(rig.poller, 3000000))
			;
	}
	s = stats();
	assert_adds_up(&s);
	assert_true(s.busy_ns >= 9900000);
	assert_true(s.asleep_ns >= 14800000);
	assert_true(s.elapsed_ns <= fn_poll_now_ns() - since);
	assert_int_equal(s.wake_cpu_ns, 1000);
	assert_int_equal(s.wake_latency_ns, 7000);
	assert_int_equal(s.sleeps, 5);
	assert_int_equal(s.packets, 5);
	/* Rounds and sleeps that need nearly all that they take, as it is known. */
	assert_in_range(s.need_ns, s.busy_ns / 2, s.busy_ns + 5 * 1001);
	assert_int_equal(s.need_ppm, s.need_ns * 1000000 / s.elapsed_ns);
	assert_int_equal(s.wait, FN_POLLER_WAIT_EPOLL);
	rig_end();
}

/* What it was asked for is no work of its queues, whatever the next round finds. */
static void hold_and_receive(void *arg)
{
	const uint64_t end_ns = fn_poll_now_ns() + 20000000;

	while (fn_poll_now_ns() < end_ns)
		continue;
	nic_receive_n(arg, 1);
}

static void calls_are_no_work(void **state)
{
	struct nic *nic = rig_begin(NIC_VIRTIO, (struct fn_poller_opts){ .mode = FN_POLLER_POLL });
	pthread_t thread = worker_start(rig.poller);
	struct fn_poller_stats s;

	(void)state;
	fn_poller_call(rig.poller, hold_and_receive, nic);
	fn_poller_call(rig.poller, hold_and_receive, nic);
	worker_stop(rig.poller, thread);
	s = stats();
	assert_true(s.spin_ns >= 39600000);
	assert_adds_up(&s);
	settle();
	assert_int_equal(nic->got, 2);
	rig_end();
}

/* Who takes a reading while it sleeps has the sleep so far in it, and no reading goes back. */
static void readings_never_go_back(void **state)
{
	struct fn_poller_stats last = { 0 };
	pthread_t thread;
	uint64_t sleeps;

	(void)state;
	rig_begin_pool(0);
	rig_poller((struct fn_poller_opts){ .mode = FN_POLLER_INTERRUPT, .safety_ns = 50000 });
	thread = worker_start(rig.poller);
	sleeps = stats().sleeps;
	for (unsigned i = 0; i < 200000 || last.sleeps < sleeps + 100; i++) {
		struct fn_poller_stats s = stats();

		assert_true(s.asleep_ns >= last.asleep_ns);
		assert_true(s.elapsed_ns >= last.elapsed_ns);
		assert_true(s.busy_ns >= last.busy_ns);
		assert_true(s.spin_ns >= last.spin_ns);
		assert_true(s.sleeps >= last.sleeps);
		last = s;
		if (i >= 1000000)
			break;
	}
	worker_stop(rig.poller, thread);
	last = stats();
	assert_adds_up(&last);
	rig_end();
}

/* A sleep that lasts is in the times already. */
static void asleep_now(void **state)
{
	struct fn_poller_stats before;
	struct fn_poller_stats s;
	pthread_t thread;

	(void)state;
	rig_begin_pool(0);
	rig_poller(
		(struct fn_poller_opts){ .mode = FN_POLLER_INTERRUPT, .safety_ns = RIG_LONG_NS });
	thread = worker_start(rig.poller);
	before = stats();
	s = before;
	/* Of one sleep, long before it is over, on any machine. */
	for (unsigned i = 0; i < 10000 && s.asleep_ns < before.asleep_ns + 5000000; i++) {
		(void)usleep(1000);
		s = stats();
		if (s.sleeps != before.sleeps)
			before = s;
	}
	assert_true(s.asleep_ns >= before.asleep_ns + 5000000);
	assert_adds_up(&s);
	assert_true(s.sleeps < 10);
	worker_stop(rig.poller, thread);
	rig_end();
}

/* Each other round has work. */
static unsigned every_other(void *arg)
{
	unsigned *rounds = arg;

	return ++*rounds % 2;
}

static bool nothing(void *arg)
{
	(void)arg;
	return false;
}

/* What sources do takes no less time when there is more of it: the rounds of none are known. */
static void sources_need_all(void **state)
{
	unsigned n = 0;
	const struct fn_poller_source_opts source = {
		.sz = sizeof(source), .run = every_other, .pending = nothing, .arg = &n
	};
	struct nic *nic = rig_begin(NIC_VIRTIO, (struct fn_poller_opts){ .mode = FN_POLLER_POLL });

	(void)state;
	assert_int_equal(fn_poller_add_source(rig.poller, &source, NULL), 0);
	for (unsigned i = 0; i < 1000; i++)
		assert_int_equal(fn_poller_run_once(rig.poller, -1), 1);
	assert_true(rig.poller->need.round > 0);
	/* Neither do packets beside it make any of it a cost of rounds. */
	for (unsigned i = 0; i < 100; i++) {
		nic_receive_n(nic, 2);
		assert_int_equal(fn_poller_run_once(rig.poller, -1), 1);
	}
	assert_int_equal(nic->got, 200);
	assert_int_equal(rig.poller->counts.packet_rounds, 100);
	assert_int_equal(stats().sleeps, 0);
	assert_true(stats().busy_ns > 0);
	assert_int_equal(stats().need_ns, stats().busy_ns);
	rig_end();
}

/* Ticks that callbacks spun, and an eventfd that one reads. */
static uint64_t spun;
static int event_fd;

static void spin_2_ms(void *arg)
{
	const uint64_t begin = fn_ticks();

	(void)arg;
	while (fn_ticks() - begin < 2 * rig.poller->cost.ticks_per_ms)
		continue;
	spun += fn_ticks() - begin;
}

static void spin_and_read(void *arg, short events)
{
	eventfd_t value;

	(void)events;
	assert_int_equal(eventfd_read(event_fd, &value), 0);
	spin_2_ms(arg);
}

/* Timers and descriptors are work, all of which is needed, found by a look or behind a sleep. */
static void others_are_busy(void **state)
{
	const struct fn_poller_timer_opts timer = {
		.sz = sizeof(timer), .fn = spin_2_ms, .first_ns = 1000000, .period_ns = 5000000
	};
	struct fn_poller_watch_opts watch = { .sz = sizeof(watch),
					      .events = POLLIN,
					      .fn = spin_and_read };

	(void)state;
	for (unsigned mode = 0; mode < 3; mode++) {
		const struct fn_poll_counts *counts;

		rig_begin_pool(0);
		rig_poller((struct fn_poller_opts){ .mode = (enum fn_poller_mode)mode });
		counts = &rig.poller->counts;
		event_fd = eventfd(0, EFD_NONBLOCK);
		watch.fd = event_fd;
		spun = 0;
		assert_int_equal(fn_poller_add_watch(rig.poller, &watch, NULL), 0);
		assert_int_equal(eventfd_write(event_fd, 1), 0);
		while (!spun)
			(void)fn_poller_run_once(rig.poller, 3000000);
		assert_true(counts->busy_ticks >= spun);
		assert_true(counts->need_ticks >= spun);
		assert_int_equal(fn_poller_add_timer(rig.poller, &timer, NULL), 0);
		for (unsigned i = 0; i < 1000 && spun < 4 * rig.poller->cost.ticks_per_ms; i++)
			(void)fn_poller_run_once(rig.poller, 3000000);
		assert_true(spun >= 4 * rig.poller->cost.ticks_per_ms);
		assert_true(counts->busy_ticks >= spun);
		assert_true(counts->need_ticks >= spun);
		assert_int_equal(rig.poller->other_ticks, counts->busy_ticks);
		rig_end();
		(void)close(event_fd);
	}
}

/* A completion that the application asked for, behind @ns. */
static void ask(uint64_t ns)
{
	static struct __kernel_timespec behind;
	struct io_uring_sqe *sqe = io_uring_get_sqe(fn_poller_ring(rig.poller));

	assert_non_null(sqe);
	behind.tv_nsec = (long long)ns;
	io_uring_prep_timeout(sqe, &behind, 0, 0);
	sqe->user_data = 0;
}

/* Each other one asks for one that is there at once. Nobody is asleep meanwhile. */
static void spin_for_cqe(void *arg, struct io_uring_cqe *cqe)
{
	const uint64_t asleep_ns = stats().asleep_ns;
	unsigned *n = arg;

	(void)cqe;
	if (++*n % 2)
		ask(0);
	spin_2_ms(NULL);
	assert_int_equal(stats().asleep_ns, asleep_ns);
}

/* And so are completions, of which the first one ends a sleep. */
static void completions_are_busy(void **state)
{
	(void)state;
	if (rig_uring_is_forbidden())
		skip();
	for (unsigned mode = 0; mode < 3; mode++) {
		const struct fn_poll_counts *counts;
		unsigned n = 0;

		rig_begin_pool(0);
		rig_poller((struct fn_poller_opts){ .mode = (enum fn_poller_mode)mode,
						    .wait = FN_POLLER_WAIT_URING,
						    .cqe = spin_for_cqe,
						    .cqe_arg = &n,
						    .safety_ns = RIG_LONG_NS });
		counts = &rig.poller->counts;
		spun = 0;
		/* One may be there before the worker sleeps. */
		for (unsigned i = 1; i <= 100 && !counts->wakes_event; i++) {
			ask(3000000);
			while (n < 2 * i)
				(void)fn_poller_run_once(rig.poller, -1);
		}
		assert_true(counts->wakes_event > 0);
		assert_true(counts->busy_ticks >= spun);
		assert_true(counts->need_ticks >= spun);
		assert_int_equal(rig.poller->other_ticks, counts->busy_ticks);
		rig_end();
	}
}

/* A loop of the application's own waits for the descriptor: the worker sleeps meanwhile. */
static void asleep_between_calls(void **state)
{
	struct fn_poller_stats s;
	struct nic *nic;

	(void)state;
	nic = rig_begin(NIC_VIRTIO, (struct fn_poller_opts){ .safety_ns = RIG_LONG_NS,
							     .wake_cpu_ns = 1000000 });
	settle();
	s = stats();
	(void)usleep(20000);
	assert_true(stats().asleep_ns >= s.asleep_ns + 20000000);
	nic_receive_n(nic, 1);
	assert_int_equal(fn_poller_run_once(rig.poller, 0), 1);
	assert_int_equal(nic->got, 1);
	s = stats();
	assert_adds_up(&s);
	assert_true(s.asleep_ns >= 20000000);
	/* Awake, and outside: no time of the worker's. */
	(void)usleep(20000);
	assert_int_equal(stats().elapsed_ns, s.elapsed_ns);
	/* Who asks again and again, and waits for nothing, pays for no more than there was. */
	settle();
	for (unsigned i = 0; i < 1000; i++)
		(void)fn_poller_run_once(rig.poller, 0);
	s = stats();
	assert_true(s.sleeps > 1000);
	assert_true(s.need_ns <= s.elapsed_ns);
	assert_adds_up(&s);
	rig_end();
}

/* Nanoseconds that the threads have waited, as the kernel says: this one, and another one. */
static uint64_t waited[2];
static pthread_t other;
static int other_tid;

FILE *__real_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode);

FILE *__wrap_fopen(const char *path, const char *mode)
{
	static char text[64];
	char of_other[48];
	int n;

	if (!strstr(path, "schedstat"))
		return __real_fopen(path, mode);
	(void)snprintf(of_other, sizeof(of_other), "/proc/self/task/%d/schedstat",
		       __atomic_load_n(&other_tid, __ATOMIC_RELAXED));
	n = strcmp(path, of_other) == 0;
	if (n && !waited[1])
		return NULL;
	n = snprintf(text, sizeof(text), "7 %llu 9\n", (unsigned long long)waited[n]);
	return fmemopen(text, (size_t)n, "r");
}

static void *work_elsewhere(void *arg)
{
	__atomic_store_n(&other_tid, gettid(), __ATOMIC_RELAXED);
	assert_int_equal(fn_poller_run(arg), 0);
	return NULL;
}

/* What its threads waited while they were the worker: not before, and not twice. */
static void off_cpu(void **state)
{
	uint64_t rounds;

	(void)state;
	rig_begin_pool(0);
	rig_poller((struct fn_poller_opts){ 0 });
	assert_int_equal(stats().off_cpu_ns, 0);
	waited[0] = 1000;
	(void)fn_poller_run_once(rig.poller, 0);
	assert_int_equal(stats().off_cpu_ns, 0);
	waited[0] = 1500;
	assert_int_equal(stats().off_cpu_ns, 500);
	(void)fn_poller_run_once(rig.poller, 0);
	assert_int_equal(stats().off_cpu_ns, 500);
	waited[1] = 7000;
	rounds = stats().rounds;
	assert_int_equal(pthread_create(&other, NULL, work_elsewhere, rig.poller), 0);
	while (stats().rounds == rounds)
		(void)usleep(100);
	waited[0] = 9000;
	waited[1] = 7100;
	assert_int_equal(stats().off_cpu_ns, 600);
	fn_poller_stop(rig.poller);
	assert_int_equal(pthread_join(other, NULL), 0);
	/* It is gone, and so is its file. */
	waited[1] = 0;
	assert_int_equal(stats().off_cpu_ns, 600);
	(void)fn_poller_run_once(rig.poller, 0);
	assert_int_equal(stats().off_cpu_ns, 600);
	waited[0] = 9050;
	assert_int_equal(stats().off_cpu_ns, 650);
	rig_end();
}

/* Packets that polling met ended a wait: not those that an interrupt told of, in whatever mode. */
static void caught(void **state)
{
	(void)state;
	for (unsigned mode = 0; mode < 3; mode++) {
		struct nic *nic =
			rig_begin(NIC_VIRTIO,
				  (struct fn_poller_opts){ .mode = (enum fn_poller_mode)mode,
							   .safety_ns = RIG_LONG_NS });

		for (unsigned i = 0; i < 10; i++) {
			settle();
			nic_receive_n(nic, 1);
			(void)fn_poller_run_once(rig.poller, 0);
		}
		assert_int_equal(nic->got, 10);
		assert_int_equal(stats().caught, 0);
		assert_int_equal(stats().wakes_interrupt, 10);
		assert_int_equal(stats().interrupts, 10);
		rig_end();
	}
}

/* An older program asks for less, and gets no more. */
static void shorter(void **state)
{
	struct fn_poller_stats s;

	(void)state;
	rig_begin_pool(0);
	rig_poller((struct fn_poller_opts){ 0 });
	settle();
	memset(&s, 0xee, sizeof(s));
	s.sz = offsetof(struct fn_poller_stats, empty_rounds);
	fn_poller_get_stats(rig.poller, &s);
	assert_true(s.rounds > 0 && s.rounds < 1000);
	assert_int_equal(s.empty_rounds, 0xeeeeeeeeeeeeeeee);
	rig_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times),
		cmocka_unit_test(calls_are_no_work),
		cmocka_unit_test(asleep_now),
		cmocka_unit_test(readings_never_go_back),
		cmocka_unit_test(caught),
		cmocka_unit_test(shorter),
		cmocka_unit_test(sources_need_all),
		cmocka_unit_test(others_are_busy),
		cmocka_unit_test(completions_are_busy),
		cmocka_unit_test(asleep_between_calls),
		cmocka_unit_test(off_cpu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
