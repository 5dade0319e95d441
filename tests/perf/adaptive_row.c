// SPDX-License-Identifier: BSD-3-Clause
/*
 * Rows of the table, and what is said of them. A row is a line of fields with | between, which
 * tests/perf/adaptive lays out:
 *
 *   row|measure|policy|figure|goal|place|judge|verdict
 */
#include <math.h>
#include <stdio.h>

#include "perf/adaptive.h"

/* As many digits as tell something. */
static const char *number(double value, char *buf, size_t len)
{
	const double size = fabs(value);

	(void)snprintf(buf, len,
		       size >= 1000 || value == floor(value) ? "%.0f" :
		       size >= 10                            ? "%.1f" :
		       size >= 0.1                           ? "%.4f" :
							       "%.3g",
		       value);
	return buf;
}

static bool within(const struct row *row)
{
	if (row->side == AT_MOST)
		return row->figure.high <= row->goal;
	return row->figure.low >= row->goal;
}

static bool without(const struct row *row)
{
	if (row->side == AT_MOST)
		return row->figure.low > row->goal;
	return row->figure.high < row->goal;
}

static const char *verdict(const struct row *row, char *text, size_t len)
{
	const double width = row->control.high - row->control.low;

	if (!row->judged)
		return "shown";
	if (row->loaded && row->loaded[0]) {
		(void)snprintf(text, len, "not judged: %s", row->loaded);
		return text;
	}
	if (row->control.n && !(width < row->margin))
		return "not resolved: the control is too wide";
	if (within(row))
		return "met";
	return without(row) ? "missed" : "not resolved";
}

/* The judge: what makes the verdict, in a few words. */
static void judge(const struct row *row, char *text, size_t len)
{
	char low[32];
	char high[32];
	int n;

	n = snprintf(text, len, "95 %% of %u: %s to %s", row->figure.n,
		     number(row->figure.low, low, sizeof(low)),
		     number(row->figure.high, high, sizeof(high)));
	if (!row->control.n || n < 0 || (size_t)n >= len)
		return;
	(void)snprintf(text + n, len - (size_t)n, "; A/A %s to %s, margin %.3g",
		       number(row->control.low, low, sizeof(low)),
		       number(row->control.high, high, sizeof(high)), row->margin);
}

void row_print(const struct row *row)
{
	char figure[32];
	char goal[32];
	char text[200];
	char why[220];

	judge(row, text, sizeof(text));
	(void)printf("row|%s|%s|%s%s|at %s %s%s|%s|%s|%s\n", row->measure,
		     row->policy ? row->policy : "-",
		     number(row->figure.median, figure, sizeof(figure)), row->unit,
		     row->side == AT_MOST ? "most" : "least", number(row->goal, goal, sizeof(goal)),
		     row->unit, row->place, text, verdict(row, why, sizeof(why)));
	(void)fflush(stdout);
}

bool row_count(const char *measure, const char *policy, double figure, const char *of, double goal,
	       bool judged)
{
	const bool met = figure <= goal;
	char value[32];
	char limit[32];

	(void)printf("row|%s|%s|%s%s|at most %s|threaded model|count|%s\n", measure,
		     policy ? policy : "-", number(figure, value, sizeof(value)), of,
		     number(goal, limit, sizeof(limit)),
		     !judged ? "shown" :
		     met     ? "met" :
			       "missed");
	(void)fflush(stdout);
	return met;
}
