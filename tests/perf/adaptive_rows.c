// SPDX-License-Identifier: BSD-3-Clause
/* The rows of the goals' table: nothing comes, all that can comes, packets come at a rate. */
#include <stdio.h>

#include "perf/adaptive.h"

const struct policy policies[POLICIES] = {
	{ "balanced", FN_POLLER_BALANCED },
	{ "latency", FN_POLLER_LATENCY },
	{ "power", FN_POLLER_POWER },
};

static double rate_of(const struct block *b)
{
	return b->rate;
}

static double p50_of(const struct block *b)
{
	return b->p50_ns;
}

static double p90_of(const struct block *b)
{
	return b->p90_ns;
}

static double cpu_of(const struct block *b)
{
	return b->cpu;
}

static double packets_of(const struct block *b)
{
	return (double)b->packets;
}

static double interrupts_of(const struct block *b)
{
	return (double)b->interrupts;
}

static double gap_sleeps_of(const struct block *b)
{
	return (double)b->gap_sleeps;
}

static double sleeps_of(const struct block *b)
{
	return (double)b->stats.sleeps;
}

static void idle_policy(struct session *s, struct rig *rig, const struct policy *policy)
{
	const unsigned blocks = s->quick ? 1 : 12;
	struct block block;
	struct row row = {
		.measure = "idle: a core",
		.policy = policy->name,
		.place = "threaded model",
		.judged = policy == policies,
		.side = AT_MOST,
		.goal = 0.1,
		.unit = " %",
		.loaded = s->machine.loaded,
	};
	double cpu[12];
	double wakes = 0;

	rig_mode(rig, FN_POLLER_ADAPTIVE, policy->policy);
	sleep_ns(200 * NS_PER_MS);
	for (unsigned i = 0; i < blocks; i++) {
		rig_measure(rig, NS_PER_S, &block);
		cpu[i] = block.cpu * 100;
		wakes += (double)block.stats.sleeps / block.seconds / blocks;
	}
	row.figure = interval_of(cpu, blocks);
	row_print(&row);
	(void)row_count("idle: wakes a second", policy->name, wakes, "", 2, policy == policies);
}

void rows_idle(struct session *s)
{
	const struct rig_opts opts = { .rests = true };
	struct rig *rig = rig_open(&opts);

	if (!rig) {
		s->bad = true;
		return;
	}
	for (unsigned i = 0; i < POLICIES; i++)
		idle_policy(s, rig, &policies[i]);
	session_close(s, rig);
}

/* Balanced is judged and has all quads; the others are shown, of a quarter. */
static unsigned quads_for(const struct session *s, const struct policy *policy, unsigned all)
{
	if (s->quick)
		return 1;
	return policy == policies ? all : all / 4;
}

static void saturation_policy(struct session *s, struct rig *rig, const struct policy *policy)
{
	const struct quads_plan plan = {
		.policy = policy->policy,
		.quads = quads_for(s, policy, 400),
		.block_ns = 25 * NS_PER_MS,
		.settle_ns = NS_PER_MS,
	};
	struct row row = {
		.measure = "saturation: throughput of adaptive by that of polling",
		.policy = policy->name,
		.place = "threaded model",
		.judged = policy == policies,
		.side = AT_LEAST,
		.goal = 0.995,
		.unit = "",
		.margin = 0.005,
	};
	struct quads quads;
	char loaded[200];

	if (!quads_measure(rig, &plan, &quads)) {
		s->bad = true;
		return;
	}
	quads_ratio(&quads, rate_of, &row.figure, &row.control);
	quads_loaded(s, &quads, loaded, sizeof(loaded));
	row.loaded = loaded;
	row_print(&row);
	(void)printf("note|saturation, %s: %.2f million packets/s, %.0f interrupts and %.0f sleeps "
		     "in %.0f packets|%s\n",
		     policy->name, quads_b(&quads, rate_of).median / 1e6,
		     quads_b_sum(&quads, interrupts_of), quads_b_sum(&quads, sleeps_of),
		     quads_b_sum(&quads, packets_of), loaded);
	quads_free(&quads);
}

void rows_saturation(struct session *s)
{
	const struct rig_opts opts = { 0 };
	const struct threaded_load full = { .kind = THREADED_FULL };
	struct rig *rig = rig_open(&opts);

	if (!rig) {
		s->bad = true;
		return;
	}
	threaded_load(rig->port, 0, &full);
	for (unsigned i = 0; i < POLICIES; i++)
		saturation_policy(s, rig, &policies[i]);
	session_close(s, rig);
}

/**
 * struct rate_row - what is measured at a rate
 * @rate: packets a second
 * @quads: of a full run
 * @block_ns: a block
 * @settle_ns: behind a change of the mode
 * @p50_by: the median latency beside that of polling at most, as a ratio; 0: no such goal
 * @p50_above: and as a difference, in times of C_lat
 * @interrupts: a packet at most, sleeps apart that a gap of the device led to; 0: no such goal
 * @cpu: the policy whose processor time has a goal, plus 1
 */
struct rate_row {
	uint64_t rate;
	unsigned quads;
	uint64_t block_ns;
	uint64_t settle_ns;
	double p50_by;
	double p50_above;
	double interrupts;
	unsigned cpu;
};

static const struct rate_row rates[] = {
	{ .rate = 1000,
	  .quads = 40,
	  .block_ns = 200 * NS_PER_MS,
	  .settle_ns = 20 * NS_PER_MS,
	  .p50_above = 1.15,
	  .cpu = 1 },
	{ .rate = 10000,
	  .quads = 40,
	  .block_ns = 50 * NS_PER_MS,
	  .settle_ns = 10 * NS_PER_MS,
	  .cpu = 3 },
	{ .rate = 100000,
	  .quads = 100,
	  .block_ns = 25 * NS_PER_MS,
	  .settle_ns = 5 * NS_PER_MS,
	  .p50_by = 1.05,
	  .interrupts = 0.05 },
	{ .rate = 1000000,
	  .quads = 60,
	  .block_ns = 25 * NS_PER_MS,
	  .settle_ns = 5 * NS_PER_MS,
	  .interrupts = 1e-4 },
};

static void rate_latency(const struct wake *wake, const struct rate_row *rate, struct row row,
			 const struct quads *quads)
{
	char measure[100];

	row.measure = measure;
	if (rate->p50_by > 0) {
		(void)snprintf(measure, sizeof(measure), "%u packets/s: p50 by that of polling",
			       (unsigned)rate->rate);
		row.goal = rate->p50_by;
		row.margin = rate->p50_by - 1;
		row.unit = "";
		quads_ratio(quads, p50_of, &row.figure, &row.control);
	} else {
		(void)snprintf(measure, sizeof(measure), "%u packets/s: p50 above that of polling",
			       (unsigned)rate->rate);
		row.goal = rate->p50_above * wake->lat_ns;
		row.margin = row.goal;
		row.unit = " ns";
		quads_difference(quads, p50_of, &row.figure, &row.control);
	}
	row.judged = row.judged && (rate->p50_by > 0 || rate->p50_above > 0);
	row_print(&row);
}

/* A gap of the device's thread led to a sleep, and so to an interrupt: those are apart. */
static void rate_interrupts(const struct rate_row *rate, const struct policy *policy,
			    const struct quads *quads, bool judged)
{
	const double packets = quads_b_sum(quads, packets_of);
	const double apart = quads_b_sum(quads, gap_sleeps_of);
	const double interrupts = quads_b_sum(quads, interrupts_of);
	const double own = interrupts > apart ? interrupts - apart : 0;
	char measure[100];
	char of[100];

	(void)snprintf(measure, sizeof(measure), "%u packets/s: interrupts a packet",
		       (unsigned)rate->rate);
	(void)snprintf(of, sizeof(of), " (%.0f in %.0f, %.0f by gaps of the device apart)", own,
		       packets, apart);
	(void)row_count(measure, policy->name, packets > 0 ? own / packets : 0, of,
			rate->interrupts, judged);
}

static void rate_cpu(const struct wake *wake, const struct rate_row *rate, struct row row,
		     const struct quads *quads)
{
	char measure[100];

	(void)snprintf(measure, sizeof(measure), "%u packets/s: a core", (unsigned)rate->rate);
	row.measure = measure;
	row.goal = (wake->cpu_ns + 2000) * (double)rate->rate * 1e-9;
	row.unit = "";
	row.figure = quads_b(quads, cpu_of);
	row.control = (struct interval){ 0 };
	row_print(&row);
}

static void rate_policy(struct session *s, struct rig *rig, const struct rate_row *rate,
			const struct wake *wake, unsigned p)
{
	const bool wanted = !p || rate->cpu == p + 1;
	const struct quads_plan plan = {
		.policy = policies[p].policy,
		.quads = s->quick ? 2 :
			 wanted   ? rate->quads :
				    rate->quads / 4,
		.block_ns = rate->block_ns,
		.settle_ns = rate->settle_ns,
	};
	struct row row = {
		.policy = policies[p].name,
		.place = "threaded model",
		.judged = !p,
		.side = AT_MOST,
	};
	struct quads quads;
	char loaded[200];

	if (!quads_measure(rig, &plan, &quads)) {
		s->bad = true;
		return;
	}
	quads_loaded(s, &quads, loaded, sizeof(loaded));
	row.loaded = loaded;
	if (rate->p50_by > 0 || rate->p50_above > 0)
		rate_latency(wake, rate, row, &quads);
	if (rate->interrupts > 0)
		rate_interrupts(rate, &policies[p], &quads, !p && !loaded[0]);
	row.judged = rate->cpu == p + 1;
	if (rate->cpu)
		rate_cpu(wake, rate, row, &quads);
	(void)printf("note|%u packets/s, %s: p50 %.2f us and p90 %.2f (polling %.2f and %.2f), "
		     "%.3f of a core, %.0f sleeps in %.0f packets|%s\n",
		     (unsigned)rate->rate, policies[p].name, quads_b(&quads, p50_of).median / 1000,
		     quads_b(&quads, p90_of).median / 1000, quads_a(&quads, p50_of).median / 1000,
		     quads_a(&quads, p90_of).median / 1000, quads_b(&quads, cpu_of).median,
		     quads_b_sum(&quads, sleeps_of), quads_b_sum(&quads, packets_of), loaded);
	quads_free(&quads);
}

static void rate_rows(struct session *s, const struct rate_row *rate)
{
	const struct rig_opts opts = { .stamps = true, .apart = rate->interrupts > 0 };
	const struct threaded_load even = { .kind = THREADED_EVEN, .rate = rate->rate };
	struct wake wake;
	struct rig *rig;

	/* A worker sleeps from one packet to the next, or not at all. */
	if (!wake_measure(NS_PER_S / rate->rate, &wake)) {
		s->bad = true;
		return;
	}
	(void)printf("note|%u packets/s: a wake after as long a sleep takes C_lat %.1f us, "
		     "C_cpu %.1f us|\n",
		     (unsigned)rate->rate, wake.lat_ns / 1000, wake.cpu_ns / 1000);
	rig = rig_open(&opts);
	if (!rig) {
		s->bad = true;
		return;
	}
	threaded_load(rig->port, 0, &even);
	for (unsigned p = 0; p < POLICIES; p++)
		rate_policy(s, rig, rate, &wake, p);
	session_close(s, rig);
}

void rows_rates(struct session *s)
{
	for (unsigned i = 0; i < sizeof(rates) / sizeof(rates[0]); i++)
		rate_rows(s, &rates[i]);
}
