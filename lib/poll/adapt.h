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
 * @window: how long it polls for nothing
 * @most: the longest window: some times the latency of a wake
 * @step: what a window of 0 grows to
 * @idle_since: end of the last round that found something
 * @idle: rounds since found nothing
 * @pauses: pause instructions before the next look
 * @mode: poll: the window never ends; interrupt: it is 0
 */
struct fn_adapt {
	uint64_t window;
	uint64_t most;
	uint64_t step;
	uint64_t idle_since;
	bool idle;
	unsigned pauses;
	enum fn_poller_mode mode;
};

/**
 * fn_adapt_init - begin, or begin anew with another mode or policy
 * @a: the state
 * @mode: when to sleep
 * @policy: how long the window may get
 * @latency: from an interrupt to the worker, in the clock's unit
 */
void fn_adapt_init(struct fn_adapt *a, enum fn_poller_mode mode, enum fn_poller_policy policy,
		   uint64_t latency);

/* A round found something. Cheap: this is the loaded path. */
static inline void fn_adapt_busy(struct fn_adapt *a)
{
	a->idle = false;
}

/* A round that ended @now found nothing. */
enum fn_adapt_act fn_adapt_idle(struct fn_adapt *a, uint64_t now);

/* Pause instructions until the next look: 1, 2, 4 to 16 as a worker finds nothing for longer. */
unsigned fn_adapt_pauses(struct fn_adapt *a);

/**
 * fn_adapt_woke - a sleep is over
 * @a: the state
 * @now: when
 * @cause: by what
 *
 * Work that came soon after the last (within the longest window) would have been met by polling:
 * the window doubles. Work that came late made all of the polling vain: it halves, down to 0.
 */
void fn_adapt_woke(struct fn_adapt *a, uint64_t now, enum fn_adapt_cause cause);

#endif
