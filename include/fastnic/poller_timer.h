/* SPDX-License-Identifier: BSD-3-Clause */
/* Timers of a poller: functions that its worker runs later, once or again and again. */
#ifndef FASTNIC_POLLER_TIMER_H
#define FASTNIC_POLLER_TIMER_H

#include <fastnic/error.h>

FN_BEGIN_DECLS

struct fn_poller;
struct fn_poller_timer;

/**
 * struct fn_poller_timer_opts - options of fn_poller_add_timer()
 * @sz: sizeof(struct fn_poller_timer_opts)
 * @err: where the sentence of a failure goes, or NULL
 * @fn: called when the time is up; required
 * @arg: handed to @fn
 * @first_ns: time from now until it is called first; UINT64_MAX: not before fn_poller_set_timer()
 *	gives it a time
 * @period_ns: time from one call to the next; 0: it is called once. Calls that were missed are not
 *	made up for
 *
 * A busy worker looks at its timers about once a millisecond, or every 16 full rounds if these take
 * longer. A round is full when a queue used up its budget.
 */
struct fn_poller_timer_opts {
	size_t sz;
	struct fn_error *err;
	void (*fn)(void *arg);
	void *arg;
	uint64_t first_ns;
	uint64_t period_ns;
};

/**
 * fn_poller_add_timer - have something done later
 * @poller: the poller
 * @opts: options
 * @timer: receives the handle, which lasts until fn_poller_del_timer(), also when the timer ran
 *	only once; or NULL
 *
 * Any thread.
 *
 * Return: 0; -EINVAL without a callback; -ENOMEM.
 */
FN_API int fn_poller_add_timer(struct fn_poller *poller, const struct fn_poller_timer_opts *opts,
			       struct fn_poller_timer **timer);

/**
 * fn_poller_set_timer - have a timer run at other times
 * @timer: the handle, also of one that ran only once and is over
 * @first_ns: time from now until it is called first; UINT64_MAX: never, until it is set again
 * @period_ns: time from one call to the next; 0: it is called once
 *
 * Any thread, its own callback included. When this returns its former times are void: the callback
 * is not running for them any more, but for the exceptions of fn_poller_del_rxq().
 */
FN_API void fn_poller_set_timer(struct fn_poller_timer *timer, uint64_t first_ns,
				uint64_t period_ns);

/**
 * fn_poller_del_timer - take a timer out of its poller
 * @timer: the handle, or NULL; gone afterwards
 *
 * Any thread. The callback is not running any more when this returns, but for the exceptions of
 * fn_poller_del_rxq().
 */
FN_API void fn_poller_del_timer(struct fn_poller_timer *timer);

FN_END_DECLS

#endif
