// SPDX-License-Identifier: BSD-3-Clause
/*
 * The three modes over the packet rate, for adaptive_plot.sh: lines of columns
 *
 *   rate, then of poll, interrupt and adaptive each: share of a core, interrupts a second, p50, us
 *
 * in which the rate is the one that was asked for, and the last line is saturation.
 */
#include <stdio.h>

#include "perf/adaptive.h"

static const uint64_t rates[] = { 100,    300,    1000,    3000,    10000,  20000,
				  30000,  50000,  70000,   100000,  200000, 300000,
				  500000, 700000, 1000000, 2000000, 3000000 };

static const enum fn_poller_mode modes[] = {
	FN_POLLER_POLL,
	FN_POLLER_INTERRUPT,
	FN_POLLER_ADAPTIVE,
};

/* A block has at least so many packets, as far as that takes no more than two seconds. */
static uint64_t block_ns(const struct session *s, uint64_t rate)
{
	uint64_t ns = 200ull * NS_PER_S / rate;

	if (s->quick)
		return 20 * NS_PER_MS;
	if (ns < 500 * NS_PER_MS)
		ns = 500 * NS_PER_MS;
	return ns < 2ull * NS_PER_S ? ns : 2ull * NS_PER_S;
}

static void point(const struct session *s, struct rig *rig, const struct threaded_load *load,
		  uint64_t rate)
{
	struct block b[3];

	threaded_load(rig->port, 0, load);
	for (unsigned i = 0; i < 3; i++) {
		rig_mode(rig, modes[i], FN_POLLER_BALANCED);
		sleep_ns(20 * NS_PER_MS);
		rig_measure(rig, block_ns(s, rate), &b[i]);
	}
	(void)printf("%.0f", load->kind == THREADED_FULL ? b[0].rate : (double)rate);
	for (unsigned i = 0; i < 3; i++)
		(void)printf(" %.4f %.0f %.2f", b[i].cpu, (double)b[i].interrupts / b[i].seconds,
			     b[i].p50_ns / 1000);
	(void)printf("\n");
	(void)fflush(stdout);
}

void rows_sweep(struct session *s)
{
	const struct rig_opts opts = { .stamps = true };
	const struct threaded_load full = { .kind = THREADED_FULL };
	struct rig *rig = rig_open(&opts);

	if (!rig) {
		s->bad = true;
		return;
	}
	for (unsigned i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		const struct threaded_load even = { .kind = THREADED_EVEN, .rate = rates[i] };

		point(s, rig, &even, rates[i]);
	}
	point(s, rig, &full, UINT64_MAX);
	session_close(s, rig);
}
