// SPDX-License-Identifier: BSD-3-Clause
/* The rows of loads with a shape: many packets at once behind a silence, and bursts with pauses. */
#include <stdio.h>

#include "perf/adaptive.h"

#define AT_ONCE 256u
#define AT_ONCE_RING 512u
#define SILENCE_NS (100 * NS_PER_MS)
#define REPEATS 200u

static double last_p50(const struct block *b)
{
	return b->p50_ns;
}

static double bursts(const struct block *b)
{
	return (double)b->packets / AT_ONCE;
}

static double interrupts(const struct block *b)
{
	return (double)b->interrupts;
}

static double sleeps(const struct block *b)
{
	return (double)b->stats.sleeps;
}

static double apart(const struct block *b)
{
	return (double)b->gap_sleeps;
}

static double periods(const struct block *b)
{
	return (double)b->periods;
}

static double a_period(const struct block *b)
{
	return b->a_period;
}

/* Blocks of so many silences; that of a change of the mode is left out. */
static void burst_policy(struct session *s, struct rig *rig, const struct wake *wake,
			 const struct policy *policy)
{
	const unsigned each = s->quick ? 1 : 5;
	const struct quads_plan plan = {
		.policy = policy->policy,
		.quads = s->quick           ? 1 :
			 policy == policies ? REPEATS / (2 * each) :
					      3,
		.block_ns = each * (uint64_t)SILENCE_NS,
		.settle_ns = SILENCE_NS / 2,
	};
	struct row row = {
		.measure = "256 packets at once: p50 of the last above that of polling",
		.policy = policy->name,
		.place = "threaded model",
		.judged = policy == policies,
		.side = AT_MOST,
		.goal = 1.2 * wake->lat_ns,
		.margin = 1.2 * wake->lat_ns,
		.unit = " ns",
	};
	struct quads quads;
	char loaded[200];
	char of[100];
	double n;

	if (!quads_measure(rig, &plan, &quads)) {
		s->bad = true;
		return;
	}
	quads_difference(&quads, last_p50, &row.figure, &row.control);
	quads_loaded(s, &quads, loaded, sizeof(loaded));
	row.loaded = loaded;
	row_print(&row);
	n = quads_b_sum(&quads, bursts);
	(void)snprintf(of, sizeof(of), " (%.0f interrupts, %.0f times)",
		       quads_b_sum(&quads, interrupts), n);
	(void)row_count("256 packets at once: interrupts each time", policy->name,
			n > 0 ? quads_b_sum(&quads, interrupts) / n : 0, of, 1, policy == policies);
	quads_free(&quads);
}

/* That none is lost is looked at when the rig is closed. */
void rows_burst(struct session *s)
{
	const struct rig_opts opts = { .ring = AT_ONCE_RING, .last_of = AT_ONCE, .stamps = true };
	const struct threaded_load load = { .kind = THREADED_BURST,
					    .burst = AT_ONCE,
					    .period_ns = SILENCE_NS };
	struct threaded_counts counts;
	struct wake wake;
	struct rig *rig;

	if (!wake_measure(SILENCE_NS, &wake)) {
		s->bad = true;
		return;
	}
	(void)printf("note|a wake after %u ms of sleep takes C_lat %.1f us, C_cpu %.1f us|\n",
		     (unsigned)(SILENCE_NS / NS_PER_MS), wake.lat_ns / 1000, wake.cpu_ns / 1000);
	rig = rig_open(&opts);
	if (!rig) {
		s->bad = true;
		return;
	}
	threaded_load(rig->port, 0, &load);
	for (unsigned i = 0; i < POLICIES; i++)
		burst_policy(s, rig, &wake, &policies[i]);
	threaded_counts(rig->port, &counts);
	(void)row_count("256 packets at once: packets that found no buffer", NULL,
			(double)counts.no_buffer, "", 0, true);
	s->bad = s->bad || counts.no_buffer;
	session_close(s, rig);
}

static void onoff_policy(struct session *s, struct rig *rig, const struct policy *policy)
{
	const struct quads_plan plan = {
		.policy = policy->policy,
		.quads = s->quick           ? 2 :
			 policy == policies ? 400 :
					      100,
		.block_ns = 25 * NS_PER_MS,
		.settle_ns = 3 * NS_PER_MS,
	};
	struct row row = {
		.measure = "1 ms on at saturation, 1 ms off: packets of a period by polling's",
		.policy = policy->name,
		.place = "threaded model",
		.judged = policy == policies,
		.side = AT_LEAST,
		.goal = 0.99,
		.margin = 0.01,
		.unit = "",
	};
	struct quads quads;
	char loaded[200];
	char of[100];
	double by_gaps;
	double own;
	double n;

	if (!quads_measure(rig, &plan, &quads)) {
		s->bad = true;
		return;
	}
	quads_ratio(&quads, a_period, &row.figure, &row.control);
	quads_loaded(s, &quads, loaded, sizeof(loaded));
	row.loaded = loaded;
	row_print(&row);
	n = quads_b_sum(&quads, periods);
	by_gaps = quads_b_sum(&quads, apart);
	own = quads_b_sum(&quads, sleeps) - by_gaps;
	(void)snprintf(of, sizeof(of),
		       " (%.0f sleeps, %.0f pauses, %.0f by gaps of the device apart)", own, n,
		       by_gaps);
	(void)row_count("1 ms on at saturation, 1 ms off: sleeps a pause", policy->name,
			n > 0 ? own / n : 0, of, 1, policy == policies && !loaded[0]);
	quads_free(&quads);
}

void rows_onoff(struct session *s)
{
	const struct rig_opts opts = { .periods = true };
	const struct threaded_load load = { .kind = THREADED_ONOFF,
					    .on_ns = NS_PER_MS,
					    .off_ns = NS_PER_MS };
	struct rig *rig = rig_open(&opts);

	if (!rig) {
		s->bad = true;
		return;
	}
	threaded_load(rig->port, 0, &load);
	for (unsigned i = 0; i < POLICIES; i++)
		onoff_policy(s, rig, &policies[i]);
	session_close(s, rig);
}
