/* SPDX-License-Identifier: BSD-3-Clause */
/* The poller: a worker that polls under load, sleeps when idle, and loses no wake-up. */
#ifndef FASTNIC_POLLER_H
#define FASTNIC_POLLER_H

#include <fastnic/ctx.h>
#include <fastnic/poller_control.h>
#include <fastnic/poller_queues.h>
#include <fastnic/poller_source.h>
#include <fastnic/poller_stats.h>
#include <fastnic/poller_timer.h>
#include <fastnic/poller_wait.h>
#include <fastnic/poller_watch.h>

FN_BEGIN_DECLS

/*
 * An application has a poller for each core that it uses. In one loop it looks after queues of any
 * devices, and whatever else its thread has to do.
 *
 *   fn_poller_create()
 *   fn_poller_add_rxq(), _add_txq(), _add_source(), _add_timer(), _add_watch()   in any state
 *   fn_poller_run()        on the worker's thread, until fn_poller_stop(); or, within a loop of the
 *                          application's own, fn_poller_run_once() whenever fn_poller_fd() is ready
 *   fn_poller_destroy()
 *
 * This header has its life and its loop, and includes the others:
 *
 *   poller_wait.h     when a worker sleeps, and what it waits by
 *   poller_queues.h   receive and transmit queues
 *   poller_source.h   work that no NIC brings, and how a sleeping worker is told of it
 *   poller_timer.h    timers
 *   poller_watch.h    file descriptors
 *   poller_control.h  what other threads ask of a worker: calls, pauses, another mode
 *   poller_stats.h    what a worker did, and how loaded it is
 *
 * The worker is the thread that is within fn_poller_run() or fn_poller_run_once(). While there is
 * one, all callbacks run on it, one at a time. Within a callback every call of the library is
 * allowed, except fn_poller_pause(), and fn_poller_run(), fn_poller_run_once() and
 * fn_poller_destroy() of the same poller. What runs within a burst or a look, a &typedef
 * fn_pkt_free_fn or a source's pending(), is no callback in this sense: see there.
 *
 * A call that needs the worker waits until the worker gets to it, and so for a callback that
 * happens to run: fn_poller_call(), whatever adds, deletes or sets, fn_poller_pause(), and the
 * calls of the next paragraph for a device with queues here. A callback that takes a second holds
 * each of them up for a second. A callback must never wait for a thread that may be within such a
 * call, neither by joining it nor for a lock that it holds: both would wait for ever.
 *
 * Queues may stay in a poller while their device changes. fn_dev_configure(), fn_dev_stop(),
 * fn_dev_start(), fn_dev_reset(), fn_dev_selftest() and fn_dev_close(), from any thread or
 * callback, first see to it that no worker is within a burst of the device. Meanwhile the worker
 * goes on with its other queues. fn_dev_close() takes its queues out of their pollers.
 */
struct fn_poller;

/**
 * struct fn_poller_opts - options of fn_poller_create(); zero means the default
 * @sz: sizeof(struct fn_poller_opts)
 * @err: where the sentence of a failure goes, or NULL
 * @mode: when it sleeps
 * @policy: how long it polls for nothing before
 * @wait: what it waits by
 * @core_plus_1: the core that fn_poller_run() runs on, plus 1. 0: any core of the NUMA node of the
 *	first device that it has queues of at that time, where that is known
 * @burst: packets a callback at most, 1 to 512; default 32
 * @budget: packets that a queue may have in a row before it is the next one's turn, @burst to
 *	65536, in whole bursts; default 64, or @burst if that is more
 * @safety_ns: longest sleep; default 1 s. When a sleep lasts that long, the worker looks whether it
 *	missed a wake-up (&fn_poller_stats.lost_wakeups). This and the times below: an hour at most
 * @lost_ns: how long that look waits for the interrupt of a packet that is there, and then once
 *	more for three times as long; default 1 ms
 * @wake_latency_ns: time from an interrupt until the worker runs; default: measured at creation,
 *	which takes some milliseconds
 * @wake_cpu_ns: processor time of a sleep and its wake; default: measured at creation
 * @cqe: receives completions of the application's requests, with FN_POLLER_WAIT_URING
 * @cqe_arg: handed to @cqe
 * @ring_entries: submission entries of the io_uring, 1 to 4096; default 64
 * @own_events: the application calls fn_ctx_process_events() itself. Else the worker does, when
 *	there is something to process
 * @name: for messages, copied; default "poller"
 */
struct fn_poller_opts {
	size_t sz;
	struct fn_error *err;
	enum fn_poller_mode mode;
	enum fn_poller_policy policy;
	enum fn_poller_wait wait;
	uint32_t core_plus_1;
	uint32_t burst;
	uint32_t budget;
	uint64_t safety_ns;
	uint64_t lost_ns;
	uint64_t wake_latency_ns;
	uint64_t wake_cpu_ns;
	fn_poller_cqe_fn *cqe;
	void *cqe_arg;
	uint32_t ring_entries;
	bool own_events;
	const char *name;
};

/**
 * fn_poller_create - make a poller
 * @ctx: the context
 * @opts: options, or NULL for the defaults
 * @poller: receives the poller
 *
 * Any thread.
 *
 * Return: 0; -EINVAL for an option out of range; -ENOMEM; -EMFILE or -ENFILE when no file
 * descriptor is to be had; -ENOSYS or -EPERM when an io_uring was asked for and the kernel has none
 * or forbids it (the sentence says which).
 */
FN_API int fn_poller_create(struct fn_ctx *ctx, const struct fn_poller_opts *opts,
			    struct fn_poller **poller);

/**
 * fn_poller_destroy - give a poller back
 * @poller: the poller, or NULL; not running, and no other thread uses it any more
 *
 * Packets that wait in its transmit queues go back to their pools. Its queues stay the devices'.
 *
 * Return: 0; -EBUSY while it runs, or from one of its callbacks.
 */
FN_API int fn_poller_destroy(struct fn_poller *poller);

/**
 * fn_poller_run - be the worker
 * @poller: the poller, which no other thread runs
 *
 * Returns after fn_poller_stop(), also if that was called before. The thread may then run on the
 * cores that it might run on before.
 *
 * Return: 0; -EBUSY when it runs already; -EINVAL for a core that the thread may not use.
 */
FN_API int fn_poller_run(struct fn_poller *poller);

/**
 * fn_poller_run_once - be the worker for a moment
 * @poller: the poller, which no other thread runs
 * @timeout_ns: how long to sleep at most when there is nothing to do; 0: not at all; below 0:
 *	until there is
 *
 * Polls until there is nothing to do any more, for 16 rounds at most. When there was nothing to do
 * at all it sleeps, in every mode. With @timeout_ns 0 all interrupts are asked for when it returns
 * 0: fn_poller_fd() becomes readable when there is work, so that a loop of the application's own
 * can wait for it.
 *
 * If another thread's fn_poller_call() runs here on a poller that does not run, it waits for that,
 * and for the end of a fn_poller_pause(). A callback of another poller that waits here serves such
 * calls of its own poller meanwhile.
 *
 * Return: 1: there may be more to do, call it again; 0: there was nothing more; -EBUSY when it runs
 * already.
 */
FN_API int fn_poller_run_once(struct fn_poller *poller, int64_t timeout_ns);

/**
 * fn_poller_stop - have fn_poller_run() return
 * @poller: the poller
 *
 * Or end the sleep of one fn_poller_run_once(), which then returns 1: of the one that runs, else of
 * the next one. Any thread, also a signal handler. It cannot fail.
 */
FN_API void fn_poller_stop(struct fn_poller *poller);

FN_END_DECLS

#endif
