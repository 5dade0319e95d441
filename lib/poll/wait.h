/* SPDX-License-Identifier: BSD-3-Clause */
/* What a worker waits by: epoll or io_uring. A back end knows descriptors, not queues. */
#ifndef FN_POLL_WAIT_H
#define FN_POLL_WAIT_H

#include <fastnic/poller.h>

/* What a descriptor is; a back end tells edges from levels by it, the poller what to do. */
enum fn_wait_kind {
	FN_WAIT_VECTOR, /* eventfd of an interrupt vector */
	FN_WAIT_WAKE,   /* the poller's own eventfd */
	FN_WAIT_TIMER,  /* the poller's own timerfd, for loops that wait for its descriptor */
	FN_WAIT_EVENTS, /* fn_ctx_event_fd() */
	FN_WAIT_WATCH,  /* the application's; the only kind that is level-triggered */
};

/**
 * struct fn_wait_mark - one descriptor in a back end
 * @kind: what it is
 * @fd: the descriptor
 * @events: POLLIN and its sisters
 * @ready: what was there when fn_wait_ops.wait() put it into its list
 * @state: the back end's
 *
 * Stays where it is from fn_wait_ops.add() to fn_wait_ops.del(), and is in no list of ready ones
 * behind the latter.
 */
struct fn_wait_mark {
	enum fn_wait_kind kind;
	int fd;
	short events;
	short ready;
	uint64_t state;
};

struct fn_wait;

/* How many marks one fn_wait_ops.wait() reports at most; the next one has the rest. */
#define FN_WAIT_READY 32u

/**
 * struct fn_wait_conf - what a back end is made with
 * @ring_entries: submission entries of an io_uring
 * @cqe: receives completions that are none of the back end's own; or NULL
 * @cqe_arg: handed to @cqe
 */
struct fn_wait_conf {
	uint32_t ring_entries;
	fn_poller_cqe_fn *cqe;
	void *cqe_arg;
};

/**
 * struct fn_wait_ops - a back end
 * @kind: which it is
 * @create: make one; fails with fn_fail()
 * @destroy: give it back; marks may still be in it, and are not touched afterwards
 * @add: report a descriptor from now on: once for each edge, what came before included, or with
 *	FN_WAIT_WATCH again as long as it is ready. -errno as epoll_ctl(2), with fn_fail()
 * @del: report it no more. The descriptor is still open, and the kernel lets go of it before this
 *	returns. Always completes
 * @wait: wait until something is ready, @timeout_ns at most (0: only look; below 0: for ever), and
 *	list it. To be reported is to be consumed: epoll reads no eventfd. Submits the application's
 *	requests and hands its completions over first, to callbacks that may use @add and @del, and
 *	does not block behind one. A signal ends it like a time-out
 *	Return: marks listed, 0 to FN_WAIT_READY. @cqes, which is not NULL, gets the number of
 *	completions handed over
 * @fd: readable when @wait would find something, once one has found nothing
 * @ring: the io_uring; NULL with epoll, and without &fn_wait_conf.cqe: completions would have
 *	nowhere to go
 *
 * All but @fd on the worker's thread, or while there is none. When another thread becomes the
 * worker its first @wait may report once more what was reported.
 *
 * An io_uring works on the thread that waited for it last: system calls of that thread that end
 * with EINTR at any signal, as epoll_wait(2) for @fd, do so when something becomes ready.
 */
struct fn_wait_ops {
	enum fn_poller_wait kind;
	int (*create)(const struct fn_wait_conf *conf, struct fn_wait **wait);
	void (*destroy)(struct fn_wait *wait);
	int (*add)(struct fn_wait *wait, struct fn_wait_mark *mark);
	void (*del)(struct fn_wait *wait, struct fn_wait_mark *mark);
	unsigned (*wait)(struct fn_wait *wait, int64_t timeout_ns, struct fn_wait_mark **ready,
			 unsigned *cqes);
	int (*fd)(const struct fn_wait *wait);
	struct io_uring *(*ring)(struct fn_wait *wait);
};

/**
 * fn_wait_add_failed - say why a descriptor cannot be waited for
 * @mark: the descriptor
 * @err: what epoll_ctl(2) says of it
 *
 * Return: -@err.
 */
int fn_wait_add_failed(const struct fn_wait_mark *mark, int err);

extern const struct fn_wait_ops fn_wait_epoll;
extern const struct fn_wait_ops fn_wait_uring;

#endif
