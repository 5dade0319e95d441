/* SPDX-License-Identifier: BSD-3-Clause */
/* Watches of a poller: file descriptors of the application's that its worker waits for, too. */
#ifndef FASTNIC_POLLER_WATCH_H
#define FASTNIC_POLLER_WATCH_H

#include <fastnic/error.h>

FN_BEGIN_DECLS

struct fn_poller;
struct fn_poller_watch;

/**
 * struct fn_poller_watch_opts - options of fn_poller_add_watch()
 * @sz: sizeof(struct fn_poller_watch_opts)
 * @err: where the sentence of a failure goes, or NULL
 * @fd: the descriptor, which stays the application's
 * @events: POLLIN, POLLOUT and the other events of poll(2)
 * @fn: called with those that are ready, again and again as long as they are (level-triggered);
 *	required
 * @arg: handed to @fn
 *
 * A busy worker looks at descriptors about once a millisecond, or every 16 full rounds if these
 * take longer. A round is full when a queue used up its budget.
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
 * Any thread. The callback is not running any more when this returns, but for the exceptions of
 * fn_poller_del_rxq().
 */
FN_API void fn_poller_del_watch(struct fn_poller_watch *watch);

FN_END_DECLS

#endif
