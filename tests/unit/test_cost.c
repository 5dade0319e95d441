// SPDX-License-Identifier: BSD-3-Clause
/* What a wake costs: sane figures in bounded time, whatever the machine does meanwhile. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <fastnic/error.h>

#include "poll/cost.h"

#define MS 1000000

/*
 * Another machine, in place of this one's timers: each wake comes @late_ns behind its time and
 * takes @cpu_ns, on clocks that only the test moves.
 */
static struct {
	bool on;
	int64_t late_ns;
	int64_t cpu_ns;
	int64_t busy_ns; /* until the thread gets to wait */
	int64_t now_ns;
	int64_t used_ns;
	int64_t due_ns;
	bool fails;       /* no wake is a timer's */
	bool interrupted; /* each other wait is, by a signal */
	unsigned waits;
	int64_t late_first_ns; /* of the first five */
} machine;

int __real_clock_gettime(clockid_t clock, struct timespec *ts);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ts);
int __real_epoll_wait(int fd, struct epoll_event *ev, int n, int timeout_ms);
int __wrap_epoll_wait(int fd, struct epoll_event *ev, int n, int timeout_ms);
int __real_timerfd_settime(int fd, int flags, const struct itimerspec *to, struct itimerspec *old);
int __wrap_timerfd_settime(int fd, int flags, const struct itimerspec *to, struct itimerspec *old);

int __wrap_clock_gettime(clockid_t clock, struct timespec *ts)
{
	int64_t ns = clock == CLOCK_MONOTONIC ? machine.now_ns : machine.used_ns;

	if (!machine.on)
		return __real_clock_gettime(clock, ts);
	ts->tv_sec = (time_t)(ns / 1000 / MS);
	ts->tv_nsec = (long)(ns % (1000 * MS));
	return 0;
}

int __wrap_timerfd_settime(int fd, int flags, const struct itimerspec *to, struct itimerspec *old)
{
	if (!machine.on)
		return __real_timerfd_settime(fd, flags, to, old);
	machine.due_ns = (int64_t)to->it_value.tv_sec * 1000 * MS + to->it_value.tv_nsec;
	machine.now_ns += machine.busy_ns;
	return 0;
}

int __wrap_epoll_wait(int fd, struct epoll_event *ev, int n, int timeout_ms)
{
	if (!machine.on)
		return __real_epoll_wait(fd, ev, n, timeout_ms);
	machine.waits++;
	if (machine.interrupted && machine.waits % 2) {
		machine.now_ns += 1000;
		machine.used_ns += 5;
		errno = EINTR;
		return -1;
	}
	if (machine.now_ns < machine.due_ns)
		machine.now_ns = machine.due_ns;
	machine.now_ns += machine.waits <= 5 ? machine.late_first_ns : machine.late_ns;
	machine.used_ns += machine.cpu_ns;
	return machine.fails ? 0 : 1;
}

static int restore(void **state)
{
	(void)state;
	memset(&machine, 0, sizeof(machine));
	return 0;
}

static struct fn_cost measured(void)
{
	struct fn_cost cost = { 0 };

	machine.on = true;
	assert_int_equal(fn_cost_measure(&cost), 0);
	machine.on = false;
	return cost;
}

static void of_this_machine(void **state)
{
	struct timespec ts, moment = { .tv_nsec = 20 * MS };
	struct fn_cost cost = { 0 };
	uint64_t ticks, ns;

	(void)state;
	assert_int_equal(fn_cost_measure(&cost), 0);
	assert_in_range(cost.latency_ns, 1000, 250000);
	assert_in_range(cost.cpu_ns, 200, 100000);
	/* The rate agrees with a longer look at both clocks, within what that look may be off. */
	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	ticks = fn_ticks();
	ns = (uint64_t)ts.tv_sec * 1000 * MS + (uint64_t)ts.tv_nsec;
	(void)nanosleep(&moment, NULL);
	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	ticks = fn_ticks() - ticks;
	ns = (uint64_t)ts.tv_sec * 1000 * MS + (uint64_t)ts.tv_nsec - ns;
	assert_in_range(ticks * MS / ns, cost.ticks_per_ms * 7 / 10, cost.ticks_per_ms * 13 / 10);
}

/* The median of the wakes and the mean of the processor's time, those that warm it up left out. */
static void of_a_machine_that_is_known(void **state)
{
	struct fn_cost cost;

	(void)state;
	machine.late_first_ns = 200000;
	machine.late_ns = 12345;
	machine.cpu_ns = 6789;
	cost = measured();
	assert_int_equal(cost.latency_ns, 12345);
	assert_int_equal(cost.cpu_ns, 6789);
	assert_int_equal(machine.waits, 30);
	/* Some 30 times 60 us and what each is late. */
	assert_in_range(machine.now_ns, 2 * MS, 4 * MS);
}

/* Who got no processor between setting the timer and waiting did not sleep. */
static void late_sleepers_do_not_count(void **state)
{
	struct fn_cost cost;

	(void)state;
	machine.late_ns = 7000;
	machine.cpu_ns = 50000;
	machine.busy_ns = 55000;
	cost = measured();
	/* None is left: a guess, and no figure of theirs. */
	assert_int_equal(cost.latency_ns, 30000);
	assert_int_equal(cost.cpu_ns, 10000);
	assert_in_range(machine.now_ns, 50 * MS, 51 * MS);
}

/* Each wake takes milliseconds: it gives up, with what it has, and says nothing beyond reason. */
static void bounded_on_a_busy_machine(void **state)
{
	struct fn_cost cost;

	(void)state;
	machine.late_ns = 4 * MS;
	machine.cpu_ns = MS;
	cost = measured();
	assert_int_equal(cost.latency_ns, 250000);
	assert_int_equal(cost.cpu_ns, 100000);
	assert_in_range(machine.now_ns, 50 * MS, 55 * MS);
	assert_true(machine.waits < 30);
}

static void bounded_without_any_wake(void **state)
{
	struct fn_cost cost;

	(void)state;
	machine.late_first_ns = 50 * MS;
	machine.fails = true;
	cost = measured();
	assert_int_equal(cost.latency_ns, 30000);
	assert_int_equal(cost.cpu_ns, 10000);
	assert_true(cost.ticks_per_ms >= 1000);
	assert_in_range(machine.now_ns, 50 * MS, 101 * MS);
}

/* A wake that takes no time and costs nothing, by such clocks. */
static void never_nothing(void **state)
{
	struct fn_cost cost;

	(void)state;
	machine.late_ns = 0;
	machine.cpu_ns = 0;
	cost = measured();
	assert_int_equal(cost.latency_ns, 1000);
	assert_int_equal(cost.cpu_ns, 200);
}

/* A signal ends a wait before its time: that was no wake. */
static void signals_do_not_count(void **state)
{
	struct fn_cost cost;

	(void)state;
	machine.interrupted = true;
	machine.late_ns = 12345;
	machine.cpu_ns = 6789;
	cost = measured();
	assert_int_equal(cost.latency_ns, 12345);
	assert_int_equal(cost.cpu_ns, 6789);
	assert_in_range(machine.waits, 50, 60);
}

/* Descriptors that may be had: none, and one, which is not enough. */
static void no_descriptor_left(void **state)
{
	struct fn_cost cost;
	struct rlimit limit;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	for (int i = 0; i < 2; i++) {
		int next = dup(0);
		struct rlimit few = { i ? (rlim_t)next + 1 : 0, limit.rlim_max };
		int ret;

		assert_true(next >= 0);
		assert_int_equal(close(next), 0);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
		ret = fn_cost_measure(&cost);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
		assert_int_equal(ret, -EMFILE);
		assert_non_null(strstr(fn_error_last(), "ulimit -n"));
		/* And the one is given back. */
		assert_int_equal(dup(0), next);
		assert_int_equal(close(next), 0);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, restore, restore)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(of_this_machine),
		TEST(of_a_machine_that_is_known),
		TEST(late_sleepers_do_not_count),
		TEST(bounded_on_a_busy_machine),
		TEST(bounded_without_any_wake),
		TEST(never_nothing),
		TEST(signals_do_not_count),
		TEST(no_descriptor_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
