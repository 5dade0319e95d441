/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A worker with one queue in virtual time: arrivals go in, and what its decisions cost comes out.
 * Costs are those measured for the design: a round 50 ns, a packet 60 ns, a pause 24 ns.
 */
#ifndef TESTS_UNIT_ADAPT_SIM_H
#define TESTS_UNIT_ADAPT_SIM_H

#include <stdint.h>
#include <stdlib.h>

#include "poll/adapt.h"

#define SIM_ROUND_NS 50u
#define SIM_PACKET_NS 60u
#define SIM_PAUSE_NS 24u
#define SIM_ARM_NS 1000u
#define SIM_SAFETY_NS 1000000000u
#define SIM_BUDGET 64u
#define SIM_PACKETS 200000u

/**
 * struct sim - a worker, and what it did
 * @latency: ns from an interrupt to its first instruction
 * @cpu: ns of processor time for a sleep and its wake
 * @look: it reads the clock in each so many empty rounds, and in the first
 * @late_wakes: each fourth wake takes twice the time, as on a machine with other load
 * @sleeps, @looks, @timeouts: times asleep, second looks that found something, sleeps of a second
 * @last_sleep: packets before the last sleep
 * @zero_at: packets before the window was 0 first; UINT32_MAX: it never was
 * @end, @asleep: ns
 * @waited: of each packet, ns from its arrival until a round found it
 */
struct sim {
	struct fn_adapt adapt;
	uint64_t latency;
	uint64_t cpu;
	unsigned look;
	bool late_wakes;
	uint32_t sleeps;
	uint32_t looks;
	uint32_t timeouts;
	uint32_t last_sleep;
	uint32_t zero_at;
	uint64_t end;
	uint64_t asleep;
	uint64_t waited[SIM_PACKETS];
};

/* It armed, and looks again: work by @at, or a sleep until then. Returns the time behind it. */
static inline uint64_t sim_sleep(struct sim *sim, uint64_t now, uint64_t at, uint32_t packets)
{
	uint64_t wake = at + sim->latency;

	now += SIM_ARM_NS;
	if (at <= now) {
		sim->looks++;
		fn_adapt_woke(&sim->adapt, now, FN_ADAPT_BY_WORK);
		return now;
	}
	sim->sleeps++;
	sim->last_sleep = packets;
	if (at > now + SIM_SAFETY_NS) {
		sim->timeouts++;
		sim->asleep += SIM_SAFETY_NS;
		fn_adapt_woke(&sim->adapt, now + SIM_SAFETY_NS, FN_ADAPT_BY_OTHER);
		return now + SIM_SAFETY_NS;
	}
	if (sim->late_wakes && sim->sleeps % 4 == 0)
		wake += sim->latency;
	sim->asleep += wake - now;
	fn_adapt_woke(&sim->adapt, wake, FN_ADAPT_BY_WORK);
	return wake;
}

/* Have it receive @n packets that arrive at these times. */
static inline void sim_run(struct sim *sim, const uint64_t *at, uint32_t n)
{
	uint64_t now = 0;
	uint32_t done = 0;
	unsigned empty = 0;

	sim->zero_at = UINT32_MAX;
	while (done < n) {
		uint32_t got = 0;

		now += SIM_ROUND_NS;
		for (; got < SIM_BUDGET && done < n && at[done] <= now; got++, done++)
			sim->waited[done] = now - at[done];
		if (got) {
			now += (uint64_t)got * SIM_PACKET_NS;
			fn_adapt_busy(&sim->adapt);
			empty = 0;
			continue;
		}
		if (empty++ % sim->look == 0 && fn_adapt_idle(&sim->adapt, now) == FN_ADAPT_SLEEP) {
			now = sim_sleep(sim, now, at[done], done);
			empty = 0;
		} else {
			now += fn_adapt_pauses(&sim->adapt) * SIM_PAUSE_NS;
		}
		if (!sim->adapt.window && sim->zero_at == UINT32_MAX)
			sim->zero_at = done;
	}
	sim->end = now;
}

/* Processor time a packet, ns. */
static inline uint64_t sim_cpu(const struct sim *sim, uint32_t n)
{
	return (sim->end - sim->asleep + sim->sleeps * sim->cpu) / n;
}

static inline int sim_order(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a;
	const uint64_t y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Median of @sim->waited, which it sorts. */
static inline uint64_t sim_p50(struct sim *sim, uint32_t n)
{
	qsort(sim->waited, n, sizeof(sim->waited[0]), sim_order);
	return sim->waited[n / 2];
}

#endif
