/* SPDX-License-Identifier: BSD-3-Clause */
/* What a wake costs on this machine, and the clock that a worker reads while it polls. */
#ifndef FN_POLL_COST_H
#define FN_POLL_COST_H

#include <stdint.h>
#include <time.h>

/* A counter that is cheap to read, runs at a constant rate and is the same on every core. */
#if defined(FN_TICKS_CALL)
/* In a build that has a worker live by a model's time it is a call (tests/perf/adaptive_step.h). */
uint64_t fn_ticks(void);
#else
static inline uint64_t fn_ticks(void)
{
#if defined(__x86_64__)
	return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
	uint64_t ticks;

	__asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
	return ticks;
#else
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
#endif
}
#endif

/* So many fn_ticks() in so many nanoseconds. */
struct fn_rate {
	uint64_t ticks;
	uint64_t ns;
};

/**
 * struct fn_cost - measured once a poller
 * @latency_ns: from the time at which a timer's interrupt is due to the first instruction of the
 *	thread that slept until then: median
 * @cpu_ns: processor time of the thread for one such sleep and wake: mean
 * @ticks_per_ms: fn_ticks() a millisecond, within what a clock may do
 * @rate: the same as it was measured, for times that are shown; it stays, as with a better one
 *	later times that nobody added to would go back
 */
struct fn_cost {
	uint64_t latency_ns;
	uint64_t cpu_ns;
	uint64_t ticks_per_ms;
	struct fn_rate rate;
};

/**
 * fn_cost_measure - have the calling thread sleep and wake some times
 * @cost: filled
 *
 * Takes about 3 ms. Without threads and signals: a timerfd is the interrupt, which ends an
 * epoll_wait(2) as an eventfd of VFIO's does.
 *
 * Return: 0; -EMFILE, -ENFILE or -ENOMEM for the descriptors, with fn_fail().
 */
int fn_cost_measure(struct fn_cost *cost);

#endif
