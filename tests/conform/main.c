// SPDX-License-Identifier: BSD-3-Clause
/* The program: which behaviours to run where, a line for each, and a file with the results. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conform/runner.h"

/* LeakSanitizer reads all of it behind each behaviour. */
#define RESULTS_MAX 512u

static struct result results[RESULTS_MAX];
static unsigned results_n;
static const char *const kind_words[] = { "ok", "skip", "FAIL" };

static void usage(FILE *to)
{
	(void)fputs(
		"usage: conform [OPTION]...\n"
		"Runs behaviours of devices in places and prints a line for each.\n\n"
		"  --list          print the behaviours: subject, name, sentence\n"
		"  --places        print the places\n"
		"  --place P       run in this place (\"model/virtio-net\"); default: in none\n"
		"  --only A,B      run these behaviours, or all of these subjects; default: all\n"
		"  --results FILE  write the results there as they come, a line each, fields\n"
		"                  between tabs: place, subject, behaviour, ok|skip|FAIL,\n"
		"                  milliseconds, reason; in the end in the order of --list\n"
		"  --jobs N        so many processes at a time; default 1\n"
		"  --here          run in this process, one after the other: for debuggers\n\n"
		"Exit status: 0; 1 when a behaviour failed; 2 for a mistake in the options; 77\n"
		"when this machine cannot have that place. SIGTERM ends the run: what runs then\n"
		"failed, what was not begun has no result.\n\n"
		"Environment, for long runs: CONFORM_POLLER_SLEEPS and CONFORM_POLLER_SWITCHES\n"
		"(poller_ping_pong, poller_modes), CONFORM_POLLER_SECONDS (they end by themselves\n"
		"then), CONFORM_COUNTS (a file that gets how far each came),\n"
		"CONFORM_POLLER_LOST_MS (how long an interrupt may take, and then three times\n"
		"that, until it is lost), CONFORM_DEADLINE_S (of each behaviour).\n",
		to);
}

static void list(void)
{
	for (const struct subject *s = subjects; s->name; s++)
		for (const struct behaviour *const *b = s->behaviours; *b; b++)
			(void)printf("%s\t%s\t%s\n", s->name, (*b)->name, (*b)->sentence);
}

static const struct conform_place *place_find(const char *name)
{
	for (const struct conform_place *p = places; p->name; p++)
		if (strcmp(p->name, name) == 0)
			return p;
	return NULL;
}

/* Whether a name is one of the words in a list with commas. */
static bool listed(const char *words, const char *name)
{
	const size_t len = strlen(name);

	for (const char *at = words; (at = strstr(at, name)) != NULL; at += len)
		if ((at == words || at[-1] == ',') && (at[len] == ',' || !at[len]))
			return true;
	return false;
}

/* The runs that the options ask for. False: a name in @only is of nothing. */
static bool choose(const struct conform_place *place, const char *only)
{
	char words[4096];
	char *save = NULL;

	for (const struct subject *s = subjects; s->name; s++)
		for (const struct behaviour *const *b = s->behaviours; *b; b++)
			if (results_n < RESULTS_MAX &&
			    (!only || listed(only, (*b)->name) || listed(only, s->name)))
				results[results_n++] = (struct result){ .place = place,
									.subject = s,
									.behaviour = *b };
	(void)snprintf(words, sizeof(words), "%s", only ? only : "");
	for (char *word = strtok_r(words, ",", &save); word; word = strtok_r(NULL, ",", &save)) {
		bool found = false;

		for (unsigned i = 0; i < results_n && !found; i++)
			found = strcmp(word, results[i].behaviour->name) == 0 ||
				strcmp(word, results[i].subject->name) == 0;
		if (!found) {
			(void)fprintf(stderr, "conform: no behaviour %s: see --list\n", word);
			return false;
		}
	}
	return true;
}

static void print(const struct result *r)
{
	(void)printf("%-4s %s %s.%s %u ms", kind_words[r->kind], r->place->name, r->subject->name,
		     r->behaviour->name, r->ms);
	(void)printf(r->kind == RESULT_OK ? "\n" : " (%s)\n", r->reason);
	(void)fflush(stdout);
}

/* Where the results go, if anywhere. */
static FILE *file;

static void save(const struct result *r)
{
	if (!file)
		return;
	(void)fprintf(file, "%s\t%s\t%s\t%s\t%u\t%s\n", r->place->name, r->subject->name,
		      r->behaviour->name, kind_words[r->kind], r->ms, r->reason);
	(void)fflush(file);
}

/* All of them again, in order; as they came they are for the case that this is not reached. */
static int save_all(unsigned n)
{
	rewind(file);
	if (ftruncate(fileno(file), 0))
		return 2;
	for (unsigned i = 0; i < n; i++)
		save(&results[i]);
	return fclose(file) ? 2 : 0;
}

static int run(const char *path, unsigned jobs, bool here)
{
	const struct conform_place *place = results[0].place;
	unsigned count[3] = { 0 };
	char why[1024];
	unsigned n;

	if (place->ops->prepare && place->ops->prepare(place, why, sizeof(why))) {
		(void)fprintf(stderr, "conform: nothing runs in %s: %s\n", place->name, why);
		return 77;
	}
	file = path ? fopen(path, "we") : NULL;
	if (path && !file) {
		(void)fprintf(stderr, "conform: %s: %s\n", path, strerror(errno));
		return 2;
	}
	for (n = 0; here && n < results_n; n++) {
		run_here(&results[n]);
		save(&results[n]);
		print(&results[n]);
	}
	if (!here)
		n = run_apart(results, results_n, jobs, save, print);
	for (unsigned i = 0; i < n; i++)
		count[results[i].kind]++;
	(void)printf("%u ok, %u skipped, %u failed", count[RESULT_OK], count[RESULT_SKIP],
		     count[RESULT_FAIL]);
	if (n < results_n)
		(void)printf(", %u not begun when the run was ended", results_n - n);
	(void)printf("\n");
	if (file && save_all(n))
		return 2;
	return count[RESULT_FAIL] || n < results_n ? 1 : 0;
}

enum { OPT_LIST = 1, OPT_PLACES, OPT_PLACE, OPT_ONLY, OPT_RESULTS, OPT_JOBS, OPT_HERE, OPT_HELP };

static const struct option options[] = {
	{ "list", no_argument, NULL, OPT_LIST },
	{ "places", no_argument, NULL, OPT_PLACES },
	{ "place", required_argument, NULL, OPT_PLACE },
	{ "only", required_argument, NULL, OPT_ONLY },
	{ "results", required_argument, NULL, OPT_RESULTS },
	{ "jobs", required_argument, NULL, OPT_JOBS },
	{ "here", no_argument, NULL, OPT_HERE },
	{ "help", no_argument, NULL, OPT_HELP },
	{ NULL, 0, NULL, 0 },
};

int main(int argc, char **argv)
{
	const struct conform_place *place = NULL;
	const char *only = NULL;
	const char *path = NULL;
	unsigned long jobs = 1;
	bool here = false;
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case OPT_LIST:
			list();
			return 0;
		case OPT_PLACES:
			for (const struct conform_place *p = places; p->name; p++)
				(void)puts(p->name);
			return 0;
		case OPT_PLACE:
			place = place_find(optarg);
			if (!place) {
				(void)fprintf(stderr, "conform: no place %s: see --places\n",
					      optarg);
				return 2;
			}
			break;
		case OPT_ONLY:
			only = optarg;
			break;
		case OPT_RESULTS:
			path = optarg;
			break;
		case OPT_JOBS:
			jobs = strtoul(optarg, NULL, 10);
			break;
		case OPT_HERE:
			here = true;
			break;
		case OPT_HELP:
			usage(stdout);
			return 0;
		default:
			usage(stderr);
			return 2;
		}
	}
	if (optind < argc || !place || !jobs) {
		usage(stderr);
		return 2;
	}
	return choose(place, only) && results_n ? run(path, (unsigned)jobs, here) : 2;
}
