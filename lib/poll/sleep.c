// SPDX-License-Identifier: BSD-3-Clause
/*
 * The one place that knows the order of going to sleep. Each step closes a gap in which a wake-up
 * would be lost: docs/adaptive.md tells which, and what catches each of them when it is left out.
 */
#include <errno.h>
#include <poll.h>
#include <sys/timerfd.h>

#include "base/barrier.h"
#include "dev/events.h"
#include "poll/poller.h"

/* How long it sleeps over an empty pool, or events that wait for another thread's lock. */
#define NAP_NS 1000000u
#define EVENTS_NAP_NS 10000000u

/* What arming came to. */
enum armed {
	ARMED,     /* whatever comes interrupts */
	ARMED_NAP, /* but for a queue that has no buffers */
	ARMED_NOT, /* a queue cannot interrupt */
};

static void found_add(struct fn_poller *p, struct fn_poll_found *found, struct fn_wait_mark *mark)
{
	switch (mark->kind) {
	case FN_WAIT_VECTOR:
		found->vectors++;
		fn_poll_moderate_event(p, fn_container_of(mark, struct fn_poll_vector, mark));
		break;
	case FN_WAIT_WAKE:
		found->wake = true;
		break;
	case FN_WAIT_TIMER:
		/* It has woken who waits for the poller's descriptor, and that is all. */
		break;
	case FN_WAIT_EVENTS:
		found->others = true;
		found->events = true;
		break;
	case FN_WAIT_WATCH:
		found->others = true;
		found->watches[found->watches_n++] =
			fn_container_of(mark, struct fn_poller_watch, mark);
		break;
	}
}

void fn_poll_wait(struct fn_poller *p, int64_t timeout_ns, struct fn_poll_found *found)
{
	struct fn_wait_mark *marks[FN_WAIT_READY];
	const unsigned before = found->vectors;
	unsigned cqes = 0;
	unsigned n;

	/* A look behind another one: descriptors that are ready are so in the next one, too. */
	found->watches_n = 0;
	n = p->wait_ops->wait(p->wait, timeout_ns, marks, &cqes);
	for (unsigned i = 0; i < n; i++)
		found_add(p, found, marks[i]);
	found->cqes += cqes;
	found->others |= cqes != 0;
	fn_count(&p->counts.interrupts, found->vectors - before);
}

unsigned fn_poll_dispatch(struct fn_poller *p, struct fn_poll_found *found)
{
	unsigned work = found->cqes + found->watches_n;

	/* A callback may take out what another one's turn comes for. */
	p->rounding = true;
	if (found->events || p->events_again)
		work += (unsigned)fn_events_process_nowait(p->ctx, &p->events_again);
	for (unsigned i = 0; i < found->watches_n; i++) {
		struct fn_poller_watch *watch = found->watches[i];

		if (!watch->dead)
			watch->fn(watch->arg, watch->mark.ready);
	}
	p->rounding = false;
	fn_poll_bury(p);
	return work;
}

/*
 * Step 0: nothing that is done stays behind, neither packets sent nor a doorbell that was held. In
 * this order: what still waits behind it found a ring that is full, so that there is something that
 * the device will tell of (but for any_tx_held()). A ring that was emptied behind it would never
 * interrupt.
 */
void fn_poll_settle(struct fn_poller *p)
{
	/* Memory that is given back may have a callback, which may take out queues. */
	p->rounding = true;
	for (unsigned i = 0; i < p->tx.n; i++) {
		struct fn_poller_tx *tx = p->tx.at[i];

		if (tx->item.on)
			(void)fn_tx_reclaim(tx->q);
	}
	for (unsigned i = 0; p->tx_wait && i < p->tx.n; i++)
		(void)fn_poll_tx_flush(p, p->tx.at[i]);
	p->rounding = false;
	fn_poll_bury(p);
}

static enum armed arm_rx(struct fn_poller_rx *rx)
{
	int ret;

	if (!fn_poll_rx_is_on(rx))
		return ARMED;
	/* One that is down, broken or gone brings nothing; when it is mended the worker is told. */
	if (!rx->item.vector)
		return fn_rxq_status(rx->q) ? ARMED : ARMED_NOT;
	ret = fn_rxq_arm(rx->q);
	/* What the kernel wants back (-ENODEV) brings packets until it is closed. */
	rx->item.armed = !ret || ret == -ENODEV;
	return ret == -ENOBUFS ? ARMED_NAP : ARMED;
}

/* Only when somebody waits for room, or for buffers: else nobody needs to know. */
static enum armed arm_tx(struct fn_poller_tx *tx, bool nap)
{
	if (!tx->item.on || fn_txq_status(tx->q) || !(tx->is_full || nap))
		return ARMED;
	if (!tx->item.vector)
		return tx->is_full ? ARMED_NOT : ARMED;
	tx->item.armed = !fn_txq_arm(tx->q);
	return ARMED;
}

static enum armed arm_all(struct fn_poller *p)
{
	enum armed worst = ARMED;
	enum armed one;

	for (unsigned i = 0; i < p->rx.n; i++) {
		one = arm_rx(p->rx.at[i]);
		worst = one > worst ? one : worst;
	}
	for (unsigned i = 0; i < p->tx.n; i++) {
		one = arm_tx(p->tx.at[i], worst == ARMED_NAP);
		worst = one > worst ? one : worst;
	}
	return worst;
}

/* Returns how many queues were armed. */
static unsigned disarm_all(struct fn_poller *p)
{
	unsigned armed = 0;

	for (unsigned i = 0; i < p->rx.n; i++) {
		struct fn_poller_rx *rx = p->rx.at[i];

		if (!rx->item.armed)
			continue;
		fn_rxq_disarm(rx->q);
		rx->item.armed = false;
		armed++;
	}
	for (unsigned i = 0; i < p->tx.n; i++) {
		struct fn_poller_tx *tx = p->tx.at[i];

		if (!tx->item.armed)
			continue;
		fn_txq_disarm(tx->q);
		tx->item.armed = false;
		armed++;
	}
	return armed;
}

static bool any_rx_pending(const struct fn_poller *p)
{
	for (unsigned i = 0; i < p->rx.n; i++) {
		struct fn_poller_rx *rx = p->rx.at[i];

		if (fn_poll_rx_is_on(rx) && fn_rxq_pending(rx->q))
			return true;
	}
	return false;
}

/* Of those that were to interrupt for what they have. */
static bool any_armed_pending(const struct fn_poller *p)
{
	for (unsigned i = 0; i < p->rx.n; i++) {
		struct fn_poller_rx *rx = p->rx.at[i];

		if (rx->item.armed && fn_rxq_pending(rx->q))
			return true;
	}
	return false;
}

static bool any_tx_pending(const struct fn_poller *p)
{
	for (unsigned i = 0; i < p->tx.n; i++) {
		struct fn_poller_tx *tx = p->tx.at[i];

		if (tx->item.armed && fn_txq_pending(tx->q))
			return true;
	}
	return false;
}

/*
 * What came into a batch when its turn in step 0 was over: the flush of another queue gives memory
 * back, whose callback may send. The next round hands it over.
 */
static bool any_tx_held(const struct fn_poller *p)
{
	for (unsigned i = 0; p->tx_wait && i < p->tx.n; i++) {
		const struct fn_poller_tx *tx = p->tx.at[i];

		if (tx->item.on && tx->n && !tx->is_full)
			return true;
	}
	return false;
}

/* Step 4: whatever came before it was announced that the worker sleeps, and was not told of. */
static bool anything(const struct fn_poller *p)
{
	if (__atomic_load_n(&p->mail, __ATOMIC_ACQUIRE) ||
	    __atomic_load_n(&p->quit, __ATOMIC_ACQUIRE))
		return true;
	if (any_rx_pending(p) || any_tx_pending(p) || any_tx_held(p))
		return true;
	for (unsigned i = 0; i < p->sources.n; i++) {
		const struct fn_poller_source *source = p->sources.at[i];

		if (source->pending(source->arg))
			return true;
	}
	return false;
}

/* The worker is awake, and nobody needs to tell it so. */
static void wake_up(struct fn_poller *p, const struct fn_poll_found *found)
{
	const bool told = !__atomic_exchange_n(&p->sleeping, 0, __ATOMIC_SEQ_CST);
	const unsigned armed = disarm_all(p);

	/*
	 * Whoever told it has written to the eventfd, or is about to; and what woke it may have
	 * been the first of several interrupts.
	 */
	if ((told && !found->wake) || (found->vectors && armed > 1))
		p->stale = true;
}

/* An interrupt comes within this time, whatever else does. */
static bool interrupt_comes(struct fn_poller *p, uint64_t ns, struct fn_poll_found *found)
{
	const uint64_t end_ns = fn_poll_now_ns() + ns;
	uint64_t now_ns = end_ns - ns;

	do {
		fn_poll_wait(p, (int64_t)(end_ns - now_ns), found);
		now_ns = fn_poll_now_ns();
	} while (!found->vectors && now_ns < end_ns);
	return found->vectors;
}

/*
 * A sleep ran into its limit. A packet that is there now, and whose interrupt does not come even
 * when it is waited for alone, would have been slept over: that is what never happens.
 */
static void look_for_lost(struct fn_poller *p, struct fn_poll_found *found)
{
	if (!any_armed_pending(p))
		return;
	if (!interrupt_comes(p, p->opts.lost_ns, found) &&
	    !interrupt_comes(p, 3 * p->opts.lost_ns, found))
		fn_count(&p->counts.lost_wakeups, 1);
	fn_poll_account_wait(p);
}

static void count_wake(struct fn_poller *p, const struct fn_poll_found *found, bool timer)
{
	struct fn_poll_counts *counts = &p->counts;

	fn_count(&counts->sleeps, 1);
	if (found->vectors)
		fn_count(&counts->wakes_interrupt, 1);
	else if (found->wake)
		fn_count(&counts->wakes_control, 1);
	else if (found->others)
		fn_count(&counts->wakes_event, 1);
	else
		fn_count(timer ? &counts->wakes_timer : &counts->wakes_timeout, 1);
	p->woke = true;
	p->woke_by_vector = found->vectors && !found->wake && !found->others;
}

/*
 * What the end of a sleep has to do before anything is polled. Timers come last: what they take out
 * of the poller is gone at once, and must not be in @found any more.
 */
static unsigned awake(struct fn_poller *p, struct fn_poll_found *found)
{
	uint64_t now_ns = 0;
	unsigned work;

	wake_up(p, found);
	if (!fn_list_empty(&p->timers))
		now_ns = fn_poll_now_ns();
	count_wake(p, found, now_ns && !fn_poll_timers_left_ns(p, now_ns));
	work = fn_poll_dispatch(p, found);
	work += now_ns ? fn_poll_timers_run(p, now_ns) : 0;
	if (work)
		fn_poll_account_other(p);
	return work;
}

/* A sleep begins: a reader adds what there is of it so far. */
void fn_poll_fall(struct fn_poller *p, uint64_t fell)
{
	__atomic_store_n(&p->counts.asleep_since, fell, __ATOMIC_RELAXED);
}

/* What it needed of the processor: less than the time that it lasted, if that was short. */
static uint64_t wake_cpu_ticks(const struct fn_poller *p, uint64_t lasted)
{
	const uint64_t ticks = p->cost.cpu_ns * p->cost.ticks_per_ms / 1000000u;

	return ticks < lasted ? ticks : lasted;
}

/* The time between two stamps is a sleep, or what surrounds it. */
void fn_poll_account_sleep(struct fn_poller *p, uint64_t fell)
{
	uint64_t woke;

	/*
	 * A reader adds the sleep that lasts itself: never twice, and not beyond its end (stats.c).
	 */
	__atomic_store_n(&p->counts.asleep_since, FN_POLL_WAKING, __ATOMIC_RELAXED);
	fn_fence_release();
	woke = fn_ticks();
	fn_count(&p->counts.spin_ticks, fell - p->mark_ticks);
	fn_count(&p->counts.asleep_ticks, woke - fell);
	__atomic_store_n(&p->counts.asleep_since, FN_POLL_AWAKE, __ATOMIC_RELEASE);
	fn_count(&p->counts.need_ticks, wake_cpu_ticks(p, woke - fell));
	p->mark_ticks = woke;
	p->woke_ticks = woke;
	p->look_ticks = woke;
}

void fn_poll_rise(struct fn_poller *p)
{
	const uint64_t fell = p->counts.asleep_since;

	if (fell != FN_POLL_AWAKE)
		fn_poll_account_sleep(p, fell);
}

/*
 * Steps 5 and 6: block, and take the event, before anything is polled. Returns how much it was. A
 * signal ends a sleep like a time-out, but early: what is not there yet may still come.
 */
static unsigned block(struct fn_poller *p, uint64_t limit_ns, bool is_safety)
{
	const uint64_t end_ns = is_safety ? fn_poll_now_ns() + limit_ns : 0;
	struct fn_poll_found found = { 0 };

	fn_poll_fall(p, fn_ticks());
	fn_poll_wait(p, (int64_t)limit_ns, &found);
	fn_poll_rise(p);
	if (is_safety && !found.vectors && !found.wake && !found.others &&
	    fn_poll_now_ns() >= end_ns)
		look_for_lost(p, &found);
	return awake(p, &found);
}

/* How long at most, and whether a packet at the end of it would be a lost wake-up. */
static uint64_t longest_ns(const struct fn_poller *p, enum armed armed, uint64_t limit_ns,
			   bool *is_safety)
{
	uint64_t ns = p->opts.safety_ns;
	uint64_t timer_ns = UINT64_MAX;

	if (!fn_list_empty(&p->timers))
		timer_ns = fn_poll_timers_left_ns(p, fn_poll_now_ns());
	*is_safety = armed == ARMED;
	if (armed == ARMED_NAP && ns > NAP_NS)
		ns = NAP_NS;
	if (p->events_again && ns > EVENTS_NAP_NS)
		ns = EVENTS_NAP_NS;
	if (ns > timer_ns)
		ns = timer_ns;
	return ns < limit_ns ? ns : limit_ns;
}

/*
 * For a loop that waits for the poller's descriptor: the end of the wait is a descriptor, too. Set
 * anew only when the time is another one, or past: it may have been told of, and taken.
 */
static void timer_set(struct fn_poller *p, uint64_t ns)
{
	const uint64_t now_ns = fn_poll_now_ns();
	const uint64_t due_ns = now_ns + ns;
	struct itimerspec at = { 0 };

	if (p->timer_due_ns > now_ns && p->timer_due_ns <= due_ns &&
	    p->timer_due_ns + NAP_NS > due_ns)
		return;
	p->timer_due_ns = due_ns;
	at.it_value.tv_sec = (time_t)(due_ns / 1000000000u);
	at.it_value.tv_nsec = (long)(due_ns % 1000000000u);
	(void)timerfd_settime(p->timer.fd, TFD_TIMER_ABSTIME, &at, NULL);
}

bool fn_poll_sleep(struct fn_poller *p, uint64_t limit_ns)
{
	struct fn_poll_found found = { 0 };
	enum armed armed;
	bool is_safety;
	uint64_t ns;

	/*
	 * An event that nobody waits for any more would end the sleep at once. And who waits for
	 * the descriptor of an io_uring waits for what a look has put into it.
	 */
	if (p->stale || (!limit_ns && p->wait_ops->kind == FN_POLLER_WAIT_URING)) {
		p->stale = false;
		fn_poll_wait(p, 0, &found);
		if (found.others) {
			(void)fn_poll_dispatch(p, &found);
			fn_poll_account_other(p);
			return false;
		}
	}
	fn_poll_settle(p);                                   /* 0 */
	__atomic_store_n(&p->sleeping, 1, __ATOMIC_SEQ_CST); /* 1 */
	fn_count(&p->counts.arms, 1);
	armed = arm_all(p); /* 2 */
	/*
	 * 3: pairs with the device, which tells of a packet before it looks whether it is to
	 * interrupt, and with fn_poller_wake(), which comes behind the work that it tells of: what
	 * they did not see of steps 1 and 2 is seen in step 4.
	 */
	fn_mb_dma();
	if (armed == ARMED_NOT || anything(p)) { /* 4 */
		p->no_sleep = armed == ARMED_NOT;
		wake_up(p, &found);
		p->stale = true;
		if (!p->no_sleep)
			fn_count(&p->counts.second_looks, 1);
		/* As a wake after no time at all. */
		p->woke = true;
		p->woke_by_vector = false;
		p->woke_ticks = fn_ticks();
		return false;
	}
	ns = longest_ns(p, armed, limit_ns, &is_safety);
	if (limit_ns)
		return !block(p, ns, is_safety && ns == p->opts.safety_ns); /* 5, 6 */
	timer_set(p, longest_ns(p, armed, UINT64_MAX, &is_safety));
	p->is_armed = true;
	return true;
}

unsigned fn_poll_unarm(struct fn_poller *p)
{
	struct fn_poll_found found = { 0 };

	if (!p->is_armed)
		return 0;
	p->is_armed = false;
	fn_poll_wait(p, 0, &found);
	return awake(p, &found);
}
