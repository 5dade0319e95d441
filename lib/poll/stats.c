// SPDX-License-Identifier: BSD-3-Clause
/* What a worker did, for any thread to read. */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/barrier.h"
#include "base/opts.h"
#include "poll/poller.h"

/* Looks at a sleep that ends meanwhile. */
#define ASLEEP_TRIES 1000u

static uint64_t get(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

static uint64_t to_ns(struct fn_rate rate, uint64_t ticks)
{
	return rate.ticks ? (uint64_t)((__uint128_t)ticks * rate.ns / rate.ticks) : 0;
}

/* The second field: ready to run, and waiting for a processor (Linux: sched-stats). 0: no file. */
static uint64_t waited_ns(int tid)
{
	uint64_t waited = 0;
	uint64_t ran;
	char path[48];
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/self/task/%d/schedstat", tid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	/* Two numbers that the kernel prints. NOLINTNEXTLINE(cert-err34-c) */
	if (fscanf(f, "%" SCNu64 " %" SCNu64, &ran, &waited) != 2)
		waited = 0;
	(void)fclose(f);
	return waited;
}

/* A thread that has ended, and is not known any more, has waited as long as it had before. */
static uint64_t off_cpu_so_far(struct fn_poll_off_cpu *o)
{
	const uint64_t waited = o->tid ? waited_ns(o->tid) : 0;

	if (waited > o->to_ns)
		o->to_ns = waited;
	return o->before_ns + (o->to_ns - o->from_ns);
}

/* Files are read when the thread is another one, and not at each fn_poller_run_once(). */
void fn_poll_off_cpu_begin(struct fn_poller *p)
{
	struct fn_poll_off_cpu *o = &p->off_cpu;
	const int tid = gettid();
	uint64_t waited;

	if (o->tid == tid)
		return;
	waited = waited_ns(tid);
	*o = (struct fn_poll_off_cpu){ tid, waited, waited, off_cpu_so_far(o) };
}

void fn_poll_off_cpu_end(struct fn_poller *p)
{
	struct fn_poll_off_cpu *o = &p->off_cpu;

	(void)pthread_mutex_lock(&p->ctx->poll_lock);
	*o = (struct fn_poll_off_cpu){ .before_ns = off_cpu_so_far(o) };
	(void)pthread_mutex_unlock(&p->ctx->poll_lock);
}

/* The lock is never held for longer than a look at such a file takes. */
static uint64_t off_cpu_ns(struct fn_poller *p)
{
	uint64_t ns;

	(void)pthread_mutex_lock(&p->ctx->poll_lock);
	ns = off_cpu_so_far(&p->off_cpu);
	(void)pthread_mutex_unlock(&p->ctx->poll_lock);
	return ns;
}

static void get_counts(struct fn_poller_stats *s, const struct fn_poll_counts *c)
{
	s->rounds = get(&c->rounds);
	s->empty_rounds = get(&c->empty_rounds);
	s->packets = get(&c->packets);
	s->budget_hits = get(&c->budget_hits);
	s->caught = get(&c->caught);
	s->arms = get(&c->arms);
	s->second_looks = get(&c->second_looks);
	s->sleeps = get(&c->sleeps);
	s->wakes_interrupt = get(&c->wakes_interrupt);
	s->wakes_control = get(&c->wakes_control);
	s->wakes_event = get(&c->wakes_event);
	s->wakes_timer = get(&c->wakes_timer);
	s->wakes_timeout = get(&c->wakes_timeout);
	s->spurious = get(&c->spurious);
	s->interrupts = get(&c->interrupts);
	s->lost_wakeups = get(&c->lost_wakeups);
}

/*
 * A sleep that lasts is not in the counts yet, and one that ends is, at once: what is read while it
 * ends is read again, or a difference of two readings could be below 0. A worker that has lost its
 * processor right there is given it, and not waited for beyond that: the last reading holds then.
 */
static uint64_t get_asleep_ticks(struct fn_poller *p)
{
	const struct fn_poll_counts *c = &p->counts;
	uint64_t last = get(&p->asleep_read);
	uint64_t ticks = 0;

	for (unsigned tries = 0; tries < ASLEEP_TRIES; tries++) {
		const uint64_t since = __atomic_load_n(&c->asleep_since, __ATOMIC_ACQUIRE);
		const uint64_t now = fn_ticks();

		ticks = get(&c->asleep_ticks);
		if (since > FN_POLL_WAKING && now > since)
			ticks += now - since;
		fn_fence_acquire();
		if (since == FN_POLL_WAKING)
			(void)sched_yield();
		else if (since == get(&c->asleep_since))
			break;
	}
	while (ticks > last && !__atomic_compare_exchange_n(&p->asleep_read, &last, ticks, true,
							    __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		continue;
	return ticks > last ? ticks : last;
}

static void get_times(struct fn_poller_stats *s, struct fn_poller *p)
{
	const struct fn_rate rate = p->cost.rate;

	/* First: it is never more than the times that it comes from. */
	s->need_ns = to_ns(rate, __atomic_load_n(&p->counts.need_ticks, __ATOMIC_ACQUIRE));
	s->asleep_ns = to_ns(rate, get_asleep_ticks(p));
	s->busy_ns = to_ns(rate, get(&p->counts.busy_ticks));
	s->spin_ns = to_ns(rate, get(&p->counts.spin_ticks));
	s->elapsed_ns = s->busy_ns + s->spin_ns + s->asleep_ns;
	s->off_cpu_ns = off_cpu_ns(p);
	s->window_ns = to_ns(rate, get(&p->counts.window_ticks));
}

void fn_poller_get_stats(struct fn_poller *p, struct fn_poller_stats *stats)
{
	struct fn_poller_stats s = {
		.mode = (enum fn_poller_mode)__atomic_load_n(&p->opts.mode, __ATOMIC_RELAXED),
		.policy = (enum fn_poller_policy)__atomic_load_n(&p->opts.policy, __ATOMIC_RELAXED),
		.wait = p->wait_ops->kind,
		.wake_latency_ns = p->cost.latency_ns,
		.wake_cpu_ns = p->cost.cpu_ns,
	};

	get_counts(&s, &p->counts);
	get_times(&s, p);
	if (s.elapsed_ns)
		s.need_ppm = (uint64_t)((__uint128_t)s.need_ns * 1000000u / s.elapsed_ns);
	fn_info_put(stats, &s, sizeof(s));
}
