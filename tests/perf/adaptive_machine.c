// SPDX-License-Identifier: BSD-3-Clause
/* Whether the machine is fit to judge times on, and what a wake costs on it. */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "perf/adaptive.h"

/* Others that want a core: beyond this load average, and this share of a spinner's time. */
#define LOAD_MOST 0.5
#define WAITED_MOST 0.02

#define SPIN_NS 500000000u
/* Wakes: as many as there is time for. */
#define WAKES_NS (4ull * NS_PER_S)
#define WAKES_MOST 600u
#define WAKES_WARM_BY 6u
#define WAKE_GAP_NS 100000u

double seconds_now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

void sleep_ns(uint64_t ns)
{
	struct timespec ts = { .tv_sec = (time_t)(ns / NS_PER_S),
			       .tv_nsec = (long)(ns % NS_PER_S) };

	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, &ts) == EINTR)
		;
}

/* Looked for once, before any thread goes to its core; 0: there is none. */
static unsigned cores[2];

static bool cores_find(void)
{
	cpu_set_t cpus;
	unsigned n = 0;

	CPU_ZERO(&cpus);
	if (!sched_getaffinity(0, sizeof(cpus), &cpus))
		for (unsigned i = 0; i < CPU_SETSIZE && n < 2; i++)
			if (CPU_ISSET(i, &cpus))
				cores[n++] = i + 1;
	if (n < 2)
		(void)fputs("adaptive: two cores are needed, one for each side\n", stderr);
	return n == 2;
}

unsigned core_plus_1(enum core core)
{
	return cores[core];
}

static void go_to_core(enum core core)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(core_plus_1(core) - 1, &cpus);
	(void)pthread_setaffinity_np(pthread_self(), sizeof(cpus), &cpus);
}

/* A thread that wants a core for itself, and how long it waited for that. */
struct spinner {
	pthread_t thread;
	enum core core;
	double waited;
};

static double waited_ns(void)
{
	double ran;
	double waited = 0;
	FILE *f = fopen("/proc/thread-self/schedstat", "re");

	if (!f)
		return 0;
	/* Two numbers that the kernel prints. NOLINTNEXTLINE(cert-err34-c) */
	if (fscanf(f, "%lf %lf", &ran, &waited) != 2)
		waited = 0;
	(void)fclose(f);
	return waited;
}

static void *spin(void *arg)
{
	struct spinner *s = arg;
	const uint64_t until = fn_ticks() + threaded_ticks(SPIN_NS);
	double before;

	go_to_core(s->core);
	before = waited_ns();
	while (fn_ticks() < until)
		;
	s->waited = (waited_ns() - before) / SPIN_NS;
	return NULL;
}

static double load_average(void)
{
	double load = 0;
	FILE *f = fopen("/proc/loadavg", "re");

	if (!f)
		return 0;
	/* NOLINTNEXTLINE(cert-err34-c): a number that the kernel prints */
	if (fscanf(f, "%lf", &load) != 1)
		load = 0;
	(void)fclose(f);
	return load;
}

static bool loaded_measure(struct machine *m)
{
	struct spinner s[2] = { { .core = WORKER_CORE }, { .core = DEVICE_CORE } };
	const double load = load_average();
	double most = 0;

	for (unsigned i = 0; i < 2; i++)
		if (pthread_create(&s[i].thread, NULL, spin, &s[i])) {
			(void)fputs("adaptive: no thread is to be had\n", stderr);
			return false;
		}
	for (unsigned i = 0; i < 2; i++) {
		(void)pthread_join(s[i].thread, NULL);
		most = s[i].waited > most ? s[i].waited : most;
	}
	if (load > LOAD_MOST || most > WAITED_MOST)
		(void)snprintf(m->loaded, sizeof(m->loaded),
			       "load average %.2f, a spinner waited %.1f %% of its time", load,
			       most * 100);
	return true;
}

/* One sleeps on an eventfd, the other writes to it so long later, each on its core. */
struct waker {
	int event;
	int epoll;
	uint64_t gap_ns;
	unsigned warm;
	unsigned all;
	uint64_t waiting;
	uint64_t written;
	double latency[WAKES_MOST];
	unsigned n;
	double cpu_ns;
};

static double thread_cpu_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static void *sleep_and_wake(void *arg)
{
	struct waker *w = arg;
	struct epoll_event ev;
	double began = 0;

	go_to_core(WORKER_CORE);
	for (unsigned i = 0; i < w->all; i++) {
		if (i == w->warm)
			began = thread_cpu_ns();
		__atomic_store_n(&w->waiting, i + 1, __ATOMIC_RELEASE);
		while (epoll_wait(w->epoll, &ev, 1, -1) != 1)
			;
		if (i >= w->warm)
			w->latency[w->n++] = (double)threaded_ns(
				fn_ticks() - __atomic_load_n(&w->written, __ATOMIC_ACQUIRE));
	}
	w->cpu_ns = (thread_cpu_ns() - began) / w->n;
	return NULL;
}

static void *write_after_a_while(void *arg)
{
	struct waker *w = arg;
	const uint64_t gap = threaded_ticks(w->gap_ns);
	const uint64_t one = 1;

	go_to_core(DEVICE_CORE);
	for (unsigned i = 0; i < w->all; i++) {
		uint64_t until;

		while (__atomic_load_n(&w->waiting, __ATOMIC_ACQUIRE) != i + 1)
			;
		until = fn_ticks() + gap;
		while (fn_ticks() < until)
			;
		__atomic_store_n(&w->written, fn_ticks(), __ATOMIC_RELEASE);
		(void)!write(w->event, &one, sizeof(one));
	}
	return NULL;
}

static unsigned wakes_in(uint64_t gap_ns)
{
	const uint64_t n = WAKES_NS / gap_ns;

	return n < WAKES_MOST ? (unsigned)n : WAKES_MOST;
}

bool wake_measure(uint64_t asleep_ns, struct wake *wake)
{
	struct waker *w = calloc(1, sizeof(*w));
	struct epoll_event ev = { .events = EPOLLIN | EPOLLET };
	pthread_t threads[2];
	bool ok;

	if (!w) {
		(void)fputs("adaptive: out of memory\n", stderr);
		return false;
	}
	w->gap_ns = asleep_ns;
	w->all = wakes_in(asleep_ns);
	w->warm = w->all / WAKES_WARM_BY;
	w->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	w->epoll = epoll_create1(EPOLL_CLOEXEC);
	ok = !epoll_ctl(w->epoll, EPOLL_CTL_ADD, w->event, &ev) &&
	     !pthread_create(&threads[0], NULL, sleep_and_wake, w);
	if (ok && pthread_create(&threads[1], NULL, write_after_a_while, w))
		abort(); /* the first one sleeps for ever */
	for (unsigned i = 0; ok && i < 2; i++)
		(void)pthread_join(threads[i], NULL);
	wake->lat_ns = quantile_of(w->latency, w->n, 0.5);
	wake->cpu_ns = w->cpu_ns;
	(void)close(w->event);
	(void)close(w->epoll);
	free(w);
	if (!ok)
		(void)fputs("adaptive: what a wake costs cannot be measured\n", stderr);
	return ok;
}

bool machine_measure(struct machine *m)
{
	struct fn_cost cost;

	memset(m, 0, sizeof(*m));
	if (!cores_find() || !loaded_measure(m))
		return false;
	if (!wake_measure(WAKE_GAP_NS, &m->wake))
		return false;
	if (fn_cost_measure(&cost)) {
		(void)fprintf(stderr, "adaptive: %s\n", fn_error_last());
		return false;
	}
	m->lib_lat_ns = (double)cost.latency_ns;
	m->lib_cpu_ns = (double)cost.cpu_ns;
	return true;
}
