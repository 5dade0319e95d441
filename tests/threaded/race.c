// SPDX-License-Identifier: BSD-3-Clause
/* A worker on a port of the threaded model, and the judge of it. */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "threaded/race.h"

/* A device that was off its core for that long may be what a wake-up has to wait for. */
#define OFF_CORE_NS 50000000u
#define BACK_NS 300000000u

/* Looks at a worker that sleeps, and at which nothing has changed, until that is a fault. */
#define STUCK_LOOKS 150u

/* And until it is one whatever the worker does. */
#define STUCK_NS 60000000000u

#define DEVICE_DEADLINE_NS 36000000000000u

bool race_lost;

uint64_t race_now_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

void race_nap(void)
{
	const struct timespec ts = { .tv_nsec = 1000000 };

	(void)nanosleep(&ts, NULL);
}

void race_spin(uint64_t ns)
{
	const uint64_t until = fn_ticks() + threaded_ticks(ns);

	while (fn_ticks() < until)
		continue;
}

/* The mask of the whole program, before any thread is pinned. */
static cpu_set_t allowed;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void allowed_get(void)
{
	CPU_ZERO(&allowed);
	(void)sched_getaffinity(0, sizeof(allowed), &allowed);
}

unsigned race_core(unsigned core_plus_1)
{
	(void)pthread_once(&once, allowed_get);
	return CPU_ISSET(core_plus_1 - 1, &allowed) ? core_plus_1 : 0;
}

void race_pin(unsigned core_plus_1)
{
	cpu_set_t cpus;

	if (!race_core(core_plus_1))
		return;
	CPU_ZERO(&cpus);
	CPU_SET(core_plus_1 - 1, &cpus);
	(void)sched_setaffinity(0, sizeof(cpus), &cpus);
}

/* Of the worker's thread: who lost a wake-up finds the frame at once. */
static void note_lost(struct race *r, uint64_t seq)
{
	const uint64_t lost = __atomic_load_n(&r->poller->counts.lost_wakeups, __ATOMIC_RELAXED);

	if (lost != r->lost && !r->lost)
		__atomic_store_n(&r->lost_seq, seq, __ATOMIC_RELEASE);
	r->lost = lost;
}

static void take(void *arg, struct fn_pkt **pkts, unsigned n)
{
	struct race *r = arg;
	const uint64_t seq = r->got;
	unsigned sent;

	note_lost(r, seq);
	for (unsigned i = 0; i < n; i++) {
		struct threaded_frame frame;

		if (!threaded_frame_read(pkts[i], &frame) || frame.seq != seq + i)
			__atomic_fetch_add(&r->bad, 1, __ATOMIC_RELAXED);
	}
	sent = fn_poller_send(r->tx, pkts, n);
	if (sent < n) {
		fn_pkt_free_bulk(pkts + sent, n - sent);
		__atomic_fetch_add(&r->refused, n - sent, __ATOMIC_RELAXED);
	}
	__atomic_store_n(&r->got, seq + n, __ATOMIC_RELEASE);
	r->took_ticks = fn_ticks();
	threaded_consumed(r->port, 0, seq + n);
	if (r->linger_ns)
		race_spin(race_delay(r->bursts++, r->linger_ns));
}

static void *worker_main(void *arg)
{
	return (void *)(intptr_t)fn_poller_run(arg);
}

pthread_t race_worker_begin(struct fn_poller *poller)
{
	pthread_t worker;

	assert_int_equal(pthread_create(&worker, NULL, worker_main, poller), 0);
	return worker;
}

void race_worker_end(struct fn_poller *poller, pthread_t worker)
{
	void *ret;

	fn_poller_stop(poller);
	assert_int_equal(pthread_join(worker, &ret), 0);
	assert_null(ret);
}

static void poller_open(struct race *r, const struct race_opts *opts)
{
	const struct fn_poller_opts poller = {
		.sz = sizeof(poller),
		.mode = opts->mode,
		.wait = opts->wait,
		.core_plus_1 = race_core(RACE_WORKER_CORE),
		.safety_ns = opts->safety_ns ? opts->safety_ns : RACE_SAFETY_NS,
		.lost_ns = RACE_LOST_NS,
		.wake_latency_ns = 1000,
	};
	const struct fn_poller_tx_opts tx = { .sz = sizeof(tx), .batch = opts->batch };
	struct fn_poller_rx_opts rx = { .sz = sizeof(rx), .fn = take, .arg = r };
	const int ret = fn_poller_create(r->port->ctx, &poller, &r->poller);

	if (ret)
		fail_msg("%s: %s", r->name, fn_error_last());
	if (opts->source)
		assert_int_equal(fn_poller_add_source(r->poller, opts->source, NULL), 0);
	if (opts->no_queues)
		return;
	assert_int_equal(fn_poller_add_txq(r->poller, r->port->tx, &tx, &r->tx), 0);
	rx.feeds = opts->feeds ? r->tx : NULL;
	assert_int_equal(fn_poller_add_rxq(r->poller, r->port->rx, &rx, &r->rx), 0);
}

void race_open(struct race *r, const char *name, const struct race_opts *opts)
{
	const struct threaded_run run = { .core_plus_1 = race_core(RACE_DEVICE_CORE),
					  .deadline_ns = DEVICE_DEADLINE_NS,
					  .gap_ns = OFF_CORE_NS,
					  .rests = opts->rests };

	memset(r, 0, sizeof(*r));
	r->name = name;
	r->linger_ns = opts->linger_ns;
	if (threaded_open(&opts->port, &r->port))
		fail_msg("%s: %s", name, fn_error_last());
	poller_open(r, opts);
	assert_int_equal(threaded_start(&r->port, 1, &run, &r->device), 0);
	r->worker = race_worker_begin(r->poller);
}

static uint64_t sent_of(const struct race *r)
{
	struct threaded_counts counts;

	threaded_queue_counts(r->port, true, 0, &counts);
	return counts.sent;
}

void race_close(struct race *r)
{
	struct threaded_counts counts;
	const char *wrong;

	threaded_queue_counts(r->port, true, 0, &counts);
	assert_int_equal(counts.sent_missing, 0);
	assert_int_equal(counts.sent_disorder, 0);
	race_worker_end(r->poller, r->worker);
	race_look(r);
	assert_int_equal(fn_poller_destroy(r->poller), 0);
	threaded_stop(r->device);
	wrong = threaded_close(r->port);
	if (wrong)
		fail_msg("%s: %s", r->name, wrong);
}

struct fn_poller_stats race_stats(const struct race *r)
{
	struct fn_poller_stats s = { .sz = sizeof(s) };

	fn_poller_get_stats(r->poller, &s);
	return s;
}

bool race_sleeps(struct fn_poller *poller)
{
	/* The time at which the sleep began; numbers as low as this mean something else. */
	return __atomic_load_n(&poller->counts.asleep_since, __ATOMIC_ACQUIRE) > 1;
}

/*
 * Whether the kernel has the worker's thread blocked: one that was woken and waits for its core has
 * not said that it is awake yet.
 */
static bool is_blocked(const struct race *r)
{
	char path[64];
	char line[256];
	const char *state = NULL;
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/self/task/%d/stat",
		       __atomic_load_n(&r->poller->off_cpu.tid, __ATOMIC_RELAXED));
	file = fopen(path, "re");
	if (!file)
		return false;
	if (fgets(line, sizeof(line), file))
		state = strrchr(line, ')');
	(void)fclose(file);
	return state && state[1] == ' ' && state[2] == 'S';
}

/* Whether the device's thread was off its core within a while before now. */
static bool device_was_off(const struct race *r, uint64_t ns)
{
	const uint64_t now = fn_ticks();

	return threaded_gap_between(r->device, now - threaded_ticks(ns), now);
}

void race_sweep(struct race *r, unsigned burst, uint64_t from_ns, uint64_t to_ns)
{
	const struct threaded_load load = { .kind = THREADED_PING,
					    .burst = burst,
					    .from_ns = from_ns,
					    .to_ns = to_ns,
					    .step_ns = RACE_STEP_NS };
	struct threaded_counts counts;

	threaded_load(r->port, 0, NULL);
	threaded_queue_counts(r->port, false, 0, &counts);
	r->sweep_seq = counts.delivered;
	r->sweep_burst = burst;
	r->sweep_from_ns = from_ns;
	r->sweep_ns = to_ns - from_ns;
	threaded_load(r->port, 0, &load);
}

/* What is known of a frame that was slept over. */
static void fail_lost(const struct race *r)
{
	const uint64_t seq = __atomic_load_n(&r->lost_seq, __ATOMIC_ACQUIRE);
	const unsigned long long sleeps = race_stats(r).sleeps;

	race_lost = true;
	if (r->sweep_ns && seq >= r->sweep_seq)
		fail_msg("%s: lost a wake-up after %llu sleeps: slept over frame %llu, "
			 "due %llu ns behind what came before",
			 r->name, sleeps, (unsigned long long)seq,
			 (unsigned long long)r->sweep_from_ns +
				 race_delay((seq - r->sweep_seq) / r->sweep_burst, r->sweep_ns));
	fail_msg("%s: lost a wake-up after %llu sleeps: slept over frame %llu", r->name, sleeps,
		 (unsigned long long)seq);
}

/*
 * Between the used index and its interrupt the device's thread may lose its core for longer than
 * all three waits take: nothing is said of such a sleep.
 */
static void judge_lost(struct race *r)
{
	const uint64_t lost = race_stats(r).lost_wakeups;

	if (lost == r->judged)
		return;
	if (device_was_off(r, BACK_NS))
		r->doubtful += lost - r->judged;
	else
		fail_lost(r);
	r->judged = lost;
}

void race_look(struct race *r)
{
	race_nap();
	judge_lost(r);
	if (__atomic_load_n(&r->bad, __ATOMIC_RELAXED))
		fail_msg("%s: a frame was not the next one, of %llu", r->name,
			 (unsigned long long)__atomic_load_n(&r->got, __ATOMIC_ACQUIRE));
	assert_true(threaded_alive(r->device));
}

/* What the device has seen, for who looks for the fault. */
static void say_counts(const struct race *r, bool tx)
{
	struct threaded_counts c;

	threaded_queue_counts(r->port, tx, 0, &c);
	print_message("%s: delivered %llu, no buffer %llu, sent %llu, doorbells %llu, bad %llu\n",
		      tx ? "transmit" : "receive", (unsigned long long)c.delivered,
		      (unsigned long long)c.no_buffer, (unsigned long long)c.sent,
		      (unsigned long long)c.doorbells, (unsigned long long)c.bad);
}

void race_goes_on(struct race *r, struct race_watch *watch, uint64_t value, const char *what)
{
	const uint64_t now = race_now_ns();

	race_look(r);
	if (value != watch->value || !watch->since_ns) {
		*watch = (struct race_watch){ .value = value, .since_ns = now };
		return;
	}
	if (race_sleeps(r->poller) && is_blocked(r) && !device_was_off(r, OFF_CORE_NS))
		watch->asleep++;
	if (watch->asleep <= STUCK_LOOKS && now - watch->since_ns <= STUCK_NS)
		return;
	say_counts(r, false);
	say_counts(r, true);
	fail_msg("%s: %s: stuck at %llu while the worker %s, after %llu sleeps", r->name, what,
		 (unsigned long long)value, race_sleeps(r->poller) ? "sleeps" : "is awake",
		 (unsigned long long)race_stats(r).sleeps);
}

void race_until_sent(struct race *r, uint64_t n)
{
	struct race_watch watch = { 0 };
	uint64_t sent;

	while ((sent = sent_of(r)) < n)
		race_goes_on(r, &watch, sent, "frames that are to be sent");
	assert_int_equal(sent, n);
}

void race_until_got_all(struct race *r)
{
	struct race_watch watch = { 0 };
	struct threaded_counts counts;
	uint64_t got;

	/* Behind this the device takes no frame of the load any more. */
	threaded_load(r->port, 0, NULL);
	threaded_queue_counts(r->port, false, 0, &counts);
	while ((got = __atomic_load_n(&r->got, __ATOMIC_ACQUIRE)) < counts.delivered)
		race_goes_on(r, &watch, got, "frames that came in");
	assert_int_equal(got, counts.delivered);
	race_until_sent(r, got - __atomic_load_n(&r->refused, __ATOMIC_RELAXED));
}

void race_report(const struct race *r, const char *more)
{
	const struct fn_poller_stats s = race_stats(r);

	print_message("%s: %llu sleeps, %llu second looks, %llu wakes by interrupt (%.2f%% "
		      "spurious), %llu by control, %llu time-outs, %llu lost, %llu doubtful%s%s\n",
		      r->name, (unsigned long long)s.sleeps, (unsigned long long)s.second_looks,
		      (unsigned long long)s.wakes_interrupt,
		      s.wakes_interrupt ? 100.0 * (double)s.spurious / (double)s.wakes_interrupt :
					  0.0,
		      (unsigned long long)s.wakes_control, (unsigned long long)s.wakes_timeout,
		      (unsigned long long)(s.lost_wakeups - r->doubtful),
		      (unsigned long long)r->doubtful, more ? ", " : "", more ? more : "");
}
