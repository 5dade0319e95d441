// SPDX-License-Identifier: BSD-3-Clause
/*
 * What need says of a load that is known: part of the rate that this very worker can take, as it
 * did a moment before. Lines of fields, medians of all turns, and behind them a row for each case:
 *
 *   need|what|arrivals|load|rate|need|difference|packets a round|ns a packet
 */
#include <math.h>
#include <stdio.h>

#include "perf/adaptive.h"

static const unsigned parts[] = { 25, 50, 75, 95 };

#define PARTS (sizeof(parts) / sizeof(parts[0]))

#define TURNS 16u
#define SETTLE_NS (10 * NS_PER_MS)

/* How far need may be off, in points. */
#define OFF_MOST 5.0

/**
 * struct need_case - a worker and how packets come to it
 * @burst: of the worker
 * @cycles: that the callback spends on each
 * @at_once: packets that arrive together
 */
struct need_case {
	uint32_t burst;
	unsigned cycles;
	unsigned at_once;
};

static const struct need_case cases[] = {
	{ 1, 0, 1 }, { 32, 0, 1 }, { 32, 0, 32 }, { 1, 500, 1 }, { 32, 500, 1 }, { 32, 500, 32 },
};

#define CASES (sizeof(cases) / sizeof(cases[0]))

/**
 * struct turns - what a part of the load came to, turn by turn
 * @n: turns
 * @load: percent of what the worker can take
 * @rate: packets a second
 * @need: percent of a core
 * @off: of the two the difference
 * @a_round: packets a busy round
 * @ns: busy time a packet
 * @off_cpu: of all blocks, the sum
 * @away: and that
 */
struct turns {
	unsigned n;
	double load[TURNS];
	double rate[TURNS];
	double need[TURNS];
	double off[TURNS];
	double a_round[TURNS];
	double ns[TURNS];
	double off_cpu;
	double away;
};

static struct threaded_load load_of(const struct need_case *c, double rate)
{
	struct threaded_load load = { .kind = THREADED_EVEN, .rate = (uint64_t)rate };

	if (c->at_once == 1)
		return load;
	load.kind = THREADED_BURST;
	load.burst = c->at_once;
	load.period_ns = (uint64_t)(1e9 * c->at_once / rate);
	return load;
}

static double busy_ns(const struct block *b)
{
	return b->packets ? (double)b->stats.busy_ns / (double)b->packets : 0;
}

/*
 * The load is what came of what the worker can take, and not what was asked for. It can take what
 * it took while it was busy with all that would come: a device that cannot saturate it leaves it
 * idle in between.
 */
static void keep(struct turns *t, const struct block *full, const struct block *b)
{
	const uint64_t rounds = b->stats.rounds - b->stats.empty_rounds;
	const unsigned i = t->n++;

	t->rate[i] = b->rate;
	t->load[i] = b->rate * busy_ns(full) * 1e-7;
	t->need[i] = (double)b->stats.need_ppm / 10000;
	t->off[i] = t->need[i] - t->load[i];
	t->a_round[i] = rounds ? (double)b->packets / (double)rounds : 0;
	t->ns[i] = busy_ns(b);
	t->off_cpu += full->off_cpu + b->off_cpu;
	t->away += full->away + b->away;
}

/*
 * All that can come, and then a part of that: so near to each other that little drifts between.
 * Nothing is kept when nothing came, as where others have both cores for all of the time.
 */
static void turn(struct rig *rig, const struct need_case *c, unsigned part, bool quick,
		 struct turns *t)
{
	const uint64_t block_ns = quick ? 20 * NS_PER_MS : 250 * NS_PER_MS;
	const struct threaded_load all = { .kind = THREADED_FULL };
	struct threaded_load load;
	struct block full;
	struct block b;

	threaded_load(rig->port, 0, &all);
	sleep_ns(SETTLE_NS);
	rig_measure(rig, block_ns, &full);
	if (!full.packets || !full.stats.busy_ns)
		return;
	load = load_of(c, 1e7 * part / busy_ns(&full));
	threaded_load(rig->port, 0, &load);
	sleep_ns(SETTLE_NS);
	rig_measure(rig, block_ns, &b);
	keep(t, &full, &b);
}

static double median(double *values, unsigned n)
{
	return quantile_of(values, n, 0.5);
}

static void line(const struct need_case *c, struct turns *t)
{
	(void)printf("need|burst %u, %u cycles a packet|%u at once|", c->burst, c->cycles,
		     c->at_once);
	(void)printf("%.1f|%.0f|%.1f|%+.1f|%.1f|%.1f\n", median(t->load, t->n),
		     median(t->rate, t->n), median(t->need, t->n), median(t->off, t->n),
		     median(t->a_round, t->n), median(t->ns, t->n));
	(void)fflush(stdout);
}

/* How far off it is, to either side. */
static struct interval off_by(struct turns *t)
{
	for (unsigned i = 0; i < t->n; i++)
		t->off[i] = fabs(t->off[i]);
	return interval_of(t->off, t->n);
}

/**
 * struct worst - of a case the part of the load with the largest difference
 * @off: that
 * @off_cpu: of all blocks of the case, mean
 * @away: and that
 */
struct worst {
	struct interval off;
	double off_cpu;
	double away;
};

static bool need_case(struct session *s, const struct need_case *c, struct worst *worst)
{
	const struct rig_opts opts = { .burst = c->burst, .cycles = c->cycles };
	const unsigned turns = s->quick ? 1 : TURNS;
	struct rig *rig = rig_open(&opts);

	*worst = (struct worst){ 0 };
	if (rig)
		rig_mode(rig, FN_POLLER_ADAPTIVE, FN_POLLER_BALANCED);
	for (unsigned i = 0; rig && i < PARTS; i++) {
		struct turns t = { 0 };
		struct interval off;

		for (unsigned k = 0; k < turns; k++)
			turn(rig, c, parts[i], s->quick, &t);
		if (!t.n) {
			(void)printf("note|need: no packet came in %u turns|\n", turns);
			break;
		}
		line(c, &t);
		off = off_by(&t);
		if (!i || off.median > worst->off.median)
			worst->off = off;
		worst->off_cpu += t.off_cpu / (2.0 * t.n * PARTS);
		worst->away += t.away / (2.0 * t.n * PARTS);
	}
	if (rig)
		session_close(s, rig);
	return rig;
}

static void need_row(const struct session *s, const struct need_case *c, const struct worst *worst)
{
	struct row row = {
		.policy = policies[0].name,
		.place = "threaded model",
		.judged = true,
		.side = AT_MOST,
		.goal = OFF_MOST,
		.unit = " points",
		.figure = worst->off,
	};
	char measure[100];
	char loaded[200];

	blocks_loaded(s, worst->off_cpu, worst->away, loaded, sizeof(loaded));
	(void)snprintf(measure, sizeof(measure),
		       "need: off by (burst %u, %u cycles a packet, %u at once)", c->burst,
		       c->cycles, c->at_once);
	row.measure = measure;
	row.loaded = loaded;
	row_print(&row);
}

void rows_need(struct session *s)
{
	struct worst worst[CASES];

	for (unsigned i = 0; i < CASES; i++)
		s->bad = !need_case(s, &cases[i], &worst[i]) || s->bad;
	for (unsigned i = 0; i < CASES; i++)
		if (worst[i].off.n)
			need_row(s, &cases[i], &worst[i]);
}
