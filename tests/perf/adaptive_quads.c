// SPDX-License-Identifier: BSD-3-Clause
/* Blocks in quads, so that what drifts meets both sides alike, with a control beside them. */
#include <stdio.h>
#include <stdlib.h>

#include "perf/adaptive.h"

/*
 * Beyond these a side was not there for so long that its times are the scheduler's. A virtual
 * machine's hypervisor takes 5 to 6 % of a core at rest, of both modes alike: the control tells.
 */
#define OFF_CPU_MOST 0.03
#define AWAY_MOST 0.10

static void block(struct rig *rig, const struct quads_plan *plan, bool b, struct block *out)
{
	rig_mode(rig, b ? FN_POLLER_ADAPTIVE : FN_POLLER_POLL, plan->policy);
	sleep_ns(plan->settle_ns);
	rig_measure(rig, plan->block_ns, out);
}

bool quads_measure(struct rig *rig, const struct quads_plan *plan, struct quads *quads)
{
	quads->n = plan->quads;
	quads->ab = calloc(quads->n, sizeof(*quads->ab));
	quads->aa = calloc(quads->n, sizeof(*quads->aa));
	if (!quads->ab || !quads->aa) {
		(void)fputs("adaptive: out of memory\n", stderr);
		quads_free(quads);
		return false;
	}
	for (unsigned i = 0; i < quads->n; i++) {
		for (unsigned k = 0; k < 4; k++)
			block(rig, plan, k == 1 || k == 2, &quads->ab[i][k]);
		for (unsigned k = 0; k < 4; k++)
			block(rig, plan, false, &quads->aa[i][k]);
	}
	return true;
}

void quads_free(struct quads *quads)
{
	free(quads->ab);
	free(quads->aa);
	*quads = (struct quads){ 0 };
}

/* Of each quad the inner two beside the outer two. */
static struct interval compare(const struct quads *quads, struct block (*at)[4], block_value *value,
			       bool ratio)
{
	double *values = malloc(quads->n * sizeof(*values));
	struct interval result = { 0 };
	unsigned n = 0;

	if (!values)
		return result;
	for (unsigned i = 0; i < quads->n; i++) {
		const double outer = value(&at[i][0]) + value(&at[i][3]);
		const double inner = value(&at[i][1]) + value(&at[i][2]);

		if (ratio && outer <= 0)
			continue;
		values[n++] = ratio ? inner / outer : (inner - outer) / 2;
	}
	result = interval_of(values, n);
	free(values);
	return result;
}

void quads_ratio(const struct quads *quads, block_value *value, struct interval *figure,
		 struct interval *control)
{
	*figure = compare(quads, quads->ab, value, true);
	*control = compare(quads, quads->aa, value, true);
}

void quads_difference(const struct quads *quads, block_value *value, struct interval *figure,
		      struct interval *control)
{
	*figure = compare(quads, quads->ab, value, false);
	*control = compare(quads, quads->aa, value, false);
}

/* Of each quad two blocks. */
static struct interval side(const struct quads *quads, block_value *value, const unsigned at[2])
{
	double *values = malloc(2 * quads->n * sizeof(*values));
	struct interval result = { 0 };

	if (!values)
		return result;
	for (unsigned i = 0; i < quads->n; i++) {
		values[2 * i] = value(&quads->ab[i][at[0]]);
		values[2 * i + 1] = value(&quads->ab[i][at[1]]);
	}
	result = interval_of(values, 2 * quads->n);
	free(values);
	return result;
}

struct interval quads_a(const struct quads *quads, block_value *value)
{
	return side(quads, value, (const unsigned[]){ 0, 3 });
}

struct interval quads_b(const struct quads *quads, block_value *value)
{
	return side(quads, value, (const unsigned[]){ 1, 2 });
}

double quads_b_sum(const struct quads *quads, block_value *value)
{
	double sum = 0;

	for (unsigned i = 0; i < quads->n; i++)
		sum += value(&quads->ab[i][1]) + value(&quads->ab[i][2]);
	return sum;
}

void blocks_loaded(const struct session *session, double off_cpu, double away, char *text,
		   size_t len)
{
	(void)snprintf(text, len, "%s", session->machine.loaded);
	if (!text[0] && (off_cpu > OFF_CPU_MOST || away > AWAY_MOST))
		(void)snprintf(text, len, "worker off its core %.1f %%, device %.1f %%",
			       off_cpu * 100, away * 100);
}

void quads_loaded(const struct session *session, const struct quads *quads, char *text, size_t len)
{
	double off_cpu = 0;
	double away = 0;

	for (unsigned i = 0; i < quads->n; i++)
		for (unsigned k = 0; k < 4; k++) {
			off_cpu += quads->ab[i][k].off_cpu + quads->aa[i][k].off_cpu;
			away += quads->ab[i][k].away + quads->aa[i][k].away;
		}
	blocks_loaded(session, off_cpu / (8.0 * quads->n), away / (8.0 * quads->n), text, len);
}
