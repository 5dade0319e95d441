/* SPDX-License-Identifier: BSD-3-Clause */
/* The runner's parts: one run of one behaviour, and many of them, each in a process of its own. */
#ifndef FN_TESTS_CONFORM_RUNNER_H
#define FN_TESTS_CONFORM_RUNNER_H

#include <stdio.h>

#include "conform/conform.h"

/* What the jump out of a body says. */
#define CONFORM_FAILED 1
#define CONFORM_SKIPPED 2

enum result_kind { RESULT_OK, RESULT_SKIP, RESULT_FAIL };

/**
 * struct result - how a run went
 * @place: where
 * @subject: the file that the behaviour is in
 * @behaviour: which
 * @kind: how
 * @ms: how long it took
 * @reason: one line, unless ok
 */
struct result {
	const struct conform_place *place;
	const struct subject *subject;
	const struct behaviour *behaviour;
	enum result_kind kind;
	unsigned ms;
	char reason[1024];
};

/* run.c: run it here, in this process; sets kind and reason. */
void run_here(struct result *result);

/*
 * apart.c: run each in a process of its own, up to @jobs at a time. Calls @over for each when it is
 * over, and @in_order for each in the order of @results. SIGTERM ends those that run, as what
 * hangs, and begins no other. Returns how many were run: the first of them.
 */
unsigned run_apart(struct result *results, unsigned n, unsigned jobs,
		   void (*over)(const struct result *result),
		   void (*in_order)(const struct result *result));

#endif
