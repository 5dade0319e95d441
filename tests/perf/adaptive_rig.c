// SPDX-License-Identifier: BSD-3-Clause
/* A worker on the threaded model, and what it did in a block of time. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "perf/adaptive.h"

#define DEADLINE_NS (1000ull * NS_PER_S)

/* A pause in the load, for &rig_opts.periods. */
#define PAUSE_NS 300000u

/* Behind less than that no worker has slept. */
#define SILENCE_NS 10000u

/* How long what is on its way may take at the end. */
#define DRAIN_S 5.0

static void store(uint64_t *to, uint64_t value)
{
	__atomic_store_n(to, value, __ATOMIC_RELAXED);
}

static uint64_t load(const uint64_t *from)
{
	return __atomic_load_n(from, __ATOMIC_RELAXED);
}

static struct fn_poller_stats stats_of(const struct rig *r)
{
	struct fn_poller_stats s = { .sz = sizeof(s) };

	fn_poller_get_stats(r->poller, &s);
	return s;
}

/*
 * Packets come behind a pause: what was taken before belongs to periods that are over. Behind a
 * shorter silence the worker may have slept too, within a period, and the device's thread have been
 * away meanwhile.
 */
static void look_for_pause(struct rig *r, uint64_t now)
{
	const uint64_t silence = now - r->last_ticks;
	uint64_t before = r->sleeps;

	if (silence < threaded_ticks(SILENCE_NS))
		return;
	r->sleeps = stats_of(r).sleeps;
	if (silence >= threaded_ticks(PAUSE_NS)) {
		store(&r->period_packets, r->packets);
		__atomic_store_n(&r->periods, r->periods + 1, __ATOMIC_RELEASE);
	} else if (r->sleeps != before && threaded_gap_between(r->device, r->last_ticks, now)) {
		store(&r->gap_sleeps, r->gap_sleeps + r->sleeps - before);
	}
}

static void keep(struct rig *r, const struct threaded_frame *frame, uint64_t now)
{
	const uint64_t n = r->samples_n;

	/* Before it was due: then the load is not what it is said to be. */
	if ((int64_t)(now - frame->ticks) < 0)
		store(&r->early, r->early + 1);
	if (frame->late) {
		store(&r->late, r->late + 1);
		return;
	}
	if (r->opts.last_of > 1 && (frame->seq + 1) % r->opts.last_of != 0)
		return;
	r->samples[n % RIG_SAMPLES] = (uint32_t)(now - frame->ticks);
	__atomic_store_n(&r->samples_n, n + 1, __ATOMIC_RELEASE);
}

static void spend(unsigned cycles)
{
	const uint64_t until = fn_ticks() + cycles;

	while ((int64_t)(fn_ticks() - until) < 0)
		;
}

static void take(void *arg, struct fn_pkt **pkts, unsigned n)
{
	struct rig *r = arg;
	const uint64_t now = r->opts.stamps || r->opts.periods ? fn_ticks() : 0;

	if (r->opts.periods)
		look_for_pause(r, now);
	for (unsigned i = 0; i < n; i++) {
		/* The data of a packet is a frame of the model, and aligned as one. */
		const struct threaded_frame *frame = (const void *)pkts[i]->data;

		if (frame->seq != r->seq)
			store(&r->wrong, r->wrong + 1);
		r->seq = frame->seq + 1;
		if (r->opts.stamps)
			keep(r, frame, now);
		if (r->opts.cycles)
			spend(r->opts.cycles);
	}
	if (now)
		r->last_ticks = now;
	store(&r->packets, r->packets + n);
	fn_pkt_free_bulk(pkts, n);
}

/*
 * A source without work: it is asked before the worker sleeps, and called again in the first round
 * behind that. What led to the sleep began with the last packet.
 */
static unsigned look_at_sleep(void *arg)
{
	struct rig *r = arg;

	if (!r->fell_ticks)
		return 0;
	if (threaded_gap_between(r->device, r->last_ticks, fn_ticks()))
		store(&r->gap_sleeps, r->gap_sleeps + 1);
	r->fell_ticks = 0;
	return 0;
}

static bool falls_asleep(void *arg)
{
	struct rig *r = arg;

	r->fell_ticks = fn_ticks();
	return false;
}

static void *work(void *arg)
{
	struct rig *r = arg;

	if (fn_poller_run(r->poller))
		(void)fprintf(stderr, "adaptive: %s\n", fn_error_last());
	return NULL;
}

static int worker_open(struct rig *r)
{
	const struct fn_poller_opts opts = {
		.sz = sizeof(opts),
		.mode = FN_POLLER_POLL,
		.core_plus_1 = core_plus_1(WORKER_CORE),
		.burst = r->opts.burst,
	};
	const struct fn_poller_rx_opts rx = { .sz = sizeof(rx), .fn = take, .arg = r };
	const struct fn_poller_source_opts source = {
		.sz = sizeof(source), .run = look_at_sleep, .pending = falls_asleep, .arg = r
	};
	int ret = fn_poller_create(r->port->ctx, &opts, &r->poller);

	if (!ret)
		ret = fn_poller_add_rxq(r->poller, r->port->rx, &rx, NULL);
	/* It costs microseconds a sleep, and so is there for rows only that do not count those. */
	if (!ret && r->opts.apart)
		ret = fn_poller_add_source(r->poller, &source, NULL);
	return ret;
}

static int device_open(struct rig *r)
{
	const struct threaded_opts opts = {
		.kind = r->opts.kind,
		.event_idx = true,
		.rx_ring = r->opts.ring,
	};
	const struct threaded_run run = {
		.core_plus_1 = core_plus_1(DEVICE_CORE),
		.deadline_ns = DEADLINE_NS,
		.rests = r->opts.rests,
	};
	int ret = threaded_open(&opts, &r->port);

	if (!ret)
		ret = threaded_start(&r->port, 1, &run, &r->device);
	return ret;
}

struct rig *rig_open(const struct rig_opts *opts)
{
	struct rig *r = aligned_alloc(64, sizeof(*r));
	int ret;

	if (!r) {
		(void)fputs("adaptive: out of memory\n", stderr);
		return NULL;
	}
	memset(r, 0, sizeof(*r));
	r->opts = *opts;
	ret = device_open(r);
	if (!ret)
		ret = worker_open(r);
	if (!ret)
		ret = -pthread_create(&r->thread, NULL, work, r);
	r->runs = !ret;
	if (!ret)
		ret = -pthread_getcpuclockid(r->thread, &r->cpu_clock);
	if (!ret)
		return r;
	(void)fprintf(stderr, "adaptive: %s (%d)\n", fn_error_last(), ret);
	(void)rig_close(r);
	return NULL;
}

/* Everything that the device delivered was taken, in order, and no wake-up was lost. */
static bool all_well(struct rig *r)
{
	const double limit = seconds_now() + DRAIN_S;
	struct threaded_counts counts;
	struct fn_poller_stats s;

	threaded_load(r->port, 0, NULL);
	do {
		sleep_ns(NS_PER_MS);
		threaded_counts(r->port, &counts);
	} while (load(&r->packets) < counts.delivered && seconds_now() < limit);
	s = stats_of(r);
	if (load(&r->packets) == counts.delivered && !load(&r->wrong) && !load(&r->early) &&
	    !counts.bad && !s.lost_wakeups && threaded_alive(r->device))
		return true;
	(void)fprintf(stderr,
		      "adaptive: LOST: %" PRIu64 " delivered, %" PRIu64 " taken, %" PRIu64
		      " out of order, %" PRIu64 " before they were due, %" PRIu64
		      " lost wake-ups, %" PRIu64 " wrong things in the ring%s\n",
		      counts.delivered, load(&r->packets), load(&r->wrong), load(&r->early),
		      s.lost_wakeups, counts.bad,
		      threaded_alive(r->device) ? "" : "; the device's time was up");
	return false;
}

bool rig_close(struct rig *r)
{
	const char *wrong = NULL;
	bool ok = true;

	if (r->runs) {
		ok = all_well(r);
		fn_poller_stop(r->poller);
		(void)pthread_join(r->thread, NULL);
	}
	threaded_stop(r->device);
	(void)fn_poller_destroy(r->poller);
	if (r->port)
		wrong = threaded_close(r->port);
	if (wrong)
		(void)fprintf(stderr, "adaptive: %s\n", wrong);
	free(r);
	return ok && !wrong;
}

void rig_mode(struct rig *r, enum fn_poller_mode mode, enum fn_poller_policy policy)
{
	(void)fn_poller_set_mode(r->poller, mode, policy);
}

/* What a block's ends are told apart by. */
struct moment {
	uint64_t ticks;
	uint64_t packets;
	uint64_t samples;
	uint64_t periods;
	uint64_t period_packets;
	uint64_t gap_sleeps;
	uint64_t late;
	double cpu;
	struct threaded_counts counts;
	struct threaded_gaps gaps;
	struct fn_poller_stats stats;
};

static struct moment moment_now(const struct rig *r)
{
	struct moment m = { .packets = load(&r->packets), .ticks = fn_ticks() };
	struct timespec ts;

	m.samples = __atomic_load_n(&r->samples_n, __ATOMIC_ACQUIRE);
	m.periods = __atomic_load_n(&r->periods, __ATOMIC_ACQUIRE);
	m.period_packets = load(&r->period_packets);
	m.gap_sleeps = load(&r->gap_sleeps);
	m.late = load(&r->late);
	(void)clock_gettime(r->cpu_clock, &ts);
	m.cpu = (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
	threaded_counts(r->port, &m.counts);
	threaded_gaps(r->device, &m.gaps);
	m.stats = stats_of(r);
	return m;
}

/* Counters of the stats are 64-bit words from @rounds to @off_cpu_ns. */
static void stats_less(struct fn_poller_stats *s, const struct fn_poller_stats *before)
{
	uint64_t *to = &s->rounds;
	const uint64_t *from = &before->rounds;

	for (; to <= &s->off_cpu_ns; to++, from++)
		*to -= *from;
	s->need_ppm = s->elapsed_ns ? s->need_ns * 1000000u / s->elapsed_ns : 0;
	s->sz = 0;
}

static void latencies(const struct rig *r, uint64_t from, uint64_t to, struct block *b)
{
	double *ns;
	unsigned n = 0;

	if (to - from > RIG_SAMPLES)
		from = to - RIG_SAMPLES;
	ns = to > from ? malloc((size_t)(to - from) * sizeof(*ns)) : NULL;
	if (!ns)
		return;
	for (; from < to; from++)
		ns[n++] = (double)threaded_ns(r->samples[from % RIG_SAMPLES]);
	b->samples = n;
	b->p50_ns = quantile_of(ns, n, 0.5);
	b->p90_ns = quantile_of(ns, n, 0.9);
	b->p99_ns = quantile_of(ns, n, 0.99);
	free(ns);
}

void rig_measure(struct rig *r, uint64_t ns, struct block *b)
{
	const struct moment from = moment_now(r);
	struct moment to;
	double ticks;

	memset(b, 0, sizeof(*b));
	sleep_ns(ns);
	to = moment_now(r);
	ticks = (double)(to.ticks - from.ticks);
	b->seconds = (double)threaded_ns(to.ticks - from.ticks) * 1e-9;
	b->packets = to.packets - from.packets;
	b->rate = (double)b->packets / b->seconds;
	b->cpu = (to.cpu - from.cpu) / b->seconds;
	b->periods = to.periods - from.periods;
	if (b->periods)
		b->a_period =
			(double)(to.period_packets - from.period_packets) / (double)b->periods;
	b->interrupts = to.counts.interrupts - from.counts.interrupts;
	b->gap_sleeps = to.gap_sleeps - from.gap_sleeps;
	b->late = to.late - from.late;
	b->skipped = to.counts.skipped - from.counts.skipped;
	b->away = (double)(to.gaps.ticks - from.gaps.ticks) / ticks;
	b->stats = to.stats;
	stats_less(&b->stats, &from.stats);
	b->off_cpu = (double)b->stats.off_cpu_ns * 1e-9 / b->seconds;
	latencies(r, from.samples, to.samples, b);
}
