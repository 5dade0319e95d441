// SPDX-License-Identifier: BSD-3-Clause
/*
 * The timed rows of tests/perf/adaptive, on the threaded model: adaptive [--quick] [ROWS...]
 *
 * ROWS: idle, saturation, rates, burst, onoff, need, sweep; without any all but sweep. With --quick
 * so few blocks that only counts say something. Exit status: 0 also when a goal is missed; 1 when
 * something was lost, a wake-up or a packet; 2 when nothing can be measured.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "perf/adaptive.h"

static const struct {
	const char *name;
	void (*run)(struct session *session);
	bool asked; /* only when it is asked for */
} subjects[] = {
	{ "idle", rows_idle, false },   { "saturation", rows_saturation, false },
	{ "rates", rows_rates, false }, { "burst", rows_burst, false },
	{ "onoff", rows_onoff, false }, { "need", rows_need, false },
	{ "sweep", rows_sweep, true },
};

#define SUBJECTS (sizeof(subjects) / sizeof(subjects[0]))

void session_close(struct session *s, struct rig *rig)
{
	struct fn_poller_stats stats = { .sz = sizeof(stats) };

	fn_poller_get_stats(rig->poller, &stats);
	s->packets += stats.packets;
	s->sleeps += stats.sleeps;
	s->wakes += stats.wakes_interrupt;
	s->spurious += stats.spurious;
	s->lost += stats.lost_wakeups;
	if (!rig_close(rig))
		s->bad = true;
}

static void say_machine(const struct machine *m)
{
	(void)printf("note|C_lat %.1f us, C_cpu %.1f us by an eventfd; the library's own measure: "
		     "%.1f and %.1f us|%s\n",
		     m->wake.lat_ns / 1000, m->wake.cpu_ns / 1000, m->lib_lat_ns / 1000,
		     m->lib_cpu_ns / 1000, m->loaded);
	(void)fflush(stdout);
}

/* What holds for all that was run. */
static void say_sums(struct session *s)
{
	char of[100];

	(void)snprintf(of, sizeof(of), " (%" PRIu64 " in %" PRIu64 " wakes by interrupt)",
		       s->spurious, s->wakes);
	(void)row_count("spurious wakes", NULL,
			s->wakes ? (double)s->spurious / (double)s->wakes : 0, of, 0.01, true);
	(void)snprintf(of, sizeof(of), " (in %" PRIu64 " sleeps, %" PRIu64 " packets)", s->sleeps,
		       s->packets);
	if (!row_count("lost wake-ups", NULL, (double)s->lost, of, 0, true))
		s->bad = true;
}

static bool chosen(int argc, char **argv, const char *name, bool asked)
{
	bool any = false;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], name) == 0)
			return true;
		any = any || strcmp(argv[i], "--quick") != 0;
	}
	return !any && !asked;
}

static bool known(const char *arg)
{
	if (strcmp(arg, "--quick") == 0)
		return true;
	for (unsigned i = 0; i < SUBJECTS; i++)
		if (strcmp(arg, subjects[i].name) == 0)
			return true;
	return false;
}

int main(int argc, char **argv)
{
	static struct session session;

	for (int i = 1; i < argc; i++) {
		if (!known(argv[i])) {
			(void)fprintf(stderr,
				      "adaptive: unknown argument %s; there are --quick, idle, "
				      "saturation, rates, burst, onoff, need and sweep\n",
				      argv[i]);
			return 2;
		}
		if (strcmp(argv[i], "--quick") == 0)
			session.quick = true;
	}
	if (!machine_measure(&session.machine))
		return 2;
	if (session.quick)
		(void)snprintf(session.machine.loaded, sizeof(session.machine.loaded),
			       "a quick run: counts only");
	say_machine(&session.machine);
	for (unsigned i = 0; i < SUBJECTS; i++)
		if (chosen(argc, argv, subjects[i].name, subjects[i].asked))
			subjects[i].run(&session);
	say_sums(&session);
	return session.bad ? 1 : 0;
}
