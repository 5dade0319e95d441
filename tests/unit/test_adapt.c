// SPDX-License-Identifier: BSD-3-Clause
/*
 * When a worker sleeps: the state machine call by call, and what comes of it for arrivals like
 * those of the goals in docs/adaptive.md, for random and for recorded ones, in virtual time.
 * FASTNIC_FIGURES=1 prints what was counted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "adapt_sim.h"
#include "base/bits.h"

#define US 1000u
#define MS 1000000u

/* The figures of two machines: ns from an interrupt to the worker, and of processor time a wake. */
static const struct machine {
	uint64_t latency;
	uint64_t cpu;
} machines[] = { { 15 * US, 8400 }, { 40 * US, 20 * US } };

static const struct policy {
	const char *name;
	enum fn_poller_policy policy;
	uint64_t factor;
} policies[] = {
	{ "latency", FN_POLLER_LATENCY, 10 },
	{ "balanced", FN_POLLER_BALANCED, 3 },
	{ "power", FN_POLLER_POWER, 1 },
};

/* Recorded gaps, ns; the files say how. */
static const uint32_t web[] = {
#include "traces/web.txt"
};
static const uint32_t stream[] = {
#include "traces/stream.txt"
};
static const uint32_t rpc[] = {
#include "traces/rpc.txt"
};

static uint64_t arrivals[SIM_PACKETS];
static uint32_t arrived;

static void arrive_from(uint64_t ns)
{
	arrivals[0] = ns;
	arrived = 1;
}

static void arrive(uint64_t gap)
{
	assert_in_range(arrived, 1, SIM_PACKETS - 1);
	arrivals[arrived] = arrivals[arrived - 1] + gap;
	arrived++;
}

static uint32_t rnd_32(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*seed >> 32);
}

/*
 * Time to the next of arrivals that know nothing of each other. After von Neumann: numbers are
 * drawn until one is not below the one before; if they are odd in number, their first is what is
 * behind the point, and else the whole part is one more.
 */
static uint64_t rnd_exponential(uint64_t *seed, uint64_t mean)
{
	for (uint64_t whole = 0;; whole++) {
		const uint32_t first = rnd_32(seed);
		uint32_t last = first;
		unsigned n = 1;

		for (uint32_t next; (next = rnd_32(seed)) < last; n++)
			last = next;
		if (n % 2)
			return (mean * (whole << 16 | first >> 16)) >> 16;
	}
}

/* Packets at an even rate, of which @late in 1,000 come after 1 ms instead. */
static void arrive_evenly(uint64_t gap, uint32_t n, unsigned late)
{
	uint64_t seed = 1;

	arrive_from(US);
	while (arrived < n)
		arrive(rnd_32(&seed) % 1000 < late ? MS : gap);
}

static void arrive_at_random(uint64_t mean, uint32_t n)
{
	uint64_t seed = 1;

	arrive_from(US);
	while (arrived < n)
		arrive(rnd_exponential(&seed, mean));
}

/* @n times @packets, @gap apart, and then nothing for @off. */
static void arrive_in_bursts(uint32_t n, uint32_t packets, uint64_t gap, uint64_t off)
{
	arrive_from(off);
	while (arrived < n * packets)
		arrive(arrived % packets ? gap : off);
}

static void arrive_as(const uint32_t *gaps, size_t n, unsigned times)
{
	arrive_from(US);
	for (unsigned i = 0; i < times; i++)
		for (size_t k = 0; k < n; k++)
			arrive(gaps[k]);
}

/* What a load is tried with: each machine and policy, a look at the clock a round or in 16. */
struct setting {
	const struct machine *machine;
	const struct policy *policy;
	unsigned look;
};

#define SETTINGS 12u

static struct setting setting(unsigned i)
{
	return (struct setting){ &machines[i % 2], &policies[i / 2 % 3], i < 6 ? 1 : 16 };
}

static struct sim sim;

static void sim_begin(const struct setting *s, enum fn_poller_mode mode)
{
	memset(&sim, 0, sizeof(sim));
	sim.latency = s->machine->latency;
	sim.cpu = s->machine->cpu;
	sim.look = s->look;
	fn_adapt_init(&sim.adapt, mode, s->policy->policy, s->machine->latency);
}

/* Median of how long a packet waits for a worker that does nothing but poll. */
static uint64_t p50_of_polling(void)
{
	const struct setting any = setting(0);

	sim_begin(&any, FN_POLLER_POLL);
	sim_run(&sim, arrivals, arrived);
	assert_int_equal(sim.sleeps, 0);
	return sim_p50(&sim, arrived);
}

static void print_figures(const char *what, const struct setting *s, uint64_t p50)
{
	print_message("%-28s  %2u us  %-8s  %7.4f  %7.4f  %7.2f  %7.2f\n", what,
		      (unsigned)(s->machine->latency / US), s->policy->name,
		      (double)sim.sleeps / arrived, (double)sim.looks / arrived,
		      (double)sim_cpu(&sim, arrived) / US, (double)p50 / US);
}

/* What has arrived, adaptively; returns the median of how long a packet waits. */
static uint64_t run(const char *what, const struct setting *s)
{
	uint64_t p50;

	sim_begin(s, FN_POLLER_ADAPTIVE);
	sim_run(&sim, arrivals, arrived);
	p50 = sim_p50(&sim, arrived);
	if (getenv("FASTNIC_FIGURES") && s->look == 1)
		print_figures(what, s, p50);
	return p50;
}

static void poll_never_sleeps(void **state)
{
	struct fn_adapt a;

	(void)state;
	fn_adapt_init(&a, FN_POLLER_POLL, FN_POLLER_POWER, 100);
	for (uint64_t now = 0; now < 1000000; now += 100)
		assert_int_equal(fn_adapt_idle(&a, now), FN_ADAPT_SPIN);
	fn_adapt_woke(&a, 2000000, FN_ADAPT_BY_WORK);
	assert_int_equal(fn_adapt_idle(&a, UINT64_MAX), FN_ADAPT_SPIN);
	assert_int_equal(a.window, 0);
}

static void interrupt_sleeps_at_once(void **state)
{
	struct fn_adapt a;

	(void)state;
	fn_adapt_init(&a, FN_POLLER_INTERRUPT, FN_POLLER_LATENCY, 100);
	for (uint64_t now = 0; now < 1000; now++) {
		fn_adapt_busy(&a);
		assert_int_equal(fn_adapt_idle(&a, now), FN_ADAPT_SLEEP);
		fn_adapt_woke(&a, now + 1, FN_ADAPT_BY_WORK);
	}
	assert_int_equal(a.window, 0);
}

/* The window begins at so many times a wake's latency, and ends to the tick. */
static void policies_differ(void **state)
{
	(void)state;
	for (const struct policy *p = policies; p < policies + FN_ARRAY_LEN(policies); p++) {
		struct fn_adapt a;

		fn_adapt_init(&a, FN_POLLER_ADAPTIVE, p->policy, 1600);
		assert_int_equal(a.window, 1600 * p->factor);
		assert_int_equal(a.most, 1600 * p->factor);
		assert_int_equal(a.step, 100 * p->factor);
		assert_int_equal(fn_adapt_idle(&a, 77), FN_ADAPT_SPIN);
		assert_int_equal(fn_adapt_idle(&a, 77 + a.window - 1), FN_ADAPT_SPIN);
		assert_int_equal(fn_adapt_idle(&a, 77 + a.window), FN_ADAPT_SLEEP);
	}
}

/* One packet, then idle until it sleeps, then work after @gap in all; returns the time. */
static uint64_t sleep_until_work(struct fn_adapt *a, uint64_t now, uint64_t gap)
{
	fn_adapt_busy(a);
	if (fn_adapt_idle(a, now) == FN_ADAPT_SPIN)
		assert_int_equal(fn_adapt_idle(a, now + a->window), FN_ADAPT_SLEEP);
	fn_adapt_woke(a, now + gap, FN_ADAPT_BY_WORK);
	return now + gap;
}

/* Late is what came behind the longest window, the time that the wake took apart. */
static void halves_and_doubles(void **state)
{
	struct fn_adapt a;
	uint64_t now = 1000;

	(void)state;
	fn_adapt_init(&a, FN_POLLER_ADAPTIVE, FN_POLLER_BALANCED, 160);
	for (uint64_t window = 240; window >= 30; window /= 2) {
		now = sleep_until_work(&a, now, 480 + 160 + 1);
		assert_int_equal(a.window, window);
	}
	now = sleep_until_work(&a, now, 480 + 160 + 1);
	assert_int_equal(a.window, 0);
	now = sleep_until_work(&a, now, 1000000);
	assert_int_equal(a.window, 0);
	for (uint64_t window = 30; window <= 480; window *= 2) {
		now = sleep_until_work(&a, now, 480 + 160);
		assert_int_equal(a.window, window);
	}
	now = sleep_until_work(&a, now, 480 + 160);
	assert_int_equal(a.window, 480);
}

/* With a window of 0 the first round that finds nothing arms, and what is found then widens it. */
static void second_look_widens(void **state)
{
	struct fn_adapt a;
	uint64_t now = 1000;

	(void)state;
	fn_adapt_init(&a, FN_POLLER_ADAPTIVE, FN_POLLER_POWER, 160);
	while (a.window)
		now = sleep_until_work(&a, now, 100000);
	fn_adapt_busy(&a);
	assert_int_equal(fn_adapt_idle(&a, now), FN_ADAPT_SLEEP);
	fn_adapt_woke(&a, now + 1, FN_ADAPT_BY_WORK);
	assert_int_equal(a.window, 10);
	fn_adapt_busy(&a);
	assert_int_equal(fn_adapt_idle(&a, now + 2), FN_ADAPT_SPIN);
}

/* A time-out or a control call is no work: it sleeps again at once, and late work stays late. */
static void other_wakes_are_no_news(void **state)
{
	struct fn_adapt a;
	uint64_t now = 5000;

	(void)state;
	fn_adapt_init(&a, FN_POLLER_ADAPTIVE, FN_POLLER_BALANCED, 160);
	assert_int_equal(fn_adapt_idle(&a, now), FN_ADAPT_SPIN);
	assert_int_equal(fn_adapt_idle(&a, now += 480), FN_ADAPT_SLEEP);
	for (unsigned i = 0; i < 100; i++) {
		fn_adapt_woke(&a, now += 1000000, FN_ADAPT_BY_OTHER);
		assert_int_equal(a.window, 480);
		assert_int_equal(fn_adapt_idle(&a, now + 1), FN_ADAPT_SLEEP);
	}
	fn_adapt_woke(&a, now + 10, FN_ADAPT_BY_WORK);
	assert_int_equal(a.window, 240);
}

/* Woken by work that a round then does not find: it polls for the window again. */
static void work_not_seen_yet_is_waited_for(void **state)
{
	struct fn_adapt a;

	(void)state;
	fn_adapt_init(&a, FN_POLLER_ADAPTIVE, FN_POLLER_BALANCED, 160);
	assert_int_equal(fn_adapt_idle(&a, 0), FN_ADAPT_SPIN);
	assert_int_equal(fn_adapt_idle(&a, 480), FN_ADAPT_SLEEP);
	fn_adapt_woke(&a, 10000, FN_ADAPT_BY_WORK);
	assert_int_equal(fn_adapt_idle(&a, 10001), FN_ADAPT_SPIN);
	assert_int_equal(fn_adapt_idle(&a, 10001 + 239), FN_ADAPT_SPIN);
	assert_int_equal(fn_adapt_idle(&a, 10001 + 240), FN_ADAPT_SLEEP);
}

/* Polls for @gap, in which something comes, and works for @work; returns the time. */
static uint64_t met_after(struct fn_adapt *a, uint64_t now, uint64_t gap, uint64_t work)
{
	assert_int_equal(fn_adapt_idle(a, now), FN_ADAPT_SPIN);
	assert_int_equal(fn_adapt_idle(a, now + gap), FN_ADAPT_SPIN);
	fn_adapt_busy(a);
	return now + gap + work;
}

/* A late packet does not halve a window whose upper half has met something since the last one. */
static void what_was_needed_is_kept_once(void **state)
{
	struct fn_adapt a;
	uint64_t now = 1000;

	(void)state;
	fn_adapt_init(&a, FN_POLLER_ADAPTIVE, FN_POLLER_BALANCED, 160);
	now = met_after(&a, now, 241, 0);
	now = met_after(&a, now, 3, 0);
	now = sleep_until_work(&a, now, 10000);
	assert_int_equal(a.window, 480);
	now = sleep_until_work(&a, now, 10000);
	assert_int_equal(a.window, 240);

	/* What the lower half meets as well stops nothing, however often it comes. */
	for (unsigned i = 0; i < 1000; i++)
		now = met_after(&a, now, 100, 20);
	now = sleep_until_work(&a, now, 10000);
	assert_int_equal(a.window, 120);

	/* A window that would be too short to exist is kept by whatever comes. */
	now = sleep_until_work(&a, now, 10000);
	now = sleep_until_work(&a, now, 10000);
	assert_int_equal(a.window, 30);
	now = met_after(&a, now, 0, 0);
	now = sleep_until_work(&a, now, 10000);
	assert_int_equal(a.window, 30);

	/* What a sleep ended soon counts like what polling met. */
	now = sleep_until_work(&a, now, 160 + 31);
	assert_int_equal(a.window, 60);
	now = sleep_until_work(&a, now, 10000);
	assert_int_equal(a.window, 60);
	now = sleep_until_work(&a, now, 10000);
	assert_int_equal(a.window, 30);
}

static void pauses_grow(void **state)
{
	static const unsigned pauses[] = { 1, 2, 4, 8, 16, 16, 16 };
	struct fn_adapt a;

	(void)state;
	fn_adapt_init(&a, FN_POLLER_POLL, FN_POLLER_BALANCED, 160);
	for (unsigned round = 0; round < 2; round++) {
		for (size_t i = 0; i < FN_ARRAY_LEN(pauses); i++) {
			assert_int_equal(fn_adapt_idle(&a, round * 100 + i), FN_ADAPT_SPIN);
			assert_int_equal(fn_adapt_pauses(&a), pauses[i]);
		}
		fn_adapt_busy(&a);
	}
}

/* Another mode or policy in the middle of anything finds what a new worker would. */
static void begins_anew(void **state)
{
	struct fn_adapt a;
	uint64_t now = 1000;

	(void)state;
	fn_adapt_init(&a, FN_POLLER_ADAPTIVE, FN_POLLER_LATENCY, 160);
	for (unsigned i = 0; i < 10; i++)
		now = sleep_until_work(&a, now, 10000);
	assert_int_equal(a.window, 0);
	assert_int_equal(fn_adapt_idle(&a, now), FN_ADAPT_SLEEP);
	fn_adapt_init(&a, FN_POLLER_POLL, FN_POLLER_LATENCY, 160);
	assert_int_equal(fn_adapt_idle(&a, now + 100000), FN_ADAPT_SPIN);
	(void)fn_adapt_pauses(&a);
	fn_adapt_init(&a, FN_POLLER_ADAPTIVE, FN_POLLER_LATENCY, 160);
	now = met_after(&a, now + 200000, 1500, 0);
	assert_int_equal(fn_adapt_idle(&a, now), FN_ADAPT_SPIN);

	/* Idle for long, and 1,500 were needed: neither is known any more. */
	fn_adapt_init(&a, FN_POLLER_ADAPTIVE, FN_POLLER_BALANCED, 160);
	assert_int_equal(fn_adapt_pauses(&a), 1);
	now += 1000000;
	assert_int_equal(fn_adapt_idle(&a, now), FN_ADAPT_SPIN);
	assert_int_equal(fn_adapt_idle(&a, now + 479), FN_ADAPT_SPIN);
	assert_int_equal(fn_adapt_idle(&a, now + 480), FN_ADAPT_SLEEP);
	fn_adapt_woke(&a, now + 10000, FN_ADAPT_BY_WORK);
	assert_int_equal(a.window, 240);
}

/* A clock that wraps is no matter; one that is set back makes the worker begin its wait anew. */
static void clock_wraps_or_goes_back(void **state)
{
	struct fn_adapt a;

	(void)state;
	fn_adapt_init(&a, FN_POLLER_ADAPTIVE, FN_POLLER_BALANCED, 160);
	assert_int_equal(fn_adapt_idle(&a, UINT64_MAX - 100), FN_ADAPT_SPIN);
	assert_int_equal(fn_adapt_idle(&a, 378), FN_ADAPT_SPIN);
	assert_int_equal(fn_adapt_idle(&a, 379), FN_ADAPT_SLEEP);
	fn_adapt_woke(&a, 500, FN_ADAPT_BY_WORK);

	assert_int_equal(fn_adapt_idle(&a, 1000000), FN_ADAPT_SPIN);
	assert_int_equal(fn_adapt_idle(&a, 1000), FN_ADAPT_SPIN);
	assert_int_equal(fn_adapt_idle(&a, 1479), FN_ADAPT_SPIN);
	assert_int_equal(fn_adapt_idle(&a, 1480), FN_ADAPT_SLEEP);
	fn_adapt_woke(&a, 10, FN_ADAPT_BY_WORK);
	assert_int_equal(a.window, 480);
}

/* Latencies that no machine has make no window run over, nor one that never ends. */
static void extreme_latencies(void **state)
{
	static const uint64_t latencies[] = {
		0, 1, 15, UINT64_MAX / 10, UINT64_MAX / 2, UINT64_MAX
	};

	(void)state;
	for (size_t i = 0; i < FN_ARRAY_LEN(latencies); i++)
		for (const struct policy *p = policies; p < policies + FN_ARRAY_LEN(policies);
		     p++) {
			struct fn_adapt a;

			fn_adapt_init(&a, FN_POLLER_ADAPTIVE, p->policy, latencies[i]);
			assert_true(a.most >= latencies[i]);
			assert_int_equal(a.window, a.most);
			for (unsigned k = 0; k < 100; k++) {
				fn_adapt_busy(&a);
				(void)fn_adapt_idle(&a, 1000);
				fn_adapt_woke(&a, 1000 + (uint64_t)k * 3, FN_ADAPT_BY_WORK);
				assert_true(a.window <= a.most);
			}
			/* From 0 it comes back, as far as it may. */
			a.window = 0;
			for (unsigned k = 0; k < 6; k++) {
				fn_adapt_busy(&a);
				(void)fn_adapt_idle(&a, 1000);
				fn_adapt_woke(&a, 1000, FN_ADAPT_BY_WORK);
			}
			assert_true(a.window >= a.most / 2);
		}
}

/* Few packets: no polling in vain after the first six, one sleep each, and the price of a wake. */
static void few_packets_sleep(void **state)
{
	(void)state;
	arrive_evenly(MS, 1000, 0);
	for (unsigned i = 0; i < SETTINGS; i++) {
		const struct setting s = setting(i);
		const uint64_t p50 = run("1,000 a second", &s);

		assert_in_range(sim.zero_at, 1, 6);
		assert_int_equal(sim.adapt.window, 0);
		assert_in_range(sim.sleeps, arrived - 1, arrived);
		assert_in_range(sim_cpu(&sim, arrived), 1, sim.cpu + 2 * US);
		assert_in_range(p50, sim.latency, sim.latency * 115 / 100);
	}
}

/* The price of a wake for each of 10,000 a second too, where power matters. */
static void some_packets_cost_a_wake(void **state)
{
	(void)state;
	arrive_evenly(100 * US, 10000, 0);
	for (unsigned i = 0; i < SETTINGS; i++) {
		const struct setting s = setting(i);

		(void)run("10,000 a second", &s);
		if (s.policy->policy != FN_POLLER_POWER)
			continue;
		assert_in_range(sim.sleeps, arrived - 6, arrived);
		assert_in_range(sim_cpu(&sim, arrived), 1, sim.cpu + 2 * US);
	}
}

/* Many packets: from any window it soon polls all the time, as fast as if it never slept. */
static void many_packets_keep_it_awake(const char *what, uint64_t gap)
{
	uint64_t polling;

	arrive_evenly(gap, 20000, 0);
	polling = p50_of_polling();
	for (unsigned i = 0; i < SETTINGS; i++) {
		const struct setting s = setting(i);

		assert_in_range(run(what, &s), 1, polling * 105 / 100);
		assert_int_equal(sim.sleeps + sim.looks, 0);

		sim_begin(&s, FN_POLLER_ADAPTIVE);
		sim.adapt.window = 0;
		sim_run(&sim, arrivals, arrived);
		assert_in_range(sim.sleeps + sim.looks, 1, 6);
		assert_in_range(sim.last_sleep, 0, 100);
		assert_in_range(sim_p50(&sim, arrived), 1, polling * 105 / 100);
	}
}

static void a_hundred_thousand_a_second(void **state)
{
	(void)state;
	many_packets_keep_it_awake("100,000 a second", 10 * US);
}

static void a_million_a_second(void **state)
{
	(void)state;
	many_packets_keep_it_awake("1,000,000 a second", US);
}

/*
 * A late packet in a hundred costs the sleep before it, and in few cases one more. A machine that
 * wakes late now and then changes nothing. The median is a tenth off at most: the packets that come
 * during such a wake wait, too.
 */
static void late_packets_cost_one_sleep(void **state)
{
	uint64_t polling;
	uint32_t late = 0;

	(void)state;
	arrive_evenly(10 * US, 50000, 10);
	for (uint32_t i = 1; i < arrived; i++)
		late += arrivals[i] - arrivals[i - 1] == MS;
	polling = p50_of_polling();
	for (unsigned i = 0; i < SETTINGS; i++) {
		const struct setting s = setting(i);

		assert_in_range(run("100,000 a second, 1 % late", &s), 1, polling * 110 / 100);
		assert_in_range(sim.sleeps + sim.looks, 1, late * 125 / 100);

		sim_begin(&s, FN_POLLER_ADAPTIVE);
		sim.late_wakes = true;
		sim_run(&sim, arrivals, arrived);
		assert_in_range(sim.sleeps + sim.looks, 1, late * 125 / 100);
	}
}

/* 256 at once, 100 ms apart: asleep in between, one wake each. */
static void bursts_take_one_wake(void **state)
{
	(void)state;
	arrive_in_bursts(200, 256, 0, 100 * MS);
	for (unsigned i = 0; i < SETTINGS; i++) {
		const struct setting s = setting(i);

		(void)run("256 at once, each 100 ms", &s);
		assert_int_equal(sim.sleeps, 200);
		assert_int_equal(sim.looks, 0);
		assert_int_equal(sim.adapt.window, 0);
	}
}

/*
 * 1 ms on, 1 ms off: a sleep a gap. While it is on packets come nearly as fast as the worker takes
 * them, or 0.5 or 1 us apart: a short window meets those, and they keep no longer one open.
 */
static void on_off_takes_one_sleep_a_gap(void **state)
{
	static const struct {
		const char *what;
		uint32_t bursts;
		uint32_t packets;
		uint64_t gap;
	} loads[] = {
		{ "1 ms on, 1 ms off, 0.1 us", 20, 10000, 100 },
		{ "1 ms on, 1 ms off, 0.5 us", 100, 2000, 500 },
		{ "1 ms on, 1 ms off, 1 us", 200, 1000, 1000 },
	};

	(void)state;
	for (size_t k = 0; k < FN_ARRAY_LEN(loads); k++) {
		arrive_in_bursts(loads[k].bursts, loads[k].packets, loads[k].gap, MS);
		for (unsigned i = 0; i < SETTINGS; i++) {
			const struct setting s = setting(i);

			(void)run(loads[k].what, &s);
			assert_int_equal(sim.sleeps, loads[k].bursts);
			assert_int_equal(sim.looks, 0);
			assert_in_range(sim.adapt.window, 0, sim.adapt.step + 2 * US);
		}
	}
}

/* No traffic: a sleep a second, and no polling but before the first. */
static void idle_polls_once(void **state)
{
	(void)state;
	arrive_from(61000ull * MS);
	for (unsigned i = 0; i < SETTINGS / 2; i++) {
		const struct setting s = setting(i);

		(void)run("one after 61 s", &s);
		assert_int_equal(sim.timeouts, 60);
		assert_int_equal(sim.sleeps, 61);
		assert_in_range(sim.end - sim.asleep, 1, sim.adapt.most + 61 * 2 * US);
	}
}

/*
 * Arrivals at random, 10 us apart on average. A window of 40 us meets 98 % of them. One of 15 us
 * can not, as 22 % come later, and gives what it is for: a third of the processor.
 */
static void random_arrivals_many(void **state)
{
	uint64_t polling;

	(void)state;
	arrive_at_random(10 * US, 50000);
	polling = p50_of_polling();
	for (unsigned i = 0; i < SETTINGS; i++) {
		const struct setting s = setting(i);
		const uint64_t p50 = run("100,000 a second, random", &s);

		if (sim.adapt.most < 40 * US) {
			assert_in_range(sim.sleeps, 1, arrived / 4);
			assert_in_range(sim_cpu(&sim, arrived), 1, 8 * US);
			continue;
		}
		assert_in_range(sim.sleeps * 20, 0, arrived);
		assert_in_range(p50, 1, polling * 115 / 100);
	}
	arrive_at_random(US, 50000);
	for (unsigned i = 0; i < SETTINGS; i++) {
		const struct setting s = setting(i);

		(void)run("1,000,000 a second, random", &s);
		assert_in_range(sim.sleeps, 0, 5);
	}
}

/* 1 ms apart on average: the price of a wake for each, but for the policy that pays more. */
static void random_arrivals_few(void **state)
{
	(void)state;
	arrive_at_random(MS, 2000);
	for (unsigned i = 0; i < SETTINGS; i++) {
		const struct setting s = setting(i);

		(void)run("1,000 a second, random", &s);
		if (s.policy->policy != FN_POLLER_LATENCY)
			assert_in_range(sim_cpu(&sim, arrived), 1, sim.cpu + 4 * US);
	}
}

/*
 * Recorded arrivals. Whatever they are: fewer sleeps than by interrupts alone, packets that wait no
 * longer than with these, and the processor for a quarter of the time at most.
 */
static void between_the_two_modes(const char *what)
{
	for (unsigned i = 0; i < SETTINGS; i++) {
		const struct setting s = setting(i);
		const uint64_t p50 = run(what, &s);
		const uint32_t sleeps = sim.sleeps;

		assert_in_range(sim_cpu(&sim, arrived), 1, sim.end / arrived / 4);
		sim_begin(&s, FN_POLLER_INTERRUPT);
		sim_run(&sim, arrivals, arrived);
		assert_in_range(sleeps, 1, sim.sleeps);
		assert_in_range(p50, 1, sim_p50(&sim, arrived));
	}
}

/* Packets milliseconds apart: asleep for nearly each, at the price of that. */
static void recorded_web(void **state)
{
	(void)state;
	arrive_as(web, FN_ARRAY_LEN(web), 10);
	between_the_two_modes("recorded: web");
	for (unsigned i = 0; i < SETTINGS; i++) {
		const struct setting s = setting(i);

		sim_begin(&s, FN_POLLER_ADAPTIVE);
		sim_run(&sim, arrivals, arrived);
		assert_in_range(sim.sleeps, arrived * 9 / 10, arrived);
		if (s.policy->policy != FN_POLLER_LATENCY)
			assert_in_range(sim_cpu(&sim, arrived), 1, sim.cpu + 4 * US);
	}
}

static void recorded_stream(void **state)
{
	(void)state;
	arrive_as(stream, FN_ARRAY_LEN(stream), 10);
	between_the_two_modes("recorded: stream");
}

/* Some requests in a row, 8 us apart, with 1 ms in between: most of a row find the worker awake. */
static void recorded_rpc(void **state)
{
	const struct setting s = { &machines[0], &policies[1], 1 };

	(void)state;
	arrive_as(rpc, FN_ARRAY_LEN(rpc), 10);
	between_the_two_modes("recorded: rpc");
	sim_begin(&s, FN_POLLER_ADAPTIVE);
	sim_run(&sim, arrivals, arrived);
	assert_in_range(sim.sleeps, 1, arrived * 3 / 10);
	assert_in_range(sim_p50(&sim, arrived), 1, US);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(poll_never_sleeps),
		cmocka_unit_test(interrupt_sleeps_at_once),
		cmocka_unit_test(policies_differ),
		cmocka_unit_test(halves_and_doubles),
		cmocka_unit_test(second_look_widens),
		cmocka_unit_test(other_wakes_are_no_news),
		cmocka_unit_test(work_not_seen_yet_is_waited_for),
		cmocka_unit_test(what_was_needed_is_kept_once),
		cmocka_unit_test(pauses_grow),
		cmocka_unit_test(begins_anew),
		cmocka_unit_test(clock_wraps_or_goes_back),
		cmocka_unit_test(extreme_latencies),
		cmocka_unit_test(few_packets_sleep),
		cmocka_unit_test(some_packets_cost_a_wake),
		cmocka_unit_test(a_hundred_thousand_a_second),
		cmocka_unit_test(a_million_a_second),
		cmocka_unit_test(late_packets_cost_one_sleep),
		cmocka_unit_test(bursts_take_one_wake),
		cmocka_unit_test(on_off_takes_one_sleep_a_gap),
		cmocka_unit_test(idle_polls_once),
		cmocka_unit_test(random_arrivals_many),
		cmocka_unit_test(random_arrivals_few),
		cmocka_unit_test(recorded_web),
		cmocka_unit_test(recorded_stream),
		cmocka_unit_test(recorded_rpc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
