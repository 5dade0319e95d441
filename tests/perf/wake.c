// SPDX-License-Identifier: BSD-3-Clause
/*
 * What a wake costs, by each of a worker's ways to wait: wake [SECONDS]. Reports, judges nothing.
 *
 * A thread on another core writes an eventfd; counted are the time from before that write to the
 * sleeper's first instruction (C_lat), and the sleeper's processor time for one sleep and wake
 * (C_cpu). The ways take turns, since the machine is not the same a second later: only ratios
 * within a round say which is cheaper. Beside them is what a poller measures at its creation.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <fastnic/error.h>

#include "poll/cost.h"
#include "poll/wait.h"

#define NS_PER_S 1000000000u
/* Wakes of a way in a round, and the most that are kept. */
#define TURN 40
#define ROUNDS_MAX 1000
/* How long the sleeper is left alone, and how long before the write it has to wait already. */
#define ASLEEP_NS 60000
#define LATE_NS 20000
#define LOST_NS 2000000000
/* Others' share of the processors, in percent, above which the machine is not quiet. */
#define QUIET 10.0

enum { READ, EPOLL, URING, WAYS };

struct way {
	const char *name;
	const struct fn_wait_ops *ops; /* NULL: read(2) */
	struct fn_wait *wait;
	struct fn_wait_mark mark;
	bool is_there;
	double latency_ns[ROUNDS_MAX * TURN];
	unsigned n;
	unsigned late;
	double round_latency[ROUNDS_MAX];
	double round_cpu[ROUNDS_MAX];
};

static struct way ways[WAYS] = {
	[READ] = { .name = "read" },
	[EPOLL] = { .name = "epoll", .ops = &fn_wait_epoll },
	[URING] = { .name = "io_uring", .ops = &fn_wait_uring },
};
static double measured_latency[ROUNDS_MAX];
static double measured_cpu[ROUNDS_MAX];
static struct fn_cost cost;

/* Between the threads: a request, by its number, to write @fd; when it was written. */
static struct {
	uint32_t asked;
	uint32_t done;
	bool quit;
	int fd;
	uint64_t written;
} bell;

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	(void)clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

static double to_ns(uint64_t ticks)
{
	return (double)ticks * 1e6 / (double)cost.ticks_per_ms;
}

static void pin(int core)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)core, &set);
	(void)pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
}

/* Spins, so that its own wake is in no figure. */
static void *ring_bell(void *arg)
{
	const uint64_t one = 1;
	uint32_t seen = 0;

	pin(*(const int *)arg);
	while (!__atomic_load_n(&bell.quit, __ATOMIC_ACQUIRE)) {
		uint32_t asked = __atomic_load_n(&bell.asked, __ATOMIC_ACQUIRE);
		uint64_t begun = fn_ticks();

		if (asked == seen)
			continue;
		seen = asked;
		while (to_ns(fn_ticks() - begun) < ASLEEP_NS)
			;
		__atomic_store_n(&bell.written, fn_ticks(), __ATOMIC_RELEASE);
		if (write(bell.fd, &one, sizeof(one)) != sizeof(one))
			abort();
		__atomic_store_n(&bell.done, seen, __ATOMIC_RELEASE);
	}
	return NULL;
}

static bool sleep_once(struct way *way)
{
	struct fn_wait_mark *ready[FN_WAIT_READY];
	unsigned cqes;
	uint64_t count;

	if (!way->ops)
		return read(way->mark.fd, &count, sizeof(count)) == sizeof(count);
	return way->ops->wait(way->wait, LOST_NS, ready, &cqes) == 1;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The value below which @share of them are; sorts them. */
static double at_share(double *values, unsigned n, double share)
{
	qsort(values, n, sizeof(*values), compare);
	return n ? values[(unsigned)(share * (n - 1))] : 0;
}

/* Return: false when no wake came. */
static bool turn_take(struct way *way, unsigned round)
{
	double latencies[TURN];
	double cpu = 0;
	unsigned n = 0;

	bell.fd = way->mark.fd;
	for (unsigned i = 0; i < TURN; i++) {
		uint32_t number = bell.asked + 1;
		uint64_t cpu_from, before, after;

		__atomic_store_n(&bell.asked, number, __ATOMIC_RELEASE);
		cpu_from = clock_ns(CLOCK_THREAD_CPUTIME_ID);
		before = fn_ticks();
		if (!sleep_once(way))
			return false;
		after = fn_ticks();
		cpu_from = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu_from;
		while (__atomic_load_n(&bell.done, __ATOMIC_ACQUIRE) != number)
			(void)sched_yield();
		/* It did not get to sleep, or the clocks of two cores disagree. */
		if (bell.written < before || to_ns(bell.written - before) < LATE_NS ||
		    after < bell.written) {
			way->late++;
			continue;
		}
		cpu += (double)cpu_from;
		latencies[n++] = to_ns(after - bell.written);
	}
	memcpy(way->latency_ns + way->n, latencies, n * sizeof(*latencies));
	way->n += n;
	way->round_cpu[round] = n ? cpu / n : 0;
	way->round_latency[round] = at_share(latencies, n, 0.5);
	return true;
}

/* Ratios of rounds: the least, the median and the most. */
static void print_ratios(const char *what, const double *of, const double *to, unsigned rounds)
{
	double ratios[ROUNDS_MAX];
	unsigned n = 0;

	for (unsigned i = 0; i < rounds; i++) {
		if (of[i] > 0 && to[i] > 0)
			ratios[n++] = of[i] / to[i];
	}
	printf("  %s %.2f %.2f %.2f", what, at_share(ratios, n, 0), at_share(ratios, n, 0.5),
	       at_share(ratios, n, 1));
}

static void report(unsigned rounds)
{
	double sorted[ROUNDS_MAX];

	printf("%u rounds of %d wakes each; ns; ratios to read(2) in the same round: least, "
	       "median, most\n",
	       rounds, TURN);
	for (unsigned i = 0; i < WAYS; i++) {
		struct way *way = &ways[i];

		if (!way->is_there)
			continue;
		memcpy(sorted, way->round_cpu, rounds * sizeof(*sorted));
		printf("%-9s C_lat p50 %6.0f p90 %6.0f p99 %6.0f  C_cpu %6.0f", way->name,
		       at_share(way->latency_ns, way->n, 0.5),
		       at_share(way->latency_ns, way->n, 0.9),
		       at_share(way->latency_ns, way->n, 0.99), at_share(sorted, rounds, 0.5));
		print_ratios("lat", way->round_latency, ways[READ].round_latency, rounds);
		print_ratios("cpu", way->round_cpu, ways[READ].round_cpu, rounds);
		printf("  (%u did not sleep)\n", way->late);
	}
	printf("%-9s C_lat p50 %6.0f %21sC_cpu %6.0f", "measured",
	       at_share(memcpy(sorted, measured_latency, rounds * sizeof(*sorted)), rounds, 0.5),
	       "", at_share(memcpy(sorted, measured_cpu, rounds * sizeof(*sorted)), rounds, 0.5));
	print_ratios("lat", measured_latency, ways[READ].round_latency, rounds);
	print_ratios("cpu", measured_cpu, ways[READ].round_cpu, rounds);
	printf("  (fn_cost_measure(): a timer's)\n");
}

static bool ways_open(void)
{
	const struct fn_wait_conf conf = { .ring_entries = 8 };

	for (unsigned i = 0; i < WAYS; i++) {
		struct way *way = &ways[i];

		way->mark = (struct fn_wait_mark){
			.kind = FN_WAIT_VECTOR,
			.fd = eventfd(0, EFD_CLOEXEC | (way->ops ? EFD_NONBLOCK : 0)),
			.events = POLLIN,
		};
		if (way->mark.fd < 0)
			return false;
		way->is_there = !way->ops || way->ops->create(&conf, &way->wait) == 0;
		if (!way->is_there)
			printf("%s is left out: %s\n", way->name, fn_error_last());
		else if (way->ops && way->ops->add(way->wait, &way->mark))
			return false;
	}
	return true;
}

static void ways_close(void)
{
	for (unsigned i = 0; i < WAYS; i++) {
		if (ways[i].wait)
			ways[i].ops->destroy(ways[i].wait);
		(void)close(ways[i].mark.fd);
	}
}

/* Processor time since boot that was used, and all of it; in ticks of /proc/stat. */
static bool stat_read(double *used, double *all)
{
	FILE *file = fopen("/proc/stat", "re");
	double at[8] = { 0 };
	int n = 0;

	if (file) {
		n = fscanf(file, "cpu %lf %lf %lf %lf %lf %lf %lf %lf", at, at + 1, at + 2, at + 3,
			   at + 4, at + 5, at + 6, at + 7);
		(void)fclose(file);
	}
	*all = 0;
	for (int i = 0; i < 8; i++)
		*all += at[i];
	*used = *all - at[3] - at[4];
	return n == 8;
}

/* What others do while this program does nothing. */
static void say_how_quiet(void)
{
	const struct timespec moment = { .tv_nsec = 200000000 };
	double used[2], all[2], busy;
	bool ok = stat_read(used, all);

	(void)nanosleep(&moment, NULL);
	if (!ok || !stat_read(used + 1, all + 1) || all[1] <= all[0]) {
		printf("whether the machine is quiet is not known: no /proc/stat\n");
		return;
	}
	busy = 100 * (used[1] - used[0]) / (all[1] - all[0]);
	printf("others keep %.0f %% of the processors busy%s\n", busy,
	       busy > QUIET ? ": NOT QUIET: these are no figures of the machine, ratios at best" :
			      "");
}

/* The first two cores that may be used; -1: there is none. */
static void cores_find(int core[2])
{
	cpu_set_t set;
	int n = 0;

	core[0] = core[1] = -1;
	if (sched_getaffinity(0, sizeof(set), &set))
		return;
	for (int i = 0; i < CPU_SETSIZE && n < 2; i++) {
		if (CPU_ISSET((size_t)i, &set))
			core[n++] = i;
	}
}

static bool round_run(unsigned round)
{
	if (fn_cost_measure(&cost))
		return false;
	measured_latency[round] = (double)cost.latency_ns;
	measured_cpu[round] = (double)cost.cpu_ns;
	for (unsigned i = 0; i < WAYS; i++) {
		struct way *way = &ways[(round + i) % WAYS];

		if (way->is_there && !turn_take(way, round)) {
			printf("%s: no wake within %u s\n", way->name, LOST_NS / NS_PER_S);
			return false;
		}
	}
	return true;
}

int main(int argc, char **argv)
{
	double seconds = argc > 1 ? strtod(argv[1], NULL) : 3;
	pthread_t thread;
	unsigned rounds = 0;
	uint64_t until;
	int core[2];
	bool ok;

	if (seconds <= 0 || seconds > 60) {
		(void)fprintf(stderr, "usage: wake [SECONDS], up to 60; default 3\n");
		return 2;
	}
	cores_find(core);
	if (core[1] < 0) {
		printf("two cores are needed: one writes while the other sleeps\n");
		return 77;
	}
	say_how_quiet();
	pin(core[0]);
	if (fn_cost_measure(&cost) || !ways_open()) {
		(void)fprintf(stderr, "wake: %s\n", fn_error_last());
		return 1;
	}
	if (pthread_create(&thread, NULL, ring_bell, &core[1]))
		return 1;
	until = clock_ns(CLOCK_MONOTONIC) + (uint64_t)(seconds * NS_PER_S);
	do
		ok = round_run(rounds);
	while (ok && ++rounds < ROUNDS_MAX && clock_ns(CLOCK_MONOTONIC) < until);
	__atomic_store_n(&bell.quit, true, __ATOMIC_RELEASE);
	(void)pthread_join(thread, NULL);
	if (ok)
		report(rounds);
	ways_close();
	return !ok;
}
