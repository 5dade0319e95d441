/* SPDX-License-Identifier: BSD-3-Clause */
/* When a worker sleeps, and what it waits by: modes, policies, epoll and io_uring. */
#ifndef FASTNIC_POLLER_WAIT_H
#define FASTNIC_POLLER_WAIT_H

#include <fastnic/base.h>

FN_BEGIN_DECLS

struct fn_poller;
struct io_uring;
struct io_uring_cqe;

/*
 * When a worker that has nothing to do sleeps within fn_poller_run(). fn_poller_run_once() is asked
 * to wait, and sleeps at once in each mode.
 */
enum fn_poller_mode {
	FN_POLLER_ADAPTIVE,  /* after it has polled for nothing for a while, which it adapts */
	FN_POLLER_POLL,      /* never */
	FN_POLLER_INTERRUPT, /* at once */
};

/*
 * How long FN_POLLER_ADAPTIVE polls for nothing at most, as a multiple of the time that a wake
 * takes (&fn_poller_stats.wake_latency_ns).
 */
enum fn_poller_policy {
	FN_POLLER_BALANCED, /* 3 */
	FN_POLLER_LATENCY,  /* 10 */
	FN_POLLER_POWER,    /* 1; interrupts are moderated as in FN_POLLER_INTERRUPT */
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
 * fn_poller_fd - a file descriptor that is readable when a poller has something to do
 * @poller: the poller
 *
 * Any thread. For poll, select, epoll or io_uring; do not read it. Wait for it only when
 * fn_poller_run_once() with a time-out of 0 has returned 0: before that nobody has asked for
 * interrupts.
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
 * completions. The completions go to &fn_poller_opts.cqe. Their user_data must be an address of the
 * application's own, or a number below 4096: the library tells its own requests by other numbers.
 *
 * Return: the ring; NULL with epoll, or without &fn_poller_opts.cqe.
 */
FN_API struct io_uring *fn_poller_ring(struct fn_poller *poller);

FN_END_DECLS

#endif
