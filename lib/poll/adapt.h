/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * When a worker that finds nothing goes to sleep: a state machine without a clock or a descriptor.
 * Times are numbers of the caller's clock, in any unit that grows.
 */
#ifndef FN_POLL_ADAPT_H
#define FN_POLL_ADAPT_H

#include <stdbool.h>
#include <stdint.h>

#include <fastnic/poller.h>

#include "base/bits.h"

/* What a worker does next. */
enum fn_adapt_act {
	FN_ADAPT_SPIN,  /* look again, after as many pauses as fn_adapt_pauses() says */
	FN_ADAPT_SLEEP, /* arm, look again, sleep */
};

/* What ended a sleep, as far as it matters here. */
enum fn_adapt_cause {
	FN_ADAPT_BY_WORK,  /* a packet, or a source's work */
	FN_ADAPT_BY_OTHER, /* a control call, a time-out, an interrupt without a packet */
};

/**
 * struct fn_adapt - the decision of one worker
 * @idle: rounds since @idle_since found nothing
 * @polled: since then it has only polled
 * @mode: when to sleep at all; @window is for FN_POLLER_ADAPTIVE, and 0 else
 * @pauses: pause instructions before the next look
 * @idle_since: when a round found nothing for the first time after one that did
 * @window: how long it polls for nothing
 * @wanted: window that all work since the last late one would have been met with; 0: there was none
 * @most: the longest window: some times @latency
 * @step: what a window of 0 grows to, and the shortest that there is
 * @latency: from an interrupt to the worker
 */
struct fn_adapt {
	bool idle;
	bool polled;
	enum fn_poller_mode mode;
	unsigned pauses;
	uint64_t idle_since;
	uint64_t window;
	uint64_t wanted;
	uint64_t most;
	uint64_t step;
	uint64_t latency;
};

/**
 * fn_adapt_init - begin, or begin anew with another mode or policy
 * @a: the state
 * @mode: when to sleep
 * @policy: how long the window may get
 * @latency: from an interrupt to the worker, in the clock's unit
 *
 * Nothing is kept of what was. The window begins at its longest.
 */
void fn_adapt_init(struct fn_adapt *a, enum fn_poller_mode mode, enum fn_poller_policy policy,
		   uint64_t latency);

/* A round found something. Cheap: this is the loaded path. */
static inline void fn_adapt_busy(struct fn_adapt *a)
{
	a->idle = false;
}

/*
 * A round that ended @now found nothing. May be called for each such round, or for some of them:
 * what it does not hear of makes the window longer by that.
 */
enum fn_adapt_act fn_adapt_idle(struct fn_adapt *a, uint64_t now);

/* Pause instructions until the next look: 1, 2, 4 to 16 as a worker finds nothing for longer. */
unsigned fn_adapt_pauses(struct fn_adapt *a);

/**
 * fn_adapt_woke - a sleep is over, or the look behind the arming found something and there was none
 * @a: the state
 * @now: when
 * @cause: by what
 *
 * Work that came soon after the last (within the longest window) would have been met by polling:
 * the window doubles. Work that came late made all of the polling vain: it halves, down to 0,
 * unless the half that would go has met something since the last late one. Anything else is no
 * news, and who finds nothing after it sleeps again at once.
 */
void fn_adapt_woke(struct fn_adapt *a, uint64_t now, enum fn_adapt_cause cause);

#endif
