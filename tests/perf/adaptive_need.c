// SPDX-License-Identifier: BSD-3-Clause
/*
 * What need says of a load that is known: parts of the rate at which this very worker was
 * saturated, in this run. Lines of fields:
 *
 *   need|what|arrivals|load|rate|need|difference|packets a round|ns a packet
 */
#include <stdio.h>

#include "perf/adaptive.h"

static const unsigned parts[] = { 25, 50, 75, 95 };

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

static void line(const struct need_case *c, const char *load, const struct block *b, double part)
{
	const double need = (double)b->stats.need_ppm / 10000;
	const uint64_t full = b->stats.rounds - b->stats.empty_rounds;

	(void)printf("need|burst %u, %u cycles a packet|%u at once|%s|%.0f|%.1f|%+.1f|%.1f|%.1f\n",
		     c->burst, c->cycles, c->at_once, load, b->rate, need, need - part,
		     full ? (double)b->packets / (double)full : 0,
		     b->packets ? (double)b->stats.busy_ns / (double)b->packets : 0);
	(void)fflush(stdout);
}

/* The load is what came of what would saturate, and not what was asked for. */
static void need_case(struct session *s, const struct need_case *c)
{
	const struct rig_opts opts = { .burst = c->burst, .cycles = c->cycles };
	const uint64_t block_ns = s->quick ? 20 * NS_PER_MS : 1000 * NS_PER_MS;
	const struct threaded_load full = { .kind = THREADED_FULL };
	struct rig *rig = rig_open(&opts);
	struct block saturated;

	if (!rig) {
		s->bad = true;
		return;
	}
	rig_mode(rig, FN_POLLER_ADAPTIVE, FN_POLLER_BALANCED);
	threaded_load(rig->port, 0, &full);
	sleep_ns(10 * NS_PER_MS);
	rig_measure(rig, block_ns, &saturated);
	line(c, "100.0 (saturated)", &saturated, 100);
	for (unsigned i = 0; saturated.packets && i < sizeof(parts) / sizeof(parts[0]); i++) {
		const struct threaded_load part = load_of(c, saturated.rate * parts[i] / 100);
		struct block b;
		char text[32];

		threaded_load(rig->port, 0, &part);
		sleep_ns(10 * NS_PER_MS);
		rig_measure(rig, block_ns, &b);
		(void)snprintf(text, sizeof(text), "%.1f", b.rate * 100 / saturated.rate);
		line(c, text, &b, b.rate * 100 / saturated.rate);
	}
	session_close(s, rig);
}

void rows_need(struct session *s)
{
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		need_case(s, &cases[i]);
}
