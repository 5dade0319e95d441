// SPDX-License-Identifier: BSD-3-Clause
/* The poller of a behaviour: its thread or its turns, and what comes in and goes back. */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "conform/lost.h"
#include "conform/machine.h"
#include "conform/worker.h"

/* Turns in a row of a worker that finds something to do each time. */
#define TURNS 64u

/* Less than conform_wait() takes, and more than what a time of the poller's may be off by. */
#define LOOK_NS 50000u

struct worker worker;

static void note_bad(unsigned seq, unsigned next)
{
	if (!worker.bad) {
		worker.bad_seq = seq;
		worker.bad_next = next;
	}
	__atomic_store_n(&worker.bad, worker.bad + 1, __ATOMIC_RELEASE);
}

static void judge(const uint8_t *data, uint32_t len, unsigned seq)
{
	const unsigned next = worker.next;
	uint8_t want[WORKER_LEN];

	frame_fill(want, seq, WORKER_LEN, worker.mac, false);
	if ((worker.loose ? seq < next : seq != next) || len != WORKER_LEN ||
	    memcmp(data, want, WORKER_LEN) != 0)
		note_bad(seq, next);
	__atomic_store_n(&worker.next, seq + 1, __ATOMIC_RELEASE);
}

/* The same number goes back to the peer, in the same packet. */
static void give_back(struct fn_pkt *pkt, unsigned seq)
{
	frame_fill(pkt->data, seq, WORKER_LEN, worker.mac, true);
	if (fn_poller_send(worker.tx, &pkt, 1) == 1)
		return;
	fn_pkt_free(pkt);
	__atomic_store_n(&worker.refused, worker.refused + 1, __ATOMIC_RELEASE);
}

static void take_one(struct fn_pkt *pkt)
{
	static uint8_t buf[FRAME_MAX];
	const uint32_t len = pkt_copy(pkt, buf, sizeof(buf));
	const unsigned seq = frame_seq(buf);

	judge(buf, len, seq);
	if (!pkt->next && pkt->len == WORKER_LEN)
		give_back(pkt, seq);
	else
		fn_pkt_free(pkt);
	__atomic_store_n(&worker.got, worker.got + 1, __ATOMIC_RELEASE);
	if (worker.took)
		worker.took(seq);
}

static void take(void *arg, struct fn_pkt **pkts, unsigned n)
{
	(void)arg;
	for (unsigned i = 0; i < n; i++)
		take_one(pkts[i]);
}

static void *thread_main(void *arg)
{
	const struct conform *c = worker.c;

	/* Without it the sentence about a lost wake-up is shorter. */
	(void)machine_watch(c->info.name, gettid());
	(void)fn_poller_run(worker.poller);
	machine_watch_end();
	return arg;
}

static void end_thread(void)
{
	if (!worker.has_thread)
		return;
	fn_poller_stop(worker.poller);
	(void)pthread_join(worker.thread, NULL);
	worker.has_thread = false;
}

void worker_make(struct conform *c, struct fn_poller_opts opts)
{
	worker = (struct worker){ .c = c };
	memcpy(worker.mac, c->info.mac, sizeof(worker.mac));
	opts.sz = sizeof(opts);
	opts.err = &c->err;
	if (!opts.lost_ns)
		opts.lost_ns = worker_count("CONFORM_POLLER_LOST_MS", WORKER_LOST_MS) * 1000000ull;
	check_ok(fn_poller_create(c->ctx, &opts, &worker.poller));
	lost_begin(worker.poller);
	c->leave = worker_end;
}

void worker_add_pair(struct conform *c)
{
	const struct fn_poller_rx_opts rx = { .sz = sizeof(rx), .err = &c->err, .fn = take };

	check_ok(fn_poller_add_txq(worker.poller, c->tx, NULL, &worker.tx));
	check_ok(fn_poller_add_rxq(worker.poller, c->rx, &rx, &worker.rx));
}

void worker_begin_apart(struct conform *c)
{
	check_eq(pthread_create(&worker.thread, NULL, thread_main, NULL), 0);
	worker.has_thread = true;
}

void worker_begin(struct conform *c)
{
	if (c->place->ops->virtual_time)
		worker_turn(c);
	else
		worker_begin_apart(c);
}

/* As soon as it is known: each one more takes seconds. */
static void check_none_lost(struct conform *c)
{
	const char *said = lost_said();

	if (said)
		conform_fail(c, __FILE__, __LINE__, "%s", said);
}

void worker_end(struct conform *c)
{
	struct fn_poller *poller = worker.poller;
	struct fn_poller_stats stats;

	if (!poller)
		return;
	end_thread();
	lost_end();
	stats = worker_stats(c);
	worker.poller = NULL;
	c->leave = NULL;
	check_ok(fn_poller_destroy(poller));
	if (worker.bad)
		conform_fail(c, __FILE__, __LINE__,
			     "%u frames were wrong; the first is %u, and %u should have come",
			     worker.bad, worker.bad_seq, worker.bad_next);
	check_none_lost(c);
	check_eq(stats.lost_wakeups, 0);
}

void worker_turn(struct conform *c)
{
	struct pollfd pfd = { .fd = fn_poller_fd(worker.poller), .events = POLLIN };

	check_none_lost(c);
	if (worker.has_thread || (worker.armed && poll(&pfd, 1, 0) != 1))
		return;
	worker.armed = false;
	for (unsigned i = 0; i < TURNS && !worker.armed; i++)
		worker.armed = fn_poller_run_once(worker.poller, 0) == 0;
}

struct fn_poller_stats worker_stats(const struct conform *c)
{
	struct fn_poller_stats stats = { .sz = sizeof(stats) };

	(void)c;
	fn_poller_get_stats(worker.poller, &stats);
	return stats;
}

/* It has armed, has found nothing, and is asleep for as long as the body looks. */
static bool sleeps(struct conform *c)
{
	const struct fn_poller_stats before = worker_stats(c);
	struct fn_poller_stats after;

	if (!worker.has_thread)
		return worker.armed;
	conform_wait(c);
	after = worker_stats(c);
	return after.arms == before.arms && after.arms == after.sleeps + after.second_looks + 1 &&
	       after.sleeps == before.sleeps && after.asleep_ns > before.asleep_ns + LOOK_NS;
}

void worker_rest(struct conform *c)
{
	worker_until(sleeps(c));
}

unsigned worker_got(void)
{
	return __atomic_load_n(&worker.got, __ATOMIC_ACQUIRE);
}

void worker_send(struct conform *c, unsigned seq, unsigned n)
{
	uint8_t frame[WORKER_LEN];

	for (unsigned i = 0; i < n; i++) {
		frame_fill(frame, seq + i, WORKER_LEN, worker.mac, false);
		wire_send(c, frame, WORKER_LEN);
	}
}

bool worker_expect_next(struct conform *c, unsigned seq)
{
	static uint8_t buf[FRAME_MAX];
	uint8_t want[WORKER_LEN];
	struct wire_request request;
	const size_t len = c->place->ops->recv(c, &request, buf, sizeof(buf));

	if (!len)
		return false;
	frame_fill(want, seq, WORKER_LEN, worker.mac, true);
	check_eq(frame_seq(buf), seq);
	check_eq(len, WORKER_LEN);
	check_mem(buf, want, WORKER_LEN);
	return true;
}

void worker_expect_stream(struct conform *c, unsigned seq, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		worker_until(worker_expect_next(c, seq + i));
}

unsigned worker_check_passes(struct conform *c, unsigned seq)
{
	for (unsigned i = 0; i < 3; i++, seq++) {
		worker_send(c, seq, 1);
		worker_expect_stream(c, seq, 1);
	}
	return seq;
}

bool worker_has_time(void)
{
	static uint64_t end_ns;
	const unsigned seconds = worker_count("CONFORM_POLLER_SECONDS", 0);

	if (!end_ns)
		end_ns = machine_now_ns() + seconds * 1000000000ull;
	return !seconds || machine_now_ns() < end_ns;
}

void worker_counted(struct conform *c, const char *what, uint64_t n, uint64_t of)
{
	const char *path = getenv("CONFORM_COUNTS"); /* NOLINT(concurrency-mt-unsafe): read only */
	const struct fn_poller_stats stats = worker_stats(c);
	FILE *file = path ? fopen(path, "ae") : NULL;

	check(file || !path);
	if (!file)
		return;
	(void)fprintf(file,
		      "%s %s: counted %" PRIu64 " of %" PRIu64 " %s: %" PRIu64 " sleeps, %" PRIu64
		      " lost wake-ups, %" PRIu64 " second looks that caught one, %" PRIu64
		      " spurious, %" PRIu64 " by time-out, %" PRIu64 " packets\n",
		      c->place->name, c->behaviour->name, n, of, what, stats.sleeps,
		      stats.lost_wakeups, stats.second_looks, stats.spurious, stats.wakes_timeout,
		      stats.packets);
	check(!fclose(file));
}

unsigned worker_count(const char *variable, unsigned standard)
{
	const char *said = getenv(variable); /* NOLINT(concurrency-mt-unsafe): read only */
	const unsigned long n = said ? strtoul(said, NULL, 10) : 0;

	return n ? (unsigned)n : standard;
}
