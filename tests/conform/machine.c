// SPDX-License-Identifier: BSD-3-Clause
/* What the machine does beside a worker, from /proc, and a thread that looks now and then. */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "conform/machine.h"

/* Naps between two looks, of so long each; and as many looks are kept: the oldest is told of. */
#define NAP_NS 50000000u
#define NAPS 20u
#define LOOKS 4u

#define STAT_TICK_NS 10000000u

/**
 * struct watch - the thread that looks
 * @lock: guards @looks, @n and @late_ns; and @ends, with @end
 * @late_ns: by look: how late it came back from a nap at most since the one before
 */
static struct watch {
	pthread_mutex_t lock;
	pthread_cond_t end;
	pthread_t thread;
	bool runs;
	bool ends;
	char bdf[32];
	int tid;
	struct machine_look looks[LOOKS];
	uint64_t late_ns[LOOKS];
	unsigned n;
} watch = { .lock = PTHREAD_MUTEX_INITIALIZER };

uint64_t machine_now_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* Add a line's numbers, one a processor, to @to. */
static void add_counts(const char *line, unsigned cpus, uint64_t *to)
{
	for (unsigned i = 0; i < cpus; i++) {
		char *end;

		to[i < MACHINE_CPUS ? i : MACHINE_CPUS - 1] += strtoull(line, &end, 10);
		line = end;
	}
}

static void look_interrupts(struct machine_look *look, const char *bdf)
{
	FILE *file = fopen("/proc/interrupts", "re");
	unsigned cpus = 0;
	char *line = NULL;
	size_t room = 0;

	if (!file)
		return;
	while (getline(&line, &room, file) > 0) {
		const char *counts = strchr(line, ':');

		/* The first one names the processors. */
		if (!cpus) {
			for (const char *at = line; (at = strstr(at, "CPU")); at++)
				cpus++;
			look->cpus = cpus < MACHINE_CPUS ? cpus : MACHINE_CPUS;
			continue;
		}
		if (!counts)
			continue;
		if (strstr(line, "LOC:")) {
			add_counts(counts + 1, cpus, look->timers);
		} else if (bdf[0] && strstr(line, bdf)) {
			add_counts(counts + 1, cpus, look->irqs);
			look->has_irqs = true;
		}
	}
	free(line);
	(void)fclose(file);
}

static void look_thread(struct machine_look *look, int tid)
{
	char path[48];
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/self/task/%d/schedstat", tid);
	file = fopen(path, "re");
	if (!file)
		return;
	/* Two numbers that the kernel prints. NOLINTNEXTLINE(cert-err34-c) */
	if (fscanf(file, "%" SCNu64 " %" SCNu64, &look->ran_ns, &look->waited_ns) != 2)
		look->ran_ns = 0;
	(void)fclose(file);
}

static void look_steal(struct machine_look *look)
{
	FILE *file = fopen("/proc/stat", "re");
	uint64_t ticks = 0;

	if (!file)
		return;
	/* Numbers that the kernel prints, of which the eighth. NOLINTNEXTLINE(cert-err34-c) */
	if (fscanf(file, "cpu %*u %*u %*u %*u %*u %*u %*u %" SCNu64, &ticks) == 1)
		look->steal_ns = ticks * STAT_TICK_NS;
	(void)fclose(file);
}

void machine_look(struct machine_look *look, const char *bdf, int tid)
{
	memset(look, 0, sizeof(*look));
	look->at_ns = machine_now_ns();
	look_interrupts(look, bdf);
	look_thread(look, tid);
	look_steal(look);
}

/* Nap, unless it is to end; returns how late it came back. The lock is held. */
static uint64_t nap(void)
{
	const uint64_t due_ns = machine_now_ns() + NAP_NS;
	const struct timespec due = { .tv_sec = (time_t)(due_ns / 1000000000u),
				      .tv_nsec = (long)(due_ns % 1000000000u) };
	uint64_t now_ns;

	(void)pthread_cond_timedwait(&watch.end, &watch.lock, &due);
	now_ns = machine_now_ns();
	return now_ns > due_ns ? now_ns - due_ns : 0;
}

static void *watch_main(void *arg)
{
	(void)pthread_mutex_lock(&watch.lock);
	while (!watch.ends) {
		struct machine_look look;

		/* Whoever has something to tell does not wait for files to be read. */
		(void)pthread_mutex_unlock(&watch.lock);
		machine_look(&look, watch.bdf, watch.tid);
		(void)pthread_mutex_lock(&watch.lock);
		watch.looks[watch.n % LOOKS] = look;
		watch.late_ns[watch.n % LOOKS] = 0;
		watch.n++;
		for (unsigned i = 0; i < NAPS && !watch.ends; i++) {
			const uint64_t late_ns = nap();
			uint64_t *most_ns = &watch.late_ns[(watch.n - 1) % LOOKS];

			*most_ns = late_ns > *most_ns ? late_ns : *most_ns;
		}
	}
	(void)pthread_mutex_unlock(&watch.lock);
	return arg;
}

int machine_watch(const char *bdf, int tid)
{
	pthread_condattr_t attr;
	int ret;

	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&watch.end, &attr);
	(void)pthread_condattr_destroy(&attr);
	(void)snprintf(watch.bdf, sizeof(watch.bdf), "(%s)", bdf);
	watch.tid = tid;
	watch.n = 0;
	watch.ends = false;
	ret = pthread_create(&watch.thread, NULL, watch_main, NULL);
	watch.runs = ret == 0;
	return -ret;
}

void machine_watch_end(void)
{
	if (!watch.runs)
		return;
	(void)pthread_mutex_lock(&watch.lock);
	watch.ends = true;
	(void)pthread_cond_signal(&watch.end);
	(void)pthread_mutex_unlock(&watch.lock);
	(void)pthread_join(watch.thread, NULL);
	(void)pthread_cond_destroy(&watch.end);
	watch.runs = false;
}

/* "CPU0 +3, CPU1 +0" */
static void tell_cpus(char *text, size_t bytes, const struct machine_look *now,
		      const uint64_t *counts, const uint64_t *before)
{
	size_t at = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < now->cpus && at < bytes; i++)
		at += (size_t)snprintf(text + at, bytes - at, "%sCPU%u +%" PRIu64, i ? ", " : "", i,
				       counts[i] - before[i]);
}

static double ms(uint64_t now_ns, uint64_t before_ns)
{
	return (double)(now_ns - before_ns) / 1e6;
}

void machine_tell(char *text, size_t bytes)
{
	struct machine_look now;
	struct machine_look then;
	uint64_t late_ns = 0;
	char irqs[96];
	char timers[96];
	unsigned n;

	machine_look(&now, watch.bdf, watch.tid);
	(void)pthread_mutex_lock(&watch.lock);
	n = watch.n < LOOKS ? watch.n : LOOKS;
	then = n ? watch.looks[(watch.n - n) % LOOKS] : now;
	for (unsigned i = 0; i < n; i++)
		late_ns = watch.late_ns[i] > late_ns ? watch.late_ns[i] : late_ns;
	(void)pthread_mutex_unlock(&watch.lock);
	tell_cpus(irqs, sizeof(irqs), &now, now.irqs, then.irqs);
	tell_cpus(timers, sizeof(timers), &now, now.timers, then.timers);
	(void)snprintf(
		text, bytes,
		"in the last %.1f s the device's interrupts: %s; timers: %s; the thread ran for "
		"%.0f ms and waited for a processor for %.0f ms; stolen %.0f ms; another thread "
		"came %.0f ms late from a nap at most",
		ms(now.at_ns, then.at_ns) / 1e3, now.has_irqs ? irqs : "none in /proc", timers,
		ms(now.ran_ns, then.ran_ns), ms(now.waited_ns, then.waited_ns),
		ms(now.steal_ns, then.steal_ns), (double)late_ns / 1e6);
}
