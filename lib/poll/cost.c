// SPDX-License-Identifier: BSD-3-Clause
/* What a wake costs here: a timer wakes the thread some times, which reads its clocks. */
#include <errno.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/error.h"
#include "poll/cost.h"

#define NS_PER_S 1000000000
#define NS_PER_MS 1000000

#define WARM_UP 5
#define SAMPLES 25
/* How far ahead a wake is due: long enough for the core to become idle, as with a worker. */
#define AHEAD_NS 60000
/* Who gets here so late before that did not sleep, or had the processor taken away. */
#define LATE_NS 20000
/* A machine that lets nobody sleep and wake in peace is not waited for. */
#define LIMIT_NS 50000000
#define LIMIT_MS 50
/* Looks at both clocks, so that one of them is not interrupted. */
#define CLOCK_READINGS 16u

/*
 * Beyond these a figure says how busy the machine was, or that its clocks are odd, and not what a
 * wake costs; a worker would spin for milliseconds by it, or never. Without any: a guess.
 */
#define LATENCY_LEAST_NS 1000
#define LATENCY_MOST_NS 250000
#define LATENCY_GUESS_NS 30000
#define CPU_LEAST_NS 200
#define CPU_MOST_NS 100000
#define CPU_GUESS_NS 10000
#define TICKS_LEAST_PER_MS 1000
#define TICKS_MOST_PER_MS 10000000

struct samples {
	int64_t latency_ns[SAMPLES];
	int64_t cpu_ns;
	unsigned n;
};

static int64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	(void)clock_gettime(clock, &ts);
	return (int64_t)ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

/* Both clocks at one moment: of some readings that with the least between. */
static struct fn_rate clocks_now(void)
{
	struct fn_rate best = { 0 };
	uint64_t least = UINT64_MAX;

	for (unsigned i = 0; i < CLOCK_READINGS; i++) {
		const uint64_t before = fn_ticks();
		const int64_t ns = clock_ns(CLOCK_MONOTONIC);
		const uint64_t took = fn_ticks() - before;

		if (took < least) {
			least = took;
			best = (struct fn_rate){ before + took / 2, (uint64_t)ns };
		}
	}
	return best;
}

/* Sleep and wake once. Return: whether it was a sleep, up to the timer. */
static bool sample_take(int timer, int epoll, int64_t *latency_ns, int64_t *cpu_ns)
{
	int64_t due = clock_ns(CLOCK_MONOTONIC) + AHEAD_NS;
	const struct itimerspec at = {
		.it_value = { .tv_sec = (time_t)(due / NS_PER_S),
			      .tv_nsec = (long)(due % NS_PER_S) },
	};
	struct epoll_event ev;
	int64_t before;
	int n;

	if (timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, NULL))
		return false;
	*cpu_ns = -clock_ns(CLOCK_THREAD_CPUTIME_ID);
	before = clock_ns(CLOCK_MONOTONIC);
	n = epoll_wait(epoll, &ev, 1, LIMIT_MS);
	*latency_ns = clock_ns(CLOCK_MONOTONIC) - due;
	*cpu_ns += clock_ns(CLOCK_THREAD_CPUTIME_ID);
	/* The event is edge-triggered, and setting the timer anew takes back what it counted. */
	return n == 1 && before < due - LATE_NS;
}

static void samples_take(struct samples *samples, int timer, int epoll, int64_t until)
{
	int64_t latency, cpu;

	for (int i = 0; i < WARM_UP && clock_ns(CLOCK_MONOTONIC) < until; i++)
		(void)sample_take(timer, epoll, &latency, &cpu);
	while (samples->n < SAMPLES && clock_ns(CLOCK_MONOTONIC) < until) {
		if (!sample_take(timer, epoll, &latency, &cpu))
			continue;
		samples->latency_ns[samples->n++] = latency;
		samples->cpu_ns += cpu;
	}
}

static int64_t samples_median(struct samples *samples)
{
	int64_t *at = samples->latency_ns;

	for (unsigned i = 1; i < samples->n; i++) {
		for (unsigned k = i; k > 0 && at[k - 1] > at[k]; k--) {
			int64_t swap = at[k];

			at[k] = at[k - 1];
			at[k - 1] = swap;
		}
	}
	return at[samples->n / 2];
}

static uint64_t within(int64_t value, int64_t least, int64_t most)
{
	if (value < least)
		return (uint64_t)least;
	return (uint64_t)(value > most ? most : value);
}

static uint64_t ticks_per_ms(struct fn_rate rate)
{
	const int64_t ns = (int64_t)rate.ns;
	const int64_t ticks = (int64_t)rate.ticks;

	/* Times a million: at 10 GHz room for 15 minutes. */
	return within(ns > 0 ? ticks * NS_PER_MS / ns : 0, TICKS_LEAST_PER_MS, TICKS_MOST_PER_MS);
}

static void cost_fill(struct fn_cost *cost, int timer, int epoll)
{
	struct samples samples = { .n = 0 };
	const struct fn_rate from = clocks_now();
	struct fn_rate to;
	int64_t latency = LATENCY_GUESS_NS;
	int64_t cpu = CPU_GUESS_NS;

	samples_take(&samples, timer, epoll, (int64_t)from.ns + LIMIT_NS);
	if (samples.n) {
		latency = samples_median(&samples);
		cpu = samples.cpu_ns / samples.n;
	}
	cost->latency_ns = within(latency, LATENCY_LEAST_NS, LATENCY_MOST_NS);
	cost->cpu_ns = within(cpu, CPU_LEAST_NS, CPU_MOST_NS);
	to = clocks_now();
	cost->rate = (struct fn_rate){ to.ticks - from.ticks, to.ns - from.ns };
	cost->ticks_per_ms = ticks_per_ms(cost->rate);
}

int fn_cost_measure(struct fn_cost *cost)
{
	int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	int epoll = timer < 0 ? -1 : epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event ev = { .events = EPOLLIN | EPOLLET };
	int ret = 0;

	if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &ev))
		ret = fn_fail(-errno,
			      "cannot measure what a wake costs: %s; raise the limit "
			      "(ulimit -n)",
			      fn_strerror(errno));
	else
		cost_fill(cost, timer, epoll);
	if (epoll >= 0)
		(void)close(epoll);
	if (timer >= 0)
		(void)close(timer);
	return ret;
}
