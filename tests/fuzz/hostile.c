// SPDX-License-Identifier: BSD-3-Clause
/*
 * A driver against a device that lies at random. It may do what it likes as long as no memory is
 * touched that is not its own, nothing hangs, a queue that must break says why, and the pool is
 * whole in the end. Everything comes from a seed: the same one does the same again.
 */
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "dev/dev.h"
#include "fuzz/hostile.h"

#define STEPS 400u     /* of a session */
#define WATCHDOG_S 20u /* a session takes milliseconds */
#define HANG_NS FN_MS(60000)
#define SECONDS_DEFAULT 2u

/* What can lie. Without --device they take turns. */
static const struct hostile_kind *const kinds[] = { &hostile_virtio_net, &hostile_e1000e,
						    &hostile_igb };

/* What is being done, for the last words. */
static struct {
	const struct hostile_kind *kind;
	uint64_t seed;
	uint64_t session;
	const struct hostile *now;
} run;

static void replay_words(void)
{
	char text[200];
	const int n =
		snprintf(text, sizeof(text),
			 "\nhostile: session %" PRIu64 ", step %" PRIu64
			 "; again: hostile --device %s --seed %" PRIu64 " --session %" PRIu64 "\n",
			 run.session, run.now ? run.now->step : 0, run.kind ? run.kind->name : "",
			 run.seed, run.session);
	const ssize_t done = write(STDERR_FILENO, text, n > 0 ? (size_t)n : 0);

	(void)done;
}

void hostile_fail(struct hostile *h, const char *fmt, ...)
{
	va_list args;

	(void)h;
	(void)fflush(stdout);
	fprintf(stderr, "hostile: ");
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	replay_words();
	/* Not exit(): what is left of the session is no leak to look for. */
	_exit(EXIT_FAILURE);
}

static void on_signal(int sig)
{
	static const char hang[] = "hostile: it hangs";
	static const char crash[] = "hostile: it crashed";
	const ssize_t done = sig == SIGALRM ? write(STDERR_FILENO, hang, sizeof(hang) - 1) :
					      write(STDERR_FILENO, crash, sizeof(crash) - 1);

	(void)done;
	replay_words();
	_exit(EXIT_FAILURE);
}

/* The sanitizers' own last words come first, and then these. */
extern void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

static void last_words(void)
{
	(void)signal(SIGALRM, on_signal);
	if (__sanitizer_set_death_callback) {
		__sanitizer_set_death_callback(replay_words);
		return;
	}
	(void)signal(SIGSEGV, on_signal);
	(void)signal(SIGBUS, on_signal);
	(void)signal(SIGABRT, on_signal);
}

/* splitmix64: any state is a good one. */
static uint64_t mix(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

uint64_t hostile_random(struct hostile *h)
{
	return mix(&h->random);
}

void hostile_note(struct hostile *h, uint64_t what)
{
	h->trace = (h->trace ^ what) * 0x100000001b3u;
}

/* What all sessions came to. */
struct total {
	uint64_t steps;
	uint64_t breaks;
	uint64_t resets;
	uint64_t received;
	uint64_t sent;
	uint64_t trace;
};

/* One thing of either side. No call waits longer than all deadlines that the library has. */
static void step(struct hostile *h)
{
	const uint64_t before_ns = h->md->clock->now_ns;

	if (hostile_below(h, 2))
		h->kind->deed(h);
	else
		hostile_app(h);
	if (h->md->clock->now_ns - before_ns > HANG_NS)
		hostile_fail(h, "a call took %" PRIu64 " ms of the device's time",
			     (h->md->clock->now_ns - before_ns) / FN_MS(1));
	hostile_app_check(h);
}

static void session(const struct hostile_kind *kind, uint64_t seed, uint64_t number,
		    struct total *total)
{
	static struct hostile h;
	uint64_t state = seed + number * 0x2545f4914f6cdd1du;

	memset(&h, 0, sizeof(h));
	h.kind = kind;
	h.random = mix(&state);
	h.trace = h.random;
	h.clean = true;
	run.kind = kind;
	run.session = number;
	run.now = &h;
	(void)alarm(WATCHDOG_S);
	hostile_bus_of(&h);
	kind->begin(&h);
	hostile_app_begin(&h);
	for (h.step = 0; h.step < STEPS; h.step++)
		step(&h);
	hostile_app_mended(&h);
	hostile_app_end(&h);
	total->steps += h.step;
	total->breaks += h.breaks;
	total->resets += h.resets;
	total->received += h.received;
	total->sent += h.sent;
	total->trace = total->trace * 31 + h.trace;
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/**
 * struct options - the command line
 * @kind: what device; NULL: all, by turns
 * @seed: where all random numbers come from
 * @seconds: how long
 * @sessions: so many sessions, whatever time it takes; 0: as many as the time allows
 * @first: the first session; with @one the only one
 * @one: --session was given
 */
struct options {
	const struct hostile_kind *kind;
	uint64_t seed;
	uint64_t seconds;
	uint64_t sessions;
	uint64_t first;
	bool one;
};

static uint64_t as_number(const char *name, const char *text)
{
	char *end;
	const uint64_t value = strtoull(text, &end, 0);

	if (end != text && !*end)
		return value;
	fprintf(stderr, "hostile: --%s %s is no number\n", name, text);
	exit(2);
}

static void usage(void)
{
	fprintf(stderr, "usage: hostile [--seed N] [--seconds S | --sessions N | --session K] "
			"[--device virtio-net|e1000e|igb]\n");
	exit(2);
}

static const struct hostile_kind *as_kind(const char *name)
{
	for (unsigned i = 0; i < FN_ARRAY_LEN(kinds); i++)
		if (!strcmp(kinds[i]->name, name))
			return kinds[i];
	usage();
	return NULL;
}

static void parse(int argc, char **argv, struct options *o)
{
	static const struct option names[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "seconds", required_argument, NULL, 't' },
		{ "sessions", required_argument, NULL, 'n' },
		{ "session", required_argument, NULL, 'k' },
		{ "device", required_argument, NULL, 'd' },
		{ 0 },
	};
	int opt;

	/* NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread. */
	while ((opt = getopt_long(argc, argv, "", names, NULL)) != -1) {
		if (opt == 's')
			o->seed = as_number("seed", optarg);
		else if (opt == 't')
			o->seconds = as_number("seconds", optarg);
		else if (opt == 'n')
			o->sessions = as_number("sessions", optarg);
		else if (opt == 'k')
			o->first = as_number("session", optarg);
		else if (opt == 'd')
			o->kind = as_kind(optarg);
		else
			usage();
		o->one = o->one || opt == 'k';
	}
	if (optind != argc)
		usage();
}

static bool more(const struct options *o, uint64_t done, uint64_t start_ns)
{
	if (o->one)
		return done < 1;
	if (o->sessions)
		return done < o->sessions;
	return now_ns() - start_ns < o->seconds * 1000000000u;
}

int main(int argc, char **argv)
{
	const uint64_t start_ns = now_ns();
	struct options o = { .seed = start_ns % 1000000000u, .seconds = SECONDS_DEFAULT };
	struct total total = { 0 };
	uint64_t done = 0;

	parse(argc, argv, &o);
	run.seed = o.seed;
	printf("hostile: %s, seed %" PRIu64 "\n", o.kind ? o.kind->name : "all devices", o.seed);
	(void)fflush(stdout);
	last_words();
	for (; more(&o, done, start_ns); done++)
		session(o.kind ? o.kind : kinds[(o.first + done) % FN_ARRAY_LEN(kinds)], o.seed,
			o.first + done, &total);
	printf("hostile: %s: %" PRIu64 " sessions, %" PRIu64 " steps, %" PRIu64
	       " packets in, %" PRIu64 " out, %" PRIu64 " queues broken, %" PRIu64
	       " resets: all held; trace %016" PRIx64 "\n",
	       o.kind ? o.kind->name : "all devices", done, total.steps, total.received, total.sent,
	       total.breaks, total.resets, total.trace);
	return EXIT_SUCCESS;
}
