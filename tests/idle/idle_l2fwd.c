// SPDX-License-Identifier: BSD-3-Clause
/*
 * l2fwd itself, from main() on, between devices of the threaded model that rest: idle_l2fwd
 * OPTION... PORT..., where a PORT is KIND.NAME, and KIND is one of kinds[] below.
 *
 * The program holds the objects of the l2fwd that ships, on the thread that is the process's first.
 * The linker lets some of its names end here: main(), and those that open, start and close
 * devices and create pollers. A thread of the test's own, "director", has frames pass all ports,
 * says "idle from", waits without doing anything until a line comes on standard input, says "idle
 * to", has frames pass again, and ends l2fwd by a signal. Both lines tell what each worker has
 * counted by then: idle.sh judges that.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <fastnic/fastnic.h>

#include "threaded/threaded.h"

#define FRAMES 100u
#define WORKERS 8u
/* Reached only when something is wrong. */
#define DEADLINE_S 60u
#define RUN_S 600u

/* The linker's names: NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
int __wrap_main(int argc, char **argv);
int __real_main(int argc, char **argv);
int __wrap_fn_dev_open(struct fn_ctx *ctx, const char *name, const struct fn_dev_opts *opts,
		       struct fn_dev **dev);
int __real_fn_dev_start(struct fn_dev *dev);
int __wrap_fn_dev_start(struct fn_dev *dev);
int __wrap_fn_dev_close(struct fn_dev *dev);
int __real_fn_dev_close(struct fn_dev *dev);
int __real_fn_poller_create(struct fn_ctx *ctx, const struct fn_poller_opts *opts,
			    struct fn_poller **poller);
int __wrap_fn_poller_create(struct fn_ctx *ctx, const struct fn_poller_opts *opts,
			    struct fn_poller **poller);

static const struct {
	const char *kind;
	struct threaded_opts opts;
} kinds[] = {
	{ "virtio", { .kind = THREADED_VIRTIO, .event_idx = true } },
	{ "flags", { .kind = THREADED_VIRTIO } },
	{ "e1000e", { .kind = THREADED_E1000E } },
	{ "igb", { .kind = THREADED_IGB } },
};

static struct threaded_port *ports[THREADED_PORTS];
static unsigned ports_n;
static unsigned started;
static struct threaded_thread *devices;
static struct fn_poller *pollers[WORKERS];
static unsigned pollers_n;

__attribute__((format(printf, 1, 2), noreturn)) static void die(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)fprintf(stderr, "idle_l2fwd: ");
	(void)vfprintf(stderr, fmt, args);
	(void)fprintf(stderr, "\n");
	va_end(args);
	/* l2fwd's threads run: no exit handlers. */
	_exit(1);
}

int __wrap_fn_dev_open(struct fn_ctx *ctx, const char *name, const struct fn_dev_opts *opts,
		       struct fn_dev **dev)
{
	const size_t len = strcspn(name, ".");
	struct threaded_opts port = { .rxqs = 0 };

	(void)opts;
	for (unsigned i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (strlen(kinds[i].kind) == len && strncmp(kinds[i].kind, name, len) == 0) {
			port = kinds[i].opts;
			port.rxqs = 1;
		}
	}
	if (!port.rxqs || ports_n == THREADED_PORTS)
		die("%s: no such port", name);
	port.ctx = ctx;
	/* Until l2fwd configures it with its own. */
	port.pkts = 4096;
	port.stays_down = true;
	if (threaded_open(&port, &ports[ports_n]))
		die("%s: %s", name, fn_error_last());
	*dev = ports[ports_n++]->dev;
	return 0;
}

int __wrap_fn_dev_close(struct fn_dev *dev)
{
	for (unsigned i = 0; i < ports_n; i++) {
		const char *wrong;

		if (!ports[i] || ports[i]->dev != dev)
			continue;
		if (devices)
			threaded_stop(devices);
		devices = NULL;
		wrong = __real_fn_dev_close(dev) ? "not closed in peace" : NULL;
		ports[i]->dev = NULL;
		if (!wrong)
			wrong = threaded_close(ports[i]);
		if (wrong)
			die("port %u: %s", i, wrong);
		ports[i] = NULL;
	}
	return 0;
}

int __wrap_fn_poller_create(struct fn_ctx *ctx, const struct fn_poller_opts *opts,
			    struct fn_poller **poller)
{
	const int ret = __real_fn_poller_create(ctx, opts, poller);

	if (!ret && pollers_n < WORKERS)
		pollers[pollers_n++] = *poller;
	return ret;
}

static uint64_t now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000u + (uint64_t)ts.tv_nsec / 1000000u;
}

static uint64_t sent(unsigned port)
{
	struct threaded_counts counts;

	threaded_counts(ports[port], &counts);
	return counts.sent;
}

/* FRAMES come in on each port, and out of its peer. */
static void frames_pass(unsigned before)
{
	const struct threaded_load load = {
		.kind = THREADED_EVEN, .rate = 1000, .most = FRAMES, .catch_up = true
	};
	const uint64_t until = now_ms() + DEADLINE_S * 1000ull;

	for (unsigned i = 0; i < ports_n; i++)
		threaded_load(ports[i], 0, &load);
	for (unsigned i = 0; i < ports_n; i++) {
		while (sent(i) < before + FRAMES) {
			if (now_ms() > until)
				die("port %u sent %" PRIu64 " frames of %u", i, sent(i),
				    before + FRAMES);
			(void)usleep(1000);
		}
	}
}

/* A line a worker: the time, and what it counted. */
static void counts_print(const char *when)
{
	for (unsigned i = 0; i < pollers_n; i++) {
		struct fn_poller_stats s = { .sz = sizeof(s) };

		fn_poller_get_stats(pollers[i], &s);
		(void)fprintf(stderr,
			      "%s: worker %u ms %" PRIu64 " rounds %" PRIu64 " arms %" PRIu64
			      " sleeps %" PRIu64 " interrupts %" PRIu64 " packets %" PRIu64
			      " lost %" PRIu64 "\n",
			      when, i, now_ms(), s.rounds, s.arms, s.sleeps, s.interrupts,
			      s.packets, s.lost_wakeups);
	}
}

/* Behind the frames the worker has something to do for a moment: until it has slept twice. */
static void calm_down(void)
{
	const uint64_t until = now_ms() + DEADLINE_S * 1000ull;

	for (unsigned i = 0; i < pollers_n; i++) {
		struct fn_poller_stats s = { .sz = sizeof(s) };
		uint64_t sleeps;

		fn_poller_get_stats(pollers[i], &s);
		sleeps = s.sleeps;
		while (s.mode != FN_POLLER_POLL && s.sleeps < sleeps + 2) {
			if (now_ms() > until)
				die("worker %u does not sleep", i);
			(void)usleep(10000);
			fn_poller_get_stats(pollers[i], &s);
		}
	}
}

static void *direct(void *arg)
{
	char byte;

	(void)arg;
	(void)pthread_setname_np(pthread_self(), "director");
	frames_pass(0);
	calm_down();
	counts_print("idle from");
	/* Whoever started this waits for it: the end of the file, too, is an end. */
	while (read(STDIN_FILENO, &byte, 1) < 0 && errno == EINTR)
		;
	counts_print("idle to");
	frames_pass(FRAMES);
	(void)fprintf(stderr, "passed again\n");
	(void)kill(getpid(), SIGINT);
	return NULL;
}

/* Signals are blocked in here: l2fwd's first thread reads them from a descriptor. */
static void director_begin(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, direct, NULL) || pthread_detach(thread))
		die("no thread for the director");
}

/* The last one's start begins the devices' thread, and the director. */
int __wrap_fn_dev_start(struct fn_dev *dev)
{
	const struct threaded_run run = { .deadline_ns = RUN_S * 1000000000ull, .rests = true };
	const int ret = __real_fn_dev_start(dev);

	if (ret)
		return ret;
	for (unsigned i = 0; i < ports_n; i++)
		if (ports[i]->dev == dev)
			threaded_link(ports[i], true);
	if (++started < ports_n)
		return 0;
	if (threaded_start(ports, ports_n, &run, &devices))
		die("no thread for the devices");
	director_begin();
	return 0;
}

int __wrap_main(int argc, char **argv)
{
	/* Whatever becomes of those who wait for it. */
	(void)alarm(RUN_S);
	/* Where strace may look at nobody but its own children. */
	(void)prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
	return __real_main(argc, argv);
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
