// SPDX-License-Identifier: BSD-3-Clause
/* The worker's loop: rounds over its queues and sources, and what follows from finding nothing. */
#include <errno.h>
#include <stdlib.h>

#include "poll/poller.h"

/* Full rounds (a queue used up its budget) in a row, after which the clock is looked at. */
#define FULL_ROUNDS 16u

/* Busy time for which full rounds tell what others cost (fn_need_settle()). */
#define NEED_FRESH_MS 1000u

/* Cache lines that a round pays for because it is not full cost at most a microsecond. */
#define NEED_SPARE_PER_MS 1000u

/* Rounds of one fn_poller_run_once(). */
#define ONCE_ROUNDS 16u

static inline void pause_cpu(unsigned times)
{
	for (; times; times--) {
#if defined(__x86_64__)
		__builtin_ia32_pause();
#elif defined(__aarch64__)
		__asm__ volatile("yield" ::: "memory");
#endif
	}
}

/* A receive queue's turn: its packets, up to the budget, go to its callback. Returns how many. */
unsigned fn_poll_rx_turn(struct fn_poller *p, struct fn_poller_rx *rx)
{
	const uint32_t burst = p->burst;
	unsigned total = 0;
	unsigned n;

	/* The callback may have taken the queue out, or filled the one that it feeds. */
	while (fn_poll_rx_is_on(rx)) {
		n = fn_rx_burst(rx->q, p->pkts, burst);
		if (!n)
			break;
		rx->fn(rx->arg, p->pkts, n);
		total += n;
		if (n < burst)
			break;
		if (total + burst > p->budget) {
			fn_count(&p->counts.budget_hits, 1);
			fn_count(&rx->budget_hits, 1);
			break;
		}
	}
	if (fn_unlikely(rx->item.vector && rx->item.vector->moderated))
		rx->item.vector->packets += total;
	return total;
}

static unsigned run_source(struct fn_poller *p, struct fn_poller_source *source)
{
	const unsigned did = source->run(source->arg);

	fn_count(&p->counts.source_rounds, did != 0);
	return did;
}

/* Once round everything. Lists may grow meanwhile. Returns how much there was to do. */
static unsigned once_round(struct fn_poller *p)
{
	unsigned packets = 0;
	unsigned work = 0;

	p->rounding = true;
	for (unsigned i = 0; i < p->rx.n; i++)
		packets += fn_poll_rx_turn(p, p->rx.at[i]);
	for (unsigned i = 0; i < p->sources.n; i++) {
		struct fn_poller_source *source = p->sources.at[i];

		if (!source->dead)
			work += run_source(p, source);
	}
	/* Behind all that may send: this is what rings a doorbell that a batch held back. */
	for (unsigned i = 0; p->tx_wait && i < p->tx.n; i++)
		work += fn_poll_tx_flush(p, p->tx.at[i]);
	p->rounding = false;
	if (fn_unlikely(p->has_dead))
		fn_poll_bury(p);
	fn_count(&p->counts.rounds, 1);
	fn_count(&p->counts.packets, packets);
	fn_count(&p->counts.packet_rounds, packets != 0);
	return packets + work;
}

/* The time since the last one was spent with work, or not. */
static void account(struct fn_poller *p, uint64_t now, bool busy)
{
	const uint64_t ticks = now - p->mark_ticks;

	p->mark_ticks = now;
	fn_count(busy ? &p->counts.busy_ticks : &p->counts.spin_ticks, ticks);
}

/*
 * Time up to here was spent for something else than rounds: it takes no less when there is more of
 * it, and is no part of what fn_need_settle() judges.
 */
void fn_poll_account_other(struct fn_poller *p)
{
	const uint64_t before = p->mark_ticks;

	account(p, fn_ticks(), true);
	p->other_ticks += p->mark_ticks - before;
	fn_count(&p->counts.need_ticks, p->mark_ticks - before);
}

void fn_poll_account_wait(struct fn_poller *p)
{
	account(p, fn_ticks(), false);
}

/* The first of some rounds that found nothing has no pause in it: it is what a round costs. */
static void account_empty(struct fn_poller *p, uint64_t now)
{
	if (!p->adapt.idle)
		fn_need_empty(&p->need, now - p->mark_ticks);
	account(p, now, false);
}

/*
 * What the rounds so far needed. Where time does not matter: about once a millisecond, before a
 * sleep, and when the thread leaves.
 */
static void settle_need(struct fn_poller *p)
{
	const struct fn_need_sums sums = {
		.busy = p->counts.busy_ticks - p->other_ticks,
		.rounds = p->counts.packet_rounds,
		.packets = p->counts.packets,
		.full_rounds = p->counts.full_rounds,
		.source_rounds = p->counts.source_rounds,
	};
	/* Each queue takes whole bursts. */
	const uint64_t turn = p->budget - p->budget % p->burst;
	const struct fn_need_terms terms = {
		.most = turn * (p->rx.n ? p->rx.n : 1),
		/* What sources do in a round that is not full is no cost of such rounds. */
		.fresh = p->sources.n ? 0 : NEED_FRESH_MS * p->cost.ticks_per_ms,
		.spare = p->cost.ticks_per_ms / NEED_SPARE_PER_MS,
		.whole = p->cost.ticks_per_ms / 2,
	};

	fn_count(&p->counts.need_ticks, fn_need_settle(&p->need, &sums, &terms));
}

/* Those that were full since time was accounted last. */
static void count_full(struct fn_poller *p)
{
	fn_count(&p->counts.full_rounds, p->full);
	p->full = 0;
}

/* Rounds that were full, and behind which the clock was not looked at, are work. */
static void account_full(struct fn_poller *p)
{
	if (!p->full)
		return;
	account(p, fn_ticks(), true);
	count_full(p);
}

/* What others asked for is no work of the queues, nor is being paused. */
static void serve(struct fn_poller *p)
{
	if (fn_likely(!__atomic_load_n(&p->mail, __ATOMIC_ACQUIRE)))
		return;
	account_full(p);
	fn_poll_serve(p);
	account(p, fn_ticks(), false);
}

/* Timers and descriptors, about once a millisecond. Returns how much there was to do. */
static unsigned look(struct fn_poller *p, uint64_t now)
{
	struct fn_poll_found found = { 0 };
	unsigned work = 0;

	p->look_ticks = now;
	p->no_sleep = false;
	/* A queue that sends no more has packets to give back all the same. */
	fn_poll_settle(p);
	if (!fn_list_empty(&p->timers))
		work += fn_poll_timers_run(p, fn_poll_now_ns());
	fn_poll_wait(p, 0, &found);
	p->stale = false;
	return work + fn_poll_dispatch(p, &found);
}

/* A round behind a sleep tells what the sleep was worth. */
static void judge_wake(struct fn_poller *p, bool work)
{
	p->woke = false;
	if (!work && p->woke_by_vector)
		fn_count(&p->counts.spurious, 1);
	fn_adapt_woke(&p->adapt, p->woke_ticks, work ? FN_ADAPT_BY_WORK : FN_ADAPT_BY_OTHER);
	__atomic_store_n(&p->counts.window_ticks, p->adapt.window, __ATOMIC_RELAXED);
}

/* A round is over, and what was due behind it. Returns whether there was something to do. */
static inline bool judge(struct fn_poller *p, unsigned work, bool woke)
{
	if (!work) {
		fn_count(&p->counts.empty_rounds, 1);
		return false;
	}
	if (p->adapt.idle && !woke)
		fn_count(&p->counts.caught, 1);
	fn_adapt_busy(&p->adapt);
	return true;
}

/* The same once a millisecond. Apart, so that each round's registers are not saved for it. */
static __attribute__((noinline)) bool judge_and_look(struct fn_poller *p, unsigned work, bool woke,
						     uint64_t now)
{
	const unsigned others = look(p, now);

	if (others)
		fn_poll_account_other(p);
	settle_need(p);
	return judge(p, work + others, woke);
}

/*
 * A round and what follows from it. Returns whether there was something to do, or may be: a worker
 * that gets false may sleep. The clock is not looked at behind a full round, as those of a loaded
 * worker are; behind others the next packets are not there yet.
 */
static bool turn(struct fn_poller *p)
{
	unsigned work;
	uint64_t hits;
	uint64_t now;
	bool woke;

	serve(p);
	woke = p->woke;
	hits = p->counts.budget_hits;
	work = once_round(p);
	if (fn_unlikely(woke))
		judge_wake(p, work);
	if (p->counts.budget_hits != hits && ++p->full < FULL_ROUNDS) {
		fn_adapt_busy(&p->adapt);
		return true;
	}
	now = fn_ticks();
	if (work || p->full)
		account(p, now, true);
	else
		account_empty(p, now);
	count_full(p);
	if (now - p->look_ticks >= p->cost.ticks_per_ms)
		return judge_and_look(p, work, woke, now);
	return judge(p, work, woke);
}

/* Sleep: see fn_poll_sleep(). */
static bool fall_asleep(struct fn_poller *p, uint64_t limit_ns)
{
	settle_need(p);
	return fn_poll_sleep(p, limit_ns);
}

static void work_until_stopped(struct fn_poller *p)
{
	while (!__atomic_load_n(&p->quit, __ATOMIC_ACQUIRE)) {
		if (turn(p))
			continue;
		if (fn_adapt_idle(&p->adapt, p->mark_ticks) == FN_ADAPT_SPIN || p->no_sleep)
			pause_cpu(fn_adapt_pauses(&p->adapt));
		else
			(void)fall_asleep(p, UINT64_MAX);
	}
	__atomic_store_n(&p->quit, 0, __ATOMIC_RELEASE);
}

/* Returns how much there was to do. */
static unsigned begin(struct fn_poller *p)
{
	if (p->is_armed)
		fn_poll_account_sleep(p, p->mark_ticks);
	else
		p->mark_ticks = fn_ticks();
	/* Before any callback: it may be paused. */
	serve(p);
	return fn_poll_unarm(p);
}

/* What begin() began. */
static void end(struct fn_poller *p)
{
	account_full(p);
	account(p, fn_ticks(), false);
	settle_need(p);
	/* It is armed: the caller waits for the descriptor, and sleeps for the worker. */
	if (p->is_armed)
		fn_poll_fall(p, p->mark_ticks);
}

int fn_poller_run(struct fn_poller *p)
{
	struct fn_place before;
	int ret = fn_poll_enter(p);

	if (ret)
		return fn_report(p->ctx, NULL, ret);
	ret = fn_place_go(p, &before);
	if (!ret) {
		(void)begin(p);
		work_until_stopped(p);
		end(p);
		fn_place_back(&before);
	}
	fn_poll_off_cpu_end(p);
	fn_poll_leave(p);
	return fn_report(p->ctx, NULL, ret);
}

/* What is left of @limit_ns, which ends at @end_ns. */
static uint64_t left_ns(uint64_t limit_ns, uint64_t end_ns)
{
	uint64_t now_ns;

	if (limit_ns == 0 || limit_ns == UINT64_MAX)
		return limit_ns;
	now_ns = fn_poll_now_ns();
	return now_ns < end_ns ? end_ns - now_ns : 0;
}

static int once(struct fn_poller *p, uint64_t limit_ns)
{
	const uint64_t end_ns = fn_poll_now_ns() + limit_ns;
	/* What the end of the last sleep brought is something to do, too. */
	unsigned rounds = begin(p) != 0;
	uint64_t ns;

	/* To be stopped ends one call: the next one sleeps again. */
	while (rounds < ONCE_ROUNDS && !__atomic_exchange_n(&p->quit, 0, __ATOMIC_ACQ_REL)) {
		if (turn(p)) {
			rounds++;
			continue;
		}
		if (rounds)
			return 1;
		ns = left_ns(limit_ns, end_ns);
		if (limit_ns && !ns)
			return 0;
		(void)fn_adapt_idle(&p->adapt, p->mark_ticks);
		if (p->no_sleep || !fall_asleep(p, ns))
			rounds++;
		else if (!limit_ns)
			return 0;
	}
	return 1;
}

int fn_poller_run_once(struct fn_poller *p, int64_t timeout_ns)
{
	int ret = fn_poll_enter(p);

	if (ret)
		return fn_report(p->ctx, NULL, ret);
	ret = once(p, timeout_ns < 0 ? UINT64_MAX : (uint64_t)timeout_ns);
	end(p);
	fn_poll_leave(p);
	return ret;
}
