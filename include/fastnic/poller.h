/* SPDX-License-Identifier: BSD-3-Clause */
/* The poller: a worker that polls under load, sleeps when idle, and loses no wake-up. */
#ifndef FASTNIC_POLLER_H
#define FASTNIC_POLLER_H

#include <fastnic/ctx.h>
#include <fastnic/pkt.h>
#include <fastnic/queue.h>

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
struct fn_poller_rx;
struct fn_poller_tx;
struct fn_poller_source;
struct fn_poller_timer;
struct fn_poller_watch;
struct io_uring;
struct io_uring_cqe;

/* When a worker that has nothing to do sleeps. */
enum fn_poller_mode {
	FN_POLLER_ADAPTIVE,  /* after a while of polling for nothing, which it adapts */
	FN_POLLER_POLL,      /* never */
	FN_POLLER_INTERRUPT, /* at once */
};

/*
 * For how many times the time of a wake FN_POLLER_ADAPTIVE polls for nothing at most: 3, 10 or 1.
 */
enum fn_poller_policy {
	FN_POLLER_BALANCED,
	FN_POLLER_LATENCY,
	FN_POLLER_POWER, /* and interrupts are moderated where the device can do it for a vector */
};

/* What it waits by. */
enum fn_poller_wait {
	FN_POLLER_WAIT_AUTO, /* epoll */
	FN_POLLER_WAIT_EPOLL,
	FN_POLLER_WAIT_URING, /* an io_uring, which the application may use too: fn_poller_ring() */
};

/**
 * typedef fn_poller_cqe_fn - receives completions of the application's own requests
 * @arg: the value given in &struct fn_poller_opts
 * @cqe: the completion; valid during the call only, and not to be marked as seen
 */
typedef void fn_poller_cqe_fn(void *arg, struct io_uring_cqe *cqe);

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
 * typedef fn_poller_rx_fn - takes received packets
 * @arg: the value given in &struct fn_poller_rx_opts
 * @pkts: the packets, which are the callback's from now on; the array is not
 * @n: how many, 1 or more
 */
typedef void fn_poller_rx_fn(void *arg, struct fn_pkt **pkts, unsigned n);

/**
 * struct fn_poller_rx_opts - options of fn_poller_add_rxq()
 * @sz: sizeof(struct fn_poller_rx_opts)
 * @err: where the sentence of a failure goes, or NULL
 * @fn: takes the packets; required
 * @arg: handed to @fn
 * @feeds: where the packets go, or NULL: while packets wait there for room no more are received
 *	here, so that what cannot be sent piles up in the NIC and not in the program
 */
struct fn_poller_rx_opts {
	size_t sz;
	struct fn_error *err;
	fn_poller_rx_fn *fn;
	void *arg;
	struct fn_poller_tx *feeds;
};

/**
 * fn_poller_add_rxq - let a poller poll a receive queue
 * @poller: the poller, whose thread owns the queue from now on
 * @q: the queue, in no poller yet; its device may be in any state
 * @opts: options
 * @rx: receives the handle, which lasts until fn_poller_del_rxq() or fn_dev_close(); or NULL
 *
 * Any thread. A queue without a vector (FN_NO_VECTOR) keeps the worker from sleeping.
 *
 * Return: 0; -EINVAL for an option out of range, a queue of another context or one whose vector
 * another poller has a queue of; -EBUSY for a queue that is in a poller; -ENOMEM.
 */
FN_API int fn_poller_add_rxq(struct fn_poller *poller, struct fn_rxq *q,
			     const struct fn_poller_rx_opts *opts, struct fn_poller_rx **rx);

/**
 * fn_poller_del_rxq - take a receive queue out of its poller
 * @rx: the handle, or NULL; gone afterwards
 *
 * Any thread. The callback is not running any more when this returns, unless it is the caller, or
 * waits within a call for another worker: in fn_poller_call(), in fn_poller_run(),
 * fn_poller_run_once() or fn_poller_destroy() of another poller, in whatever adds, deletes or sets
 * there, or in a control call of a device.
 */
FN_API void fn_poller_del_rxq(struct fn_poller_rx *rx);

/**
 * struct fn_poller_rx_stats - what a poller knows of a receive queue
 * @sz: set by the caller to sizeof(struct fn_poller_rx_stats); the library writes no further
 * @budget_hits: times that it had packets left when its turn was over
 *
 * Packets and bursts are the queue's own counters, fn_rxq_counters().
 */
struct fn_poller_rx_stats {
	size_t sz;
	uint64_t budget_hits;
};

/**
 * fn_poller_rx_get_stats - read what a poller knows of a receive queue
 * @rx: the handle
 * @stats: filled; its @sz is set by the caller
 *
 * Any thread, as long as nobody takes the queue out or closes its device, as the worker's own
 * callback of an event may; never waits for the worker.
 */
FN_API void fn_poller_rx_get_stats(const struct fn_poller_rx *rx, struct fn_poller_rx_stats *stats);

/**
 * struct fn_poller_tx_opts - options of fn_poller_add_txq(); zero means the default
 * @sz: sizeof(struct fn_poller_tx_opts)
 * @err: where the sentence of a failure goes, or NULL
 * @waiting: packets that may wait for room; default 512
 * @batch: packets are handed to the queue when this many are there, and the rest at the end of the
 *	round, so that several receive queues share a doorbell; default 1: at once
 */
struct fn_poller_tx_opts {
	size_t sz;
	struct fn_error *err;
	uint32_t waiting;
	uint32_t batch;
};

/**
 * fn_poller_add_txq - let a poller look after a transmit queue
 * @poller: the poller, whose thread owns the queue from now on
 * @q: the queue, in no poller yet; its device may be in any state
 * @opts: options, or NULL for the defaults
 * @tx: receives the handle, which lasts until fn_poller_del_txq() or fn_dev_close()
 *
 * Any thread. The worker gives sent packets back to their pools before it sleeps, and what is on
 * its way then when it wakes, after &fn_poller_opts.safety_ns at the latest.
 *
 * Return: as fn_poller_add_rxq().
 */
FN_API int fn_poller_add_txq(struct fn_poller *poller, struct fn_txq *q,
			     const struct fn_poller_tx_opts *opts, struct fn_poller_tx **tx);

/**
 * fn_poller_del_txq - take a transmit queue out of its poller
 * @tx: the handle, or NULL; gone afterwards. No receive queue feeds it any more
 *
 * Any thread. Packets that wait for room are dropped.
 *
 * Return: how many were dropped.
 */
FN_API unsigned fn_poller_del_txq(struct fn_poller_tx *tx);

/**
 * fn_poller_send - send packets, which may wait for room
 * @tx: the handle; only the thread of its poller may call this
 * @pkts: packets to send, in order
 * @n: how many
 *
 * Like fn_tx_burst(), but what finds no room waits in the poller, in order, and is sent when there
 * is some: the worker does not sleep over it without asking the device for an interrupt. Packets
 * that wait when their queue goes down or breaks are dropped (fn_poller_tx_dropped()).
 *
 * The callback of attached memory (fn_pkt_attach()) may call this, but for the device that is just
 * giving the memory back. What it sends is on its way before the worker sleeps.
 *
 * Return: packets taken, 0 to @n. Fewer than @n when as many wait as may, or when the queue is
 * down, as it is while its packets are dropped: the rest is the caller's.
 */
FN_API unsigned fn_poller_send(struct fn_poller_tx *tx, struct fn_pkt **pkts, unsigned n);

/**
 * fn_poller_tx_waiting - packets that wait for room
 * @tx: the handle; only the thread of its poller may call this
 *
 * Return: how many.
 */
FN_API unsigned fn_poller_tx_waiting(const struct fn_poller_tx *tx);

/**
 * fn_poller_tx_dropped - packets that waited for room when their queue went down
 * @tx: the handle
 *
 * Any thread.
 *
 * Return: how many since the handle was made.
 */
FN_API uint64_t fn_poller_tx_dropped(const struct fn_poller_tx *tx);

/**
 * struct fn_poller_tx_stats - what a poller knows of a transmit queue
 * @sz: set by the caller to sizeof(struct fn_poller_tx_stats); the library writes no further
 * @waiting: packets that wait at present, for room or for the end of the round; what a device's
 *	reset keeps is not among them
 * @waiting_max: most that ever did
 * @full_times: how often packets began to wait for room
 * @dropped: packets that waited when their queue went down
 *
 * Packets sent and doorbells are the queue's own counters, fn_txq_counters().
 */
struct fn_poller_tx_stats {
	size_t sz;
	uint64_t waiting;
	uint64_t waiting_max;
	uint64_t full_times;
	uint64_t dropped;
};

/**
 * fn_poller_tx_get_stats - read what a poller knows of a transmit queue
 * @tx: the handle
 * @stats: filled; its @sz is set by the caller
 *
 * Any thread, as long as nobody takes the queue out or closes its device, as the worker's own
 * callback of an event may; never waits for the worker. On the worker fn_poller_tx_waiting() is
 * the short way.
 */
FN_API void fn_poller_tx_get_stats(const struct fn_poller_tx *tx, struct fn_poller_tx_stats *stats);

/**
 * struct fn_poller_source_opts - options of fn_poller_add_source()
 * @sz: sizeof(struct fn_poller_source_opts)
 * @err: where the sentence of a failure goes, or NULL
 * @run: does what there is to do, and returns how much it was: 0 for nothing. Called each round
 * @pending: whether there is something to do; called before the worker sleeps. It only looks: it
 *	calls nothing of the library
 * @arg: handed to both
 *
 * Who makes work for it on another thread stores it where @pending looks, and then calls
 * fn_poller_wake(). Between both no work gets lost.
 */
struct fn_poller_source_opts {
	size_t sz;
	struct fn_error *err;
	unsigned (*run)(void *arg);
	bool (*pending)(void *arg);
	void *arg;
};

/**
 * fn_poller_add_source - work that is no NIC's
 * @poller: the poller
 * @opts: options
 * @source: receives the handle, which lasts until fn_poller_del_source(); or NULL
 *
 * Any thread.
 *
 * Return: 0; -EINVAL without a callback; -ENOMEM.
 */
FN_API int fn_poller_add_source(struct fn_poller *poller, const struct fn_poller_source_opts *opts,
				struct fn_poller_source **source);

/**
 * fn_poller_del_source - take a source out of its poller
 * @source: the handle, or NULL; gone afterwards
 *
 * Any thread; the callback is not running any more then, but for the exceptions of
 * fn_poller_del_rxq().
 */
FN_API void fn_poller_del_source(struct fn_poller_source *source);

/**
 * fn_poller_wake - have a worker look at its sources
 * @poller: the poller
 *
 * Any thread. Makes one system call if the worker sleeps and nobody has woken it, else none.
 */
FN_API void fn_poller_wake(struct fn_poller *poller);

/**
 * struct fn_poller_timer_opts - options of fn_poller_add_timer()
 * @sz: sizeof(struct fn_poller_timer_opts)
 * @err: where the sentence of a failure goes, or NULL
 * @fn: called when the time is up; required
 * @arg: handed to @fn
 * @first_ns: after this time for the first time; UINT64_MAX: when fn_poller_set_timer() says so
 * @period_ns: and then in this interval; 0: only once. What is late is not made up for
 *
 * A busy worker looks at its timers about once a millisecond, or behind 16 full rounds where these
 * take longer.
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
 * @first_ns: after this time from now; UINT64_MAX: not any more, until it is set again
 * @period_ns: and then in this interval; 0: only once
 *
 * Any thread, its own callback included. What was set before holds no more when this returns: the
 * callback is not running for it any more, but for the exceptions of fn_poller_del_rxq().
 */
FN_API void fn_poller_set_timer(struct fn_poller_timer *timer, uint64_t first_ns,
				uint64_t period_ns);

/**
 * fn_poller_del_timer - take a timer out of its poller
 * @timer: the handle, or NULL; gone afterwards
 *
 * Any thread; the callback is not running any more then, but for the exceptions of
 * fn_poller_del_rxq().
 */
FN_API void fn_poller_del_timer(struct fn_poller_timer *timer);

/**
 * struct fn_poller_watch_opts - options of fn_poller_add_watch()
 * @sz: sizeof(struct fn_poller_watch_opts)
 * @err: where the sentence of a failure goes, or NULL
 * @fd: the descriptor, which stays the application's
 * @events: POLLIN, POLLOUT and their sisters (poll(2))
 * @fn: called with those that are there, again as long as they are (level-triggered); required
 * @arg: handed to @fn
 *
 * A busy worker looks at descriptors about once a millisecond, or behind 16 full rounds where these
 * take longer.
 */
struct fn_poller_watch_opts {
	size_t sz;
	struct fn_error *err;
	int fd;
	short events;
	void (*fn)(void *arg, short events);
	void *arg;
};

/**
 * fn_poller_add_watch - have a worker watch a file descriptor
 * @poller: the poller
 * @opts: options
 * @watch: receives the handle, which lasts until fn_poller_del_watch(); or NULL
 *
 * Any thread. Take it out before the descriptor is closed.
 *
 * Return: 0; -EINVAL without a callback; -EBADF, -EPERM (not pollable), -EEXIST, -ENOSPC and others
 * as epoll_ctl(2); -ENOMEM.
 */
FN_API int fn_poller_add_watch(struct fn_poller *poller, const struct fn_poller_watch_opts *opts,
			       struct fn_poller_watch **watch);

/**
 * fn_poller_del_watch - take a descriptor out of its poller
 * @watch: the handle, or NULL; gone afterwards
 *
 * Any thread; the callback is not running any more then, but for the exceptions of
 * fn_poller_del_rxq().
 */
FN_API void fn_poller_del_watch(struct fn_poller_watch *watch);

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
 * fn_poller_fd - a file descriptor that is readable when a poller has something to do
 * @poller: the poller
 *
 * Any thread. For poll, select, epoll or io_uring; do not read it.
 *
 * Return: the descriptor; it cannot fail.
 */
FN_API int fn_poller_fd(const struct fn_poller *poller);

/**
 * fn_poller_ring - the io_uring that a poller waits by
 * @poller: the poller, with FN_POLLER_WAIT_URING
 *
 * Any thread. The application may put requests into it, on the worker's thread only (from a
 * callback, by fn_poller_call(), or before it runs); the worker submits them before it looks for
 * completions. The completions go to &fn_poller_opts.cqe. Their user_data must be none of the
 * library's: an address of the application's own, or a number below 4096.
 *
 * Return: the ring; NULL with epoll, or without &fn_poller_opts.cqe.
 */
FN_API struct io_uring *fn_poller_ring(struct fn_poller *poller);

/**
 * fn_poller_stop - have fn_poller_run() return
 * @poller: the poller
 *
 * Or end the sleep of one fn_poller_run_once(), which returns 1; the next one when none is on. Any
 * thread, also a signal handler. It cannot fail.
 */
FN_API void fn_poller_stop(struct fn_poller *poller);

/**
 * fn_poller_call - have a function run on the worker's thread
 * @poller: the poller
 * @fn: the function
 * @arg: handed to @fn
 *
 * Any thread. Waits until it has run: between two bursts, at once on a poller that does not run,
 * and directly when the caller is its worker. A worker that waits here for another one serves such
 * calls for itself meanwhile, so that two may call each other.
 *
 * The caller holds no lock that a callback or @fn takes: the worker would wait for the caller, who
 * waits for it. And a worker that calls runs functions of others before this returns. So this is
 * for callbacks of the poller, and not for a &typedef fn_pkt_free_fn, which may run within a burst:
 * nor are the calls that wait likewise, for whatever adds, deletes or sets on another poller,
 * fn_poller_run(), _run_once() and _destroy() of another one, and control calls of a device.
 */
FN_API void fn_poller_call(struct fn_poller *poller, void (*fn)(void *arg), void *arg);

/**
 * fn_poller_pause - keep a worker from its queues
 * @poller: the poller
 *
 * Any thread but a worker of the context, which another one may want to pause meanwhile. No
 * callback runs after this until fn_poller_resume(); calls by fn_poller_call() do. fn_poller_run()
 * and fn_poller_run_once() stay inside meanwhile, also when fn_poller_stop() is called. Each pause
 * needs its own resume.
 *
 * Return: 0; -EDEADLK from a worker.
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
 * Return: 0; -EINVAL for a value that there is not.
 */
FN_API int fn_poller_set_mode(struct fn_poller *poller, enum fn_poller_mode mode,
			      enum fn_poller_policy policy);

/**
 * struct fn_poller_stats - what a worker did since it was made
 * @sz: set by the caller to sizeof(struct fn_poller_stats); the library writes no further
 * @mode: when it sleeps
 * @policy: how long it polls for nothing before
 * @wait: what it waits by, FN_POLLER_WAIT_EPOLL or FN_POLLER_WAIT_URING
 * @rounds: times round its queues and sources
 * @empty_rounds: those that found nothing
 * @packets: packets received
 * @budget_hits: times that a queue had packets left when its turn was over
 * @caught: times that packets ended a wait by polling
 * @arms: times that interrupts were asked for
 * @second_looks: those that found something at the look behind, and did not sleep
 * @sleeps: times asleep
 * @wakes_interrupt: sleeps that an interrupt of a queue ended
 * @wakes_control: that fn_poller_wake() or a control call ended
 * @wakes_event: that the context's events, a watched descriptor or a completion ended
 * @wakes_timer: that a timer of the application ended
 * @wakes_timeout: that &fn_poller_opts.safety_ns, or waiting for an empty pool, ended
 * @spurious: of @wakes_interrupt those that found nothing to do
 * @interrupts: interrupts of queues that were noticed; several at once count as one
 * @lost_wakeups: sleeps that lasted for &fn_poller_opts.safety_ns although there was a packet, and
 *	whose interrupt did not come even then
 * @elapsed_ns: time within fn_poller_run() and fn_poller_run_once(), and @asleep_ns between calls
 *	of the latter
 * @busy_ns: of it, rounds that did something, callbacks included; and timers, descriptors and
 *	completions that had work. An estimate: the clock is not read behind each of them
 * @spin_ns: of it, rounds that found nothing, and what surrounds a sleep
 * @asleep_ns: of it, asleep; also from a fn_poller_run_once() that returned 0 with everything armed
 *	until the next call, whatever the application does meanwhile
 * @need_ns: processor time that the work needs: @busy_ns, less what rounds cost because they were
 *	not full of packets, and for each of @sleeps @wake_cpu_ns, or the time that it lasted if
 *	that is less. An estimate; above the work's need as long as no rounds were full, and all of
 *	@busy_ns while sources work or a queue has more than its budget: see "What need says" in
 *	docs/adaptive.md
 * @off_cpu_ns: of its threads, since each began with it: ready to run while others had the
 *	processor (schedstat); in the times above, too
 * @window_ns: how long it polls for nothing at present
 * @wake_latency_ns: time from an interrupt until the worker runs
 * @wake_cpu_ns: processor time of a sleep and its wake
 * @need_ppm: share of a core that the work needs, in parts of a million: @need_ns of @elapsed_ns.
 *	An estimate as that
 *
 * Two of them, taken some time apart, tell of that time by their differences.
 */
struct fn_poller_stats {
	size_t sz;
	enum fn_poller_mode mode;
	enum fn_poller_policy policy;
	enum fn_poller_wait wait;
	uint64_t rounds;
	uint64_t empty_rounds;
	uint64_t packets;
	uint64_t budget_hits;
	uint64_t caught;
	uint64_t arms;
	uint64_t second_looks;
	uint64_t sleeps;
	uint64_t wakes_interrupt;
	uint64_t wakes_control;
	uint64_t wakes_event;
	uint64_t wakes_timer;
	uint64_t wakes_timeout;
	uint64_t spurious;
	uint64_t interrupts;
	uint64_t lost_wakeups;
	uint64_t elapsed_ns;
	uint64_t busy_ns;
	uint64_t spin_ns;
	uint64_t asleep_ns;
	uint64_t need_ns;
	uint64_t off_cpu_ns;
	uint64_t window_ns;
	uint64_t wake_latency_ns;
	uint64_t wake_cpu_ns;
	uint64_t need_ppm;
};

/**
 * fn_poller_get_stats - read what a worker did
 * @poller: the poller
 * @stats: filled; its @sz is set by the caller
 *
 * Any thread; never waits for the worker. The values are those of the last round that looked at the
 * clock, at most about a millisecond ago; of a worker that sleeps, the sleep so far is in.
 */
FN_API void fn_poller_get_stats(struct fn_poller *poller, struct fn_poller_stats *stats);

FN_END_DECLS

#endif
