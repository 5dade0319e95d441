/* SPDX-License-Identifier: BSD-3-Clause */
/* Sources of a poller: work that no NIC brings, and how a sleeping worker is told of it. */
#ifndef FASTNIC_POLLER_SOURCE_H
#define FASTNIC_POLLER_SOURCE_H

#include <fastnic/error.h>

FN_BEGIN_DECLS

struct fn_poller;
struct fn_poller_source;

/**
 * struct fn_poller_source_opts - options of fn_poller_add_source()
 * @sz: sizeof(struct fn_poller_source_opts)
 * @err: where the sentence of a failure goes, or NULL
 * @run: does what there is to do, and returns how much it was: 0 for nothing. Called each round;
 *	required
 * @pending: whether there is something to do; called before the worker sleeps. It only looks: it
 *	calls nothing of the library; required
 * @arg: handed to both
 *
 * Another thread that makes work for it first stores the work where @pending looks, and then calls
 * fn_poller_wake(). In this order no work is slept over.
 */
struct fn_poller_source_opts {
	size_t sz;
	struct fn_error *err;
	unsigned (*run)(void *arg);
	bool (*pending)(void *arg);
	void *arg;
};

/**
 * fn_poller_add_source - work that no NIC brings
 * @poller: the poller
 * @opts: options
 * @source: receives the handle, which lasts until fn_poller_del_source(); or NULL
 *
 * Any thread.
 *
 * Return: 0; -EINVAL without one of the callbacks; -ENOMEM.
 */
FN_API int fn_poller_add_source(struct fn_poller *poller, const struct fn_poller_source_opts *opts,
				struct fn_poller_source **source);

/**
 * fn_poller_del_source - take a source out of its poller
 * @source: the handle, or NULL; gone afterwards
 *
 * Any thread. Its callbacks are not running any more when this returns, but for the exceptions of
 * fn_poller_del_rxq().
 */
FN_API void fn_poller_del_source(struct fn_poller_source *source);

/**
 * fn_poller_wake - have a worker look at its sources
 * @poller: the poller
 *
 * Any thread. Makes one system call if the worker sleeps and nobody has woken it yet, else none.
 */
FN_API void fn_poller_wake(struct fn_poller *poller);

FN_END_DECLS

#endif
