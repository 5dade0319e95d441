// SPDX-License-Identifier: BSD-3-Clause
/* How long a worker polls for nothing before it sleeps: a window that follows the arrivals. */
#include "poll/adapt.h"

/* Pause instructions between two looks at most. */
#define PAUSES_MAX 16u

/*
 * The shortest window is this part of the longest. What can be met within less is found by the look
 * behind the arming nearly always; and a window needs only four wakes from there to the longest.
 */
#define WINDOW_STEPS 16u

/* For how many times the time of a wake a policy polls for nothing. */
static uint64_t policy_factor(enum fn_poller_policy policy)
{
	switch (policy) {
	case FN_POLLER_LATENCY:
		return 10;
	case FN_POLLER_POWER:
		return 1;
	case FN_POLLER_BALANCED:
	default:
		return 3;
	}
}

/*
 * A load that is not known yet is taken for a heavy one: a wrong guess costs twice the longest
 * window, once, and a right one spares a switch under load the wakes that it would learn from.
 */
void fn_adapt_init(struct fn_adapt *a, enum fn_poller_mode mode, enum fn_poller_policy policy,
		   uint64_t latency)
{
	const uint64_t factor = policy_factor(policy);
	const uint64_t most = latency > UINT64_MAX / factor ? UINT64_MAX : latency * factor;
	const uint64_t step = most / WINDOW_STEPS;

	*a = (struct fn_adapt){
		.mode = mode,
		.pauses = 1,
		.window = mode == FN_POLLER_ADAPTIVE ? most : 0,
		.most = most,
		.step = step ? step : 1,
		.latency = latency,
	};
}

/* Time since the worker found nothing for the first time. */
static uint64_t idle_for(struct fn_adapt *a, uint64_t now)
{
	/* Counters of two sockets may differ, and one may be set back: then it begins anew. */
	if ((int64_t)(now - a->idle_since) < 0)
		a->idle_since = now;
	return now - a->idle_since;
}

/* Work came this long after the last, and polling met it or would have: at least 1. */
static void needed(struct fn_adapt *a, uint64_t gap)
{
	if (!gap)
		gap = 1;
	if (a->wanted < gap)
		a->wanted = gap;
}

enum fn_adapt_act fn_adapt_idle(struct fn_adapt *a, uint64_t now)
{
	if (!a->idle) {
		/*
		 * Polling alone met what ended the idle time before this one. How long that took
		 * nobody has measured, as packets do not make a worker read a clock; but it was no
		 * longer than from then to now.
		 */
		if (a->polled)
			needed(a, idle_for(a, now));
		a->idle = true;
		a->polled = true;
		a->idle_since = now;
		a->pauses = 1;
	}
	if (a->mode == FN_POLLER_POLL || idle_for(a, now) < a->window)
		return FN_ADAPT_SPIN;
	a->polled = false;
	return FN_ADAPT_SLEEP;
}

unsigned fn_adapt_pauses(struct fn_adapt *a)
{
	const unsigned pauses = a->pauses;

	if (pauses < PAUSES_MAX)
		a->pauses = pauses * 2;
	return pauses;
}

/* Twice the window, which a longest one near the end of the numbers does not make wrap. */
static void grow(struct fn_adapt *a)
{
	const uint64_t twice = a->window > a->most / 2 ? a->most : a->window * 2;

	a->window = twice > a->step ? twice : a->step;
	if (a->window > a->most)
		a->window = a->most;
}

/*
 * Half of the window, unless the other half was needed since the last late packet. Without that a
 * load whose packets come 10 us apart, and now and then one late, has a window that is just long
 * enough halved by each late one, and pays with a second sleep; some late ones in a row take it to
 * 0, and the delay of a wake gets into the median. That happened in simulation: 100,000 packets a
 * second of which 1 % were late slept 0.020 times a packet and not 0.011; packets of a recorded
 * exchange of requests waited 6.0 us and not 0.4 (tests/unit/test_adapt.c holds it to that).
 *
 * It counts for one late packet: when the next one is late, too, with nothing in between, the load
 * has changed. And what half the window would have met as well does not count: packets right behind
 * each other would else keep the longest window open, which has met nothing else.
 */
static void shrink(struct fn_adapt *a)
{
	uint64_t half = a->window / 2;

	if (half < a->step)
		half = 0;
	if (half >= a->wanted)
		a->window = half;
	a->wanted = 0;
}

void fn_adapt_woke(struct fn_adapt *a, uint64_t now, enum fn_adapt_cause cause)
{
	uint64_t gap;

	if (cause != FN_ADAPT_BY_WORK || a->mode != FN_POLLER_ADAPTIVE)
		return;
	/*
	 * The worker knows when it woke, not when the packet came: that was a wake's time ago, or
	 * less when it had not slept yet. With that left in, a longest window of one wake's time
	 * could never grow.
	 */
	gap = idle_for(a, now);
	gap = gap > a->latency ? gap - a->latency : 0;
	if (gap > a->most) {
		shrink(a);
	} else {
		needed(a, gap);
		grow(a);
	}
	a->idle = false;
}
