// SPDX-License-Identifier: BSD-3-Clause
/* Descriptors of the application that a worker watches. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/opts.h"
#include "poll/poller.h"

struct watch_call {
	struct fn_poller_watch *watch;
	int ret;
	char text[FN_ERROR_TEXT_BYTES];
};

static void add_on_worker(void *arg)
{
	struct watch_call *call = arg;
	struct fn_poller_watch *watch = call->watch;
	struct fn_poller *p = watch->poller;

	call->ret = fn_poll_list_add(&p->watches, watch);
	if (!call->ret) {
		call->ret = p->wait_ops->add(p->wait, &watch->mark);
		if (call->ret)
			fn_poll_list_del(&p->watches, watch);
	}
	/* The sentence is this thread's: it goes over to the caller's. */
	if (call->ret)
		(void)snprintf(call->text, sizeof(call->text), "%s", fn_error_last());
}

static void del_on_worker(void *arg)
{
	struct fn_poller_watch *watch = arg;
	struct fn_poller *p = watch->poller;

	p->wait_ops->del(p->wait, &watch->mark);
	watch->dead = true;
	p->has_dead = true;
	fn_poll_bury(p);
}

static int watch_add(struct fn_poller *p, const struct fn_poller_watch_opts *o,
		     struct fn_poller_watch **out)
{
	struct watch_call call = { 0 };

	if (!o->fn)
		return fn_fail(-EINVAL, "fn_poller_watch_opts.fn is missing");
	call.watch = calloc(1, sizeof(*call.watch));
	if (!call.watch)
		return fn_fail(-ENOMEM, "out of memory for a descriptor of %s", p->name);
	*call.watch = (struct fn_poller_watch){
		.mark = { .kind = FN_WAIT_WATCH, .fd = o->fd, .events = o->events },
		.poller = p,
		.fn = o->fn,
		.arg = o->arg,
	};
	fn_poller_call(p, add_on_worker, &call);
	if (call.ret) {
		free(call.watch);
		return fn_fail(call.ret, "%s", call.text);
	}
	if (out)
		*out = call.watch;
	return 0;
}

int fn_poller_add_watch(struct fn_poller *p, const struct fn_poller_watch_opts *opts,
			struct fn_poller_watch **watch)
{
	struct fn_poller_watch_opts o;

	if (!fn_opts_get(&o, sizeof(o), opts))
		return fn_report(p->ctx, fn_opts_err(opts), fn_opts_fail("fn_poller_watch_opts"));
	return fn_report(p->ctx, o.err, watch_add(p, &o, watch));
}

void fn_poller_del_watch(struct fn_poller_watch *watch)
{
	if (watch)
		fn_poller_call(watch->poller, del_on_worker, watch);
}
