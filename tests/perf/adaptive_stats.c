// SPDX-License-Identifier: BSD-3-Clause
/* Medians and their intervals. */
#include <math.h>
#include <stdlib.h>

#include "perf/adaptive.h"

static int compare(const void *a, const void *b)
{
	const double *x = a;
	const double *y = b;

	return (*x > *y) - (*x < *y);
}

struct interval interval_of(double *values, unsigned n)
{
	struct interval i = { 0.0, -INFINITY, INFINITY, n };
	double half;
	long low;

	if (!n)
		return i;
	qsort(values, n, sizeof(*values), compare);
	i.median = (values[(n - 1) / 2] + values[n / 2]) / 2;
	/*
	 * How many values lie below the true median is binomial: between two ranks that are 1.96
	 * of its deviations from the middle the median lies 95 times of 100.
	 */
	half = 1.96 * sqrt((double)n) / 2;
	low = (long)floor((double)n / 2 - half);
	if (low < 1)
		return i;
	i.low = values[low - 1];
	i.high = values[n - (unsigned)low];
	return i;
}

double quantile_of(double *values, unsigned n, double part)
{
	if (!n)
		return 0;
	qsort(values, n, sizeof(*values), compare);
	return values[(unsigned)((double)(n - 1) * part)];
}
