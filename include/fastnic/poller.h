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
 * One a core: queues of any devices, and whatever else the thread has to look after, in one loop.
 *
 *   fn_poller_create()
 *   fn_poller_add_rxq(), _add_txq(), _add_source(), _add_timer(), _add_watch()   in any state
 *   fn_poller_run()        on the worker's thread, until fn_poller_stop(); or, within a loop of the
 *                          application's own, fn_poller_run_once() whenever fn_poller_fd() is ready
 *   fn_poller_destroy()
 *
 * While the loop turns, all callbacks run on its thread, one at a time. Within one every call of
 * the library is allowed but fn_poller_run(), fn_poller_run_once() and fn_poller_destroy() of the
 * same poller.
 *
 * A call that has the worker do something waits until it gets to it, and so for a callback that
 * runs just then: fn_poller_call(), whatever adds, deletes or sets, fn_poller_pause(), and the
 * calls of the next paragraph of a device with queues here. A callback that takes a second holds
 * each of them for a second. A callback never waits for a thread that may be within such a call,
 * neither by joining it nor for a lock that it holds: both would wait for ever.
 *
 * Queues in a poller are looked after when their device changes: fn_dev_configure(), fn_dev_stop(),
 * fn_dev_start(), fn_dev_reset() and fn_dev_close(), from any thread or callback, first see to it
 * that no worker is within a burst of the device, and the worker goes on with its other queues
 * meanwhile. fn_dev_close() takes its queues out of their pollers.
 */
struct fn_poller;

/**
 * struct fn_poller_opts - options of fn_poller_create(); zero means the default
 * @sz: sizeof(struct fn_poller_opts)
 * @err: where the sentence of a failure goes, or NULL
 * @mode: when it sleeps
 * @policy: how long it polls for nothing before
 * @wait: what it waits by
 * @core_plus_1: fn_poller_run() runs on this core, plus 1, so that 0 is any: then on those of the
 *	node of its first device
 * @burst: packets a callback at most, 1 to 512; default 32
 * @budget: packets that a queue may have in a row before the next one's turn, at least @burst;
 *	default 64
 * @safety_ns: longest sleep; default 1 s. Each sleep that ends by it looks whether a wake-up was
 *	lost (&fn_poller_stats.lost_wakeups)
 * @lost_ns: how long such a look waits for the interrupt alone, once and then three times as long;
 *	default 1 ms
 * @wake_latency_ns: time from an interrupt until the worker runs; default: measured at creation,
 *	which takes some milliseconds
 * @wake_cpu_ns: processor time of a sleep and its wake; default: measured at creation
 * @cqe: receives completions of the application's requests, with FN_POLLER_WAIT_URING
 * @cqe_arg: handed to @cqe
 * @ring_entries: submission entries of the io_uring; default 64
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
 * Returns when fn_poller_stop() was called, also when that was before. The affinity of the thread
 * is as it was afterwards.
 *
 * Return: 0; -EBUSY when another thread runs it; -EINVAL for a core that the thread may not use.
 */
FN_API int fn_poller_run(struct fn_poller *poller);

/**
 * fn_poller_run_once - be the worker for a moment
 * @poller: the poller, which no other thread runs
 * @timeout_ns: how long to sleep at most when there is nothing to do; 0: not at all; below 0:
 *	until there is
 *
 * Polls until there is nothing to do any more, for 16 rounds at most, and then sleeps, in every
 * mode. With @timeout_ns 0 all is armed when it returns 0: fn_poller_fd() becomes readable when
 * there is work, so that a loop of the application's own can wait for it.
 *
 * From a callback of another poller it waits while somebody else's fn_poller_call() runs here, and
 * serves such calls of its own poller meanwhile.
 *
 * Return: 1: there may be more to do, call it again; 0: there was nothing more; -EBUSY.
 */
FN_API int fn_poller_run_once(struct fn_poller *poller, int64_t timeout_ns);

/**
 * fn_poller_stop - have fn_poller_run() return
 * @poller: the poller
 *
 * Or end the sleep of one fn_poller_run_once(), which returns 1; the next one when none is on. Any
 * thread, also a signal handler. It cannot fail.
 */
FN_API void fn_poller_stop(struct fn_poller *poller);

FN_END_DECLS

#endif
