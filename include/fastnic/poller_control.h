/* SPDX-License-Identifier: BSD-3-Clause */
/* What other threads ask of a poller's worker: to run a function, to pause, to change its mode. */
#ifndef FASTNIC_POLLER_CONTROL_H
#define FASTNIC_POLLER_CONTROL_H

#include <fastnic/poller_wait.h>

FN_BEGIN_DECLS

struct fn_poller;

/**
 * fn_poller_call - have a function run on the worker's thread
 * @poller: the poller
 * @fn: the function
 * @arg: handed to @fn
 *
 * Any thread. Returns when @fn has run: between two rounds of the worker; at once when the poller
 * does not run; and directly when the caller is its worker. A worker that waits here for another
 * one of its context serves such calls for itself meanwhile, so that two may call each other. Two
 * of two contexts may not: each would wait for ever.
 *
 * The caller holds no lock that a callback or @fn takes: the worker would wait for the caller, who
 * waits for it. And a worker that calls this may run functions of others before it returns. So a
 * worker calls it from callbacks of the poller only, and not from a &typedef fn_pkt_free_fn, which
 * may run within a burst. The same holds for the other calls that wait for a worker: whatever adds,
 * deletes or sets on another poller; fn_poller_run(), fn_poller_run_once() and fn_poller_destroy()
 * of another one; and control calls of a device.
 */
FN_API void fn_poller_call(struct fn_poller *poller, void (*fn)(void *arg), void *arg);

/**
 * fn_poller_pause - keep a worker from its queues
 * @poller: the poller
 *
 * Any thread but a worker, as two that pause each other would wait for ever. No callback runs after
 * this until fn_poller_resume(); functions of fn_poller_call() do. A worker that is paused within
 * fn_poller_run() or fn_poller_run_once() stays there meanwhile, even after fn_poller_stop(); one
 * that was about to return anyway has returned, or does.
 * Each pause needs a resume of its own. It waits for a callback that runs just then, but not for a
 * function of fn_poller_call(), nor for a callback that is within fn_poller_run_once() of another
 * poller which is paused: that one stays there until both are resumed.
 *
 * Return: 0; -EDEADLK from a worker of the context.
 */
FN_API int fn_poller_pause(struct fn_poller *poller);

/**
 * fn_poller_resume - end one fn_poller_pause()
 * @poller: the poller
 *
 * Any thread.
 */
FN_API void fn_poller_resume(struct fn_poller *poller);

/**
 * fn_poller_set_mode - change when a worker sleeps
 * @poller: the poller
 * @mode: when it sleeps
 * @policy: how long it polls for nothing before
 *
 * Any thread, at any time; nothing is lost or put out of order by it.
 *
 * Return: 0; -EINVAL for a value that does not exist.
 */
FN_API int fn_poller_set_mode(struct fn_poller *poller, enum fn_poller_mode mode,
			      enum fn_poller_policy policy);

FN_END_DECLS

#endif
